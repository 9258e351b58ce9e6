"""The sheet Summary: the ask, the side-by-sides, the tests, the charts."""

from __future__ import annotations

from openpyxl.styles import Alignment, Border, PatternFill, Side
from openpyxl.worksheet.worksheet import Worksheet

from xlcredit.deals.template import AS_AT, Comparison, Figure, Term
from xlcredit.ooxml.place import Place
from xlcredit.workbook import charts, style
from xlcredit.workbook.draft import Draft, page_break, page_scale, widths
from xlcredit.workbook.tables import measures, verdicts

__all__ = [
    "AREA_HEAD",
    "AREA_COMPARISONS",
    "AREA_COVENANTS",
    "BAND",
    "COVENANT_COLUMNS",
    "READING",
    "SummaryPage",
]

#: Defined names of what the terminal reads back.
AREA_HEAD = "dashboard_head"
AREA_COMPARISONS = "dashboard_comparisons"
AREA_COVENANTS = "dashboard_covenants"

COVENANT_COLUMNS = verdicts.COLUMNS
_FIRST_ROW = 5
#: What stands in place of every sentence while an input is empty.
_EMPTY = "An input is empty (sheet Inputs, in red): no figure here can be relied on"
BAND = 4  # rows of a side-by-side: labels, values, notes, air
_COLUMNS = 9
_CHART_WIDTHS = (16.8, 17.4)
_CHARTS_ROWS = 42  # of the second page, shared by as many rows of charts as there are
_ASK_WIDTH = 130  # characters of a line of the ask, the digits of its figures apart
_ROW_HEIGHT = 0.529  # centimetres
_USUAL = 15.0  # points of a row
_PAGE_POINTS = 480  # of a landscape page between its margins, A4 and Letter
READING = 7  # what a side-by-side says, in words


class SummaryPage:
    """The page a committee reads: the ask, the answers, the tests; then the charts."""

    name = "Summary"

    def place(self, book: Draft) -> None:
        """Figures of the side-by-sides, then the verdicts."""
        for row, comparison in self._bands(book):
            for offset, figure in enumerate(comparison.figure):
                book.name(figure.name, self.name, row + 1, 2 + offset, figure.unit)
        tables = verdicts.place(book, self.name, self._tests_row(book))
        top, bottom = tables[verdicts.COVENANTS]
        book.areas[AREA_COVENANTS] = f"Summary!$A${top}:$I${bottom}"
        last = self._tests_row(book) + verdicts.height(book.template)
        area = Place(self.name, _FIRST_ROW, 1), Place(self.name, last, _COLUMNS)
        book.places.blocks["summary.area"] = area

    def _bands(self, book: Draft) -> list[tuple[int, Comparison]]:
        first = _FIRST_ROW + (len(book.template.ask) + 1 if book.template.ask else 0)
        return [
            (first + BAND * index, comparison)
            for index, comparison in enumerate(book.template.comparison)
        ]

    def _tests_row(self, book: Draft) -> int:
        """The heading of the covenants."""
        return self._bands(book)[-1][0] + BAND

    def write(self, book: Draft, sheet: Worksheet) -> None:
        """Write the sheet."""
        style.title(sheet, f"{book.deal.name}: summary", book.template.summary)
        book.areas[AREA_HEAD] = f"{self.name}!$A$1:$A$2"
        _status_line(book, sheet)
        for row, line in enumerate(book.template.ask, start=_FIRST_ROW):
            _write_ask(book, sheet, row, line)
        for row, comparison in self._bands(book):
            _write_comparison(book, sheet, row, comparison)
        tests = self._tests_row(book)
        first, last = self._bands(book)[0][0], tests - 1
        book.areas[AREA_COMPARISONS] = f"Summary!$A${first}:$G${last}"
        verdicts.write(book, sheet, tests)
        widths(sheet, A=38, B=17, C=17, D=17, E=17, F=17, G=13, H=13, I=31)
        bottom = tests + verdicts.height(book.template) + 1
        page_break(sheet, tests)
        page_break(sheet, bottom)
        _write_charts(book, sheet, bottom)
        page_scale(sheet)
        # the ask and the answers stand on one page
        tall = sum(sheet.row_dimensions[row].height or _USUAL for row in range(1, tests))
        sheet.page_setup.scale = min(sheet.page_setup.scale, int(100 * _PAGE_POINTS / tall))


def _write_ask(book: Draft, sheet: Worksheet, row: int, line: Term) -> None:
    """One line of what is asked for."""
    style.base(sheet.cell(row, 1), bold=True, color=style.ACCENT).value = line.label
    formula = line.formula or '"' + (line.text or "open").replace('"', '""') + '"'
    cell = style.base(book.formula(sheet, row, 2, formula, "text"))
    cell.alignment = Alignment(horizontal="left", wrap_text=True, vertical="center")
    sheet.merge_cells(start_row=row, end_row=row, start_column=2, end_column=_COLUMNS)
    sheet.row_dimensions[row].height = _USUAL * _lines(book, formula)


