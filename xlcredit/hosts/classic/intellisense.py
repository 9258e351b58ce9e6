"""In-cell help for Excel-DNA IntelliSense, the free add-in that shows it while one types.

The text is an XML part inside the add-in. It could also be a file beside it, but Excel opens
every workbook that it finds in its startup folder, and to Excel an XML file is one.

The form was checked against the source of Excel-DNA IntelliSense, not in a real Excel.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree

from xlcredit.functions import Function
from xlcredit.worksheet.explain import argument_help

__all__ = ["NAMESPACE", "intellisense"]

#: The part is found by it.
NAMESPACE = "http://schemas.excel-dna.net/intellisense/1.0"


def intellisense(registry: Mapping[str, Function]) -> bytes:
    """Write the help of all functions, from their docstrings.

    Parameters
    ----------
    registry : mapping
        Worksheet functions by name.

    Returns
    -------
    bytes
        An XML document in UTF-8; argument names are those of the VBA module.
    """
    root = ElementTree.Element("IntelliSense", xmlns=NAMESPACE)
    functions = ElementTree.SubElement(root, "FunctionInfo")
    for function in registry.values():
        entry = ElementTree.SubElement(
            functions, "Function", Name=function.name, Description=function.summary, HelpTopic=""
        )
        texts = argument_help(function).values()
        for p, text in zip(function.parameters, texts, strict=True):
            name = p.vba if p.required else f"[{p.vba}]"
            ElementTree.SubElement(entry, "Argument", Name=name, Description=text)
    ElementTree.indent(root, "")
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))
