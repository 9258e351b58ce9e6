"""``xlcredit lite``: a workbook that carries its own program for xlwings Lite."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="lite")(lite)


def lite(
    file: Annotated[Path, typer.Argument(help="A recalculated .xlsx workbook.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The workbook to write.")],
    spill: Annotated[
        list[str] | None,
        typer.Option(
            "--spill",
            metavar="CELL",
            help="A formula whose block is to spill, by name or address; may be repeated.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write a copy that brings its functions along: for Excel on Mac, the web, or without Python.

    Whoever opens it needs the free add-in xlwings Lite; the stored values show in any case.

    Example: xlcredit lite loan.xlsx -o loan-lite.xlsx
    """
    from xlcredit.cli.terminal import line, require_suffix, warn_signed
    from xlcredit.cli.writing import refuse_source, refuse_stale, write_whole
    from xlcredit.hosts.officejs.lite import embed, refuse_macros
    from xlcredit.ooxml.book import Book
    from xlcredit.ooxml.package import Package

    require_suffix(output)
    refuse_macros(output)
    refuse_source(file, output)
    book = Book(Package(file))
    copy = embed(book, spill or ())
    refuse_stale(book)
    write_whole(copy, output, force)
    warn_signed(book.package)
    line(f"{output}: open it in Excel with the add-in xlwings Lite (Home > Add-ins)")
