"""The page Annual: the monthly rows that matter, by years from closing, tied to the months."""

from __future__ import annotations

from openpyxl.styles import Alignment, Border, PatternFill, Side
from openpyxl.utils import get_column_letter as letter
from openpyxl.worksheet.worksheet import Worksheet

from xlcredit.deals.template import AnnualRow, Row, Template
from xlcredit.ooxml.place import Place, quoted
from xlcredit.workbook import charts, style
from xlcredit.workbook.draft import Draft, page_setup, widths
from xlcredit.workbook.places import FIRST

__all__ = ["AnnualPage"]

_HEADER_ROW, _TO_ROW, _AT_ROW = 4, 5, 6
_FIRST_ROW = 7
_YEAR = 12
#: Characters that a label has on a line, and how high a line is.
_LABEL, _LINE = 46, 15
_TITLE, _CHART = "Where the cash goes, by year (USD m)", (30.0, 9.5)
#: Names with a meaning to the builder: when the loan falls due, and the row that counts its months.
_TENOR, _MONTH = "tenor_months", "month"
#: Label, unit, total; then the years.
_TOTAL, _FIRST_YEAR = 3, 4


class AnnualPage:
    """One page of years; a check holds the years to the months."""

    name = "Annual"

    def place(self, book: Draft) -> None:
        """The columns of totals, by years and by months, which a check compares."""
        last = _lines(book.template)[-1][0]
        for name, column in (("years", _TOTAL), ("months", self._last(book) + 1)):
            ends = Place(self.name, _FIRST_ROW, column), Place(self.name, last, column)
            book.places.blocks[f"annual.{name}"] = ends

    def _last(self, book: Draft) -> int:
        return _FIRST_YEAR - 1 + -(-book.template.months // _YEAR)

    def write(self, book: Draft, sheet: Worksheet) -> None:
        """Write the sheet."""
        message = (
            "Years from closing; a sum of the months, past maturity too, their lowest, "
            "or the last, at most maturity"
        )
        style.title(sheet, "Annual", f"{book.deal.name}. {message}.")
        years = range(1, self._last(book) - _FIRST_YEAR + 2)
        header = ["", "Unit", "Total", *(f"Year {n}" for n in years), "Months in all"]
        style.table_header(sheet, _HEADER_ROW, header)
        for row, label in ((_TO_ROW, "To"), (_AT_ROW, "Balances and values at")):
            style.table_header(sheet, row, [label, *[""] * (len(header) - 1)])
        for year in years:
            months = _months(book.template, year)
            self._year(book, sheet, _TO_ROW, year, f"{{period_end@{months[1]}}}", "date")
            self._year(book, sheet, _AT_ROW, year, _last_owed(book, "period_end", *months), "date")
        rows = _rows(book.template)
        for at, spec in _lines(book.template):
            if spec.title:
                style.base(sheet.cell(at - 1, 1), bold=True, color=style.ACCENT).value = spec.title
            self._write_row(book, sheet, at, spec, rows[spec.row])
        widths(sheet, A=_LABEL, B=12, C=16)
        for column in range(_FIRST_YEAR, self._last(book) + 2):
            sheet.column_dimensions[letter(column)].width = 16
        sheet.freeze_panes = sheet.cell(_FIRST_ROW, _FIRST_YEAR)
        page_setup(sheet, tall=1)
        self._draw(book, sheet)

    def _draw(self, book: Draft, sheet: Worksheet) -> None:
        """The chart of what is drawn, below the years."""
        first, last = letter(_FIRST_YEAR), letter(self._last(book))
        parts: dict[str, list[tuple[str, str]]] = {"bar": [], "line": []}
        lines = _lines(book.template)
        for at, spec in lines:
            if spec.drawn:
                years = f"{self.name}!${first}${at}:${last}${at}"
                parts[spec.drawn].append((f"{self.name}!$A${at}", years))
        if not parts["bar"]:
            return
        heads = f"{self.name}!${first}${_HEADER_ROW}:${last}${_HEADER_ROW}"
        chart = charts.by_year(_TITLE, "USD m", heads, parts["bar"], parts["line"])
        chart.width, chart.height = _CHART
        sheet.add_chart(chart, f"A{lines[-1][0] + 3}")

    def _year(
        self, book: Draft, sheet: Worksheet, row: int, year: int, formula: str, unit: str
    ) -> None:
        cell = book.formula(sheet, row, _FIRST_YEAR - 1 + year, _addressed(book, formula), unit)
        style.base(cell, bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", start_color=style.ACCENT)
        cell.alignment = Alignment(horizontal="center")

    def _write_row(self, book: Draft, sheet: Worksheet, at: int, spec: AnnualRow, row: Row) -> None:
        label = style.base(sheet.cell(at, 1), bold=spec.bold)
        label.value = row.label
        if len(row.label) > _LABEL:  # its end would be cut off by the unit
            label.alignment = Alignment(wrap_text=True, vertical="center")
            sheet.row_dimensions[at].height = _LINE * -(-len(row.label) // _LABEL)
        style.base(sheet.cell(at, 2), size=9, color=style.MUTED).value = row.unit
        last = self._last(book)
        for column in range(_FIRST_YEAR, last + 1):
            months = _months(book.template, column - _FIRST_YEAR + 1)
            formula = _addressed(book, _formula(book, spec, *months))
            cell = book.formula(sheet, at, column, formula, row.unit, bold=spec.bold)
            style.outcome(cell).alignment = Alignment(horizontal="right")
        if spec.year == "sum":
            area = f"{letter(_FIRST_YEAR)}{at}:{letter(last)}{at}"
            book.formula(sheet, at, _TOTAL, f"SUM({area})", row.unit, bold=spec.bold)
            whole = f"{{{spec.row}.total}}" if row.total else f"SUM({{{spec.row}.all}})"
            style.outcome(book.formula(sheet, at, last + 1, whole, row.unit))
        if spec.bold:
            for column in range(1, last + 2):
                sheet.cell(at, column).border = Border(top=Side(style="thin", color=style.RULE))


def _lines(template: Template) -> list[tuple[int, AnnualRow]]:
    """The rows of the page and where each stands: a title takes a row above its own."""
    lines, at = [], _FIRST_ROW - 1
    for spec in template.annual:
        at += 2 if spec.title else 1
        lines.append((at, spec))
    return lines


def _rows(template: Template) -> dict[str, Row]:
    return {row.name: row for sheet in template.sheet for block in sheet.block for row in block.row}


def _months(template: Template, year: int) -> tuple[int, int]:
    """The columns of the first and the last month of a year."""
    return FIRST + _YEAR * (year - 1), FIRST - 1 + min(_YEAR * year, template.months)


def _last_owed(book: Draft, row: str, first: int, last: int) -> str:
    """A row in the last month of a year, at maturity in the year of that, and none after it.

    After maturity nobody follows the loan: its months there are no state that a reader could use.
    """
    if _TENOR not in book.template.inputs or _MONTH not in book.places.rows:
        return f"{{{row}@{last}}}"
    months, begins = f"{{{row}@{first}:{last}}}", f"{{{_MONTH}@{first}}}"
    at = f"MIN(COLUMNS({months}),{_TENOR}-{begins}+1)"
    return f'IF({_TENOR}>={begins},INDEX({months},1,{at}),"none")'


def _formula(book: Draft, spec: AnnualRow, first: int, last: int) -> str:
    months = f"{{{spec.row}@{first}:{last}}}"
    if spec.year == "sum":
        return f"SUM({months})"
    if spec.year == "end":
        return _last_owed(book, spec.row, first, last)
    if not spec.where:
        return f"MIN({months})"
    where = f"{{{spec.where}@{first}:{last}}}"
    return f'IF(SUM({where})=0,"none",MINIFS({months},{where},1))'


def _addressed(book: Draft, formula: str) -> str:
    """Turn ``{row@5:16}`` into the address of those columns of the row."""
    while "{" in formula:
        before, _, rest = formula.partition("{")
        inside, _, after = rest.partition("}")
        name, _, columns = inside.partition("@")
        place = book.places.rows[name]
        ends = [f"{letter(int(column))}{place.row}" for column in columns.split(":")]
        formula = f"{before}{quoted(place.sheet)}!{':'.join(ends)}{after}"
    return formula
