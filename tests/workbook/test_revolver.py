"""The borrowing base against a plain-Python mirror: what is lent, prepaid, drawn again and lost."""

from __future__ import annotations

import calendar
import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import xlcredit
from tests.workbook.conftest import Example
from tests.workbook.test_figures import values
from tests.workbook.test_stress import table
from xlcredit.workbook.session import Session

VINTAGES = "1234"
MONTHS = 60


class Revolver:
    """The facility, month by month, without a spreadsheet."""

    def __init__(self, deal: dict[str, float], average: dict[str, float]) -> None:
        self.deal, self.average = deal, average
        self.tenor = int(deal["tenor_months"])
        self.roll = 730 * sum(deal[f"units_{v}"] * deal[f"rent_{v}"] for v in VINTAGES)
        self.opex = 730 * sum(deal[f"units_{v}"] * deal[f"opex_{v}"] for v in VINTAGES)
        share = deal["contract_share"] if deal["contract_months"] else 0.0
        level = deal["utilisation"] * deal["index_basis"]
        self.start = self.roll * (share + (1 - share) * level)
        self.run()

    def let(self, k: int) -> float:
        """The share of the fleet whose contract is paid."""
        stops = self.deal["customer_stops"]
        runs = k <= self.deal["contract_months"] and (not stops or k < stops)
        return self.deal["contract_share"] if runs else 0.0

    def rent(self, k: int) -> float:
        deal = self.deal
        rent = (
            deal["index_basis"]
            * deal["rent_level"]
            * (1 - deal["rent_decline"]) ** ((k - 0.5) / 12)
        )
        if deal["step_month"] and k - 0.5 >= deal["step_month"]:
            rent *= 1 - deal["step_drop"]
        return max(deal["rent_floor"], rent)

    def revenue(self, k: int) -> float:
        let = self.let(k)
        return self.roll * (let + (1 - let) * self.deal["utilisation"] * self.rent(k))

    def fleet(self, k: int) -> tuple[float, float]:
        """Eligible units at executed prices, and as a forced sale would sell them."""
        deal = self.deal
        launch = deal["launch_drop"] if 0 < deal["launch_month"] <= k else 0.0
        factor = 1 - min(1.0, launch * (deal["launch_level"] if k else 1.0))
        if k:
            path = deal["index_basis"] * (1 - deal["resale_rent_decline"]) ** ((k - 0.5) / 12)
            factor *= deal["price_level"]
            factor *= min(1.0, self.rent(k) / path) ** deal["rent_elasticity"]
        worth = {
            v: (deal[f"units_{v}"] - deal[f"ineligible_{v}"])
            * deal[f"executed_{v}"]
            * (1 - deal[f"decline_{v}"]) ** (k / 12)
            * factor
            for v in VINTAGES
        }
        return sum(worth.values()), sum(worth[v] * self.average[v] for v in VINTAGES)

    def billed(self, k: int) -> float:
        held = self.deal["receivables"] - self.deal["receivables_ineligible"]
        return held * (self.revenue(k) / self.start if k else 1.0)

    def available(self, k: int) -> float:
        deal = self.deal
        level = deal["liquidation_level"] if k else 1.0
        base = self.fleet(k)[0] * deal["nolv"] * level * deal["advance"]
        base += self.billed(k) * deal["receivables_advance"] - deal["reserve_base"]
        return min(deal["commitment"], max(0.0, base))

    def enforcement(self, k: int) -> float:
        market, sold = self.fleet(k)
        flv = self.deal["flv"] * self.deal["liquidation_level"]
        return min(market * flv, sold) + self.billed(k) * self.deal["receivables_recovery"]

    def takeout(self) -> float:
        deal, rate = self.deal, 1 + self.deal["refi_rate"] / 12
        ahead = range(1, int(deal["refi_months"]) + 1)
        cash = [max(0.0, self.revenue(self.tenor + j) - self.opex) * rate**-j for j in ahead]
        return deal["refi_share"] * min(
            self.available(self.tenor), math.fsum(cash) / deal["refi_dscr"]
        )

    def rate(self, k: int) -> float:
        """The interest of a month that counts its days."""
        days = calendar.monthrange(2026 + (k + 10) // 12, (k + 10) % 12 + 1)[1]
        return (self.deal["base_rate"] + self.deal["margin"]) * days / 360

    def signed(self) -> tuple[float, float]:
        """The lowest covers of the charges as signed: all of them, and those without prepayment."""
        deal, owed, covers = self.deal, self.owed[0], []
        held = deal["receivables"] - deal["receivables_ineligible"]
        for k in range(1, self.tenor + 1):
            let = deal["contract_share"] if k <= deal["contract_months"] else 0.0
            revenue = self.roll * (let + (1 - let) * deal["utilisation"] * deal["index_basis"])
            launch = deal["launch_drop"] if 0 < deal["launch_month"] <= k else 0.0
            worth = (
                (deal[f"units_{v}"] - deal[f"ineligible_{v}"])
                * deal[f"executed_{v}"]
                * (1 - deal[f"decline_{v}"]) ** (k / 12)
                for v in VINTAGES
            )
            base = math.fsum(worth) * (1 - launch) * deal["nolv"] * deal["advance"]
            base += held * revenue / self.start * deal["receivables_advance"]
            base = min(deal["commitment"], max(0.0, base - deal["reserve_base"]))
            due = 0.0 if k == self.tenor else max(0.0, owed - max(0.0, base - deal["block"]))
            unused = max(0.0, deal["commitment"] - owed) * deal["commitment_fee"] / 12
            charges, cash = owed * self.rate(k) + unused, self.revenue(k) - self.opex
            covers.append((cash / (charges + due), cash / charges))
            owed -= due
        return min(all_due for all_due, _ in covers), min(alone for _, alone in covers)

    def run(self) -> None:
        deal = self.deal
        block, reserve, trapped, missed_run, late = deal["block"], 0.0, 0.0, 0, False
        owed = min(deal["draw"], max(0.0, self.available(0) - block))
        first_rate = (deal["base_rate"] + deal["margin"]) * 31 / 360
        reserve = deal["dsra_funded"] * deal["dsra_months"] * owed * first_rate
        self.owed, self.covers, self.lender = [owed], [], [-owed]
        self.first_missed = self.default = 0
        self.loss = self.arrears = self.drawn = 0.0
        money = [0.0] * (MONTHS + 1)
        for k in range(1, self.tenor + 1):
            last, lendable = k == self.tenor, max(0.0, self.available(k) - block)
            rate = self.rate(k)
            if owed < 0.01:
                self.owed.append(0.0)
                continue
            cfads = self.revenue(k) - self.opex
            fee = max(0.0, deal["commitment"] - owed) * deal["commitment_fee"] / 12
            interest, principal = owed * rate, owed if last else max(0.0, owed - lendable)
            self.covers.append(cfads / (interest + fee + (0.0 if last else principal)))
            cash = cfads - fee + trapped + reserve
            room, need, drawn = max(0.0, lendable - owed), max(0.0, interest - cash), 0.0
            if not last and not late:
                drawn = min(need, room)
            if last and interest + principal - cash <= self.takeout():
                cash = max(cash, interest + principal)
            pot = max(0.0, cash + drawn)
            short = interest + principal - pot
            short = short if short > 0.01 else 0.0
            owed += drawn + short - principal
            left = max(0.0, pot - interest - principal)
            reserve = min(deal["dsra_months"] * owed * rate, left)
            left -= reserve
            dominion = deal["dominion_share"] * deal["commitment"]
            calm = max(0.0, self.available(k) - dominion) if dominion else math.inf
            swept = deal["cash_sweep"] * left
            if owed > calm + 0.01:
                swept = max(swept, min(left * deal["dominion_sweep"], owed - calm))
            swept = min(swept, owed)
            locked = not last and self.covers[-1] < deal["lock_up_dscr"] * (1 - 1e-12)
            again = 0.0
            if not (last or late or short or locked or owed > calm + 0.01):
                again = max(0.0, min(deal["redraw_to"], lendable, calm) - (owed - swept))
            owed += again - swept
            owed = owed if owed > 0.01 else 0.0
            trapped = left - swept if locked and owed else 0.0
            late = short > 0
            self.arrears = max(self.arrears, min(short, principal))
            self.drawn += drawn + again
            if not self.default:
                money[k] += interest + principal - short + swept - drawn - again
            missed_run = missed_run + 1 if short else 0
            if short and not self.first_missed:
                self.first_missed = k
            if not self.default and short and (last or missed_run > deal["grace_months"]):
                self.default, back = k, min(owed, reserve + trapped + self.enforcement(k))
                self.loss = owed - back
                money[k + int(deal["recovery_months"])] += back
            self.owed.append(owed)
        until = self.default or len(self.covers)
        self.cover, self.money = min(self.covers[:until]), [-self.owed[0], *money[1:]]


@pytest.fixture(scope="module")
def base(example_of: Callable[[str], Example]) -> Example:
    return example_of("gpu-borrowing-base")


@pytest.fixture(scope="module")
def book(base: Example) -> Iterator[Session]:
    with xlcredit.open(base.path) as session:
        yield session


def with_inputs(book: Session, changed: dict[str, Any]) -> dict[str, Any]:
    """The names of the book with inputs changed, which are put back."""
    before = {name: book[name] for name in changed}
    book.set(changed)
    names = dict(book.recalculation().names)
    book.set(before)
    return names


CHANGED: list[dict[str, float]] = [
    {},
    {"rent_decline": 0.40, "grace_months": 5},
    {"rent_decline": 0.05, "dominion_share": 0.0, "redraw_to": 75e6, "block": 0.0},
    {"rent_level": 0.8, "liquidation_level": 0.75, "customer_stops": 3, "launch_level": 1.7},
    {"dsra_months": 3, "dsra_funded": 0.5, "cash_sweep": 0.3, "lock_up_dscr": 6.0},
    {"dominion_share": 0.0, "lock_up_dscr": 0.0, "grace_months": 0, "rent_decline": 0.3},
    {"rent_floor": 0.7, "step_month": 10, "step_drop": 0.2, "index_basis": 1.3, "grace_months": 5},
    {"refi_share": 0.0, "price_level": 0.6, "dominion_share": 0.05, "rent_decline": 0.25},
]


@pytest.mark.parametrize("changed", CHANGED)
def test_the_facility_is_what_its_formulas_say(
    base: Example, book: Session, changed: dict[str, float]
) -> None:
    average = {v: base.number(f"average_{v}") for v in VINTAGES}
    mirror = Revolver(values(base, **changed), average)
    names = with_inputs(book, changed)
    expected = {
        "debt": mirror.owed[0],
        "min_dscr": mirror.signed()[0],
        "interest_lowest": mirror.signed()[1],
        "min_cover_due": mirror.cover,
        "first_missed_month": mirror.first_missed,
        "default_month": mirror.default,
        "unpaid_at_maturity": mirror.owed[-1],
        "loss": mirror.loss,
        "peak_arrears": mirror.arrears,
        "drawn_more": mirror.drawn,
        "refi_capacity": mirror.takeout(),
    }
    for name, value in expected.items():
        assert names[name] == pytest.approx(value, rel=1e-9, abs=0.01), name
    growth = (1 + names["lender_irr"]) ** (1 / 12)
    worth = math.fsum(cash * growth**-k for k, cash in enumerate(mirror.money))
    assert worth == pytest.approx(0.0, abs=1e-6 * mirror.owed[0])
    assert names["master_check"] == "OK"


def test_every_way_of_the_waterfall_is_taken(base: Example) -> None:
    """The changed inputs reach draws, arrears, a loss, a repayment and an early enforcement."""
    average = {v: base.number(f"average_{v}") for v in VINTAGES}
    found = [Revolver(values(base, **changed), average) for changed in CHANGED]
    assert any(m.drawn > 0 for m in found)
    assert any(m.loss > 0 for m in found)
    assert any(0 < m.default < m.tenor for m in found)
    assert any(m.default == 0 and m.owed[-1] == 0 for m in found)
    assert any(m.first_missed and m.default > m.first_missed + 1 for m in found)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"index_basis": 0.8},
        {"index_basis": 1.3},
        {"step_month": 6, "step_drop": 0.25},
        {"rent_floor": 0.9},
        {"contract_months": 0},
        {"scenario": "Rents 20% lower"},
    ],
)
def test_the_break_even_decline_meets_the_covenant(
    book: Session, changed: dict[str, float | str]
) -> None:
    decline = with_inputs(book, dict(changed))["breakeven_decline"]
    if decline == "none":
        names = with_inputs(book, {**changed, "rent_decline": 0.99})
        assert names["min_dscr"] >= 1.1
        return
    if decline == "any":
        names = with_inputs(book, {**changed, "rent_decline": -0.99})
        assert names["min_dscr"] < 1.1
        return
    names = with_inputs(book, {**changed, "rent_decline": decline})
    assert names["min_dscr"] == pytest.approx(1.1, abs=1e-6)


