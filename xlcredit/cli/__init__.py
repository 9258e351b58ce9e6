"""The command line: one file per command.

Exit codes: 0, done; 1, done and there is something to look at (a cell shows an error, a value
differs under ``--check``); 2, not done and nothing written, with one line that says why.
"""

from __future__ import annotations

import sys

import typer

from xlcredit.cli import (
    demo,
    diff,
    excel,
    extract,
    freeze,
    functions,
    libreoffice,
    lint,
    lite,
    new,
    recalc,
    show,
)
from xlcredit.errors import UserError

__all__ = ["app", "main"]

app = typer.Typer(
    name="xlcredit",
    help="Credit mathematics for lenders against GPUs and coin, in the cells of a workbook.",
    epilog="Start with: xlcredit demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
for _command in (
    demo,
    new,
    lite,
    recalc,
    show,
    functions,
    excel,
    libreoffice,
    lint,
    diff,
    freeze,
    extract,
):
    _command.register(app)


def main() -> None:
    """Run the command line; an error is one line on stderr."""
    try:
        app()
    except UserError as error:
        print(f"xlcredit: {error}", file=sys.stderr)
        sys.exit(2)
    except OSError as error:  # a full disk, a closed pipe
        print(f"xlcredit: {error.strerror or error}", file=sys.stderr)
        sys.exit(2)
