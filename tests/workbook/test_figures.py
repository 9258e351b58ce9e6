"""The figures on the Summary against a plain-Python mirror of each deal."""

from __future__ import annotations

import calendar
import math
import operator
from itertools import accumulate
from typing import Any

import pytest

from tests.workbook.conftest import Example
from xlcredit.recalc import Recalculation
from xlcredit.workbook.tables.scenarios import HEADER_ROW


def rents(deal: dict[str, float], months: int) -> list[float]:
    found = []
    for k in range(1, months + 1):
        rent = deal["market_rent"] * deal["index_basis"] * deal.get("rent_level", 1.0)
        rent *= (1 - deal["rent_decline"]) ** ((k - 0.5) / 12)
        for step in ("1", "2"):
            if k - 0.5 >= deal.get(f"step_month_{step}", math.inf):
                rent *= 1 - deal[f"step_drop_{step}"]
        found.append(max(deal["rent_floor"], rent))
    return found


def values(example: Example, **changed: float) -> dict[str, float]:
    inputs = {n: i.value for n, i in example.deal.inputs.items()} | changed
    return {n: float(v) for n, v in inputs.items() if isinstance(v, (int, float))}


class Loan:
    """The GPU term loan, month by month, without a spreadsheet."""

    def __init__(self, deal: dict[str, float]) -> None:
        months = 144  # what comes after maturity is what a new lender counts
        self.deal = deal
        curve = rents(deal, months)
        hours, gpus = 730.0, deal["gpus"]
        power = deal["gpu_kw"] * deal["pue"] * deal["power_price"]
        opex = gpus * hours * (power + deal["site_cost"] + deal["other_opex"])
        flat, self.cash, self.must = [], [], []
        for k in range(1, months + 1):
            let = gpus * deal["contract_share"] if k <= deal["contract_months"] else 0.0
            paid = hours * deal["availability"] * deal["contract_rent"]
            level = deal["market_rent"] * deal["index_basis"]
            flat.append(let * paid + (gpus - let) * hours * deal["utilisation"] * level - opex)
            stops = deal["customer_stops"]
            idle = let if stops and stops <= k <= stops + deal["downtime_months"] else 0.0
            let = 0.0 if stops and k >= stops else let
            free = (gpus - let - idle) * hours * deal["utilisation"]
            ended = deal["termination_months"] * idle * paid if k == stops else 0.0
            self.cash.append(let * paid + ended + free * curve[k - 1] - opex)
            self.must.append(ended * deal["termination_prepays"])
        nominal = deal["base_rate"] + deal["margin"]
        # drawn at the end of 2026, act/360
        years = [2027 + k // 12 for k in range(months)]
        days = [calendar.monthrange(y, 1 + k % 12)[1] for k, y in enumerate(years)]
        self.rates = [nominal * n / 360 for n in days]
        self.tenor = tenor = int(deal["tenor_months"])
        every = int(deal["interest_months"])
        self.dates = [k for k in range(1, tenor + 1) if k % every == 0 or k == tenor]
        # from here on one element for each payment date: what came in since the one before
        self.paid = self.since(self.cash)
        self.accrued = self.since(self.rates)
        self.factors = list(accumulate((1 / (1 + r) for r in self.accrued), operator.mul))
        flat = self.since(flat)
        self.capacity = [self.carried(c, deal["sizing_dscr"]) for c in (flat, self.paid)]
        self.curve = curve
        left = 1 - deal["balloon_share"] * self.factors[-1]
        self.capacity = [carried / left for carried in self.capacity]
        cost = gpus * (deal["gpu_cost"] + deal["other_capex"])
        self.debt = min(deal["commitment"], deal["advance_rate"] * cost, self.capacity[0])
        applied = deal["sizing_dscr"] * self.capacity[0] / self.debt
        self.sign([max(0.0, c) / applied for c in flat])
        self.flat = [c / s for c, s in zip(flat, self.service, strict=True)]
        self.contract = int(deal["contract_months"])
        self.balloon = deal["balloon_share"] * self.debt
        self.run(deal)

    def since(self, monthly: list[float]) -> list[float]:
        """What each payment date adds up, the months since the one before."""
        months = zip([0, *self.dates], self.dates, strict=False)
        return [math.fsum(monthly[first:last]) for first, last in months]

    def sign(self, sculpted: list[float]) -> None:
        """The schedule: interest on each date, principal on each date or every so many months."""
        target = signed = lowest = self.debt
        self.scheduled, self.service = [], []
        for k, service, rate in zip(self.dates, sculpted, self.accrued, strict=True):
            target = target * (1 + rate) - service
            lowest = min(lowest, target)
            due = k % int(self.deal["payment_months"]) == 0 or k == self.tenor
            principal = signed - lowest if due else 0.0
            self.scheduled.append(principal)
            self.service.append(signed * rate + principal)
            signed -= principal

    def carried(self, cash: list[float], cover: float) -> float:
        return math.fsum(
            max(0.0, c) / cover * factor for c, factor in zip(cash, self.factors, strict=False)
        )

    def run(self, deal: dict[str, float]) -> None:
        """Pay what there is to pay with, month by month, and enforce nothing."""
        by_month = dict(zip(self.dates, self.service, strict=True))

        def ahead(k: int, months: float) -> float:
            """Service of the months that follow."""
            return math.fsum(by_month.get(j, 0.0) for j in range(k + 1, k + int(months) + 1))

        trigger = deal["trigger_index"] * deal["market_rent"] * deal["index_basis"]
        reserve = deal["dsra_funded"] * ahead(0, deal["dsra_months"])
        owed, late, trapped, run = self.debt, 0.0, 0.0, 0
        self.flows, self.left = {0: -self.debt}, 0.0
        self.owed, self.dscr = [owed], []
        self.first_missed = self.default = 0
        on_dates = zip(
            *(self.dates, self.accrued, self.scheduled, self.paid, self.since(self.must)),
            strict=True,
        )
        for k, rate, scheduled, earned, must in on_dates:
            interest = owed * rate
            principal = owed if k == self.tenor else min(owed, scheduled + late)
            due, cash = interest + principal, earned + trapped
            trapped = 0.0
            if owed < 0.01:
                break
            self.dscr.append((earned - must) / due)
            if k == self.tenor and self.balloon:  # all that is left, or nothing
                self.left = max(0.0, due - cash - reserve)
                cash += self.left if self.left <= self.lends()[2] else 0.0
            if cash < 0:
                met = min(-cash, reserve)
                reserve, cash = reserve - met, 0.0
            pot = cash + reserve
            paid = min(due, pot)
            reserve = reserve - max(0.0, paid - cash)
            cash = max(0.0, cash - paid)
            late = max(0.0, principal - max(0.0, paid - interest))
            owed += max(0.0, interest - paid) - (principal - late)
            if due - paid > 0.01:
                run += int(deal["interest_months"]) if run else 1
                self.first_missed = self.first_missed or k
                if (run > deal["grace_months"] or k == self.tenor) and not self.default:
                    self.default, self.exposure = k, owed
            else:
                run, late = 0, 0.0
            first = min(owed, must, cash)
            owed, cash = owed - first, cash - first
            share, months = deal["cash_sweep"], deal["dsra_months"]
            if self.curve[k - 1] < trigger:
                share = max(share, deal["trigger_sweep"])
                months = max(months, deal["trigger_dsra_months"])
            target = ahead(k, months) if owed > 0.01 else 0.0
            cash, reserve = (
                cash + reserve - min(target, cash + reserve),
                min(target, cash + reserve),
            )
            prepaid = min(owed, share * cash)
            owed, cash = owed - prepaid, cash - prepaid
            if self.dscr[-1] < deal["lock_up_dscr"]:
                trapped = cash
            self.owed.append(owed)
            if not self.default or self.default == k:
                self.flows[k] = paid + first + prepaid

    def sale(self, k: int) -> float:
        """What a forced sale of the fleet brings at a month's end, without a guarantee."""
        d, gpus = self.deal, self.deal["gpus"]
        lead, wide = d["launch_lead"], d["launch_lead"] + d["launch_ramp"]
        unit = min(d["gpu_cost"], d["gpu_new"]) * (1 - d["residual_decline"]) ** (k / 12)
        for launch in ("1", "2"):
            begins = d[f"launch_month_{launch}"] - lead
            now, then = (min(1.0, max(0.0, (month - begins) / wide)) for month in (k, 0))
            unit *= (1 - d[f"launch_drop_{launch}"]) ** (now - then)
        unit = max(d["residual_floor"], unit)
        expected = d["market_rent"] * (1 - d["resale_rent_decline"]) ** ((k - 0.5) / 12)
        fall = min(1.0, self.curve[k - 1] / expected) ** d["rent_elasticity"]
        days, steps = d["sale_days"], 20_000
        deep = d["sale_impact"] * (gpus / (d["daily_depth"] * days)) ** d["sale_exponent"]
        # the average price of a lot that walks down the book, by the middle of thin slices
        shares = (((n + 0.5) / steps) ** 3 for n in range(steps))
        price = math.fsum(
            math.exp(-deep * u ** d["sale_exponent"]) * 3 * u ** (2 / 3) / steps for u in shares
        )
        later = days / 365 / 2
        gross = gpus * unit * d["executed_ratio"] * fall * price * (1 - d["sale_haircut"])
        gross *= (1 - d["sale_decline"]) ** later * (1 - d["sale_commission"])
        cost = gpus * (d["sale_relocation"] + d["sale_storage"] * days / 2) + d["sale_fixed"]
        return max(0.0, gross - cost) * (1 + d["sale_discount_rate"]) ** -later

    def lends(self) -> tuple[float, float, float]:
        """What a new lender lends at maturity: by value, by cash, and so."""
        d, n = self.deal, self.tenor
        value, cash = d["refi_ltv"] * self.sale(n), 0.0
        for k in range(n + 1, int(min(n + d["refi_months"], d["refi_life"])) + 1):
            service = max(0.0, self.cash[k - 1] - self.must[k - 1]) / d["refi_dscr"]
            cash += service / (1 + d["refi_rate"] / 12) ** (k - n)
        return value, cash, min(self.balloon, d["refi_share"] * min(value, cash))

    def irr(self, recovered: float) -> float:
        """What the lender earns a year: at this rate the cash is worth nothing at closing."""
        dated = list(self.flows.items())
        dated.append((int(self.default + self.deal["recovery_months"]), recovered))
        low, high = -0.9999, 1.0
        for _ in range(200):
            middle = (low + high) / 2
            worth = math.fsum(cash * (1 + middle) ** (-month / 12) for month, cash in dated)
            low, high = (middle, high) if worth >= 0 else (low, middle)
        return low


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"rent_decline": 0.35},
        {"rent_decline": -0.1},
        {"utilisation": 0.5},
        {"gpu_kw": 2.5},
        {"contract_months": 30},
        {"dsra_months": 0, "lock_up_dscr": 0},
        {"dsra_months": 6, "dsra_funded": 0.5, "lock_up_dscr": 1.5},
        {"cash_sweep": 0.4, "index_basis": 0.8},
        {"customer_stops": 13, "rent_decline": 0.4, "grace_months": 2},
        {"customer_stops": 24, "termination_months": 6},
        {"customer_stops": 24, "termination_months": 6, "termination_prepays": 0},
        {"customer_stops": 30, "termination_months": 12, "cash_sweep": 0.3, "lock_up_dscr": 1.6},
        {"customer_stops": 40, "termination_months": 60, "grace_months": 1},
        {"step_drop_1": 0.3, "step_drop_2": -0.1, "rent_floor": 1.6},
        {"payment_months": 6, "dsra_months": 6},
        {"interest_months": 3, "cash_sweep": 0.1, "lock_up_dscr": 1.7},
        {"interest_months": 3, "payment_months": 6, "dsra_months": 4},
        {"interest_months": 6, "dsra_months": 6, "customer_stops": 13, "grace_months": 7},
        {
            **{"interest_months": 6, "dsra_months": 6, "customer_stops": 24},
            **{"termination_months": 6, "cash_sweep": 0.5},
        },
        {"interest_months": 5, "rent_decline": 0.4, "grace_months": 4, "dsra_months": 9},
        {"trigger_index": 0.8, "trigger_sweep": 0.05, "trigger_dsra_months": 6},
        {"trigger_index": 0.5, "trigger_sweep": 1, "cash_sweep": 0.1, "interest_months": 3},
        {
            **{"trigger_index": 0.6, "trigger_sweep": 0.3, "trigger_dsra_months": 12},
            **{"interest_months": 6, "dsra_months": 6, "lock_up_dscr": 1.65, "customer_stops": 30},
        },
    ],
    ids=str,
)
def test_the_loan_is_what_its_formulas_say(loan: Example, changed: dict[str, float]) -> None:
    mirror = Loan(values(loan, **changed))
    result = loan.given(changed)
    names = result.names
    until = len(mirror.dscr)  # nothing is owed any more
    expected = {
        "debt": mirror.debt,
        "debt_on_flat": mirror.capacity[0],
        "debt_on_curve": mirror.capacity[1],
        "dscr_as_underwritten": min(mirror.flat),
        "min_dscr": min(
            (c - p) / s
            for c, p, s in zip(
                mirror.paid, mirror.since(mirror.must), mirror.service[:until], strict=False
            )
            if s > 0
        ),
        "unpaid_at_maturity": mirror.owed[-1],
        "first_missed_month": mirror.first_missed,
        "default_month": mirror.default,
    }
    for name, value in expected.items():
        assert names[name] == pytest.approx(value, rel=1e-9, abs=0.01), name
    assert names["master_check"] == "OK"


