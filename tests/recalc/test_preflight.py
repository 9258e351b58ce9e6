"""What the embedded engine would get wrong is refused before it calculates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from xlcredit.errors import RecalcError
from xlcredit.recalc import recalculate

from .conftest import Calculate, Make, edit_part

REFUSED = [
    ("=MMULT(A1:B2,A1:B2)", "the function MMULT is not known here"),
    ("=XLC_SEN(1)", "there is no function XLC_SEN; did you mean XLC_SEEN?"),
    ("=_xlfn.LAMBDA(_xlpm.x,_xlpm.x+1)(1)", "LAMBDA cannot be calculated here"),
    ("=_xlfn.MAP(A1:A2,_xlfn.LAMBDA(_xlpm.x,1))", "the function MAP is not known here"),
    ("=COUPDAYS(1,2,3)", "COUPDAYS cannot be calculated here; compute the days"),
    ("=VDB(1,2,3,4,5)", "the function VDB is not known here"),
    ("=SUM(Deals[rent])", "the table reference Deals[rent] is not calculated"),
    ("=SUM(S:T!A1)", "S:T!A1 reads several sheets at once"),
    ("=SUM('S 1:T 2'!A1:B2)", "'S 1:T 2'!A1:B2 reads several sheets at once"),
    ("=[1]Rates!$A$1", "[1]Rates!$A$1 reads another workbook"),
    (r"='C:\[rates.xlsx]Rates'!A1", r"'C:\[rates.xlsx]Rates'!A1 reads another workbook"),
    ("=SUM(A1:A3 A2:B2)", "the intersection of A1:A3 and A2:B2 is not calculated"),
    ("=SUM((A1,B2))", "joins ranges with a comma"),
    ('=INDIRECT("R1C1",FALSE)', "INDIRECT with a second argument"),
    ("=A1:A3", "A1:A3 is several cells where one value is needed"),
    ("=A1:A3*2", "A1:A3 is several cells where one value is needed"),
    ("=SUM((A1:A3)*2)", "A1:A3 is several cells where one value is needed"),
    ("=IF(A:A>1,1,2)", "A:A is several cells where one value is needed"),
    ("=2*S!A1:A3", "S!A1:A3 is several cells where one value is needed"),
    ("=SUM(book*2)", "book is several cells where one value is needed"),
    ("=_xlfn.SINGLE(A1:A3)", "@A1:A3 is not calculated"),
    ("=_xlfn.SEQUENCE(3)", "has several values; enter it as an array formula"),
    ("=C3+1", "refers to itself"),
    ("=DB(1000,100,6,1.5)", "life 6 and period 1.5 must be whole numbers"),
    ("=IPMT(A1:A3,1,2,3)", "it is given a range; use a formula for each cell"),
    ("=SUM(A1", "it ends in the middle"),
    ("=[1]S!A1)", "=[1]S!A1) cannot be read as a formula"),
]


@pytest.mark.parametrize(("formula", "message"), REFUSED)
def test_what_cannot_be_calculated_is_refused(
    formula: str, message: str, make: Make, functions: dict[str, Any], tmp_path: Path
) -> None:
    names = {"book": "S!$A$1:$A$3"}
    path = make({"A1": 1, "A2": 2, "C3": formula, "C9": "=1+1"}, names=names)
    with pytest.raises(RecalcError) as caught:
        recalculate(
            path, tmp_path / "out.xlsx", functions=functions, engine="embedded", strict=True
        )
    assert message in str(caught.value)
    assert str(caught.value).startswith("S!C3: ")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out.xlsx").exists()


@pytest.mark.parametrize(
    "formula",
    [
        "=SUM(A1:A3)*2",
        "=-SUM(A1:A3)",
        "=SUMPRODUCT((A1:A3>1)*A1:A3)",
        "=INDEX(A1:A3,2)+1",
        "=SUM(A1:INDEX(A1:A3,2))",
        '=IF(A1=1,"see [1] A1:A3 * (a, b)","")',
        "=ROWS(book)*2",
        "=A1 + A2",
        "=NPV(0.1,A1:A3)-A1",
        "=COUNTIF(A:A,1)",
    ],
)
def test_what_looks_suspicious_and_is_not(formula: str, calculate: Calculate) -> None:
    result = calculate({"A1": 1, "A2": 2, "C3": formula}, names={"book": "S!$A$1:$A$3"})
    assert result.errors == []


def test_all_problems_are_counted(make: Make) -> None:
    path = make({"A1": "=MMULT(B1,B1)", "A2": "=SUM(T[a])", "A3": "=T[b]"})
    with pytest.raises(RecalcError, match=r"\(and 2 more\)$"):
        recalculate(path, functions={}, engine="embedded", strict=True)


def test_the_embedded_engine_leaves_data_tables_and_1904_to_the_strict_one(make: Make) -> None:
    path = make({"A1": 3, "B1": "=A1*2", "A2": 5, "A3": 7, "B2": "=2"})
    edit_part(
        path,
        "xl/worksheets/sheet1.xml",
        ("<f>2</f>", '<f t="dataTable" ref="B2:B3" dt2D="0" dtr="0" r1="A1"/>'),
    )
    embedded = recalculate(path, functions={}, engine="embedded")
    assert [d.reason for d in embedded.not_calculated] == [
        "data tables are not calculated; write the grid as formulas"
    ] * 2
    result = recalculate(path, functions={})
    assert [result.value("S", c) for c in ("B1", "B2", "B3")] == [6, 10, 14]
    path = make({"A1": 1000, "A2": "=YEAR(A1)"})
    book = openpyxl.load_workbook(path)
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    book.save(path)
    assert recalculate(path, functions={}).value("S", "A2") == 1906
    (left, *_) = recalculate(path, functions={}, engine="embedded").not_calculated
    assert "this workbook from 1904" in left.reason
