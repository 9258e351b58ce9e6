"""Numbers as files spell them: what Excel and people write, and nothing else that Python reads."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlcredit.numerals import Written, decimal, whole


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_number_is_read_back(number: float) -> None:
    read = decimal(repr(number))
    assert read == number
    assert math.copysign(1.0, read) == math.copysign(1.0, number)


@given(st.integers(0, 10**10 - 1))
def test_every_whole_number_is_read_back(number: int) -> None:
    assert whole(str(number)) == number


@pytest.mark.parametrize(
    "text", ["", " ", ".", "nan", "inf", "1e999", "1_000", "1,5", "0x1", "١", "1e"]
)
def test_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        decimal(text)


@pytest.mark.parametrize("text", ["", "-1", "+1", "1.0", "1_0", " 1", "1\n", "٣", "9" * 11])
def test_no_whole_number(text: str) -> None:
    with pytest.raises(ValueError, match="is not a whole number"):
        whole(text)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_no_number_that_a_program_writes_has_two_readings(number: float) -> None:
    """Python, and whatever writes the shortest decimals, ends no number in three zeros."""
    assert Written(repr(number)).two_readings("USD") == ""


@pytest.mark.parametrize(
    ("text", "unit", "told"),
    [
        ("8.000", "units", "8.000 is 8000 or 8; write 8000 or 8"),
        ("8.125", "units", "8.125 is 8125 or 8.125; write 8125 or 8.1250"),
        ("-250.000", "USD", "-250.000 is -250000 or -250; write -250000 or -250"),
        ("250.125", "USD", ""),
        ("2.000", "USD/GPU-hour", ""),
        ("0.125", "units", ""),
        ("57600.000", "units", ""),
    ],
)
def test_what_is_counted_has_no_decimals(text: str, unit: str, told: str) -> None:
    assert Written(text).two_readings(unit) == told
    assert Written(text) == float(text)
    for clear in told.rpartition("write ")[2].split(" or ") if told else ():
        assert Written(clear).two_readings(unit) == ""  # the remedy has one


def test_a_reading_beyond_the_most_is_none() -> None:
    assert Written("60.000").two_readings("months", high=72, whole=True) == ""
    assert Written("60.000").two_readings("months", high=60_000, whole=True)
