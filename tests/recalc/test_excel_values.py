"""Formulas with the value that Excel gives: kinds of mistakes that engines make.

Values are from Microsoft's documentation or by hand; each formula stands alone in its workbook.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import openpyxl
import pytest

from xlcredit.errors import CellError
from xlcredit.recalc import recalculate

from .conftest import Make, edit_part

ABC = {"A1": "a", "A2": "b", "A3": "c", "B1": 1, "B2": 2, "B3": 4}
NA, NUM, VALUE = (CellError(code) for code in ("#N/A", "#NUM!", "#VALUE!"))
FLOWS = {"A1": -100, "A2": 60, "A5": 60}

CASES: list[tuple[str, dict[str, Any], Any]] = [
    # criteria that are arrays, errors and patterns
    ('SUM(SUMIFS(B1:B3,A1:A3,{"a","b"}))', ABC, 3),
    ('SUM(COUNTIF(A1:A3,{"a","b"}))', ABC, 2),
    ("SUMPRODUCT(SUMIF(A1:A3,D1:D2,B1:B3))", ABC | {"D1": "a", "D2": "c"}, 5),
    ('SUMIF(A1:A3,"a",B1:B3)', {"A1": "a", "A2": "b", "A3": "a", "B1": 1, "B3": "=NA()"}, NA),
    ('COUNTIFS(A:A,"<>0")', {"A1": 1, "A2": 0, "A3": 3}, 1048575),
    ('COUNTIF(A1:A3,"<>23")', {"A1": 23, "A2": "'23", "A3": 1}, 2),
    ("COUNTIF(A1:A3,A1)", {"A1": "=NA()", "A2": 1, "A3": "=NA()"}, 2),
    ('SUMIF(A:A,"<>x",B:B)', {"A1": "x", "A2": "y", "B1": 1, "B2": 2, "B3": 4}, 6),
    # comparisons at 15 digits, differences that are zero
    ('IF(A1/B1<=0.7,"PASS","BREACH")', {"A1": "=0.1*7", "B1": 1}, "PASS"),
    ("0.1+0.2=0.3", {}, True),
    ('IF(SUM(A1:A3)=B1,"OK","ERR")', {"A1": 0.1, "A2": 0.2, "A3": 0.3, "B1": 0.6}, "OK"),
    ("A1-A2", {"A1": 43357947.32002162, "A2": 43357947.32002163}, 0),
    # functions of one value over a range
    ('SUMPRODUCT(--ISNUMBER(SEARCH("a",A1:A3)),B1:B3)', ABC | {"A1": "xa", "A3": "a"}, 5),
    ("SUMPRODUCT(LEN(A1:A2))", {"A1": "xx", "A2": "y"}, 3),
    ("SUMPRODUCT((MOD(ROW(A1:A4),2)=0)*A1:A4)", {"A1": 1, "A2": 2, "A3": 4, "A4": 8}, 10),
    ("SUMPRODUCT((YEAR(A1:A2)=2026)*B1:B2)", {"A1": 46023, "A2": 45000, "B1": 3, "B2": 5}, 3),
    ("SUM(LARGE(A1:A4,{1,2}))", {"A1": 1, "A2": 2, "A3": 4, "A4": 8}, 12),
    # blanks, last values, arguments left out
    ("IRR(A1:A5)", FLOWS, 0.13066238629180752),
    ("MIRR(A1:A5,0.1,0.1)", FLOWS, 0.12249721603218244),
    ("LOOKUP(9.99E+307,A1:A5)", {"A1": 3, "A2": 2, "A3": 9}, 9),
    ("MATCH(9.99E+307,A1:A5)", {"A1": 3, "A2": 2, "A3": 9}, 3),
    ('LOOKUP(2,1/(A1:A5<>""),A1:A5)', {"A1": "a", "A2": "b", "A4": "c"}, "c"),
    ("SUM(_xlfn.SEQUENCE(,12,,2.5))", {}, 177),
    (
        "INDEX(LINEST(A1:A4,B1:B4,,TRUE),1,1)",
        {"A1": 3, "A2": 5, "A3": 7, "A4": 9.5, "B1": 1, "B2": 2, "B3": 3, "B4": 4},
        2.15,
    ),
    # text
    ('"LTV "&A1*100&"%"', {"A1": 0.55}, "LTV 55%"),
    ('1/3&""', {}, "0.333333333333333"),
    ('A1*A1&""', {"A1": 1.1}, "1.21"),
    ('TEXT(-1234.5,"#,##0_);(#,##0)")', {}, "(1,235)"),
    ('TEXT(-1234.5,"$#,##0_);($#,##0)")', {}, "($1,235)"),
    ('TEXT(0,"#,##0_);(#,##0);-_)")', {}, "- "),
    ('TEXT(1.5,"0.0x_)")', {}, "1.5x "),
    ('TEXT(123456789012,"0.00E+0")', {}, "1.23E+11"),
    ('TEXT(1.25,"# ?/?")', {}, "1 1/4"),
    ("EDATE(A1,3)", {"A1": "2026-01-01"}, 46113),
    ("PV(A1,5,500)", {"A1": "0.05"}, -2164.738335308),
    ("A1+1", {"A1": "1,200"}, 1201),
    # functions at the edge of their domain
    ("XNPV(-0.3,A1:A2,B1:B2)", {"A1": -1, "A2": 2, "B1": 45000, "B2": 45400}, NUM),
    ("ACCRINT(DATE(2007,3,1),DATE(2008,8,31),DATE(2008,5,1),0.1,1000,2,0)", {}, 116.944444444444),
    ("CEILING(-2.5,-2)", {}, -4),
    ("CEILING(-2.5,2)", {}, -2),
    ("CEILING(2,-2)", {}, NUM),
    ("FLOOR(-2.5,-2)", {}, -2),
    ("CEILING(2,0)", {}, 0),
    ("0^0", {}, NUM),
    ("POWER(0,0)", {}, NUM),
    ("EDATE(45000,TRUE)", {}, VALUE),
    (
        "INDEX(FREQUENCY(A1:A5,B1:B2),1)",
        {"A1": 1, "A2": 5, "A3": 12, "A4": 3, "A5": 20, "B1": 10, "B2": 4},
        1,
    ),
    ("MODE(A1:A4)", {"A1": 2, "A2": 1, "A3": 1, "A4": 2}, 2),
    ("LEFT(TRUE,2)", {}, "TR"),
    (
        'DSUM(A1:B4,"v",D1:D2)',
        {
            "A1": "c",
            "B1": "v",
            "A2": "Berlin",
            "B2": 1,
            "A3": "Berlin East",
            "B3": 2,
            "A4": "Rome",
            "B4": 4,
            "D1": "c",
            "D2": '="=Berlin"',
        },
        1,
    ),
    ("ISFORMULA(A1)", {"A1": "=1+1"}, True),
    ("FORMULATEXT(A1)", {"A1": "=SUM(B1,B2)*2"}, "=SUM(B1,B2)*2"),
    # references that are not read
    ("ROW(Z1)", {}, 1),
    ("ROWS(Z$1:Z1)", {}, 1),
    ("OFFSET(Z1,MATCH(2,A1:A3,0),0)", {"A1": 1, "A2": 2, "Z3": 7}, 7),
    ("IF(B1=1,B2,0)", {"B1": 0, "B2": "=Z1+1"}, 0),
    # functions that the embedded engine lacks
    ("SUM(MMULT(A1:A2,B1:C1))", {"A1": 1, "A2": 2, "B1": 3, "C1": 4}, 21),
    ("VDB(2400,300,10,0,0.875,1.5)", {}, 315),
    ("DURATION(DATE(2018,7,1),DATE(2048,1,1),0.08,0.09,2,1)", {}, 10.919145281591925),
    ("PRICEDISC(DATE(2018,2,16),DATE(2018,3,1),0.0525,100,2)", {}, 99.81041666666667),
    ("FVSCHEDULE(1,{0.09,0.11,0.1})", {}, 1.33089),
    ('SUM(_xlfn._xlws.FILTER(B1:B3,A1:A3<>"b"))', ABC, 5),
    ("_xlfn.REDUCE(0,B1:B3,_xlfn.LAMBDA(_xlpm.a,_xlpm.b,_xlpm.a+_xlpm.b))", ABC, 7),
    ("SUM(S:T!A1)", {"A1": 3, "T!A1": 4}, 7),
    ("SUM(A1:A3 A2:B2)", {"A1": 1, "A2": 2, "A3": 4}, 2),
    ("SUM((A1,A3))", {"A1": 1, "A2": 2, "A3": 4}, 5),
    ('INDIRECT("R2C1",FALSE)', {"A2": 9}, 9),
    ("SUM (A1:A3)", {"A1": 1, "A2": 2, "A3": 4}, 7),
]


def made(
    make: Make, cells: dict[str, Any], formula: str, names: dict[str, str] | None = None
) -> Any:
    sheets: dict[str, dict[str, Any]] = {"S": {"Z1": f"={formula}"}}
    for key, value in cells.items():
        sheet, _, cell = key.rpartition("!")
        text = value.startswith("'") if isinstance(value, str) else False
        sheets.setdefault(sheet or "S", {})[cell] = value[1:] if text else value
    return make(**sheets, names=names)


def same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, int | float) and not isinstance(other, bool):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
    return bool(one == other and isinstance(one, bool) == isinstance(other, bool))


@pytest.mark.parametrize(("formula", "cells", "value"), CASES, ids=[c[0] for c in CASES])
def test_excels_value(formula: str, cells: dict[str, Any], value: Any, make: Make) -> None:
    path = made(make, cells, formula)
    if "'23" in cells.values():
        book = openpyxl.load_workbook(path)
        book["S"]["A2"].data_type = "s"
        book.save(path)
    result = recalculate(path)
    shown = result.value("S", "Z1")
    assert same(shown, value), (shown, [str(d) for d in result.doubts])


NAMES: list[tuple[str, dict[str, str], dict[str, Any], Any]] = [
    ("rel*2", {"rel": "S!$A1"}, {"A1": 8}, 16),
    ("SUM(dyn)", {"dyn": "OFFSET(S!$A$1,0,0,COUNTA(S!$A:$A),1)"}, {"A1": 1, "A2": 2, "A3": 3}, 6),
    ("sel", {"sel": 'INDIRECT("cur_"&S!$D$1)', "cur_eur": "S!$A$1"}, {"A1": 100, "D1": "eur"}, 100),
    ("SUM(both)", {"both": "S!$A$1,S!$A$3"}, {"A1": 1, "A2": 2, "A3": 4}, 5),
    ("SUM(scaled)", {"total": "SUM(S!$A$1:$A$3)", "scaled": "total*2"}, {"A1": 1, "A3": 4}, 10),
    ("SUM(three*2)", {"three": "{1,2,3}"}, {}, 12),
    ("INDEX(list,2)", {"list": "{1,2,3}"}, {}, 2),
]


@pytest.mark.parametrize(("formula", "names", "cells", "value"), NAMES, ids=[n[0] for n in NAMES])
def test_names(
    formula: str, names: dict[str, str], cells: dict[str, Any], value: Any, make: Make
) -> None:
    assert same(recalculate(made(make, cells, formula, names)).value("S", "Z1"), value)


def test_a_first_sheet_called_sheet1_in_any_case(make: Make) -> None:
    cells = {"A1": 5, "A2": 6, "B1": "=INDEX(A1:A2,2)", "B2": "=OFFSET(A1,1,0)"}
    for name in ("SHEET1", "sheet1", "Sheet1"):
        path = make(**{name: cells | {"B3": '=INDIRECT("A2")'}})
        result = recalculate(path)
        assert [result.value(name, f"B{r}") for r in (1, 2, 3)] == [6, 6, 6]


def test_implicit_intersection_takes_the_cell_of_the_row(make: Make) -> None:
    cells = {f"A{r}": v for r, v in enumerate(("x", "yy", "zzz"), 1)}
    path = make(cells | {"C3": "=LEN(A1:A3)", "D2": '=CONCATENATE(A1:A3,"!")', "E2": "=A1:A3"})
    result = recalculate(path)
    assert [result.value("S", c) for c in ("C3", "D2", "E2")] == [3, "yy!", "yy"]


def test_data_tables_of_two_inputs(make: Make) -> None:
    cells = {"A1": 2, "A2": 3, "B4": "=A1*10+A2", "C4": 1, "D4": 5, "B5": 7, "B6": 9, "C5": "=1"}
    path = make(cells)
    edit_part(
        path,
        "xl/worksheets/sheet1.xml",
        ("<f>1</f>", '<f t="dataTable" ref="C5:D6" dt2D="1" dtr="1" r1="A1" r2="A2"/>'),
    )
    target = path.with_name("out.xlsx")
    result = recalculate(path, target)
    grid = [[result.value("S", f"{c}{r}") for c in "CD"] for r in (5, 6)]
    assert grid == [[17, 57], [19, 59]]
    saved = openpyxl.load_workbook(target, data_only=True)["S"]["C5:D6"]
    assert [[cell.value for cell in row] for row in saved] == grid  # its first cell too


def test_circular_interest_settles(make: Make) -> None:
    path = make({"A4": 6, "A5": "=0.1*(A4+A6)", "A6": "=A4+A5"})
    book = openpyxl.load_workbook(path)
    book.calculation.iterate = True
    book.calculation.iterateCount = 100
    book.calculation.iterateDelta = 0.001
    book.save(path)
    result = recalculate(path)
    assert result.value("S", "A5") == pytest.approx(4 / 3, rel=1e-7)
    (told,) = result.warnings
    assert "2 formulas stand in a circle" in told
    assert "100 rounds or at a change below 0.001" in told


def test_a_link_is_told(make: Make) -> None:
    told = recalculate(make({"A1": "=[1]Rates!$B$2*2", "A2": "=A1"})).warnings
    assert ["reads another workbook" in line and line.startswith("S!A1") for line in told] == [True]
    assert recalculate(make({"A1": "=[1]!XLC_DSCR(150,100)"})).warnings == []


def test_hidden_rows_in_subtotals(make: Make) -> None:
    path = make(
        {"A1": 1, "A2": 2, "A3": 4, "B1": "=SUBTOTAL(109,A1:A3)", "B2": "=SUBTOTAL(9,A1:A3)"}
    )
    book = openpyxl.load_workbook(path)
    book["S"].row_dimensions[2].hidden = True
    book.save(path)
    result = recalculate(path)
    assert (result.value("S", "B1"), result.value("S", "B2")) == (5, 7)


def test_precision_as_displayed(make: Make) -> None:
    path = make({"A1": "=1/3", "A2": "=A1*3"})
    book = openpyxl.load_workbook(path)
    book["S"]["A1"].number_format = "0.00"
    book.calculation.fullPrecision = False
    book.save(path)
    assert recalculate(path).value("S", "A2") == pytest.approx(0.99)


def test_dates_of_1904(make: Make) -> None:
    path = make({"A1": dt.date(2026, 1, 1), "A2": "=YEAR(A1)"})
    book = openpyxl.load_workbook(path)
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    book.save(path)
    assert recalculate(path).value("S", "A2") == 2026
