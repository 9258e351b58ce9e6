"""The dual-collateral loan against a plain-Python mirror of the deal.

The mirror works out prices, cash flow and the signed schedule month by month; what is then paid,
called, sold and enforced is the plain program of the agreement that the engine itself is held to
(``tests.oracles.loan_path``). Nothing here comes from the package.
"""

from __future__ import annotations

import datetime
import itertools
import math
import re
from typing import Any

import pytest

import xlcredit
from tests.oracles.loan_path import Path
from tests.workbook.conftest import Example
from tests.workbook.test_stress import table

Values = dict[str, float]


def plain(example: Example, **changed: Any) -> Values:
    inputs = {n: i.value for n, i in example.deal.inputs.items()} | changed
    inputs["act/360"] = int(inputs["interest_days"] == "act/360")
    return {
        n: v.toordinal() if isinstance(v, datetime.date) else v
        for n, v in inputs.items()
        if isinstance(v, (int, float, datetime.date))
    }


def average(size: float, depth: float, impact: float, exponent: float) -> float:
    """Mean over the lot of exp(-impact (x/depth)^exponent), by Simpson's rule in x = size u^5."""
    if size == 0:
        return 1.0
    n, total = 4000, 0.0
    for i in range(n + 1):
        u = i / n
        weight = 1 if i in (0, n) else 4 if i % 2 else 2
        total += weight * 5 * u**4 * math.exp(-impact * (size * u**5 / depth) ** exponent)
    return total / (3 * n)


def end_of(day: datetime.date, months: int) -> datetime.date:
    """The last day of the month so many months on."""
    year, month = divmod(day.year * 12 + day.month + months, 12)
    return datetime.date(year, month + 1, 1) - datetime.timedelta(days=1)


