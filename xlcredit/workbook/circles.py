"""Formulas that read themselves, found before an engine goes round in them.

A row has one formula for all months, so its closing column and its first months tell: a circle
that takes no month is closed in one of them, and a formula that reads all months reads these.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from openpyxl import Workbook

from xlcredit.ooxml.place import Place, extent
from xlcredit.workbook.places import FIRST

__all__ = ["find_circle"]

#: Months that are looked at.
_MONTHS = 3
_REFERENCE = re.compile(
    r"\"(?:[^\"]|\"\")*\""
    r"|(?:(?:'(?P<quoted>(?:[^']|'')+)'|(?P<sheet>[^\W\d][\w.]*))!)?"
    r"(?P<area>\$?[A-Z]{1,3}\$?\d+(?::\$?[A-Z]{1,3}\$?\d+)?)(?![\w.(!])"
    r"|(?P<name>(?<![\w.!$])[A-Za-z_]\w*(?:\.\w+)*)(?![\w(!])"
)


def find_circle(workbook: Workbook, cells: Mapping[str, Place]) -> list[Place]:
    """Give the cells of one circle in the order in which they read each other; mostly none.

    Parameters
    ----------
    workbook : Workbook
        The workbook with its formulas.
    cells : mapping
        Where each defined name stands.

    Returns
    -------
    list of Place
        The first cell reads the second, and the last one the first.
    """
    formulas = dict(_formulas(workbook))
    reader = _Reader(formulas, cells)
    return _circle({place: reader.read(place, text) for place, text in formulas.items()})


def _formulas(workbook: Workbook) -> Iterator[tuple[Place, str]]:
    last = FIRST + _MONTHS - 1
    for sheet in workbook.worksheets:
        for (row, column), cell in sheet._cells.items():
            if column <= last and isinstance(cell.value, str) and cell.value.startswith("="):
                yield Place(sheet.title, row, column), cell.value


class _Reader:
    """Finds the formulas that a formula reads."""

    def __init__(self, formulas: Mapping[Place, str], cells: Mapping[str, Place]) -> None:
        self._cells = {name: place for name, place in cells.items() if place in formulas}
        self._rows: dict[tuple[str, int], list[Place]] = {}
        for place in formulas:
            self._rows.setdefault((place.sheet, place.row), []).append(place)
        self._areas: dict[tuple[str, str], list[Place]] = {}

    def read(self, here: Place, text: str) -> list[Place]:
        """Give the formulas that one formula reads."""
        found = []
        for match in _REFERENCE.finditer(text):
            if match["name"]:
                if place := self._cells.get(match["name"]):
                    found.append(place)
            elif match["area"]:
                sheet = (match["quoted"] or "").replace("''", "'") or match["sheet"] or here.sheet
                found += self._area(sheet, match["area"])
        return found

    def _area(self, sheet: str, area: str) -> list[Place]:
        if (sheet, area) not in self._areas:
            top, left, bottom, right = extent(area)
            inside = (p for row in range(top, bottom + 1) for p in self._rows.get((sheet, row), ()))
            self._areas[sheet, area] = [p for p in inside if left <= p.column <= right]
        return self._areas[sheet, area]


def _circle(read: Mapping[Place, list[Place]]) -> list[Place]:
    """Follow who reads whom, without recursion: a model is deeper than Python's stack."""
    done: set[Place] = set()
    for start in read:
        if start in done:
            continue
        trail, at = {start: iter(read[start])}, [start]
        while at:
            after = next(trail[at[-1]], None)
            if after is None:
                finished = at.pop()
                done.add(finished)
                del trail[finished]
            elif after in trail:
                return at[at.index(after) :]
            elif after not in done:
                trail[after] = iter(read[after])
                at.append(after)
    return []
