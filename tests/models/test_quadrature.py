"""Gauss–Legendre quadrature on vectors of intervals."""

from __future__ import annotations

import numpy as np
import pytest

from xlcredit.models.quadrature import gauss_legendre, integrate


def test_is_exact_for_polynomials() -> None:
    low, high = np.array([0.0, -1.0, 2.0]), np.array([1.0, 3.0, 2.5])
    found = integrate(lambda x: x**7 - 3 * x**2, low, high, 4)
    np.testing.assert_allclose(found, (high**8 - low**8) / 8 - (high**3 - low**3), rtol=1e-14)


def test_an_interval_turned_around_is_empty() -> None:
    with np.errstate(invalid="ignore"):
        found = integrate(np.log, np.array([-1.0, 0.0]), np.array([-2.0, 1.0]), 96)
    assert found[0] == 0.0
    assert found[1] == pytest.approx(-1.0, abs=1e-4)


def test_the_shared_rule_cannot_be_overwritten() -> None:
    nodes, weights = gauss_legendre(8)
    assert weights.sum() == pytest.approx(1.0, abs=1e-15)
    with pytest.raises(ValueError, match="read-only"):
        nodes[0] = 0.0
