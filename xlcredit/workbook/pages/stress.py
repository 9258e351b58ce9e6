"""The sheet Stress: scenarios side by side, grids, ladders and maps, tornados."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from openpyxl.styles import Alignment
from openpyxl.utils import get_column_letter as letter
from openpyxl.worksheet.worksheet import Worksheet

from xlcredit.deals.exhibits import Grid, Ladder, Map, Tornado
from xlcredit.deals.template import Template
from xlcredit.ooxml.place import Place
from xlcredit.workbook import style
from xlcredit.workbook.draft import Draft, page_break, page_scale, widths
from xlcredit.workbook.tables import measures, scenarios, tornado

__all__ = ["StressPage"]

_DOWN, _ACROSS = "\N{DOWNWARDS ARROW}", "\N{RIGHTWARDS ARROW}"
_LAST_COLUMN = 40  # wider than any table here
_PRINTED_COLUMNS = 8  # of a tornado
_TALL_ROWS = 3  # what the title and tall headers take beyond the usual height

_CELL = re.compile(r"\{(\w+)\.cell((?:\.\w+)?)\}")

Block = Ladder | Map | Grid | Tornado


class StressPage:
    """Scenarios that any bank would ask for, and grids over two drivers."""

    name = "Stress"

    def place(self, book: Draft) -> None:
        """The scenarios, and the tables that charts of the Summary draw."""
        scenarios.place(book, self.name)
        end = scenarios.height(book.template)
        for at, spec in _laid_out(book.template):
            if isinstance(spec, Ladder | Map):
                book.places.tables[spec.title] = Place(self.name, at, 1)
            if isinstance(spec, Grid):
                _place_edges(book, self.name, at, spec)
            end = at + _height(spec)
        scenarios.place_parameters(book, self.name, end + 1)
        for at, table in scenarios.laid_out(book.template, end + 1):
            end = at + len(table.line)
        top = Place(self.name, scenarios.HEADER_ROW + 1, 2)
        book.places.blocks["stress.area"] = (top, Place(self.name, end, _LAST_COLUMN))

    def write(self, book: Draft, sheet: Worksheet) -> None:
        """Write the tables one below the other; a page never cuts one."""
        style.title(sheet, "Stress", f"{book.deal.name}. {book.template.scenarios.note}")
        scenarios.write(book, sheet)
        for row, spec in _laid_out(book.template):
            _WRITERS[type(spec)](book, sheet, row, spec)
        scenarios.write_parameters(book, sheet, _parameters_row(book.template))
        widths(sheet, A=42)
        for column in range(2, max(13, scenarios.columns(book.template) + 1)):
            sheet.column_dimensions[letter(column)].width = 14
        sheet.freeze_panes = sheet.cell(scenarios.HEADER_ROW + 1, 2)
        _break_pages(book.template, sheet)


def _laid_out(template: Template) -> Iterator[tuple[int, Block]]:
    """Each table below the scenarios with the row that it begins in."""
    row = scenarios.height(template) + 1
    specs: list[Block] = [*template.ladder, *template.map, *template.grid, *template.tornado]
    for spec in specs:
        yield row, spec
        row += _height(spec)


def _parameters_row(template: Template) -> int:
    """The row in which the tables of parameters begin."""
    end = scenarios.height(template)
    for row, spec in _laid_out(template):
        end = row + _height(spec)
    return end + 1


def _break_pages(template: Template, sheet: Worksheet) -> None:
    """Print what is printed, and cut no table."""
    inputs = scenarios.inputs_row(template)
    tables = [(inputs, scenarios.height(template) - inputs)]
    tables += [(row, _height(spec)) for row, spec in _laid_out(template)]
    parameters = scenarios.laid_out(template, _parameters_row(template))
    tables += [(row, len(spec.line) + 2) for row, spec in parameters if spec.printed]
    last = max([scenarios.height(template), *(row + height - 1 for row, height in tables)])
    columns = max(_PRINTED_COLUMNS, scenarios.printed_columns(template))
    sheet.print_area = f"A1:{letter(columns)}{last}"
    page_rows, page_top = page_scale(sheet, columns) - _TALL_ROWS, 1
    for row, height in tables:
        if row + height - page_top > page_rows:
            page_break(sheet, row)
            page_top = row


def _height(spec: Block) -> int:
    if isinstance(spec, Grid):
        return len(spec.down) + 4
    return tornado.height(spec) if isinstance(spec, Tornado) else measures.height(spec)


def _place_edges(book: Draft, sheet: str, row: int, grid: Grid) -> None:
    """Record the edges, for the months of a cell: ``{grid.2.across.1}``."""
    number = book.template.grid.index(grid) + 1
    for at in range(1, len(grid.across) + 1):
        edge = Place(sheet, row + 1, 1 + at)
        book.places.blocks[f"grid.{number}.across.{at}"] = (edge, edge)
    for at in range(1, len(grid.down) + 1):
        edge = Place(sheet, row + 1 + at, 1)
        book.places.blocks[f"grid.{number}.down.{at}"] = (edge, edge)


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
            formula = _in_cell(grid.formula, down + 1, across + 1)
            book.formula(sheet, row + 2 + down, 2 + across, formula, grid.unit, extra)
    if grid.threshold:
        area = f"B{row + 2}:{letter(columns)}{row + 1 + len(grid.down)}"
        style.paint_breach(sheet, area, f"B{row + 2}", grid.threshold, grid.direction)


def _in_cell(formula: str, down: int, across: int) -> str:
    """``{grid_2.cell.all}`` as the row of one cell."""
    return _CELL.sub(rf"{{\1_{down}_{across}\2}}", formula)


#: What stands on the sheet below the scenarios, and who writes it.
_WRITERS: dict[type, Callable[[Draft, Worksheet, int, Any], None]] = {
    Ladder: measures.write_ladder,
    Map: measures.write_map,
    Grid: _write_grid,
    Tornado: tornado.write,
}
