"""``xlcredit functions``: the reference of the worksheet functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from xlcredit.functions import Function

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="functions")(functions)


def functions(
    name: Annotated[str | None, typer.Argument(help="One function; without it, all.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print as Markdown.")] = False,
) -> None:
    """List the worksheet functions, or explain one.

    Example: xlcredit functions XLC_DUAL_LTV
    """
    from xlcredit.cli import terminal
    from xlcredit.functions import REGISTRY
    from xlcredit.worksheet import explain

    if name is None and not (as_json or markdown):
        terminal.print_functions(REGISTRY.values())
        return
    chosen = [_find(name)] if name else list(REGISTRY.values())
    manuals = [explain.manual(function) for function in chosen]
    if as_json:
        print(explain.as_json(manuals))
    elif markdown:
        print("\n\n".join(map(explain.as_markdown, manuals)))
    else:
        terminal.print_markdown(explain.as_markdown(manuals[0]))


def _find(name: str) -> Function:
    from xlcredit.errors import UserError
    from xlcredit.functions import REGISTRY
    from xlcredit.hints import did_you_mean

    wanted = name.upper().removeprefix("XLC_")
    if function := REGISTRY.get(f"XLC_{wanted}"):
        return function
    hint = did_you_mean(wanted, REGISTRY) or "; xlcredit functions lists them"
    raise UserError(f"{name} is not a worksheet function{hint}")
