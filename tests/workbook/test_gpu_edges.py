"""GPU loan and borrowing base at their edges: another review, a breach at closing, no cost."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest

from tests.workbook.conftest import Example
from tests.workbook.test_curves import calculated, filled
from tests.workbook.test_stress import table
from tests.workbook.test_told import said, told
from xlcredit.workbook.pages.summary import _ASK_WIDTH


def test_the_review_is_told_in_its_own_month(loan: Example) -> None:
    """The figures are of the month typed, and no word beside them says a year."""
    found = loan.given({"review_month": 24})
    names = found.names
    sheet, row = loan.place("balance")
    sale = loan.place("fleet_sale")
    owed = found.values[sheet][row, 4 + 24]
    assert names["ltv_forced"] == owed / found.values[sale[0]][sale[1], 4 + 24]  # type: ignore[operator]
    assert told(found, "A forced sale at the end of month 24 would leave")
    assert told(loan.result, "A forced sale at the end of month 12 would leave")
    shown = [c.value for page in ("Summary", "Stress") for row in loan.formulas[page] for c in row]
    assert "At the first review" in shown
    assert not any("year after closing" in str(value).lower() for value in shown)


def test_the_simulation_has_one_chance_of_default_and_says_so(loan: Example) -> None:
    """Its intensity is the customer's; the borrower's own moves the estimate by intensity alone."""
    still = {"sim_hazard": 0, "sim_paths": 2000}
    without, with_own = (loan.given(still | {"hazard": own}).names for own in (0.0, 0.1))
    assert without["sim_spread"] == with_own["sim_spread"]
    assert without["spread_hazard"] < with_own["spread_hazard"]  # type: ignore[operator]
    (row,) = (
        c.row for c in loan.formulas["Inputs"]["A"] if str(c.value).startswith("Customer stops: in")
    )
    notes = [str(c.value) for c in loan.formulas["Inputs"][row]]
    assert "The paths leave out the borrower's own default intensity" in notes


@pytest.mark.parametrize(
    "given", [{"block": 0, "draw": 75e6}, {"block": 0, "receivables": 0}], ids=str
)
def test_a_breach_at_closing_is_dated_at_closing(base: Example, given: dict[str, Any]) -> None:
    """The line has less excess availability than agreed from the day on which it closes."""
    names = base.given(given).names
    assert names["base_now"] - names["debt"] < names["covenant_availability"]  # type: ignore[operator]
    assert names["covenant_excess"] == "BREACH"
    assert names["covenant_excess.first_breach"] == names["closing_date"]
    assert base.result.names["covenant_excess.first_breach"] == "never"


@pytest.mark.parametrize(
    ("given", "excess"),
    [({}, "MET"), ({"receivables": 0}, "MET"), ({"block": 0, "draw": 75e6}, "NOT MET")],
    ids=str,
)
def test_what_is_drawn_leaves_one_excess_availability(
    base: Example, given: dict[str, Any], excess: str
) -> None:
    """Condition and covenant read what is drawn; what is asked for has a condition of its own."""
    found = base.given(given)
    names = found.names
    left = names["base_now"] - names["debt"]  # type: ignore[operator]
    assert names["condition_excess.value"] == pytest.approx(left, rel=1e-12)
    assert names["condition_excess.value"] >= names["covenant_excess.value"]  # type: ignore[operator]
    assert names["condition_excess"] == excess
    assert names["condition_base"] == ("NOT MET" if given else "MET")
    shown = [value for (_, column), value in found.values["Summary"].items() if column == 2]
    assert told(found, f"USD {names['debt'] / 1e6:.1f} m drawn at closing")  # type: ignore[operator]
    assert names["condition_base.value"] in shown


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("gpu-borrowing-base", {"liquidation_level": 0.5, "price_level": 0.8}),
        (
            "gpu-term-loan",
            {"customer_stops": 2, "downtime_months": 6, "grace_months": 0, "rent_decline": 0},
        ),
    ],
)
def test_a_downside_that_loses_holds_no_stress(
    example_of: Callable[[str], Example], name: str, given: dict[str, Any]
) -> None:
    """A lender who waits is paid in the end; one who enforces as agreed is not."""
    names = example_of(name).given({"downside": "As input", **given}).names
    assert names["downside_unpaid"] == 0 and names["stress_unpaid"] == "HOLDS"
    assert names["downside_loss"] == pytest.approx(names["loss"], rel=1e-9)
    assert names["loss"] > 1e7  # type: ignore[operator]
    assert names["stress_loss"] == "FAILS"
    assert names["stress_loss.value"] == names["downside_loss"]
    labels = {test.name: test.label for test in example_of(name).template.test}
    assert labels["stress_unpaid"].endswith("lender waiting")
    assert labels["stress_loss"].endswith("lender enforcing")


@pytest.mark.parametrize(
    ("name", "none"), [("gpu-borrowing-base", "draw"), ("gpu-term-loan", "commitment")]
)
def test_without_a_loan_no_downside_loses(
    example_of: Callable[[str], Example], name: str, none: str
) -> None:
    names = example_of(name).given({none: 0}).names
    assert names["stress_loss"] == names["stress_unpaid"] == "NONE"


def test_what_is_left_to_refinance_is_the_loan_and_the_hole(loan: Example) -> None:
    """The operating hole of the month of maturity is refinanced too, and is no balance."""
    found = loan.given({"balloon_share": 0.5, "rent_level": 0.3, "dsra_months": 0})
    names = found.names
    sheet, row = loan.place("gap")
    hole = found.values[sheet][row, 4 + int(loan.number("tenor_months"))]
    assert hole > 1e6  # type: ignore[operator]
    left, unpaid = names["refi_left"], names["unpaid_at_maturity"]
    assert left == pytest.approx(unpaid + hole, rel=1e-12)  # type: ignore[operator]
    part = f", {hole / 1e6:.1f} m of it an operating hole"  # type: ignore[operator]
    assert told(found, f"m are not refinanced{part}")
    assert told(found, f"m left to refinance{part}; a new lender lends")
    assert not told(loan.given({"balloon_share": 0.3}), "operating hole")
    (line,) = (text for text in said(found) if "m as signed" in text)
    assert len(re.sub(r"[0-9.,]*[0-9]", "", line)) <= _ASK_WIDTH  # one line, as high as it is


@pytest.mark.parametrize("given", [{"tenor_months": 72}, {"accounting_life": 48}], ids=str)
def test_a_loan_on_cards_that_are_written_off_breaks_its_limit(
    loan: Example, given: dict[str, Any]
) -> None:
    """A loan on a depreciated cost of nothing is above any limit: it was an error, and CHECK."""
    found = loan.given(given)
    names = found.names
    assert names["master_check"] == "OK" and not found.errors
    assert names["covenant_advance"] == "BREACH"
    assert names["covenant_advance.value"] == pytest.approx(1e6, rel=1e-12)
    inputs = loan.deal.inputs | {k: SimpleNamespace(value=v) for k, v in given.items()}
    tenor, life = int(inputs["tenor_months"].value), inputs["accounting_life"].value  # type: ignore[arg-type]
    cost = inputs["gpus"].value * (inputs["gpu_cost"].value + inputs["other_capex"].value)  # type: ignore[operator]
    sheet, row = loan.place("balance")
    owed = [float(found.values[sheet][row, 4 + k]) for k in range(1, 1 + tenor)]  # type: ignore[arg-type]
    limit = inputs["maintenance_advance"].value
    over = [b > limit * cost * max(0, 1 - k / life) for k, b in enumerate(owed, start=1)]  # type: ignore[operator]
    assert owed[-1] > 1e6 and over[-1]
    end, at = loan.place("period_end")
    broken = found.values[end][at, 5 + over.index(True)]
    assert names["covenant_advance.first_breach"] == broken
    header, *cases = table(replace(loan, result=found), "Scenarios side by side")
    column = [str(h).startswith("Loan to depreciated cost") for h in header].index(True)
    assert cases[0][column] == "BREACH"


def test_no_fixed_word_contradicts_a_figure_of_the_base(base: Example) -> None:
    """A line may mature in the month of its review; asks are as far above sales as they are."""
    found = base.given({"tenor_months": 12})
    assert found.names["base_year"] == "matured"
    assert told(found, "The line matures by its first review")
    shown = [str(cell.value) for row in base.formulas["Summary"] for cell in row]
    assert "What dealers want for such cards" in shown
    assert not any("what sells" in text for text in shown)


def test_a_certificate_covers_service_with_the_cash_of_its_months(loan: Example) -> None:
    """Between two payment dates there is no service: month 10 read a DSCR of thousands of millions,
    and 'since closing' counted ten months of cash over nine of service."""
    found = loan.given({"as_at_month": 10, "interest_months": 3, "payment_months": 3})
    label = "DSCR: as underwritten, and as earned, on payment dates"
    (at,) = (c.row for c in loan.formulas["Compliance"]["A"] if c.value == label)
    values = found.values["Compliance"]
    assert values[at, 4] == values[at + 1, 4] == "–"
    sheet, row = loan.place("cover_cash")
    earned = sum(float(found.values[sheet][row, 4 + k]) for k in range(1, 10))  # type: ignore[arg-type,misc]
    sheet, row = loan.place("service_scheduled")
    due = [float(found.values[sheet][row, 4 + k]) for k in range(1, 11)]  # type: ignore[arg-type]
    assert [k for k, service in enumerate(due, start=1) if service] == [3, 6, 9]
    for column in (6, 7):  # twelve months, and since closing
        assert values[at + 1, column] == pytest.approx(earned / sum(due), rel=1e-12)


@pytest.mark.parametrize("share", [0, 0.5, 1])
def test_what_a_new_lender_lends_is_his_share_of_it(loan: Example, share: float) -> None:
    """The line of the ask gave all that value and cash carry, also where he lends none of it."""
    given = {"balloon_share": 0.3, "tenor_months": 48, "contract_months": 60}
    found = loan.given(given | {"refi_share": share})
    value, cash, lends = (
        float(found.names[name])  # type: ignore[arg-type]
        for name in ("refi_value", "refi_cash", "refi_capacity")
    )
    assert lends == pytest.approx(min(found.names["balloon"], share * min(value, cash)), rel=1e-12)  # type: ignore[type-var]
    words = f"a new lender lends {lends / 1e6:,.1f} m: {share:.0%} of "
    assert told(found, words + f"{value / 1e6:,.1f} m by value or {cash / 1e6:,.1f} m by cash")


def test_a_hedge_without_a_rate_is_checked(loan: Example) -> None:
    """The rate that nobody gave is 0%, and the loan looked as if it cost its margin."""
    checks = {hedged: loan.given({"hedged_share": hedged}) for hedged in (0.0, 1.0)}
    assert [found.names["master_check"] for found in checks.values()] == ["OK", "CHECK"]
    given = loan.given({"hedged_share": 1.0, "swap_rate": 0.036})
    assert given.names["master_check"] == "OK"


def test_a_repaid_share_below_nothing_fails_a_check(loan: Example, tmp_path: Path) -> None:
    """A loan that grows gave #NUM! in the downside and on Stress, and no reason."""
    series = {"repaid_share": filled([-0.08, *(k / 61 for k in range(2, 62))])}
    path, found = calculated(loan, tmp_path, series=series)
    checks = openpyxl.load_workbook(path)["Checks"]["A"]
    (row,) = [c.row for c in checks if str(c.value).startswith("Share of the loan repaid")]
    assert "CHECK" in [v for (at, _), v in found.values["Checks"].items() if at == row]
    assert found.names["master_check"] == "CHECK"


@pytest.mark.parametrize("template", ["gpu-term-loan", "miner-dual-collateral"])
def test_a_scenario_is_called_after_its_own_months(
    example_of: Callable[[str], Example], template: str
) -> None:
    """'At the launches' stayed at 14 and 38 when those moved; 'in year 2' also was in month 10."""
    scenarios = example_of(template).template.scenarios
    for case in scenarios.case:
        assert "launches" not in case.label and "in year" not in case.label
        shocks = dict(zip(scenarios.inputs, case.values, strict=True))
        for month in re.findall(r"months? (\d+)", case.label):
            assert float(month) in shocks.values(), case.label


def test_a_fleet_without_a_card_has_no_loan_to_cost(loan: Example) -> None:
    """Two #DIV/0! stood on the page that says that no loan is drawn."""
    found = loan.given({"gpus": 0})
    assert found.names["loan_to_cost"] == "none"
    assert told(found, "none of cost") and found.names["master_check"] == "CHECK"
