"""The joint process: means, martingales, closed forms, and a plain simulation of its own."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from xlcredit.models import breach, normal
from xlcredit.models.market import Market, Walk, schedule

PATHS = 200_000
FULL = Market(
    months=36,
    coin_price=100.0,
    gpu_price=10.0,
    coin_vol=0.7,
    gpu_vol=0.4,
    coin_drift=0.1,
    gpu_drift=-0.3,
    mean_reversion=0.8,
    correlation=0.2,
    stressed_correlation=0.85,
    drawdown_trigger=0.3,
    jump_intensity=1.5,
    coin_jump=-0.2,
    gpu_jump=-0.1,
    coin_jump_vol=0.15,
    gpu_jump_vol=0.1,
    jump_correlation=0.5,
    rent_beta=0.7,
    hazard=0.2,
    hazard_elasticity=1.5,
)
PLAIN = Market(months=12, coin_price=100.0, gpu_price=10.0, coin_vol=0.7, gpu_vol=0.4)


def walk(market: Market, each: Callable[[int, Walk], None], m: float = 12.0) -> None:
    """Step a walk to its end, calling ``each`` at every date."""
    found = Walk(schedule(market, m), 1, 0, PATHS)
    for k in range(1, round(market.months * m / 12.0) + 1):
        found.step(k)
        each(k, found)


def end(market: Market, m: float = 12.0) -> Walk:
    found = Walk(schedule(market, m), 1, 0, PATHS)
    for k in range(1, round(market.months * m / 12.0) + 1):
        found.step(k)
    return found


def near(sample: NDArray[np.float64], mean: float) -> bool:
    """Within four standard errors."""
    return abs(sample.mean() - mean) < 4.0 * sample.std() / math.sqrt(len(sample))


@pytest.mark.parametrize("m", [4.0, 12.0])
def test_means_at_every_date(m: float) -> None:
    def each(k: int, at: Walk) -> None:
        assert near(at.coin, 100.0 * math.exp(0.1 * k / m)), k
        assert near(at.card, 10.0 * math.exp(-0.3 * k / m)), k
        assert near(at.rent, 1.0), k

    walk(FULL, each, m)


def test_the_coin_is_a_martingale_whatever_has_happened() -> None:
    """Its discounted increments have mean 0 in stress and out of it, and after a bad past."""
    last = np.full(PATHS, 100.0)

    def each(k: int, at: Walk) -> None:
        nonlocal last
        gain = at.coin * math.exp(-0.1 / 12.0) - last
        low = last < np.median(last) if k > 1 else np.ones(PATHS, dtype=bool)
        assert near(gain[low], 0.0), k
        last = at.coin

    walk(FULL, each)


def test_the_law_of_the_card_does_not_feel_the_stress() -> None:
    market = replace(FULL, jump_intensity=0.0)
    factor = np.log(end(market).card)
    variance = 0.4**2 * (1.0 - math.exp(-2.0 * 0.8 * 3.0)) / (2.0 * 0.8)
    score = (factor - math.log(10.0) + 0.3 * 3.0 + variance / 2.0) / math.sqrt(variance)
    assert near(score, 0.0) and near(score**2, 1.0) and near(score**4, 3.0)


@pytest.mark.parametrize("level", [40.0, 80.0])
@pytest.mark.parametrize("m", [1.0, 12.0])
def test_with_jumps_the_coin_is_a_poisson_mixture(level: float, m: float) -> None:
    market = replace(PLAIN, jump_intensity=2.5, coin_jump=-0.2, coin_jump_vol=0.15, months=12)
    rate = 2.5 * math.expm1(-0.2 + 0.15**2 / 2)
    expected = 0.0
    for n in range(60):
        weight = math.exp(-2.5 + n * math.log(2.5) - math.lgamma(n + 1))
        mean = math.log(100.0) - 0.7**2 / 2 - rate - 0.2 * n
        deviation = math.sqrt(0.7**2 + 0.15**2 * n)
        expected += weight * float(normal.cdf((math.log(level) - mean) / deviation))
    assert near((end(market, m).coin <= level).astype(float), expected)


def test_coin_and_cards_together_are_a_poisson_mixture() -> None:
    """The crash is common, its sizes correlated: the sum of the two at the horizon."""
    market = replace(
        PLAIN,
        correlation=0.3,
        jump_intensity=1.2,
        coin_jump=-0.35,
        gpu_jump=-0.3,
        coin_jump_vol=0.2,
        gpu_jump_vol=0.1,
        jump_correlation=0.6,
    )
    lost = [1.2 * math.expm1(-0.35 + 0.02), 1.2 * math.expm1(-0.3 + 0.005)]
    expected = 0.0
    for n in range(40):
        weight = math.exp(-1.2 + n * math.log(1.2) - math.lgamma(n + 1))
        coin_sd = math.sqrt(0.7**2 + 0.04 * n)
        gpu_sd = math.sqrt(0.4**2 + 0.01 * n)
        joint = 0.3 * 0.7 * 0.4 + 0.6 * 0.2 * 0.1 * n
        coin = 100.0 * math.exp(-lost[0] - 0.35 * n + 0.02 * n)
        gpu = 100.0 * math.exp(-lost[1] - 0.3 * n + 0.005 * n)
        rho = joint / (coin_sd * gpu_sd)
        expected += weight * float(breach.sum_below(130.0, coin, gpu, coin_sd, gpu_sd, rho))
    for m in (1.0, 12.0):
        at = end(market, m)
        assert near((at.coin + 10.0 * at.card <= 130.0).astype(float), expected), m


def first_passage(vol: float, barrier: float, dates: int, years: float) -> float:
    """Probability that a driftless lognormal is below a barrier at one of the dates.

    Density of the surviving log price on Gauss and Legendre's nodes, taken from date to date.
    """
    sd = vol * math.sqrt(years / dates)
    low, high = math.log(barrier), 8.0 * vol * math.sqrt(years)
    nodes, weights = np.polynomial.legendre.leggauss(600)
    x = 0.5 * (high - low) * nodes + 0.5 * (high + low)
    weights = 0.5 * (high - low) * weights

    def density(to: NDArray[np.float64], source: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(normal.pdf((to - source + sd * sd / 2) / sd) / sd)

    alive = density(x, np.zeros(1))
    for _ in range(dates - 1):
        alive = density(x[:, None], x[None, :]) @ (weights * alive)
    return 1.0 - float(weights @ alive)


@pytest.mark.parametrize(("m", "barrier"), [(4.0, 0.7), (12.0, 0.7), (12.0, 0.45), (52.0, 0.6)])
def test_first_passage_at_discrete_dates(m: float, barrier: float) -> None:
    low = np.full(PATHS, math.inf)

    def each(k: int, at: Walk) -> None:
        np.minimum(low, at.coin, out=low)

    walk(PLAIN, each, m)
    expected = first_passage(0.7, barrier, round(m), 1.0)
    assert near((low <= 100.0 * barrier).astype(float), expected)


@pytest.mark.parametrize("rho", [-0.6, 0.0, 0.8, 1.0])
def test_exchange_and_minimum(rho: float) -> None:
    """Margrabe's exchange option and the probability that both fall, as in Stulz."""
    at = end(replace(PLAIN, correlation=rho, gpu_price=90.0))
    deviation = math.sqrt(0.7**2 + 0.4**2 - 2.0 * rho * 0.7 * 0.4)
    d = math.log(100.0 / 90.0) / deviation + deviation / 2.0
    exchange = 100.0 * float(normal.cdf(d)) - 90.0 * float(normal.cdf(d - deviation))
    assert near(np.maximum(at.coin - at.card, 0.0), exchange)
    assert near(np.minimum(at.coin, at.card), 100.0 - exchange)
    scores = [math.log(0.8) / vol + vol / 2.0 for vol in (0.7, 0.4)]
    both = float(normal.bivariate_cdf(np.array(scores[0]), np.array(scores[1]), np.array(rho)))
    assert near(((at.coin <= 80.0) & (at.card <= 72.0)).astype(float), both)


