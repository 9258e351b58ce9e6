"""Rents of GPUs over time, and the revenue of a fleet partly under contract."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["contract_revenue", "fit", "parity_rent", "rent"]

Array = NDArray[np.float64]
#: One number or an array of them, which broadcasts.
Values = float | Array


def rent(
    today: ArrayLike,
    decline: ArrayLike,
    month: ArrayLike,
    floor: ArrayLike = 0.0,
    step_months: ArrayLike = (),
    step_drops: ArrayLike = (),
) -> Array:
    """Rent at a month: a geometric fall with steps, never below a floor.

    Parameters
    ----------
    today : array_like
        Rent today. [USD/GPU-hour]
    decline : array_like
        Yearly fall, effective, below 1; negative for a rise. [1/year]
    month : array_like
        Months from today, at least 0. [months]
    floor : array_like
        Level below which rent does not fall. [USD/GPU-hour]
    step_months, step_drops : array_like
        Months at which rent steps, and the fall at each. [months, share]

    Returns
    -------
    ndarray
        max(floor, today (1 - decline)^(month/12) prod(1 - drop_j)) over the steps that have
        happened; a step has happened at its own month.
    """
    month = np.asarray(month, dtype=np.float64)
    curve = np.power(1.0 - np.asarray(decline, dtype=np.float64), month / 12.0) * today
    for at, drop in zip(np.atleast_1d(step_months), np.atleast_1d(step_drops), strict=True):
        curve = curve * np.where(month >= at, 1.0 - drop, 1.0)
    return np.maximum(floor, curve)


def fit(years: ArrayLike, rents: ArrayLike) -> dict[str, float]:
    """Least squares of the logarithm of rents on time.

    Parameters
    ----------
    years : array_like
        Times of observation, not all the same. [years]
    rents : array_like
        Observed rents, above 0. [USD/GPU-hour]

    Returns
    -------
    dict
        ``decline`` (effective yearly fall), ``half_life`` in months (NaN if rents do not
        fall), ``r_squared`` (NaN if rents do not move) and ``std_error`` of the yearly log
        slope (NaN for two observations).
    """
    x = np.asarray(years, dtype=np.float64)
    y = np.log(np.asarray(rents, dtype=np.float64))
    x, y = x - x.mean(), y - y.mean()
    spread = math.fsum(x * x)
    slope = math.fsum(x * y) / spread
    left = math.fsum((y - slope * x) ** 2)
    # logs of equal rents differ from their mean by rounding only
    moved = math.fsum(y * y) if np.ptp(rents) else 0.0
    spare = len(x) - 2
    return {
        "decline": 0.0 - math.expm1(slope),
        "half_life": -12.0 * math.log(2.0) / slope if slope < 0 else math.nan,
        "r_squared": 1.0 - left / moved if moved else math.nan,
        "std_error": math.sqrt(left / spare / spread) if spare else math.nan,
    }


def parity_rent(
    new_rent: Values,
    performance_ratio: Values,
    kw: Values,
    pue: Values,
    power_price: Values,
    other_cost: Values = 0.0,
) -> Array:
    """Net earnings of an old card's hour when users pay the same for the same work.

    Parameters
    ----------
    new_rent : array_like
        Rent of the newest card. [USD/GPU-hour]
    performance_ratio : array_like
        Work per hour of the old card over the new. [ratio]
    kw, pue, power_price : array_like
        IT power of the old card, site overhead, price of power. [kW, ratio, USD/kWh]
    other_cost : array_like
        Other cash cost of an hour. [USD/GPU-hour]

    Returns
    -------
    ndarray
        new_rent performance_ratio - kw pue power_price - other_cost; below 0 the card is
        better switched off. [USD/GPU-hour]
    """
    return np.asarray(new_rent * performance_ratio - kw * pue * power_price - other_cost)


def contract_revenue(
    months: int,
    *,
    units: float,
    contract_share: float,
    contract_rent: float,
    escalation: float,
    contract_months: int,
    availability: float,
    hazard: float,
    downtime_months: int,
    termination_months: float,
    termination_recovery: float,
    rent: float,
    decline: float,
    utilisation: float,
    hours_per_year: float,
) -> Array:
    """Revenue expected of a fleet of which a share is let to a tenant who may default.

    Parameters
    ----------
    months : int
        Length of the schedule. [months]
    units, contract_share : float
        Cards, and the share of them under contract. [units, share]
    contract_rent, escalation : float
        Contract rent and its step once a year. [USD/GPU-hour, 1/year]
    contract_months : int
        Length of the contract. [months]
    availability : float
        Share of the contract hours that are paid. [share]
    hazard : float
        Default intensity of the tenant. [1/year]
    downtime_months : int
        Full months empty after a default. [months]
    termination_months, termination_recovery : float
        Months of contract revenue claimed on default, and the share paid. [months, share]
    rent, decline, utilisation : float
        Market rent today, its yearly fall, and the share of hours let. [USD/GPU-hour, ...]
    hours_per_year : float
        Hours in a year. [hours/year]

    Returns
    -------
    ndarray, shape (months, 5)
        Contract, re-let, merchant and termination revenue, and their total, by month. [USD]
    """
    k = np.arange(1.0, months + 1.0)
    under = k <= contract_months
    hours = units * hours_per_year / 12.0
    market = rent * np.power(1.0 - decline, (k - 0.5) / 12.0) * utilisation * hours

    def alive(month: Values) -> Any:
        return np.exp(-hazard / 12.0 * np.maximum(0.0, month))

    in_full = contract_rent * np.power(1.0 + escalation, (k - 1) // 12) * availability * hours
    in_full = np.where(under, in_full * contract_share, 0.0)
    contract = in_full * alive(k)

    # Free for the market: what fell empty in time to be let again, and all after the contract.
    free = 1.0 - alive(np.minimum(k - downtime_months - 1.0, contract_months))
    free = free + np.where(under, 0.0, alive(contract_months))
    relet = contract_share * market * free
    merchant = (1.0 - contract_share) * market
    failed = alive(k - 1.0) - alive(k)
    termination = in_full * termination_months * termination_recovery * failed
    parts = [contract, relet, merchant, termination]
    return np.column_stack([*parts, contract + relet + merchant + termination])
