"""Charts of monthly rows: lines against a threshold, with what is wrong shaded.

Everything here must survive a photocopier: lines differ by dash as well as by ink, areas by
hatching, and every series is named in the legend.
"""

from __future__ import annotations

from typing import TypeVar

from openpyxl.chart import AreaChart, BarChart, LineChart, Reference, Series
from openpyxl.chart.axis import DateAxis
from openpyxl.chart.data_source import StrRef
from openpyxl.chart.layout import Layout, ManualLayout
from openpyxl.chart.legend import LegendEntry
from openpyxl.chart.series import SeriesLabel
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import RichText
from openpyxl.drawing.fill import ColorChoice, PatternFillProperties
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.text import (
    CharacterProperties,
    Paragraph,
    ParagraphProperties,
    RichTextProperties,
)
from openpyxl.utils import get_column_letter as letter

from xlcredit.deals import exhibits
from xlcredit.deals.units import unit as find_unit
from xlcredit.ooxml.place import Place, quoted
from xlcredit.workbook import style
from xlcredit.workbook.draft import Draft
from xlcredit.workbook.places import FIRST

__all__ = ["by_year", "column_series", "frame", "hatch", "line_of", "monthly", "shown_months"]

Plot = TypeVar("Plot", AreaChart, BarChart, LineChart)

#: Dark to light, so that lines differ in grey too; dashes tell thresholds and books apart.
_INKS = ("1F3A5F", "C2410C", "0F766E", "7C8798")
_DASHES = ("solid", "solid", "sysDash", "dash")
_THRESHOLDS = ("dash", "lgDashDot")


def monthly(book: Draft, spec: exhibits.Chart) -> BarChart | LineChart:
    """Chart monthly rows, over the months that the loan is outstanding."""
    last = FIRST + shown_months(book) - 1
    dates = Reference(range_string=_area(book.places.rows["period_end"], last))
    lines = LineChart()
    for index, line in enumerate(spec.line):
        series = _row_series(book, line.row, last)
        line_of(series, index, line.dashed, sum(other.dashed for other in spec.line[:index]))
        lines.series.append(series)
    lines.set_categories(dates)
    if spec.shade is None:
        return _cut(frame(lines, spec.title, spec.unit, months=True), spec)
    shaded = _shade(book, spec.shade, last)
    shaded.set_categories(dates)
    frame(lines, spec.title, spec.unit, months=True)
    frame(shaded, spec.title, spec.unit, months=True)
    if spec.shade.base:  # the invisible part that the hatching stands on
        shaded.legend.legendEntry = [LegendEntry(idx=0, delete=True)]
    _cut(lines, spec)
    _cut(shaded, spec)
    shaded += lines
    return shaded


def _cut(chart: Plot, spec: exhibits.Chart) -> Plot:
    """Keep a month far above the threshold from flattening the rest."""
    chart.y_axis.scaling.max = spec.high
    return chart


def _shade(book: Draft, spec: exhibits.Shade, last: int) -> BarChart:
    """Hatched columns without gaps, between ``base`` and ``base + height``."""
    chart = BarChart()
    chart.type, chart.grouping, chart.overlap, chart.gapWidth = "col", "stacked", 100, 0
    if spec.base:
        base = _row_series(book, spec.base, last)
        base.graphicalProperties = GraphicalProperties(noFill=True, ln=LineProperties(noFill=True))
        chart.series.append(base)
    height = _row_series(book, spec.height, last)
    height.graphicalProperties = hatch("wdUpDiag", "B91C1C", "FEE2E2")
    chart.series.append(height)
    return chart


def hatch(preset: str, ink: str, paper: str) -> GraphicalProperties:
    """Fill with lines, so that an area is an area in black and white too."""
    fill = PatternFillProperties(
        prst=preset, fgClr=ColorChoice(srgbClr=ink), bgClr=ColorChoice(srgbClr=paper)
    )
    return GraphicalProperties(pattFill=fill, ln=LineProperties(noFill=True))


def line_of(series: Series, index: int, dashed: bool = False, before: int = 0) -> None:
    """Make a series a plain line with the ink and the dash of its place in the chart.

    A dashed one is a threshold, and told from those before it by its dashes.
    """
    series.smooth = False
    series.marker.symbol = "none"
    dash = _THRESHOLDS[before % 2] if dashed else _DASHES[index % 4]
    # a threshold is no colour: green would read as good
    ink = style.INK if dashed else _INKS[index % 4]
    series.graphicalProperties = GraphicalProperties(
        ln=LineProperties(solidFill=ink, w=22_000, prstDash=dash)
    )


