"""The worked example of every worksheet function as a sheet: arguments in cells, and the call."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

from openpyxl.utils import get_column_letter

from tests.functions.cases import answer, example
from tests.hosts.libreoffice.conftest import Place, Rows, book
from xlcredit.errors import CODES, CellError
from xlcredit.functions import REGISTRY, Function
from xlcredit.recalc import LibreOffice

#: The call stands right of the widest arguments.
LEFT = 60
#: Right of what any call fills: a column of error cells, and calls on them.
FAR = 90


def calculated(office: LibreOffice, path: Path) -> dict[str, Rows]:
    """Calculate the examples of all functions at once."""
    return office.values(book(path, {name: _sheet(f) for name, f in REGISTRY.items()}))


def answer_in(rows: Rows, function: Function) -> Rows:
    """The cells of the call, as many as the function fills."""
    height, width = shape(answer(function.name, *example(function)))
    return [row[LEFT - 1 : LEFT - 1 + width] for row in rows[:height]]


def error_cells(rows: Rows, function: Function) -> list[tuple[str, str, Any]]:
    """What the calls with an error cell among the arguments show: argument, code, cell."""
    scalars = [p for p, a in _written(function) if not isinstance(a, (list, dict))]
    return [(p.name, _code(function, n), rows[n][FAR]) for n, p in enumerate(scalars)]


def _code(function: Function, position: int) -> str:
    """A code for each argument; over all functions, every code."""
    return CODES[(len(function.name) + position) % len(CODES)]


def shape(result: Any) -> tuple[int, int]:
    return (len(result), len(result[0])) if isinstance(result, list) else (1, 1)


def as_rows(result: Any) -> Rows:
    """What Calc must show for an answer: TRUE as 1, dates as serials."""
    rows = result if isinstance(result, list) else [[result]]
    return [[_shown(cell) for cell in row] for row in rows]


def _shown(cell: Any) -> Any:
    if isinstance(cell, datetime.date):
        return float((cell - datetime.date(1899, 12, 30)).days)
    return float(cell) if isinstance(cell, bool) else cell


def _written(function: Function) -> list[tuple[Any, Any]]:
    """Parameters and arguments of the example, those that are given."""
    pairs = zip(function.parameters, example(function), strict=True)
    return [(p, a) for p, a in pairs if a is not None]


def _sheet(function: Function) -> dict[Place, Any]:
    cells: dict[Place, Any] = {}
    arguments = example(function)
    while arguments and arguments[-1] is None:
        arguments.pop()
    texts, left = [], 1
    for argument in arguments:
        texts.append("" if argument is None else _placed(cells, left, argument))
        left += 12 if isinstance(argument, list) else 3
    result = answer(function.name, *example(function))
    cells[1, LEFT] = (f"={function.name}({','.join(texts)})", shape(result))
    if function.name != "XLC_WHY":
        _with_errors(cells, function, arguments, texts)
    return cells


def _placed(cells: dict[Place, Any], left: int, argument: Any) -> str:
    """Put an argument into cells; tell where."""
    if isinstance(argument, dict):
        argument = [list(pair) for pair in argument.items()]
    rows = argument if isinstance(argument, list) else [argument]
    rows = [row if isinstance(row, list) else [row] for row in rows]
    for r, row in enumerate(rows):
        for c, cell in enumerate(row):
            cells[r + 1, left + c] = _shown(cell)
    first, last = f"{get_column_letter(left)}1", f"{get_column_letter(left + c)}{r + 1}"
    return first if first == last else f"{first}:{last}"


def _with_errors(
    cells: dict[Place, Any], function: Function, arguments: list[Any], texts: list[str]
) -> None:
    """The same call with each single cell in turn replaced by an error cell."""
    scalars = [
        n for n, a in enumerate(arguments) if a is not None and not isinstance(a, (list, dict))
    ]
    for n, position in enumerate(scalars):
        cells[n + 1, FAR] = f"={_code(function, n)}"
        error = f"{get_column_letter(FAR)}{n + 1}"
        replaced = [*texts[:position], error, *texts[position + 1 :]]
        cells[n + 1, FAR + 1] = f"={function.name}({','.join(replaced)})"


def is_error(cell: Any, code: str) -> bool:
    return isinstance(cell, CellError) and cell.code == code and not cell.reason