#: A balloon that a new lender takes out whole, could in part, or cannot.
LONG = {"contract_months": 72, "tenor_months": 48}
DEEP = {"daily_depth": 600, "interest_days": "act/360"}
BALLOONS: list[dict[str, Any]] = [
    {"balloon_share": 0.05, **LONG, **DEEP},
    {"balloon_share": 0.3, **LONG, **DEEP},
    {"balloon_share": 0.3, **LONG, **DEEP, "refi_share": 0},
    {"balloon_share": 0.05, **LONG, "refi_life": 48},
    {"balloon_share": 0.05, **LONG, "refi_life": 50, "daily_depth": 6000},
    {"balloon_share": 0.05, **LONG, "daily_depth": 6000, "refi_months": 1, "cash_sweep": 0.3},
    {"balloon_share": 0.02, "daily_depth": 6000, "refi_life": 144, "refi_months": 72},
    {"balloon_share": 0.1, "contract_months": 61, "rent_floor": 2.5, "refi_life": 120},
    {"balloon_share": 0.1, "tenor_months": 70, "contract_months": 70, "refi_life": 90},
    {"balloon_share": 0.3},
    {"balloon_share": 0.02, "grace_months": 120, "refi_life": 144, "daily_depth": 6000},
    {"balloon_share": 0.1, **LONG, "customer_stops": 50, "termination_months": 9},
    {"balloon_share": 0.1, **LONG, "customer_stops": 20, "termination_months": 9},
    {"balloon_share": 0.2, **LONG, "cash_sweep": 0.5, "lock_up_dscr": 1.6, "dsra_months": 6},
    {"balloon_share": 0.6, **LONG, **DEEP, "recovery_months": 36},
    {"balloon_share": 0.3, "tenor_months": 61, "recovery_months": 24},
    {"recovery_months": 30},
    {"balloon_share": 0.05, **LONG, **DEEP, "interest_months": 3},
    {
        **{"balloon_share": 0.3, **LONG, "interest_months": 6, "dsra_months": 6},
        **{"cash_sweep": 0.3, "lock_up_dscr": 1.5},
    },
    {"balloon_share": 0.1, "interest_months": 3, "payment_months": 6, "grace_months": 9},
    {
        **{
            "balloon_share": 0.05,
            **LONG,
            "daily_depth": 6000,
            "interest_months": 6,
            "dsra_months": 6,
        },
        **{"trigger_index": 0.7, "trigger_sweep": 0.4, "trigger_dsra_months": 9},
    },
]


