"""The nearest name after a slip of the fingers; mostly none after another word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlcredit.functions import REGISTRY
from xlcredit.hints import did_you_mean, nearest

LONG = sorted(name for name in REGISTRY if len(name) > len("XLC_") + 6)


@given(st.sampled_from(LONG), st.data())
def test_one_slip_is_found_among_all_functions(name: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(len("XLC_"), len(name) - 2))
    swapped = name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    left_out = name[:at] + name[at + 1 :]
    for slip in (swapped, left_out, name.lower()):
        assert name in nearest(slip, REGISTRY)


@pytest.mark.parametrize("word", ["", "XLC_", "qqqq", "SUMPRODUCT"])
def test_another_word_has_no_suggestion(word: str) -> None:
    assert nearest(word, REGISTRY) == []
    assert did_you_mean(word, REGISTRY) == ""


def test_several_are_joined_and_no_more_than_asked_for() -> None:
    known = ["rent_a", "rent_b", "rent_c"]
    assert did_you_mean("rent_x", known, 2).count(" or ") == 1
    assert len(nearest("rent_x", known, 2)) == 2
