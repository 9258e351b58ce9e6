"""The hosting loan against a plain-Python mirror of the deal.

The mirror works out cash flow, the guarantor's payments, the signed schedule, values and what a
new lender lends; what is then paid, swept, missed and enforced is the plain program of the
agreement that the engine itself is held to (``tests.oracles.loan_path``). Nothing here comes from
the package.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

from tests.oracles.loan_path import Path
from tests.workbook.conftest import Example
from xlcredit.recalc import Recalculation
from xlcredit.workbook.tables.scenarios import HEADER_ROW

Values = dict[str, float]
MONTHS = 96


@pytest.fixture(scope="module")
def site(example_of: Callable[[str], Example]) -> Example:
    return example_of("hosting-project-loan")


def plain(example: Example, **changed: Any) -> Values:
    inputs = {n: i.value for n, i in example.deal.inputs.items()} | changed
    numbers = {n: float(v) for n, v in inputs.items() if isinstance(v, (int, float))}
    return numbers | {"act/360": float(inputs["interest_days"] == "act/360")}


def ends(closing: date, months: int) -> list[date]:
    """The last day of each month from closing, closing itself first."""
    found = [closing]
    for _ in range(months):
        first = (found[-1] + timedelta(days=1)).replace(day=1) + timedelta(days=32)
        found.append(first.replace(day=1) - timedelta(days=1))
    return found


#: The example closes on the last day of a year.
CLOSING = date(2026, 12, 31)


class Site:
    """The site, its tenant, its loan and who takes the balloon out; month 1 is element 0."""

    def __init__(self, d: Values) -> None:
        self.d, self.tenor = d, int(d["tenor_months"])
        months = range(1, MONTHS + 1)
        year = [(k - 1) // 12 for k in months]
        kw = d["critical_kw"]
        self.lease = [
            kw * d["lease_rent"] * (1 + d["escalation"]) ** y if k <= d["lease_months"] else 0.0
            for k, y in zip(months, year, strict=True)
        ]
        self.opex = [d["opex_year"] / 12 * (1 + d["opex_growth"]) ** y for y in year]
        gone = int(d["customer_stops"]) or 10**6
        gone = min(gone, self.tenor + 1) if d["stops_at_maturity"] else gone
        self.gone = min(gone, int(d["lease_months"]) + 1)
        self.cash, self.must, self.supported = [], [], []
        left = d["support_cap"] - d["support_burn"] * (self.gone - 1)
        for k in months:
            there = d["late_months"] < k < self.gone
            cash = self.lease[k - 1] if there else 0.0
            ended = d["termination_months"] * self.lease[k - 1] if k == gone else 0.0
            cash += ended
            self.must.append(ended * d["termination_prepays"])
            paid = 0.0
            if self.gone <= k < self.gone + d["support_months"]:
                paid = max(0.0, min(self.lease[k - 1], left))
            left -= paid
            self.supported.append(paid)
            self.cash.append(cash + paid - self.opex[k - 1])
        self.insured = {k for k in months if self.supported[k - 1] > 0}
        after = len(self.insured) + d["support_empty"] if self.insured else 0
        self.again = self.gone + int(max(d["downtime_months"], after))
        for k in months:
            if k >= self.again and k not in self.insured:
                self.cash[k - 1] += self.market(k)
        self.size()

    def market(self, k: int) -> float:
        d, middle = self.d, max(0.0, k - 0.5)
        rent = d["market_rent"] * d["rent_level"] * (1 - d["rent_decline"]) ** (middle / 12)
        return d["critical_kw"] * d["occupancy"] * rent

    def size(self) -> None:
        d, n = self.d, self.tenor
        days = [(b - a).days for a, b in pairwise(ends(CLOSING, n))]
        actual = [d["coupon"] * 12 * k / 360 for k in days]
        self.rates = actual if d["act/360"] else [d["coupon"]] * n
        factors = [1.0]
        for rate in self.rates:
            factors.append(factors[-1] / (1 + rate / 12))
        signed = [r - o for r, o in zip(self.lease, self.opex, strict=True)]
        self.signed = signed
        worth = math.fsum(max(0.0, c) * f for c, f in zip(signed[:n], factors[1:], strict=True))
        balloon = self.counted(signed[:n]) * factors[n]
        first = self.carried(signed[0], self.rates[0])
        self.capacity = min(worth / d["sizing_dscr"] + balloon, first)
        self.debt = min(d["commitment"], d["advance_rate"] * d["site_cost"], self.capacity)
        self.cover = d["sizing_dscr"]
        if self.debt > balloon:
            self.cover *= (self.capacity - balloon) / (self.debt - balloon)
        left, sculpted, self.scheduled, self.services = self.debt, self.debt, [], []
        for k, (cash, year) in enumerate(zip(signed[:n], self.rates, strict=True), start=1):
            rate = year / 12
            paid = max(0.0, cash) / self.cover if self.debt > self.counted(signed[:n]) else 0.0
            sculpted += sculpted * rate - max(sculpted * rate, paid)
            falls_due = (n - k) % int(d["payment_months"]) == 0
            self.scheduled.append(left - sculpted if falls_due else 0.0)
            self.services.append(left * rate + self.scheduled[-1])
            left -= self.scheduled[-1]
        self.balloon = left

    def counted(self, signed: list[float]) -> float:
        """The balloon: none where the lease ends first, no more than has its interest paid."""
        d = self.d
        if d["lease_months"] < self.tenor + d["lease_tail"]:
            return 0.0
        return min(d["balloon"], *map(self.carried, signed, self.rates))

    def carried(self, cash: float, rate: float) -> float:
        """The balance whose interest a month pays at the sizing DSCR."""
        return max(0.0, cash) / self.d["sizing_dscr"] * 12 / rate if rate else math.inf

    @property
    def accounts(self) -> dict[str, Any]:
        d = self.d
        ahead = math.fsum(self.services[: int(d["dsra_months"])])
        return {
            "loan": self.debt,
            "rate": d["coupon"],
            "fee": d["upfront_fee"],
            "oid": d["oid"],
            "dsra_opening": d["dsra_funded"] * ahead,
            "dsra_periods": d["dsra_months"],
            "dsra_stays": d["dsra_stays"],
            "sweep": d["cash_sweep"],
            "lockup": d["lock_up_dscr"],
            "liquidity": d["equity_cure"],
            "principal_periods": d["payment_months"],
        }

    def value(self, k: int) -> float:
        """The site let at market, at a month's end."""
        d = self.d
        income = self.market(k) - self.opex[max(0, k - 1)]
        return max(d["shell_value"], income * 12 / d["exit_yield"])

    def leased(self, k: int) -> float:
        """The rent of the months that are left of the lease, and the empty site after them.

        An income that runs for good at a yield is its value; one that ends is that less the same
        from its end on.
        """
        if not k:
            return 0.0
        d = self.d
        years = max(0.0, d["lease_months"] - k) / 12
        for_good = max(0.0, self.signed[k - 1]) * 12 / d["exit_yield"]
        after = max(d["shell_value"], self.dark(k))
        return for_good - (for_good - after) / (1 + d["exit_yield"]) ** years

    def dark(self, k: int) -> float:
        d, wait = self.d, self.d["downtime_months"]
        let = self.value(k) / (1 + d["exit_yield"]) ** (wait / 12)
        return let - self.opex[max(0, k - 1)] * wait

    def empty(self, k: int) -> float:
        d, let = self.d, self.dark(k)
        keep = d["relet"] * (1 - d["forced_haircut"]) * let
        return max(d["shell_value"], keep + (1 - d["relet"]) * d["shell_value"])

    def stands(self, k: int) -> float:
        """The site let at market rent, or empty until it is let again."""
        back = self.gone + self.d["downtime_months"] if k in self.insured else self.again
        if not k or self.pays(k) or k >= back:
            return self.value(k)
        again, shell = self.d["relet"], self.d["shell_value"]
        return float(max(shell, again * self.dark(k) + (1 - again) * shell))

    def pays(self, k: int) -> bool:
        """Whether the tenant pays: a lease is worth its rent only then."""
        return bool(self.d["late_months"] < k < self.gone)

    def sale(self, k: int) -> float:
        let = (1 - self.d["forced_haircut"]) * self.leased(k) if self.pays(k) else 0.0
        return max(self.empty(k), let)

    def idle(self, k: int) -> bool:
        """A month in which neither tenant nor guarantor nor the market pays."""
        return not (self.pays(k) or k in self.insured or k >= self.again)

    def lent(
        self, value: float, income: list[float], empty: set[int], leaves: int, let: bool
    ) -> float:
        """What a new lender lends: the lower of value and cash, the empty months carried.

        His borrower pays a level service, what the lowest month let covers, in each month of the
        amortisation but the empty ones; their operating cost is held back at the outset. Who
        leaves while the lender is owed leaves the market's income: where no month of cover is
        let to it, that of the months of cover.
        """
        d = self.d
        rate, cover = d["refi_rate"] / 12, self.covered()
        months = [income[k - 1] for k in cover if k not in empty]
        if leaves < self.tenor + d["refi_months"] and not let:
            months += [self.market(k) - self.opex[k - 1] for k in cover]
        lowest = min(months, default=0.0)
        paid = [self.tenor + k not in empty for k in range(1, int(d["refi_months"]) + 1)]
        worth = math.fsum(on / (1 + rate) ** k for k, on in enumerate(paid, start=1))
        cash = max(0.0, lowest / d["refi_dscr"] * worth - self.held(empty))
        return d["refi_share"] * min(d["refi_ltv"] * value, cash)

    def covered(self) -> range:
        return range(self.tenor + 1, self.tenor + int(self.d["refi_test_months"]) + 1)

    def late(self, leaves: int, back: int, paid: set[int]) -> set[int]:
        """The empty months beyond those of cover, while the new lender is owed."""
        first = max(leaves, self.covered()[-1]) + 1
        last = min(self.tenor + int(self.d["refi_months"]), back - 1)
        return {k for k in range(first, last + 1) if k not in paid}

    def held(self, empty: set[int]) -> float:
        """What empty months cost; the model ends before most beyond those of cover, which cost
        what its last month does."""
        last = self.covered()[-1]
        return math.fsum(self.opex[k - 1 if k <= last else -1] for k in empty)

    def bare(self, empty: set[int]) -> float:
        """The site let at market after so many empty months, or the shell."""
        d = self.d
        let = self.value(self.tenor) / (1 + d["exit_yield"]) ** (len(empty) / 12)
        return float(max(d["shell_value"], let - self.held(empty)))

    def new_loans(self) -> tuple[float, float, float]:
        """While the lease runs, in the case in force, and if the tenant goes at maturity."""
        d, n, cover = self.d, self.tenor, self.covered()
        let = [self.market(k) - self.opex[k - 1] for k in range(1, MONTHS + 1)]
        ends, wait = int(d["lease_months"]), int(d["downtime_months"])
        after = {k for k in cover if ends < k <= ends + wait}
        runs = [
            s if k <= ends else m for k, (s, m) in enumerate(zip(self.signed, let, strict=True), 1)
        ]
        lease = 0.0
        if ends > n:
            dark = after | self.late(ends, ends + wait + 1, set())
            lease = self.lent(self.leased(n), runs, dark, ends, cover[-1] > ends + wait)
        idle = {k for k in cover if self.idle(k)}
        beyond = self.late(self.gone - 1, self.again, self.insured)
        stays = self.pays(n) and all(self.pays(k) for k in cover)
        value = self.bare(idle | beyond if self.gone <= cover[-1] else idle)
        again = any(k >= self.again and k not in self.insured for k in cover)
        live = self.lent(
            self.leased(n) if stays else value, self.cash, idle | beyond, self.gone - 1, again
        )
        dark = {k for k in cover if k <= n + wait}
        bare = dark | self.late(n, n + wait + 1, set())
        return lease, live, self.lent(self.bare(bare), let, bare, n, cover[-1] > n + wait)

    def lowest(self, cash: list[float], last: int) -> float:
        """The lowest cover of as many months as lie between two dates of principal."""
        wide = int(self.d["payment_months"])
        covers = []
        for k in range(1, last + 1):
            if (self.tenor - k) % wide:
                continue  # between dates of principal a cover says nothing
            months = range(max(0, k - wide), k)
            due = math.fsum(self.services[m] for m in months)
            if due > 0:
                covers.append(math.fsum(cash[m] - self.must[m] for m in months) / due)
        return min(covers)

    def run(self) -> dict[str, Any]:
        """Wait to maturity, ask the new lender, then enforce what he leaves."""
        d, n = self.d, self.tenor
        cash, must = list(self.cash[:n]), self.must[:n]
        due = {"balloon": 0.0}
        waited = Path(self.accounts | due, self.scheduled, cash, None, None, self.rates, must).run()
        need = float(waited.figures()["unpaid"])
        if need > 0:  # a loan that is repaid leaves the month's operating hole to its owner
            need += float(waited.rows[-1]["gap"] or 0.0)
        lease, lent, gone = self.new_loans()
        taken = need if need <= lent else 0.0
        cash[-1] += taken
        waited = Path(self.accounts | due, self.scheduled, cash, None, None, self.rates, must).run()
        terms = (
            self.accounts
            | due
            | {
                "grace_periods": d["grace_months"],
                "recovery_periods": d["recovery_months"],
                "gpu_units": 1.0,
            }
        )
        site = [self.sale(k) for k in range(n + 1)]
        ends = Path(terms, self.scheduled, cash, None, site, self.rates, must).run().figures()
        cover = Path(
            self.accounts | due, self.scheduled, self.cash[:n], None, None, self.rates, must
        ).run()
        owed = [self.debt, *(float(row["closing"]) for row in waited.rows)]
        owed += [0.0] * (n + 1 - len(owed))
        unpaid = float(waited.figures()["unpaid"])
        whole = unpaid < 0.01 and ends["loss"] < 0.01
        return {
            "debt": self.debt,
            "applied_dscr": self.cover,
            "capacity_lease": self.capacity,
            "refi_balloon": self.balloon,
            "last_service": max(k for k, s in enumerate(self.services, start=1) if s > 0.01),
            "refi_on_lease": lease,
            "refi_if_gone": gone,
            "refi_capacity": lent,
            "refi_left": need,
            "support_used": math.fsum(self.supported),
            "first_missed_month": ends["first_missed"] or 0,
            "unpaid_at_maturity": unpaid,
            "unpaid_after_sale": max(0.0, unpaid - site[n]),
            "loss": ends["loss"],
            "lender_irr": ends["irr"],
            "repaid_month": waited.figures()["end_period"] if whole else 0,
            "min_dscr": self.lowest(self.cash, int(cover.figures()["end_period"])),
            "max_ltv": max(owed[k] / self.stands(k) for k in range(n + 1)),
            "max_forced": max(owed[k] / self.empty(k) for k in range(n + 1)),
        }


