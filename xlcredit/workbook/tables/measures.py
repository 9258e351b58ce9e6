"""Ladders and maps: tables on the sheet Stress, and the charts of them on the Summary."""

from __future__ import annotations

from openpyxl.chart import AreaChart, BarChart, LineChart, Reference
from openpyxl.chart.label import DataLabelList
from openpyxl.chart.legend import LegendEntry
from openpyxl.chart.series import SeriesLabel
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.drawing.line import LineProperties
from openpyxl.utils import get_column_letter as letter
from openpyxl.worksheet.worksheet import Worksheet

from xlcredit.deals.exhibits import Ladder, Map
from xlcredit.deals.units import unit as find_unit
from xlcredit.ooxml.place import Place, quoted
from xlcredit.workbook import charts, style
from xlcredit.workbook.draft import Draft

__all__ = ["chart_ladder", "chart_map", "height", "place", "write_ladder", "write_map"]

#: From the ground up, dark to light: what lies lower is worse.
_ZONES = (("dkUpDiag", "7F1D1D", "FCA5A5"), ("ltUpDiag", "B45309", "FEF3C7"))

_HEIGHTS = 31  # column of what a map's chart stacks: right of what is printed


def height(spec: Ladder | Map) -> int:
    """Rows that a table takes on its sheet, with the air below it."""
    return len(spec.rung if isinstance(spec, Ladder) else spec.x) + 3


def place(book: Draft, sheet: str, row: int, spec: Ladder | Map) -> None:
    """Record where a table stands, for its chart on the Summary."""
    book.places.tables[spec.title] = Place(sheet, row, 1)


def write_ladder(book: Draft, sheet: Worksheet, row: int, spec: Ladder) -> None:
    """One row per measure; thresholds repeat on each row, for they are lines of the chart."""
    style.heading(sheet, row, spec.title, 2 + len(spec.level))
    style.table_header(sheet, row + 1, ["Measure", "Figure", *(x.label for x in spec.level)])
    for at, rung in enumerate(spec.rung, start=row + 2):
        style.base(sheet.cell(at, 1)).value = rung.label
        book.formula(sheet, at, 2, rung.formula, spec.unit, bold=True)
        for column, level in enumerate(spec.level, start=3):
            book.formula(sheet, at, column, level.formula, spec.unit)


def chart_ladder(place: Place, spec: Ladder) -> BarChart:
    """Bars with their figures on them, thresholds as lines across."""
    count, header = len(spec.rung), place.row + 1
    bars = BarChart()
    bars.type, bars.grouping, bars.gapWidth = "col", "clustered", 60
    bar = charts.column_series(place.sheet, 2, header, count)
    bar.graphicalProperties = GraphicalProperties(
        solidFill="8FA3BF", ln=LineProperties(solidFill=style.ACCENT)
    )
    bar.dLbls = DataLabelList(showVal=True, dLblPos="inBase")  # clear of the thresholds
    bar.dLbls.showSerName = bar.dLbls.showCatName = bar.dLbls.showLegendKey = False
    bar.dLbls.numFmt = find_unit(spec.unit).axis
    bars.series.append(bar)
    lines = LineChart()
    for index in range(len(spec.level)):
        level = charts.column_series(place.sheet, 3 + index, header, count)
        charts.line_of(level, index + 1, dashed=index > 0)
        lines.series.append(level)
    names = Reference(range_string=_labels(place, header, count))
    for chart in (bars, lines):
        chart.set_categories(names)
        charts.frame(chart, spec.title, spec.unit)
    bars.legend.legendEntry = [LegendEntry(idx=0, delete=True)]  # each bar says what it is
    if spec.level:
        bars += lines
    return bars


def write_map(book: Draft, sheet: Worksheet, row: int, spec: Map) -> None:
    """One row per value of the driver: where each zone ends, and today.

    How high each zone is, which the chart stacks, stands right of what is printed.
    """
    zones = len(spec.zone)
    header = [
        f"{spec.x_label} [{spec.x_unit}]",
        *(f"{zone.label}: below" for zone in spec.zone),
        spec.today.label,
    ]
    style.heading(sheet, row, spec.title, len(header))
    style.table_header(sheet, row + 1, header)
    for column, zone in enumerate(spec.zone, start=_HEIGHTS):
        style.note(sheet.cell(row + 1, column), f"{zone.label}: height in the chart")
    sheet.row_dimensions[row + 1].height = 30
    for at, value in enumerate(spec.x, start=row + 2):
        style.input_cell(sheet.cell(at, 1), spec.x_unit).value = value
        for index, zone in enumerate(spec.zone):
            book.formula(sheet, at, 2 + index, zone.formula, spec.unit, {"x": f"$A{at}"})
            top = f"{letter(2 + index)}{at}"
            band = top if index == 0 else f"MAX(0,{top}-{letter(1 + index)}{at})"
            book.formula(sheet, at, _HEIGHTS + index, band, spec.unit)
        book.formula(sheet, at, 2 + zones, spec.today.formula, spec.unit)


def chart_map(place: Place, spec: Map) -> AreaChart:
    """Zones stacked from the ground up, and a line where the deal stands today."""
    count, header, zones = len(spec.x), place.row + 1, len(spec.zone)
    areas = AreaChart()
    areas.grouping = "stacked"
    for index, zone in enumerate(spec.zone):
        area = charts.column_series(place.sheet, _HEIGHTS + index, header, count)
        area.tx = SeriesLabel(v=zone.label)  # the column says that it is a height
        area.graphicalProperties = charts.hatch(*_ZONES[index % len(_ZONES)])
        areas.series.append(area)
    lines = LineChart()
    today = charts.column_series(place.sheet, 2 + zones, header, count)
    charts.line_of(today, 0)
    lines.series.append(today)
    names = Reference(range_string=_labels(place, header, count))
    for chart in (areas, lines):
        chart.set_categories(names)
        charts.frame(chart, spec.title, spec.unit)
        chart.x_axis.number_format = find_unit(spec.x_unit).axis
    areas += lines
    return areas


def _labels(place: Place, header: int, count: int) -> str:
    return f"{quoted(place.sheet)}!$A${header + 1}:$A${header + count}"
