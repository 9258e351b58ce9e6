"""Cells that call worksheet functions, in the order in which they can be answered."""

from __future__ import annotations

from collections.abc import Collection

from xlcredit.ooxml.book import Book
from xlcredit.ooxml.place import Place
from xlcredit.recalc.dependants import Readers

__all__ = ["levels"]


def levels(book: Book, callers: Collection[Place]) -> list[list[Place]]:
    """Sort calling cells into levels: those of one level depend on those of earlier ones alone.

    Parameters
    ----------
    book : Book
        The workbook.
    callers : collection of Place
        The cells that call.

    Returns
    -------
    list of list of Place
        The levels, lowest first. Cells in a circle, and those that depend on one, are in none.
    """
    readers = Readers(book)
    read_by = {
        place: [r for cell in readers.cells(place) for r in readers.of(cell)]
        for place in book.formulas
    }
    waits_for = dict.fromkeys(book.formulas, 0)
    for those in read_by.values():
        for reader in those:
            waits_for[reader] += 1
    calling = set(callers)
    level = dict.fromkeys(book.formulas, 0)
    free = [place for place, count in waits_for.items() if count == 0]
    found: dict[int, list[Place]] = {}
    while free:
        place = free.pop()
        above = level[place]
        if place in calling:
            found.setdefault(above, []).append(place)
            above += 1
        for reader in read_by[place]:
            level[reader] = max(level[reader], above)
            waits_for[reader] -= 1
            if waits_for[reader] == 0:
                free.append(reader)
    return [found[number] for number in sorted(found)]
