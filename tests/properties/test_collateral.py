"""What finance says about loans against coin and GPUs, whatever the numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from xlcredit.errors import CellError
from xlcredit.functions import call

MONEY = st.floats(1.0, 1e9)
VALUE = st.floats(1.0, 100.0)
LTV = st.floats(0.05, 2.0)
MONTHS = st.floats(0.05, 60.0)
VOL = st.floats(0.01, 1.5)
CORRELATION = st.one_of(st.floats(-1.0, 1.0), st.sampled_from([-1.0, -0.999999, 0.0, 1.0]))
DRIFT = st.floats(-0.5, 0.3)
#: months, coin_vol, gpu_vol, correlation, coin_drift, gpu_drift
DYNAMICS = st.tuples(MONTHS, VOL, VOL, CORRELATION, DRIFT, DRIFT)


def value_or_error(name: str, *arguments: Any) -> Any:
    try:
        return call(name, *arguments)
    except CellError as error:
        return error


# --- triggers and cures -----------------------------------------------------------------------


@given(MONEY, MONEY, MONEY, LTV)
def test_drops_reproduce_the_trigger(loan, coin, gpu, trigger) -> None:
    value, worth_at_trigger = coin + gpu, loan / trigger
    both = call("XLC_TRIGGER_DROP", loan, coin, gpu, trigger)
    assert (1.0 - both) * value == pytest.approx(worth_at_trigger, rel=1e-12, abs=1e-12 * value)
    for measure, moved in (("coin", coin), ("gpu", gpu)):
        drop = value_or_error("XLC_TRIGGER_DROP", loan, coin, gpu, trigger, measure)
        if isinstance(drop, CellError):
            # out of reach: what is left suffices for the loan
            assert worth_at_trigger < (value - moved) * (1 + 1e-9)
        else:
            left = value - drop * moved
            assert left == pytest.approx(worth_at_trigger, rel=1e-12, abs=1e-12 * value)


@given(MONEY, st.floats(0.01, 1e5), MONEY, LTV)
def test_the_margin_price_takes_the_ltv_to_the_trigger(loan, units, gpu, trigger) -> None:
    price = call("XLC_MARGIN_PRICE", loan, units, gpu, trigger)
    assert price >= 0.0
    found = call("XLC_DUAL_LTV", loan, units, price, gpu, 1.0)
    if price > 0.0:
        assert found == pytest.approx(trigger, rel=1e-9)
    else:
        assert found <= trigger * (1 + 1e-12)


@given(MONEY, MONEY, MONEY, LTV, st.floats(0.0, 0.3))
def test_a_cured_ltv_is_the_target(loan, coin, gpu, target, slippage) -> None:
    cash, post, sale = (
        value_or_error("XLC_MARGIN_CURE", loan, coin, gpu, target, how, slippage)
        for how in ("cash", "coin", "sale")
    )
    if loan <= target * (coin + gpu):
        assert cash == post == sale == 0.0
        return
    assert loan - cash == pytest.approx(target * (coin + gpu), rel=1e-12, abs=1e-12 * loan)
    assert loan == pytest.approx(target * (coin + post + gpu), rel=1e-12)
    if not isinstance(sale, CellError):
        left = loan - sale * (1.0 - slippage)
        assert left == pytest.approx(target * (coin + gpu - sale), rel=1e-9, abs=1e-9 * loan)


@given(
    MONEY, st.floats(0, 1e4), st.floats(0, 1e4), st.floats(0, 2), st.floats(0, 1), st.floats(0, 2)
)
def test_a_forced_sale_never_beats_the_market(
    loan, coins, gpus, impact, haircut, gpu_impact
) -> None:
    assume(coins + gpus > 0.01)
    terms = [["coin_impact", impact], ["coin_depth", 500.0], ["gpu_haircut", haircut]]
    terms += [["gpu_impact", gpu_impact], ["gpu_depth", 300.0]]
    forced = value_or_error("XLC_LIQUIDATION_LTV", loan, coins, 10.0, gpus, 3.0, terms)
    market = call("XLC_DUAL_LTV", loan, coins, 10.0, gpus, 3.0)
    assert isinstance(forced, CellError) or forced >= market * (1 - 1e-12)
    lent = value_or_error("XLC_DUAL_LTV", loan, coins, 10.0, gpus, 3.0, 0.0, haircut)
    assert (
        isinstance(lent, CellError) or isinstance(forced, CellError) or lent <= forced * (1 + 1e-12)
    )


# --- the horizon ------------------------------------------------------------------------------


def breach(loan, coin, gpu, trigger, dynamics) -> float:
    return call("XLC_LTV_BREACH", loan, coin, gpu, trigger, *dynamics)


@given(VALUE, VALUE, VALUE, LTV, DYNAMICS, st.floats(1.0, 1.5))
def test_breach_rises_with_the_loan_and_falls_with_the_trigger(
    loan, coin, gpu, trigger, dynamics, more
) -> None:
    chance = breach(loan, coin, gpu, trigger, dynamics)
    assert 0.0 <= chance <= 1.0
    assert breach(more * loan, coin, gpu, trigger, dynamics) >= chance - 1e-11
    assert breach(loan, coin, gpu, more * trigger, dynamics) <= chance + 1e-11


@given(VALUE, VALUE, VALUE, LTV, DYNAMICS)
def test_breach_lies_between_its_bounds(loan, coin, gpu, trigger, dynamics) -> None:
    """Both below half the level is enough; either asset above the level alone prevents it."""
    months, coin_vol, gpu_vol, _, coin_drift, gpu_drift = dynamics
    chance = breach(loan, coin, gpu, trigger, dynamics)
    alone = (months, coin_vol, gpu_vol, 0.0, coin_drift, gpu_drift)
    assert chance <= breach(loan, coin, 0.0, trigger, alone) + 1e-11
    assert chance <= breach(loan, 0.0, gpu, trigger, alone) + 1e-11
    # pro rata barriers: both below implies the sum below, the sum below implies either below
    share = coin / (coin + gpu)
    one = breach(share * loan, coin, 0.0, trigger, alone)
    other = breach((1.0 - share) * loan, 0.0, gpu, trigger, alone)
    assert max(0.0, one + other - 1.0) - 1e-9 <= chance <= min(1.0, one + other) + 1e-9


@given(VALUE, VALUE, VALUE, LTV, DYNAMICS, st.floats(0.01, 100.0))
def test_money_has_no_unit_and_names_no_order(loan, coin, gpu, trigger, dynamics, scale) -> None:
    chance = breach(loan, coin, gpu, trigger, dynamics)
    scaled = breach(scale * loan, scale * coin, scale * gpu, trigger, dynamics)
    assert scaled == pytest.approx(chance, abs=2e-11)
    months, coin_vol, gpu_vol, rho, coin_drift, gpu_drift = dynamics
    swapped = (months, gpu_vol, coin_vol, rho, gpu_drift, coin_drift)
    assert breach(loan, gpu, coin, trigger, swapped) == pytest.approx(chance, abs=2e-11)


@given(VALUE, VALUE, VALUE, st.floats(0.001, 0.999), DYNAMICS)
def test_the_quantile_inverts_the_probability(loan, coin, gpu, confidence, dynamics) -> None:
    level = call("XLC_LTV_QUANTILE", loan, coin, gpu, confidence, *dynamics)
    # beside the quantile: where all is nearly certain, the last digit of the LTV is everything
    above = breach(loan, coin, gpu, level * (1 + 1e-9), dynamics)
    below = breach(loan, coin, gpu, level * (1 - 1e-9), dynamics)
    assert above - 1e-9 <= 1.0 - confidence <= below + 1e-9


@given(VALUE, VALUE, VALUE, DYNAMICS, st.floats(1.0, 2.0))
def test_shortfall_is_a_put(loan, coin, gpu, dynamics, wider) -> None:
    months, coin_vol, gpu_vol, rho, coin_drift, gpu_drift = dynamics
    short = call("XLC_SHORTFALL", loan, coin, gpu, *dynamics)
    years = months / 12.0
    mean = coin * np.exp(coin_drift * years) + gpu * np.exp(gpu_drift * years)
    slack = 1e-10 * loan
    assert max(0.0, loan - mean) - slack <= short <= loan + slack
    more = call("XLC_SHORTFALL", 1.1 * loan, coin, gpu, *dynamics)
    assert short - slack <= more <= short + 0.1 * loan + slack
    if rho >= 0.0:
        vols = (wider * coin_vol, wider * gpu_vol)
        risky = call("XLC_SHORTFALL", loan, coin, gpu, months, *vols, *dynamics[3:])
        assert risky >= short - slack
    together = call("XLC_SHORTFALL", loan, coin, gpu, months, coin_vol, gpu_vol, 1.0, *dynamics[4:])
    assert together >= short - slack


@given(VALUE, st.floats(0.01, 0.99), MONTHS, VOL, DRIFT)
def test_a_barrier_is_touched_more_often_than_ended_below(value, share, months, vol, drift) -> None:
    barrier = share * value
    touched = call("XLC_PASSAGE", value, barrier, months, vol, drift)
    ended = call("XLC_LTV_BREACH", barrier, value, 0.0, 1.0, months, vol, 0.3, 0.0, drift)
    assert ended - 1e-12 <= touched <= 1.0
    assert touched <= call("XLC_PASSAGE", value, barrier, months * 1.1, vol, drift) + 1e-12
    assert touched <= call("XLC_PASSAGE", value, barrier * 1.005, months, vol, drift) + 1e-12


@given(VALUE, VALUE, VALUE, LTV, DYNAMICS, DYNAMICS)
def test_cells_agree_with_ranges(loan, coin, gpu, trigger, one, other) -> None:
    columns = [[a, b] for a, b in zip(one, other, strict=True)]
    rows = call("XLC_LTV_BREACH", loan, coin, gpu, trigger, *columns)
    cells = [[breach(loan, coin, gpu, trigger, d)] for d in (one, other)]
    np.testing.assert_allclose(rows, cells, atol=1e-12)


# --- correlations -----------------------------------------------------------------------------


@given(st.floats(0, 1), st.floats(0, 1), st.floats(-1, 1), st.floats(-1, 1), st.floats(0.001, 0.5))
def test_stress_correlation_moves_one_way(fall, more, calm, stressed, width) -> None:
    fall, more = sorted((fall, more))
    one = call("XLC_STRESS_CORRELATION", fall, calm, stressed, 0.3, width)
    other = call("XLC_STRESS_CORRELATION", more, calm, stressed, 0.3, width)
    low, high = sorted((calm, stressed))
    assert low - 1e-12 <= one <= high + 1e-12
    assert (other - one) * (stressed - calm) >= -1e-12
    half = call("XLC_STRESS_CORRELATION", 0.3, calm, stressed, 0.3, width)
    assert half == pytest.approx((calm + stressed) / 2, abs=1e-12)


@given(st.floats(-1, 1), st.floats(1e-6, 0.999), st.floats(0.1, 0.999))
def test_a_cut_weakens_a_normal_correlation(correlation, probability, less) -> None:
    cut = call("XLC_CONDITIONAL_CORRELATION", correlation, probability)
    deeper = call("XLC_CONDITIONAL_CORRELATION", correlation, less * probability)
    assert abs(deeper) <= abs(cut) + 1e-10
    assert abs(cut) <= abs(correlation) + 1e-12
    assert cut * correlation >= 0.0


# --- the margin waterfall -----------------------------------------------------------------------

PRICES = st.lists(st.floats(1.0, 200.0), min_size=1, max_size=15)


@given(
    PRICES,
    st.floats(0.0, 0.4),
    st.floats(0.0, 30.0),
    st.integers(0, 3),
    st.floats(0.0, 3.0),
    st.floats(1e-3, 1e3),
)
def test_the_waterfall_keeps_money(later, slippage, liquidity, cure, scheduled, scale) -> None:
    def run(unit: float) -> dict[str, Any]:
        terms = [["loan", 60.0 * unit], ["rate", 0.1], ["coin_units", 1.0], ["gpu_units", 2.0]]
        terms += [["call_ltv", 0.7], ["cure_ltv", 0.55], ["liquidation_ltv", 0.9]]
        terms += [["coin_slippage", slippage], ["liquidity", liquidity * unit]]
        terms += [["cure_periods", cure], ["scheduled", scheduled * unit], ["gpu_recovery", 0.5]]
        coins = [unit * p for p in (100.0, *later)]
        return dict(call("XLC_MARGIN_WATERFALL", terms, coins, 10.0 * unit))

    end = run(1.0)
    scheduled_paid = min(scheduled * end["end_period"], 60.0)
    paid = scheduled_paid + end["topped_up"] + end["coin_sold"] * (1.0 - slippage)
    if end["status"] != "repaid":  # what an enforcement finds is its exposure
        owed = end["balance"] + end["exposure"]
        assert 60.0 - owed == pytest.approx(paid, abs=1e-9)
    assert end["topped_up"] == pytest.approx(liquidity - end["liquidity"], abs=1e-9)
    assert 0.0 <= end["loss"] <= end["exposure"]
    assert (end["exposure"] > 0.0) == (end["status"] == "liquidated")
    assert end["coin_units"] >= 0.0
    scaled = run(scale)
    for label in ("topped_up", "coin_sold", "exposure", "loss", "balance", "liquidity"):
        assert scaled[label] == pytest.approx(scale * end[label], rel=1e-6, abs=1e-9 * scale)
    assert scaled["status"] == end["status"]
