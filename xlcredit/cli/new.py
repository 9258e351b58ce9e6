"""``xlcredit new``: a term-sheet workbook from a template and a deal."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xlcredit.cli import completion

if TYPE_CHECKING:
    from xlcredit.deals import Deal, Template

__all__ = ["register"]


class Host(StrEnum):
    """Where the workbook's functions are calculated."""

    PLAIN = "plain"
    LITE = "lite"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="new")(new)


def new(
    template: Annotated[
        str | None,
        typer.Argument(
            help="A shipped template's name, or a template's folder or template.toml.",
            autocompletion=completion.templates,
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The workbook, or deal file, to write.")
    ] = None,
    deal: Annotated[
        Path | None,
        typer.Option("--deal", help="Deal file or loan tape; without it, the filled example."),
    ] = None,
    loan: Annotated[
        str | None, typer.Option("--loan", metavar="ID", help="Which row of a loan tape.")
    ] = None,
    blank: Annotated[
        bool, typer.Option("--blank", help="Write a commented deal file to fill in instead.")
    ] = False,
    copy: Annotated[
        bool, typer.Option("--copy", help="Copy the template to the folder -o, to change it.")
    ] = False,
    host: Annotated[
        Host, typer.Option("--host", help="lite: carry the program for xlwings Lite.")
    ] = Host.PLAIN,
    native: Annotated[
        bool, typer.Option("--native", help="Native formulas in place of worksheet functions.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Build a term-sheet workbook, recalculated; alone, list the templates.

    A deal says of what template it is, and so does a row of a loan tape. With -o FILE.csv or
    FILE.parquet, it writes a loan tape with that one deal as its first row.

    Example: xlcredit new gpu-term-loan -o coreweave.xlsx
    Example: xlcredit new --deal tape.csv --loan 7 -o loan7.xlsx
    """
    template = template or (_template_of(deal, loan) if deal is not None else None)
    if template is None:
        _list_templates()
    elif output is None:
        from xlcredit.errors import UserError

        file = "deal.toml" if blank else "house" if copy else f"{Path(template).stem}.xlsx"
        raise UserError(f"name the file to write: xlcredit new {template} … -o {file}")
    elif copy:
        _copy(template, output, force)
    elif blank:
        _write_blank(template, output, force)
    else:
        _build(template, output, (deal, loan), host, native, force)


def _list_templates() -> None:
    from xlcredit.cli.terminal import line
    from xlcredit.deals import load, shipped

    for name in shipped():
        line((name, "bold"), f": {load(name)[0].summary}")
    line()
    line("The filled example:    xlcredit new gpu-term-loan -o loan.xlsx")
    line("A deal of your own:    xlcredit new gpu-term-loan --blank -o deal.toml")
    line("The same, by question: xlcredit start")


def _copy(template: str, output: Path, force: bool) -> None:
    """Write a template and its filled example into a folder: a house template begins as one."""
    from xlcredit.cli.terminal import line
    from xlcredit.cli.writing import refuse_to_replace, write_whole
    from xlcredit.deals import load
    from xlcredit.errors import UserError

    if output.suffix:
        raise UserError(f"{output}: --copy writes a folder; name one, such as -o house")
    spec, home = load(template)
    name = output.resolve().name
    if not name.isprintable() or '"' in name or "\\" in name:  # it stands in both files
        raise UserError(f"{output}: a template's name must be plain text; name another folder")
    # Of a name of its own: a loan of the house is never calculated by the template that ships.
    named = {
        output / "template.toml": (f'name = "{spec.name}"', f'name = "{name}"'),
        output / "deal.toml": (f'template = "{spec.name}"', f'template = "{name}"'),
    }
    for target in named:  # both or none
        refuse_to_replace(target, force)
    for target, (was, now) in named.items():
        text = (home / target.name).read_text(encoding="utf-8")
        write_whole(text.replace(was, now, 1).encode(), target, force)
    line(f"{output / 'template.toml'}: change it (xlcredit help template-language), then")
    line(f"  xlcredit new {output} -o {output}.xlsx")


def _write_blank(template: str, output: Path, force: bool) -> None:
    import datetime

    from xlcredit.cli.schema import as_text, schema_of
    from xlcredit.cli.terminal import line
    from xlcredit.cli.writing import refuse_to_replace, write_whole
    from xlcredit.deals import load, read_deal
    from xlcredit.deals.blank import blank_deal
    from xlcredit.errors import UserError

    if output.suffix != ".toml":
        raise UserError(f"{output}: a deal file ends in .toml")
    if not output.name.isprintable():  # a line of the deal names the file beside it
        raise UserError(f"{output}: a deal file's name must be plain text; choose another")
    spec, home = load(template)
    example = read_deal(home / "deal.toml", spec)
    schema = output.with_suffix(".schema.json")
    text = f"#:schema {schema.name}\n{blank_deal(spec, example, datetime.date.today())}"
    for target in (output, schema):  # both or none
        refuse_to_replace(target, force)
    write_whole(as_text(schema_of("deal", template)).encode(), schema, force)
    write_whole(text.encode(), output, force)
    line(f"{schema}: what editors with taplo or Even Better TOML check it against")
    line(f"{output}: fill the lines marked MISSING, then")
    line(f"  xlcredit new {template} --deal {output} -o {output.with_suffix('.xlsx')}")


def _template_of(deal: Path, loan: str | None) -> str:
    """Say of what template a deal file or a row of a loan tape is."""
    from xlcredit.deals import read_toml
    from xlcredit.errors import UserError
    from xlcredit.portfolio.rows import SUFFIXES, row_of

    if deal.suffix.lower() in SUFFIXES:
        return str(row_of(deal, loan)["template"])
    name = read_toml(deal).get("template")
    if not isinstance(name, str):
        raise UserError(f"{deal}: names no template; write: xlcredit new TEMPLATE --deal {deal}")
    return name


def _read_deal(of: tuple[Path | None, str | None], spec: Template, home: Path) -> Deal:
    """Read the deal: a file, a row of a loan tape, or the filled example."""
    from xlcredit.deals import fill_deal, read_deal
    from xlcredit.errors import UserError
    from xlcredit.portfolio.rows import SUFFIXES, row_of

    deal, loan = of
    if deal is not None and deal.suffix.lower() in SUFFIXES:
        return fill_deal(row_of(deal, loan, spec), spec, Path(f"{deal}, loan {loan}"))
    if loan is not None:
        raise UserError("--loan names a row of a loan tape: --deal tape.csv --loan ID")
    return read_deal(deal or home / "deal.toml", spec)


def _build(
    template: str,
    output: Path,
    deal: tuple[Path | None, str | None],
    host: Host,
    native: bool,
    force: bool,
) -> None:
    from xlcredit.cli.dashboard import print_dashboard
    from xlcredit.cli.terminal import finish, require_suffix, warn_doubtful
    from xlcredit.cli.writing import make_workbook, write_workbook
    from xlcredit.deals import load, located
    from xlcredit.errors import FormulaError, TemplateError, UserError
    from xlcredit.hosts.officejs.lite import refuse_macros
    from xlcredit.workbook.authoring import with_formulas

    if output.suffix.lower() in (".csv", ".parquet"):
        _write_tape(template, deal, output, force)
        return
    require_suffix(output)
    if native and host is Host.LITE:
        raise UserError("--native needs no host: it is for a reader without the add-in")
    if host is Host.LITE:
        refuse_macros(output)
    try:
        spec, home = load(template)
    except TemplateError as error:
        raise with_formulas(error) from None
    filled = _read_deal(deal, spec, home)
    warn_doubtful(filled, spec)
    try:
        made = make_workbook(spec, filled, host, native)
    except FormulaError as error:
        raise located(error, home / "template.toml") from None
    write_workbook(made, output, force)
    print_dashboard(made.dashboard)
    finish(made.result, output, made.dashboard)


def _write_tape(
    template: str, deal: tuple[Path | None, str | None], output: Path, force: bool
) -> None:
    from xlcredit.cli.terminal import line
    from xlcredit.cli.writing import refuse_to_replace
    from xlcredit.deals import load, shipped
    from xlcredit.portfolio.rows import example_tape
    from xlcredit.workbook.export import write_table

    refuse_to_replace(output, force)
    spec, home = load(template)
    write_table(example_tape(spec, _read_deal(deal, spec, home)), output)
    own = "" if template in shipped() else f" --template {template}"
    line(f"wrote {output}: one row a loan; run: xlcredit portfolio {output}{own} -o book.xlsx")
