"""Numbers as files spell them: Python would read many that Excel and people do not."""

from __future__ import annotations

import math
import re

__all__ = ["decimal", "whole"]

_WHOLE = re.compile(r"[0-9]{1,10}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")


def whole(text: str) -> int:
    """Read a whole number that is not negative.

    Raises
    ------
    ValueError
        The text is something else, such as ``-1``, ``1_0`` or thousands of digits.

    Examples
    --------
    >>> whole("12")
    12
    """
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"{text[:20]} is not a whole number")
    return int(text)


def decimal(text: str) -> float:
    """Read a finite number.

    Raises
    ------
    ValueError
        The text is something else, such as ``nan``, ``1_000`` or ``1e999``.

    Examples
    --------
    >>> decimal(" 1.5E-3 ")
    0.0015
    """
    if not _DECIMAL.fullmatch(text.strip()) or not math.isfinite(number := float(text)):
        raise ValueError(f"{text[:20]} is not a number")
    return number
