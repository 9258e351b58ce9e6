"""What a recalculation tells: changes, errors with their reasons, warnings."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from xlcredit.errors import CellError, RecalcError
from xlcredit.recalc import recalculate

from .conftest import RENTS, Calculate


def test_changes_against_what_was_saved(committee_book: Path, tmp_path: Path) -> None:
    first = recalculate(committee_book, tmp_path / "out.xlsx", functions={})
    # 72 formulas in the flow, 6 in the summary, and 2 more cells of its array.
    assert first.cells == 78
    assert {c.kind for c in first.changes} == {"no saved value"}
    assert len(first.changes) == 80
    later = recalculate(tmp_path / "out.xlsx", functions={}, inputs={"rent": 2.6})
    change = later.changes[0]
    assert (change.sheet, change.cell, change.kind) == ("Cash flow", "B2", "changed")
    assert change.saved == pytest.approx(RENTS[0])
    assert change.now == pytest.approx(RENTS[0] * 2.6 / 2.5)
    assert change.formula == "=rent*(1-decline)^(A2/12)"


def test_errors_have_reasons(calculate: Calculate) -> None:
    result = calculate(
        Debt={
            "A1": "=XLC_FAIL()",
            "A2": "=A1+1",
            "A3": "=SUM(A1:A2)",
            "A4": "=XLC_WHY(A1)",
            "A5": '=IFERROR(XLC_FAIL(),"caught")',
            "A6": "=1/0",
            "B1": ("B1:C3", "=XLC_BLOCK()"),
        },
        Cash_flow={"A1": "=Debt!A1", "A2": "=broken*2", "A3": "=XLC_WHY(bad)"},
        names={"bad": "Debt!$A$1"},
    )
    told = {f"{e.sheet}!{e.cell}": (e.code, e.reason) for e in result.errors}
    assert told == {
        "Debt!A1": ("#NUM!", "decline must be below 1; got 1.2"),
        "Debt!A2": ("#NUM!", "error in Debt!A1"),
        "Debt!A3": ("#NUM!", "error in Debt!A1"),
        "Debt!A6": ("#DIV/0!", "a number is divided by zero or by an empty cell"),
        "Debt!C2": ("#NUM!", "no price for the H100"),
        "Debt!B3": ("#N/A", "the result is smaller than the range of the array formula"),
        "Debt!C3": ("#N/A", "the result is smaller than the range of the array formula"),
        "Cash flow!A1": ("#NUM!", "error in Debt!A1"),
        "Cash flow!A2": ("#NAME?", "a name is not defined in this workbook"),
    }
    assert result.value("Debt", "A4") == "decline must be below 1; got 1.2"
    assert result.value("Cash flow!A3") == "decline must be below 1; got 1.2"
    assert result.value("Debt!A5") == "caught"
    assert result.value("bad") == CellError("#NUM!")
    assert result.functions_called == {"XLC_BLOCK": 1, "XLC_FAIL": 2, "XLC_WHY": 2}
    assert result.value("'Cash flow'!Z9") is None
    for wrong in (("Debt", "ZZ"), ("Dept", "A1"), ("Debt!A1:A2",), ("goood",)):
        with pytest.raises(RecalcError, match=r"is not (a cell|the name of a cell)"):
            result.value(*wrong)
    assert pickle.loads(pickle.dumps(result)) == result


def test_volatile_functions_are_warned_of(calculate: Calculate) -> None:
    result = calculate({"B2": "=TODAY()", "B3": "=SUM(RAND(),1)"})
    assert [w.split(";")[0] for w in result.warnings] == [
        "S!B2: TODAY gives another answer each time",
        "S!B3: RAND gives another answer each time",
    ]
