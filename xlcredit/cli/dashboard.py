"""A covenant dashboard in the terminal: however narrow that is, no figure is cut off."""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from xlcredit.cli.terminal import console, line
from xlcredit.errors import CODES, CellError
from xlcredit.ooxml.place import a1

if TYPE_CHECKING:
    from xlcredit.ooxml.book import Book
    from xlcredit.recalc import Recalculation
    from xlcredit.workbook import Dashboard
    from xlcredit.workbook.life.compare import Change
    from xlcredit.workbook.pages.dashboard import CovenantLine, SideBySide

__all__ = [
    "dashboard_as_data",
    "effects",
    "effects_as_data",
    "print_dashboard",
    "print_effects",
    "remarks",
]

_STATUS = {
    "PASS": "green",
    "OK": "green",
    "BREACH": "bold red",
    "CHECK": "bold yellow",
    "NONE": "dim",
    **dict.fromkeys(("MET", "INSIDE", "HOLDS"), "green"),
    **dict.fromkeys(("NOT MET", "OUTSIDE", "FAILS"), "red"),
}
#: Where headings break when lines are short, and shorter still; a date fits in any case.
_LONG, _SHORT, _SHORTEST = 24, 18, 12
#: Facts that a table leaves out where no row of it has any.
_SELDOM = ("First breach", "Driver")
_LEFT = ("Covenant", "Tested", "Test", "Status", "Driver")


def print_dashboard(dashboard: Dashboard) -> None:
    """Print the side-by-sides, the covenants and the other tests of one workbook."""
    line()
    line((dashboard.title, "bold"))
    status = dashboard.master_check
    line(f"scenario: {dashboard.scenario}   master check: ", (status, _STATUS.get(status, "")))
    if dashboard.drawn is not None:
        line("loan drawn: ", (dashboard.drawn.shown, "bold"))
    for remark in remarks(dashboard):
        line((remark, "yellow"))
    for comparison in dashboard.comparisons:
        line()
        line((comparison.title, "bold cyan"))
        _print_first_that_fits(_comparisons(comparison))
        line(comparison.reading)
        if comparison.notes:
            line(("; ".join(f"{k}: {v}" for k, v in comparison.notes.items()), "dim"))
    line()
    line(("Covenants", "bold cyan"))
    _print_first_that_fits(_tests(dashboard.covenants, "Covenant"))
    for title, tests in dashboard.tests.items():
        line()
        line((title, "bold cyan"))
        _print_first_that_fits(_tests(tests, "Tested"))


def remarks(dashboard: Dashboard) -> Iterator[str]:
    """Say which tests fail, and what else to know before the figures are used."""
    for label in dashboard.failing:
        yield f"CHECK: this does not hold: {label}"
    for typed in dashboard.typed:
        yield f"CHECK: {typed}"
    if dashboard.master_check != "OK" and not (dashboard.failing or dashboard.typed):
        yield "CHECK: a test on the sheet Checks does not hold"
    told = {typed.label for typed in dashboard.typed}
    for label in dashboard.undecided:
        if label not in told:
            yield f"CHECK: {label} cannot be decided"
    for warning in dashboard.warnings:
        yield f"warning: {warning}"


def _print_first_that_fits(layouts: Iterable[Table]) -> None:
    """Print one of several layouts; the last if there is no room for any."""
    out = console()
    *wider, narrowest = layouts
    everything = out.options.update(max_width=10_000)
    fitting = (t for t in wider if Measurement.get(out, everything, t).minimum <= out.width)
    out.print(next(fitting, narrowest))


# --- layouts --------------------------------------------------------------------------------


def _comparisons(comparison: SideBySide) -> Iterator[Table]:
    """Side by side; with headings of several lines; one above the other."""
    figures = {k: Text(cell.shown, style="bold") for k, cell in comparison.figures.items()}
    yield _grid([figures])
    for width in (_SHORT, _SHORTEST):
        yield _grid([{_broken(label, width): shown for label, shown in figures.items()}])
    yield _list(figures.items())


def _tests(tests: Sequence[CovenantLine], heading: str) -> Iterator[Table]:
    """A test on one line; its driver below it, then broken; one fact above the other."""
    rows = [_facts(test, heading) for test in tests]
    said = {word for row in rows for word, text in row.items() if text or word not in _SELDOM}
    rows = [{word: text for word, text in row.items() if word in said} for row in rows]
    yield _grid(rows)
    for width in (_LONG, _SHORTEST):
        yield _grid([_folded(row, width) for row in rows], wrapped=heading)
    blank = ("", Text())
    yield _list(pair for row in rows for pair in (*row.items(), blank))


def _facts(covenant: CovenantLine, heading: str) -> dict[str, Text]:
    driver = f"{covenant.driver}: {covenant.may_move_by.shown}" if covenant.driver else ""
    return {
        heading: Text(covenant.label),
        "Value": Text(covenant.value.shown, style="bold"),
        "Test": Text(f"{covenant.test} {covenant.threshold.shown}"),
        "Status": Text(covenant.status, style=_STATUS.get(covenant.status, "")),
        "Headroom": Text(covenant.headroom.shown),
        "First breach": Text(covenant.first_breach.shown),
        "Driver": Text(driver),
    }


