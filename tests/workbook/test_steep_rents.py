"""Rents that fall to almost nothing, and a fleet that brings nothing, leave no errors."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.workbook.conftest import Example

HEADLINES = (
    "unpaid_at_maturity",
    "loss",
    "lender_irr",
    "min_dscr",
    "expected_loss_spread",
    "required_spread",
    "max_ltv",
    "peak_arrears",
)


@pytest.mark.parametrize("decline", [0.85, 0.99])
@pytest.mark.parametrize(
    "template", ["gpu-term-loan", "hosting-project-loan", "gpu-borrowing-base"]
)
def test_a_decline_that_a_shock_takes_past_the_whole_rent(
    template: str, decline: float, example_of: Callable[[str], Example]
) -> None:
    names = example_of(template).given({"rent_decline": decline}).names
    assert {name: type(names[name]) for name in HEADLINES} == dict.fromkeys(HEADLINES, float)
    assert names["master_check"] == "OK"


def test_a_fleet_that_no_forced_sale_moves_has_no_loan_to_value(loan: Example) -> None:
    given = {"daily_depth": 0.01, "balloon_share": 0.99, "sim_rent_beta": -9.0}
    names = loan.given(given).names
    assert names["ltv_forced"] == "no value"
    assert names["master_check"] == "OK"
