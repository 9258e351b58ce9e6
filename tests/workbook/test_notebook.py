"""What a notebook shows is what the session holds, in HTML that needs nothing from elsewhere."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator

import pytest

from tests.workbook.conftest import Example
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.charts import line_charts
from xlcredit.ooxml.package import Package
from xlcredit.workbook.session import Session, open_workbook

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def session(loan: Example) -> Iterator[Session]:
    with open_workbook(loan.path) as book:
        yield book


def parsed(session: Session) -> ET.Element:
    return ET.fromstring(f"<div>{session._repr_html_()}</div>")


def test_the_table_is_the_covenants(session: Session) -> None:
    rows = [[cell.text for cell in row] for row in parsed(session).iter("tr")]
    assert rows[0] == ["Covenant", "Value", "Test", "Threshold", "Status"]
    assert [(row[0], row[-1]) for row in rows[1:]] == [
        (c.label, c.status) for c in session.covenants
    ]


def test_the_picture_is_of_the_values_as_they_stand(session: Session) -> None:
    chart = next(c for c in line_charts(Package(session.path)) if "DSCR" in c.title)
    session["rent_decline"] = 0.35
    try:
        svg = parsed(session).find(f"{SVG}svg")
        assert svg is not None and svg.get("aria-label") == chart.title
        drawn = svg.findall(f"{SVG}polyline")
        assert len(drawn) == len(chart.lines)
        heights = [float(t.get("y", "")) - 4 for t in svg.findall(f"{SVG}text[@text-anchor]")][:3]
        texts = [t.text or "" for t in svg.findall(f"{SVG}text[@text-anchor]")][:3]
        ends = [float(text.replace(",", "")) for text in texts]
        for line, polyline in zip(chart.lines, drawn, strict=True):
            sheet, _, area = line.values.rpartition("!")
            row, first, last = re.findall(r"\d+", area)[0], *re.findall(r"[A-Z]+", area)
            table = session.table(sheet.strip("'"))
            values = [float(v) for v in table.loc[int(row), first:last]]
            points = [float(p.split(",")[1]) for p in (polyline.get("points") or "").split()]
            scale = (heights[2] - heights[0]) / (ends[0] - ends[2])
            read = [ends[0] + (heights[0] - y) / scale for y in points]
            assert read == pytest.approx(values, abs=0.01)
    finally:
        session.reset()


def test_a_change_is_named_and_what_is_typed_is_no_markup(session: Session) -> None:
    session["borrower"] = "<script>alert(1)</script>"
    try:
        html = session._repr_html_()
    finally:
        session.reset()
    assert "&lt;script&gt;" in html and "<script>" not in html


def test_a_workbook_without_charts_or_covenants_has_a_name() -> None:
    import io

    import openpyxl

    from tests.workbook.test_lint import cells  # a sheet of two cells

    book, out = openpyxl.Workbook(), io.BytesIO()
    cells(A1=1, A2="=A1+1")(book.active)
    book.save(out)
    assert line_charts(Package(out.getvalue())) == []
    with Session(Book(Package(out.getvalue(), "two.xlsx"))) as session:
        assert session._repr_html_() == "<b>workbook two.xlsx</b>"
