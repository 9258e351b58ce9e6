"""The borrowing base: what is not agreed, lent or due has no verdict, and sentences say so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.workbook.conftest import Example
from tests.workbook.test_stress import table
from tests.workbook.test_told import term, told
from xlcredit.recalc import Recalculation
from xlcredit.workbook.tables.scenarios import HEADER_ROW

FALL = {"rent_decline": 0.6}
NO_CHARGES = {"base_rate": 0, "margin": 0, "commitment_fee": 0}


def column(base: Example, found: Recalculation, heading: str) -> list[Any]:
    """What each scenario says in a column of the table on Stress."""
    sheet = base.formulas["Stress"]
    at = next(c.column for c in sheet[HEADER_ROW] if str(c.value).startswith(heading))
    last = HEADER_ROW + len(base.template.scenarios.case)
    return [found.values["Stress"][row, at] for row in range(HEADER_ROW + 1, last + 1)]


def verdicts(base: Example, found: Recalculation) -> dict[str, Any]:
    template = base.template
    tests = (*template.covenant, *template.test, *template.certificate)
    return {test.name: found.names[test.name] for test in tests}


COVERS = "Cover covenants"


@pytest.mark.parametrize(
    ("given", "named", "cover", "interest"),
    [
        (FALL, COVERS, "BREACH", "BREACH"),
        (FALL | {"covenant_interest": 0}, COVERS, "BREACH", "NONE"),
        (FALL | {"covenant_dscr": 0}, COVERS, "NONE", "BREACH"),
        (FALL | {"covenant_dscr": 0, "covenant_interest": 0}, COVERS, "NONE", "NONE"),
        ({"covenant_dscr": 0, "covenant_interest": 0}, COVERS, "NONE", "NONE"),
    ],
)
def test_a_cover_of_0_is_no_covenant(
    base: Example, given: dict[str, Any], named: str, cover: str, interest: str
) -> None:
    """Cash below zero broke it at 0.00x, and any cash passed it."""
    found = base.given(given)
    names = found.names
    assert (names["covenant_cover"], names["covenant_interest_cover"]) == (cover, interest)
    both = {cover, interest}
    said = "BREACH" if "BREACH" in both else "NONE"
    if given.keys() >= FALL.keys():
        assert set(column(base, found, named)) == {said}
    for verdict, driver in ((cover, "breakeven_found"), (interest, "interest_breakeven")):
        assert (names[driver] == "no covenant") is (verdict == "NONE")
    text = term(base, found, "Financial covenants")
    assert "0.00x" not in text
    assert ("No fixed-charge cover" in text) is (cover == "NONE")
    assert ("no interest cover" in text) is (interest == "NONE")
    assert names["master_check"] == "OK"


def test_a_covenant_that_is_not_agreed_is_not_certified(base: Example) -> None:
    names = base.given({"covenant_dscr": 0, "covenant_interest": 0, "as_at_month": 3}).names
    assert (names["certificate_cover"], names["certificate_interest"]) == ("NONE", "NONE")


@pytest.mark.parametrize("given", [{"draw": 0}, {"commitment": 0}, {"block": 75e6}])
def test_where_no_loan_is_drawn_nothing_has_a_verdict(base: Example, given: dict[str, Any]) -> None:
    """Nor has a draw that was asked for, and that commitment or block leave no room for."""
    found = base.given(given)
    assert found.names["lent"] == 0
    assert set(verdicts(base, found).values()) == {"NONE"}
    for heading in (COVERS, "Excess availability covenant"):
        assert set(column(base, found, heading)) == {"NONE"}
    assert set(column(base, found, "What of availability is drawn")) == {"no loan is drawn"}
    assert not told(found, "Nothing is left to refinance")
    assert found.names["master_check"] == "CHECK"


def test_a_loan_without_charges_has_no_cover(base: Example) -> None:
    """#N/A, and the master check with it."""
    found = base.given(NO_CHARGES)
    names = found.names
    assert (names["interest_lowest"], names["covenant_interest_cover"]) == ("not tested", "NONE")
    assert set(column(base, found, "Interest cover")) == {"not tested"}
    assert names["covenant_cover"] == "PASS"  # overadvances are charges
    assert names["master_check"] == "OK"
    short = base.given(NO_CHARGES | {"tenor_months": 1}).names
    assert {short["min_dscr"], short["downside_dscr"]} == {"not tested"}
    assert {short["covenant_cover"], short["stress_dscr"]} == {"NONE"}


def cover_grid(base: Example, found: Recalculation) -> list[Any]:
    title = next(g.title for g in base.template.grid if g.title.startswith("Fixed-charge cover"))
    return [c for row in table(replace(base, result=found), title)[1:] for c in row[1:6]]


def test_the_grid_of_the_cover_says_none_without_charges(base: Example) -> None:
    assert set(cover_grid(base, base.given(NO_CHARGES | {"tenor_months": 1}))) == {"none"}
    assert set(cover_grid(base, base.given({"commitment": 0}))) == {"none"}


