"""The sheet Summary: the side-by-sides, the covenant dashboard, the charts."""

from __future__ import annotations

from collections.abc import Iterator

from openpyxl.styles import Alignment, Border, PatternFill, Side
from openpyxl.worksheet.worksheet import Worksheet

from xlcredit.deals.template import Comparison, Covenant, Figure
from xlcredit.ooxml.place import Place
from xlcredit.workbook import charts, style
from xlcredit.workbook.draft import Draft, page_break, page_scale, widths
from xlcredit.workbook.tables import measures

__all__ = [
    "AREA_COMPARISONS",
    "AREA_COVENANTS",
    "BAND",
    "COVENANT_COLUMNS",
    "READING",
    "TITLE",
    "SummaryPage",
]

#: Defined names of what the terminal reads back.
TITLE = "dashboard_title"
AREA_COMPARISONS = "dashboard_comparisons"
AREA_COVENANTS = "dashboard_covenants"

COVENANT_COLUMNS = [
    "Covenant",
    "Value",
    "Test",
    "Threshold",
    "Status",
    "Headroom",
    "First breach",
    "Driver's figure",
    "Driver",
]
_VALUE, _TEST, _THRESHOLD, _STATUS, _HEADROOM, _BREACH, _MOVE, _DRIVER = range(2, 10)
_FIRST_ROW = 5
BAND = 4  # rows of a side-by-side: labels, values, notes, air
_COLUMNS = 9
_CHART_WIDTHS = (16.8, 17.4)
_CHARTS_ROWS = 42  # of the second page, shared by as many rows of charts as there are
_ROW_HEIGHT = 0.529  # centimetres
READING = 7  # what a side-by-side says, in words


class SummaryPage:
    """The page a committee reads."""

    name = "Summary"

    def place(self, book: Draft) -> None:
        """The title, figures of the side-by-sides, then one status per covenant."""
        book.name(TITLE, self.name, 1, 1, "text")
        for row, comparison in self._bands(book):
            for offset, figure in enumerate(comparison.figure):
                book.name(figure.name, self.name, row + 1, 2 + offset, figure.unit)
        top = self._covenant_row(book)
        for row, covenant in enumerate(book.template.covenant, start=top + 1):
            book.name(covenant.name, self.name, row, _STATUS, "text")
            for part, column, unit in _parts(covenant):
                book.name(f"{covenant.name}.{part}", self.name, row, column, unit)
        bottom = top + len(book.template.covenant)
        book.places.blocks["summary.statuses"] = self._block(top + 1, _STATUS, bottom, _STATUS)
        book.places.blocks["summary.area"] = self._block(_FIRST_ROW, 1, bottom, _COLUMNS)

    def _block(self, top: int, left: int, bottom: int, right: int) -> tuple[Place, Place]:
        return Place(self.name, top, left), Place(self.name, bottom, right)

    def _bands(self, book: Draft) -> list[tuple[int, Comparison]]:
        return [
            (_FIRST_ROW + BAND * index, comparison)
            for index, comparison in enumerate(book.template.comparison)
        ]

    def _covenant_row(self, book: Draft) -> int:
        """The row of the dashboard's header."""
        return _FIRST_ROW + BAND * len(book.template.comparison) + 1

    def write(self, book: Draft, sheet: Worksheet) -> None:
        """Write the sheet."""
        style.title(sheet, f"{book.deal.name}: summary", book.template.summary)
        _status_line(book, sheet)
        for row, comparison in self._bands(book):
            _write_comparison(book, sheet, row, comparison)
        first, last = _FIRST_ROW, self._covenant_row(book) - 2
        book.areas[AREA_COMPARISONS] = f"Summary!$A${first}:$G${last}"
        self._write_covenants(book, sheet)
        widths(sheet, A=38, B=17, C=17, D=17, E=17, F=17, G=13, H=13, I=31)
        bottom = self._covenant_row(book) + len(book.template.covenant) + 2
        page_break(sheet, bottom)
        _write_charts(book, sheet, bottom)
        page_scale(sheet)

    def _write_covenants(self, book: Draft, sheet: Worksheet) -> None:
        top = self._covenant_row(book)
        style.heading(sheet, top - 1, "Covenants", _COLUMNS)
        style.table_header(sheet, top, COVENANT_COLUMNS)
        for offset, covenant in enumerate(book.template.covenant):
            _write_covenant(book, sheet, top + 1 + offset, covenant)
        bottom = top + len(book.template.covenant)
        style.paint_status(sheet, f"E{top + 1}:E{bottom}")
        book.areas[AREA_COVENANTS] = f"Summary!$A${top}:$I${bottom}"


def _parts(covenant: Covenant) -> Iterator[tuple[str, int, str]]:
    """The figures of a covenant that have a name: after the covenant's own, a dot and this."""
    yield "value", _VALUE, covenant.unit
    yield "threshold", _THRESHOLD, covenant.unit
    yield "headroom", _HEADROOM, f"headroom, {covenant.direction}"
    if covenant.first_breach:
        yield "first_breach", _BREACH, "date"
    if covenant.driver_formula:
        yield "driver", _MOVE, covenant.driver_unit


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
        book.formula(sheet, 3, 2, "scenario", "text", bold=True)
    style.base(sheet["D3"], color=style.MUTED).value = "Master check"
    sheet["D3"].alignment = Alignment(horizontal="right")
    check = book.formula(sheet, 3, 5, "master_check", "text", bold=True)
    check.alignment = Alignment(horizontal="center")
    style.paint_status(sheet, "E3")
    area = "{sources.status}"
    told = f'COUNTIF({area},"assumption")&" of "&ROWS({area})&" inputs are assumptions"'
    style.base(book.formula(sheet, 3, READING, told, "text"), color=style.MUTED)


