"""The waterfall, worked on paper."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlcredit.errors import CellError
from xlcredit.functions import REGISTRY, call
from xlcredit.models.debt import sculpture

COLUMNS = REGISTRY["XLC_WATERFALL"].parameters[5].choices[1:]


def run(cfads, balance, rate, scheduled, **terms) -> dict[str, list[float]]:
    """The columns of the schedule; ``rate`` is a period's."""
    arguments = (list(cfads), balance, rate, list(scheduled), {"periods_per_year": 1} | terms)
    table = list(zip(*call("XLC_WATERFALL", *arguments), strict=True))
    for name, column in zip(COLUMNS, table, strict=True):
        alone = call("XLC_WATERFALL", *arguments, name)
        assert alone == ([[cell] for cell in column] if len(column) > 1 else column[0])
    return {name: list(column) for name, column in zip(COLUMNS, table, strict=True)}


def test_plenty_of_cash_pays_as_scheduled() -> None:
    made = run([50.0, 50.0], 60.0, 0.1, [30.0, 30.0])
    assert made["interest"] == [6.0, 3.0]
    assert made["principal"] == [30.0, 30.0]
    assert made["distribution"] == [14.0, 17.0]
    assert made["closing"] == [30.0, 0.0]


def test_the_reserve_pays_what_cash_cannot_and_is_filled_again() -> None:
    made = run([10.0, 80.0, 80.0], 60.0, 0.1, [20.0] * 3, dsra_opening=30.0, dsra_periods=1)
    assert made["principal"][0] == 20.0
    # 16 of the 26 due came from the reserve; 24 is the service of the next period
    assert made["dsra"][0] == pytest.approx(14.0)
    assert made["dsra"][1] == pytest.approx(22.0)
    assert made["distribution"][1] == pytest.approx(80.0 - 24.0 - 8.0)
    assert made["distribution"][2] == pytest.approx(80.0 - 22.0 + 22.0)


def test_unpaid_interest_is_capitalised_and_unpaid_principal_is_in_arrears() -> None:
    made = run([4.0, 100.0], 100.0, 0.1, [10.0, 10.0])
    assert made["interest"] == pytest.approx([4.0, 10.6])
    assert made["unpaid"] == pytest.approx([16.0, 0.0])
    assert made["closing"] == pytest.approx([106.0, 86.0])
    assert made["principal"] == pytest.approx([0.0, 20.0])


def test_negative_cash_is_met_from_the_reserve_and_then_by_someone_else() -> None:
    made = run([-25.0], 100.0, 0.1, [10.0], dsra_opening=20.0)
    assert made["gap"] == [5.0]
    assert made["dsra"] == [0.0]


def test_the_equity_cure_pays_after_the_reserve_until_it_is_spent() -> None:
    made = run([-25.0, 15.0, 60.0], 100.0, 0.1, [10.0, 10.0, 10.0], dsra_opening=20.0, liquidity=30)
    # 20 of the hole came from the reserve and 5 from the cure; 20 more pay the first service;
    # the second, 19, finds 15 in cash and 4 of the 5 that are left
    assert made["gap"] == [0.0, 0.0, 0.0]
    assert made["unpaid"] == [0.0, 0.0, 0.0]
    assert made["closing"] == [90.0, 80.0, 70.0]
    short = run(
        [-25.0, 13.0, 60.0], 100.0, 0.1, [10.0, 10.0, 10.0], dsra_opening=20.0, liquidity=30
    )
    assert short["unpaid"] == pytest.approx([0.0, 1.0, 0.0])


def test_cash_is_trapped_below_the_lock_up_and_released_above() -> None:
    made = run([25.0, 60.0], 100.0, 0.1, [10.0, 10.0], lockup=1.5)
    assert made["trap"] == [5.0, 0.0]
    assert made["distribution"] == pytest.approx([0.0, 60.0 + 5.0 - 19.0])


def test_the_sweep_prepays_the_last_instalments_and_ends_the_loan() -> None:
    made = run([60.0, 60.0, 60.0], 100.0, 0.0, [20.0] * 3, sweep=1.0, dsra_opening=5.0)
    assert made["sweep"] == [45.0, 15.0, 0.0]
    assert made["closing"] == [35.0, 0.0, 0.0]
    assert made["distribution"] == [0.0, 25.0, 60.0]
    assert made["dscr"][2] == CellError("#N/A")


def test_a_sculpted_schedule_is_repaid_to_the_cent() -> None:
    rng = np.random.default_rng(4)
    for n in (12, 60, 120):
        cash = rng.uniform(1e5, 9e6, n)
        debt, table = sculpture(cash, 1.3, 0.09 / 12)
        made = run(cash, debt, 0.09 / 12, np.maximum(0.0, table[:, 2]), lockup=5.0)
        assert made["closing"][-1] == 0.0
        assert made["trap"][-1] == 0.0