def test_a_cover_of_the_grid_is_marked_where_cash_does_not_pay_the_charges(base: Example) -> None:
    """Without a covenant it stood unmarked down to 0."""
    (grid,) = (g for g in base.template.grid if g.title.startswith("Fixed-charge cover"))
    rules = base.formulas["Stress"].conditional_formatting
    marks = [f for area in rules for rule in area.rules for f in rule.formula if "covenant" in f]
    assert [mark.partition("<")[2] for mark in marks] == [f"{grid.threshold})"]
    shown = cover_grid(base, base.given({"covenant_dscr": 0}))
    assert min(shown) < 0 < sum(0 <= cover < 1 for cover in shown)
    assert grid.threshold == "IF(covenant_dscr>0,covenant_dscr,full_payment)"
    assert base.given({"covenant_dscr": 0}).names["covenant_cover"] == "NONE"


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"tenor_months": 1},
        {"block": 15e6, "dominion_share": 0.05, "redraw_to": 0},
        {"dominion_share": 0.05, "draw": 30e6},
        {"dominion_share": 0.3, "block": 20e6, "dsra_months": 6},
        {"opex_1": 3.0, "opex_2": 3.0, "dominion_share": 0.2, "block": 5e6},
        {"dominion_share": 0, "redraw_to": 0},
    ],
)
def test_dominion_from_month_1_is_what_the_waterfall_says(
    base: Example, given: dict[str, Any]
) -> None:
    """An overadvance is prepaid before dominion is tested."""
    place, row = base.place("dominion")
    words = column(base, base.given(given), "What of availability is drawn")
    cases = ("As input", "Executed prices 25% lower", "Auction market")
    labels = [case.label for case in base.template.scenarios.case]
    for case in cases:
        chosen = base.given(given | {"scenario": case})
        begins = chosen.values[place][row, 5] == 1
        word = words[labels.index(case)]
        if chosen.names["drawn_more"] <= 0.01 and given.get("tenor_months") != 1:  # type: ignore[operator]
            assert (word == "none: dominion from month 1") is begins, case
        else:
            assert word != "none: dominion from month 1", case


def test_what_is_left_before_a_miss_is_all_where_none_is_missed(base: Example) -> None:
    names = base.given({"tenor_months": 12}).names
    assert names["first_missed_month"] == 0
    assert names["kept_before"] == names["distributed"] > 1e6  # type: ignore[operator]
    assert names["missed_before"] == ""


@pytest.mark.parametrize("given", [{}, {"daily_depth": 1, "sale_impact": 2}])
def test_what_enforcement_brings_is_said_to_be_recovered(
    base: Example, given: dict[str, Any]
) -> None:
    """ "Not repaid: USD 9.0 m of 9.0 m" stood beside a loss of 0."""
    names = base.given(given).names
    owed, recovered, loss = (
        float(names[name])  # type: ignore[arg-type]
        for name in ("owed_enforced", "recovered_sum", "loss")
    )
    comes = 36 + int(base.number("recovery_months"))
    said = f"Enforced in month 36; of USD {owed / 1e6:.1f} m owed {recovered / 1e6:.1f} m recovered"
    lost = f", USD {loss:,.0f} lost" if given else ""
    assert names["repaid_words"] == f"{said} in month {comes}{lost}"
    assert (loss > 1e6) is bool(given)


def test_floor_and_interest_reserve_are_terms(base: Example) -> None:
    assert "bp, floor 0.00%; all in" in term(base, base.result, "Pricing")
    assert term(base, base.result, "Interest reserve") == "None"
    found = base.given({"base_floor": 0.05, "dsra_months": 6, "dsra_funded": 0.5})
    assert "floor 5.00%; all in 10." in term(base, found, "Pricing")
    said = "6 months of interest on the balance, 50% funded at closing"
    assert term(base, found, "Interest reserve") == said


def test_no_contract_is_told_as_none(base: Example) -> None:
    label = "Customer concentration"
    assert term(base, base.result, label).startswith("50% of the fleet contracted to twelve")
    for given in ({"contract_months": 0}, {"contract_share": 0}):
        found = base.given(given)
        assert term(base, found, label).startswith("No customer contract")
        assert told(found, "; no customer contract")


def test_a_share_beyond_its_limit_has_no_room_left(base: Example) -> None:
    names = base.given(FALL).names
    assert names["limit_vintage"] == "OUTSIDE"
    assert names["limit_vintage.driver"] == "none left"
    assert base.number("limit_vintage.driver") > 0


def test_the_grid_marks_a_draw_that_the_block_forbids(base: Example) -> None:
    """46.2 of availability are no room for a draw of 45 beside a block of 2.5."""
    (grid,) = (g for g in base.template.grid if g.title.startswith("Availability at closing"))
    assert grid.threshold == "draw+block"
    # what the grid marks is what the condition says at those inputs
    at = {
        "nolv": 0.80,
        **{f"executed_{k}": 0.9 * base.number(f"executed_{k}") for k in range(1, 5)},
    }
    names = base.given(at).names
    assert base.number("draw") < names["base_now"] < base.number("draw") + base.number("block")  # type: ignore[operator]
    assert names["condition_base"] == "NOT MET"


def test_a_late_payer_earns_no_verdict_on_its_margin(base: Example) -> None:
    """As in the miner's loan."""
    found = base.given({"block": 15e6, "dominion_share": 0.05, "redraw_to": 0})
    names = found.names
    assert names["first_missed_month"] > 0 == names["default_month"]  # type: ignore[operator]
    assert (names["spread_counted"], names["limit_margin"]) == (0, "OUTSIDE")
    assert told(found, "Late in the case in force: no verdict on the margin")


def test_a_rise_that_no_rent_makes_is_not_told_in_figures(base: Example) -> None:
    """It printed -688,094,784,204,842,600%."""
    dear = {"opex_1": 9.0, "contract_months": 56, "advance": 0.02}
    names = base.given(dear).names
    assert (names["breakeven_lowest"], names["breakeven_found"]) == (-2, "any")
    assert names["covenant_cover"] == "BREACH"
    kept = base.result.names
    assert -1 < kept["breakeven_lowest"] == kept["breakeven_found"]  # type: ignore[operator]
