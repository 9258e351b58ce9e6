"""What a figure rests on, and where it ends, is told beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.workbook.conftest import Example
from tests.workbook.test_curves import calculated, filled
from xlcredit.recalc import Recalculation

WEIGHTS = "; weights as typed, not around the scenario chosen"


@pytest.fixture(scope="module")
def base(example_of: Callable[[str], Example]) -> Example:
    return example_of("gpu-borrowing-base")


def said(result: Recalculation, *pages: str) -> Iterator[str]:
    for page in pages or ("Summary",):
        yield from (text for text in result.values[page].values() if isinstance(text, str))


def told(result: Recalculation, words: str, *pages: str) -> bool:
    return any(words in text for text in said(result, *pages))


def term(example: Example, result: Recalculation, label: str) -> str:
    """A term as the Term Sheet has it."""
    (row,) = (cell.row for cell in example.formulas["Term Sheet"]["B"] if cell.value == label)
    return str(result.values["Term Sheet"][row, 3])


def found_sum(base: Example, found: Recalculation, name: str) -> float:
    """What a monthly row adds up to before maturity."""
    place, row = base.place(name)
    months = range(5, 4 + int(base.number("tenor_months")))
    return sum(float(found.values[place][row, k]) for k in months)  # type: ignore[arg-type]


def labels(example: Example, page: str) -> set[str]:
    return {str(cell.value) for cell in example.formulas[page]["A"]}


@pytest.mark.parametrize("name", ["gpu-borrowing-base", "gpu-term-loan"])
def test_the_weights_are_told_where_a_scenario_is_chosen(
    example_of: Callable[[str], Example], name: str
) -> None:
    example = example_of(name)
    chosen = example.given({"scenario": "Rents fall 20% a year more"})
    assert told(chosen, WEIGHTS) and not told(example.result, WEIGHTS)


def test_months_that_nobody_reported_are_told(example: Example, tmp_path: Path) -> None:
    """All templates: what counts as past and holds the model's own forecast is no report."""
    words = "; month 6: no report"
    assert told(example.given({"as_at_month": 6}), words) and not told(example.result, words)
    if example.template.name == "gpu-term-loan":
        actuals = {"opex": filled(example.row("opex")[:6])}
        _, found = calculated(example, tmp_path, actuals=actuals, inputs={"as_at_month": 6})
        assert not told(found, words)


def test_the_page_annual_says_how_far_its_sums_run(example: Example) -> None:
    """All templates: the sums of the months after maturity are in them."""
    assert "past maturity too" in str(example.formulas["Annual"]["A2"].value)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("gpu-borrowing-base", {"tenor_months": 1, "grace_months": 0}),
        ("gpu-term-loan", {"tenor_months": 1, "first_test_month": 1, "dsra_months": 1}),
        ("gpu-term-loan", {"draw_months": 1, "trigger_index": 0.5, "trigger_dsra_months": 1}),
    ],
)
def test_one_month_is_no_months(
    example_of: Callable[[str], Example], name: str, given: dict[str, Any]
) -> None:
    result = example_of(name).given(given)
    texts = list(said(result, "Summary", "Term Sheet"))
    assert any(re.search(r"\b1 month\b", text) for text in texts)
    assert not any(re.search(r"\b1 months", text) for text in texts)


@pytest.mark.parametrize(
    ("name", "test", "given"),
    [
        ("gpu-term-loan", "stress_unpaid", {"downside": "As input", "contract_months": 61}),
        ("miner-dual-collateral", "stress_loss", {"downside": "As input"}),
    ],
)
def test_nothing_unpaid_is_tested_against_nothing(
    example_of: Callable[[str], Example], name: str, test: str, given: dict[str, Any]
) -> None:
    """The threshold was the cent that the checks allow, as if it were a term."""
    example = example_of(name)
    assert example.number(f"{test}.threshold") == 0
    assert example.result.names[test] == "FAILS"
    held = example.given(given).names
    assert (held[test], held[f"{test}.value"]) == ("HOLDS", 0)


def test_the_base_tests_what_is_left_against_nothing(base: Example) -> None:
    for test in ("limit_refinanced", "limit_enforced", "stress_unpaid"):
        assert base.number(f"{test}.threshold") == 0
    repaid = base.given({"draw": 1e6, "redraw_to": 1e6}).names
    assert repaid["limit_refinanced"] == repaid["limit_enforced"] == "INSIDE"


def test_a_draw_goes_as_far_as_availability_and_says_so(base: Example) -> None:
    assert told(base.result, "for interest and operating holes as far as that goes", "Term Sheet")
    label = "Drawn for interest and operating holes: what is missing, as far as availability goes"
    assert label in labels(base, "Waterfall")


