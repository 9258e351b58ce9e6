"""Functions that the embedded engine gets wrong, as Excel computes them."""

from __future__ import annotations

import mpmath
import pytest

from xlcredit.errors import CellError
from xlcredit.recalc import LibreOffice, recalculate
from xlcredit.recalc.outcome import DEPENDS

from .conftest import Calculate, Make

DEPRECIATION = [
    "DDB(1000,100,6,{p},2)",
    "DDB(1000,100,6,{p}.5)",
    "DDB(1000,500,3,{p},1.5)",
    "DB(1000,100,6,{p})",
    "DB(1000,100,6,{p},7)",
]


PAYMENTS = [
    "IPMT(0.1,{p},6,8000,0,1)",
    "IPMT(0.1,{p},6,8000,-500,1)",
    "IPMT(0.1,{p},6,8000)",
    "PPMT(0.02,{p},6,8000,0,1)",
    "PPMT(0.02,{p},6,8000,,0)",
    "CUMIPMT(0.1,6,8000,{p},6,1)",
    "CUMPRINC(0.1,6,8000,1,{p},1)",
    "CUMIPMT(0.1,6,8000,1,{p},0)",
]


@pytest.mark.libreoffice
def test_corrected_functions_agree_with_libreoffice(make: Make, office: LibreOffice) -> None:
    formulas = [f.format(p=p) for f in DEPRECIATION + PAYMENTS for p in range(1, 6)]
    path = make({f"A{r}": f"={f}" for r, f in enumerate(formulas, 1)})
    ours = recalculate(path, functions={})
    for formula, (theirs, *_), mine in zip(
        formulas, office.values(path)["S"], ours.values["S"].values(), strict=True
    ):
        if isinstance(theirs, CellError):
            assert isinstance(mine, CellError), formula
        else:
            assert mine == pytest.approx(theirs, rel=1e-9, abs=1e-9), formula


def test_corrected_functions_answer_errors(calculate: Calculate) -> None:
    cells = {
        "A1": "=IPMT(0.1,9,6,8000)",
        "A2": '=PPMT("a",1,6,8000)',
        "A3": "=IPMT(1/0,1,6,8000)",
        "A4": "=CUMIPMT(0,6,8000,1,2,1)",
        "A5": "=DDB(1000,100,6,7)",
        "A6": "=IPMT(0.1,1,6,8000,0,1)",
        "A7": "=PPMT(0,1,6,600)",
    }
    result = calculate(cells)
    assert [str(v) if isinstance(v, CellError) else v for v in result.values["S"].values()] == [
        "#NUM!",
        "#VALUE!",
        "#DIV/0!",
        "#NUM!",
        "#NUM!",
        0.0,
        -100.0,
    ]
    assert result.errors[0].reason == "period 9 is not between 1 and 6"
    assert result.functions_called == {}


def test_the_tangent_beside_a_pole_is_told(calculate: Calculate) -> None:
    cells: dict[str, object] = {
        "A1": 0.785,
        "A2": 100.0,
        "A3": 134217727.0,
        "A4": 1.5707963267948966,
    }
    cells |= {f"B{row}": f"=TAN(A{row})" for row in range(1, 5)}
    cells |= {"B5": "=TAN(2^27)", "B6": "=B4*0+1"}
    result = calculate(cells)
    with mpmath.workdps(40):
        for row in range(1, 4):
            exact = float(mpmath.tan(mpmath.mpf(cells[f"A{row}"])))
            assert result.value("S", f"B{row}") == pytest.approx(exact, rel=1e-12)
    assert result.value("S", "B5") == CellError("#NUM!")
    told = {doubt.cell: doubt.outcome for doubt in result.unsure}
    assert told == {"B4": "disputed", "B6": DEPENDS}


def test_the_text_of_a_formula_that_was_given_otherwise_is_refused(make: Make) -> None:
    path = make({"A1": "=XLC_RENT(2.5,0.3,12)", "A2": "=_xlfn.FORMULATEXT(A1)", "A3": "=A1"})
    result = recalculate(path, engine="strict")
    assert result.value("S", "A1") == result.value("S", "A3")
    assert [fault.cell for fault in result.not_calculated] == ["A2"]
