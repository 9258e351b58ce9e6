"""Numbers as files spell them: Python would read many that Excel and people do not."""

from __future__ import annotations

import math
import re
from decimal import Decimal

__all__ = ["Written", "counted", "decimal", "in_full", "mark_before_three", "readings", "whole"]

_WHOLE = re.compile(r"[0-9]{1,10}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
#: An amount as people write it: thousands, millions and billions, with the currency or without.
_AMOUNT = re.compile(r"\s*(?:USD\s*|\$\s*)?([-+]?\d+(?:\.\d+)?)\s*(k|m|mn|bn)\s*", re.IGNORECASE)
#: One mark before three digits: of thousands, or of decimals.
_EITHER = re.compile(r"[+-]?[1-9]\d{0,2}([.,])\d{3}")
#: Units of what is large, which people write with a mark between thousands.
_LARGE = ("USD", "USD/unit", "USD/coin", "USD/month", "units", "coins", "kW", "hours")
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


# --- numbers with two readings --------------------------------------------------------------


class Written(float):
    """A number that remembers how it is written.

    Examples
    --------
    >>> Written("8.000"), Written("8.000").text
    (8.0, '8.000')
    """

    text: str

    def __new__(cls, text: str) -> Written:
        """Read the number as Python does."""
        number = super().__new__(cls, text)
        number.text = text
        return number

    def two_readings(self, unit: str, high: float | None = None, *, whole: bool = False) -> str:
        """Say both readings of a figure, and how to write each; empty if it has one.

        Parameters
        ----------
        unit : str
            Its unit.
        high : float, optional
            The most that it may be: a reading beyond it is none.
        whole : bool
            Whether it must be a whole number.

        Examples
        --------
        >>> Written("8.000").two_readings("units")
        '8.000 is 8000 or 8; write 8000 or 8'
        >>> Written("8.000").two_readings("months", high=60), Written("8.000").two_readings("ratio")
        ('', '')
        """
        both = mark_before_three(self.text) and counted(unit, self.text, whole=whole)
        if not both or (high is not None and 1000 * self > high):
            return ""
        is_either, write = readings(self.text)
        return f"{is_either}; {write}"


def counted(unit: str, text: str, *, whole: bool = False) -> bool:
    """Whether the decimals of a figure make no sense: 8.000 cards, 250.000 dollars, not 2.125.

    Examples
    --------
    >>> counted("units", "8.125"), counted("USD", "250.000"), counted("USD", "1.125")
    (True, True, False)
    """
    return whole or unit == "units" or (unit in _LARGE and text.rstrip().endswith("000"))


def mark_before_three(text: str) -> str:
    """Give the one mark of a number that stands before its last three digits, or nothing.

    Examples
    --------
    >>> mark_before_three("8.000"), mark_before_three("2,600"), mark_before_three("0.125")
    ('.', ',', '')
    """
    either = _EITHER.fullmatch(text)
    return either[1] if either else ""


def readings(text: str) -> tuple[str, str]:
    """Say what a number with one mark before three digits may be, and how to write either.

    Examples
    --------
    >>> readings("3,412")
    ('3,412 is 3412 or 3.412', 'write 3412 or 3.4120')
    """
    mark = mark_before_three(text)
    thousands, decimals = text.replace(mark, ""), text.replace(mark, ".")
    small = decimals.removesuffix(".000")
    clear = small if small != decimals else f"{decimals}0"
    return f"{text} is {thousands} or {small}", f"write {thousands} or {clear}"
