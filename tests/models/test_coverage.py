"""Coverage ratios and covenants at the corners."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import optimize

from xlcredit.models import coverage


def test_periods_without_service_have_no_ratio() -> None:
    ratio = coverage.cover([5.0, -5.0, 6.0], [0.0, 2.0, 3.0])
    np.testing.assert_array_equal(ratio, [np.nan, -2.5, 2.0])


def test_a_window_starts_when_it_is_full() -> None:
    ratio = coverage.cover([6.0, 9.0, 3.0, 0.0], [3.0, 2.0, 1.0, 0.0], 3)
    np.testing.assert_array_equal(ratio, [np.nan, np.nan, 3.0, 4.0])
    assert np.isnan(coverage.cover([1.0, 2.0], [1.0, 1.0], 5)).all()


def test_pooled_cover_leaves_out_cash_without_service() -> None:
    assert coverage.pooled_cover([100.0, 4.0, 6.0], [0.0, 2.0, 3.0]) == 2.0
    assert math.isnan(coverage.pooled_cover([1.0], [0.0]))


def test_break_even_agrees_with_a_search() -> None:
    rng = np.random.default_rng(5)
    for m in (1, 4, 12):
        n = 20
        contracted, merchant = rng.uniform(0, 30, n), rng.uniform(50, 90, n)
        opex, service = rng.uniform(0, 10, n), rng.uniform(20, 35, n)
        years = (np.arange(n) + 0.5) / m

        def lowest(
            d: float,
            merchant=merchant,
            opex=opex,
            service=service,
            years=years,
            contracted=contracted,
        ) -> float:
            cash = contracted + merchant * (1 - d) ** years - opex
            return float(np.min(cash / service)) - 1.1

        ours = coverage.breakeven_decline(contracted, merchant, opex, service, 1.1, m)
        if lowest(1.0) >= 0:
            assert ours == 1.0
        else:
            assert ours == pytest.approx(optimize.brentq(lowest, -50, 1, xtol=1e-14), abs=1e-11)


def test_break_even_without_hope_or_without_service() -> None:
    assert coverage.breakeven_decline(10.0, 0.0, 0.0, 20.0, 1.0, 12) == -math.inf
    assert math.isnan(coverage.breakeven_decline(10.0, 5.0, 0.0, 0.0, 1.0, 12))
    assert coverage.breakeven_decline(10.0, 0.0, 0.0, [0.0, 10.0], 1.0, 12) == 1.0


def test_rounding_does_not_break_a_covenant_but_a_basis_point_does() -> None:
    cash = np.random.default_rng(2).uniform(1, 1e9, 1000)
    sculpted = cash / (cash / 1.2)
    assert np.any(sculpted != 1.2)
    assert coverage.meets(sculpted, 1.2).all()
    assert coverage.meets(sculpted, 1.2, "max").all()
    assert not coverage.meets(1.2 - 1e-10, 1.2)
    assert not coverage.meets(0.7 + 1e-10, 0.7, "max")
    assert not coverage.meets(np.array([np.nan]), 1.2).any()


def test_headroom_says_how_far_the_value_may_move() -> None:
    value, level = np.array([1.5, 1.2, 1.0]), 1.2
    room = coverage.headroom(value, level)
    np.testing.assert_allclose(value * (1 - room), level)
    np.testing.assert_allclose(value * (1 + coverage.headroom(value, level, "max")), level)


def test_zero_values_put_out_no_warning() -> None:
    assert not np.isfinite(coverage.headroom(0.0, 1.2))
    assert not np.isfinite(coverage.headroom(np.array([0.0, 0.0]), np.array([1.2, 0.0]))).any()


def test_break_even_of_a_debt_sculpted_on_its_contract_is_set_by_the_merchant_tail() -> None:
    contracted = np.array([91.7, 88.3, 77.1, 0.0])
    service = np.append((contracted[:3] - 11.3) / 1.2, 30.0)
    merchant = np.array([0.0, 0.0, 0.0, 80.0])
    found = coverage.breakeven_decline(contracted, merchant, 11.3, service, 1.2, 1)
    assert found == pytest.approx(1 - ((36.0 + 11.3) / 80.0) ** (1 / 3.5), rel=1e-12)
