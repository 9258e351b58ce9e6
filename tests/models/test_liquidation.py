"""Price impact and the incomplete gamma function behind it, against SciPy and mpmath."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from scipy import special

from xlcredit.models.liquidation import impact_factor, liquidation_value, log_gamma, sale_days


def test_log_gamma_agrees_with_mpmath() -> None:
    x = np.concatenate([np.geomspace(1e-6, 1e6, 200), [1.0, 2.0, 9.999999, 10.0, 170.5]])
    exact = np.array([float(mpmath.loggamma(mpmath.mpf(float(v)))) for v in x])
    assert np.all(np.abs(log_gamma(x) - exact) <= 2e-14 * np.maximum(1.0, np.abs(exact)))


@pytest.mark.parametrize("exponent", [0.1, 0.35, 0.5, 0.6, 0.75, 1.0, 1.7, 5.0])
def test_impact_factor_agrees_with_the_incomplete_gamma_function(exponent: float) -> None:
    y = np.geomspace(1e-8, 300.0, 120)
    a = 1.0 / exponent
    with mpmath.workdps(40):
        exact = [
            float(a * mpmath.gammainc(a, 0, mpmath.mpf(float(v))) / mpmath.mpf(float(v)) ** a)
            for v in y
        ]
    # quantity = depth, so that y is the impact itself
    np.testing.assert_allclose(impact_factor(1.0, 1.0, y, exponent), exact, rtol=3e-13)


def test_impact_factor_agrees_with_scipy_on_a_grid() -> None:
    quantity, exponent = np.meshgrid(np.geomspace(1, 1e7, 40), np.linspace(0.2, 3, 15))
    a, y = 1 / exponent, 0.35 * (quantity / 5000.0) ** exponent
    scipy = special.gammainc(a, y) * special.gamma(1 + a) / y**a
    np.testing.assert_allclose(impact_factor(quantity, 5000.0, 0.35, exponent), scipy, rtol=1e-11)


def test_linear_and_square_root_impact_have_closed_forms() -> None:
    y = np.geomspace(1e-3, 50.0, 30)
    np.testing.assert_allclose(impact_factor(1.0, 1.0, y, 1.0), -np.expm1(-y) / y, rtol=1e-13)
    half = 2 * (1 - (1 + y) * np.exp(-y)) / y**2
    np.testing.assert_allclose(impact_factor(1.0, 1.0, y, 0.5), half, rtol=1e-9)


def test_no_impact_or_no_lot_fetches_the_price() -> None:
    assert impact_factor(1e9, 1.0, 0.0, 0.6) == 1.0
    assert impact_factor(0.0, 1.0, 0.6, 0.6) == 1.0
    np.testing.assert_array_equal(impact_factor(np.array([0.0, 1e300]), 1.0, 0.0, 2.0), [1, 1])


def test_extreme_impact_is_zero_or_unknown_and_never_wrong() -> None:
    assert 0.0 <= impact_factor(1e12, 1.0, 50.0, 1.0) < 1e-12
    extreme = impact_factor(np.array([1e200, 1.0]), 1.0, np.array([1e200, 1e8]), 1.0)
    assert np.all(np.isnan(extreme) | (extreme <= 1e-7))
    nearly_flat = impact_factor(1.0, 1.0, 0.5, 1e-9)
    assert nearly_flat == pytest.approx(np.exp(-0.5), rel=1e-8)


def test_nan_stays_in_its_place() -> None:
    quantity = np.array([1000.0, np.nan, 1e9])
    factor = impact_factor(quantity, 5000.0, 0.35, 0.6)
    assert np.isnan(factor).tolist() == [False, True, False]
    value = liquidation_value(quantity, 100.0, 30.0, 15.0, 0.1, 0.35, 0.6, fixed=10.0)
    assert np.isnan(value).tolist() == [False, True, False]


def test_one_number_is_worked_as_an_array_of_one() -> None:
    for y in (0.1, 2.0, 40.0):
        one = impact_factor(3.0, 1.0, y, 0.6)
        assert one == pytest.approx(impact_factor(np.array([3.0]), 1.0, y, 0.6)[0], rel=1e-15)


def test_sale_days_are_the_cheapest() -> None:
    days = sale_days(5000.0, 15.0, 0.5, 0.6, 0.002)
    cost = [0.5 * (5000 / (15 * t)) ** 0.6 + 0.002 * t for t in (days * 0.99, days, days * 1.01)]
    assert cost[1] < min(cost[0], cost[2])
