"""Formulas of a workbook in the spelling of another host, and formulas that spill there.

:mod:`xlcredit.recalc.dialect` reads every spelling; this writes one. Only the text of formulas
that call worksheet functions changes, and the tags of those that are made to spill.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from xml.sax.saxutils import escape, unescape

from xlcredit.errors import RecalcError
from xlcredit.recalc.additions import Additions
from xlcredit.recalc.book import Book, Formula, Place
from xlcredit.recalc.dialect import plain_name, tokenise
from xlcredit.recalc.sheet import Cell, Sheet
from xlcredit.recalc.values import a1

__all__ = ["PREFIXES", "respell", "spilling"]

#: What stands before a worksheet function's name in a file: nothing for the classic add-in,
#: LibreOffice and the embedded engine, Office.js's mark for xlwings Lite.
PREFIXES: Mapping[str, str] = {"plain": "", "lite": "_xldudf_"}

_ATTRIBUTE = rb"\s+[^\s=/>]+\s*=\s*(?:\"[^\"]*\"|'[^']*')"
_START_TAG = re.compile(rb"<[^\s/>]+(?:" + _ATTRIBUTE + rb")*\s*>")
_NAME = re.compile(r"(<(?:\w+:)?definedName\b[^>]*>)([^<]+)(?=</)")
_QUOTES = {"&quot;": '"', "&apos;": "'"}

# --- spelling -------------------------------------------------------------------------------


def respell(book: Book, host: str, functions: Collection[str]) -> dict[str, bytes]:
    """Write the calls of worksheet functions as a host stores them.

    Parameters
    ----------
    book : Book
        The workbook; its calls may be in any spelling.
    host : str
        A key of :data:`PREFIXES`.
    functions : collection of str
        The worksheet functions, in capitals.

    Returns
    -------
    dict
        The parts that change.

    Raises
    ------
    RecalcError
        A formula that calls a function cannot be read.
    """
    writer = _Writer(PREFIXES[host], functions)
    parts = {}
    for name, sheet in book.sheets.items():
        edits = [edit for cell in sheet.cells.values() for edit in writer.cell(name, sheet, cell)]
        if edits:
            parts[book.parts[name]] = _splice(sheet.xml, edits)
    old = book.package.read(book.part)
    new = _NAME.sub(writer.name, old.decode()).encode()
    return parts if new == old else {**parts, book.part: new}


class _Writer:
    """One spelling."""

    def __init__(self, prefix: str, functions: Collection[str]) -> None:
        self._prefix = prefix
        self._functions = functions
        self._calls = re.compile("|".join(map(re.escape, functions)), re.IGNORECASE)

    def cell(self, sheet: str, part: Sheet, cell: Cell) -> Iterator[tuple[int, int, bytes]]:
        """Give the edit that a cell's formula needs, if any."""
        if cell.formula and self._calls.search(cell.formula):
            new = self._text(Formula(Place(sheet, cell.row, cell.column), cell.formula))
            if new != cell.formula:
                span = cell.content["f"]
                start = _tag(part.xml, span.start).end()
                yield start, span.close, escape(new, {"\r": "&#13;"}).encode()

    def name(self, match: re.Match[str]) -> str:
        """Write a defined name anew."""
        text = unescape(match[2], _QUOTES)
        if not self._calls.search(text):
            return match[0]
        return match[1] + escape(self._text(Formula(Place(text, 0, 0), text)))

    def _text(self, formula: Formula) -> str:
        tokens = tokenise(formula)
        if "".join(t.value for t in tokens) != formula.text:
            raise RecalcError(f"{formula.place}: {formula} cannot be read as a formula")
        return "".join(
            f"{self._prefix}{name}("
            if t.type == t.FUNC
            and t.subtype == t.OPEN
            and (name := plain_name(t.value[:-1], self._functions))
            else t.value
            for t in tokens
        )


# --- spilling -------------------------------------------------------------------------------


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


def _dynamic(sheet: Sheet, place: Place, index: int) -> list[tuple[int, int, bytes]]:
    """Edit the tags of a cell and its formula."""
    cell = sheet.cells[place.row, place.column]
    if cell.options.get("t") == "shared":
        raise RecalcError(f"{place}: shares its formula with other cells; enter it again in Excel")
    whole, inner = _tag(sheet.xml, cell.span.start), _tag(sheet.xml, cell.content["f"].start)
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


def _splice(xml: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    pieces, position = [], 0
    for start, end, new in sorted(edits):
        pieces += [xml[position:start], new]
        position = end
    return b"".join([*pieces, xml[position:]])
