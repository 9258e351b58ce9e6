"""One period of a loan in the order of the agreement, which :mod:`xlcredit.models.loan` tells."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from xlcredit.models.loan_state import (
    LIQUIDATED,
    PAYMENT_DEFAULT,
    PERFORMING,
    REPAID,
    Flow,
    State,
    lending_value,
)
from xlcredit.models.loan_terms import Plan, Terms, card_proceeds
from xlcredit.models.ties import SAME, at_least, below

__all__ = ["enforce", "events", "step"]

#: One number for one path, or an array with one element a path.
Values = Any
Mask = Any


def step(
    state: State,
    terms: Terms,
    plan: Plan,
    k: int,
    cfads: Values | None = None,
    coin: Values = 0.0,
    gpu: Values = 0.0,
) -> Flow:
    """Take paths through period ``k``.

    Parameters
    ----------
    state : State
        Where the paths stand; changed.
    terms : Terms
        Terms of the loan.
    plan : Plan
        Its schedule.
    k : int
        The period, 1 first.
    cfads : float or ndarray, optional
        Cash flow available for debt service; service is taken to be paid without it. [USD]
    coin, gpu : float or ndarray
        Prices at the end of the period. [USD/coin, USD/unit]

    Returns
    -------
    Flow
        What moved.
    """
    flow = events(state, terms, plan, k, cfads, coin, gpu)
    if state.ops.some(flow.enforced):
        enforce(state, terms, flow, coin, card_proceeds(terms, gpu))
    return flow


def events(
    state: State,
    terms: Terms,
    plan: Plan,
    k: int,
    cfads: Values | None = None,
    coin: Values = 0.0,
    gpu: Values = 0.0,
) -> Flow:
    """Take paths through all of period ``k`` but its enforcement; as :func:`step`."""
    alive = state.status == PERFORMING
    state.end_period = state.ops.where(alive, k, state.end_period)
    flow, cash = _service(state, terms, plan, k, cfads, alive)
    if cfads is not None:
        flow.enforced = flow.defaulted = _miss(state, terms, plan, k, flow, alive)
        cash = _prepay(state, terms, plan, k, flow, cash)
        cash = _reserve_and_sweep(state, terms, plan, k, flow, cash)
    tested = (alive ^ flow.defaulted) & (state.balance > 0.0)
    if terms.call_ltv is not None and state.ops.some(tested):
        cash = _collateral(state, terms, k, flow, cash, tested, coin, gpu)
    _distribute(state, terms, plan, k, flow, cash, alive ^ flow.enforced)
    return flow


def _service(
    state: State, terms: Terms, plan: Plan, k: int, cfads: Values | None, alive: Mask
) -> tuple[Flow, Values]:
    """Steps 1 to 3: what falls due and what is paid of it; also return the cash that is left."""
    where, low, high, some = state.ops[:4]
    opening = state.balance
    interest = opening * plan.rates[k - 1]
    principal = planned = _capped(state, plan.scheduled[k - 1] + state.arrears, opening)
    if k == plan.periods and plan.bullet is not None:
        principal = _capped(state, high(planned, opening - plan.bullet), opening)
    if cfads is None:
        state.balance = _settled(state, terms, opening - principal)
        return Flow(interest, principal, 0.0, 0.0, 0.0, math.nan), state.trapped
    service = interest + planned
    earned = cfads - plan.prepayment[k - 1]  # what must prepay covers no service
    covered = service
    if plan.waits:  # the lock-up reads all since the cash was shared out
        if k > 1 and not plan.shared[k - 2]:
            earned = state.earned + earned
            scheduled = _capped(state, plan.scheduled[k - 1], opening)
            covered = where(alive, state.fallen_due + interest + scheduled, 0.0)
        state.earned, state.fallen_due = earned, covered
    dscr = where(covered > 0.0, state.ops.ratio(earned, covered), math.nan)

    cash, gap = _filled(state, cfads + state.trapped, alive)
    due = interest + principal
    paid = low(cash, due)
    cash, rest = cash - paid, due - paid
    late_interest = late_principal = 0.0
    if some(rest > 0.0):
        rest = _drawn(state, rest, alive)
        # interest comes first, so that what is missing is principal as far as it goes
        missing = where(below(due - rest, due), rest, 0.0)
        late_interest = low(high(missing - principal, 0.0), interest)
        late_interest = where(below(interest - late_interest, interest), late_interest, 0.0)
        late_principal = low(missing - late_interest, principal)
    balance = opening + late_interest - (principal - late_principal)
    state.balance = _settled(state, terms, balance)
    state.arrears = low(late_principal, state.balance)
    flow = Flow(
        interest=interest - late_interest,
        principal=principal - late_principal,
        capitalised=late_interest,
        unpaid=late_interest + late_principal,
        gap=gap,
        dscr=dscr,
        service=service,
    )
    return flow, cash


def _filled(state: State, cash: Values, alive: Mask) -> tuple[Values, Values]:
    """Fill a hole in the cash from reserve and liquidity; return the cash and the gap."""
    if not state.ops.some(cash < 0.0):
        return cash, 0.0
    hole = state.ops.high(0.0 - cash, 0.0)
    return state.ops.high(cash, 0.0), _drawn(state, hole, alive)


def _drawn(state: State, needed: Values, alive: Mask) -> Values:
    """Take what is needed from the reserve, then from liquidity; return what is missing still."""
    where, low = state.ops.where, state.ops.low
    reserve = low(needed, state.reserve)
    liquidity = where(alive, low(needed - reserve, state.liquidity), 0.0)
    state.reserve = state.reserve - reserve
    state.liquidity = state.liquidity - liquidity
    return needed - reserve - liquidity


def _capped(state: State, amount: Values, most: Values) -> Values:
    """The smaller of two amounts; all of ``most`` where they are the same."""
    return state.ops.where(at_least(amount, most), most, amount)


def _settled(state: State, terms: Terms, balance: Values) -> Values:
    """A balance that is nothing but rounding is 0."""
    return state.ops.where(balance <= SAME * terms.loan, 0.0, balance)


def _miss(state: State, terms: Terms, plan: Plan, k: int, flow: Flow, alive: Mask) -> Mask:
    """Step 4: count the misses; return where they are a payment default."""
    where, some = state.ops.where, state.ops.some
    missed = alive & (flow.unpaid > 0.0)
    if some(missed):
        first = missed & (state.first_missed == 0)
        state.first_missed = where(first, k, state.first_missed)
    if terms.grace_periods is None:
        return missed & False
    # a miss lasts from one payment date to the next
    state.missed = where(missed, where(state.missed > 0, state.missed + plan.every, 1), 0)
    return missed if k == plan.periods else missed & (state.missed > terms.grace_periods)


def _prepay(state: State, terms: Terms, plan: Plan, k: int, flow: Flow, cash: Values) -> Values:
    """Step 5 begins: what must prepay does, as far as cash is left; return the rest."""
    if not plan.prepayment[k - 1]:
        return cash
    flow.swept = _capped(state, state.ops.low(plan.prepayment[k - 1], cash), state.balance)
    state.balance = _settled(state, terms, state.balance - flow.swept)
    state.arrears = state.ops.low(state.arrears, state.balance)
    return cash - flow.swept


def _reserve_and_sweep(
    state: State, terms: Terms, plan: Plan, k: int, flow: Flow, cash: Values
) -> Values:
    """Steps 5 and 6, on the cash that is left; return what is left.

    A path in payment default has nothing left that could move here.
    """
    if terms.dsra_periods or terms.dsra_opening or terms.trigger_dsra_periods:
        held = state.reserve + cash
        target = state.ops.where(state.balance > 0.0, plan.targets[k - 1], 0.0)
        state.reserve = state.ops.low(target, held)
        cash = held - state.reserve
    if plan.sweeps[k - 1]:
        swept = _capped(state, plan.sweeps[k - 1] * cash, state.balance)
        state.balance = _settled(state, terms, state.balance - swept)
        state.arrears = state.ops.low(state.arrears, state.balance)
        flow.swept = flow.swept + swept
        cash = state.ops.high(cash - swept, 0.0)
    if not terms.cash_control:
        flow.distribution, cash = cash, 0.0
    return cash


def _collateral(
    state: State,
    terms: Terms,
    k: int,
    flow: Flow,
    cash: Values,
    tested: Mask,
    coin: Values,
    gpu: Values,
) -> Values:
    """Step 8: liquidation, calls and cures; return the cash that is left."""
    where, some = state.ops.where, state.ops.some
    assert terms.call_ltv is not None
    ltv = state.ops.ratio(state.balance, lending_value(state, terms, coin, gpu))
    state.max_ltv = where(tested & (ltv > state.max_ltv), ltv, state.max_ltv)
    called = tested & at_least(ltv, terms.call_ltv)
    if not some(called):
        state.opened = state.opened * 0
        return cash
    through = called & at_least(ltv, terms.liquidation_ltv)
    called = called ^ through
    new = called & (state.opened == 0)
    state.opened = where(new, k, where(called, state.opened, 0))
    state.calls = state.calls + new
    state.first_call = where(new & (state.first_call == 0), k, state.first_call)
    flow.enforced = flow.enforced | through
    due = called & (k - state.opened >= terms.cure_periods)
    if some(due):
        failed, cash = _cure(state, terms, flow, cash, due, coin, gpu)
        flow.enforced = flow.enforced | failed
    return cash


def _cure(
    state: State, terms: Terms, flow: Flow, cash: Values, due: Mask, coin: Values, gpu: Values
) -> tuple[Mask, Values]:
    """Top up from cash and liquidity, then sell coin: where that fails, and the cash left."""
    where, low, high, _, ratio, take, put = state.ops
    assert terms.call_ltv is not None
    assert terms.cure_ltv is not None
    cure, kept, weight = terms.cure_ltv, 1.0 - terms.coin_slippage, 1.0 - terms.coin_haircut
    balance, coins, price = take(state.balance, due), take(state.coin_units, due), take(coin, due)
    own, outside = take(cash, due), take(state.liquidity, due)
    cards = (1.0 - terms.gpu_haircut) * terms.gpu_units * take(gpu, due)

    target = cure * (weight * coins * price + cards)
    top_up = high(low(own + outside, balance - target), 0.0)
    from_cash = low(own, top_up)
    balance = _settled(state, terms, balance - top_up)

    # A dollar of coin sold repays `kept` and takes away `cure` times its lending value.
    gain, held = kept - cure * weight, coins * price
    wanted = (balance - target) / gain if gain > 0.0 else held
    sale = where(below(target, balance), low(low(wanted, held), balance / kept), 0.0)
    some_left = where(at_least(sale, held), 0.0, coins - ratio(sale, price))
    coins = where(sale > 0.0, some_left, coins)
    repaid = _capped(state, sale * kept, balance)
    balance = _settled(state, terms, balance - repaid)

    ltv = ratio(balance, weight * coins * price + cards)
    with np.errstate(invalid="ignore"):  # where all collateral is sold: no LTV reaches that
        within = at_least(cure, ltv)
    reached = at_least(sale, wanted) if gain > 0.0 else within
    cured = (balance == 0.0) | reached | within | below(ltv, terms.call_ltv)
    arrears = high(take(state.arrears, due) - top_up - repaid, 0.0)

    state.balance = put(state.balance, due, balance)
    state.arrears = put(state.arrears, due, low(arrears, balance))
    state.liquidity = put(state.liquidity, due, outside - (top_up - from_cash))
    state.coin_units = put(state.coin_units, due, coins)
    state.opened = put(state.opened, due, where(cured, 0, take(state.opened, due)))
    state.sales = put(state.sales, due, take(state.sales, due) + (sale > 0.0))
    flow.topped_up = put(state.balance * 0.0, due, top_up)
    flow.coin_sold = put(state.balance * 0.0, due, sale)
    flow.coin_repaid = put(state.balance * 0.0, due, repaid)
    return put(due & False, due, cured ^ True), put(cash, due, own - from_cash)


def _distribute(
    state: State, terms: Terms, plan: Plan, k: int, flow: Flow, cash: Values, alive: Mask
) -> None:
    """End the loans that are repaid, trap cash where it must stay, distribute the rest."""
    where = state.ops.where
    owing = alive & (state.balance > 0.0)
    repaid = alive ^ owing
    if state.ops.some(repaid):
        cash = cash + where(repaid, state.reserve, 0.0)
        state.reserve = where(repaid, 0.0, state.reserve)
        state.status = where(repaid, REPAID, state.status)
    kept = owing & ((state.opened > 0) | below(flow.dscr, terms.lockup) | (not plan.shared[k - 1]))
    state.trapped = where(kept, cash, 0.0)
    flow.distribution = flow.distribution + where(kept | flow.enforced, 0.0, cash)
    flow.cash = cash


def enforce(state: State, terms: Terms, flow: Flow, coin: Values, card_proceeds: Values) -> None:
    """Close the paths of ``flow.enforced``: step 9, at the prices of its period.

    Parameters
    ----------
    state, terms
        As in :func:`step`.
    flow : Flow
        What :func:`events` of the period returned.
    coin : float or ndarray
        Price of one coin. [USD/coin]
    card_proceeds : float or ndarray
        Net proceeds of all cards of the loan. [USD]
    """
    take, put = state.ops.take, state.ops.put
    at = flow.enforced
    exposure = take(state.balance, at)
    coins = take(state.coin_units, at) * take(coin, at) * (1.0 - terms.coin_slippage)
    pot = take(state.reserve, at) + take(flow.cash, at) + coins + take(card_proceeds, at)
    recovered = _capped(state, pot, exposure)
    state.exposure = put(state.exposure, at, exposure)
    state.recovered = put(state.recovered, at, recovered)
    state.loss = put(state.loss, at, exposure - recovered)
    state.surplus = put(state.surplus, at, state.ops.high(pot - recovered, 0.0))
    how = state.ops.where(take(flow.defaulted, at), PAYMENT_DEFAULT, LIQUIDATED)
    state.status = put(state.status, at, how)
    for account in ("balance", "arrears", "reserve", "trapped"):
        setattr(state, account, put(getattr(state, account), at, 0.0))
