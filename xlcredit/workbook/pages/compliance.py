"""The page Compliance: what was budgeted against what has happened, and a certificate to sign.

Nothing here is calculated anew: the rows are those of the monthly sheets, added up over the month
of the report, three months, twelve, and since closing.
"""

from __future__ import annotations

from collections.abc import Iterator

from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Alignment, Border, Side
from openpyxl.utils import get_column_letter as letter
from openpyxl.worksheet.worksheet import Worksheet

from xlcredit.deals.series import AS_AT
from xlcredit.deals.template import AS_INPUT, ComplianceRow, Covenant
from xlcredit.ooxml.place import Place
from xlcredit.workbook import style
from xlcredit.workbook.draft import Draft, page_setup, widths
from xlcredit.workbook.pages.curves import ACTUAL, BUDGET
from xlcredit.workbook.pages.curves import NAME as CURVES
from xlcredit.workbook.places import TOTAL
from xlcredit.workbook.tables.verdicts import NO_VERDICT, NOT_TESTED, SIGNS, decided, if_agreed

__all__ = ["AREA_CERTIFICATE", "CompliancePage"]

#: Defined name of the covenants as at the date of the report, for who looks what is typed over.
AREA_CERTIFICATE = "certificate_covenants"

_WINDOWS = (("Month", 1), ("Three months", 3), ("Twelve months", 12), ("Since closing", 0))
_PARTS = ("Budget", "Actual", "Difference")
_TOLD_ROW, _AS_AT_ROW, _REPORTED_ROW, _HEADER_ROW = 3, 4, 5, 6
#: Below the header: how many months a column adds up, the first of them, and the first and last of
#: the whole periods between dates of payment that end among them.
_MONTHS_ROW, _FROM_ROW, _DATED_FROM_ROW, _DATED_TO_ROW = 7, 8, 9, 10
_DATED = ("From month, of whole payment periods", "To month, of whole payment periods")
_PART, _UNIT, _FIRST_COLUMN = 2, 3, 4
_LAST_COLUMN = _FIRST_COLUMN - 1 + len(_WINDOWS)
#: Beside the page, not printed: what the ratios divide by, a column for each window.
_DIVISOR = _LAST_COLUMN + 2 - _FIRST_COLUMN
#: Of the covenants: value, test, threshold, status.
_VALUE, _TEST, _THRESHOLD, _STATUS = range(_FIRST_COLUMN, _FIRST_COLUMN + 4)
_NONE = '"none"'
#: How many rows the borrower has reported in full: without any there is nothing to certify.
_REPORTED = f"$B${_REPORTED_ROW}"
_FORECAST = "up to that date; in the others Actual is the model's own forecast"
#: What stands in place of a figure before the first report: there is none, and 0 would be one.
_BLANK = '"–"'
_MOVES = "is in force: what is certified reads the inputs alone"
_STATEMENT = (
    "We certify that the figures above are taken from our books and records for the months up to",
    "that date, that they were made up as the finance documents require, and that no default is",
    "continuing but for what is stated here:",
)
_SIGNED = ("For the borrower", "Name and title", "Date")


