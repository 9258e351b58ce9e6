"""What the commands print: dashboards, recalculations, the function reference, JSON."""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from xlcredit.errors import CellError, FileError

if TYPE_CHECKING:
    from xlcredit.functions import Function
    from xlcredit.recalc import Recalculation
    from xlcredit.workbook import Dashboard

__all__ = [
    "console",
    "dashboard_as_data",
    "finish",
    "print_dashboard",
    "print_functions",
    "print_json",
    "print_markdown",
    "print_recalculation",
    "recalculation_as_data",
    "require_suffix",
]

_STATUS = {"PASS": "green", "OK": "green", "BREACH": "bold red", "CHECK": "bold yellow"}
#: Beyond this many lines a list is for --json.
_MOST = 20


@cache
def console() -> Console:
    """The terminal; piped output gets a width that keeps a table's row on one line."""
    terminal = Console()
    return terminal if terminal.is_terminal else Console(width=140)


def require_suffix(output: Path) -> None:
    """Excel refuses a workbook under another suffix; so do we, before any work is done."""
    if output.suffix.lower() not in (".xlsx", ".xlsm"):
        raise FileError(f"{output}: a workbook's name ends in .xlsx")


def print_json(data: Any) -> None:
    """Print data for a program: no NaN, dates as ISO text, errors as their code."""
    print(json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False, default=_plain))


def _plain(value: Any) -> Any:
    if isinstance(value, CellError):
        return {"error": value.code, "reason": value.reason}
    if isinstance(value, datetime.date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")


# --- dashboards -----------------------------------------------------------------------------


def print_dashboard(dashboard: Dashboard) -> None:
    """Print the side-by-sides and the covenants of one workbook."""
    out = console()
    out.print()
    out.print(Text(dashboard.title, style="bold"))
    line = Text(f"scenario: {dashboard.scenario}   master check: ")
    out.print(line.append(dashboard.master_check, _STATUS.get(dashboard.master_check, "")))
    for comparison in dashboard.comparisons:
        table = Table(
            title=comparison.title,
            title_justify="left",
            title_style="bold cyan",
            box=None,
            caption=comparison.reading,
            caption_justify="left",
            padding=(0, 2, 0, 0),
        )
        for label in comparison.figures:
            table.add_column(label, justify="right", header_style="dim")
        table.add_row(*(Text(cell.shown, style="bold") for cell in comparison.figures.values()))
        out.print()
        out.print(table)
    out.print()
    out.print(_covenants(dashboard))


def _covenants(dashboard: Dashboard) -> Table:
    table = Table(title="Covenants", title_justify="left", title_style="bold cyan", box=None)
    for label in ("Covenant", "Value", "Test", "Status", "Headroom", "First breach", "Driver"):
        left = label in ("Covenant", "Driver", "Status", "Test")
        table.add_column(label, justify="left" if left else "right", header_style="dim")
    for covenant in dashboard.covenants:
        driver = f"{covenant.driver}: {covenant.may_move_by.shown}" if covenant.driver else ""
        table.add_row(
            covenant.label,
            Text(covenant.value.shown, style="bold"),
            f"{covenant.test} {covenant.threshold.shown}",
            Text(covenant.status, style=_STATUS.get(covenant.status, "")),
            covenant.headroom.shown,
            covenant.first_breach.shown,
            driver,
        )
    return table


def dashboard_as_data(dashboard: Dashboard) -> dict[str, Any]:
    """Give the dashboard as plain data, values unrounded."""
    return {
        "title": dashboard.title,
        "scenario": dashboard.scenario,
        "master_check": dashboard.master_check,
        "comparisons": [
            {
                "title": c.title,
                "figures": {label: cell.value for label, cell in c.figures.items()},
                "reading": c.reading,
            }
            for c in dashboard.comparisons
        ],
        "covenants": [
            {
                field.name: _bare(getattr(covenant, field.name))
                for field in dataclasses.fields(covenant)
            }
            for covenant in dashboard.covenants
        ],
    }


def _bare(value: Any) -> Any:
    return value.value if hasattr(value, "value") else value


# --- recalculations -------------------------------------------------------------------------


def finish(result: Recalculation, output: Path) -> None:
    """Say what was written; leave with 1 if a cell shows an error."""
    import typer

    print_recalculation(result, output, output, check=False)
    if result.errors:
        raise typer.Exit(1)


def print_recalculation(
    result: Recalculation, source: Path, output: Path | None, check: bool
) -> None:
    """Print what a recalculation did, which cells err, and what changed under ``check``."""
    out = console()
    calls = sum(result.functions_called.values())
    out.print(
        f"{source.name}: {result.cells:,} formulas and {calls:,} calls of worksheet functions "
        f"in {result.seconds:.2f} s",
        highlight=False,
    )
    for warning in result.warnings:
        out.print(f"warning: {warning}", style="yellow", highlight=False)
    faults = [f"{f.sheet}!{f.cell} {f.code} {f.reason}" for f in result.errors]
    _print_list("shows an error", faults, "bold yellow")
    if check:
        changes = [
            f"{c.sheet}!{c.cell} saved {_shown(c.saved)}, now {_shown(c.now)}"
            for c in result.changes
        ]
        _print_list("differs from the saved value", changes, "bold yellow")
        if not changes:
            out.print("every saved value is confirmed", style="green")
    if output is not None:
        out.print(f"written: {output}", highlight=False, soft_wrap=True)


def _print_list(what: str, lines: list[str], style: str) -> None:
    if not lines:
        return
    out = console()
    subject = "1 cell" if len(lines) == 1 else f"{len(lines)} cells"
    verb = what if len(lines) == 1 else what.replace("shows", "show").replace("differs", "differ")
    out.print(f"{subject} {verb}:", style=style)
    for line in lines[:_MOST]:
        out.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)
    if len(lines) > _MOST:
        out.print(f"  and {len(lines) - _MOST} more; --json lists them all")


def _shown(value: Any) -> str:
    if isinstance(value, CellError):
        return value.code
    return "nothing" if value is None else str(value)


def recalculation_as_data(
    result: Recalculation, source: Path, output: Path | None, check: bool
) -> dict[str, Any]:
    """Give a recalculation as plain data: names, errors and, under ``check``, changes."""
    data: dict[str, Any] = {
        "source": str(source),
        "output": None if output is None else str(output),
        "formulas": result.cells,
        "functions_called": result.functions_called,
        "seconds": round(result.seconds, 4),
        "warnings": result.warnings,
        "values": result.names,
        "errors": [dataclasses.asdict(fault) for fault in result.errors],
    }
    if check:
        data["changes"] = [
            {"sheet": c.sheet, "cell": c.cell, "kind": c.kind, "saved": c.saved, "now": c.now}
            for c in result.changes
        ]
    return data


# --- the function reference -----------------------------------------------------------------


def print_functions(functions: Iterable[Function]) -> None:
    """Print the worksheet functions by category."""
    categories: dict[str, list[Function]] = {}
    for function in functions:
        categories.setdefault(function.category, []).append(function)
    for category, members in categories.items():
        table = Table(title=category, title_justify="left", title_style="bold cyan", box=None)
        table.add_column(style="bold", no_wrap=True)
        table.add_column()
        table.show_header = False
        for function in sorted(members, key=lambda f: f.name):
            table.add_row(function.name, Text(function.summary))
        console().print(table)
        console().print()
    console().print("One in full: xlcredit functions XLC_DUAL_LTV", highlight=False)


def print_markdown(text: str) -> None:
    """Print Markdown as a page."""
    from rich.markdown import Markdown

    console().print(Markdown(text))
