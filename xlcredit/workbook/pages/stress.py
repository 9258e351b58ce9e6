"""The sheet Stress: scenarios side by side, grids, ladders and maps, tornados."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from openpyxl.utils import get_column_letter as letter
from openpyxl.worksheet.worksheet import Worksheet

from xlcredit.deals.template import Template
from xlcredit.ooxml.place import Place
from xlcredit.workbook import style
from xlcredit.workbook.draft import Draft, page_break, page_scale, widths
from xlcredit.workbook.tables import scenarios
from xlcredit.workbook.tables.kinds import Kind, tables

__all__ = ["StressPage"]

_LAST_COLUMN = 40  # wider than any table here
_PRINTED_COLUMNS = 8  # of a tornado
_TALL_ROWS = 9  # what the tall headers of the first page take beyond the usual height
_ELSEWHERE = 2  # and those of the others
_NOTES = "How to read the scenarios stands below their inputs."


class StressPage:
    """Scenarios that any bank would ask for, and grids over two drivers."""

    name = "Stress"

    def place(self, book: Draft) -> None:
        """The scenarios, and the tables that charts of the Summary draw."""
        scenarios.place(book, self.name)
        end = scenarios.height(book.template)
        for at, kind, spec in _laid_out(book.template):
            if kind.place:
                kind.place(book, self.name, at, spec)
            end = at + kind.height(spec)
        scenarios.place_parameters(book, self.name, end + 1)
        for at, table in scenarios.laid_out(book.template, end + 1):
            end = at + len(table.line)
        top = Place(self.name, scenarios.HEADER_ROW + 1, 2)
        book.places.blocks["stress.area"] = (top, Place(self.name, end, _LAST_COLUMN))

    def write(self, book: Draft, sheet: Worksheet) -> None:
        """Write the tables one below the other; a page never cuts one."""
        notes = f" {_NOTES}" if book.template.scenarios.note else ""
        style.title(sheet, "Stress", f"{book.deal.name}.{notes}")
        scenarios.write(book, sheet)
        for row, kind, spec in _laid_out(book.template):
            kind.write(book, sheet, row, spec)
        scenarios.write_parameters(book, sheet, _parameters_row(book.template))
        widths(sheet, A=42)
        for column in range(2, max(13, scenarios.columns(book.template) + 1)):
            sheet.column_dimensions[letter(column)].width = 14
        sheet.freeze_panes = sheet.cell(scenarios.HEADER_ROW + 1, 2)
        _break_pages(book.template, sheet)


def _laid_out(template: Template) -> Iterator[tuple[int, Kind, Any]]:
    """Each table below the scenarios with the row that it begins in."""
    return tables(template, scenarios.height(template) + 1)


def _parameters_row(template: Template) -> int:
    """The row in which the tables of parameters begin."""
    end = scenarios.height(template)
    for row, kind, spec in _laid_out(template):
        end = row + kind.height(spec)
    return end + 1


def _break_pages(template: Template, sheet: Worksheet) -> None:
    """Print what is printed, and cut no table."""
    inputs = scenarios.inputs_row(template)
    blocks = [(inputs, scenarios.height(template) - inputs, 0)]
    blocks += [(row, kind.height(spec), kind.tall) for row, kind, spec in _laid_out(template)]
    parameters = scenarios.laid_out(template, _parameters_row(template))
    blocks += [(row, len(spec.line) + 2, 0) for row, spec in parameters if spec.printed]
    last = max([scenarios.height(template), *(row + height - 1 for row, height, _ in blocks)])
    columns = max(_PRINTED_COLUMNS, scenarios.printed_columns(template))
    sheet.print_area = f"A1:{letter(columns)}{last}"
    page_rows, page_top, tall = page_scale(sheet, columns), 1, 0
    room = page_rows - _TALL_ROWS
    for row, height, taller in blocks:
        tall += taller
        if row + height + tall - page_top > room:
            page_break(sheet, row)
            page_top, room, tall = row, page_rows - _ELSEWHERE, taller
