"""The reasons behind error cells, by the cell that shows them: what ``XLC_WHY`` reads.

A cell can hold an error code but not why. So the reason of each error that leaves for a sheet
stays here until the cell answers something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from xlcredit.errors import CellError

__all__ = ["CallSite", "Reasons"]

_ADDRESS = re.compile(r"(.+)!R(\d+)C(\d+)", re.DOTALL)


class CallSite(NamedTuple):
    """A cell: its sheet with the workbook, row and column."""

    sheet: str
    row: int
    column: int

    @classmethod
    def parse(cls, address: Any) -> CallSite | None:
        """Read ``[Book]Sheet!R5C3``; of a range, the first cell. ``None`` if it is no address."""
        found = _ADDRESS.match(address) if isinstance(address, str) else None
        return cls(found[1], int(found[2]), int(found[3])) if found else None

    def moved(self, rows: int, columns: int) -> CallSite:
        """Return the cell so many rows down and columns right."""
        return self._replace(row=self.row + rows, column=self.column + columns)


class Reasons:
    """Errors by the cell that called, and within it by their place in the block it spills.

    Parameters
    ----------
    most : int
        How many calling cells, and errors of each, to keep: as many as a person may ask about.
    """

    def __init__(self, most: int = 1_000) -> None:
        self._most = most
        self._errors: dict[CallSite, dict[tuple[int, int], CellError]] = {}

    def keep(self, place: CallSite, answer: Any) -> None:
        """Keep the errors of a cell's latest answer and forget those of the one before."""
        self._errors.pop(place, None)
        if errors := dict(islice(_errors(answer), self._most)):
            self._errors[place] = errors
            if len(self._errors) > self._most:
                del self._errors[next(iter(self._errors))]

    def find(self, place: CallSite, cell: CellError) -> CellError:
        """Return the error kept for a cell, if its code is still that of the cell."""
        for caller, errors in self._errors.items():
            if caller.sheet == place.sheet:
                error = errors.get((place.row - caller.row, place.column - caller.column))
                if error is not None and error.code == cell.code:
                    return error
        return cell


def _errors(answer: Any) -> Iterator[tuple[tuple[int, int], CellError]]:
    if isinstance(answer, CellError):
        yield (0, 0), answer
    elif isinstance(answer, list):
        for row, cells in enumerate(answer):
            if CellError in set(map(type, cells)):
                for column, cell in enumerate(cells):
                    if isinstance(cell, CellError):
                        yield (row, column), cell