CHANGED: list[dict[str, Any]] = [
    {},
    {"cash_sweep": 0, "dsra_months": 0, "lock_up_dscr": 0},
    {"cash_sweep": 1, "dsra_funded": 0.3, "lock_up_dscr": 1.3},
    {"dsra_stays": 0},
    {"dsra_months": 24, "tenor_months": 20, "refi_share": 0},
    {"customer_stops": 13},
    {"customer_stops": 13, "support_months": 0},
    {"customer_stops": 20, "support_cap": 100e6, "grace_months": 4},
    {"customer_stops": 20, "support_cap": 900e6, "support_burn": 30e6, "termination_months": 6},
    {"customer_stops": 20, "termination_months": 60, "cash_sweep": 0, "lock_up_dscr": 1.6},
    {"customer_stops": 40, "termination_months": 9, "termination_prepays": 0.5, "grace_months": 6},
    {"customer_stops": 60, "support_months": 0, "dsra_months": 0},
    {"late_months": 9, "grace_months": 96},
    {"late_months": 9},
    {"late_months": 24, "tenor_months": 24, "grace_months": 96, "dsra_months": 24},
    {"customer_stops": 50, "support_months": 96, "exit_yield": 0.2, "refi_months": 360},
    {"customer_stops": 58, "support_months": 0, "refi_test_months": 1, "downtime_months": 0},
    {"late_months": 4, "grace_months": 0, "dsra_months": 2},
    {"lease_months": 30},
    {"lease_months": 64},
    {"lease_months": 95},
    {"lease_months": 96},
    {"customer_stops": 93, "support_months": 2},
    {"lease_months": 110, "downtime_months": 20, "refi_share": 0.9},
    {"lease_months": 150, "refi_months": 96},
    {"lease_months": 48, "shell_value": 6e8},
    {"lease_months": 72, "refi_test_months": 6, "rent_decline": 0.15},
    {"exit_yield": 0.105, "refi_rate": 0.105, "upfront_fee": 0.01, "oid": 0.02},
    {"refi_share": 0.3},
    {"refi_months": 240, "refi_ltv": 0.4, "customer_stops": 13, "support_months": 60},
    {"rent_decline": -0.05, "market_rent": 150, "customer_stops": 6, "support_months": 0},
    {"balloon": 0},
    {"lease_months": 66, "lease_tail": 6},
    {"lease_months": 66, "lease_tail": 7, "payment_months": 3},
    {"lease_rent": 40},
    {"lease_rent": 75, "escalation": -0.1},
    {"lease_rent": 40, "balloon": 2e8, "interest_days": "act/360"},
    {"balloon": 1e9, "commitment": 1e9 + 1, "coupon": 0.14},
    {"balloon": 0, "lease_months": 50, "downtime_months": 24},
    {"balloon": 0, "lease_months": 50, "payment_months": 2, "cash_sweep": 0},
    {"interest_days": "act/360"},
    {"interest_days": "act/360", "payment_months": 3, "customer_stops": 13, "support_months": 10},
    {"payment_months": 6, "cash_sweep": 1, "dsra_stays": 0},
    {"payment_months": 3, "dsra_months": 0},
    {"payment_months": 3, "customer_stops": 1, "support_months": 0, "downtime_months": 0},
    {"payment_months": 6, "tenor_months": 50, "equity_cure": 80e6, "late_months": 9},
    {"equity_cure": 300e6, "late_months": 9, "interest_days": "act/360"},
    {"equity_cure": 40e6, "customer_stops": 13, "support_months": 0, "grace_months": 3},
    {"equity_cure": 600e6, "customer_stops": 60, "support_months": 0, "downtime_months": 30},
    {"tenor_months": 48, "balloon": 900e6, "commitment": 1.5e9},
    {"customer_stops": 61, "support_months": 0},
    {"stops_at_maturity": 1, "support_months": 0, "tenor_months": 24},
    {"customer_stops": 66, "support_months": 0, "refi_share": 0.6},
    {"customer_stops": 70, "support_months": 4, "downtime_months": 12},
    {"customer_stops": 55, "support_months": 8, "downtime_months": 20, "refi_months": 24},
    {"customer_stops": 61, "support_months": 0, "refi_months": 7, "downtime_months": 8},
    {"customer_stops": 61, "support_months": 0, "refi_test_months": 6},
    {"customer_stops": 61, "support_months": 0, "refi_test_months": 9},
    {"customer_stops": 61, "refi_test_months": 9},
    {"customer_stops": 61, "support_months": 3, "refi_test_months": 9},
    {"customer_stops": 61, "support_empty": 12},
    {"customer_stops": 61, "support_months": 12, "support_empty": 12, "refi_test_months": 1},
    {"customer_stops": 80, "support_months": 2, "support_empty": 20, "grace_months": 4},
    {"customer_stops": 13, "support_months": 12, "support_empty": 60, "refi_test_months": 20},
    {"refi_test_months": 9},
    {"refi_test_months": 4, "downtime_months": 60, "refi_months": 48},
    {"refi_test_months": 3, "downtime_months": 30, "rent_decline": -0.04, "tenor_months": 50},
    {"late_months": 30, "tenor_months": 24, "refi_ltv": 0.3, "grace_months": 96},
    {"customer_stops": 61, "support_months": 0, "shell_value": 1.2e9, "rent_decline": 0.3},
]


