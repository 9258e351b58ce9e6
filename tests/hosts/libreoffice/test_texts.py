"""Text that a worksheet function answers is text to Calc's own formulas, or is told to be none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.functions.cases import answer, every_function, example, replaced
from tests.hosts.libreoffice.conftest import Calculate, Place, book, in_calc
from xlcredit.functions import Function, Parameter
from xlcredit.hosts.libreoffice.package import FIGURES
from xlcredit.recalc import LibreOffice

#: The status of a loan of one period, by the cash that there is to pay it.
STATUS = (
    '=XLC_REPAYMENT({{"loan",10;"rate",0.1;"periods_per_year",1;"grace_periods",0}},'
    '{{10}},{{{0}}},,,,"status")'
)

#: A formula, and what it must give if the text in it is compared.
COMPARED: list[tuple[str, Any]] = [
    # the call itself
    ('=IF(XLC_COVENANT(1.2,1.1)="PASS",1,2)', 1.0),
    ('=IF(XLC_COVENANT(1,1.1)="BREACH",1,2)', 1.0),
    ('=IF(XLC_COVENANT("",1.1)="CHECK",1,2)', 1.0),
    ('=IF("breach"=XLC_COVENANT(1,1.1),1,2)', 1.0),
    ('=IF(XLC_COVENANT(1,1.1)<>"BREACH",1,2)', 2.0),
    ('=_xlfn.SWITCH(XLC_COVENANT(1,1.1),"PASS",1,"BREACH",2,3)', 2.0),
    ('=MATCH(XLC_COVENANT(1,1.1),{"PASS","BREACH"},0)', 2.0),
    ('=COUNTIF(A1:D1,XLC_COVENANT(1,1.1))', 1.0),
    ('=IF(XLC_FIRST_BREACH({"Q1","Q2"},{2,1},1.5)="Q2",1,2)', 1.0),
    ('=IF(XLC_GPU("h100 pcie","successor")="H200-NVL",1,2)', 1.0),
    ('=IF(LEFT(XLC_WHY(Z1),17)="There is no error",1,2)', 1.0),
    ('=IF(XLC_VERSION()=XLC_VERSION(),1,2)', 1.0),
    # through cells: A1 PASS, B1 BREACH, C1 a status
    ('=IF(A1="PASS",1,2)', 1.0),
    ('=IF(B1="BREACH",1,2)', 1.0),
    ('=COUNTIF(A1:D1,"PASS")', 1.0),
    ('=COUNTIF(A1:D1,"BRE*")', 1.0),
    ('=COUNTIFS(A1:D1,"BREACH")', 1.0),
    ('=SUMPRODUCT(--(A1:D1="BREACH"))', 1.0),
    ('=MATCH("BREACH",A1:D1,0)', 2.0),
    ('=HLOOKUP("BREACH",A1:D1,1,FALSE)', "BREACH"),
    ('=IF(C1="payment_default",1,2)', 1.0),
    ('=IF(D1="repaid",1,2)', 1.0),
    # verdicts of a range: E1:G1
    ('=IF(F1="BREACH",1,2)', 1.0),
    ('=COUNTIF(E1:G1,"BREACH")', 2.0),
    ('=MATCH("BREACH",E1:G1,0)', 2.0),
    ('=SUMPRODUCT(--(XLC_COVENANT({2,1,1},1.5)="BREACH"))', 2.0),
    ('=IF(INDEX(XLC_COVENANT({2,1,1},1.5),1,2)="BREACH",1,2)', 1.0),
    ('=VLOOKUP("unit",XLC_EXPLAIN("XLC_RENT"),2,FALSE)', "USD/GPU-hour"),
    # a block of text beside figures, H1:I5: its figures count and its text shows, but in the
    # cells of an array formula that text equals none; asked one at a time it does
    ('=SUM(H1:I1)', 0.999),
    ('=INDEX(XLC_SOURCE("confidence"),1,2)', 0.999),
    ('=IF(H2="unit",1,2)', 2.0),
    ('=COUNTIF(H1:H5,"unit")', 0.0),
    ('=ISNA(MATCH("unit",H1:H5,0))', 1.0),
    ('=IF(H2&""="unit",1,2)', 1.0),
    ('=IF(EXACT(H2,"unit"),1,2)', 1.0),
    ('=IF(INDEX(XLC_SOURCE("confidence"),2,2)="share",1,2)', 1.0),
    ('=INDEX(XLC_SOURCE("confidence"),MATCH("unit",INDEX(XLC_SOURCE("confidence"),0,1),0),2)',
     "share"),
]  # fmt: skip


def _cells() -> dict[Place, Any]:
    cells: dict[Place, Any] = {
        (1, 1): "=XLC_COVENANT(1.2,1.1)",
        (1, 2): "=XLC_COVENANT(1,1.1)",
        (1, 3): STATUS.format(5),
        (1, 4): STATUS.format(11),
        (1, 5): ("=XLC_COVENANT({2,1,1},1.5)", (1, 3)),
        (1, 8): ('=XLC_SOURCE("confidence")', (5, 2)),
    }
    return cells | {(row, 1): formula for row, (formula, _) in enumerate(COMPARED, 2)}


@pytest.mark.libreoffice
@pytest.mark.parametrize("office", ["calc", "delegated"])
def test_calc_compares_text(
    calculate: Calculate, office: str, request: pytest.FixtureRequest
) -> None:
    rows = calculate(_cells(), request.getfixturevalue(office))["Sheet"]
    assert rows[0][:7] == [
        "PASS",
        "BREACH",
        "payment_default",
        "repaid",
        "PASS",
        "BREACH",
        "BREACH",
    ]
    wrong = [
        f"{formula} gives {row[0]!r}, not {expected!r}"
        for (formula, expected), row in zip(COMPARED, rows[1:], strict=True)
        if row[0] != expected
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.libreoffice
def test_what_calc_saves_compares_alike(
    calc: LibreOffice, plain_office: LibreOffice, tmp_path: Path
) -> None:
    """The file that Calc writes: its stored values, and calculated again when it is opened."""
    path = tmp_path / "saved.xlsx"
    in_calc(book(tmp_path / "source.xlsx", {"Sheet": _cells()}), path)
    for office in (plain_office, calc):
        rows = office.values(path)["Sheet"]
        assert [row[0] for row in rows[1:]] == [expected for _, expected in COMPARED]


@every_function
def test_what_is_declared_as_figures_is_no_text(function: Function) -> None:
    """Calc is told so of each function before it is called; text would compare as no text.

    Text may only be the labels beside figures, as of the measure all.
    """
    if function.result not in FIGURES:
        return
    measures = [p for p in function.parameters if "all" in p.choices]
    for arguments in (example(function), *(_with(function, p, "all") for p in measures)):
        given = answer(function.name, *arguments)
        rows = given if isinstance(given, list) else [[given]]
        assert not [row[-1] for row in rows if isinstance(row[-1], str)]


def _with(function: Function, parameter: Parameter, argument: Any) -> list[Any]:
    return replaced(example(function), function.parameters.index(parameter), argument)
