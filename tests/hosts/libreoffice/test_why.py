"""``XLC_WHY`` in Calc: the reason comes from calling again what the cell calls."""

from __future__ import annotations

from typing import Any

import openpyxl
import pytest
from openpyxl.workbook.defined_name import DefinedName

from tests.hosts.libreoffice.conftest import Calculate
from tests.hosts.libreoffice.examples import is_error
from xlcredit.recalc import LibreOffice

pytestmark = pytest.mark.libreoffice

DECLINE = "decline must be a number below 1; got 1.5"


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        ("=XLC_RENT(2.5,A1,12)", DECLINE),
        ("=XLC_RENT(2.5,150%,12)", DECLINE),
        ("=100*XLC_RENT(2.5,A1,12,,{6,7},{0.1,0.1})", DECLINE),
        ("=IF(A1>1,XLC_RENT(B1,'Cash flow'!A1,12),0)", DECLINE),
        ("=XLC_DSCR(XLC_RENT(2.5,A1,12),1)", DECLINE),
        ('=XLC_RENT(2.5,"a ""b""; c",12)', 'decline must be a number; got the text "a "b"; c"'),
        ("=XLC_DSCR(A1:A2,1)", "cfads holds #N/A"),
        ("=XLC_RENT(A2,0.1,12)", "rent holds #N/A"),
        ("=XLC_RENT(2.5,0.1)", "month is required and was not given"),
        ("=XLC_RENT(2.5,A1*1,12)", "an argument of XLC_RENT is a formula; put it in a cell of its"),
        ("=1/0", "the formula divides by zero or by a blank cell"),
        ("=A1", "There is no error: the cell holds 1.5."),
        ("=XLC_WHY(Z9)", "There is no error"),
    ],
)
def test_the_reason_of_one_cell(calculate: Calculate, formula: str, reason: str) -> None:
    cells = {(1, 1): 1.5, (2, 1): "=NA()", (1, 2): 2.5, (1, 3): formula, (1, 4): "=XLC_WHY(C1)"}
    shown = calculate(cells, **{"Cash flow": {(1, 1): 1.5}})["Sheet"][0][3]
    assert reason in shown


def test_names_of_cells(calc: LibreOffice, tmp_path: Any) -> None:
    book = openpyxl.Workbook()
    book.active["A1"], book.active["A2"] = "=XLC_RENT(2.5,fall,12)", "=XLC_WHY(A1)"
    book.create_sheet("Inputs")["B3"] = 1.5
    book.defined_names["fall"] = DefinedName("fall", attr_text="Inputs!$B$3")
    book.save(tmp_path / "names.xlsx")
    assert calc.values(tmp_path / "names.xlsx")["Sheet"][1] == [DECLINE]


@pytest.mark.parametrize("office", ["calc", "delegated"])
def test_the_reason_within_a_block(
    calculate: Calculate, office: str, request: pytest.FixtureRequest
) -> None:
    """Of a range, the first error; within a block, that of the cell itself."""
    cells: dict[Any, Any] = {
        (1, 1): ("=XLC_RENT(2.5,{0.1;1.5;2.5},12)", (3, 1)),
        (1, 2): "=XLC_WHY(A1:A3)",
        (2, 2): "=XLC_WHY(A2)",
        (3, 2): "=XLC_WHY(A3)",
        (4, 2): "=XLC_WHY(C1:D9)",
    }
    rows = calculate(cells, request.getfixturevalue(office))["Sheet"]
    assert is_error(rows[1][0], "#NUM!")
    assert [row[1] for row in rows] == [
        DECLINE,
        DECLINE,
        "decline must be a number below 1; got 2.5",
        "There is no error in the range.",
    ]


def test_the_reason_follows_the_cell(calc: LibreOffice, tmp_path: Any) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet["A1"], sheet["B1"], sheet["C1"] = 1.5, "=XLC_RENT(2.5,A1,12)", "=XLC_WHY(B1)"
    book.save(tmp_path / "follows.xlsx")
    for value, reason in ((1.5, DECLINE), (0.3, "There is no error: the cell holds 1.75.")):
        shown = calc.values(tmp_path / "follows.xlsx", {"Sheet!A1": value})
        assert shown["Sheet"][0][2] == reason
