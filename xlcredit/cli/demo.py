"""``xlcredit demo``: build the examples, recalculate them, show what they say."""

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
    from xlcredit.cli.dashboard import print_dashboard
    from xlcredit.cli.terminal import line
    from xlcredit.cli.writing import make_workbook, refuse_to_replace, same, write_workbook
    from xlcredit.deals import load, read_deal, shipped

    made = {}
    for name in shipped():
        template, home = load(name)
        deal = read_deal(home / "deal.toml", template)
        target = folder / f"{name}.xlsx"
        made[target] = make_workbook(template, deal)
        if not same(made[target], target):
            refuse_to_replace(target, force)
    for target, workbook in made.items():  # all or none
        write_workbook(workbook, target, force)
        print_dashboard(workbook.dashboard)
    line()
    for target, workbook in made.items():
        result = workbook.result
        calls = sum(result.functions_called.values())
        line(
            f"{target}: {result.cells:,} formulas, {calls} calls of worksheet functions, "
            f"{len(result.errors)} errors"
        )
    line(
        "\nOpen them in Excel or LibreOffice, or try:\n"
        f"  xlcredit recalc {folder / 'gpu-term-loan.xlsx'} --set rent_decline=35% "
        f"-o {folder / 'stress.xlsx'}"
    )
    if not all(workbook.dashboard.checked for workbook in made.values()):
        raise typer.Exit(1)
