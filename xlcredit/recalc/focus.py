"""The part of a workbook that some of its cells are calculated from.

A session that reads one figure after each change need not calculate ten thousand other cells. The
part is found from the text of formulas; it is used only after it has given the values of the
whole workbook in each of its cells.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import lru_cache

from xlcredit.garbage import uncollected
from xlcredit.ooxml.book import Book, Formula
from xlcredit.ooxml.place import Area, Place, extent
from xlcredit.ooxml.values import Value
from xlcredit.recalc.engine import Refusal
from xlcredit.recalc.entering import enter
from xlcredit.recalc.held import same
from xlcredit.recalc.masks import take_apart
from xlcredit.recalc.run import Run

__all__ = ["Focus", "precedents"]


def precedents(book: Book, places: Collection[Place], most: float = math.inf) -> set[Place]:
    """Find the formulas that cells are calculated from, their own among them.

    Parameters
    ----------
    book : Book
        A workbook inside the proven dialect, where formulas name the cells they read.
    places : collection of Place
        The cells.
    most : float
        Number of formulas from which on no more are looked for.
    """
    areas = {n.name.lower(): book.area_of(n) for n in book.names}
    sheets = {name.lower(): name for name in book.sheets}
    formulas, members = book.formulas, book.members
    found: set[Place] = set()
    entered: set[Cells] = set()
    # cells as plain tuples, which are made faster and are equal to places
    waiting: list[tuple[str, int, int]] = [members.get(place, place) for place in places]
    while waiting and len(found) <= most:
        formula = formulas.get(waiting.pop())  # type: ignore[call-overload]
        if formula is None or formula.place in found:
            continue
        found.add(formula.place)
        for cells in _read(formula, sheets, areas):
            if cells in entered:
                continue
            entered.add(cells)
            sheet, top, left, bottom, right = cells
            for row in range(top, bottom + 1):
                for column in range(left, right + 1):
                    cell = sheet, row, column
                    waiting.append(members.get(cell, cell))  # type: ignore[call-overload]
    return found


#: A sheet, first row, first column, last row, last column.
Cells = tuple[str, int, int, int, int]


def _read(
    formula: Formula, sheets: Mapping[str, str], names: Mapping[str, Area | None]
) -> Iterator[Cells]:
    """Give the cells that a formula reads."""
    template, addresses = take_apart(formula.text)
    ends_anywhere = template.fact("ends anywhere", _ends_anywhere)  # in what the INDEX reads
    boxes: dict[str, Cells] = {}
    for home, first, last in template.areas:
        sheet = sheets.get(home or formula.place.sheet.lower())
        if sheet is None:
            continue
        top, left = _corner(addresses[first])
        bottom, right = (top, left) if first == last else _corner(addresses[last])
        if bottom < top:
            top, bottom = bottom, top
        if right < left:
            left, right = right, left
        if not ends_anywhere:
            yield sheet, top, left, bottom, right
        elif box := boxes.get(sheet):
            boxes[sheet] = (
                sheet, min(box[1], top), min(box[2], left), max(box[3], bottom), max(box[4], right)
            )  # fmt: skip
        else:
            boxes[sheet] = sheet, top, left, bottom, right
    yield from boxes.values()
    for name in template.operands[1]:
        if area := names.get(name):
            yield area.sheet, area.top, area.left, area.bottom, area.right


@lru_cache(maxsize=100_000)
def _corner(address: str) -> tuple[int, int]:
    row, column, *_ = extent(address.replace("$", "").upper())
    return row, column


def _ends_anywhere(sample: str) -> bool:
    return ":INDEX(" in sample.upper()


class Focus:
    """A part of a workbook in an engine of its own.

    Parameters
    ----------
    book : Book
        The workbook.
    main : Run
        The whole workbook, up to date.
    part : collection of Place
        The formulas of the part.
    alone : Run
        The same, of these formulas only.
    """

    def __init__(self, book: Book, main: Run, part: Collection[Place], alone: Run) -> None:
        self._book = book
        self._part = part
        self._run = alone
        self._stale = False
        self.is_sound = not alone.refused and all(
            same(main.value(place), alone.value(place)) for place in part
        )
        """Whether the part gives what the whole gives, in each cell."""

    def __contains__(self, place: Place) -> bool:
        return place in self._part

    def set(self, changed: Mapping[Place, Value], constant: Callable[[Place], Value]) -> None:
        """Change constants; ``constant`` says what the others are."""
        if changed:
            enter(self._run.engine, self._book, changed, constant)
            self._stale = True

    def value(self, place: Place) -> Value | Refusal:
        """Give the value of a cell, up to date."""
        if self._stale:
            with uncollected():
                self._run.again()
            self._stale = False
        return self._run.value(place)

    def hold(self, step: Callable[[], object]) -> None:
        """Take a step of the inputs, and hold what it leaves as it is."""
        self._run.hold(step)
