"""``xlcredit doctor``: what of the installation works, and what to do about the rest."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["register"]

_STYLES = {"ok": "green", "absent": "dim", "wrong": "bold red"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="doctor")(doctor)


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print the parts as JSON.")] = False,
) -> None:
    """Look at the whole installation: Python, packages, extras, engines, hosts, log, folders.

    What nobody needs may be absent. Exit code 1: a part is wrong; its line says what to do.
    For Excel's add-in and its workbooks: xlcredit excel doctor.

    Example: xlcredit doctor
    """
    import dataclasses

    from xlcredit.cli.terminal import line, print_json
    from xlcredit.hosts.installation import WRONG, examine

    parts = examine()
    if as_json:
        print_json({"parts": [dataclasses.asdict(part) for part in parts]}, "doctor")
    else:
        for part in parts:
            line((f"{part.state:<7}", _STYLES[part.state]), f" {part.part:<16} {part.found}")
            if part.remedy:
                line((f"{'':<24} {part.remedy}", "dim"))
    if any(part.state == WRONG for part in parts):
        raise typer.Exit(1)
