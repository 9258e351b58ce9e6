"""One calculation of one workbook by one engine: what it gives, and what it leaves out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from xlcredit.errors import CellError
from xlcredit.ooxml.book import Book, Formula, Name
from xlcredit.ooxml.place import Place
from xlcredit.ooxml.values import Value
from xlcredit.recalc.calls import Calls
from xlcredit.recalc.engine import BLOCKED, Engine, Model, Refusal, Text

__all__ = ["MISSING", "Run"]

#: What a cell shows that is not calculated: an error, so that no total can hide it.
MISSING = CellError("#N/A", "not calculated")
_WORD = re.compile(r"[^\W\d][\w.\\]*|\\[\w.\\]*")
_CHANCE = re.compile(r"(?<![\w.])(?:_xlfn\.)?(?:NOW|RAND|RANDBETWEEN|RANDARRAY)\(", re.IGNORECASE)
_BY_CHANCE = Refusal("gives another answer each time")
_SEVERAL = Refusal("has several values; enter it as an array formula (Ctrl+Shift+Enter)")


class Run:
    """A calculation.

    Parameters
    ----------
    book : Book
        The workbook.
    engine : Engine
        What calculates.
    functions : mapping
        The worksheet functions by name, in capitals.
    inputs : mapping
        New constants.
    known : mapping, optional
        Values for the cells that the engine refuses; without it they show an error.
    beyond : mapping, optional
        Formulas that no engine is given, and why; see :mod:`xlcredit.recalc.limits`.
    second : bool
        Whether this is a second opinion: it has none on chance and on the clock.
    """

    def __init__(
        self,
        book: Book,
        engine: Engine,
        functions: Mapping[str, Callable[..., Any]],
        inputs: Mapping[Place, Value],
        known: Mapping[Place, Value] | None = None,
        *,
        beyond: Mapping[Place, str] | None = None,
        second: bool = False,
    ) -> None:
        self.engine = engine
        self.spills: dict[Place, tuple[int, int]] = {}
        """Rows and columns that each spilling formula fills."""
        self.refused: dict[Place, str] = {}
        """The formulas that the engine has not calculated, and why."""
        self._book = book
        self._known = known
        self._second = second
        self._beyond = beyond or {}
        functions = {**engine.corrections, **functions}
        self._reader = engine.reader(book, functions)
        self.calls = Calls(functions, self._reader.sites)
        model = self._model(inputs)
        for name in functions:
            engine.register(name, self.calls.bind(name))
        engine.load(model)
        self._unread = dict(self.refused)
        self._values: dict[Place, Value] | None = None
        self.again()

    def again(self) -> None:
        """Calculate what has changed since."""
        self._values = None
        self.calls.refused.clear()
        self.engine.calculate()
        self.refused = self._unread | self.calls.refused

    @property
    def values(self) -> dict[Place, Value]:
        """Each formula's cell, and the cells that arrays fill."""
        if self._values is None:
            self._values = self._collected()
        return self._values

    # --- what the engine is given -----------------------------------------------------------

    def _model(self, inputs: Mapping[Place, Value]) -> Model:
        """Translate the workbook; what the engine refuses is a constant to it."""
        book = self._book
        sheets: dict[str, dict[tuple[int, int], Value | Text]]
        sheets = {name: dict(cells) for name, cells in book.constants.items()}
        for place, value in inputs.items():
            sheets[place.sheet][place.row, place.column] = value
        names, broken = self._names()
        pattern = _any_of(broken)
        for place, formula in book.formulas.items():
            read: Text | Refusal
            if place in self._beyond:
                read = Refusal(self._beyond[place])
            else:
                read = self._reader.read(formula)
            if self._second and "(" in formula.text and _CHANCE.search(formula.text):
                read = _BY_CHANCE
            if isinstance(read, Text) and pattern and (bad := pattern.search(formula.text)):
                read = broken[bad[1].lower()]
            if isinstance(read, Text):
                sheets[place.sheet][place.row, place.column] = read
            else:
                self.refused[place] = str(read)
                for member in self._cells(formula):
                    at = (member.row, member.column)
                    sheets[place.sheet][at] = self._instead(member)
        return Model(sheets, names, book.iteration, book)

    def _instead(self, place: Place) -> Value:
        return MISSING if self._known is None else self._known.get(place)

    def _names(self) -> tuple[list[Name], dict[str, Refusal]]:
        """Translate the names that formulas mention: old workbooks are full of broken ones."""
        words = {w.lower() for f in self._book.formulas.values() for w in _WORD.findall(f.text)} | {
            w.lower() for n in self._book.names for w in _WORD.findall(n.text)
        }
        names: list[Name] = []
        broken: dict[str, Refusal] = {}
        for name in self._book.names:
            if name.name.lower() not in words:
                continue
            read = self._reader.read_name(name)
            if isinstance(read, Name):
                names.append(read)
            else:
                broken[name.name.lower()] = read
        return names, broken

    def _cells(self, formula: Formula) -> list[Place]:
        rows, columns = formula.shape or (1, 1)
        place = formula.place
        return [
            Place(place.sheet, row, column)
            for row in range(place.row, place.row + rows)
            for column in range(place.column, place.column + columns)
        ]

    # --- what it gives ----------------------------------------------------------------------

    def _collected(self) -> dict[Place, Value]:
        values: dict[Place, Value] = {}
        self.spills = {}
        for place, formula in self._book.formulas.items():
            if place not in self.refused:
                values.update(self._taken(place, formula))
            if place in self.refused:
                values.update({p: self._instead(p) for p in self._cells(formula)})
        order = {sheet: i for i, sheet in enumerate(self._book.sheets)}
        rows_first = sorted(values, key=lambda p: (order[p.sheet], p.row, p.column))
        return {place: values[place] for place in rows_first}

    def _taken(self, place: Place, formula: Formula) -> dict[Place, Value]:
        """Read the cells that a formula fills; note it if the engine has not calculated them."""
        value = self.engine.value(*place)
        reach = (1, 1)
        if isinstance(value, Refusal):
            self.refused[place] = f"{formula} {value}"
            return {}
        if formula.shape is None and not formula.dynamic:
            reach = self.engine.extent(*place)
            if reach != (1, 1) or _is_blocked(value):
                self.refused[place] = f"{formula} {_SEVERAL}"
                return {}
            return {place: 0.0 if value is None else value}
        reach = formula.shape or reach
        if formula.dynamic:
            self.spills[place] = reach = self.engine.extent(*place)
        members: dict[Place, Value] = {}
        for row in range(place.row, place.row + reach[0]):
            for column in range(place.column, place.column + reach[1]):
                member = self.engine.value(place.sheet, row, column)
                if isinstance(member, Refusal):
                    self.refused[place] = f"{formula} {member}"
                    return {}
                members[Place(place.sheet, row, column)] = 0.0 if member is None else member
        return members


def _any_of(names: Mapping[str, Refusal]) -> re.Pattern[str] | None:
    if not names:
        return None
    words = "|".join(map(re.escape, names))
    return re.compile(rf"(?<![\w.\\!])({words})(?![\w.\\!])", re.IGNORECASE)


def _is_blocked(value: Value) -> bool:
    return isinstance(value, CellError) and value.reason == BLOCKED