@pytest.mark.parametrize("changed", CHANGED)
def test_the_loan_is_what_the_agreement_says(site: Example, changed: dict[str, Any]) -> None:
    result = site.given(changed)
    cents = ("loss", "unpaid_at_maturity", "unpaid_after_sale", "refi_left", "refi_balloon")
    for name, value in Site(plain(site, **changed)).run().items():
        slack = 0.01 if name in cents else 1e-12
        assert result.names[name] == pytest.approx(float(value), rel=1e-9, abs=slack), name
    assert result.names["master_check"] == "OK"
    assert not result.errors


def test_the_balance_is_the_agreements_in_every_month(site: Example) -> None:
    mirror = Site(plain(site))
    terms = mirror.accounts | {"balloon": 0.0}
    path = Path(terms, mirror.scheduled, mirror.cash[: mirror.tenor], None, None, None).run()
    balances = [float(row["closing"]) for row in path.rows][:-1]
    assert site.row("balance")[: mirror.tenor - 1] == pytest.approx(balances, rel=1e-9)
    assert site.row("balance")[mirror.tenor - 1] == 0  # the new lender takes it out


def test_half_of_excess_cash_flow_shrinks_the_balloon(site: Example) -> None:
    """By hand: interest on what is owed, principal as signed, half of the rest prepays."""
    mirror = Site(plain(site))
    owed = mirror.debt
    for cash, principal in zip(mirror.signed, mirror.scheduled, strict=False):
        interest = owed * 0.08 / 12
        owed -= principal + 0.5 * (cash - interest - principal)
    bare = {"dsra_months": 0, "lock_up_dscr": 0}
    names = site.given(bare).names
    # in the month of maturity all of the cash pays, not half of it
    last = 0.5 * (cash - interest - principal)
    assert names["refi_left"] == pytest.approx(owed - last, rel=1e-9)
    assert names["refi_balloon"] == pytest.approx(700e6, rel=1e-9)


