"""The boundary's own rules, on functions small enough to see through."""

from __future__ import annotations

import contextlib
import datetime
import gc
import tracemalloc
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
import pytest

from xlcredit.errors import CellError
from xlcredit.functions import OMITTED, call
from xlcredit.worksheet.boundary import CHUNK, evaluate
from xlcredit.worksheet.cells import grid
from xlcredit.worksheet.kinds import (
    Cell,
    Dates,
    Labels,
    Number,
    Observed,
    Scalar,
    Series,
    Text,
    Whole,
    align,
    checked,
    pick,
    require,
    rule,
)
from xlcredit.worksheet.registry import Function, describe

NO_SERIES = np.empty(0)


def XLC_SUM(value: Number, threshold: Number = 1.0) -> Any:
    return checked(
        np.add(value, threshold),
        rule(np.not_equal(value, 13.0), "value must not be {}", value, code="#N/A"),
        rule(np.less(value, 1000.0), "value must stay below 1000; got {}", value),
    )


def XLC_PICKY(loan: Number) -> Any:
    assert not np.any(np.less(loan, 0.0) | np.isinf(loan)), "a loan is at least 0"
    return np.sqrt(loan)


def XLC_WORD(value: Observed) -> Any:
    return np.where(np.isnan(value), "CHECK", np.where(np.greater(value, 1.0), "YES", "NO"))


def XLC_MIXED(value: Number) -> Any:
    if np.ndim(value) == 0:
        return "small" if value < 10 else float(value)
    return np.array([["small" if v < 10 else v for v in row] for row in value], dtype=object)


def XLC_TEXT(gpu: Text, field: Text = "name") -> Any:
    return np.char.add(np.asarray(gpu, dtype=str), np.asarray(field, dtype=str)).astype(object)


def XLC_TOTAL(cash: Series, repayments: Series = NO_SERIES) -> Any:
    if len(repayments):
        cash, repayments = align(cash=cash, repayments=repayments)
        return float(np.sum(cash * repayments))
    return float(np.sum(cash))


def XLC_TABLE(cash: Series, rate: Series) -> Any:
    cash, rate = align(cash=cash, rate=rate)
    return np.column_stack([cash, cash * rate])


def XLC_PATH(cash: Series, measure: Literal["total", "worst", "series"] = "total") -> Any:
    worst = float(cash.min()) if len(cash) > 1 else CellError("#N/A", "one period has no worst")
    return pick(measure, total=float(cash.sum()), worst=worst, series=cash)


def XLC_NEXT(periods: Whole, rate: Scalar = 0.5) -> Any:
    return periods + rate


def XLC_LABEL(period_labels: Labels) -> Any:
    return period_labels[-1]


def XLC_DAYS(dates: Dates) -> Any:
    return dates


def XLC_SEEN(cell: Cell) -> Any:
    return repr(cell)


def XLC_BROKEN(value: Number) -> Any:
    raise KeyError("a bug")


def XLC_NOTHING(value: Number) -> Any:
    return None


@dataclass(frozen=True)
class Terms:
    loan: float
    rate: float
    balloon: float = 5.0


def XLC_TERMS(terms: Terms) -> Any:
    return terms.loan * terms.rate + terms.balloon


def the(python: Any) -> Function:
    return describe(python, "xlcredit: Tests")


def run(python: Any, *raw: Any) -> Any:
    return evaluate(the(python), raw)


def error_of(python: Any, *raw: Any) -> CellError:
    with pytest.raises(CellError) as caught:
        run(python, *raw)
    return caught.value


# --- one cell -------------------------------------------------------------------------------


def test_a_scalar_call_gives_a_plain_float() -> None:
    assert type(run(XLC_SUM, 2)) is float
    assert run(XLC_SUM, 2, 3) == 5.0
    assert run(XLC_SUM, np.int32(2)) == 3.0


@pytest.mark.parametrize("blank", [None, OMITTED, "", [[None]], np.ma.masked, pd.NaT])
def test_every_blank_is_the_default(blank: Any) -> None:
    assert run(XLC_SUM, 2, blank) == 3.0


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


def test_a_word_about_a_number_that_is_none() -> None:
    assert error_of(XLC_SUM, True).reason == "value must be a number; got TRUE"
    assert error_of(XLC_SUM, "12").reason == 'value must be a number; got the text "12"'
    assert error_of(XLC_SUM, 10**400).reason == "value is too large a number"
    assert error_of(XLC_SUM, datetime.date(2026, 1, 2)).reason.endswith("got date 2026-01-02")
    assert error_of(XLC_SUM, "x" * 99).reason.endswith(f'the text "{"x" * 40}..."')
    assert error_of(XLC_NEXT, 10**5000) == CellError("#NUM!")
    assert error_of(XLC_PATH, 1.0, 10**5000).reason.endswith("got too long to show")


