"""The monthly sheets: time across, one formula per row, the same columns on every sheet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from openpyxl.styles import Alignment, Border, Side
from openpyxl.utils import get_column_letter as letter
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.worksheet import Worksheet

from xlcredit.deals import template as templates
from xlcredit.deals.exhibits import Picture
from xlcredit.deals.template import Block, Row
from xlcredit.ooxml.place import Place
from xlcredit.serials import in_words
from xlcredit.workbook import style
from xlcredit.workbook.charts import shown_months
from xlcredit.workbook.draft import Draft, page_break, page_scale, page_setup, widths
from xlcredit.workbook.places import FIRST, MONTH, OPENING, PERIOD_END, TOTAL, UNIT
from xlcredit.workbook.tables import pictures

__all__ = ["MonthlyPage"]

_HEADER_ROW = 4
_FIRST_ROW = 7
#: Print: ten points become eight; a year fits beside the labels.
_SCALE, _YEAR = 80, 12
#: Beside the figures of a plain table: centimetres, and the rows that a chart takes.
_CHART, _CHART_ROWS, _BESIDE = (12.4, 7.4), 15, 2
#: Above a row in bold.
_LINE = Border(top=Side(style="thin", color=style.RULE))
_RIGHT = Alignment(horizontal="right")
_NEXT = re.compile(r"\{(\w+)\.next\}")


class MonthlyPage:
    """One monthly sheet of the template."""

    def __init__(self, spec: templates.Sheet) -> None:
        self.spec = spec
        self.name = spec.name
        #: Whether anything stands under the months; a sheet of constants is a plain table.
        self._across = any(row.formula for block in spec.block for row in block.row)

    def layout(self) -> Iterator[tuple[int, Block | Row]]:
        """Each heading and each row, with the row of the sheet that it stands in."""
        row = _FIRST_ROW
        for block in self.spec.block:
            yield row, block
            for offset, item in enumerate(block.row):
                yield row + 1 + offset, item
            row += len(block.row) + 2

    #: What stands above the column before the months, and above the closing.
    headings: ClassVar[tuple[str, str]] = ("Total", "Closing")

    def place(self, book: Draft) -> None:
        """Record the rows; a row that holds one constant is a named cell."""
        book.places.monthly.add(self.name)
        for row, item in self.layout():
            if isinstance(item, Row):
                if item.constant:
                    book.name(item.name, self.name, row, TOTAL, item.unit)
                else:
                    book.places.rows[item.name] = Place(self.name, row, OPENING)

    def _pictures(self, book: Draft) -> Iterator[tuple[int, Picture]]:
        """Each table below the rows, with the row of its heading."""
        mine = [spec for spec in book.template.picture if spec.sheet == self.name]
        drawn = _FIRST_ROW - 1 + _CHART_ROWS * min(_BESIDE, len(mine))
        row = max(drawn, *(at for at, _ in self.layout())) + 2
        for spec in mine:
            yield row, spec
            row += pictures.height(spec)

    def write(self, book: Draft, sheet: Worksheet) -> None:
        """Write the sheet."""
        style.title(sheet, self.name, f"{book.deal.name}. {self.spec.purpose}.")
        if self.spec.note:
            day = in_words(book.deal.as_of)
            note = book.formula(sheet, 3, 1, self.spec.note, "text", {"as_of": f'"{day}"'})
            style.base(note, size=9, color=style.MUTED)
        self._header(book, sheet)
        read_ahead = _read_ahead(book)
        for row, item in self.layout():
            if isinstance(item, Row):
                _write_row(book, sheet, row, item, read_ahead)
            else:
                style.heading(sheet, row, item.title, book.places.last if self._across else TOTAL)
        widths(sheet, A=47 if self._across else 52, B=11, C=15, D=13.5)
        for column in range(FIRST, book.places.last + 1):
            sheet.column_dimensions[letter(column)].width = 13
        sheet.freeze_panes = sheet.cell(_HEADER_ROW + 2, FIRST if self._across else 1)
        self._draw(book, sheet)
        self._print(book, sheet)

    def _draw(self, book: Draft, sheet: Worksheet) -> None:
        """The tables one below the other; two charts beside the figures, others by their table."""
        for index, (row, spec) in enumerate(self._pictures(book)):
            pictures.write(book, sheet, row, spec)
            drawn = pictures.chart(Place(self.name, row, 1), spec)
            drawn.width, drawn.height = _CHART
            beside = _FIRST_ROW - 1 + _CHART_ROWS * index
            sheet.add_chart(drawn, f"{letter(FIRST)}{beside if index < _BESIDE else row + 1}")

    def _print(self, book: Draft, sheet: Worksheet) -> None:
        """An appendix on A3, a year a page at eight points, up to the last month of the loan."""
        if not self.spec.printed:
            self._print_nothing(sheet)
            return
        page_setup(sheet, repeat=f"1:{_HEADER_ROW + 1}")
        sheet.sheet_properties.pageSetUpPr.fitToPage = False
        sheet.page_setup.paperSize, sheet.page_setup.scale = sheet.PAPERSIZE_A3, _SCALE
        sheet.print_title_cols = "A:C"
        if not self._across:
            self._print_plain(book, sheet)
            return
        last = FIRST + shown_months(book) - 1
        bottom = max(row for row, _ in self.layout())
        sheet.print_area = f"A1:{letter(last)}{bottom}"
        for column in range(FIRST + _YEAR - 1, last, _YEAR):
            sheet.col_breaks.append(Break(id=column))

    def _print_nothing(self, sheet: Worksheet) -> None:
        """The print area is an empty cell: a sheet with none would be printed whole."""
        page_setup(sheet)
        bottom = max(row for row, _ in self.layout())
        sheet.print_area = f"A{bottom + 2}"

    def _print_plain(self, book: Draft, sheet: Worksheet) -> None:
        """A page of figures with their charts; the tables behind the charts on others."""
        sheet.print_title_cols = None
        tables = list(self._pictures(book))
        if not tables:
            page_setup(sheet, landscape=False, tall=1)
            return
        sheet.print_title_rows = "1:3"
        page_rows, top = page_scale(sheet) - _HEADER_ROW, 0
        for row, spec in tables:
            if not top or row + pictures.height(spec) - top > page_rows:
                page_break(sheet, row)
                top = row

    def _header(self, book: Draft, sheet: Worksheet) -> None:
        nodes, rest = self.spec.nodes, [""] * book.places.months
        if not self._across:
            style.table_header(sheet, _HEADER_ROW, ["Figure", "Unit", "Value"])
            _master_check(sheet)
            return
        first = ["Node" if nodes else MONTH, "Unit", *self.headings]
        if nodes:
            first[-1] = ""
        style.table_header(sheet, _HEADER_ROW, first + rest)
        second = ["" if nodes else PERIOD_END, "", "", ""]
        style.table_header(sheet, _HEADER_ROW + 1, second + rest)
        shown = [(_HEADER_ROW, "month", "flag")]
        if not nodes:
            shown.append((_HEADER_ROW + 1, "period_end", "date"))
        for column in range(OPENING, book.places.last + 1):
            for row, name, unit in shown:
                if row == _HEADER_ROW and column == OPENING:
                    continue
                cell = sheet.cell(row, column)
                cell.value = "=" + book.places.resolve(f"{{{name}}}", self.name, column)
                cell.number_format = "0" if unit == "flag" else style.number_format("date")
                cell.alignment = _RIGHT
        _master_check(sheet)


def _master_check(sheet: Worksheet) -> None:
    check = style.base(sheet.cell(1, TOTAL), bold=True)
    check.value = "=master_check"
    check.alignment = Alignment(horizontal="center")
    style.paint_status(sheet, check.coordinate)
    style.note(sheet.cell(1, UNIT), "Master check").alignment = Alignment(
        horizontal="right", vertical="center"
    )


def _write_row(book: Draft, sheet: Worksheet, row: int, item: Row, read_ahead: set[str]) -> None:
    style.base(sheet.cell(row, 1), bold=item.bold).value = item.label
    style.base(sheet.cell(row, 2), size=9, color=style.MUTED).value = item.unit
    bold = item.bold
    if item.constant:
        book.formula(sheet, row, TOTAL, item.constant, item.unit, bold=bold)
    if item.total:
        area = f"{letter(FIRST)}{row}:{letter(book.places.last)}{row}"
        book.formula(sheet, row, TOTAL, f"SUM({area})", item.unit, bold=bold)
    if item.at_closing:
        book.formula(sheet, row, OPENING, item.at_closing, item.unit, bold=bold)
    if item.formula:
        for column in range(FIRST, book.places.last + 1):
            book.formula(sheet, row, column, item.formula, item.unit, bold=bold)
    if item.name in read_ahead:
        after = sheet.cell(row, book.places.last + 1)
        style.number(after, item.unit).value = 0
    if item.bold:
        for column in range(1, (TOTAL if item.constant else book.places.last) + 1):
            sheet.cell(row, column).border = _LINE


def _read_ahead(book: Draft) -> set[str]:
    """Rows that some formula reads a month ahead: they end in a zero after the last month."""
    rows = [row for sheet in book.template.sheet for block in sheet.block for row in block.row]
    return {name for row in rows for name in _NEXT.findall(row.formula + row.at_closing)}
