"""The table: each function's worked examples, and the first gone wrong in every argument."""

from __future__ import annotations

import contextlib
import datetime
import doctest
import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from tests.functions.cases import answer, example, replaced
from xlcredit.errors import CODES, CellError
from xlcredit.functions import REGISTRY, Function, call

#: Cells of a range, row by row.
Rows = list[list[Any]]

_EPOCH = datetime.date(1899, 12, 30)


@dataclass(frozen=True)
class Case:
    """One call: arguments as ranges of cells, ``None`` for one left out, and what shows."""

    function: str
    what: str
    blocks: tuple[Rows | None, ...]
    expected: Rows

    def __str__(self) -> str:
        return f"{self.function}: {self.what}"


def cases() -> list[Case]:
    """The whole table."""
    codes = cycle(CODES)
    return [case for function in REGISTRY.values() for case in _of(function, codes)]


def _of(function: Function, codes: Iterator[str]) -> Iterator[Case]:
    for number, arguments in enumerate(_examples(function), 1):
        yield _case(function, f"example {number}", arguments)
    worked = example(function)
    for position, parameter in enumerate(function.parameters):
        name = parameter.name
        if worked[position] is not None:
            wrong = _with_error(_rows(worked[position]) or [], next(codes))
            yield _case(function, f"an error in {name}", replaced(worked, position, wrong))
        if parameter.required and parameter.kind != "cell":  # it asks about blanks, too
            yield _case(function, f"without {name}", replaced(worked, position, None))
        for what in ("no such thing", -1e12):
            yield _case(function, f"{what} for {name}", replaced(worked, position, what))


def _examples(function: Function) -> list[list[Any]]:
    """Arguments of every call in the docstring, those that fail included."""
    found: list[list[Any]] = []

    def record(name: str, *arguments: Any) -> Any:
        if name == function.name:
            found.append(list(arguments))
        return call(name, *arguments)

    namespace: dict[str, Any] = {"call": record, "REGISTRY": REGISTRY}
    for line in doctest.DocTestParser().get_examples(function.doc):
        with contextlib.suppress(CellError):
            exec(line.source, namespace)
    return found


def _case(function: Function, what: str, arguments: list[Any]) -> Case:
    blocks = [_rows(argument) for argument in arguments]
    # what Python is given is what the cells hold: serials in place of dates
    given = [b[0][0] if b is not None and len(b) == len(b[0]) == 1 else b for b in blocks]
    while blocks and blocks[-1] is None:
        blocks.pop()
    return Case(function.name, what, tuple(blocks), normal(answer(function.name, *given)))


def _with_error(rows: Rows, code: str) -> Rows:
    return [[CellError(code), *rows[0][1:]], *rows[1:]]


def _rows(argument: Any) -> Rows | None:
    if argument is None:
        return None
    if isinstance(argument, dict):
        argument = [list(pair) for pair in argument.items()]
    if not isinstance(argument, list):
        argument = [argument]
    return [[_cell(cell) for cell in (row if isinstance(row, list) else [row])] for row in argument]


def _cell(cell: Any) -> Any:
    if isinstance(cell, datetime.date):
        return float((cell - _EPOCH).days)
    return float(cell) if isinstance(cell, int) and not isinstance(cell, bool) else cell


def normal(shown: Any) -> Rows:
    """What a host shows, as rows; dates are serials."""
    rows = shown if isinstance(shown, list) else [[shown]]
    rows = rows if isinstance(rows[0], list) else [rows]
    return [[_cell(cell) for cell in row] for row in rows]


def agrees(got: Rows, expected: Rows) -> bool:
    """Whether a host shows what it must: the same kinds and codes, numbers within 1e-9."""
    if len(got) != len(expected) or any(map(lambda g, e: len(g) != len(e), got, expected)):
        return False
    pairs = ((g, e) for row in zip(got, expected, strict=True) for g, e in zip(*row, strict=True))
    return all(_agree(g, e) for g, e in pairs)


def _agree(got: Any, expected: Any) -> bool:
    if isinstance(expected, float):
        number = type(got) in (int, float)
        return number and math.isclose(got, expected, rel_tol=1e-9, abs_tol=1e-9)
    return type(got) is type(expected) and got == expected
