"""The object ``Excel.Application``, as far as an engine needs it.

The strict engine calculates in Excel's place: what is tested with it is the way there and back,
through xlwings' own code. Areas are tuples of rows, errors are COM's integers.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.hosts.windows import SCODES
from xlcredit.errors import CellError
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package
from xlcredit.ooxml.place import Place
from xlcredit.recalc import recalculate
from xlcredit.recalc.typed import parse_value


class Application:
    """A program that opens workbooks."""

    Hwnd = 1
    Visible = False
    DisplayAlerts = True
    EnableEvents = True
    AutomationSecurity = 1

    def __init__(self) -> None:
        self.Workbooks = Workbooks()
        self.ended = False

    def CalculateFull(self) -> None:
        for book in self.Workbooks.open:
            book.calculate()

    def Quit(self) -> None:
        self.ended = True


class Workbooks:
    """The workbooks that are open."""

    def __init__(self) -> None:
        self.open: list[Workbook] = []

    def __call__(self, name: str) -> Workbook:
        raise LookupError(name)

    def Open(self, path: str, *_: Any) -> Workbook:
        self.open.append(Workbook(Path(path), self))
        return self.open[-1]


class Workbook:
    """A workbook: what is entered is kept until it is calculated."""

    def __init__(self, path: Path, among: Workbooks) -> None:
        self.Name, self.FullName = path.name, str(path)
        self.book = Book(Package(path))
        self.entered: dict[Place, Any] = {}
        self._among = among
        self.Worksheets = Worksheets(self)
        self.calculate()

    def calculate(self) -> None:
        self.result = recalculate(self.book, inputs=self.entered, engine="strict")

    def Close(self, SaveChanges: bool) -> None:
        assert not SaveChanges, "the copy is thrown away"
        self._among.open.remove(self)


class Worksheets:
    """The sheets of a workbook."""

    def __init__(self, book: Workbook) -> None:
        self.sheets = {name: Worksheet(book, name) for name in book.book.sheets}

    def __call__(self, name: str) -> Worksheet:
        return self.sheets[name]

    def __iter__(self) -> Iterator[Worksheet]:
        return iter(self.sheets.values())


class Worksheet:
    """A sheet."""

    ProtectContents = False

    def __init__(self, book: Workbook, name: str) -> None:
        self.book, self.Name = book, name

    def Cells(self, row: int, column: int) -> Area:
        return Area(self, row, column, 1, 1)

    def Range(self, first: Area, last: Area) -> Area:
        size = last.Row - first.Row + 1, last.Column - first.Column + 1
        return Area(self, first.Row, first.Column, *size)

    @property
    def cells(self) -> dict[tuple[int, int], Any]:
        result = self.book.result
        return result.constants[self.Name] | result.values[self.Name]

    @property
    def UsedRange(self) -> Area:
        rows, columns = zip(*self.cells, strict=True)
        size = max(rows) - min(rows) + 1, max(columns) - min(columns) + 1
        return Area(self, min(rows), min(columns), *size)


class Area:
    """Some cells of a sheet."""

    def __init__(self, sheet: Worksheet, row: int, column: int, rows: int, columns: int) -> None:
        self.Worksheet, self.Row, self.Column = sheet, row, column
        self.Rows, self.Columns = SimpleNamespace(Count=rows), SimpleNamespace(Count=columns)

    def _get(self) -> Any:
        rows = range(self.Row, self.Row + self.Rows.Count)
        columns = range(self.Column, self.Column + self.Columns.Count)
        block = tuple(tuple(self._shown((r, c)) for c in columns) for r in rows)
        return block if self.Rows.Count * self.Columns.Count > 1 else block[0][0]

    def _shown(self, at: tuple[int, int]) -> Any:
        value = self.Worksheet.cells.get(at)
        return SCODES[value.code] if isinstance(value, CellError) else value

    def _set(self, value: Any) -> None:
        self.Worksheet.book.entered[Place(self.Worksheet.Name, self.Row, self.Column)] = value

    def _type(self, raw: Any) -> None:
        """Take a value as Excel takes what is typed: an apostrophe makes it text."""
        typed = isinstance(raw, str) and not raw.startswith("'")
        self._set(parse_value(raw) if typed else raw[1:] if isinstance(raw, str) else raw)

    Value2 = property(_get, _type)

    @property
    def HasArray(self) -> bool:
        return False

    @property
    def HasSpill(self) -> bool:
        return self._extent != (1, 1)

    @property
    def SpillingToRange(self) -> Area:
        return Area(self.Worksheet, self.Row, self.Column, *self._extent)

    @property
    def _extent(self) -> tuple[int, int]:
        anchor = (self.Row, self.Column)
        members = self.Worksheet.book.book.members.items()
        filled = [p for p, a in members if (a.row, a.column) == anchor] or [Place("", *anchor)]
        return (
            max(p.row for p in filled) - self.Row + 1,
            max(p.column for p in filled) - self.Column + 1,
        )

    def ClearContents(self) -> None:
        self._set(None)
