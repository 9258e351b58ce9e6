"""The revolver where it is another thing: a bullet loan, a loan that nobody may draw on again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlcredit.functions import call
from xlcredit.models.revolver import Course, Facility, follow

CASH = st.lists(st.floats(-5.0, 30.0), min_size=1, max_size=24)
RATE = st.just(0.0) | st.floats(1e-3, 0.3)


def course(cfads: list[float], rate: float, available: float, **terms: Any) -> Course:
    facility = Facility(**{"loan": 50.0, "commitment": 100.0, **terms})
    n = len(cfads)
    return follow(facility, [available] * n, cfads, [rate] * n, [20.0] * n)


@given(CASH, RATE, st.floats(0.0, 60.0))
def test_without_room_it_is_a_bullet_loan(cash: list[float], rate: float, worth: float) -> None:
    """Availability is the loan: nothing is drawn, and the first miss is enforced in both."""
    n = len(cash)
    revolver = [["loan", 50], ["commitment", 50], ["grace_periods", 0]]
    bullet = [["loan", 50], ["rate", rate], ["balloon", 0], ["grace_periods", 0], ["gpu_units", 1]]
    ours = dict(call("XLC_REVOLVER", revolver, [50.0] * n, cash, [rate] * n, worth))
    due = [0.0] * (n - 1) + [50.0]
    theirs = dict(call("XLC_REPAYMENT", bullet, due, cash, None, [worth] * (n + 1)))
    for name in ("status", "end_period", "first_missed", "exposure", "recovered", "loss"):
        expected = theirs[name]
        if isinstance(expected, float):
            expected = pytest.approx(expected, rel=1e-9, abs=1e-9)
        assert ours[name] == expected, name
    if isinstance(theirs["irr"], float):
        assert ours["irr"] == pytest.approx(theirs["irr"], rel=1e-7, abs=1e-9)


@given(CASH, RATE, st.floats(0.0, 100.0), st.floats(0.0, 1.0), st.floats(0.0, 0.5))
def test_what_is_owed_is_never_more_than_was_lent_and_not_paid(
    cash: list[float], rate: float, available: float, sweep: float, dominion: float
) -> None:
    """While every payment is made, the balance is the loan, draws less what was repaid of it."""
    found = course(cash, rate, available, sweep=sweep, dominion=dominion, unused_fee=0.01)
    assert 0.0 <= found.loss <= found.exposure
    assert found.swept >= 0.0 and found.drawn >= 0.0
    balance = 50.0
    until = found.first_missed - 1 if found.first_missed else len(cash)
    for k in range(until):
        interest = balance * rate / 12
        balance -= found.received[k] - interest if balance > 0 else 0.0
        assert found.balances[k] == pytest.approx(balance, abs=1e-7)


@given(CASH, RATE, st.floats(0.0, 100.0))
def test_a_new_lender_that_lends_enough_repays_at_the_end(
    cash: list[float], rate: float, available: float
) -> None:
    facility = Facility(loan=50.0, commitment=100.0, grace_periods=100.0)
    n = len(cash)
    args = ([available] * n, cash, [rate] * n, [0.0] * n)
    found = follow(facility, *args, refinancing=1e9)
    assert found.status == "repaid"
    assert found.loss == 0.0


def test_a_month_that_is_missed_ends_drawing_until_it_is_paid() -> None:
    facility = Facility(loan=10.0, commitment=100.0, periods_per_year=1)
    found = follow(
        facility, [10, 80, 80, 80], [-5, 0, 20, 0], [0.1] * 4, [0.0] * 4, redraw_to=[50] * 4
    )
    # 1: no room for the interest of 1 and the hole. 2: room, but a payment is late: 1.1 are added.
    # 3: interest is paid, nothing is late any more. 4: all is due
    assert found.first_missed == 1
    assert found.balances[:2] == pytest.approx([11.0, 12.1])
    assert found.drawn == 0.0


def test_cash_that_is_short_by_a_rounding_repays_and_leaves_no_reserve_below_zero() -> None:
    """A year's interest of 5 and the loan of 50, out of a hair less than 55."""
    found = course([55.0 * (1 - 1e-14)], 0.1, 50.0, periods_per_year=1.0)
    assert (found.status, found.first_missed, found.end_period) == ("repaid", 0, 1)
    assert found.reserve == found.distributed == found.drawn == 0.0
