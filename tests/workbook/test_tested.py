"""The GPU loan: a covenant is tested while something is owed; equal words mean equal figures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.workbook.conftest import Example, opened
from tests.workbook.test_curves import calculated, filled
from tests.workbook.test_stress import table
from xlcredit.recalc import Recalculation

FIRST = 5
#: Repaid by a termination payment before the third test, and with less cash; repaid late, with
#: holes after it; a customer who stops and leaves it unpaid; all excess cash prepays; as it is;
#: a liquidity covenant of months of interest and principal.
TERMS: list[dict[str, Any]] = [
    {"customer_stops": 13, "termination_months": 24},
    {"customer_stops": 13, "termination_months": 24, "liquidity": 1.4e8},
    {
        **{"customer_stops": 55, "equity_cure": 1e8, "contract_months": 61},
        **{"termination_months": 6, "termination_prepays": 0.5},
    },
    {"customer_stops": 13},
    {"cash_sweep": 1.0, "rent_level": 1.2, "customer_stops": 30},
    {"maintenance_advance": 0.7505},
    {"liquidity_interest": 3, "liquidity_principal": 3},
    {"liquidity_interest": 6, "interest_months": 3, "payment_months": 3, "customer_stops": 30},
]
REPAID_EARLY = TERMS[0]


def months(loan: Example, found: Recalculation, name: str) -> list[float]:
    sheet, row = loan.place(name)
    last = FIRST + loan.template.months
    return [float(found.values[sheet][row, c]) for c in range(FIRST, last)]  # type: ignore[arg-type]


def first(broken: list[int], dates: list[float]) -> object:
    return dates[broken[0] - 1] if broken else "never"


@pytest.mark.parametrize("terms", TERMS, ids=str)
def test_a_covenant_is_tested_in_the_months_in_which_something_is_owed(
    loan: Example, terms: dict[str, Any]
) -> None:
    """Worked out month by month from what is owed, billed and paid."""
    found = loan.given(terms)
    given = {name: item.value for name, item in loan.deal.inputs.items()} | terms
    names, dates = found.names, months(loan, found, "period_end")
    balance, tenor = months(loan, found, "balance"), given["tenor_months"]
    owed = [names["debt"], *balance]
    tested = [k for k in range(1, tenor + 1) if owed[k - 1] > 0.01]  # type: ignore[operator]

    # a termination payment is no revenue of the contract
    billed, due = (months(loan, found, n) for n in ("revenue_billed", "contracted"))
    stops = given["customer_stops"]
    assert not stops or not any(billed[stops - 1 : given["contract_months"]])
    window = given["realisation_months"]
    ratios = {
        k: sum(billed[max(0, k - window) : k]) / sum(due[max(0, k - window) : k])
        for k in tested
        if min(window, given["contract_months"]) <= k <= given["contract_months"]
    }
    assert names["realised_lowest"] == pytest.approx(min(ratios.values()), rel=1e-9)
    broken = [k for k, ratio in ratios.items() if ratio < given["covenant_realisation"]]
    assert names["covenant_contract"] == ("BREACH" if broken else "PASS")
    assert names["covenant_contract.first_breach"] == first(broken, dates)

    signed, arrears, gap = (months(loan, found, n) for n in ("signed_balance", "arrears", "gap"))
    left = {}
    for k in tested:
        late = max(0.0, balance[k - 1] - signed[k - 1], min(arrears[k - 1], balance[k - 1]))
        late = balance[k - 1] if k == tenor else late
        left[k] = given["liquidity"] - late - sum(gap[:k])
    interest, principal = (months(loan, found, n) for n in ("interest", "scheduled"))
    ahead = {
        k: sum(interest[k : min(tenor, k + given["liquidity_interest"])])
        + sum(principal[k : min(tenor, k + given["liquidity_principal"])])
        for k in tested
    }
    level = {k: max(given["covenant_liquidity"], ahead[k]) for k in tested}
    least = min(tested, key=lambda k: left[k] - level[k])
    assert names["liquidity_lowest"] == pytest.approx(left[least], rel=1e-9)
    assert names["liquidity_due"] == pytest.approx(level[least], rel=1e-9)
    broken = [k for k, cash in left.items() if cash < level[k] * (1 - 1e-12)]
    assert names["covenant_cash"] == ("BREACH" if broken else "PASS")
    assert names["covenant_cash.first_breach"] == first(broken, dates)

    cost, life = (
        given["gpus"] * (given["gpu_cost"] + given["other_capex"]),
        given["accounting_life"],
    )
    advance = [owed[k] / (cost * (1 - k / life)) for k in range(tenor + 1)]  # type: ignore[operator]
    assert names["covenant_advance.value"] == pytest.approx(max(advance), rel=1e-9)
    over = [k for k, ratio in enumerate(advance) if ratio > given["maintenance_advance"]]
    assert names["covenant_advance"] == ("BREACH" if over else "PASS")
    assert names["covenant_advance.first_breach"] == first(over, dates)


def test_a_breach_at_closing_has_the_date_of_closing(loan: Example) -> None:
    names = loan.given({"maintenance_advance": 0.7}).names
    assert names["covenant_advance"] == "BREACH"
    assert names["covenant_advance.first_breach"] == names["closing_date"]


def test_what_was_never_tested_says_so_with_one_word(loan: Example) -> None:
    """Repaid in month 13, first tested later: no figure, no verdict, no headroom."""
    found = loan.given(REPAID_EARLY)
    names = found.names
    assert names["first_test_month"] > names["repaid_month"] == 13  # type: ignore[operator]
    cells = ("value", "headroom", "first_breach")
    shown = [names[f"covenant_dscr_curve.{cell}"] for cell in cells]
    assert shown == ["not tested", "none", "never"]
    assert names["covenant_dscr_curve"] == "NONE"
    assert names["master_check"] == "OK" and not found.errors
    said = [v for v in found.values["Summary"].values() if isinstance(v, str)]
    assert any("the DSCR is not tested" in text for text in said)
    header, *rows = table(replace(loan, result=found), "Scenarios side by side")
    column = [str(text).split(" [")[0] for text in header].index("DSCR covenant")
    # each of them is prepaid by the same payment
    assert {row[column] for row in rows} == {"NONE"}
    nothing = loan.given({"contract_share": 0.0}).names
    assert nothing["realised_lowest"] == "not tested" and nothing["covenant_contract"] == "NONE"


@pytest.mark.parametrize("given", [{"first_test_month": 70}, {"tenor_months": 24}])
def test_a_first_test_after_maturity_is_told(loan: Example, given: dict[str, float]) -> None:
    """No figure and no verdict; the deal is wrong, and one check says how."""
    found = loan.given(given)
    assert found.names["min_dscr_tested"] == "not tested" and not found.errors
    assert found.names["covenant_dscr_curve"] == "NONE"
    assert found.names["master_check"] == "CHECK"
    header, *rows = table(replace(loan, result=found), "Scenarios side by side")
    column = [str(text).split(" [")[0] for text in header].index("DSCR covenant")
    assert {row[column] for row in rows} == {"NONE"}


def test_a_reserve_that_holds_no_payment_is_no_reserve(loan: Example) -> None:
    """Three months of service hold nothing of a service that falls due in month six."""
    half_yearly = {"interest_months": 6, "payment_months": 6}
    short = loan.given(half_yearly).names
    assert short["condition_reserve"] == "NOT MET" and short["master_check"] == "CHECK"
    whole = loan.given({**half_yearly, "dsra_months": 6}).names
    assert whole["condition_reserve"] == "MET" and whole["master_check"] == "OK"


def test_a_margin_is_not_inside_where_the_loan_is_not_repaid(loan: Example) -> None:
    names = loan.given({"margin": 0.19}).names
    assert names["spread_verdict"] == 1 and names["limit_margin.value"] == 0
    assert names["limit_margin"] == "OUTSIDE"


CERTIFICATES = [f"certificate_{name}" for name in ("dscr", "contract", "advance", "cash")]


def test_nothing_is_certified_of_a_loan_that_is_repaid_or_that_nobody_reported(
    loan: Example, tmp_path: Path
) -> None:
    forecast = loan.given({"as_at_month": 20}).names
    assert {forecast[name] for name in CERTIFICATES} == {"no report yet"}
    actuals = {"opex": filled(loan.row("opex")[:20])}
    inputs = REPAID_EARLY | {"as_at_month": 20}
    path, repaid = calculated(loan, tmp_path, actuals=actuals, inputs=inputs)
    assert {repaid.names[name] for name in CERTIFICATES} == {"NONE"}
    before = opened(path, {"as_at_month": 12}).names
    assert [before[name] for name in CERTIFICATES] == ["NONE", "PASS", "PASS", "PASS"]


@pytest.mark.parametrize("floor", [0.0, 1.5])
def test_rents_that_fall_more_a_year_mean_one_thing(loan: Example, floor: float) -> None:
    """Grid, tornado, scenario and the number typed: the yearly declines add up."""
    decline = float(loan.deal.inputs["rent_decline"].value)  # type: ignore[arg-type]
    there = replace(loan, result=loan.given({"rent_floor": floor}))
    cover, unpaid = (
        {row[0]: row[1:] for row in table(there, spec.title)[1:]} for spec in loan.template.grid[:2]
    )
    header, *cases = table(there, "Scenarios side by side")
    heads = [str(text).split(" [")[0] for text in header]
    tornado = {row[0]: row for row in table(there, loan.template.tornado[0].title)[1:]}
    across = loan.template.grid[0].across
    for more in (0.1, 0.2):
        typed = loan.given({"rent_floor": floor, "rent_decline": decline + more}).names
        at = across.index(more)
        assert cover[1.0][at] == pytest.approx(typed["min_dscr"], rel=1e-9)
        assert unpaid[1.0][at] == pytest.approx(typed["unpaid_at_maturity"], rel=1e-9)
        (case,) = [row for row in cases if row[0] == f"Rents fall {more:.0%} a year more"]
        assert case[heads.index("Minimum DSCR")] == pytest.approx(typed["min_dscr"], rel=1e-9)
        if more == 0.1:
            shown = [v for v in tornado["Yearly rent decline"] if isinstance(v, float)]
            assert any(v == pytest.approx(typed["min_dscr"], rel=1e-9) for v in shown)
    if not floor:  # market revenue down by a fifth is a level of the curve
        terms = {"rent_floor": 0.0, "rent_level": 0.8, "rent_decline": decline + 0.2}
        typed = loan.given(terms).names
        assert cover[0.8][across.index(0.2)] == pytest.approx(typed["min_dscr"], rel=1e-9)


def test_the_grid_of_what_is_unpaid_pulls_the_trigger_by_the_rents_of_its_cell(
    loan: Example,
) -> None:
    """Each cell is the whole book with its decline typed and its market revenue as rent level."""
    decline = float(loan.deal.inputs["rent_decline"].value)  # type: ignore[arg-type]
    terms = {
        **{"trigger_index": 0.6, "trigger_sweep": 0.2, "trigger_dsra_months": 6},
        **{"interest_months": 3, "contract_months": 24},
    }
    there, spec = replace(loan, result=loan.given(terms)), loan.template.grid[1]
    unpaid = {row[0]: row[1:] for row in table(there, spec.title)[1:]}
    for more, level in [(0.1, 1.0), (0.05, 0.7)]:
        typed = {"rent_decline": decline + more, "rent_level": level}
        found = loan.given({**terms, **typed}).names["unpaid_at_maturity"]
        assert unpaid[level][spec.across.index(more)] == pytest.approx(found, rel=1e-9)
        never = loan.given({**terms, **typed, "trigger_index": 0.0}).names["unpaid_at_maturity"]
        assert found != pytest.approx(never, rel=1e-3)


def test_the_books_are_compared_with_the_sale_of_the_same_cards(loan: Example) -> None:
    given = {name: item.value for name, item in loan.deal.inputs.items()}
    end = min(given["contract_months"], given["tenor_months"])
    cards = given["gpus"] * given["gpu_cost"] * (1 - end / given["accounting_life"])
    times = cards / loan.number("end_liquidation")
    said = [v for v in loan.result.values["Summary"].values() if isinstance(v, str)]
    assert any("the cards alone" in v and f"at {times:.1f}x what a forced sale" in v for v in said)


def test_loan_and_cash_equity_are_shares_of_one_cost(loan: Example) -> None:
    terms = {"customer_prepayment": 1e8, "draw_months": 12, "upfront_fee": 0.02}
    for names in (loan.result.names, loan.given(terms).names):
        cost = names["gpus"] * (names["gpu_cost"] + names["other_capex"])  # type: ignore[operator]
        paid = (names["debt"] + names["customer_prepayment"]) / cost  # type: ignore[operator]
        assert names["condition_equity.value"] == pytest.approx(1 - paid, rel=1e-12)
        assert names["condition_equity"] == "MET"
    more = {"advance_rate": 1.0, "commitment": 1e10, "sizing_dscr": 1.0}
    thin = loan.given(more).names
    assert thin["condition_equity.value"] < thin["equity_share"]  # type: ignore[operator]
    assert thin["condition_equity"] == "NOT MET"


def test_a_yield_above_a_hundred_percent_is_found(loan: Example) -> None:
    """By hand: one payment after a month."""
    terms = {"tenor_months": 1, "first_test_month": 1, "upfront_fee": 0.2, "oid": 0.5}
    found = loan.given(terms)
    paid = 1 + months(loan, found, "rate_signed")[0] / 12
    assert found.names["lender_irr"] == pytest.approx((paid / 0.3) ** 12 - 1, rel=1e-9)
    assert found.names["master_check"] == "OK"


def test_the_curve_carries_a_balloon_only_as_far_as_a_new_lender_does(loan: Example) -> None:
    terms = {"balloon_share": 0.25, "contract_months": 61}
    found = loan.given(terms)
    names, factor, worth = found.names, 1.0, 0.0
    cash, rates = (months(loan, found, n) for n in ("cfads_curve", "rate_signed"))
    for k in range(int(names["tenor_months"])):  # type: ignore[arg-type]
        factor /= 1 + rates[k] / 12
        worth += max(0.0, cash[k]) / names["sizing_dscr"] * factor  # type: ignore[operator]
    lent = names["refi_share"] * min(names["refi_value"], names["refi_cash"])  # type: ignore[operator, type-var]
    assert lent < 0.25 * names["debt"]  # type: ignore[operator]
    assert names["debt_on_curve"] == pytest.approx(worth + lent * factor, rel=1e-9)


def test_after_the_contract_its_cards_earn_the_market(loan: Example) -> None:
    drawn, curve = loan.row("rent_earned"), loan.row("rent_curve")
    end = int(loan.number("contract_months"))
    assert drawn[:end] == loan.row("rent_contract")[:end]
    assert drawn[end:] == curve[end:] and min(drawn) > 0


def row_of(example: Example, name: str) -> list[object]:
    """The months of a row by its place among those of its sheet that bear the same label."""
    (page,) = [s for s in example.template.sheet for b in s.block for r in b.row if r.name == name]
    rows = [row for block in page.block for row in block.row]
    (label,) = [row.label for row in rows if row.name == name]
    alike = [row.name for row in rows if row.label == label]
    cells = [cell.row for cell in example.formulas[page.name]["A"] if cell.value == label]
    assert len(alike) == len(cells)
    at = cells[alike.index(name)]
    months = range(FIRST, FIRST + example.template.months)
    return [example.result.values[page.name][at, column] for column in months]


def test_a_year_ends_at_maturity_and_after_it_shows_no_state(example: Example) -> None:
    """All templates: sums over whole years, balances and values not after the loan falls due."""
    sheet, values = example.formulas["Annual"], example.result.values["Annual"]
    tenor = int(example.number("tenor_months"))
    years = -(-example.template.months // 12)
    dates = example.row("period_end")
    labels = {cell.value: cell.row for cell in sheet["A"]}
    ends = [min(12 * y, tenor) if 12 * (y - 1) < tenor else 0 for y in range(1, years + 1)]

    def shown(row: int) -> list[object]:
        return [values[row, column] for column in range(4, 4 + years)]

    assert shown(labels["Balances and values at"]) == [dates[k - 1] if k else "none" for k in ends]
    rows = {row.name: row.label for s in example.template.sheet for b in s.block for row in b.row}
    seen = 0
    for spec in example.template.annual:
        if spec.year == "end":
            monthly = row_of(example, spec.row)
            assert shown(labels[rows[spec.row]]) == [monthly[k - 1] if k else "none" for k in ends]
            seen += 1
    assert seen > 3


@pytest.mark.parametrize(
    "changed",
    [
        {"rent_floor": 5.0},
        {"rent_floor": 3.7, "rent_decline": -0.2, "contract_share": 0},
        {"rent_floor": 5.0, "as_at_month": 6},
    ],
)
def test_a_floor_above_the_rents_is_the_rent_in_grid_tornado_and_audit(
    loan: Example, changed: dict[str, float]
) -> None:
    """XLC_RENT takes no floor above its rent, and each began with the rent below it."""
    moved = replace(loan, result=loan.given(changed))
    names = moved.result.names
    assert names["master_check"] == "OK"
    signed = table(moved, loan.template.grid[0].title)
    bars = table(moved, loan.template.tornado[0].title)
    assert signed[1][1] == pytest.approx(names["min_dscr"], rel=1e-12)
    assert bars[0][4] == pytest.approx(names["min_dscr"], rel=1e-12)
    fall = bars[3]
    assert fall[4] > bars[0][4] > fall[5]  # more revenue, less revenue
    # the fall of 20% of the tornado is the row of 80% of the grid
    assert fall[5] == pytest.approx(signed[3][1], rel=1e-12)


@pytest.mark.parametrize(
    "given", [{"utilisation": 0.0}, {"opex_growth": 0.5}, {"market_rent": 0.0}, {"gpu_new": 0.0}]
)
def test_months_without_cash_at_flat_rents_leave_a_schedule_without_a_rest(
    loan: Example, given: dict[str, float]
) -> None:
    """A rest of 1e-9 dollars below zero stopped the simulation, its interest the covenant."""
    found = loan.given(given)
    assert not found.errors
    assert found.names["master_check"] == "OK"
    assert isinstance(found.names["sim_default"], float)
    least = float(found.names["debt"]) * 1e-12  # type: ignore[arg-type]
    for name in ("scheduled", "signed_balance"):
        assert all(v == 0 or v > least for v in months(loan, found, name)), name


def test_a_rent_of_nothing_is_no_break_even(loan: Example) -> None:
    """Where the covenant needs a rent and there is none, no decline is the one that breaks it."""
    assert loan.given({"market_rent": 0.0}).names["breakeven_decline"] == "none"
    high = {"market_rent": 0.0, "rent_floor": 0.0, "covenant_dscr": 1.6}
    names = loan.given(high).names
    assert (names["covenant_dscr_curve"], names["breakeven_decline"]) == ("BREACH", "any")


def test_no_card_under_contract_is_no_contract(loan: Example) -> None:
    """Its month of end was told beside No customer contract, and told the figures apart."""
    none, ended = loan.given({"contract_share": 0}), loan.given({"contract_months": 0})
    for name in ("end_month", "balance_end", "dscr_on_curve", "dscr_after_contract", "refi_gap"):
        assert none.names[name] == ended.names[name], name
    assert (none.names["life_contract"], none.names["dscr_on_curve"]) == (0, "none")
    for sheet in ("Summary", "Term Sheet"):
        said = [v for v in none.values[sheet].values() if isinstance(v, str)]
        assert not [v for v in said if "contract end" in v or "the customer contract" in v]
        assert [v for v in said if "; no customer contract" in v]
    said = [v for v in loan.result.values["Summary"].values() if isinstance(v, str)]
    assert [v for v in said if v.endswith("; the customer contract ends in month 48")]
