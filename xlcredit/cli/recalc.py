"""``xlcredit recalc``: calculate a workbook without Excel."""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = ["parse_value", "register"]


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
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Recalculate a workbook and write a copy with the values beside the formulas.

    Example: xlcredit recalc deal.xlsx --set rent_decline=30% --set coin_price=45000 -o stress.xlsx
    """
    from xlcredit.cli import reports, terminal
    from xlcredit.cli.writing import refuse_source, refuse_to_replace
    from xlcredit.deals.template import AS_INPUT
    from xlcredit.errors import UserError
    from xlcredit.recalc import recalculate
    from xlcredit.recalc.inputs import refuse_unread
    from xlcredit.workbook.life.stamp import changed_functions
    from xlcredit.workbook.pages.inputs import changed_sources

    if output is None and not (check or as_json):
        raise UserError("name the copy to write with -o FILE, or ask for --check or --json")
    if output is not None:
        terminal.require_suffix(output)
        refuse_source(file, output)
        refuse_to_replace(output, force)
    inputs = dict(_setting(text) for text in settings or [])
    refuse_unread(file, inputs)
    sources = changed_sources(file, inputs) if inputs else {}
    result = recalculate(file, output, inputs={**inputs, **sources})
    scenario = result.names.get("scenario", AS_INPUT)
    if inputs and "scenario" not in inputs and scenario != AS_INPUT:
        told = f"scenario {scenario} is in force: it moves some of the inputs"
        result.warnings.append(told)
    changed = changed_functions(file, result) if check and not inputs else None
    if as_json:
        data = terminal.recalculation_as_data(result, file, output, check)
        terminal.print_json(data | reports.changed_functions_as_data(changed))
    else:
        terminal.print_recalculation(result, file, output, check)
        if changed:
            reports.print_changed_functions(changed)
    if result.errors or (check and result.changes):
        raise typer.Exit(1)


def _setting(text: str) -> tuple[str, Any]:
    from xlcredit.errors import UserError

    name, equals, value = text.partition("=")
    if not (equals and name.strip()):
        raise UserError(f'--set takes NAME=VALUE, such as rent_decline=0.3; got "{text}"')
    return name.strip(), parse_value(value.strip())


#: Commas only where thousands have them: 0,3 is no number here, for it may be 0.3 or 3.
_NUMBER = re.compile(r"([+-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d*)?(?:[eE][+-]?\d+)?)(%?)")


def parse_value(text: str) -> Any:
    """Read a value as an analyst types it: 0.3, 30%, 45,000, 2026-11-22, TRUE, or text.

    Examples
    --------
    >>> parse_value("30%"), parse_value("45,000"), parse_value("Flat"), parse_value("0,3")
    (0.3, 45000.0, 'Flat', '0,3')
    """
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    if text.upper() in ("TRUE", "FALSE"):
        return text.upper() == "TRUE"
    found = _NUMBER.fullmatch(text)
    if found and any(c.isdigit() for c in found[1]):
        number = float(found[1].replace(",", ""))
        return number / 100 if found[2] else number
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return text
