"""What a committee prints is whole: no line of the Summary is cut."""

from __future__ import annotations

import io

import msgspec
import openpyxl

from tests.workbook.conftest import Example
from xlcredit.workbook import build

LINE = 15  # points


def height(sheet: openpyxl.worksheet.worksheet.Worksheet, label: str) -> float:
    (row,) = (cell.row for cell in sheet["A"] if cell.value == label)
    return float(sheet.row_dimensions[row].height or LINE)


def test_a_long_line_of_the_ask_has_room(loan: Example) -> None:
    """Security with a residual value guarantee is two lines; its upper one was cut."""
    assert height(loan.formulas["Summary"], "Security") == 2 * LINE
    assert height(loan.formulas["Summary"], "Key risks") == LINE
    told = msgspec.structs.replace(loan.deal.inputs["key_risks"], value="One risk of many. " * 20)
    deal = msgspec.structs.replace(loan.deal, inputs={**loan.deal.inputs, "key_risks": told})
    book = openpyxl.load_workbook(io.BytesIO(build(loan.template, deal)))
    assert height(book["Summary"], "Key risks") == 3 * LINE


def test_a_long_name_of_a_scenario_is_made_to_fit(example: Example) -> None:
    """It ended below the words Master check."""
    sheet = example.formulas["Summary"]
    assert "B3:C3" in sheet.merged_cells
    assert sheet["B3"].alignment.shrink_to_fit
