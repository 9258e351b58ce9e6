"""How a workbook looks in a notebook: its covenants as a table, its first chart as a picture.

The same chart goes to a PNG where a program asks for one.

The values are those of the session, as its inputs stand; a breach is a word and a colour.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import Any

from xlcredit.errors import UserError
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.charts import Line, LineChart, line_charts
from xlcredit.ooxml.place import Place, extent
from xlcredit.serials import from_serial, month_in_words
from xlcredit.workbook.covenants import BREACH, CHECK, NONE, PASS, CovenantResult
from xlcredit.workbook.pictures import png, pyplot, write_picture

__all__ = ["as_html", "write_chart"]

_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 620, 230, 64, 26, 40
_COLOURS = {PASS: "#15803d", BREACH: "#b91c1c", CHECK: "#b45309", NONE: "#6b7280"}
_DASHES = {"dash": "6 4", "sysDash": "3 3"}
_ADDRESS = re.compile(r"(?:'((?:[^']|'')+)'|([^'!]+))!(.+)")

Read = Callable[[Place], Any]


def as_html(title: str, covenants: Sequence[CovenantResult], book: Book, read: Read) -> str:
    """Write the covenant table and a line chart: of the DSCR where there is one.

    Parameters
    ----------
    title : str
        The workbook and what is changed in it.
    covenants : sequence of CovenantResult
        The covenants as they stand.
    book : Book
        The workbook, for its charts.
    read : callable
        The value of a cell as it stands.

    Returns
    -------
    str
        A fragment of HTML that needs nothing from elsewhere.
    """
    charts = line_charts(book.package)
    picture = _picture(_of_covers(charts), read) if charts and covenants else ""
    return f"<b>{escape(title)}</b>{_table(covenants)}{picture}"


def write_chart(book: Book, read: Read, path: Path, title: str, chart: str = "") -> Path:
    """Draw a line chart of a workbook as its inputs stand.

    Parameters
    ----------
    book : Book
        The workbook, for its charts.
    read : callable
        The value of a cell as it stands.
    path : Path
        The picture.
    title : str
        What stands above the chart's own title.
    chart : str
        Words of the title of the chart; by default that of the DSCR, else the first.

    Raises
    ------
    UserError
        If matplotlib is not installed, or the workbook has no such chart.
    """
    figure_class = pyplot()
    charts = line_charts(book.package)
    named = [c for c in charts if chart.lower() in c.title.lower()]
    if not named:
        known = f"; there are {', '.join(c.title for c in charts)}" if charts else ""
        wanted = f"no line chart called {chart}" if charts else "no line chart to draw"
        raise UserError(f"{book.package.path.name} has {wanted}{known}")
    chosen = named[0] if chart else _of_covers(charts)
    picture = figure_class(figsize=(7.5, 4.2), layout="constrained")
    plot = picture.add_subplot()
    days = [_day(read(p)) for p in _places(chosen.lines[0].categories)]
    for line in chosen.lines:
        values = [_number(read(p)) for p in _places(line.values)]
        name = str(next((read(p) for p in _places(line.name)), "") or "")
        dashes = "--" if line.dash in _DASHES else "-"
        plot.plot(range(len(values)), values, dashes, color=_colour(line), label=name)
    ends = sorted({0, len(days) // 2, len(days) - 1}) if days else []
    plot.set_xticks(ends, [days[at] for at in ends])
    plot.set_title(chosen.title, fontsize=9)
    plot.grid(alpha=0.3)
    plot.legend(frameon=False, fontsize=8)
    picture.suptitle(title, fontsize=11)
    return write_picture(path, png(picture, 140))


def _of_covers(charts: Sequence[LineChart]) -> LineChart:
    """Covers are what covenants are about; a template without a chart of one shows its first."""
    return next((c for c in charts if "DSCR" in c.title), charts[0])


def _colour(line: Line) -> str:
    return f"#{line.colour}" if re.fullmatch(r"[0-9A-Fa-f]{6}", line.colour) else "#1f2937"


def _table(covenants: Sequence[CovenantResult]) -> str:
    if not covenants:
        return ""
    head = "".join(f"<th>{word}</th>" for word in CovenantResult.HEADINGS)
    rows = []
    for covenant in covenants:
        *facts, status = covenant.row
        cells = "".join(f"<td>{escape(str(cell))}</td>" for cell in facts)
        style = f"color:{_COLOURS.get(status, '#1f2937')};font-weight:bold"
        rows.append(f'<tr>{cells}<td style="{style}">{escape(status)}</td></tr>')
    return f"<table><tr>{head}</tr>{''.join(rows)}</table>"


def _picture(chart: LineChart, read: Read) -> str:
    """Draw the lines over their months; a cell without a number is a gap."""
    lines = [(line, [_number(read(p)) for p in _places(line.values)]) for line in chart.lines]
    numbers = [v for _, values in lines for v in values if math.isfinite(v)]
    if not numbers:
        return ""
    low, high = min(0.0, *numbers), max(0.0, *numbers)
    high += (high == low) * 1.0
    days = [_day(read(p)) for p in _places(chart.lines[0].categories)]
    parts = [_axes(chart.title, low, high, days)]
    for row, (line, values) in enumerate(lines):
        stroke = f'stroke="{_colour(line)}" stroke-dasharray="{_DASHES.get(line.dash, "none")}"'
        parts += [
            f'<polyline fill="none" stroke-width="1.8" {stroke} points="{points}"/>'
            for points in _stretches(values, low, high)
        ]
        name = str(next((read(p) for p in _places(line.name)), "") or "")
        across = _LEFT + row * (_WIDTH - _LEFT) / len(lines)
        down = _HEIGHT - 6
        parts.append(
            f'<line x1="{across:.0f}" x2="{across + 18:.0f}" y1="{down - 4}" y2="{down - 4}" '
            f'stroke-width="1.8" {stroke}/>'
            f'<text x="{across + 22:.0f}" y="{down}">{escape(_short(name))}</text>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" '
        f'role="img" aria-label="{escape(chart.title, quote=True)}" '
        f'style="font:11px sans-serif;background:#fff">{"".join(parts)}</svg>'
    )


def _axes(title: str, low: float, high: float, days: Sequence[str]) -> str:
    """The title, the ends and the middle of the values, the first and the last day."""
    parts = [f'<text x="{_LEFT}" y="15" font-weight="bold">{escape(title)}</text>']
    for value in (low, (low + high) / 2, high):
        y = _y(value, low, high)
        parts.append(
            f'<line x1="{_LEFT}" x2="{_WIDTH - 8}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e5e7eb"/>'
            f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{_label(value)}</text>'
        )
    below = _HEIGHT - _BOTTOM + 14
    if days:
        ends = ((_LEFT, "start", days[0]), (_WIDTH - 8, "end", days[-1]))
        parts += [f'<text x="{x}" y="{below}" text-anchor="{a}">{d}</text>' for x, a, d in ends]
    return "".join(parts)


def _stretches(values: Sequence[float], low: float, high: float) -> list[str]:
    """The points of each stretch of months that have a number."""
    found: list[list[str]] = [[]]
    step = (_WIDTH - 8 - _LEFT) / max(1, len(values) - 1)
    for at, value in enumerate(values):
        if math.isfinite(value):
            found[-1].append(f"{_LEFT + at * step:.1f},{_y(value, low, high):.1f}")
        elif found[-1]:
            found.append([])
    return [" ".join(points) for points in found if points]


def _y(value: float, low: float, high: float) -> float:
    return _TOP + (_HEIGHT - _BOTTOM - _TOP) * (high - value) / (high - low)


def _places(address: str) -> list[Place]:
    found = _ADDRESS.fullmatch(address)
    if found is None:
        return []
    sheet = (found[1] or found[2]).replace("''", "'")
    top, left, bottom, right = extent(found[3])
    rows, columns = range(top, bottom + 1), range(left, right + 1)
    return [Place(sheet, row, column) for row in rows for column in columns]


def _number(value: Any) -> float:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if number else math.nan


def _day(value: Any) -> str:
    if isinstance(value, float):
        value = from_serial(value)
    return month_in_words(value) if isinstance(value, datetime.date) else ""


def _label(value: float) -> str:
    for size, letter in ((1e9, "bn"), (1e6, "m")):
        if abs(value) >= size:
            return f"{value / size:,.4g} {letter}"
    return f"{value:,.4g}"


def _short(name: str, most: int = 30) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"
