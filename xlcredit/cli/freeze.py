"""``xlcredit freeze``: the committee copy, and the proof that it is still one."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="freeze")(freeze)


def _day(text: str) -> datetime.date:
    from xlcredit.errors import UserError

    try:
        return datetime.datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise UserError(f"--date takes a day such as 2026-11-22; got {text}") from None


def freeze(
    file: Annotated[Path, typer.Argument(help="A recalculated workbook; a copy for --verify.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The committee copy to write.")
    ] = None,
    verify: Annotated[
        bool,
        typer.Option("--verify", help="Say whether a copy is as it was frozen; exit 1 if not."),
    ] = False,
    date: Annotated[
        datetime.date | None,
        typer.Option(
            "--date", parser=_day, metavar="YYYY-MM-DD", help="Date to stamp; today without it."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write a copy with values in place of formulas, the formulas listed, and a seal.

    Example: xlcredit freeze loan.xlsx -o committee.xlsx
    """
    from xlcredit.cli import reports, terminal
    from xlcredit.errors import UserError
    from xlcredit.workbook.life.freeze import verify as check

    if verify == (output is not None):
        raise UserError("name the copy to write with -o FILE, or ask for --verify")
    if output is not None:
        _write(file, output, date or datetime.date.today(), force)
    verdict = check(output or file)
    if as_json:
        terminal.print_json(reports.verdict_as_data(verdict), "seal")
    else:
        if output is not None:
            terminal.line(f"written: {output}")
        reports.print_verdict(verdict, output or file)
    if not verdict.intact:
        raise typer.Exit(1)


def _write(file: Path, output: Path, date: datetime.date, force: bool) -> None:
    from xlcredit.cli import terminal
    from xlcredit.cli.writing import refuse_source, refuse_stale, write_whole
    from xlcredit.errors import UserError
    from xlcredit.ooxml.book import Book
    from xlcredit.ooxml.package import Package
    from xlcredit.workbook.life.freeze import freeze as make

    terminal.require_suffix(output)
    if output.suffix.lower() != file.suffix.lower():
        raise UserError(f"{output}: name the copy like its source, with {file.suffix}")
    refuse_source(file, output)
    book = Book(Package(file))
    copy = make(book, date)
    refuse_stale(book)
    write_whole(copy, output, force)