@pytest.mark.parametrize("changed", BALLOONS, ids=str)
def test_a_new_lender_takes_out_the_balloon_or_nothing(
    loan: Example, changed: dict[str, Any]
) -> None:
    mirror = Loan(values(loan, **changed))
    result = loan.given(changed)
    names, until = result.names, len(mirror.dscr)
    value, cash, lent = mirror.lends()
    unpaid = mirror.owed[-1] if until == len(mirror.dates) else 0.0
    sold = mirror.sale(mirror.default) if mirror.default else 0.0
    exposure = mirror.exposure if mirror.default else 0.0
    loss = max(0.0, exposure - sold)
    expected = {
        "debt": mirror.debt,
        "balloon": mirror.balloon,
        "refi_value": value,
        "refi_cash": cash,
        "refi_capacity": lent,
        "refi_left": mirror.left,
        "refi_short": max(0.0, mirror.left - lent),
        "first_missed_month": mirror.first_missed,
        "default_month": mirror.default,
        "unpaid_at_maturity": unpaid,
        "unpaid_after_sale": max(0.0, unpaid - mirror.sale(mirror.tenor)),
        "loss": loss,
        "lender_irr": mirror.irr(exposure - loss),
    }
    for name, figure in expected.items():
        assert names[name] == pytest.approx(figure, rel=1e-8, abs=0.01 * (figure > 2)), name
    case = [v for (row, _), v in result.values["Stress"].items() if row == HEADER_ROW + 1]
    for figure in (unpaid, loss):  # the first row of the table is the case in force
        assert any(v == pytest.approx(figure, rel=1e-8, abs=0.01) for v in case if v is not None)
    assert math.fsum(cell for cell in row_of(loan, result, "written_off")) == pytest.approx(
        loss, rel=1e-8, abs=0.01
    )
    assert names["master_check"] == "OK"
    assert not result.errors