NAMES = (
    *("unpaid_at_maturity", "first_missed_month", "loss", "lender_irr", "min_dscr", "max_ltv"),
    *("breakeven_decline", "peak_arrears", "repaid_month", "refi_left", "refi_gap"),
    "min_dscr_tested",
)


@pytest.mark.parametrize("number", range(1, 9))
def test_a_scenario_typed_is_the_scenario_chosen(site: Example, number: int) -> None:
    table = site.template.scenarios
    case = table.case[number]
    deal, typed = plain(site), {}
    for shock, value in zip(table.shock, case.values, strict=True):
        if isinstance(value, str):
            continue
        old = deal[shock.input]
        typed[shock.input] = {"add": old + value, "multiply": old * value}.get(shock.by, value)
    chosen = site.given({"scenario": case.label}).names
    by_hand = site.given(typed).names
    for name in NAMES:
        same = by_hand[name]  # a number, or the word that there is none
        same = same if isinstance(same, str) else pytest.approx(same, rel=1e-9)
        assert chosen[name] == same, name


def test_a_tenant_stops_at_maturity_whatever_the_tenor(site: Example) -> None:
    """The scenario is the house limit's case: what a new lender then lends is the same figure."""
    given = {"tenor_months": 12, "balloon": 790e6}
    found = site.given(given)
    labels = [case.label for case in site.template.scenarios.case]
    row = HEADER_ROW + 1 + labels.index("Tenant stops at maturity")
    heads = [metric.label for metric in site.template.scenarios.metric]
    stress = {head: found.values["Stress"][row, 2 + at] for at, head in enumerate(heads)}
    names = found.names
    assert stress["A new lender lends"] == pytest.approx(names["refi_if_gone"], rel=1e-9)
    assert names["limit_take_out"] == "OUTSIDE" and stress["First missed payment, month"] == 12
    assert stress["Unpaid at maturity, lender waits"] == pytest.approx(names["refi_left"], rel=1e-9)
    early = {**given, "customer_stops": 7, "support_months": 0}
    both = site.given({**early, "stops_at_maturity": 1}).names
    assert both["first_missed_month"] == site.given(early).names["first_missed_month"] < 12  # type: ignore[operator]


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"customer_stops": 13},
        {"customer_stops": 13, "cash_sweep": 0},
        {"customer_stops": 13, "support_months": 12, "covenant_months": 12, "first_test_month": 30},
        {"customer_stops": 13, "market_rent": 260, "support_months": 0, "downtime_months": 0},
        {"lease_months": 40, "market_rent": 300, "covenant_months": 3},
        {"scenario": "Tenant stops and rents 20% lower"},
        {"late_months": 9},
    ],
)
def test_the_break_even_decline_meets_the_covenant(
    site: Example, changed: dict[str, float | str]
) -> None:
    decline = site.given(changed).names["breakeven_decline"]
    if decline == "none":
        worst = site.given({**changed, "rent_decline": 0.99}).names
        assert worst["min_dscr_tested"] >= 1.1 * (1 - 1e-9)  # type: ignore[operator]
        return
    if decline == "any":
        best = site.given({**changed, "rent_decline": -0.99}).names
        assert best["min_dscr_tested"] < 1.1  # type: ignore[operator]
        return
    assert isinstance(decline, float)
    names = site.given({**changed, "rent_decline": decline}).names
    assert names["min_dscr_tested"] == pytest.approx(1.1, abs=1e-6)
    assert names["covenant_dscr_curve"] == "PASS"


