"""XLC_DUAL_SIM: values of an independent simulation, and inputs that contradict one another."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from tests.functions.cases import answer
from tests.oracles.make_simulation import FILE
from xlcredit.errors import CellError
from xlcredit.functions import call
from xlcredit.functions.simulation import deal_of
from xlcredit.models import simulation
from xlcredit.models.simulation import Deal, Terms, outcomes

CASES = json.loads(FILE.read_text())["cases"]
TERMS: dict[str, Any] = {
    "loan": 60.0, "rate": 0.1, "months": 12, "coin_units": 0.5, "gpu_units": 5.0,
    "coin_price": 100.0, "gpu_price": 10.0, "coin_vol": 0.7, "gpu_vol": 0.4, "call_ltv": 0.75,
    "cure_ltv": 0.6, "liquidation_ltv": 0.9,
}  # fmt: skip
SERIES = ("scheduled", "contracted", "merchant", "opex", "relet", "gpu_curve")


def simulated(terms: dict[str, Any], *rest: Any, **series: Any) -> Any:
    block = [[label, value] for label, value in terms.items()]
    return answer("XLC_DUAL_SIM", block, *(series.get(name) for name in SERIES), *rest)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["seed"])
def test_every_figure_is_that_of_an_independent_simulation(case: dict[str, Any]) -> None:
    """Within four standard errors of the difference."""
    rows = simulated(case["terms"], 60_000, 7, **case["series"])
    assert [row[0] for row in rows] == list(case["figures"])
    for label, value, error in rows:
        expected = case["figures"][label]
        if expected is None:
            assert value == error == CellError("#N/A"), label
            continue
        apart = abs(value - expected[0])
        assert apart <= 4.0 * math.hypot(error, expected[1]) + 1e-9 * abs(value), (label, apart)


def test_one_figure_is_that_of_the_block() -> None:
    for label, value, error in simulated(TERMS, 500):
        alone = simulated(TERMS, 500, None, label)
        assert alone == value, label
        assert simulated(TERMS, 500, None, f"{label}_error") == error, label
        assert isinstance(value, CellError) or error >= 0.0


def test_one_enforcement_has_no_error_to_tell() -> None:
    """As many paths as there are before the second one is enforced."""
    terms = TERMS | {"gpu_recovery": 0.5}
    enforced = np.flatnonzero(outcomes(Deal.of(Terms(**terms)), 1, 0, 500).exposure)
    figures = {label: rest for label, *rest in simulated(terms, int(enforced[1]))}
    value, error = figures["loss_given_default"]
    assert 0.0 < value < 1.0
    assert error == CellError("#N/A") and "rests on one path" in error.reason
    assert figures["expected_loss"][1] > 0.0  # of the others it says that they lost nothing
    figures = {label: rest for label, *rest in simulated(terms, int(enforced[1]) + 1)}
    assert figures["loss_given_default"][1] > 0.0
    assert all(isinstance(error, CellError) for _, _, error in simulated(TERMS, 1))


def test_the_defaults_are_what_is_said() -> None:
    terms = TERMS | {"months": 2}
    assert simulated(terms) == simulated(terms, 100_000, 1, "all", scheduled=0.0)


def test_another_seed_is_another_sample() -> None:
    one, other = (simulated(TERMS, 4000, seed, "expected_loss") for seed in (1, 2))
    assert one != other


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"stressed_correlation": -1.2}, "stressed_correlation"),
        ({"correlation": 1.01}, "correlation"),
        ({"coin_price": -1.0}, "coin_price"),
        ({"call_ltv": 0.95}, "cure_ltv must be below call_ltv, and that at most liquidation_ltv"),
        ({"cure_ltv": -0.1}, "cure_ltv"),
        ({"loan": 80.0}, "LTV at closing"),
        ({"months": 12, "periods_per_year": 5}, "periods_per_year"),
        ({"jump_intensity": 1e9}, "jump_intensity"),
        ({"months": 12_000_000}, "months"),
        ({"loss_rate": -1.0}, "loss_rate"),
    ],
)
def test_what_is_outside_its_domain_is_refused(changes: dict[str, float], told: str) -> None:
    got = simulated(TERMS | changes, 100)
    assert got == CellError("#NUM!")
    assert told in got.reason


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"months": 0}, "months"),
        ({"months": 7, "periods_per_year": 4}, "2.33333 periods"),
        ({"coin_price": None}, "coin_price is required"),
        ({"gpu_price": None}, "gpu_price is required"),
        ({"rate": None}, "rate is required"),
        ({"loan": None}, "loan is required"),
        ({"cure_ltv": None}, "cure_ltv is missing"),
        ({"gpu_impact": 0.5}, "gpu_depth"),
        ({"coin_vols": 0.5}, "did you mean coin_vol?"),
    ],
)
def test_what_does_not_fit_together_is_refused(changes: dict[str, Any], told: str) -> None:
    got = simulated(TERMS | changes, 100)
    assert got == CellError("#VALUE!")
    assert told in got.reason


@pytest.mark.parametrize("name", SERIES)
def test_a_series_of_another_length_is_refused(name: str) -> None:
    got = simulated(TERMS, 100, **{name: [1.0] * 5})
    assert got == CellError("#VALUE!")
    wanted = 13 if name == "gpu_curve" else 12
    assert got.reason == f"{name} must have {wanted} values, or one for all; got 5 (months 12)"


@pytest.mark.parametrize(
    ("paths", "seed", "code", "told"),
    [
        (0, 1, "#NUM!", "paths must be a whole number at least 1"),
        (1e9, 1, "#NUM!", "1,000,000,000 would take about"),
        (100, 1.5, "#NUM!", "seed must be a whole number"),
        (100, -1, "#NUM!", "seed"),
        (100, "one", "#VALUE!", "seed"),
    ],
)
def test_paths_and_seeds_that_are_none(paths: Any, seed: Any, code: str, told: str) -> None:
    got = simulated(TERMS, paths, seed)
    assert got == CellError(code)
    assert told in got.reason


def test_a_curve_takes_the_place_of_price_and_drift() -> None:
    curve = [10.0 * math.exp(-0.3 * k / 12.0) for k in range(13)]
    by_drift = call("XLC_DUAL_SIM", TERMS | {"gpu_drift": -0.3}, *[None] * 6, 2000)
    by_curve = simulated(TERMS | {"gpu_price": None}, 2000, gpu_curve=curve)
    for one, other in zip(by_drift, by_curve, strict=True):
        assert one[1:] == pytest.approx(other[1:], rel=1e-9) or one[1:] == other[1:]


def test_a_forced_sale_costs_dollars_a_card() -> None:
    """Prices stand still and the customer pays nothing: the loss of the one certain path."""
    still = {"coin_vol": 0.0, "gpu_vol": 0.0, "grace_periods": 0, "coin_units": 0.0}
    sale = {"gpu_depth": 1.0, "sale_days": 90, "sale_haircut": 0.2, "sale_cost": 1.5}
    levels = {"call_ltv": None, "cure_ltv": None, "liquidation_ltv": None}
    terms = {k: v for k, v in (TERMS | still | sale | levels).items() if v is not None}
    lost = simulated(terms, 100, 1, "expected_loss", scheduled=5.0, contracted=0.0)
    # in month 1: 60 and its interest, less 5 cards at 10, a fifth off, 1.50 each
    assert lost == pytest.approx(60 * (1 + 0.1 / 12) - 5 * (10 * 0.8 - 1.5), rel=1e-12)


def test_by_period_and_by_loss_it_says_what_the_paths_say() -> None:
    """The fan, the events and the losses of the model's own paths."""
    levels = {"coin_slippage": 0.1, "gpu_recovery": 0.4, "cure_periods": 1, "jump_intensity": 3.0}
    terms = TERMS | levels | {"coin_jump": -0.5, "gpu_jump": -0.4}
    block = [[label, value] for label, value in terms.items()]
    deal, paths, seed = deal_of(block, None, None, None, None, None, None, 4000, 3, None)
    run = simulation.simulate(deal, paths, seed, courses=True)
    assert run.ltv is not None
    for share, name in ((5, "ltv_p05"), (50, "ltv_p50"), (95, "ltv_p95")):
        found = [row[0] for row in simulated(terms, 4000, 3, name)]
        for value, ltvs in zip(found, run.ltv, strict=True):
            tested = sorted(x for x in ltvs if not math.isnan(x))
            assert value == tested[math.ceil(share * len(tested) / 100) - 1]
    for name, figure in (
        ("called_by", "call_probability"),
        ("liquidated_by", "liquidation_probability"),
        ("defaulted_by", "payment_default_probability"),
    ):
        found = [row[0] for row in simulated(terms, 4000, 3, name)]
        assert found == sorted(found)
        assert found[-1] == pytest.approx(run.figures[figure].value, rel=1e-12)
    shares = [row[0] for row in simulated(terms, 4000, 3, "loss_shares")]
    losses = run.losses.values / terms["loan"]
    assert shares[0] == sum(losses <= 0) / 4000 < 1
    for at, share in enumerate(shares[1:], start=1):
        high = math.inf if at == 20 else at / 20
        assert share == sum((losses > (at - 1) / 20) & (losses <= high)) / 4000
    assert sum(shares) == pytest.approx(1.0)


def test_a_fan_needs_margin_levels() -> None:
    plain = {k: v for k, v in TERMS.items() if not k.endswith("_ltv")}
    assert simulated(plain, 10, 1, "ltv_p50") == CellError("#N/A")