def _folded(row: dict[str, Text], width: int) -> dict[str, Text]:
    """Put the driver below its covenant, and break the rest at a width."""
    driver = row.get("Driver", Text())
    covenant, *facts = ((word, text) for word, text in row.items() if word != "Driver")
    below = Text.assemble(covenant[1], "\n", (driver.plain, "dim")) if driver else covenant[1]
    short = {
        _broken(label, width): Text(_broken(text.plain, width), text.style) for label, text in facts
    }
    return {covenant[0]: below} | short


def _grid(rows: Sequence[dict[str, Text]], wrapped: str = "") -> Table:
    """Facts by heading, row by row.

    A column keeps its lines, for half a figure is another figure; only words may wrap.
    """
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in rows[0] if rows else ():
        cells = [heading, *(row[heading].plain for row in rows)]
        table.add_column(
            heading,
            justify="left" if heading in _LEFT else "right",
            header_style="dim",
            no_wrap=heading != wrapped,
            min_width=_widest(cells, split=heading == wrapped),
        )
    for row in rows:
        table.add_row(*row.values())
        if wrapped:
            table.add_row()
    return table


def _widest(cells: Iterable[str], split: bool) -> int:
    """The cells of a terminal that the longest line takes, or the longest word."""
    return max(cell_len(p) for c in cells for p in (c.split() if split else c.split("\n")))


def _list(pairs: Iterable[tuple[str, Text]]) -> Table:
    """One fact above the other; what is too long for its line goes on in the next."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(style="dim", overflow="fold")
    table.add_column(overflow="fold")
    for label, text in pairs:
        table.add_row(label, text)
    return table


def _broken(text: str, width: int) -> str:
    return textwrap.fill(text, width, break_long_words=False, break_on_hyphens=False)


# --- what moved -----------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Effects:
    """The Summary as it was saved and as it is now."""

    after: Dashboard
    moved: list[Change]
    """None if nothing was saved before."""


def effects(book: Book, result: Recalculation) -> Effects | None:
    """Compare the Summary of a recalculated workbook with the saved one; none if it is not ours."""
    from xlcredit.errors import FileError
    from xlcredit.workbook import read_dashboard
    from xlcredit.workbook.life.compare import moved

    try:
        after = read_dashboard(book, lambda p: result.value(p.sheet, a1(p.row, p.column)))
    except FileError:
        return None
    try:
        before = read_dashboard(book)
    except FileError:  # it holds no values yet
        return Effects(after, [])
    return Effects(after, moved(before, after))


def print_effects(found: Effects | None, inputs: Collection[str]) -> None:
    """Print what does not hold; after inputs were set, also what they moved."""
    if found is None:
        return
    if inputs:
        line(("moved:" if found.moved else "no figure of the Summary moved", "bold cyan"))
        for change in found.moved:
            line(f"  {change}")
    for remark in remarks(dataclasses.replace(found.after, warnings=[])):
        line((remark, "yellow"))


def effects_as_data(found: Effects | None) -> dict[str, Any]:
    """Give the same as plain data; empty for a workbook without a Summary of ours."""
    if found is None:
        return {"moved": [], "failing": [], "typed": [], "master_check": None}
    return {
        "moved": [
            {"label": c.label, "before": c.shown_old, "after": c.shown_new} for c in found.moved
        ],
        "failing": found.after.failing,
        "typed": [str(typed) for typed in found.after.typed],
        "master_check": found.after.master_check,
    }


# --- for programs----------------------------------------------------------------------------


def dashboard_as_data(dashboard: Dashboard) -> dict[str, Any]:
    """Give the dashboard as plain data, values unrounded."""
    return {
        "title": dashboard.title,
        "scenario": dashboard.scenario,
        "master_check": dashboard.master_check,
        "drawn": _bare(dashboard.drawn),
        "failing": dashboard.failing,
        "typed": [str(typed) for typed in dashboard.typed],
        "warnings": dashboard.warnings,
        "figures": {name: _bare(value) for name, value in dashboard.figures.items()},
        "comparisons": [
            {
                "title": c.title,
                "figures": {label: _bare(cell) for label, cell in c.figures.items()},
                "reading": c.reading,
                "notes": c.notes,
            }
            for c in dashboard.comparisons
        ],
        "covenants": [_line_as_data(covenant) for covenant in dashboard.covenants],
        "tests": [
            _line_as_data(test) | {"table": title}
            for title, tests in dashboard.tests.items()
            for test in tests
        ],
    }


def _line_as_data(tested: CovenantLine) -> dict[str, Any]:
    return {field.name: _bare(getattr(tested, field.name)) for field in dataclasses.fields(tested)}


def _bare(value: Any) -> Any:
    """A value without its unit; the code of an error as an error value."""
    value = value.value if hasattr(value, "value") else value
    return CellError(value) if isinstance(value, str) and value in CODES else value
