"""Print how far the simulation is from closed forms and from another simulation.

``python -m tests.evidence_simulation`` draws a million paths for each closed form and prints the
largest distance in standard errors; among so many figures three and a half is no surprise, and more
than four is a fault: exit code 1.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.models.test_market import first_passage
from tests.oracles.make_simulation import FILE
from xlcredit.functions import call
from xlcredit.models import breach
from xlcredit.models.market import Market, Walk, schedule
from xlcredit.models.simulation import Deal, Terms, simulate

PATHS = 1_000_000
MOST = 4.0
PAIRS = [(0.3, 0.2), (0.7, 0.4), (1.0, 0.6)]
RHOS = [-0.5, 0.0, 0.5, 0.9]


def distance(value: float, error: float, exact: float) -> float:
    """Standard errors between a figure and its exact value."""
    return abs(value - exact) / error if error > 0.0 else (0.0 if value == exact else math.inf)


def one_step() -> Iterator[tuple[str, float]]:
    """Breach and shortfall of two lognormals at one date, over volatilities and correlations."""
    for coin_vol, gpu_vol in PAIRS:
        for rho in RHOS:
            terms = Terms(
                loan=60.0, rate=0.0, months=12, periods_per_year=1, coin_units=0.5, gpu_units=5.0,
                coin_price=100.0, gpu_price=10.0, coin_vol=coin_vol, gpu_vol=gpu_vol,
                correlation=rho, gpu_drift=-0.2, call_ltv=0.7, cure_ltv=0.6, liquidation_ltv=0.7,
            )  # fmt: skip
            found = simulate(Deal.of(terms), PATHS, 11).figures
            how = (1.0, coin_vol, gpu_vol, rho, 0.0, -0.2)
            exact = float(breach.breach_probability(60.0, 50.0, 50.0, 0.7, *how))
            yield "XLC_LTV_BREACH, one step", distance(*found["liquidation_probability"], exact)
            exact = float(breach.shortfall(60.0, 50.0, 50.0, *how))
            yield "XLC_SHORTFALL, one step", distance(*found["expected_loss"], exact)


def passages() -> Iterator[tuple[str, float]]:
    """Calls on coin alone at discrete dates."""
    for m, vol, level in ((4, 0.5, 0.7), (12, 0.5, 0.7), (12, 0.9, 0.5), (52, 0.6, 0.6)):
        terms = Terms(
            loan=1.0, rate=0.0, months=12, periods_per_year=m, coin_units=1.0,
            coin_price=1.0 / (0.9 * level), coin_vol=vol, call_ltv=0.9, cure_ltv=0.8,
            liquidation_ltv=9.0, liquidity=9.0,
        )  # fmt: skip
        found = simulate(Deal.of(terms), PATHS, 12).figures["call_probability"]
        yield "first passage at dates", distance(*found, first_passage(vol, level, m, 1.0))


def customers() -> Iterator[tuple[str, float]]:
    """A contract that just pays: the loan defaults when its customer goes."""
    for hazard, months in ((0.05, 36), (0.3, 24), (1.0, 12)):
        terms = Terms(loan=100.0, rate=0.0, months=months, hazard=hazard, grace_periods=0)
        found = simulate(Deal.of(terms, 1.0, contracted=1.0), PATHS, 13).figures
        exact = -math.expm1(-hazard * months / 12.0)
        yield "customer alone", distance(*found["payment_default_probability"], exact)


def processes() -> Iterator[tuple[str, float]]:
    """Means of 1 at every date, and the exchange of one asset for the other."""
    for (coin_vol, gpu_vol), rho in zip(PAIRS, RHOS[1:], strict=True):
        market = Market(
            months=24, coin_price=1.0, gpu_price=1.0, coin_vol=coin_vol, gpu_vol=gpu_vol,
            correlation=rho, stressed_correlation=0.9, drawdown_trigger=0.4, mean_reversion=1.0,
            jump_intensity=1.0, coin_jump=-0.2, gpu_jump=-0.15, coin_jump_vol=0.1, gpu_jump_vol=0.1,
            jump_correlation=0.5, rent_beta=0.7,
        )  # fmt: skip
        walk = Walk(schedule(market, 12.0), 14, 0, PATHS)
        for k in range(1, 25):
            walk.step(k)
            for name in ("coin", "card", "rent"):
                x = getattr(walk, name)
                error = float(x.std()) / math.sqrt(PATHS)
                yield "means of 1 at every date", distance(float(x.mean()), error, 1.0)


def deals() -> Iterator[tuple[str, float]]:
    """Every figure of the deals that plain Python has simulated."""
    series = ("scheduled", "contracted", "merchant", "opex", "relet", "gpu_curve")
    for case in json.loads(FILE.read_text())["cases"]:
        block = [[label, value] for label, value in case["terms"].items()]
        given = [case["series"].get(name) for name in series]
        for label, value, error in call("XLC_DUAL_SIM", block, *given, 200_000, 15):
            expected: Any = case["figures"][label]
            if expected is not None:
                both = math.hypot(error, expected[1])
                apart = 0.0 if math.isclose(value, expected[0], rel_tol=1e-9) else both
                yield (
                    "plain Python, every figure",
                    distance(value, both, expected[0]) if apart else 0.0,
                )


def main() -> int:
    """Print the table; return the exit code."""
    found: dict[str, list[float]] = {}
    for part in (one_step, passages, customers, processes, deals):
        for name, apart in part():
            found.setdefault(name, []).append(apart)
    print("| held against | figures | largest distance, standard errors |")
    print("|---|---:|---:|")
    for name, distances in found.items():
        print(f"| {name} | {len(distances)} | {np.max(distances):.1f} |")
    return 1 if max(map(max, found.values())) > MOST else 0


if __name__ == "__main__":
    sys.exit(main())
