"""``xlcredit show``: a workbook's covenant dashboard in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="show")(show)


def show(
    file: Annotated[Path, typer.Argument(help="A workbook made by xlcredit.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the dashboard as JSON.")] = False,
) -> None:
    """Print the side-by-sides, the covenants and the other tests, from the values in the file.

    Exit code 1: a test of the model does not hold, a covenant or another test cannot be decided, or
    its verdict, or what that rests on, is typed over; a line says where.

    Example: xlcredit show stress.xlsx
    """
    from xlcredit.cli import dashboard, terminal
    from xlcredit.workbook import read_dashboard

    shown = read_dashboard(file)
    if as_json:
        terminal.print_json(dashboard.dashboard_as_data(shown), "dashboard")
    else:
        dashboard.print_dashboard(shown)
    if not shown.checked:
        raise typer.Exit(1)
