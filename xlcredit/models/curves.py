"""A curve given by points, read between them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["read_curve"]

Array = NDArray[np.float64]


def read_curve(
    point_months: ArrayLike, point_values: ArrayLike, month: ArrayLike, method: str = "linear"
) -> Array:
    """Read a curve at any month; before the first point and after the last it is flat.

    Parameters
    ----------
    point_months : array_like
        Months of the points, ascending. [months]
    point_values : array_like
        Values of the points, above 0 for ``log``.
    month : array_like
        Months to read. [months]
    method : {'linear', 'log', 'step'}
        Straight lines between the points, constant growth, or the last point at or before.

    Returns
    -------
    ndarray
        Values in the shape of ``month``; at a point its own value, NaN where the month is NaN.
    """
    at = np.asarray(point_months, dtype=np.float64)
    value = np.asarray(point_values, dtype=np.float64)
    month = np.clip(np.asarray(month, dtype=np.float64), at[0], at[-1])
    before = np.clip(np.searchsorted(at, month, side="right") - 1, 0, len(at) - 1)
    if method == "step" or len(at) == 1:
        return np.where(np.isnan(month), np.nan, value[before])
    before = np.minimum(before, len(at) - 2)
    share = (month - at[before]) / (at[before + 1] - at[before])
    low, high = value[before], value[before + 1]
    if method == "log":
        return np.asarray(np.power(low, 1.0 - share) * np.power(high, share))
    return np.asarray(low * (1.0 - share) + high * share)
