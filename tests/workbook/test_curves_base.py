"""The borrowing base on months of the user's own: rents, prices, rates, utilisation, costs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.workbook.conftest import Example, opened
from tests.workbook.test_curves import calculated
from xlcredit.deals.series import Series

FIGURES = (
    *("unpaid_at_maturity", "first_missed_month", "loss", "lender_irr", "min_dscr", "max_ltv"),
    *("debt", "drawn_more", "expected_loss_spread", "required_spread"),
)
SCENARIOS = ("As input", "Rents fall 20% a year more", "Auction market")


@pytest.fixture(scope="module")
def base(example_of: Callable[[str], Example]) -> Example:
    return example_of("gpu-borrowing-base")


def filled(values: list[float]) -> Series:
    return Series(values=[*values, *[None] * (60 - len(values))], source="broker")


def agreed(value: Any) -> Any:
    """A figure to nine digits; ``none`` and ``any`` are figures too."""
    return value if isinstance(value, str) else pytest.approx(value, rel=1e-9, abs=1e-6)


def test_the_curves_typed_month_by_month_are_the_curves(base: Example, tmp_path: Path) -> None:
    """Every row that can be the user's own, typed as it is; in each scenario too."""
    own = ("rent_path", "utilised", "base_curve", "resale_1", "resale_2", "resale_3", "resale_4")
    series = {name: filled(base.row(name)) for name in own}
    path, result = calculated(base, tmp_path, series=series)
    assert result.names["master_check"] == "OK"
    for scenario in SCENARIOS:
        typed = opened(path, {"scenario": scenario}).names
        usual = base.given({"scenario": scenario}).names
        for name in FIGURES:
            assert typed[name] == agreed(usual[name]), (scenario, name)


def test_rents_that_halve_are_a_level_of_a_half(base: Example, tmp_path: Path) -> None:
    """Months of one's own are shocked like the template's."""
    series = {"rent_path": filled([rent / 2 for rent in base.row("rent_path")])}
    path, _ = calculated(base, tmp_path, series=series)
    for scenario in SCENARIOS:
        own = opened(path, {"scenario": scenario, "rent_floor": 0.01}).names
        level = {"scenario": scenario, "rent_floor": 0.01, "rent_level": 0.5}
        usual = base.given(level).names
        for name in ("unpaid_at_maturity", "min_dscr", "interest_lowest"):
            assert own[name] == agreed(usual[name]), (scenario, name)


def test_an_appraisal_below_the_path_shrinks_the_base(base: Example, tmp_path: Path) -> None:
    """Executed prices 30% below the path from an appraisal on, and the base with them."""
    actuals = {f"resale_{v}": filled([0.7 * p for p in base.row(f"resale_{v}")]) for v in "1234"}
    path, result = calculated(base, tmp_path, actuals=actuals, inputs={"as_at_month": 12})
    fallen = base.given({"price_level": 0.7}).names
    assert result.names["base_year"] == pytest.approx(fallen["base_year"], rel=1e-9)
    assert result.names["debt"] == base.number("debt")
    assert result.names["dscr_as_underwritten"] == pytest.approx(
        base.number("dscr_as_underwritten"), rel=1e-12
    )
    before = opened(path, {"as_at_month": 0}).names
    for name in FIGURES:
        assert before[name] == pytest.approx(base.result.names[name], rel=1e-12), name


def test_a_base_rate_that_rises_costs_what_its_interest_is(base: Example, tmp_path: Path) -> None:
    actuals = {"base_curve": filled([0.0685] * 12)}
    path, _ = calculated(base, tmp_path, actuals=actuals, inputs={"as_at_month": 1})
    dearer = opened(path, {}).values["Waterfall"]
    usual = base.given({}).values["Waterfall"]
    row = base.place("interest_due")[1]
    assert dearer[row, 5] == pytest.approx(usual[row, 5] * (0.0685 + 0.0525) / 0.091, rel=1e-9)  # type: ignore[operator]


def test_utilisation_and_costs_that_happened_are_in_the_cash(base: Example, tmp_path: Path) -> None:
    actuals = {"utilised": filled([0.5] * 6), "opex": filled([3e6] * 6)}
    _, result = calculated(base, tmp_path, actuals=actuals, inputs={"as_at_month": 6})
    let = base.deal["contract_share"].value
    cash, row = result.values["Cash flow"], base.place("cfads_curve")[1]
    rents, curve = result.values["Rents"], base.place("curve")[1]
    for column in range(5, 11):
        market = (1 - let) * 0.5 * rents[curve, column]  # type: ignore[operator]
        expected = base.number("rent_roll") * (let + market) - 3e6
        assert cash[row, column] == pytest.approx(expected, rel=1e-12)
    assert cash[row, 11] == pytest.approx(base.row("cfads_curve")[6], rel=1e-12)


def test_a_rent_in_another_unit_fails_a_check(base: Example, tmp_path: Path) -> None:
    _, result = calculated(base, tmp_path, series={"rent_path": filled([220.0])})
    assert result.names["master_check"] == "CHECK"
