"""Excel as an engine: it opens the workbook's own file, with our add-in beside it.

Excel calculates a private copy, in an instance of its own that nobody sees, with macros of the
workbook switched off; the file that is written is the user's, with Excel's values. The steps are
tested with xlwings' own code over a stand-in for Excel: no real Excel has run them.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from xlcredit.errors import HostError, RecalcError, UserError
from xlcredit.functions import REGISTRY
from xlcredit.hosts.classic.addin.startup import FILE, startup_folder
from xlcredit.hosts.classic.com import from_com
from xlcredit.ooxml.book import Book, Formula, Name
from xlcredit.ooxml.place import Place
from xlcredit.ooxml.values import Value
from xlcredit.recalc.engine import Function, Model, Refusal, Text
from xlcredit.recalc.masks import Parts

__all__ = ["Excel"]

#: msoAutomationSecurityForceDisable; a program that starts Excel would else run any macro.
_NO_MACROS = 3
_INSTEAD = "take strict, or libreoffice for a spreadsheet's opinion"


@cache
def _application() -> Any:
    """Start Excel once, with the add-in if it is installed; it ends with this process."""
    try:
        import xlwings  # noqa: PLC0415  (an extra, and Windows')
    except ImportError:
        raise HostError(
            f"the engine excel needs xlwings (pip install xlcredit[excel]); {_INSTEAD}"
        ) from None
    try:
        excel = xlwings.engines["excel"]
    except KeyError:
        raise HostError(
            f"the engine excel needs Excel on Windows, which is not here; {_INSTEAD}"
        ) from None
    try:
        app = excel.apps.add(visible=False, add_book=False)
    except Exception as error:  # pywin32's own, which only Windows has
        raise HostError(f"Excel does not start ({error}); {_INSTEAD}") from error
    # Not xlwings' own quit: it ends other instances of Excel that it takes for left over.
    atexit.register(_quit, app)
    app.display_alerts = False
    if (addin := _addin()) is not None:
        app.books.open(addin)
    app.api.AutomationSecurity = _NO_MACROS
    app.enable_events = False
    return app


@cache
def _folder() -> Path:
    """Make the folder of the private copies; it goes with this process."""
    folder = Path(tempfile.mkdtemp(prefix="xlcredit-excel-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _quit(app: Any) -> None:
    with suppress(Exception):
        app.api.Quit()


def _addin() -> Path | None:
    """Find the add-in as it is installed: an Excel that a program starts does not load it."""
    try:
        path = startup_folder(os.environ, sys.platform) / FILE
    except UserError:
        return None
    return path if path.exists() else None


@contextmanager
def _asked(what: str) -> Iterator[None]:
    """Tell what Excel was asked when it failed: its own errors say little, in many types."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        raise RecalcError(f"Excel could not {what}: {error}") from error


class ExcelReader:
    """Takes formulas as they stand in the file: Excel reads them there."""

    def __init__(self, functions: Collection[str], *, has_addin: bool) -> None:
        self.sites: list[Place] = []
        ours = frozenset(functions)
        self._absent = ours - REGISTRY.keys() if has_addin else ours

    def read(self, formula: Formula, parts: Parts) -> Text | Refusal:
        """Take a formula, or say why Excel is not asked."""
        called, _ = parts[0].operands
        if absent := sorted(self._absent & {name.upper() for name in called}):
            return Refusal(
                f"calls {absent[0]}, which Excel has not: xlcredit excel install brings it"
                if absent[0] in REGISTRY
                else f"calls {absent[0]}, which the add-in in Excel does not have"
            )
        return Text(formula.text)

    def read_name(self, name: Name) -> Name | Refusal:
        """Take a name as it is."""
        return name


