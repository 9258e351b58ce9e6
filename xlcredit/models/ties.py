"""One rule for ties: two figures that agree to twelve digits are equal, and equality passes.

A debt sculpted at 1.20x has a DSCR of 1.20 but for rounding, and meets a covenant of 1.20; an
LTV of 0.6 but for rounding is at a level of 0.6. Whoever decides a test asks here.
"""

from __future__ import annotations

from typing import Any

__all__ = ["SAME", "at_least", "below", "same"]

#: Relative difference up to which two figures are the same.
SAME = 1e-12


def at_least(value: Any, level: Any) -> Any:
    """Whether a figure reaches a level, to twelve digits of the level; NaN does not.

    Parameters
    ----------
    value, level : float or array_like
        Figure under test, and the level it must reach. [one unit]

    Returns
    -------
    bool or ndarray of bool
        value >= level - 1e-12 abs(level).

    Examples
    --------
    >>> at_least(0.1 + 0.2, 0.3), at_least(1.2 - 1e-9, 1.2)
    (True, False)
    """
    return value >= level - SAME * abs(level)


def below(value: Any, level: Any) -> Any:
    """Whether a figure falls short of a level, to twelve digits of the level; NaN does not.

    Parameters
    ----------
    value, level : float or array_like
        Figure under test, and the level. [one unit]

    Returns
    -------
    bool or ndarray of bool
        value < level - 1e-12 abs(level).
    """
    return value < level - SAME * abs(level)


def same(value: Any, level: Any) -> Any:
    """Whether a figure is at a level, to twelve digits of the level; NaN is not.

    Parameters
    ----------
    value, level : float or array_like
        Figure under test, and the level. [one unit]

    Returns
    -------
    bool or ndarray of bool
        abs(value - level) <= 1e-12 abs(level).
    """
    return abs(value - level) <= SAME * abs(level)