def test_a_plain_simulation_agrees_in_stress() -> None:
    """Path by path with a library's own numbers: correlation, drawdown, jumps, customer."""
    rng, steps = np.random.default_rng(9), 24
    paths, dt = 20_000, 1 / 12
    coin, high, y, jumps, rent = (np.zeros(paths) for _ in range(5))
    there = np.ones(paths, dtype=bool)
    decay = math.exp(-0.8 * dt)
    for k in range(1, steps + 1):
        there &= rng.exponential(size=paths) >= 0.2 * dt * np.exp(-1.5 * rent)
        rho = np.where(np.exp(coin) <= 0.7 * np.exp(high), 0.85, 0.2)
        z = rng.multivariate_normal([0, 0], [[1, 0], [0, 1]], size=paths).T
        coin += (0.1 - 1.5 * math.expm1(-0.2 + 0.15**2 / 2) - 0.245) * dt
        coin += 0.7 * math.sqrt(dt) * z[0]
        y = y * decay + 0.4 * math.sqrt((1 - decay**2) / 1.6) * (
            rho * z[0] + np.sqrt(1 - rho**2) * z[1]
        )
        for i, n in enumerate(rng.poisson(1.5 * dt, paths)):
            for _ in range(n):
                a, b = rng.multivariate_normal([-0.2, -0.1], [[0.0225, 0.0075], [0.0075, 0.01]])
                coin[i] += a
                jumps[i] += b
        high = np.maximum(high, coin)
        t = k * dt
        v = 0.16 * (1 - math.exp(-1.6 * t)) / 1.6
        rent = 0.7 * (y + jumps) - 0.245 * v
        rent -= 1.5 * t * math.expm1(-0.07 + 0.49 * 0.005)
    at = end(replace(FULL, months=24))
    ours = np.log([at.coin / 100.0, at.rent])
    theirs = np.array([coin, rent])
    for f in (lambda s: s[0] * s[1], lambda s: s[0], lambda s: (s[0] < -0.8) & (s[1] < -0.3)):
        a, b = f(ours).astype(float), f(theirs).astype(float)
        error = math.sqrt(a.var() / len(a) + b.var() / len(b))
        assert abs(a.mean() - b.mean()) < 4.0 * error
    share = np.mean(at.gone == 0)
    error = math.sqrt(share * (1 - share) * (1 / PATHS + 1 / paths))
    assert abs(share - there.mean()) < 4.0 * error


