"""Whatever cells hold, a worksheet function answers with a legal cell or block, or an error.

``pytest tests/functions/test_fuzz.py --hypothesis-profile=long`` looks for longer.
"""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject, SearchStrategy

from tests.functions.cases import (
    ELEMENTWISE,
    answer,
    every_function,
    example,
    positions,
    replaced,
    same,
    single_example,
)
from xlcredit.errors import CODES, CellError
from xlcredit.functions import OMITTED, Function, Parameter

NUMBERS = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 12.0, 100.0, 1e308, -1e308, 1e-308, 5e-324, 1e15]
JUNK: list[Any] = [
    *(np.nan, np.inf, -np.inf, 10**400, -(10**400), 2**63, 7, -3),
    *(None, OMITTED, "", " ", "abc", "12", "#N/A", "=1+1", "\x00", "all", "é" * 300, True, False),
    *(datetime.date(2026, 1, 1), datetime.datetime(2026, 1, 1, 9), datetime.date.min, b"bytes"),
    *(np.float32(1.5), np.int64(3), np.bool_(True), np.datetime64("NaT", "D"), np.str_("text"), 1j),
    *([], [[]], (), {}, [[1.0, 2.0], [3.0]], [[1.0], 2.0], [[[1.0]]], object),
    *map(CellError, CODES),
]
#: Mostly small; now and then longer than the boundary takes at once.
SHAPES = [(1, 1), (3, 1), (1, 3), (2, 2), (12, 1), (40, 3)] * 4 + [(17_000, 1)]
numbers = st.sampled_from(NUMBERS) | st.floats(-10.0, 1000.0) | st.floats()
cells = st.one_of(numbers, numbers, st.sampled_from(JUNK))


@st.composite
def ranges(draw: Any) -> Any:
    """A range of any shape and form."""
    rows, columns = draw(st.sampled_from(SHAPES))
    some = draw(st.lists(cells, min_size=1, max_size=6))
    flat = [some[i % len(some)] for i in range(rows * columns)]
    grid = [flat[r * columns : (r + 1) * columns] for r in range(rows)]
    forms: list[Any] = [grid, flat, tuple(map(tuple, grid))]
    if all(type(cell) is float for cell in flat):
        forms += [np.array(grid), np.array(flat)]
    return draw(st.sampled_from(forms))


def near(argument: Any) -> SearchStrategy[Any]:
    """A valid argument, bent."""
    if isinstance(argument, float | int) and not isinstance(argument, bool):
        factors = st.sampled_from([-1.0, 0.0, 1e-9, 0.5, 1.0, 1.0 + 1e-12, 2.0, 10.0, 1e6, 1e300])
        return factors.map(lambda factor: argument * factor)
    if isinstance(argument, list) and argument:
        bent = st.tuples(st.integers(0, len(argument) - 1), cells)
        return bent.map(lambda pair: replaced(argument, pair[0], pair[1])) | st.sampled_from(
            [argument[1:], argument[:1], [argument], argument + argument]
        )
    return st.just(argument)


def terms(parameter: Parameter) -> SearchStrategy[Any]:
    """A block of the right labels with any values, some left out."""
    assert parameter.terms is not None
    rows = [
        st.tuples(st.just(field.name), cells).map(list)
        for field in dataclasses.fields(parameter.terms)
    ]
    return st.tuples(*rows).flatmap(
        lambda block: (
            st.lists(st.sampled_from(block), min_size=1, unique_by=lambda row: row[0])
            | st.just(list(block))
        )
    )


def arguments(function: Function) -> SearchStrategy[list[Any]]:
    """A call in which every argument may be right, nearly right or junk."""
    strategies = []
    for parameter, valid in zip(function.parameters, example(function), strict=True):
        options = [st.just(valid), st.just(valid), near(valid), near(valid), cells, ranges()]
        if parameter.kind == "choice":
            options.append(st.sampled_from(parameter.choices))
        if parameter.kind == "terms":
            options.append(terms(parameter))
        strategies.append(st.one_of(options))
    return st.tuples(*strategies).map(list)


@every_function
@given(data=st.data())
@settings(max_examples=settings().max_examples // 2)
def test_any_cells_give_a_legal_answer(function: Function, data: DataObject) -> None:
    raw = data.draw(arguments(function))
    written = data.draw(st.integers(0, len(raw)) | st.just(len(raw)))
    answer(function.name, *raw[:written])


@every_function
@given(data=st.data())
@settings(max_examples=max(1, settings().max_examples // 4))
def test_a_range_of_any_cells_gives_the_answers_of_its_cells(
    function: Function, data: DataObject
) -> None:
    """One bad element is an error in its own place, and the same error as on its own."""
    elementwise = positions(function, *ELEMENTWISE)
    if not elementwise:
        return
    valid = single_example(function)
    position, _ = data.draw(st.sampled_from(elementwise))
    column = data.draw(st.lists(cells | near(valid[position]), min_size=2, max_size=5))
    # a list is no cell, and where a blank has no default the default of the body decides
    column = [valid[position] if isinstance(c, list | tuple | dict) else c for c in column]
    if None in valid and valid[position] is None:
        return
    one_by_one = [answer(function.name, *replaced(valid, position, cell)) for cell in column]
    got = answer(function.name, *replaced(valid, position, column))
    assert same(got, [[one] for one in one_by_one]), (column, got, one_by_one)