class Miner:
    """Prices, cash, schedule and what becomes of the loan."""

    def __init__(self, d: Values) -> None:
        self.d, months = d, 48
        self.tenor = int(d["tenor_months"])
        self.close = datetime.date.fromordinal(int(d["closing_date"]))
        at = [min(1.0, k / d["fall_months"]) for k in range(months + 1)]
        self.btc = [d["coin_price"] * (1 - d["coin_fall"] * a) for a in at]
        eth_fall = min(1.0, d["coin_fall"] * d["eth_beta"])
        eth = [d["eth_price"] * (1 - eth_fall * a) for a in at]
        self.lot = [
            d["coin_units"] * b + d["eth_units"] * e for b, e in zip(self.btc, eth, strict=True)
        ]
        self.coins = d["coin_units"] + d["eth_units"] * d["eth_price"] / d["coin_price"]
        self.rent, self.gpu = [], []
        for k, a in enumerate(at):
            middle = max(0.0, k - 0.5)
            before = d["market_rent"] * d["index_basis"]
            rent = (
                before * (1 + (d["rent_level"] - 1) * a) * (1 - d["rent_decline"]) ** (middle / 12)
            )
            self.rent.append(max(d["rent_floor"], rent))
            ratio = self.rent[k] / (before * (1 - d["resale_rent_decline"]) ** (middle / 12))
            value = self.by_launches(k) * min(1.0, ratio) ** d["rent_elasticity"]
            self.gpu.append(value * (1 - d["gpu_fall"] * a))
        self.flat, self.cash = zip(*(self.month(k) for k in range(1, months + 1)), strict=True)
        self.size()

    def by_launches(self, k: int) -> float:
        d = self.d
        value = d["gpu_price"] * (1 - d["residual_decline"]) ** (k / 12)
        for n in ("1", "2"):
            start = d[f"launch_month_{n}"] - d["launch_lead"]
            span = d["launch_lead"] + d["launch_ramp"]
            before, now = (min(1.0, max(0.0, (t - start) / span)) for t in (0, k))
            value *= (1 - d[f"launch_drop_{n}"]) ** (now - before)
        return max(d["residual_floor"], value)

    def month(self, k: int) -> tuple[float, float]:
        """CFADS of a month, as underwritten and on the curve."""
        d, hours = self.d, 730.0
        signed = d["gpu_units"] * d["contract_share"] if k <= d["contract_months"] else 0.0
        there = not d["customer_stops"] or k < d["customer_stops"]
        let = signed if there else 0.0
        idle = 0.0 if there or k > d["customer_stops"] + d["downtime_months"] else signed
        paid = hours * d["availability"] * d["contract_rent"]
        market = hours * d["utilisation"]
        cost = d["gpu_kw"] * d["pue"] * d["power_price"] + d["other_opex"]
        opex = d["gpu_units"] * hours * cost
        end = end_of(self.close, k)
        reward = d["halving_share"] if end.toordinal() >= d["halving_date"] else 1.0
        mined = d["coins_per_month"] * reward / (1 + d["difficulty_growth"]) ** ((k - 0.5) / 12)
        bill = d["coins_per_month"] * d["mining_cost"]
        level = d["market_rent"] * d["index_basis"]
        flat = signed * paid + (d["gpu_units"] - signed) * market * level - opex
        curve = let * paid + (d["gpu_units"] - let - idle) * market * self.rent[k] - opex
        return (
            flat + max(0.0, mined * d["coin_price"] - bill),
            curve + max(0.0, mined * self.btc[k] - bill),
        )

    def size(self) -> None:
        d, n = self.d, self.tenor
        self.rates = [(d["base_rate"] + d["margin"]) * t for t in self.years()]
        factors, growth = [], 1.0
        for rate in self.rates:
            growth *= 1 + rate
            factors.append(1 / growth)
        worth = [max(0.0, c) / d["sizing_dscr"] for c in self.flat[:n]]
        carried = math.fsum(w * f for w, f in zip(worth, factors, strict=True))
        advance = d["advance_btc"] * d["coin_units"] * d["coin_price"]
        advance += d["advance_eth"] * d["eth_units"] * d["eth_price"]
        advance += d["advance_gpu"] * d["gpu_units"] * d["gpu_price"]
        self.debt = min(d["commitment"], advance, carried)
        balloon = min(d["balloon"], self.debt)
        level = (self.debt - balloon / growth) / math.fsum(factors)
        left, self.scheduled, self.openings = self.debt, [], []
        for k, rate in enumerate(self.rates, start=1):
            self.openings.append(left)
            self.scheduled.append(level - left * rate + (balloon if k == n else 0.0))
            left -= self.scheduled[-1]
        self.services = [level + (balloon if k == n else 0.0) for k in range(1, n + 1)]

    def years(self) -> list[float]:
        """The part of a year that interest counts for each month of the loan."""
        if not self.d["act/360"]:
            return [1 / 12] * self.tenor
        ends = [end_of(self.close, k) for k in range(self.tenor + 1)]
        return [(b - a).days / 360 for a, b in itertools.pairwise([self.close, *ends[1:]])]

    @property
    def accounts(self) -> dict[str, float]:
        d = self.d
        ahead = math.fsum(self.services[: int(d["dsra_months"])])
        return {
            "loan": self.debt,
            "rate": d["base_rate"] + d["margin"],
            "balloon": 0.0,
            "dsra_opening": d["dsra_funded"] * ahead,
            "dsra_periods": d["dsra_months"],
            "sweep": d["cash_sweep"],
            "lockup": d["lock_up_dscr"],
            "liquidity": d["liquidity"],
        }

    def agreement(self) -> dict[str, Any]:
        """The loan with its margin calls and enforcement."""
        d, n = self.d, self.tenor
        shape = d["sale_exponent"]
        kept = average(self.coins, d["sale_coin_depth"], d["sale_coin_impact"], shape)
        cards = average(d["gpu_units"], d["sale_gpu_depth"], d["sale_gpu_impact"], shape)
        terms = self.accounts | {
            "grace_periods": d["grace_months"],
            "recovery_periods": d["recovery_months"],
            "coin_units": 1.0,
            "gpu_units": 1.0,
            "call_ltv": d["call_ltv"],
            "cure_ltv": d["cure_ltv"],
            "liquidation_ltv": d["liquidation_ltv"],
            "cure_periods": d["cure_months"],
            "coin_slippage": 1 - kept,
            # the price impact is worked out here, so that the program knows one number of it
            "gpu_depth": 1.0,
            "sale_haircut": 1 - (1 - d["sale_gpu_haircut"]) * cards,
            "sale_cost": d["sale_gpu_cost"],
        }
        fleet = [d["gpu_units"] * g for g in self.gpu[: n + 1]]
        cash = list(self.cash[:n])

        def path(fails: int) -> Path:
            held = terms | {"accelerated": fails}
            return Path(held, self.scheduled, cash, self.lot[: n + 1], fleet, self.nominal).run()

        self.fails = self.failing([float(row["distribution"]) for row in path(0).rows])
        self.path = path(self.fails)
        return self.path.figures()

    @property
    def nominal(self) -> list[float]:
        return [12 * rate for rate in self.rates]

    def alone(self, cash: list[float] | None = None, fails: int = 0) -> dict[str, Any]:
        """The loan on cash alone, the lender waiting."""
        given = list(self.cash[: self.tenor]) if cash is None else cash
        terms = self.accounts | {"accelerated": fails}
        return Path(terms, self.scheduled, given, None, None, self.nominal).run().figures()

    def notes(self) -> dict[str, tuple[int, float, float]]:
        """Month in which each of the notes falls due, its amount, its coupon of a month."""
        found = {}
        for name in ("a", "b"):
            dates = [self.d[f"note_{name}_maturity"]]
            dates += [self.d[f"note_{name}_put"]] if self.d["puts_used"] else []
            end = datetime.date.fromordinal(int(min(dates)))
            amount = self.d[f"note_{name}_amount"]
            month = (end.year - self.close.year) * 12 + end.month - self.close.month
            found[name] = (month, amount, amount * self.d[f"note_{name}_coupon"] / 12)
        return found

    def failing(self, distributed: list[float]) -> int:
        """First month in which notes that are not rolled over are not covered; 0 for none.

        Cash is that before the month's distribution; a note that is rolled over keeps its coupon.
        """
        d, cash, kept = self.d, self.d["treasury_cash"], self.d["notes_rolled"]
        for k in range(1, self.tenor + 1):
            cash += d["other_cash_flow"] - d["overhead"]
            must = 0.0
            for month, amount, coupon in self.notes().values():
                cash -= coupon if k <= month else kept * coupon
                must += (1 - kept) * amount if k == month else 0.0
            if must - max(0.0, cash + d["treasury_coins"] * self.btc[k]) > 0.01:
                return k
            cash += distributed[k - 1] - must
        return 0


