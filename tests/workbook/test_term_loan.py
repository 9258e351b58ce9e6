"""The GPU loan: break-evens, terms that are off by default, its simulation, its certificate."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.workbook.conftest import Example
from xlcredit.workbook.making import new_workbook
from xlcredit.workbook.session import Session
from xlcredit.workbook.simulated import simulate

FIRST, MONTHS = 5, 72


@pytest.fixture(scope="module")
def book() -> Iterator[Session]:
    with new_workbook("gpu-term-loan") as session:
        yield session


@contextmanager
def changed(book: Session, **inputs: Any) -> Iterator[None]:
    """Change inputs for a while."""
    book.set(inputs)
    yield
    book.reset()


def number(book: Session, name: str) -> float:
    value = book[name]
    assert isinstance(value, float), (name, value)
    return value


@pytest.mark.parametrize(
    "terms",
    [
        {"index_basis": 0.8},
        {"index_basis": 1.3},
        {"step_drop_1": 0.25},
        {"rent_floor": 2.0, "covenant_months": 3},
        {"cash_sweep": 0.1, "covenant_months": 3},
        {"cash_sweep": 0.3, "first_test_month": 30},
        {"cash_sweep": 0.05, "covenant_months": 12, "covenant_looks": "forward"},
    ],
    ids=str,
)
def test_at_its_break_even_the_covenant_is_just_met(book: Session, terms: dict[str, Any]) -> None:
    with changed(book, **terms):
        book["rent_decline"] = number(book, "breakeven_decline")
        assert number(book, "min_dscr_tested") == pytest.approx(1.40, rel=1e-6)
        assert book["master_check"] == "OK"


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.floats(-0.2, 0.6),
    st.floats(0.0, 0.3),
    st.sampled_from([{}, {"customer_stops": 13, "grace_months": 3}, {"covenant_months": 3}]),
)
def test_lower_rents_never_raise_the_dscr_or_pass_the_covenant(
    book: Session, decline: float, further: float, terms: dict[str, Any]
) -> None:
    with changed(book, **terms, rent_decline=decline):
        before = number(book, "min_dscr"), number(book, "min_dscr_tested")
        broken = book["covenant_dscr_curve"] == "BREACH"
        just = number(book, "breakeven_decline") if not terms.get("customer_stops") else decline
        book["rent_decline"] = decline + further
        after = number(book, "min_dscr"), number(book, "min_dscr_tested")
        assert after[0] <= before[0] + 1e-12 and after[1] <= before[1] + 1e-12
        assert not broken or book["covenant_dscr_curve"] == "BREACH"
        if not terms.get("customer_stops"):
            assert number(book, "breakeven_decline") == pytest.approx(just, abs=1e-9)


@pytest.mark.parametrize(
    "terms",
    [
        {"cash_sweep": 0.2, "lock_up_dscr": 1.65},
        {"cash_sweep": 0.2, "lock_up_dscr": 1.7, "covenant_dscr": 1.0},
        {"cash_sweep": 0.3, "lock_up_dscr": 1.7},
    ],
    ids=str,
)
def test_the_break_even_is_the_smallest_decline_that_breaks(
    book: Session, terms: dict[str, Any]
) -> None:
    """A sweep repays some of these loans sooner at lower rents: they pass, break, and pass."""
    with changed(book, **terms):
        verdicts, found = [], []
        for decline in (0.0, 0.2, 0.425, 0.45, 0.6):
            book["rent_decline"] = decline
            assert book["master_check"] == "OK"
            verdicts.append(book["covenant_dscr_curve"])
            found.append(number(book, "breakeven_decline"))
        # whatever the decline in force, whether it passes or not
        assert found == pytest.approx([found[0]] * len(found), abs=1e-9)
        assert verdicts[0] == "PASS" and "BREACH" in verdicts[1:]
        for n in range(12):
            book["rent_decline"] = -0.5 + (found[0] - 1e-9 + 0.5) * n / 11
            assert book["covenant_dscr_curve"] == "PASS"
        book["rent_decline"] = found[0] + 1e-6
        assert book["covenant_dscr_curve"] == "BREACH"


def test_a_loan_paid_as_lenders_wait_is_owed_net_of_the_cards(book: Session) -> None:
    """What is unpaid at maturity, less what the cards bring then; the balloon is owed first."""
    for terms in ({}, {"balloon_share": 0.2}, {"rent_decline": 0.0, "contract_months": 61}):
        with changed(book, **terms):
            unpaid, balloon = number(book, "unpaid_at_maturity"), number(book, "balloon")
            left = unpaid + balloon - number(book, "maturity_sale")
            expected = max(0.0, min(unpaid, left))
            assert number(book, "unpaid_after_sale") == pytest.approx(expected, rel=1e-12)
            case = str(book["downside"])
            after = number(book, "downside_after_sale")
            book["scenario"] = case
            assert number(book, "unpaid_after_sale") == pytest.approx(after, rel=1e-9)


@pytest.mark.parametrize("downtime", [0, 3])
def test_cards_stand_empty_as_long_as_in_the_simulation(book: Session, downtime: int) -> None:
    still = {"gpu_vol": 0, "sim_jumps": 0, "sim_reversion": 0, "interest_days": "even months"}
    at_once = {"sim_hazard": 100, "sim_elasticity": 0, "sim_paths": 2000}
    with changed(book, **still, **at_once, downtime_months=downtime):
        simulated = number(book, "sim_loss_95")
        book["customer_stops"] = 1
        assert number(book, "loss") == pytest.approx(simulated, rel=1e-9)
        assert simulated > 0.0


def test_no_decline_or_any_decline_breaks_it(book: Session) -> None:
    with changed(book, contract_months=61, contract_rent=9.0, cash_sweep=0.2):
        assert book["breakeven_decline"] == "none"
    with changed(book, payment_months=6, cash_sweep=0.2):
        assert book["breakeven_decline"] == "any"


OFF: list[dict[str, Any]] = [
    {"payment_months": 3, "covenant_months": 3},
    {"payment_months": 6, "covenant_months": 6, "balloon_share": 0.25},
    {"balloon_share": 0.4, "cash_sweep": 0.5},
    {"equity_cure": 3e8, "customer_stops": 13, "termination_months": 6},
    {"ramp_months": 9, "customer_prepayment": 1e8},
    {"guarantee_share": 0.2, "guarantee_cap": 3e8, "opex_growth": 0.03},
    {
        "hedged_share": 0.95,
        "swap_rate": 0.036,
        "base_floor": 0.02,
        "oid": 0.01,
        "upfront_fee": 0.01,
    },
]


@pytest.mark.parametrize("terms", OFF, ids=str)
def test_terms_that_are_off_by_default_hold_the_audit(book: Session, terms: dict[str, Any]) -> None:
    """Every twin, XLC_REPAYMENT among them, agrees to the tolerance of the master check."""
    with changed(book, **terms):
        assert book["master_check"] == "OK"


def test_all_of_them_at_once_and_at_random(book: Session) -> None:
    dice = random.Random(7)
    for _ in range(4):
        terms = {name: value for some in dice.sample(OFF, 4) for name, value in some.items()}
        terms |= {"cash_sweep": dice.choice([0.0, 0.3]), "rent_decline": dice.uniform(0.0, 0.5)}
        with changed(book, **terms):
            assert book["master_check"] == "OK", terms


def test_a_balloon_is_what_the_schedule_leaves(loan: Example) -> None:
    changes = {"balloon_share": 0.3, "contract_months": 61}
    result = loan.given(changes)
    names = result.names
    assert names["balloon"] == pytest.approx(0.3 * names["debt"], rel=1e-9)  # type: ignore[operator]
    assert names["unpaid_at_maturity"] == 0 and names["repaid_month"] == 61
    # interest and all of it back: the yield is the rate of the loan
    assert names["lender_irr"] == pytest.approx(loan.number("lender_irr"), abs=0.05)
    assert names["master_check"] == "OK"


def test_principal_falls_due_every_so_many_months(loan: Example) -> None:
    result = loan.given({"payment_months": 6})
    sheet, at = loan.place("scheduled")
    due = [result.values[sheet][at, FIRST + month] for month in range(MONTHS)]
    months = [month for month, amount in enumerate(due, start=1) if amount]
    assert months == [*range(6, 61, 6), 61]
    assert sum(due) == pytest.approx(loan.number("debt"), rel=1e-9)


def test_the_sheet_says_what_the_command_says(book: Session, tmp_path: Path) -> None:
    book.save(tmp_path / "loan.xlsx")
    figures = simulate(tmp_path / "loan.xlsx").figures
    for name, figure, unit in (
        ("sim_default", "payment_default_probability", 1.0),
        ("sim_loss", "expected_loss", 1.0),
        ("sim_spread", "spread", 1e4),
        ("sim_worst", "shortfall_p99", 1.0),
        ("sim_ltv", "max_ltv_p95", 1.0),
    ):
        assert number(book, name) == pytest.approx(unit * figures[figure].value, rel=1e-9), name
        error = figures[figure].error
        assert number(book, f"{name}_error") == pytest.approx(error, rel=1e-9), name
    assert book["spread_simulated"] == book["sim_spread"]


@pytest.mark.parametrize(
    ("name", "value", "figure"),
    [
        ("sim_hazard", 0.15, "sim_default"),
        ("rent_decline", 0.5, "sim_loss"),
        ("gpu_vol", 0.6, "sim_ltv"),
        ("sim_jumps", 2.0, "sim_worst"),
        ("daily_depth", 10, "sim_loss"),
    ],
)
def test_a_worse_input_gives_a_worse_figure(
    book: Session, name: str, value: float, figure: str
) -> None:
    before = number(book, figure)
    with changed(book, **{name: value}):
        assert number(book, figure) > before


def test_without_chance_the_simulation_is_the_waterfall(book: Session) -> None:
    """No volatility, no crash, no customer that stops: one path, that of the sheet Waterfall."""
    still = {"gpu_vol": 0, "sim_jumps": 0, "sim_hazard": 0, "interest_days": "even months"}
    with changed(book, **still):
        assert number(book, "sim_loss") == pytest.approx(number(book, "loss"), rel=1e-9)
        assert number(book, "sim_default") == 1.0
        assert number(book, "sim_ltv_50") == pytest.approx(number(book, "max_ltv"), rel=0.2)


def test_the_certificate_adds_up_what_has_happened(loan: Example) -> None:
    result = loan.given({"as_at_month": 16})
    values = result.values["Compliance"]
    sheet = loan.formulas["Compliance"]
    label = "CFADS: as underwritten, and as earned"
    (at,) = [cell.row for cell in sheet["A"] if cell.value == label]
    flat, earned = loan.row("cfads_flat"), loan.row("cfads_curve")
    for column, months in enumerate((1, 3, 12, 16), start=4):
        budget, actual = sum(flat[16 - months : 16]), sum(earned[16 - months : 16])
        assert values[at, column] == pytest.approx(budget, rel=1e-12)
        assert values[at + 1, column] == pytest.approx(actual, rel=1e-12)
        assert values[at + 2, column] == pytest.approx(actual - budget, rel=1e-9)
    assert result.names["certificate_advance"] == "PASS"
    assert loan.result.names["certificate_advance"] == "no report yet"
    late = {"as_at_month": 54, "covenant_liquidity": 1e9}
    names = loan.given(late).names
    assert names["certificate_dscr"] == names["certificate_cash"] == "BREACH"
