"""Worksheet functions: a user's own curve."""

from __future__ import annotations

from typing import Literal

import numpy as np

from xlcredit.errors import CellError
from xlcredit.models.curves import read_curve
from xlcredit.worksheet.kinds import Number, Series, checked, require, rule
from xlcredit.worksheet.registry import worksheet
from xlcredit.worksheet.results import NumberOrRange

CATEGORY = "xlcredit: Rents and revenue"


@worksheet(CATEGORY)
def XLC_CURVE(
    point_months: Series,
    point_values: Series,
    month: Number,
    method: Literal["linear", "log", "step"] = "linear",
    outside: Literal["flat", "error"] = "flat",
) -> NumberOrRange:
    """A curve of your own points, read at any month: a broker's forecast, a forward strip. [any]

    Parameters
    ----------
    point_months : series
    point_values : series
        Value at each point; above 0 for log. [any]
    month : number or range
        Months to read. [months]
    method : text, optional
        linear (straight lines between the points), log (constant growth between them) or step
        (the last point at or before the month); linear when not given. [name]
    outside : text, optional
        What stands before the first and after the last point: flat (the nearest point) or error
        (``#N/A``); flat when not given. [name]

    Returns
    -------
    number or range
        The curve at each month. [any]

    Raises
    ------
    #VALUE!
        The two series differ in length, or the months do not ascend.
    #NUM!
        A value is not above 0 and the method is log.
    #N/A
        A month lies outside the points, and ``outside`` is error.

    Notes
    -----
    Between points i and i + 1, with w = (month - month_i) / (month_(i+1) - month_i): linear
    v_i (1 - w) + v_(i+1) w; log v_i^(1 - w) v_(i+1)^w; step v_i.

    Examples
    --------
    >>> call("XLC_CURVE", [0, 12, 36], [2.5, 2.0, 1.6], [6, 12, 24, 48])
    [[2.25], [2.0], [1.8], [1.6]]
    >>> call("XLC_CURVE", [0, 12, 36], [4, 2, 1], [6, 24], "log")
    [[2.8284271], [1.4142136]]
    >>> call("XLC_CURVE", [0, 12, 36], [2.5, 2.0, 1.6], 11, "step")
    2.5

    References
    ----------
    .. [1] Hagan, P. and West, G., "Interpolation methods for curve construction", Applied
       Mathematical Finance 13, 2006.
    """
    require(
        len(point_months) == len(point_values),
        "point_months and point_values must have the same number of points; got {} and {}",
        len(point_months),
        len(point_values),
        code="#VALUE!",
    )
    _ascend(point_months)
    if method == "log" and np.any(point_values <= 0.0):
        first = int(np.argmax(point_values <= 0.0))
        raise CellError(
            "#NUM!",
            f"point_values must be above 0 for log; got {point_values[first]:.10g}"
            f" in position {first + 1} of {len(point_values)}",
        )
    value = read_curve(point_months, point_values, month, method)
    if outside == "flat":
        return value
    missed = np.less(month, point_months[0]) | np.greater(month, point_months[-1])
    return checked(
        value,
        rule(~missed, "month {} lies outside the points of the curve", month, code="#N/A"),
    )


def _ascend(months: Series) -> None:
    """Stop at the first month that does not follow the one before it."""
    wrong = np.diff(months) <= 0.0
    if wrong.any():
        at = int(np.argmax(wrong)) + 1
        how = "twice" if months[at] == months[at - 1] else f"after {months[at - 1]:.10g}"
        raise CellError(
            "#VALUE!",
            f"point_months must ascend; got {months[at]:.10g} {how}"
            f" in position {at + 1} of {len(months)}",
        )
