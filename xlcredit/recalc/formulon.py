"""The strict engine: formulon, in this process, behind our own adapter.

It reads the workbook's own file, so that tables, filters, hidden rows, number formats and the
1904 calendar are there; it spills, intersects and iterates as Excel does. It has no worksheet
functions: :mod:`xlcredit.recalc.hoisting` calls them for it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from types import ModuleType
from typing import Any

from xlcredit.errors import CellError, RecalcError
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.place import Place
from xlcredit.ooxml.values import Value
from xlcredit.recalc import machine
from xlcredit.recalc.bulk import CODES, At, Bulk
from xlcredit.recalc.corrections import COMMON
from xlcredit.recalc.dependants import circles, reading_themselves
from xlcredit.recalc.digits import LONGEST_TEXT
from xlcredit.recalc.engine import (
    CIRCULAR,
    LONGEST_SECONDS,
    SETTLED,
    TOO_LATE,
    Function,
    Model,
    Refusal,
    Text,
)
from xlcredit.recalc.hoisting import Hoisted
from xlcredit.recalc.jobs import SCRATCH, Job, Known
from xlcredit.recalc.prepared import prepared
from xlcredit.recalc.repairs import StrictReader

__all__ = ["Strict"]

_REWRITTEN = Refusal("shows the text of a formula that the engine has been given otherwise")
_TOO_LONG = CellError("#VALUE!", f"the text has more than {LONGEST_TEXT:,} characters")
#: Rounds of answers after which calls are sorted by what they depend on.
_LONG_CHAIN = 4
#: Formulas of the format's later editions carry a prefix in the file.
_PREFIX = re.compile(r"^_XLFN\.(?:_XLWS\.)?|^_XLWS\.")
#: 0 in formulon's catalogue: calculated without a host.
_CALCULATED = 0
#: Calculated in part; what is not is written out before (see :mod:`xlcredit.recalc.repairs`).
_IN_PART = {"CELL"}


class Strict:
    """formulon as an :class:`~xlcredit.recalc.engine.Engine`."""

    name = "strict"
    package = "formulon"
    corrections = COMMON

    def __init__(self) -> None:
        self._functions: dict[str, Function] = {}
        self._hoisted: Hoisted | None = None
        self._workbook: Any = None
        self._sheets: dict[str, int] = {}
        self._cells: Bulk | None = None
        self._own: dict[str, list[At]] = {}
        self._values: dict[str, dict[At, Value]] = {}
        self._extents: dict[str, dict[At, tuple[int, int]]] = {}
        self._by_level: list[list[Job]] | None = None
        #: Formulas that read their own cell (of an array no text: it cannot be put back), and those
        #: among them that are taken out.
        self._selves: dict[Place, Text | None] = {}
        self._out: list[Place] = []
        self._in_circles: frozenset[Place] | None = None

    def reader(self, book: Book, functions: Collection[str]) -> StrictReader:
        """Make the reader of a workbook's formulas, who knows the worksheet functions."""
        return StrictReader(book, functions, self.missing)

    def missing(self, functions: Collection[str]) -> set[str]:
        """Tell which of these built-in functions the engine does not have."""
        return {name for name in functions if not _has(name)}

    def register(self, name: str, function: Function) -> None:
        """Make a worksheet function known, or replace a built-in one."""
        self._functions[name] = function

    def load(self, model: Model) -> None:
        """Take a workbook in."""
        formulon = _formulon()
        self.close()
        self._hoisted, self._by_level = Hoisted(model, self._functions), None
        with _limited():
            self._workbook = formulon.Workbook.load(
                prepared(self._hoisted.model, scratch=bool(self._hoisted.jobs))
            )
            count = self._workbook.sheet_count()
            self._sheets = {self._workbook.sheet_name(i): i for i in range(count)}
            self._cells = Bulk(self._workbook)
            self._own = _calculated(self._hoisted.model.book)
            if model.iteration:
                rounds, change = model.iteration
                self._workbook.set_iterative(True, rounds, change * SETTLED)
            self._enter(self._hoisted.model)
            self._answer(self._hoisted.jobs)
            for text, room in self._hoisted.expressions.items():
                at = (self._sheets[SCRATCH], room.row - 1, 1)
                self._workbook.set_formula(*at, f"={text}")
        self._selves, self._out = _selves(self._hoisted.model), []
        self._forget()

    def _enter(self, model: Model) -> None:
        """Enter new constants, and formulas for which the file has no cell."""
        assert model.book is not None
        for sheet, constants in model.book.constants.items():
            for at, value in model.sheets[sheet].items():
                if isinstance(value, Text) or (at in constants and constants[at] == value):
                    continue
                place = Place(sheet, *at)
                if place not in model.book.formulas and place not in model.book.members:
                    self._put(self._sheets[sheet], *at, value)
        for place in model.book.formulas:
            text = model.sheets[place.sheet][place.row, place.column]
            there = (place.row, place.column) in model.book.sheets[place.sheet].cells
            if isinstance(text, Text) and not there:
                self._formula(place, text)

    def close(self) -> None:
        """Let the workbook go: the engine's memory is outside Python's."""
        if self._workbook is not None:
            with suppress(Exception):
                self._workbook.close()
            self._workbook = None

    def set(self, sheet: str, row: int, column: int, value: Value) -> None:
        """Change a constant."""
        self._put(self._sheets[sheet], row, column, value)

    def set_column(self, sheet: str, row: int, column: int, values: Sequence[Value]) -> None:
        """Change constants that stand below one another, the first of them in this cell."""
        for below, value in enumerate(values):
            self.set(sheet, row + below, column, value)

    def calculate(self) -> None:
        """Bring every formula up to date, and the worksheet functions with them.

        The engine gives 0 for a formula that reads its own cell, which nobody could tell from a
        figure: such a formula becomes a broken reference, as it shows every longer circle.
        """
        with _limited():
            for place in self._out:  # a changed input may lead past the circle
                if text := self._selves[place]:
                    self._formula(place, text)
        self._settle()
        self._out = [place for place in self._selves if self._is_zero(place)]
        with _limited():
            for sheet, row, column in self._out:
                self._put(self._sheets[sheet], row, column, CellError("#REF!"))
        if self._out:
            self._settle()

    def _is_zero(self, place: Place) -> bool:
        value = self._of(place.sheet, (place.row, place.column))
        return isinstance(value, float) and value == 0.0

    def _formula(self, place: Place, text: Text) -> None:
        cell = (self._sheets[place.sheet], place.row - 1, place.column - 1)
        self._workbook.set_formula(*cell, f"={text}")

    def _settle(self) -> None:
        """Calculate until the worksheet functions have no new arguments."""
        hoisted = self._hoisted
        assert hoisted is not None
        with _limited():
            self._recalculate()
            while self._took(hoisted.first(self._read, self._reach)):
                pass
            for done in range(len(hoisted.jobs) + 2):
                if done == _LONG_CHAIN:
                    final = Known()  # what a level reads, no later one changes
                    for level in self._levels():
                        self._ask(level, final)
                if not self._ask(hoisted.jobs, Known()):
                    return
        raise RecalcError("worksheet functions depend on themselves, and do not settle")

    def _levels(self) -> list[list[Job]]:
        """Sort the calls by what they depend on, once: a search by halving is a long chain."""
        assert self._hoisted is not None
        if self._by_level is None:
            self._by_level = self._hoisted.by_level()
        return self._by_level

    def _ask(self, jobs: list[Job], known: Known) -> bool:
        """Answer the calls whose arguments have changed; tell whether there were any."""
        assert self._hoisted is not None
        return self._took(self._hoisted.answers(jobs, self._read, self._reach, known))

    def _took(self, answered: list[Job]) -> bool:
        """Take new answers in; tell whether there were any."""
        if answered:
            self._answer(answered)
            self._recalculate()
        return bool(answered)

    def _recalculate(self) -> None:
        self._forget()
        self._workbook.recalc()

    def _forget(self) -> None:
        self._values, self._extents, self._in_circles = {}, {}, None

    def _answer(self, jobs: list[Job]) -> None:
        """Write what worksheet functions have returned where formulas read it."""
        assert self._cells is not None
        numbers: list[tuple[At, float]] = []
        for job in jobs:
            for row, column, value in job.cells():
                if isinstance(value, float):
                    numbers.append(((row, column), value))
                else:
                    self._put(self._sheets[SCRATCH], row, column, value)
        if numbers:
            self._cells.enter(self._sheets[SCRATCH], numbers)

    def value(self, sheet: str, row: int, column: int) -> Value | Refusal:
        """Give the value of a cell."""
        value = self._of(sheet, (row, column))
        if isinstance(value, str) and SCRATCH in value:
            return _REWRITTEN
        broken = isinstance(value, CellError) and value.code == "#REF!"
        return CIRCULAR if broken and Place(sheet, row, column) in self._circles() else value

    def extent(self, sheet: str, row: int, column: int) -> tuple[int, int]:
        """Give the rows and columns that a cell's formula fills."""
        if sheet not in self._extents:
            cells = self._own[sheet]
            self._extents[sheet] = dict(zip(cells, self._reach(sheet, cells), strict=True))
        rows, columns = self._extents[sheet].get((row, column), (1, 1))
        if (rows, columns) != (1, 1):
            filled = [(row + i, column + j) for i in range(rows) for j in range(columns)]
            self._keep(sheet, filled)
        return rows, columns

    def _of(self, sheet: str, at: At) -> Value:
        """Read a cell: those that are calculated, all together."""
        if sheet not in self._values:
            self._keep(sheet, self._own[sheet])
        if at not in self._values[sheet]:
            self._keep(sheet, [at])
        return self._values[sheet][at]

    def _keep(self, sheet: str, cells: Sequence[At]) -> None:
        values = self._values.setdefault(sheet, {})
        for at, value in zip(cells, self._read(sheet, cells), strict=True):
            # The engine cuts off what Excel shows as an error.
            cut = isinstance(value, str) and len(value) >= LONGEST_TEXT and self._is_own(sheet, at)
            values[at] = _TOO_LONG if cut else value

    def _is_own(self, sheet: str, at: At) -> bool:
        """Whether a formula stands in the cell."""
        assert self._hoisted is not None
        assert self._hoisted.model.book is not None
        return Place(sheet, *at) in self._hoisted.model.book.formulas

    def _circles(self) -> frozenset[Place]:
        """Find the circles, which the engine shows as broken references."""
        if self._in_circles is None:
            assert self._hoisted is not None
            assert self._hoisted.model.book is not None
            book = self._hoisted.model.book
            broken = [
                p
                for p, f in book.formulas.items()
                if self._of(p.sheet, (p.row, p.column)) == CellError("#REF!")
                and "#REF!" not in f.text
            ]
            found = () if book.iteration else circles(book, broken)
            self._in_circles = frozenset(found)
        return self._in_circles

    def _read(self, sheet: str, cells: Sequence[At]) -> list[Value]:
        assert self._cells is not None
        return self._cells.values(self._sheets[sheet], cells)

    def _reach(self, sheet: str, cells: Sequence[At]) -> list[tuple[int, int]]:
        assert self._cells is not None
        return self._cells.extents(self._sheets[sheet], cells)

    def _put(self, sheet: int, row: int, column: int, value: Value) -> None:
        place = (sheet, row - 1, column - 1)
        if isinstance(value, bool):
            self._workbook.set_bool(*place, value)
        elif isinstance(value, float | int):
            self._workbook.set_number(*place, float(value))
        elif isinstance(value, str):
            self._workbook.set_text(*place, value)
        elif isinstance(value, CellError):
            self._workbook.set_error(*place, CODES.index(value.code))
        else:
            self._workbook.set_blank(*place)


