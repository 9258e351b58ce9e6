"""Deals for the simulation: random terms and markets in which everything can happen."""

from __future__ import annotations

import random
from typing import Any


def simulated_deal(seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Terms and series of one deal; equal seeds give equal deals."""
    r = random.Random(seed)
    m = r.choice([4, 12, 12])
    months = r.choice([12, 24, 36])
    periods = months * m // 12
    terms: dict[str, Any] = {
        "loan": 100.0, "months": months, "periods_per_year": m, "rate": r.choice([0.08, 0.14]),
        "loss_rate": r.choice([0.0, 0.05]), "coin_price": 60_000.0, "gpu_price": 20_000.0,
        "coin_vol": r.uniform(0.3, 0.9), "gpu_vol": r.uniform(0.1, 0.5),
        "coin_drift": r.choice([0.0, 0.1]), "gpu_drift": r.choice([-0.35, -0.2]),
        "mean_reversion": r.choice([0.0, 0.6, 3.0]), "correlation": r.uniform(-0.3, 0.6),
    }  # fmt: skip
    if r.random() < 0.6:
        terms |= {"drawdown_trigger": r.choice([0.2, 0.4]), "stressed_correlation": 0.85}
    if r.random() < 0.6:
        terms |= {"jump_intensity": r.choice([0.4, 2.5]), "coin_jump": -0.25, "gpu_jump": -0.15,
                  "coin_jump_vol": 0.1, "gpu_jump_vol": 0.08, "jump_correlation": 0.5}  # fmt: skip
    if r.random() < 0.8:
        coin = r.uniform(40.0, 160.0)
        terms |= {"coin_units": coin / 60_000.0, "gpu_units": (220.0 - coin) / 20_000.0,
                  "call_ltv": 0.7, "cure_ltv": r.choice([0.5, 0.6]),
                  "liquidation_ltv": r.choice([0.7, 0.85]), "cure_periods": r.choice([0, 1, 2]),
                  "coin_haircut": r.choice([0.0, 0.1]), "gpu_haircut": r.choice([0.0, 0.1]),
                  "coin_slippage": r.choice([0.0, 0.03]),
                  "gpu_recovery": r.choice([1.0, 0.5])}  # fmt: skip
    for label, values in (
        ("balloon", [0.0, 40.0]), ("dsra_opening", [4.0]), ("dsra_periods", [3]),
        ("sweep", [0.5]), ("lockup", [1.2]), ("liquidity", [3.0, 15.0]),
        ("grace_periods", [0, 1, 2]), ("rent_beta", [0.6, 1.3]), ("cash_control", [0]),
    ):  # fmt: skip
        if r.random() < 0.5:
            terms[label] = r.choice(values)
    series: dict[str, Any] = {
        "scheduled": [round(r.choice([0.4, 0.7, 1.0]) * 100.0 / periods, 4)] * periods
    }
    if r.random() < 0.75 or "call_ltv" not in terms:
        service = 100.0 / periods + terms["rate"] / m * 100.0
        share = r.uniform(0.3, 1.0)
        series["contracted"] = [1.4 * service * share] * periods
        series["merchant"] = [1.4 * service * (1 - share) * 0.99**k for k in range(periods)]
        series["opex"] = [0.15 * service] * periods
        terms |= {"hazard": r.choice([0.0, 0.3]), "hazard_elasticity": r.choice([0.0, 2.0]),
                  "downtime_periods": r.choice([0, 2])}  # fmt: skip
        if r.random() < 0.7:
            series["relet"] = [service * share] * periods
    if r.random() < 0.3:
        series["gpu_curve"] = [20_000.0 * 0.97**k for k in range(periods + 1)]
    return terms, series