class CompliancePage:
    """Budget against actual, the covenants as at the month of the report, lines to sign."""

    name = "Compliance"

    def place(self, book: Draft) -> None:
        """Record the verdicts."""
        lines = list(self._certificate(book))
        for row, line in lines:
            book.name(line.name, self.name, row, _STATUS, "text")
        if lines:
            first, last = lines[0][0] - 1, lines[-1][0]
            book.areas[AREA_CERTIFICATE] = f"{self.name}!$A${first}:${letter(_STATUS)}${last}"
        count = Place(self.name, _REPORTED_ROW, _PART)
        book.places.blocks["compliance.reported"] = count, count

    def _certificate(self, book: Draft) -> Iterator[tuple[int, Covenant]]:
        first = _first_row(book) + len(_PARTS) * len(book.template.compliance) + 2
        yield from enumerate(book.template.certificate, start=first)

    def write(self, book: Draft, sheet: Worksheet) -> None:
        """Write the sheet."""
        style.title(sheet, "Compliance certificate", f"{book.deal.name}. {book.template.title}.")
        style.base(sheet.cell(_AS_AT_ROW, 1), bold=True).value = "As at"
        told = f'IF({AS_AT}=0,"before the first report",INDEX({{period_end.all}},1,{AS_AT}))'
        dated = style.outcome(book.formula(sheet, _AS_AT_ROW, _PART, told, "date", bold=True))
        dated.alignment = Alignment(horizontal="left")
        style.outcome(book.formula(sheet, _TOLD_ROW, 1, _told(book), "text", bold=True))
        self._reported(book, sheet)
        self._header(book, sheet)
        for index, line in enumerate(book.template.compliance):
            self._line(book, sheet, _first_row(book) + len(_PARTS) * index, line)
        self._covenants(book, sheet)
        self._signatures(book, sheet)
        widths(sheet, A=58, B=13, C=15)
        for column in range(_FIRST_COLUMN, _LAST_COLUMN + 1):
            sheet.column_dimensions[letter(column)].width = 17
        for column in range(_FIRST_COLUMN, _LAST_COLUMN + 1):
            sheet.column_dimensions[letter(column + _DIVISOR)].width = 17
        sheet.freeze_panes = sheet.cell(_first_row(book), _FIRST_COLUMN)
        sheet.print_area = f"A1:{letter(_LAST_COLUMN)}{sheet.max_row}"
        page_setup(sheet, landscape=False, tall=1)

    def _reported(self, book: Draft, sheet: Worksheet) -> None:
        """How much of what stands under Actual has happened, and is no forecast."""
        style.base(
            sheet.cell(_REPORTED_ROW, 1), bold=True
        ).value = f"Rows of the sheet {CURVES} reported in full"
        rows = [book.places.rows[ACTUAL + row.name].row for row in book.template.own_rows]
        full = "+".join(f"({CURVES}!${letter(TOTAL)}${row}={AS_AT})" for row in rows) or "0"
        formula = f"IF({AS_AT}=0,0,{full})"  # of no month nothing is reported
        count = style.outcome(book.formula(sheet, _REPORTED_ROW, _PART, formula, "flag"))
        count.alignment = Alignment(horizontal="left")
        # one line, over the empty cells beside it
        style.note(sheet.cell(_REPORTED_ROW, _UNIT), _FORECAST).alignment = Alignment(
            horizontal="left", vertical="center"
        )

    def _header(self, book: Draft, sheet: Worksheet) -> None:
        """A column for each window, and the months that it adds up."""
        heads = ["Budget against actual", "", "Unit", *(title for title, _ in _WINDOWS)]
        style.table_header(sheet, _HEADER_ROW, heads)
        of_periods = _DATED if _dates(book) else ()
        labels = ("Months added up, at most", "From month", *of_periods)
        for row, label in enumerate(labels, start=_MONTHS_ROW):
            style.note(sheet.cell(row, 1), label)
            style.note(sheet.cell(row, _UNIT), "months")
        for column, (_, months) in enumerate(_WINDOWS, start=_FIRST_COLUMN):
            if months:
                style.number(sheet.cell(_MONTHS_ROW, column), "flag", style.MUTED).value = months
            else:
                style.outcome(book.formula(sheet, _MONTHS_ROW, column, AS_AT, "flag"))
            start = f"IF({AS_AT}=0,{_BLANK},MAX(1,{AS_AT}-{letter(column)}{_MONTHS_ROW}+1))"
            dated = _dated(_dates(book), f"{letter(column)}${_FROM_ROW}")
            for row, formula in enumerate((start, *dated), start=_FROM_ROW):
                shown = style.outcome(book.formula(sheet, row, column, formula, "flag"))
                shown.alignment = Alignment(horizontal="right")
        heads = [f"Divided by, {title.lower()}" for title, _ in _WINDOWS]
        for column, head in enumerate(heads, start=_FIRST_COLUMN + _DIVISOR):
            style.note(sheet.cell(_HEADER_ROW, column), head)

    def _line(self, book: Draft, sheet: Worksheet, row: int, line: ComplianceRow) -> None:
        """Three rows: budget, actual, and how far they are apart."""
        style.base(sheet.cell(row, 1), bold=True).value = line.label
        budgeted = line.budget or BUDGET + line.actual
        columns = range(_FIRST_COLUMN, _LAST_COLUMN + 1 if line.how != "end" else _FIRST_COLUMN + 1)
        for column in columns:
            at = letter(column)
            budget, actual = f"{at}{row}", f"{at}{row + 1}"
            both = f"AND(ISNUMBER({budget}),ISNUMBER({actual}))"
            divisors = [f"{letter(column + _DIVISOR)}{row + offset}" for offset in range(2)]
            formulas = (
                _value(line, budgeted, at, divisors[0]),
                _value(line, line.actual, at, divisors[1]),
                f"IF({both},{actual}-{budget},{_BLANK})",
            )
            if line.how == "ratio":
                for offset, over in enumerate((line.over_budget, line.over_actual)):
                    total = f"IF({AS_AT}=0,0,{_total(over, line.dates, at)})"
                    style.outcome(
                        book.formula(sheet, row + offset, column + _DIVISOR, total, "number")
                    )
            for offset, formula in enumerate(formulas):
                cell = style.outcome(book.formula(sheet, row + offset, column, formula, line.unit))
                cell.alignment = Alignment(horizontal="right")
        for offset, part in enumerate(_PARTS):
            style.base(sheet.cell(row + offset, _PART), size=9).value = part
            style.base(sheet.cell(row + offset, _UNIT), size=9, color=style.MUTED).value = line.unit
        for column in range(1, _LAST_COLUMN + 1):
            sheet.cell(row, column).border = Border(top=Side(style="thin", color=style.RULE))

    def _covenants(self, book: Draft, sheet: Worksheet) -> None:
        lines = list(self._certificate(book))
        if not lines:
            return
        heads = ["Covenants as at that date", "", "Unit", "Value", "Test", "Threshold", "Status"]
        style.table_header(sheet, lines[0][0] - 1, heads)
        for row, line in lines:
            style.base(sheet.cell(row, 1), bold=True).value = line.label
            style.base(sheet.cell(row, _UNIT), size=9, color=style.MUTED).value = line.unit
            none = f"OR({AS_AT}=0,{_REPORTED}=0,{_shocked(book)})"
            told = f"IF({none},{_NONE},{line.value})"
            value = f"CHOOSE(1+({line.agreed}),{NOT_TESTED},{told})" if line.agreed else told
            shown = style.outcome(book.formula(sheet, row, _VALUE, value, line.unit))
            style.figure(shown, line.unit)
            shown.alignment = Alignment(horizontal="right")
            # a formula: what is typed over it is seen
            sign = book.formula(sheet, row, _TEST, f'"{SIGNS[line.direction]}"', "text")
            style.base(sign, color=style.MUTED)
            sign.alignment = Alignment(horizontal="center")
            threshold = if_agreed(line, line.threshold)
            limited = book.formula(sheet, row, _THRESHOLD, threshold, line.unit)
            style.outcome(limited).alignment = Alignment(horizontal="right")
            tested, test, limit = (f"{letter(c)}{row}" for c in (_VALUE, _TEST, _THRESHOLD))
            verdict = decided(tested, test, limit, ("PASS", "BREACH"))
            told = (
                f"CHOOSE(1+COUNTIF({tested},{NOT_TESTED})*inputs_complete+2*COUNTIF({tested},{_NONE}),"
                f'{verdict},{NO_VERDICT},IF({_shocked(book)},"scenario","no report yet"))'
            )
            status = style.outcome(book.formula(sheet, row, _STATUS, told, "text", bold=True))
            status.alignment = Alignment(horizontal="center")
            style.paint_status(sheet, status.coordinate)
            style.paint_failed(sheet, shown.coordinate, status.coordinate)

    def _signatures(self, book: Draft, sheet: Worksheet) -> None:
        """What the borrower says, and the lines that it signs."""
        row = _first_row(book) + len(_PARTS) * len(book.template.compliance) + 3
        row += len(book.template.certificate)
        told = f"$A${_TOLD_ROW}"  # says why there is no certificate, and nothing else
        for offset, text in enumerate(_STATEMENT):
            instead = told if offset == 0 else '""'
            style.outcome(
                book.formula(sheet, row + offset, 1, _if_certified(text, instead), "text")
            )
        _line_below(sheet, row + len(_STATEMENT), 1)
        for offset, label in enumerate(_SIGNED):
            at = row + len(_STATEMENT) + 2 + 2 * offset
            cell = style.outcome(book.formula(sheet, at, 1, _if_certified(label, '""'), "text"))
            style.base(cell, size=9, color=style.MUTED)
            _line_below(sheet, at, _PART)