def test_the_customer_alone_is_exponential() -> None:
    at = end(replace(PLAIN, hazard=0.3, months=24))
    assert near((at.gone > 0).astype(float), -math.expm1(-0.6))
    assert near((at.gone == 5).astype(float), math.exp(-0.1) - math.exp(-0.125))


def test_customers_walk_when_the_market_is_cheaper() -> None:
    """Two steps: the second's hazard is that of the rent factor after the first."""
    market = replace(PLAIN, months=24, hazard=0.3, hazard_elasticity=2.0)
    nodes, weights = np.polynomial.hermite_e.hermegauss(120)
    factor = np.exp(0.4 * nodes - 0.08)
    stays = float(weights @ np.exp(-0.3 * (1.0 + factor**-2.0))) / math.sqrt(2.0 * math.pi)
    assert near((end(market, 1.0).gone == 0).astype(float), stays)


def test_paths_do_not_depend_on_how_they_are_cut() -> None:
    constants = schedule(FULL, 12.0)
    whole, part = Walk(constants, 5, 0, 1000), Walk(constants, 5, 300, 100)
    for k in range(1, 37):
        whole.step(k)
        part.step(k)
    for name in ("coin", "card", "rent", "gone"):
        np.testing.assert_array_equal(getattr(whole, name)[300:400], getattr(part, name))


def test_the_card_follows_its_curve() -> None:
    curve = 10.0 * 0.9 ** np.arange(13.0)
    constants = schedule(replace(PLAIN, months=12, gpu_vol=0.0), 12.0, curve)
    found = Walk(constants, 1, 0, 2)
    for k in range(1, 13):
        found.step(k)
        np.testing.assert_allclose(found.card, curve[k], rtol=1e-15)


def test_a_tilt_is_put_right_by_the_weights() -> None:
    market = replace(PLAIN, correlation=0.5)
    plain = end(market)
    tilted = Walk(schedule(market, 12.0), 2, 0, PATHS, tilt=(-0.3, -0.2), tilted=8)
    for k in range(1, 13):
        tilted.step(k)
    weight = np.exp(tilted.log_weight)
    assert (
        near(weight, 1.0) and near(weight * tilted.coin, 100.0) and near(weight * tilted.card, 10)
    )
    worst = (plain.coin < 20.0) & (plain.card < 8.0)
    rare = weight * ((tilted.coin < 20.0) & (tilted.card < 8.0))
    error = math.sqrt((worst.var() + rare.var()) / PATHS)
    assert abs(worst.mean() - rare.mean()) < 4.0 * error
    assert rare.var() < worst.var() / 2.0
