"""The hosting loan against a plain-Python mirror of the deal.

The mirror works out cash flow, the guarantor's payments, the signed schedule, values and what a
new lender lends; what is then paid, swept, missed and enforced is the plain program of the
agreement that the engine itself is held to (``tests.oracles.loan_path``). Nothing here comes from
the package.
"""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.oracles.loan_path import Path
from tests.workbook.conftest import Example, made
from xlcredit.recalc import Recalculation, recalculate

Values = dict[str, float]
MONTHS = 96


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Example:
    return made("hosting-project-loan", tmp_path_factory.mktemp("site"))


def plain(example: Example, **changed: Any) -> Values:
    inputs = {n: i.value for n, i in example.deal.inputs.items()} | changed
    return {n: float(v) for n, v in inputs.items() if isinstance(v, (int, float))}


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
        self.gone = min(gone, int(d["lease_months"]) + 1)
        self.cash, self.supported = [], []
        left = d["support_cap"] - d["support_burn"] * (self.gone - 1)
        for k in months:
            there = d["late_months"] < k < self.gone
            cash = self.lease[k - 1] if there else 0.0
            if k == gone:
                cash += d["termination_months"] * self.lease[k - 1]
            paid = 0.0
            if self.gone <= k < self.gone + d["support_months"]:
                paid = max(0.0, min(self.lease[k - 1], left))
            left -= paid
            self.supported.append(paid)
            if k >= self.gone + d["downtime_months"] and not paid:
                cash += self.market(k)
            self.cash.append(cash + paid - self.opex[k - 1])
        self.size()

    def market(self, k: int) -> float:
        d, middle = self.d, max(0.0, k - 0.5)
        rent = d["market_rent"] * d["rent_level"] * (1 - d["rent_decline"]) ** (middle / 12)
        return d["critical_kw"] * d["occupancy"] * rent

    def size(self) -> None:
        d, n, rate = self.d, self.tenor, self.d["coupon"] / 12
        signed = [r - o for r, o in zip(self.lease, self.opex, strict=True)]
        self.signed = signed
        worth = math.fsum(max(0.0, c) / (1 + rate) ** k for k, c in enumerate(signed[:n], 1))
        balloon = d["balloon"] / (1 + rate) ** n
        self.capacity = worth / d["sizing_dscr"] + balloon
        self.debt = min(d["commitment"], d["advance_rate"] * d["site_cost"], self.capacity)
        self.cover = worth / (self.debt - balloon)
        left, self.scheduled, self.services = self.debt, [], []
        for cash in signed[:n]:
            interest = left * rate
            self.services.append(max(interest, max(0.0, cash) / self.cover))
            self.scheduled.append(self.services[-1] - interest)
            left -= self.scheduled[-1]
        self.balloon = left

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
        }

    def value(self, k: int) -> float:
        """The site let at market, at a month's end."""
        d = self.d
        income = self.market(k) - self.opex[max(0, k - 1)]
        return max(d["shell_value"], income * 12 / d["exit_yield"])

    def leased(self, k: int) -> float:
        return max(0.0, self.signed[k - 1]) * 12 / self.d["exit_yield"] if k else 0.0

    def empty(self, k: int) -> float:
        d, wait = self.d, self.d["downtime_months"]
        let = self.value(k) / (1 + d["exit_yield"]) ** (wait / 12)
        let -= self.opex[max(0, k - 1)] * wait
        keep = d["relet"] * (1 - d["forced_haircut"]) * let
        return max(d["shell_value"], keep + (1 - d["relet"]) * d["shell_value"])

    def pays(self, k: int) -> bool:
        """Whether the tenant pays: a lease is worth its rent only then."""
        return bool(self.d["late_months"] < k < self.gone)

    def sale(self, k: int) -> float:
        let = (1 - self.d["forced_haircut"]) * self.leased(k) if self.pays(k) else 0.0
        return max(self.empty(k), let)

    def dark(self, k: int) -> float:
        """Let at market only after the empty months."""
        d, wait = self.d, self.d["downtime_months"]
        let = self.value(k) / (1 + d["exit_yield"]) ** (wait / 12)
        return float(max(d["shell_value"], let - self.opex[k - 1] * wait))

    def lent(self, value: float, income: list[float]) -> float:
        """What a new lender lends: the lower of value and level service from the lowest month."""
        d = self.d
        rate, months = d["refi_rate"] / 12, int(d["refi_months"])
        annuity = math.fsum((1 + rate) ** -k for k in range(1, months + 1))
        after = income[self.tenor : self.tenor + int(d["refi_test_months"])]
        cash = max(0.0, min(after)) / d["refi_dscr"] * annuity
        return min(d["refi_ltv"] * value, cash)

    def new_loans(self) -> tuple[float, float, float]:
        """On the lease, at market, and in the case in force."""
        n = self.tenor
        let = [self.market(k) - self.opex[k - 1] for k in range(1, MONTHS + 1)]
        lease = self.lent(self.leased(n), self.signed)
        market = self.lent(self.value(n), let)
        again = n >= self.gone + self.d["downtime_months"] and not self.supported[n - 1]
        there = self.leased(n) if self.pays(n) else self.value(n) if again else self.dark(n)
        return lease, market, self.d["refi_share"] * self.lent(there, self.cash)

    def run(self) -> dict[str, Any]:
        """Wait to maturity, ask the new lender, then enforce what he leaves."""
        d, n = self.d, self.tenor
        cash = list(self.cash[:n])
        due = {"balloon": 0.0}
        waited = Path(self.accounts | due, self.scheduled, cash, None, None, None).run()
        hole = float(waited.rows[-1]["gap"]) if waited.rows[-1]["gap"] else 0.0
        need = float(waited.figures()["unpaid"]) + hole
        lease, market, lent = self.new_loans()
        taken = need if need <= lent else 0.0
        cash[-1] += taken
        waited = Path(self.accounts | due, self.scheduled, cash, None, None, None).run()
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
        ends = Path(terms, self.scheduled, cash, None, site, None).run().figures()
        cover = Path(self.accounts | due, self.scheduled, self.cash[:n], None, None, None).run()
        owed = [self.debt, *(float(row["closing"]) for row in waited.rows)]
        owed += [0.0] * (n + 1 - len(owed))
        unpaid = float(waited.figures()["unpaid"])
        whole = unpaid < 0.01 and ends["loss"] < 0.01
        return {
            "debt": self.debt,
            "applied_dscr": self.cover,
            "capacity_lease": self.capacity,
            "refi_balloon": self.balloon,
            "refi_on_lease": lease,
            "refi_at_market": market,
            "refi_capacity": lent,
            "refi_left": need,
            "support_used": math.fsum(self.supported),
            "first_missed_month": ends["first_missed"] or 0,
            "unpaid_at_maturity": unpaid,
            "unpaid_after_sale": max(0.0, unpaid - site[n]),
            "loss": ends["loss"],
            "lender_irr": ends["irr"],
            "repaid_month": waited.figures()["end_period"] if whole else 0,
            "min_dscr": cover.figures()["min_scheduled_dscr"],
            "max_ltv": max(owed[k] / self.value(k) for k in range(n + 1)),
        }


