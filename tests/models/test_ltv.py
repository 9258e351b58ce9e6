"""Loan to value, triggers and cures: published examples and edges."""

from __future__ import annotations

import numpy as np
import pytest

from xlcredit.models import ltv
from xlcredit.models.breach import breach_probability


def test_the_margin_levels_of_a_published_loan() -> None:
    # 50m against 1,000 coins at 100,000: call at 70 %, liquidation at 80 %
    drops = ltv.trigger_drop(50e6, 100e6, 0.0, np.array([0.7, 0.8])).both
    np.testing.assert_allclose(drops, [2 / 7, 0.375], rtol=1e-14)
    prices = ltv.margin_price(50e6, 1000.0, 0.0, np.array([0.7, 0.8]))
    np.testing.assert_allclose(prices, [71428.571428571, 62500.0], rtol=1e-12)
    at_call = ltv.cure(50e6, 1000 * prices[0], 0.0, 0.5)
    assert at_call.cash == pytest.approx(14_285_714.2857, rel=1e-11)
    assert at_call.coin / prices[0] == pytest.approx(400.0, rel=1e-12)
    assert ltv.cure(50e6, 62.5e6, 0.0, 0.5).sale == pytest.approx(37.5e6)


def test_no_loan_has_no_ltv_and_nothing_secures_nothing() -> None:
    found = ltv.loan_to_value(np.array([0.0, 0.0, 1.0, np.nan]), np.array([0.0, 5.0, 0.0, 5.0]))
    np.testing.assert_array_equal(found, [0.0, 0.0, np.inf, np.nan])


def test_selling_coin_cannot_cure_beyond_its_own_slippage() -> None:
    assert ltv.cure(60.0, 50.0, 10.0, 0.6, 0.45).sale == np.inf


def test_a_lot_that_would_not_pay_for_its_sale_is_abandoned() -> None:
    sale = ltv.liquidation(50.0, 40.0, 10.0, 1.0, 0.5, 7.0)
    assert (sale.ltv, sale.gpu_proceeds, sale.shortfall) == (1.25, 0.0, 10.0)


def test_a_normal_pair_seems_to_decorrelate_in_its_tail() -> None:
    assert float(ltv.conditional_correlation(0.5, 0.05)) == pytest.approx(0.210, abs=5e-4)


def test_conditional_correlation_matches_a_simulation() -> None:
    rng = np.random.default_rng(7)
    x, own = rng.standard_normal((2, 400_000))
    worst = x < np.quantile(x, 0.2)
    y = 0.6 * x + 0.8 * own
    seen = np.corrcoef(x[worst], y[worst])[0, 1]
    assert float(ltv.conditional_correlation(0.6, 0.2)) == pytest.approx(seen, abs=0.01)


def test_at_its_level_but_for_rounding_is_at_its_level() -> None:
    """Triggers and cures decide ties as covenants do: to twelve digits."""
    rng = np.random.default_rng(3)
    for _ in range(2000):
        level = round(float(rng.uniform(0.3, 0.9)), 2)
        coin, gpu = (round(float(v), 2) for v in rng.uniform(1, 9e4, 2))
        loan = level * coin + level * gpu
        assert breach_probability(loan, coin, gpu, level, 0.0, 0.5, 0.3, 0.2) == 1.0
        assert ltv.cure(loan, coin, gpu, level, 0.0).cash == 0.0
        assert ltv.margin_price(level * gpu, 1.0, gpu, level) == 0.0
