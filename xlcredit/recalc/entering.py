"""Constants on their way into an engine.

An engine that is told one constant marks at once all that hangs on it, and again for the next
one: a loan with twenty inputs of its own would have its whole workbook marked twenty times.
Constants that stand below one another are told together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from xlcredit.ooxml.book import Book
from xlcredit.ooxml.place import Place
from xlcredit.ooxml.values import Value
from xlcredit.recalc.engine import Engine

__all__ = ["enter"]

#: Fewer are told one by one: what hangs on nothing else is then not marked for their sake.
_FEW = 4
#: Cells between two constants that may be told again with them: sooner done than another marking.
_GAP = 40


def enter(
    engine: Engine,
    book: Book,
    changed: Mapping[Place, Value],
    constant: Callable[[Place], Value],
) -> None:
    """Tell an engine that constants have changed.

    Parameters
    ----------
    engine : Engine
        What calculates the workbook.
    book : Book
        The workbook.
    changed : mapping
        The new values.
    constant : callable
        What any other cell without a formula holds, as the engine knows it.
    """
    if len(changed) < _FEW:
        for place, value in changed.items():
            engine.set(*place, value)
        return
    sheets = {place.sheet for place in book.formulas}

    def may_stand_between(place: Place) -> bool:
        """Whether a cell can be told what it holds: not where a formula stands or spills."""
        if place in book.formulas or place in book.members:
            return False
        return place.sheet not in sheets or constant(place) is not None

    for first, last in _blocks(changed, may_stand_between):
        rows = range(first.row, last.row + 1)
        cells = [Place(first.sheet, row, first.column) for row in rows]
        values = [changed[cell] if cell in changed else constant(cell) for cell in cells]
        engine.set_column(*first, values)


def _blocks(
    changed: Mapping[Place, Value], may_stand_between: Callable[[Place], bool]
) -> Iterator[tuple[Place, Place]]:
    """Give the first and the last cell of constants that stand close below one another."""
    in_columns = sorted(changed, key=lambda p: (p.sheet, p.column, p.row))
    first = last = in_columns[0]
    for place in in_columns[1:]:
        between = range(last.row + 1, place.row)
        follows = (place.sheet, place.column) == (last.sheet, last.column)
        if not (
            follows
            and len(between) <= _GAP
            and all(may_stand_between(Place(place.sheet, row, place.column)) for row in between)
        ):
            yield first, last
            first = place
        last = place
    yield first, last
