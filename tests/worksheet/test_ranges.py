"""Ranges cell by cell: blanks, words, and errors in their own place."""

from __future__ import annotations

import numpy as np

from xlcredit.errors import CellError
from xlcredit.worksheet.boundary import CHUNK

from .samples import (
    XLC_MIXED,
    XLC_PICKY,
    XLC_SUM,
    XLC_TEXT,
    XLC_WORD,
    run,
)


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


def test_words_keep_their_length_beyond_the_first_chunk() -> None:
    values = np.zeros(CHUNK + 2)
    values[-2:] = 2.0, np.nan
    assert run(XLC_WORD, values)[-3:] == [["NO"], ["YES"], ["CHECK"]]


def test_a_later_chunk_may_hold_words_where_the_first_held_numbers() -> None:
    values = np.full(CHUNK + 1, 20.0)
    values[-1] = 5.0
    assert run(XLC_MIXED, values)[-2:] == [[20.0], ["small"]]
    assert run(XLC_MIXED, -values + 10)[-2:] == [["small"], ["small"]]


def test_text_broadcasts_and_its_errors_stay_in_place() -> None:
    assert run(XLC_TEXT, ["a", " b "], "!") == [["a!"], ["b!"]]
    assert run(XLC_TEXT, "a", ["!", None]) == [["a!"], ["aname"]]
    got = run(XLC_TEXT, ["a", 5.0, CellError("#REF!")], "!")
    assert got == [["a!"], [CellError("#VALUE!")], [CellError("#REF!")]]


def test_the_body_never_sees_a_value_outside_its_domain() -> None:
    got = run(XLC_PICKY, [4.0, -1.0, np.inf, "x", 9.0])
    assert [row[0] for row in got] == [2.0, *[CellError("#NUM!")] * 2, CellError("#VALUE!"), 3.0]
