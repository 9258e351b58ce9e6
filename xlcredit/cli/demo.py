"""``xlcredit demo``: build both examples, recalculate them, show what they say."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="demo")(demo)


def demo(
    folder: Annotated[Path, typer.Argument(help="Folder for the workbooks.")] = Path("demo"),
    force: Annotated[bool, typer.Option("--force", help="Replace files that differ.")] = False,
) -> None:
    """Build the example workbooks, recalculate them and print their covenant dashboards.

    Example: xlcredit demo
    """
    from xlcredit.cli.terminal import console, print_dashboard
    from xlcredit.cli.writing import write_workbook
    from xlcredit.deals import load, read_deal, shipped
    from xlcredit.workbook import read_dashboard

    written = []
    for name in shipped():
        template, home = load(name)
        target = folder / f"{name}.xlsx"
        result = write_workbook(template, read_deal(home / "deal.toml", template), target, force)
        print_dashboard(read_dashboard(target))
        written.append((target, result))
    for target, result in written:
        calls = sum(result.functions_called.values())
        console().print(
            f"{target}: {result.cells:,} formulas, {calls} calls of worksheet functions, "
            f"{len(result.errors)} errors",
            highlight=False,
        )
    console().print(
        f"\nOpen them in Excel or LibreOffice, or try:\n"
        f"  xlcredit recalc {written[0][0]} --set rent_decline=0.35 -o {folder / 'stress.xlsx'}",
        highlight=False,
        soft_wrap=True,
    )