CHANGED: list[Values] = [
    {},
    {"cash_sweep": 0, "dsra_months": 0, "lock_up_dscr": 0},
    {"cash_sweep": 1, "dsra_funded": 0.3, "lock_up_dscr": 1.3},
    {"dsra_stays": 0},
    {"dsra_months": 24, "tenor_months": 20, "refi_share": 0},
    {"customer_stops": 13},
    {"customer_stops": 13, "support_months": 0},
    {"customer_stops": 20, "support_cap": 100e6, "grace_months": 4},
    {"customer_stops": 20, "support_cap": 900e6, "support_burn": 30e6, "termination_months": 6},
    {"customer_stops": 60, "support_months": 0, "dsra_months": 0},
    {"late_months": 9, "grace_months": 96},
    {"late_months": 9},
    {"late_months": 24, "tenor_months": 24, "grace_months": 96, "dsra_months": 24},
    {"customer_stops": 50, "support_months": 96, "exit_yield": 0.2, "refi_months": 360},
    {"customer_stops": 58, "support_months": 0, "refi_test_months": 1, "downtime_months": 0},
    {"late_months": 4, "grace_months": 0, "dsra_months": 2},
    {"lease_months": 30},
    {"lease_months": 64},
    {"exit_yield": 0.105, "refi_rate": 0.105, "upfront_fee": 0.01, "oid": 0.02},
    {"refi_share": 0.3},
    {"refi_months": 240, "refi_ltv": 0.4, "customer_stops": 13, "support_months": 60},
    {"rent_decline": -0.05, "market_rent": 150, "customer_stops": 6, "support_months": 0},
    {"balloon": 0},
    {"tenor_months": 48, "balloon": 900e6, "commitment": 1.5e9},
]


