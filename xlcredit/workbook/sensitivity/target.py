"""The value of an input at which a figure meets a target."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xlcredit.errors import UserError
from xlcredit.models.solve import find_root
from xlcredit.workbook.sensitivity.grid import figure_value
from xlcredit.workbook.session import Session

__all__ = ["Solution", "solve", "span_of"]

Array = NDArray[np.float64]

#: Points at which the figure is looked at before a root is sought between two of them.
_SCAN = 41
#: What a figure may miss its target by, relative to it.
_MET = 1e-9
#: Halvings towards the end of a stretch on which the target is met.
_HALVINGS = 40


@dataclass(frozen=True)
class Solution:
    """Where a figure meets its target."""

    figure: str
    target: float
    by: str
    value: float
    """The input's value that meets it, the nearest to the present one."""
    today: float
    """The input's present value."""
    all: tuple[float, ...]
    """Every value that meets it, from low to high, as far as the scan has seen."""


def solve(
    book: Session,
    figure: str,
    target: float,
    by: str,
    between: tuple[float, float] | None = None,
) -> Solution:
    """Find the value of an input at which a figure meets a target.

    Parameters
    ----------
    book : Session
        The workbook; its inputs are as before when this returns.
    figure : str
        The name of a figure. The name of a covenant stands for its margin: how far its value is
        on the right side of the threshold, so that 0 is the break-even.
    target : float
        What it is to be.
    by : str
        The input that moves.
    between : tuple, optional
        Where to look; by default all that the sheet allows, and where it has no end, up to
        three times the present value.

    Returns
    -------
    Solution
        The nearest value, and any others.

    Raises
    ------
    UserError
        If the figure does not meet the target anywhere: what it does instead.

    Examples
    --------
    >>> from xlcredit.workbook.session import open_workbook
    >>> with open_workbook("workbooks/gpu-term-loan.xlsx") as book:
    ...     found = solve(book, "dscr_on_curve", 1.55, "rent_decline")
    ...     book["rent_decline"] = found.value
    ...     round(book["dscr_on_curve"], 9)
    1.55
    """
    today = book[by]
    if not isinstance(today, float):
        raise UserError(f"{by} holds {today}; a target is met with an input that is a number")
    figure_value(book, figure)
    low, high = between or span_of(book, by)
    try:
        xs = np.unique(np.append(np.linspace(low, high, _SCAN), np.clip(today, low, high)))

        def miss(points: Array) -> Array:
            """What the figure is above the target; nothing where it is a rounding."""
            above = np.array([_at(book, by, float(x), figure) - target for x in points])
            return np.where(np.abs(above) <= _MET * max(1.0, abs(target)), 0.0, above)

        misses = miss(xs)
        roots, jump = _roots(miss, xs, misses)
    finally:
        book[by] = today
    known = np.isfinite(misses)
    if not known.any():
        raise UserError(f"{figure} shows no number while {by} goes from {low:g} to {high:g}")
    if not roots:
        seen = misses[known] + target
        jumps = "" if jump is None else f"; it jumps past it near {by} = {jump:.6g}"
        raise UserError(
            f"{figure} is between {seen.min():.6g} and {seen.max():.6g} while {by} goes from "
            f"{low:g} to {high:g}; it does not meet {target:g}{jumps}{_why(book, by)}"
        )
    nearest = min(roots, key=lambda x: abs(x - today))
    return Solution(figure, target, by, nearest, today, tuple(roots))


def _why(book: Session, by: str) -> str:
    """Say what an input leaves as it is: months of one's own, or all others."""
    return "".join(f"; {told}" for told in book.without_effect(by))


def _roots(
    miss: Callable[[Array], Array], xs: Array, misses: Array
) -> tuple[list[float], float | None]:
    """Find where the target is met: crossings, and the ends of stretches that meet it.

    Also return a place where the figure jumps past the target.
    """
    left, right = misses[:-1], misses[1:]
    crossed = np.flatnonzero(np.sign(left) * np.sign(right) < 0.0)
    found = find_root(miss, xs[crossed], xs[crossed + 1])
    met = miss(found) == 0.0 if len(found) else found > 0.0
    roots = {float(x) for x in found[met]}
    roots |= {float(x) for x in xs[[0, -1]][misses[[0, -1]] == 0.0]}
    for at in np.flatnonzero((left == 0.0) != (right == 0.0)):
        inside, outside = (at, at + 1) if left[at] == 0.0 else (at + 1, at)
        roots.add(_edge(miss, xs[inside], xs[outside]))
    jumped = found[~met]
    return sorted(roots), float(jumped[0]) if len(jumped) else None


def _edge(miss: Callable[[Array], Array], inside: float, outside: float) -> float:
    """Halve the way between a point that meets the target and one that does not."""
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        if miss(np.array([middle]))[0] == 0.0:
            inside = middle
        else:
            outside = middle
    return float(inside)


def _at(book: Session, by: str, x: float, figure: str) -> float:
    book[by] = x
    return figure_value(book, figure)


def span_of(book: Session, name: str) -> tuple[float, float]:
    """Give the range in which an input is looked at: what the sheet allows, where it says so.

    An open end is three times the present value away from 0.
    """
    low, high = book.allowed(name)
    today = book[name]
    reach = 3.0 * abs(today) if isinstance(today, float) and today else 1.0
    return (low if math.isfinite(low) else -reach), (high if math.isfinite(high) else reach)
