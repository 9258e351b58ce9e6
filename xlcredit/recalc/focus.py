"""The part of a workbook that some of its cells are calculated from.

A session that reads one figure after each change need not calculate ten thousand other cells. The
part is found from the text of formulas; it is used only after it has given the values of the
whole workbook in each of its cells.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping

from xlcredit.garbage import uncollected
from xlcredit.ooxml.book import Book, Formula
from xlcredit.ooxml.place import Area, Place, extent
from xlcredit.ooxml.values import Value
from xlcredit.recalc.engine import Refusal
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
    found: set[Place] = set()
    entered: set[Area] = set()
    waiting = [book.members.get(place, place) for place in places]
    while waiting and len(found) <= most:
        place = waiting.pop()
        if place in found or place not in book.formulas:
            continue
        found.add(place)
        for area in _areas(book.formulas[place], sheets, areas):
            if area in entered:
                continue
            entered.add(area)
            for row in range(area.top, area.bottom + 1):
                for column in range(area.left, area.right + 1):
                    cell = Place(area.sheet, row, column)
                    waiting.append(book.members.get(cell, cell))
    return found


def _areas(
    formula: Formula, sheets: Mapping[str, str], names: Mapping[str, Area | None]
) -> Iterator[Area]:
    """Give the cells that a formula reads."""
    template, addresses = take_apart(formula.text)
    found: dict[str, list[tuple[int, int, int, int]]] = {}
    for home, first, last in template.areas:
        sheet = sheets.get(home or formula.place.sheet.lower())
        if sheet:
            corners = f"{addresses[first]}:{addresses[last]}".replace("$", "").upper()
            found.setdefault(sheet, []).append(extent(corners))
    ends_anywhere = ":INDEX(" in template.sample.upper()  # in what the INDEX reads
    for sheet, areas in found.items():
        tops, lefts, bottoms, rights = zip(*areas, strict=True)
        whole = (min(tops), min(lefts), max(bottoms), max(rights))
        for top, left, bottom, right in [whole] if ends_anywhere else areas:
            rows, columns = sorted((top, bottom)), sorted((left, right))
            yield Area(sheet, rows[0], columns[0], rows[1], columns[1])
    for name in template.operands[1]:
        if area := names.get(name):
            yield area


class Focus:
    """A part of a workbook in an engine of its own.

    Parameters
    ----------
    main : Run
        The whole workbook, up to date.
    part : collection of Place
        The formulas of the part.
    alone : Run
        The same, of these formulas only.
    """

    def __init__(self, main: Run, part: Collection[Place], alone: Run) -> None:
        self._part = part
        self._run = alone
        self._stale = False
        self.is_sound = not alone.refused and all(
            same(main.value(place), alone.value(place)) for place in part
        )
        """Whether the part gives what the whole gives, in each cell."""

    def __contains__(self, place: Place) -> bool:
        return place in self._part

    def set(self, place: Place, value: Value) -> None:
        """Change a constant."""
        self._run.engine.set(*place, value)
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
