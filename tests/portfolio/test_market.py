"""The whole way from files of terms to what the absence of a buyer costs."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from tests.cli.test_cli import refused
from tests.cli.test_cli import xlcredit as run
from xlcredit.errors import UserError
from xlcredit.models.joint import Links
from xlcredit.portfolio.market import TAIL, simulate_book
from xlcredit.portfolio.positions import read_positions

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
    refused(run("portfolio", book[0], "--simulate", "--paths", 10), "at least 1,000 paths")
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
