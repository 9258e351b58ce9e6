"""Line charts of monthly rows, readable in black and white."""

from __future__ import annotations

from openpyxl.chart import LineChart, Reference, Series
from openpyxl.chart.data_source import StrRef
from openpyxl.chart.layout import Layout, ManualLayout
from openpyxl.chart.series import SeriesLabel
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import RichText
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.text import CharacterProperties, Paragraph, ParagraphProperties
from openpyxl.utils import get_column_letter as letter
from openpyxl.worksheet.worksheet import Worksheet

from xlcredit.deals import template as templates
from xlcredit.workbook import style
from xlcredit.workbook.pages import Book
from xlcredit.workbook.places import FIRST, quoted

__all__ = ["write"]

#: Dark to light, so that lines differ in grey too; dashes tell thresholds and books apart.
_INKS = ("1F3A5F", "C2410C", "0F766E", "7C8798")
_DASHES = ("solid", "solid", "sysDash", "dash")
_AXIS_FORMATS = {"USD m": "#,##0,,", "ratio": "0.0", "USD/GPU-hour": "0.00", "share": "0%"}
_ANCHORS = ("A", "C", "G")
_WIDTHS = (11.6, 13.4, 12.2)


def write(book: Book, sheet: Worksheet, row: int) -> None:
    """Write the template's charts side by side, from ``row`` on."""
    for index, spec in enumerate(book.template.chart):
        chart = _chart(book, spec)
        chart.width, chart.height = _WIDTHS[index % 3], 7.2
        sheet.add_chart(chart, f"{_ANCHORS[index % 3]}{row + 16 * (index // 3)}")


def _chart(book: Book, spec: templates.Chart) -> LineChart:
    chart = LineChart()
    chart.title = spec.title
    chart.title.tx.rich.p[0].pPr = ParagraphProperties(defRPr=_letters(1000, bold=True))
    for run in chart.title.tx.rich.p[0].r or []:
        run.rPr = _letters(1000, bold=True)
    chart.title.overlay = False
    last = FIRST + shown_months(book) - 1
    for index, line in enumerate(spec.line):
        chart.series.append(_series(book, line, index, last))
    dates = book.places.rows["period_end"]
    area = f"{quoted(dates.sheet)}!${letter(FIRST)}${dates.row}:${letter(last)}${dates.row}"
    chart.set_categories(Reference(range_string=area))
    chart.y_axis.number_format = _AXIS_FORMATS.get(spec.unit, "General")
    chart.y_axis.majorGridlines.spPr = GraphicalProperties(ln=LineProperties(solidFill="E5E7EB"))
    chart.x_axis.number_format = "mmm yy"
    chart.x_axis.tickLblSkip = chart.x_axis.tickMarkSkip = 12
    chart.x_axis.tickLblPos = "low"
    chart.x_axis.delete = chart.y_axis.delete = False
    for axis in (chart.x_axis, chart.y_axis):
        axis.txPr = RichText(
            p=[Paragraph(pPr=ParagraphProperties(defRPr=_letters(800)), endParaRPr=_letters(800))]
        )
        axis.spPr = GraphicalProperties(ln=LineProperties(solidFill="9CA3AF"))
    chart.legend.position = "b"
    chart.layout = Layout(manualLayout=ManualLayout(x=0.02, y=0.14, w=0.95, h=0.66))
    return chart


def _series(book: Book, line: templates.Line, index: int, last: int) -> Series:
    place = book.places.rows[line.row]
    sheet = quoted(place.sheet)
    area = f"{sheet}!${letter(FIRST)}${place.row}:${letter(last)}${place.row}"
    series = Series(Reference(range_string=area), title_from_data=False)
    series.tx = SeriesLabel(strRef=StrRef(f=f"{sheet}!$A${place.row}"))
    series.smooth = False
    series.marker.symbol = "none"
    dash = "dash" if line.dashed else _DASHES[index % 4]
    series.graphicalProperties = GraphicalProperties(
        ln=LineProperties(solidFill=_INKS[index % 4], w=22_000, prstDash=dash)
    )
    return series


def _letters(size: int, bold: bool = False) -> CharacterProperties:
    return CharacterProperties(sz=size, b=bold, solidFill=style.INK, latin=None)


def shown_months(book: Book) -> int:
    """Months worth drawing: the tenor as the deal has it, not the template's full length."""
    tenor = book.deal.inputs.get("tenor_months")
    if tenor is None or tenor.value is None:
        return book.places.months
    return min(book.places.months, int(tenor.value))
