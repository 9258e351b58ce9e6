"""The line charts of a workbook: titles, and which cells their lines are drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from xlcredit.ooxml.package import Package

__all__ = ["Line", "LineChart", "line_charts"]

_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"


@dataclass(frozen=True)
class Line:
    """One line: the address of its name, of its values and of what stands below them."""

    name: str
    values: str
    categories: str
    colour: str
    dash: str


@dataclass(frozen=True)
class LineChart:
    """One chart with lines."""

    title: str
    lines: tuple[Line, ...]


def line_charts(package: Package) -> list[LineChart]:
    """Give the charts with lines, in the order in which the file has them.

    Parameters
    ----------
    package : Package
        The workbook.
    """
    parts = [p for p in package if p.startswith("xl/charts/chart") and p.endswith(".xml")]
    found = []
    for part in sorted(parts, key=lambda p: (len(p), p)):
        root = package.root(part)
        lines = tuple(
            line
            for chart in root.iter(f"{_C}lineChart")
            for series in chart.iter(f"{_C}ser")
            if (line := _line(series)).values
        )
        if lines:
            title = root.find(f"{_C}chart/{_C}title")
            texts = title.iter(f"{_A}t") if title is not None else ()
            found.append(LineChart("".join(t.text or "" for t in texts), lines))
    return found


def _line(series: Any) -> Line:
    colour = series.find(f"{_C}spPr/{_A}ln/{_A}solidFill/{_A}srgbClr")
    dash = series.find(f"{_C}spPr/{_A}ln/{_A}prstDash")
    return Line(
        name=_address(series, "tx"),
        values=_address(series, "val"),
        categories=_address(series, "cat"),
        colour="" if colour is None else colour.get("val", ""),
        dash="solid" if dash is None else dash.get("val", "solid"),
    )


def _address(series: Any, kind: str) -> str:
    found = series.find(f"{_C}{kind}/*/{_C}f")
    return "" if found is None else (found.text or "")
