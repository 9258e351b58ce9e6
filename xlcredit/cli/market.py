"""``xlcredit portfolio --simulate``: what the absence of a buyer costs."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xlcredit.models.joint import Position
    from xlcredit.portfolio.market import OneMarket
    from xlcredit.portfolio.path_journal import PathJournal
    from xlcredit.portfolio.pool import Limits
    from xlcredit.portfolio.positions import Unread
    from xlcredit.workbook.export import Table

__all__ = ["run"]

_SHOWN = 10


def run(
    sources: list[str],
    said: tuple[str | None, list[str], Limits],
    paths_and_seed: tuple[int, int],
    loadings: tuple[float, float],
    where: tuple[int, str | None],
    files: tuple[list[Path], Path | None, bool, bool],
    as_json: bool,
) -> None:
    """Simulate a book; exit code 2 if a loan could not be simulated."""
    import typer

    from xlcredit.cli.progress import told
    from xlcredit.cli.writing import refuse_to_replace
    from xlcredit.errors import UserError
    from xlcredit.portfolio.market import refuse_few
    from xlcredit.portfolio.path_journal import PathJournal
    from xlcredit.workbook.export import require_format
    from xlcredit.workbook.pictures import pyplot

    outputs, chart, force, resume = files
    market = _market(said[1])
    refuse_few(paths_and_seed[0])
    for path in outputs:
        require_format(path)
        refuse_to_replace(path, force or resume)
    if chart is not None:
        pyplot()
        refuse_to_replace(chart, force or resume)
    journal = PathJournal(outputs[0], resume=resume) if outputs else None
    if journal is not None and journal.message:
        told(journal.message)
    finished = False
    try:
        positions, unread = _read(sources, said[0], market, where[0], said[2])
        if not positions:
            raise UserError(unread[0].error if unread else "there is no loan to simulate")
        found = _simulate(positions, paths_and_seed, loadings, where, journal)
        written = _write(found, outputs, chart)
        finished = True
    finally:
        if journal is not None:
            journal.close(finished=finished)
    if not as_json and market:
        _print_market(market)
    (_print_json if as_json else _print)(found, unread, written)
    if unread:
        raise typer.Exit(2)


def _write(found: OneMarket, outputs: list[Path], chart: Path | None) -> list[Path]:
    from xlcredit.errors import FileError
    from xlcredit.portfolio.market_report import write_market, write_market_chart

    try:
        for path in outputs:
            write_market(found, path)
        if chart is not None:
            write_market_chart(found, chart)
    except FileError as error:
        raise FileError(f"{error}; what is calculated is kept: add --resume") from None
    return [*outputs, *([chart] if chart else [])]


def _market(settings: list[str]) -> dict[str, float]:
    """Read terms of the market as they were typed."""
    from xlcredit.errors import UserError
    from xlcredit.hints import did_you_mean
    from xlcredit.models.joint import SHARED
    from xlcredit.recalc.typed import parse_value

    found: dict[str, float] = {}
    for setting in settings:
        name, _, text = setting.partition("=")
        name, value = name.strip(), parse_value(text.strip())
        if name not in SHARED:
            near = did_you_mean(name, SHARED) or f"; there are {', '.join(SHARED)}"
            raise UserError(f"--market {setting}: {name} is no term of the market{near}")
        if type(value) is not float:
            raise UserError(f"--market {setting}: give a number, such as {name}=60")
        if name in found:
            raise UserError(f"--market {setting}: {name} is given twice")
        found[name] = value
    return found


def _print_market(market: dict[str, float]) -> None:
    from xlcredit.cli.terminal import line

    terms = ", ".join(f"{name} {value:g}" for name, value in market.items())
    line(f"market for all loans, in place of what each says: {terms}")


def _read(
    sources: list[str],
    template: str | None,
    market: dict[str, float],
    workers: int,
    limits: Limits,
) -> tuple[list[Position], list[Unread]]:
    from xlcredit.cli.progress import Bar
    from xlcredit.portfolio.loans import expand
    from xlcredit.portfolio.positions import read_positions

    files = [file for file in expand(sources) if isinstance(file, Path)]
    count = workers or os.cpu_count() or 1
    with Bar("loans") as bar:
        bar.start(len(files))
        return read_positions(
            files, template, bar.update, market=market, workers=count, limits=limits
        )


def _simulate(
    positions: list[Position],
    paths_and_seed: tuple[int, int],
    loadings: tuple[float, float],
    where: tuple[int, str | None],
    journal: PathJournal | None,
) -> OneMarket:
    from xlcredit.cli.progress import Bar
    from xlcredit.models.joint import Links
    from xlcredit.portfolio.market import simulate_book

    paths, seed = paths_and_seed
    with Bar("paths") as bar:
        bar.start(paths)
        return simulate_book(
            positions,
            links=Links(*loadings),
            paths=paths,
            seed=seed,
            workers=where[0],
            scheduler=where[1],
            journal=journal,
            progress=bar.update,
        )


def _print(found: OneMarket, unread: list[Unread], written: list[Path]) -> None:
    from rich.table import Table as Grid

    from xlcredit.cli.terminal import console, line
    from xlcredit.portfolio.market_report import figures, reading
    from xlcredit.portfolio.tape import counted_loans

    line(f"{counted_loans(len(found.loans))} on {found.paths:,} common paths, seed {found.seed}")
    table = Grid(box=None, pad_edge=False)
    for heading in ("loss [USD m]", "alone", "together", "ratio"):
        table.add_column(heading, justify="left" if heading.startswith("loss") else "right")
    for name, alone, _, together, _, ratio in figures(found).rows:
        shown = "" if ratio is None else f"{ratio:.3f}"
        table.add_row(name, f"{alone / 1e6:,.2f}", f"{together / 1e6:,.2f}", shown)
    console().print(table)
    line((reading(found), "bold"))
    line("first to cut or hedge (part in the shortfall):")
    for one in found.first_to_cut[:_SHOWN]:
        relief = "" if one.relief is None else f"; without it {one.relief / 1e6:,.2f}m less"
        line(f"  {one.name}: USD {one.tail_together / 1e6:,.2f}m{relief}")
    for loan in unread[:_SHOWN]:
        line((f"  {loan.error}", "red"))
    if len(unread) > _SHOWN:
        line(f"  and {len(unread) - _SHOWN:,} more that cannot be simulated")
    for path in written:
        line(f"wrote {path}")


def _print_json(found: OneMarket, unread: list[Unread], written: list[Path]) -> None:
    from xlcredit.cli.terminal import print_json
    from xlcredit.portfolio.market_report import contributions, figures

    print_json(
        {
            "loans": len(found.loans),
            "paths": found.paths,
            "seed": found.seed,
            "figures": _rows(figures(found)),
            "ratio": {"value": _number(found.ratio.value), "error": _number(found.ratio.error)},
            "contributions": _rows(contributions(found)),
            "not_simulated": {loan.name: loan.error for loan in unread},
            "written": [str(path) for path in written],
        },
        "market",
    )


def _rows(table: Table) -> list[dict[str, Any]]:
    names = [column.name for column in table.columns]
    return [dict(zip(names, row, strict=True)) for row in table.rows]


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
