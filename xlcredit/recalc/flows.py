"""IRR and MIRR as Excel computes them: what a range holds besides numbers does not count.

formualizer 0.13 takes blank and truth values in a range for zero, and passes over errors.
"""

from __future__ import annotations

import math
from typing import Any

from xlcredit.errors import CellError

__all__ = ["irr", "mirr", "numbers"]

_ROUNDS = 60
_EXACT = 1e-14
_BRACKETS = 400


def numbers(block: Any) -> list[float]:
    """Read the numbers of a range or an array; an error in it is the result."""
    if not isinstance(block, list):
        block = [[block]]
    cells = [cell for row in block for cell in row]
    for cell in cells:
        if isinstance(cell, CellError):
            raise CellError(cell.code, "an argument is an error")
    return [float(c) for c in cells if isinstance(c, int | float) and not isinstance(c, bool)]


def _rate(raw: Any, name: str) -> float:
    if isinstance(raw, CellError):
        raise CellError(raw.code, "an argument is an error")
    if isinstance(raw, str):
        try:
            return float(raw)
        except ValueError:
            raise CellError("#VALUE!", f"{name} is the text {raw!r}") from None
    if isinstance(raw, list):
        raise CellError("#VALUE!", f"{name} is a range")
    return float(raw or 0.0)


def irr(*raw: Any) -> float:
    """IRR(values, [guess]): the rate at which the flows are worth nothing, the nearest to guess."""
    if not 1 <= len(raw) <= 2:
        raise CellError("#VALUE!", f"takes 1 or 2 arguments; got {len(raw)}")
    flows = numbers(raw[0])
    guess = _rate(raw[1], "guess") if len(raw) == 2 else 0.1
    if guess <= -1 or not any(f > 0 for f in flows) or not any(f < 0 for f in flows):
        raise CellError("#NUM!", "there must be a flow in and a flow out, and guess above -1")
    root = _newton(flows, guess)
    if root is None:
        root = _bracketed(flows, guess)
    if root is None:
        raise CellError("#NUM!", "no rate was found at which the flows are worth nothing")
    return root


def _worth(flows: list[float], rate: float) -> tuple[float, float]:
    """Net present value and its derivative, by Horner's rule."""
    v = 1 / (1 + rate)
    value = slope = 0.0
    for flow in reversed(flows):
        slope = slope * v + value
        value = value * v + flow
    return value, -slope * v * v


def _newton(flows: list[float], rate: float) -> float | None:
    for _ in range(_ROUNDS):
        try:
            value, slope = _worth(flows, rate)
            step = value / slope
        except (OverflowError, ZeroDivisionError):
            return None
        if not math.isfinite(step) or rate - step <= -1:
            return None
        rate -= step
        if abs(step) <= _EXACT * max(1.0, abs(rate)):
            return rate
    return None


def _bracketed(flows: list[float], guess: float) -> float | None:
    """Look for a change of sign on both sides of the guess, then halve."""
    for k in range(1, _BRACKETS):
        for low, high in (
            (guess + 0.02 * (k - 1), guess + 0.02 * k),
            (guess - 0.02 * k, guess - 0.02 * (k - 1)),
        ):
            if low <= -1:
                continue
            if _worth(flows, low)[0] * _worth(flows, high)[0] <= 0:
                return _halved(flows, low, high)
    return None


def _halved(flows: list[float], low: float, high: float) -> float:
    rising = _worth(flows, high)[0] > 0
    while high - low > _EXACT * max(1.0, abs(low)):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if (_worth(flows, middle)[0] > 0) == rising:
            high = middle
        else:
            low = middle
    return (low + high) / 2


def mirr(*raw: Any) -> float:
    """MIRR(values, finance_rate, reinvest_rate)."""
    if len(raw) != 3:
        raise CellError("#VALUE!", f"takes 3 arguments; got {len(raw)}")
    flows = numbers(raw[0])
    finance, reinvest = _rate(raw[1], "finance_rate"), _rate(raw[2], "reinvest_rate")
    n = len(flows)
    if n < 2 or finance <= -1 or reinvest <= -1:
        raise CellError("#DIV/0!", "there must be two flows, and rates above -1")
    inward = sum(f * (1 + reinvest) ** (n - 1 - i) for i, f in enumerate(flows) if f > 0)
    outward = sum(f / (1 + finance) ** i for i, f in enumerate(flows) if f < 0)
    if outward == 0:
        raise CellError("#DIV/0!", "there is no flow out")
    return float((inward / -outward) ** (1 / (n - 1))) - 1.0