def test_a_whole_number_is_whole() -> None:
    assert run(XLC_NEXT, 3.0) == 3.5
    assert error_of(XLC_NEXT, 2.5) == CellError("#NUM!")
    assert error_of(XLC_NEXT, 1e300) == CellError("#NUM!")


def test_an_exception_never_escapes() -> None:
    assert error_of(XLC_BROKEN, 1.0) == CellError("#VALUE!")
    assert error_of(XLC_BROKEN, 1.0).reason == "XLC_BROKEN failed: KeyError: 'a bug'"
    assert error_of(XLC_NOTHING, 1.0).reason.startswith("XLC_NOTHING failed: TypeError")


def test_infinity_is_an_error() -> None:
    assert error_of(XLC_TOTAL, [1e308, 1e308]) == CellError("#NUM!")


def test_an_unknown_function_is_told_with_the_nearest() -> None:
    with pytest.raises(CellError, match=r"#NAME\? .*did you mean XLC_RENT\?"):
        call("xlc_rents")


def test_a_cell_argument_sees_everything() -> None:
    assert run(XLC_SEEN, CellError("#REF!", "gone")) == "CellError('#REF!', 'gone')"
    assert run(XLC_SEEN, None) == "None"
    assert error_of(XLC_SEEN) == CellError("#VALUE!")


# --- elementwise ranges ---------------------------------------------------------------------


def test_ranges_broadcast_like_numpy() -> None:
    assert run(XLC_SUM, [1, 2], [[10, 20, 30]]) == [[11.0, 21.0, 31.0], [12.0, 22.0, 32.0]]


def test_ranges_that_do_not_fit_are_named() -> None:
    error = error_of(XLC_SUM, [1, 2], [1, 2, 3])
    assert error.reason == "ranges do not fit together: value 2x1, threshold 3x1"


def test_a_block_beyond_memory_is_refused() -> None:
    long = np.zeros(100_000)
    assert "100000x100000" in error_of(XLC_SUM, long, long[None, :]).reason


def test_each_bad_cell_is_an_error_in_its_own_place() -> None:
    cells = [1.0, "x", None, True, np.nan, 13.0, 1000.0, CellError("#REF!", "gone")]
    got = [row[0] for row in run(XLC_SUM, cells)]
    assert got[0] == 2.0
    codes = ["#VALUE!", "#VALUE!", "#VALUE!", "#NUM!", "#N/A", "#NUM!", "#REF!"]
    assert [error.code for error in got[1:]] == codes
    assert got[5].reason == "value must not be 13"
    assert got[7].reason == "gone"


def test_a_blank_cell_of_a_range_is_the_default() -> None:
    assert run(XLC_SUM, 1.0, [10.0, None, ""]) == [[11.0], [2.0], [2.0]]
    assert run(XLC_SUM, 1.0, [10.0, np.datetime64("NaT", "D")]) == [[11.0], [2.0]]


def test_the_left_argument_s_error_stands_where_two_meet() -> None:
    left, right = CellError("#REF!"), CellError("#N/A")
    assert run(XLC_SUM, [1.0, left], [right, right]) == [[right], [left]]


def test_an_error_spreads_along_what_it_broadcasts_to() -> None:
    bad = CellError("#N/A")
    assert run(XLC_SUM, [bad, 1.0], [[1.0, 2.0]]) == [[bad, bad], [2.0, 3.0]]
    assert run(XLC_SUM, [1.0, 2.0], [[bad, 2.0]]) == [[bad, 3.0], [bad, 4.0]]


def test_the_body_never_sees_a_value_outside_its_domain() -> None:
    got = run(XLC_PICKY, [4.0, -1.0, np.inf, "x", 9.0])
    assert [row[0] for row in got] == [2.0, *[CellError("#NUM!")] * 2, CellError("#VALUE!"), 3.0]


def test_ragged_rows_and_deeper_lists_are_refused() -> None:
    for raw in ([[1.0, 2.0], [3.0]], [[1.0], 2.0], np.zeros((2, 2, 2)), [[np.zeros(2)]]):
        assert error_of(XLC_SUM, raw) == CellError("#VALUE!")
        assert error_of(XLC_SUM, raw).reason.startswith("value")
    assert run(XLC_SUM, [[[1.0]], [2.0]])[1] == [3.0]


def test_rows_may_be_tuples_or_arrays() -> None:
    assert run(XLC_SUM, (np.array([1.0, 2.0]), [3.0, 4.0])) == [[2.0, 3.0], [4.0, 5.0]]


