"""What a lot of GPUs brings when it must be sold into a market of finite depth."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["impact_factor", "liquidation_value", "log_gamma", "sale_days"]

Array = NDArray[np.float64]
#: One number or an array of them, which broadcasts.
Values = float | Array

_EPS = float(np.finfo(np.float64).eps)
_MOST_TERMS = 5000
#: Stirling's series: B_2k / (2k (2k - 1)).
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156)


def impact_factor(quantity: Values, depth: Values, impact: Values, exponent: Values) -> Array:
    """Average price of a lot over the price of its first unit.

    The seller walks the book: unit q brings exp(-x(q)) of the price, x(q) = c (q/D)^beta. The
    average over the lot falls with its size, but the proceeds never do; they approach a limit,
    for the market absorbs a finite sum.

    Parameters
    ----------
    quantity : array_like
        Units sold, Q. [units]
    depth : array_like
        Units that the market absorbs over the sale, D. [units]
    impact : array_like
        Log discount of the last unit of a lot equal to the depth, c. [log]
    exponent : array_like
        Power of price impact, beta. [power]

    Returns
    -------
    ndarray
        (1/Q) times the integral of exp(-x(q)) from 0 to Q, which is gamma(a, y) / (beta y^a)
        with a = 1/beta and y = x(Q): the lower incomplete gamma function. NaN where it cannot
        be had in 5000 terms (an exponent near 0 with a discount beyond all measure).
    """
    with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
        a = 1.0 / np.asarray(exponent, dtype=np.float64)
        y = np.asarray(impact * np.power(np.divide(quantity, depth), exponent))
        if y.ndim == 0 and y < a + 1.0:
            return _small(float(y), float(a))
        y, a = np.broadcast_arrays(np.where(np.equal(impact, 0.0), 0.0, y), a)
        small = y < a + 1.0
        if small.all():
            return _small(y, a)
        factor = np.full(y.shape, np.nan)
        factor[small] = _small(y[small], a[small])
        large = y >= a + 1.0
        factor[large] = _large(y[large], a[large])
        return factor


def _small(y: Values, a: Values) -> Array:
    """exp(-y) (1 + y/(a+1) + y^2/((a+1)(a+2)) + ...): all terms positive, nothing cancels."""
    term, total = y / (a + 1.0), 1.0 + y / (a + 1.0)
    for n in range(2, _MOST_TERMS):
        if n % 6 == 0 and not np.any(term > _EPS * total):
            return np.asarray(np.exp(-y) * total)
        term = term * (y / (a + n))
        total = total + term
    return np.where(term <= _EPS * total, np.exp(-y) * total, np.nan)


def _large(y: Array, a: Array) -> Array:
    """All that the market absorbs, Gamma(1 + a) y^-a, less the tail as a continued fraction."""
    b = y + 1.0 - a
    d = 1.0 / b
    c = np.full(y.shape, np.inf)
    tail, ratio = d, d
    for n in range(1, _MOST_TERMS):
        numerator = n * (a - n)
        b = b + 2.0
        d = 1.0 / (numerator * d + b)
        c = b + numerator / c
        ratio = c * d
        tail = tail * ratio
        if not np.any(np.abs(ratio - 1.0) > 2 * _EPS):
            break
    whole = np.exp(log_gamma(1.0 + a) - a * np.log(y))
    return np.where(np.abs(ratio - 1.0) <= 2 * _EPS, whole - a * np.exp(-y) * tail, np.nan)


def log_gamma(x: ArrayLike) -> Array:
    """Logarithm of the gamma function for x > 0, by Stirling's series beyond 10.

    Parameters
    ----------
    x : array_like
        Argument, above 0.

    Returns
    -------
    ndarray
        ln Gamma(x), to about 1e-14 of max(1, its size).
    """
    x = np.asarray(x, dtype=np.float64)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        moved = np.where(x < 10.0, x + 10.0, x)
        inverse = 1.0 / moved
        series = np.polynomial.polynomial.polyval(inverse * inverse, _STIRLING) * inverse
        value = (moved - 0.5) * np.log(moved) - moved + 0.5 * np.log(2 * np.pi) + series
        below = x * (x + 1) * (x + 2) * (x + 3) * (x + 4)
        below = below * (x + 5) * (x + 6) * (x + 7) * (x + 8) * (x + 9)
        return np.asarray(np.where(x < 10.0, value - np.log(below), value))


def liquidation_value(
    units: Values,
    price: Values,
    days: Values,
    daily_depth: Values,
    haircut: Values = 0.0,
    impact: Values = 0.0,
    exponent: Values = 0.6,
    *,
    decline: float = 0.0,
    discount_rate: float = 0.0,
    commission: float = 0.0,
    relocation: float = 0.0,
    storage: float = 0.0,
    fixed: float = 0.0,
) -> Array:
    """Net proceeds of selling a lot evenly over a number of days.

    Parameters
    ----------
    units, price : array_like
        Cards, and the orderly price of one today. [units, USD/unit]
    days, daily_depth : array_like
        Days of the sale, and units that the market absorbs in one. [days, units/day]
    haircut : array_like
        Price haircut for power density and cooling. [share]
    impact, exponent : array_like
        Price impact, as in :func:`impact_factor`, at a depth of days times daily depth.
    decline, discount_rate : float
        Yearly fall of the price, and the discount rate; both for half the days. [1/year]
    commission : float
        Share of the gross proceeds. [share]
    relocation, storage, fixed : float
        Cost per unit, per unit and day (for half the days), and of the sale as a whole. [USD]

    Returns
    -------
    ndarray
        max(0, gross less costs), discounted from the middle of the sale. [USD]
    """
    half = days * 0.5
    years = half / 365.0
    fetched = impact_factor(units, daily_depth * days, impact, exponent)
    gross = units * price * (1.0 - haircut) * fetched
    gross = gross * np.power(1.0 - decline, years) * (1.0 - commission)
    costs = units * (relocation + storage * half) + fixed
    return np.asarray(np.maximum(0.0, gross - costs) * np.power(1.0 + discount_rate, -years))


def sale_days(
    units: Values,
    daily_depth: Values,
    impact: Values,
    exponent: Values,
    holding_cost: Values,
) -> Array:
    """Days that make price impact and the cost of waiting least together.

    Parameters
    ----------
    units, daily_depth : array_like
        Units to sell, and units that the market absorbs in a day. [units, units/day]
    impact, exponent : array_like
        Log discount c of the last unit of a lot equal to the depth, and its power beta.
    holding_cost : array_like
        Log cost k of waiting a day, above 0. [1/day]

    Returns
    -------
    ndarray
        T that minimises c (Q / (D T))^beta + k T: (beta c (Q/D)^beta / k)^(1 / (1 + beta)).
    """
    whole = np.power(np.divide(units, daily_depth), exponent)
    pressed = exponent * impact * whole / holding_cost
    return np.power(pressed, 1.0 / (1.0 + exponent))
