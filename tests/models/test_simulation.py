"""The simulation: path by path against a plain one, closed forms, and answers that do not move."""

from __future__ import annotations

import dataclasses
import math
import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models.test_market import first_passage
from tests.oracles import plain_simulation as plain
from tests.oracles.simulated_deals import simulated_deal
from xlcredit.functions import call
from xlcredit.models import breach, loan, simulation
from xlcredit.models.market import Walk
from xlcredit.models.simulation import Deal, Estimate, Terms, Tilt, simulate

MARGIN = {
    "loan": 60.0, "rate": 0.1, "months": 12, "coin_units": 0.5, "gpu_units": 5.0,
    "coin_price": 100.0, "gpu_price": 10.0, "coin_vol": 0.7, "gpu_vol": 0.4, "gpu_drift": -0.2,
    "correlation": 0.3, "call_ltv": 0.75, "cure_ltv": 0.6, "liquidation_ltv": 0.9,
    "cure_periods": 1, "liquidity": 3.0, "coin_slippage": 0.02, "gpu_recovery": 0.7,
}  # fmt: skip


def deal(terms: dict[str, Any], series: dict[str, Any] | None = None) -> Deal:
    given = {"scheduled": 0.0} | (series or {})
    return Deal.of(Terms(**terms), given.pop("scheduled"), **given)


def near(found: Estimate, expected: float, more: float = 0.0) -> bool:
    """Within four standard errors."""
    return abs(found.value - expected) <= 4.0 * math.hypot(found.error, more) + 1e-12


@pytest.mark.parametrize(
    ("seed", "accelerated"), [*((n, 0) for n in range(60)), *((n, 7) for n in range(0, 60, 4))]
)
def test_each_path_ends_as_in_plain_python(seed: int, accelerated: int) -> None:
    """The process's numbers, the loan written a second time: every event and every amount."""
    terms, series = simulated_deal(seed)
    terms["accelerated"] = accelerated
    made, count, first = deal(terms, series), 40, 7
    found = simulation.outcomes(made, seed, first, count, courses=True)
    t = plain.DEFAULTS | terms
    walk, rows = Walk(made.market, seed, first, count), []
    rows.append((walk.coin, walk.card, walk.rent))
    for k in range(1, made.plan.periods + 1):
        walk.step(k)
        rows.append((walk.coin, walk.card, walk.rent.copy()))
    for i in range(count):
        path = {
            "coins": [float(row[0][i]) for row in rows],
            "cards": [float(row[1][i]) for row in rows],
            "rents": [float(row[2][i]) for row in rows],
            "gone": int(walk.gone[i]),
        }
        cash = plain.cash_path(t, series, path, made.plan.periods)
        end = plain.loan_path(t, series["scheduled"], cash, path)
        assert loan.STATUS[found.status[i]] == end["status"], i
        assert (found.end_period[i], found.first_call[i]) == (end["end"], end["first_call"]), i
        for name in ("exposure", "recovered", "loss", "unpaid", "premium", "discounted_loss"):
            got = getattr(found, name)[i]
            assert got == pytest.approx(end[name], rel=1e-9, abs=1e-9), (i, name)
        if "call_ltv" in terms:
            assert found.max_ltv[i] == pytest.approx(end["max_ltv"], rel=1e-9)


def test_the_deals_compared_hold_every_ending() -> None:
    ends: set[int] = set()
    short = calls = 0.0
    for seed in range(60):
        found = simulation.outcomes(deal(*simulated_deal(seed)), seed, 7, 40)
        ends |= {*found.status.tolist()}
        short += float(np.sum(found.unpaid))
        calls += float(np.sum(found.first_call))
    assert ends == {0, 1, 2, 3} and short > 0.0 and calls > 0.0


# --- closed forms ---------------------------------------------------------------------------


def test_one_step_is_the_exact_breach_and_shortfall() -> None:
    whole = {"gpu_recovery": 1.0, "coin_slippage": 0.0, "liquidation_ltv": 0.75}
    terms = MARGIN | whole | {"months": 6, "periods_per_year": 2, "correlation": -0.2}
    found = simulate(deal(terms), 400_000, 3).figures
    args = (60.0, 50.0, 50.0)
    how = (0.5, 0.7, 0.4, -0.2, 0.0, -0.2)
    expected = float(breach.breach_probability(*args, 0.75, *how))
    assert near(found["liquidation_probability"], expected)
    # nothing is called or cured at a level of enforcement
    assert found["call_probability"].value == 0.0
    assert near(found["expected_loss"], float(breach.shortfall(*args, *how)))


def test_a_call_on_one_asset_is_first_passage() -> None:
    """Coin alone, monthly: a call is the first date at or below the barrier."""
    levels = {"call_ltv": 0.8, "cure_ltv": 0.7, "liquidation_ltv": 2.0, "liquidity": 100.0}
    coin = {"coin_units": 1.0, "coin_price": 100.0, "coin_vol": 0.6}
    terms = {"loan": 60.0, "months": 12} | coin | levels
    found = simulate(deal(terms), 200_000, 5)
    expected = first_passage(0.6, 0.75, 12, 1.0)
    assert near(found.figures["call_probability"], expected)
    assert found.by_period["first_call"].sum() == pytest.approx(
        found.figures["call_probability"].value, rel=1e-12
    )


