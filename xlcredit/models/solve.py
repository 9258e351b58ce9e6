"""One root finder for everything that has to be solved."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["find_root"]

Array = NDArray[np.float64]

_EPS = float(np.finfo(np.float64).eps)


def find_root(
    function: Callable[[Array], Array],
    low: ArrayLike,
    high: ArrayLike,
    *,
    tolerance: float = 0.0,
    steps: int = 200,
) -> Array:
    """Zero of a continuous function between two points at which its signs differ.

    Chandrupatla's method: bisection, with inverse quadratic interpolation where that is safe.
    All elements are solved at once. The bracket is never left, so a root is never a wrong one.

    Parameters
    ----------
    function : callable
        Elementwise function of an array of the common shape of ``low`` and ``high``.
    low, high : array_like
        Ends of the bracket.
    tolerance : float
        Absolute error allowed, on top of rounding.
    steps : int
        Most evaluations. Bisection alone needs about 60 for a bracket of ordinary width.

    Returns
    -------
    ndarray
        The roots; NaN where the ends do not differ in sign or the steps do not suffice.

    References
    ----------
    .. [1] Chandrupatla, T. R., "A new hybrid quadratic/bisection algorithm", Advances in
       Engineering Software 28 (1997).
    """
    # x1 is the newest point, x2 the other end of the bracket, x3 the one before.
    x1, x2 = (np.array(x, dtype=np.float64) for x in np.broadcast_arrays(low, high))
    with np.errstate(all="ignore"):
        f1, f2 = np.asarray(function(x1)), np.asarray(function(x2))
        bracketed = np.sign(f1) * np.sign(f2) <= 0
        t = np.full(x1.shape, 0.5)
        for _ in range(steps):
            best = np.where(np.abs(f1) < np.abs(f2), x1, x2)
            room = (2 * _EPS * np.abs(best) + tolerance) / np.abs(x2 - x1)
            done = (room > 0.5) | (f1 == 0) | (f2 == 0) | ~bracketed
            if done.all():
                break
            t = np.clip(t, room, 1 - room)
            x = np.where(done, x1, x1 + t * (x2 - x1))
            f = np.where(done, f1, function(x))
            bracketed &= ~np.isnan(f)
            kept = np.sign(f) == np.sign(f1)
            x3, f3 = np.where(kept, x1, x2), np.where(kept, f1, f2)
            x2, f2 = np.where(done | kept, x2, x1), np.where(done | kept, f2, f1)
            x1, f1 = x, f
            t = _next_share(x1, f1, x2, f2, x3, f3)
        return np.where(done & bracketed, best, np.nan)


def _next_share(x1: Array, f1: Array, x2: Array, f2: Array, x3: Array, f3: Array) -> Array:
    """Where to look next, as a share of the bracket: the parabola's root if it is safe."""
    xi, phi = (x1 - x2) / (x3 - x2), (f1 - f2) / (f3 - f2)
    safe = (phi**2 < xi) & ((1 - phi) ** 2 < 1 - xi)
    parabola = f1 / (f2 - f1) * f3 / (f2 - f3)
    parabola += (x3 - x1) / (x2 - x1) * f1 / (f3 - f1) * f2 / (f3 - f2)
    return np.where(safe & np.isfinite(parabola), parabola, 0.5)
