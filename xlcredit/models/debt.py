"""Debt schedules, sizing and yields. Cash falls at the end of each period."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "MOST_PERIODS",
    "all_in_yield",
    "amortization",
    "average_life",
    "capacity",
    "duration",
    "present_value",
    "reserve_target",
    "sculpture",
    "window_sums",
]

Array = NDArray[np.float64]

_FIGURES = ("macaulay", "modified", "convexity", "pv", "half_life")

#: Newton's steps double the digits; a handful is enough.
_MOST_STEPS = 200
#: Rows of a worksheet.
MOST_PERIODS = 1_048_576


def present_value(cash: ArrayLike, rate: float) -> float:
    """Value today of cash at the end of each period, at a rate per period.

    Parameters
    ----------
    cash : array_like
        Cash of each period, the first one first. [USD]
    rate : float
        Rate per period, above -1.

    Returns
    -------
    float
        Sum of cash_k (1 + rate)^-k. [USD]
    """
    value = 0.0
    for amount in reversed(np.atleast_1d(np.asarray(cash, dtype=np.float64)).tolist()):
        value = (value + amount) / (1.0 + rate)
    return value


def amortization(
    principal: float,
    rate: float,
    periods: int,
    profile: str = "annuity",
    balloon: float = 0.0,
    grace: int = 0,
) -> Array:
    """Repayment schedule of a loan.

    Parameters
    ----------
    principal : float
        Opening debt. [USD]
    rate : float
        Interest per period.
    periods : int
        Number of periods.
    profile : {'annuity', 'level', 'bullet'}
        Equal payments, equal repayments, or one repayment at the end.
    balloon : float
        Repaid with the last instalment, on top of it. [USD]
    grace : int
        Interest-only periods at the start.

    Returns
    -------
    ndarray, shape (periods, 4)
        Payment, interest, principal and closing balance of each period. [USD]
    """
    if profile == "bullet":
        balloon, grace = principal, 0
    after = np.arange(periods - 1.0, -1.0, -1.0)  # instalments still to come after each period
    count = periods - grace
    if profile == "annuity" and rate > 0:
        # a balance is worth its instalments: nothing cancels, and the last one leaves nothing
        log_growth = math.log1p(rate)
        whole = -math.expm1(-count * log_growth)
        left = -np.expm1(-np.minimum(after, count) * log_growth) / whole
        part = np.exp(-(after + 1.0) * log_growth) * (rate / whole)
    else:
        left, part = np.minimum(after, count) / count, np.full(periods, 1.0 / count)
    closing = balloon + (principal - balloon) * left
    repaid = (principal - balloon) * np.where(after < count, part, 0.0)
    closing[-1] = 0.0
    repaid[-1] += balloon
    interest = rate * np.concatenate(([principal], closing[:-1]))
    return np.column_stack([interest + repaid, interest, repaid, closing])


def sculpture(
    cfads: ArrayLike, target_dscr: ArrayLike, rate: float, balloon: float = 0.0
) -> tuple[float, Array]:
    """Size debt so that its service is the cash flow over a target, and schedule it.

    Parameters
    ----------
    cfads : array_like
        Cash flow available for debt service. [USD]
    target_dscr : array_like
        Cover wanted, one figure or one per period, above 0. [ratio]
    rate : float
        Interest per period.
    balloon : float
        Debt left after the last service, to be repaid or refinanced then. [USD]

    Returns
    -------
    capacity : float
        Opening debt. [USD]
    schedule : ndarray, shape (periods, 4)
        Service, interest, principal and closing balance. Principal is negative where the
        service does not pay the interest.
    """
    service = np.maximum(0.0, np.asarray(cfads, dtype=np.float64)) / target_dscr
    balances = [balloon]  # backwards: a balance is worth the service and the balance to come
    for payment in reversed(service.tolist()):
        balances.append((balances[-1] + payment) / (1.0 + rate))
    balance = np.array(balances[::-1])
    interest = rate * balance[:-1]
    return float(balance[0]), np.column_stack([service, interest, service - interest, balance[1:]])


def capacity(cfads: ArrayLike, target_dscr: ArrayLike, rate: float, balloon: float = 0.0) -> float:
    """Debt at closing that the sculpted service repays; see :func:`sculpture`."""
    return sculpture(cfads, target_dscr, rate, balloon)[0]


def reserve_target(debt_service: ArrayLike, periods: int) -> Array:
    """Debt service of the next ``periods`` periods, at closing and after each period.

    Parameters
    ----------
    debt_service : array_like
        Service of each period. [USD]
    periods : int
        Services held in reserve.

    Returns
    -------
    ndarray
        One value more than there are periods: the first at closing, the last 0. [USD]
    """
    return window_sums(np.atleast_1d(np.asarray(debt_service, dtype=np.float64)), periods)


def window_sums(values: Array, span: int) -> Array:
    """Sums over a window of ``span`` values from each position on, and from behind the last.

    The time does not depend on the span: the values are cut into blocks of it, and a window is
    the end of one block and the start of the next. Nothing is subtracted, so nothing cancels.
    """
    count, span = len(values), min(span, len(values))
    if span == 0:
        return np.zeros(count + 1)
    blocks = np.zeros((count // span + 2, span))
    blocks.flat[:count] = values
    starts = np.cumsum(blocks, axis=1)
    ends = np.cumsum(blocks[:, ::-1], axis=1)[:, ::-1]
    before = np.column_stack([np.zeros(len(blocks) - 1), starts[1:, : span - 1]])
    return np.asarray((ends[:-1] + before).reshape(-1)[: count + 1])


def average_life(repayments: ArrayLike, periods_per_year: float) -> float:
    """Mean time of repayment in years, weighted by amount; NaN if nothing is repaid."""
    repaid = np.atleast_1d(np.asarray(repayments, dtype=np.float64))
    years = np.arange(1, len(repaid) + 1) / periods_per_year
    total = math.fsum(repaid)
    return math.fsum(repaid * years) / total if total else math.nan


def duration(cash: ArrayLike, rate: float, periods_per_year: float) -> dict[str, float]:
    """Present value of cash and the moments of its timing.

    Parameters
    ----------
    cash : array_like
        Cash of each period. [USD]
    rate : float
        Nominal yearly rate, compounded each period. [1/year]
    periods_per_year : float
        Periods in a year, m.

    Returns
    -------
    dict
        ``pv`` [USD], ``macaulay`` and ``modified`` [years], ``convexity`` [years^2] and
        ``half_life`` [years]: when half of the present value has come in, evenly inside a
        period. All but ``pv`` are NaN if the present value is 0.
    """
    cash = np.atleast_1d(np.asarray(cash, dtype=np.float64))
    m, k = periods_per_year, np.arange(1, len(cash) + 1)
    growth = 1.0 + rate / m
    worth = cash * np.power(growth, -k)
    pv = math.fsum(worth)
    if pv == 0:
        return {name: 0.0 if name == "pv" else math.nan for name in _FIGURES}
    macaulay = math.fsum(worth * k) / (m * pv)
    return {
        "macaulay": macaulay,
        "modified": macaulay / growth,
        "convexity": math.fsum(worth * k * (k + 1)) / (m * m * growth * growth * pv),
        "pv": pv,
        "half_life": _half_way((worth / pv).tolist()) / m,
    }


def _half_way(shares: list[float]) -> float:
    """Periods until half has come in, each share coming in evenly over its period."""
    arrived = 0.0
    for period, share in enumerate(shares):
        if arrived + share >= 0.5:
            return period + (0.5 - arrived) / share
        arrived += share
    return float(len(shares))  # rounding left the total a shade under one half


def all_in_yield(received: float, payments: ArrayLike, periods_per_year: float) -> float:
    """Effective yearly yield at which the payments are worth what the borrower received.

    Parameters
    ----------
    received : float
        Cash that the borrower received, above 0. [USD]
    payments : array_like
        Payments of each period, none negative. [USD]
    periods_per_year : float
        Periods in a year.

    Returns
    -------
    float
        The yield, which is negative if less comes back than went out; NaN if there is none.
        [1/year]
    """
    payments = np.atleast_1d(np.asarray(payments, dtype=np.float64))
    if not (received > 0 and np.any(payments > 0)):
        return math.nan
    k = np.arange(1, len(payments) + 1)
    money = payments > 0
    logs, k = np.log(payments[money]), k[money]

    # The log of what the payments are worth falls with the log growth g of a period, and is
    # convex in it: Newton's steps, each the gap over the payments' mean time, come from the left
    # and never pass the root. They start where all is paid in the first or last paying period.
    goal = math.log(received)
    total = math.log(math.fsum(payments)) - goal
    growth = min(total / float(k[0]), total / float(k[-1]))
    for _ in range(_MOST_STEPS):
        exponents = logs - growth * k
        top = float(exponents.max())
        worth = np.exp(exponents - top)
        whole = float(worth.sum())
        move = (math.log(whole) + top - goal) * whole / float(worth @ k)
        growth += move
        if move <= 1e-15 * abs(growth):
            break
    return float(np.expm1(growth * periods_per_year))
