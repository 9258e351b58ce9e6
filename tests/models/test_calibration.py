"""Calibration: what was simulated is found again, within its own standard errors."""

from __future__ import annotations

import math

import numpy as np
import pytest

from xlcredit.models import calibration
from xlcredit.models.calibration import Fit
from xlcredit.models.market import Market, Walk, schedule

DAILY = Market(
    months=48,
    coin_price=100.0,
    gpu_price=1.0,
    coin_vol=0.6,
    gpu_vol=0.3,
    mean_reversion=3.0,
    correlation=0.15,
    stressed_correlation=0.8,
    drawdown_trigger=0.25,
)


def paths(market: Market, count: int = 60) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Years, coins and cards of simulated paths, a row a date."""
    constants = schedule(market, 365.0)
    walk = Walk(constants, 4, 0, count)
    coin, card = [walk.coin.copy()], [walk.card.copy()]
    for k in range(1, len(constants.curve)):
        walk.step(k)
        coin.append(walk.coin.copy())
        card.append(walk.card.copy())
    return np.arange(len(coin)) / 365.0, np.array(coin), np.array(card)


def named(fits: list[Fit]) -> dict[str, Fit]:
    return {fit.name: fit for fit in fits}


def agree(fits: list[list[Fit]], truth: dict[str, float], bias: float = 0.0) -> None:
    """Over many samples: the mean is the truth, and the errors are those that were told."""
    for name, value in truth.items():
        found = np.array([named(f)[name].value for f in fits])
        told = np.array([named(f)[name].error for f in fits])
        assert abs(found.mean() - value) < 4.0 * found.std() / math.sqrt(len(found)) + bias, name
        assert 0.6 < np.median(told) / found.std() < 1.6, name


def test_rents_are_found_again() -> None:
    years, _, cards = paths(DAILY)
    weekly = slice(0, None, 7)
    fall = 0.7 ** years[weekly]
    fits = [calibration.rents(years[weekly], cards[weekly, i] * fall) for i in range(60)]
    agree(fits, {"gpu_vol": 0.3})
    found = np.array([[f.value for f in fit] for fit in fits])
    # the trend is that of the median, e^(−v/2) below the mean once v has settled
    assert abs(np.median(found[:, 0]) - 0.3) < 0.02


def test_mean_reversion_is_too_high_by_what_is_said() -> None:
    """Six over the years observed: a regression with a trend takes drift for reversion."""
    years, _, cards = paths(DAILY)
    found = [calibration.rents(years[::7], cards[::7, i])[1] for i in range(60)]
    assert "by 1.5" in found[0].note
    values = np.array([fit.value for fit in found])
    assert abs(values.mean() - 4.5) < 4.0 * values.std() / math.sqrt(60.0)
    assert 0.5 < np.median([fit.error for fit in found]) / values.std() < 1.6


def test_dates_may_lie_anywhere() -> None:
    years, _, cards = paths(DAILY, 40)
    keep = np.sort(np.random.default_rng(2).choice(len(years), 300, replace=False))
    fits = [calibration.rents(years[keep], cards[keep, i]) for i in range(40)]
    agree(fits, {"gpu_vol": 0.3})


def test_the_coin_is_found_again() -> None:
    years, coins, _ = paths(DAILY)
    agree([calibration.coin(years, coins[:, i]) for i in range(60)], {"coin_vol": 0.6})
    jumping = Market(
        months=120, coin_price=1.0, coin_vol=0.5, jump_intensity=4.0, coin_jump=-0.3,
        coin_jump_vol=0.05, coin_drift=0.2,
    )  # fmt: skip
    years, coins, _ = paths(jumping)
    fits = [calibration.coin(years, coins[:, i]) for i in range(60)]
    truth = {"coin_vol": 0.5, "jump_intensity": 4.0, "coin_jump": -0.3, "coin_jump_vol": 0.05}
    agree(fits, truth | {"coin_drift": 0.2}, bias=0.006)


def test_stress_is_told_from_calm() -> None:
    years, coins, cards = paths(DAILY)
    fits = [
        calibration.correlations(years, coins[:, i], years, cards[:, i], 0.25) for i in range(60)
    ]
    agree(fits, {"correlation": 0.15, "stressed_correlation": 0.8}, bias=0.002)


def test_a_common_jump_is_seen_in_the_rents() -> None:
    market = Market(
        months=120, coin_price=1.0, gpu_price=1.0, coin_vol=0.3, gpu_vol=0.1, jump_intensity=3.0,
        coin_jump=-0.3, gpu_jump=-0.15, gpu_jump_vol=0.05,
    )  # fmt: skip
    years, coins, cards = paths(market)
    fits = [
        calibration.correlations(years, coins[:, i], years, cards[:, i], 0.9) for i in range(60)
    ]
    agree(fits, {"gpu_jump": -0.15}, bias=0.002)


def test_a_panel_that_changes_is_not_a_price_that_moves() -> None:
    """Three sources that fall by a tenth a year; the dear one leaves half-way."""
    quotes = [
        (t / 12.0, name, level * 0.9 ** (t / 12.0))
        for t in range(25)
        for name, level in (("dear", 9.0), ("fair", 4.0), ("cheap", 2.0))
        if not (name == "dear" and t > 12)
    ]
    years, names, values = (np.array(c) for c in zip(*quotes, strict=True))
    dates, index, counts = calibration.matched_index(years, names.astype(object), values)
    np.testing.assert_allclose(np.diff(np.log(index)), math.log(0.9) / 12.0, rtol=1e-9)
    assert (dates[0], counts[0], counts[-1]) == (0.0, 3, 2)
    _, medians = calibration.median_index(years, values)
    assert medians[-1] / medians[0] == pytest.approx(0.75 * 0.81, rel=1e-12)


def test_a_gap_in_the_panel_begins_the_index_anew() -> None:
    years = np.array([0.0, 1.0, 2.0, 3.0])
    names = np.array(["a", "a", "b", "b"], dtype=object)
    dates, index, counts = calibration.matched_index(years, names, np.array([8.0, 4.0, 2.0, 1.0]))
    assert (dates.tolist(), counts.tolist()) == ([2.0, 3.0], [1.0])
    np.testing.assert_allclose(index, [2.0, 1.0])


def test_without_reversion_none_is_claimed() -> None:
    years = np.arange(200) / 52.0
    walk = np.cumsum(np.random.default_rng(1).normal(0.0, 0.05, 200))
    trending = calibration.rents(years, np.exp(walk[0] + np.linspace(0.0, -1.0, 200)))
    assert named(trending)["decline"].value == pytest.approx(1 - math.exp(-52 / 199), rel=1e-9)
    few = calibration.correlations(years[:3], np.exp(walk[:3]), years[:3], np.exp(walk[:3]), 0.3)
    assert all(math.isnan(fit.value) for fit in few)