#: A month of the loan for the holders' put of notes B.
EARLIER_PUT = datetime.date(2028, 9, 1)
#: A put in the month after closing.
AT_ONCE = datetime.date(2026, 12, 15)
#: The notes are not rolled over, and coin and cards do not cover what is owed then.
BROKEN: dict[str, Any] = {
    **{"notes_rolled": 0, "cash_sweep": 0, "lock_up_dscr": 0, "dsra_months": 1},
    **{"coin_fall": 0.75, "fall_months": 17, "sale_gpu_impact": 2, "sale_gpu_depth": 2000},
    "call_ltv": 0.9, "cure_ltv": 0.6, "liquidation_ltv": 1.1,
}  # fmt: skip
FALL = {"coin_fall": 0.5, "gpu_fall": 0.4, "rent_level": 0.8}
CHANGED: list[dict[str, Any]] = [
    {},
    FALL,
    FALL | {"fall_months": 1},
    FALL | {"fall_months": 2, "cure_months": 1, "liquidation_ltv": 1.2},
    FALL | {"liquidity": 40e6},
    {"coin_fall": 0.7, "gpu_fall": 0.6, "rent_level": 0.6, "customer_stops": 13},
    {"cash_sweep": 0, "dsra_months": 0, "lock_up_dscr": 0},
    {"cash_sweep": 0, "dsra_months": 6, "dsra_funded": 0.5, "grace_months": 4},
    {"rent_level": 0.7, "grace_months": 0, "liquidity": 0},
    {"coin_price": 45000, "gpu_price": 9000, "advance_btc": 0.6},
    {"eth_units": 20000, "eth_beta": 1.5, "coin_fall": 0.55},
    {"difficulty_growth": -0.2, "coins_per_month": 200, "coin_fall": 0.2},
    {"rent_decline": -0.1},
    {"notes_rolled": 0},
    {"notes_rolled": 0.75, "note_b_put": EARLIER_PUT},  # A is paid, B in month 22 is not
    {"notes_rolled": 0.55, "overhead": 1e6},  # both are paid
    {"notes_rolled": 0, "puts_used": 0},  # both maturities are after the loan's
    {"notes_rolled": 0, "rent_level": 0.7, "grace_months": 12},  # missed payments, then the notes
    BROKEN,
    {"interest_days": "even months"},
    FALL | {"interest_days": "even months", "balloon": 30e6},
    BROKEN | {"tenor_months": 25, "note_a_amount": 1e9, "note_b_amount": 0, "recovery_months": 6},
    {"notes_rolled": 0, "note_a_put": AT_ONCE},
    BROKEN | {"note_a_put": AT_ONCE, "fall_months": 1, "coin_fall": 0.5},
]


@pytest.mark.parametrize("changed", CHANGED)
def test_the_loan_is_what_the_agreement_says(miner: Example, changed: dict[str, Any]) -> None:
    mirror = Miner(plain(miner, **changed))
    result = miner.given(changed)
    names, ends = result.names, mirror.agreement()
    alone = mirror.alone()
    left = mirror.alone(fails=mirror.fails)
    repaid = ends["status"] == "repaid"
    expected = {
        "debt": mirror.debt,
        "first_missed_month": ends["first_missed"] or 0,
        "first_call_month": ends["first_call"] or 0,
        "repaid_month": ends["end_period"] if repaid else 0,
        "default_month": 0 if repaid else ends["end_period"],
        "loss": ends["loss"],
        "lender_irr": ends["irr"],
        "min_cover_due": ends["min_dscr"],
        "max_ltv": ends["max_ltv"],
        "distributed": ends["distributed"],
        "fail_month": mirror.fails,
        "unpaid_at_maturity": left["unpaid"],
        "min_dscr": alone["min_scheduled_dscr"],
    }
    for name, value in expected.items():
        cents = 0.01 if name in ("loss", "distributed", "unpaid_at_maturity") else 1e-12
        assert names[name] == pytest.approx(float(value), rel=1e-9, abs=cents), name
    assert names["master_check"] == "OK"
    assert not result.errors
    # no margin is judged where cash does not repay: enforced, or left for coin to repay
    # or late
    paid = repaid and left["unpaid"] <= 0.01 and not ends["first_missed"]
    said = str(names["margin_verdict"])
    assert said.startswith(("The margin", "The three estimates")) is paid
    assert (names["spread_counted"] == names["spread_offered"]) is paid
    assert paid or names["limit_margin"] == "OUTSIDE"
    assert ("no margin pays for that" in said) is (ends["loss"] > 0.01)


