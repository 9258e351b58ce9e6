"""``xlcredit help``: the tutorial in the terminal."""

from __future__ import annotations

from typing import Annotated

import typer

from xlcredit.cli import completion

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="help")(show_help)


def show_help(
    topic: Annotated[
        str | None,
        typer.Argument(
            help="A topic; without it, all are listed.", autocompletion=completion.topics
        ),
    ] = None,
) -> None:
    """Show a page of the tutorial, the glossary, or how to do something.

    Example: xlcredit help first-loan
    """
    from xlcredit.cli import terminal
    from xlcredit.docs import read_topic, topics
    from xlcredit.errors import UserError
    from xlcredit.hints import did_you_mean

    known = topics()
    if topic is None:
        for name, title in known.items():
            terminal.line((f"{name:<18}", "bold"), title)
        terminal.line()
        terminal.line("One of them: xlcredit help first-loan. A command: xlcredit recalc --help")
        return
    if topic not in known:
        hint = did_you_mean(topic, known) or f"; there are {', '.join(known)}"
        raise UserError(f"{topic} is not a topic of help{hint}")
    terminal.print_markdown(read_topic(topic))