def test_the_covenant_on_availability_says_when_it_can_fail(base: Example) -> None:
    """What stands above availability less the block is prepaid: the block itself is always left."""
    words = "failed only with a missed payment"
    assert base.number("block") >= base.number("covenant_availability") > 0
    assert told(base.result, words, "Term Sheet")
    assert told(base.result, "Fails with a missed payment only")
    drawn = {"block": 0, "redraw_to": 75e6, "dominion_share": 0}
    free = base.given(drawn)
    assert not told(free, words, "Term Sheet")
    assert free.names["covenant_excess"] == "BREACH"
    kept = base.given({**drawn, "block": base.number("block")}).names
    first = kept["covenant_excess.first_breach"]
    missed = int(kept["first_missed_month"])  # type: ignore[call-overload]
    dates = base.row("period_end")
    assert first == "never" or (missed and first >= dates[missed - 1])  # type: ignore[operator]


def test_the_unused_fee_says_how_it_counts(base: Example) -> None:
    """A twelfth a month on any days of interest, which count actual days over 360 beside it."""
    months = [base.given({"interest_days": days}) for days in ("act/360", "30/360")]
    place, row = base.place("fee_due")
    first, second = (found.values[place][row, 5] for found in months)
    assert first == pytest.approx(second, rel=1e-12)
    assert told(base.result, "a twelfth a month", "Term Sheet")


def test_a_contract_that_lasts_to_maturity_leaves_nothing_to_carry(loan: Example) -> None:
    tenor = int(loan.number("tenor_months"))
    whole = loan.given({"contract_months": tenor})
    assert told(whole, "The contract lasts to maturity and leaves nothing for the market to carry")
    assert told(loan.result, "than is owed at contract end")
    late = loan.given({"contract_months": tenor, "customer_stops": 13})
    left = late.names["balance_end"]
    assert told(
        late, f"month 13 of a contract that lasts to maturity and leaves USD {left / 1e6:,.1f} m"
    )  # type: ignore[operator]
    assert any("or the loan if sooner" in label for label in labels(loan, "Summary"))


def test_a_step_bites_in_the_month_after_it(loan: Example) -> None:
    stepped = loan.given({"step_month_1": 14, "step_drop_1": 0.3})
    place, row = loan.place("steps_taken")
    assert [stepped.values[place][row, 4 + k] for k in (14, 15)] == pytest.approx([1, 0.7])
    assert loan.template.inputs["step_month_1"].label == "First step, at the end of month"


def test_covenants_on_what_is_owed_say_that_the_lender_waits(loan: Example, base: Example) -> None:
    found = {test.name: test.label for test in loan.template.covenant}
    assert "waiting" in found["covenant_advance"] and "waiting" in found["covenant_cash"]
    assert "waiting" in {test.name: test.label for test in base.template.test}["limit_flv"]


@pytest.mark.parametrize(
    ("name", "given", "rate"),
    [
        ("gpu-term-loan", {}, "7.85%"),
        ("gpu-term-loan", {"base_floor": 0.05}, "9.00%"),
        ("gpu-term-loan", {"hedged_share": 0.5, "swap_rate": 0.045}, "8.18%"),
        ("gpu-borrowing-base", {"base_floor": 0.05}, "10.25%"),
    ],
)
def test_the_all_in_rate_is_the_one_charged(
    example_of: Callable[[str], Example], name: str, given: dict[str, Any], rate: str
) -> None:
    found = example_of(name).given(given)
    for page in ("Summary", "Term Sheet"):
        assert told(found, f"all in {rate} at closing", page)


def test_the_hedge_in_the_cash_flow_is_the_term(loan: Example) -> None:
    hedged = loan.given({"hedged_share": 0.5, "swap_rate": 0.045})
    assert term(loan, hedged, "Hedging") == "50% of the loan swapped at 4.50%, in the cash flow"
    assert term(loan, loan.result, "Hedging").startswith("open")


def test_what_was_left_with_the_borrower_counts_until_enforcement(base: Example) -> None:
    """A payment missed in the first month and made up for is no enforcement."""
    cured = base.given({"scenario": "Rents 20% lower"})
    left = cured.names["distributed"]
    assert isinstance(left, float) and left > 1e6
    words = f"USD {left / 1e6:,.1f} m left with the borrower before"
    assert told(cured, f"{words}, though a payment was missed in month 1")
    assert told(base.result, "m left with the borrower before")
    assert not told(base.result, "though a payment was missed")


