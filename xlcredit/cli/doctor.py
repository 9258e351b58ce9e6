"""``xlcredit doctor``: what of the installation works, or which engine a workbook needs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from xlcredit.hosts.installation import Part

__all__ = ["register"]

_SLOWER = "slower"
_STYLES = {"ok": "green", "absent": "dim", _SLOWER: "yellow", "wrong": "bold red"}
#: More cells of one kind are counted.
_NAMED = 3


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="doctor")(doctor)


def doctor(
    file: Annotated[
        Path | None, typer.Argument(help="A workbook: which engine calculates it, and why.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the parts as JSON.")] = False,
) -> None:
    """Look at the whole installation: Python, packages, extras, engines, hosts, log, folders.

    What nobody needs may be absent. Exit code 1: a part is wrong; its line says what to do.
    For Excel's add-in and its workbooks: xlcredit excel doctor.

    With a workbook: whether the fast engine calculates it, or which cells keep it from that. One
    such cell sends all of the workbook, and as a template each loan of a book, to the strict
    engine: the same figures, later.

    Example: xlcredit doctor
    Example: xlcredit doctor house.xlsx
    """
    import dataclasses

    from xlcredit.cli.terminal import line, print_json
    from xlcredit.hosts.installation import WRONG, examine

    parts = examine() if file is None else list(_engine_of(file))
    if as_json:
        print_json({"parts": [dataclasses.asdict(part) for part in parts]}, "doctor")
    else:
        for part in parts:
            line((f"{part.state:<7}", _STYLES[part.state]), f" {part.part:<16} {part.found}")
            if part.remedy:
                line((f"{'':<24} {part.remedy}", "dim"))
    if any(part.state == WRONG for part in parts):
        raise typer.Exit(1)


def _engine_of(file: Path) -> Iterator[Part]:
    """Say which engine calculates a workbook; of what keeps the fast one from it, a line each."""
    from xlcredit.cli.terminal import BEYOND
    from xlcredit.functions import REGISTRY
    from xlcredit.hosts.installation import OK, Part
    from xlcredit.ooxml.book import Book
    from xlcredit.ooxml.package import Package
    from xlcredit.recalc.limits import beyond
    from xlcredit.recalc.proven import all_outside
    from xlcredit.workbook.session import open_workbook

    book = Book(Package(file))
    found: dict[str, list[object]] = {reason: [at] for at, reason in beyond(book).items()}
    found |= {reason: [*places] for reason, places in all_outside(book, REGISTRY).items()}
    if not found and (told := open_workbook(book).slower):  # what the engine itself refuses
        found[told.partition(": ")[2]] = [told.partition(": ")[0]]
    if not found:
        yield Part("engine", OK, f"the fast engine calculates all {len(book.formulas):,} formulas")
    for reason, places in found.items():
        named = ", ".join(map(str, places[:_NAMED])) or "in all of it"
        more = f" and {len(places) - _NAMED:,} more" if len(places) > _NAMED else ""
        yield Part("engine", _SLOWER, f"{named}{more}: {reason}", BEYOND)