def test_a_scenario_typed_is_the_scenario_chosen(base: Example, book: Session) -> None:
    table, deal = base.template.scenarios, values(base)
    figures = ("unpaid_at_maturity", "first_missed_month", "loss", "lender_irr", "min_dscr")
    figures += ("max_ltv", "breakeven_decline", "peak_arrears", "repaid_month", "refi_gap")
    for case in table.case[1:]:
        typed: dict[str, float] = {}
        for shock, value in zip(table.shock, case.values, strict=True):
            if not isinstance(value, str):
                old = deal[shock.input]
                by = {"add": old + value, "multiply": old * value}
                typed[shock.input] = by.get(shock.by, value)
        chosen, by_hand = with_inputs(book, {"scenario": case.label}), with_inputs(book, typed)
        for name in figures:
            found: Any = chosen[name]
            if not isinstance(found, str):  # "none" and "any" are figures too
                found = pytest.approx(found, rel=1e-9)
            assert by_hand[name] == found, (case.label, name)


def test_the_price_of_risk_rises_where_the_market_fails(book: Session) -> None:
    """What an auction pays is in the loss: the spread does not fall where values do."""
    open_terms = {"dominion_share": 0.0, "redraw_to": 75e6, "usage_at_default": 1.0}
    usual = with_inputs(book, open_terms)["spread_hazard"]
    worse = with_inputs(book, {**open_terms, "scenario": "Auction market"})["spread_hazard"]
    assert 0 <= usual < worse


