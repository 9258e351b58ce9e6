"""The loan agreement, period by period: the one engine that says whether the lender is repaid.

One :func:`step` takes a loan through one period, in the order of the agreement; a worksheet
function drives it along one path, a simulation along thousands at once, a portfolio loan by loan.
A :class:`State` holds floats (one path) or arrays (one element a path): the same lines run on
both, and give the same numbers.

In period k, with cash at its end and prices of that date::

    1 due          interest on the balance; scheduled principal and arrears; in the last period,
                   where a balloon is given, all that stands above it
    2 cash         CFADS and trapped cash; below 0 it is met from reserve and liquidity: the rest
                   is the gap
    3 service      interest, then principal, out of cash, reserve and liquidity; unpaid interest
                   is capitalised, unpaid principal is in arrears
    4 miss         more misses in a row than the grace, or a miss in the last period (unless
                   grace is never): payment default
    5 reserve      filled from cash, or released, to the services ahead in the signed schedule
    6 sweep        a share of the cash that is left prepays
    7 repaid       a balance of 0 ends the loan, before any test of the collateral
    8 collateral   LTV against liquidation, call and cure levels; at the deadline of a call cash
                   tops up, then coin is sold; what stays uncured is enforced
      distribution what is left, unless a call is open or cover is below the lock-up
    9 enforcement  reserve, cash, coin and cards against the balance

A path that ends has a balance of 0, and nothing falls due on it any more. Every test is decided
by :mod:`xlcredit.models.ties`; a balance within 1e-12 of the loan is 0.

How to drive it
---------------
::

    plan = Plan.of(terms, scheduled, rates)          # N periods, as signed at closing
    state = State.start(terms, coin_0, gpu_0)        # floats for one path, arrays for many
    for k in range(1, plan.periods + 1):
        flow = step(state, terms, plan, k, cfads_k, coin_k, gpu_k)
    short = unpaid(state, terms, plan)

``cfads_k`` is None where service is taken to be paid. The prices are those of one coin and one
card; without collateral leave them out (but give ``State.start`` a zero for each of many paths).
``flow`` is what moved in the period, ``state`` what stands after it. Where the cards of several
loans are sold into one market, ask for the :func:`events` of all loans first, price the lots of
``flow.enforced`` together, and close each loan with :func:`enforce` and its proceeds: ``step`` is
the two in one call.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from xlcredit.models.loan_state import (
    LIQUIDATED,
    PAYMENT_DEFAULT,
    PERFORMING,
    REPAID,
    STATUS,
    Flow,
    State,
    lending_value,
)
from xlcredit.models.loan_terms import Plan, Terms, card_proceeds
from xlcredit.models.ties import SAME, at_least, below

__all__ = [
    "LIQUIDATED",
    "PAYMENT_DEFAULT",
    "PERFORMING",
    "REPAID",
    "STATUS",
    "Flow",
    "Plan",
    "State",
    "Terms",
    "card_proceeds",
    "enforce",
    "events",
    "run",
    "step",
    "trace",
    "unpaid",
]

#: Paths that run together: what they are at work on stays in the processor's cache.
BLOCK = 16_384

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
        cash = _reserve_and_sweep(state, terms, plan, k, flow, cash)
    tested = (alive ^ flow.defaulted) & (state.balance > 0.0)
    if terms.call_ltv is not None and state.ops.some(tested):
        cash = _collateral(state, terms, k, flow, cash, tested, coin, gpu)
    _distribute(state, terms, flow, cash, alive ^ flow.enforced)
    return flow


def _service(
    state: State, terms: Terms, plan: Plan, k: int, cfads: Values | None, alive: Mask
) -> tuple[Flow, Values]:
    """Steps 1 to 3: what falls due and what is paid of it; also return the cash that is left."""
    where, low, high, some = state.ops[:4]
    opening = state.balance
    interest = opening * plan.rates[k - 1]
    principal = planned = _capped(state, plan.scheduled[k - 1] + state.arrears, opening)
    if k == plan.periods and terms.balloon is not None:
        principal = _capped(state, high(planned, opening - terms.balloon), opening)
    if cfads is None:
        state.balance = _settled(state, terms, opening - principal)
        return Flow(interest, principal, 0.0, 0.0, 0.0, math.nan), state.trapped
    service = interest + planned
    dscr = where(service > 0.0, state.ops.ratio(cfads, service), math.nan)

    cash, gap = cfads + state.trapped, 0.0
    if some(cash < 0.0):
        hole = high(0.0 - cash, 0.0)
        drawn = low(hole, state.reserve)
        called = where(alive, low(hole - drawn, state.liquidity), 0.0)
        cash, gap = high(cash, 0.0), hole - drawn - called
        state.reserve = state.reserve - drawn
        state.liquidity = state.liquidity - called

    due = interest + principal
    paid = low(cash, due)
    cash, rest = cash - paid, due - paid
    late_interest = late_principal = 0.0
    if some(rest > 0.0):
        drawn = low(rest, state.reserve)
        called = low(rest - drawn, state.liquidity)
        state.reserve = state.reserve - drawn
        state.liquidity = state.liquidity - called
        rest = rest - drawn - called
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
    )
    return flow, cash


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
    state.missed = where(missed, state.missed + 1, 0)
    return missed if k == plan.periods else missed & (state.missed > terms.grace_periods)


def _reserve_and_sweep(
    state: State, terms: Terms, plan: Plan, k: int, flow: Flow, cash: Values
) -> Values:
    """Steps 5 and 6, on the cash after service; return what is left.

    A path in payment default has nothing left that could move here.
    """
    if terms.dsra_periods or terms.dsra_opening:
        held = state.reserve + cash
        target = state.ops.where(state.balance > 0.0, plan.targets[k - 1], 0.0)
        state.reserve = state.ops.low(target, held)
        cash = held - state.reserve
    if terms.sweep:
        flow.swept = _capped(state, terms.sweep * cash, state.balance)
        state.balance = _settled(state, terms, state.balance - flow.swept)
        state.arrears = state.ops.low(state.arrears, state.balance)
        cash = state.ops.high(cash - flow.swept, 0.0)
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
    reached = at_least(sale, wanted) if gain > 0.0 else at_least(cure, ltv)
    cured = (balance == 0.0) | reached | at_least(cure, ltv) | below(ltv, terms.call_ltv)
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


def _distribute(state: State, terms: Terms, flow: Flow, cash: Values, alive: Mask) -> None:
    """End the loans that are repaid, trap cash where it must stay, distribute the rest."""
    where = state.ops.where
    owing = alive & (state.balance > 0.0)
    repaid = alive ^ owing
    if state.ops.some(repaid):
        cash = cash + where(repaid, state.reserve, 0.0)
        state.reserve = where(repaid, 0.0, state.reserve)
        state.status = where(repaid, REPAID, state.status)
    kept = owing & ((state.opened > 0) | below(flow.dscr, terms.lockup))
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


def unpaid(state: State, terms: Terms, plan: Plan) -> Values:
    """What is overdue when the schedule has ended, on paths still performing, in USD."""
    where, high = state.ops.where, state.ops.high
    short = high(state.arrears, state.balance - plan.balloon)
    short = where(short > SAME * terms.loan, short, 0.0)
    return where(state.status == PERFORMING, short, 0.0)


def trace(
    terms: Terms,
    plan: Plan,
    cfads: Sequence[float] | None = None,
    coin_prices: Sequence[float] | None = None,
    gpu_prices: Sequence[float] | None = None,
) -> tuple[State, list[Flow], list[tuple[float, float, float]]]:
    """Run one path through all its periods, those after its end included.

    Parameters
    ----------
    terms, plan
        Terms of the loan and its schedule.
    cfads : sequence of float, optional
        Cash flow available for debt service; service is taken to be paid without it. [USD]
    coin_prices, gpu_prices : sequence of float, optional
        One price more than there are periods, that of closing first. [USD/coin, USD/unit]

    Returns
    -------
    state : State
        Where the path ended.
    flows : list of Flow
        What moved in each period.
    accounts : list of tuple
        Balance, reserve and trapped cash after each period. [USD]
    """
    nothing = [0.0] * (plan.periods + 1)
    coin, gpu = coin_prices or nothing, gpu_prices or nothing
    state = State.start(terms, coin[0], gpu[0])
    flows, accounts = [], []
    for k in range(1, plan.periods + 1):
        cash = None if cfads is None else cfads[k - 1]
        flows.append(step(state, terms, plan, k, cash, coin[k], gpu[k]))
        accounts.append((state.balance, state.reserve, state.trapped))
    return state, flows, accounts


def run(
    terms: Terms,
    plan: Plan,
    cfads: ArrayLike | None = None,
    coin_prices: ArrayLike | None = None,
    gpu_prices: ArrayLike | None = None,
    *,
    paths: int = 1,
) -> State:
    """Run many paths from closing to their ends.

    Parameters
    ----------
    terms, plan
        Terms of the loan and its schedule.
    cfads : array_like, shape (periods, paths), optional
        Cash flow available for debt service; service is taken to be paid without it. [USD]
    coin_prices, gpu_prices : array_like, shape (periods + 1, paths), optional
        Prices, those of closing first; 0 without them. [USD/coin, USD/unit]
    paths : int
        How many there are, where no array says so.

    Returns
    -------
    State
        Where each path ended.
    """
    given = [a for a in (cfads, coin_prices, gpu_prices) if a is not None]
    count = max([paths, *(np.shape(a)[1] for a in given)])
    coin = np.broadcast_to(0.0 if coin_prices is None else coin_prices, (plan.periods + 1, count))
    gpu = np.broadcast_to(0.0 if gpu_prices is None else gpu_prices, (plan.periods + 1, count))
    cash = None if cfads is None else np.broadcast_to(cfads, (plan.periods, count))
    blocks = []
    for at in range(0, count, BLOCK):
        here = slice(at, at + BLOCK)
        state = State.start(terms, coin[0, here], gpu[0, here])
        for k in range(1, plan.periods + 1):
            flows = None if cash is None else cash[k - 1, here]
            step(state, terms, plan, k, flows, coin[k, here], gpu[k, here])
        blocks.append(state)
    return State.joined(blocks)