def row_of(loan: Example, result: Recalculation, name: str) -> list[float]:
    sheet, row = loan.place(name)
    return [float(result.values[sheet][row, column]) for column in range(5, 77)]  # type: ignore[arg-type]


def test_they_are_all_that_can_happen_to_a_balloon(loan: Example) -> None:
    """Taken out whole; in part too small, or nothing at all; arrears beside it."""
    seen = set()
    for changed in BALLOONS:
        mirror = Loan(values(loan, **changed))
        lent, late = mirror.lends()[2], mirror.first_missed < mirror.tenor and mirror.first_missed
        whole = mirror.left <= lent
        seen.add((bool(mirror.balloon), whole, bool(lent) and not whole, bool(late)))
    assert {
        (False, True, False, True),
        (True, True, False, False),
        (True, False, True, False),
        (True, False, False, False),
        (True, False, True, True),
    } <= seen


def loss_of(names: dict[str, object], mirror: Loan, sale: float) -> None:
    assert names["loss"] == pytest.approx(max(0.0, mirror.exposure - sale), rel=1e-9)


def test_the_loss_is_what_the_sale_leaves_of_what_was_owed(loan: Example) -> None:
    mirror = Loan(values(loan))
    sale = loan.row("fleet_liquidation")[mirror.default - 1]
    loss_of(dict(loan.result.names), mirror, sale)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"index_basis": 0.8},
        {"index_basis": 1.3},
        {"step_drop_1": 0.25},
        {"rent_floor": 3.0},
        {"contract_months": 24},
        {"scenario": "Rents 20% lower"},
        {"covenant_months": 3, "step_drop_2": 0.2},
        {"covenant_months": 12, "index_basis": 0.8},
        {"customer_stops": 40, "termination_months": 2, "step_drop_1": 0.1},
        {"customer_stops": 40, "termination_months": 40},
    ],
)
def test_the_break_even_decline_meets_the_covenant(
    loan: Example, changed: dict[str, float | str]
) -> None:
    decline = loan.given(changed).names["breakeven_decline"]
    if decline == "none":
        worst = loan.given({**changed, "rent_decline": 0.99}).names
        assert worst["min_dscr_tested"] >= 1.4  # type: ignore[operator]
        return
    if decline == "any":
        best = loan.given({**changed, "rent_decline": -0.99}).names
        assert best["min_dscr_tested"] < 1.4  # type: ignore[operator]
        return
    names = loan.given({**changed, "rent_decline": decline}).names
    assert names["min_dscr_tested"] == pytest.approx(1.4, abs=1e-6)