def test_the_balance_is_the_agreements_in_every_month(miner: Example) -> None:
    mirror = Miner(plain(miner))
    mirror.agreement()
    balances = [float(row["closing"]) for row in mirror.path.rows]
    assert miner.row("balance")[: mirror.tenor] == pytest.approx(balances, rel=1e-9, abs=1e-3)


def test_mining_stops_when_it_does_not_pay(miner: Example) -> None:
    """At the halving of April 2028, month 17; a dearer coin carries it on."""
    assert miner.number("mining_stops") == 17
    assert not any(miner.row("mining")[16:])
    names = miner.given({"coin_price": 200000}).names
    assert names["mining_stops"] == 0
    fallen = miner.given({"coin_fall": 0.5}).names["mining_stops"]
    assert isinstance(fallen, float)
    assert 1 < fallen < 17


NAMES = (
    *("unpaid_at_maturity", "first_missed_month", "loss", "lender_irr", "min_dscr", "max_ltv"),
    *("breakeven_decline", "peak_arrears", "repaid_month", "call_any_day", "call_one_day"),
    *("fail_month", "default_month", "spread_hazard", "spread_simulated", "limit_beyond"),
)


@pytest.mark.parametrize("number", range(1, 11))
def test_a_scenario_typed_is_the_scenario_chosen(miner: Example, number: int) -> None:
    table = miner.template.scenarios
    case = table.case[number]
    deal, typed = plain(miner), {}
    for shock, value in zip(table.shock, case.values, strict=True):
        if isinstance(value, str):
            continue
        old = deal[shock.input]
        typed[shock.input] = {"add": old + value, "multiply": old * value}.get(shock.by, value)
    chosen = miner.given({"scenario": case.label}).names
    by_hand = miner.given(typed).names
    for name in NAMES:
        expected = by_hand[name]  # or a word, such as any decline
        same = expected if isinstance(expected, str) else pytest.approx(expected, rel=1e-9)
        assert chosen[name] == same, name


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"index_basis": 0.65},
        {"index_basis": 1.3},
        {"cash_sweep": 0},
        {"rent_floor": 2.3},
        {"contract_months": 6},
        {"scenario": "Rents 30% lower"},
        {"coin_units": 0, "eth_units": 0},  # cover jumps: a month of negative cash flow more
    ],
)
def test_the_break_even_decline_meets_the_covenant(miner: Example, changed: dict[str, Any]) -> None:
    decline = miner.given(changed).names["breakeven_decline"]
    limit = miner.deal.inputs["covenant_dscr"].value
    if decline in ("none", "any"):
        tried = {**changed, "rent_decline": 0.99 if decline == "none" else -0.99}
        cover = miner.given(tried).names["min_dscr"]
        assert (cover >= limit) is (decline == "none")
        return
    at = miner.given({**changed, "rent_decline": decline}).names
    if at["min_dscr"] != pytest.approx(limit, abs=1e-9):
        more = miner.given({**changed, "rent_decline": decline + 1e-6}).names
        assert more["min_dscr"] < limit < at["min_dscr"]


def test_the_break_even_is_the_smallest_decline_that_breaks(miner: Example) -> None:
    """Cover on the scheduled service falls with rents, past missed payments and enforcement."""
    with xlcredit.open(miner.path) as book:
        book["sim_paths"] = 100  # the covenant hangs on no path
        least, covers, enforced = book["breakeven_decline"], [], 0
        for tried in (-0.1, 0.0, 0.05, 0.1, least - 1e-6, least + 1e-6, 0.2, 0.25, 0.3, 0.35, 0.5):
            book["rent_decline"] = tried
            assert book["covenant_dscr_curve"] == ("BREACH" if tried > least else "PASS")
            assert book["breakeven_decline"] == pytest.approx(least, rel=1e-9)
            covers.append(book["min_dscr"])
            enforced += book["default_month"] > 0
    assert covers == sorted(covers, reverse=True)
    assert enforced > 1


MENDED: dict[str, Any] = {"contract_months": 24, "lock_up_dscr": 2.0, "cash_sweep": 0.3}


