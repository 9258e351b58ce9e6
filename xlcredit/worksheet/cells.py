"""What a raw argument is: one cell, or a rectangle of cells.

Hosts and programs hand over the same range in many forms: rows of tuples, a list, a NumPy
array, a pandas Series. Behind :func:`grid` there are two: an array where every cell is a
number, and :class:`Cells` where any cell may be anything.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from itertools import chain
from typing import Any, Final, NamedTuple

import numpy as np

from xlcredit.errors import CellError

__all__ = [
    "OMITTED",
    "Cells",
    "first_error",
    "grid",
    "missing",
    "number_or_error",
    "passed_on",
    "plain",
    "shown",
]

_LONGEST = 40
_ROWS = (list, tuple)
_NUMBERS = (int, float, np.floating, np.integer)
#: What most cells are: returned as they stand, before any question is asked.
_PLAIN = frozenset({float, str, int, bool, type(None), CellError})


class _Omitted:
    """The argument was not written at all; a blank cell is ``None``. Both mean: not given."""

    def __repr__(self) -> str:
        return "OMITTED"


OMITTED: Final = _Omitted()


class Cells(NamedTuple):
    """A range: its cells row by row, and how many rows and columns they make."""

    flat: list[Any]
    shape: tuple[int, int]


# --- one cell -------------------------------------------------------------------------------


def missing(cell: Any) -> bool:
    """Whether a cell counts as not given: blank, empty text, or not written at all."""
    return cell is None or cell is OMITTED or (isinstance(cell, str) and not cell)


def plain(cell: Any) -> Any:
    """Return a NumPy scalar as the Python value it stands for; what is masked or NaT as None."""
    if type(cell) in _PLAIN:
        return cell
    if isinstance(cell, np.datetime64):
        return cell.astype("datetime64[us]").item()
    if isinstance(cell, datetime.date) and cell != cell:  # noqa: PLR0124 - NaT of pandas
        return None
    if isinstance(cell, np.ndarray) and cell.ndim == 0:
        return None if cell is np.ma.masked else cell.item()
    return cell.item() if isinstance(cell, np.generic) else cell


def shown(cell: Any) -> str:
    """Show a cell within an error's reason: short, and in the words of a spreadsheet."""
    if missing(cell):
        return "a blank"
    if isinstance(cell, (bool, np.bool_)):
        return str(cell).upper()
    try:
        text = str(cell)
    except (ValueError, RecursionError):  # thousands of digits, or of lists within lists
        text = "too long to show"
    text = text if len(text) <= _LONGEST else text[:_LONGEST] + "..."
    if isinstance(cell, str):
        return f'the text "{text}"'
    return text if isinstance(cell, (int, float)) else f"{type(cell).__name__} {text}"


def passed_on(name: str, error: CellError) -> CellError:
    """Return an input's error as the error of this cell, always with a reason.

    It is a copy: raising one object again and again would chain up its tracebacks, and with
    them every range that was on the stack.
    """
    return CellError(error.code, error.reason or f"{name} holds {error.code}")


def first_error(name: str, cells: Iterable[Any]) -> CellError | None:
    """Return the first error value among cells; it comes out whatever else is wrong."""
    return next((passed_on(name, cell) for cell in cells if isinstance(cell, CellError)), None)


def number_or_error(name: str, cell: Any, *, flag: bool = False) -> float | CellError:
    """Read one cell as a number; text, dates and (but for a flag) TRUE are not numbers."""
    if isinstance(cell, CellError):
        return passed_on(name, cell)
    if (isinstance(cell, bool) and not flag) or not isinstance(cell, _NUMBERS):
        what = "is blank; a number is expected" if missing(cell) else ""
        return CellError("#VALUE!", f"{name} {what or 'must be a number; got ' + shown(cell)}")
    try:
        return float(cell)
    except OverflowError:
        return CellError("#NUM!", f"{name} is too large a number")


# --- ranges ---------------------------------------------------------------------------------


def grid(name: str, raw: Any) -> Any:
    """Return a cell as itself, a range as a 2-D array of floats or as :class:`Cells`.

    A range of one cell is that cell; a flat list is a column. An empty range is an error, for
    what was meant by it cannot be told.
    """
    if type(raw) in _PLAIN:
        return raw
    if type(raw) is Cells:
        if not raw.flat:
            raise _empty(name)
        return raw if len(raw.flat) > 1 else _one(name, raw.flat[0])
    if isinstance(raw, _ROWS):
        return _from_rows(name, raw)
    if hasattr(raw, "to_numpy"):
        raw = _from_pandas(raw)
    if isinstance(raw, np.ndarray):
        return _from_array(name, raw)
    return plain(raw)


def _from_rows(name: str, raw: Any) -> Any:
    if not raw:
        raise _empty(name)
    if isinstance(raw[0], _ROWS) or (isinstance(raw[0], np.ndarray) and raw[0].ndim):
        # by type, not by element: the rows of a long column must not cost a Python loop
        kinds = set(map(type, raw))
        if any(issubclass(kind, np.ndarray) for kind in kinds):
            raw = [row.tolist() if isinstance(row, np.ndarray) else row for row in raw]
            kinds = set(map(type, raw))
        if not all(issubclass(kind, _ROWS) for kind in kinds) or len({*map(len, raw)}) > 1:
            raise CellError("#VALUE!", f"{name}: rows of the range differ in length")
        shape = (len(raw), len(raw[0]))
        flat = list(chain.from_iterable(raw))
    else:
        shape = (len(raw), 1)
        flat = raw if isinstance(raw, list) else list(raw)
    if not flat:
        raise _empty(name)
    return _one(name, flat[0]) if len(flat) == 1 else Cells(flat, shape)


def _from_array(name: str, raw: np.ndarray[Any, Any]) -> Any:
    if raw.ndim > 2:
        raise CellError("#VALUE!", f"{name} must be a range of at most two dimensions")
    if raw.size == 0:
        raise _empty(name)
    if isinstance(raw, np.ma.MaskedArray) and np.ma.is_masked(raw):
        raw = _blanked(raw.data, np.ma.getmaskarray(raw))
    raw = np.asarray(raw)  # a matrix or another subclass has an arithmetic of its own
    if raw.size == 1:
        return _one(name, raw.reshape(-1)[0])
    rectangle = raw.reshape(-1, 1) if raw.ndim == 1 else raw
    if rectangle.dtype.kind in "fiu":
        return rectangle.astype(np.float64, copy=False)
    if rectangle.dtype.kind == "M":
        rectangle = rectangle.astype("datetime64[us]")
    return Cells(rectangle.ravel().tolist(), rectangle.shape)


def _empty(name: str) -> CellError:
    return CellError("#VALUE!", f"{name} is an empty range; leave it out, or give a value")


def _one(name: str, cell: Any) -> Any:
    if isinstance(cell, np.ndarray) and cell.ndim:
        raise CellError("#VALUE!", f"{name} must be a range of at most two dimensions")
    return plain(cell)


def _from_pandas(frame: Any) -> Any:
    """Return a pandas object as an array in which whatever pandas calls missing is blank."""
    values = np.asarray(frame.to_numpy())
    if not hasattr(frame, "isna"):
        return values
    absent = np.asarray(frame.isna())
    return _blanked(values, absent) if absent.any() else values


def _blanked(values: np.ndarray[Any, Any], absent: np.ndarray[Any, Any]) -> Any:
    """Return an array of cells in which those that are absent are blank."""
    values = values.astype("datetime64[us]") if values.dtype.kind == "M" else values
    cells = values.astype(object)
    cells[absent] = None
    return cells