@pytest.mark.parametrize("scenario", ["Auction market", "Executed prices 25% lower"])
def test_a_missed_overadvance_breaks_the_excess_availability(base: Example, scenario: str) -> None:
    """Nothing of it shows in the charges as signed: the base fell, not the cash."""
    names = base.given({"scenario": scenario}).names
    assert names["first_missed_month"] == 1
    assert names["kept_before"] == 0 < names["distributed"]  # type: ignore[operator]
    assert names["min_cover_due"] < 1 < names["min_dscr"]  # type: ignore[operator]
    assert (names["covenant_cover"], names["covenant_excess"]) == ("PASS", "BREACH")


def test_a_loan_that_nobody_refinances_is_outside_the_limits(base: Example, book: Session) -> None:
    """Recovered by enforcement is not repaid, and no margin counts for it."""
    names = base.result.names
    assert (names["first_missed_month"], names["default_month"], names["repaid_month"]) == (
        36,
        36,
        0,
    )
    assert names["left_unpaid"] == names["loss"] == 0 < names["refi_gap"]  # type: ignore[operator]
    assert names["owed_enforced"] == names["unpaid_at_maturity"]
    limits = ("limit_refinanced", "limit_enforced", "limit_margin")
    assert {names[limit] for limit in limits} == {"OUTSIDE"}
    comes = 36 + int(names["recovery_months"])  # type: ignore[call-overload]
    owed = names["owed_enforced"] / 1e6  # type: ignore[operator]
    said = f"Enforced in month 36; of USD {owed:.1f} m owed {owed:.1f} m recovered in month {comes}"
    assert str(names["repaid_words"]).startswith(said)
    shown = base.result.values["Summary"].values()
    assert (
        "Recovered by enforcement in the case in force, not repaid: no verdict on the margin"
        in shown
    )
    repaid = with_inputs(book, {"rent_decline": 0.10})
    assert {repaid[limit] for limit in limits} == {"INSIDE"}
    due = repaid["due_at_maturity"] - repaid["cash_at_maturity"]
    assert repaid["refinanced_sum"] == pytest.approx(due, rel=1e-9)
    assert repaid["repaid_words"] == f"Repaid in month 36, USD {due / 1e6:.1f} m by a new lender"
    # each sentence of the Term Sheet says the same
    assert names["repaid_how"] == "Not repaid by cash or a new lender"
    assert repaid["repaid_how"] == repaid["repaid_words"]
    assert (names["spread_verdict"], repaid["spread_verdict"]) == (1, 2)
    assert str(names["margin_verdict"]).endswith("no verdict on the margin")
    assert repaid["margin_verdict"] == "The margin exceeds what both estimates require"


