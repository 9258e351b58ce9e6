"""When two values of a cell are the same figure: as exact as Excel itself is.

Excel's XIRR stops at about 1e-8, a circular model at the change that its workbook allows, and a
difference of large numbers leaves a rounding in its last digits.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import cached_property

from xlcredit.ooxml.book import Book
from xlcredit.ooxml.place import Place, extent
from xlcredit.ooxml.values import Value
from xlcredit.recalc.dependants import circles, dependants

__all__ = ["TOLERANCE", "Accuracy", "agree"]

#: Two runs agree within this relative tolerance, and so do figures this close to each other.
TOLERANCE = 1e-9
#: The last digits of a number, of which sums in another order leave others.
_ROUNDINGS = 1e-13
#: Functions that search for their result, and how far apart two searches may stop.
_SEARCHES = re.compile(
    r"(?<![\w.])(?:XIRR|IRR|RATE|YIELD|ODDFYIELD|ODDLYIELD|MIRR)\(", re.IGNORECASE
)
_SEARCHED = 1e-6
_CELL = re.compile(r"('(?:[^']|'')+'!|[^\W\d][\w.]*!)?(\$?[A-Za-z]{1,3}\$?[0-9]{1,7})(?![\w.(:])")


def agree(one: Value, other: Value, tolerance: float = TOLERANCE) -> bool:
    """Whether two values are the same figure, up to a rounding."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=tolerance, abs_tol=tolerance)
    return one == other


class Accuracy:
    """How exact the cells of one workbook are.

    Parameters
    ----------
    book : Book
        The workbook.
    values : mapping
        Its calculated values.
    """

    def __init__(self, book: Book, values: Mapping[Place, Value]) -> None:
        self._book = book
        self._values = values

    def agree(self, place: Place, one: Value, other: Value) -> bool:
        """Whether two values of a cell are the same figure, as exactly as Excel gives it."""
        if agree(one, other):
            return True
        numbers = isinstance(one, float) and isinstance(other, float)
        if not numbers or isinstance(one, bool) or isinstance(other, bool):
            return False
        return self._is_close(place, one, other)  # type: ignore[arg-type]

    def _is_close(self, place: Place, one: float, other: float) -> bool:
        apart = abs(one - other)
        # a rounding of the largest number of all is wider than that of any one row or formula
        if apart <= _ROUNDINGS * self._largest_of_all and (
            apart <= _ROUNDINGS * self._largest.get(place[:2], 0.0)
            or apart <= _ROUNDINGS * self._read(place)
        ):
            return True
        anchor = self._book.members.get(place, place)
        if math.isclose(one, other, rel_tol=_SEARCHED) and anchor in self._searched:
            return True
        if self._book.iteration is None or anchor not in self._iterated:
            return False
        allowed = self._book.iteration[1] if min(abs(one), abs(other)) >= 1 else 0.0
        return math.isclose(one, other, rel_tol=_SEARCHED, abs_tol=allowed)

    def _read(self, place: Place) -> float:
        """Give the largest number that a formula reads from single cells."""
        formula = self._book.formulas.get(place)
        largest = 0.0
        for home, area in _CELL.findall(formula.text) if formula else ():
            sheet = home.rstrip("!").strip("'").replace("''", "'") or place.sheet
            top, left, *_ = extent(area.replace("$", "").upper())
            value = self._values.get(Place(sheet, top, left))
            if value is None and sheet in self._book.constants:
                value = self._book.constants[sheet].get((top, left))
            if isinstance(value, float):
                largest = max(largest, abs(value))
        return largest

    @cached_property
    def _largest(self) -> dict[tuple[str, int], float]:
        """The largest number of each row: a time series has one unit."""
        largest: dict[tuple[str, int], float] = {}
        for place, value in self._values.items():
            if isinstance(value, float):
                row = place[:2]
                largest[row] = max(largest.get(row, 0.0), abs(value))
        return largest

    @cached_property
    def _largest_of_all(self) -> float:
        """The largest number that any formula gives or reads."""
        typed = (v for cells in self._book.constants.values() for v in cells.values())
        numbers = (abs(v) for v in typed if isinstance(v, float))
        return max([*numbers, *self._largest.values()], default=0.0)

    @cached_property
    def _searched(self) -> set[Place]:
        """The cells that search for their result, and those that depend on one."""
        roots = {p for p, f in self._book.formulas.items() if _SEARCHES.search(f.text)}
        return roots | dependants(self._book, roots)

    @cached_property
    def _iterated(self) -> set[Place]:
        """The cells in a circle, and those that depend on one."""
        inside = circles(self._book, self._book.formulas)
        return inside | dependants(self._book, inside)
