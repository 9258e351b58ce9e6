"""What the lender of a loan earned along one path: yield, multiple and average life."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from xlcredit.models.debt import all_in_yield, average_life
from xlcredit.models.loan import Flow, Plan, State, Terms, unpaid
from xlcredit.models.ties import SAME

__all__ = ["Earned", "earned"]


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
    irr = all_in_yield(paid_out, received, terms.periods_per_year)
    return Earned(
        irr=irr if received.any() else -1.0,
        multiple=math.fsum(received) / paid_out,
        wal=average_life(repaid, terms.periods_per_year),
    )
