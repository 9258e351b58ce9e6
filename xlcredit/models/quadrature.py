"""Gauss–Legendre quadrature on vectors of intervals."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["gauss_legendre", "integrate"]

Array = NDArray[np.float64]


@lru_cache(maxsize=8)
def gauss_legendre(nodes: int) -> tuple[Array, Array]:
    """Nodes and weights of the Gauss–Legendre rule on [0, 1].

    Parameters
    ----------
    nodes : int
        Number of nodes; the rule is exact for polynomials of degree 2 nodes − 1.

    Returns
    -------
    tuple of ndarray
        Nodes in rising order, and weights that sum to 1; read-only, because they are shared.
    """
    x, w = np.polynomial.legendre.leggauss(nodes)
    x, w = (1.0 + x) / 2.0, w / 2.0
    x.flags.writeable = w.flags.writeable = False
    return x, w


def integrate(f: Callable[[Array], Array], low: Array, high: Array, nodes: int) -> Array:
    """Integral of ``f`` from ``low`` to ``high``, one interval per cell.

    Parameters
    ----------
    f : callable
        Takes abscissae of shape ``(*cells, nodes)`` and returns the integrand there; parameters
        of the cells join by a trailing axis of length 1.
    low, high : ndarray
        Ends of the intervals. An interval of no length, or turned around, counts as empty.
    nodes : int
        Number of nodes of the Gauss–Legendre rule.

    Returns
    -------
    ndarray
        The integral of each cell.
    """
    x, w = gauss_legendre(nodes)
    length = high - low
    values = f(low[..., None] + length[..., None] * x)
    # outside its interval the integrand need not exist: empty means 0 even then
    return np.where(length <= 0.0, 0.0, length * (values @ w))
