"""Margin calls, cures, coin sales and enforcement on a loan against coin and GPUs.

One period at a time and any number of price paths at once: the worksheet function runs a single
path, a simulation thousands. The order of events within a period is that of the loan agreement:

1. interest and principal fall due; what cash flow does not pay comes out of liquidity, and if
   that does not suffice the loan is in payment default and is enforced;
2. a loan repaid in full is over, before any test of the collateral;
3. an LTV at or above ``liquidation_ltv`` is enforced;
4. an LTV at or above ``call_ltv`` opens a call; one below it closes an open call;
5. at the call's deadline the borrower repays from liquidity down to ``cure_ltv``; what is still
   missing is met by selling coin; if that does not close the call, the loan is enforced.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["STATUS", "Margin", "Paths", "run", "step"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Counts = NDArray[np.int64]

STATUS = ("performing", "repaid", "liquidated", "payment_default")
PERFORMING, REPAID, LIQUIDATED, PAYMENT_DEFAULT = range(4)

#: A cure that misses its target by rounding alone is a cure.
_ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True)
class Margin:
    """Terms of the loan and of its margin mechanics; money in USD, shares as decimals."""

    loan: float
    rate: float
    scheduled: float = 0.0
    coin_units: float
    gpu_units: float
    coin_haircut: float = 0.0
    gpu_haircut: float = 0.0
    call_ltv: float
    cure_ltv: float
    liquidation_ltv: float
    cure_periods: float = 0.0
    liquidity: float = 0.0
    coin_slippage: float = 0.0
    gpu_recovery: float = 1.0
    periods_per_year: float = 12.0


@dataclass
class Paths:
    """Where each path stands; every field is an array over paths."""

    status: Counts
    end_period: Counts
    calls: Counts
    first_call: Counts  #: 0 where there was none
    open_since: Counts  #: period of the open call, −1 where none is open
    sales: Counts
    topped_up: Array
    coin_sold: Array
    exposure: Array
    loss: Array
    balance: Array
    coin_units: Array
    liquidity: Array
    max_ltv: Array

    @classmethod
    def start(cls, terms: Margin, coin_price: Array, gpu_price: Array) -> Paths:
        """Return the paths on the day of closing."""
        count = len(coin_price)

        def whole(value: int) -> Counts:
            return np.full(count, value, dtype=np.int64)

        topped_up, coin_sold, exposure, loss = np.zeros((4, count))
        paths = cls(
            status=whole(PERFORMING),
            end_period=whole(0),
            calls=whole(0),
            first_call=whole(0),
            open_since=whole(-1),
            sales=whole(0),
            topped_up=topped_up,
            coin_sold=coin_sold,
            exposure=exposure,
            loss=loss,
            balance=np.full(count, terms.loan),
            coin_units=np.full(count, terms.coin_units),
            liquidity=np.full(count, terms.liquidity),
            max_ltv=np.zeros(count),
        )
        paths.max_ltv[:] = _ltv(paths.balance, _lending_value(terms, paths, coin_price, gpu_price))
        return paths


def run(
    terms: Margin,
    coin_prices: ArrayLike,
    gpu_prices: ArrayLike,
    cash_flows: ArrayLike | None = None,
) -> Paths:
    """Run paths from closing to their ends.

    Parameters
    ----------
    terms : Margin
        Terms of the loan.
    coin_prices, gpu_prices : array_like
        Prices of shape (periods + 1, paths), today's first. [USD/coin, USD/unit]
    cash_flows : array_like, optional
        Operating cash of each period, of shape (periods, paths); without it, debt service is
        taken to be paid. [USD]

    Returns
    -------
    Paths
        Where each path ended.
    """
    coin = np.asarray(coin_prices, dtype=np.float64)
    gpu = np.asarray(gpu_prices, dtype=np.float64)
    cash = None if cash_flows is None else np.asarray(cash_flows, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        paths = Paths.start(terms, coin[0], gpu[0])
        for k in range(1, len(coin)):
            if not np.any(paths.status == PERFORMING):
                break
            step(terms, paths, k, coin[k], gpu[k], None if cash is None else cash[k - 1])
    return paths


def step(
    terms: Margin, paths: Paths, k: int, coin: Array, gpu: Array, cash: Array | None = None
) -> None:
    """Take the paths through period ``k`` at its closing prices."""
    alive = paths.status == PERFORMING
    paths.end_period[alive] = k
    unpaid = alive & _debt_service_fails(terms, paths, alive, cash)
    _enforce(terms, paths, unpaid, PAYMENT_DEFAULT, coin, gpu)

    alive &= ~unpaid
    paths.status[alive & (paths.balance == 0.0)] = REPAID
    alive &= paths.balance > 0.0

    value = _lending_value(terms, paths, coin, gpu)
    ltv = np.where(alive, _ltv(paths.balance, value), 0.0)
    paths.max_ltv = np.maximum(paths.max_ltv, ltv)
    through = alive & (ltv >= terms.liquidation_ltv)
    _enforce(terms, paths, through, LIQUIDATED, coin, gpu)

    alive &= ~through
    due = _deadline(terms, paths, alive, ltv, k)
    failed = _cure(terms, paths, due, coin, gpu)
    _enforce(terms, paths, failed, LIQUIDATED, coin, gpu)


def _lending_value(terms: Margin, paths: Paths, coin: Array, gpu: Array) -> Array:
    weighed = (1.0 - terms.coin_haircut) * paths.coin_units * coin
    return np.asarray(weighed + (1.0 - terms.gpu_haircut) * terms.gpu_units * gpu)


def _ltv(balance: Array, value: Array) -> Array:
    """No debt has an LTV of 0; debt on nothing one beyond any trigger."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(balance > 0.0, balance / value, 0.0)


