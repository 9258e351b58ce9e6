"""The boundary's own rules, on functions small enough to see through."""

from __future__ import annotations

import gc
import re
import tracemalloc
from typing import Any

import numpy as np
import pytest

from xlcredit.errors import CellError
from xlcredit.functions import REGISTRY, Kept, call, evaluate
from xlcredit.worksheet.boundary import CHUNK

from .samples import (
    XLC_BROKEN,
    XLC_NOTHING,
    XLC_SUM,
    XLC_TABLE,
    XLC_TERMS,
    XLC_TOTAL,
    error_of,
    run,
)

# --- one cell -------------------------------------------------------------------------------


def test_a_scalar_call_gives_a_plain_float() -> None:
    assert type(run(XLC_SUM, 2)) is float
    assert run(XLC_SUM, 2, 3) == 5.0
    assert run(XLC_SUM, np.int32(2)) == 3.0


def test_an_exception_never_escapes() -> None:
    assert error_of(XLC_BROKEN, 1.0) == CellError("#VALUE!")
    assert error_of(XLC_BROKEN, 1.0).reason == "XLC_BROKEN failed: KeyError: 'a bug'"
    assert error_of(XLC_NOTHING, 1.0).reason.startswith("XLC_NOTHING failed: TypeError")


def test_infinity_is_an_error() -> None:
    assert error_of(XLC_TOTAL, [1e308, 1e308]) == CellError("#NUM!")


def test_an_unknown_function_is_told_with_the_nearest() -> None:
    with pytest.raises(CellError, match=r"#NAME\? .*did you mean XLC_RENT\?"):
        call("xlc_rents")


# --- elementwise ranges ---------------------------------------------------------------------


def test_ranges_broadcast_like_numpy() -> None:
    assert run(XLC_SUM, [1, 2], [[10, 20, 30]]) == [[11.0, 21.0, 31.0], [12.0, 22.0, 32.0]]


def test_ranges_that_do_not_fit_are_named() -> None:
    error = error_of(XLC_SUM, [1, 2], [1, 2, 3])
    assert error.reason == "ranges do not fit together: value 2x1, threshold 3x1"


def test_a_block_beyond_memory_is_refused() -> None:
    long = np.zeros(100_000)
    assert "100000x100000" in error_of(XLC_SUM, long, long[None, :]).reason


def test_the_left_argument_s_error_stands_where_two_meet() -> None:
    left, right = CellError("#REF!"), CellError("#N/A")
    assert run(XLC_SUM, [1.0, left], [right, right]) == [[right], [left]]


def test_an_error_spreads_along_what_it_broadcasts_to() -> None:
    bad = CellError("#N/A")
    assert run(XLC_SUM, [bad, 1.0], [[1.0, 2.0]]) == [[bad, bad], [2.0, 3.0]]
    assert run(XLC_SUM, [1.0, 2.0], [[bad, 2.0]]) == [[bad, 3.0], [bad, 4.0]]


@pytest.mark.parametrize("shape", [(CHUNK + 5, 1), (1, CHUNK + 5), (3, CHUNK), (CHUNK, 3)])
def test_chunks_and_their_faults_fall_into_place(shape: tuple[int, int]) -> None:
    values = np.arange(np.prod(shape), dtype=float).reshape(shape) / 1e6
    values[-1, -1] = 13.0
    got = run(XLC_SUM, values)
    assert got[-1][-1] == CellError("#N/A")
    got[-1][-1] = 14.0
    np.testing.assert_array_equal(got, values + 1.0)


# --- series ---------------------------------------------------------------------------------


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


# --- speed and memory -----------------------------------------------------------------------


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


def test_a_series_that_is_given_again_is_read_once() -> None:
    function, kept = REGISTRY["XLC_DSCR"], Kept()
    cash, service = [[3.0, 4.0, 5.0]], [[2.0, 2.0, 2.0]]
    plain = evaluate(function, [cash, service, "min"])
    assert evaluate(function, [cash, service, "min"], kept) == plain
    held = len(kept)
    assert held == 2
    assert evaluate(function, [cash, service, "min"], kept) == plain
    assert len(kept) == held
    true = [[True, 4.0, 5.0]]  # is not 1
    for given in (true, [[1.0, 4.0, 5.0]], true):
        try:
            expected = evaluate(function, [given, service, "min"])
        except CellError as error:
            with pytest.raises(CellError, match=re.escape(error.reason)):
                evaluate(function, [given, service, "min"], kept)
        else:
            assert evaluate(function, [given, service, "min"], kept) == expected
