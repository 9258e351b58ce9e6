"""What every host does alike: answers leave as rows of cells, and a function has a signature.

A host says only how it shows an error and a date; which dates a worksheet has, and that an error
never leaves as anything else, is one rule.
"""

from __future__ import annotations

import datetime
import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any

from xlcredit.errors import CellError
from xlcredit.functions import Function
from xlcredit.serials import on_worksheet

__all__ = ["PLAIN", "Carrier", "positional"]

#: What passes as it stands.
PLAIN: frozenset[type] = frozenset({float, str, bool, type(None)})


def _as_it_is(cell: Any) -> Any:
    return cell


@dataclass(frozen=True)
class Carrier:
    """How a host shows what is not plain.

    Examples
    --------
    >>> carrier = Carrier(error=lambda error: error.code)
    >>> carrier.rows([[2.5, CellError("#N/A")], ["PASS", datetime.date(2026, 1, 31)]])
    [[2.5, '#N/A'], ['PASS', 46053.0]]
    """

    error: Callable[[CellError], Any]
    date: Callable[[float], Any] = _as_it_is
    """From the serial number of a day."""
    other: Callable[[Any], Any] = _as_it_is
    plain: frozenset[type] = PLAIN

    def rows(self, answer: Any) -> list[list[Any]]:
        """Return what a worksheet function answered, or its error, as rows; a value is one row.

        Rows in which every cell is plain are returned as they are.
        """
        rows: list[list[Any]] = answer if isinstance(answer, list) else [[answer]]
        if set(map(type, chain.from_iterable(rows))) <= self.plain:
            return rows
        return [[c if type(c) in self.plain else self._cell(c) for c in row] for row in rows]

    def _cell(self, cell: Any) -> Any:
        if isinstance(cell, datetime.date):
            if (days := on_worksheet(cell)) is not None:
                return self.date(days)
            cell = CellError("#NUM!", "the worksheet has no such date")
        return self.error(cell) if isinstance(cell, CellError) else self.other(cell)


def positional(function: Function, names: Iterable[str]) -> list[inspect.Parameter]:
    """Give the parameters of a worksheet function under the names that a host knows them by."""
    return [
        inspect.Parameter(
            name,
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            default=inspect.Parameter.empty if parameter.required else None,
        )
        for name, parameter in zip(names, function.parameters, strict=True)
    ]
