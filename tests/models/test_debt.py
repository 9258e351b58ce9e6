"""Debt schedules and yields at the corners."""

from __future__ import annotations

import math

import numpy as np
import pytest
import pyxirr

from xlcredit.models import debt


@pytest.mark.parametrize("rate", [0.0, 1e-15, 1e-9, 0.005, 0.5])
@pytest.mark.parametrize("profile", ["annuity", "level", "bullet"])
def test_every_profile_repays_the_loan(rate: float, profile: str) -> None:
    table = debt.amortization(1000.0, rate, 360, profile, 100.0, 12)
    payment, interest, repaid, closing = table.T
    assert closing[-1] == 0.0
    assert math.fsum(repaid) == pytest.approx(1000.0, rel=1e-13)
    opening = np.concatenate([[1000.0], closing[:-1]])
    np.testing.assert_allclose(interest, rate * opening, rtol=1e-13)
    np.testing.assert_allclose(payment, interest + repaid, rtol=1e-13)
    assert debt.present_value(payment, rate) == pytest.approx(1000.0, rel=1e-12)


def test_an_annuity_without_interest_is_level() -> None:
    annuity = debt.amortization(90.0, 0.0, 7, "annuity", 20.0, 2)
    np.testing.assert_array_equal(annuity, debt.amortization(90.0, 0.0, 7, "level", 20.0, 2))


def test_an_annuity_payment_agrees_with_pyxirr() -> None:
    paid = debt.amortization(150.0, 0.1 / 12, 60)[:, 0]
    np.testing.assert_allclose(paid, -pyxirr.pmt(0.1 / 12, 60, 150.0), rtol=1e-13)


def test_present_value_agrees_with_pyxirr() -> None:
    cash = np.random.default_rng(0).normal(10, 20, 80)
    ours = debt.present_value(cash, 0.0123)
    assert ours == pytest.approx(pyxirr.npv(0.0123, [0.0, *cash]), rel=1e-12)


@pytest.mark.parametrize("rate", [-0.3, -0.01, 0.0, 1e-6, 0.05, 3.0, 500.0])
def test_the_yield_comes_back(rate: float) -> None:
    paid = np.array([0.0, 3.0, 0.0, 8.0, 1.0])
    worth = sum(p * (1 + rate) ** -k for k, p in enumerate(paid.tolist(), 1))
    assert debt.all_in_yield(worth, paid, 1) == pytest.approx(rate, rel=1e-12, abs=1e-14)


def test_a_yield_over_a_long_life_and_from_huge_money() -> None:
    paid = np.full(36_500, 2.0e9)
    nominal = debt.all_in_yield(1e12, paid, 365)
    assert debt.present_value(paid, (1 + nominal) ** (1 / 365) - 1) == pytest.approx(1e12, rel=1e-9)


def test_no_yield_is_nan() -> None:
    assert math.isnan(debt.all_in_yield(0.0, [1.0], 1))
    assert math.isnan(debt.all_in_yield(100.0, [0.0, 0.0], 1))


def test_a_reserve_looks_ahead() -> None:
    assert debt.reserve_target([1.0, 2.0, 4.0], 2).tolist() == [3.0, 6.0, 4.0, 0.0]
    assert debt.reserve_target([1.0, 2.0, 4.0], 0).tolist() == [0.0] * 4


def test_half_of_the_value_comes_in_evenly_inside_a_period() -> None:
    assert debt.duration([100.0], 0.0, 1)["half_life"] == 0.5
    assert debt.duration([50.0, 50.0], 0.0, 1)["half_life"] == 1.0
    assert debt.duration([25.0, 50.0, 25.0], 0.0, 4)["half_life"] == 0.375


def test_modified_duration_is_the_slope_of_the_price() -> None:
    cash, step = np.array([5.0, 20.0, 100.0]), 1e-5
    up, down = (debt.duration(cash, 0.08 + s, 4)["pv"] for s in (step, -step))
    figures = debt.duration(cash, 0.08, 4)
    assert figures["modified"] == pytest.approx((down - up) / (2 * step * figures["pv"]), rel=1e-8)
    bend = (up + down - 2 * figures["pv"]) / (step**2 * figures["pv"])
    assert figures["convexity"] == pytest.approx(bend, rel=1e-4)
