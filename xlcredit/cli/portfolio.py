"""``xlcredit portfolio``: a book of loans, one tape."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from xlcredit.portfolio.run import Portfolio, Request

__all__ = ["register"]

#: Errors beyond these stand on the tape.
_SHOWN = 20
#: Loans with figures of two readings that are named.
_DOUBTS = 3


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="portfolio")(portfolio)


def portfolio(
    sources: Annotated[
        list[str], typer.Argument(help="Workbooks, deal files, loan tapes, folders, patterns.")
    ],
    outputs: Annotated[
        list[Path] | None,
        typer.Option("--output", "-o", help="A tape: .parquet, .csv or .xlsx; may be repeated."),
    ] = None,
    template: Annotated[
        str | None,
        typer.Option("--template", help="Template of tapes that do not name one: a name or path."),
    ] = None,
    workers: Annotated[
        int, typer.Option("--workers", min=0, help="Processes; 0: as many as processors.")
    ] = 0,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a run that was broken off.")
    ] = False,
    time_limit: Annotated[
        float,
        typer.Option("--time-limit", metavar="SECONDS", min=0.01, help="Seconds for one loan."),
    ] = 300.0,
    memory_limit: Annotated[
        int,
        typer.Option(
            "--memory-limit",
            metavar="MEGABYTES",
            min=0,
            help="Megabytes for one worker; 0: no limit.",
        ),
    ] = 0,
    scheduler: Annotated[
        str | None,
        typer.Option("--scheduler", metavar="ADDRESS", help="A Dask scheduler to send them to."),
    ] = None,
    simulate: Annotated[
        bool, typer.Option("--simulate", help="Let all loans sell their cards into one market.")
    ] = False,
    paths: Annotated[int, typer.Option("--paths", help="Paths, with --simulate.")] = 100_000,
    seed: Annotated[int, typer.Option("--seed", help="Seed, with --simulate.")] = 1,
    class_loading: Annotated[
        float,
        typer.Option("--class-loading", min=0, max=1, help="What classes of cards have in common."),
    ] = 0.0,
    customer_loading: Annotated[
        float,
        typer.Option("--customer-loading", min=0, max=1, help="What customers have in common."),
    ] = 0.0,
    market: Annotated[
        list[str] | None,
        typer.Option(
            "--market",
            metavar="NAME=VALUE",
            help="A term of the market for all loans, with --simulate; may be repeated.",
        ),
    ] = None,
    chart: Annotated[
        Path | None, typer.Option("--chart", help="A PNG of the loss, with --simulate.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False,
) -> None:
    """Calculate every loan of a book, in parallel, into one tape.

    An .xlsx tape has five sheets: the book on one page, a heat map of the covenants with the worst
    loan first (more covenants in breach before fewer, then the deeper breach), the rows, the
    errors, the warnings. A .csv or .parquet tape has the rows, as they were given.

    What is wrong with one loan stands in its row; the rest go on. A figure that may have been
    meant in another unit is calculated as it stands, and told with both readings in the column
    warnings. A run that is killed goes on with --resume and gives the same tape, byte for byte.
    Exit codes: 0 every loan passes, 1 one is in breach or cannot be decided, 2 one has an error.

    With --simulate, all loans share their coin and card paths, and cards enforced in a month are
    one lot: what the book loses alone and together, and which loan adds most. What belongs to the
    market, such as its depth, must be one for all: --market says it in place of the loans.

    Example: xlcredit portfolio 'deals/*.xlsx' tape.csv --template gpu-term-loan -o book.xlsx
    Example: xlcredit portfolio 'deals/*.xlsx' --simulate --customer-loading 0.4 -o market.xlsx
    """
    from xlcredit.errors import UserError
    from xlcredit.portfolio.pool import Limits
    from xlcredit.portfolio.run import Request

    for option, given in (("--chart", chart), ("--market", market)):
        if given and not simulate:
            raise UserError(f"{option} belongs to --simulate")
    limits = Limits(time_limit, memory_limit)
    if simulate:
        from xlcredit.cli import market as one_market

        links = (class_loading, customer_loading)
        where = (workers, scheduler)
        files = (outputs or [], chart, force, resume)
        said = (template, market or [], limits)
        one_market.run(sources, said, (paths, seed), links, where, files, as_json)
        return
    request = Request(
        sources=sources,
        outputs=outputs or [],
        template=template,
        workers=workers,
        resume=resume,
        force=force,
        limits=limits,
        scheduler=scheduler,
    )
    found = _run(request)
    _print_json(found) if as_json else _print(found)
    _warn(found)
    if found.exit_code:
        raise typer.Exit(found.exit_code)


def _run(request: Request) -> Portfolio:
    from xlcredit.cli.progress import Bar, told
    from xlcredit.portfolio.run import run_portfolio

    with Bar("loans") as bar:
        return run_portfolio(request, bar.start, bar.update, told)


def _print(found: Portfolio) -> None:
    from xlcredit.cli.terminal import BEYOND, line
    from xlcredit.portfolio.tape import counted_loans

    counts = ", ".join(f"{count:,} {state}" for state, count in found.counts.items())
    line(f"{counted_loans(len(found.results))}: {counts}")
    for message in found.problems[:_SHOWN]:
        line((f"  {message}", "red"))
    if len(found.problems) > _SHOWN:
        line(f"  and {len(found.problems) - _SHOWN:,} more, in the tape")
    if found.slower:
        loan, reason = next(iter(found.slower.items()))
        others = len(found.slower) - 1
        also = f"; and {counted_loans(others)} more" if others else ""
        line((f"slower: {loan}: {reason}; {BEYOND}{also}", "yellow"))
    for path in found.written:
        line(f"wrote {path}")


def _warn(found: Portfolio) -> None:
    """Count what may have been meant otherwise, and name some: all of it is in the tape."""
    from xlcredit.cli.progress import told
    from xlcredit.portfolio.tape import counted_loans

    if found.warnings:
        some = list(found.warnings.items())[:_DOUBTS]
        first = "; ".join(f"{loan}: {', '.join(doubts)}" for loan, doubts in some)
        beyond = len(found.warnings) - len(some)
        also = f"; and {counted_loans(beyond)} more" if beyond else ""
        many = counted_loans(len(found.warnings))
        told(f"{many} with figures of two readings (column warnings): {first}{also}")


def _print_json(found: Portfolio) -> None:
    from xlcredit.cli.terminal import print_json

    table = found.table
    names = [column.name for column in table.columns]
    print_json(
        {
            "loans": len(found.results),
            "counts": found.counts,
            "errors": found.errors,
            "warnings": found.warnings,
            "written": [str(path) for path in found.written],
            "tape": [
                {n: v for n, v in zip(names, row, strict=True) if v is not None}
                for row in table.rows
            ],
        },
        "portfolio",
    )
