"""The miner's loan on months of the user's own: coin, rents, cards, rates, mining."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.workbook.conftest import Example, opened
from tests.workbook.test_curves import calculated
from xlcredit.deals.series import Series

FIGURES = (
    *("unpaid_at_maturity", "first_missed_month", "loss", "lender_irr", "min_dscr", "max_ltv"),
    *("debt", "first_call_month", "distributed", "spread_scenarios"),
)
SCENARIOS = ("As input", "Coin and cards fall in half a year", "Rents 30% lower")


def filled(values: list[float]) -> Series:
    return Series(values=[*values, *[None] * (48 - len(values))], source="broker")


def agreed(value: Any) -> Any:
    """A figure to nine digits; ``none`` and ``any`` are figures too."""
    return value if isinstance(value, str) else pytest.approx(value, rel=1e-9, abs=1e-6)


def test_the_curves_typed_month_by_month_are_the_curves(miner: Example, tmp_path: Path) -> None:
    own = ("rent_path", "utilised", "base_curve", "launch_unit", "btc_input", "eth_input", "mined")
    series = {name: filled(miner.row(name)) for name in own}
    path, result = calculated(miner, tmp_path, series=series)
    assert result.names["master_check"] == "OK"
    for scenario in SCENARIOS:
        typed = opened(path, {"scenario": scenario}).names
        usual = miner.given({"scenario": scenario}).names
        for name in FIGURES:
            assert typed[name] == agreed(usual[name]), (scenario, name)


def test_coin_that_has_halved_is_the_fall_as_an_input(miner: Example, tmp_path: Path) -> None:
    """A fall that happened at once is the fall that is typed; what is reported falls no further."""
    coins = {
        name: filled([0.5 * p for p in miner.row(name)]) for name in ("btc_input", "eth_input")
    }
    path, _ = calculated(miner, tmp_path, actuals=coins, inputs={"as_at_month": 48})
    typed = {"coin_fall": 0.5, "fall_months": 1, "eth_beta": 1.0}
    own = opened(path, {"eth_beta": 1.0}).names
    usual = miner.given(typed).names
    for name in FIGURES:
        if name != "spread_scenarios":
            assert own[name] == agreed(usual[name]), name
    assert own["first_call_month"] == 1 or own["max_ltv"] > miner.number("max_ltv")
    lower = opened(path, {"scenario": "Coin falls 50%"}).names
    assert lower["max_ltv"] == agreed(opened(path, {}).names["max_ltv"])


def test_a_rate_that_rose_costs_what_its_interest_is(miner: Example, tmp_path: Path) -> None:
    base = float(miner.deal["base_rate"].value)  # type: ignore[arg-type]
    actuals = {"base_curve": filled([base + 0.03])}
    _, result = calculated(miner, tmp_path, actuals=actuals, inputs={"as_at_month": 1})
    row = miner.place("interest_due")[1]
    dearer, usual = (r.values["Waterfall"][row, 5] for r in (result, miner.result))
    margin = float(miner.deal["margin"].value)  # type: ignore[arg-type]
    assert dearer == pytest.approx(usual * (base + 0.03 + margin) / (base + margin), rel=1e-12)
    assert result.names["debt"] == miner.number("debt")
    assert result.names["master_check"] == "OK"  # XLC_REPAYMENT reads the same rates


def test_what_was_signed_does_not_move_with_what_happened(miner: Example, tmp_path: Path) -> None:
    actuals = {
        "utilised": filled([0.4] * 12),
        "opex": filled([1.3 * cost for cost in miner.row("opex")[:12]]),
        "mined": filled([0.0] * 12),
    }
    path, result = calculated(miner, tmp_path, actuals=actuals, inputs={"as_at_month": 12})
    for name in ("debt", "dscr_as_underwritten", "capacity_flat"):
        assert result.names[name] == pytest.approx(miner.number(name), rel=1e-12), name
    assert result.names["distributed"] < miner.number("distributed")  # type: ignore[operator]
    before = opened(path, {"as_at_month": 0}).names
    for name in FIGURES:
        assert before[name] == agreed(miner.result.names[name]), name


def test_a_coin_price_in_another_unit_fails_a_check(miner: Example, tmp_path: Path) -> None:
    _, result = calculated(miner, tmp_path, series={"btc_input": filled([6.4e9])})
    assert result.names["master_check"] == "CHECK"
