"""Value of a GPU as it ages: by launches, by the books, by the rents it still earns."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from xlcredit.models import normal
from xlcredit.models.ties import at_least

__all__ = [
    "LONGEST_LIFE",
    "book_value",
    "generation_value",
    "hosting_share",
    "launch_drop",
    "rent_value",
]

Array = NDArray[np.float64]
#: One number or an array of them, which broadcasts.
Values = float | Array

#: The year-by-year methods walk through the years; no hardware is written off over longer.
LONGEST_LIFE = 1200.0


def generation_value(
    cost: Values,
    age: Values,
    decline: Values,
    launch_months: ArrayLike = (),
    launch_drops: ArrayLike = (),
    floor: Values = 0.0,
    lead: Values = 0.0,
    ramp: Values = 0.0,
) -> Array:
    """Value that falls geometrically between launches and drops at each successor's launch.

    Parameters
    ----------
    cost : array_like
        Value at age 0. [USD]
    age : array_like
        Months since purchase. [months]
    decline : array_like
        Yearly fall between launches, effective, below 1. [1/year]
    launch_months, launch_drops : array_like
        Launches in months from purchase, and the fall at each, in [0, 1). [months, share]
    floor : array_like
        Level below which the value does not fall. [USD]
    lead, ramp : array_like
        Months before and after a launch over which its fall is spread evenly in the log; the
        fall comes in one step at the launch where both are 0. [months]

    Returns
    -------
    ndarray
        max(floor, cost (1 - decline)^(age/12) prod (1 - drop_j)^(s_j(age) - s_j(0))), with
        s_j the share of launch j that the market has absorbed. What was absorbed before the
        purchase is in the cost already.
    """
    value = np.power(1.0 - decline, np.divide(age, 12.0)) * cost
    at_and_drop = (np.atleast_1d(x).tolist() for x in (launch_months, launch_drops))
    launches = list(zip(*at_and_drop, strict=True))
    span = lead + ramp
    if not np.any(span):
        for at, drop in launches:
            if at > 0:
                value = value * np.where(np.greater_equal(age, at), 1.0 - drop, 1.0)
        return np.maximum(floor, value)
    log_fall: Values = 0.0
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for at, drop in launches:
            share = _absorbed(age - at, lead, span) - _absorbed(-at, lead, span)
            log_fall = log_fall + share * math.log1p(-drop)
    return np.maximum(floor, value * np.exp(log_fall))


def _absorbed(since: Values, lead: Values, span: Values) -> Array:
    """Share of a launch that the market has absorbed: 0 before it, 1 after, even between."""
    spread = np.minimum(1.0, np.maximum(0.0, (since + lead) / span))
    if np.all(span):
        return spread
    return np.where(np.equal(span, 0.0), np.greater_equal(since, 0.0), spread)


def book_value(
    cost: Values,
    age: Values,
    life: Values,
    salvage: Values = 0.0,
    method: str = "straight_line",
    factor: Values = 2.0,
) -> Array:
    """Carrying value after depreciation.

    Parameters
    ----------
    cost, salvage : array_like
        Purchase price, and the value at the end of the life. [USD]
    age, life : array_like
        Months since purchase, and the accounting life. [months]
    method : {'straight_line', 'sum_of_years', 'declining_balance', 'declining_balance_switch'}
        The last three go year by year (a life of whole years) and evenly inside a year.
    factor : array_like
        Declining-balance factor; 2 is double-declining.

    Returns
    -------
    ndarray
        Book value; after the life it stays where it is.
    """
    worn = np.minimum(age, life)
    if method == "straight_line":
        return _written_off(cost, salvage, worn / life)
    if method == "sum_of_years":
        return _sum_of_years(cost, worn / 12.0, life / 12.0, salvage)
    switch = method == "declining_balance_switch"
    return _declining(cost, worn / 12.0, life / 12.0, salvage, factor, switch)


def _written_off(cost: Values, salvage: Values, share: Array) -> Array:
    """Value when a share of cost less salvage is gone: exact where none or all of it is."""
    return cost * (1.0 - share) + salvage * share


def _sum_of_years(cost: Values, worn: Array, life: Values, salvage: Values) -> Array:
    """Year k of L carries (L - k + 1) parts of L (L + 1) / 2."""
    years = np.floor(worn)
    parts = years * (2 * life - years + 1) / 2 + (worn - years) * (life - years)
    return _written_off(cost, salvage, parts / (life * (life + 1) / 2))


def _declining(
    cost: Values,
    worn: Array,
    life: Values,
    salvage: Values,
    factor: Values,
    switch: bool,
) -> Array:
    """Year by year, a share of what is left; or straight line over the rest if that is more."""
    share = np.minimum(1.0, factor / life)
    value = cost + 0.0 * worn
    longest = LONGEST_LIFE / 12.0
    years = np.nan_to_num(worn, nan=0.0, posinf=longest)
    for year in range(int(min(longest, np.ceil(np.max(years, initial=0.0))))):
        charge = value * share
        if switch:
            # at the last year all that is left; later years are masked by ``passed`` below
            left = np.maximum(life - year, 1.0)
            charge = np.maximum(charge, (value - salvage) / left)
        passed = np.minimum(1.0, np.maximum(0.0, worn - year))
        value = value - passed * np.minimum(charge, value - salvage)
    return value


def rent_value(
    net_rents: ArrayLike, discount_rate: float, scrap: ArrayLike = 0.0
) -> tuple[float, int]:
    """Value of the remaining net rents with the right to scrap the card at any month's end.

    Parameters
    ----------
    net_rents : array_like
        Rent less running cost of each month to come, paid at its end. [USD]
    discount_rate : float
        Effective yearly rate, above -1. [1/year]
    scrap : array_like
        What the card fetches when it is abandoned: whenever, or at each date from today on, one
        more than there are months. [USD]

    Returns
    -------
    value : float
        The most that any plan of abandonment is worth. [USD]
    life : int
        Months until it is better to scrap. [months]
    """
    factor = float(np.power(1.0 + discount_rate, -1.0 / 12.0))
    rents = np.atleast_1d(np.asarray(net_rents, dtype=np.float64)).tolist()
    fetched = np.broadcast_to(np.asarray(scrap, dtype=np.float64), (len(rents) + 1,)).tolist()
    value, life = fetched[-1], len(rents)
    for month in range(len(rents) - 1, -1, -1):
        going_on = (rents[month] + value) * factor
        if at_least(fetched[month], going_on):
            life = month
        value = max(fetched[month], going_on)
    return value, life


def launch_drop(performance_gain: Values, elasticity: Values) -> Array:
    """Fall in an old card's value when the new one does more work per dollar.

    Parameters
    ----------
    performance_gain : array_like
        Performance per dollar, new over old, at least 1. [ratio]
    elasticity : array_like
        Elasticity of price to performance, at least 0. [power]

    Returns
    -------
    ndarray
        1 - gain^(-elasticity). [share]
    """
    return -np.expm1(-elasticity * np.log(performance_gain))


def hosting_share(
    rack_kw: Values,
    median_kw: Values,
    dispersion: Values,
    liquid_required: Values = 0.0,
    liquid_share: Values = 1.0,
) -> Any:
    """Share of the market's racks that can take a card.

    Parameters
    ----------
    rack_kw : array_like
        Power of the rack that the card comes in. [kW]
    median_kw, dispersion : array_like
        Median power of the market's racks, and the standard deviation of its log. [kW, log]
    liquid_required : array_like
        1 if the card needs liquid cooling, else 0.
    liquid_share : array_like
        Share of racks with liquid cooling. [share]

    Returns
    -------
    float or ndarray
        Phi(ln(median_kw / rack_kw) / dispersion), times liquid_share if that is required.
    """
    powered = normal.cdf(np.log(np.divide(median_kw, rack_kw)) / dispersion)
    return powered * np.where(np.equal(liquid_required, 1.0), liquid_share, 1.0)
