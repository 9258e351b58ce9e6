"""The whole way from files of terms to what the absence of a buyer costs."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest

from tests.command import refused
from tests.command import xlcredit as run
from xlcredit.deals import load, shipped
from xlcredit.errors import UserError
from xlcredit.models.joint import Links, LoanBook
from xlcredit.portfolio.crew import Crew, Order, Start, run_order
from xlcredit.portfolio.market import TAIL, OneMarket, simulate_book
from xlcredit.portfolio.path_journal import PathJournal
from xlcredit.portfolio.pool import Limits
from xlcredit.portfolio.positions import read_positions
from xlcredit.workbook.simulated import read_simulation

from .conftest import COMMAND, MakeTape, kill_a_child


def test_contributions_add_up_and_no_worker_matters(book: list[Path]) -> None:
    positions, unread = read_positions(book)
    assert not unread and [p.card for p in positions] == ["H100", "H100", "B200", "H100", "B200"]
    found = [
        simulate_book(positions, links=Links(0.3), paths=20_000, seed=4, workers=workers)
        for workers in (1, 2)
    ]
    assert found[0].loans == found[1].loans and found[0].ratio == found[1].ratio
    one = found[0]
    assert one.losses_together.tolist() == found[1].losses_together.tolist()
    count = round(TAIL * 20_000)
    for losses, name in ((one.losses_alone, "alone"), (one.losses_together, "together")):
        tail = float(np.mean(np.sort(losses)[-count:]))
        parts = sum(getattr(loan, f"tail_{name}") for loan in one.loans)
        expected = sum(getattr(loan, f"expected_{name}") for loan in one.loans)
        assert getattr(one, name).shortfall == pytest.approx(tail, rel=1e-12)
        assert parts == pytest.approx(tail, rel=1e-12)
        assert getattr(one, name).expected.value == pytest.approx(expected, rel=1e-12)
    assert one.ratio.value > 1.0 and one.ratio.error < 0.02
    first = one.first_to_cut[0]
    assert first.relief is not None and first.relief > first.tail_together  # it costs others too


def test_a_killed_run_goes_on_to_the_same_bytes(book: list[Path], tmp_path: Path) -> None:
    words = ["portfolio", *book, "--simulate", "--paths", "400000", "--seed", 4, "--workers", 2]
    whole, again = tmp_path / "whole.xlsx", tmp_path / "again.xlsx"
    done = run(*words, "-o", whole, "-o", tmp_path / "whole.parquet")
    assert done.returncode == 0, done.stderr
    journal = tmp_path / "again.xlsx.paths.journal"
    outputs = ["-o", again, "-o", tmp_path / "again.parquet", "--resume"]
    command = [*COMMAND, *map(str, [*words, *outputs])]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    give_up = time.monotonic() + 240
    while not journal.exists() or journal.read_bytes().count(b"\n") < 3:  # the code
        assert time.monotonic() < give_up and process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not again.exists()
    held = PathJournal(again, resume=True)
    refused(run(*words, *outputs), "another run is at work on this output")
    assert 2 <= held.blocks < 400_000 // 8_192
    held.close(finished=False)
    refused(run(*words, "-o", again), "a run was broken off", "--resume")
    with journal.open("ab") as file:  # as if it had been killed in the middle of a line
        file.write(b'0badc0de {"digest":')
    done = run(*words, *outputs)
    assert done.returncode == 0, done.stderr
    assert again.read_bytes() == whole.read_bytes()
    assert (tmp_path / "again.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()
    assert not journal.exists()


def test_the_journal_gives_back_what_is_its_own_and_nothing_else(
    book: list[Path], tmp_path: Path
) -> None:
    positions, _ = read_positions(book)
    wanted = simulate_book(positions, paths=20_000, workers=1)
    output = tmp_path / "m.xlsx"

    def with_journal(**changes: Any) -> tuple[OneMarket, int]:
        journal = PathJournal(output, resume=True)
        known = journal.blocks
        found = simulate_book(positions, paths=20_000, workers=1, journal=journal, **changes)
        journal.close(finished=False)
        return found, known

    first, _ = with_journal()
    again, known = with_journal()
    other, _ = with_journal(seed=2)
    assert known == 3 + 1 + 1 + 1  # the paths, each tail, and the tail without a loan in turn
    assert first.loans == again.loans == wanted.loans != other.loans
    assert again.losses_together.tolist() == wanted.losses_together.tolist()
    wanted = simulate_book(positions, paths=20_000, workers=1, seed=2)
    assert other.loans == wanted.loans


def test_a_killed_process_costs_nothing(book: list[Path]) -> None:
    positions, _ = read_positions(book)
    start = Start(LoanBook(positions), 3, "auto")
    orders = [Order(np.arange(n * 500, (n + 1) * 500, dtype=np.uint64)) for n in range(8)]
    wanted = [run_order(start, order).together.tolist() for order in orders]
    found = []
    for block in Crew(start, 2).run(orders):
        found.append(block.together.tolist())
        if len(found) in (1, 4):
            kill_a_child(b"portfolio.crew")
    assert found == wanted


def test_a_process_that_has_no_memory_says_so(book: list[Path]) -> None:
    """The processes of a run inherit what this one may have."""
    program = f"""