def _lines(book: Draft, formula: str) -> int:
    """Lines that the sentence of a formula may take: its words and those of the inputs it names."""
    words = sum(len(part) for part in formula.split('"')[1::2])
    inputs = (book.deal.inputs.get(name) for name in book.places.names_in(formula))
    words += sum(len(held.value) for held in inputs if held and isinstance(held.value, str))
    return max(1, -(-words // _ASK_WIDTH))


def _write_charts(book: Draft, sheet: Worksheet, row: int) -> None:
    """The second page: two charts side by side, as many rows as it takes."""
    template, tables = book.template, book.places.tables
    drawn = [
        *(charts.monthly(book, spec) for spec in template.chart),
        *(measures.chart_ladder(tables[spec.title], spec) for spec in template.ladder),
        *(measures.chart_map(tables[spec.title], spec) for spec in template.map),
    ]
    style.heading(sheet, row, "Charts", _COLUMNS)
    each = min(18, _CHARTS_ROWS // max(1, -(-len(drawn) // 2)))
    for index, chart in enumerate(drawn):
        down, across = divmod(index, 2)
        chart.width, chart.height = _CHART_WIDTHS[across], (each - 1) * _ROW_HEIGHT
        sheet.add_chart(chart, f"{'AE'[across]}{row + 2 + each * down}")


def _status_line(book: Draft, sheet: Worksheet) -> None:
    """Scenario in force and master check, under the title."""
    if "scenario" in book.deal.inputs:
        style.base(sheet["A3"], color=style.MUTED).value = "Scenario in force"
        shown = style.outcome(book.formula(sheet, 3, 2, "scenario", "text", bold=True))
        # a long name is made smaller: beside it stands the master check
        shown.alignment = Alignment(horizontal="left", vertical="center", shrink_to_fit=True)
        sheet.merge_cells("B3:C3")
    style.base(sheet["D3"], color=style.MUTED).value = "Master check"
    sheet["D3"].alignment = Alignment(horizontal="right")
    check = style.outcome(book.formula(sheet, 3, 5, "master_check", "text", bold=True))
    check.alignment = Alignment(horizontal="center")
    style.paint_status(sheet, "E3")
    area = "{sources.status}"
    message = f'COUNTIF({area},"assumption")&" of "&ROWS({area})&" inputs are assumptions"'
    if "compliance.reported" in book.places.blocks:
        # months that count as past and hold the model's own forecast are no report
        message += (
            f'&IF(AND({AS_AT}>0,{{compliance.reported}}=0),"; month "&{AS_AT}&": no report","")'
        )
    style.base(book.formula(sheet, 3, READING, message, "text"), color=style.MUTED)


def _write_comparison(book: Draft, sheet: Worksheet, row: int, comparison: Comparison) -> None:
    line = Side(style="thin", color=style.RULE)
    for column in range(1, _COLUMNS + 1):
        sheet.cell(row, column).border = Border(top=line)
    style.base(sheet.cell(row, 1), bold=True, size=11, color=style.ACCENT).value = comparison.title
    style.note(sheet.cell(row + 1, 1), comparison.question)
    for offset, figure in enumerate(comparison.figure):
        _write_figure(book, sheet, row, 2 + offset, figure)
    if comparison.reading:
        reading = f'CHOOSE(1+inputs_complete,"{_EMPTY}",{comparison.reading})'
        cell = book.formula(sheet, row + 1, READING, reading, "text")
        style.base(cell, size=11)  # prose is black, whatever it draws on
        cell.alignment = Alignment(horizontal="left", wrap_text=True, vertical="center", indent=2)
        sheet.merge_cells(  # three lines, beside the values and their notes
            start_row=row + 1, end_row=row + 2, start_column=READING, end_column=_COLUMNS
        )
    for height, part in zip((25, 22, 25, 3), range(row, row + BAND), strict=True):
        sheet.row_dimensions[part].height = height


def _write_figure(book: Draft, sheet: Worksheet, row: int, column: int, figure: Figure) -> None:
    label = style.base(sheet.cell(row, column), size=9, bold=True)
    label.value = figure.label
    label.alignment = Alignment(horizontal="center", vertical="bottom", wrap_text=True)
    unit = "USD m" if figure.unit == "USD" else figure.unit
    cell = book.formula(sheet, row + 1, column, figure.formula, unit)
    # the green of a link would read as good
    style.base(style.figure(cell, unit), size=13, bold=True)
    if figure.unit == "USD":
        cell.number_format = style.MILLIONS
    cell.alignment = Alignment(horizontal="center", vertical="center")
    cell.fill = PatternFill("solid", start_color="F8FAFC")
    remark = style.note(sheet.cell(row + 2, column), figure.note)
    remark.alignment = Alignment(horizontal="center", vertical="top", wrap_text=True)
