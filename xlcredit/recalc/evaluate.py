"""One formula, calculated as if it stood in a cell."""

from __future__ import annotations

from typing import Any

import numpy as np

from xlcredit.errors import CellError, RecalcError
from xlcredit.ooxml.book import Book, Formula
from xlcredit.ooxml.package import Package
from xlcredit.ooxml.place import Area, Place
from xlcredit.ooxml.plainbook import plain_workbook
from xlcredit.ooxml.values import Value, to_cell
from xlcredit.recalc.calls import default_functions
from xlcredit.recalc.engine import Engine
from xlcredit.recalc.session import Calculation

__all__ = ["evaluate"]

_SHEET = "Formula"
_CELL = Place(_SHEET, 1, 1)


def evaluate(
    formula: str, /, *, engine: str | Engine = "auto", **names: Any
) -> Value | list[list[Value]]:
    """Calculate one formula, as a cell would.

    Parameters
    ----------
    formula : str
        The formula, with or without its equals sign. Native functions and worksheet functions
        of xlcredit may stand in it.
    engine : str or Engine
        What calculates; see :func:`xlcredit.recalculate`.
    **names
        Values of names in the formula: a number, text, date, or a list or array for a range.

    Returns
    -------
    float, str, bool or list of lists
        One value, or the rows of a result that spills.

    Raises
    ------
    CellError
        If the cell would show an error: its code and the reason.
    RecalcError
        If the formula cannot be read, or holds what no engine here calculates.

    Examples
    --------
    >>> evaluate("=XLC_DSCR({150,120},{100,100})")
    1.2
    >>> evaluate("=XLC_RENT(rent, decline, 12)", rent=2.5, decline=0.3)
    1.75
    """
    text = formula.strip().removeprefix("=").strip()
    if not text:
        raise RecalcError("there is no formula to evaluate; give one such as =1+1")
    book = _workbook(names)
    book.formulas = {_CELL: Formula(_CELL, text, (1, 1), dynamic=True)}
    run = Calculation(book, default_functions(), engine)
    run.calculate({})
    if run.refused:
        raise RecalcError(next(iter(run.refused.values())))
    errors = run.result({}).errors
    values = run.values()
    if values.keys() == {_CELL}:
        if errors:
            raise CellError(errors[0].code, errors[0].reason)
        return values[_CELL]
    rows, columns = max(p.row for p in values), max(p.column for p in values)
    return [
        [values[Place(_SHEET, r, c)] for c in range(1, columns + 1)] for r in range(1, rows + 1)
    ]


def _workbook(names: dict[str, Any]) -> Book:
    """Make a workbook that holds the named values, and nothing else."""
    sheets: dict[str, list[list[Value]]] = {_SHEET: []}
    defined = {}
    for number, (name, value) in enumerate(names.items(), start=1):
        rows = sheets[f"Name{number}"] = _rows(name, value)
        area = Area(f"Name{number}", 1, 1, len(rows), len(rows[0]))
        defined[name] = area.absolute
    return Book(Package(plain_workbook(sheets, defined), "the formula"))


def _rows(name: str, value: Any) -> list[list[Value]]:
    """Bring a value into rows: a list is one row."""
    if isinstance(value, str) or not hasattr(value, "__len__"):
        rows = [[value]]
    else:
        array = np.asarray(value, dtype=object)
        if array.ndim not in (1, 2) or 0 in array.shape:
            raise RecalcError(f"{name} must be a value, a list, or rows of equal length")
        rows = array.reshape(1, -1).tolist() if array.ndim == 1 else array.tolist()
    return [[_cell(name, item) for item in row] for row in rows]


def _cell(name: str, value: Any) -> Value:
    held = to_cell(value)
    if isinstance(held, CellError):
        raise RecalcError(f"{name}: {value!r} is not a value for a cell")
    return held