def test_what_enforcement_recovers_in_full_is_not_said_to_be_lost(base: Example) -> None:
    """Enforced it gets all, waiting it does not: the sentence says which is which."""
    result = base.given({"rent_decline": 0.40})
    names = result.names
    assert names["loss"] == 0 < names["unpaid_after_sale"]  # type: ignore[operator]
    left = float(names["unpaid_after_sale"]) / 1e6  # type: ignore[arg-type]
    waits = f"USD {left:.1f} m unpaid if the lender waits and then sells"
    said = "Recovered by enforcement in the case in force, not repaid: no verdict on the margin"
    assert f"{said}; {waits}" in result.values["Summary"].values()


def test_what_may_be_drawn_at_closing_is_availability_less_the_block(base: Example) -> None:
    given = base.number("lendable_now")
    assert given == pytest.approx(base.number("base_now") - values(base)["block"], rel=1e-12)
    result = base.given({"draw": given + 1.0})
    assert result.names["debt"] == pytest.approx(given, rel=1e-12)
    assert result.names["condition_base"] == "NOT MET"
    assert base.given({"draw": given}).names["condition_base"] == "MET"


def test_the_chart_of_the_cover_stays_on_its_scale(base: Example) -> None:
    """It shows the covenant's cover, cut where 6 is 6 or more, and not the bullet's month."""
    for shown, cover in (("shown_curve", "dscr_signed"), ("shown_flat", "dscr_flat")):
        months, tenor = base.row(shown), int(values(base)["tenor_months"])
        assert months[: tenor - 1] == [min(6.0, c) for c in base.row(cover)[: tenor - 1]]
        assert months[tenor - 1] == months[tenor - 2]
        assert not any(months[tenor:])