@pytest.mark.parametrize(
    "changed", [{}, {"coin_price": 45000.0}, {"coin_shock": 0.7, "gpu_shock": 0.1}]
)
def test_dual_ltv_is_what_its_formulas_say(miner: Example, changed: dict[str, float]) -> None:
    deal = values(miner, **changed)
    names = miner.given(changed).names
    btc, eth = deal["coin_units"] * deal["coin_price"], deal["eth_units"] * deal["eth_price"]
    coin, cards = btc + eth, deal["gpu_units"] * deal["gpu_price"]
    debt = names["debt"]
    assert isinstance(debt, float)
    advance = deal["advance_btc"] * btc + deal["advance_eth"] * eth + deal["advance_gpu"] * cards
    assert debt <= min(deal["commitment"], advance) * (1 + 1e-12)
    book = deal["gpu_units"] * deal["gpu_cost"] * (1 - deal["gpu_age"] / deal["accounting_life"])
    stressed = btc * (1 - deal["coin_shock"]) + cards * (1 - deal["gpu_shock"])
    stressed += eth * (1 - min(1.0, deal["coin_shock"] * deal["eth_beta"]))
    assert names["ltv_at_book"] == pytest.approx(debt / (coin + book), rel=1e-9)
    assert names["ltv_stressed"] == pytest.approx(debt / stressed, rel=1e-9)
    assert names["market_ltv"] == pytest.approx(debt / (coin + cards), rel=1e-9)
    liquidation = names["ltv_liquidation"]
    assert isinstance(liquidation, float)
    assert liquidation > debt / stressed


