"""Start-up, building and recalculation of this tree against another commit, in one run.

``python -m tests.bench.commits 63409f9`` (any commit whose sources run with the packages here)

Both do the same work, in turns and in fresh interpreters; what counts is the time of the processor,
so that other programs on the machine matter little. Each builds its own template, which may have
grown, and so the time is that of a thousand formulas; both recalculate the other's workbook.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[2]
ROUNDS = 7
STARTS = {
    "python, nothing else": "pass",
    "import xlcredit": "import xlcredit",
    "one worksheet call": "from xlcredit.functions import call; call('XLC_RENT', 2.5, 0.3, 12)",
    "xlcredit --version": "import sys; sys.argv = ['xlcredit', '--version']; "
    "from xlcredit.cli import main; main()",
    "xlcredit functions": "import sys; sys.argv = ['xlcredit', 'functions']; "
    "from xlcredit.cli import main; main()",
}
WORK = {
    "build its own workbook": "build(template, deal)",
    "recalculate the other's workbook": "recalculate(path)",
    "recalculate and write it": "recalculate(path, path.with_name('out.xlsx'), overwrite=True)",
}
#: The second time counts: what is done once in a process is not part of it.
TIMED = """
import io, sys, time, zipfile
from pathlib import Path
from xlcredit.deals import load, read_deal
from xlcredit.recalc import recalculate
from xlcredit.workbook import build
template, home = load("gpu-term-loan")
deal = read_deal(home / "deal.toml", template)
path = Path(sys.argv[1])
{work}
start = time.process_time()
made = {work}
seconds = time.process_time() - start
book = zipfile.ZipFile(io.BytesIO(made) if isinstance(made, bytes) else path)
print(seconds, sum(book.read(name).count(b"<f") for name in book.namelist() if "sheet" in name))
"""


def unpacked(commit: str, folder: Path) -> Path:
    """The files of a commit."""
    archive = folder / "tree.tar"
    command = ["git", "archive", "--output", str(archive), commit]
    subprocess.run(command, check=True, cwd=ROOT)
    with tarfile.open(archive) as tar:
        tar.extractall(folder / "tree", filter="data")
    return folder / "tree"


def start(tree: Path, statement: str) -> float:
    """Seconds of the processor that a fresh interpreter takes."""
    timed = (
        "import resource, subprocess, sys\n"
        "subprocess.run([sys.executable, '-c', sys.argv[1]], check=True, capture_output=True)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(used.ru_utime + used.ru_stime)"
    )
    return float(run(tree, timed, statement))


def work(tree: Path, statement: str, book: Path) -> tuple[float, int]:
    """Seconds of the processor for a thousand formulas, and how many there are."""
    seconds, formulas = run(tree, TIMED.format(work=statement), str(book)).split()
    return float(seconds) / int(formulas) * 1e3, int(formulas)


def run(tree: Path, program: str, argument: str) -> str:
    """What a program prints that finds xlcredit in a tree."""
    command = [sys.executable, "-c", program, argument]
    done = subprocess.run(
        command, cwd=tree, check=True, capture_output=True, text=True, env=environment()
    )
    return done.stdout


def environment() -> dict[str, str]:
    """The variables of this process; modules are compiled once, as where xlcredit is installed."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": f"{tempfile.gettempdir()}/xlcredit-bench"}


def row(name: str, there: list[float], here: list[float]) -> tuple[str, ...]:
    """Medians in milliseconds, and their ratio."""
    old, new = statistics.median(there) * 1e3, statistics.median(here) * 1e3
    return name, f"{old:,.1f} ms", f"{new:,.1f} ms", f"{new / old:.2f}"


def main() -> None:
    """Print medians of both commits, and their ratio."""
    commit = sys.argv[1]
    table = Table("", commit, "here", "ratio", title="Time of the processor, medians")
    with tempfile.TemporaryDirectory() as folder:
        there = unpacked(commit, Path(folder))
        book = Path(folder) / "book.xlsx"
        book.write_bytes((there / "workbooks/gpu-term-loan.xlsx").read_bytes())
        for name, statement in STARTS.items():
            pairs = [(start(there, statement), start(ROOT, statement)) for _ in range(ROUNDS)]
            table.add_row(*row(name, *map(list, zip(*pairs, strict=True))))
        for name, statement in WORK.items():
            runs = [[work(tree, statement, book) for tree in (there, ROOT)] for _ in range(ROUNDS)]
            seconds = [[run[side][0] for run in runs] for side in (0, 1)]
            formulas = " and ".join(f"{n:,}" for n in dict.fromkeys(side[1] for side in runs[0]))
            table.add_row(*row(f"{name}, a thousand of its {formulas} formulas", *seconds))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