def test_the_verdict_never_praises_a_loan_that_is_not_repaid(site: Example) -> None:
    changed = {"customer_stops": 30, "refi_share": 0, "support_months": 3}
    found = site.given(changed)
    assert found.names["loss"] > 0  # type: ignore[operator]
    assert found.names["spread_verdict"] == 1
    assert "The case in force leaves the lender unpaid: no coupon pays for that" in texts(found)
    assert found.names["spread_counted"] == 0 < found.names["required_spread"]  # type: ignore[operator]
    assert site.result.names["spread_verdict"] == 2


def test_a_loan_paid_late_without_loss_is_said_to_be_late(site: Example) -> None:
    found = site.given({"scenario": "No refinancing"})
    assert found.names["unpaid_at_maturity"] > 0  # type: ignore[operator]
    assert found.names["loss"] == found.names["left_unpaid"] == 0
    assert (
        "Late in the case in force, repaid without loss by enforcement alone: "
        "no verdict on the coupon" in texts(found)
    )


def test_nothing_goes_to_the_sponsor_after_maturity(site: Example) -> None:
    paid, tenor = site.row("distribution"), int(site.number("tenor_months"))
    assert sum(paid[tenor:]) == 0 < sum(paid[:tenor])
    assert sum(paid) == pytest.approx(site.number("distributed"), rel=1e-12)


DRAWS: list[Values] = [
    {"commitment_fee": 0.01},
    {"commitment_fee": 0.01, "draw_months": 0},
    {
        **{"draw_months": 18, "commitment_fee": 0.0075, "upfront_fee": 0.01, "closing_costs": 5e6},
        **{"tranche_share_1": 0.3, "tranche_month_1": 18},
        **{"tranche_share_2": 0.2, "tranche_month_2": 6, "tranche_share_3": 0.5},
    },
    {"draw_months": 24, "tranche_share_4": 0.25, "tranche_month_4": 20, "oid": 0.02},
]


@pytest.mark.parametrize("changed", DRAWS, ids=str)
@pytest.mark.parametrize("days", ["even months", "act/360"])
def test_the_draws_cost_interest_and_fee_until_closing(
    site: Example, changed: Values, days: str
) -> None:
    """Each draw by itself: interest from its date to closing, the fee from signing to its date."""
    d = plain(site, **changed)
    result = site.given({**changed, "interest_days": days})
    n = int(d["draw_months"])
    ask = [(d[f"tranche_share_{k}"], int(d[f"tranche_month_{k}"])) for k in range(1, 5)]
    even = 1 - sum(share for share, _ in ask)
    ask += [(even / n, lead) for lead in range(n)] if n else [(even, 0)]
    interest = fee = 0.0
    for share, lead in ask:
        drawn, loan = before(lead), share * site.number("debt")
        if days == "act/360":
            years = (CLOSING - drawn).days / 360, (drawn - before(n)).days / 360
        else:
            years = lead / 12, (n - lead) / 12
        interest += loan * d["coupon"] * years[0]
        fee += loan * d["commitment_fee"] * years[1]
    reserve = Site(d | {"act/360": float(days == "act/360")}).accounts["dsra_opening"]
    paid = d["site_cost"] + interest + fee + reserve + d["closing_costs"]
    paid += site.number("debt") * (d["upfront_fee"] + d["oid"] - 1)
    assert result.names["equity"] == pytest.approx(paid, rel=1e-9)
    assert result.names["master_check"] == "OK"


def before(months: int) -> date:
    """The day so many months before closing, the last of its month."""
    first = date(CLOSING.year, CLOSING.month, 1)
    for _ in range(months - 1):
        first = (first - timedelta(days=1)).replace(day=1)
    return first - timedelta(days=1) if months else CLOSING


@pytest.mark.parametrize(
    "wrong",
    [
        {"tranche_share_1": 0.6, "tranche_share_2": 0.6},  # more than the loan
        {"tranche_share_1": 0.6, "tranche_month_1": 13},  # before signing
    ],
)
def test_draws_that_do_not_add_up_are_told(site: Example, wrong: Values) -> None:
    assert site.given(wrong).names["master_check"] == "CHECK"


