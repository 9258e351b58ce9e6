"""Rents and contract revenue."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from xlcredit.models.rents import contract_revenue, fit, parity_rent, rent

FLEET = {
    "units": 100.0,
    "contract_share": 0.6,
    "contract_rent": 2.0,
    "escalation": 0.05,
    "contract_months": 24,
    "availability": 0.97,
    "hazard": 0.1,
    "downtime_months": 2,
    "termination_months": 3.0,
    "termination_recovery": 0.5,
    "rent": 2.2,
    "decline": 0.2,
    "utilisation": 0.8,
    "hours_per_year": 8760.0,
}


def test_a_step_has_happened_at_its_own_month() -> None:
    months = np.array([5.999, 6.0])
    assert rent(2.0, 0.0, months, 0.0, [6.0], [0.25]).tolist() == [2.0, 1.5]


def test_the_fit_agrees_with_scipy() -> None:
    rng = np.random.default_rng(3)
    years = np.sort(rng.uniform(0, 4, 40))
    rents = 3.0 * 0.75**years * np.exp(rng.normal(0, 0.05, 40))
    ours, scipy = fit(years, rents), stats.linregress(years, np.log(rents))
    assert ours["decline"] == pytest.approx(1 - np.exp(scipy.slope), rel=1e-12)
    assert ours["r_squared"] == pytest.approx(scipy.rvalue**2, rel=1e-12)
    assert ours["std_error"] == pytest.approx(scipy.stderr, rel=1e-12)


def test_a_fit_far_from_the_origin_loses_nothing() -> None:
    years = np.array([0.0, 1.0, 2.0])
    near, far = fit(years, [3.0, 2.0, 1.5]), fit(years + 2**20, [3.0, 2.0, 1.5])
    assert near == pytest.approx(far, rel=1e-13)


def test_without_default_there_is_contract_and_merchant_only() -> None:
    table = contract_revenue(24, **{**FLEET, "hazard": 0.0})
    assert not table[:, [1, 3]].any()
    np.testing.assert_allclose(table[0, 0], 60 * 730 * 0.97 * 2.0)
    np.testing.assert_allclose(table[12, 0], 60 * 730 * 0.97 * 2.0 * 1.05)


def test_revenue_agrees_with_simulated_tenants() -> None:
    rng = np.random.default_rng(7)
    hazard, months, paths = 0.5, 36, 40_000
    fleet = {**FLEET, "hazard": hazard}
    default = np.ceil(rng.exponential(12 / hazard, paths))[:, None]  # month of default
    k = np.arange(1, months + 1)[None, :]
    full = 60 * 730 * 0.97 * 2.0 * 1.05 ** ((k - 1) // 12) * (k <= 24)
    market = 60 * 730 * 0.8 * 2.2 * 0.8 ** ((k - 0.5) / 12)
    default = np.where(default <= 24, default, np.inf)
    free = np.where(np.isinf(default), k > 24, k > default + 2)
    simulated = [full * (k < default), market * free, full * 1.5 * (k == default)]
    table = contract_revenue(months, **fleet)
    for column, paths_of in zip((0, 1, 3), simulated, strict=True):
        totals = paths_of.sum(axis=1)
        error = totals.std() / np.sqrt(paths)
        assert abs(totals.mean() - table[:, column].sum()) < 4 * error


def test_parity_rent_is_negative_where_power_costs_more() -> None:
    assert parity_rent(1.0, np.array([1.0, 0.1]), 1.2, 1.3, 0.1)[1] < 0