def test_words_keep_their_length_beyond_the_first_chunk() -> None:
    values = np.zeros(CHUNK + 2)
    values[-2:] = 2.0, np.nan
    assert run(XLC_WORD, values)[-3:] == [["NO"], ["YES"], ["CHECK"]]


def test_a_later_chunk_may_hold_words_where_the_first_held_numbers() -> None:
    values = np.full(CHUNK + 1, 20.0)
    values[-1] = 5.0
    assert run(XLC_MIXED, values)[-2:] == [[20.0], ["small"]]
    assert run(XLC_MIXED, -values + 10)[-2:] == [["small"], ["small"]]


@pytest.mark.parametrize("shape", [(CHUNK + 5, 1), (1, CHUNK + 5), (3, CHUNK), (CHUNK, 3)])
def test_chunks_and_their_faults_fall_into_place(shape: tuple[int, int]) -> None:
    values = np.arange(np.prod(shape), dtype=float).reshape(shape) / 1e6
    values[-1, -1] = 13.0
    got = run(XLC_SUM, values)
    assert got[-1][-1] == CellError("#N/A")
    got[-1][-1] = 14.0
    np.testing.assert_array_equal(got, values + 1.0)


def test_text_broadcasts_and_its_errors_stay_in_place() -> None:
    assert run(XLC_TEXT, ["a", " b "], "!") == [["a!"], ["b!"]]
    assert run(XLC_TEXT, "a", ["!", None]) == [["a!"], ["aname"]]
    got = run(XLC_TEXT, ["a", 5.0, CellError("#REF!")], "!")
    assert got == [["a!"], [CellError("#VALUE!")], [CellError("#REF!")]]


# --- series ---------------------------------------------------------------------------------


def test_a_constant_stands_for_a_series() -> None:
    assert run(XLC_TOTAL, [1, 2, 3], 2) == 12.0
    assert run(XLC_TOTAL, [1, 2, 3], [[2]]) == 12.0


def test_series_of_different_length_are_told() -> None:
    assert "cash has 3, repayments has 2" in error_of(XLC_TOTAL, [1, 2, 3], [1, 2]).reason


def test_a_block_is_no_series() -> None:
    assert error_of(XLC_TOTAL, [[1, 2], [3, 4]]).reason.endswith("got 2x2 cells")
    assert error_of(XLC_TOTAL, np.zeros((2, 2))) == CellError("#VALUE!")


def test_a_bad_period_is_told_with_its_position() -> None:
    assert error_of(XLC_TOTAL, [1.0, None, 2.0]).reason.endswith("in position 2 of 3")
    assert error_of(XLC_TOTAL, [1.0, 2.0, np.nan]).reason.endswith("in position 3 of 3")


def test_an_error_comes_before_complaints() -> None:
    error = CellError("#REF!", "gone")
    assert error_of(XLC_TOTAL, ["x", error]).reason == "gone"
    assert error_of(XLC_TOTAL, "x", [1.0, error]).reason == "gone"
    assert error_of(XLC_TERMS, [["rate", error], ["nonsense", 1.0]]).reason == "gone"
    assert error_of(XLC_TERMS, {"nonsense": 1.0, "rate": error}).reason == "gone"


def test_a_schedule_lies_along_its_first_vector() -> None:
    column = [[10.0, 1.0], [20.0, 2.0]]
    assert run(XLC_TABLE, [10, 20], 0.1) == column
    assert run(XLC_TABLE, [[10, 20]], 0.1) == [[10.0, 20.0], [1.0, 2.0]]
    assert run(XLC_TABLE, 10, [[0.1, 0.2]]) == [[10.0, 10.0], [1.0, 2.0]]
    assert run(XLC_TABLE, [10, 20], [[0.1, 0.1]]) == column


def test_an_infinite_figure_of_a_schedule_is_an_error_in_its_place() -> None:
    assert run(XLC_TABLE, [1.0, 1e300], 1e300)[1][1] == CellError("#NUM!")


def test_measures() -> None:
    assert run(XLC_PATH, [1, 2]) == 3.0
    assert run(XLC_PATH, [1, 2], "ALL") == [["total", 3.0], ["worst", 1.0]]
    assert run(XLC_PATH, [[1, 2]], "series") == [[1.0, 2.0]]
    assert run(XLC_PATH, 1, "all") == [["total", 1.0], ["worst", CellError("#N/A")]]
    assert error_of(XLC_PATH, 1, "worst").reason == "one period has no worst"


def test_require_stops_a_series() -> None:
    with pytest.raises(CellError, match="got 2"):
        require(np.array([True, False]), "got {}", 2.0)


# --- labels and dates -----------------------------------------------------------------------


