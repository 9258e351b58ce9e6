"""Residual value: exactness at the corners, bad elements, and plans of abandonment."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from xlcredit.models.residual import book_value, generation_value, launch_drop, rent_value


def test_a_step_is_exact_at_its_launch() -> None:
    ages = np.array([0.0, 11.999, 12.0, 24.0])
    value = generation_value(30000.0, ages, 0.0, [12.0, 24.0], [0.25, 0.5])
    assert value.tolist() == [30000.0, 30000.0, 22500.0, 11250.0]


def test_launches_before_the_purchase_are_in_the_cost() -> None:
    ages = np.arange(0.0, 48.0)
    new = generation_value(1.0, ages, 0.1, [24.0], [0.3])
    old = generation_value(1.0, ages, 0.1, [-30.0, 0.0, 24.0], [0.9, 0.5, 0.3])
    np.testing.assert_array_equal(new, old)


def test_a_launch_half_absorbed_counts_for_the_other_half() -> None:
    value = generation_value(1.0, 100.0, 0.0, [0.0], [0.36], lead=6.0, ramp=6.0)
    assert value == pytest.approx(0.8, rel=1e-15)


def test_lead_and_ramp_may_differ_by_cell_and_be_none_in_some() -> None:
    ramp = np.array([0.0, 6.0, 12.0])
    value = generation_value(1.0, 12.0, 0.0, [12.0], [0.36], 0.0, ramp, ramp)
    np.testing.assert_allclose(value, [0.64, 0.8, 0.8], rtol=1e-15)


def test_bad_elements_are_nan_or_hidden_and_harm_no_other() -> None:
    ages = np.array([6.0, np.nan, 18.0])
    good = np.array([True, False, True])
    for ramp in (0.0, 3.0):
        value = generation_value(100.0, ages, 0.1, [12.0], [0.2], 1.0, 0.0, ramp)
        alone = generation_value(100.0, ages[good], 0.1, [12.0], [0.2], 1.0, 0.0, ramp)
        np.testing.assert_array_equal(value[good], alone)
    for method in ("straight_line", "sum_of_years", "declining_balance_switch"):
        value = book_value(100.0, ages, 60.0, 5.0, method)
        np.testing.assert_array_equal(value[good], book_value(100.0, ages[good], 60.0, 5.0, method))
    assert np.isnan(book_value(100.0, 6.0, np.array([np.nan]), 0.0, "declining_balance")).all()


@pytest.mark.parametrize(
    ("year", "charge"), [(1, 480.0), (2, 384.0), (3, 307.2), (4, 245.76), (10, 22.1225472)]
)
def test_declining_balance_agrees_with_excel(year: int, charge: float) -> None:
    before, after = (
        book_value(2400.0, 12.0 * y, 120.0, 300.0, "declining_balance") for y in (year - 1, year)
    )
    assert before - after == pytest.approx(charge, rel=1e-9)


def test_the_best_plan_of_abandonment_is_the_value() -> None:
    rng = np.random.default_rng(1)
    for rate, scrap in itertools.product((-0.2, 0.0, 0.3), (0.0, 1.0)):
        rents = rng.normal(0.2, 1.0, 12)
        factor = (1 + rate) ** (-1 / 12)
        powers = factor ** np.arange(1, 13)
        plans = [np.sum((rents * powers)[:k]) + scrap * factor**k for k in range(len(rents) + 1)]
        value, life = rent_value(rents, rate, scrap)
        assert value == pytest.approx(max(plans), rel=1e-12)
        assert plans[life] == pytest.approx(max(plans), rel=1e-12)


def test_a_tie_goes_to_the_scrap_yard() -> None:
    assert rent_value([0.0, 0.0], 0.0, 5.0) == (5.0, 0)


def test_no_gain_is_no_drop() -> None:
    assert launch_drop(1.0, 3.0) == 0.0
    assert launch_drop(np.array([2.0, np.nan]), 0.0)[0] == 0.0
