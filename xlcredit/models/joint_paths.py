"""What loans of a book have in common on each path: coin, card factors by class, customers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xlcredit.models import draws
from xlcredit.models.market import TIE, Schedule
from xlcredit.models.normal import log_cdf

__all__ = ["Common", "common_paths", "customer_factor", "patience"]

Array = NDArray[np.float64]
Paths = NDArray[np.uint64]

#: Streams of random numbers beside that of the paths: the seed is moved by these.
_STREAM = 0xD1342543DE82EF95
_MASK = (1 << 64) - 1
_COMMON, _CUSTOMERS, _CLASSES, _LOANS = 1, 2, 16, 4_096


@dataclass(frozen=True)
class Common:
    """Paths of the market; a row a date, that of closing first, and a column a path."""

    coin: Array  #: price of the coin over that of closing
    level: list[Array]  #: of each class: Y and the jumps so far, before they are centred
    card: list[Array]  #: of each class: price of a card over its curve


def common_paths(
    schedules: Sequence[Schedule], class_loading: float, seed: int, paths: Paths
) -> Common:
    """Run the market; ``schedules`` has one for each class of cards, as long as its loans are."""
    periods = max(len(s.card_centre) for s in schedules) - 1
    walk = _Walk(schedules, class_loading, seed, paths)
    shape = (periods + 1, len(paths))
    coin, level = np.ones(shape), [np.zeros(shape) for _ in schedules]
    for k in range(1, periods + 1):
        walk.step(k)
        np.exp(walk.coin_log, out=coin[k])
        for rows, now in zip(level, walk.level, strict=True):
            rows[k] = now
    card = []
    for s, rows in zip(schedules, level, strict=True):
        dates = len(s.card_centre)
        card.append(np.exp(rows[:dates] - s.card_centre[:, None]))
    return Common(coin, level, card)


def customer_factor(seed: int, paths: Paths) -> Array:
    """What all customers have in common, by path."""
    return draws.normals(draws.bases_of(_moved(seed, _CUSTOMERS), paths), 0, draws.SHOCKS)[0]


def patience(loading: float, factor: Array, seed: int, loan: int, paths: Paths) -> Array:
    """How much hazard the customer of a loan survives: −ln(1 − Φ(a F + √(1 − a²) ε))."""
    base = draws.bases_of(_moved(seed, _LOANS + loan), paths)
    own = draws.normals(base, 0, draws.SHOCKS)[0]
    return -log_cdf(-(loading * factor + math.sqrt(1.0 - loading * loading) * own))


def _moved(seed: int, stream: int) -> int:
    return (seed + stream * _STREAM) & _MASK


class _Walk:
    """Coin and card factors of all classes on their way."""

    def __init__(
        self, schedules: Sequence[Schedule], loading: float, seed: int, paths: Paths
    ) -> None:
        count = len(paths)
        self._schedules = schedules
        self._loading = (loading, math.sqrt(1.0 - loading**2))
        self._base = draws.bases_of(seed, paths)
        self._common = draws.bases_of(_moved(seed, _COMMON), paths)
        self._own = [
            draws.bases_of(_moved(seed, _CLASSES + j) if j else seed, paths)
            for j in range(len(self._schedules))
        ]
        self.coin_log, self._high = np.zeros((2, count))
        self._y, self._jumps = np.zeros((2, len(self._schedules), count))
        self.level = np.zeros((len(self._schedules), count))

    def step(self, k: int) -> None:
        first = self._schedules[0]
        shock, own = draws.normals(self._base, k, draws.SHOCKS)
        fallen = self.coin_log <= self._high + first.fall + TIE if first.fall > -math.inf else None
        for j, s in enumerate(self._schedules):
            if j:
                own = draws.normals(self._own[j], k, draws.SHOCKS)[0]
            joint = self._joint(s, shock, self._linked(k, own), fallen)
            self._y[j] *= s.decay
            self._y[j] += s.gpu_shock * joint
        self.coin_log += first.coin_move + first.coin_shock * shock
        if len(first.jumps):
            self._jump(k, first)
        np.maximum(self._high, self.coin_log, out=self._high)
        np.add(self._y, self._jumps, out=self.level)

    def _linked(self, k: int, own: Array) -> Array:
        common, rest = self._loading
        if common == 0.0:
            return own
        return common * draws.normals(self._common, k, draws.SHOCKS)[0] + rest * own

    def _joint(
        self, s: Schedule, shock: Array, own: Array, fallen: NDArray[np.bool_] | None
    ) -> Array:
        calm = s.rho[0] * shock + s.rho[1] * own
        if fallen is None:
            return calm
        return np.where(fallen, s.stressed[0] * shock + s.stressed[1] * own, calm)

    def _jump(self, k: int, first: Schedule) -> None:
        drawn = draws.uniforms(self._base, k, draws.JUMPS)
        number = np.searchsorted(first.jumps, drawn, side="right")
        hit = np.flatnonzero(number)
        times = number[hit].astype(np.float64)
        root = np.sqrt(times)
        common, own = draws.normals(self._base[hit], k, draws.JUMP_SIZES)
        self.coin_log[hit] += first.coin_jump[0] * times + first.coin_jump[1] * root * common
        for j, s in enumerate(self._schedules):
            if j:
                own = draws.normals(self._own[j][hit], k, draws.JUMP_SIZES)[0]
            joint = s.jump_rho[0] * common + s.jump_rho[1] * own
            self._jumps[j, hit] += s.gpu_jump[0] * times + s.gpu_jump[1] * root * joint
