"""The sheet Stress: scenarios side by side, two-way grids, tornados."""

from __future__ import annotations

from openpyxl.styles import Alignment
from openpyxl.utils import get_column_letter as letter
from openpyxl.worksheet.worksheet import Worksheet

from xlcredit.deals.template import Grid
from xlcredit.workbook import style, tornado
from xlcredit.workbook.pages import Book, page_setup, widths
from xlcredit.workbook.places import Place

__all__ = ["StressPage"]

_HEADER_ROW = 5
_FIRST_INPUT = 2


class StressPage:
    """Scenarios that any bank would ask for, and grids over two drivers."""

    name = "Stress"

    def place(self, book: Book) -> None:
        """The columns of the scenario table are blocks that the monthly sheets look up."""
        table = book.template.scenarios
        top, bottom = _HEADER_ROW + 1, _HEADER_ROW + len(table.case)
        columns = dict.fromkeys(table.inputs)
        for column, name in enumerate(["labels", *columns], start=1):
            block = (Place(self.name, top, column), Place(self.name, bottom, column))
            book.places.blocks[f"scenarios.{name}"] = block

    def write(self, book: Book, sheet: Worksheet) -> None:
        """Write the table, then the grids below it."""
        style.title(sheet, "Stress", f"{book.deal.name}. {book.template.scenarios.note}")
        self._scenarios(book, sheet)
        row = _HEADER_ROW + len(book.template.scenarios.case) + 3
        for grid in book.template.grid:
            row = _write_grid(book, sheet, row, grid)
        for spec in book.template.tornado:
            row = tornado.write(book, sheet, row, spec)
        widths(sheet, A=34)
        for column in range(2, 13):
            sheet.column_dimensions[letter(column)].width = 14
        sheet.freeze_panes = sheet.cell(_HEADER_ROW + 1, 2)
        page_setup(sheet, landscape=False, tall=1)

    def _scenarios(self, book: Book, sheet: Worksheet) -> None:
        table = book.template.scenarios
        labels = [book.template.inputs[name].label for name in table.inputs]
        header = ["Scenario", *labels, *(m.label for m in table.metric)]
        style.heading(sheet, _HEADER_ROW - 1, "Scenarios side by side", len(header))
        style.table_header(sheet, _HEADER_ROW, header)
        sheet.row_dimensions[_HEADER_ROW].height = 30
        for offset, case in enumerate(table.case):
            row = _HEADER_ROW + 1 + offset
            style.base(sheet.cell(row, 1), bold=True).value = case.label
            places = {}
            for index, (name, value) in enumerate(zip(table.inputs, case.values, strict=True)):
                unit = book.template.inputs[name].unit
                cell = style.input_cell(sheet.cell(row, _FIRST_INPUT + index), unit)
                cell.value = value
                places[f"case.{name}"] = f"${letter(cell.column)}{row}"
            extra = places | _ranges(places)
            for index, metric in enumerate(table.metric):
                column = _FIRST_INPUT + len(table.inputs) + index
                book.formula(sheet, row, column, metric.formula, metric.unit, extra)


def _ranges(places: dict[str, str]) -> dict[str, str]:
    """``{case.a..b}``: neighbouring inputs of one scenario as a range."""
    names = list(places)
    return {
        f"{first}..{last.removeprefix('case.')}": f"{places[first]}:{places[last]}"
        for i, first in enumerate(names)
        for last in names[i + 1 :]
    }


def _write_grid(book: Book, sheet: Worksheet, row: int, grid: Grid) -> int:
    """Write one grid and return the row where the next may begin."""
    columns = len(grid.across) + 1
    style.heading(sheet, row, grid.title, columns)
    corner = style.base(sheet.cell(row + 1, 1), size=9, color=style.MUTED)
    corner.value = (
        f"{grid.down_label} [{grid.down_unit}] down, "
        f"{grid.across_label.lower()} [{grid.across_unit}] across"
    )
    for offset, value in enumerate(grid.across):
        cell = style.input_cell(sheet.cell(row + 1, 2 + offset), grid.across_unit)
        cell.value = value
    for down, value in enumerate(grid.down):
        edge = style.input_cell(sheet.cell(row + 2 + down, 1), grid.down_unit)
        edge.value = value
        edge.alignment = Alignment(horizontal="right")
        for across in range(len(grid.across)):
            extra = {
                "across": f"{letter(2 + across)}${row + 1}",
                "down": f"$A{row + 2 + down}",
            }
            book.formula(sheet, row + 2 + down, 2 + across, grid.formula, grid.unit, extra)
    if grid.threshold:
        area = f"B{row + 2}:{letter(columns)}{row + 1 + len(grid.down)}"
        style.paint_breach(sheet, area, f"B{row + 2}", grid.threshold, grid.direction)
    return row + len(grid.down) + 4