def test_cover_equal_to_the_lock_up_but_for_rounding_is_not_locked() -> None:
    cash = np.random.default_rng(6).uniform(7e6, 9e6, 240)
    debt, table = sculpture(cash, 1.2, 0.09 / 12, 1e6)
    made = run(cash, debt, 0.09 / 12, table[:, 2], lockup=1.2)
    assert min(made["dscr"]) < 1.2
    assert not any(made["trap"])


@given(
    st.floats(0.01, 0.3),
    st.lists(st.floats(-40, 20), min_size=1, max_size=24),
)
def test_a_draw_is_lent_and_a_loan_repaid_in_full_earns_its_rate(
    rate: float, repaid: list[float]
) -> None:
    """Interest on what is owed and all of it back: the yield is the rate, whatever is drawn."""
    terms = {"loan": 100.0, "rate": rate, "balloon": 0.0, "fee": 0.0}
    scheduled, owed = [], 100.0
    for amount in repaid:
        scheduled.append(min(amount, owed / 2))
        owed -= scheduled[-1]
    cash = [1e6] * (len(scheduled) + 1)
    scheduled.append(owed)
    found = call("XLC_REPAYMENT", terms, scheduled, cash, None, None, None, "irr")
    assert found == pytest.approx((1 + rate / 12) ** 12 - 1, rel=1e-9)
    balances = call("XLC_REPAYMENT", terms, scheduled, cash, None, None, None, "series")
    left = 100.0
    for amount, (balance,) in zip(scheduled, balances, strict=True):
        left -= amount
        assert balance == pytest.approx(left, abs=1e-9)


@given(st.lists(st.floats(-5, 60), min_size=8, max_size=8), st.integers(1, 4), st.integers(1, 6))
def test_the_lowest_cover_over_a_window_from_the_first_test(
    cash: list[float], window: int, first: int
) -> None:
    """By the rows of the waterfall: what is due is what was paid and what was not."""
    terms = {"loan": 100.0, "rate": 0.1, "sweep": 0.5, "dsra_opening": 10.0, "dsra_periods": 1}
    accounts = {name: value for name, value in terms.items() if name not in ("loan", "rate")}
    made = run(cash, 100.0, 0.1 / 12, [12.5] * 8, **accounts)
    due = [
        sum(row) for row in zip(made["interest"], made["principal"], made["unpaid"], strict=True)
    ]
    covers = []
    opening = [100.0, *made["closing"]]
    for end in range(first, 9):
        if opening[end - 1] == 0:  # repaid: nothing is tested any more
            break
        months = range(max(first, end - window + 1), end + 1)
        if (service := sum(due[k - 1] for k in months)) > 1e-9:
            covers.append(sum(cash[k - 1] for k in months) / service)
    asked = (terms, [12.5] * 8, cash, None, None, None, "min_dscr", window, first)
    if covers:
        assert call("XLC_REPAYMENT", *asked) == pytest.approx(min(covers), rel=1e-9, abs=1e-12)
    else:
        with pytest.raises(CellError, match="no period that is tested"):
            call("XLC_REPAYMENT", *asked)


PATHS = st.lists(st.tuples(st.floats(-5, 60), st.floats(0, 20)), min_size=8, max_size=8)


SCHEDULED = st.sampled_from(["min_scheduled_dscr", "min_forward_dscr"])


@given(PATHS, st.integers(1, 4), st.integers(1, 6), SCHEDULED, st.floats(0, 1))
def test_more_cash_never_lowers_the_cover_of_the_scheduled_service(
    steps: list[tuple[float, float]], window: int, first: int, measure: str, sweep: float
) -> None:
    """With a lock-up or with a sweep; enforced or not, arrears or not."""
    less = [cash for cash, _ in steps]
    more = [cash + further for cash, further in steps]
    accounts = {"dsra_opening": 10.0, "dsra_periods": 1, "sweep": sweep}
    for keeps in (accounts, accounts | {"sweep": 0.0, "lockup": 1.3}):
        terms = {"loan": 100.0, "rate": 0.9, "balloon": 20.0} | keeps
        lower, higher = (
            _scheduled_cover(terms, cash, measure, window, first) for cash in (less, more)
        )
        assert higher is None or (lower is not None and lower <= higher + 1e-12)


def _scheduled_cover(
    terms: dict[str, float], cash: list[float], measure: str, *tests: Any
) -> float | None:
    """None where nothing is tested: the loan is repaid before."""
    path = (terms, [10.0] * 8, cash, None, None, None)
    try:
        return float(call("XLC_REPAYMENT", *path, measure, *tests))
    except CellError:
        return None
