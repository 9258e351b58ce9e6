"""What one market costs, as a table, a workbook of two sheets, and a chart."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path
from typing import Any

import numpy as np
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from xlcredit._version import __version__
from xlcredit.errors import FileError
from xlcredit.files import replace_file
from xlcredit.models.estimates import Estimate
from xlcredit.portfolio.market import OneMarket
from xlcredit.workbook import style
from xlcredit.workbook.draft import page_setup, widths
from xlcredit.workbook.export import Column, Table, write_sheet, write_table
from xlcredit.workbook.pictures import png, pyplot, write_picture
from xlcredit.workbook.saving import saved

__all__ = ["contributions", "figures", "write_market", "write_market_chart"]

_UNDATED = dt.date(2000, 1, 1)
_NOTE = (
    "Alone: each loan sells into the whole market. Together: cards of a class that are enforced "
    "in a month are one lot with what is unsold of earlier lots. Same paths, same events."
)


def figures(found: OneMarket) -> Table:
    """Lay out the loss of the book, alone and together, with standard errors."""
    columns = [
        Column("figure", "text"),
        Column("alone", "number", "USD"),
        Column("alone_error", "number", "USD"),
        Column("together", "number", "USD"),
        Column("together_error", "number", "USD"),
        Column("ratio", "number", "ratio"),
    ]
    pairs: list[tuple[str, Estimate | None, Estimate | None]] = [
        ("expected_loss", found.alone.expected, found.together.expected),
        ("loss_p95", found.alone.p95, found.together.p95),
        ("loss_p99", found.alone.p99, found.together.p99),
        ("loss_p999", found.alone.p999, found.together.p999),
    ]
    rows: list[list[Any]] = [
        [name, a.value, a.error, b.value, b.error, _over(b.value, a.value)]
        for name, a, b in pairs
        if a is not None and b is not None
    ]
    tails = found.alone.shortfall, found.together.shortfall
    rows.append(["shortfall_p99", tails[0], None, tails[1], None, _over(tails[1], tails[0])])
    unpaid = found.unpaid
    rows.append(["expected_unpaid", unpaid.value, unpaid.error, unpaid.value, unpaid.error, None])
    return Table(columns, rows)


def contributions(found: OneMarket) -> Table:
    """Lay out each loan's part, the largest part in the shortfall of the book first."""
    columns = [
        Column("id", "text"),
        Column("card", "text"),
        Column("loan", "number", "USD"),
        Column("enforcement_probability", "number", "share"),
        Column("expected_loss_alone", "number", "USD"),
        Column("expected_loss_together", "number", "USD"),
        Column("expected_unpaid", "number", "USD"),
        Column("shortfall_alone", "number", "USD"),
        Column("shortfall_together", "number", "USD"),
        Column("shortfall_of_loan", "number", "share"),
        Column("shortfall_relief", "number", "USD"),
    ]
    rows = [
        [
            c.name,
            c.card,
            c.loan,
            c.enforced,
            c.expected_alone,
            c.expected_together,
            c.unpaid,
            c.tail_alone,
            c.tail_together,
            _over(c.tail_together, c.loan),
            c.relief,
        ]
        for c in found.first_to_cut
    ]
    return Table(columns, rows)


def _over(above: float, below: float) -> float | None:
    return above / below if below else None


def write_market(found: OneMarket, path: Path) -> None:
    """Write the contributions as CSV or Parquet, or both tables as a workbook.

    Raises
    ------
    FileError
        If the file cannot be written.
    """
    if path.suffix.lower() != ".xlsx":
        write_table(contributions(found), path)
        return
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = "One market"
    title = f"One market: {len(found.loans):,} loans, {found.paths:,} paths, seed {found.seed}"
    write_sheet(sheet, figures(found), title, _NOTE)
    _reading(sheet, found)
    widths(sheet, A=24, B=18, C=16, D=18, E=16, F=10)
    page_setup(sheet)
    rows = workbook.create_sheet("Loans")
    write_sheet(
        rows, contributions(found), "Who adds to the loss", "The first to cut or hedge first"
    )
    widths(rows, A=36, B=22)
    page_setup(rows, repeat="4:4")
    workbook.properties.creator = f"xlcredit {__version__}"
    workbook.properties.created = dt.datetime.combine(_UNDATED, dt.time())
    try:
        replace_file(path, saved(workbook, _UNDATED))
    except OSError as error:
        raise FileError(f"{path}: cannot be written: {error.strerror}") from None


def _reading(sheet: Worksheet, found: OneMarket) -> None:
    row = sheet.max_row + 2
    style.base(sheet.cell(row, 1), bold=True).value = reading(found)


def reading(found: OneMarket) -> str:
    """Say in one sentence what the absence of a buyer costs."""
    if not found.alone.expected.value:
        return "No loan loses anything alone: there is no ratio to give."
    ratio, error = found.ratio
    known = "" if math.isnan(error) else f" (±{error:.3f})"
    return (
        f"Sold together, the book loses {ratio:.3f} times{known} what its loans lose alone; "
        f"on the worst hundredth of the paths, {found.shortfall_ratio:.3f} times."
    )


def write_market_chart(found: OneMarket, path: Path) -> None:
    """Draw how often the book loses how much, alone and together.

    Raises
    ------
    UserError
        If matplotlib is not installed.
    """
    picture = pyplot()(figsize=(7.5, 5.0), layout="constrained")
    plot = picture.add_subplot()
    beyond = 1.0 - np.arange(1, found.paths + 1) / found.paths
    for losses, name, look in (
        (found.losses_alone, "each loan alone", "--"),
        (found.losses_together, "all in one market", "-"),
    ):
        plot.plot(np.sort(losses) / 1e6, beyond, look, color="black", label=name)
    plot.set_yscale("log")
    plot.set_ylim(max(1e-4, 1.0 / found.paths), 1.0)
    plot.set_xlabel("loss of the book [USD m]")
    plot.set_ylabel("probability of losing more")
    plot.set_title(reading(found), fontsize=8, wrap=True)
    plot.legend(frameon=False)
    plot.grid(alpha=0.3)
    write_picture(path, png(picture, 140))
