"""``xlcredit extract``: the deal file back from a workbook."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="extract")(extract)


def extract(
    file: Annotated[Path, typer.Argument(help="A workbook made by xlcredit.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The deal file to write.")],
    template: Annotated[
        str | None, typer.Option("--template", help="The template.toml of a house template.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write the deal file that a workbook's sheet Inputs amounts to.

    Example: xlcredit extract loan.xlsx -o deal.toml
    """
    from xlcredit.cli.terminal import line
    from xlcredit.cli.writing import write_whole
    from xlcredit.deals.write import write_deal
    from xlcredit.errors import UserError
    from xlcredit.workbook.life.extract import extract as read

    if output.suffix.lower() != ".toml":
        raise UserError(f"{output}: a deal file's name ends in .toml")
    deal, spec = read(file, template)
    write_whole(write_deal(deal, spec).encode(), output, force)
    line(f"written: {output}, {len(deal.inputs)} inputs of {deal.name}")
