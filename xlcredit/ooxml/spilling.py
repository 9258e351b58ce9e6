"""Formulas that spill: what Excel needs in the file to show a block, and not its first value."""

from __future__ import annotations

import re
from collections.abc import Collection

from xlcredit.errors import RecalcError
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.place import Place, a1
from xlcredit.ooxml.relations import Additions
from xlcredit.ooxml.sheet import Sheet
from xlcredit.ooxml.tags import ATTRIBUTE

__all__ = ["spilling"]

Edit = tuple[int, int, bytes]

_START_TAG = re.compile(rb"<[^\s/>]+(?:" + ATTRIBUTE + rb")*\s*>")


def spilling(book: Book, places: Collection[Place]) -> dict[str, bytes]:
    """Make formulas spill: as it stands, Excel would show the first value of a block only.

    Parameters
    ----------
    book : Book
        The workbook.
    places : collection of Place
        Cells with formulas. Each becomes a dynamic array of its own cell; a recalculation
        gives it its extent.

    Returns
    -------
    dict
        The parts that change or are new.

    Raises
    ------
    RecalcError
        A cell holds no formula that can be made to spill.
    """
    if not places:
        return {}
    for place in places:
        formula = book.formulas.get(place)
        if formula is None or formula.table:
            raise RecalcError(f"{place}: holds no formula that could spill")
    index, parts = _metadata(book)
    for name, sheet in book.sheets.items():
        edits = []
        for place in places:
            if place.sheet == name and not book.formulas[place].dynamic:
                edits += _dynamic(sheet, place, index)
        if edits:
            parts[book.parts[name]] = _splice(sheet.xml, edits)
    return parts


def _dynamic(sheet: Sheet, place: Place, index: int) -> list[Edit]:
    """Edit the tags of a cell and its formula."""
    cell = sheet.cells[place.row, place.column]
    if cell.options.get("t") == "shared":
        raise RecalcError(f"{place}: shares its formula with other cells; enter it again in Excel")
    whole, inner = _tag(sheet.xml, cell.start), _tag(sheet.xml, sheet.content(cell)["f"].start)
    array = b' t="array"'
    if "ref" not in cell.options:
        array += b' ref="%b"' % a1(place.row, place.column).encode()
    return [
        (*whole.span(), _with(whole[0], b"cm", b' cm="%d"' % index)),
        (*inner.span(), _with(inner[0], b"t", array)),
    ]


def _with(tag: bytes, name: bytes, attribute: bytes) -> bytes:
    """Give a start tag an attribute, in place of one of that name."""
    bare = re.sub(rb"\s+%b\s*=\s*(?:\"[^\"]*\"|'[^']*')" % name, b"", tag)
    return bare.rstrip(b">").rstrip() + attribute + b">"


_METADATA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheetMetadata+xml"
_METADATA_RELATION = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sheetMetadata"
)
#: Excel's mark of a dynamic array, as Excel writes it.
_METADATA = (
    '<metadata xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:xda="http://schemas.microsoft.com/office/spreadsheetml/2017/dynamicarray">'
    '<metadataTypes count="1"><metadataType name="XLDAPR" minSupportedVersion="120000" copy="1" '
    'pasteAll="1" pasteValues="1" merge="1" splitFirst="1" rowColShift="1" clearFormats="1" '
    'clearComments="1" assign="1" coerce="1" cellMeta="1"/></metadataTypes>'
    '<futureMetadata name="XLDAPR" count="1"><bk><extLst>'
    '<ext uri="{bdbb8cdc-fa1e-496e-a857-3c3f30c029c3}">'
    '<xda:dynamicArrayProperties fDynamic="1" fCollapsed="0"/></ext></extLst></bk>'
    '</futureMetadata><cellMetadata count="1"><bk><rc t="1" v="0"/></bk></cellMetadata></metadata>'
)


def _metadata(book: Book) -> tuple[int, dict[str, bytes]]:
    """Find the number that marks a dynamic array in this workbook, or add the part that says so."""
    part = "xl/metadata.xml"
    if part not in book.package:
        additions = Additions(book.package)
        additions.add(part, _METADATA, _METADATA_TYPE)
        additions.relate(book.part, _METADATA_RELATION, part)
        return 1, additions.parts
    root = book.package.root(part)
    kinds = [kind.get("name") for kind in root.findall("{*}metadataTypes/{*}metadataType")]
    marks = [mark.get("t") for mark in root.findall("{*}cellMetadata/{*}bk/{*}rc")]
    arrays = [i for i, t in enumerate(marks, start=1) if t and kinds[int(t) - 1] == "XLDAPR"]
    if not arrays:
        raise RecalcError(
            f"{book.package.path}: its cells carry other metadata; enter one formula that spills "
            "in Excel, save, and try again"
        )
    return arrays[0], {}


def _tag(xml: bytes, start: int) -> re.Match[bytes]:
    match = _START_TAG.match(xml, start)
    assert match, "the parser saw a start tag here"
    return match


def _splice(xml: bytes, edits: list[Edit]) -> bytes:
    pieces, position = [], 0
    for start, end, new in sorted(edits):
        pieces += [xml[position:start], new]
        position = end
    return b"".join([*pieces, xml[position:]])