NAMES = (
    *("unpaid_at_maturity", "first_missed_month", "loss", "lender_irr", "min_dscr", "max_ltv"),
    *("breakeven_decline", "peak_arrears", "repaid_month", "ltv_executed_end", "refi_gap"),
    *("refi_left", "refi_capacity", "unpaid_after_sale"),
)


@pytest.mark.parametrize("number", range(1, 10))
@pytest.mark.parametrize(
    "terms",
    [
        {},
        {"balloon_share": 0.05, **LONG, **DEEP},
        {"interest_months": 3, "cash_sweep": 0.05, "lock_up_dscr": 1.6},
        {
            **{"interest_months": 6, "trigger_index": 0.65, "trigger_sweep": 0.2},
            **{"trigger_dsra_months": 12, "balloon_share": 0.05, "grace_months": 7},
        },
    ],
    ids=str,
)
def test_a_scenario_typed_is_the_scenario_chosen(
    loan: Example, number: int, terms: dict[str, Any]
) -> None:
    table = loan.template.scenarios
    case = table.case[number]
    deal, typed = values(loan), {}
    for shock, value in zip(table.shock, case.values, strict=True):
        if isinstance(value, str):
            continue
        old = deal[shock.input]
        typed[shock.input] = {"add": old + value, "multiply": old * value}.get(shock.by, value)
    result = loan.given({**terms, "scenario": case.label})
    chosen, by_hand = result.names, loan.given(terms | typed).names
    for name in NAMES:
        same = by_hand[name]  # a number, or the word that there is none
        same = same if isinstance(same, str) else pytest.approx(same, rel=1e-9)
        assert chosen[name] == same, name
    # the row of the scenario on Stress has what it gives in force
    row = [v for (at, _), v in result.values["Stress"].items() if at == HEADER_ROW + 1 + number]
    for name in ("unpaid_at_maturity", "unpaid_after_sale", "loss", "lender_irr"):
        figure = pytest.approx(chosen[name], rel=1e-9, abs=1e-6)
        assert any(v == figure for v in row if v is not None), name
    assert result.names[f"case_refi_{number + 1}"] == pytest.approx(
        chosen["refi_capacity"], rel=1e-9
    )


def test_every_twin_agrees(example: Example) -> None:
    audit = example.result.values["Audit"]
    differences = [value for (_, column), value in audit.items() if column == 6]
    assert len(differences) == len(example.template.twin)
    assert all(isinstance(d, float) and d < 1e-9 for d in differences)
    assert example.result.names["master_check"] == "OK"
    assert not example.result.errors


def test_an_error_reads_check_and_is_told(loan: Example) -> None:
    """No GPUs: no loan, nothing to divide by; no covenant may pass."""
    result = loan.given({"gpus": 0})
    assert result.names["covenant_dscr_curve"] == "NONE"
    assert result.names["master_check"] == "CHECK"
    worthless = loan.given({"executed_ratio": 1e-300}).names
    assert worthless["limit_margin"] == worthless["master_check"] == "CHECK"
    assert result.errors
    assert all(fault.reason for fault in result.errors)


def test_a_covenant_that_is_never_tested_fails_the_master_check(loan: Example) -> None:
    result = loan.given({"first_test_month": 70})
    assert result.names["covenant_dscr_curve"] == "NONE"
    assert result.names["master_check"] == "CHECK"
