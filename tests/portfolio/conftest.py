"""Books of loans that the tests run."""

from __future__ import annotations

import csv
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from xlcredit.deals import load, read_deal
from xlcredit.portfolio.rows import example_tape
from xlcredit.workbook.export import write_table

MakeTape = Callable[..., Path]
COMMAND = [sys.executable, "-c", "from xlcredit.cli import main; main()"]


def kill_a_child(role: bytes) -> None:
    """Kill one process that this one has started, by the name of its module."""
    children = Path(f"/proc/{os.getpid()}/task")
    pids = [p for t in children.iterdir() for p in (t / "children").read_text().split()]
    found = [p for p in pids if role in Path(f"/proc/{p}/cmdline").read_bytes()]
    os.kill(int(found[0]), signal.SIGKILL)


@pytest.fixture
def make_tape(tmp_path: Path) -> MakeTape:
    """Write a loan tape of ``count`` loans that differ, with columns changed for some."""

    def make(count: int, name: str = "tape.csv", **changes: object) -> Path:
        template, home = load("gpu-term-loan")
        path = tmp_path / name
        write_table(example_tape(template, read_deal(home / "deal.toml", template)), path)
        with path.open(newline="", encoding="utf-8") as file:
            headings, example = csv.reader(file)
        names = [heading.partition(" [")[0] for heading in headings]
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(headings)
            for number in range(count):
                own = {
                    "id": f"L{number}",
                    "rent_decline": 0.01 * number,
                    "borrower": f"B{number % 3}",
                }
                row = [own.get(n, v) for n, v in zip(names, example, strict=True)]
                writer.writerow([changes.get(n, v) for n, v in zip(names, row, strict=True)])
        return path

    return make
