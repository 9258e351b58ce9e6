"""Term-sheet workbooks, built with openpyxl."""
