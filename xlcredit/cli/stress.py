"""``xlcredit stress``: what a workbook says when its inputs move."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from xlcredit.workbook.export import Table
    from xlcredit.workbook.sensitivity import Axis
    from xlcredit.workbook.session import Session

__all__ = ["register"]

#: Points from which on a second process is worth its start.
_MANY_POINTS = 30


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="stress")(stress)


def stress(
    file: Annotated[Path, typer.Argument(help="An .xlsx or .xlsm workbook.")],
    axes: Annotated[
        list[str] | None,
        typer.Option(
            "--grid",
            metavar="NAME=FROM:TO:POINTS",
            help="An input and its values, or NAME=V1,V2,...; may be repeated.",
        ),
    ] = None,
    scenarios: Annotated[
        list[str] | None,
        typer.Option("--scenario", help="A scenario by name, or all; may be repeated."),
    ] = None,
    figures: Annotated[
        list[str] | None,
        typer.Option("--figure", help="A figure to show; without it, all that have a name."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Change an input first."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A .csv, .parquet or .xlsx file to write.")
    ] = None,
    charts: Annotated[
        Path | None, typer.Option("--charts", help="A folder for a heat map of each covenant.")
    ] = None,
    target: Annotated[
        str | None,
        typer.Option("--target", metavar="FIGURE=VALUE", help="Solve for the input named by --by."),
    ] = None,
    reverse: Annotated[
        str | None,
        typer.Option("--reverse", metavar="COVENANT", help="Find the nearest breach, or all."),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            "--by",
            metavar="NAME[=...]",
            help="Input that moves; =FROM:TO with --target, =UNIT SHOCK with --reverse.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Move inputs: a grid of every covenant, the input that meets a target, the nearest breach.

    Exit code 1: a covenant is in breach, or cannot be decided, at some point of the grid.

    Example: xlcredit stress deal.xlsx --grid rent_decline=0:0.5:11 --charts maps -o grid.csv
    Example: xlcredit stress deal.xlsx --target covenant_dscr_curve.value=1.10 --by rent_decline
    Example: xlcredit stress deal.xlsx --reverse all --by contract_rent=0.25 --by other_opex
    """
    from xlcredit.cli import terminal
    from xlcredit.cli.recalc import read_settings
    from xlcredit.errors import UserError
    from xlcredit.workbook.session import open_workbook

    asked = [bool(axes or scenarios), target is not None, reverse is not None]
    if sum(asked) != 1:
        raise UserError("ask for one of --grid (or --scenario), --target and --reverse")
    if not asked[0] and (output or charts):
        raise UserError("-o and --charts belong to --grid; --target and --reverse print")
    with open_workbook(file) as book:
        book.set(read_settings(settings))
        moving = [text.partition("=")[0].strip() for text in [*(axes or []), *(by or [])]]
        warnings = book.without_effect(*book.changed, *(n for n in moving if n in book))
        found = None if target is None else _target(book, target, by or [])  # or it says why not
        if not as_json:
            for told in warnings:
                terminal.line((f"warning: {told}", "yellow"))
        if found is not None:
            _print(found | {"warnings": warnings}, as_json)
        elif reverse is not None:
            _print(_reverse(book, reverse, by or []) | {"warnings": warnings}, as_json)
        else:
            moved = _axes(book, axes or [], scenarios or [])
            _refuse(book, moved, output, charts, force)
            table, names = _grid(book, moved, figures or [])
            files = (output, charts)
            _deliver(table, names, figures or [], book, files, warnings if as_json else None)
            _leave(table)


def _axes(book: Session, texts: list[str], scenarios: list[str]) -> list[Axis]:
    from xlcredit.workbook.sensitivity import Axis, parse_axis

    axes = [parse_axis(text) for text in texts]
    if scenarios:
        wanted = book.choices("scenario") if scenarios == ["all"] else scenarios
        axes.insert(0, Axis("scenario", tuple(wanted)))
    return axes


def _refuse(
    book: Session, axes: list[Axis], output: Path | None, charts: Path | None, force: bool
) -> None:
    """Refuse what cannot be written, before anything is calculated."""
    from xlcredit.cli.writing import refuse_source, refuse_to_replace
    from xlcredit.workbook.export import require_format
    from xlcredit.workbook.pictures import refuse_pictures
    from xlcredit.workbook.sensitivity.chart import require_maps

    if output is not None:
        require_format(output)
        refuse_source(book.path, output)
        refuse_to_replace(output, force)
    if charts is not None:
        require_maps(axes)
        refuse_pictures(charts, force)


def _grid(book: Session, axes: list[Axis], figures: list[str]) -> tuple[Table, list[str]]:
    from xlcredit.cli.progress import Bar
    from xlcredit.workbook.sensitivity import grid

    points = math.prod(len(axis.values) for axis in axes)
    workers = min(2, os.cpu_count() or 1) if points >= _MANY_POINTS else 1
    with Bar("points") as bar:

        def update(done: int) -> None:
            # not before the first: the bar is a thread, and a process with threads is not split
            if done == 1:
                bar.start(points)
            bar.update(done)

        return grid(book, axes, figures, update, workers), [axis.name for axis in axes]


