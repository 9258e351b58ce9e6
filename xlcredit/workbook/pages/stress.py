"""The sheet Stress: scenarios side by side, grids, ladders and maps, tornados."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from openpyxl.styles import Alignment
from openpyxl.utils import get_column_letter as letter
from openpyxl.worksheet.worksheet import Worksheet

from xlcredit.deals.cases import in_case
from xlcredit.deals.template import Grid, Ladder, Map, Template, Tornado
from xlcredit.ooxml.place import Place
from xlcredit.workbook import style
from xlcredit.workbook.draft import Draft, page_break, page_scale, widths
from xlcredit.workbook.tables import measures, tornado

__all__ = ["StressPage"]

_HEADER_ROW = 5
_FIRST_INPUT = 2
_DOWN, _ACROSS = "\N{DOWNWARDS ARROW}", "\N{RIGHTWARDS ARROW}"
_LAST_COLUMN = 26  # wider than any table here
_TALL_ROWS = 3  # what the title and tall headers take beyond the usual height

Block = Ladder | Map | Grid | Tornado


class StressPage:
    """Scenarios that any bank would ask for, and grids over two drivers."""

    name = "Stress"

    def place(self, book: Draft) -> None:
        """Columns of the scenario table, and the tables that charts of the Summary draw."""
        table = book.template.scenarios
        top, bottom = _HEADER_ROW + 1, _HEADER_ROW + len(table.case)
        columns = dict.fromkeys(table.inputs)
        for column, name in enumerate(["labels", *columns], start=1):
            block = (Place(self.name, top, column), Place(self.name, bottom, column))
            book.places.blocks[f"scenarios.{name}"] = block
            for number, row in enumerate(range(top, bottom + 1), start=1):
                one = Place(self.name, row, column)
                book.places.blocks[f"scenarios.{name}.{number}"] = (one, one)
        end = bottom
        for at, spec in _laid_out(book.template):
            if isinstance(spec, Ladder | Map):
                book.places.tables[spec.title] = Place(self.name, at, 1)
            end = at + _height(spec)
        corner = Place(self.name, end, _LAST_COLUMN)
        book.places.blocks["stress.area"] = (Place(self.name, top, 2), corner)

    def write(self, book: Draft, sheet: Worksheet) -> None:
        """Write the tables one below the other; a page never cuts one."""
        style.title(sheet, "Stress", f"{book.deal.name}. {book.template.scenarios.note}")
        self._scenarios(book, sheet)
        for row, spec in _laid_out(book.template):
            _WRITERS[type(spec)](book, sheet, row, spec)
        widths(sheet, A=42)
        for column in range(2, 13):
            sheet.column_dimensions[letter(column)].width = 14
        sheet.freeze_panes = sheet.cell(_HEADER_ROW + 1, 2)
        _break_pages(book.template, sheet)

    def _scenarios(self, book: Draft, sheet: Worksheet) -> None:
        table = book.template.scenarios
        labels = [book.template.inputs[name].label for name in table.inputs]
        header = ["Scenario", *labels, *(f"{m.label} [{m.unit}]" for m in table.metric)]
        style.heading(sheet, _HEADER_ROW - 1, "Scenarios side by side", len(header))
        style.table_header(sheet, _HEADER_ROW, header)
        sheet.row_dimensions[_HEADER_ROW].height = 44
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
                formula = in_case(metric.formula, offset + 1)
                book.formula(sheet, row, column, formula, metric.unit, extra)


def _ranges(places: dict[str, str]) -> dict[str, str]:
    """``{case.a..b}``: neighbouring inputs of one scenario as a range."""
    names = list(places)
    return {
        f"{first}..{last.removeprefix('case.')}": f"{places[first]}:{places[last]}"
        for i, first in enumerate(names)
        for last in names[i + 1 :]
    }


def _laid_out(template: Template) -> Iterator[tuple[int, Block]]:
    """Each table below the scenarios with the row that it begins in."""
    row = _HEADER_ROW + len(template.scenarios.case) + 3
    specs: list[Block] = [*template.ladder, *template.map, *template.grid, *template.tornado]
    for spec in specs:
        yield row, spec
        row += _height(spec)


def _break_pages(template: Template, sheet: Worksheet) -> None:
    page_rows, page_top = page_scale(sheet) - _TALL_ROWS, 1
    for row, spec in _laid_out(template):
        if row + _height(spec) - page_top > page_rows:
            page_break(sheet, row)
            page_top = row


def _height(spec: Block) -> int:
    if isinstance(spec, Grid):
        return len(spec.down) + 4
    return tornado.height(spec) if isinstance(spec, Tornado) else measures.height(spec)


def _write_grid(book: Draft, sheet: Worksheet, row: int, grid: Grid) -> None:
    """Write one grid."""
    columns = len(grid.across) + 1
    style.heading(sheet, row, grid.title, columns)
    corner = style.base(sheet.cell(row + 1, 1), size=9, color=style.MUTED)
    corner.value = (
        f"{grid.down_label} [{grid.down_unit}] {_DOWN} "
        f"{grid.across_label} [{grid.across_unit}] {_ACROSS}"
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


#: What stands on the sheet below the scenarios, and who writes it.
_WRITERS: dict[type, Callable[[Draft, Worksheet, int, Any], None]] = {
    Ladder: measures.write_ladder,
    Map: measures.write_map,
    Grid: _write_grid,
    Tornado: tornado.write,
}