@pytest.mark.parametrize("changed", [MENDED, MENDED | {"commitment": 60e6, "market_rent": 2.6}])
def test_lower_rents_may_mend_the_covenant_and_the_break_even_is_one_that_breaks_it(
    miner: Example, changed: dict[str, Any]
) -> None:
    """A lock-up sweeps what it traps, month after month, and repays before the weak months."""
    tried = [n / 40 for n in range(-8, 25)]
    with xlcredit.open(miner.path) as book:
        book.set({**changed, "sim_paths": 100})
        found, said = [], []
        for decline in tried:
            book["rent_decline"] = decline
            found.append(book["covenant_dscr_curve"])
            said.append(book["breakeven_decline"])
        # of two breaches narrower than a step of the scan either may be named: each is one
        for least in {round(decline, 8) for decline in said}:
            for decline, verdict in ((least - 1e-6, "PASS"), (least + 1e-6, "BREACH")):
                book["rent_decline"] = decline
                assert book["covenant_dscr_curve"] == verdict
    first = found.index("BREACH")
    assert "PASS" in found[first:] and set(found[:first]) == {"PASS"}
    assert tried[0] < min(said) <= max(said) <= tried[first]


def test_loss_given_default_is_on_the_exposure_at_default(miner: Example) -> None:
    deal = plain(miner)
    rates = [*Miner(deal).rates, *[0.0] * 12]
    owed = [miner.number("debt"), *miner.row("balance")]
    proceeds, lgd = miner.row("proceeds"), miner.row("lgd")
    assert lgd[0] > 0
    loss = premium = 0.0
    for k, (opening, got, share) in enumerate(zip(owed, proceeds, lgd, strict=False), start=1):
        exposure = opening * (1 + rates[k - 1])
        lost = max(0.0, exposure - got)
        assert share == pytest.approx(lost / exposure if exposure else 0.0, abs=1e-12)
        alive = math.exp(-deal["hazard"] * (k - 1) / 12)
        factor = (1 + deal["loss_rate"]) ** (-k / 12)
        loss += alive * (1 - math.exp(-deal["hazard"] / 12)) * lost * factor
        premium += alive * opening * factor / 12
    assert miner.number("spread_hazard") == pytest.approx(loss / premium * 1e4, rel=1e-9)


def call_any_day(miner: Example, **changed: Any) -> float:
    value = miner.given(changed).names["call_any_day"]
    assert isinstance(value, float)
    return value


def test_a_call_on_any_day_moves_with_what_moves_it(miner: Example) -> None:
    """Fewer calls with calmer coin, less correlation, faster repayment; more the other way."""
    usual = call_any_day(miner)
    assert usual > miner.number("call_one_day")
    assert usual > miner.number("sim_call")
    assert call_any_day(miner, coin_vol=0.2) < usual < call_any_day(miner, coin_vol=0.8)
    together = call_any_day(miner, calm_correlation=0.8)
    assert call_any_day(miner, calm_correlation=-0.4, stress_correlation=-0.4) < usual < together
    assert usual < call_any_day(miner, cash_sweep=0)
    assert call_any_day(miner, scenario="Coin falls 50%") > usual
    assert call_any_day(miner, scenario="Coin falls 50%", call_ltv=0.6, cure_ltv=0.4) == 1.0


def test_the_borrower_runs_dry_where_its_cash_and_coin_end(miner: Example) -> None:
    deal = plain(miner)
    cash, stressed, dry = deal["treasury_cash"], deal["treasury_cash"], [0, 0]
    months = {name: due(miner, name) for name in ("a", "b")}
    for k, paid in enumerate(miner.row("distribution"), start=1):
        flow = deal["other_cash_flow"] - deal["overhead"]
        for name, at in months.items():
            amount, coupon = deal[f"note_{name}_amount"], deal[f"note_{name}_coupon"]
            flow -= (amount * coupon / 12 if k <= at else 0.0) + (amount if k == at else 0.0)
        cash, stressed = cash + flow + paid, stressed + flow
        coin = deal["treasury_coins"] * deal["coin_price"]
        for at, left in enumerate((cash + coin, stressed + coin * (1 - deal["coin_shock"]))):
            dry[at] = dry[at] or (k if left < 0 else 0)
    assert [miner.number("runway_base"), miner.number("runway_stress")] == [d - 1 for d in dry]
    assert miner.number("notes_first") == min(months.values())


SOLD: dict[str, Any] = {"gpu_fall": 0.5, "coin_fall": 0.5, "cure_months": 2, "liquidity": 0}


