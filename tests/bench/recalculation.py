"""What a recalculation costs: the templates against the bare engines and LibreOffice, and size.

``python -m tests.bench.recalculation`` (``--quick``: a tenth of the projection)

Processor seconds of this process, and for LibreOffice the seconds on the clock: other programs
that run meanwhile change the former little.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import formualizer
from rich.console import Console
from rich.table import Table

from tests.bench import projection
from xlcredit.recalc import LibreOffice, recalculate

WORKBOOKS = Path(__file__).parents[2] / "workbooks"
TEMPLATES = (
    "gpu-term-loan",
    "miner-dual-collateral",
    "gpu-borrowing-base",
    "hosting-project-loan",
)
#: Policies and years: 450,000 formulas in three sheets.
POLICIES, YEARS = 1_500, 100
_TOLERANCE = 1e-9


def used(work: Callable[[], Any]) -> float:
    """Processor seconds of one run."""
    start = time.process_time()
    work()
    return time.process_time() - start


def median(work: Callable[[], Any], rounds: int = 3) -> float:
    """Median of some runs, after one that does not count: formulas are translated then."""
    work()
    return statistics.median(used(work) for _ in range(rounds))


def bare(path: Path) -> None:
    """The embedded engine alone: worksheet functions show an error."""
    formualizer.load_workbook(str(path)).evaluate_all()


def templates(folder: Path) -> Iterator[tuple[str, ...]]:
    """A row for each template: formulas, seconds of each way, and ratios to the bare engine."""
    with LibreOffice() as office:
        for name in TEMPLATES:
            source, target = WORKBOOKS / f"{name}.xlsx", folder / f"{name}.xlsx"
            alone = median(lambda path=source: bare(path))
            cells = recalculate(source).cells
            whole = median(lambda s=source, t=target: recalculate(s, t))
            strict = used(lambda path=source: recalculate(path, engine="strict"))
            office.values(source)
            start = time.perf_counter()
            office.values(source)
            other = time.perf_counter() - start
            yield (
                name,
                f"{cells:,}",
                f"{alone:.2f} s",
                f"{whole:.2f} s ({whole / alone:.1f})",
                f"{strict:.2f} s ({strict / alone:.1f})",
                f"{other:.2f} s",
            )


_CHILD = """
import resource, sys, time
from xlcredit.recalc import recalculate
start = time.process_time()
recalculate(sys.argv[1], sys.argv[2])
print(time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def size(folder: Path, policies: int) -> Iterator[tuple[str, str]]:
    """A projection in a process of its own, twice: without saved values, and with them."""
    source = folder / "projection.xlsx"
    source.write_bytes(projection.workbook(policies, YEARS))
    yield "formulas", f"{policies * YEARS * len(projection.SHEETS):,}"
    yield "bare engine", f"{used(lambda: bare(source)):.1f} s"
    for label in ("no values saved", "values saved"):
        target = folder / f"{label}.xlsx"
        command = [sys.executable, "-c", _CHILD, str(source), str(target)]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        with zipfile.ZipFile(source) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
        peak = int(told[1]) * 1024
        yield (
            label,
            f"{float(told[0]):.1f} s, {peak / 1e6:,.0f} MB: {peak / unpacked:.1f} x the XML",
        )
        source = target
    yield "cells that differ from NumPy", f"{wrong(source, policies):,}"


def wrong(path: Path, policies: int) -> int:
    """Count the cells that differ from the projection in NumPy."""
    values = recalculate(path).values
    row, column = projection.FIRST
    return sum(
        abs(values[sheet][row + i, column + j] - value) > _TOLERANCE * max(1.0, abs(value))
        for sheet, block in projection.expected(policies, YEARS).items()
        for (i, j), value in _cells(block)
    )


def _cells(block: projection.Floats) -> Iterator[tuple[tuple[int, int], float]]:
    for i, line in enumerate(block.tolist()):
        for j, value in enumerate(line):
            yield (i, j), value


def main() -> None:
    """Measure and print."""
    console = Console(width=120)
    policies = POLICIES // 10 if "--quick" in sys.argv else POLICIES
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        columns = (
            "template",
            "formulas",
            "bare engine",
            "xlcredit",
            "strict engine",
            "LibreOffice",
        )
        table = Table(*columns, title="recalculated and written; ratios to the bare engine")
        for row in templates(folder):
            table.add_row(*row)
        console.print(table)
        table = Table("what", "cost", title="an actuarial projection")
        for cells in size(folder, policies):
            table.add_row(*cells)
        console.print(table)


if __name__ == "__main__":
    main()
