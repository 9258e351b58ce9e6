"""The normal distribution against mpmath and SciPy, out to where doubles end."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest
from scipy import special, stats

from xlcredit.models import normal

POINTS = np.concatenate([np.linspace(-37.0, 9.0, 200), [0.0, -0.5, 0.5, 1e-300]])


def exact_cdf(x: float) -> mp.mpf:
    with mp.workdps(30):
        return mp.ncdf(mp.mpf(x))


def test_cdf_keeps_its_relative_accuracy_in_the_tail() -> None:
    exact = [float(exact_cdf(x)) for x in POINTS]
    np.testing.assert_allclose(normal.cdf(POINTS), exact, rtol=2e-13)
    np.testing.assert_allclose([normal.cdf(float(x)) for x in POINTS], exact, rtol=2e-13)


def test_log_cdf_outlives_cdf() -> None:
    points = np.array([-1e6, -300.0, -38.0, -1.0, 0.0, 2.0, 8.0])
    np.testing.assert_allclose(normal.log_cdf(points), special.log_ndtr(points), rtol=1e-13)


def test_mills_ratio_is_tail_over_density() -> None:
    points = np.linspace(0.0, 37.0, 100)
    with mp.workdps(30):
        exact = [float(mp.ncdf(-mp.mpf(x)) / mp.npdf(mp.mpf(x))) for x in points]
    np.testing.assert_allclose(normal.mills(points), exact, rtol=4e-15)
    assert normal.mills(1e200) == pytest.approx(1e-200)


def test_quantile_inverts_cdf() -> None:
    shares = np.concatenate([np.geomspace(1e-300, 0.5, 100), 1 - np.geomspace(1e-15, 0.4, 50)])
    points = normal.quantile(shares)
    np.testing.assert_allclose(points, special.ndtri(shares), rtol=2e-15, atol=1e-16)
    np.testing.assert_array_equal([normal.quantile(float(p)) for p in shares], points)


def test_ends_are_ends() -> None:
    np.testing.assert_array_equal(normal.cdf(np.array([-np.inf, np.inf])), [0.0, 1.0])
    ends = normal.quantile(np.array([0.0, 0.5, 1.0, np.nan]))
    np.testing.assert_array_equal(ends, [-np.inf, 0.0, np.inf, np.nan])
    assert [normal.quantile(0.0), normal.quantile(1.0)] == [-np.inf, np.inf]
    assert np.isnan(normal.quantile(2.0))


def exact_bivariate(h: float, k: float, rho: float) -> float:
    """Plackett's integral over the correlation."""
    with mp.workdps(25):
        h, k, top = mp.mpf(h), mp.mpf(k), mp.asin(mp.mpf(rho))

        def rate(t: mp.mpf) -> mp.mpf:
            return mp.exp(-(h * h + k * k - 2 * h * k * mp.sin(t)) / (2 * mp.cos(t) ** 2))

        area = mp.quad(rate, mp.linspace(0, top, 12)) / (2 * mp.pi)
        return float(mp.ncdf(h) * mp.ncdf(k) + area)


@pytest.mark.parametrize("rho", [-1 + 1e-9, -0.999, -0.4, 0.0, 0.3, 0.95, 0.9999, 1 - 1e-7])
def test_bivariate_cdf(rho: float) -> None:
    for h, k in ((0.3, -1.2), (0.0, 0.7), (-3.0, -3.0001), (2.5, -2.5), (-8.0, 1.0), (1.1, 1.1)):
        found = float(normal.bivariate_cdf(h, k, rho))
        assert found == pytest.approx(exact_bivariate(h, k, rho), rel=1e-11, abs=1e-15), (h, k)


def test_bivariate_cdf_agrees_with_scipy() -> None:
    pair = stats.multivariate_normal(cov=[[1.0, 0.6], [0.6, 1.0]])
    points = np.array([[-1.0, 0.5], [2.0, 2.0], [0.1, -2.2]])
    expected = [pair.cdf(p) for p in points]
    found = normal.bivariate_cdf(points[:, 0], points[:, 1], 0.6)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_bivariate_cdf_at_its_limits() -> None:
    h, k = np.array([0.4, -0.2, 1.5]), np.array([-0.4, 0.9, 1.0])
    one, other = normal.cdf(h), normal.cdf(k)
    np.testing.assert_allclose(normal.bivariate_cdf(h, k, 1.0), np.minimum(one, other))
    both = np.maximum(0.0, one + other - 1.0)
    np.testing.assert_allclose(normal.bivariate_cdf(h, k, -1.0), both, atol=1e-16)
    np.testing.assert_allclose(normal.bivariate_cdf(h, np.inf, 0.3), one)
    np.testing.assert_array_equal(normal.bivariate_cdf(h, -np.inf, 0.3), 0.0)
    assert float(normal.bivariate_cdf(0.0, 0.0, 0.5)) == pytest.approx(1 / 3, rel=1e-15)
    assert np.isnan(normal.bivariate_cdf(np.nan, 0.0, 0.5))
