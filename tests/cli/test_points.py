"""``xlcredit stress`` over few points: a line for each, as the workbook itself has it there."""

from __future__ import annotations

from pathlib import Path

import xlcredit as xl
from tests.command import xlcredit
from xlcredit.cli.points import MOST
from xlcredit.workbook.covenants import PASS

LOAN = Path("workbooks/gpu-term-loan.xlsx")


def test_a_scenario_is_a_line_with_what_becomes_of_the_loan() -> None:
    done = xlcredit("stress", LOAN, "--scenario", "all", columns=200)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    words = ("Scenario", "Lowest DSCR", "First missed month", "Loss", "Covenants")
    assert all(word in lines[0] for word in words)
    with xl.open(LOAN) as book:  # by another route: one scenario at a time
        for label in book.choices("scenario"):
            book["scenario"] = label
            told = next(text for text in lines if text.startswith(f"{label}  "))
            month, loss = book["first_missed_month"], book["loss"]
            assert f"{book['min_dscr']:.2f}x" in told
            assert (f" {month:.0f} " if month else " none ") in told
            assert f"${loss / 1e6:,.1f}m" in told  # type: ignore[operator]
            failing = [c.name for c in book.covenants if c.status != PASS]
            assert all(name.removeprefix("covenant_") in told for name in failing)
            assert told.endswith(PASS) == (not failing) or "BREACH" in told


def test_the_figures_that_are_asked_for_stand_there_and_inputs_in_full() -> None:
    grid = ("--grid", "margin=0.03125,0.04", "--figure", "breakeven_decline")
    lines = xlcredit("stress", LOAN, *grid).stdout.splitlines()
    assert lines[0].split()[:3] == ["margin", "breakeven_decline", "Covenants"]
    assert lines[1].startswith("3.125% ") and lines[2].startswith("4% ")


def test_many_points_are_counted_alone(small: Path) -> None:
    done = xlcredit("stress", small, "--grid", f"rent_decline=0:0.4:{MOST + 1}")
    assert done.stdout.startswith(f"{MOST + 1} points over rent_decline")
