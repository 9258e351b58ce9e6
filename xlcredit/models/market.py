"""Coin, cards, rents and the customer on joint simulated paths, one step at a time.

With Δ the length of a step and t its date, in years:

* Coin: a geometric Brownian motion with common Poisson jumps, compensated so that its mean grows
  at ``coin_drift``; several jumps may fall in one step.
* Card factor: exp(Y − v/2 + J − λt(e^(m + s²/2) − 1)), Y an Ornstein–Uhlenbeck process with
  ``gpu_vol`` and ``mean_reversion``, started at its mean and stepped exactly, v its variance at t,
  J the sum of the card's log jumps so far. A card's price is its curve times this factor.
* Rent factor: the same with βY and βJ, β = ``rent_beta``.
* The shock of Y is ρ times the coin's and √(1 − ρ²) times its own; ρ is ``stressed_correlation``
  where coin closed the previous step at or below (1 − ``drawdown_trigger``) of its maximum so far
  (that of closing included), else ``correlation``. As that is known a step ahead, the law of Y
  does not depend on it.
* The customer stops in a step with probability 1 − exp(−hazard X^(−elasticity) Δ), X the rent
  factor at the end of the step before.

Both factors have mean 1 at every date; paths go on whether or not their loan has ended.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from xlcredit.models import draws

__all__ = ["Market", "Schedule", "Walk", "schedule"]

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

#: Ties are decided to twelve digits; here between logarithms.
TIE = 1e-12


@dataclass(frozen=True, kw_only=True)
class Market:
    """Parameters of the process; volatilities per √year, drifts and rates continuous per year."""

    months: float
    coin_price: float = 0.0
    gpu_price: float = 0.0
    coin_vol: float = 0.0
    gpu_vol: float = 0.0
    coin_drift: float = 0.0
    gpu_drift: float = 0.0
    mean_reversion: float = 0.0
    correlation: float = 0.0
    stressed_correlation: float = 0.0
    drawdown_trigger: float | None = None
    jump_intensity: float = 0.0
    coin_jump: float = 0.0
    gpu_jump: float = 0.0
    coin_jump_vol: float = 0.0
    gpu_jump_vol: float = 0.0
    jump_correlation: float = 0.0
    rent_beta: float = 1.0
    hazard: float = 0.0
    hazard_elasticity: float = 0.0


@dataclass(frozen=True)
class Schedule:
    """What the process needs at each step, computed once; arrays run over the dates 0 to N."""

    coin_price: float
    coin_move: float  #: of the log price in a step, jumps' compensation included
    coin_shock: float  #: volatility times √Δ
    decay: float  #: what is left of Y after a step
    gpu_shock: float
    rho: tuple[float, float]  #: weights of the coin's shock and of the card's own
    stressed: tuple[float, float]
    fall: float  #: log of the share of its maximum at which coin is in stress
    jumps: Array  #: distribution function of the number of jumps in a step; empty for none
    coin_jump: tuple[float, float]  #: mean and deviation of a log jump
    gpu_jump: tuple[float, float]
    jump_rho: tuple[float, float]
    curve: Array  #: price of a card where its factor is 1
    card_centre: Array  #: what the logarithm of the factor is lowered by, for a mean of 1
    rent_centre: Array
    rent_beta: float
    hazard: float  #: of a step, at base rents
    elasticity: float


def schedule(market: Market, periods_per_year: float, curve: Array | None = None) -> Schedule:
    """Return the constants of every step.

    Parameters
    ----------
    market : Market
        Parameters of the process.
    periods_per_year : float
        Steps in a year.
    curve : ndarray, optional
        Expected price of a card at closing and at the end of each period; replaces ``gpu_price``
        and ``gpu_drift``. [USD/unit]
    """
    p, step = market, 1.0 / periods_per_year
    periods = round(p.months * periods_per_year / 12.0)
    dates = np.arange(periods + 1) * step
    beta, intensity = p.rent_beta, p.jump_intensity
    variance = p.gpu_vol**2 * _damped(2.0 * p.mean_reversion, dates)
    drift = p.coin_drift - intensity * _excess(p.coin_jump, p.coin_jump_vol)
    if curve is None:
        curve = p.gpu_price * np.exp(p.gpu_drift * dates)
    return Schedule(
        coin_price=p.coin_price,
        coin_move=(drift - 0.5 * p.coin_vol**2) * step,
        coin_shock=p.coin_vol * math.sqrt(step),
        decay=math.exp(-p.mean_reversion * step),
        gpu_shock=p.gpu_vol * math.sqrt(float(_damped(2.0 * p.mean_reversion, step))),
        rho=_weights(p.correlation),
        stressed=_weights(p.stressed_correlation),
        fall=_fall(p.drawdown_trigger),
        jumps=_poisson(intensity * step),
        coin_jump=(p.coin_jump, p.coin_jump_vol),
        gpu_jump=(p.gpu_jump, p.gpu_jump_vol),
        jump_rho=_weights(p.jump_correlation),
        curve=np.array(curve, dtype=np.float64),
        card_centre=0.5 * variance + intensity * dates * _excess(p.gpu_jump, p.gpu_jump_vol),
        rent_centre=0.5 * beta**2 * variance
        + intensity * dates * _excess(beta * p.gpu_jump, beta * p.gpu_jump_vol),
        rent_beta=beta,
        hazard=p.hazard * step,
        elasticity=p.hazard_elasticity,
    )


def _damped(rate: float, years: ArrayLike) -> Array:
    """Integral of e^(−rate s) over s from 0 to ``years``."""
    years = np.asarray(years, dtype=np.float64)
    return years if rate == 0.0 else np.asarray(-np.expm1(-rate * years) / rate)


def _excess(mean: float, deviation: float) -> float:
    """Expected relative move of a price at one jump."""
    return math.expm1(mean + 0.5 * deviation**2)


def _weights(correlation: float) -> tuple[float, float]:
    return correlation, math.sqrt((1.0 - correlation) * (1.0 + correlation))


def _fall(trigger: float | None) -> float:
    """Without a trigger no fall is deep enough."""
    return -math.inf if trigger is None or trigger >= 1.0 else math.log1p(-trigger)


def _poisson(mean: float) -> Array:
    """Distribution function of the number of jumps, as far as a double can tell it from 1."""
    if mean == 0.0:
        return np.empty(0)
    far = int(mean + 12.0 * math.sqrt(mean) + 30.0)
    logs = [n * math.log(mean) - mean - math.lgamma(n + 1.0) for n in range(far)]
    below = np.cumsum(np.exp(logs))
    return np.asarray(below[below < 1.0 - 2.0**-53])


class Walk:
    """Joint paths on their way: where coin, cards, rents and customers stand after each step.

    Parameters
    ----------
    schedule : Schedule
        The constants of every step.
    seed, first, count : int
        Seed, number of the first path, and how many of them walk.
    rents : bool
        Whether anything depends on rents; without, they are not computed.
    tilt : tuple of float
        Added to the shock of coin and to the card's own in every step up to ``tilted``, on all
        paths but a share ``plain`` of them: these fall more often.
    tilted : int
        Number of steps with a tilt.
    plain : float
        Share of the paths, chosen at random, that are drawn without a tilt.

    Attributes
    ----------
    coin, card, rent : ndarray
        Price of the coin, price of a card, and rent factor. [USD/coin, USD/unit, ratio]
    gone : ndarray
        Step in which the customer stopped; 0 while it is there.
    log_weight : ndarray
        Logarithm of the likelihood of the shocks so far over that which they have with a tilt.
    """

    def __init__(
        self,
        schedule: Schedule,
        seed: int,
        first: int,
        count: int,
        *,
        rents: bool = True,
        tilt: tuple[float, float] = (0.0, 0.0),
        tilted: int = 0,
        plain: float = 0.0,
    ) -> None:
        self.schedule = schedule
        self.rents, self.tilt, self.tilted = rents, tilt, tilted
        self._base = draws.bases(seed, first, count)
        if tilted:
            self._falls = draws.uniforms(self._base, 0, draws.TILTED) >= plain
        self._log_coin, self._high, self._y, self._jumps, self._log_rent = np.zeros((5, count))
        self.coin = np.full(count, schedule.coin_price)
        self.card = np.full(count, schedule.curve[0])
        self.rent = np.ones(count)
        self.gone: Counts = np.zeros(count, dtype=np.int64)
        self.log_weight = np.zeros(count)

    def step(self, k: int) -> None:
        """Take all paths to the end of step ``k``, the first being 1."""
        s = self.schedule
        if s.hazard > 0.0:
            self._customers(k)
        shock, own = draws.normals(self._base, k, draws.SHOCKS)
        if k <= self.tilted:
            shock, own = self._tilt(shock, own)
        self._y *= s.decay
        self._y += s.gpu_shock * self._joint(shock, own)
        self._log_coin += s.coin_move + s.coin_shock * shock
        if len(s.jumps):
            self._jump(k)
        if s.fall > -math.inf:
            np.maximum(self._high, self._log_coin, out=self._high)
        level = self._y + self._jumps
        self.coin = np.exp(self._log_coin)
        self.coin *= s.coin_price
        factor = level - s.card_centre[k]
        np.exp(factor, out=factor)
        self.card = s.curve[k] * factor
        if self.rents:
            self._log_rent = s.rent_beta * level - s.rent_centre[k]
            self.rent = factor if s.rent_beta == 1.0 else np.exp(self._log_rent)

    def keep(self, paths: NDArray[np.bool_]) -> None:
        """Go on with these of the paths alone."""
        for name, values in vars(self).items():
            if isinstance(values, np.ndarray):
                setattr(self, name, values[paths])

    def _customers(self, k: int) -> None:
        s = self.schedule
        intensity = np.exp(-s.elasticity * self._log_rent)
        intensity *= s.hazard
        drawn = draws.uniforms(self._base, k, draws.CUSTOMER)
        # 1 − e^−h is below h: only where a customer may stop is it asked exactly
        may = np.flatnonzero((drawn < intensity) & (self.gone == 0))
        self.gone[may[drawn[may] < -np.expm1(-intensity[may])]] = k

    def _tilt(self, shock: Array, own: Array) -> tuple[Array, Array]:
        a, b = self.tilt
        shock, own = shock + a * self._falls, own + b * self._falls
        self.log_weight -= a * shock + b * own - 0.5 * (a * a + b * b)
        return shock, own

    def _joint(self, shock: Array, own: Array) -> Array:
        """Shock of the card: of unit variance, with the correlation that holds in this step."""
        s = self.schedule
        joint = s.rho[0] * shock
        joint += s.rho[1] * own
        if s.fall > -math.inf:
            fallen = np.flatnonzero(self._log_coin <= self._high + (s.fall + TIE))
            joint[fallen] = s.stressed[0] * shock[fallen] + s.stressed[1] * own[fallen]
        return joint

    def _jump(self, k: int) -> None:
        """Several jumps in one step are one of their summed mean and variance."""
        s = self.schedule
        drawn = draws.uniforms(self._base, k, draws.JUMPS)
        hit = np.flatnonzero(drawn >= s.jumps[0])
        times = np.searchsorted(s.jumps, drawn[hit], side="right").astype(np.float64)
        common, own = draws.normals(self._base[hit], k, draws.JUMP_SIZES)
        root = np.sqrt(times)
        joint = s.jump_rho[0] * common + s.jump_rho[1] * own
        self._log_coin[hit] += s.coin_jump[0] * times + s.coin_jump[1] * root * common
        self._jumps[hit] += s.gpu_jump[0] * times + s.gpu_jump[1] * root * joint