def test_lower_rents_never_raise_a_cover(book: Session) -> None:
    """And the break-even is the smallest decline at which the whole book breaks: by trying all."""
    tried = [n / 50 for n in range(-10, 35)]
    found = [with_inputs(book, {"rent_decline": decline}) for decline in tried]
    for figure, status, at in (
        ("min_dscr", "covenant_cover", "breakeven_decline"),
        ("interest_lowest", "covenant_interest_cover", "interest_breakeven"),
    ):
        values = [names[figure] for names in found]
        assert all(a > b for a, b in itertools.pairwise(values))
        breaks = [decline for decline, n in zip(tried, found, strict=True) if n[status] == "BREACH"]
        least = found[0][at]
        assert breaks[0] - 0.02 < least <= breaks[0]
        assert [names[at] for names in found] == pytest.approx([least] * len(found), rel=1e-12)


def test_executed_prices_may_fall_until_the_draw_is_all_that_is_available(
    base: Example, book: Session
) -> None:
    fall = base.number("price_fall")
    assert fall == pytest.approx(1 - (45 + 2.5 + 2 - 6.375) / 49.3816, rel=1e-9)  # block, reserves
    prices = {f"executed_{v}": values(base)[f"executed_{v}"] * (1 - fall) for v in VINTAGES}
    assert with_inputs(book, prices)["lendable_now"] == pytest.approx(45e6, rel=1e-9)
    lower = {name: price * (1 - 1e-6) for name, price in prices.items()}
    assert with_inputs(book, lower)["debt"] < 45e6  # type: ignore[operator]


def test_grid_and_tornado_begin_at_the_availability_of_the_summary(base: Example) -> None:
    grid, bars = (table(base, t.title) for t in (base.template.grid[0], base.template.tornado[0]))
    assert grid[1][1] == pytest.approx(base.number("base_now"), rel=1e-9)
    assert bars[0][4] == pytest.approx(base.number("base_now"), rel=1e-9)


def test_a_scenario_says_how_far_the_revolver_is_drawn_and_why_not(
    base: Example, book: Session
) -> None:
    sheet = base.formulas["Stress"]
    header = next(r for r in sheet.iter_rows(max_row=10) if r[0].value == "Scenario")
    column = {str(cell.value): cell.column for cell in header}
    drawn, words = column["Drawn after closing [USD m]"], column["What of availability is drawn"]
    label = "No refinancing; dominion limits draws"
    places = [c.row for c in sheet["A"] if c.value == label]
    for changed in ({}, {"dominion_share": 0.05, "draw": 30e6}, {"dominion_share": 0.0}):
        names = with_inputs(book, {**changed, "scenario": label})
        before = {name: book[name] for name in changed}
        book.set(changed)
        shown = book.recalculation().values["Stress"]
        book.set(before)
        assert shown[places[0], drawn] == pytest.approx(names["drawn_more"], rel=1e-9, abs=1e-6)
        assert (shown[places[0], words] == "some, see beside") is (names["drawn_more"] > 0.01)
    usual = base.result.values["Stress"]
    assert usual[places[0], words] == "none: dominion from month 1"
    assert base.row("dominion")[0] == 1
