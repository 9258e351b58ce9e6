"""Cells and areas, and how formulas write them: ``B4``, ``Debt!$B$4``, ``'Cash flow'!B2:B9``.

The standard library only, so that every host has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

__all__ = [
    "LAST_COLUMN",
    "LAST_ROW",
    "Area",
    "Place",
    "a1",
    "address",
    "column_letters",
    "column_number",
    "extent",
    "quoted",
]

#: The last row and column of a worksheet.
LAST_ROW, LAST_COLUMN = 1_048_576, 16_384

_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})\Z")
_PLAIN_SHEET = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*\Z")
_LOOKS_LIKE_CELL = re.compile(r"[A-Za-z]{1,3}\d+\Z|[Rr]\d*[Cc]\d*\Z")


class Place(NamedTuple):
    """One cell of a workbook; in row 0, the formula of the defined name called ``sheet``."""

    sheet: str
    row: int
    column: int

    def __str__(self) -> str:
        return address(*self) if self.row else f"the name {self.sheet}"

    @property
    def absolute(self) -> str:
        """The address without its sheet, fixed: ``$B$4``."""
        return f"${column_letters(self.column)}${self.row}"


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of cells."""

    sheet: str
    top: int
    left: int
    bottom: int
    right: int

    def __str__(self) -> str:
        first = address(self.sheet, self.top, self.left)
        return first if len(self) == 1 else f"{first}:{a1(self.bottom, self.right)}"

    def __len__(self) -> int:
        return (self.bottom - self.top + 1) * (self.right - self.left + 1)

    def holds(self, row: int, column: int) -> bool:
        """Whether a cell of its sheet lies within."""
        return self.top <= row <= self.bottom and self.left <= column <= self.right

    @property
    def corners(self) -> tuple[int, int, int, int]:
        """First row, first column, last row, last column."""
        return self.top, self.left, self.bottom, self.right

    @property
    def places(self) -> Iterator[Place]:
        """Its cells, row by row."""
        for row in range(self.top, self.bottom + 1):
            for column in range(self.left, self.right + 1):
                yield Place(self.sheet, row, column)

    @property
    def absolute(self) -> str:
        """The address as a defined name has it: ``Debt!$B$4:$B$9``."""
        first, last = (
            Place(self.sheet, *corner).absolute
            for corner in ((self.top, self.left), (self.bottom, self.right))
        )
        return f"{quoted(self.sheet)}!{first}" + ("" if len(self) == 1 else f":{last}")

    @property
    def reference(self) -> str:
        """The address without the sheet."""
        first = a1(self.top, self.left)
        return first if len(self) == 1 else f"{first}:{a1(self.bottom, self.right)}"


def column_number(letters: str) -> int:
    """Count a column: A is 1, AA is 27."""
    n = 0
    for letter in letters:
        n = n * 26 + ord(letter) - 64
    return n


@cache
def column_letters(number: int) -> str:
    """Name a column: 1 is A, 27 is AA."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def a1(row: int, column: int) -> str:
    """Name a cell: (4, 2) is B4."""
    return f"{column_letters(column)}{row}"


def quoted(sheet: str) -> str:
    """A sheet's name as a formula writes it.

    Examples
    --------
    >>> quoted("Debt"), quoted("Cash flow"), quoted("Q1")
    ('Debt', "'Cash flow'", "'Q1'")
    """
    if _PLAIN_SHEET.match(sheet) and not _LOOKS_LIKE_CELL.match(sheet):
        return sheet
    return "'" + sheet.replace("'", "''") + "'"


def address(sheet: str, row: int, column: int) -> str:
    """Name a cell as formulas do: ``Debt!B4``, ``'Cash flow'!B4``."""
    return f"{quoted(sheet)}!{a1(row, column)}"


def extent(reference: str) -> tuple[int, int, int, int]:
    """Read ``B2:D9`` or ``B2`` as first row, first column, last row, last column."""
    corners = []
    for corner in reference.split(":"):
        if not (match := _REFERENCE.match(corner)):
            raise ValueError(f"{reference} is not a cell range")
        corners.append((int(match[2]), column_number(match[1])))
    return (*corners[0], *corners[-1])