class Excel:
    """Excel on Windows, through xlwings, as an :class:`~xlcredit.recalc.engine.Engine`."""

    name = "excel"
    package = "xlwings"
    corrections: Mapping[str, Function] = {}

    def __init__(self) -> None:
        self._app = _application()
        self._book: Any = None
        self._copy: Path | None = None
        self._values: dict[str, dict[tuple[int, int], Value]] = {}

    def reader(self, book: Book, functions: Collection[str]) -> ExcelReader:
        """Make the reader of a workbook's formulas."""
        del book
        return ExcelReader(functions, has_addin=_addin() is not None)

    def missing(self, functions: Collection[str]) -> set[str]:
        """Tell nothing: a function that this Excel does not have shows as #NAME?."""
        del functions
        return set()

    def register(self, name: str, function: Function) -> None:
        """Do nothing: the add-in has the worksheet functions."""

    def load(self, model: Model) -> None:
        """Open a private copy of the file, and enter what differs from it."""
        book = model.book
        if book is None:
            raise RecalcError("Excel calculates files; there is none")
        self.close()
        # Excel opens no two workbooks of one name.
        kind = ".xlsm" if "xl/vbaProject.bin" in book.package else ".xlsx"
        self._copy = _folder() / (uuid.uuid4().hex + kind)
        self._copy.write_bytes(book.package.data)
        with _asked("open the workbook"):
            self._book = self._app.books.open(self._copy, update_links=False, add_to_mru=False)
        for sheet, cells in model.sheets.items():
            for at, value in cells.items():
                if not isinstance(value, Text) and _differs(book, Place(sheet, *at), value):
                    self.set(sheet, *at, value)

    def close(self) -> None:
        """Close the copy that is open."""
        if self._book is not None:
            with suppress(Exception):
                self._book.close()
            self._book = None
        if self._copy is not None:
            self._copy.unlink(missing_ok=True)
            self._copy = None

    def set(self, sheet: str, row: int, column: int, value: Value) -> None:
        """Change a constant; of an array, all cells go: none can be changed by itself."""
        with _asked(f"change row {row}, column {column} of {sheet}"):
            page = self._book.sheets[sheet]
            if page.api.ProtectContents:
                page.api.Unprotect()
            cell = page.range((row, column)).api
            if cell.HasArray:
                cell.CurrentArray.ClearContents()
            _enter(cell, value)

    def set_column(self, sheet: str, row: int, column: int, values: Sequence[Value]) -> None:
        """Change constants that stand below one another, the first of them in this cell."""
        for below, value in enumerate(values):
            self.set(sheet, row + below, column, value)

    def calculate(self) -> None:
        """Bring every formula up to date."""
        with _asked("calculate"):
            self._app.api.CalculateFull()
            self._values = {page.name: _read(page.used_range) for page in self._book.sheets}

    def value(self, sheet: str, row: int, column: int) -> Value | Refusal:
        """Give the value of a cell."""
        return self._values[sheet].get((row, column))

    def extent(self, sheet: str, row: int, column: int) -> tuple[int, int]:
        """Give the rows and columns that a cell's formula fills."""
        with _asked(f"tell the extent of row {row}, column {column} of {sheet}"):
            cell = self._book.sheets[sheet].range((row, column)).api
            if not cell.HasSpill:
                return (1, 1)
            filled = cell.SpillingToRange
            return int(filled.Rows.Count), int(filled.Columns.Count)


def _enter(cell: Any, value: Value) -> None:
    """Write a value into a cell: text as text, an error as a formula that gives it."""
    if value is None:
        cell.ClearContents()
    elif isinstance(value, str):
        cell.Value2 = f"'{value}"
    elif isinstance(value, bool | float | int):
        cell.Value2 = value
    else:
        cell.Formula = f"={value.code}"


def _read(area: Any) -> dict[tuple[int, int], Value]:
    """Read the cells of an area: dates as serials, currencies with all their digits."""
    raw = area.api.Value2
    rows = raw if isinstance(raw, tuple) else ((raw,),)
    top, left = area.row, area.column
    return {
        (top + i, left + j): from_com(cell)
        for i, row in enumerate(rows)
        for j, cell in enumerate(row)
        if cell is not None
    }


def _differs(book: Book, place: Place, value: Value) -> bool:
    """Whether the file holds something else there; a formula that was refused is a constant now."""
    if place in book.formulas or place in book.members:
        return True
    return book.constants[place.sheet].get((place.row, place.column)) != value
