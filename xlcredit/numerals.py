"""Numbers as files spell them: Python would read many that Excel and people do not."""

from __future__ import annotations

import math
import re
from decimal import Decimal

__all__ = ["decimal", "in_full", "whole"]

_WHOLE = re.compile(r"[0-9]{1,10}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
#: An amount as people write it: thousands, millions and billions, with the currency or without.
_AMOUNT = re.compile(r"\s*(?:USD\s*|\$\s*)?([-+]?\d+(?:\.\d+)?)\s*(k|m|mn|bn)\s*", re.IGNORECASE)
_SIZES = {"k": 1_000, "m": 1_000_000, "mn": 1_000_000, "bn": 1_000_000_000}


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


def in_full(text: str) -> float | None:
    """Read an amount in thousands, millions or billions: 40k, 250m, 1.3bn; else None.

    Examples
    --------
    >>> in_full("250m"), in_full("USD 1.3bn"), in_full("250 million")
    (250000000.0, 1300000000.0, None)
    """
    amount = _AMOUNT.fullmatch(text)
    return float(Decimal(amount[1]) * _SIZES[amount[2].lower()]) if amount else None
