"""The GPU loan's verdicts and sentences where a deal is another than the shipped one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from tests.workbook.conftest import Example
from tests.workbook.test_curves import calculated, filled
from tests.workbook.test_term_loan import changed, number
from xlcredit.recalc import recalculate
from xlcredit.workbook.making import new_workbook
from xlcredit.workbook.session import Session

#: Sheet Stress: where the scenarios begin, and the column of the highest loan to resale.
FIRST_SCENARIO, WORST_LTV = 6, "H"


@pytest.fixture(scope="module")
def book() -> Iterator[Session]:
    with new_workbook("gpu-term-loan") as session:
        yield session


def sentences(book: Session, sheet: str) -> list[str]:
    return [v for row in book.table(sheet).itertuples() for v in row if isinstance(v, str)]


def test_where_no_loan_is_drawn_nothing_is_met(book: Session) -> None:
    with changed(book, commitment=0):
        found = [*book.covenants, *book.tests]
        assert {result.name: result.status for result in found} == {r.name: "NONE" for r in found}
        assert len(found) == 11
        assert book["waited_words"] == "no loan is drawn"
        assert not any(
            "which is never" in s or "(never" in s for s in sentences(book, "Term Sheet")
        )
        assert book["Stress!I6"] == book["Stress!J6"] == book["Stress!K6"] == "NONE"


def test_a_reserve_that_is_not_agreed_is_not_funded(book: Session) -> None:
    with changed(book, dsra_months=0):
        assert book["condition_reserve"] == "NONE"
    assert book["condition_reserve"] == "MET"


@pytest.mark.parametrize("scenario", ["Rents 20% lower", "As input"])
def test_each_scenario_is_secured_on_what_its_own_cards_are_worth_at_closing(
    book: Session, scenario: str
) -> None:
    """A short loan is worst secured on its first day; the case in force moves no other row."""
    with changed(book, tenor_months=12, contract_months=12):
        rows = range(FIRST_SCENARIO, FIRST_SCENARIO + 10)
        names = [book[f"Stress!A{row}"] for row in rows]
        before = [book[f"Stress!{WORST_LTV}{row}"] for row in rows]
        book["scenario"] = scenario
        assert [book[f"Stress!{WORST_LTV}{row}"] for row in rows] == before
        assert number(book, "max_ltv") == pytest.approx(before[names.index(scenario)], rel=1e-12)
        assert before[names.index("Rents 20% lower")] > 1.1 * before[names.index("As input")]


def test_a_termination_payment_is_no_contract_revenue_collected(book: Session) -> None:
    """It repays the loan, and counts in no realization: the month of the stop is the breach."""
    with changed(book, customer_stops=28, termination_months=12):
        repaid, breached = number(book, "waited_month"), first_breach(book)
        book["termination_months"] = 0
        assert first_breach(book) == breached
        assert number(book, "waited_month") != repaid > 0
    with changed(book, contract_months=61, customer_stops=60, termination_months=2):
        assert book["covenant_contract"] == "BREACH"


def first_breach(book: Session) -> object:
    covenant = next(c for c in book.covenants if c.name == "covenant_contract")
    assert covenant.status == "BREACH"
    return covenant.first_breach


def test_a_certificate_reads_what_the_covenants_read(loan: Example, tmp_path: Path) -> None:
    given = {"customer_stops": 28.0, "termination_months": 12.0, "as_at_month": 28.0}
    actuals = {"utilised": filled([0.8] * 28)}
    path, _ = calculated(loan, tmp_path, actuals=actuals, inputs=given)
    page = openpyxl.load_workbook(path, data_only=True)["Compliance"]
    rows = list(page.iter_rows(values_only=True))
    labels = [row[0] for row in rows]
    earned = rows[labels.index("DSCR: as underwritten, and as earned, on payment dates") + 1]
    tested = rows[labels.index("DSCR of the test")]
    assert earned[1] == "Actual" and earned[3] == pytest.approx(tested[3], rel=1e-9)
    assert tested[-1] == "BREACH" and tested[3] < 0
    collected = rows[labels.index("Contract realization") + 1]
    certified = rows[len(labels) - 1 - labels[::-1].index("Contract realization")]
    assert collected[3] == 0 and collected[4] == pytest.approx(2 / 3) == certified[3]
    assert certified[-1] == "BREACH"


def test_nobody_is_paid_before_an_enforcement_that_never_comes(book: Session) -> None:
    given = {"customer_stops": 1, "termination_months": 24, "termination_prepays": 0.5}
    with changed(book, **given):
        assert number(book, "default_month") == 0 < number(book, "first_missed_month")
        said = [words for words in sentences(book, "Summary") if " to the sponsor" in words]
        assert said and "enforcement" not in said[0]
    said = [words for words in sentences(book, "Summary") if " to the sponsor" in words]
    assert "to the sponsor before enforcement" in said[0]


def test_a_simulation_without_a_figure_agrees_with_nobody(book: Session) -> None:
    with changed(book, market_rent=0, executed_ratio=1e-300):  # repaid, on cards of no worth
        assert book["limit_margin"] == "CHECK"
        assert "The simulation gives no figure: no verdict on the margin" in sentences(
            book, "Summary"
        )
        assert book["master_check"] == "CHECK"


def test_rents_at_their_floor_have_no_break_even_and_no_error(book: Session) -> None:
    """No decline moves them; the halving, which several months need, begins at the floor."""
    with changed(book, rent_floor=3.0, rent_level=0.8, covenant_months=3):
        assert book["breakeven_decline"] == "none" and book["covenant_dscr_curve"] == "PASS"
        assert not [fault for fault in book.errors if fault.sheet in ("Halving", "Summary")]


def test_without_a_contract_there_is_no_customer(book: Session) -> None:
    with changed(book, contract_months=0):
        said = sentences(book, "Term Sheet")
        assert "No customer contract: the whole fleet earns market rents" in said


def test_repaid_shares_that_are_given_are_not_sculpted(loan: Example, tmp_path: Path) -> None:
    """All repaid before the first test of the DSCR: not tested, in each scenario too."""
    shares = [min(1.0, month / 24) for month in range(1, 62)]
    path, result = calculated(loan, tmp_path, series={"repaid_share": filled(shares)})
    assert result.names["covenant_dscr_curve"] == "NONE"
    book = openpyxl.load_workbook(path, data_only=True)
    terms = [c.value for row in book["Term Sheet"] for c in row if isinstance(c.value, str)]
    assert any(words.startswith("Monthly, in the shares given; average life") for words in terms)
    assert any("carry at 1.40x if it were sculpted: USD" in words for words in terms)
    assert not any("sculpted to" in words for words in terms)
    stress = book["Stress"]
    assert [stress[f"I{FIRST_SCENARIO + n}"].value for n in range(10)] == ["NONE"] * 10
    shown = [cell.value for row in stress.iter_rows() for cell in row]
    assert not any(isinstance(value, str) and value.startswith("#") for value in shown)


def test_resale_values_of_ones_own_have_no_formula_to_agree_with(
    loan: Example, tmp_path: Path
) -> None:
    series = {"generation_unit": filled([38_000.0, 37_600.0, 37_000.0])}
    path, result = calculated(loan, tmp_path, series=series)
    assert result.names["master_check"] == "OK"
    assert recalculate(path, inputs={"use_generation_unit": 0}).names["master_check"] == "OK"
