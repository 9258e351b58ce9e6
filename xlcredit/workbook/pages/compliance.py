"""The page Compliance: what was budgeted against what has happened, and a certificate to sign.

Nothing here is calculated anew: the rows are those of the monthly sheets, added up over the month
of the report, three months, twelve, and since closing.
"""

from __future__ import annotations

from collections.abc import Iterator

from openpyxl.styles import Alignment, Border, Side
from openpyxl.utils import get_column_letter as letter
from openpyxl.worksheet.worksheet import Worksheet

from xlcredit.deals.series import AS_AT
from xlcredit.deals.template import ComplianceRow, Covenant
from xlcredit.workbook import style
from xlcredit.workbook.draft import Draft, page_scale, widths
from xlcredit.workbook.pages.curves import BUDGET
from xlcredit.workbook.tables.verdicts import guarded

__all__ = ["CompliancePage"]

_WINDOWS = (
    ("Month", "1"),
    ("Three months", "3"),
    ("Twelve months", "12"),
    ("Since closing", AS_AT),
)
_PARTS = ("Budget", "Actual", "Difference")
_AS_AT_ROW, _HEADER_ROW = 4, 6
#: Below the header: how many months a group adds up, and the first of them.
_MONTHS_ROW, _FROM_ROW, _FIRST_ROW = 8, 9, 10
_FIRST_COLUMN = 3
_LAST_COLUMN = _FIRST_COLUMN - 1 + len(_WINDOWS) * len(_PARTS)
_NONE = '"none"'
_STATEMENT = (
    "We certify that the figures above are taken from our books and records for the months up to "
    "that date, that they were made up as the finance documents require, and that no default is "
    "continuing but for what is stated here:"
)
_SIGNED = ("For the borrower", "Name and title", "Date")


