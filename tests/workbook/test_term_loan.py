"""The GPU loan: break-evens, terms that are off by default, its simulation, its certificate."""

from __future__ import annotations

import random
from calendar import monthrange
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.workbook.conftest import Example, opened
from tests.workbook.test_curves import calculated, filled
from tests.workbook.test_stress import at, table
from xlcredit.recalc import Recalculation
from xlcredit.workbook.session import Session
from xlcredit.workbook.simulated import simulate

FIRST, MONTHS = 5, 72


@pytest.fixture(scope="module")
def book(book_of: Callable[[str], Session]) -> Session:
    return book_of("gpu-term-loan")


@contextmanager
def changed(book: Session, **inputs: Any) -> Iterator[None]:
    """Change inputs for a while."""
    book.set(inputs)
    try:
        yield
    finally:
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
        {"rent_floor": 1.2, "covenant_months": 3, "rent_level": 0.6},
        {"cash_sweep": 0.1, "covenant_months": 3},
        {"cash_sweep": 0.3, "first_test_month": 30},
        {"cash_sweep": 0.05, "covenant_months": 12, "covenant_looks": "forward"},
        {"balloon_share": 0.3},
        {"balloon_share": 0.05, "cash_sweep": 0.2, "contract_months": 40, "daily_depth": 600},
        {"interest_months": 6, "dsra_months": 6, "cash_sweep": 0.2, "covenant_months": 12},
        {
            **{"interest_months": 3, "lock_up_dscr": 1.6, "balloon_share": 0.05},
            **{"trigger_index": 0.6, "trigger_sweep": 0.2, "trigger_dsra_months": 6},
        },
    ],
    ids=str,
)
def test_at_its_break_even_the_covenant_is_just_met(book: Session, terms: dict[str, Any]) -> None:
    with changed(book, **terms):
        book["rent_decline"] = number(book, "breakeven_decline")
        assert number(book, "min_dscr_tested") == pytest.approx(1.40, rel=1e-6)
        assert book["covenant_dscr_curve"] == "PASS"
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
            # at rents that rise the sweep repays before the first test
            untested = number(book, "waited_month") < number(book, "first_test_month")
            assert book["covenant_dscr_curve"] == ("NONE" if untested else "PASS")
        book["rent_decline"] = found[0] + 1e-6
        assert book["covenant_dscr_curve"] == "BREACH"


def test_a_loan_paid_as_lenders_wait_is_owed_net_of_the_cards(book: Session) -> None:
    """What is unpaid at maturity, the balloon among it, less what the cards bring then."""
    for terms in ({}, {"balloon_share": 0.2}, {"rent_decline": 0.0, "contract_months": 61}):
        with changed(book, **terms):
            unpaid = number(book, "unpaid_at_maturity")
            expected = max(0.0, unpaid - number(book, "maturity_sale"))
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
    {"balloon_share": 0.05, "recovery_months": 30, "refi_life": 144, "daily_depth": 6000},
    {"draw_months": 12, "tranche_share_1": 0.4, "tranche_month_1": 9, "customer_prepayment": 1e8},
    {
        "hedged_share": 0.95,
        "swap_rate": 0.036,
        "base_floor": 0.02,
        "oid": 0.01,
        "upfront_fee": 0.01,
    },
    {"interest_months": 3, "lock_up_dscr": 1.6, "grace_months": 4},
    {"trigger_index": 0.6, "trigger_sweep": 0.3, "trigger_dsra_months": 9},
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


#: A deep market for cards, and a contract that outlives the loan.
DEEP = {"tenor_months": 48, "contract_months": 72, "daily_depth": 600}


def test_a_balloon_is_what_the_schedule_leaves(loan: Example) -> None:
    names = loan.given({"balloon_share": 0.05, **DEEP}).names
    assert names["balloon"] == pytest.approx(0.05 * names["debt"], rel=1e-9)  # type: ignore[operator]
    assert names["unpaid_at_maturity"] == 0 and names["repaid_month"] == 48
    # interest and all of it back: the yield is the rate of the loan, on actual days over 360
    earned = (1 + 0.0785 * 365.25 / 360 / 12) ** 12 - 1
    assert names["lender_irr"] == pytest.approx(earned, abs=1e-4)
    assert names["master_check"] == "OK"


def said(found: Recalculation) -> str:
    """All that stands on the Summary in words."""
    return " | ".join(v for v in found.values["Summary"].values() if isinstance(v, str))