@pytest.mark.parametrize(
    ("changed", "raised"),
    [
        (SOLD, 352.3e6),
        ({"note_a_put": AT_ONCE, "notes_rolled": 0}, 269.7e6),
        ({"notes_rolled": 0}, 199.6e6),
        ({}, None),
    ],
)
def test_what_enforcement_has_sold_earns_the_owner_nothing(
    miner: Example, changed: dict[str, Any], raised: float | None
) -> None:
    """Until then distributions, then the surplus of the sale; no coin or card stays posted."""
    mirror = Miner(plain(miner, **changed))
    ends, rows = mirror.agreement(), mirror.path.rows
    end = ends["end_period"] if ends["status"] != "repaid" else 99
    result = miner.given(changed)

    def row(name: str) -> list[Any]:
        place, at = miner.place(name)
        return [result.values[place][at, 4 + k] for k in range(1, 49)]

    paid = [float(r["distribution"]) for r in rows[: min(end, mirror.tenor)]]
    paid += [0.0 if end < 99 else max(0.0, c) for c in mirror.cash[len(paid) :]]
    assert row("distribution") == pytest.approx(paid, rel=1e-9, abs=0.01)
    surplus, months = float(mirror.path.surplus), int(end + mirror.d["recovery_months"])
    assert row("surplus_paid") == pytest.approx(
        [surplus if k == months else 0.0 for k in range(1, 49)], rel=1e-9, abs=0.01
    )
    for name in ("coin_today", "gpu_today", "coin_stress", "gpu_stress", "collateral_today"):
        assert all((value > 0) is (k < end) for k, value in enumerate(row(name), 1)), name
    cash, peak, d = mirror.d["treasury_cash"], 0.0, mirror.d
    for k in range(1, mirror.tenor + 1):
        cash += paid[k - 1] + d["other_cash_flow"] - d["overhead"]
        cash += surplus if k == months else 0.0
        for month, amount, coupon in mirror.notes().values():
            cash -= (coupon if k <= month else 0.0) + (amount if k == month else 0.0)
        peak = max(peak, -cash - d["treasury_coins"] * mirror.btc[k])
    assert result.names["roll_peak"] == pytest.approx(peak, rel=1e-9)
    assert raised is None or peak == pytest.approx(raised, abs=0.05e6)
    assert result.names["master_check"] == "OK"


def due(miner: Example, name: str) -> int:
    put, close = (miner.deal.inputs[n].value for n in (f"note_{name}_put", "closing_date"))
    return (put.year - close.year) * 12 + put.month - close.month


def test_what_is_not_rolled_over_is_the_same_loss_everywhere(miner: Example) -> None:
    """In force, in the table of scenarios, on the sheet of the price of risk."""
    deal = {n: v for n, v in BROKEN.items() if n != "notes_rolled"}
    label = "Notes are not rolled"
    usual = miner.given({**deal, "downside": label}).names
    broken = miner.given({**deal, "scenario": label, "downside": label})
    names, month = broken.names, miner.number("notes_first")
    assert names["loss"] > 1e6
    assert usual["loss"] == 0
    for figures in (usual, names):
        assert figures["downside_loss"] == pytest.approx(names["loss"], rel=1e-9)
        assert figures["downside_unpaid"] == pytest.approx(names["unpaid_at_maturity"], rel=1e-9)
        assert figures["downside_irr"] == pytest.approx(names["lender_irr"], rel=1e-9)
        assert figures["downside_end"] == figures["downside_fail"] == month
    assert names["default_month"] == names["first_missed_month"] == month
    assert names["lender_irr"] < usual["lender_irr"]
    assert names["required_spread"] > usual["required_spread"]
    # what is lost in that month is the price of risk's
    place, row = miner.place("loss_value")
    paid = miner.given({**deal, "scenario": label, "hazard": 0})
    value = names["loss"] * (1 + miner.deal.inputs["loss_rate"].value) ** (-month / 12)
    assert paid.values[place][row, 4 + month] == pytest.approx(value, rel=1e-9)


def test_the_summary_says_which_notes_must_be_rolled_over(miner: Example) -> None:
    mirror = Miner(plain(miner, notes_rolled=0))
    mirror.agreement()
    month = mirror.fails
    amount = mirror.notes()["a"][1]
    assert (miner.number("wall_month"), miner.number("wall_due")) == (month, amount)
    short = miner.given({"notes_rolled": 0})
    place, row = miner.place("not_covered")
    assert miner.number("wall_short") == pytest.approx(short.values[place][row, 4 + month])
    said = str(miner.result.names["rolled_words"])
    assert said.startswith("Repaid in month 25 only if notes A are rolled over in month 19: USD ")
    assert f"USD {miner.number('wall_short') / 1e6:.1f} m of 250.0 m not covered" in said
    assert miner.result.names["limit_beyond"] == miner.result.names["limit_beyond_stress"]
    assert miner.result.names["limit_beyond"] == "OUTSIDE"
    rich = miner.given({"treasury_cash": 600e6}).names
    assert rich["limit_beyond"] == rich["limit_beyond_stress"] == "INSIDE"
    assert (rich["wall_month"], rich["wall_short"]) == (0, 0)


