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
    5 reserve      cash that must prepay (a customer's termination payment) does, as far as it is
                   left; the reserve is filled from the rest, or released, to the services ahead in
                   the signed schedule
    6 sweep        a share of the cash that is left prepays
    7 repaid       a balance of 0 ends the loan, before any test of the collateral
    8 collateral   LTV against liquidation, call and cure levels; at the deadline of a call cash
                   tops up, then coin is sold; what stays uncured is enforced
      distribution what is left, unless a call is open or cover is below the lock-up; where
                   principal falls due at intervals, sweep and distribution wait for its dates
    9 enforcement  reserve, cash, coin and cards against the balance

What must prepay is part of CFADS and does not count in any cover. Whatever is prepaid shortens the
loan from its end: the next instalments stay as signed.

A path that ends has a balance of 0, and nothing falls due on it any more. Every test is decided
by :mod:`xlcredit.models.ties`; a balance within 1e-12 of the loan is 0.

How to drive it
---------------
::

    plan = Plan.of(terms, scheduled, rates, prepayment)  # N periods, as signed at closing
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
)
from xlcredit.models.loan_step import enforce, events, step
from xlcredit.models.loan_terms import Plan, Terms, card_proceeds, gathered
from xlcredit.models.ties import SAME

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
    "gathered",
    "run",
    "step",
    "trace",
    "unpaid",
]

#: Paths that run together: what they are at work on stays in the processor's cache.
BLOCK = 16_384

#: One number for one path, or an array with one element a path.
Values = Any


def unpaid(state: State, terms: Terms, plan: Plan) -> Values:
    """What is overdue when the schedule has ended, on paths still performing, in USD."""
    where, high = state.ops.where, state.ops.high
    short = high(state.arrears, state.balance - plan.balloon)
    short = where(short > SAME * terms.loan, short, 0.0)
    return where(state.status == PERFORMING, short, 0.0)


def overdue(
    terms: Terms, plan: Plan, flows: Sequence[Flow], balances: Sequence[float]
) -> list[float]:
    """Say what it would take to have met all that fell due, after each period of one path.

    What the balance stands above the schedule, or the principal in arrears where that is more, and
    the operating holes so far that nobody met.

    Parameters
    ----------
    terms, plan
        Terms of the loan and its schedule.
    flows : sequence of Flow
        What moved in each period, as :func:`trace` returns it.
    balances : sequence of float
        Balance after each period. [USD]

    Returns
    -------
    list of float
        [USD]
    """
    owed, signed, holes = [], terms.loan, 0.0
    for k, (flow, balance) in enumerate(zip(flows, balances, strict=True), start=1):
        signed -= min(plan.scheduled[k - 1], signed)
        allowed = plan.balloon if k == plan.periods else signed
        behind = max(balance - allowed, min(flow.arrears, balance))
        holes += flow.gap
        owed.append(holes + (behind if behind > SAME * terms.loan else 0.0))
    return owed


def trace(
    terms: Terms,
    plan: Plan,
    cfads: Sequence[float] | None = None,
    coin_prices: Sequence[float] | None = None,
    gpu_prices: Sequence[float] | None = None,
) -> tuple[State, list[Flow], list[tuple[float, float, float]]]:
    """Run one path through all its periods, those after its end included.

    Between two payment dates nothing moves: the cash waits for the later one.

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
    received = None if cfads is None else gathered(cfads, plan.every).tolist()
    for k in range(1, plan.periods + 1):
        if plan.pays(k):
            cash = None if received is None else received[k - 1]
            flows.append(step(state, terms, plan, k, cash, coin[k], gpu[k]))
        else:
            flows.append(Flow(0.0, 0.0, 0.0, 0.0, 0.0, math.nan))
        flows[-1].arrears = state.arrears
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
    """Run many paths, which pay in each period, from closing to their ends.

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
