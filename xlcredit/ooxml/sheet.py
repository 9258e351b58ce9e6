"""One worksheet part, read once: its cells, and where in the bytes each of them stands.

The positions let :mod:`xlcredit.ooxml.patch` change a value and leave every other byte alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.parsers import expat

from xlcredit.errors import FileError
from xlcredit.numerals import whole
from xlcredit.ooxml.archive import is_utf8
from xlcredit.ooxml.place import LAST_COLUMN, LAST_ROW, extent

__all__ = ["Cell", "Row", "Sheet", "Span", "scan"]

#: Elements of a cell that hold its content; ``t`` is the text inside ``is``.
_CONTENT = frozenset({"f", "v", "is"})


@dataclass(slots=True)
class Span:
    """Where an element stands: ``close`` is its end tag, or -1 if it closes itself."""

    start: int
    close: int = -1
    end: int = -1


@dataclass(slots=True)
class Cell:
    """A cell as the file holds it."""

    row: int
    column: int
    span: Span
    kind: str = "n"
    dynamic: bool = False  #: the cell's formula may spill (cell metadata, ``cm``)
    content: dict[str, Span] = field(default_factory=dict)  #: spans of f, v and is
    formula: str | None = None
    options: dict[str, str] = field(default_factory=dict)  #: attributes of f
    text: str | None = None  #: what v or is holds; None if there is neither


@dataclass(slots=True)
class Row:
    """A row as the file holds it; ``columns`` lists its cells from left to right."""

    number: int
    span: Span
    columns: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Sheet:
    """A worksheet part and what stands where in it."""

    xml: bytes
    prefix: bytes = b""  #: namespace prefix with its colon, for elements that are added
    data: Span | None = None
    rows: dict[int, Row] = field(default_factory=dict)
    cells: dict[tuple[int, int], Cell] = field(default_factory=dict)


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
    scanner = _Scanner(xml, place)
    try:
        scanner.parser.Parse(xml, True)
    except (expat.ExpatError, ValueError, KeyError, AttributeError) as error:
        raise FileError(f"{place} is damaged: {error}") from error
    return scanner.sheet


class _Scanner:
    """The handlers of the XML parser; elements are known by their local names."""

    def __init__(self, xml: bytes, place: str) -> None:
        self.sheet = Sheet(xml)
        self.place = place
        self.row: Row | None = None
        self.cell: Cell | None = None
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
        span = Span(self.parser.CurrentByteIndex)
        kind, dynamic = attributes.get("t", "n"), attributes.get("cm", "0") != "0"
        self.cell = Cell(row, column, span, kind, dynamic)
        columns.append(column)
        self.sheet.cells[row, column] = self.cell

    def _start_content(self, name: str, attributes: dict[str, str]) -> None:
        assert self.cell is not None
        self.inner = name
        if self.part is None and name in _CONTENT:
            self.part = self.cell.content[name] = Span(self.parser.CurrentByteIndex)
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
                self._finish(self.cell.span, empty=not self.cell.content)
                self.cell = None
            elif self.part is not None and name in _CONTENT:
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
