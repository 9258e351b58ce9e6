"""``xlcredit simulate``: the loan on joint paths of coin, cards, rents and its customer."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from xlcredit.models.simulation import Deal, Result, Simulation
    from xlcredit.workbook.export import Table

__all__ = ["register"]

#: Paths beyond which a run is refused unless a target error asks for them bit by bit.
_MOST_STEPS = 2e11
#: Periods of single paths in a second, by kernel; for the refusal only.
_SPEED = {"numpy": 1e7, "compiled": 1e8}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="simulate")(simulate)


def simulate(
    file: Annotated[
        Path,
        typer.Argument(help="A workbook that calls XLC_DUAL_SIM, or a .toml with its terms."),
    ],
    paths: Annotated[
        int | None, typer.Option("--paths", help="Number of paths; what the file says, or 100,000.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Seed; what the file says, or 1.")
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            "--target-error",
            metavar="FIGURE=ERROR",
            help="Go on until the figure's standard error is met.",
        ),
    ] = None,
    rare: Annotated[
        bool,
        typer.Option("--rare/--plain", help="Whether to look harder for defaults under 1%."),
    ] = True,
    kernel: Annotated[
        str, typer.Option("--kernel", help="auto, numpy or compiled; the figures are the same.")
    ] = "auto",
    threads: Annotated[
        int | None, typer.Option("--threads", min=1, help="Threads; the figures are the same.")
    ] = None,
    charts: Annotated[
        Path | None, typer.Option("--charts", help="A folder for PNG charts.")
    ] = None,
    table: Annotated[
        Path | None,
        typer.Option("--csv", help="A .csv, .parquet or .xlsx file for how each path ended."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Simulate margin calls, defaults, losses and the spread that pays for them.

    Example: xlcredit simulate loan.toml --paths 1000000 --charts pictures
    Example: xlcredit simulate loan.toml --target-error expected_loss=5000 --json
    """
    from xlcredit.cli import terminal
    from xlcredit.cli.writing import refuse_source, refuse_to_replace
    from xlcredit.workbook.export import require_format
    from xlcredit.workbook.simulated import read_simulation

    if table is not None:
        require_format(table)
        refuse_source(file, table)
        refuse_to_replace(table, force)
    if charts is not None:
        from xlcredit.workbook.pictures import pyplot, refuse_pictures

        pyplot()
        refuse_pictures(charts, force)
    wanted = None if target is None else _target(target)
    deal, asked_paths, asked_seed = read_simulation(file)
    count = asked_paths if paths is None else paths
    run = _start(deal, asked_seed if seed is None else seed, kernel, threads, rare, count)
    _advance(run, count, wanted)
    result = run.result()
    written = _write(run, deal, result, file, charts, table)
    if as_json:
        terminal.print_json(_as_data(file, result, written), "simulation")
        return
    _print(result, written)


def _start(
    deal: Deal, seed: int, kernel: str, threads: int | None, rare: bool, paths: int
) -> Simulation:
    from xlcredit.errors import UserError
    from xlcredit.models.importance import choose_tilt
    from xlcredit.models.simulation import Simulation

    if paths < 1:
        raise UserError(f"--paths must be at least 1; got {paths}")
    if not 0 <= seed <= 2**53:
        raise UserError(f"--seed must be a whole number from 0 to 2^53; got {seed}")
    if kernel not in ("auto", "numpy", "compiled"):
        raise UserError(f'--kernel is auto, numpy or compiled; got "{kernel}"')
    try:
        first = Simulation(deal, seed, kernel=kernel, threads=threads, courses=True)
    except ImportError:
        message = 'the compiled kernel needs numba: pip install "xlcredit[fast]", or --kernel numpy'
        raise UserError(message) from None
    _refuse(first, paths, f"--paths {paths:,}")
    tilt = choose_tilt(deal, seed, kernel=first.kernel) if rare and paths > 20_000 else None
    return Simulation(deal, seed, kernel=kernel, threads=threads, courses=True, tilt=tilt)


def _target(text: str) -> tuple[str, float]:
    from xlcredit.errors import UserError
    from xlcredit.hints import did_you_mean
    from xlcredit.models.simulation import FIGURES

    figure, _, number = text.partition("=")
    try:
        error = float(number)
    except ValueError:
        error = math.nan
    if not 0.0 < error < math.inf:
        raise UserError(f'a target is FIGURE=ERROR, such as expected_loss=5000; got "{text}"')
    if figure not in FIGURES:
        raise UserError(f"{figure} is no figure of a simulation{did_you_mean(figure, FIGURES)}")
    return figure, error


def _refuse(run: Simulation, paths: float, what: str) -> None:
    from xlcredit.errors import UserError

    steps = float(paths) * run.deal.plan.periods
    if steps > _MOST_STEPS:
        hours = steps / _SPEED[run.kernel] / run.threads / 3600.0
        most = int(_MOST_STEPS / run.deal.plan.periods)
        raise UserError(f"{what} would take about {hours:,.1f} hours; at most {most:,} are run")


