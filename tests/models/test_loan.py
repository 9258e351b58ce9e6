"""The loan engine against an independent reading of its rules, and against what must hold."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles.deals import Deal, accelerating, dated, kept, prepaying, random_deal
from tests.oracles.loan_path import Path
from xlcredit.models import loan

#: Columns of the independent program, and what the engine calls them.
FLOWS = {
    "interest": "interest",
    "principal": "principal",
    "capitalised": "capitalised",
    "unpaid": "unpaid",
    "gap": "gap",
    "swept": "sweep",
    "topped_up": "topped_up",
    "coin_repaid": "coin_repaid",
    "distribution": "distribution",
    "dscr": "dscr",
}
ACCOUNTS = {"balance": "closing", "reserve": "dsra", "trapped": "trap"}
ENDS = ("exposure", "recovered", "loss", "surplus", "liquidity", "coin_units", "balance")
COUNTS = ("end_period", "first_missed", "calls", "first_call", "sales")


def played(deal: Deal, form: Any = float) -> tuple[loan.State, list[loan.Flow], loan.Terms, Any]:
    """Run a deal; ``form`` makes a float (one path) or an array (many) of each figure."""
    terms = loan.Terms(**deal.terms)
    plan = loan.Plan.of(terms, deal.scheduled, deal.rates, deal.prepayment)
    nothing = [0.0] * (plan.periods + 1)
    coin, gpu = deal.coin or nothing, deal.gpu or nothing
    state = loan.State.start(terms, form(coin[0]), form(gpu[0]))
    flows = []
    for k in range(1, plan.periods + 1):
        cash = None if deal.cfads is None else form(deal.cfads[k - 1])
        flows.append(loan.step(state, terms, plan, k, cash, form(coin[k]), form(gpu[k])))
    return state, flows, terms, plan


def close(got: Any, expected: Any) -> bool:
    expected = math.nan if expected is None else float(expected)
    got = float(np.asarray(got).reshape(-1)[-1])
    if math.isnan(got) or math.isinf(got):
        return (math.isnan(got) and math.isnan(expected)) or got == expected
    return abs(got - expected) <= 1e-9 * max(1.0, abs(expected))


@pytest.mark.parametrize("form", [float, lambda x: np.full(2, x)], ids=["one path", "many"])
@pytest.mark.parametrize("draw", [random_deal, prepaying, accelerating, kept])
@pytest.mark.parametrize("start", range(0, 300, 50))
def test_an_independent_program_agrees(start: int, draw: Callable[[int], Deal], form: Any) -> None:
    for seed in range(start, start + 50):
        deal = draw(seed)
        path = Path(
            *(deal.terms, deal.scheduled, deal.cfads, deal.coin, deal.gpu),
            *(deal.rates, deal.prepayment),
        ).run()
        state, flows, terms, plan = played(deal, form)
        for k, (flow, row) in enumerate(zip(flows, path.rows, strict=True), 1):
            if deal.cfads is not None or k <= path.end:
                wrong = [n for n, c in FLOWS.items() if not close(getattr(flow, n), row[c])]
                assert not wrong, (deal.name, k)
        last = path.rows[-1]
        wrong = [n for n, c in ACCOUNTS.items() if not close(getattr(state, n), last[c])]
        figures = path.figures()
        wrong += [name for name in ENDS if not close(getattr(state, name), figures[name])]
        wrong += [name for name in COUNTS if not close(getattr(state, name), figures[name] or 0)]
        assert not wrong, deal.name
        assert loan.STATUS[int(np.max(state.status))] == path.status
        assert close(state.max_ltv, path.max_ltv), deal.name
        assert close(loan.unpaid(state, terms, plan), path.unpaid), deal.name


@pytest.mark.parametrize("start", range(0, 200, 100))
def test_payment_dates_and_triggers_are_those_of_an_independent_program(start: int) -> None:
    met = dict.fromkeys(("unpaid", "swept", "distribution", "gap", "trapped"), 0.0)
    for seed in range(start, start + 100):
        deal = dated(seed)
        given = (deal.terms, deal.scheduled, deal.cfads, deal.coin, None, deal.rates)
        path = Path(*given, deal.prepayment).run()
        terms = loan.Terms(**deal.terms)
        plan = loan.Plan.of(terms, deal.scheduled, deal.rates, deal.prepayment, deal.coin[1:])
        state, flows, accounts = loan.trace(terms, plan, deal.cfads)
        for k, (flow, row) in enumerate(zip(flows, path.rows, strict=True), 1):
            wrong = [n for n, c in FLOWS.items() if not close(getattr(flow, n), row[c])]
            names = zip(ACCOUNTS.values(), accounts[k - 1], strict=True)
            wrong += [c for c, held in names if not close(held, row[c])]
            assert not wrong, (deal.name, k)
            if not plan.pays(k):
                assert k == 1 or accounts[k - 1] == accounts[k - 2]
            for name in met:
                met[name] += getattr(flow, name, 0.0)
            met["trapped"] += accounts[k - 1][2]
        figures = path.figures()
        wrong = [name for name in ENDS if not close(getattr(state, name), figures[name])]
        wrong += [name for name in COUNTS if not close(getattr(state, name), figures[name] or 0)]
        assert not wrong and loan.STATUS[state.status] == path.status, deal.name
    assert all(met.values()), met


def test_cash_that_is_kept_for_principal_pays_it() -> None:
    """30 a month pay interest and 75 every third month, from the first to the last."""
    terms = loan.Terms(loan=300.0, rate=0.12, lockup=1.1)
    due, cash = [0.0, 0.0, 75.0] * 4, [30.0] * 12
    ends = {}
    for every in (1.0, 3.0):
        held = replace(terms, principal_periods=every)
        end, flows, _ = loan.trace(held, loan.Plan.of(held, due), cash)
        ends[every] = end.first_missed, [k for k, f in enumerate(flows, 1) if f.distribution]
    assert ends[1.0][0] == 3
    # 84 are due in the first three months, 81.75 in the next, and 1.1 times that is 89.9
    assert ends[3.0] == (0, [6, 9, 12])


def test_the_random_deals_meet_every_event() -> None:
    ends, met = set(), {"calls": 0, "sales": 0, "first_missed": 0, "topped_up": 0.0, "gap": 0.0}
    for seed in range(300):
        state, flows, _, _ = played(random_deal(seed))
        ends.add(loan.STATUS[state.status])
        for name in met:
            met[name] += sum(getattr(f, name) for f in flows) if hasattr(flows[0], name) else 0
            met[name] += getattr(state, name, 0)
    assert ends == set(loan.STATUS)
    assert all(met.values()), met


@given(st.integers(0, 10**9), st.sampled_from([random_deal, prepaying, accelerating, kept]))
def test_no_dollar_is_made_or_lost(seed: int, draw: Callable[[int], Deal]) -> None:
    """The identity of each period, recomputed from the states before and after it."""
    deal = draw(seed)
    if deal.cfads is None:
        return
    terms = loan.Terms(**deal.terms)
    plan = loan.Plan.of(terms, deal.scheduled, deal.rates, deal.prepayment)
    nothing = [0.0] * (plan.periods + 1)
    coin, gpu = deal.coin or nothing, deal.gpu or nothing
    state = loan.State.start(terms, coin[0], gpu[0])
    for k in range(1, plan.periods + 1):
        before = {n: getattr(state, n) for n in ("balance", "reserve", "trapped", "liquidity")}
        open_coins, was = state.coin_units, state.status
        flow = loan.events(state, terms, plan, k, deal.cfads[k - 1], coin[k], gpu[k])
        proceeds = surplus = lost = recovered = 0.0
        if flow.enforced:
            cards = loan.card_proceeds(terms, gpu[k])
            proceeds = state.coin_units * coin[k] * (1 - terms.coin_slippage) + cards
            loan.enforce(state, terms, flow, coin[k], cards)
            recovered, surplus, lost = state.recovered, state.surplus, state.loss
        sold = (open_coins - state.coin_units) * coin[k] * (1 - terms.coin_slippage)
        assert flow.coin_repaid == pytest.approx(sold, rel=1e-9, abs=1e-9)
        sources = deal.cfads[k - 1] + before["trapped"] + before["reserve"] + flow.gap
        sources += before["liquidity"] - state.liquidity + flow.coin_repaid + proceeds
        uses = flow.interest + flow.principal + flow.swept + flow.topped_up + flow.coin_repaid
        uses += flow.distribution + state.trapped + state.reserve + recovered + surplus
        assert sources == pytest.approx(uses, rel=1e-11, abs=1e-9), k
        moved = flow.capitalised - flow.principal - flow.swept - flow.topped_up - flow.coin_repaid
        expected = before["balance"] + moved - recovered - lost
        assert state.balance == pytest.approx(expected, rel=1e-11, abs=1e-9), k
        assert 0.0 <= state.arrears <= state.balance
        if was != loan.PERFORMING:
            assert state.balance == state.reserve == state.trapped == 0.0


def deals_on_one_loan(count: int, periods: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    coin = 100.0 * np.exp(np.cumsum(rng.normal(-0.01, 0.15, (periods + 1, count)), axis=0))
    gpu = 13.0 * np.exp(np.cumsum(rng.normal(-0.02, 0.05, (periods + 1, count)), axis=0))
    coin[0], gpu[0] = 100.0, 13.0
    return coin, gpu, rng.normal(1.4, 0.8, (periods, count))


TERMS = {
    "loan": 50.0,
    "rate": 0.12,
    "coin_units": 0.5,
    "gpu_units": 4.0,
    "coin_haircut": 0.05,
    "call_ltv": 0.75,
    "cure_ltv": 0.6,
    "liquidation_ltv": 0.85,
    "cure_periods": 1.0,
    "liquidity": 6.0,
    "coin_slippage": 0.03,
    "gpu_recovery": 0.6,
    "grace_periods": 1.0,
    "dsra_opening": 2.0,
    "dsra_periods": 2.0,
    "sweep": 0.4,
    "lockup": 1.2,
}


def test_paths_run_together_as_they_run_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """To the last bit, whatever the block; a path alone is computed in floats."""
    monkeypatch.setattr(loan, "BLOCK", 128)
    coin, gpu, cash = deals_on_one_loan(400, 24)
    terms = loan.Terms(**TERMS)
    plan = loan.Plan.of(terms, [0.5] * 24)
    together = loan.run(terms, plan, cash, coin, gpu)
    assert set(together.status.tolist()) == set(range(len(loan.STATUS))) - {loan.REPAID}
    for i in range(0, 400, 7):
        deal = Deal(TERMS, [0.5] * 24, *(a[:, i].tolist() for a in (cash, coin, gpu)))
        alone = played(deal)[0]
        for name in loan.State.__slots__:
            if name != "ops":
                assert getattr(together, name)[i] == getattr(alone, name), name


def test_proceeds_can_come_from_a_market_that_others_sell_into_too() -> None:
    coin, gpu, _ = deals_on_one_loan(200, 24)
    terms = loan.Terms(**TERMS)
    plan = loan.Plan.of(terms, [0.5] * 24)
    alone, shared = (loan.State.start(terms, coin[0], gpu[0]) for _ in range(2))
    for k in range(1, 25):
        loan.step(alone, terms, plan, k, None, coin[k], gpu[k])
        flow = loan.events(shared, terms, plan, k, None, coin[k], gpu[k])
        loan.enforce(shared, terms, flow, coin[k], 0.5 * loan.card_proceeds(terms, gpu[k]))
    assert np.array_equal(alone.status, shared.status)
    enforced = alone.status == loan.LIQUIDATED
    assert np.all(shared.loss[enforced] >= alone.loss[enforced])
    assert shared.loss.sum() > alone.loss.sum()


# --- ties ---------------------------------------------------------------------------------------


def test_an_ltv_at_its_level_fires_however_it_was_computed() -> None:
    rng = np.random.default_rng(8)
    missed = 0
    for _ in range(3000):
        level = round(float(rng.uniform(0.3, 0.9)), 2)
        units, price = round(float(rng.uniform(1, 900)), 3), round(float(rng.uniform(1, 9e4)), 2)
        terms = loan.Terms(
            loan=level * units * price,
            coin_units=units,
            call_ltv=level,
            cure_ltv=level / 2,
            liquidation_ltv=level,
        )
        state = loan.State.start(terms, 2.0 * price)
        loan.step(state, terms, loan.Plan.of(terms, [0.0]), 1, None, price)
        missed += state.status != loan.LIQUIDATED
    assert missed == 0


@pytest.mark.parametrize(
    ("cash", "missed"), [(11.0 * (1 - 1e-13), 0), (11.0 * (1 - 1e-11), 1), (11.0, 0)]
)
def test_what_is_paid_to_twelve_digits_is_paid(cash: float, missed: int) -> None:
    terms = loan.Terms(loan=100.0, rate=0.01, periods_per_year=1, grace_periods=0)
    state = loan.State.start(terms)
    flow = loan.step(state, terms, loan.Plan.of(terms, [10.0, 90.0]), 1, cash)
    assert (state.first_missed, flow.unpaid > 0) == (missed, bool(missed))


def test_a_balance_that_is_rounding_is_repaid() -> None:
    terms = loan.Terms(loan=0.1 + 0.2, rate=0.0)
    state = loan.State.start(terms)
    plan = loan.Plan.of(terms, [0.1, 0.2])
    for k in (1, 2):
        loan.step(state, terms, plan, k, 1.0)
    assert (state.status, state.balance) == (loan.REPAID, 0.0)


# --- one event at a time ------------------------------------------------------------------------


def test_repayment_comes_before_every_test_of_the_collateral() -> None:
    deal = Deal(TERMS | {"grace_periods": 0}, [50.0], None, [100.0, 0.0], [13.0, 0.0])
    state = played(deal)[0]
    assert (loan.STATUS[state.status], state.loss) == ("repaid", 0.0)


def test_a_miss_within_the_grace_is_forgiven_and_one_beyond_it_is_not() -> None:
    def status(grace: float | None, cash: list[float]) -> tuple[str, int]:
        terms = {"loan": 40.0, "rate": 0.0} | ({} if grace is None else {"grace_periods": grace})
        state = played(Deal(terms, [10.0] * 4, cash))[0]
        return loan.STATUS[state.status], state.end_period

    assert status(1.0, [0.0, 20.0, 0.0, 30.0]) == ("repaid", 4)
    assert status(1.0, [0.0, 0.0, 30.0, 30.0]) == ("payment_default", 2)
    assert status(9.0, [10.0, 10.0, 10.0, 9.0]) == ("payment_default", 4)
    assert status(None, [0.0, 0.0, 0.0, 0.0]) == ("performing", 4)


def test_what_stays_unpaid_without_a_default_is_told() -> None:
    state, _, terms, plan = played(Deal({"loan": 40.0, "rate": 0.0}, [10.0] * 4, [8.0] * 4))
    assert loan.unpaid(state, terms, plan) == pytest.approx(8.0)
    # a balloon is refinanced; capitalised interest above it is not
    terms_two = {"loan": 100.0, "rate": 0.12, "balloon": 90.0}
    state, _, terms, plan = played(Deal(terms_two, [5.0, 5.0], [5.0, 5.0]))
    assert loan.unpaid(state, terms, plan) == pytest.approx(state.balance - 90.0)


def test_reserve_target_is_the_sum_of_the_services_ahead() -> None:
    terms = loan.Terms(loan=60.0, rate=0.1, periods_per_year=1, dsra_periods=2)
    plan = loan.Plan.of(terms, [20.0, 20.0, 30.0])
    # services 6 + 20, 4 + 20, 2 + 20: the last instalment is capped at the balance
    assert plan.targets == pytest.approx([46.0, 22.0, 0.0])
    assert plan.balloon == 0.0


def test_a_call_that_takes_all_the_coin_leaves_no_collateral() -> None:
    """Half of a sale is lost: all coin goes, half the loan stays, on nothing; nobody is warned."""
    terms = loan.Terms(
        loan=100.0, rate=0.0, coin_units=1.0, coin_slippage=0.5, call_ltv=0.9, cure_ltv=0.6,
        liquidation_ltv=1.5,
    )  # fmt: skip
    prices = np.repeat([[120.0], [105.0]], 2, axis=1)
    state = loan.run(terms, loan.Plan.of(terms, [0.0]), coin_prices=prices)
    assert state.status.tolist() == [loan.LIQUIDATED] * 2
    assert state.loss.tolist() == [100.0 - 0.5 * 105.0] * 2


@pytest.mark.parametrize("without", ["coin", "gpu"])
def test_a_price_that_is_not_given_is_nothing(without: str) -> None:
    coin, gpu, cash = deals_on_one_loan(60, 24)
    terms = loan.Terms(**TERMS)
    plan = loan.Plan.of(terms, [0.5] * 24)
    given = {"coin": coin, "gpu": gpu}
    named, zero = (given | {without: none} for none in (None, 0.0 * coin))
    one, other = (loan.run(terms, plan, cash, *prices.values()) for prices in (named, zero))
    assert np.any(one.status != loan.PERFORMING)
    for name in ("status", "recovered", "loss", "max_ltv", "coin_units", "calls"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
