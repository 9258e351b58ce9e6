"""The points of a small grid as a table: what becomes of the loan at each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table as Printed

from xlcredit.cli.terminal import console
from xlcredit.deals.units import UNITS
from xlcredit.workbook.covenants import FINE, NONE, PASS
from xlcredit.workbook.pages.dashboard import ShownFigure

if TYPE_CHECKING:
    from xlcredit.workbook.export import Table

__all__ = ["MOST", "print_points"]

#: Points beyond these are for a file.
MOST = 20
#: What a lender looks at first: heading and name, where the workbook has the figure.
_FIGURES = {
    "min_dscr": "Lowest DSCR",
    "first_missed_month": "First missed month",
    "loss": "Loss",
}
_PREFIX = "covenant_"


def print_points(
    table: Table, axes: Sequence[str], asked: Sequence[str], units: dict[str, str]
) -> None:
    """Print a line for each point of a grid.

    Parameters
    ----------
    table : Table
        The grid.
    axes : sequence of str
        The inputs that move.
    asked : sequence of str
        The figures that were asked for; without one, those that a lender looks at first.
    units : dict
        The unit of each named cell.
    """
    names = [column.name for column in table.columns]
    figures = [name for name in asked or _FIGURES if name in names and name not in axes]
    verdicts = [name for name in names if f"{name}_margin" in names]
    printed = Printed(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in axes:
        printed.add_column(name.capitalize() if name == "scenario" else name)
    for name in figures:
        printed.add_column(_FIGURES.get(name, name), justify="right")
    printed.add_column("Covenants")
    for row in table.rows:
        held = dict(zip(names, row, strict=True))
        moved = [_moved(held[name], units.get(name, "")) for name in axes]
        told = [_figure(name, held[name], units.get(name, "")) for name in figures]
        states = {name.removeprefix(_PREFIX): held[name] for name in verdicts}
        printed.add_row(*moved, *told, _standing(states))
    console().print(printed)


def _moved(value: Any, unit: str) -> str:
    """An input as it was asked for, all its digits."""
    if not isinstance(value, float):
        return str(value)
    percent = unit in UNITS and UNITS[unit].percent
    return f"{100 * value:.6g}%" if percent else f"{value:,.10g}"


def _figure(name: str, value: Any, unit: str) -> str:
    if name == "first_missed_month" and value == 0:
        return "none"
    return "–" if value is None else ShownFigure(value, unit, in_millions=True).shown


def _standing(states: dict[str, str]) -> str:
    """PASS, or what does not pass: BREACH or CHECK, and the names; NONE where none is agreed."""
    failing: dict[str, list[str]] = {}
    for name, state in states.items():
        if state not in FINE:
            failing.setdefault(state, []).append(name)
    told = "; ".join(f"{s} {', '.join(names)}" for s, names in failing.items())
    return told or (PASS if PASS in states.values() else NONE)