def _if_certified(text: str, instead: str) -> str:
    """What a certificate says, or something else where there is none."""
    return f'IF($A${_TOLD_ROW}="","{text}",{instead})'


def _line_below(sheet: Worksheet, row: int, first: int) -> None:
    """A line to write on, where there is a certificate to sign."""
    line = Border(bottom=Side(style="thin", color=style.INK))
    rule = FormulaRule(formula=[f'$A${_TOLD_ROW}=""'], border=line)
    sheet.conditional_formatting.add(f"{letter(first)}{row}:{letter(_LAST_COLUMN)}{row}", rule)


def _told(book: Draft) -> str:
    """Why there is no certificate; nothing where there is one."""
    early = '"No certificate: before the first report"'
    silent = f'"No certificate: nothing is reported up to month "&{AS_AT}'
    told = f'CHOOSE(1+({AS_AT}>0)+({AS_AT}*{_REPORTED}>0),{early},{silent},"")'
    if "scenario" not in book.deal.inputs:
        return told
    return f'IF({_shocked(book)},"No certificate: the scenario "&scenario&" {_MOVES}",{told})'


def _shocked(book: Draft) -> str:
    """Whether a scenario is in force: what it moves has not happened, and nobody certifies it."""
    return f'scenario<>"{AS_INPUT}"' if "scenario" in book.deal.inputs else "FALSE"


