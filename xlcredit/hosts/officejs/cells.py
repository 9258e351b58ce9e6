"""Cell values as Office.js carries them, to and from what the worksheet boundary reads.

Unlike COM, Office.js knows error values both ways: a cell that shows one travels as an object,
and so does the answer.
"""

from __future__ import annotations

from itertools import chain
from typing import Any

from xlcredit.errors import CODES, CellError
from xlcredit.hosts.carriers import PLAIN, Carrier

__all__ = ["ERROR_TYPES", "from_office", "to_office"]

#: Office.js's names of the error values.
ERROR_TYPES = {
    "#NULL!": "Null",
    "#DIV/0!": "Div0",
    "#VALUE!": "Value",
    "#REF!": "Ref",
    "#NAME?": "Name",
    "#NUM!": "Num",
    "#N/A": "NotAvailable",
}

#: The same in every language of Excel; the user's own pattern may not be.
_DATE_FORMAT = "yyyy-mm-dd"


def from_office(raw: Any) -> Any:
    """Return an argument as the boundary reads it.

    Parameters
    ----------
    raw
        What xlwings' dispatcher hands over unconverted: a value, rows of them, or a flat list
        for a range of one row.

    Returns
    -------
    object
        Numbers, text, TRUE/FALSE, ``None`` and :class:`~xlcredit.errors.CellError`, or rows of
        them.
    """
    if not isinstance(raw, list | tuple):
        return raw if type(raw) in PLAIN else _cell_from_office(raw)
    rows = raw if raw and isinstance(raw[0], list | tuple) else [raw]
    if set(map(type, chain.from_iterable(rows))) <= PLAIN:
        return rows
    return [[c if type(c) in PLAIN else _cell_from_office(c) for c in row] for row in rows]


def _cell_from_office(cell: Any) -> Any:
    if type(cell) is int:  # JSON's 12 is Excel's 12.0, and reasons tell it so in every host
        return float(cell)
    if type(cell).__name__ == "JsNull":  # how Pyodide shows JavaScript's null
        return None
    if not isinstance(cell, dict):
        return cell
    value = cell.get("basicValue")
    if "Error" in (cell.get("type"), cell.get("basicType")):
        # Newer errors, and cards such as Stocks, have no code of their own here.
        return CellError(value if value in CODES else "#VALUE!")
    return float(value) if type(value) is int else value


def to_office(answer: Any) -> list[list[Any]]:
    """Return an answer as rows that Office.js can carry.

    Parameters
    ----------
    answer
        What :func:`xlcredit.functions.call` gives, or the error that it raises.

    Returns
    -------
    list of lists
        Numbers, text and TRUE/FALSE; dates as formatted numbers, errors as error values.
    """
    return _CARRIER.rows(answer)


def _error(error: CellError) -> dict[str, Any]:
    return {"type": "Error", "errorType": ERROR_TYPES[error.code]}


def _date(days: float) -> dict[str, Any]:
    return {"type": "FormattedNumber", "basicValue": days, "numberFormat": _DATE_FORMAT}


_CARRIER = Carrier(_error, _date)
