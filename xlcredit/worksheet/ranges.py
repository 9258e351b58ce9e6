"""Ranges of numbers with errors in their places: what elementwise functions read and answer."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import compress
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xlcredit.errors import CellError
from xlcredit.worksheet.cells import Cells, missing, number_or_error, plain
from xlcredit.worksheet.kinds import Rule
from xlcredit.worksheet.vocabulary import Word

__all__ = ["Faults", "Numbers", "outside", "to_numbers"]

_NUMBER_TYPES = frozenset({float, int})


class Faults(dict[tuple[int, int], CellError]):
    """Errors by their place in a block. The first one found for a place stays."""

    def add_from(self, shape: tuple[int, int], argument: Numbers) -> None:
        """Spread the faults of an argument over the block that it broadcasts to."""
        rows, columns = argument.values.shape
        if (rows, columns) == shape:
            for place, error in argument.faults.items():
                self.setdefault(place, error)
            return
        for (row, column), error in argument.faults.items():
            for r in range(shape[0]) if rows == 1 else (row,):
                for c in range(shape[1]) if columns == 1 else (column,):
                    self.setdefault((r, c), error)

    def add_broken(self, rule: Rule, corner: tuple[int, int], shape: tuple[int, int]) -> None:
        """Record each place at which a rule is broken, in the part of a block at ``corner``."""
        holds = np.broadcast_to(rule.holds, shape)
        if holds.all():
            return
        values = [np.broadcast_to(value, shape) for value in rule.shown]
        for row, column in np.argwhere(~holds).tolist():
            place = (row + corner[0], column + corner[1])
            if place not in self:
                self[place] = rule.error(*(value[row, column] for value in values))

    def add_not_finite(self, values: NDArray[Any]) -> None:
        """Record NaN and infinity in a result: they never reach a cell."""
        finite = np.isfinite(values)
        if not finite.all():
            error = not_finite()
            for row, column in np.argwhere(~finite).tolist():
                self.setdefault((row, column), error)


def not_finite() -> CellError:
    """Return the error of an answer that is no number."""
    return CellError("#NUM!", "there is no finite answer for these inputs")


class Numbers(NamedTuple):
    """An elementwise argument that is a range: its values and their errors, NaN in their places."""

    values: NDArray[Any]
    faults: Mapping[tuple[int, int], CellError]


def to_numbers(
    name: str, cells: Cells, blank: float | None = None, *, flag: bool = False
) -> tuple[NDArray[np.float64], dict[int, CellError]]:
    """Read cells as numbers at the speed of C; only what is no number costs a look of its own.

    Parameters
    ----------
    name : str
        Name of the argument, for the reasons.
    cells : Cells
        Cells of any kind.
    blank : float, optional
        What a blank cell stands for; an error when not given.
    flag : bool
        Whether TRUE and FALSE are numbers here.

    Returns
    -------
    values : ndarray
        The numbers in a row, NaN where there is none.
    errors : dict
        The errors by position.
    """
    flat, nothing = cells.flat, CellError("#VALUE!", f"{name} is blank; a number is expected")
    kinds = set(map(type, flat))
    if kinds <= _NUMBER_TYPES:
        try:
            return np.array(flat, dtype=np.float64), {}
        except OverflowError:  # an integer beyond 1e308: look at the integers one by one
            pass
    good = np.fromiter(map(_IS_FLOAT, map(type, flat)), dtype=np.bool_, count=len(flat))
    values = np.full(len(flat), np.nan)
    values[good] = list(compress(flat, good.tolist()))
    errors: dict[int, CellError] = {}
    for position in np.flatnonzero(~good).tolist():
        cell = flat[position]
        if cell is None and blank is None:  # the same error for all, and there may be a million
            errors[position] = nothing
            continue
        cell = plain(cell)
        if missing(cell) and blank is not None:
            number: float | CellError = blank
        else:
            number = number_or_error(name, cell, flag=flag)
        if isinstance(number, CellError):
            errors[position] = number
        else:
            values[position] = number
    return values, errors


_IS_FLOAT = frozenset({float}).__contains__


def outside(word: Word, values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mark the values outside a word's domain; NaN and infinity always are."""
    if word.among:
        return np.isin(values, word.among, invert=True)
    inside = (values >= word.low) & (values <= word.high)
    if word.whole:
        inside &= values == np.floor(values)
    return ~inside
