"""Books of loans that the tests run."""

from __future__ import annotations

import csv
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.small import SMALL
from xlcredit.deals import load, read_deal
from xlcredit.portfolio.rows import example_tape
from xlcredit.workbook.export import write_table

MakeTape = Callable[..., Path]
COMMAND = [sys.executable, "-c", "from xlcredit.cli import main; main()"]


def children(parent: int) -> list[str]:
    """The processes that a process has started."""
    threads = Path(f"/proc/{parent}/task").glob("*/children")
    return [pid for thread in threads for pid in thread.read_text().split()]


def alive(pid: str) -> bool:
    """Whether a process still runs; one that nobody has buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def kill_a_child(role: bytes) -> None:
    """Kill one process that this one has started, by the name of its module."""
    pids = children(os.getpid())
    found = [p for p in pids if role in Path(f"/proc/{p}/cmdline").read_bytes()]
    os.kill(int(found[0]), signal.SIGKILL)


@pytest.fixture
def make_tape(tmp_path: Path) -> MakeTape:
    """Write a tape of so many GPU loans that differ, with columns changed for some."""
    return _maker("gpu-term-loan", tmp_path)


@pytest.fixture
def small_tape(tmp_path: Path) -> MakeTape:
    """Write a tape of so many loans of the small template that differ."""
    return _maker(SMALL, tmp_path)


def _maker(name_or_folder: str, folder: Path) -> MakeTape:
    template, home = load(name_or_folder)

    def make(count: int, name: str = "tape.csv", **changes: object) -> Path:
        path = folder / name
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


TERMS = """card = "{card}"
[terms]
loan = {loan}
rate = 0.1
months = 12
gpu_units = 3000
gpu_price = 30000
gpu_drift = -0.3
gpu_vol = 0.5
call_ltv = 0.85
cure_ltv = 0.8
liquidation_ltv = 0.9
gpu_depth = 40
gpu_impact = 0.5
[series]
scheduled = 2e6
"""


@pytest.fixture
def book(tmp_path: Path) -> list[Path]:
    """Five loans on two cards."""
    files = []
    for number, (card, loan) in enumerate(
        [("H100", 60e6), ("H100", 55e6), ("B200", 60e6), ("H100", 50e6), ("B200", 58e6)]
    ):
        files.append(tmp_path / f"loan{number}.toml")
        files[-1].write_text(TERMS.format(card=card, loan=loan), encoding="utf-8")
    return files
