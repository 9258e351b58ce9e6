"""Formulas that stand still while an input moves step by step.

A price reaches a covenant, the covenant a trap, and the trap the whole cascade: an engine
calculates all of it again though the covenant says what it said before. Here a formula that reads
what has moved, and has not moved itself, becomes a constant to the engine, and stands on a sheet
of its own besides. Where it says something else there, the constant follows, and what hangs on it
is calculated again. When no constant has to follow, each cell is what its formula says, as if none
had been held: a workbook without circles has one such state.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping

from xlcredit.ooxml.book import Book
from xlcredit.ooxml.place import Area, Place
from xlcredit.ooxml.values import Value
from xlcredit.recalc.engine import Refusal, Text
from xlcredit.recalc.formualizer import Embedded
from xlcredit.recalc.hoisting import qualified
from xlcredit.recalc.masks import take_apart

__all__ = ["Held", "same", "still"]

_SHEET = "xlcreditheld"
#: Calculations in which constants follow. A schedule passes a change on from month to month: one
#: whose months are all held needs as many, and those that still move then are held no longer.
_ROUNDS = 2
#: Steps in a row in which a constant follows before its formula is held no longer.
_FOLLOWS = 3
#: What a formula knows by where it stands.
_BY_PLACE = re.compile(
    r"(?<![\w.])(?:(?:ROW|COLUMN)\(\s*\)|XLC_WHY\(|CELL\(|SHEETS?\()", re.IGNORECASE
)

Values = Mapping[Place, Value | Refusal]


class Held:
    """Some formulas of a workbook in the embedded engine, held or put aside.

    Parameters
    ----------
    engine : Embedded
        The engine, up to date.
    """

    def __init__(self, engine: Embedded) -> None:
        self._engine = engine
        self._texts: dict[Place, Text] = {}
        self._rows: dict[Place, int] = {}
        self._constants: dict[Place, float] = {}
        self._followed: dict[Place, int] = {}
        """In how many steps up to the last one each constant had to follow."""
        self.aside: dict[Place, Text] = {}
        """The formulas that are not calculated at all."""

    def __len__(self) -> int:
        return len(self._texts)

    def __bool__(self) -> bool:
        return True  # though nothing is held: formulas may be put aside

    def hold(self, formulas: Mapping[Place, Text]) -> None:
        """Hold formulas, as the engine reads them; not those of which it cannot be done."""
        for place, text in formulas.items():
            value = self._engine.value(*place)
            if type(value) is float and not _BY_PLACE.search(text):
                row = self._rows[place] = len(self._rows) + 1
                self._engine.enter(_SHEET, row, 1, Text(qualified(text, place.sheet)))
                self._engine.set(*place, value)
                self._texts[place], self._constants[place] = text, value

    def put_aside(self, formulas: Mapping[Place, Text]) -> None:
        """Do not calculate formulas, which nothing that is read may depend on."""
        for place, text in formulas.items():
            self._engine.set(*place, None)
            self.aside[place] = text

    def settle(self, begin: Callable[[], None]) -> None:
        """Calculate until each constant is what its formula says.

        Parameters
        ----------
        begin : callable
            Called before each calculation.
        """
        followed = self._followed
        self._followed = {}
        for done in itertools.count():
            begin()
            self._engine.calculate()
            moved = self._moved()
            if not moved:
                return
            for place, value in moved.items():
                times = self._followed[place] = followed.get(place, 0) + 1
                # a word or an error may be another thing as a constant
                if type(value) is float and done < _ROUNDS and times < _FOLLOWS:
                    self._constants[place] = value
                    self._engine.set(*place, value)
                else:
                    self._release(place)

    def _moved(self) -> dict[Place, Value | Refusal]:
        rows = self._rows.items()
        values = {p: self._engine.value(_SHEET, row, 1) for p, row in rows if p in self._texts}
        return {p: v for p, v in values.items() if not same(v, self._constants[p])}

    def release(self) -> None:
        """Give each cell its formula back."""
        for place in [*self._texts]:
            self._release(place)
        for place, text in self.aside.items():
            self._engine.enter(*place, text)
        self.aside = {}

    def _release(self, place: Place) -> None:
        self._engine.set(_SHEET, self._rows[place], 1, None)
        self._engine.enter(*place, self._texts.pop(place))


def still(book: Book, engine: Embedded, before: Values, after: Values) -> set[Place]:
    """Find the formulas that read what a step has moved, and have not moved themselves.

    Parameters
    ----------
    book : Book
        The workbook.
    engine : Embedded
        The engine that has calculated it; it knows which cell reads which, but for names.
    before, after : mapping
        The values of all formulas before and after the step.

    Returns
    -------
    set of Place
        Those that others read: what nobody reads is calculated once in any case.
    """
    moved = {p for p, value in after.items() if not same(before.get(p), value)}
    found = {place for p in moved for place in engine.readers(*p)}
    found.update(_by_name(book, after, moved))
    named = set(book.cell_names.values())
    return {p for p in found & after.keys() - moved if p in named or engine.readers(*p)}


def _by_name(book: Book, among: Collection[Place], moved: Collection[Place]) -> Iterator[Place]:
    """Find the formulas that read some cells by a name."""
    names = {name.lower() for name, place in book.cell_names.items() if place in moved}
    areas = {name.name.lower(): book.area_of(name) for name in book.names if ":" in name.text}
    names |= {name for name, area in areas.items() if area and any(_in(area, p) for p in moved)}
    for place in among:
        if formula := book.formulas.get(place):
            text = formula.text.lower()
            if any(name in text for name in names):
                template, _ = take_apart(formula.text)
                if not names.isdisjoint(template.operands[1]):
                    yield place


def _in(area: Area, place: Place) -> bool:
    return (
        place.sheet == area.sheet
        and area.top <= place.row <= area.bottom
        and area.left <= place.column <= area.right
    )


def same(one: object, other: object) -> bool:
    """Whether two values are the same to the last bit: a zero has a sign."""
    if type(one) is not type(other) or one != other:
        return False
    return not isinstance(one, float) or one != 0.0 or _sign(one) == _sign(other)


def _sign(zero: object) -> float:
    assert isinstance(zero, float)
    return math.copysign(1.0, zero)
