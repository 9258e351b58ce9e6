"""Print what a worksheet call costs, and what it would cost otherwise.

``python -m tests.bench``
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from tests.bench import loans, officejs, simulations, workbooks
from tests.hosts.windows import Windows, to_windows, windows
from xlcredit.functions import call
from xlcredit.models import rents

MONTHS = np.linspace(0.0, 60.0, 10_000)


def median(work: Callable[[], Any], rounds: int = 7, least: float = 0.02) -> float:
    """Median seconds of one call, over rounds of at least ``least`` seconds each."""
    work()
    start = time.perf_counter()
    work()
    repeats = max(1, int(least / max(time.perf_counter() - start, 1e-9)))
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(repeats):
            work()
        times.append((time.perf_counter() - start) / repeats)
    return statistics.median(times)


def fresh(statement: str) -> Callable[[], Any]:
    """A new interpreter that runs a statement."""
    return lambda: subprocess.run([sys.executable, "-c", statement], check=True)


def stock(excel: Windows) -> Callable[..., Any]:
    """The same function as xlwings' documentation would have it: stock decorators, NumPy in."""
    import xlwings as xw

    @xw.func
    @xw.arg("month", np.array, ndim=2)
    def STOCK(rent, decline, month):  # type: ignore[no-untyped-def]
        return rents.rent(rent, decline, month)

    vars(excel.classic)["STOCK"] = STOCK
    return lambda *raw: excel.call("STOCK", *raw)


def report(title: str, rows: list[tuple[str, float]], per: int = 1) -> Table:
    """Medians, and ratios to the first row."""
    table = Table("", "median", "per cell", "ratio", title=title, title_justify="left")
    for name, seconds in rows:
        each = f"{seconds / per * 1e9:,.0f} ns" if per > 1 else ""
        table.add_row(name, f"{seconds * 1e6:,.1f} us", each, f"{seconds / rows[0][1]:,.2f}")
    for column in table.columns[1:]:
        column.justify = "right"
    return table


def blocks(excel: Windows, months: np.ndarray[Any, Any], rounds: int) -> list[tuple[str, float]]:
    """One column of months, in the forms that it may come in."""
    column = months[:, None]
    raw = to_windows(column.tolist())
    holed = months.tolist()
    holed[len(holed) // 2] = None
    plain = stock(excel)
    work: dict[str, Callable[[], Any]] = {
        "bare NumPy": lambda: rents.rent(2.5, 0.3, column),
        "bare NumPy, result as lists": lambda: rents.rent(2.5, 0.3, column).tolist(),
        "call, NumPy array": lambda: call("XLC_RENT", 2.5, 0.3, months),
        "call, rows of a range": lambda: call("XLC_RENT", 2.5, 0.3, raw),
        "call, one blank cell": lambda: call("XLC_RENT", 2.5, 0.3, holed),
        "classic host, our wrapper": lambda: excel.call("XLC_RENT", 2.5, 0.3, raw),
        "classic host, stock decorators": lambda: plain(2.5, 0.3, raw),
    }
    return [(name, median(run, rounds)) for name, run in work.items()]


def main() -> None:
    """Measure and print."""
    console = Console()
    with windows() as excel:
        plain = stock(excel)
        single: dict[str, Callable[[], Any]] = {
            "model function": lambda: rents.rent(2.5, 0.3, 12.0),
            "call": lambda: call("XLC_RENT", 2.5, 0.3, 12.0),
            "classic host, our wrapper": lambda: excel.call("XLC_RENT", 2.5, 0.3, 12.0),
            "classic host, stock decorators": lambda: plain(2.5, 0.3, 12.0),
        }
        rows = [(name, median(run)) for name, run in single.items()]
        console.print(report("One cell (no COM: the Python side only)", rows))
        console.print(report("10,000 cells", blocks(excel, MONTHS, 7), len(MONTHS)))
        console.print(report("One cell through Office.js", officejs.measured()))
        paths = [(name, median(run)) for name, run in loans.one_path(excel).items()]
        console.print(report(f"One loan, {loans.PERIODS} periods", paths))
        million = np.linspace(0.0, 60.0, 1_000_000)
        console.print(report("1,000,000 cells", blocks(excel, million, 3), len(million)))
    steps = 100_000 * 60
    rows = [(name, median(run, 3, 0.0)) for name, run in loans.many_paths(100_000, 60).items()]
    console.print(report("100,000 loans, 60 periods (a cell: a path-step)", rows, steps))
    simulations.main()
    for title, rows in workbooks.measured(lambda work: median(work, 5, 0.0)).items():
        console.print(report(title, rows))
    starts = ["import numpy", "import xlcredit", "import xlcredit.functions"]
    rows = [(statement, median(fresh(statement), 5, 0.0)) for statement in starts]
    console.print(report("Start of an interpreter", rows))


if __name__ == "__main__":
    main()