def _advance(run: Simulation, paths: int, wanted: tuple[str, float] | None) -> None:
    """Run the paths asked for; towards a target as many as its error says are missing."""
    from xlcredit.cli.progress import progress
    from xlcredit.errors import UserError
    from xlcredit.models.simulation import BLOCK

    with progress("paths", paths) as done:
        run.advance(paths, done)
    while wanted is not None:
        figure, error = wanted
        found = run.result().figures[figure]
        if math.isnan(found.value):
            raise UserError(f"{figure} does not exist on these paths; there is no error to meet")
        if found.error <= error:
            return
        # a little more than the square says: an error is an estimate, too, or not even that
        known = not math.isnan(found.error)
        needed = run.done * (1.02 * (found.error / error) ** 2 if known else 4.0)
        _refuse(run, needed, f"{needed:,.0f} paths for an error of {error:g} in {figure}")
        more = -(-int(min(needed, 4.0 * run.done) - run.done) // BLOCK) * BLOCK
        with progress("paths", run.done + more) as done:
            run.advance(more, done)


def _write(
    run: Simulation,
    deal: Deal,
    result: Result,
    file: Path,
    charts: Path | None,
    table: Path | None,
) -> list[Path]:
    written = []
    if table is not None:
        from xlcredit.workbook.export import write_table

        write_table(_paths(run), table, "Paths")
        written.append(table)
    if charts is not None:
        from xlcredit.workbook.simulation_charts import write_charts

        written += write_charts(deal, result, charts, file.stem)
    return written


def _paths(run: Simulation) -> Table:
    """How each path ended, as a table; the simulation is run again, block by block."""
    from xlcredit.errors import UserError
    from xlcredit.models import loan
    from xlcredit.workbook.export import Column, Table

    most = 2_000_000
    if run.done > most:
        raise UserError(f"a table of paths holds at most {most:,}; got {run.done:,}")
    money = ("exposure", "recovered", "loss", "unpaid")
    columns = [
        Column("path", "count"),
        Column("status", "text"),
        *(Column(n, "count") for n in ("end_period", "first_call", "customer_stopped")),
        *(Column(n, "number", "USD") for n in money),
        Column("max_ltv", "number", "ratio"),
        Column("weight", "number", "number"),
    ]
    rows: list[list[Any]] = []
    for o in run.outcomes():
        columns_of = [
            [loan.STATUS[s] for s in o.status],
            *([int(k) or None for k in getattr(o, n)] for n in
              ("end_period", "first_call", "customer_stopped")),
            *(getattr(o, n).tolist() for n in money),
            [v if math.isfinite(v) else None for v in o.max_ltv.tolist()],
            run.tilt.weights(o.log_weight).tolist(),
        ]  # fmt: skip
        block = zip(*columns_of, strict=True)
        rows += [[len(rows) + i, *row] for i, row in enumerate(block)]
    return Table(columns, rows)


def _as_data(file: Path, result: Result, written: list[Path]) -> dict[str, Any]:
    """The result for a program; what does not exist is null."""

    def number(value: float) -> float | None:
        return float(value) if math.isfinite(value) else None

    cash = result.lender_cash()
    return {
        "file": str(file),
        "paths": result.paths,
        "seed": result.seed,
        "kernel": result.kernel,
        "tilt": {
            "coin": result.tilt.coin,
            "card": result.tilt.card,
            "periods": result.tilt.periods,
        },
        "figures": {
            name: {"value": number(figure.value), "standard_error": number(figure.error)}
            for name, figure in result.figures.items()
        },
        "by_period": {n: [number(v) for v in row] for n, row in result.by_period.items()},
        "ltv_quantiles": {
            "shares": [0.05, 0.25, 0.5, 0.75, 0.95],
            "by_period": [[number(v) for v in row] for row in result.fan()],
        },
        "lender_cash": [
            {"value": number(c.value), "standard_error": number(c.error)} for c in cash
        ],
        "written": [str(path) for path in written],
    }


def _print(result: Result, written: list[Path]) -> None:
    from rich.table import Table

    from xlcredit.cli.terminal import console, line

    shown = Table("", "value", "standard error", box=None, pad_edge=False)
    for column in shown.columns[1:]:
        column.justify = "right"
    for name, (value, error) in result.figures.items():
        shown.add_row(name, _spelled(name, value), _spelled(name, error))
    line(f"{result.paths:,} paths of {result.periods} periods, seed {result.seed}")
    if result.tilt.periods:
        message = "defaults are rare: most paths were drawn to fall, and weighed back"
        line(message)
    console().print(shown)
    for path in written:
        line(f"wrote {path}")


def _spelled(name: str, value: float) -> str:
    if math.isnan(value):
        return "none"
    if name.endswith("_probability") or name in ("loss_given_default", "spread"):
        return f"{value:.4%}"
    if name.startswith("max_ltv"):
        return f"{value:.4f}"
    return f"{value:,.0f}" if abs(value) >= 1e5 else f"{value:.5g}"