@pytest.mark.parametrize("given", [{}, {"scenario": "Rents 20% lower"}], ids=str)
def test_overadvances_and_sweeps_are_told_by_their_own_amounts(
    base: Example, given: dict[str, Any]
) -> None:
    found = base.given(given)
    paid, swept = (found_sum(base, found, name) for name in ("principal_paid", "swept"))
    text = term(base, found, "Mandatory prepayment")
    assert f"overadvance within the month, USD {paid / 1e6:,.1f} m before maturity" in text
    assert text.endswith(f"cash in cash dominion, USD {swept / 1e6:,.1f} m before maturity")


GUARANTEE = {"guarantee_share": 0.25, "guarantee_cap": 1e9}
STOPPED = {"tenor_months": 12, "first_test_month": 6, "customer_stops": 10}


def test_what_enforcement_recovers_is_no_loss_beside_the_margin(loan: Example) -> None:
    found = loan.given(STOPPED)
    assert found.names["loss"] == 0 and found.names["unpaid_at_maturity"] > 1e6  # type: ignore[operator]
    assert told(found, "Recovered by enforcement in the case in force, not repaid: no verdict")
    assert not told(found, "no margin pays for that")
    assert told(loan.result, "no margin pays for that")
    assert told(found, "The customer stops in month 10 of a contract that lasts to maturity")


def test_what_decides_the_loss_is_a_term(loan: Example) -> None:
    """The equity cure, the termination payment and the guarantee were on no page."""
    labels = ("Termination payment of the customer", "Equity cure", "Residual value guarantee")
    assert [term(loan, loan.result, label) for label in labels] == ["None"] * 3
    assert "termination payment" not in term(loan, loan.result, "Mandatory prepayment")
    agreed = loan.given(STOPPED | {"termination_months": 2.5, "equity_cure": 5e6} | GUARANTEE)
    paid, cure, guarantee = (term(loan, agreed, label) for label in labels)
    assert paid.startswith("2.5 months of contract revenue") and "USD 5.0 m at most" in cure
    assert "termination payment 100%" in term(loan, agreed, "Mandatory prepayment")
    assert guarantee.startswith("USD 864.0 m of sale proceeds, 25% of fleet cost, at most USD 1,0")


def test_a_forced_sale_is_told_apart_from_a_guarantee(loan: Example) -> None:
    found = loan.given(GUARANTEE)
    sale = loan.number("end_liquidation")
    assert found.names["end_liquidation"] == sale
    assert told(found, f"bring; the guarantee adds USD {(864e6 - sale) / 1e6:,.1f} m")
    assert told(found, "residual value guarantee: USD 864.0 m", "Summary")
    assert told(found, "The residual value guarantee is left out", "Simulation")
    assert found.names["ltv_forced"] == loan.result.names["ltv_forced"]
    assert found.names["loss"] < loan.number("loss")  # type: ignore[operator]


def test_terms_follow_the_dates_on_which_cash_is_shared_out(loan: Example) -> None:
    rare = loan.given({"interest_months": 6, "payment_months": 6, "dsra_months": 6})
    for found, date in ((loan.result, "month"), (rare, "payment date")):
        assert f"cash of the next {date}" in term(loan, found, "Lock-up and cash trap")
        assert f"of each {date}" in term(loan, found, "Financial covenant: DSCR")


def test_a_test_that_never_comes_is_one_clause(loan: Example) -> None:
    text = term(loan, loan.given({"tenor_months": 26}), "Financial covenant: DSCR")
    assert "from month 27 (never: the loan ends in month 26): CFADS" in text


def test_a_small_loss_is_not_told_as_none(base: Example) -> None:
    """USD 38,446 were "USD 0.0 m", and the downside told what is recovered without what is lost."""
    found = base.given({"rent_level": 0.7})
    loss, downside = (float(found.names[name]) for name in ("loss", "downside_loss"))  # type: ignore[arg-type]
    assert 0 < loss < 5e4 and downside > 1e6
    assert told(found, f"The case in force loses USD {loss:,.0f}: no margin pays for that")
    assert told(found, f"; USD 35.4 m recovered by enforcement; USD {downside:,.0f} lost")
    assert not told(base.result, " lost")


@pytest.mark.parametrize(
    ("name", "given", "sentences"),
    [
        ("gpu-borrowing-base", {"draw": 0, "scenario": "Rents 20% lower"}, 4),
        ("gpu-term-loan", {"commitment": 0}, 4),
    ],
)
def test_no_sentence_ends_in_an_error_where_no_loan_is_drawn(
    example_of: Callable[[str], Example], name: str, given: dict[str, Any], sentences: int
) -> None:
    example = example_of(name)
    texts = list(said(example.given(given)))
    assert sum(text.startswith("No loan is drawn") for text in texts) == sentences
    assert any(text.endswith("at closing; no loan is drawn") for text in texts)
    assert not told(example.result, "loan is drawn")
