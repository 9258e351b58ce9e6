"""Recalculation from file to file, seen by the programs that people read workbooks with."""

from __future__ import annotations

import datetime as dt
import math
import pickle
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import python_calamine

from xlcredit.errors import CellError, RecalcError
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package
from xlcredit.recalc import LibreOffice, recalculate
from xlcredit.recalc.inputs import refuse_unread

from .conftest import Calculate, Make, parts

RENTS = [2.5 * 0.7 ** (month / 12) for month in range(1, 25)]


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


@pytest.mark.libreoffice
def test_libreoffice_agrees_cell_by_cell(
    committee_book: Path, tmp_path: Path, office: LibreOffice
) -> None:
    target = tmp_path / "out.xlsx"
    result = recalculate(committee_book, target, functions={}, inputs={"decline": 0.55})
    theirs = office.values(target)
    for sheet, cells in result.values.items():
        for (row, column), value in cells.items():
            other = theirs[sheet][row - 1][column - 1]
            assert other == (pytest.approx(value, rel=1e-12) if _is_number(value) else value)


def _is_number(value: object) -> bool:
    return isinstance(value, float)


@pytest.mark.libreoffice
def test_libreoffice_takes_inputs_and_prints(
    committee_book: Path, tmp_path: Path, office: LibreOffice
) -> None:
    values = office.values(committee_book, {"Inputs!B2": 0.0})
    assert values["Summary"][0][1] == pytest.approx(24 * 2.5)
    assert office.pdf(committee_book, tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")


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


def test_inputs_by_name_address_and_kind(committee_book: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.xlsx"
    inputs = {
        "RENT": 4,
        "Inputs!B2": 0.0,
        "closing": dt.date(2030, 1, 31),
        "gpu": " B200\n<Ultra>",
        "hedged": False,
        "Cash flow!H40": "new",
        "'Cash flow'!$H$41": 1.5,
    }
    result = recalculate(committee_book, target, functions={}, inputs=inputs)
    assert result.names["total"] == pytest.approx(96)
    assert result.names["rent"] == 4
    assert result.value("Summary", "B3") == "  B200\n<Ultra>\n"
    book = openpyxl.load_workbook(target, data_only=True)
    assert book["Inputs"]["B3"].value == dt.datetime(2030, 1, 31)
    assert book["Inputs"]["B4"].value == " B200\n<Ultra>"
    assert book["Inputs"]["B5"].value is False
    assert book["Cash flow"]["H40"].value == "new"
    assert book["Cash flow"]["H41"].value == 1.5
    # What was set is an input like any other the next time.
    assert recalculate(target, functions={}).changes == []
    assert recalculate(target, functions={}, inputs={"gpu": "A100"}).names["gpu"] == "A100"


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"rnet": 1}, "rnet is not a name in committee.xlsx; did you mean rent"),
        ({"total": 1}, "total is calculated (Summary!B1 holds =SUM("),
        ({"Summary!D2": 1}, "Summary!D2 is calculated by the array formula in Summary!D1"),
        ({"rent": "high"}, "rent holds a number (2.5); got 'high'"),
        ({"rent": True}, "rent holds a number (2.5); got TRUE"),
        ({"gpu": 3}, "gpu holds text ('H100 <SXM>'); got 3"),
        ({"rent": float("nan")}, "rent: nan is not a value for a cell"),
        ({"rent": [1]}, "rent: [1] is not a value for a cell"),
        ({"Input!B1": 1}, "there is no sheet Input; did you mean Inputs?"),
        ({"Inputs!B1:B2": 1}, "Inputs!B1:B2: not the address of one cell, such as Inputs!C4"),
        ({"rent": 1, "Inputs!B1": 2}, "Inputs!B1: Inputs!B1 is set twice"),
    ],
)
def test_inputs_that_are_refused(
    committee_book: Path, tmp_path: Path, inputs: dict[str, object], message: str
) -> None:
    target = tmp_path / "out.xlsx"
    with pytest.raises(RecalcError) as caught:
        recalculate(committee_book, target, functions={}, inputs=inputs)
    assert message in str(caught.value)
    assert not target.exists()


def test_the_address_of_an_empty_cell_is_refused_if_nothing_refers_to_it(make: Make) -> None:
    path = make(
        S={"A1": "=SUM(B1:B9)+D4", "A2": "=COUNTA(F:F)", "A3": "=T!$A$2", "A4": "text"},
        T={"B1": "=A3"},
        names={"spare": "S!$G$7"},
    )
    read = ["S!B5", "s!D4", "S!F900", "T!A2", "T!A3", "S!G7", "S!A4", "S!A1", "spare", "nothing"]
    refuse_unread(Book(Package(path)), read)
    for slip in ("S!C5", "S!B10", "S!E4", "S!A12", "T!B5", "'T'!D4"):
        with pytest.raises(RecalcError, match=r"is empty and nothing refers to it; "):
            refuse_unread(Book(Package(path)), [slip])


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
        recalculate(path, tmp_path / "nowhere" / "out.xlsx", functions={})
    with pytest.raises(Exception, match="is a folder"):
        recalculate(path, tmp_path, functions={})
    assert sorted(tmp_path.iterdir()) == there


def test_volatile_functions_are_warned_of(calculate: Calculate) -> None:
    result = calculate({"B2": "=TODAY()", "B3": "=SUM(RAND(),1)"})
    assert [w.split(";")[0] for w in result.warnings] == [
        "S!B2: TODAY gives another answer each time",
        "S!B3: RAND gives another answer each time",
    ]


def test_circular_formulas_calculate_only_if_the_workbook_allows_them(make: Make) -> None:
    path = make({"A1": "=A2*0.5+1", "A2": "=A1"})
    for engine in ("auto", "embedded", "strict"):
        with pytest.raises(RecalcError, match=r"S!A1: =A2\*0.5\+1 refers to itself"):
            recalculate(path, functions={}, engine=engine, strict=True)
    book = openpyxl.load_workbook(path)
    book.calculation.iterate = True
    book.save(path)
    assert recalculate(path, functions={}).value("S", "A1") == pytest.approx(2, abs=0.01)


def test_unknown_engine(make: Make) -> None:
    with pytest.raises(RecalcError, match="no engine 'abacus'"):
        recalculate(make({"A1": "=1"}), functions={}, engine="abacus")


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
