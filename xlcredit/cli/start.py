"""``xlcredit start``: a deal of one's own, by question and answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xlcredit.cli import completion

if TYPE_CHECKING:
    from xlcredit.deals import Deal, Input, Template

__all__ = ["register"]

#: Where an answer came from, until its owner cites it.
_SOURCE = "assumption: answered to xlcredit start"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="start")(start)


def start(
    template: Annotated[
        str | None,
        typer.Argument(
            help="A template; asked for when left out.", autocompletion=completion.templates
        ),
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The deal file; the workbook stands beside it.")
    ] = Path("deal.toml"),
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False,
) -> None:
    """Ask what a deal cannot do without, then write its deal file and its workbook.

    Example: xlcredit start gpu-term-loan -o deals/atlas.toml
    """
    from xlcredit.cli.dashboard import print_dashboard
    from xlcredit.cli.terminal import finish, line
    from xlcredit.cli.writing import make_workbook, refuse_to_replace, write_whole, write_workbook
    from xlcredit.deals import load, read_deal, shipped
    from xlcredit.deals.write import write_deal
    from xlcredit.errors import UserError

    if output.suffix != ".toml":
        raise UserError(f"{output}: a deal file ends in .toml")
    workbook = output.with_suffix(".xlsx")
    for target in (output, workbook):
        refuse_to_replace(target, force)
    if template is None:
        line("Which template? " + ", ".join(shipped()))
        template = _answer("template", shipped()[1])
    spec, home = load(template)
    example = read_deal(home / "deal.toml", spec)
    line(f"{spec.summary}. Enter keeps what stands in brackets, from {example.name}.")
    deal = _asked(spec, example)
    made = make_workbook(spec, deal)
    write_whole(write_deal(deal, spec).encode(), output, force)
    write_workbook(made, workbook, force)
    shown = made.dashboard
    print_dashboard(shown)
    line(f"{output}: cite your sources there; what was not asked has the template's default")
    finish(made.result, workbook, shown)


def _asked(spec: Template, example: Deal) -> Deal:
    """Ask for the deal's name and for every input that has no default."""
    import datetime

    import msgspec

    today = datetime.date.today()
    name = _answer("Name of the deal", "My deal")
    inputs = {}
    for key, default in spec.inputs.items():
        if default.value is not None:
            inputs[key] = default
            continue
        value = _ask(default, example[key].value)
        kept = value == example[key].value
        source = example[key].source if kept else _SOURCE
        as_of = example[key].as_of if kept else today
        inputs[key] = msgspec.structs.replace(default, value=value, source=source, as_of=as_of)
    return msgspec.structs.replace(example, name=name, as_of=today, note="", inputs=inputs)


def _ask(spec: Input, shown: Any) -> Any:
    """Ask for one input until the answer is one that it can hold."""
    from xlcredit.cli.terminal import line
    from xlcredit.deals.values import as_meant, check_value
    from xlcredit.errors import DealError

    while True:
        given = _answer(f"{spec.label} [{spec.unit}]", f"{shown}")
        value = shown if given == f"{shown}" else as_meant(spec, _number(given))
        try:
            check_value(spec, value, spec.label)
        except DealError as error:
            line((f"  {error}", "red"))
        else:
            if told := _doubt(spec, value, shown):
                line((f"  warning: {told}", "yellow"))
            return value


def _doubt(spec: Input, value: Any, shown: Any) -> str:
    """Say what else an answer may have meant."""
    from xlcredit.workbook.plausible import doubtful

    return "" if value == shown else doubtful(spec, value)


def _number(text: str) -> float | str:
    """Read a number as people write it, with commas and underscores between thousands."""
    try:
        return float(text.replace(",", "").replace("_", ""))
    except ValueError:
        return text


def _answer(question: str, default: str) -> str:
    from xlcredit.errors import UserError

    try:
        answer = input(f"{question} [{default}]: ").strip()
    except EOFError:
        raise UserError(f"no answer to: {question}; nothing was written") from None
    return answer or default
