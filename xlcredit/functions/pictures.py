"""Small charts for the function reference: a function over one of its arguments."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from xlcredit.functions import call

__all__ = ["PICTURES", "Picture", "picture"]

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _EDGE = 420, 190, 58, 24, 10
_POINTS = 121


class _Varied:
    """Stands in the arguments for the one that is varied."""


X = _Varied()


@dataclass(frozen=True)
class Picture:
    """What is drawn: the arguments with one of them varied between two values."""

    arguments: tuple[Any, ...]
    low: float
    high: float
    caption: str
    percent_across: bool = False
    percent_up: bool = False


#: Functions that a picture explains better than a sentence.
PICTURES = {
    "XLC_RENT": Picture(
        (2.5, 0.25, X, 0.6, [18, 42], [0.2, 0.25]),
        0,
        72,
        "Rent over months: 25% a year, steps at two launches, a floor of 0.60.",
    ),
    "XLC_GPU_RESIDUAL": Picture(
        (30000, X, 0.1, [18, 42], [0.25, 0.3], 0.05, 3, 6),
        0,
        72,
        "Value over age in months: two successors are launched, each spread over nine months.",
    ),
    "XLC_BOOK_VALUE": Picture(
        (30000, X, 72, 3000, "declining_balance_switch"),
        0,
        84,
        "Book value over age in months: declining balance that switches to straight line.",
    ),
    "XLC_LAUNCH_DROP": Picture(
        (X, 0.6), 1, 6, "Drop at a launch over the gain in performance.", percent_up=True
    ),
    "XLC_HOSTING_SHARE": Picture(
        (X, 15, 0.8), 2, 140, "Share of racks that can take a card over its kW.", percent_up=True
    ),
    "XLC_LIQUIDATION_VALUE": Picture(
        (X, 11500, 90, 20, 0.1, 0.35),
        1,
        8000,
        "Proceeds over the cards sold within 90 days: the market takes 20 a day.",
    ),
    "XLC_DUAL_LTV": Picture(
        (90e6, 1200, X, 10000, 11500, 0.5, 0.4),
        10000,
        120000,
        "LTV over the coin price, haircuts of 50% and 40%.",
        percent_up=True,
    ),
    "XLC_TRIGGER_DROP": Picture(
        (50e6, 40e6, 60e6, X),
        0.5,
        0.95,
        "Fall of both collaterals together that reaches a trigger.",
        percent_across=True,
        percent_up=True,
    ),
    "XLC_LTV_BREACH": Picture(
        (55, 40, 60, 0.75, 3, 0.9, 0.5, X),
        -0.9,
        0.95,
        "Probability of LTV at or above 75% in three months, over the correlation.",
        percent_up=True,
    ),
    "XLC_SHORTFALL": Picture(
        (55, 40, 60, X, 0.9, 0.5, 0.3), 0, 36, "Expected shortfall over months to the horizon."
    ),
    "XLC_PASSAGE": Picture(
        (100, 60, X, 0.6), 0, 36, "Probability of touching 60 over months.", percent_up=True
    ),
    "XLC_STRESS_CORRELATION": Picture(
        (X, 0.2, 0.8),
        0,
        0.9,
        "Correlation over the drawdown of the coin.",
        percent_across=True,
    ),
    "XLC_CONDITIONAL_CORRELATION": Picture(
        (0.5, X), 0.001, 0.999, "Correlation within the worst share of outcomes."
    ),
    "XLC_MERTON": Picture(
        (100, 80, X, 0.04, 24), 0.05, 0.9, "Spread over volatility.", percent_up=True
    ),
    "XLC_WRONG_WAY_LGD": Picture(
        (0.02, 1.4, 0.35, X, 0.08),
        0,
        0.95,
        "LGD over the correlation of borrower and collateral.",
        percent_up=True,
    ),
    "XLC_DSCR_PD": Picture(
        (X, 0.4, 12), 0.6, 3, "Probability of a missed service over the DSCR.", percent_up=True
    ),
    "XLC_VASICEK_CAPITAL": Picture(
        (X, 0.45, 0.12),
        0.0005,
        0.3,
        "Capital over the probability of default.",
        percent_across=True,
        percent_up=True,
    ),
}


def picture(name: str) -> str:
    """Draw a function of :data:`PICTURES` as SVG, from its own values.

    Parameters
    ----------
    name : str
        The worksheet function.

    Returns
    -------
    str
        An ``<svg>`` element, styled by the page around it.
    """
    drawn = PICTURES[name]
    step = (drawn.high - drawn.low) / (_POINTS - 1)
    across = [drawn.low + n * step for n in range(_POINTS)]
    up = [call(name, *(x if a is X else a for a in drawn.arguments)) for x in across]
    top = _round_up(max(up))
    bottom = -_round_up(-min(up)) if min(up) < 0 else 0.0

    def place(x: float, y: float) -> tuple[float, float]:
        right = (x - drawn.low) / (drawn.high - drawn.low) * (_WIDTH - _LEFT - _EDGE)
        height = (y - bottom) / (top - bottom) * (_HEIGHT - _BOTTOM - _EDGE)
        return _LEFT + right, _HEIGHT - _BOTTOM - height

    curve = " ".join("{:.1f},{:.1f}".format(*place(x, y)) for x, y in zip(across, up, strict=True))
    lines, labels = [], []
    for n in range(5):
        y = bottom + n * (top - bottom) / 4
        _, height = place(drawn.low, y)
        lines.append(_line(_LEFT, height, _WIDTH - _EDGE, height))
        labels.append(_text(_LEFT - 6, height + 4, "end", _figure(y, drawn.percent_up)))
        x = drawn.low + n * (drawn.high - drawn.low) / 4
        right, _ = place(x, bottom)
        anchor = "end" if n == 4 else "middle"
        labels.append(_text(right, _HEIGHT - 7, anchor, _figure(x, drawn.percent_across)))
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">{"".join(lines)}'
        f'<polyline class="curve" points="{curve}"/>{"".join(labels)}</svg>'
    )


def _round_up(value: float) -> float:
    """The next of 1, 2, 2.5, 4, 5, 8, 10 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(m * power for m in (1, 2, 2.5, 4, 5, 8, 10) if m * power >= value * (1 - 1e-12))


def _figure(value: float, percent: bool) -> str:
    if percent:
        return f"{100 * value:.3g}%"
    for size, unit in ((1e6, "m"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="axis" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(x: float, y: float, anchor: str, text: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'
