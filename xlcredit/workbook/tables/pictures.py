"""Pictures: a table on a sheet of constants, and its chart beside what stands there.

Fans, bars and lines over rows that a formula numbers: what a simulation finds by month or by loss.
"""

from __future__ import annotations

from collections.abc import Iterator

from openpyxl.chart import AreaChart, BarChart, LineChart, Reference
from openpyxl.chart.legend import LegendEntry
from openpyxl.chart.series import Series, SeriesLabel
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.drawing.line import LineProperties
from openpyxl.utils import get_column_letter as letter
from openpyxl.worksheet.worksheet import Worksheet

from xlcredit.deals.exhibits import Picture
from xlcredit.deals.units import unit as find_unit
from xlcredit.ooxml.place import Place, quoted
from xlcredit.workbook import charts, style
from xlcredit.workbook.draft import Draft

__all__ = ["chart", "height", "write"]

#: From the outside in: light to dark, so that the middle of a fan is its darkest part.
_BANDS = (("ltUpDiag", "7C8798", "FFFFFF"), ("wdUpDiag", "1F3A5F", "DCE4EF"))
_INVISIBLE = GraphicalProperties(noFill=True, ln=LineProperties(noFill=True))
_HEADER_HEIGHT = 44
_LABELS = 12  # that fit under a chart


def height(spec: Picture) -> int:
    """Rows that the table takes on its sheet, with the air below it."""
    return spec.rows + 3


def write(book: Draft, sheet: Worksheet, row: int, spec: Picture) -> None:
    """One row per month or loss; behind the quantiles of a fan stand the heights of its bands."""
    header = row + 1
    heads = [f"{spec.label} [{spec.at_unit}]", *(column.label for column in spec.column)]
    bands = list(_bands(spec)) if spec.kind == "fan" else []
    heads += [f"{name}: height of the band" for _, _, name in bands]
    style.heading(sheet, row, spec.title, len(heads))
    style.table_header(sheet, header, heads)
    sheet.row_dimensions[header].height = _HEADER_HEIGHT
    for at in range(header + 1, header + 1 + spec.rows):
        extra = {"n": f"ROWS($A${header}:$A{at - 1})", "at": f"$A{at}"}
        first = book.formula(sheet, at, 1, spec.at, spec.at_unit, extra)
        if spec.at_unit == "months":
            first.number_format = style.WHOLE_MONTHS
        for column, part in enumerate(spec.column, start=2):
            book.formula(sheet, at, column, part.formula, spec.unit, extra)
        for column, (low, high, _) in enumerate(bands, start=2 + len(spec.column)):
            text = f"{letter(high + 2)}{at}-{letter(low + 2)}{at}"
            book.formula(sheet, at, column, text, spec.unit)


def _bands(spec: Picture) -> Iterator[tuple[int, int, str]]:
    """Each band from the lowest up: the two columns between which it lies, and its name."""
    labels, last = [column.label for column in spec.column], len(spec.column) - 1
    outer = range(last // 2 - 1)
    for low in outer:
        yield low, low + 1, f"{labels[low]} to {labels[last - low]}"
    middle = last // 2
    yield middle - 1, middle + 1, f"{labels[middle - 1]} to {labels[middle + 1]}"
    for low in reversed(outer):
        yield last - low - 1, last - low, f"{labels[low]} to {labels[last - low]}"


def chart(place: Place, spec: Picture) -> AreaChart | BarChart | LineChart:
    """Draw the table whose heading stands at ``place``."""
    header, count = place.row + 1, spec.rows
    where = f"{quoted(place.sheet)}!$A${header + 1}:$A${header + count}"
    names = Reference(range_string=where)
    columns = [
        charts.column_series(place.sheet, 2 + index, header, count)
        for index in range(len(spec.column))
    ]
    if spec.kind == "fan":
        return _fan(place, spec, columns, names)
    plot: BarChart | LineChart = BarChart() if spec.kind == "bars" else LineChart()
    for index, series in enumerate(columns):
        if isinstance(plot, BarChart):
            plot.gapWidth = 30
            series.graphicalProperties = charts.hatch("wdUpDiag", "1F3A5F", "DCE4EF")
        else:
            charts.line_of(series, index)
        plot.series.append(series)
    plot.set_categories(names)
    charts.frame(plot, spec.title, spec.unit)
    plot.x_axis.number_format = find_unit(spec.at_unit).axis
    plot.x_axis.tickLblSkip = -(-spec.rows // _LABELS)
    return plot


def _fan(place: Place, spec: Picture, columns: list[Series], names: Reference) -> AreaChart:
    """The lowest quantile carries the bands and is not seen; the middle one is a line."""
    areas, lines, middle = AreaChart(), LineChart(), len(columns) // 2
    areas.grouping = "stacked"
    floor, line = columns[0], columns[middle]
    floor.graphicalProperties = _INVISIBLE
    areas.series.append(floor)
    bands = list(_bands(spec))
    for index, (_, _, name) in enumerate(bands):
        column = 2 + len(spec.column) + index
        band = charts.column_series(place.sheet, column, place.row + 1, spec.rows)
        band.tx = SeriesLabel(v=name)
        depth = min(index, len(bands) - 1 - index)
        band.graphicalProperties = charts.hatch(*_BANDS[min(depth, len(_BANDS) - 1)])
        areas.series.append(band)
    charts.line_of(line, 0)
    lines.series.append(line)
    for plot in (areas, lines):
        plot.set_categories(names)
        charts.frame(plot, spec.title, spec.unit)
        plot.x_axis.number_format = find_unit(spec.at_unit).axis
    above = range(1 + len(bands) - len(bands) // 2, 1 + len(bands))  # named already from below
    areas.legend.legendEntry = [LegendEntry(idx=i, delete=True) for i in (0, *above)]
    areas += lines
    return areas
