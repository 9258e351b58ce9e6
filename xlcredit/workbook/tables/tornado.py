"""A tornado: what moves one figure most, as a table and as bars around the base case."""

from __future__ import annotations

import re

from openpyxl.chart import BarChart, Reference
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.drawing.line import LineProperties
from openpyxl.worksheet.worksheet import Worksheet

from xlcredit.deals.exhibits import Bar, Tornado
from xlcredit.deals.template import AS_INPUT
from xlcredit.workbook import style
from xlcredit.workbook.draft import Draft

__all__ = ["height", "write"]

_HEADER = ["Driver", "Step", "Low", "High", "At low", "At high", "Change at low", "Change at high"]
_CHART_ROWS = 13


def height(spec: Tornado) -> int:
    """Rows that a tornado takes, with the air below it."""
    return 3 + len(spec.bar) + _CHART_ROWS


def write(book: Draft, sheet: Worksheet, row: int, spec: Tornado) -> None:
    """Write one tornado."""
    style.heading(sheet, row, f"{spec.title} [{spec.unit}]", len(_HEADER))
    style.base(sheet.cell(row + 1, 1), bold=True).value = AS_INPUT
    still = _still(spec)
    book.formula(sheet, row + 1, 5, spec.formula, spec.unit, still, bold=True)
    style.table_header(sheet, row + 2, _HEADER)
    base = f"$E${row + 1}"
    for offset, bar in enumerate(spec.bar):
        _write_bar(book, sheet, row + 3 + offset, spec, bar, base)
    _add_chart(sheet, row + 2, len(spec.bar), spec)


def _still(spec: Tornado) -> dict[str, str]:
    """The drivers that stand in braces, where none of them moves."""
    return {bar.name: f"{bar.neutral:g}" for bar in spec.bar if bar.name}


def _write_bar(book: Draft, sheet: Worksheet, row: int, spec: Tornado, bar: Bar, base: str) -> None:
    item = book.template.inputs.get(bar.input)
    unit, start = (item.unit, item.name) if item else (bar.unit, f"{bar.neutral:g}")
    style.base(sheet.cell(row, 1)).value = item.label if item else bar.label
    whole = bool(item and item.whole and not bar.relative)
    step = style.input_cell(sheet.cell(row, 2), "share" if bar.relative else unit)
    step.value = bar.step
    if whole:
        step.number_format = _whole(unit)
    for column, sign in ((3, "-"), (4, "+")):
        moved = f"{start}*(1{sign}$B{row})" if bar.relative else f"{start}{sign}$B{row}"
        if item and sign == "-" and item.low == 0:  # a share or a price stays one
            moved = f"MAX(0,{moved})"
        if item and sign == "+" and item.high == 1:
            moved = f"MIN(1,{moved})"
        cell = book.formula(sheet, row, column, moved, unit)
        if whole:
            cell.number_format = _whole(unit)
        there = f"${'CD'[column - 3]}{row}"
        again, extra = spec.formula, _still(spec)
        if item:
            again = re.sub(rf"(?<![\w.{{]){item.name}(?![\w.}}])", there, again)
        else:
            extra |= {bar.name: there}
        book.formula(sheet, row, column + 2, again, spec.unit, extra)
        result = "EF"[column - 3]
        book.formula(sheet, row, column + 4, f"{result}{row}-{base}", spec.unit)


def _whole(unit: str) -> str:
    """The format of a whole input; its unit stands with it, for the label has none."""
    return f'0" {unit}"'


def _add_chart(sheet: Worksheet, header: int, bars: int, spec: Tornado) -> None:
    chart = BarChart()
    chart.type, chart.grouping, chart.overlap, chart.gapWidth = "bar", "clustered", 100, 45
    area = Reference(sheet, min_col=7, max_col=8, min_row=header, max_row=header + bars)
    chart.add_data(area, titles_from_data=True)
    chart.set_categories(Reference(sheet, min_col=1, min_row=header + 1, max_row=header + bars))
    # dark and light say low and high; a red would say bad, which either may be
    for series, ink in zip(chart.series, (style.ACCENT, "A9BAD0"), strict=True):
        series.invertIfNegative = False  # else a fall is drawn white
        series.graphicalProperties = GraphicalProperties(
            solidFill=ink, ln=LineProperties(solidFill=ink)
        )
    chart.title = None
    chart.x_axis.scaling.orientation = "maxMin"
    chart.x_axis.tickLblPos = "low"
    chart.x_axis.delete = chart.y_axis.delete = False
    chart.y_axis.number_format = style.number_format(spec.unit).replace("[Red]", "")
    chart.y_axis.majorGridlines.spPr = GraphicalProperties(ln=LineProperties(solidFill="E5E7EB"))
    chart.legend.position = "b"
    chart.width, chart.height = 24, 6.2
    sheet.add_chart(chart, f"A{header + bars + 2}")
