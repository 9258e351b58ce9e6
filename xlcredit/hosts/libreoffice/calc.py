"""Cell values as Calc carries them, to and from what the worksheet boundary reads.

Calc hands a range over as rows of tuples in which an empty cell is empty text, which the
boundary takes for a blank as it is. What a function answers is always rows; the add-in makes of
them what Calc compares, see ``_addin.py``.

Three things Calc does not tell, so that no add-in can: a single blank cell arrives as 0,
TRUE arrives as 1, and with an error among the arguments the function is not called at all
(the error goes on as it is; of a range it becomes ``Err:504``).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any

from xlcredit.errors import CellError
from xlcredit.functions import REGISTRY
from xlcredit.hosts.carriers import Carrier
from xlcredit.worksheet.boundary import evaluate

__all__ = ["ERROR_NUMBERS", "WHY", "answer", "from_calc", "to_calc"]

#: Calc's numbers of the error values (formula/errorcodes.hxx).
ERROR_NUMBERS = {
    "#NULL!": 521,
    "#DIV/0!": 532,
    "#VALUE!": 519,
    "#REF!": 524,
    "#NAME?": 525,
    "#NUM!": 503,
    "#N/A": 32767,
}
#: The one function that asks about another cell.
WHY = "XLC_WHY"

Rows = tuple[tuple[float | str, ...], ...]

_CODES = {number: code for code, number in ERROR_NUMBERS.items()}
#: What Calc shows when it refused the arguments: a range with an error cell is one of them.
_REFUSED = 504


def _nan(number: int) -> float:
    """An error is a quiet NaN whose low 32 bits are its number."""
    nan: float = struct.unpack("<d", struct.pack("<Q", 0x7FF8_0000_0000_0000 | number))[0]
    return nan


def _error_number(nan: float) -> int:
    number: int = struct.unpack("<Q", struct.pack("<d", nan))[0] & 0xFFFF_FFFF
    return number


_ERRORS = {code: _nan(number) for code, number in ERROR_NUMBERS.items()}


def answer(name: str, raw: tuple[Any, ...]) -> Rows:
    """Answer a call from a cell; never raises.

    Parameters
    ----------
    name : str
        Worksheet function.
    raw : tuple
        Arguments as Calc hands them over, ``None`` for one that was not written. Those of
        ``XLC_WHY`` are the cell and the calls in its formula, see :func:`with_reason`.

    Returns
    -------
    tuple of tuples
        Numbers and text; errors as NaN with Calc's number, dates as serials, TRUE as 1.
    """
    function = REGISTRY.get(name)
    if function is None:  # the add-in was installed from another version
        return ((_ERRORS["#NAME?"],),)
    try:
        result = evaluate(function, (with_reason(*raw),) if name == WHY else raw)
    except CellError as error:
        return ((_ERRORS[error.code],),)
    if type(result) is float:
        return ((result,),)
    return to_calc(result)


def to_calc(result: Any) -> Rows:
    """Return what a worksheet function answered as rows that Calc can show.

    Examples
    --------
    >>> import datetime
    >>> to_calc([[2.5, True], ["PASS", datetime.date(2026, 1, 31)]])
    ((2.5, 1.0), ('PASS', 46053.0))
    """
    return tuple(map(tuple, _CARRIER.rows(result)))


def _plain(cell: Any) -> float | str:
    # an integer beyond 32 bits would break Calc's bridge to Python for good
    return cell if isinstance(cell, str) else float(cell)


_CARRIER = Carrier(
    error=lambda error: _ERRORS[error.code], other=_plain, plain=frozenset({float, str})
)


def from_calc(raw: Any) -> Any:
    """Return a value read from a sheet, errors and all, as the boundary reads it."""
    if isinstance(raw, tuple):
        return [list(map(from_calc, row)) for row in raw]
    if isinstance(raw, float) and raw != raw:  # noqa: PLR0124 - NaN
        return CellError(_CODES.get(_error_number(raw), "#VALUE!"))
    return raw


# --- reasons --------------------------------------------------------------------------------


def with_reason(cell: Any, calls: Iterable[tuple[str, tuple[Any, ...] | None, int, int]]) -> Any:
    """Return the cell that ``XLC_WHY`` asks about; an error with the reason behind it.

    Calc does not tell a function which cell it answers, so that reasons cannot be kept by
    cell as in Excel. But functions have no state: called again, they fail for the same reason.

    Parameters
    ----------
    cell
        A value, or rows of them; an error is NaN with its number.
    calls : iterable
        The calls in the cell's formula, inner ones first: name, arguments (``None`` if they
        cannot be read), and row and column of the cell within the block that the formula fills.
    """
    if not (isinstance(cell, float) and cell != cell):  # noqa: PLR0124 - NaN
        return from_calc(cell)
    number, error = _error_number(cell), from_calc(cell)
    unread = ""
    for name, raw, row, column in calls:
        if raw is None:
            unread = unread or name
            continue
        found = _error_of(name, tuple(map(from_calc, raw)), row, column)
        if found and number in (ERROR_NUMBERS[found.code], _REFUSED):
            return found
    if unread:
        message = f"an argument of {unread} is a formula; put it in a cell of its own to see why"
        return CellError(error.code, message)
    return error


def _error_of(name: str, raw: tuple[Any, ...], row: int, column: int) -> CellError | None:
    """Return the error of a call in one cell of its block."""
    try:
        result = evaluate(REGISTRY[name], raw)
    except CellError as error:
        return error.with_traceback(None)
    if isinstance(result, list):
        cells = result[row] if row < len(result) else ()
        result = cells[column] if column < len(cells) else None
    return result if isinstance(result, CellError) else None
