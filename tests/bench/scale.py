"""What a loan, a path and a gigabyte cost, so that a book of any size can be planned.

``python -m tests.bench.scale`` (some minutes; ``--quick`` for a tenth of it). Everything is in
processor seconds of all processes and in the most memory that one of them has taken, each in a
fresh process: what else the machine does changes little of it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from tests.bench.books import tape
from xlcredit.models.joint import Links, Position
from xlcredit.models.simulation import Deal, Terms

PERIODS = 60
#: Told of a fresh process: its own time and that of those it has started, and the most memory.
_TOLD = """
import json, resource
own, others = (resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
used = sum(u.ru_utime + u.ru_stime for u in (own, others))
print(json.dumps({"seconds": used, "MB": max(own.ru_maxrss, others.ru_maxrss) / 1024}))
"""


def measured(program: str) -> dict[str, float]:
    """Run a program in a process of its own."""
    command = [sys.executable, "-c", program + _TOLD]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def position(number: int) -> Position:
    """One loan of a book: cash, customer, jumps and a market of finite depth."""
    terms = Terms(
        loan=50e6, rate=0.1, months=PERIODS, gpu_units=3000, gpu_price=25_000, gpu_vol=0.5,
        gpu_drift=-0.25, mean_reversion=0.5, coin_vol=0.6, correlation=0.4,
        stressed_correlation=0.7, drawdown_trigger=0.4, jump_intensity=0.3, coin_jump=-0.2,
        gpu_jump=-0.1, coin_jump_vol=0.1, gpu_jump_vol=0.1, hazard=0.05, hazard_elasticity=0.5,
        gpu_depth=40.0, gpu_impact=0.3, sale_haircut=0.1, sale_cost=100.0, grace_periods=1,
        dsra_periods=3, lockup=1.1, downtime_periods=3, sweep=0.2,
    )  # fmt: skip
    cash = {"contracted": 1.6e6 + 16e3 * (number % 7), "opex": 0.4e6, "relet": 1.2e6}
    deal = Deal.of(terms, np.full(PERIODS, 50e6 / PERIODS), merchant=0.1e6, **cash)
    return Position(str(number), deal, ("H100", "B200")[number % 2])


def book(count: int, paths: int, workers: int) -> Any:
    """Simulate a book in one market."""
    from xlcredit.portfolio.market import simulate_book

    positions = [position(number) for number in range(count)]
    return simulate_book(positions, links=Links(0.5, 0.3), paths=paths, workers=workers)


def simulated(count: int, paths: int, workers: int = 1) -> dict[str, float]:
    """Measure such a book."""
    return measured(f"from tests.bench.scale import book; book({count}, {paths}, {workers})")


def loans(counts: tuple[int, int]) -> Iterator[tuple[str, str]]:
    """What a loan of a tape takes, from the difference of two tapes: without the start."""
    with tempfile.TemporaryDirectory() as scratch:
        folder, found, sizes = Path(scratch), [], []
        for count in counts:
            source, out = tape(folder, count), folder / f"{count}.parquet"
            request = f"Request(sources=[{str(source)!r}], outputs=[Path({str(out)!r})], workers=1)"
            found.append(
                measured(
                    "from pathlib import Path\n"
                    "from xlcredit.portfolio.run import Request, run_portfolio\n"
                    f"run_portfolio({request})\n"
                )
            )
            sizes.append(out.stat().st_size)
        more = counts[1] - counts[0]
        each = (found[1]["seconds"] - found[0]["seconds"]) / more
        yield "a loan of a tape, recalculated", f"{1e3 * each:.0f} ms"
        yield "a loan of a tape in Parquet", f"{(sizes[1] - sizes[0]) / more / 1e3:.1f} kB"
        grown = (found[1]["MB"] - found[0]["MB"]) / more * 1e3
        yield f"memory of a process, {counts[1]:,} loans", f"{found[1]['MB']:.0f} MB"
        yield "memory a loan more", f"{max(grown, 0.0):.0f} kB"


def paths(count: int, many: int) -> Iterator[tuple[str, str]]:
    """What a path takes, from the difference of two runs: without the start."""
    few, more = simulated(count, 2_000), simulated(count, many)
    steps = count * (many - 2_000) * PERIODS
    each = (more["seconds"] - few["seconds"]) / steps
    yield f"{count:,} loans in one market: a month of a loan on a path", f"{1e9 * each:.1f} ns"
    yield "1,000 loans x 100,000 paths x 60 months, from that", f"{each * 6e9:.0f} s"
    for loans_, paths_, found in ((count, 2_000, few), (count, many, more)):
        yield f"memory of a process, {loans_:,} loans, {paths_:,} paths", f"{found['MB']:.0f} MB"
    alone = simulated(10, 2_000)
    yield "memory of a process, 10 loans, 2,000 paths", f"{alone['MB']:.0f} MB"


def main() -> None:
    """Measure and print."""
    quick = "--quick" in sys.argv
    table = Table("what", "cost", title="scale, in processor seconds of one core")
    for rows in (
        loans((10, 40) if quick else (200, 400)),
        paths(100, 10_000) if quick else paths(1_000, 20_000),
    ):
        for what, cost in rows:
            table.add_row(what, cost)
    Console().print(table)


if __name__ == "__main__":
    main()
