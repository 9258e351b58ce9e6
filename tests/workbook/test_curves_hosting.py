"""The hosting loan on months of the user's own: market rents, collections, costs, amortisation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.workbook.conftest import Example, opened
from tests.workbook.test_curves import calculated
from xlcredit.deals.series import Series
from xlcredit.workbook.life.extract import extract

MONTHS, FIRST = 96, 5
FIGURES = (
    *("unpaid_at_maturity", "unpaid_after_sale", "first_missed_month", "loss", "lender_irr"),
    *("min_dscr", "min_dscr_tested", "max_ltv", "debt", "debt_on_flat"),
    *("debt_on_curve", "refi_left", "refi_capacity", "expected_loss_spread", "required_spread"),
)
SCENARIOS = ("As input", "Tenant stops and rents 20% lower", "Rent starts nine months late")
OWN = ("market_path", "collected", "opex", "repaid_share")


@pytest.fixture(scope="module")
def site(example_of: Callable[[str], Example]) -> Example:
    return example_of("hosting-project-loan")


def filled(values: list[float]) -> Series:
    return Series(values=[*values, *[None] * (MONTHS - len(values))], source="broker")


def agreed(value: Any, rel: float = 1e-9) -> Any:
    """A figure to nine digits; ``none`` and ``any`` are figures too."""
    return value if isinstance(value, str) else pytest.approx(value, rel=rel, abs=1e-6)


def months(example: Example, result: Any, name: str) -> list[float]:
    """A monthly row of another calculation of the example."""
    sheet, row = example.place(name)
    return [result.values[sheet][row, FIRST + month] for month in range(MONTHS)]


def test_the_months_typed_as_they_are_change_nothing(site: Example, tmp_path: Path) -> None:
    """Every row that can be the user's own, in each scenario too, and in the break-even."""
    assert {row.name for row in site.template.own_rows} == set(OWN)
    series = {name: filled(site.row(name)) for name in OWN}
    path, result = calculated(site, tmp_path, series=series)
    assert result.names["master_check"] == "OK"
    for scenario in SCENARIOS:
        typed = opened(path, {"scenario": scenario}).names
        usual = site.given({"scenario": scenario}).names
        for name in FIGURES:
            assert typed[name] == agreed(usual[name]), (scenario, name)


def test_rents_that_halve_are_a_level_of_a_half(site: Example, tmp_path: Path) -> None:
    """Months of one's own are shocked like the template's; off, they leave no trace."""
    series = {"market_path": filled([rent / 2 for rent in site.row("market_path")])}
    path, _ = calculated(site, tmp_path, series=series)
    # the value at closing is today's market rent, which no month of one's own moves
    follow = [name for name in FIGURES if name != "max_ltv"]
    for scenario in SCENARIOS:
        own = opened(path, {"scenario": scenario}).names
        usual = site.given({"scenario": scenario, "rent_level": 0.5}).names
        for name in follow:
            assert own[name] == agreed(usual[name]), (scenario, name)
    off = opened(path, {"use_market_path": 0}).names
    for name in FIGURES:
        assert off[name] == agreed(site.result.names[name], 1e-12), name


def test_what_has_happened_moves_the_loan_and_not_what_was_signed(
    site: Example, tmp_path: Path
) -> None:
    """A site that costs twice as much until month 16: less for the sponsor, the same loan."""
    opex = [2 * value for value in site.row("opex")[:16]]
    path, result = calculated(
        site, tmp_path, actuals={"opex": filled(opex)}, inputs={"as_at_month": 16}
    )
    assert result.names["master_check"] == "OK"
    for name in ("debt", "debt_on_flat", "refi_balloon", "dscr_as_underwritten"):
        assert result.names[name] == agreed(site.result.names[name], 1e-12), name
    assert months(site, result, "service") == pytest.approx(site.row("service"), rel=1e-12)
    cash, usual = months(site, result, "cfads_curve"), site.row("cfads_curve")
    spent = [a - b for a, b in zip(usual, cash, strict=True)]
    assert spent[:16] == pytest.approx(site.row("opex")[:16], rel=1e-9)
    assert not any(spent[16:])
    assert result.names["min_dscr"] < site.number("min_dscr")  # type: ignore[operator]
    before = opened(path, {"as_at_month": 0}).names
    for name in FIGURES:
        assert before[name] == agreed(site.result.names[name], 1e-12), name


def test_the_covenant_counts_months_on_both_sides_of_the_seam(
    site: Example, tmp_path: Path
) -> None:
    """A tenant who paid 90% in months 11 and 12; the forecast after; three months trailing."""
    paid = site.row("collected")[:10] + [0.9 * rent for rent in site.row("collected")[10:12]]
    inputs = {"as_at_month": 12, "covenant_months": 3}
    path, result = calculated(site, tmp_path, actuals={"collected": filled(paid)}, inputs=inputs)
    cash = [rent - cost for rent, cost in zip(paid, site.row("opex"), strict=False)]
    cash += site.row("cfads_lease")[12:]
    service = site.row("service")
    cover = months(site, result, "dscr_trailing")
    for month in (11, 12, 13, 14, 15):
        window = range(month - 3, month)
        expected = sum(cash[k] for k in window) / sum(service[k] for k in window)
        assert cover[month - 1] == pytest.approx(expected, rel=1e-9), month
    assert cover[14] == pytest.approx(site.number("min_dscr"), rel=1e-9)
    assert result.names["certificate_dscr"] == "PASS"
    strict = opened(path, {"covenant_dscr": 1.15}).names
    assert strict["certificate_dscr"] == "BREACH"
    assert site.result.names["certificate_dscr"] == "no report yet"


def test_an_amortisation_of_ones_own_is_what_falls_due(site: Example, tmp_path: Path) -> None:
    """Even instalments down to the balloon, quarterly: the signed schedule and its interest."""
    tenor, debt = int(site.number("tenor_months")), site.number("debt")
    share = (1 - site.number("balloon") / debt) / tenor
    series = {"repaid_share": filled([share * month for month in range(1, tenor + 1)])}
    inputs = {"payment_months": 3, "covenant_months": 3}
    _, result = calculated(site, tmp_path, series=series, inputs=inputs)
    owed, rate = debt, site.number("coupon") / 12
    due, interest = months(site, result, "scheduled"), months(site, result, "interest")
    for month in range(1, tenor + 1):
        assert interest[month - 1] == pytest.approx(owed * rate, rel=1e-9), month
        instalment = 3 * share * debt if month % 3 == 0 else 0.0
        assert due[month - 1] == pytest.approx(instalment, rel=1e-9, abs=1e-3), month
        owed -= instalment
    assert result.names["refi_balloon"] == pytest.approx(site.number("balloon"), rel=1e-9)
    assert result.names["master_check"] == "OK"


def test_months_come_back_from_the_workbook(site: Example, tmp_path: Path) -> None:
    series, actuals = {"market_path": filled([118.0, 117.0])}, {"opex": filled([3.6e6])}
    path, _ = calculated(site, tmp_path, series=series, actuals=actuals, inputs={"as_at_month": 1})
    deal, _ = extract(path)
    assert deal.series == series
    assert deal.actuals == actuals


@pytest.mark.parametrize(
    ("row", "value"), [("market_path", 1.32), ("opex", 4e12), ("repaid_share", 45.0)]
)
def test_a_value_in_another_unit_fails_a_check(
    site: Example, tmp_path: Path, row: str, value: float
) -> None:
    _, result = calculated(site, tmp_path, series={row: filled([value])})
    assert result.names["master_check"] == "CHECK"
