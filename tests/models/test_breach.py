"""Two lognormals together: simulation, limits, and cells that must not disturb each other."""

from __future__ import annotations

import numpy as np
import pytest

from xlcredit.models import breach, normal

DEAL = {"coin": 40.0, "gpu": 60.0, "coin_sd": 0.45, "gpu_sd": 0.25}


def test_the_published_example() -> None:
    found = breach.breach_probability(55.0, 40.0, 60.0, 0.75, 0.25, 0.9, 0.5, 0.0, 0.0, -0.35)
    assert float(found) == pytest.approx(0.16808842022234502622, abs=1e-14)


def test_agrees_with_a_simulation() -> None:
    rng = np.random.default_rng(11)
    x, own = rng.standard_normal((2, 400_000))
    coin = 40.0 * np.exp(0.45 * x - 0.45**2 / 2)
    gpu = 60.0 * np.exp(0.25 * (0.4 * x + np.sqrt(0.84) * own) - 0.25**2 / 2)
    share = np.mean(coin + gpu <= 80.0)
    error = np.sqrt(share * (1 - share) / len(x))
    assert abs(float(breach.sum_below(80.0, **DEAL, correlation=0.4)) - share) < 4 * error
    lost = np.maximum(0.0, 80.0 - coin - gpu)
    short = breach.shortfall(80.0, 40.0, 60.0, 1.0, 0.45, 0.25, 0.4)
    assert abs(float(short) - lost.mean()) < 4 * lost.std() / np.sqrt(len(x))


@pytest.mark.parametrize("level", [70.0, 95.0, 120.0])
def test_correlation_goes_to_its_limits_without_a_jump(level: float) -> None:
    for end in (-1.0, 1.0):
        nearly = end * (1.0 - np.array([1e-15, 1e-12, 1e-9]))
        limit = float(breach.sum_below(level, **DEAL, correlation=end))
        found = breach.sum_below(level, **DEAL, correlation=nearly)
        np.testing.assert_allclose(found, limit, atol=2e-8)


def test_opposite_shocks_leave_a_floor() -> None:
    # at ρ = −1 and equal money volatilities the sum cannot fall far
    found = breach.sum_below(98.0, 50.0, 50.0, 0.2, 0.2, np.array([-1.0, -1.0 + 1e-12, 0.0]))
    assert found[0] == 0.0
    assert found[1] == pytest.approx(0.0, abs=1e-16)
    assert found[2] > 0.3


def test_a_still_asset_is_a_constant() -> None:
    one = normal.cdf((np.log(20.0 / 40.0) + 0.45**2 / 2) / 0.45)
    for gpu_sd in (0.0, 1e-15, 1e-13):
        found = breach.sum_below(80.0, 40.0, 60.0, 0.45, gpu_sd, 0.3)
        assert float(found) == pytest.approx(one, abs=1e-9)
    assert float(breach.sum_below(20.0, 40.0, 0.0, 0.45, 0.3, 0.3)) == pytest.approx(one, abs=1e-15)
    assert float(breach.sum_below(50.0, 40.0, 60.0, 0.45, 0.0, 0.3)) == 0.0


def corner_cells(count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(3)
    coin_sd, gpu_sd = 10.0 ** rng.uniform(-4, 0.5, (2, count))
    near_one = rng.choice([-1, 1], count) * (1 - 10.0 ** rng.uniform(-10, -1, count))
    rho = np.where(rng.random(count) < 0.5, rng.uniform(-1, 1, count), near_one)
    coin, gpu = 10.0 ** rng.uniform(-2, 2, (2, count))
    level = (coin + gpu) * np.exp(rng.normal(size=count) * np.minimum(1, coin_sd + gpu_sd))
    return [level, coin, gpu, coin_sd, gpu_sd, rho]


def test_cells_in_every_corner_do_not_disturb_each_other() -> None:
    cells = corner_cells(600)
    together = breach.sum_below(*cells)
    assert np.all((together >= 0.0) & (together <= 1.0))
    alone = [float(breach.sum_below(*(c[i] for c in cells))) for i in range(0, 600, 7)]
    np.testing.assert_allclose(together[::7], alone, atol=5e-13)
    cells[2] = np.where(np.arange(600) == 3, np.nan, cells[2])
    holed = breach.sum_below(*cells)
    assert np.isnan(holed[3])
    np.testing.assert_allclose(np.delete(holed, 3), np.delete(together, 3), atol=1e-12)


def test_either_asset_may_be_named_first() -> None:
    level, coin, gpu, coin_sd, gpu_sd, rho = corner_cells(400)
    one = breach.sum_below(level, coin, gpu, coin_sd, gpu_sd, rho)
    other = breach.sum_below(level, gpu, coin, gpu_sd, coin_sd, rho)
    np.testing.assert_allclose(one, other, atol=5e-12)


def test_passage_survives_a_vanishing_volatility() -> None:
    vols = np.array([1e-1, 1e-2, 1e-4, 1e-8, 0.0])
    falls = breach.passage(100.0, 60.0, 2.0, vols, -0.3)
    np.testing.assert_allclose(falls, 1.0, atol=0.3)
    np.testing.assert_array_equal(falls[2:], 1.0)
    for drift in (-0.3, 0.3):
        stays = breach.passage(100.0, 60.0, 1.0, vols[1:], drift)
        np.testing.assert_allclose(stays, 0.0, atol=1e-90)
