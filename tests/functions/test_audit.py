"""The manual of every function, and the reasons behind errors."""

from __future__ import annotations

import json

import pytest

from tests.functions.cases import every_function
from xlcredit._version import __version__
from xlcredit.errors import CODES, CellError
from xlcredit.functions import REGISTRY, Function, call
from xlcredit.functions.audit import MOST_CHARACTERS
from xlcredit.worksheet.explain import MOST_IN_BLOCK, as_json, as_markdown, manual


@every_function
def test_the_manual_is_complete(function: Function) -> None:
    page = manual(function)
    assert page.summary
    assert page.examples
    assert page.returns
    assert [p.name for p in page.parameters] == [p.name for p in function.parameters]
    for argument, parameter in zip(page.parameters, function.parameters, strict=True):
        assert argument.meaning
        assert argument.unit == parameter.word.unit
        assert argument.required == parameter.required
    for example in page.examples:
        assert example.formula.startswith(f"={function.name}(")
    for code, reason in page.raises:
        assert code in CODES
        assert reason


@every_function
def test_the_manual_fits_a_sheet(function: Function) -> None:
    rows = call("XLC_EXPLAIN", function.name)
    assert all(len(row) == 2 for row in rows)
    assert all(0 < len(text) <= MOST_IN_BLOCK for _, text in rows)
    assert not [cell for row in rows for cell in row if cell.startswith(("#", "="))]
    whole = "".join(text for _, text in rows)
    assert "``" not in whole
    assert len(whole) <= MOST_CHARACTERS


def test_the_manual_speaks_the_language_of_the_sheet() -> None:
    page = manual(REGISTRY["XLC_RENT"])
    assert page.unit == "USD/GPU-hour"
    assert page.examples[0].formula == "=XLC_RENT(2.5, 0.3, {0;12;24})"
    assert page.examples[0].result == "{2.5;1.75;1.225}"
    assert "| `[floor]` |" in as_markdown(page)
    assert json.loads(as_json([page]))[0]["parameters"][0]["name"] == "rent"


@pytest.mark.parametrize("name", ["XLC_DUAL_LTV", "dual_ltv", " =xlc_dual_ltv(A1, B1) "])
def test_a_function_is_found_however_it_is_written(name: str) -> None:
    assert call("XLC_EXPLAIN", name)[0][1].startswith("XLC_DUAL_LTV(")


@pytest.mark.parametrize(
    ("name", "code", "told"),
    [
        ("dual_lvt", "#N/A", "XLC_DUAL_LTV"),
        ("", "#VALUE!", "a blank"),
        (3.0, "#VALUE!", "got 3.0"),
        ([["a", "b"]], "#VALUE!", "a range"),
        (CellError("#REF!", "gone"), "#REF!", "gone"),
    ],
)
def test_what_is_no_function_is_an_error(name: object, code: str, told: str) -> None:
    with pytest.raises(CellError) as caught:
        call("XLC_EXPLAIN", name)
    assert caught.value.code == code
    assert told in caught.value.reason


def test_why() -> None:
    with pytest.raises(CellError) as caught:
        call("XLC_RENT", 2.5, 1.2, 12)
    assert call("XLC_WHY", caught.value) == "decline must be a number below 1; got 1.2"
    assert call("XLC_WHY", [[1.0, caught.value], [2.0, 3.0]]).startswith("decline must")
    assert call("XLC_WHY", [[1.0, 2.0]]) == "There is no error in the range."
    assert call("XLC_WHY", 1.35) == "There is no error: the cell holds 1.35."
    assert call("XLC_WHY", None) == "There is no error: the cell holds a blank."
    assert len(call("XLC_WHY", CellError("#NUM!", "x" * 40_000))) == MOST_CHARACTERS


@pytest.mark.parametrize("code", CODES)
def test_an_error_without_a_reason_gets_the_general_one(code: str) -> None:
    assert len(call("XLC_WHY", CellError(code))) > 20


def test_version() -> None:
    assert call("XLC_VERSION") == __version__
