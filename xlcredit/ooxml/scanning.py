"""Reading a worksheet part: quickly where it is written as programs write it, else carefully.

Both ways note where each cell stands in the bytes. The quick one takes a whole cell at a time and
knows the one spelling that Excel, openpyxl and we ourselves use; where anything else stands in
the rows (prefixes, comments, CDATA, white space), the XML parser's events are followed one by one.
"""

from __future__ import annotations

import re
from xml.parsers import expat

from xlcredit.errors import FileError
from xlcredit.numerals import whole
from xlcredit.ooxml.archive import is_utf8
from xlcredit.ooxml.place import LAST_COLUMN, LAST_ROW, column_number, extent
from xlcredit.ooxml.sheet import CELL, CONTENT, Cell, Row, Sheet, Span

__all__ = ["scan"]


def scan(xml: bytes, place: str) -> Sheet:
    """Read the cells of a worksheet part.

    Parameters
    ----------
    xml : bytes
        The part.
    place : str
        File and part, for error messages.

    Raises
    ------
    FileError
        If the part is not well-formed, or is stored in a way that cannot be patched.
    """
    if not is_utf8(xml):
        raise FileError(f"{place} is not stored as UTF-8; open the file in Excel and save it again")
    try:
        sheet = _quickly(xml)
        if sheet is None:
            scanner = _Scanner(xml, place)
            scanner.parser.Parse(xml, True)
            sheet = scanner.sheet
    except (expat.ExpatError, ValueError, KeyError, AttributeError) as error:
        raise FileError(f"{place} is damaged: {error}") from error
    return sheet


# --- the usual spelling -----------------------------------------------------------------------

_ROW = re.compile(
    rb'<row r="(?P<number>[1-9][0-9]{0,6})"(?: [A-Za-z0-9:]+="[^"<>&]*")*(?P<empty> ?/)?>'
)
_PIECE = re.compile(rb"(?P<end></row>)|" + _ROW.pattern + rb"|" + CELL)
_PARTS = [
    _PIECE.groupindex[name]
    for name in ("column", "row", "attributes", "f", "options", "formula", "v", "text", "inline")
]
_ATTRIBUTE = re.compile(rb' ([A-Za-z0-9:]+)="([^"]*)"')
_NONE: dict[str, str] = {}


def _quickly(xml: bytes) -> Sheet | None:
    """Read a part in the usual spelling; None if it is in another."""
    begin = xml.find(b"<sheetData>")
    end = xml.find(b"</sheetData>", begin)
    if begin < 0 or end < 0 or b"<!" in xml or xml.find(b"<?", 5) >= 0:
        return None
    if xml.find(b"\r", begin, end) >= 0 or xml.find(b"&#", begin, end) >= 0:
        return None
    expat.ParserCreate().Parse(xml, True)  # whether all of it is well-formed
    sheet = Sheet(xml, data=Span(begin, end, end + len(b"</sheetData>")))
    return sheet if _rows(sheet, begin + len(b"<sheetData>"), end) else None


def _rows(sheet: Sheet, at: int, stop: int) -> bool:  # noqa: PLR0912 (one pass, for speed)
    """Read rows and cells up to the end of the data; false if something else stands there."""
    rows, cells, columns = sheet.rows, sheet.cells, dict[bytes, int]()
    styles: dict[bytes, tuple[str, bool]] = {}
    options: dict[bytes, dict[str, str]] = {b"": _NONE}
    row: Row | None = None
    number = column = 0
    for match in _PIECE.finditer(sheet.xml, at, stop):
        start, end = match.span()
        if start != at:
            return False
        at = end
        letters, here, attributes, f, given, formula, v, text, inline = match.group(*_PARTS)
        if letters is None:
            if match["end"]:
                if row is None:
                    return False
                row.span.close, row.span.end, row = start, end, None
                continue
            if row is not None or int(match["number"]) <= number:
                return False
            number, column = int(match["number"]), 0
            opened = Row(number, Span(start))
            if match["empty"]:
                opened.span.end = end
            else:
                row = opened
            rows[number] = opened
            continue
        next_column = columns.get(letters) or columns.setdefault(
            letters, column_number(letters.decode())
        )
        if row is None or int(here) != number or not column < next_column <= LAST_COLUMN:
            return False
        column = next_column
        row.columns.append(column)
        style = styles.get(attributes)
        if style is None:
            found = dict(_ATTRIBUTE.findall(attributes))
            style = found.get(b"t", b"n").decode(), found.get(b"cm", b"0") != b"0"
            styles[attributes] = style
        key = row.number, column
        cells[key] = cell = Cell(key, start, end - start, *style)
        if f is not None:
            cell.formula = _read(formula) if formula else ""
            if given not in options:
                options[given] = {k.decode(): o.decode() for k, o in _ATTRIBUTE.findall(given)}
            cell.options = options[given]
        if v is not None:
            cell.text = _read(text) if text else ""
        elif inline is not None:
            cell.text = _read(inline)
    return at == stop and row is None and number <= LAST_ROW