class CompliancePage:
    """Budget against actual, the covenants as at the month of the report, lines to sign."""

    name = "Compliance"

    def place(self, book: Draft) -> None:
        """Record the verdicts."""
        for row, line in self._certificate(book):
            book.name(line.name, self.name, row, 6, "text")

    def _certificate(self, book: Draft) -> Iterator[tuple[int, Covenant]]:
        first = _FIRST_ROW + len(book.template.compliance) + 3
        yield from enumerate(book.template.certificate, start=first)

    def write(self, book: Draft, sheet: Worksheet) -> None:
        """Write the sheet."""
        style.title(sheet, "Compliance certificate", f"{book.deal.name}. {book.template.title}.")
        style.base(sheet.cell(_AS_AT_ROW, 1), bold=True).value = "As at"
        told = f'IF({AS_AT}=0,"before the first report",INDEX({{period_end.all}},1,{AS_AT}))'
        dated = book.formula(sheet, _AS_AT_ROW, 2, told, "date", bold=True)
        dated.alignment = Alignment(horizontal="left")
        self._header(book, sheet)
        for row, line in enumerate(book.template.compliance, start=_FIRST_ROW):
            self._line(book, sheet, row, line)
        self._covenants(book, sheet)
        self._signatures(book, sheet)
        widths(sheet, A=44, B=15)
        for column in range(_FIRST_COLUMN, _LAST_COLUMN + 1):
            sheet.column_dimensions[letter(column)].width = 14
        sheet.freeze_panes = sheet.cell(_FIRST_ROW, _FIRST_COLUMN)
        page_scale(sheet)

    def _header(self, book: Draft, sheet: Worksheet) -> None:
        """A group of columns for each window, and the months that it adds up."""
        heads = [title if part == 0 else "" for title, _ in _WINDOWS for part in range(len(_PARTS))]
        style.table_header(sheet, _HEADER_ROW, ["Budget against actual", "Unit", *heads])
        style.table_header(sheet, _HEADER_ROW + 1, ["", "", *_PARTS * len(_WINDOWS)])
        for row, label in ((_MONTHS_ROW, "Months added up"), (_FROM_ROW, "From month")):
            style.note(sheet.cell(row, 1), label)
            style.note(sheet.cell(row, 2), "months")
        for index, (_, months) in enumerate(_WINDOWS):
            at = _FIRST_COLUMN + len(_PARTS) * index
            book.formula(sheet, _MONTHS_ROW, at, months, "months").number_format = "0"
            start = f"MAX(1,{AS_AT}-{letter(at)}{_MONTHS_ROW}+1)"
            book.formula(sheet, _FROM_ROW, at, start, "months").number_format = "0"

    def _line(self, book: Draft, sheet: Worksheet, row: int, line: ComplianceRow) -> None:
        style.base(sheet.cell(row, 1)).value = line.label
        style.base(sheet.cell(row, 2), size=9, color=style.MUTED).value = line.unit
        for index in range(len(_WINDOWS) if line.how != "end" else 1):
            at = _FIRST_COLUMN + len(_PARTS) * index
            start = f"{letter(at)}${_FROM_ROW}"
            budgeted = line.budget or BUDGET + line.actual
            budget = _value(line, budgeted, line.over_budget, start)
            actual = _value(line, line.actual, line.over_actual, start)
            one, other = f"{letter(at)}{row}", f"{letter(at + 1)}{row}"
            apart = f"IF(COUNT({one}:{other})=2,{other}-{one},{_NONE})"
            for column, formula in enumerate((budget, actual, apart), start=at):
                cell = book.formula(sheet, row, column, formula, line.unit)
                cell.alignment = Alignment(horizontal="right")

    def _covenants(self, book: Draft, sheet: Worksheet) -> None:
        lines = list(self._certificate(book))
        header = lines[0][0] - 1 if lines else _FIRST_ROW
        style.table_header(
            sheet,
            header,
            ["Covenants as at that date", "Unit", "Value", "Test", "Threshold", "Status"],
        )
        for row, line in lines:
            style.base(sheet.cell(row, 1), bold=True).value = line.label
            style.base(sheet.cell(row, 2), size=9, color=style.MUTED).value = line.unit
            value = f"IF({AS_AT}=0,{_NONE},{line.value})"
            book.formula(sheet, row, 3, value, line.unit).alignment = Alignment(horizontal="right")
            sign = style.base(sheet.cell(row, 4), color=style.MUTED)
            sign.value = "at least" if line.direction == "min" else "at most"
            sign.alignment = Alignment(horizontal="center")
            book.formula(sheet, row, 5, line.threshold, line.unit)
            verdict = guarded(f"C{row}", f"D{row}", f"E{row}", ("PASS", "BREACH"))
            told = f'IF({AS_AT}=0,"no report yet",{verdict})'
            status = book.formula(sheet, row, 6, told, "text", bold=True)
            status.alignment = Alignment(horizontal="center")
            style.paint_status(sheet, f"F{row}")

    def _signatures(self, book: Draft, sheet: Worksheet) -> None:
        """What the borrower says, and the lines that it signs."""
        row = _FIRST_ROW + len(book.template.compliance) + len(book.template.certificate) + 5
        said = style.base(sheet.cell(row, 1))
        said.value, said.alignment = _STATEMENT, Alignment(wrap_text=True, vertical="top")
        sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=_LAST_COLUMN)
        sheet.row_dimensions[row].height = 30
        line = Border(bottom=Side(style="thin", color=style.INK))
        for column in range(1, _LAST_COLUMN + 1):
            sheet.cell(row + 2, column).border = line
        for offset, label in enumerate(_SIGNED):
            style.note(sheet.cell(row + 4 + 2 * offset, 1), label)
            for column in range(2, 7):
                sheet.cell(row + 4 + 2 * offset, column).border = line


def _value(line: ComplianceRow, row: str, over: str, start: str) -> str:
    """A row over a window: its sum, its last month, or its sum over that of another row."""
    if line.how == "end":
        return f"IF({AS_AT}=0,{_NONE},INDEX({{{row}.path}},1,{AS_AT}+1))"
    window = f"({{month.all}}>={start})*({{month.all}}<={AS_AT})"
    total = f"SUMPRODUCT({{{row}.all}},{window})"
    if line.how == "sum":
        return f"IF({AS_AT}=0,{_NONE},{total})"
    below = f"SUMPRODUCT({{{over}.all}},{window})"
    return f"IF(AND({AS_AT}>0,{below}>0),{total}/MAX({below},rounding),{_NONE})"