def test_a_tenant_who_never_paid_leaves_an_empty_site(site: Example) -> None:
    """Enforced in month 6 of nine without rent: the price is that of the empty site."""
    found = site.given({"scenario": "Rent starts nine months late"})
    sheet, sale = site.place("value_sale")
    empty = found.values[sheet][site.place("value_forced")[1], 5 + 5]
    assert found.names["default_month"] == 6
    assert found.values[sheet][sale, 5 + 5] == empty
    assert found.values[sheet][sale, 5 + 9] > empty  # type: ignore[operator]  # he pays from month 10
    row = site.place("defaulted")[1]
    owed = found.values["Waterfall"][row, 5 + 5]
    assert found.names["loss"] == pytest.approx(owed - empty, rel=1e-9)  # type: ignore[operator]


def texts(found: Recalculation) -> set[object]:
    """What stands on the Summary."""
    return {v for v in found.values["Summary"].values() if isinstance(v, str)}


def says(found: Recalculation, words: str) -> bool:
    """Whether these words stand on the Summary."""
    return any(words in str(text) for text in texts(found))


def term(site: Example, found: Recalculation, label: str) -> str:
    """A line of the Term Sheet."""
    sheet = site.formulas["Term Sheet"]["B"]
    (row,) = [cell.row for cell in sheet if cell.value == label]
    return str(found.values["Term Sheet"][row, 3])


def test_a_lease_that_ends_before_the_loan_carries_no_balloon(site: Example) -> None:
    """By hand: the cash of 36 months of lease over 1.15x at 8%; nothing is due later."""
    found = site.given({"lease_months": 36})
    names, mirror = found.names, Site(plain(site))
    worth = sum(c / 1.15 / (1 + 0.08 / 12) ** k for k, c in enumerate(mirror.signed[:36], start=1))
    assert names["debt"] == pytest.approx(worth, rel=1e-9)
    assert names["refi_balloon"] == 0 and names["last_service"] == 36
    assert names["dscr_as_underwritten"] == pytest.approx(1.15, rel=1e-9)
    assert names["covenant_dscr_curve"] == "PASS" and names["loss"] == 0
    assert says(found, "None of USD 700.0 m agreed: the lease ends too soon, in month 36")
    assert says(found, "the last payment as signed in month 36")


def test_a_balloon_is_no_larger_than_what_has_its_interest_paid(site: Example) -> None:
    """A lease of 40 a kW pays interest at 1.15x on less than the balloon that was agreed."""
    names = site.given({"lease_rent": 40}).names
    first = Site(plain(site, lease_rent=40)).signed[0]
    assert names["debt"] == pytest.approx(first / 1.15 * 12 / 0.08, rel=1e-9)
    assert names["dscr_as_underwritten"] == pytest.approx(1.15, rel=1e-9)
    assert site.given({"critical_kw": 0}).names["debt"] == 0


def test_a_balloon_is_what_the_worst_month_of_the_lease_pays_interest_on(site: Example) -> None:
    """A rent that falls 10% a year: the last year's cash at 1.15x and 12% carries less."""
    terms = {"escalation": -0.1, "coupon": 0.12, "balloon": 1e9}
    names = site.given(terms).names
    worst = min(Site(plain(site, **terms)).signed[:60])
    carried = worst / 1.15 * 12 / 0.12
    assert carried < 1e9
    assert names["refi_balloon"] == pytest.approx(carried, rel=1e-9)
    assert names["dscr_as_underwritten"] == pytest.approx(1.15, rel=1e-9)


def test_a_balloon_as_large_as_the_loan_leaves_interest_alone(site: Example) -> None:
    found = site.given({"balloon": 1.3e9})
    assert found.names["refi_balloon"] == pytest.approx(found.names["debt"], rel=1e-12)
    lowest = found.names["dscr_as_underwritten"]
    said = term(site, found, "Amortisation")
    assert f"interest alone in 60 months: lowest cover {lowest:.2f}x" in said
    assert "sculpted" not in said and "sculpted to 1.21x" in term(site, site.result, "Amortisation")


def test_conditions_of_closing_can_fail(site: Example) -> None:
    short = site.given({"lease_months": 66, "lease_tail": 12}).names
    assert short["condition_lease"] == "NOT MET" and short["condition_lease.value"] == 6
    assert short["refi_balloon"] == pytest.approx(0, abs=0.01)
    thin = site.given({"commitment": 1.36e9, "advance_rate": 1}).names
    assert thin["condition_equity"] == "NOT MET"
    assert {site.result.names[f"condition_{name}"] for name in ("lease", "equity")} == {"MET"}


def test_no_spread_counts_for_a_loan_that_is_paid_late(site: Example) -> None:
    """Nothing is lost, yet there is no verdict on the coupon, and the lender has enforced."""
    found = site.given({"late_months": 9, "equity_cure": 60e6})
    names = found.names
    assert names["loss"] == 0 and names["default_month"] > 0  # type: ignore[operator]
    assert names["limit_spread"] == "OUTSIDE" and names["limit_spread.value"] == 0
    assert says(found, "in the case in force, the lender enforcing")
    assert site.result.names["limit_spread"] == "INSIDE"


def test_a_tenant_who_is_gone_loosens_no_limit(site: Example) -> None:
    """The site empty at maturity is lent the same on, whoever has left it before."""
    found = site.given({"customer_stops": 13})
    assert found.names["refi_if_gone"] == pytest.approx(site.number("refi_if_gone"), rel=1e-12)
    assert found.names["refi_if_gone"] < found.names["refi_capacity"]  # type: ignore[operator]
    said = next(str(s) for s in texts(found) if str(s).startswith("In force: "))
    assert "the tenant is gone by then: on the site let again a new lender lends" in said
    assert "; were it empty, a new lender lends" in said
    assert "if the tenant goes" not in said


def test_a_yield_above_a_hundred_percent_is_found(site: Example) -> None:
    """By hand: one payment after a month."""
    names = site.given({"tenor_months": 1, "balloon": 0, "upfront_fee": 0.2, "oid": 0.5}).names
    assert names["lender_irr"] == pytest.approx(((1 + 0.08 / 12) / 0.3) ** 12 - 1, rel=1e-9)
    assert names["master_check"] == "OK"


