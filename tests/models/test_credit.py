"""Loss and spread: published examples and limits."""

from __future__ import annotations

import numpy as np
import pytest

from xlcredit.models import credit, normal


def test_the_published_example_of_a_quarterly_loan() -> None:
    exposure = np.arange(100.0, 0.0, -5.0)
    lgd = np.concatenate([np.arange(0.35, 0.651, 0.03), np.full(9, 0.6)])
    fair = credit.fair_spread(exposure, lgd, 0.05, 0.0425, 4.0)
    assert fair.pd == pytest.approx(0.22119921692859514256, rel=1e-14)


def test_agrees_with_the_credit_triangle_of_a_public_filing() -> None:
    # 1.20 % a year at an LGD of 55 %: 66 basis points
    fair = credit.fair_spread(np.full(5 * 365, 100.0), 0.55, 0.012, 0.0, 365.0)
    assert fair.spread == pytest.approx(0.0066, rel=1e-5)


def test_hazards_may_run_along_an_axis_of_their_own() -> None:
    exposure, hazards = np.array([100.0, 60.0, 30.0]), np.array([[0.01], [0.2]])
    both = credit.fair_spread(exposure, 0.4, hazards, 0.03, 1.0)
    for n in range(2):
        one = credit.fair_spread(exposure, 0.4, hazards[n], 0.03, 1.0)
        np.testing.assert_allclose([f[n] for f in both], one, rtol=1e-15)


def test_no_hazard_makes_too_high_a_spread_fair() -> None:
    assert np.isnan(credit.implied_hazard(9.0, np.array([100.0]), 0.4, 0.03, 1.0))


def test_of_several_hazards_the_smallest_is_found() -> None:
    # nothing is lost in the first four years: default at once is free, so the spread comes back
    exposure, lgd = np.full(5, 100.0), np.array([0.0, 0.0, 0.0, 0.0, 0.9])
    target = credit.fair_spread(exposure, lgd, 0.05, 0.03, 1.0).spread
    again = credit.fair_spread(exposure, lgd, 1.5, 0.03, 1.0).spread
    assert again < target
    found = credit.implied_hazard(target, exposure, lgd, 0.03, 1.0)
    assert found == pytest.approx(0.05, rel=1e-12)


def test_merton_has_no_zero_over_zero_in_the_tail() -> None:
    far = credit.merton(1000.0, 1.0, np.array([0.05, 0.1, 0.2]), 0.03, 1.0, 0.03)
    assert np.all(np.isfinite(far.lgd))
    assert np.all((far.lgd > 0.0) & (far.lgd < 0.1))
    assert np.all(far.spread >= 0.0)


def test_wrong_way_lgd_matches_a_simulation() -> None:
    rng = np.random.default_rng(13)
    x, own = rng.standard_normal((2, 400_000))
    default = x < normal.quantile(0.1)
    collateral = 1.2 * np.exp(0.4 * (0.5 * x + np.sqrt(0.75) * own) - 0.08)
    loss = np.maximum(0.0, 1.0 - collateral[default])
    found = float(credit.wrong_way_lgd(0.1, 1.2, 0.4, 0.5))
    assert abs(found - loss.mean()) < 4 * loss.std() / np.sqrt(len(loss))


def test_all_correlated_borrowers_default_together() -> None:
    assert float(credit.vasicek_capital(0.02, 0.5, 1.0)) == pytest.approx(0.49)
    assert float(credit.vasicek_capital(0.02, 0.5, 0.0)) == pytest.approx(0.0, abs=1e-16)
