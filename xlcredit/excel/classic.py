"""The classic Excel host: every worksheet function as a UDF of xlwings' COM server.

xlwings only carries. Arguments arrive raw and leave raw, so that Excel sees what
:func:`xlcredit.functions.call` gives and nothing of xlwings' own conversions, which swallow
error cells and turn NaN into text.

COM cannot return an error value, so an error leaves as text that no cell would hold,
``#XLC:NUM!``, and the VBA wrapper of :mod:`xlcredit.excel.vba` makes it the error value. The
reasons stay here, by the address of the calling cell, for ``XLC_WHY``.

This module must be importable on any system: there, xlwings' decorators do nothing.
"""

from __future__ import annotations

import datetime
import decimal
import inspect
import re
from collections.abc import Callable
from itertools import chain
from typing import Any

import numpy as np
import xlwings as xw

from xlcredit.errors import CellError
from xlcredit.functions import REGISTRY, Function
from xlcredit.functions.boundary import evaluate

__all__ = ["MARK", "from_com", "to_com", *REGISTRY]

#: Error values leave as this mark and the code without its ``#``.
MARK = "#XLC:"

_EPOCH = datetime.datetime(1899, 12, 30)
_FIRST_DAY = datetime.date(1900, 3, 1)  # before it, Excel and the calendar disagree
#: COM passes CVErr(2007) as the integer 0x800A07D7: facility and number of the error.
_SCODE = -2146828288
_CODES = {
    2000: "#NULL!",
    2007: "#DIV/0!",
    2015: "#VALUE!",
    2023: "#REF!",
    2029: "#NAME?",
    2036: "#NUM!",
    2042: "#N/A",
}
_ERROR_NUMBERS = range(2000, 2100)
#: What the boundary reads as it stands; of the integers, some are errors.
_PLAIN = frozenset({float, str, bool, type(None)})


# --- raw values -----------------------------------------------------------------------------


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
        Numbers, text, TRUE/FALSE, ``None`` and :class:`~xlcredit.errors.CellError`; dates as
        serials, as ``Range.Value2`` gives them, so that both ways give the same answer.
    """
    if not isinstance(raw, tuple):
        return raw if type(raw) in _PLAIN else _cell_from_com(raw)
    rows = raw if raw and isinstance(raw[0], tuple) else (raw,)
    if set(map(type, chain.from_iterable(rows))) <= _PLAIN:
        return rows
    return [[c if type(c) in _PLAIN else _cell_from_com(c) for c in row] for row in rows]


def _cell_from_com(cell: Any) -> Any:
    if isinstance(cell, int):
        number = cell - _SCODE
        if number in _ERROR_NUMBERS:  # what is newer than the seven, such as #SPILL!, has no code
            return CellError(_CODES.get(number, "#VALUE!"))
        return float(cell)
    if isinstance(cell, datetime.datetime):
        return (cell.replace(tzinfo=None) - _EPOCH) / datetime.timedelta(days=1)
    if isinstance(cell, decimal.Decimal):  # a cell in a currency format, read without Value2
        return float(cell)
    return cell


def to_com(answer: Any) -> list[list[Any]]:
    """Return an answer as rows that COM can carry.

    Parameters
    ----------
    answer
        What :func:`xlcredit.functions.call` gives, or the ``CellError`` that it raises.

    Returns
    -------
    list of lists
        Numbers, text and TRUE/FALSE; dates as serials; errors as marked text.
    """
    rows: list[list[Any]] = answer if isinstance(answer, list) else [[answer]]
    if set(map(type, chain.from_iterable(rows))) <= _PLAIN:
        return rows
    return [[c if type(c) in _PLAIN else _cell_to_com(c) for c in row] for row in rows]


def _cell_to_com(cell: Any) -> Any:
    if isinstance(cell, CellError):
        return MARK + cell.code[1:]
    if isinstance(cell, datetime.date):
        if cell < _FIRST_DAY:
            return MARK + "NUM!"
        return float((cell - _EPOCH.date()).days)
    return cell


# --- reasons --------------------------------------------------------------------------------

#: Sheet, row and column of a calling cell.
_Place = tuple[str, int, int]
_ADDRESS = re.compile(r"(.+)!R(\d+)C(\d+)")
#: Enough for any sheet that a person repairs by hand; the oldest go first.
_MOST_REASONS = 10_000

_reasons: dict[_Place, dict[tuple[int, int], CellError]] = {}


def _place(address: Any) -> _Place | None:
    """Split ``[Book]Sheet!R5C3``, the address of a cell or of the first cell of a range."""
    found = _ADDRESS.match(address) if isinstance(address, str) else None
    return (found[1], int(found[2]), int(found[3])) if found else None


def _remember(place: _Place, answer: Any) -> None:
    """Keep the reasons of an answer's errors under its calling cell; forget the former ones."""
    _reasons.pop(place, None)
    if isinstance(answer, CellError):
        _reasons[place] = {(0, 0): answer}
    elif isinstance(answer, list) and CellError in set(map(type, chain.from_iterable(answer))):
        errors = (
            ((r, c), cell)
            for r, row in enumerate(answer)
            for c, cell in enumerate(row)
            if isinstance(cell, CellError)
        )
        _reasons[place] = {key: error for key, error in errors if len(_reasons) <= _MOST_REASONS}
    while len(_reasons) > _MOST_REASONS:
        del _reasons[next(iter(_reasons))]


def _with_reason(cell: CellError, place: _Place | None) -> CellError:
    """Give an error cell the reason behind it, if the cell, or a block over it, left one."""
    if place is not None:
        sheet, row, column = place
        for (at, top, left), errors in _reasons.items():
            error = errors.get((row - top, column - left)) if at == sheet else None
            if error is not None and error.code == cell.code:
                return error
    return cell


# --- the functions --------------------------------------------------------------------------


def _udf(function: Function) -> Callable[..., Any]:
    """Wrap a worksheet function in the way that xlwings' registration reads it.

    The wrapper has no annotations, for xlwings takes each for a converter; its signature is
    made; and its name is set before xlwings sees it, for the server asks the module for it.
    """
    count = len(function.parameters)
    cells = [position for position, p in enumerate(function.parameters) if p.kind == "cell"]

    def udf(*raw):  # type: ignore[no-untyped-def] # noqa: ANN
        # our VBA writes one argument more than the signature has: the address of the caller
        caller = _place(raw[count]) if len(raw) > count else None
        arguments = [from_com(argument) for argument in raw[:count]]
        for position in cells:
            arguments[position] = _seen(raw[position])
        try:
            answer = evaluate(function, arguments)
        except CellError as error:
            answer = error
        if caller is not None:
            _remember(caller, answer)
        return to_com(answer)

    udf.__name__ = udf.__qualname__ = function.name
    udf.__module__ = __name__
    udf.__doc__ = function.summary
    udf.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(
                p.vba,
                inspect.Parameter.POSITIONAL_OR_KEYWORD,
                default=inspect.Parameter.empty if p.required else None,
            )
            for p in function.parameters
        ]
    )
    for p in function.parameters:
        udf = xw.arg(p.vba, "raw", doc=function.help.get(p.name, p.word.meaning))(udf)
    udf = xw.ret("raw")(udf)
    return xw.func(category=function.category)(udf)