def _selves(model: Model) -> dict[Place, Text | None]:
    """Give the formulas that read their own cell, where the workbook calculates no circles."""
    if model.book is None or model.iteration:
        return {}
    found: dict[Place, Text | None] = {}
    for place in reading_themselves(model.book):
        text, formula = model.sheets[place.sheet][place[1:]], model.book.formulas[place]
        if isinstance(text, Text):
            found[place] = text if formula.shape is None and not formula.dynamic else None
    return found


def _calculated(book: Book | None) -> dict[str, list[At]]:
    """List the cells of each sheet that formulas fill."""
    cells: dict[str, list[At]] = defaultdict(list)
    places: Iterable[Place] = () if book is None else {**book.formulas, **book.members}
    for sheet, row, column in places:
        cells[sheet].append((row, column))
    return cells


# --- formulon itself ------------------------------------------------------------------------


@cache
def _has(function: str) -> bool:
    bare = _PREFIX.sub("", function.upper())
    found = _formulon().Workbook.function_metadata(bare)
    return found is not None and (found.availability == _CALCULATED or bare in _IN_PART)


def _formulon() -> ModuleType:
    """Load formulon, with the machine code of an earlier time."""
    import formulon  # noqa: PLC0415  (36 MB that only this engine needs)

    machine.start()
    return formulon


@contextmanager
def _limited() -> Iterator[None]:
    """Stop the engine when it takes too long or too much memory."""
    from formulon import FormulonError  # noqa: PLC0415

    try:
        with machine.running(LONGEST_SECONDS):
            yield
    except FormulonError as error:
        raise RecalcError(_reason(error)) from error


def _reason(error: Exception) -> str:
    message = str(error)
    if machine.was_stopped(message):
        return TOO_LATE
    if machine.is_full(message):
        return f"the calculation needs more than {machine.MEMORY >> 30} GiB of memory"
    return f"the strict engine gave up: {message}"
