"""Formula text: the spellings of all hosts, omitted arguments, arrays, and what is refused."""

from __future__ import annotations

import pytest

from xlcredit.errors import RecalcError
from xlcredit.ooxml.spelling import plain_name
from xlcredit.recalc import recalculate
from xlcredit.recalc.dialect import fit

from .conftest import Calculate, Make, Recorder


@pytest.mark.parametrize(
    "stored",
    [
        "XLC_SEEN",
        "xlc_seen",
        "@XLC_SEEN",
        "_xll.XLC_SEEN",
        "_xludf.XLC_SEEN",
        "_xlfn.XLC_SEEN",
        "_xldudf_XLC_SEEN",
        "_xldudf_BANK_XLC_SEEN",
        "_xldudf_MY_OWN_BANK_XLC_SEEN",
        "[1]!XLC_SEEN",
        "[12]!XLC_SEEN",
        r"'C:\Users\O''Hara\x (1).xlam'!XLC_SEEN",
        "xlcredit.xlam!XLC_SEEN",
    ],
)
def test_every_spelling(stored: str, calculate: Calculate, recorder: Recorder) -> None:
    assert plain_name(stored, {"XLC_SEEN"}) == "XLC_SEEN"
    assert plain_name(stored + "S", {"XLC_SEEN"}) is None
    result = calculate({"A1": 5, "B1": f"=1+{stored}(A1,2)"})
    assert result.value("S!B1") == 3
    assert recorder.calls == [(5.0, 2.0)]


def test_fit() -> None:
    assert fit([[1]], 2, 2, "-") == [[1, 1], [1, 1]]
    assert fit([[1, 2]], 2, 3, "-") == [[1, 2, "-"], [1, 2, "-"]]
    assert fit([[1], [2]], 3, 2, "-") == [[1, 1], [2, 2], ["-", "-"]]
    assert fit([[1, 2], [3, 4]], 1, 1, "-") == [[1]]


def test_broken_names_do_no_harm_until_they_are_used(make: Make) -> None:
    names = {"old": "#REF!$A$1", "far": "[2]Rates!$A$1", "list": "Deals[rent]"}
    assert recalculate(make({"A1": "=1+1"}, names=names), functions={}).value("S!A1") == 2
    with pytest.raises(RecalcError, match=r"S!A1: uses the name far: .* reads another workbook"):
        recalculate(
            make({"A1": "=far+1"}, names=names), functions={}, engine="embedded", strict=True
        )
