"""What a loan agreement says: its terms, its schedule as signed, and what its cards bring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from xlcredit.models.debt import reserve_target
from xlcredit.models.liquidation import impact_factor
from xlcredit.models.ties import below

__all__ = ["Plan", "Terms", "card_proceeds", "gathered"]

Array = NDArray[np.float64]

#: One number for one path, or an array with one element a path.
Values = Any


@dataclass(frozen=True, kw_only=True)
class Terms:
    """Terms of the loan; money in USD, shares as decimals, None where a term is not agreed."""

    loan: float
    rate: float | None = None
    periods_per_year: float = 12.0
    balloon: float | None = None
    fee: float = 0.0
    oid: float = 0.0
    dsra_opening: float = 0.0
    dsra_periods: float = 0.0
    dsra_stays: float = 0.0
    sweep: float = 0.0
    lockup: float = 0.0
    liquidity: float = 0.0
    grace_periods: float | None = None
    cash_control: float = 1.0
    coin_units: float = 0.0
    gpu_units: float = 0.0
    coin_haircut: float = 0.0
    gpu_haircut: float = 0.0
    call_ltv: float | None = None
    cure_ltv: float | None = None
    liquidation_ltv: float | None = None
    cure_periods: float = 0.0
    coin_slippage: float = 0.0
    gpu_recovery: float = 1.0
    gpu_depth: float | None = None
    sale_days: float | None = None
    gpu_impact: float | None = None
    exponent: float | None = None
    sale_haircut: float | None = None
    sale_cost: float | None = None
    recovery_periods: float = 0.0
    accelerated: float = 0.0
    payment_periods: float = 1.0
    principal_periods: float = 1.0
    trigger_level: float = 0.0
    trigger_sweep: float = 0.0
    trigger_dsra_periods: float = 0.0


@dataclass(frozen=True)
class Plan:
    """The schedule as signed at closing; a list has one value for each period.

    A loan that is accelerated ends in that period: until then it is held to the whole schedule.
    Where it pays every so many periods, what falls due between two dates stands on the later one.
    Where principal alone does, cash is kept for it: it is shared out on those dates.
    """

    periods: int
    rates: list[float]  #: interest of each period, per period
    scheduled: list[float]  #: principal that falls due
    targets: list[float]  #: reserve to be held after each period
    balloon: float  #: balance that may stand after the last period
    service: list[float]  #: interest and principal as scheduled, whatever is paid
    prepayment: list[float]  #: cash of the period that must prepay
    bullet: float | None  #: balance above which all is due in the last period; None: none is
    sweeps: list[float]  #: share of the free cash that prepays
    every: int  #: periods from one payment date to the next
    shared: list[bool]  #: whether the cash that is left is swept and distributed
    waits: bool  #: whether there are periods in which it is not

    @classmethod
    def of(
        cls,
        terms: Terms,
        scheduled: ArrayLike,
        rates: ArrayLike | None = None,
        prepayment: ArrayLike | None = None,
        index: ArrayLike | None = None,
    ) -> Plan:
        """Plan the loan from its principal by period.

        ``rates`` are nominal, per year; ``index`` is what ``trigger_level`` reads, by period.
        """
        every = int(terms.payment_periods)
        due = gathered(np.atleast_1d(np.asarray(scheduled, dtype=np.float64)), every).tolist()
        nominal = np.broadcast_to(terms.rate or 0.0 if rates is None else rates, (len(due),))
        rate = gathered(nominal / terms.periods_per_year, every).tolist()
        balance, service = terms.loan, []
        for interest, principal in zip(rate, due, strict=True):
            repaid = min(principal, balance)
            service.append(balance * interest + repaid)
            balance -= repaid
        tight = np.zeros(len(due), dtype=bool)
        if index is not None:
            tight |= below(np.asarray(index, dtype=np.float64), terms.trigger_level)
        ahead = reserve_target(service, int(terms.dsra_periods)).tolist()
        if tight.any() and terms.trigger_dsra_periods > terms.dsra_periods:
            more = reserve_target(service, int(terms.trigger_dsra_periods))
            ahead[1:] = np.where(tight, more[1:], ahead[1:]).tolist()
        sweeps = np.where(tight, max(terms.sweep, terms.trigger_sweep), terms.sweep).tolist()
        if terms.dsra_stays:  # the last full target stands until the last period
            full = max(0, len(due) - int(terms.dsra_periods))
            ahead[full:-1] = [ahead[full]] * (len(due) - full)
        last = balance if terms.balloon is None else terms.balloon
        cash = np.broadcast_to(0.0 if prepayment is None else prepayment, (len(due),))
        must = gathered(cash, every).tolist()
        n, bullet = len(due), terms.balloon
        if 0 < terms.accelerated <= n:
            n, last, bullet = int(terms.accelerated), 0.0, 0.0
        apart = int(terms.principal_periods)
        shared = [(len(due) - k) % apart == 0 or k == n for k in range(1, n + 1)]
        sweeps = [sweep if now else 0.0 for sweep, now in zip(sweeps, shared, strict=False)]
        targets = ahead[1 : n + 1]
        return cls(
            *(n, rate[:n], due[:n], targets, last, service, must, bullet, sweeps, every, shared),
            waits=apart > 1,
        )

    def pays(self, k: int) -> bool:
        """Whether period ``k`` ends on a payment date."""
        return k % self.every == 0 or k == self.periods


def gathered(values: ArrayLike, every: int) -> Array:
    """Sums up to each payment date since the one before, 0 between; the last period is a date."""
    values = np.asarray(values, dtype=np.float64)
    if every == 1:
        return values
    starts = np.arange(0, len(values), every)
    sums = np.zeros_like(values)
    sums[np.minimum(starts + every, len(values)) - 1] = np.add.reduceat(values, starts, axis=0)
    return sums


def card_proceeds(terms: Terms, gpu: Values) -> Values:
    """What all cards of the loan bring in enforcement, net, at a price for one, in USD."""
    worth = terms.gpu_units * gpu
    if terms.gpu_depth is None:
        return worth * terms.gpu_recovery
    factor = impact_factor(
        terms.gpu_units,
        terms.gpu_depth * _or(terms.sale_days, 90.0),
        _or(terms.gpu_impact, 0.0),
        _or(terms.exponent, 0.6),
    )
    net = worth * (1.0 - _or(terms.sale_haircut, 0.0)) * float(factor)
    return np.maximum(0.0, net - _or(terms.sale_cost, 0.0) * terms.gpu_units)


def _or(value: float | None, default: float) -> float:
    return default if value is None else value