def test_the_summary_says_what_becomes_of_the_balloon(loan: Example) -> None:
    whole = loan.given({"balloon_share": 0.05, **DEEP})
    assert round(whole.names["refi_left"] / 1e6) == 47  # type: ignore[operator]
    taken = f"a new lender takes out USD {whole.names['refi_left'] / 1e6:,.1f} m"  # type: ignore[operator]
    assert f"Every payment is made; repaid in month 48; {taken}" in said(whole)
    left = loan.given({"balloon_share": 0.3, **DEEP})
    assert "First payment missed in month 48" in said(left)
    assert round(left.names["refi_left"] / 1e6) == 695  # type: ignore[operator]
    open_ = f"USD {left.names['refi_left'] / 1e6:,.1f} m"  # type: ignore[operator]
    assert f"not repaid; {open_} are not refinanced" in said(left)
    assert "The case in force does not repay the lender: no margin pays for that" in said(left)
    assert "Every payment is made" not in said(left)
    assert "refinanced" not in said(loan.result)


def test_without_a_new_lender_the_lender_waits_for_the_sale(book: Session) -> None:
    """A loan within the advance on a forced sale is unpaid, late and whole; above it, lost."""
    with changed(book, **DEEP, balloon_share=0.05):
        whole = {name: number(book, name) for name in PRICED}
        book["refi_share"] = 0.0
        none = {name: number(book, name) for name in PRICED}
        assert book["master_check"] == "OK"
        assert none["unpaid_at_maturity"] == pytest.approx(none["refi_left"], rel=1e-12)
        assert none["lender_irr"] < whole["lender_irr"]
        assert none["loss"] == whole["loss"] == 0.0
        assert none["expected_unpaid"] > whole["expected_unpaid"]
        book["balloon_share"] = 0.3
        more = {name: number(book, name) for name in PRICED}
        for name in PRICED[2:]:
            assert more[name] > none[name], name


PRICED = (
    *("refi_left", "lender_irr", "unpaid_at_maturity", "loss", "expected_loss", "expected_unpaid"),
    *("spread_scenarios", "spread_hazard", "spread_simulated", "required_spread"),
)


def test_the_price_of_risk_is_that_of_the_loss_in_the_cash(loan: Example) -> None:
    """No hazard: the premium that pays for the balloon's loss, and for nothing else."""
    result = loan.given({"balloon_share": 0.3, "hazard": 0, **DEEP})
    sheet, row = loan.place("balance")
    owed = [float(result.values[sheet][row, 4 + k]) for k in range(48)]  # type: ignore[arg-type]
    loss = result.names["loss"]
    assert isinstance(loss, float) and loss > 4e8
    factors = [1.0425 ** (-k / 12) for k in range(1, 49)]
    premium = sum(balance * factor / 12 for balance, factor in zip(owed, factors, strict=True))
    spread = 1e4 * loss * factors[-1] / premium
    assert result.names["spread_hazard"] == pytest.approx(spread, rel=1e-9)


def test_what_brings_a_prepaid_loan_up_to_date_is_its_arrears(loan: Example) -> None:
    """A termination payment puts the balance below the schedule; what is missed then is due."""
    terms = {"customer_stops": 14, "termination_months": 12, **DEEP, "dsra_months": 0}
    result = loan.given(terms)

    def months(name: str) -> list[float]:
        sheet, row = loan.place(name)
        return [float(result.values[sheet][row, 5 + k]) for k in range(48)]  # type: ignore[arg-type]

    ahead = 0
    rows = zip(
        *(months(n) for n in ("overdue", "arrears", "balance", "signed_balance")), strict=True
    )
    for overdue, arrears, owed, signed in rows:
        assert overdue == pytest.approx(max(arrears, owed - signed, 0.0), rel=1e-9, abs=1e-3)
        ahead += arrears > 0.0 and owed < signed
    assert ahead
    short = min(250e6 - due for due in months("overdue"))
    assert result.names["liquidity_lowest"] <= short + 1e-3  # type: ignore[operator]


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


def test_the_certificate_adds_up_what_has_happened(loan: Example, tmp_path: Path) -> None:
    """Operating cost is reported as it was budgeted: what nobody reports is certified by nobody."""
    actuals = {"opex": filled(loan.row("opex")[:54])}
    path, result = calculated(loan, tmp_path, actuals=actuals, inputs={"as_at_month": 16})
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
    names = opened(path, late).names
    assert names["certificate_dscr"] == names["certificate_cash"] == "BREACH"
    # a scenario moves the months reported too: that is no certificate
    assert values.get((3, 1)) in (None, "")
    shocked = opened(path, {"scenario": "Rents 20% lower"})
    for name in (line.name for line in loan.template.certificate):
        assert shocked.names[name] == "scenario"
    assert "No certificate: the scenario Rents 20% lower is" in str(
        shocked.values["Compliance"][3, 1]
    )