@pytest.mark.parametrize("changed", CHANGED)
def test_the_loan_is_what_the_agreement_says(site: Example, changed: Values) -> None:
    result = recalculate(site.path, inputs=changed)
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
    names = recalculate(site.path, inputs=bare).names
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
    chosen = recalculate(site.path, inputs={"scenario": case.label}).names
    by_hand = recalculate(site.path, inputs=typed).names
    for name in NAMES:
        same = by_hand[name]  # a number, or the word that there is none
        same = same if isinstance(same, str) else pytest.approx(same, rel=1e-9)
        assert chosen[name] == same, name


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
    decline = recalculate(site.path, inputs=changed).names["breakeven_decline"]
    if decline == "none":
        worst = recalculate(site.path, inputs={**changed, "rent_decline": 0.99}).names
        assert worst["min_dscr_tested"] >= 1.1 * (1 - 1e-9)  # type: ignore[operator]
        return
    if decline == "any":
        best = recalculate(site.path, inputs={**changed, "rent_decline": -0.99}).names
        assert best["min_dscr_tested"] < 1.1  # type: ignore[operator]
        return
    assert isinstance(decline, float)
    names = recalculate(site.path, inputs={**changed, "rent_decline": decline}).names
    assert names["min_dscr_tested"] == pytest.approx(1.1, abs=1e-6)


def test_the_verdict_never_praises_a_loan_that_is_not_repaid(site: Example) -> None:
    changed = {"customer_stops": 30, "refi_share": 0, "support_months": 3}
    found = recalculate(site.path, inputs=changed)
    assert found.names["loss"] > 0  # type: ignore[operator]
    assert found.names["spread_verdict"] == 1
    assert "The case in force leaves the lender unpaid: no coupon pays for that" in texts(found)
    assert found.names["spread_counted"] == 0 < found.names["required_spread"]  # type: ignore[operator]
    assert site.result.names["spread_verdict"] == 2


def test_a_loan_paid_late_without_loss_is_said_to_be_late(site: Example) -> None:
    found = recalculate(site.path, inputs={"scenario": "No refinancing"})
    assert found.names["unpaid_at_maturity"] > 0  # type: ignore[operator]
    assert found.names["loss"] == found.names["left_unpaid"] == 0
    assert (
        "Late in the case in force, and repaid without loss by enforcement alone: "
        "no verdict on the coupon" in texts(found)
    )


def test_nothing_goes_to_the_sponsor_after_maturity(site: Example) -> None:
    paid, tenor = site.row("distribution"), int(site.number("tenor_months"))
    assert sum(paid[tenor:]) == 0 < sum(paid[:tenor])
    assert sum(paid) == pytest.approx(site.number("distributed"), rel=1e-12)


def texts(found: Recalculation) -> set[object]:
    """What stands on the Summary."""
    return {v for v in found.values["Summary"].values() if isinstance(v, str)}
