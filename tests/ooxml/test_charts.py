"""The line charts of a workbook, against what openpyxl was told to draw."""

from __future__ import annotations

import io

import openpyxl
from openpyxl.chart import BarChart, LineChart, Reference

from xlcredit.ooxml import charts
from xlcredit.ooxml.package import Package


def _drawn() -> Package:
    """Make a sheet with a chart of two lines, one of bars, and one of a line without a title."""
    book = openpyxl.Workbook()
    sheet = book.active
    for row in [["", "Cover", "Floor"], ["M1", 1.3, 1.2], ["M2", 1.1, 1.2]]:
        sheet.append(row)
    for kind, columns, title in ((LineChart, 2, "DSCR"), (BarChart, 1, "Rent"), (LineChart, 1, "")):
        chart = kind()
        chart.title = title or None
        chart.add_data(
            Reference(sheet, min_col=2, max_col=1 + columns, min_row=1, max_row=3),
            titles_from_data=True,
        )
        chart.set_categories(Reference(sheet, min_col=1, min_row=2, max_row=3))
        if title == "DSCR":
            floor = chart.series[1].graphicalProperties.line
            floor.solidFill, floor.dashStyle = "C00000", "dash"
        sheet.add_chart(chart)
    file = io.BytesIO()
    book.save(file)
    return Package(file.getvalue())


def test_lines_are_told_with_their_cells_and_their_look() -> None:
    dscr, other = charts.line_charts(_drawn())
    cover, floor = dscr.lines
    assert dscr.title == "DSCR"
    assert (cover.name, cover.values) == ("'Sheet'!B1", "'Sheet'!$B$2:$B$3")
    assert (floor.name, floor.values) == ("'Sheet'!C1", "'Sheet'!$C$2:$C$3")
    assert cover.categories == floor.categories == "'Sheet'!$A$2:$A$3"
    assert (cover.colour, cover.dash) == ("", "solid")
    assert (floor.colour, floor.dash) == ("C00000", "dash")
    assert other.title == ""
    assert [line.values for line in other.lines] == ["'Sheet'!$B$2:$B$3"]


def test_a_workbook_without_charts_has_none() -> None:
    file = io.BytesIO()
    openpyxl.Workbook().save(file)
    assert charts.line_charts(Package(file.getvalue())) == []