def _deliver(
    table: Table,
    names: list[str],
    figures: list[str],
    book: Session,
    files: tuple[Path | None, Path | None],
    warnings: list[str] | None,
) -> None:
    """Write and print the grid; with warnings, even none, as JSON."""
    from xlcredit.cli import terminal
    from xlcredit.workbook.export import write_table
    from xlcredit.workbook.sensitivity.chart import words_of, write_heat_maps

    output, charts = files
    title = "Stress grid"
    if output is not None:
        write_table(table, output, title)
    pictures: list[Path] = []
    if charts is not None:
        words = words_of(book, names)
        pictures = write_heat_maps(table, names, charts, book.path.stem, words)
    if warnings is not None:
        head = [column.name for column in table.columns]
        terminal.print_json(
            {
                "file": str(book.path),
                "points": [dict(zip(head, row, strict=True)) for row in table.rows],
                "written": [str(p) for p in ([output] if output else []) + pictures],
                "warnings": warnings,
            },
            "stress grid",
        )
        return
    _print_grid(table, names, figures, book)
    for path in ([output] if output else []) + pictures:
        terminal.line(f"wrote {path}")


def _print_grid(table: Table, names: list[str], figures: list[str], book: Session) -> None:
    """Say what becomes of the loan at each point of a small grid, and count the verdicts."""
    from xlcredit.cli.points import MOST, print_points
    from xlcredit.cli.terminal import line
    from xlcredit.workbook.covenants import BREACH, CHECK, NONE, PASS

    if len(table.rows) <= MOST:
        print_points(table, names, figures, book.units)
    verdicts = [
        c.name for c in table.columns if f"{c.name}_margin" in {k.name for k in table.columns}
    ]
    line(f"{len(table.rows):,} points over {', '.join(names)}")
    for name in verdicts:
        states = table.column(name)
        counts = ", ".join(
            f"{states.count(s):,} {s}" for s in (PASS, BREACH, CHECK, NONE) if s in states
        )
        line(f"  {name}: {counts}")


def _leave(table: Table) -> None:
    from xlcredit.workbook.covenants import FINE

    names = {column.name for column in table.columns}
    verdicts = [table.column(name) for name in names if f"{name}_margin" in names]
    if any(state not in FINE for states in verdicts for state in states):
        raise typer.Exit(1)


def _target(book: Session, text: str, by: list[str]) -> dict[str, Any]:
    import dataclasses

    from xlcredit.errors import UserError
    from xlcredit.recalc.typed import parse_value
    from xlcredit.workbook.sensitivity import solve

    figure, _, value = text.partition("=")
    wanted = parse_value(value.strip()) if value else 0.0
    if len(by) != 1 or not isinstance(wanted, float):
        raise UserError("a target is FIGURE=NUMBER, and --by names the one input that moves")
    name, equals, span = by[0].partition("=")
    typed = [parse_value(end.strip()) for end in span.split(":")] if equals else []
    ends = [end for end in typed if isinstance(end, float)]
    if equals and not len(typed) == len(ends) == 2:
        raise UserError(f'where to look is {name}=FROM:TO; got "{by[0]}"')
    between = (ends[0], ends[1]) if ends else None
    return dataclasses.asdict(solve(book, figure.strip(), wanted, name.strip(), between))


def _reverse(book: Session, covenant: str, by: list[str]) -> dict[str, Any]:
    import dataclasses

    from xlcredit.recalc.typed import parse_value
    from xlcredit.workbook.sensitivity import nearest_breaches, unit_shocks

    given: dict[str, object] = {}
    for text in by:
        name, equals, unit = text.partition("=")
        given[name.strip()] = parse_value(unit.strip()) if equals else None
    found, missed = nearest_breaches(book, covenant, unit_shocks(book, given))
    return {"nearest": [dataclasses.asdict(one) for one in found], "not_found": missed}


def _print(result: dict[str, Any], as_json: bool) -> None:
    from xlcredit.cli.terminal import line, print_json

    if as_json:
        print_json(result, "stress target" if "figure" in result else "stress reverse")
    elif "figure" in result:
        line(
            f"{result['figure']} = {result['target']:g} at {result['by']} = {result['value']:.10g}"
        )
        line(f"today {result['by']} is {result['today']:g}")
        if len(result["all"]) > 1:
            others = ", ".join(f"{x:.6g}" for x in result["all"])
            line(f"it is met more than once: {others}")
    else:
        for one in result["nearest"]:
            line(f"{one['label']}: in breach {one['distance']:.3g} unit shocks away")
            for name, value in one["inputs"].items():
                line(f"  {name} = {value:.6g} ({one['shocks'][name]:+.3g} unit shocks)")
        for message in result["not_found"]:
            line(message)