def test_a_loan_that_cash_does_not_repay_has_no_verdict_on_the_margin(miner: Example) -> None:
    """The sentence on the Summary: what it says where coin, enforcement or nobody repays."""

    def reading(**changed: Any) -> str:
        result = miner.given(changed)
        texts = [v for v in result.values["Summary"].values() if isinstance(v, str)]
        return next(t for t in texts if "no margin pays" in t or " bp on " in t or "verdict" in t)

    assert reading(notes_rolled=0).startswith("Recovered by enforcement in the case in force")
    weights = "; weights as typed, not around the scenario chosen"
    assert reading(rent_level=0.7) + weights == reading(scenario="Rents 30% lower")
    assert reading(rent_level=0.7).endswith("not repaid: no verdict on the margin")
    sold = reading(**FALL, liquidation_ltv=1.2, grace_months=48)
    assert sold.endswith("coin sold for calls repays it: no verdict on the margin")
    assert "no margin pays" in reading(**BROKEN)
    usual = reading()
    wall = f"USD {miner.number('wall_short') / 1e6:.1f} m of 250.0 m not covered"
    assert usual.endswith(f" bp on the largest, if notes A are rolled over in month 19: {wall}")
    assert reading(note_a_amount=1e9) != usual
    # the forced sale after the shock to both, by the loan over what it brings
    loss = 1 - 1 / miner.number("ltv_liquidation")
    said = next(
        str(t) for t in miner.result.values["Summary"].values() if "enforcement loses" in str(t)
    )
    assert said.endswith(f", {loss:.1%} after the same-day shock")


def test_notes_that_are_not_rolled_weigh_what_the_intensity_says(miner: Example) -> None:
    """The default intensity until they fall due, to a hundredth; all weights add to one."""
    cases = {c.label: c.weight for c in miner.template.scenarios.case[1:]}
    hazard = float(miner.deal.inputs["hazard"].value)
    month = miner.number("notes_first")
    assert cases["Notes are not rolled"] == round(1 - math.exp(-hazard * month / 12), 2)
    names = miner.given({"note_a_amount": 0, "note_b_amount": 0}).names
    # without notes the loan of that scenario earns its spread for longer, and loses no less
    assert names["spread_scenarios"] < miner.number("spread_scenarios")  # type: ignore[operator]


def test_the_simulation_runs_at_the_average_rate_of_the_schedule(miner: Example) -> None:
    mirror = Miner(plain(miner))
    owed = math.fsum(mirror.openings)
    average = math.fsum(r * b for r, b in zip(mirror.nominal, mirror.openings, strict=True)) / owed
    assert miner.number("sim_rate") == pytest.approx(average, rel=1e-9)
    level = miner.given({"interest_days": "even months"}).names["sim_rate"]
    assert level == pytest.approx(plain(miner)["base_rate"] + plain(miner)["margin"], rel=1e-9)


@pytest.mark.parametrize("changed", [{}, {"treasury_cash": 600e6}])
def test_a_sentence_counts_the_paths_that_default_and_those_liquidated(
    miner: Example, changed: dict[str, Any]
) -> None:
    result = miner.given(changed)
    names = result.names
    lost = 1 - names["sim_repaid"] - names["sim_unpaid_any"]  # type: ignore[operator]
    assert names["sim_liquidated"] > 0.01  # type: ignore[operator]
    (said,) = {v for v in result.values["Summary"].values() if isinstance(v, str) and "paths" in v}
    told = "paths default or are liquidated, without what mining earns"
    assert f"; {lost:.0%} of " in said and said.endswith(told)


def test_an_ltv_above_liquidation_at_closing_has_the_date_of_closing(miner: Example) -> None:
    names = miner.given({"liquidation_ltv": 0.48, "call_ltv": 0.47, "cure_ltv": 0.4}).names
    assert names["covenant_liquidation"] == "BREACH"
    assert names["covenant_liquidation.first_breach"] == names["closing_date"]


def test_a_loan_beyond_the_advance_rates_does_not_meet_the_condition(miner: Example) -> None:
    """What is drawn is cut to them; what is asked for is the test."""
    names = miner.given({"commitment": 120e6}).names
    assert names["debt"] == names["advance_cap"] < 120e6
    assert names["condition_advance"] == "NOT MET"
    assert miner.result.names["condition_advance"] == "MET"


def test_notes_due_in_the_month_after_closing_are_counted(miner: Example) -> None:
    """In force as in the scenario, whose cash flow ends in its first month."""
    label = "Notes are not rolled"
    typed = miner.given({"note_a_put": AT_ONCE, "notes_rolled": 0}).names
    table = miner.given({"note_a_put": AT_ONCE, "downside": label}).names
    assert typed["fail_month"] == typed["default_month"] == table["downside_fail"] == 1
    for name, figure in [
        *(("unpaid_at_maturity", "downside_unpaid"), ("loss", "downside_loss")),
        *(("lender_irr", "downside_irr"), ("first_missed_month", "downside_missed")),
    ]:
        assert table[figure] == pytest.approx(typed[name], rel=1e-9), name
    assert typed["master_check"] == table["master_check"] == "OK"
    lapsed = miner.given({"note_a_put": datetime.date(2026, 11, 1)}).names
    assert lapsed["master_check"] == "CHECK"


