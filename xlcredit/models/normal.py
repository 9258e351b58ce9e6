"""The normal distribution in one and two dimensions, accurate in the tails.

Everything rests on the Mills ratio M(x) = (1 − Φ(x))/φ(x), which has neither overflow nor
cancellation for x ≥ 0: the tail is Φ(−x) = φ(x) M(x), and its logarithm is
log φ(x) + log M(x). One cell is worked with :mod:`math`, which is faster than an array.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xlcredit.models.quadrature import gauss_legendre

__all__ = ["Numbers", "bivariate_cdf", "cdf", "log_cdf", "mills", "pdf", "quantile"]

Array = NDArray[np.float64]
#: One number or an array of them; functions of this kind join their arguments as NumPy does.
Numbers = float | NDArray[np.float64]

_SQRT_HALF = math.sqrt(0.5)
_DENSITY_AT_ZERO = 1.0 / math.sqrt(2.0 * math.pi)
_LOG_DENSITY_AT_ZERO = math.log(_DENSITY_AT_ZERO)

#: (1 + x) M(x) as a polynomial in (x − 5)/(x + 5), highest power first; relative error 2e-15.
#: Computed with mpmath at 40 digits from the Chebyshev series, after Shepherd and Laframboise,
#: "Chebyshev approximation of (1 + 2x) exp(x²) erfc x", Math. Comp. 36, 1981.
_MILLS = (
    6.288377855498677e-11, -9.564832934712551e-10, -1.0846925288860795e-09,
    1.1032071151574336e-08, 1.0082895646260188e-08, -7.758520236786343e-08,
    -6.738323465177047e-08, 4.91996233147834e-07, 3.2197131609042185e-07,
    -3.277287633208865e-06, -1.7723438185601556e-07, 2.270961270923768e-05,
    -2.48054584472145e-05, -0.0001343742785571135, 0.00045704381820007954,
    1.9530638370790786e-05, -0.004201290310663574, 0.01634823128102938,
    -0.038026592187762366, 0.0615050458401865, -0.0661776007789934,
    0.0250721793016388, 0.07778159886873554, -0.22948753825211315, 1.1568486282918946,
)  # fmt: skip


def _polynomial(x: Any, coefficients: tuple[float, ...]) -> Any:
    total = x * coefficients[0] + coefficients[1]
    for c in coefficients[2:]:
        total = total * x + c
    return total


def _number_or_array(x: Numbers) -> Any:
    """Return one cell as a float, for which Python's own arithmetic is the faster one."""
    if isinstance(x, float):
        return x
    x = np.asarray(x, dtype=np.float64)
    return x if x.ndim else float(x)


def mills(x: Numbers) -> Any:
    """Mills ratio (1 − Φ(x))/φ(x) for x ≥ 0."""
    x = _number_or_array(x)
    return _polynomial(1.0 - 10.0 / (x + 5.0), _MILLS) / (1.0 + x)


def pdf(x: Numbers) -> Any:
    """Density φ(x); a float for a single number, else an array."""
    x = _number_or_array(x)
    if isinstance(x, float):
        return _DENSITY_AT_ZERO * math.exp(-0.5 * x * x)
    with np.errstate(over="ignore", under="ignore"):
        return _DENSITY_AT_ZERO * np.exp(-0.5 * np.square(x))


def cdf(x: Numbers) -> Any:
    """Distribution function Φ(x), with full relative accuracy in the lower tail.

    Parameters
    ----------
    x : array_like
        Standard normal points; infinities are allowed.

    Returns
    -------
    float or ndarray
        A float for a single number, else an array.

    Examples
    --------
    >>> cdf(-10.0)
    7.61985302416e-24
    """
    x = _number_or_array(x)
    if isinstance(x, float):
        return 0.5 * math.erfc(-x * _SQRT_HALF)
    size = np.abs(x)
    with np.errstate(under="ignore"):
        tail = pdf(size) * mills(size)
    return np.where(x > 0.0, 1.0 - tail, tail)


def log_cdf(x: Numbers) -> Array:
    """Logarithm of Φ(x), finite far beyond the point at which Φ itself vanishes."""
    x = np.asarray(x, dtype=np.float64)
    size = np.abs(x)
    with np.errstate(under="ignore", over="ignore", divide="ignore"):
        log_tail: Array = _LOG_DENSITY_AT_ZERO - 0.5 * np.square(x) + np.log(mills(size))
        return np.where(x > 0.0, np.log1p(-np.exp(log_tail)), log_tail)


# Numerator and denominator in the centre, the tail and the far tail, from Wichura, "Algorithm
# AS 241: the percentage points of the normal distribution", Applied Statistics 37, 1988.
_CENTRE = (
    (2509.0809287301226727, 33430.575583588128105, 67265.770927008700853,
     45921.953931549871457, 13731.693765509461125, 1971.5909503065514427,
     133.14166789178437745, 3.387132872796366608),
    (5226.495278852854561, 28729.085735721942674, 39307.89580009271061,
     21213.794301586595867, 5394.1960214247511077, 687.1870074920579083,
     42.313330701600911252, 1.0),
)  # fmt: skip
_TAIL = (
    (7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177,
     1.27045825245236838258, 3.64784832476320460504, 5.7694972214606914055,
     4.6303378461565452959, 1.42343711074968357734),
    (1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966,
     0.14810397642748007459, 0.68976733498510000455, 1.6763848301838038494,
     2.05319162663775882187, 1.0),
)  # fmt: skip
_FAR_TAIL = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386,
     0.026532189526576123093, 0.29656057182850489123, 1.7848265399172913358,
     5.4637849111641143699, 6.6579046435011037772),
    (2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5,
     7.868691311456132591e-4, 0.0148753612908506148525, 0.13692988092273580531,
     0.59983220655588793769, 1.0),
)  # fmt: skip


