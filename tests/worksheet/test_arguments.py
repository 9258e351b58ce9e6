"""Arguments: what a cell, a series, a label, a date or a block of terms may hold."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from xlcredit.errors import CellError
from xlcredit.functions import OMITTED

from .samples import (
    XLC_DAYS,
    XLC_LABEL,
    XLC_NEXT,
    XLC_PATH,
    XLC_SEEN,
    XLC_SUM,
    XLC_TERMS,
    XLC_TOTAL,
    error_of,
    run,
)


@pytest.mark.parametrize("blank", [None, OMITTED, "", [[None]], np.ma.masked, pd.NaT])
def test_every_blank_is_the_default(blank: Any) -> None:
    assert run(XLC_SUM, 2, blank) == 3.0


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


def test_a_cell_argument_sees_everything() -> None:
    assert run(XLC_SEEN, CellError("#REF!", "gone")) == "CellError('#REF!', 'gone')"
    assert run(XLC_SEEN, None) == "None"
    assert error_of(XLC_SEEN) == CellError("#VALUE!")


def test_a_constant_stands_for_a_series() -> None:
    assert run(XLC_TOTAL, [1, 2, 3], 2) == 12.0
    assert run(XLC_TOTAL, [1, 2, 3], [[2]]) == 12.0


def test_a_block_is_no_series() -> None:
    assert error_of(XLC_TOTAL, [[1, 2], [3, 4]]).reason.endswith("got 2x2 cells")
    assert error_of(XLC_TOTAL, np.zeros((2, 2))) == CellError("#VALUE!")


def test_a_bad_period_is_told_with_its_position() -> None:
    assert error_of(XLC_TOTAL, [1.0, None, 2.0]).reason.endswith("in position 2 of 3")
    assert error_of(XLC_TOTAL, [1.0, 2.0, np.nan]).reason.endswith("in position 3 of 3")
    assert "position" not in error_of(XLC_TOTAL, ["x"]).reason  # one cell has no other


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
        assert "is not a date serial" in error_of(XLC_DAYS, serial).reason
    assert run(XLC_DAYS, 2_958_465.99) == datetime.date(9999, 12, 31)


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
