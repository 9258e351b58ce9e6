"""``xlcredit recalc``: calculate a workbook without Excel."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = ["read_settings", "register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="recalc")(recalc)


def recalc(
    file: Annotated[Path, typer.Argument(help="An .xlsx or .xlsm workbook.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Copy to write, with values.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Change an input; may be repeated."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Compare with the saved values; exit 1 if any differs.")
    ] = False,
    engine: Annotated[
        str,
        typer.Option(
            "--engine",
            metavar="NAME",
            help="auto, embedded, strict, libreoffice or excel: what calculates.",
        ),
    ] = "auto",
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse a workbook for one cell, and write nothing.")
    ] = False,
    keep: Annotated[
        bool,
        typer.Option("--keep", help="Keep saved values of cells that cannot be calculated."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Recalculate a workbook and write a copy with the values beside the formulas.

    Every cell is calculated by two engines, or by one inside the dialect that is proven for it;
    cells that are not calculated, that the engines dispute, and what depends on them, are listed.
    With --set, the figures and verdicts of the Summary that moved are printed.

    Exit code 1: a cell shows an error or is in doubt, a test of the model does not hold, a verdict
    cannot be decided or is typed over (a line says where), or a value differs under --check.

    Example: xlcredit recalc deal.xlsx --set rent_decline=30% --set coin_price=45000 -o stress.xlsx
    """
    from xlcredit.cli import dashboard, reports, terminal
    from xlcredit.cli.writing import refuse_source, refuse_to_replace
    from xlcredit.errors import UserError
    from xlcredit.hosts.engines import engine_called
    from xlcredit.ooxml.book import Book
    from xlcredit.ooxml.package import Package
    from xlcredit.recalc.inputs import refuse_unread
    from xlcredit.workbook.life.change import recalculate
    from xlcredit.workbook.life.stamp import changed_functions

    if output is None and not (check or as_json):
        raise UserError("name the copy to write with -o FILE, or ask for --check or --json")
    if output is not None:
        terminal.require_suffix(output)
        refuse_source(file, output)
        refuse_to_replace(output, force)
    inputs = read_settings(settings)
    book = Book(Package(file))
    refuse_unread(book, inputs)
    result = recalculate(
        book, output, inputs=inputs, engine=engine_called(engine), strict=strict, keep=keep
    )
    changed = changed_functions(book.package, result) if check and not inputs else None
    effects = dashboard.effects(book, result)
    if as_json:
        data = terminal.recalculation_as_data(result, file, output, check)
        data |= dashboard.effects_as_data(effects)
        terminal.print_json(data | reports.changed_functions_as_data(changed), "recalculation")
    else:
        terminal.print_recalculation(result, file, output, check)
        dashboard.print_effects(effects, inputs)
        if changed:
            reports.print_changed_functions(changed)
    unchecked = effects is not None and not effects.after.checked
    if result.errors or result.unsure or unchecked or (check and result.changes):
        raise typer.Exit(1)


def read_settings(settings: list[str] | None) -> dict[str, Any]:
    """Read what stands behind ``--set``: names or addresses with their values."""
    return dict(_setting(text) for text in settings or [])


def _setting(text: str) -> tuple[str, Any]:
    from xlcredit.errors import UserError
    from xlcredit.recalc.typed import parse_value

    name, equals, value = text.partition("=")
    if not (equals and name.strip()):
        raise UserError(f'--set takes NAME=VALUE, such as rent_decline=0.3; got "{text}"')
    return name.strip(), parse_value(value.strip())