def _dates(book: Draft) -> str:
    """The row of the last month so far that is paid for, if a line has one."""
    return next((line.dates for line in book.template.compliance if line.dates), "")


def _first_row(book: Draft) -> int:
    """The row of the first line."""
    return (_DATED_TO_ROW if _dates(book) else _FROM_ROW) + 1


def _dated(dates: str, start: str) -> tuple[str, ...]:
    """The first and the last month of the whole periods that end from a month on, so far."""
    if not dates:
        return ()
    return (
        f"IF({AS_AT}=0,{_BLANK},INDEX({{{dates}.path}},1,{start})+1)",
        f"IF({AS_AT}=0,{_BLANK},INDEX({{{dates}.path}},1,{AS_AT}+1))",
    )


def _total(row: str, dates: str, at: str) -> str:
    """A row over the months of a column, or over whole periods between dates of payment."""
    first = f"{at}${_DATED_FROM_ROW if dates else _FROM_ROW}"
    last = f"{at}${_DATED_TO_ROW}" if dates else AS_AT
    return f"SUMPRODUCT({{{row}.all}},({{month.all}}>={first})*({{month.all}}<={last}))"


def _value(line: ComplianceRow, row: str, at: str, divisor: str) -> str:
    """A row over a window: its sum, its last month, or its sum over that of another row."""
    if line.how == "end":
        return f"IF({AS_AT}=0,{_BLANK},INDEX({{{row}.path}},1,{AS_AT}+1))"
    total = _total(row, line.dates, at)
    if line.how == "sum":
        return f"IF({AS_AT}=0,{_BLANK},{total})"
    return f"IF({divisor}>rounding,{total}/{divisor},{_BLANK})"  # no service, no cover
