"""The hosting loan: windows of the DSCR, liquidity, and the tenant who goes at maturity.

What is expected comes from the plain mirror of the deal and the plain program of the agreement.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.oracles.loan_path import Path
from tests.workbook.test_hosting import Site, Values
from xlcredit.deals import load
from xlcredit.workbook.session import Session
from xlcredit.workbook.tables.scenarios import HEADER_ROW


@pytest.fixture(scope="module")
def book(book_of: Callable[[str], Session]) -> Session:
    return book_of("hosting-project-loan")


@pytest.fixture
def deal(book: Session) -> Iterator[Session]:
    """The book as shipped, and as shipped again after the test."""
    book.reset()
    yield book
    book.reset()


def number(book: Session, name: str) -> float:
    value = book[name]
    assert isinstance(value, float), (name, value)
    return value


def mirror(book: Session) -> tuple[Site, Path]:
    """The deal in plain Python, and its months to maturity with no new lender."""
    d: Values = {n: float(v) for n, v in book.inputs.items() if isinstance(v, (int, float))}
    site = Site(d | {"act/360": 0.0})
    terms = site.accounts | {"balloon": 0.0}
    cash = site.cash[: site.tenor]
    path = Path(terms, site.scheduled, cash, None, None, site.rates, site.must[: site.tenor])
    return site, path.run()


WINDOWS: list[dict[str, Any]] = [
    {"covenant_months": 3},
    {"covenant_months": 12},
    {"covenant_months": 12, "covenant_looks": "forward"},
    {"covenant_months": 12, "covenant_looks": "forward", "customer_stops": 40, "support_months": 3},
    {"covenant_months": 12, "customer_stops": 40, "support_months": 3, "first_test_month": 35},
    {"covenant_months": 6, "covenant_looks": "forward", "late_months": 4, "first_test_month": 3},
    {"covenant_months": 1, "covenant_looks": "forward", "lease_months": 50, "balloon": 0},
    {"covenant_months": 3, "covenant_looks": "forward", "customer_stops": 30, "payment_months": 3},
    {"covenant_months": 1, "payment_months": 3},
    {"covenant_months": 4, "payment_months": 3, "customer_stops": 30},
    {"covenant_months": 2, "payment_months": 6, "first_test_month": 15, "tenor_months": 50},
    {"covenant_months": 2, "payment_months": 6, "first_test_month": 17, "tenor_months": 50},
]


@pytest.mark.parametrize("terms", WINDOWS, ids=str)
def test_the_covenant_reads_the_months_behind_or_ahead(
    deal: Session, terms: dict[str, Any]
) -> None:
    deal.set(terms)
    site, path = mirror(deal)
    cash = [c - p for c, p in zip(site.cash, site.must, strict=True)]
    covers = {}
    every, first = int(number(deal, "payment_months")), int(number(deal, "first_test_month"))
    # a test counts the months since the last date of principal, which fall before the first test
    dates = range(site.tenor, -every, -every)
    first = max(d for d in dates if d < first) + 1
    wide = -(-terms["covenant_months"] // every) * every
    for k in range(max(1, first), site.tenor + 1):
        if (site.tenor - k) % every:
            continue
        owed = site.debt if k == 1 else float(path.rows[k - 2]["closing"])
        window = range(max(1, first, k - wide + 1), k + 1)
        if terms.get("covenant_looks") == "forward":
            window = range(k + 1, min(k + wide, site.tenor) + 1)
        service = math.fsum(site.services[m - 1] for m in window)
        if owed > 0.01 and service > 0:
            covers[k] = math.fsum(cash[m - 1] for m in window) / service
    assert number(deal, "min_dscr_tested") == pytest.approx(min(covers.values()), rel=1e-9)
    verdict = "PASS" if min(covers.values()) >= 1.10 * (1 - 1e-12) else "BREACH"
    assert deal["covenant_dscr_curve"] == verdict
    assert deal["master_check"] == "OK"


def test_a_forward_covenant_breaks_before_the_cash_does(deal: Session) -> None:
    """The tenant stops in month 40 unsupported: twelve months ahead show it first."""
    deal.set({"customer_stops": 40, "support_months": 0, "covenant_months": 12, "cash_sweep": 0})

    def first_breach() -> object:
        line = next(c for c in deal.covenants if c.name == "covenant_dscr_curve")
        return line.first_breach

    behind = first_breach()
    deal.set({"covenant_looks": "forward"})
    assert deal["covenant_dscr_curve"] == "BREACH"
    assert str(first_breach()) < str(behind)


@pytest.mark.parametrize(
    "terms",
    [
        {"customer_stops": 13, "covenant_looks": "forward", "covenant_months": 12},
        {"customer_stops": 13, "covenant_looks": "forward", "covenant_months": 6, "cash_sweep": 0},
        {"customer_stops": 13, "covenant_looks": "forward", "covenant_months": 1, "cash_sweep": 0},
        {
            **{"lease_months": 40, "market_rent": 300, "downtime_months": 0},
            **{"covenant_looks": "forward", "covenant_months": 12},
        },
    ],
    ids=str,
)
def test_at_its_break_even_the_forward_covenant_is_just_met(
    deal: Session, terms: dict[str, Any]
) -> None:
    deal.set(terms)
    deal["rent_decline"] = number(deal, "breakeven_decline")
    assert number(deal, "min_dscr_tested") == pytest.approx(1.10, abs=1e-6)
    assert deal["covenant_dscr_curve"] == "PASS"
    assert deal["master_check"] == "OK"


LIQUIDITY: list[dict[str, Any]] = [
    {"liquidity_interest": 3, "liquidity_principal": 3},
    {"liquidity_interest": 6, "liquidity_principal": 6},
    {"liquidity_interest": 6, "liquidity_principal": 6, "cash_sweep": 0, "dsra_stays": 0},
    {"liquidity_interest": 6, "liquidity_principal": 3, "dsra_funded": 0.2},
    {"liquidity_interest": 12, "liquidity_principal": 0, "lock_up_dscr": 1.6, "cash_sweep": 0},
    {"liquidity_interest": 0, "liquidity_principal": 12},
    {"liquidity_interest": 6, "liquidity_principal": 6, "customer_stops": 20, "support_months": 4},
    {"liquidity_interest": 3, "liquidity_principal": 3, "late_months": 9, "equity_cure": 50e6},
    {"liquidity_interest": 6, "dsra_months": 2, "payment_months": 3, "balloon": 0},
    {"liquidity_interest": 3, "balloon": 0, "cash_sweep": 1, "lease_rent": 250},
    {},
]


@pytest.mark.parametrize("terms", LIQUIDITY, ids=str)
def test_cash_and_reserve_cover_the_months_agreed(deal: Session, terms: dict[str, Any]) -> None:
    deal.set(terms)
    site, path = mirror(deal)
    owed, interest = site.debt, []
    for rate, principal in zip(site.rates, site.scheduled, strict=True):
        interest.append(owed * rate / 12)
        owed -= principal
    ahead = int(terms.get("liquidity_interest", 0)), int(terms.get("liquidity_principal", 0))
    found = []
    for k, row in enumerate(path.rows[:-1], start=1):
        if float(row["closing"]) <= 0.01:
            break
        held = float(row["dsra"] + row["trap"])
        due = math.fsum(interest[k : k + ahead[0]]) + math.fsum(site.scheduled[k : k + ahead[1]])
        found.append((held - due, held, due))
    if not any(ahead):
        assert (deal["covenant_cash"], deal["liquidity_least"]) == ("NONE", "none")
        assert deal["master_check"] == "OK"
        return
    spare, held, due = min(found)
    assert number(deal, "liquidity_least") - number(deal, "liquidity_due") == pytest.approx(
        spare, rel=1e-9, abs=0.01
    )
    if spare > 1 or spare < -1:
        assert number(deal, "liquidity_least") == pytest.approx(held, rel=1e-9, abs=0.01)
        assert number(deal, "liquidity_due") == pytest.approx(due, rel=1e-9, abs=0.01)
    assert deal["covenant_cash"] == ("BREACH" if spare < -0.01 else "PASS")
    assert deal["master_check"] == "OK"


def test_the_scenarios_give_the_verdicts_that_they_give_when_chosen(deal: Session) -> None:
    on = {"covenant_months": 12, "covenant_looks": "forward", "liquidity_interest": 6}
    deal.set(on | {"liquidity_principal": 6})
    cells = deal.recalculation().values["Stress"]
    table = load("hosting-project-loan")[0].scenarios
    lowest = 2 + [metric.name for metric in table.metric].index("case_tested")
    seen = set()
    for row, label in enumerate((c.label for c in table.case), HEADER_ROW + 1):
        line = [cells[row, column] for column in range(2, 2 + len(table.metric))]
        deal["scenario"] = label
        expected = [deal["covenant_dscr_curve"], deal["covenant_value"], deal["covenant_cash"]]
        assert [v for v in line if v in ("PASS", "BREACH")] == expected, label
        assert number(deal, "min_dscr_tested") == pytest.approx(cells[row, lowest], rel=1e-9)
        seen.add(tuple(expected))
    assert len(seen) > 2


GONE: list[dict[str, Any]] = [
    {},
    {"downtime_months": 0},
    {"downtime_months": 1},
    {"downtime_months": 14},
    {"downtime_months": 36},
    {"downtime_months": 42},
    {"refi_test_months": 9},
    {"refi_test_months": 4},
    {"rent_decline": 0.09},
    {"market_rent": 95, "refi_rate": 0.1},
    {"tenor_months": 48},
    {"refi_share": 0.9},
    {"refi_ltv": 0.3},
    {"refi_months": 240, "cash_sweep": 0},
]


@pytest.mark.parametrize("terms", GONE, ids=str)
def test_sentence_limit_and_new_lender_give_one_answer(
    deal: Session, terms: dict[str, Any]
) -> None:
    """The tenant goes at maturity and nobody pays for him: what the Summary says of it is what
    the new lender does when that is the case in force."""
    deal.set(terms)
    said, left = number(deal, "refi_if_gone"), number(deal, "refi_left")
    limit = deal["limit_take_out"]
    months = number(deal, "months_empty")
    sentence = (
        f"if the tenant goes then, a new lender lends USD {said / 1e6:,.1f} m after {months:.0f} "
        f"empty month{'' if months == 1 else 's'}"
    )
    words = [str(v) for v in deal.recalculation().values["Summary"].values()]
    assert any(sentence in text for text in words)
    gone = number(deal, "tenor_months") + 1
    deal.set({"customer_stops": gone, "support_months": 0})
    assert number(deal, "refi_capacity") == pytest.approx(said, rel=1e-12)
    assert number(deal, "refi_left") == pytest.approx(left, rel=1e-12)
    assert (number(deal, "unpaid_at_maturity") == 0) == (limit == "INSIDE")
    assert (number(deal, "first_missed_month") == 0) == (limit == "INSIDE")


def test_an_empty_month_more_never_raises_the_new_loan(deal: Session) -> None:
    lent = []
    for months in (0, 1, 5, 9, 20, 35, 36, 60):
        deal["downtime_months"] = months
        lent.append(number(deal, "refi_if_gone"))
    assert lent == sorted(lent, reverse=True)
    assert lent[0] == pytest.approx(number(deal, "capacity_let"), rel=1e-12)
    assert 0 < lent[-1] < 0.9 * lent[-2] < 0.9 * lent[-3]  # a month beyond those of cover costs too


def test_a_longer_lease_never_lowers_what_is_lent_or_paid_for_the_site(deal: Session) -> None:
    """From one that ends in the new lender's months of cover to one that outlasts his loan."""
    lent, worth = [], []
    for months in (64, 90, 96, 150, 204):
        deal["lease_months"] = months
        lent.append(number(deal, "refi_capacity"))
        worth.append(number(deal, "year_lease"))
    assert lent == sorted(lent)
    assert worth == sorted(worth)
    # the months after the lease are the market's: no more is lent than on them but for the wait
    assert lent[2] < 1.2 * lent[0]
    assert lent[-1] > 2 * lent[2]
