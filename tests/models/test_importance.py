"""Rare defaults: the pilot pushes only where it pays, and the errors it leads to are honest."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from xlcredit.models import importance
from xlcredit.models.importance import choose_tilt
from xlcredit.models.simulation import Deal, Terms, simulate

RARE: dict[str, Any] = {
    "loan": 22.0, "rate": 0.1, "months": 24, "coin_units": 0.3, "gpu_units": 7.0,
    "coin_price": 100.0, "gpu_price": 10.0, "coin_vol": 0.7, "gpu_vol": 0.4, "gpu_drift": -0.2,
    "correlation": 0.3, "call_ltv": 0.75, "cure_ltv": 0.6, "liquidation_ltv": 0.9,
    "gpu_recovery": 0.3, "liquidity": 2.0,
}  # fmt: skip


@pytest.fixture(scope="module")
def rare() -> Deal:
    return Deal.of(Terms(**RARE), 0.4)


def test_a_rare_deal_is_pushed_and_a_common_one_is_not(rare: Deal) -> None:
    assert choose_tilt(rare, kernel="numpy") is not None
    assert choose_tilt(Deal.of(Terms(**RARE | {"loan": 55.0}), 0.4), kernel="numpy") is None


def test_every_push_is_towards_failure() -> None:
    """The best is taken: one the other way would cost paths of the pilot, and nobody would see."""
    assert all(shock <= 0.0 for push in importance._PUSHES for shock in push)
    assert all(min(push) < 0.0 for push in importance._PUSHES)


def test_what_cannot_fail_is_left_alone() -> None:
    safe = Deal.of(Terms(loan=1.0, rate=0.1, months=12), 0.1)
    assert choose_tilt(safe, kernel="numpy") is None


def test_replications_scatter_as_their_errors_say(rare: Deal) -> None:
    """Thirty samples: the same mean as plain paths, a spread as told, and far less of it."""
    tilt = choose_tilt(rare, kernel="numpy")
    plain = simulate(rare, 400_000, 1).figures
    runs = [simulate(rare, 8192, seed, tilt=tilt).figures for seed in range(100, 130)]
    for name in ("expected_loss", "liquidation_probability", "shortfall_p99", "spread"):
        values = np.array([run[name].value for run in runs])
        told = np.array([run[name].error for run in runs])
        apart = values.mean() - plain[name].value
        error = math.hypot(values.std() / math.sqrt(30.0), plain[name].error)
        assert abs(apart) < 4.0 * error, name
        # the deviation of thirty is known to an eighth
        assert 0.6 < values.std() / told.mean() < 1.6, name
    gain = (plain["expected_loss"].error ** 2 * 400_000) / (
        np.mean([run["expected_loss"].error for run in runs]) ** 2 * 8192
    )
    assert gain > 10.0


def test_no_path_weighs_more_than_the_plain_share_allows(rare: Deal) -> None:
    tilt = choose_tilt(rare, kernel="numpy")
    assert tilt is not None
    extreme = tilt.weights(np.array([-1e4, -3.0, 0.0, 3.0, 1e4]))
    assert np.all((extreme >= 0.0) & (extreme <= 1.0 / tilt.plain))
    assert extreme[2] == 1.0