#: Bars on one another, from the ground up: what differs in grey and in hatching.
_BARS = (
    ("pct75", "1F3A5F", "FFFFFF"),
    ("wdUpDiag", "1F3A5F", "DCE4EF"),
    ("ltHorz", "0F766E", "FFFFFF"),
    ("pct10", "7C8798", "FFFFFF"),
)


def by_year(
    title: str, unit: str, years: str, bars: list[tuple[str, str]], lines: list[tuple[str, str]]
) -> BarChart:
    """Chart years: bars on one another and lines, each a label and the addresses of its years."""
    columns, drawn = BarChart(), LineChart()
    columns.type, columns.grouping, columns.overlap, columns.gapWidth = "col", "stacked", 100, 60
    for index, series in enumerate(map(_years_series, bars)):
        series.graphicalProperties = hatch(*_BARS[index % len(_BARS)])
        columns.series.append(series)
    for index, series in enumerate(map(_years_series, lines)):
        line_of(series, index + 1)
        drawn.series.append(series)
    for chart in (columns, drawn):
        chart.set_categories(Reference(range_string=years))
        frame(chart, title, unit)
    if lines:
        columns += drawn
    return columns


def _years_series(part: tuple[str, str]) -> Series:
    label, years = part
    series = Series(Reference(range_string=years), title_from_data=False)
    series.tx = SeriesLabel(strRef=StrRef(f=label))
    return series


def _row_series(book: Draft, name: str, last: int) -> Series:
    place = book.places.rows[name]
    series = Series(Reference(range_string=_area(place, last)), title_from_data=False)
    series.tx = SeriesLabel(strRef=StrRef(f=f"{quoted(place.sheet)}!$A${place.row}"))
    return series


def _area(place: Place, last: int) -> str:
    return f"{quoted(place.sheet)}!${letter(FIRST)}${place.row}:${letter(last)}${place.row}"


def column_series(sheet: str, column: int, header: int, rows: int) -> Series:
    """A series that stands in a column under its name."""
    where = f"{quoted(sheet)}!${letter(column)}$"
    series = Series(
        Reference(range_string=f"{where}{header + 1}:${letter(column)}${header + rows}"),
        title_from_data=False,
    )
    series.tx = SeriesLabel(strRef=StrRef(f=f"{where}{header}"))
    return series


def frame(chart: Plot, title: str, unit: str, months: bool = False) -> Plot:
    """Give a chart its title, axes and legend in the book's style."""
    if months:
        chart.x_axis = _dates(chart)
    chart.title = title
    chart.title.tx.rich.p[0].pPr = ParagraphProperties(defRPr=_letters(1000, bold=True))
    for run in chart.title.tx.rich.p[0].r or []:
        run.rPr = _letters(1000, bold=True)
    chart.title.overlay = False
    chart.y_axis.number_format = find_unit(unit).axis
    chart.y_axis.majorGridlines.spPr = GraphicalProperties(ln=LineProperties(solidFill="E5E7EB"))
    chart.x_axis.tickLblPos = "low"
    chart.x_axis.delete = chart.y_axis.delete = False
    for axis in (chart.x_axis, chart.y_axis):
        axis.txPr = RichText(
            bodyPr=RichTextProperties(rot=0, vert="horz"),  # a slanted date is hard to read
            p=[Paragraph(pPr=ParagraphProperties(defRPr=_letters(800)), endParaRPr=_letters(800))],
        )
        axis.spPr = GraphicalProperties(ln=LineProperties(solidFill="9CA3AF"))
    chart.legend.position = "b"
    chart.layout = Layout(manualLayout=ManualLayout(x=0.02, y=0.14, w=0.95, h=0.66))
    return chart


def _dates(chart: Plot) -> DateAxis:
    """An axis of time with a label a year: of a text axis every month would have one."""
    axis = DateAxis(crossAx=chart.y_axis.axId)
    axis.number_format = "mmm yy"
    axis.baseTimeUnit = axis.majorTimeUnit = "months"
    axis.majorUnit = 12
    chart.y_axis.crossAx = axis.axId
    return axis


def _letters(size: int, bold: bool = False) -> CharacterProperties:
    return CharacterProperties(sz=size, b=bold, solidFill=style.INK, latin=None)


def shown_months(book: Draft) -> int:
    """Months worth drawing: the tenor as the deal has it, not the template's full length."""
    tenor = book.deal.inputs.get("tenor_months")
    if tenor is None or tenor.value is None:
        return book.places.months
    return min(book.places.months, int(tenor.value))
