"""Reverse stress: the nearest combination of shocks that breaks a covenant."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xlcredit.errors import UserError
from xlcredit.hints import did_you_mean
from xlcredit.workbook.covenants import FINE, PASS
from xlcredit.workbook.sensitivity.grid import figure_value
from xlcredit.workbook.session import Session

__all__ = ["NearestBreach", "nearest_breach", "nearest_breaches", "unit_shocks"]

Array = NDArray[np.float64]

#: Steps along a ray until it is given up, each in units of the shocks.
_FARTHEST = 20.0
_STEPS = 20
#: Halvings of the bracket once a breach is seen: the distance is right to a part in a million.
_HALVINGS = 20
#: By how much the direction turns at first, and when it is good enough: the distance is wrong by
#: the square of the rest. [radians]
_TURN, _FINE = math.pi / 8, 2e-3
_MOST_INPUTS = 6
#: Where a loan is sized to a covenant, the margin is 0 but for rounding: no breach.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class NearestBreach:
    """The smallest move that breaks a covenant."""

    covenant: str
    label: str
    distance: float
    """Length of the move, each input counted in its own unit shock."""
    inputs: dict[str, float]
    """Where the inputs stand then."""
    shocks: dict[str, float]
    """By how many unit shocks each has moved."""


def nearest_breach(book: Session, covenant: str, shocks: Mapping[str, float]) -> NearestBreach:
    """Find the nearest combination of inputs at which a covenant is in breach.

    From where the deal stands, rays go out in all directions; along each, the first breach is
    sought, and the best direction is turned until no turn shortens it. Inputs stay within what
    the sheet allows.

    Parameters
    ----------
    book : Session
        The workbook; its inputs are as before when this returns.
    covenant : str
        The name of a covenant that passes today.
    shocks : mapping
        For each input that may move, how much one unit of shock is: the same distance for all.

    Returns
    -------
    NearestBreach
        The combination just past the edge.

    Raises
    ------
    UserError
        If the covenant does not pass today, or no move within 20 unit shocks breaks it.

    Notes
    -----
    A search along rays finds the first breach of each direction, also where the margin is not
    monotonic. The search is global over axes and diagonals, and local between them.
    """
    today = _present(book, covenant, shocks)
    names = list(shocks)
    units = np.array([shocks[name] for name in names])
    threshold = next(c.threshold for c in book.covenants if c.name.lower() == covenant.lower())
    scale = abs(threshold) if isinstance(threshold, float) and threshold else 1.0
    origin = np.array([today[name] for name in names])
    limits = np.array([book.allowed(name) for name in names])

    def place(direction: Array, length: float) -> Array:
        moved: Array = origin + length * direction * units
        return moved.clip(limits[:, 0], limits[:, 1])

    def margin(direction: Array, length: float) -> float:
        book.set(dict(zip(names, map(float, place(direction, length)), strict=True)))
        return figure_value(book, covenant) / scale

    try:
        starts = [np.array(d, float) for d in itertools.product((-1, 0, 1), repeat=len(names))]
        starts = [d / np.linalg.norm(d) for d in starts if d.any()]
        best, length = _nearest(starts, _Reach(margin))
        if math.isinf(length):
            raise UserError(
                f"no move of {', '.join(names)} by up to {_FARTHEST:g} unit shocks "
                f"breaks {covenant}"
            )
        point = place(best, length)
    finally:
        book.set(today)
    moved = (point - origin) / units
    label = next(c.label for c in book.covenants if c.name.lower() == covenant.lower())
    return NearestBreach(
        covenant,
        label,
        float(np.linalg.norm(moved)),
        dict(zip(names, map(float, point), strict=True)),
        dict(zip(names, map(float, moved), strict=True)),
    )


def nearest_breaches(
    book: Session, covenant: str, shocks: Mapping[str, float]
) -> tuple[list[NearestBreach], list[str]]:
    """Find the nearest breach of one covenant, or of ``all``.

    Returns
    -------
    list of NearestBreach
        The nearest first.
    list of str
        Why a covenant is not among them: one that does not pass today is an answer as well.

    Raises
    ------
    UserError
        If the one that is asked for cannot be broken, or an input cannot move.
    """
    everything = covenant.lower() == "all"
    missed = [
        f"{c.label}: reads {c.status} today, at {c.row[1]} against {c.test} {c.row[3]}"
        for c in book.covenants
        if c.status not in FINE and (everything or covenant.lower() == c.name.lower())
    ]
    names = [c.name for c in book.covenants if c.status == PASS] if everything else [covenant]
    if missed and not everything:
        names = []
    found = []
    for name in names:
        try:
            found.append(nearest_breach(book, name, shocks))
        except UserError as error:
            if not everything:
                raise
            missed.append(str(error))
    return sorted(found, key=lambda one: one.distance), missed


def unit_shocks(book: Session, given: Mapping[str, object]) -> dict[str, float]:
    """Give the unit shock of each input: a tenth of what stands there where none is given."""
    shocks = {}
    for name, unit in given.items():
        shock = unit
        if unit is None:
            value = book[name]
            shock = 0.1 * abs(value) if isinstance(value, float) and value else value
        if isinstance(shock, bool) or not isinstance(shock, int | float):
            told = f'a unit shock is a number, such as rent_decline=0.05; got "{name}={shock}"'
            raise UserError(told)
        shocks[name] = float(shock)
    return shocks


def _present(book: Session, covenant: str, shocks: Mapping[str, float]) -> dict[str, float]:
    known = {c.name.lower(): c for c in book.covenants}
    if covenant.lower() not in known:
        near = did_you_mean(covenant, known)
        raise UserError(f"{covenant} is not a covenant of {book.path.name}{near}")
    if known[covenant.lower()].status != PASS:
        status = known[covenant.lower()].status
        raise UserError(f"{covenant} reads {status} today: there is nothing to search for")
    if not 1 <= len(shocks) <= _MOST_INPUTS:
        raise UserError(f"name 1 to {_MOST_INPUTS} inputs that may move; got {len(shocks)}")
    today = {}
    for name, unit in shocks.items():
        value = book[name]
        if not isinstance(value, float) or not (math.isfinite(unit) and unit > 0.0):
            raise UserError(f"{name}: a number moves by a unit shock above 0; got {unit:g}")
        today[name] = value
    return today


class _Reach:
    """How far a direction goes until the first breach."""

    def __init__(self, margin: Callable[[Array, float], float]) -> None:
        self._margin = margin

    def first(self, direction: Array, farthest: float) -> float:
        """Step outward in growing steps, then halve; infinite without a breach."""
        inside = 0.0
        for step in range(1, _STEPS + 1):
            outside = farthest * (step / _STEPS) ** 2
            if self._fails(direction, outside):
                return self._edge(direction, inside, outside)
            inside = outside
        return math.inf

    def nearer(self, direction: Array, known: float) -> float:
        """Look whether a breach is nearer than one that is known: a look at the tip tells."""
        tip = known * (1.0 - 1e-6)
        return self._edge(direction, 0.0, tip) if self._fails(direction, tip) else math.inf

    def _edge(self, direction: Array, inside: float, outside: float) -> float:
        for _ in range(_HALVINGS):
            middle = (inside + outside) / 2
            if self._fails(direction, middle):
                outside = middle
            else:
                inside = middle
        return outside

    def _fails(self, direction: Array, length: float) -> bool:
        """Whether the covenant is in breach; a cell without a number is no breach and no pass."""
        return self._margin(direction, length) < -_ROUNDING


def _nearest(starts: list[Array], reach: _Reach) -> tuple[Array, float]:
    """Find the best of some directions, and turn it as long as that shortens the way."""
    best, length = starts[0], math.inf
    for start in starts:
        found = reach.first(start, min(_FARTHEST, length))
        if found < length:
            best, length = start, found
    turn = _TURN
    while turn > _FINE and len(best) > 1 and math.isfinite(length):
        for axis, sign in itertools.product(np.eye(len(best)), (1.0, -1.0)):
            turned = _towards(best, axis, sign * turn)
            shorter = min(length, reach.nearer(turned, length))
            if shorter < length:
                best, length = turned, shorter
                break
        else:
            turn /= 2
    return best, length


def _towards(direction: Array, axis: Array, angle: float) -> Array:
    """Rotate in the plane of a direction and an axis."""
    across = axis - (axis @ direction) * direction
    length = float(np.linalg.norm(across))
    if length < 1e-12:
        return direction
    turned: Array = math.cos(angle) * direction + math.sin(angle) * across / length
    return turned
