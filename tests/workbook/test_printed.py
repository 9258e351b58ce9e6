"""What a committee prints is whole: no line of the Summary is cut."""

from __future__ import annotations

import io

import msgspec
import openpyxl

from tests.workbook.conftest import Example
from xlcredit.deals.units import UNITS
from xlcredit.workbook import build, style
from xlcredit.workbook.tables.scenarios import HEADER_ROW

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


def test_the_label_of_an_input_is_not_cut_by_its_value(example: Example) -> None:
    """ "House limit: left to refinance over what a new lender lends" had lost its other half."""
    sheet = example.formulas["Inputs"]
    labels = {item.label for section in example.template.section for item in section.input}
    written = [cell for cell in sheet["A"] if cell.value in labels]
    assert max(len(cell.value) for cell in written) > sheet.column_dimensions["A"].width
    for cell in written:
        assert cell.alignment.wrap_text and sheet.row_dimensions[cell.row].height is None


def test_whole_months_are_printed_without_a_decimal(example: Example) -> None:
    """Repaid in month 19.0: only what may be part of a month keeps its decimal."""
    usual = UNITS["months"].cell
    marked = 0
    for sheet in example.formulas:
        ruled = {
            at
            for area in sheet.conditional_formatting
            for rule in area.rules
            if rule.dxf and rule.dxf.numFmt and rule.dxf.numFmt.formatCode == "0;[Red]-0;0"
            for cells in area.cells.ranges
            for at in cells.cells
        }
        months = {
            (cell.row, cell.column)
            for cells in sheet.iter_rows()
            for cell in cells
            if cell.number_format == usual
        }
        assert ruled == months, sheet.title
        marked += len(ruled)
    assert marked > 10
    figures = [f for group in example.template.comparison for f in group.figure]
    for figure in figures:
        if figure.unit == "months":
            ((sheet, place),) = example.formulas.defined_names[figure.name].destinations
            assert example.formulas[sheet][place].number_format == usual, figure.name


def test_a_rule_of_whole_months_reads_its_own_cell() -> None:
    sheet = openpyxl.Workbook().active
    for place in ("B2", "C2", "E2", "B3"):
        sheet[place] = 19
        sheet[place].number_format = UNITS["months"].cell
    sheet["D2"] = 1.5
    style.paint_whole_months(sheet)
    found = {
        str(area.sqref): rule.formula
        for area in sheet.conditional_formatting
        for rule in area.rules
    }
    whole = "AND(ISNUMBER({0}),INT({0})={0})"
    assert found == {
        "B2:C2": [whole.format("B2")],
        "E2": [whole.format("E2")],
        "B3": [whole.format("B3")],
    }


def test_a_cover_of_nothing_is_printed_as_a_figure(example: Example) -> None:
    """A realization of 0.00x broke its covenant and was printed as a dash, which months without
    service keep."""
    template, names = example.template, example.formulas.defined_names
    shown = [
        *((f.name, f.unit) for f in template.figure),
        *((f.name, f.unit) for group in template.comparison for f in group.figure),
        *((f"{t.name}.{p}", t.unit) for t in template.covenant for p in ("value", "threshold")),
    ]
    ratios = [name for name, unit in shown if unit == "ratio"]
    assert len(ratios) > 4
    for name in ratios:
        ((sheet, place),) = names[name].destinations
        assert example.formulas[sheet][place].number_format == style.TIMES, name
    sheet, row = example.place("dscr_tested")
    assert example.formulas[sheet].cell(row, 5).number_format == UNITS["ratio"].cell
    headed = example.formulas["Stress"][HEADER_ROW]
    covers = [cell.column for cell in headed if str(cell.value).endswith("[ratio]")]
    for column in covers:
        cell = example.formulas["Stress"].cell(HEADER_ROW + 1, column)
        assert cell.number_format == style.TIMES
    assert covers and style.TIMES.split(";")[2] == '0.00"x"'
