"""``xlcredit diff``: two workbooks of one template, in terms."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="diff")(diff)


def diff(
    old: Annotated[Path, typer.Argument(help="A workbook made by xlcredit.")],
    new: Annotated[Path, typer.Argument(help="Another of the same template.")],
    whole: Annotated[
        bool, typer.Option("--all", help="Print all that differs, the figures by name too.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Print which inputs differ between two workbooks, and what that does to the figures.

    Both are read by the values stored in them; recalculate first what has been changed by hand.

    Exit code 1: in one of them a verdict, or what it rests on, is typed over; a line says where.

    Example: xlcredit diff loan.xlsx stress.xlsx
    """
    from xlcredit.cli import reports, terminal
    from xlcredit.workbook.life.compare import compare

    found = compare(old, new)
    if as_json:
        terminal.print_json(reports.comparison_as_data(found), "diff")
    else:
        reports.print_comparison(found, whole=whole)
    if found.typed:
        raise typer.Exit(1)
