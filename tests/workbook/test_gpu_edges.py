"""GPU loan and borrowing base at their edges: another review, a breach at closing, no cost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.workbook.conftest import Example
from tests.workbook.test_curves import calculated, filled
from tests.workbook.test_told import told


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


def test_what_a_new_lender_lends_is_told_at_his_share(loan: Example) -> None:
    """It said 101.8 m by value of a lender who lends half of that, or nothing."""
    given = {"balloon_share": 0.3, "tenor_months": 48, "contract_months": 60}
    for share in (0.5, 0.0):
        found = loan.given({**given, "refi_share": share})
        (told,) = [v for v in found.values["Summary"].values() if "m by value" in str(v)]
        lent = share * float(str(found.names["refi_value"])) / 1e6
        assert f"lends at most {lent:,.1f} m by value" in str(told)
        assert not share or lent > 1


def test_a_swap_without_a_rate_fails_a_check(loan: Example) -> None:
    """100% of the loan swapped at 0.00%: all in 4.00%, and every check OK."""
    assert loan.given({"hedged_share": 1.0}).names["master_check"] == "CHECK"
    assert loan.given({"hedged_share": 1.0, "swap_rate": 0.0385}).names["master_check"] == "OK"


def test_a_repaid_share_below_nothing_fails_a_check(loan: Example, tmp_path: Path) -> None:
    """A loan that grows gave #NUM! in the downside and on Stress, and no reason."""
    series = {"repaid_share": filled([-0.08, *(k / 61 for k in range(2, 62))])}
    path, found = calculated(loan, tmp_path, series=series)
    checks = openpyxl.load_workbook(path)["Checks"]["A"]
    (row,) = [c.row for c in checks if str(c.value).startswith("Share of the loan repaid")]
    assert "CHECK" in [v for (at, _), v in found.values["Checks"].items() if at == row]
    assert found.names["master_check"] == "CHECK"
