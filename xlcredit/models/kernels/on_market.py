"""One loan of a book on the common paths, compiled: what ``joint_loan.run_loan`` does in NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from xlcredit.models import loan
from xlcredit.models.joint_loan import Enforced
from xlcredit.models.joint_paths import Common
from xlcredit.models.kernels import loan as steps
from xlcredit.models.kernels.constants import constants
from xlcredit.models.kernels.lane import (
    ARREARS,
    BALANCE,
    CARD,
    COIN,
    END,
    EXPOSURE,
    GONE,
    HAZARD,
    HOW,
    LOG_RENT,
    LOSS,
    POT,
    RENT,
    ROWS,
    STATUS,
    STRIDE,
    L,
    compiled,
)  # fmt: skip
from xlcredit.models.kernels.numbers import exp
from xlcredit.models.kernels.paths import cash_of, opening_of, plan_of, running, start
from xlcredit.models.kernels.stored import SOURCES
from xlcredit.models.simulated_loan import Tilt
from xlcredit.models.ties import SAME

if TYPE_CHECKING:
    from xlcredit.models.simulated_loan import Deal

__all__ = ["entry", "run_loan"]

#: What is written down of a path.
_OUT = (STATUS, END, EXPOSURE, POT, LOSS, ARREARS, BALANCE)


@compiled
def _prices(
    w: Any, n: int, k: int, c: Any, market: Any, curve: float, centre: float, patience: Any
) -> None:
    """Put customer, prices and rents of period k into the lane."""
    coin, level, card = market
    if len(patience):
        hazard, elasticity, step = c.hazard, c.elasticity, np.float64(k)
        for i in range(n):
            thinned = exp(-elasticity * w[LOG_RENT + i]) if elasticity != 0.0 else 1.0
            w[HAZARD + i] += hazard * thinned
            gone = (w[HAZARD + i] >= patience[i]) & (w[GONE + i] == 0.0)
            w[GONE + i] = step if gone else w[GONE + i]
    price, beta = c.coin_price, c.beta
    for i in range(n):
        w[COIN + i] = price * coin[i]
        w[RENT + i] = card[i]
        w[CARD + i] = curve * card[i]
    if c.needs_rents:
        for i in range(n):
            w[LOG_RENT + i] = beta * level[i] - centre
        if beta != 1.0:
            for i in range(n):
                w[RENT + i] = exp(w[LOG_RENT + i])


@compiled
def _lanes(
    c: Any, opening: Any, curve: Any, centre: Any, plan: Any, cash: Any, market: Any,
    patience: Any, out: Any,
) -> None:  # fmt: skip
    """Run the paths, a lane at a time; a row of ``out`` for each figure of a path."""
    coin, level, card = market
    w, found, nobody = np.empty(ROWS * STRIDE), np.empty(L, np.int64), np.empty(0, np.uint64)
    paths = out.shape[1]
    for first in range(0, paths, L):
        n = min(L, paths - first)
        here = slice(first, first + n)
        start(nobody, w, c, opening, curve[0])
        own = patience[here]
        for k in range(1, c.periods + 1):
            if running(w, n) == 0:
                break
            now = coin[k, here], level[k, here], card[k, here]
            _prices(w, n, k, c, now, curve[k], centre[k], own)
            steps.period(w, n, k, c, plan, cash, 0.0)
            steps.rare(w, n, k, c, 1.0, found)
        for row in range(len(_OUT)):
            source = _OUT[row]
            for i in range(n):
                out[row, first + i] = w[source + i]


def _stored(sources: str) -> Any:
    @njit(**HOW, cache=True)
    def entry(
        c: Any, opening: Any, curve: Any, centre: Any, plan: Any, cash: Any, market: Any,
        patience: Any, out: Any,
    ) -> None:  # fmt: skip
        _ = sources  # makes what is stored that of these sources
        _lanes(c, opening, curve, centre, plan, cash, market, patience, out)

    return entry


#: What is called from outside: the one function whose machine code is stored.
entry = _stored(SOURCES)


def run_loan(
    deal: Deal, card_class: int, common: Common, patience: NDArray[np.float64] | None
) -> tuple[Enforced, NDArray[np.float64]]:
    """Run a loan to its ends; as :func:`xlcredit.models.joint_loan.run_loan`."""
    plan, curve = deal.plan, deal.market.curve
    card = common.card[card_class]
    out = np.empty((len(_OUT), common.coin.shape[1]))
    entry(
        constants(deal, Tilt()), opening_of(deal), curve, deal.market.rent_centre, plan_of(deal),
        cash_of(deal), (common.coin, common.level[card_class], card),
        np.empty(0) if patience is None else patience, out,
    )  # fmt: skip
    status, end, exposure, pot, loss, arrears, balance = out
    at = np.flatnonzero(status >= loan.LIQUIDATED)
    period = end[at].astype(np.int64)
    price = curve[period] * card[period, at]
    short = np.maximum(arrears, balance - plan.balloon)
    overdue = (status == loan.PERFORMING) & (short > SAME * deal.terms.loan)
    return Enforced(at, period, exposure[at], pot[at], price, loss[at]), np.where(
        overdue, short, 0.0
    )
