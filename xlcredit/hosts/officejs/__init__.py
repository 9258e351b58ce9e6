"""The Office.js hosts, Excel on every platform: xlwings Lite and xlwings Server.

``functions`` is what such a host loads, and needs xlwings' licensed part there; ``lite`` puts
the program for xlwings Lite into a workbook, and needs nothing.
"""
