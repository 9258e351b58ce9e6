"""What a session, a grid and a book of loans cost; :mod:`tests.bench.scale` has what they take.

``python -m tests.bench.books`` (some minutes; ``--quick`` for a tenth of it)
"""

from __future__ import annotations

import csv
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from rich.console import Console

import xlcredit
from xlcredit.deals import load, read_deal
from xlcredit.portfolio.rows import example_tape
from xlcredit.portfolio.run import Request, run_portfolio
from xlcredit.recalc import recalculate
from xlcredit.workbook.export import write_table
from xlcredit.workbook.sensitivity import grid, parse_axis

WORKBOOK = Path(__file__).parents[2] / "workbooks" / "gpu-term-loan.xlsx"


def seconds(work) -> float:  # type: ignore[no-untyped-def]
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def sessions() -> Iterator[tuple[str, str]]:
    whole = min(seconds(lambda: recalculate(WORKBOOK)) for _ in range(3))
    with xlcredit.open(WORKBOOK) as book:
        times = []
        for decline in np.linspace(0.05, 0.45, 15):

            def change(value: float = float(decline)) -> None:
                book["rent_decline"] = value
                book["dscr_on_curve"]

            times.append(seconds(change))
        one = float(np.median(times))
        axes = [parse_axis("rent_decline=0:0.5:11"), parse_axis("market_rent=2:4:9")]
        points = seconds(lambda: grid(book, axes, workers=2))
    yield "one input set, one figure read, over a recalculation", f"{one / whole:.1%}"
    yield "a grid of 99 points", f"{points:.1f} s"


#: What a loan has of its own: a tape whose rows differ in one input costs half as much a row.
OWN = (
    *("commitment", "base_rate", "margin", "advance_rate", "gpu_cost", "other_capex", "site_cost"),
    *("other_opex", "contract_rent", "market_rent", "utilisation", "liquidity", "sale_haircut"),
    *("residual_decline", "launch_drop_1", "hazard", "refi_rate", "contract_share", "sale_impact"),
)


def tape(folder: Path, count: int) -> Path:
    """Write a tape of so many GPU loans, each with twenty inputs of its own."""
    template, home = load("gpu-term-loan")
    path = folder / f"tape{count}.csv"
    write_table(example_tape(template, read_deal(home / "deal.toml", template)), path)
    with path.open(newline="", encoding="utf-8") as file:
        headings, example = csv.reader(file)
    names = [heading.partition(" [")[0] for heading in headings]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(headings)
        for number in range(count):
            row = dict(zip(names, example, strict=True))
            row |= {"id": str(number), "rent_decline": str(0.4 * number / count)}
            row |= {
                n: str(float(row[n]) * (1 + 0.1 * np.sin(number + k))) for k, n in enumerate(OWN)
            }
            writer.writerow(row.values())
    return path


def books(counts: tuple[int, ...]) -> Iterator[tuple[str, str]]:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for count in counts:
            source = str(tape(folder, count))
            times = {}
            for workers in (1, 2):
                out = [folder / f"{count}-{workers}.xlsx"]
                request = Request(sources=[source], outputs=out, workers=workers)
                times[workers] = seconds(lambda asked=request: run_portfolio(asked))
            told = f"{times[2]:.1f} s, {count / times[2]:.1f} loans/s"
            yield f"{count:,} rows of one template, two workers", told
            yield f"{count:,} rows, two workers over one", f"{times[1] / times[2]:.2f} times"


def main() -> None:
    """Measure, and print each figure when it is there."""
    quick = "--quick" in sys.argv
    console = Console()
    for rows in (
        sessions(),
        books((25,) if quick else (25, 1_000)),
    ):
        for what, cost in rows:
            console.print(f"{what}: {cost}", highlight=False)


if __name__ == "__main__":
    main()
