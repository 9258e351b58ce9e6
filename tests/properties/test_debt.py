"""What finance says about debt, whatever the numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from xlcredit.errors import CellError
from xlcredit.functions import call

MONEY = st.floats(1, 1e7)
RATE = st.floats(0, 0.5)
M = st.sampled_from([1, 2, 4, 12])
CASH = st.lists(st.floats(1, 1000), min_size=1, max_size=24)
ANY_CASH = st.lists(st.floats(-300, 1000), min_size=1, max_size=24)
COVER = st.floats(1.01, 3)


def table(block) -> np.ndarray:
    return np.array(block, dtype=float)


def worth(cash, rate, m) -> float:
    return float(sum(c * (1 + rate / m) ** -k for k, c in enumerate(cash, 1)))


@given(
    MONEY, RATE, st.integers(1, 60), st.sampled_from(["annuity", "level", "bullet"]),
    st.floats(0, 1), st.integers(0, 12), M,
)  # fmt: skip
def test_a_loan_is_repaid_and_its_service_is_worth_it(
    principal, rate, periods, profile, share, grace, m
) -> None:
    assume(grace < periods)
    rows = table(
        call("XLC_AMORTIZE", principal, rate, periods, profile, share * principal, grace, m)
    )
    payment, interest, repaid, closing = rows.T
    assert closing[-1] == 0
    assert np.all(closing >= 0)
    assert np.all(np.diff(closing) <= 1e-9 * principal)
    assert repaid.sum() == pytest.approx(principal, rel=1e-12)
    np.testing.assert_allclose(payment, interest + repaid, rtol=1e-12)
    assert worth(payment, rate, m) == pytest.approx(principal, rel=1e-10)


@given(ANY_CASH, COVER, RATE, st.floats(0, 500), M)
def test_a_sculpted_debt_rolls_forward_to_its_balloon(cash, cover, rate, balloon, m) -> None:
    capacity = call("XLC_DEBT_CAPACITY", cash, cover, rate, balloon, m)
    service, interest, repaid, closing = table(call("XLC_SCULPT", cash, cover, rate, balloon, m)).T
    opening = np.concatenate([[capacity], closing[:-1]])
    slack = 1e-10 * (1 + capacity)
    np.testing.assert_allclose(interest, opening * rate / m, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(opening - repaid, closing, atol=slack)
    np.testing.assert_allclose(service, interest + repaid, atol=slack)
    assert closing[-1] == balloon
    assert capacity - repaid.sum() == pytest.approx(balloon, abs=slack * len(cash))


@given(CASH, COVER, RATE, M)
def test_sculpted_cover_is_flat_and_equals_loan_life_cover(cash, cover, rate, m) -> None:
    capacity = call("XLC_DEBT_CAPACITY", cash, cover, rate, 0, m)
    service = [row[0] for row in call("XLC_SCULPT", cash, cover, rate, 0, m)]
    ratios = table(call("XLC_DSCR", [[*cash, 1.0]], [[*service, 1.0]], "series")).reshape(-1)
    np.testing.assert_allclose(ratios[:-1], cover, rtol=1e-12)
    loan_life = call("XLC_LLCR", cash, capacity, rate, len(cash), 0, m)
    assert loan_life == pytest.approx(cover, rel=1e-12)
    assert call("XLC_COVENANT", loan_life, cover) == "PASS"


@given(CASH, COVER, RATE, M, st.floats(0.01, 100))
def test_capacity_scales_with_cash_and_falls_with_cover_and_rate(
    cash, cover, rate, m, scale
) -> None:
    base = call("XLC_DEBT_CAPACITY", cash, cover, rate, 0, m)
    scaled = call("XLC_DEBT_CAPACITY", [scale * c for c in cash], cover, rate, 0, m)
    assert scaled == pytest.approx(scale * base, rel=1e-12)
    assert call("XLC_DEBT_CAPACITY", cash, cover * 1.1, rate, 0, m) < base
    assert call("XLC_DEBT_CAPACITY", cash, cover, rate + 0.01, 0, m) < base


@given(CASH, COVER, RATE, M)
def test_what_the_cash_can_carry_leaves_no_refinancing_gap(cash, cover, rate, m) -> None:
    capacity = call("XLC_DEBT_CAPACITY", cash, cover, rate, 0, m)
    assert call("XLC_REFI_GAP", capacity * (1 - 1e-12), cash, cover, rate, m) == 0
    gap = call("XLC_REFI_GAP", capacity + 10, cash, cover, rate, m)
    assert gap == pytest.approx(10, abs=1e-9 * (10 + capacity))


@given(st.lists(st.floats(0, 100), min_size=1, max_size=24), st.integers(0, 30))
def test_a_reserve_holds_the_services_to_come(service, periods) -> None:
    targets = table(call("XLC_DSRA", service, periods)).reshape(-1)
    assert len(targets) == len(service) + (1 if len(service) > 0 else 0)
    assert targets[-1] == 0
    assert targets[0] == pytest.approx(sum(service[:periods]), rel=1e-12)
    more = table(call("XLC_DSRA", service, periods + 1)).reshape(-1)
    assert np.all(more >= targets * (1 - 1e-12))


@given(CASH, RATE, M)
def test_duration_lies_within_the_life_and_gaps_are_differences(cash, rate, m) -> None:
    figures = dict(call("XLC_DURATION", cash, rate, "all", m))
    life = len(cash) / m
    assert 1 / m - 1e-12 <= figures["macaulay"] <= life + 1e-12
    assert figures["modified"] == pytest.approx(figures["macaulay"] / (1 + rate / m), rel=1e-12)
    assert 0 < figures["half_life"] <= life
    assert figures["pv"] == pytest.approx(worth(cash, rate, m), rel=1e-12)
    assert call("XLC_DURATION_GAP", cash, cash, rate, m) == 0
    at_par = call("XLC_DURATION", cash, 0, "macaulay", m)
    assert call("XLC_WAL", cash, m) == pytest.approx(at_par, rel=1e-12)
    if len(cash) > 1:
        gap = call("XLC_DURATION_GAP", cash, [*([0] * len(cash)), 1], rate, m)
        assert gap == pytest.approx((len(cash) + 1) / m - figures["macaulay"], rel=1e-10)


@given(CASH, st.floats(-0.2, 1), M, st.floats(0, 0.05), st.floats(0, 0.05), st.floats(0, 0.05))
def test_fees_raise_the_yield_and_the_yield_prices_the_loan(
    cash, rate, m, fee, oid, exit_fee
) -> None:
    principal = worth(cash, rate, m)
    plain = call("XLC_ALL_IN_YIELD", principal, cash, 0, 0, 0, m)
    assert plain == pytest.approx((1 + rate / m) ** m - 1, rel=1e-9, abs=1e-11)
    with_fees = call("XLC_ALL_IN_YIELD", principal, cash, fee, oid, exit_fee, m)
    assert with_fees >= plain - 1e-11
    i = m * np.expm1(np.log1p(with_fees) / m)
    paid = [*cash[:-1], cash[-1] + exit_fee * principal]
    assert worth(paid, i, m) == pytest.approx(principal * (1 - fee - oid), rel=1e-9)


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=40), st.integers(1, 45))
def test_a_rolling_cover_is_the_sum_over_its_window(cash, window) -> None:
    for k, (cell,) in enumerate(call("XLC_DSCR", cash, 1.0, "series", window)):
        if k + 1 < window:
            assert cell == CellError("#N/A")
        else:
            mean = math.fsum(cash[k + 1 - window : k + 1]) / window
            assert cell == pytest.approx(mean, rel=1e-9, abs=1e-11)


@given(
    ANY_CASH, MONEY.map(lambda x: x / 1e4), RATE,
    st.lists(st.floats(0, 100), min_size=24, max_size=24),
    st.fixed_dictionaries(
        {
            "dsra_opening": st.floats(0, 300),
            "dsra_periods": st.integers(0, 6),
            "sweep": st.sampled_from([0.0, 0.5, 1.0]),
            "lockup": st.sampled_from([0.0, 1.2, 2.0]),
            "periods_per_year": M,
        }
    ),
)  # fmt: skip
def test_the_waterfall_loses_no_cash(cash, balance, rate, scheduled, terms) -> None:
    scheduled = scheduled[: len(cash)]
    block = call("XLC_WATERFALL", cash, balance, rate, scheduled, terms)
    rows = [[np.nan if isinstance(x, Exception) else x for x in row] for row in block]
    rows = rows if isinstance(block[0], list) else [rows]
    interest, principal, swept, closing, dsra, trap, paid_out, dscr, unpaid, gap = table(rows).T
    slack = 1e-9 * (1 + balance + max(map(abs, cash)) * len(cash))
    before = np.concatenate([[terms["dsra_opening"]], dsra[:-1]])
    before += np.concatenate([[0], trap[:-1]])
    spent = interest + principal + swept + paid_out + trap + dsra
    np.testing.assert_allclose(cash + before + gap, spent, atol=slack)
    opening = np.concatenate([[balance], closing[:-1]])
    due = opening * rate / terms["periods_per_year"]
    np.testing.assert_allclose(opening + due - interest - principal - swept, closing, atol=slack)
    for part in (interest, principal, swept, closing, dsra, trap, paid_out, unpaid, gap):
        assert np.all(part >= -slack)
    # a cover below 0 is below a lock-up of 0
    locked = (closing > 0) & (dscr < terms["lockup"])
    assert np.all(paid_out[locked] == 0)
    assert np.all(trap[~locked] == 0)
    assert np.all(dsra[closing == 0] == 0)