def _read(text: bytes) -> str:
    """Read text as an XML parser does; references to characters by number are left to one."""
    read = text.decode()
    if "&" in read:
        for name, character in _ENTITIES:
            read = read.replace(name, character)
    return read


_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&"))


# --- any other ---------------------------------------------------------------------------------


class _Scanner:
    """The handlers of the XML parser; elements are known by their local names."""

    def __init__(self, xml: bytes, place: str) -> None:
        self.sheet = Sheet(xml)
        self.place = place
        self.row: Row | None = None
        self.cell: Cell | None = None
        self.spans: dict[str, Span] = {}  # of that cell's f, v and is
        self.part: Span | None = None  # the f, v or is that is open
        self.inner = ""  # name of the innermost element open inside it
        self.text: list[str] = []
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.stop
        self.parser.CharacterDataHandler = self.characters
        self.parser.StartDoctypeDeclHandler = self.doctype

    def doctype(self, *_: object) -> None:
        raise FileError(f"{self.place} declares a document type; refused")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if self.cell is not None:
            self._start_content(name, attributes)
        elif self.row is not None:
            if name == "c":
                self._start_cell(attributes)
        elif name == "row" and self.sheet.data is not None and self.sheet.data.end < 0:
            last = next(reversed(self.sheet.rows), 0)
            number = whole(attributes["r"]) if "r" in attributes else last + 1
            if not 0 < number <= LAST_ROW or number in self.sheet.rows:
                raise ValueError(f"row {number} is none, or stands there twice")
            self.row = Row(number, Span(self.parser.CurrentByteIndex))
            self.sheet.rows[number] = self.row
        elif name == "sheetData" and self.sheet.data is None:
            self.sheet.prefix = tag[: -len(name)].encode()
            self.sheet.data = Span(self.parser.CurrentByteIndex)

    def _start_cell(self, attributes: dict[str, str]) -> None:
        assert self.row is not None
        row, columns = self.row.number, self.row.columns
        column = columns[-1] + 1 if columns else 1
        if "r" in attributes:
            there, column, *_ = extent(attributes["r"])
            if there != row:
                raise ValueError(f"{attributes['r']} stands in row {row}")
        if column > LAST_COLUMN or (row, column) in self.sheet.cells:
            raise ValueError(f"cell {column} of row {row} is none, or stands there twice")
        start = self.parser.CurrentByteIndex
        kind, dynamic = attributes.get("t", "n"), attributes.get("cm", "0") != "0"
        key = row, column
        self.cell = Cell(key, start, 0, kind, dynamic)
        self.spans = self.sheet.spans[key] = {}
        columns.append(column)
        self.sheet.cells[key] = self.cell

    def _start_content(self, name: str, attributes: dict[str, str]) -> None:
        assert self.cell is not None
        self.inner = name
        if self.part is None and name in CONTENT:
            self.part = self.spans[name] = Span(self.parser.CurrentByteIndex)
            self.text = []
            if name == "f":
                self.cell.options = attributes

    def characters(self, text: str) -> None:
        # Phonetic readings (rPh) stand inside is, and are no part of the text.
        if self.part is not None and self.inner in {"f", "v", "t"}:
            self.text.append(text)

    def stop(self, tag: str) -> None:
        name = tag.rpartition(":")[2]
        if self.cell is not None:
            if name == "c":
                span = Span(self.cell.start)
                self._finish(span, empty=not self.spans)
                self.cell.length, self.cell = span.end - self.cell.start, None
            elif self.part is not None and name in CONTENT:
                self._stop_content(self.cell, name, self.part)
            elif name == "rPh":
                self.inner = ""
        elif self.row is not None and name == "row":
            self._finish(self.row.span, empty=not self.row.columns)
            self.row = None
        elif name == "sheetData" and self.sheet.data is not None:
            self._finish(self.sheet.data, empty=not self.sheet.rows)

    def _stop_content(self, cell: Cell, name: str, part: Span) -> None:
        text = "".join(self.text)
        self._finish(part, empty=not text and self.inner == name)
        self.part = None
        if name == "f":
            cell.formula = text
        elif name == "v" or cell.text is None:
            cell.text = text

    def _finish(self, span: Span, *, empty: bool) -> None:
        """Note where an element ends: an empty one may be a single, self-closing tag."""
        at, xml = self.parser.CurrentByteIndex, self.sheet.xml
        if empty and xml[at - 2 : at] == b"/>":
            span.end = at
        else:
            span.close, span.end = at, xml.index(b">", at) + 1
