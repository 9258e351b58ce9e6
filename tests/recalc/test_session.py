"""Recalculation from file to file, seen by the programs that people read workbooks with."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import python_calamine

from xlcredit.errors import RecalcError
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package
from xlcredit.ooxml.place import Place
from xlcredit.recalc import recalculate
from xlcredit.recalc.outcome import NOT_CALCULATED
from xlcredit.recalc.routing import ENGINES
from xlcredit.recalc.run import MISSING, Run

from .conftest import RENTS, Make, parts


def test_every_reader_sees_the_values(committee_book: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.xlsx"
    result = recalculate(committee_book, target, functions={})
    total = math.fsum(RENTS)
    assert result.value("total") == pytest.approx(total)

    sheet = openpyxl.load_workbook(target, data_only=True)
    assert [r[0].value for r in sheet["Cash flow"]["B2:B25"]] == pytest.approx(RENTS)
    summary = sheet["Summary"]
    assert summary["B1"].value == pytest.approx(total)
    assert summary["B2"].value == "#DIV/0!"
    assert summary["B3"].value == " H100 <SXM>\n"
    assert summary["B4"].value is True
    assert summary["B5"].value == dt.datetime(2027, 3, 31)
    assert [summary[f"D{r}"].value for r in (1, 2, 3)] == pytest.approx([2 * x for x in RENTS[:3]])

    for reader in ("openpyxl", "calamine"):
        frame = pd.read_excel(target, sheet_name="Cash flow", engine=reader)
        assert list(frame["rent"]) == pytest.approx(RENTS)
        assert list(frame["coverage"]) == ["PASS" if x >= 1.25 else "BREACH" for x in RENTS]

    rows = python_calamine.load_workbook(target).get_sheet_by_name("Summary").to_python()
    assert rows[0][1] == pytest.approx(total)
    assert rows[2][1] == " H100 <SXM>\n"
    assert rows[4][1] == dt.date(2027, 3, 31)


def test_only_values_change(committee_book: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.xlsx"
    recalculate(committee_book, target, functions={}, inputs={"rent": 3})
    before, after = parts(committee_book), parts(target)
    assert list(before) == list(after)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {
        "xl/workbook.xml",
        *(f"xl/worksheets/sheet{i}.xml" for i in (1, 2, 3)),
    }
    old, new = openpyxl.load_workbook(committee_book), openpyxl.load_workbook(target)
    for sheet in old:
        for row in sheet.iter_rows():
            for cell in row:
                other = new[sheet.title][cell.coordinate]
                assert other.style_id == cell.style_id
                if cell.data_type == "f":
                    assert _text(other.value) == _text(cell.value)
    assert new["Inputs"]["B1"].value == 3
    assert b'calcId="191029"' in after["xl/workbook.xml"]
    assert b"fullCalcOnLoad" not in after["xl/workbook.xml"]


def _text(value: object) -> object:
    return getattr(value, "text", value)


def test_twice_gives_the_same_bytes(committee_book: Path, tmp_path: Path) -> None:
    once, twice, again = (tmp_path / f"{i}.xlsx" for i in range(3))
    recalculate(committee_book, once, functions={})
    recalculate(committee_book, again, functions={})
    result = recalculate(once, twice, functions={})
    assert result.changes == []
    assert once.read_bytes() == twice.read_bytes() == again.read_bytes()


def test_the_source_is_not_overwritten_unless_asked(make: Make) -> None:
    path = make({"A1": "=1+1"})
    before = path.read_bytes()
    with pytest.raises(Exception, match="would be overwritten"):
        recalculate(path, path, functions={})
    assert path.read_bytes() == before
    recalculate(path, path, functions={}, overwrite=True)
    assert openpyxl.load_workbook(path, data_only=True)["S"]["A1"].value == 2


def test_a_target_that_cannot_be_written_leaves_nothing(make: Make, tmp_path: Path) -> None:
    path = make({"A1": "=1+1"})
    there = sorted(tmp_path.iterdir())
    with pytest.raises(Exception, match="cannot be written"):
        recalculate(path, path / "out.xlsx", functions={})  # no folder can be made of a file
    with pytest.raises(Exception, match="is a folder"):
        recalculate(path, tmp_path, functions={})
    assert sorted(tmp_path.iterdir()) == there


@pytest.mark.parametrize(
    "formula",
    [
        *("=A3", "=A3+1", "=SUM(A1:A9)", "=SUM(A:A)", "=1/A3", '=A3&"x"', "=IF(A3>0,1,2)"),
        *("=IFERROR(1/A3,5)", "=SUM(S!$A$1:A3)", "=total*2", "=SUBTOTAL(9,A1:A3)"),
    ],
)
@pytest.mark.parametrize("engine", ["auto", *ENGINES])
def test_a_formula_that_reads_its_own_cell_is_no_number(
    engine: str, formula: str, make: Make
) -> None:
    """A total that counts itself in is the commonest circle, and 0 would be read as a figure."""
    path = make({"A1": 2.0, "A3": formula, "B1": "=A3*2"}, names={"total": "S!$A$3"})
    result = recalculate(path, functions={}, engine=engine)
    told = {doubt.cell: doubt for doubt in result.unsure}
    assert told["A3"].outcome == NOT_CALCULATED and "refers to itself" in told["A3"].reason
    assert "B1" in told and not isinstance(result.value("S", "B1"), float)


def test_a_formula_that_asks_where_it_stands_reads_no_value(make: Make) -> None:
    cells = {"A1": 1.0, "A2": 2.0, "A3": "=SUM(A1:OFFSET(A3,-1,0))", "B1": "=ROW()-ROW(B1)"}
    cells |= {"B2": '=CELL("row",B2)', "B3": "=ROWS($B$1:B3)", "B4": "=COLUMN(B4)-2"}
    result = recalculate(make(cells), functions={}, engine="strict")
    values = [result.value("S", cell) for cell in ("A3", "B1", "B2", "B3", "B4")]
    assert (values, result.doubts) == ([3, 0, 2, 3, 0], [])


def test_an_input_may_lead_past_a_circle_and_back(make: Make) -> None:
    path = make({"A1": 1.0, "A3": "=IF(A1>0,A3,7)", "B1": "=A3*2"})
    run = Run(Book(Package(path)), ENGINES["strict"](), {}, {})
    shown = []
    for flag in (1.0, 0.0, 1.0, 0.0):
        run.engine.set("S", 1, 1, flag)
        run.again()
        shown.append([run.values[Place("S", *at)] for at in ((3, 1), (1, 2))])
        assert bool(run.refused) == bool(flag)
    assert shown == [[MISSING, MISSING], [7, 14]] * 2


def test_circular_formulas_calculate_only_if_the_workbook_allows_them(make: Make) -> None:
    path = make({"A1": "=A2*0.5+1", "A2": "=A1"})
    for engine in ("auto", *ENGINES):
        with pytest.raises(RecalcError, match=r"S!A1: =A2\*0.5\+1 refers to itself"):
            recalculate(path, functions={}, engine=engine, strict=True)
    book = openpyxl.load_workbook(path)
    book.calculation.iterate = True
    book.save(path)
    assert recalculate(path, functions={}).value("S", "A1") == pytest.approx(2, abs=0.01)


def test_the_real_functions(make: Make, tmp_path: Path) -> None:
    rows = {f"A{r}": 100.0 + r for r in range(1, 13)} | {f"B{r}": 80.0 for r in range(1, 13)}
    path = make(
        rows
        | {
            "C1": "=XLC_DSCR(A1:A12,B1:B12)",
            "C2": '=_xldudf_BANK_XLC_DSCR(A1:A12,B1:B12,"average",)',
            "C3": "=XLC_COVENANT(C1,1.2)",
            "C4": "=XLC_COVENANT(1/0,1.2)",
            "C5": "=XLC_RENT(2.5,1.5,12)",
            "C6": "=XLC_WHY(C5)",
            "D1": ("D1:D3", "=XLC_RENT(2.5,0.3,{0;12;24})"),
        }
    )
    result = recalculate(path, tmp_path / "out.xlsx")
    assert result.value("S", "C1") == pytest.approx(101 / 80)
    assert result.value("S", "C2") == pytest.approx(106.5 / 80)
    assert result.value("S", "C3") == "PASS"
    assert result.value("S", "C4") == "CHECK"
    assert [result.value("S", f"D{r}") for r in (1, 2, 3)] == pytest.approx([2.5, 1.75, 1.225])
    (fault,) = result.errors
    assert (fault.cell, fault.code) == ("C5", "#NUM!")
    assert "decline" in fault.reason
    assert fault.reason in str(result.value("S", "C6"))
    assert result.functions_called["XLC_DSCR"] == 2