def test_the_customer_alone_is_a_payment_default() -> None:
    """Contract cash that just pays, nothing else: the loan fails when the customer goes."""
    terms = {"loan": 100.0, "rate": 0.12, "months": 36, "hazard": 0.25, "grace_periods": 0,
             "gpu_vol": 0.3, "loss_rate": 0.04}  # fmt: skip
    made = deal(terms, {"scheduled": 1.0, "contracted": 3.0, "relet": 2.0})
    found = simulate(made, 200_000, 2)
    figures = found.figures
    assert near(figures["payment_default_probability"], -math.expm1(-0.75))
    assert figures["loss_given_default"].value == 1.0
    chance, loss, discounted, premium = 1.0, 0.0, 0.0, 0.0
    for k in range(1, 37):
        balance, factor = 101.0 - k, 1.04 ** (-k / 12)
        premium += chance * balance / 12 * factor
        stops = chance * -math.expm1(-0.25 / 12)
        # interest of the period is unpaid, too, and so is part of the exposure
        loss += stops * balance * 1.01
        discounted += stops * balance * 1.01 * factor
        chance -= stops
    assert near(figures["expected_loss"], loss)
    assert near(figures["spread"], discounted / premium)


# --- answers that do not move ---------------------------------------------------------------


@pytest.fixture(scope="module")
def busy() -> Deal:
    return deal(*simulated_deal(3))


def test_threads_do_not_change_a_bit(busy: Deal) -> None:
    paths = 3 * simulation.BLOCK + 17
    one, two, seven = (simulate(busy, paths, 4, threads=n) for n in (1, 2, 7))
    assert one.figures == two.figures == seven.figures
    np.testing.assert_array_equal(one.by_period["loss"], seven.by_period["loss"])


