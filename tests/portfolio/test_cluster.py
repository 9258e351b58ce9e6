"""The same book on a Dask cluster of real processes: the same tape, byte for byte."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import pytest

import xlcredit
from tests.command import refused
from tests.command import xlcredit as run
from tests.hostile.commands import run as run_here
from tests.small import SMALL
from xlcredit.deals.reading import folder
from xlcredit.errors import UserError
from xlcredit.portfolio import shipping
from xlcredit.portfolio.market import simulate_book
from xlcredit.portfolio.path_journal import PathJournal
from xlcredit.portfolio.positions import read_positions
from xlcredit.portfolio.run import Request, run_portfolio

from .conftest import MakeTape


class Cluster:
    """A scheduler and workers, as a bank would start them."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._file = scratch / "scheduler.json"
        self.scheduler = self._start("scheduler", "--port", "0", "--no-dashboard")
        deadline = time.monotonic() + 60
        while not self._file.exists() or not self._file.read_text().endswith("}"):
            assert time.monotonic() < deadline and self.scheduler.poll() is None
            time.sleep(0.05)
        self.workers = [self.add(), self.add()]

    @property
    def address(self) -> str:
        import json

        address: str = json.loads(self._file.read_text())["address"]
        return address

    def add(self) -> subprocess.Popen[bytes]:
        return self._start("worker", "--nthreads", "1", "--no-nanny", "--no-dashboard")

    def stop(self) -> None:
        for process in [*self.workers, self.scheduler]:
            process.kill()
            process.wait()

    def _start(self, role: str, *words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{role}"]
        local = ["--local-directory", str(self._scratch)] if role == "worker" else []
        return subprocess.Popen(
            [*command, "--scheduler-file", str(self._file), *words, *local],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self._scratch,
        )


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    pytest.importorskip("distributed")
    scratch = tmp_path / "cluster"
    scratch.mkdir()
    started = Cluster(scratch)
    yield started
    started.stop()


def test_a_cluster_with_its_workers_killed_writes_the_same_bytes(
    cluster: Cluster, small_tape: MakeTape, tmp_path: Path
) -> None:
    tape = small_tape(60)
    here, there = tmp_path / "here.parquet", tmp_path / "there.parquet"
    run_portfolio(Request(template=SMALL, sources=[str(tape)], outputs=[here], workers=1))
    killed = []

    def kill(done: int) -> None:
        if done == 3:
            time.sleep(3)  # more results wait on the worker when it dies
        if done >= 4 and not killed:
            killed.append(done)
            for worker in cluster.workers:
                os.kill(worker.pid, signal.SIGKILL)
            cluster.workers.append(cluster.add())
            time.sleep(2)  # until the cluster has noticed: what was to be fetched is lost

    request = Request(
        template=SMALL, sources=[str(tape)], outputs=[there], scheduler=cluster.address
    )
    found = run_portfolio(request, progress=kill)
    assert killed and not found.errors
    assert [r.id for r in found.results] == [f"L{n}" for n in range(60)]
    assert there.read_bytes() == here.read_bytes()


def test_paths_on_a_cluster_with_a_worker_killed_are_the_same_to_the_bit(
    cluster: Cluster, book: list[Path], tmp_path: Path
) -> None:
    positions, _ = read_positions(book)
    wanted = simulate_book(positions, paths=60_000, workers=1, kernel="numpy")
    killed = []

    def kill(done: int) -> None:
        if not killed:
            killed.append(done)
            os.kill(cluster.workers[0].pid, signal.SIGKILL)
            cluster.workers.append(cluster.add())

    how: dict[str, Any] = {"paths": 60_000, "kernel": "numpy", "scheduler": cluster.address}
    found = simulate_book(positions, progress=kill, **how)
    assert killed and found.loans == wanted.loans and found.ratio == wanted.ratio
    assert found.losses_together.tolist() == wanted.losses_together.tolist()

    # and the scheduler itself: what is done is kept
    def stop(done: int) -> None:
        cluster.scheduler.kill()

    journal = PathJournal(tmp_path / "m.xlsx", resume=False)
    with pytest.raises(UserError, match="the scheduler has gone away; what is done is kept"):
        simulate_book(positions, progress=stop, journal=journal, **how)
    assert journal.blocks > 0
    found = simulate_book(positions, paths=60_000, workers=1, kernel="numpy", journal=journal)
    journal.close(finished=True)
    assert found.loans == wanted.loans


def test_compiled_paths_on_a_cluster_are_those_of_this_machine(
    cluster: Cluster, book: list[Path]
) -> None:
    pytest.importorskip("numba")
    positions, _ = read_positions(book)
    how: dict[str, Any] = {"paths": 20_000, "kernel": "compiled"}
    here = simulate_book(positions, workers=1, **how)
    there = simulate_book(positions, scheduler=cluster.address, **how)
    assert there.loans == here.loans
    assert there.losses_together.tolist() == here.losses_together.tolist()


def test_a_scheduler_that_goes_away_keeps_what_is_done(
    cluster: Cluster, small_tape: MakeTape, tmp_path: Path
) -> None:
    tape, target = small_tape(60), tmp_path / "book.csv"
    journal = tmp_path / "book.csv.journal"

    def kill() -> None:
        while not (journal.exists() and journal.read_bytes().count(b"\n") >= 2):
            time.sleep(0.02)
        cluster.scheduler.kill()

    threading.Thread(target=kill, daemon=True).start()
    words = ["portfolio", tape, "--template", SMALL, "-o", target, "--scheduler", cluster.address]
    refused(run(*words), "--resume")
    assert not target.exists()
    whole = tmp_path / "whole.csv"
    run_portfolio(Request(template=SMALL, sources=[str(tape)], outputs=[whole], workers=1))
    done = run("portfolio", tape, "--template", SMALL, "-o", target, "--resume", "--workers", 1)
    assert done.returncode in (0, 1), done.stderr
    assert target.read_bytes() == whole.read_bytes()


def test_no_scheduler_is_one_line(small_tape: MakeTape, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xlcredit.portfolio.cluster._PATIENCE", "1s")
    pytest.importorskip("distributed")
    words = ("portfolio", small_tape(1), "--template", SMALL, "--scheduler", "tcp://127.0.0.1:9")
    done = run_here(*words)  # which another process would not be patient for
    assert (done.code, done.out) == (2, "") and done.err.count("\n") == 1
    assert "tcp://127.0.0.1:9: no Dask scheduler answers there" in done.err


def test_the_code_runs_where_it_is_not_installed(tmp_path: Path) -> None:
    """A worker without xlcredit unpacks what was shipped, templates included."""
    package = Path(xlcredit.__file__).parent
    content = shipping.packed(package, folder())
    assert content == shipping.packed(package, folder())
    (tmp_path / "code.zip").write_bytes(content)
    libraries = str(Path(numpy.__file__).parents[1])
    program = f"""
import sys
from pathlib import Path
root, libraries = {str(package.parent)!r}, {libraries!r}
sys.path.append(libraries)
import xlcredit
assert xlcredit.__file__ is None, "an editable install leaves a folder without code"
scope = {{}}
exec(Path(root, "xlcredit/portfolio/shipping.py").read_text(), scope)
folder = scope["install"](Path("code.zip").read_bytes())
import xlcredit
assert Path(xlcredit.__file__).is_relative_to(folder), xlcredit.__file__
from xlcredit.portfolio.evaluate import evaluate_loan
from xlcredit.portfolio.loans import find_loans
result = evaluate_loan(next(find_loans([Path("deal.toml")])).task)
print(result.status, result.numbers["dscr_on_curve"] > 1)
"""
    deal = folder() / "gpu-term-loan" / "deal.toml"
    (tmp_path / "deal.toml").write_bytes(deal.read_bytes())
    command = [sys.executable, "-S", "-c", program]  # without the links of an editable install
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    environment["TMPDIR"] = str(tmp_path)
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment
    )
    assert done.stdout.split()[1:] == ["True"], done.stderr
