"""What the lender of a loan earned along one path: yield, multiple and average life."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from xlcredit.models.debt import all_in_yield, average_life
from xlcredit.models.loan import Flow, Plan, State, Terms, unpaid
from xlcredit.models.ties import SAME

__all__ = ["Earned", "earned", "effective_yield"]

Array = NDArray[np.float64]

#: Where a yield of a loan with draws is looked for, and how close it is found.
_GRID, _CLOSE = 401, 1e-15


class Earned(NamedTuple):
    """Figures of the lender; NaN where there is none."""

    irr: float  #: effective yield; -1 if nothing came back [1/year]
    multiple: float  #: received over paid out [ratio]
    wal: float  #: average time of all cash that took the balance down [years]


def earned(terms: Terms, plan: Plan, state: State, flows: Sequence[Flow]) -> Earned:
    """Measure what the lender received against what it paid out.

    Parameters
    ----------
    terms, plan
        Terms of the loan and its schedule.
    state : State
        Where the one path ended.
    flows : sequence of Flow
        What moved in each period up to the end.

    Returns
    -------
    Earned
        Interest and all repayments at their periods, what enforcement brought
        ``recovery_periods`` later, and at the end of the schedule the balance that is
        refinanced at par: all of it but what is overdue.
    """
    periods = plan.periods + int(terms.recovery_periods)
    repaid, interest = np.zeros(periods), np.zeros(periods)
    for k, flow in enumerate(flows):
        interest[k] = flow.interest
        repaid[k] = flow.principal + flow.swept + flow.topped_up + flow.coin_repaid
    repaid[plan.periods - 1] += state.balance - unpaid(state, terms, plan)
    repaid[state.end_period + int(terms.recovery_periods) - 1] += state.recovered
    received = repaid + interest
    for cash in (received, repaid):
        cash[np.abs(cash) <= SAME * terms.loan] = 0.0  # a rounding is no repayment
    paid_out = terms.loan * (1.0 - terms.fee - terms.oid)
    if paid_out <= 0.0:
        return Earned(math.nan, math.nan, average_life(repaid, terms.periods_per_year))
    irr = effective_yield(paid_out, received, terms.periods_per_year)
    return Earned(
        irr=irr if received.any() else -1.0,
        multiple=math.fsum(received) / paid_out,
        wal=average_life(repaid, terms.periods_per_year),
    )


def effective_yield(paid_out: float, received: Array, periods_per_year: float) -> float:
    """Effective yearly yield; where later draws are lent too, the root nearest to 0.

    Parameters
    ----------
    paid_out : float
        What the lender pays at closing, above 0. [USD]
    received : ndarray
        What it receives in each period; below 0 where it lends more. [USD]
    periods_per_year : float
        Periods of a year.

    Returns
    -------
    float
        The yield; NaN where there is none. [1/year]
    """
    if np.all(received >= 0.0):
        return all_in_yield(paid_out, received, periods_per_year)
    flows = np.concatenate(([-paid_out], received))
    k = np.arange(len(flows))

    def worth(growth: float) -> float:
        return float(flows @ np.exp(-growth * k))

    steps = np.linspace(-1.0, 1.0, _GRID)  # log growth of a period
    signs = np.sign([worth(g) for g in steps])
    turns = np.flatnonzero(signs[:-1] * signs[1:] <= 0.0)
    if not len(turns):
        return math.nan
    at = turns[np.argmin(np.abs(steps[turns] + steps[turns + 1]))]
    low, high = float(steps[at]), float(steps[at + 1])
    falling = signs[at] > 0.0
    while high - low > _CLOSE:
        middle = (low + high) / 2.0
        if (worth(middle) > 0.0) == falling:
            low = middle
        else:
            high = middle
    return math.expm1((low + high) / 2.0 * periods_per_year)
