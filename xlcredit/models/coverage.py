"""Coverage ratios, covenants and the rent decline that breaks them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from xlcredit.models.debt import present_value, window_sums
from xlcredit.models.ties import SAME, at_least, same

__all__ = [
    "HOURS_PER_MONTH",
    "borrowing_base",
    "breakeven_decline",
    "cover",
    "headroom",
    "life_cover",
    "meets",
    "pooled_cover",
    "rent_cfads",
]

Array = NDArray[np.float64]
#: One number or an array of them, which broadcasts.
Values = float | Array

#: 8760 / 12, as in the exchanges' monthly GPU-hour contracts.
HOURS_PER_MONTH = 730.0


def cover(cfads: ArrayLike, debt_service: ArrayLike, window: int = 1) -> Array:
    """Cash flow over debt service, period by period or over a rolling window.

    Parameters
    ----------
    cfads, debt_service : array_like
        Cash flow available for debt service, and interest plus principal. [USD]
    window : int
        Periods summed, the last one being the period itself.

    Returns
    -------
    ndarray
        One ratio per period; NaN where the window has no service or is not yet full.
    """
    cash = np.asarray(cfads, dtype=np.float64)
    service = np.asarray(debt_service, dtype=np.float64)
    if window > 1:
        cash, service = (_rolling(series, window) for series in (cash, service))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(service == 0, np.nan, cash / service)


def _rolling(series: Array, window: int) -> Array:
    sums = np.full(series.shape, np.nan)
    if window <= len(series):
        sums[window - 1 :] = window_sums(series, window)[: len(series) - window + 1]
    return sums


def pooled_cover(cfads: ArrayLike, debt_service: ArrayLike) -> float:
    """All cash over all service of the periods that have service; NaN if none has."""
    service = np.asarray(debt_service, dtype=np.float64)
    total = math.fsum(service)
    return math.fsum(np.asarray(cfads)[service != 0]) / total if total else math.nan


def rent_cfads(
    rents: Values,
    gpus: Values,
    utilisation: Values,
    opex: Values,
    contracted: Values = 0.0,
) -> Array:
    """Monthly cash flow on a rent curve: contracted + gpus 730 utilisation rent - opex."""
    return np.asarray(contracted + gpus * HOURS_PER_MONTH * utilisation * rents - opex)


def life_cover(cfads: ArrayLike, balance: float, rate: float, reserve: float = 0.0) -> float:
    """Present value of cash flow, plus a reserve, over a balance that is not 0.

    Parameters
    ----------
    cfads : array_like
        Cash flow of each period that counts. [USD]
    balance, reserve : float
        Debt today, and cash held for it. [USD]
    rate : float
        Interest per period.

    Returns
    -------
    float
        LLCR if the cash flow ends with the loan, PLCR if it ends with the project. [ratio]
    """
    return (present_value(cfads, rate) + reserve) / balance


def breakeven_decline(
    contracted: ArrayLike,
    merchant: ArrayLike,
    opex: ArrayLike,
    debt_service: ArrayLike,
    target_dscr: ArrayLike,
    periods_per_year: float,
) -> float:
    """Yearly fall of rents that brings the lowest DSCR down to a target.

    Parameters
    ----------
    contracted, merchant : array_like
        Contracted revenue, and the other revenue at today's rent, none negative. [USD]
    opex, debt_service : array_like
        Operating cost, and interest plus principal. [USD]
    target_dscr : array_like
        Cover that must be kept. [ratio]
    periods_per_year : float
        Periods in a year, m.

    Returns
    -------
    float
        The largest d at which contracted + merchant (1 - d)^((k - 1/2)/m) - opex covers
        target times service in every period k with service: at most 1, which means that even
        free rent passes. -inf if no rise of rents suffices; NaN if no period has service.
    """
    series = (contracted, merchant, opex, debt_service, target_dscr)
    fixed, rent, cost, service, target = np.broadcast_arrays(
        *(np.atleast_1d(np.asarray(s, dtype=np.float64)) for s in series)
    )
    if not service.any():
        return math.nan
    years = (np.arange(len(service)) + 0.5) / periods_per_year
    needed = target * service + cost - fixed  # from the merchant revenue of each period
    spare = needed <= SAME * (target * service + np.abs(cost) + np.abs(fixed))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        # each period has a break-even of its own in closed form; the first to break decides
        own = 0.0 - np.expm1(np.log(needed / rent) / years)
    own = np.where(spare, 1.0, np.where(rent > 0, own, -np.inf))
    return float(np.min(own[service != 0]))


def meets(value: Values, threshold: Values, direction: str = "min") -> NDArray[np.bool_]:
    """Whether a figure meets a covenant; equality, to twelve digits, does.

    Parameters
    ----------
    value, threshold : array_like
        Figure under test, and the covenant level.
    direction : {'min', 'max'}
        ``min``: the figure must not be less; ``max``: it must not be more.

    Returns
    -------
    ndarray of bool
        False where either is NaN.
    """
    if direction == "min":
        return np.asarray(at_least(value, threshold))
    return np.asarray(at_least(np.negative(value), np.negative(threshold)))


def headroom(value: Values, threshold: Values, direction: str = "min") -> Array:
    """Share by which a positive figure may move before it breaks a covenant.

    Parameters
    ----------
    value, threshold : array_like
        Figure under test, above 0, and the covenant level.
    direction : {'min', 'max'}
        As in :func:`meets`.

    Returns
    -------
    ndarray
        1 - threshold/value for a minimum, threshold/value - 1 for a maximum; 0 where the two
        agree to twelve digits, negative when already broken. [share]
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        room = np.divide(value - threshold, value)
    room = np.where(same(value, threshold) & np.not_equal(value, 0.0), 0.0, room)
    return np.asarray(room if direction == "min" else 0.0 - room)


def borrowing_base(
    units: Values,
    price: Values,
    ineligible: Values = 0.0,
    nolv: Values = 1.0,
    advance: Values = 1.0,
    reserve: Values = 0.0,
) -> Array:
    """Availability: max(0, (units - ineligible) price nolv advance - reserve)."""
    return np.maximum(0.0, (units - ineligible) * price * nolv * advance - reserve)