def test_cash_that_leaves_between_two_dates_of_principal_is_told(loan: Example) -> None:
    """A period's lock-up tests the service of that period; paid together, cash waits."""
    words = "cash of a month without principal is distributed"
    for inputs, leaves in (
        ({}, False),
        ({"payment_months": 3}, True),
        ({"payment_months": 3, "interest_months": 3}, False),
    ):
        result = loan.given(inputs)
        shown = [v for v in result.values["Term Sheet"].values() if words in str(v)]
        assert bool(shown) == leaves, inputs
        kept = replace(loan, result=result).row("distribution")[:12]
        between = [cash for month, cash in enumerate(kept, start=1) if month % 3]
        assert (min(between) > 0) == (leaves or not inputs), inputs


@pytest.mark.parametrize(
    ("inputs", "verdicts"),
    [
        (
            {"liquidity": 5e8, "interest_months": 3},
            {"As input": "PASS", "Rents 20% lower": "BREACH"},
        ),
        (
            {"liquidity": 4e8, "liquidity_interest": 6, "liquidity_principal": 6},
            {"Rents fall 10% a year less": "PASS", "Rents 20% lower": "BREACH"},
        ),
        (
            {"liquidity": 2e9, "cash_sweep": 0.5, "equity_cure": 5e7},
            {"As input": "PASS", "Customer stops and rents fall 20% more": "BREACH"},
        ),
        ({"commitment": 0.0}, {"As input": "NONE"}),
    ],
)
def test_each_scenario_says_whether_its_liquidity_holds(
    loan: Example, inputs: dict[str, float], verdicts: dict[str, str]
) -> None:
    """The months of the covenant, and what the scenario leaves overdue and unmet."""
    shown = replace(loan, result=loan.given(inputs))
    header, *rows = table(shown, "Scenarios side by side")
    for row in rows:
        if row[0] in verdicts:
            assert row[at(header, "Liquidity covenant")] == verdicts[row[0]], row[0]
            live = loan.given({**inputs, "scenario": row[0]}).names
            assert live["covenant_cash"] == verdicts[row[0]], row[0]


DRAWS: list[dict[str, Any]] = [
    {},
    {"draw_months": 9},
    {
        **{"draw_months": 18, "commitment_fee": 0.0075, "upfront_fee": 0.01, "closing_costs": 5e6},
        **{"tranche_share_1": 0.3, "tranche_month_1": 18, "customer_prepayment": 1e8},
        **{"tranche_share_2": 0.2, "tranche_month_2": 6, "tranche_share_3": 0.5},
    },
    {"draw_months": 24, "tranche_share_4": 0.25, "tranche_month_4": 20, "oid": 0.02},
]


@pytest.mark.parametrize("terms", DRAWS, ids=str)
@pytest.mark.parametrize("days", ["even months", "act/360"])
def test_each_draw_costs_interest_and_fee_until_closing(
    book: Session, terms: dict[str, Any], days: str
) -> None:
    """Each draw by itself: interest from its date to closing, the fee from signing to its date."""
    with changed(book, **terms, interest_days=days):
        debt, n = number(book, "debt"), int(terms.get("draw_months", 0))
        ask = [
            (terms.get(f"tranche_share_{k}", 0.0), int(terms.get(f"tranche_month_{k}", 0)))
            for k in range(1, 5)
        ]
        even = 1 - sum(share for share, _ in ask)
        ask += [(even / n, lead) for lead in range(n)] if n else [(even, 0)]
        interest = fee = 0.0
        for share, lead in ask:
            years = (lead / 12, (n - lead) / 12)
            if days == "act/360":
                drawn = before(lead)
                years = ((before(0) - drawn).days / 360, (drawn - before(n)).days / 360)
            interest += share * debt * 0.0785 * years[0]
            fee += share * debt * terms.get("commitment_fee", 0.005) * years[1]
        paid = 57600 * (45000 + 15000) + interest + fee + terms.get("closing_costs", 0.0)
        paid += debt * (terms.get("upfront_fee", 0.0) + terms.get("oid", 0.0) - 1)
        paid -= terms.get("customer_prepayment", 0.0)
        # the reserve is that of the sheet: three services as signed
        assert number(book, "equity") == pytest.approx(paid + reserve_of(book), rel=1e-9)
        assert book["master_check"] == "OK"


def reserve_of(book: Session) -> float:
    """What the condition of closing tests."""
    return number(book, "condition_reserve.value")


def before(months: int) -> date:
    """The last day of the month so many before that of closing, the end of 2026."""
    year, month = divmod(2026 * 12 + 11 - months, 12)
    return date(year, month + 1, monthrange(year, month + 1)[1])


@pytest.mark.parametrize(
    "wrong",
    [
        {"draw_months": 12, "tranche_share_1": 0.6, "tranche_share_2": 0.6},  # more than the loan
        {"draw_months": 12, "tranche_share_1": 0.6, "tranche_month_1": 13},  # before signing
    ],
    ids=str,
)
def test_draws_that_do_not_add_up_are_told(book: Session, wrong: dict[str, Any]) -> None:
    with changed(book, **wrong):
        assert book["master_check"] == "CHECK"
