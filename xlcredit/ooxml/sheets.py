"""Sheets added to a workbook that exists, by its parts: nothing that is there is written anew."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath

from xlcredit.ooxml.package import Package
from xlcredit.ooxml.place import a1
from xlcredit.ooxml.relations import TYPES, Additions, related, relations_of, without
from xlcredit.ooxml.sheet import Sheet
from xlcredit.ooxml.tags import PREFIX, masked
from xlcredit.ooxml.values import Value, element, quote, spell

__all__ = ["Rows", "Styles", "add_sheets", "worksheet"]

#: By row: the values from column A on, each with the number of its style.
Rows = dict[int, Sequence[tuple[Value, int]]]

_WORKSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
_STYLE = re.compile(rb"<[^>]*?\ss\s*=\s*[\"'](\d+)")
_SHEET = re.compile(
    rb"<(" + PREFIX + rb")sheet(?=\s)[^>]*?\s([^\s<>/:=\"']+):id\s*=[^>]*?(?:/>|></\1sheet>)"
)
_MAIN = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"


class Styles:
    """The styles of a workbook, with a bold one and one that wraps added at the end.

    Parameters
    ----------
    package : Package
        The workbook.
    workbook : str
        Its main part.
    """

    def __init__(self, package: Package, workbook: str) -> None:
        self._part = _part(package, workbook, "styles")
        self._xml = package.read(self._part) if self._part in package else b""
        self.bold = self.wrapped = 0
        font = self._append(b"fonts", b"font", self._bold_font)
        self.bold = self._append(b"cellXfs", b"xf", self._look(b'fontId="%d"' % font))
        self.wrapped = self._append(
            b"cellXfs",
            b"xf",
            self._look(b'fontId="0"', b'<%balignment vertical="top" wrapText="1"/>'),
        )

    def part(self) -> dict[str, bytes]:
        """Give the changed part; none if the workbook has no styles."""
        return {self._part: self._xml} if self._xml else {}

    def of_cell(self, sheet: Sheet, place: tuple[int, int]) -> int:
        """Read the style of a cell."""
        match = _STYLE.match(sheet.xml, sheet.cells[place].start)
        return int(match[1]) if match else 0

    @property
    def _prefix(self) -> bytes:
        match = re.search(rb"<(" + PREFIX + rb")cellXfs[\s>]", self._xml)
        return match[1] if match else b""

    @property
    def _bold_font(self) -> bytes:
        """The workbook's own font, bold."""
        pattern = rb"<(" + PREFIX + rb")font>(.*?)</" + PREFIX + rb"font>"
        match = re.search(pattern, self._xml, re.DOTALL)
        prefix, inside = (match[1], match[2]) if match else (self._prefix, b"")
        return b"<%bfont><%bb/>%b</%bfont>" % (prefix, prefix, inside, prefix)

    def _look(self, font: bytes, alignment: bytes = b"") -> bytes:
        p = self._prefix
        inside = alignment % p if alignment else b""
        tag = b'%bxf numFmtId="0" %b fillId="0" borderId="0" xfId="0"' % (p, font)
        return b'<%b applyFont="1" applyAlignment="1">%b</%bxf>' % (tag, inside, p)

    def _append(self, group: bytes, name: bytes, new: bytes) -> int:
        """Add one element to a group and give its number."""
        pattern = rb"(<%b%b(?:\s[^>]*)?>)(.*?)(</%b%b>)" % (PREFIX, group, PREFIX, group)
        match = re.search(pattern, self._xml, re.DOTALL)
        if not match:
            return 0
        number = len(re.findall(rb"<%b%b[\s/>]" % (PREFIX, name), match[2]))
        head = re.sub(rb"\bcount=\"\d+\"", b'count="%d"' % (number + 1), match[1])
        whole = head + match[2] + new + match[3]
        self._xml = self._xml[: match.start()] + whole + self._xml[match.end() :]
        return number


