"""``xlcredit schema``: JSON Schemas of what commands print and of the files that they read."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = ["as_text", "register", "schema_of"]


class Of(StrEnum):
    """What a schema is of."""

    OUTPUT = "output"
    TEMPLATE = "template"
    DEAL = "deal"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="schema")(schema)


def schema(
    of: Annotated[Of, typer.Argument(help="output (of --json), template, or deal.")],
    template: Annotated[
        str | None, typer.Argument(help="The template that a deal file is for.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A .json file to write.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Print a JSON Schema, for editors (taplo, Even Better TOML) and for programs.

    Example: xlcredit schema deal gpu-term-loan -o deal.schema.json
    """
    from xlcredit.cli.terminal import line
    from xlcredit.cli.writing import write_whole

    text = as_text(schema_of(of, template))
    if output is None:
        print(text, end="")
        return
    write_whole(text.encode(), output, force)
    line(f"written: {output}; name it on the first line of a TOML file: #:schema {output.name}")


def schema_of(of: str, template: str | None = None) -> dict[str, Any]:
    """Give a schema: of ``"output"``, of a ``"template"``, or of a ``"deal"`` for a template."""
    from xlcredit.cli.output import output_schema
    from xlcredit.deals import load
    from xlcredit.deals.schema import deal_schema, template_schema
    from xlcredit.errors import UserError

    if of == Of.OUTPUT:
        return output_schema()
    if of == Of.TEMPLATE:
        return template_schema()
    if template is None:
        raise UserError("name the template: xlcredit schema deal gpu-term-loan")
    return deal_schema(load(template)[0])


def as_text(found: dict[str, Any]) -> str:
    """Write a schema as it stands in a file."""
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"
