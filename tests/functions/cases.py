"""What the tests of every worksheet function share: its worked example, and one way to call it."""

from __future__ import annotations

import datetime
import doctest
import math
from typing import Any

import pytest

from xlcredit.errors import CellError
from xlcredit.functions import REGISTRY, Function, Parameter, call

#: Kinds that may be a range of several cells.
ELEMENTWISE = frozenset({"number", "observed", "text"})
VECTORS = frozenset({"series", "labels", "dates"})
NUMERIC = frozenset({"number", "series", "scalar", "whole"})
#: Kinds that read a cell as it is, even one that holds an error.
ANY_CELL = frozenset({"observed", "cell"})

every_function = pytest.mark.parametrize("function", REGISTRY.values(), ids=REGISTRY)


class _FoundError(Exception):
    """The example has been called."""


def example(function: Function) -> list[Any]:
    """Arguments of the first worked example, with the blanks of the optional ones behind it."""
    found: list[Any] = []

    def record(name: str, *arguments: Any) -> None:
        if name == function.name:
            found.append(arguments)
            raise _FoundError

    namespace: dict[str, Any] = {"call": record, "REGISTRY": REGISTRY}
    try:
        for line in doctest.DocTestParser().get_examples(function.doc):
            exec(line.source, namespace)
    except _FoundError:
        pass
    assert found, f"{function.name} has no worked example"
    return [*found[0], *[None] * (len(function.parameters) - len(found[0]))]


def single_example(function: Function) -> list[Any]:
    """The worked example brought down to one answer: first cells of its columns, one measure."""
    return [
        _first(a) if p.kind in ELEMENTWISE else None if a == "all" else a
        for p, a in zip(function.parameters, example(function), strict=True)
    ]


def _first(argument: Any) -> Any:
    return _first(argument[0]) if isinstance(argument, list) else argument


def replaced(arguments: list[Any], position: int, argument: Any) -> list[Any]:
    """The same call with one argument changed."""
    return [*arguments[:position], argument, *arguments[position + 1 :]]


def positions(function: Function, *kinds: str) -> list[tuple[int, Parameter]]:
    """Place and parameter of every argument of these kinds."""
    return [(i, p) for i, p in enumerate(function.parameters) if p.kind in kinds]


def answer(name: str, *arguments: Any) -> Any:
    """What the cell shows, an error as a value; fails on what no cell may ever hold."""
    try:
        got = call(name, *arguments)
    except CellError as error:
        got = error
    bug = isinstance(got, CellError) and got.reason.startswith(f"{name} failed")
    assert not bug, f"a bug escaped as {got}"
    assert_legal(got)
    return got


def assert_legal(got: Any) -> None:
    """A value that a cell can show, or a rectangle of them."""
    if not isinstance(got, list):
        assert_cell(got)
        return
    assert got, "an empty block"
    assert all(type(row) is list for row in got), "a block is rows"
    assert len({len(row) for row in got}) == 1, "a block is a rectangle"
    assert len(got[0]) > 0, "an empty row"
    for row in got:
        for cell in row:
            assert_cell(cell)
            # Excel shows longer text within a block as #VALUE!
            assert not isinstance(cell, str) or len(cell) <= 255


def assert_cell(cell: Any) -> None:
    """A finite float, text that is no error code, TRUE/FALSE, a date, or an error with a reason."""
    if isinstance(cell, CellError):
        assert type(cell.reason) is str, cell
        assert cell.reason, cell
        return
    assert type(cell) in (float, str, bool, datetime.date), f"{type(cell)} {cell!r}"
    assert type(cell) is not float or math.isfinite(cell)
    assert type(cell) is not str or not cell.startswith("#")


def same(left: Any, right: Any) -> bool:
    """Equal in shape, kind and value; the last bits may differ with the order of NumPy's loops."""
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-9)
    return type(left) is type(right) and left == right


def transposed(block: Any) -> Any:
    """A block with rows and columns exchanged; single answers as they are."""
    return [list(row) for row in zip(*block, strict=True)] if isinstance(block, list) else block


def is_column(argument: Any) -> bool:
    """Whether an example's argument is a column of several cells."""
    return isinstance(argument, list) and len(argument) > 1 and not isinstance(argument[0], list)
