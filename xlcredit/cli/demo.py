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

    Beside them it writes what other commands can be tried with: tape.csv, a book of five loans, and
    quotes made up for the purpose, rents.csv and btc.csv.

    Example: xlcredit demo
    """
    from xlcredit.cli.dashboard import print_dashboard
    from xlcredit.cli.terminal import line
    from xlcredit.cli.writing import (
        make_workbook,
        refuse_to_replace,
        same,
        write_whole,
        write_workbook,
    )
    from xlcredit.deals import load, read_deal, shipped

    samples = {folder / name: content for name, content in _samples().items()}
    for target, content in samples.items():
        if not (target.is_file() and target.read_bytes() == content):
            refuse_to_replace(target, force)
    made = {}
    for name in shipped():
        template, home = load(name)
        deal = read_deal(home / "deal.toml", template)
        target = folder / f"{name}.xlsx"
        made[target] = make_workbook(template, deal)
        if not same(made[target], target):  # said before the rest is made
            refuse_to_replace(target, force)
    for target, content in samples.items():  # all or none
        write_whole(content, target, force)
    for target, workbook in made.items():
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
    line()
    line("Open them in Excel or LibreOffice, or try:")
    loan, tape = folder / "gpu-term-loan.xlsx", folder / "tape.csv"
    line(f"  xlcredit recalc {loan} --set rent_decline=35% -o {folder / 'stress.xlsx'}")
    line(f"  xlcredit stress {loan} --scenario all")
    line(f"  xlcredit portfolio {tape} -o book.xlsx")
    quotes = f"--rents {folder / 'rents.csv'} --coin {folder / 'btc.csv'}"
    line(f"  xlcredit calibrate {quotes} -o market.toml")
    if not all(workbook.dashboard.checked for workbook in made.values()):
        raise typer.Exit(1)


def _samples() -> dict[str, bytes]:
    """Files that other commands can be tried with, by name."""
    from xlcredit.deals import load, read_deal
    from xlcredit.deals.samples import sample_coin, sample_rents
    from xlcredit.portfolio.rows import example_tape
    from xlcredit.workbook.export import Table, as_csv

    template, home = load("gpu-term-loan")
    one = example_tape(template, read_deal(home / "deal.toml", template))
    headings = [column.name for column in one.columns]
    rows = []
    for number, rent in enumerate((2.2, 2.5, 2.8, 3.1, 3.4), start=1):
        loan = dict(zip(headings, one.rows[0], strict=True))
        loan |= {"id": f"L{number}", "borrower": f"Borrower {number}"}
        loan["market_rent [USD/GPU-hour]"] = rent
        rows.append(list(loan.values()))
    tape = as_csv(Table(one.columns, rows))
    return {"tape.csv": tape, "rents.csv": sample_rents(), "btc.csv": sample_coin()}
