"""Coin plus GPUs at a horizon, both lognormal: exact probabilities, without simulation.

With x and y the standard normal scores of the two log values, of correlation ρ, the collateral
is worth K along a curve on which the coin's share w = 1/(1 + e^−u) runs from 0 to 1:

    x(u) = (ln(K/F₁) + s₁²/2 − ln(1 + e^−u))/s₁        coin = wK
    y(u) = (ln(K/F₂) + s₂²/2 − ln(1 + e^u))/s₂         GPUs = (1 − w)K

where F is a forward value and s = vol √T. Given x, the collateral is below K with probability
Φ(h), h = (y − ρx)/√(1 − ρ²), so P = ∫ φ(x) Φ(h) dx. That integrand is smooth where the curve is
flat in the plane of x and h, and a cliff where it is steep. There, integration by parts gives
Φ(x)Φ(h) − ∫ Φ(x) φ(h) dh, which is smooth for the same reason. The curve is cut where its slope
is ±1, so no corner of the parameters (|ρ| → 1, either volatility → 0) ever meets a cliff.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from xlcredit.models import normal
from xlcredit.models.normal import Numbers
from xlcredit.models.quadrature import integrate
from xlcredit.models.solve import find_root
from xlcredit.models.ties import at_least

__all__ = ["breach_probability", "ltv_quantile", "passage", "shortfall", "sum_below"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Scores beyond this carry no probability that a double can see.
_FAR = 8.5
#: Good to 1e-12 for vol √T up to 3, to 1e-10 up to 15.
_NODES = 96
#: Cells integrated at once: the temporaries of 96 nodes each stay in the processor's cache.
_SLICE = 256
#: A smaller standard deviation than this does not move a double.
_STILL = 1e-14
#: Just below √½. From there on the curve is steeper than −1 throughout; below −√½ it starts out
#: steeper than 1.
_STEEP = 0.7


def breach_probability(
    loan: Numbers,
    coin_value: Numbers,
    gpu_value: Numbers,
    trigger: Numbers,
    years: Numbers,
    coin_vol: Numbers,
    gpu_vol: Numbers,
    correlation: Numbers,
    coin_drift: Numbers = 0.0,
    gpu_drift: Numbers = 0.0,
) -> Array:
    """Probability that the LTV is at or above its trigger at the horizon.

    Parameters
    ----------
    loan, coin_value, gpu_value : array_like
        Debt at the horizon, and the values today. [USD]
    trigger : array_like
        LTV that triggers. [ratio]
    years : array_like
        Horizon. [years]
    coin_vol, gpu_vol, correlation : array_like
        Volatilities and the correlation of log returns. [1/sqrt(year), ratio]
    coin_drift, gpu_drift : array_like
        Drifts of the expected values, continuous. [1/year]

    Returns
    -------
    ndarray
        The probability; no loan never triggers, and no collateral always does.
    """
    coin, gpu, coin_sd, gpu_sd = _horizon(
        coin_value, gpu_value, years, coin_vol, gpu_vol, coin_drift, gpu_drift
    )
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        below = sum_below(np.divide(loan, trigger), coin, gpu, coin_sd, gpu_sd, correlation)
        # Nothing moves: compare as the analyst does, so that a tie fires.
        still = _still(coin, coin_sd) & _still(gpu, gpu_sd)
        certain = at_least(np.divide(loan, coin + gpu), trigger)
    fires = np.where(still, certain | (coin + gpu == 0.0), below)
    return np.where(np.equal(loan, 0.0), 0.0, np.where(np.isnan(below), below, fires))


def ltv_quantile(
    loan: Numbers,
    coin_value: Numbers,
    gpu_value: Numbers,
    confidence: Numbers,
    years: Numbers,
    coin_vol: Numbers,
    gpu_vol: Numbers,
    correlation: Numbers,
    coin_drift: Numbers = 0.0,
    gpu_drift: Numbers = 0.0,
) -> Array:
    """LTV at the horizon that is not exceeded with the confidence given.

    The arguments are those of :func:`breach_probability`. The collateral is worth at most K with
    probability 1 − confidence; the LTV is loan/K.
    """
    coin, gpu, coin_sd, gpu_sd = _horizon(
        coin_value, gpu_value, years, coin_vol, gpu_vol, coin_drift, gpu_drift
    )
    tail = 1.0 - np.asarray(confidence, dtype=np.float64)
    tail, coin, gpu, coin_sd, gpu_sd, rho = np.broadcast_arrays(
        tail, coin, gpu, coin_sd, gpu_sd, np.asarray(correlation, dtype=np.float64)
    )

    def value_at(share: Array, forward: Array, sd: Array) -> Array:
        return np.asarray(forward * np.exp(sd * normal.quantile(share) - 0.5 * sd * sd))

    score = normal.quantile(tail)
    with np.errstate(all="ignore"):
        # One asset alone is worth less than both; and if both lie below their own quantiles for
        # half the confidence each, so does the sum below the sum of these.
        upper = 1.0 - 0.5 * (1.0 - tail)
        low = np.maximum(value_at(tail, coin, coin_sd), value_at(tail, gpu, gpu_sd))
        high = value_at(upper, coin, coin_sd) + value_at(upper, gpu, gpu_sd)
        one_moves = _still(coin, coin_sd) | _still(gpu, gpu_sd)
        alone = value_at(tail, coin, coin_sd) + value_at(tail, gpu, gpu_sd)

        def excess(k: Array) -> Array:
            share = sum_below(np.exp(k), coin, gpu, coin_sd, gpu_sd, rho)
            return np.asarray(normal.quantile(share) - score)

        level = find_root(
            excess,
            np.log(np.where(one_moves, 1.0, low)),
            np.log(np.where(one_moves, 1.0, high)),
        )
        worth = np.where(one_moves, alone, np.exp(level))
        return np.where(np.equal(loan, 0.0), 0.0, np.divide(loan, worth))


def shortfall(
    loan: Numbers,
    coin_value: Numbers,
    gpu_value: Numbers,
    years: Numbers,
    coin_vol: Numbers,
    gpu_vol: Numbers,
    correlation: Numbers,
    coin_drift: Numbers = 0.0,
    gpu_drift: Numbers = 0.0,
) -> Array:
    """Part of the loan that the collateral is expected to leave uncovered at the horizon.

    The arguments are those of :func:`breach_probability`. With R the event that the collateral
    is below the loan, E max(0, B − S − G) = B P(R) − E S · P_S(R) − E G · P_G(R), where P_S and
    P_G measure in units of an asset: each scales the forwards by e^(covariance with that asset).
    """
    coin, gpu, coin_sd, gpu_sd = _horizon(
        coin_value, gpu_value, years, coin_vol, gpu_vol, coin_drift, gpu_drift
    )
    with np.errstate(all="ignore"):
        covariance = np.exp(np.multiply(correlation, coin_sd * gpu_sd))
        coins = (coin, coin * np.exp(coin_sd**2), coin * covariance)
        gpus = (gpu, gpu * covariance, gpu * np.exp(gpu_sd**2))
        money, in_coin, in_gpu = (
            sum_below(loan, s, g, coin_sd, gpu_sd, correlation)
            for s, g in zip(coins, gpus, strict=True)
        )
        expected = loan * money - coin * in_coin - gpu * in_gpu
        return np.asarray(np.maximum(expected, np.maximum(0.0, loan - coin - gpu)))


def passage(
    asset_value: Numbers, barrier: Numbers, years: Numbers, vol: Numbers, drift: Numbers
) -> Array:
    """Probability that a lognormal value is at or below a barrier at any time to the horizon.

    Φ((b − νT)/s) + e^(2νb/σ²) Φ((b + νT)/s) with b = ln(barrier/value), ν = μ − σ²/2 and
    s = σ√T. The second term overflows and vanishes at once when σ is small; as density times
    Mills ratio it is φ((b − νT)/s) M(−(b + νT)/s), which does neither.
    """
    years, vol = np.asarray(years, dtype=np.float64), np.asarray(vol, dtype=np.float64)
    with np.errstate(all="ignore"):
        b = np.log(np.divide(barrier, asset_value))
        sd = vol * np.sqrt(years)
        move = np.multiply(drift, years) - 0.5 * sd * sd
        near, mirror = (b - move) / sd, (b + move) / sd
        power = np.exp(2.0 * move * b / (sd * sd)) * normal.cdf(np.maximum(mirror, 0.0))
        second = np.where(mirror > 0.0, power, normal.pdf(near) * normal.mills(np.abs(mirror)))
        moving = np.minimum(normal.cdf(near) + second, 1.0)
        # Without volatility the value drifts along a line and is lowest at its end.
        still = at_least(barrier, np.multiply(asset_value, np.exp(np.multiply(drift, years))))
    touched = np.where(sd > _STILL, moving, np.where(np.isnan(sd), np.nan, still))
    touched = np.where(np.equal(barrier, 0.0), 0.0, touched)
    return np.where(at_least(barrier, asset_value), 1.0, touched)


def _horizon(
    coin_value: Numbers,
    gpu_value: Numbers,
    years: Numbers,
    coin_vol: Numbers,
    gpu_vol: Numbers,
    coin_drift: Numbers,
    gpu_drift: Numbers,
) -> tuple[Array, Array, Array, Array]:
    """Forward values and standard deviations of the log values at the horizon."""
    years = np.asarray(years, dtype=np.float64)
    root = np.sqrt(years)
    with np.errstate(over="ignore", invalid="ignore"):
        return (
            np.asarray(coin_value * np.exp(coin_drift * years)),
            np.asarray(gpu_value * np.exp(gpu_drift * years)),
            np.asarray(coin_vol * root),
            np.asarray(gpu_vol * root),
        )


def _still(forward: Array, sd: Array) -> Mask:
    return np.asarray((forward == 0.0) | (sd < _STILL))


def sum_below(
    level: Numbers,
    coin: Numbers,
    gpu: Numbers,
    coin_sd: Numbers,
    gpu_sd: Numbers,
    correlation: Numbers,
) -> Array:
    """Probability that the sum of two correlated lognormals is at most ``level``.

    Parameters
    ----------
    level : array_like
        Sum of the two values. [USD]
    coin, gpu : array_like
        Expected values at the horizon. [USD]
    coin_sd, gpu_sd : array_like
        Standard deviations of the log values, vol √T; 0 for a value that is certain.
    correlation : array_like
        Correlation of the log values, −1 and 1 included. [ratio]

    Returns
    -------
    ndarray
        The probability, to 1e-12 for standard deviations from 1e-4 to 3.
    """
    cells = np.broadcast_arrays(level, coin, gpu, coin_sd, gpu_sd, correlation)
    shape = cells[0].shape
    level, coin, gpu, coin_sd, gpu_sd, rho = (np.ravel(c).astype(np.float64) for c in cells)
    coin_still, gpu_still = _still(coin, coin_sd), _still(gpu, gpu_sd)
    room = level - np.where(coin_still, coin, 0.0) - np.where(gpu_still, gpu, 0.0)
    below = np.where(np.isnan(room + coin_sd + gpu_sd + coin + gpu + rho), np.nan, 0.0)
    possible = (room > 0.0) & ~np.isnan(below)

    below[(room >= 0.0) & coin_still & gpu_still] = 1.0
    for forward, sd, moves in ((coin, coin_sd, gpu_still), (gpu, gpu_sd, coin_still)):
        one = possible & moves & ~_still(forward, sd)
        below[one] = normal.cdf(_score(room[one], forward[one], sd[one]) / sd[one])
    both = np.flatnonzero(possible & ~coin_still & ~gpu_still)
    for start in range(0, len(both), _SLICE):
        i = both[start : start + _SLICE]
        below[i] = _curve_below(
            _Curve(
                _score(level[i], coin[i], coin_sd[i])[:, None],
                _score(level[i], gpu[i], gpu_sd[i])[:, None],
                coin_sd[i][:, None],
                gpu_sd[i][:, None],
                rho[i][:, None],
            )
        )
    return below.reshape(shape)


def _score(level: Array, forward: Array, sd: Array) -> Array:
    return np.asarray(np.log(level / forward) + 0.5 * sd * sd)


class _Curve(NamedTuple):
    """Where the two values add up to the level; every field has the shape (cells, 1)."""

    coin_score: Array
    gpu_score: Array
    coin_sd: Array
    gpu_sd: Array
    rho: Array

    @property
    def root(self) -> Array:
        return np.sqrt((1.0 - self.rho) * (1.0 + self.rho))

    def only(self, cells: Mask) -> _Curve:
        return _Curve(*(field[cells] for field in self))

    def x(self, u: Array) -> Array:
        return np.asarray((self.coin_score - np.logaddexp(0.0, -u)) / self.coin_sd)

    def h(self, u: Array) -> Array:
        y = (self.gpu_score - np.logaddexp(0.0, u)) / self.gpu_sd
        return np.asarray((y - self.rho * self.x(u)) / self.root)

    def u_at_x(self, x: Array) -> Array:
        """Solve ln(1 + e^−u) = c for u, where c > 0 is what the score leaves."""
        c = self.coin_score - self.coin_sd * x
        return np.asarray(-c - np.log(-np.expm1(-c)))

    def u_at_h(self, h: Array, *, rising: bool = False) -> Array:
        """Solve h(u) = h, on the branch that falls or on the one that rises (only for ρ < 0).

        √(1 − ρ²) h(u) is a straight line plus a multiple of ln(1 + e^u): bent one way all along,
        between two asymptotes. From their crossing with the level, Newton's steps come nearer
        from one side and never overshoot.
        """
        bend = self.rho / self.coin_sd - 1.0 / self.gpu_sd
        tilt = self.rho / self.coin_sd
        offset = self.gpu_score / self.gpu_sd - self.rho * self.coin_score / self.coin_sd
        level = offset - self.root * h
        left, right = level / tilt, level * self.gpu_sd
        nearer = np.where(bend < 0.0, np.minimum(left, right), np.maximum(left, right))
        u = left if rising else np.where(self.rho <= 0.0, right, nearer)
        for _ in range(60):
            share = 1.0 / (1.0 + np.exp(-u))
            step = (level + bend * np.logaddexp(0.0, u) - tilt * u) / (bend * share - tilt)
            u = u - step
            if not np.any(np.abs(step) > 1e-9 * (1.0 + np.abs(u))):
                break  # the next step would be the square of this one
        return np.asarray(u)


def _curve_below(curve: _Curve) -> Array:
    """Probability below the curve, the sum over its steep and flat parts."""
    below = np.empty(len(curve.rho))
    with np.errstate(all="ignore"):
        line = np.abs(curve.rho[:, 0]) == 1.0
        if line.any():
            below[line] = _on_a_line(curve.only(line))
        if not line.all():
            below[~line] = _in_the_plane(curve.only(~line))
    return np.clip(below, 0.0, 1.0)


def _on_a_line(curve: _Curve) -> Array:
    """For ρ = ±1 one score decides; for ρ = −1 the sum is below K between two scores."""
    level = np.zeros_like(curve.rho)
    below = normal.cdf(curve.x(curve.u_at_h(level)))[:, 0]
    opposed = curve.rho[:, 0] < 0.0
    if opposed.any():
        part = curve.only(opposed)
        best = np.log(part.gpu_sd / part.coin_sd)
        reached = part.gpu_score - np.logaddexp(0.0, best) + part.x(best) * part.gpu_sd >= 0.0
        from_score = normal.cdf(part.x(part.u_at_h(level[opposed], rising=True)))
        below[opposed] = np.where(reached[:, 0], below[opposed] - from_score[:, 0], 0.0)
    return np.asarray(below)


def _in_the_plane(curve: _Curve) -> Array:
    rho, ratio = curve.rho, curve.gpu_sd / curve.coin_sd
    flat = (rho < _STEEP)[:, 0]
    # Slope −1, or the bend of the curve where the slope is steeper throughout.
    u_down = np.log(ratio * np.where(rho < _STEEP, curve.root - rho, 1.0))
    h_down, far = curve.h(u_down), np.full_like(u_down, _FAR)
    below = _steep(curve, -far, h_down)
    if not flat.all():
        below[~flat] += _steep(curve.only(~flat), h_down[~flat], far[~flat])
    if flat.any():
        below[flat] += _flat(curve.only(flat), u_down[flat])
    return below


def _steep(curve: _Curve, low: Array, high: Array, *, rising: bool = False) -> Array:
    """∫ Φ(x) φ(h) dh where the curve falls, or rises, steeply."""
    return integrate(
        lambda h: normal.cdf(curve.x(curve.u_at_h(h, rising=rising))) * normal.pdf(h),
        np.clip(low, -_FAR, _FAR)[:, 0],
        np.clip(high, -_FAR, _FAR)[:, 0],
        _NODES,
    )


def _flat(curve: _Curve, u_down: Array) -> Array:
    """∫ φ(x) Φ(h) dx between the slopes 1 and −1, and what lies beyond slope 1."""
    x_down = curve.x(u_down)
    below = -normal.cdf(x_down) * normal.cdf(curve.h(u_down))
    x_up = np.full_like(x_down, -_FAR)
    hairpin = (curve.rho < -_STEEP - 0.02)[:, 0]
    if hairpin.any():
        part = curve.only(hairpin)
        u_up = np.log(part.gpu_sd / part.coin_sd * (-part.rho - part.root))
        x_up[hairpin], h_up = part.x(u_up), part.h(u_up)
        below[hairpin] += normal.cdf(x_up[hairpin]) * normal.cdf(h_up)
        below[hairpin] -= _steep(part, np.full_like(h_up, -_FAR), h_up, rising=True)[:, None]
    middle = integrate(
        lambda x: normal.pdf(x) * normal.cdf(curve.h(curve.u_at_x(x))),
        np.maximum(x_up, -_FAR)[:, 0],
        np.minimum(x_down, _FAR)[:, 0],
        _NODES,
    )
    return np.asarray(below[:, 0] + middle)
