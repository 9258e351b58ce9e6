"""Values of inputs: of the right kind, in range, and what a cell can hold."""

from __future__ import annotations

import datetime
import math
import re
from decimal import Decimal
from typing import Any

from xlcredit.deals.spelled import Spelling, TwoReadingsError
from xlcredit.deals.template import Input
from xlcredit.errors import DealError
from xlcredit.numerals import Written, in_full

__all__ = ["CONTROL", "LONGEST", "SHARES", "as_meant", "check_value"]

#: What a spreadsheet's calendar and a loan's life can hold.
FIRST_DAY, LAST_DAY = datetime.date(2000, 1, 1), datetime.date(2100, 12, 31)
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
#: A text is joined to others in a cell, which holds 32,767 characters.
LONGEST = 10_000
_LARGEST = 10**300


#: Units of which a percentage is another spelling.
SHARES = ("share", "1/year", "ratio", "1/sqrt(year)")
#: Units whose amounts people write in thousands, millions and billions.
_AMOUNTS = ("USD", "units", "coins")
_PERCENT = re.compile(r"\s*([-+]?\d+(?:\.\d+)?)\s*%\s*")
#: What stands before and behind the digits of an amount.
_DIGITS = re.compile(r"(\D*?)([-+]?\d[\d.,'\u2019 \xa0]*\d|\d)(\D*)")


def as_meant(spec: Input, value: Any) -> Any:
    """Read a percentage, an amount or a quoted date where there is only one thing it can mean.

    Examples
    --------
    >>> as_meant(Input(name="decline", label="", unit="1/year"), "25%")
    0.25
    >>> as_meant(Input(name="closing", label="", unit="date"), "2026-11-30")
    datetime.date(2026, 11, 30)
    >>> as_meant(Input(name="commitment", label="", unit="USD"), "1.3bn")
    1300000000.0
    """
    if not isinstance(value, str):
        return value
    if spec.unit in SHARES and (percent := _PERCENT.fullmatch(value)):
        return float(Decimal(percent[1]) / 100)
    if spec.unit in _AMOUNTS and (amount := in_full(value)) is not None:
        return amount
    if spec.unit == "date":
        try:
            return datetime.date.fromisoformat(value.strip())
        except ValueError:
            return value
    return value


def check_value(spec: Input, value: Any, place: str) -> None:
    """Refuse a value of the wrong kind or out of range, naming the place."""
    if spec.unit == "date":
        if not isinstance(value, datetime.date) or isinstance(value, datetime.datetime):
            raise DealError(f"{place} must be a date such as 2026-11-22; got {value!r}")
        if not FIRST_DAY <= value <= LAST_DAY:
            raise DealError(f"{place} must be between {FIRST_DAY} and {LAST_DAY}; got {value}")
        return
    if spec.unit == "text":
        _check_text(spec, value, place)
        return
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        share = ' (a share of 1, or a text such as "25%")' if spec.unit in SHARES else ""
        amount = ' (250000000, or a text such as "250m")' if spec.unit in _AMOUNTS else ""
        told = f"{place} must be a number [{spec.unit}]{share}{amount}; got {value!r}"
        raise DealError(told + _remedy(spec, value))
    if isinstance(value, Written) and (
        both := value.two_readings(spec.unit, spec.high, whole=spec.whole)
    ):
        raise DealError(f"{place}: {both}")
    if abs(value) > _LARGEST:  # also an integer that no float can hold
        raise DealError(f"{place} is too large for a cell")
    low, high = spec.low, spec.high
    outside = (low is not None and value < low) or (high is not None and value > high)
    if outside or not math.isfinite(value) or (spec.whole and value != int(value)):
        kind = "a whole number" if spec.whole else "a number"
        ends = f"{'' if low is None else f'{low:g}'}..{'' if high is None else f'{high:g}'}"
        meant = _other_reading(value, high) if spec.unit in SHARES and value > 1 else ""
        raise DealError(f"{place} must be {kind} in {ends} [{spec.unit}]; got {value}{meant}")


def _check_text(spec: Input, value: Any, place: str) -> None:
    if not isinstance(value, str):
        raise DealError(f"{place} must be text; got {value!r}")
    if not value.strip():
        raise DealError(f'{place} is empty; write "open" for what is not agreed')
    if len(value) > LONGEST:
        raise DealError(f"{place} has {len(value)} characters; up to {LONGEST} are shown")
    if CONTROL.search(value):
        raise DealError(f"{place} holds a control character, which no cell can show")
    if spec.choices and value not in spec.choices:
        raise DealError(f"{place} must be one of {', '.join(spec.choices)}; got {value!r}")


def _other_reading(value: float, high: float | None) -> str:
    """Say how per cent, or else basis points, are written that a share was given in."""
    for one, word in ((100, "%"), (10_000, " bp")):
        if value / one <= (high or 0):
            return f'; {value:g}{word} is written {value / one:g} or "{100 * value / one:g}%"'
    return ""


def _remedy(spec: Input, value: Any) -> str:
    """Say how an amount is written that has the commas or the thousands of another country."""
    if not isinstance(value, str) or not (parts := _DIGITS.fullmatch(value.strip())):
        return ""
    before, digits, behind = parts.groups()
    try:
        number = f"{Decimal(repr(Spelling().number(digits))):f}".removesuffix(".0")
    except TwoReadingsError as error:
        return f": {error}"
    except ValueError:
        return ""
    if not (before or behind):
        return f"; write {number}"
    written = f"{before}{number}{behind}"
    return "" if isinstance(as_meant(spec, written), str) else f'; write "{written}"'
