"""The miner's words and drivers where a part of the deal is missing, and where a call comes to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.workbook.conftest import Example
from tests.workbook.test_curves import calculated, filled
from tests.workbook.test_stress import at, table
from tests.workbook.test_told import told


@pytest.mark.parametrize(
    ("given", "irr"),
    [
        ({"balloon": 60e6}, 0.110),
        (
            {
                "sizing_dscr": 0.5,
                "rent_decline": 0.35,
                "recovery_months": 36,
                "grace_months": 60,
                "call_ltv": 1.9,
                "liquidation_ltv": 2,
            },
            0.081,
        ),
    ],
)
def test_a_recovery_after_the_last_month_of_the_model_counts_when_it_comes(
    miner: Example, given: dict[str, Any], irr: float
) -> None:
    """The scenario's yield is that of XLC_REPAYMENT, the Summary's is found month by month."""
    found = miner.given({"tenor_months": 48, **given})
    assert found.names["default_month"] == 48 and found.names["loss"] == 0
    header, first, *_ = table(replace(miner, result=found), "Scenarios side by side")
    yields = [found.names["lender_irr"], first[at(header, "Lender's IRR")]]
    assert yields[0] == pytest.approx(yields[1], abs=1e-9)
    assert yields[0] == pytest.approx(irr, abs=5e-4)  # of a reader's own route


def test_the_runway_pays_the_holes_of_the_fleet(miner: Example) -> None:
    """A loan that is repaid early leaves cards whose rents no longer pay their cost."""
    given = {"commitment": 30e6, "rent_decline": 0.45, "contract_months": 12, "treasury_coins": 0}
    found = miner.given({**given, "note_a_amount": 0, "note_b_amount": 0})
    sheet, row = miner.place("gap")
    holes = [found.values[sheet][row, 4 + month] for month in range(1, 49)]
    sheet, row = miner.place("distribution")
    shared = [found.values[sheet][row, 4 + month] for month in range(1, 49)]
    assert sum(holes) > 90e6
    cash, months = miner.number("treasury_cash"), 0
    yearly = miner.number("other_cash_flow") - miner.number("overhead")
    for paid, hole in zip(shared, holes, strict=True):
        cash += paid - hole + yearly
        if cash < 0:
            break
        months += 1
    assert found.names["runway_base"] == months < 48
    assert found.names["runway_stress"] < 36
    assert found.names["limit_beyond_stress"] == "OUTSIDE"


def test_a_loan_at_its_margin_call_has_no_scenarios_and_says_so(miner: Example) -> None:
    given = {"commitment": 150e6, "advance_gpu": 1, "advance_btc": 1, "advance_eth": 1}
    found = miner.given(given)
    assert told(found, "At closing the loan stands at the margin call or above: no scenario")
    assert "#NUM!" not in [str(v) for v in found.values["Summary"].values() if isinstance(v, str)]


def test_a_call_that_ends_in_liquidation_was_not_cured(miner: Example) -> None:
    falls = {"coin_fall": 0.5, "gpu_fall": 0.5, "fall_months": 6, "cure_months": 2}
    found = miner.given(falls)
    sheet, row = miner.place("called")
    called = [month for month in range(1, 49) if found.values[sheet][row, 4 + month] == 1]
    assert called and called[0] < found.names["default_month"] == 6
    assert found.names["covenant_cure"] == "BREACH"
    # nobody called before: the liquidation level alone is broken
    at_once = miner.given({"coin_fall": 0.6, "gpu_fall": 0.6, "fall_months": 1})
    assert at_once.names["default_month"] == 1
    assert at_once.names["covenant_cure"] == "PASS"
    assert at_once.names["covenant_liquidation"] == "BREACH"


PAGES = ("Summary", "Term Sheet")


@pytest.mark.parametrize(
    ("given", "said", "unsaid"),
    [
        ({"gpu_units": 0}, "Loan on coin alone, no cards", "60% of them let"),
        ({"gpu_units": 0}, "No customer contract", "of the fleet contracted"),
        ({"contract_months": 0}, "Refinancing of 10,000 H100 SXM", "of them let"),
        ({"contract_share": 0}, "; no customer contract", "customer contract ends"),
        ({"coin_units": 0, "eth_units": 0}, "No coin is posted", "by sale of coin"),
        ({"coin_units": 0, "eth_units": 0}, "cure to 50% in cash, liquidation", "0 BTC"),
        ({"balloon": 40e6}, "counted in every cover as service of the last month", "balloon USD 0"),
        (
            {"advance_btc": 0.9, "advance_eth": 0.9, "advance_gpu": 0.9, "commitment": 150e6}
            | {"sizing_dscr": 1},
            "at closing the loan stands at the margin call or above",
            "all falls by",
        ),
    ],
)
def test_what_is_not_there_is_not_told(
    miner: Example, given: dict[str, Any], said: str, unsaid: str
) -> None:
    found = miner.given(given)
    assert told(found, said, *PAGES)
    assert not told(found, unsaid, *PAGES)


def test_a_price_of_coin_is_told_of_coin_alone(miner: Example) -> None:
    assert isinstance(miner.result.names["margin_price"], float)
    assert miner.given({"coin_units": 0, "eth_units": 50_000}).names["margin_price"] == "none"


def test_no_call_needs_no_cure(miner: Example) -> None:
    """After the shock the loan stands between cure and call."""
    found = miner.given({"coin_shock": 0.1, "gpu_shock": 0.2})
    assert 0.5 < found.names["ltv_stressed"] < 0.7 and found.names["stress_call"] == "HOLDS"
    assert found.names["cure_cash"] == 0
    assert told(found, "no call") and not told(miner.result, "no call")


def test_what_it_costs_is_the_base_rate_of_the_first_month(miner: Example, tmp_path: Path) -> None:
    assert told(miner.result, "all in 10.35% at closing")
    _, own = calculated(miner, tmp_path, series={"base_curve": filled([0.05] * 48)})
    assert told(own, "all in 11.50% at closing") and not told(own, "10.35%")