def _ratio(x: Any, pair: tuple[tuple[float, ...], tuple[float, ...]]) -> Any:
    return _polynomial(x, pair[0]) / _polynomial(x, pair[1])


def quantile(p: Numbers) -> Any:
    """Inverse of Φ: the point below which a share ``p`` of outcomes lies.

    Parameters
    ----------
    p : array_like
        Probabilities from 0 to 1; the ends give infinities, NaN gives NaN.

    Returns
    -------
    float or ndarray
        A float for a single number, else an array; relative error about 1e-15.

    Examples
    --------
    >>> quantile(0.999)
    3.09023230617
    """
    p = _number_or_array(p)
    if isinstance(p, float):
        return _quantile_of_one(p)
    offset = p - 0.5
    with np.errstate(all="ignore"):
        centre = offset * _ratio(0.180625 - offset * offset, _CENTRE)
        root = np.sqrt(-np.log(np.minimum(p, 1.0 - p)))
        tail = np.where(root <= 5.0, _ratio(root - 1.6, _TAIL), _ratio(root - 5.0, _FAR_TAIL))
        tail = np.where(np.isinf(root), np.inf, tail)
    return np.where(np.abs(offset) <= 0.425, centre, np.copysign(tail, offset))


def _quantile_of_one(p: float) -> float:
    if not 0.0 < p < 1.0:
        return -math.inf if p == 0.0 else math.inf if p == 1.0 else math.nan
    offset = p - 0.5
    if abs(offset) <= 0.425:
        return offset * float(_ratio(0.180625 - offset * offset, _CENTRE))
    root = math.sqrt(-math.log(min(p, 1.0 - p)))
    tail = _ratio(root - 1.6, _TAIL) if root <= 5.0 else _ratio(root - 5.0, _FAR_TAIL)
    return math.copysign(tail, offset)


def bivariate_cdf(h: Numbers, k: Numbers, correlation: Numbers) -> Array:
    """Probability Φ₂(h, k; ρ) that X ≤ h and Y ≤ k for standard normals of correlation ρ.

    Parameters
    ----------
    h, k : array_like
        Points; infinities are allowed.
    correlation : array_like
        Correlation from −1 to 1, ends included.

    Returns
    -------
    ndarray
        The probability; the error is about 1e-16 of the larger marginal probability.

    Notes
    -----
    The signs of h and k are turned so that both points are negative, by
    Φ₂(h, k; ρ) = Φ(h) − Φ₂(h, −k; −ρ); that keeps accuracy in the lower tail. There

        Φ₂ = (Φ(h) + Φ(k))/2 − T(h, (k − ρh)/(h√(1−ρ²))) − T(k, (h − ρk)/(k√(1−ρ²)))

    with Owen's T function, which depends on ρ without any singularity.

    References
    ----------
    Owen, D., "Tables for computing bivariate normal probabilities", Ann. Math. Stat. 27, 1956.

    Examples
    --------
    >>> float(bivariate_cdf(0.0, 0.0, 0.5))
    0.33333333
    """
    h, k, rho = np.broadcast_arrays(*(np.asarray(a, dtype=np.float64) for a in (h, k, correlation)))
    both = _lower_quadrant(-np.abs(h), -np.abs(k), np.where((h > 0.0) == (k > 0.0), rho, -rho))
    probability = np.where(
        h > 0.0,
        np.where(k > 0.0, 1.0 - cdf(-h) - cdf(-k) + both, cdf(k) - both),
        np.where(k > 0.0, cdf(h) - both, both),
    )
    return np.clip(probability, 0.0, np.minimum(cdf(h), cdf(k)))


def _lower_quadrant(h: Array, k: Array, rho: Array) -> Array:
    """Φ₂ for h ≤ 0 and k ≤ 0."""
    root = np.sqrt((1.0 - rho) * (1.0 + rho))
    with np.errstate(all="ignore"):
        # k − ρh, written so that it keeps its digits when ρ → 1 and h → k
        across_h = ((k - h) + (1.0 - rho) * h) / root
        across_k = ((h - k) + (1.0 - rho) * k) / root
        wedges = np.copysign(_wedge(-h, np.abs(across_h)), -across_h)
        wedges += np.copysign(_wedge(-k, np.abs(across_k)), -across_k)
        inside = 0.5 * (cdf(h) + cdf(k)) - wedges
    inside = np.where((h == 0.0) & (k == 0.0), 0.25 + np.arcsin(rho) / (2.0 * np.pi), inside)
    inside = np.where(rho == 1.0, np.minimum(cdf(h), cdf(k)), inside)
    inside = np.where((rho == -1.0) | np.isneginf(h) | np.isneginf(k), 0.0, inside)
    return np.asarray(inside)


def _wedge(x: Array, y: Array) -> Array:
    """Owen's T(x, y/x) for x, y ≥ 0: the mass of the wedge with legs x and y.

    For y > x the two legs change places, so that the slope in the integral stays below 1.
    """
    longer, shorter = np.maximum(x, y), np.minimum(x, y)
    slope = np.where(longer > 0.0, shorter / longer, 1.0)
    nodes, weights = gauss_legendre(32)
    stretch = 1.0 + np.square(slope[..., None] * nodes)
    inner = np.exp(-0.5 * np.square(longer)[..., None] * stretch) / stretch
    owen = slope * (inner @ weights) / (2.0 * np.pi)
    above_x, above_y = cdf(-x), cdf(-y)
    return np.where(y <= x, owen, 0.5 * (above_x + above_y) - above_x * above_y - owen)