def test_an_empty_site_is_not_valued_as_let(site: Example) -> None:
    """The tenant stops unsupported: the lender loses, and the loan to value is that of an empty
    site, let again or a shell; the house reads the forced sale."""
    found = site.given({"customer_stops": 13, "support_months": 0})
    names, mirror = found.names, Site(plain(site, customer_stops=13, support_months=0))
    assert names["loss"] > 0  # type: ignore[operator]
    sheet, row = site.place("balance")
    owed = [float(found.values[sheet][row, 4 + k]) for k in range(13, 22)]  # type: ignore[arg-type]
    worth = [0.75 * mirror.dark(k) + 0.25 * 250e6 for k in range(13, 22)]
    worst = max(a / b for a, b in zip(owed, worth, strict=True))
    assert names["max_ltv"] == pytest.approx(worst, rel=1e-9)
    assert names["covenant_value"] == "BREACH"
    assert names["covenant_value.first_breach"] == site.row("period_end")[12]
    assert site.result.names["covenant_value"] == "PASS"


def test_the_house_reads_the_forced_sale(site: Example) -> None:
    forced = Site(plain(site)).empty(0)
    names = site.result.names
    assert names["limit_sale.value"] == pytest.approx(site.number("debt") / forced, rel=1e-9)
    assert names["limit_sale"] == "OUTSIDE"
    assert site.given({"limit_forced": 1.4}).names["limit_sale"] == "INSIDE"


def test_cash_between_two_dates_of_principal_waits_for_it(site: Example) -> None:
    """Nothing is missed where the cover of the covenant holds, nor paid out where it does not."""
    bare = site.given({"payment_months": 3, "dsra_months": 0})
    assert bare.names["first_missed_month"] == 0 and bare.names["covenant_dscr_curve"] == "PASS"
    weak = {"customer_stops": 1, "support_months": 0, "downtime_months": 0}
    for every in (1, 3):
        names = site.given({**weak, "payment_months": every}).names
        assert names["covenant_dscr_curve"] == "BREACH" and names["distributed"] == 0, every


@pytest.mark.parametrize(
    "terms",
    [
        {"payment_months": 6, "lease_months": 36},
        {"payment_months": 3, "lease_months": 50},
        {"payment_months": 3, "lease_months": 50, "cash_sweep": 0},
        {"payment_months": 12, "lease_months": 40},
        {"payment_months": 3, "covenant_months": 4, "covenant_looks": "forward"},
    ],
)
def test_no_instalment_counts_in_two_covers(site: Example, terms: dict[str, Any]) -> None:
    """A cover is that of the months up to a date of principal and since the one before."""
    names = site.given(terms).names
    mirror, every = Site(plain(site, **terms)), int(terms["payment_months"])
    covers = {}
    for k in range(1, mirror.tenor + 1):
        months = range(max(0, k - every), k)
        due = math.fsum(mirror.services[m] for m in months)
        if (mirror.tenor - k) % every == 0 and due > 0.01:
            covers[k] = math.fsum(mirror.signed[m] for m in months) / due
    assert names["dscr_as_underwritten"] == pytest.approx(min(covers.values()), rel=1e-9)
    assert max(covers) == names["last_service"]
    assert names["min_dscr_tested"] >= min(covers.values()) - 1e-9  # type: ignore[operator]
    assert names["master_check"] == "OK"


@pytest.mark.parametrize(
    "terms", [{"payment_months": 3}, {"payment_months": 6, "tenor_months": 50}]
)
def test_cover_sets_the_cash_between_two_dates_against_their_principal(
    site: Example, terms: Values
) -> None:
    """By hand from date to date; a short period comes first."""
    names = site.given(terms).names
    mirror, every = Site(plain(site, **terms)), int(terms["payment_months"])
    dates = [k for k in range(1, mirror.tenor + 1) if (mirror.tenor - k) % every == 0]
    periods = [range(max(0, k - every), k) for k in dates]
    covers = [
        math.fsum(mirror.signed[m] for m in p) / math.fsum(mirror.services[m] for m in p)
        for p in periods
    ]
    assert min(covers) == pytest.approx(names["dscr_as_underwritten"], rel=0.02)
    assert names["dscr_as_underwritten"] > 1.1  # type: ignore[operator]
    assert names["dscr_supported"] > 1.1  # type: ignore[operator]
    monthly = site.given({**terms, "payment_months": 1}).names
    for name in ("min_dscr", "downside_dscr", "dscr_after_contract"):
        assert names[name] > monthly[name] - 0.04, name  # type: ignore[operator]
    assert names["covenant_dscr_curve"] == "PASS" and names["master_check"] == "OK"


@pytest.mark.parametrize(
    "given",
    [
        {"first_test_month": 55, "tenor_months": 50},
        {"first_test_month": 60, "covenant_looks": "forward"},
    ],
)
def test_a_first_test_after_maturity_is_told(site: Example, given: dict[str, Any]) -> None:
    """No figure and no verdict; the deal is wrong, and one check says how."""
    found = site.given(given)
    assert found.names["min_dscr_tested"] == "not tested" and not found.errors
    assert found.names["covenant_dscr_curve"] == "NONE"
    assert found.names["master_check"] == "CHECK"
    assert not says(found, "no decline breaks the DSCR")
    metrics = site.template.scenarios.metric
    column = 2 + [metric.label for metric in metrics].index("DSCR covenant")
    cases = range(HEADER_ROW + 1, HEADER_ROW + 1 + len(site.template.scenarios.case))
    assert {found.values["Stress"][row, column] for row in cases} == {"NONE"}


def test_no_sentence_speaks_of_a_loan_that_is_not_drawn(site: Example) -> None:
    found = site.given({"commitment": 0})
    assert term(site, found, "Amortisation") == "No loan is drawn"
    said = [v for v in found.values["Summary"].values() if v == "No loan is drawn"]
    assert len(said) == 7
    for words in ("Every payment is made", "repaid", "takes out", "IRR"):
        assert not says(found, words), words
    assert "never" not in term(site, found, "Financial covenant: DSCR")
    # no covenant, condition, limit or stress reads as passed, on the Summary or on Stress
    for page in ("Summary", "Stress"):
        passed = {"PASS", "MET", "INSIDE", "HOLDS"} & {str(v) for v in found.values[page].values()}
        assert not passed, page
    assert found.names["master_check"] == "CHECK"


