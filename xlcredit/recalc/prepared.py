"""A workbook as the strict engine takes it in: the file itself, without one saved value.

Tables, filters, hidden rows, number formats, links and settings stay where the engine finds
them. The values beside formulas go, so that none can come back for one that was calculated;
formulas that the engine must read otherwise than they are stored are replaced.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from xml.sax.saxutils import escape, quoteattr

from xlcredit.ooxml.book import Book, Name
from xlcredit.ooxml.package import pack
from xlcredit.ooxml.place import Place, a1
from xlcredit.ooxml.relations import relations_of
from xlcredit.ooxml.sheet import Cell, Sheet
from xlcredit.ooxml.sheets import add_sheets
from xlcredit.ooxml.tags import PREFIX
from xlcredit.ooxml.values import Value, element, spell
from xlcredit.recalc.engine import ArrayText, Model, Text
from xlcredit.recalc.jobs import SCRATCH

__all__ = ["prepared"]

Edit = tuple[int, int, bytes]
Cells = Mapping[tuple[int, int], Value | Text]

_ATTRIBUTE = rb"\s+[^\s=/>]+\s*=\s*(?:\"[^\"]*\"|'[^']*')"
_START_TAG = re.compile(rb"<[^\s/>]+(?:" + _ATTRIBUTE + rb")*\s*/?>")
_KIND = re.compile(rb"\s+(?:t|vm)\s*=\s*(?:\"[^\"]*\"|'[^']*')")
_ARRAY = re.compile(rb"\s+cm\s*=\s*(?:\"[^\"]*\"|'[^']*')")
_NAMES = re.compile(
    rb"<(" + PREFIX + rb")definedNames(?:\s[^>]*)?(?:/>|>.*?</" + PREFIX + rb"definedNames\s*>)",
    re.DOTALL,
)
_AFTER_NAMES = re.compile(rb"</" + PREFIX + rb"(?:externalReferences|functionGroups|sheets)\s*>")
_MODE = re.compile(rb"\s(?:fullCalcOnLoad|calcMode)\s*=\s*(?:\"[^\"]*\"|'[^']*')")
#: How the strict form of the format binds parts to a workbook, and how all others do.
_STRICT_FORM = (
    b"http://purl.oclc.org/ooxml/officeDocument/relationships",
    b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
)
_EMPTY = (
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    b"<sheetData/></worksheet>"
)


def prepared(model: Model, *, scratch: bool) -> bytes:
    """Write the file that the strict engine loads.

    Parameters
    ----------
    model : Model
        The workbook, with its book.
    scratch : bool
        Whether a sheet is added for the answers of worksheet functions.
    """
    book = model.book
    assert book is not None
    parts: dict[str, bytes | None] = {book.part: book.package.read(book.part)}
    if scratch:
        parts |= add_sheets(book.package, book.part, {SCRATCH: _EMPTY})
    for relations in (relations_of(""), relations_of(book.part)):
        bound = parts.get(relations) or book.package.read(relations)
        parts[relations] = bound.replace(*_STRICT_FORM)  # the engine would leave sheets out
    for name, sheet in book.sheets.items():
        parts[book.parts[name]] = stripped(book, name, sheet, model.sheets[name])
    workbook = parts[book.part] or b""
    parts[book.part] = _with_names(_MODE.sub(b"", workbook), book, model.names)
    return pack(book.package, parts)


def stripped(book: Book, name: str, sheet: Sheet, cells: Cells) -> bytes:
    """Take the saved values out of a worksheet part, and put formulas in as the model has them."""
    stored = {(p.row, p.column): f.text for p, f in book.formulas.items() if p.sheet == name}
    whole = not _shares(sheet, cells, stored)
    edits: list[Edit] = []
    for at, cell in sheet.cells.items():
        if at in stored:
            same = stored[at] == cells.get(at) and not isinstance(cells.get(at), ArrayText)
            if cell.options.get("t") == "dataTable" or (
                same and (whole or cell.options.get("t") != "shared")
            ):
                edits += _without_value(sheet, cell)
            else:
                edits.append(_entered(sheet, cell, cells.get(at)))
        elif Place(name, *at) in book.members:
            edits.append(_entered(sheet, cell, cells.get(at)))
    return _splice(sheet.xml, edits)


def _shares(sheet: Sheet, cells: Cells, stored: Mapping[tuple[int, int], str]) -> bool:
    """Whether a formula that others share is changed: then each of them is written out."""
    return any(
        cell.options.get("t") == "shared" and at in stored and cells.get(at) != stored[at]
        for at, cell in sheet.cells.items()
    )


def _without_value(sheet: Sheet, cell: Cell) -> Iterable[Edit]:
    if cell.kind != "n":
        tag = _start_tag(sheet.xml, cell.start)
        yield cell.start, cell.start + len(tag), _KIND.sub(b"", tag)
    for name, span in sheet.content(cell).items():
        if name != "f":
            yield span.start, span.end, b""


def _entered(sheet: Sheet, cell: Cell, value: Value | Text) -> Edit:
    """Write a cell anew: with the style it has, and a formula or a constant."""
    tag = _start_tag(sheet.xml, cell.start).rstrip(b">").rstrip(b"/").rstrip()
    tag, prefix = _KIND.sub(b"", tag), sheet.prefix
    if isinstance(value, Text):
        is_array = cell.options.get("t") == "array"
        head = b"f"
        if isinstance(value, ArrayText):
            head, tag = b'f t="array" ref="%b"' % a1(*_at(cell)).encode(), _ARRAY.sub(b"", tag)
        elif is_array:
            head = b'f t="array" ref=%b' % quoteattr(cell.options["ref"]).encode()
        text = escape(value).encode()
        content = b"<%b%b>%b</%bf>" % (prefix, head, text, prefix)
    elif value is None:
        content = b""
    elif isinstance(value, str):
        tag += b' t="str"'
        content = element(prefix + b"v", value)
    else:
        kind, text_ = spell(value)
        tag += b' t="%b"' % kind.encode() if kind else b""
        content = element(prefix + b"v", text_)
    return cell.start, cell.end, b"%b>%b</%bc>" % (tag, content, prefix)


def _at(cell: Cell) -> tuple[int, int]:
    return cell.row, cell.column


def _start_tag(xml: bytes, start: int) -> bytes:
    match = _START_TAG.match(xml, start)
    assert match, "the parser saw a start tag here"
    return match.group()


def _splice(xml: bytes, edits: list[Edit]) -> bytes:
    pieces, position = [], 0
    for start, end, new in sorted(edits, key=lambda e: (e[0], e[1])):
        pieces += [xml[position:start], new]
        position = end
    return b"".join([*pieces, xml[position:]])


def _with_names(xml: bytes, book: Book, names: list[Name]) -> bytes:
    """Define the names that the model has, and no others: old workbooks are full of broken ones."""
    order = book.sheet_order
    found = _NAMES.search(xml)
    prefix = found[1] if found else b""
    inside = b"".join(
        b"<%bdefinedName name=%b%b>%b</%bdefinedName>"
        % (
            prefix,
            quoteattr(name.name).encode(),
            b' localSheetId="%d"' % order.index(name.sheet) if name.sheet in order else b"",
            escape(name.text).encode(),
            prefix,
        )
        for name in names
    )
    new = b"<%bdefinedNames>%b</%bdefinedNames>" % (prefix, inside, prefix) if inside else b""
    if found:
        return xml[: found.start()] + new + xml[found.end() :]
    *_, last = _AFTER_NAMES.finditer(xml)
    return xml[: last.end()] + new + xml[last.end() :]