def test_the_scenario_of_everything_is_the_worst_and_the_expected_loss_says_so(
    miner: Example,
) -> None:
    """Over half a year calls are cured by coin; within a month nothing cures them."""
    names, label = miner.result.names, "Everything; customer stops"
    header, *rows = table(miner, "Scenarios side by side")
    column = [str(text).split(" [")[0] for text in header].index("Loss, coin and cards sold")
    losses = {str(row[0]): float(row[column]) for row in rows}
    weights = {case.label: case.weight for case in miner.template.scenarios.case}
    assert max(losses, key=lambda case: losses[case]) == label and losses[label] > 40e6
    each = {case: weights[case] * losses[case] for case in losses}
    total = math.fsum(each.values())
    assert names["expected_loss"] == pytest.approx(total, rel=1e-9)
    assert names["loss_scenario"] == max(each, key=lambda case: each[case]) == label
    share = f"{each[label] / total:.0%} of the expected loss comes from"
    said = f'{share} "{label}" at a weight of 1%'
    assert names["loss_rests"] == said
    assert any(str(v).endswith(said) for v in miner.result.values["Summary"].values())
    assert names["loss_of_a_point"] == pytest.approx(losses[label] / 100, rel=1e-9)


def test_the_limit_on_the_runway_says_where_it_ends_before_the_loan(miner: Example) -> None:
    def said(**changed: Any) -> bool:
        shown = miner.given(changed).values["Summary"].values()
        return any(
            "the limit of 12 months ends before this loan, month 25" in str(v) for v in shown
        )

    assert said() and not said(limit_runway=25)


def test_the_weights_are_told_where_a_scenario_is_chosen(miner: Example) -> None:
    def said(result: Any) -> bool:
        shown = result.values["Summary"].values()
        return any("; weights as typed, not around the scenario chosen" in str(v) for v in shown)

    assert said(miner.given({"scenario": "Coin falls 50%"})) and not said(miner.result)


def test_no_sentence_stands_for_a_loan_that_is_not_drawn(miner: Example) -> None:
    """The figures do not exist, which the master check says; no sentence speaks of payments."""
    result = miner.given({"commitment": 0})
    said = [v for v in result.values["Summary"].values() if isinstance(v, str) and len(v) > 12]
    assert sum(v.startswith("No loan is drawn") for v in said) == 5
    assert result.names["master_check"] == "CHECK"
    assert not any("Every payment" in v or "repaid in month" in v for v in said)
    asked = [result.values["Summary"][row, 2] for row in range(5, 11)]
    assert not any(str(v).startswith("#") for v in asked)


def test_one_month_is_no_months(miner: Example) -> None:
    result = miner.given({"tenor_months": 1, "dsra_months": 1, "grace_months": 0})
    said = [str(v) for page in ("Summary", "Term Sheet") for v in result.values[page].values()]
    assert not any(re.search(r"\b1 months", text) for text in said)
    assert any("Payment default at the first missed payment" in text for text in said)


def test_a_margin_on_a_loan_that_pays_late_has_no_verdict(miner: Example) -> None:
    """Cash repays it in the end: the Summary says the miss beside what must be rolled over."""
    result = miner.given({"customer_stops": 6})
    names = result.names
    said = [str(v) for v in result.values["Summary"].values()]
    assert (names["first_missed_month"], names["default_month"], names["loss"]) == (9, 0, 0)
    assert (names["spread_counted"], names["limit_margin"]) == (0, "OUTSIDE")
    assert "Late in the case in force: no verdict on the margin" in said
    miss = "The first payment is missed in month 9; repaid in month 32 only if notes A are rolled"
    assert any(text.startswith(miss) for text in said)
    assert not any("exceeds what all three" in text for text in said)


def test_a_sentence_on_notes_speaks_of_notes_that_there_are(miner: Example) -> None:
    """Printed on the Term Sheet too where the Summary does not need it."""
    short = miner.given({"tenor_months": 6})
    names = short.names
    assert (names["wall_notes"], names["wall_month"]) == ("no notes", 0)
    assert names["wall_words"] == "no notes fall due within the loan"
    assert names["rolled_words"] == names["repaid_words"]
    assert names["loss_rests"] == "no scenario that has a weight loses anything"
    shown = [str(v) for v in short.values["Summary"].values()]
    assert any("; nothing is owed in month 12; " in text for text in shown)
    assert not any("on the one day" in text for text in shown)
    broken = miner.given({"note_a_put": AT_ONCE, "notes_rolled": 0}).names
    assert broken["wall_words"] == "notes A are not rolled over in month 1"
    assert broken["rolled_words"] == broken["repaid_words"]
    assert "until then" not in str(broken["rolled_words"])
    both = {"note_b_put": miner.deal.inputs["note_a_put"].value}
    assert miner.given(both).names["wall_notes"] == "notes A and B"
