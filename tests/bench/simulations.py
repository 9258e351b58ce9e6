"""What a simulated path-step costs, and what its random numbers alone would cost.

``python -m tests.bench.simulations`` prints the ratios and the memory.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from rich.console import Console
from rich.table import Table

from xlcredit.models import draws, simulation
from xlcredit.models.simulation import BLOCK, Deal, Terms

PERIODS = 60
MARGIN = {
    "loan": 50.0, "rate": 0.1, "months": PERIODS, "coin_units": 0.5, "gpu_units": 5.0,
    "coin_price": 100.0, "gpu_price": 10.0, "coin_vol": 0.6, "gpu_vol": 0.35, "gpu_drift": -0.15,
    "correlation": 0.3, "call_ltv": 0.75, "cure_ltv": 0.6, "liquidation_ltv": 0.9,
    "cure_periods": 1, "liquidity": 3.0, "coin_slippage": 0.02, "gpu_recovery": 0.6,
}  # fmt: skip
WHOLE = MARGIN | {
    "mean_reversion": 0.5, "stressed_correlation": 0.8, "drawdown_trigger": 0.3,
    "jump_intensity": 0.5, "coin_jump": -0.3, "gpu_jump": -0.2, "coin_jump_vol": 0.1,
    "gpu_jump_vol": 0.1, "hazard": 0.1, "hazard_elasticity": 1.0, "downtime_periods": 3,
    "grace_periods": 1, "dsra_periods": 3, "dsra_opening": 3.0, "sweep": 0.3, "lockup": 1.1,
    "loss_rate": 0.05,
}  # fmt: skip


def deals() -> dict[str, Deal]:
    """A loan with margin calls alone, and one with everything."""
    cash = {"contracted": 2.0, "merchant": 0.4, "opex": 0.4, "relet": 1.4}
    return {
        "margin calls": Deal.of(Terms(**MARGIN), 0.5),
        "cash, jumps, stress, customer": Deal.of(Terms(**WHOLE), 0.8, **cash),
    }


def runs(deal: Deal, paths: int) -> dict[str, Callable[[], object]]:
    """The same simulation in every way, and its normals alone."""
    from xlcredit.models.kernels import lane

    def ours(kernel: str, threads: int) -> Callable[[], object]:
        return lambda: simulation.simulate(deal, paths, kernel=kernel, threads=threads)

    def at_once() -> object:
        return simulation.outcomes(deal, 1, 0, paths)

    draw = _normals()

    def normals() -> None:
        draw(draws.bases(1, 0, paths), np.empty(lane.ROWS * lane.STRIDE), PERIODS)

    return {
        "NumPy, all paths at once": at_once,
        "NumPy, in blocks": ours("numpy", 1),
        "compiled": ours("compiled", 1),
        "compiled, two threads": ours("compiled", 2),
        "its normals alone, compiled": normals,
    }


def _normals() -> Callable[..., None]:
    from numba import njit

    from xlcredit.models.kernels.lane import L
    from xlcredit.models.kernels.numbers import address
    from xlcredit.models.kernels.numbers import normals as fill

    @njit(error_model="numpy", nogil=True)
    def normals(bases, w, periods):  # type: ignore[no-untyped-def]
        for first in range(0, len(bases), L):
            base = bases[first : first + L]
            for k in range(1, periods + 1):
                fill(base, w, len(base), address(k, 0), address(k, 1))

    return normals


def measured(paths: int = 200_000, rounds: int = 5) -> list[tuple[str, list[tuple[str, float]]]]:
    """Medians in rounds that take turns, in processor seconds where one thread works."""
    found = []
    for name, deal in deals().items():
        works = runs(deal, paths)
        times: dict[str, list[float]] = {work: [] for work in works}
        for work in works.values():
            work()
        for _ in range(rounds):
            for work, run in works.items():
                clock = time.perf_counter if "two" in work else time.process_time
                start = clock()
                run()
                times[work].append(clock() - start)
        found.append((name, [(work, float(np.median(t))) for work, t in times.items()]))
    return found


def grid(deal: Deal, paths: int) -> float:
    """Processor seconds of a 25 x 25 grid over coin volatility and loan, on so many paths."""
    vols, loans = np.linspace(0.2, 1.0, 25), np.linspace(0.8, 1.0, 25)
    cash = {name: getattr(deal, name) for name in ("contracted", "merchant", "opex", "relet")}
    cells = []
    for vol in vols:
        for loan in loans:
            terms = replace(deal.terms, coin_vol=float(vol), loan=deal.terms.loan * float(loan))
            cells.append(Deal.of(terms, deal.plan.scheduled, **cash))
    start = time.process_time()
    simulation.sweep(cells, "call_probability", paths)
    return time.process_time() - start


def memory(kernel: str, paths: int) -> int:
    """Most memory of a fresh process that simulates so many paths. [MB]"""
    program = (
        "import pathlib; from tests.bench.simulations import deals; from xlcredit.models import "
        f"simulation as s; s.simulate([*deals().values()][1], {paths}, kernel='{kernel}'); "
        "print(pathlib.Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    return int(done.stdout.split()[-1]) // 1024


def main() -> None:
    """Measure and print."""
    console = Console()
    paths = 200_000
    for name, rows in measured(paths):
        title = f"{name}: {paths:,} paths of {PERIODS} periods"
        table = Table(
            "", "seconds", "M path-steps/s", "against NumPy", "against normals", title=title
        )
        plain, normals = rows[0][1], rows[-1][1]
        for work, seconds in rows:
            rate = paths * PERIODS / seconds / 1e6
            table.add_row(
                work, f"{seconds:.3f}", f"{rate:.1f}", f"{plain / seconds:.1f}",
                f"{seconds / normals:.1f}",
            )  # fmt: skip
        console.print(table)
    for name, deal in deals().items():
        tenth = grid(deal, 10_000)
        told = f"{10.0 * tenth:.0f} processor seconds, from a tenth of it"
        console.print(f"{name}: a grid of 25 x 25 cells of 100,000 paths: {told}")
    for kernel, count in (
        ("numpy", BLOCK),
        ("numpy", 500_000),
        ("compiled", BLOCK),
        ("compiled", 5_000_000),
    ):
        console.print(f"memory, {kernel}, {count:,} paths: {memory(kernel, count)} MB")


if __name__ == "__main__":
    main()
