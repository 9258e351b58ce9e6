"""Raw arguments: the forms in which hosts and programs hand over a cell or a range."""

from __future__ import annotations

import contextlib
import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from xlcredit.errors import CellError
from xlcredit.worksheet.cells import grid

from .samples import (
    XLC_DAYS,
    XLC_SUM,
    XLC_TOTAL,
    error_of,
    run,
)


@pytest.mark.parametrize("empty", [[], [[]], [[], []], np.empty(0), pd.Series(dtype=float)])
def test_an_empty_range_is_no_blank(empty: Any) -> None:
    assert error_of(XLC_SUM, 2, empty).reason.endswith(
        "is an empty range; leave it out, or give a value"
    )


def test_lists_within_lists_are_no_numbers_however_deep() -> None:
    for depth in (3, 990, 100_000):
        deep: Any = 1.0
        for _ in range(depth):
            deep = [deep]
        assert "must be a number; got list" in error_of(XLC_SUM, deep).reason


def test_ragged_rows_and_deeper_lists_are_refused() -> None:
    for raw in ([[1.0, 2.0], [3.0]], [[1.0], 2.0], np.zeros((2, 2, 2)), [[np.zeros(2)]]):
        assert error_of(XLC_SUM, raw) == CellError("#VALUE!")
        assert error_of(XLC_SUM, raw).reason.startswith("value")
    assert run(XLC_SUM, [[[1.0]], [2.0]])[1] == [3.0]


def test_rows_may_be_tuples_or_arrays() -> None:
    assert run(XLC_SUM, (np.array([1.0, 2.0]), [3.0, 4.0])) == [[2.0, 3.0], [4.0, 5.0]]


def test_pandas_objects_are_ranges() -> None:
    assert run(XLC_TOTAL, pd.Series([1, 2, 3])) == 6.0
    assert run(XLC_SUM, pd.DataFrame({"a": [1, 2], "b": [3, 4]})) == [[2.0, 4.0], [3.0, 5.0]]
    assert run(XLC_DAYS, pd.Series(pd.to_datetime(["2026-01-31"]))) == datetime.date(2026, 1, 31)
    assert run(XLC_TOTAL, pd.Series([1, 2], dtype="Int64")) == 3.0


@pytest.mark.parametrize("dtype", ["float64", "Float64", "object"])
def test_what_pandas_calls_missing_is_blank(dtype: str) -> None:
    series = pd.Series([1.0, None], dtype=dtype)
    assert run(XLC_SUM, 1.0, series) == [[2.0], [2.0]]
    assert "blank" in error_of(XLC_TOTAL, series).reason


def test_a_missing_date_of_pandas_is_blank() -> None:
    dates = pd.Series(pd.to_datetime(["2026-01-31", "NaT"]))
    assert "a blank in position 2 of 2" in error_of(XLC_DAYS, dates).reason


def test_an_error_that_is_passed_on_keeps_no_stack_alive() -> None:
    given = CellError("#REF!", "gone")
    for raw in (given, [1.0, given]):
        for python in (XLC_SUM, XLC_TOTAL):
            with contextlib.suppress(CellError):
                run(python, raw)
    assert given.__traceback__ is None


@pytest.mark.parametrize("made", [list, tuple, np.array, pd.Series])
def test_a_range_of_two_cells_is_both(made: Any) -> None:
    """One cell less would be a single cell, which is another thing."""
    assert run(XLC_SUM, made([1.0, 2.0])) == [[2.0], [3.0]]
    assert run(XLC_SUM, made([1.0])) == 2.0
    assert grid("value", grid("value", [1.0, "x"])).flat == [1.0, "x"]
