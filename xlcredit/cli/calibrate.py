"""``xlcredit calibrate``: volatilities, jumps and correlations from quotes of one's own."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from xlcredit.workbook.calibrated import Calibration

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="calibrate")(calibrate)


def calibrate(
    rents: Annotated[
        Path | None, typer.Option("--rents", help="A CSV of rents: date, price and, best, source.")
    ] = None,
    coin: Annotated[
        Path | None, typer.Option("--coin", help="A CSV of closes of the coin: date and price.")
    ] = None,
    gpu: Annotated[
        str | None, typer.Option("--gpu", help="The card, where the rents quote several.")
    ] = None,
    trigger: Annotated[
        float, typer.Option("--trigger", help="Fall of coin from its high that is stress.")
    ] = 0.3,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A .toml with the estimates to write.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Estimate volatility, mean reversion, decline, jumps and correlation, each with its error.

    Example: xlcredit calibrate --rents rents.csv --coin btc.csv -o market.toml
    """
    from xlcredit.cli import terminal
    from xlcredit.cli.writing import refuse_to_replace, write_whole
    from xlcredit.deals.quotes import read_quotes
    from xlcredit.errors import UserError
    from xlcredit.workbook.calibrated import calibrate as fit
    from xlcredit.workbook.calibrated import fragment

    if rents is None and coin is None:
        raise UserError("name quotes with --rents FILE, --coin FILE, or both")
    if not 0.0 < trigger < 1.0:
        raise UserError(f"--trigger is a share between 0 and 1; got {trigger:g}")
    if output is not None:
        if output.suffix != ".toml":
            raise UserError(f"{output}: a file of estimates ends in .toml")
        refuse_to_replace(output, force)
    found = fit(
        None if rents is None else read_quotes(rents, gpu),
        None if coin is None else read_quotes(coin),
        trigger,
    )
    if output is not None:
        write_whole(fragment(found).encode(), output, force)
    if as_json:
        terminal.print_json(_as_data(found), "calibration")
        return
    _print(found)
    if output is not None:
        terminal.line(f"wrote {output}")


def _as_data(found: Calibration) -> dict[str, object]:
    def number(value: float) -> float | None:
        return value if math.isfinite(value) else None

    return {
        "estimates": [
            {
                "name": fit.name,
                "value": number(fit.value),
                "standard_error": number(fit.error),
                "observations": fit.count,
                "note": fit.note,
                "source": found.origin[fit.name],
                "as_of": found.as_of[fit.name],
            }
            for fit in found.fits
        ],
        "warnings": found.warnings,
    }


def _print(found: Calibration) -> None:
    from rich.table import Table

    from xlcredit.cli.terminal import console, line

    shown = Table("", "estimate", "standard error", "observations", "", box=None, pad_edge=False)
    for column in shown.columns[1:4]:
        column.justify = "right"
    for fit in found.fits:
        value, error = (
            "none" if math.isnan(number) else f"{number:.4g}" for number in (fit.value, fit.error)
        )
        shown.add_row(fit.name, value, "" if error == "none" else error, f"{fit.count:,}", fit.note)
    console().print(shown)
    for message in found.warnings:
        line(f"note: {message}")
