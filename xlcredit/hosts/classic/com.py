"""Raw cell values as COM carries them, to and from what the worksheet boundary reads.

COM can bring an error value in, as an integer, but pywin32 cannot send one out. An error
leaves as text that no cell holds, ``#XLC:NUM!``, and the VBA module makes it a value again.
"""

from __future__ import annotations

import datetime
import decimal
from itertools import chain
from typing import Any

from xlcredit.errors import CellError
from xlcredit.hosts.carriers import PLAIN, Carrier
from xlcredit.serials import EPOCH
from xlcredit.worksheet.cells import Cells

__all__ = ["ERROR_NUMBERS", "MARK", "from_com", "to_com"]

#: An error leaves as this mark and its code without the ``#``.
MARK = "#XLC:"
#: Excel's own numbers of the error values, the arguments of VBA's ``CVErr``.
ERROR_NUMBERS = {
    "#NULL!": 2000,
    "#DIV/0!": 2007,
    "#VALUE!": 2015,
    "#REF!": 2023,
    "#NAME?": 2029,
    "#NUM!": 2036,
    "#N/A": 2042,
}

_CODES = {number: code for code, number in ERROR_NUMBERS.items()}
_ANY_ERROR = range(2000, 2100)  # newer ones, such as #SPILL!, have no code of their own here
_SCODE = -2146828288  # COM passes CVErr(n) as the 32-bit integer 0x800A0000 + n
_NOT_WRITTEN = -2147352572  # what VBA passes for an optional argument that nobody wrote
#: An integer is not among what passes as it stands: it may be an error.
_CARRIER = Carrier(error=lambda error: MARK + error.code[1:])


def from_com(raw: Any) -> Any:
    """Return an argument as the boundary reads it.

    Parameters
    ----------
    raw
        What pywin32 hands over: a value, a tuple of rows for a range, a flat tuple for an
        array constant of one row.

    Returns
    -------
    object
        Numbers, text, TRUE/FALSE, ``None`` and :class:`~xlcredit.errors.CellError`, or
        :class:`~xlcredit.worksheet.cells.Cells` of them. Dates become serials, as
        ``Range.Value2`` gives them, so that it makes no difference which wrapper read the cell.
    """
    if not isinstance(raw, tuple):
        return raw if type(raw) in PLAIN else _cell_from_com(raw)
    rows = raw if raw and isinstance(raw[0], tuple) else (raw,)
    flat = list(chain.from_iterable(rows))
    if not set(map(type, flat)) <= PLAIN:
        flat = [c if type(c) in PLAIN else _cell_from_com(c) for c in flat]
    return Cells(flat, (len(rows), len(rows[0])))


def _cell_from_com(cell: Any) -> Any:
    if isinstance(cell, int):
        if cell == _NOT_WRITTEN:
            return None
        number = cell - _SCODE
        return CellError(_CODES.get(number, "#VALUE!")) if number in _ANY_ERROR else float(cell)
    if isinstance(cell, datetime.datetime):
        return (cell.replace(tzinfo=None) - EPOCH) / datetime.timedelta(days=1)
    if isinstance(cell, decimal.Decimal):  # a currency format, read without Value2
        return float(cell)
    return cell


def to_com(answer: Any) -> list[list[Any]]:
    """Return an answer as rows that COM can carry.

    Parameters
    ----------
    answer
        What :func:`xlcredit.functions.call` gives, or the error that it raises.

    Returns
    -------
    list of lists
        Numbers, text and TRUE/FALSE; dates as serials, errors as marked text. A single value
        is a row of its own: xlwings' server takes the length of whatever it is given.
    """
    return _CARRIER.rows(answer)
