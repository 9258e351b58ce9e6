"""Paths of one loan from closing to their ends, a lane at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from xlcredit.models import draws, loan
from xlcredit.models.kernels import loan as steps
from xlcredit.models.kernels.constants import constants
from xlcredit.models.kernels.lane import (
    ARREARS,
    BALANCE,
    CARD,
    COIN,
    COINS,
    DISCOUNTED,
    END,
    EXPOSURE,
    FALLS,
    FIRST_CALL,
    FLAG,
    GONE,
    HIGH,
    HOW,
    JUMPS,
    LIQUIDITY,
    LOG_COIN,
    LOG_RENT,
    LOSS,
    MAX_BALANCE,
    MAX_VALUE,
    MISSED,
    OPENED,
    OPENING,
    PLACE,
    PREMIUM,
    RECOVERED,
    RENT,
    RESERVE,
    ROWS,
    STATUS,
    STRIDE,
    TESTED,
    TESTED_COINS,
    TRAPPED,
    WEIGHT,
    L,
    Y,
    compiled,
    flagged,
)  # fmt: skip
from xlcredit.models.kernels.market import market_step
from xlcredit.models.kernels.numbers import address, one_to_two, word
from xlcredit.models.kernels.stored import SOURCES
from xlcredit.models.ties import SAME

if TYPE_CHECKING:
    from xlcredit.models.simulated_loan import Deal, Tilt

#: Rows that a path takes along when others have ended; prices are made anew in each step.
_ALWAYS = (
    LOG_COIN, Y, BALANCE, LIQUIDITY, COINS, OPENED, FIRST_CALL, MAX_BALANCE, MAX_VALUE, PREMIUM,
    RESERVE, ARREARS, PLACE,
)  # fmt: skip
_OF_CASH = (TRAPPED, MISSED)
_OF_RENTS = (LOG_RENT, GONE)
_OF_TILT = (WEIGHT, FALLS)
_OF_FALLS = (HIGH, JUMPS)
#: Rows that say how a path has ended.
_ENDS = (STATUS, END, EXPOSURE, RECOVERED, LOSS, DISCOUNTED)

__all__ = ["cash_of", "entry", "opening_of", "plan_of", "run", "running", "start"]


@compiled
def start(base: Any, w: Any, c: Any, opening: Any, card: float) -> None:
    """Put the paths of a lane on the day of closing."""
    w[:] = 0.0
    tilted = address(0, draws.TILTED)
    for i in range(L):
        w[PLACE + i] = i
        if c.tilted > 0:
            falls = one_to_two(word(base[i], tilted)) - 1.0 >= c.plain
            w[FALLS + i] = 1.0 if falls else 0.0
        w[COIN + i], w[CARD + i], w[RENT + i] = c.coin_price, card, 1.0
        w[BALANCE + i], w[RESERVE + i], w[LIQUIDITY + i], w[COINS + i] = opening
        value = c.coin_weight * w[COINS + i] * w[COIN + i] + c.card_weight * card
        w[MAX_BALANCE + i], w[MAX_VALUE + i] = w[BALANCE + i], value


@compiled
def _period(
    base: Any, w: Any, n: int, k: int, c: Any, market: Any, plan: Any, cash: Any,
    discounts: Any, found: Any, bases: Any, courses: bool,
) -> None:  # fmt: skip
    """Take the first n paths of the lane through period k, but for its rare events."""
    market_step(base, w, n, k, c, market, found, bases)
    if courses:
        for i in range(n):
            w[OPENING + i] = w[BALANCE + i]
    steps.period(w, n, k, c, plan, cash, discounts[k] * discounts[0])
    if courses:
        for i in range(n):
            w[TESTED + i], w[TESTED_COINS + i] = w[BALANCE + i], w[COINS + i]


@compiled
def running(w: Any, n: int) -> int:
    """Count the paths whose loan still runs."""
    count = 0
    for i in range(n):
        count += 1 if w[STATUS + i] == 0.0 else 0
    return count


@compiled
def _hand_over(w: Any, count: int, at: Any, out: Any) -> None:
    """Write down how the paths listed have ended."""
    for m in range(count):
        i = at[m]
        place = np.int64(w[PLACE + i])
        for row in range(len(_OUT)):
            out[row, place] = w[_OUT[row] + i]


@compiled
def _listed(rows: Any, count: int, group: Any) -> int:
    for row in group:
        rows[count] = row
        count += 1
    return count


@compiled
def _rows_kept(c: Any, jumps: Any) -> Any:
    """List the rows that a path which runs on takes along: those that this deal uses."""
    rows = np.empty(32, np.int64)
    count = _listed(rows, 0, _ALWAYS)
    if c.has_cash:
        count = _listed(rows, count, _OF_CASH)
    if c.needs_rents or c.hazard > 0.0:
        count = _listed(rows, count, _OF_RENTS)
    if c.in_stress or len(jumps) > 0:
        count = _listed(rows, count, _OF_FALLS)
    if c.tilted > 0:
        count = _listed(rows, count, _OF_TILT)
    return rows[:count]


@compiled
def _close_up(base: Any, w: Any, n: int, rows: Any, at: Any, out: Any) -> int:
    """Let the paths that run on close up; hand over those that have ended."""
    for i in range(n):
        w[FLAG + i] = w[STATUS + i]
    _hand_over(w, flagged(w, n, at), at, out)
    for i in range(n):
        w[FLAG + i] = 1.0 if w[STATUS + i] == 0.0 else 0.0
    kept = flagged(w, n, at)
    for row in rows:
        for m in range(kept):
            w[row + m] = w[row + at[m]]
    for m in range(kept):
        base[m] = base[at[m]]
    for row in _ENDS:  # of a path that runs on they are 0
        for m in range(kept):
            w[row + m] = 0.0
    # full vectors: the paths that make up the number have ended, and are nobody's
    whole: int = min(n, -(-kept // 8) * 8)
    for i in range(kept, whole):
        w[STATUS + i], w[BALANCE + i], w[PLACE + i] = 1.0, 0.0, L
    return whole


@compiled
def _record(w: Any, k: int, c: Any, rate: float, ltv: Any, received: Any, late: int) -> None:
    """Write down LTV and the lender's cash of a period: what lowered the balance, and interest."""
    for i in range(ltv.shape[1]):
        value = c.coin_weight * w[TESTED_COINS + i] * w[COIN + i] + c.card_weight * w[CARD + i]
        owing = w[TESTED + i] > 0.0
        ltv[k - 1, i] = w[TESTED + i] / value if owing else np.nan
        enforced = (w[FLAG + i] > 0.0) & (w[STATUS + i] > 1.0)
        closing = w[EXPOSURE + i] if enforced else w[BALANCE + i]
        received[k - 1, i] += w[OPENING + i] * (1.0 + rate) - closing
        received[k - 1 + late, i] += w[RECOVERED + i] if enforced else 0.0


