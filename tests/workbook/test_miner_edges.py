"""The miner's workbook at its edges: an estimate that is missing, no loan, no rent, no cards."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from tests.workbook.conftest import Example
from tests.workbook.test_stress import at, table
from tests.workbook.test_told import told
from xlcredit.recalc import Recalculation


def verdicts(result: Recalculation, example: Example) -> dict[str, object]:
    """The verdict of every covenant, condition, limit and stress test."""
    template = example.template
    return {t.name: result.names[t.name] for t in (*template.covenant, *template.test)}


def test_a_missing_estimate_is_no_agreement(miner: Example) -> None:
    """Coin falls so far that every path would begin in a margin call: nothing is simulated."""
    found = miner.given({"coin_fall": 0.8})
    assert found.names["spread_simulated"] == "none"
    assert found.names["limit_margin"] == "OUTSIDE" and found.names["spread_counted"] == 0
    assert told(found, "No verdict on the margin: nothing is simulated")
    assert told(found, "on the larger of the other two") and not told(found, "all three")
    assert told(miner.result, "on the largest") and miner.result.names["limit_margin"] == "INSIDE"


@pytest.mark.parametrize(
    "given", [{"commitment": 0}, {"coin_units": 0, "eth_units": 0, "gpu_units": 0}]
)
def test_without_a_loan_nothing_is_passed(miner: Example, given: dict[str, Any]) -> None:
    found = miner.given(given)
    assert set(verdicts(found, miner).values()) == {"NONE"}
    header, *rows = table(replace(miner, result=found), "Scenarios side by side")
    words = [at(header, name) for name in ("How it ends", "DSCR covenant", "Margin covenants")]
    assert {row[column] for row in rows for column in words} == {"NONE"}
    assert found.names["max_ltv"] == 0
    assert not any(
        isinstance(v, float) and -1e7 < v < -1e5 for v in found.values["Summary"].values()
    )


def test_a_reserve_of_no_months_is_no_condition(miner: Example) -> None:
    assert miner.given({"dsra_months": 0}).names["condition_reserve"] == "NONE"
    assert miner.result.names["condition_reserve"] == "MET"


@pytest.mark.parametrize("balloon", [89e6, 90e6])
def test_a_loan_repaid_at_the_end_has_a_schedule_that_never_grows(
    miner: Example, balloon: float
) -> None:
    """Level instalments on an average month would lend more in one of 31 days."""
    found = miner.given({"balloon": balloon})
    assert found.names["master_check"] == "OK" and not found.errors
    sheet, row = miner.place("scheduled")
    paid = [float(found.values[sheet][row, 5 + k]) for k in range(36)]  # type: ignore[arg-type]
    assert min(paid) >= 0 and sum(paid) == pytest.approx(90e6, rel=1e-12)
    assert all(p == 0 for p in paid[:-1]) or balloon < 90e6
    assert not told(found, "#NUM!", "Summary", "Term Sheet")


@pytest.mark.parametrize(
    "given",
    [
        {"coin_shock": 1, "gpu_shock": 1},
        {"coin_shock": 1, "gpu_units": 0},
        {"gpu_shock": 1, "coin_units": 0, "eth_units": 0},
    ],
    ids=str,
)
def test_a_shock_that_leaves_no_collateral_fails(miner: Example, given: dict[str, Any]) -> None:
    """A loan on nothing is above every level: no error, which would be no verdict."""
    found = miner.given(given)
    names = found.names
    assert {names[f"stress_{test}"] for test in ("call", "liquidation", "forced")} == {"FAILS"}
    assert names["ltv_stressed"] == pytest.approx(1e6, rel=1e-9)
    assert names["ltv_liquidation"] == pytest.approx(1e6, rel=1e-9)
    assert told(found, "100.0% after the same-day shock")
    assert names["master_check"] == "OK" and not found.errors


def test_interest_above_the_instalment_lends_nothing_more(miner: Example) -> None:
    """At 200% a month of 31 days has more interest than the level instalment of average months:
    no principal is due in it, and the last instalments are what is left."""
    found = miner.given({"margin": 1, "base_rate": 1})
    sheet, row = miner.place("scheduled")
    paid = [float(found.values[sheet][row, 5 + k]) for k in range(36)]  # type: ignore[arg-type]
    assert min(paid) == 0 and sum(paid) == pytest.approx(found.names["debt"], rel=1e-12)
    assert found.names["master_check"] == "OK" and not found.errors


@pytest.mark.parametrize("given", [{"market_rent": 0}, {"rent_floor": 3}])
def test_rents_that_cannot_fall_have_no_break_even(miner: Example, given: dict[str, Any]) -> None:
    found = miner.given(given)
    assert found.names["covenant_dscr_curve"] == "PASS"
    assert found.names["breakeven_decline"] == "none"
    assert found.names["master_check"] == "OK" and not found.errors


def test_worthless_cards_leave_no_error(miner: Example) -> None:
    found = miner.given({"gpu_fall": 1})
    assert found.names["sim_ltv_99"] == "unlimited"
    assert found.names["master_check"] == "OK" and not found.errors


@pytest.mark.parametrize("price", [749, 0])
def test_a_floor_lifts_no_price(miner: Example, price: float) -> None:
    """Where buyers pay less than the floor today, the path stays at what they pay."""
    found = miner.given({"gpu_price": price})
    assert found.names["master_check"] == "OK" and not found.errors
    sheet, row = miner.place("launch_unit")
    path = [found.values[sheet][row, 4 + month] for month in range(1 + miner.template.months)]
    assert path == [pytest.approx(price, rel=1e-12)] * len(path)


def test_no_contract_ends_in_no_month(miner: Example) -> None:
    assert told(miner.given({"contract_months": 0}), "as signed; no customer contract")
    assert told(miner.result, "as signed; the customer contract ends in month 18")


def test_notes_put_in_the_month_of_closing_are_named(miner: Example) -> None:
    found = miner.given({"note_a_put": date(2026, 11, 30), "notes_rolled": 0})
    assert told(found, "Enforced in month 1 when notes A are not rolled over")


def test_rents_that_must_rise_are_told_so(miner: Example) -> None:
    """Nobody under contract, no collateral to sell: no fall may be left."""
    found = miner.given({"customer_stops": 13, "liquidity": 0, "contract_rent": 2.0})
    driver = found.names["breakeven_decline"]
    if isinstance(driver, float) and driver < 0:
        assert told(found, f"must rise {-driver:.2%}")
    else:
        pytest.fail(f"the deal is to break at rising rents; got {driver}")


def test_the_paths_say_that_mining_is_left_out(miner: Example) -> None:
    assert told(miner.result, "of simulated paths default or are liquidated, without what mining")
    idle = miner.given({"coins_per_month": 0})
    assert told(idle, "of simulated paths default") and not told(idle, "without what mining")