def test_where_no_thread_starts_the_figures_are_the_same(
    busy: Deal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in WebAssembly, in a browser and out of it."""
    deals, paths = [busy, dataclasses.replace(busy)], 2 * simulation.BLOCK + 5
    expected = simulation.sweep(deals, "expected_loss", 500), simulate(busy, paths, threads=4)

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    monkeypatch.setattr(simulation, "_ALONE", True)
    found = simulation.sweep(deals, "expected_loss", 500), simulate(busy, paths, threads=4)
    assert found[0] == expected[0]
    assert found[1].figures == expected[1].figures


def test_a_path_does_not_depend_on_how_many_there_are(busy: Deal) -> None:
    whole = simulation.outcomes(busy, 9, 0, 300, courses=True)
    part = simulation.outcomes(busy, 9, 120, 50, courses=True)
    for name, values in vars(part).items():
        np.testing.assert_array_equal(values, getattr(whole, name)[..., 120:170], err_msg=name)


def test_going_on_is_the_same_as_going_at_once(busy: Deal) -> None:
    steps = simulation.Simulation(busy, 6, kernel="numpy")
    steps.advance(simulation.BLOCK)
    steps.advance(1000)
    assert steps.result().figures == simulate(busy, simulation.BLOCK + 1000, 6).figures


# --- what must hold on every path -----------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**9), st.integers(0, 2**53))
def test_the_lender_s_cash_is_what_left_the_balance(deal_seed: int, seed: int) -> None:
    """Without interest: the loan is the lender's cash, the loss and what stays unpaid."""
    terms, series = simulated_deal(deal_seed)
    terms["rate"] = 0.0
    found = simulation.outcomes(deal(terms, series), seed, 0, 300, courses=True)
    assert found.cash is not None
    total = found.cash.sum(axis=0) + found.loss + found.unpaid
    np.testing.assert_allclose(total, 100.0, rtol=1e-11)
    assert np.all((found.loss >= 0.0) & (found.loss <= found.exposure))
    np.testing.assert_allclose(found.recovered + found.loss, found.exposure, rtol=1e-12)


@pytest.mark.parametrize("seed", range(0, 30, 2))
def test_a_path_is_what_the_worksheet_function_says_of_it(seed: int) -> None:
    """The prices and the cash of one path, given to XLC_REPAYMENT."""
    terms, series = simulated_deal(seed)
    made = deal(terms, series)
    labels = {field.name for field in dataclasses.fields(loan.Terms)}
    block = [[k, v] for k, v in terms.items() if k in labels]
    walk = Walk(made.market, 11, 0, 4, rents=True)
    coins, cards, cash = [walk.coin], [walk.card], []
    for k in range(1, made.plan.periods + 1):
        walk.step(k)
        coins.append(walk.coin)
        cards.append(walk.card)
        cash.append(made.cash(k, walk))
    found = simulation.outcomes(made, 11, 0, 4)
    for i in range(4):
        flows = None if cash[0] is None else [float(c[i]) for c in cash if c is not None]
        paths = [[float(row[i]) for row in rows] for rows in (coins, cards)]
        rows = dict(call("XLC_REPAYMENT", block, series["scheduled"], flows, *paths))
        assert rows["status"] == loan.STATUS[found.status[i]]
        assert rows["end_period"] == found.end_period[i]
        for name in ("exposure", "recovered", "loss", "unpaid"):
            assert rows[name] == pytest.approx(getattr(found, name)[i], rel=1e-12, abs=1e-12)


WORSE = [
    ("coin_haircut", 0.15, "call_probability"),
    ("gpu_haircut", 0.15, "call_probability"),
    ("gpu_recovery", 0.3, "expected_loss"),
    ("coin_slippage", 0.2, "expected_loss"),
    ("coin_vol", 0.9, "expected_loss"),
    ("coin_vol", 0.9, "call_probability"),
    ("gpu_drift", -0.5, "expected_loss"),
    ("correlation", 0.9, "expected_loss"),
    ("correlation", 0.9, "call_probability"),
    ("correlation", 0.9, "shortfall_p99"),
    ("liquidity", 0.0, "liquidation_probability"),
    ("jump_intensity", 2.0, "expected_loss"),
]


@pytest.mark.parametrize(("label", "worse", "figure"), WORSE)
def test_a_worse_deal_is_worse(label: str, worse: float, figure: str) -> None:
    """Common random numbers: the difference is not noise."""
    base = MARGIN | {"loan": 40.0, "coin_jump": -0.3, "gpu_jump": -0.2}
    good, bad = (simulate(deal(terms), 60_000).figures for terms in (base, base | {label: worse}))
    assert bad[figure].value > good[figure].value


@pytest.mark.parametrize("figure", ["expected_loss", "loss_given_default"])
def test_a_thinner_market_costs_more(figure: str) -> None:
    sale = {"gpu_impact": 0.6, "sale_days": 30, "gpu_recovery": 1.0}
    losses = [
        simulate(deal(MARGIN | sale | {"gpu_depth": depth}), 40_000).figures[figure].value
        for depth in (1.0, 0.1, 0.01)
    ]
    assert losses[0] < losses[1] < losses[2]


def test_customers_that_walk_from_dear_contracts_cost_the_lender() -> None:
    terms = MARGIN | {"hazard": 0.15, "gpu_vol": 0.5, "grace_periods": 1}
    series = {"scheduled": 2.0, "contracted": 2.8, "relet": 2.2}
    losses = [
        simulate(deal(terms | {"hazard_elasticity": e}, series), 60_000).figures["expected_loss"]
        for e in (0.0, 1.0, 2.0)
    ]
    assert losses[0].value < losses[1].value < losses[2].value


# --- figures --------------------------------------------------------------------------------


def test_the_fan_is_in_order_and_the_cash_adds_up() -> None:
    found = simulate(deal(MARGIN), 5000, courses=True)
    fan = found.fan()
    assert fan.shape == (12, 5)
    assert np.all(np.diff(fan, axis=1) >= 0.0)
    cash = found.lender_cash()
    assert len(cash) == 12
    total = sum(each.value for each in cash)
    interest = found.by_period["loss"].sum()
    assert total > 60.0 - interest


def test_the_fan_ends_with_the_last_loan() -> None:
    """Repaid after three months: from then on no LTV is tested, and none is made up."""
    fan = simulate(deal(MARGIN, {"scheduled": [20.0] * 3 + [0.0] * 9}), 500, courses=True).fan()
    assert fan.shape == (12, 5)
    assert np.all(np.isfinite(fan[:2])) and np.all(np.isnan(fan[2:]))


def test_what_was_not_recorded_is_not_made_up() -> None:
    found = simulate(deal(MARGIN), 100)
    with pytest.raises(ValueError, match="courses=True"):
        found.fan()
    with pytest.raises(ValueError, match="courses=True"):
        found.lender_cash()


def test_without_levels_there_is_no_ltv() -> None:
    found = simulate(deal({"loan": 10.0, "months": 12}, {"scheduled": 1.0}), 100).figures
    assert found["repaid_probability"].value == 1.0 - 1.0 * (10.0 - 12.0 > 0.0)
    assert math.isnan(found["max_ltv_p95"].value) and math.isnan(found["loss_given_default"].value)
    assert found["spread"] == (0.0, 0.0)


def test_a_tilt_finds_the_same_figures_with_less_noise() -> None:
    terms = MARGIN | {"loan": 22.0, "cure_periods": 0, "liquidity": 0.0}
    plain_run = simulate(deal(terms), 400_000, 1).figures
    tilted = simulate(deal(terms), 50_000, 2, tilt=Tilt(-0.35, -0.2, 12)).figures
    for name in set(simulation.FIGURES) - {"repaid_probability", "max_ltv_p50"}:
        assert near(tilted[name], plain_run[name].value, plain_run[name].error), name
    assert 0.0 < plain_run["liquidation_probability"].value < 0.01
    ratio = plain_run["expected_loss"].error / tilted["expected_loss"].error
    assert ratio**2 * 8 > 5.0