def add_sheets(
    package: Package, workbook: str, pages: Mapping[str, bytes]
) -> dict[str, bytes | None]:
    """Add sheets at the end, and drop the calculation chain of formulas that are gone.

    Parameters
    ----------
    package : Package
        The workbook.
    workbook : str
        Its main part.
    pages : mapping
        Each sheet's name and part.

    Returns
    -------
    dict
        New and changed parts; None for one that is left out.
    """
    relations, main = relations_of(workbook), package.read(workbook)
    kind = next(r.type for r in related(package, workbook).values() if r.kind == "worksheet")
    added = Additions(package)
    for name, content in pages.items():
        part = str(PurePosixPath(workbook).parent / "worksheets" / f"{name.lower()}.xml")
        added.add(part, content, _WORKSHEET)
        key = added.relate(workbook, kind, part, key=f"xlcredit{name}")
        main = _with_sheet(main, name, key)
    changed: dict[str, bytes | None] = {**added.parts, workbook: main}
    if chain := _part(package, workbook, "calcChain"):
        changed[chain] = None
        changed[relations] = without(added.parts[relations], "Relationship", 'calcChain"')
        changed[TYPES] = without(added.parts[TYPES], "Override", f'"/{chain}"')
    return changed


def worksheet(rows: Rows, widths: Iterable[float], frozen: int, like: bytes) -> bytes:
    """Write a worksheet part that prints one page wide, with its header on the screen.

    Parameters
    ----------
    rows : mapping
        The cells.
    widths : iterable of float
        Widths of the columns, in characters.
    frozen : int
        How many rows stay in view; 0 for none.
    like : bytes
        A part of the same workbook, whose namespace is used.
    """
    found = re.search(rb"xmlns(?::\w+)?\s*=\s*\"([^\"]*spreadsheetml[^\"]*)\"", like)
    pane = (
        b'<pane ySplit="%d" topLeftCell="A%d" activePane="bottomLeft" state="frozen"/>'
        % (frozen, frozen + 1)
        if frozen
        else b""
    )
    columns = b"".join(
        b'<col min="%d" max="%d" width="%d" customWidth="1"/>' % (i, i, width)
        for i, width in enumerate(widths, start=1)
    )
    return b"".join(
        [
            b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n',
            b'<worksheet xmlns="%b">' % (found[1] if found else _MAIN),
            b'<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>',
            b'<sheetViews><sheetView showGridLines="0" workbookViewId="0">%b</sheetView>' % pane,
            b"</sheetViews><cols>%b</cols><sheetData>" % columns,
            *(_row(number, cells) for number, cells in rows.items()),
            b'</sheetData><pageMargins left="0.5" right="0.5" top="0.6" bottom="0.7" '
            b'header="0.3" footer="0.3"/>',
            b'<pageSetup paperSize="9" orientation="landscape" fitToWidth="1" fitToHeight="0"/>',
            b"<headerFooter><oddFooter>&amp;L&amp;8&amp;A&amp;R&amp;8Page &amp;P of &amp;N"
            b"</oddFooter></headerFooter></worksheet>",
        ]
    )


def _row(number: int, cells: Iterable[tuple[Value, int]]) -> bytes:
    inside = (_cell(a1(number, c), value, style) for c, (value, style) in enumerate(cells, 1))
    return b'<row r="%d">%b</row>' % (number, b"".join(inside))


def _cell(reference: str, value: Value, style: int) -> bytes:
    head = b'<c r="%b" s="%d"' % (reference.encode(), style)
    if isinstance(value, str):
        return b'%b t="inlineStr"><is>%b</is></c>' % (head, element(b"t", value))
    kind, text = spell(value)
    tag = b' t="%b"' % kind.encode() if kind else b""
    return b"%b%b>%b</c>" % (head, tag, element(b"v", text))


def _part(package: Package, workbook: str, kind: str) -> str:
    """Find the part of a kind that a workbook has one of."""
    found = (r.part for r in related(package, workbook).values() if r.kind == kind)
    return next(found, "")


def _with_sheet(xml: bytes, name: str, key: str) -> bytes:
    """Add a sheet behind the others, with a number of its own."""
    *_, last = _SHEET.finditer(masked(xml))
    numbers = re.findall(rb"sheetId\s*=\s*[\"']([0-9]{1,9})[\"']", xml)
    number = max(map(int, numbers), default=0) + 1
    tag = b'<%bsheet name="%b" sheetId="%d" %b:id="%b"/>' % (
        last[1],
        quote(name),
        number,
        last[2],
        key.encode(),
    )
    return xml[: last.end()] + tag + xml[last.end() :]
