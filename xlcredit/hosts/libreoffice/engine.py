"""LibreOffice as an engine: Calc opens the workbook's own file and has our worksheet functions.

Calc calculates a private copy; the file that is written is the user's, with Calc's values. It is
one running process for all workbooks of a run. What it is not to be believed in is refused:

- a formula that spills: Calc fills the cells that the file says, however many the result needs;
- a worksheet function that is not the add-in's, as those a caller brings;
- an error of Calc's own (``Err:508``, a name it does not know), which is no value of a cell.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from pathlib import Path

from xlcredit.errors import CellError, RecalcError
from xlcredit.functions import REGISTRY
from xlcredit.hosts.libreoffice.package import unpack
from xlcredit.ooxml.book import Book, Formula, Name
from xlcredit.ooxml.place import Place
from xlcredit.ooxml.values import Value
from xlcredit.recalc import LibreOffice
from xlcredit.recalc.engine import Function, Model, Refusal, Text
from xlcredit.recalc.masks import Parts

__all__ = ["Calc"]

_SPILLS = Refusal("spills, and LibreOffice does not")
#: What Calc shows for a name or a function that it does not know: Excel may well know it.
_UNKNOWN = Refusal(
    "shows #NAME? in LibreOffice: it, or what it reads, holds a name that LibreOffice does not know"
)


@cache
def _office() -> LibreOffice:
    """Start LibreOffice once; it ends with this process."""
    folder = Path(tempfile.mkdtemp(prefix="xlcredit-extensions-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    office = LibreOffice(extensions=unpack(folder))
    atexit.register(office.close)
    return office


class CalcReader:
    """Takes formulas as they stand in the file: Calc reads them there."""

    def __init__(self, functions: Collection[str]) -> None:
        self.sites: list[Place] = []
        self._foreign = frozenset(functions) - REGISTRY.keys()

    def read(self, formula: Formula, parts: Parts) -> Text | Refusal:
        """Take a formula, or say why Calc is not asked."""
        if formula.dynamic:
            return _SPILLS
        called, _ = parts[0].operands
        if foreign := sorted(self._foreign & {name.upper() for name in called}):
            return Refusal(f"calls {foreign[0]}, which the add-in in LibreOffice does not have")
        return Text(formula.text)

    def read_name(self, name: Name) -> Name | Refusal:
        """Take a name as it is."""
        return name


class Calc:
    """LibreOffice as an :class:`~xlcredit.recalc.engine.Engine`."""

    name = "libreoffice"
    package = "LibreOffice"
    corrections: Mapping[str, Function] = {}

    def __init__(self) -> None:
        self._rows: dict[str, list[list[Value]]] | None = None
        self._office = _office()

    def reader(self, book: Book, functions: Collection[str]) -> CalcReader:
        """Make the reader of a workbook's formulas."""
        del book
        return CalcReader(functions)

    def missing(self, functions: Collection[str]) -> set[str]:
        """Tell nothing: a function that Calc does not have shows as an error of its own."""
        del functions
        return set()

    def register(self, name: str, function: Function) -> None:
        """Do nothing: the add-in has the worksheet functions."""

    def load(self, model: Model) -> None:
        """Open the file, and enter what differs from it."""
        book = model.book
        if book is None:
            raise RecalcError("LibreOffice calculates files; there is none")
        self._office.hold(book.package.data)
        changes = [
            (sheet, *at, value)
            for sheet, cells in model.sheets.items()
            for at, value in cells.items()
            if not isinstance(value, Text) and _differs(book, Place(sheet, *at), value)
        ]
        self._office.enter(changes)

    def set(self, sheet: str, row: int, column: int, value: Value) -> None:
        """Change a constant."""
        self._office.enter([(sheet, row, column, value)])

    def set_column(self, sheet: str, row: int, column: int, values: Sequence[Value]) -> None:
        """Change constants that stand below one another, the first of them in this cell."""
        self._office.enter([(sheet, row + n, column, value) for n, value in enumerate(values)])

    def calculate(self) -> None:
        """Bring every formula up to date."""
        self._rows = self._office.held()

    def value(self, sheet: str, row: int, column: int) -> Value | Refusal:
        """Give the value of a cell."""
        assert self._rows is not None
        rows = self._rows.get(sheet, [])
        value = rows[row - 1][column - 1] if row <= len(rows) and column <= len(rows[0]) else None
        if isinstance(value, CellError):
            if value.reason:
                return Refusal(f"is not calculated: {value.reason}")
            if value.code == "#NAME?":
                return _UNKNOWN
        return value

    def extent(self, sheet: str, row: int, column: int) -> tuple[int, int]:
        """Give one cell: what spills is refused."""
        del sheet, row, column
        return (1, 1)


def _differs(book: Book, place: Place, value: Value) -> bool:
    """Whether the file holds something else there; a formula that was refused is a constant now."""
    if place in book.formulas or place in book.members:
        return True
    constants = book.constants[place.sheet]
    return constants.get((place.row, place.column)) != value