import resource
from pathlib import Path
import numpy as np
from xlcredit.errors import UserError
from xlcredit.models.joint import LoanBook
from xlcredit.portfolio.crew import Crew, Order, Start
from xlcredit.portfolio.positions import read_positions
positions, _ = read_positions([Path(p) for p in {[str(p) for p in book]!r}])
orders = [Order(np.arange(40_000_000, dtype=np.uint64)), Order(np.arange(9, dtype=np.uint64))]
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
try:
    list(Crew(Start(LoanBook(positions), 1, "numpy"), 2).run(orders))
except UserError as error:
    print(error)
"""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "a block of paths needs more memory than there is: try fewer --workers\n"


@pytest.mark.parametrize("name", shipped())
def test_a_deal_file_is_simulated_as_its_own_workbook_is(name: str, tmp_path: Path) -> None:
    """The second loan through a workbook that is loaded already, and one that moves nothing."""
    home = load(name)[1]
    text = (home / "deal.toml").read_text(encoding="utf-8")
    first, other, last = (tmp_path / f"{n}.toml" for n in ("first", "other", "last"))
    first.write_text(text, encoding="utf-8")
    lines = [li for li in text.splitlines() if not li.startswith("margin")]
    lines.insert(lines.index("[inputs]") + 1, "margin = 0.0777")
    other.write_text("\n".join(lines), encoding="utf-8")
    last.write_text("\n".join(lines).replace('name = "', 'name = "Once more '), encoding="utf-8")
    if not calls_the_simulation(name):
        positions, unread = read_positions([first])
        assert not positions and "no cell calls XLC_DUAL_SIM" in unread[0].error
        return
    positions, unread = read_positions([first, other, last])
    assert not unread and [p.name for p in positions] == [
        p.as_posix() for p in (first, other, last)
    ]
    for file, position in zip((first, other, last), positions, strict=True):
        deal, _, _ = read_simulation(file)
        assert position.deal.terms == deal.terms
        assert position.deal.has_cash
        for series in ("contracted", "merchant", "opex", "relet"):
            np.testing.assert_array_equal(getattr(position.deal, series), getattr(deal, series))
        np.testing.assert_array_equal(position.deal.market.curve, deal.market.curve)
        assert position.deal.plan == deal.plan
    assert positions[0].deal.terms != positions[1].deal.terms
    assert positions[0].card not in ("", "card")
    found = simulate_book(positions[:2], paths=1_000, workers=1)
    assert found.loans[0].loan == positions[0].deal.terms.loan


def calls_the_simulation(name: str) -> bool:
    return "XLC_DUAL_SIM" in (load(name)[1] / "template.toml").read_text(encoding="utf-8")


def test_a_loan_that_is_called_at_closing_is_not_the_one_before(tmp_path: Path) -> None:
    home = load("miner-dual-collateral")[1]
    text = (home / "deal.toml").read_text(encoding="utf-8")
    good, called = tmp_path / "good.toml", tmp_path / "called.toml"
    good.write_text(text, encoding="utf-8")
    called.write_text(text.replace("[inputs]", "[inputs]\ncall_ltv = 0.06\ncure_ltv = 0.05", 1))
    positions, unread = read_positions([good, called])
    assert [p.name for p in positions] == [good.as_posix()]
    assert "called.toml: the LTV at closing must be below call_ltv" in unread[0].error


def test_more_paths_than_a_machine_has_time_for_are_refused(book: list[Path]) -> None:
    done = run("portfolio", *book, "--simulate", "--paths", 10**9, "--workers", 2)
    refused(done, "--paths 1,000,000,000 would take about", "hours on 2 workers", "at most")


def test_the_command_writes_sheets_and_a_chart(book: list[Path], tmp_path: Path) -> None:
    words = ["portfolio", *book, "--simulate", "--paths", "2000", "--workers", 1]
    done = run(*words, "-o", "m.xlsx", "-o", "m.csv", "--chart", "m.png", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Sold together, the book loses" in done.stdout
    sheets = openpyxl.load_workbook(tmp_path / "m.xlsx")
    figures = {row[0].value: row[5].value for row in sheets["One market"].iter_rows(min_row=5)}
    assert figures["expected_loss"] > 1.0
    with (tmp_path / "m.csv").open(newline="", encoding="utf-8") as file:
        parts = [float(row["shortfall_together"]) for row in csv.DictReader(file)]
    assert parts == sorted(parts, reverse=True) and len(parts) == 5
    assert (tmp_path / "m.png").read_bytes().startswith(b"\x89PNG")
    told = json.loads(run(*words, "--json", cwd=tmp_path).stdout)
    assert told["ratio"]["value"] == pytest.approx(figures["expected_loss"])


def test_what_cannot_be_simulated_is_told(book: list[Path], tmp_path: Path) -> None:
    # told before any loan is read
    refused(run("portfolio", "none.xlsx", "--simulate", "--paths", 10), "at least 1,000 paths")
    other = tmp_path / "other.toml"
    text = book[0].read_text(encoding="utf-8")
    other.write_text(text.replace("gpu_vol = 0.5", "gpu_vol = 0.6"), encoding="utf-8")
    done = run("portfolio", book[0], other, "--simulate", "--paths", 2000)
    refused(done, "the loans of class H100 must have one gpu_vol", "other.toml has 0.6")
    other.write_text(text.replace("gpu_vol = 0.5", "gpu_vool = 0.6"), encoding="utf-8")
    done = run("portfolio", book[0], other, "--simulate", "--paths", 2000, "--workers", 1)
    assert done.returncode == 2 and "gpu_vool" in done.stdout
    with pytest.raises(UserError, match="no loan"):
        simulate_book([])


def test_the_market_is_one_for_all_where_it_is_said(book: list[Path], tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    text = book[0].read_text(encoding="utf-8").replace("60000000.0", "50000000.0")
    other.write_text(text.replace("gpu_depth = 40", "GPU-Depth = 4000\nsale_days = 1"), "utf-8")
    words = ["portfolio", *book, other, "--simulate", "--paths", 2000, "--workers", 1]
    remedy = "say it for all: --market gpu_depth=40 --market sale_days=1"
    refused(run(*words), "must have one gpu_depth, sale_days", "has 4000, 1", remedy)
    said = ["--market", "gpu_depth=40", "--market", "sale_days=90"]
    done = run(*words, *said)
    assert done.returncode == 0, done.stderr
    assert "market for all loans, in place of what each says: gpu_depth 40, sale_days 90" in (
        " ".join(done.stdout.split())
    )
    market = {"gpu_depth": 40.0, "sale_days": 90.0}
    one, same = (
        found[0][0].deal for found in (read_positions([p], market=market) for p in book[:2])
    )
    assert one.terms.gpu_depth == same.terms.gpu_depth == 40.0
    for wrong, told in (("gpu_dept=40", "did you mean gpu_depth"), ("gpu_depth=deep", "a number")):
        refused(run(*words, "--market", wrong), told)
    refused(run("portfolio", *book, "--market", "gpu_depth=40"), "--market belongs to --simulate")


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        (Limits(seconds=0.2), "L1: took longer than 0.2 seconds; raise --time-limit"),
        (Limits(megabytes=150), "L1: the worker ended 3 times"),
        (Limits(), ""),
    ],
    ids=["seconds", "memory", "none"],
)
def test_a_loan_that_takes_too_long_or_too_much_is_left_out(
    limits: Limits, told: str, make_tape: MakeTape
) -> None:
    read, unread = read_positions([make_tape(2)], limits=limits, workers=2)
    assert [one.name for one in (unread if told else read)] == ["L0", "L1"]
    assert not (read if told else unread)
    assert not told or unread[1].error.startswith(told)
