"""References to tables mean the cells that Excel means by them."""

from __future__ import annotations

import io

import openpyxl
import pytest
from openpyxl.worksheet.table import Table as Written
from openpyxl.worksheet.table import TableColumn

from xlcredit.ooxml.tables import Table, plain_references
from xlcredit.recalc import recalculate
from xlcredit.recalc.routing import ENGINES

#: Header in row 3, data in rows 4 to 8, totals in row 9, columns B to D.
DEBT = Table("Debt", "My Loan", 3, 2, 9, 4, 1, 1, ("Month", "Balance", "Rate [%]"))
BARE = Table("Bare", "Other", 1, 1, 2, 1, 0, 0, ("Only",))
TABLES = {"debt": DEBT, "bare": BARE}


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("SUM(Debt[Balance])", "SUM('My Loan'!$C$4:$C$8)"),
        ("SUM(DEBT[balance])", "SUM('My Loan'!$C$4:$C$8)"),
        ("ROWS(Debt)", "ROWS('My Loan'!$B$4:$D$8)"),
        ("ROWS(Debt[])", "ROWS('My Loan'!$B$4:$D$8)"),
        ("ROWS(Debt[#All])", "ROWS('My Loan'!$B$3:$D$9)"),
        ("ROWS(Debt[#Data])", "ROWS('My Loan'!$B$4:$D$8)"),
        ("Debt[[#Headers],[Balance]]", "'My Loan'!$C$3"),
        ("Debt[[#Totals],[Balance]]", "'My Loan'!$C$9"),
        ("SUM(Debt[[#Data],[#Totals],[Balance]])", "SUM('My Loan'!$C$4:$C$9)"),
        ("SUM(Debt[[Month]:[Balance]])", "SUM('My Loan'!$B$4:$C$8)"),
        ("SUM(Debt[[Balance]:[Month]])", "SUM('My Loan'!$B$4:$C$8)"),
        ("SUM(Debt[[#All],[Month]:[Balance]])", "SUM('My Loan'!$B$3:$C$9)"),
        ("SUM(Debt[Rate '[%']])", "SUM('My Loan'!$D$4:$D$8)"),
        ("Debt[[#This Row],[Balance]]*2", "'My Loan'!$C$5*2"),
        ("Debt[@Balance]", "'My Loan'!$C$5"),
        ("SUM(Debt[@[Month]:[Balance]])", "SUM('My Loan'!$B$5:$C$5)"),
        ("[@Balance]+1", "'My Loan'!$C$5+1"),
        ("SUM([Balance])", "SUM('My Loan'!$C$4:$C$8)"),
        ("Debt[Nothing]", "#REF!"),
        ("Bare[[#Headers],[Only]]", "#REF!"),
        ("Bare[[#Totals],[Only]]", "#REF!"),
        ("Bare[[#This Row],[Only]]", "#VALUE!"),
        ("SUM(Bare[Only])", "SUM(Other!$A$1:$A$2)"),
        ('"Debt[Balance]"&Debt[@Month]', "\"Debt[Balance]\"&'My Loan'!$B$5"),
        ("'Debt'!A1+Unknown[Balance]", "'Debt'!A1+Unknown[Balance]"),
        ("[1]Sheet1!A1+Debt[@Month]", "[1]Sheet1!A1+'My Loan'!$B$5"),
        ("Debt(1)+MyDebt", "Debt(1)+MyDebt"),
        ("Debt[Balance", "Debt[Balance"),
    ],
)
def test_a_reference_is_its_cells(written: str, plain: str) -> None:
    assert plain_references(written, "My Loan", 5, 4, TABLES) == plain


@pytest.mark.parametrize(
    ("row", "seen"), [(3, "#VALUE!"), (4, "$C$4"), (8, "$C$8"), (9, "#VALUE!")]
)
def test_this_row_is_a_row_of_the_data(row: int, seen: str) -> None:
    assert seen in plain_references("Debt[@Balance]", "My Loan", row, 8, TABLES)


def test_this_row_is_of_the_table_s_own_sheet() -> None:
    assert plain_references("Debt[@Balance]", "Other", 5, 9, TABLES) == "#VALUE!"
    assert plain_references("[@Balance]", "Other", 5, 9, TABLES) == "[@Balance]"


@pytest.mark.parametrize("engine", ENGINES)
def test_a_workbook_with_a_table_is_calculated(engine: str) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    numbers = [(1.0, 100.0), (2.0, 250.0), (3.0, 30.5)]
    for row in [("Month", "Balance", "Twice"), *((*n, None) for n in numbers)]:
        sheet.append(row)
    for row in range(2, 5):
        sheet.cell(row, 3).value = "=Debt[[#This Row],[Balance]]*2"
    table = Written(displayName="Debt", ref="A1:C4")
    table._initialise_columns()
    for column, name in zip(table.tableColumns, ("Month", "Balance", "Twice"), strict=True):
        assert isinstance(column, TableColumn)
        column.name = name
    sheet.add_table(table)
    sheet["E1"] = "=SUM(Debt[Balance])"
    sheet["E2"] = "=SUM(Debt[[Month]:[Balance]])"
    content = io.BytesIO()
    book.save(content)
    found = recalculate(content.getvalue(), engine=engine)
    for row, (_, balance) in enumerate(numbers, start=2):
        assert found.value("Sheet", f"C{row}") == 2.0 * balance
    assert found.value("Sheet", "E1") == sum(b for _, b in numbers)
    assert found.value("Sheet", "E2") == sum(a + b for a, b in numbers)
