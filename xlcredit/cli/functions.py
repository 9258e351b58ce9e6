"""``xlcredit functions``: the reference of the worksheet functions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xlcredit.cli import completion

if TYPE_CHECKING:
    from xlcredit.functions import Function

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="functions")(functions)


def functions(
    name: Annotated[
        str | None,
        typer.Argument(
            help="One function, or a word to search for; without it, all.",
            autocompletion=completion.functions,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print as Markdown.")] = False,
    html: Annotated[
        Path | None, typer.Option("--html", help="Write a page to browse, search and print.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing page.")] = False,
) -> None:
    """List the worksheet functions, search them, explain one, or write the reference as a page.

    Example: xlcredit functions XLC_DUAL_LTV
    """
    from xlcredit.cli import terminal
    from xlcredit.functions import REGISTRY
    from xlcredit.worksheet import explain

    chosen = _find(name) if name else list(REGISTRY.values())
    if html:
        _write_page(html, chosen, force)
    elif as_json:
        print(explain.as_json(map(explain.manual, chosen)))
    elif markdown:
        print("\n\n".join(explain.as_markdown(explain.manual(f)) for f in chosen))
    elif len(chosen) == 1:
        terminal.print_markdown(explain.as_markdown(explain.manual(chosen[0])))
    else:
        terminal.print_functions(chosen)


def _find(name: str) -> list[Function]:
    """Find the function of a name, or else those whose help holds the word."""
    from xlcredit.errors import UserError
    from xlcredit.functions import REGISTRY
    from xlcredit.hints import did_you_mean
    from xlcredit.worksheet.explain import manual

    wanted = name.upper().removeprefix("XLC_")
    if function := REGISTRY.get(f"XLC_{wanted}"):
        return [function]
    hint = did_you_mean(wanted, REGISTRY) or "; xlcredit functions lists them"
    if name.upper().startswith("XLC_"):
        raise UserError(f"{name} is not a worksheet function{hint}")
    words = name.lower().split()
    if found := [f for f in REGISTRY.values() if all(w in manual(f).words for w in words)]:
        return found
    raise UserError(f"{name} is neither a worksheet function nor a word in the help of one{hint}")


def _write_page(target: Path, chosen: list[Function], force: bool) -> None:
    from xlcredit.cli.terminal import line
    from xlcredit.cli.writing import write_whole
    from xlcredit.functions.page import reference_page
    from xlcredit.worksheet.explain import manual

    write_whole(reference_page(map(manual, chosen)).encode(), target, force)
    line(f"{target}: {len(chosen)} functions; open it in a browser")