def _debt_service_fails(terms: Margin, paths: Paths, alive: Mask, cash: Array | None) -> Mask:
    """Pay interest and principal; where cash and liquidity do not suffice, pay what there is."""
    principal = np.minimum(terms.scheduled, paths.balance)
    if cash is None:
        paths.balance = np.where(alive, paths.balance - principal, paths.balance)
        return np.zeros_like(alive)
    interest = paths.balance * terms.rate / terms.periods_per_year
    short = np.maximum(0.0, interest + principal - cash)
    fails = alive & (short > paths.liquidity)
    pays = alive & ~fails
    all_there_is = np.maximum(cash, 0.0) + paths.liquidity
    paths.balance = np.where(fails, paths.balance + interest - all_there_is, paths.balance)
    paths.balance = np.where(pays, paths.balance - principal, paths.balance)
    left = np.where(fails, 0.0, paths.liquidity)
    paths.liquidity = np.where(pays, paths.liquidity - short, left)
    return fails


def _deadline(terms: Margin, paths: Paths, alive: Mask, ltv: Array, k: int) -> Mask:
    """Close and open calls; return the paths whose call falls due now."""
    above = alive & (ltv >= terms.call_ltv)
    paths.open_since[alive & ~above] = -1
    opened = above & (paths.open_since < 0)
    paths.open_since[opened] = k
    paths.calls[opened] += 1
    paths.first_call[opened & (paths.first_call == 0)] = k
    return above & (k - paths.open_since >= terms.cure_periods)


def _cure(terms: Margin, paths: Paths, due: Mask, coin: Array, gpu: Array) -> Mask:
    """Repay from liquidity, then sell coin; return the paths whose call stays open."""
    if not due.any():
        return due
    kept, target = 1.0 - terms.coin_slippage, terms.cure_ltv
    value = _lending_value(terms, paths, coin, gpu)
    top_up = np.where(due, np.minimum(paths.liquidity, paths.balance - target * value), 0.0)
    paths.balance = paths.balance - top_up
    paths.liquidity = paths.liquidity - top_up
    paths.topped_up = paths.topped_up + top_up

    sells = due & (paths.balance > target * value * (1.0 + 1e-12))
    # A dollar of coin sold repays `kept` and takes away `target` times its lending value.
    gain = kept - target * (1.0 - terms.coin_haircut)
    held = paths.coin_units * coin
    wanted = (paths.balance - target * value) / gain if gain > 0.0 else held
    whole_debt = paths.balance / kept
    sale = np.where(sells, np.minimum(np.minimum(wanted, held), whole_debt), 0.0)
    units = np.where(sale >= held, paths.coin_units, sale / np.where(coin > 0.0, coin, 1.0))
    paths.coin_units = np.where(sale > 0.0, paths.coin_units - units, paths.coin_units)
    paths.balance = np.where(sells & (sale >= whole_debt), 0.0, paths.balance - sale * kept)
    paths.coin_sold = paths.coin_sold + sale
    paths.sales[sale > 0.0] += 1

    repaid = due & (paths.balance <= 0.0)
    paths.status[repaid] = REPAID
    ltv = _ltv(paths.balance, _lending_value(terms, paths, coin, gpu))
    cured = due & ((ltv < terms.call_ltv) | (ltv <= target * (1.0 + _ROUNDING)))
    paths.open_since[cured] = -1
    return due & ~repaid & ~cured


def _enforce(
    terms: Margin, paths: Paths, where: Mask, status: int, coin: Array, gpu: Array
) -> None:
    """Sell all collateral; what the proceeds leave unpaid is the loss."""
    if not where.any():
        return
    proceeds = paths.coin_units * coin * (1.0 - terms.coin_slippage)
    proceeds = proceeds + terms.gpu_units * gpu * terms.gpu_recovery
    paths.exposure = np.where(where, paths.balance, paths.exposure)
    paths.loss = np.where(where, np.maximum(0.0, paths.balance - proceeds), paths.loss)
    paths.status[where] = status
