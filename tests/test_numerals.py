"""Numbers as files spell them: what Excel and people write, and nothing else that Python reads."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlcredit.numerals import decimal, whole


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
