"""A two-way grid: one figure over two drivers, breaches painted."""

from __future__ import annotations

import re

from openpyxl.styles import Alignment
from openpyxl.utils import get_column_letter as letter
from openpyxl.worksheet.worksheet import Worksheet

from xlcredit.deals.exhibits import Grid
from xlcredit.ooxml.place import Place
from xlcredit.workbook import style
from xlcredit.workbook.draft import Draft

__all__ = ["TALL", "height", "in_column", "place", "write"]

#: The corner says on two lines what runs across and what runs down: a row more than one.
TALL = 1
_CORNER_POINTS = 27
_DOWN, _ACROSS = "\N{DOWNWARDS ARROW}", "\N{RIGHTWARDS ARROW}"

_CELL = re.compile(r"\{(\w+)\.cell((?:\.\w+)?)\}")
_COLUMN = re.compile(r"\{(\w+)\.across((?:\.\w+)?)\}")


def height(spec: Grid) -> int:
    """Rows that a grid takes, with the air below it."""
    return len(spec.down) + 4


def place(book: Draft, sheet: str, row: int, grid: Grid) -> None:
    """Record the edges, for the months of a cell: ``{grid.2.across.1}``."""
    number = book.template.grid.index(grid) + 1
    for at in range(1, len(grid.across) + 1):
        edge = Place(sheet, row + 1, 1 + at)
        book.places.blocks[f"grid.{number}.across.{at}"] = (edge, edge)
    for at in range(1, len(grid.down) + 1):
        edge = Place(sheet, row + 1 + at, 1)
        book.places.blocks[f"grid.{number}.down.{at}"] = (edge, edge)


def write(book: Draft, sheet: Worksheet, row: int, grid: Grid) -> None:
    """Write one grid."""
    columns = len(grid.across) + 1
    style.heading(sheet, row, grid.title, columns)
    corner = style.base(sheet.cell(row + 1, 1), size=9, color=style.MUTED)
    corner.value = (
        f"{grid.across_label} [{grid.across_unit}] {_ACROSS}\n"
        f"{grid.down_label} [{grid.down_unit}] {_DOWN}"
    )
    corner.alignment = Alignment(wrap_text=True, vertical="center")
    sheet.row_dimensions[row + 1].height = _CORNER_POINTS
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
            cell = book.formula(sheet, row + 2 + down, 2 + across, formula, grid.unit, extra)
            style.figure(cell, grid.unit)
    if grid.threshold:
        area = f"B{row + 2}:{letter(columns)}{row + 1 + len(grid.down)}"
        style.paint_breach(sheet, area, f"B{row + 2}", grid.threshold, grid.direction)


def in_column(formula: str, across: int) -> str:
    """Read ``{rent.across.all}`` as the row of one column: ``{rent_2.all}``."""
    return _COLUMN.sub(rf"{{\1_{across}\2}}", formula)


def _in_cell(formula: str, down: int, across: int) -> str:
    """``{grid_2.cell.all}`` as the row of one cell, ``{rent.across.all}`` as that of a column."""
    return _CELL.sub(rf"{{\1_{down}_{across}\2}}", in_column(formula, across))