def _write_comparison(book: Draft, sheet: Worksheet, row: int, comparison: Comparison) -> None:
    line = Side(style="thin", color=style.RULE)
    for column in range(1, _COLUMNS + 1):
        sheet.cell(row, column).border = Border(top=line)
    style.base(sheet.cell(row, 1), bold=True, size=11, color=style.ACCENT).value = comparison.title
    style.note(sheet.cell(row + 1, 1), comparison.question)
    for offset, figure in enumerate(comparison.figure):
        _write_figure(book, sheet, row, 2 + offset, figure)
    if comparison.reading:
        cell = book.formula(sheet, row + 1, READING, comparison.reading, "text")
        style.base(cell, size=11)  # prose is black, whatever it draws on
        cell.alignment = Alignment(horizontal="left", wrap_text=True, vertical="center", indent=2)
        sheet.merge_cells(
            start_row=row + 1, end_row=row + 1, start_column=READING, end_column=_COLUMNS
        )
    for height, part in zip((26, 24, 34, 4), range(row, row + BAND), strict=True):
        sheet.row_dimensions[part].height = height


def _write_figure(book: Draft, sheet: Worksheet, row: int, column: int, figure: Figure) -> None:
    label = style.base(sheet.cell(row, column), size=9, bold=True)
    label.value = figure.label
    label.alignment = Alignment(horizontal="center", vertical="bottom", wrap_text=True)
    unit = "USD m" if figure.unit == "USD" else figure.unit
    cell = book.formula(sheet, row + 1, column, figure.formula, unit, size=13, bold=True)
    if figure.unit == "USD":
        cell.number_format = style.MILLIONS
    elif figure.unit == "months":
        cell.number_format = style.WHOLE_MONTHS
    cell.alignment = Alignment(horizontal="center", vertical="center")
    cell.fill = PatternFill("solid", start_color="F8FAFC")
    remark = style.note(sheet.cell(row + 2, column), figure.note)
    remark.alignment = Alignment(horizontal="center", vertical="top", wrap_text=True)


def _write_covenant(book: Draft, sheet: Worksheet, row: int, covenant: Covenant) -> None:
    """One test. Every comparison is guarded: an error reads CHECK and can never pass."""
    style.base(sheet.cell(row, 1), bold=True).value = covenant.label
    book.formula(sheet, row, _VALUE, covenant.value, covenant.unit, bold=True)
    sign = "at least" if covenant.direction == "min" else "at most"
    style.base(sheet.cell(row, _TEST), color=style.MUTED).value = sign
    sheet.cell(row, _TEST).alignment = Alignment(horizontal="center")
    book.formula(sheet, row, _THRESHOLD, covenant.threshold, covenant.unit)
    value, test, threshold = f"B{row}", f"C{row}", f"D{row}"
    # one formula for every covenant: the test in the row decides. Equality passes, and figures
    # that agree to twelve digits are equal; without the slack, engines would disagree on a tie
    slack = f"1E-12*ABS({threshold})"
    guarded = (
        f"IF(AND(ISNUMBER({value}),ISNUMBER({threshold})),"
        f'IF(OR(AND({test}="at least",{value}>={threshold}-{slack}),'
        f'AND({test}="at most",{value}<={threshold}+{slack})),"PASS","BREACH"),"CHECK")'
    )
    status = book.formula(sheet, row, _STATUS, guarded, "text", bold=True)
    status.alignment = Alignment(horizontal="center")
    # a cover that is negative has no headroom: 1 - threshold/value would read as plenty
    # no two numbers, no headroom; and no ratio to what is not above zero
    headroom = (
        f"CHOOSE(1+(COUNT({value},{threshold})=2)*(1+({value}>0)),"
        f'"none",IF({test}="at least","none left","unlimited"),'
        f'IF({test}="at least",1,-1)*(ABS({value}-{threshold})>{slack})*(1-{threshold}/{value}))'
    )
    book.formula(sheet, row, _HEADROOM, headroom, f"headroom, {covenant.direction}")
    if covenant.first_breach:
        breach = book.formula(sheet, row, _BREACH, covenant.first_breach, "date")
        breach.alignment = Alignment(horizontal="center")
    if covenant.driver_formula:
        book.formula(sheet, row, _MOVE, covenant.driver_formula, covenant.driver_unit)
    style.note(sheet.cell(row, _DRIVER), covenant.driver)
    sheet.cell(row, _DRIVER).alignment = Alignment(horizontal="left", vertical="center", indent=1)
    for column in range(1, _DRIVER):
        cell = sheet.cell(row, column)
        cell.alignment = Alignment(horizontal=cell.alignment.horizontal, vertical="center")
    sheet.row_dimensions[row].height = 18