def test_what_is_agreed_and_does_not_count_is_said(site: Example) -> None:
    """The sculpted cover without the operating cost after the lease; a balloon above the loan."""
    short = site.given({"lease_months": 36})
    assert short.names["llcr_lease"] == pytest.approx(1.15, rel=1e-9)
    assert "held until the loan is repaid" in term(site, short, "Accounts and waterfall")
    large = site.given({"balloon": 2e9})
    assert says(large, "USD 1,275.0 m as signed, of 2,000.0 m agreed, more than the loan;")


def test_the_summary_says_on_what_the_spread_rests(site: Example) -> None:
    table, stress = site.template.scenarios, site.result.values["Stress"]
    rows = range(HEADER_ROW + 1, HEADER_ROW + 1 + len(table.case))
    at = {metric.name: 2 + number for number, metric in enumerate(table.metric) if metric.name}
    losses = [
        case.weight * float(stress[row, at["case_loss_value"]])
        for case, row in zip(table.case, rows, strict=True)
    ]
    most = losses.index(max(losses))
    assert table.case[most].label == "Rent starts nine months late"
    lost = float(stress[rows[most], at["case_loss"]]) / 1e6
    words = f'{max(losses) / sum(losses):.0%} of the spread by scenarios from "Rent starts nine'
    assert says(site.result, words)
    assert says(site.result, f"USD {lost:,.1f} m lost if it enforces, 0.0 if it waits")


def test_one_month_is_one_month(site: Example) -> None:
    one = {"tenor_months": 1, "lease_months": 1, "refi_months": 1, "balloon": 0}
    found = site.given(one)
    for page in ("Summary", "Term Sheet"):
        shown = [v for v in found.values[page].values() if isinstance(v, str)]
        assert not [v for v in shown if re.search(r"(?<![.\d])1 (months|years)\b", v)], page
    assert "over 1 month," in term(site, found, "Refinancing")
    assert says(found, "1 month from 31 Dec 2026") and says(found, "the lease runs 1 month")


def test_what_the_summary_puts_together_is_no_printed_figure(site: Example) -> None:
    words = [figure.name for figure in site.template.figure if figure.unit == "text"]
    assert words == ["binding_limit"]
    assert "spread_verdict" not in {figure.name for figure in site.template.figure}


def test_a_downside_that_is_better_than_the_case_in_force_says_why(site: Example) -> None:
    """Support carries the empty months of a tenant who stops; nobody those after a lease."""
    downside = {"downside": "Tenant stops in year 2", "cash_sweep": 0, "market_rent": 128}
    found = site.given({**downside, "lease_months": 60})
    assert found.names["first_missed_month"] == 60 and found.names["downside_missed"] == 0
    assert says(found, "better than in force, as a sooner stop or enforcement, or a shorter")
    chosen = site.given({"scenario": "Everything", "downside": "No refinancing"})
    assert says(chosen, "better than in force: it moves the inputs as typed, not the scenario")
    assert not says(chosen, "as a sooner stop")
    same = site.given({"scenario": "Everything", "downside": "Everything"})
    for book in (site.result, same):
        assert not says(book, "than in force")


def test_a_downside_that_misses_later_and_loses_more_is_not_better(site: Example) -> None:
    """A tenant who stops sooner leaves a cap that has burned off less, and then lower rents."""
    found = site.given({"customer_stops": 30, "support_cap": 900e6, "support_burn": 30e6})
    names = found.names
    assert 0 < names["first_missed_month"] < names["downside_missed"] == 47  # type: ignore[operator]
    assert names["loss"] < names["downside_loss"]  # type: ignore[operator]
    assert names["unpaid_after_sale"] < names["downside_after_sale"]  # type: ignore[operator]
    assert says(found, "in month 47; later than in force, but more is lost or left unpaid")
    assert not says(found, "better than in force")


def test_the_support_of_a_stop_is_told(site: Example) -> None:
    assert says(site.result, "USD 849.8 m of support, then let at once at market rent")
    short = site.given({"customer_stops": 13, "support_months": 3})
    assert says(short, "of support, then 6 empty months, then market rent")


def test_the_site_stays_empty_after_the_guarantor_too(site: Example) -> None:
    """Tenant gone in month 13, support to month 48: in the months after it nobody pays."""
    terms = {"scenario": "Tenant stops in year 2", "downside": "Tenant stops in year 2"}
    usual, empty = site.given(terms), site.given(terms | {"support_empty": 6})
    (sheet, row), costs = site.place("cfads_curve"), site.row("opex")
    before, after = (
        [float(found.values[sheet][row, 5 + month]) for month in range(96)]  # type: ignore[arg-type]
        for found in (usual, empty)
    )
    assert before[48] > 0
    assert after[48:54] == pytest.approx([-cost for cost in costs[48:54]], rel=1e-12)
    assert after[:48] + after[54:] == before[:48] + before[54:]
    state = site.place("value_state")
    assert empty.values[state[0]][state[1], 5 + 50] < usual.values[state[0]][state[1], 5 + 50]  # type: ignore[operator]
    assert (usual.names["test_empty"], empty.names["test_empty"]) == (0, 6)
    for figure, downside in (("min_dscr", "downside_dscr"), ("loss", "downside_loss")):
        assert empty.names[downside] == pytest.approx(empty.names[figure], rel=1e-9, abs=1e-6)
    assert empty.names["min_dscr"] < 0 < usual.names["min_dscr"]  # type: ignore[operator]
    assert empty.names["master_check"] == "OK"
    # where he pays nothing, the empty months from the tenant's going stand alone
    alone = {"scenario": "Tenant stops in year 2 without support"}
    none, asked = site.given(alone).names, site.given(alone | {"support_empty": 6}).names
    assert all(none[name] == asked[name] for name in ("min_dscr", "loss", "unpaid_at_maturity"))