@compiled
def _lanes(
    bases: Any, c: Any, opening: Any, market: Any, plan: Any, cash: Any, discounts: Any,
    out: Any, ltv: Any, received: Any, late: int,
) -> None:  # fmt: skip
    """Run the paths, a lane at a time; a row of ``out`` for each figure of a path.

    The last column of a lane's results is nobody's: it takes what pads a vector.
    """
    w, base, ends = np.empty(ROWS * STRIDE), np.empty(L, np.uint64), np.empty((len(_OUT), L + 1))
    found, spare = np.empty(L, np.int64), np.empty(L, np.uint64)
    courses, paths, rows = len(ltv) > 0, out.shape[1], _rows_kept(c, market[0])
    for first in range(0, paths, L):
        n, count = L, min(L, paths - first)
        base[:] = bases[first : first + L]
        start(base, w, c, opening, market[1][0])
        for k in range(1, c.periods + 1):
            if not courses:
                alive = running(w, n)
                if alive == 0:
                    break
                if n - alive >= max(8, n // 4):
                    n = _close_up(base, w, n, rows, found, ends)
            _period(base, w, n, k, c, market, plan, cash, discounts, found, spare, courses)
            steps.rare(w, n, k, c, discounts[k], found)
            if courses:
                last = first + count
                _record(w, k, c, plan[0, k - 1], ltv[:, first:last], received[:, first:last], late)
        for i in range(n):
            found[i] = i
        _hand_over(w, n, found, ends)
        out[:, first : first + count] = ends[:, :count]


def _stored(sources: str) -> Any:
    @njit(**HOW, cache=True)
    def entry(
        bases: Any, c: Any, opening: Any, market: Any, plan: Any, cash: Any, discounts: Any,
        out: Any, ltv: Any, received: Any, late: int,
    ) -> None:  # fmt: skip
        _ = sources  # makes what is stored that of these sources
        _lanes(bases, c, opening, market, plan, cash, discounts, out, ltv, received, late)

    return entry


#: What is called from outside: the one function whose machine code is stored.
entry = _stored(SOURCES)

#: What is written down of a path.
_OUT = (
    STATUS, END, FIRST_CALL, GONE, EXPOSURE, RECOVERED, LOSS, PREMIUM, DISCOUNTED, WEIGHT, ARREARS,
    BALANCE, MAX_BALANCE, MAX_VALUE,
)  # fmt: skip


def run(
    deal: Deal, seed: int, first: int, count: int, tilt: Tilt, *, courses: bool = False
) -> dict[str, Any]:
    """Run paths to their ends; the fields of an ``Outcome``, by name."""
    terms, plan, market = deal.terms, deal.plan, deal.market
    periods, late = plan.periods, round(terms.recovery_periods)
    out = np.empty((len(_OUT), count))
    ltv = np.empty((periods if courses else 0, count))
    received = np.zeros((periods + late if courses else 0, count))
    entry(
        draws.bases(seed, first, -(-count // L) * L), constants(deal, tilt),
        opening_of(deal),
        (market.jumps, market.curve, market.card_centre, market.rent_centre),
        plan_of(deal), cash_of(deal), _discounts(deal), out,
        ltv, received, late,
    )  # fmt: skip
    ended = {row: out[n] for n, row in enumerate(_OUT)}
    end, gone, balance = ended[END], ended[GONE], ended[BALANCE]
    end[end == 0.0] = periods  # of a loan that has not ended
    short = np.maximum(ended[ARREARS], balance - plan.balloon)
    performing = ended[STATUS] == loan.PERFORMING
    short = np.where(performing & (short > SAME * terms.loan), short, 0.0)
    if courses:
        received[periods - 1] += np.where(performing, balance - short, 0.0)
    max_ltv = np.full(count, np.nan)
    if terms.call_ltv is not None:
        with np.errstate(divide="ignore", invalid="ignore"):
            np.divide(ended[MAX_BALANCE], ended[MAX_VALUE], out=max_ltv)
    return {
        "status": ended[STATUS].astype(np.int64),
        "end_period": end.astype(np.int64),
        "first_call": ended[FIRST_CALL].astype(np.int64),
        "customer_stopped": np.where(gone <= end, gone, 0.0).astype(np.int64),
        "exposure": ended[EXPOSURE],
        "recovered": ended[RECOVERED],
        "loss": ended[LOSS],
        "unpaid": short,
        "max_ltv": max_ltv,
        "premium": ended[PREMIUM],
        "discounted_loss": ended[DISCOUNTED],
        "log_weight": ended[WEIGHT],
        "ltv": ltv if courses else None,
        "cash": received if courses else None,
    }


def opening_of(deal: Deal) -> tuple[float, ...]:
    """Balance, reserve, liquidity and coins at closing."""
    t = deal.terms
    return float(t.loan), float(t.dsra_opening), float(t.liquidity), float(t.coin_units)


def plan_of(deal: Deal) -> Any:
    """Rates, scheduled principal and targets of the reserve: a row each."""
    return np.array([deal.plan.rates, deal.plan.scheduled, deal.plan.targets])


def cash_of(deal: Deal) -> Any:
    """The series of cash, a row each; 0 where there is none."""
    none = np.zeros(deal.plan.periods)
    given = (deal.contracted, deal.merchant, deal.opex, deal.relet)
    return np.array([none if series is None else series for series in given])


def _discounts(deal: Deal) -> Any:
    """Discount factor of each period; in place 0 the length of a period, in years."""
    factor = (1.0 + deal.terms.loss_rate) ** (-1.0 / deal.terms.periods_per_year)
    discounts = factor ** np.arange(deal.plan.periods + 1.0)
    discounts[0] = 1.0 / deal.terms.periods_per_year
    return discounts