def test_labels_are_text_numbers_or_dates() -> None:
    assert run(XLC_LABEL, ["Q1", "Q2"]) == "Q2"
    assert run(XLC_LABEL, [1, 2]) == 2.0
    assert run(XLC_LABEL, np.array(["2026-01-31"], dtype="datetime64[ns]")) == datetime.date(
        2026, 1, 31
    )
    assert error_of(XLC_LABEL, ["Q1", {}]).reason.endswith("in position 2 of 2")


def test_serials_before_march_1900_follow_excel() -> None:
    first, last, lost, march = (
        datetime.date(1900, 1, 1),
        datetime.date(1900, 2, 28),
        datetime.date(1900, 2, 28),
        datetime.date(1900, 3, 1),
    )
    assert run(XLC_DAYS, [1, 59, 60, 61]) == [[first], [last], [lost], [march]]
    for serial in (0, -1, 2_958_466, 1e300):
        assert error_of(XLC_DAYS, serial) == CellError("#NUM!")
    assert run(XLC_DAYS, 2_958_465.99) == datetime.date(9999, 12, 31)


# --- pandas ---------------------------------------------------------------------------------


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


# --- terms ----------------------------------------------------------------------------------


def test_terms_come_as_rows_a_frame_or_a_mapping() -> None:
    expected = 15.0
    assert run(XLC_TERMS, [["Loan", 100], ["RATE", 0.1]]) == expected
    assert run(XLC_TERMS, {"rate": 0.1, "loan": 100}) == expected
    assert run(XLC_TERMS, pd.DataFrame([["loan", 100], ["rate", 0.1]])) == expected
    assert run(XLC_TERMS, [["loan", 100], ["rate", 0.1], ["balloon", None]]) == expected


@pytest.mark.parametrize(
    ("block", "told"),
    [
        ([["loan", 1.0]], "rate is required"),
        ([["loan", 1.0], ["Loan", None]], "loan is given twice"),
        ([["lone", 1.0]], "did you mean loan?"),
        ([[5.0, 1.0]], "5.0 is not a label"),
        ([["loan", -1.0]], "loan must be a number at least 0; got -1"),
        ([["loan", 1.0, 2.0]], "two columns"),
        (7.0, "two columns"),
        (np.ones((2, 2)), "1.0 is not a label"),
    ],
)
def test_a_bad_block_is_told(block: Any, told: str) -> None:
    assert told in error_of(XLC_TERMS, block).reason


# --- what may be defined --------------------------------------------------------------------


def test_a_name_or_a_word_outside_the_rules_is_refused() -> None:
    def LTV(value: Number) -> Any: ...

    def XLC_ODD(nonsense: Number) -> Any: ...

    def XLC_ORDER(value: Number = 0.0, threshold: Number = None, *, loan: Number) -> Any: ...

    for python in (LTV, XLC_ODD, XLC_ORDER):
        with pytest.raises(ValueError, match=python.__name__):
            describe(python, "xlcredit: Tests")


# --- speed and memory -----------------------------------------------------------------------


def test_an_error_that_is_passed_on_keeps_no_stack_alive() -> None:
    given = CellError("#REF!", "gone")
    for raw in (given, [1.0, given]):
        for python in (XLC_SUM, XLC_TOTAL):
            with contextlib.suppress(CellError):
                run(python, raw)
    assert given.__traceback__ is None


def test_good_cells_cost_no_python_step_each() -> None:
    """The lines that run for a long column are as many as for a short one."""

    def lines(n: int) -> int:
        import sys

        count = 0

        def trace(frame: Any, event: str, _: Any) -> Any:
            nonlocal count
            count += event == "line"
            return trace

        column = [1.0] * n
        column[1] = None  # type: ignore[call-overload]
        sys.settrace(trace)
        try:
            run(XLC_SUM, column)
        finally:
            sys.settrace(None)
        return count

    assert lines(CHUNK) == lines(100)


def test_memory_stays_within_twice_inputs_and_result() -> None:
    n = 2 * CHUNK
    column = [[float(i)] for i in range(n)]
    run(XLC_SUM, column[:2])
    gc.collect()
    tracemalloc.start()
    try:
        values = [list(row) for row in column]
        inputs = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        got = run(XLC_SUM, values)
        both, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(got) == n
    assert inputs < both
    assert peak <= 2 * both


@pytest.mark.parametrize("made", [list, tuple, np.array, pd.Series])
def test_a_range_of_two_cells_is_both(made: Any) -> None:
    """One cell less would be a single cell, which is another thing."""
    assert run(XLC_SUM, made([1.0, 2.0])) == [[2.0], [3.0]]
    assert run(XLC_SUM, made([1.0])) == 2.0
    assert grid("value", grid("value", [1.0, "x"])).flat == [1.0, "x"]
