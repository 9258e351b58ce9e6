"""The hosting workbook at its edges: a lease that ends soon, a tenant gone long before maturity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.workbook.conftest import Example
from tests.workbook.test_curves import calculated
from tests.workbook.test_stress import at, table
from tests.workbook.test_told import term, told
from xlcredit.deals.series import Series
from xlcredit.workbook.style import GREEN


@pytest.fixture(scope="module")
def site(example_of: Callable[[str], Example]) -> Example:
    return example_of("hosting-project-loan")


def first_cell(site: Example, given: dict[str, Any], title: str) -> tuple[object, Any]:
    """The cell of a grid that changes nothing, and the figures beside it."""
    found = site.given(given)
    return table(replace(site, result=found), title)[1][1], found.names


def test_repaid_shares_that_are_given_are_not_sculpted(site: Example, tmp_path: Path) -> None:
    months = site.template.months
    shares = Series(values=[month / 600 for month in range(1, 61)] + [None] * (months - 60))
    _, found = calculated(site, tmp_path, series={"repaid_share": shares})
    said = term(site, found, "Amortisation")
    assert said.startswith("Monthly, in the shares given") and "sculpted" not in said
    assert f"lowest cover {found.names['dscr_as_underwritten']:.2f}x" in said
    assert "sculpted to 1.21x on the lease, balloon" in term(site, site.result, "Amortisation")


def test_a_lease_that_ends_between_dates_of_principal_says_its_cover(site: Example) -> None:
    """The operating cost after the lease comes off the cash of the last principal."""
    found = site.given({"lease_months": 40, "payment_months": 3})
    lowest = found.names["dscr_as_underwritten"]
    assert lowest < 1  # type: ignore[operator]
    said = term(site, found, "Amortisation")
    assert f"sculpted to 1.15x on the lease: lowest cover {lowest:.2f}x, balloon USD 0.0 m" in said


def test_a_balloon_that_shares_leave_is_not_called_none(site: Example, tmp_path: Path) -> None:
    months = site.template.months
    shares = Series(values=[month / 80 for month in range(1, 61)] + [None] * (months - 60))
    given = {"inputs": {"lease_months": 36}, "series": {"repaid_share": shares}}
    _, found = calculated(site, tmp_path, **given)
    left = f"{found.names['refi_balloon'] / 1e6:,.1f}"  # type: ignore[operator]
    assert told(found, f"USD {left} m as signed, by the shares given; of USD 700.0 m agreed none")
    assert found.names["refi_balloon"] > 1e8 and not told(found, "None of USD")  # type: ignore[operator]


def test_a_balloon_that_shares_do_not_leave_is_said(site: Example, tmp_path: Path) -> None:
    """The shares given repay all of the loan, though USD 700 m were agreed to stand."""
    months = site.template.months
    shares = Series(values=[month / 60 for month in range(1, 61)] + [None] * (months - 60))
    _, found = calculated(site, tmp_path, series={"repaid_share": shares})
    assert found.names["refi_balloon"] == pytest.approx(0, abs=0.01)
    assert told(found, "USD 0.0 m as signed, of 700.0 m agreed the shares given leave no more;")
    assert not told(site.result, "m agreed")


@pytest.mark.parametrize("first", [1, 13])
def test_a_loan_that_pays_nothing_before_its_balloon_has_no_cover(
    site: Example, tmp_path: Path, first: int
) -> None:
    """Without interest and with a balloon of all of it, or half of it repaid before any test,
    nothing falls due that a DSCR could be of: no error, and no verdict."""
    inputs = {"coupon": 0, "balloon": 1.275e9, "first_test_month": first}
    shares = [min(month, 12) / 24 if first > 1 else 0.0 for month in range(1, 61)]
    series = {"repaid_share": Series(values=[*shares, *[None] * (site.template.months - 60)])}
    _, found = calculated(site, tmp_path, inputs=inputs, series=series)
    names = found.names
    assert not found.errors and names["master_check"] == "OK"
    assert names["covenant_dscr_curve"] == "NONE"
    assert names["covenant_dscr_curve.value"] == "not tested"
    assert names["breakeven_found"] == "none"
    assert (names["stress_dscr"] == "NONE") == (first == 1) == (names["min_dscr"] == "none")
    assert "nothing is due then but the balloon" in term(site, found, "Financial covenant: DSCR")
    header, *rows = table(replace(site, result=found), "Scenarios side by side")
    assert {row[at(header, "DSCR covenant")] for row in rows} == {"NONE"}


@pytest.mark.parametrize(
    ("given", "binds"),
    [({}, "tenant gone"), ({"escalation": -0.3}, "in force"), ({"refi_share": 0}, "tenant gone")],
)
def test_the_limit_on_refinancing_reads_the_lower_new_loan(
    site: Example, given: dict[str, Any], binds: str
) -> None:
    """A lease whose rent falls away carries no new loan, whatever an empty site would."""
    names = site.given(given).names
    lends = {"in force": names["refi_capacity"], "tenant gone": names["refi_if_gone"]}
    limit = min(lends.values())  # type: ignore[type-var]
    assert lends[binds] == limit == names["limit_take_out.threshold"]
    left = names["refi_left"]
    assert names["limit_take_out"] == ("INSIDE" if left <= limit else "OUTSIDE")  # type: ignore[operator]
    assert (names["limit_take_out"] == "INSIDE") == (given == {})
    assert told(site.given(given), f"New loan{', ' * (binds != 'in force') or ' '}{binds}")


@pytest.mark.parametrize(
    ("given", "term_says", "summary_says"),
    [
        (
            {"customer_stops": 61},
            "{live} m in force, the tenant there to month 60, USD {gone} m with the tenant gone "
            "and nobody paying",
            "the tenant goes then: a new lender lends USD {live} m, the guarantor paying; "
            "if nobody pays, a new lender lends USD {gone} m after 9 empty months",
        ),
        (
            {"customer_stops": 61, "support_months": 0},
            "{live} m in force, the tenant there to month 60, USD {gone} m with the tenant gone "
            "and nobody paying",
            "what is left; the tenant goes then: a new lender lends USD {gone} m after 9",
        ),
        (
            {"customer_stops": 75},
            "{live} m in force, the tenant there to month 74, USD {gone} m with the tenant gone",
            "if the tenant goes then, a new lender lends USD {gone} m after 9 empty months",
        ),
        (
            {"late_months": 60},
            "{live} m in force, the tenant not yet paying, USD {gone} m with the tenant gone",
            "{left} m are not refinanced, a new lender lends at most {live} m; if the tenant goes",
        ),
        (
            {},
            "{live} m on the lease, USD {gone} m with the tenant gone",
            "what is left; if the tenant goes then, a new lender lends USD {gone} m after 9",
        ),
    ],
)
def test_what_is_lent_in_force_is_said(
    site: Example, given: dict[str, Any], term_says: str, summary_says: str
) -> None:
    """Not what a lease carries that does not run, nor if the tenant goes where he does."""
    found = site.given(given)
    names = {"live": "refi_capacity", "gone": "refi_if_gone", "left": "refi_left"}
    sums = {key: f"{found.names[name] / 1e6:,.1f}" for key, name in names.items()}  # type: ignore[operator]
    assert term_says.format(**sums) in term(site, found, "Left to refinance")
    assert told(found, summary_says.format(**sums))
    lease = f"{found.names['refi_on_lease'] / 1e6:,.1f}"  # type: ignore[operator]
    assert (lease in term(site, found, "Left to refinance")) == (given == {})


def test_no_reserve_is_not_held_until_the_balloon_is_paid(site: Example) -> None:
    said = term(site, site.given({"dsra_months": 0}), "Accounts and waterfall")
    assert "principal, no reserve, sweep, distributions" in said and "held" not in said
    assert "6-month reserve (held until the balloon is paid, and applied to it), sweep" in term(
        site, site.result, "Accounts and waterfall"
    )


@pytest.mark.parametrize("months", [9, 4])
def test_months_of_cover_that_are_all_empty_are_no_income_of_nothing(
    site: Example, months: int
) -> None:
    """The lowest income of no month that is let was 0, and with it the new loan: what is lent with
    ten months of cover, one of them let, is lent with nine, but for the month's rent decline."""
    found = site.given({"refi_test_months": months})
    names, ten = found.names, site.given({"refi_test_months": 10}).names
    lends = float(names["refi_if_gone"])  # type: ignore[arg-type]
    assert ten["refi_if_gone"] < lends < 1.03 * ten["refi_if_gone"]  # type: ignore[operator]
    assert names["limit_take_out"] == ten["limit_take_out"] == "INSIDE"
    assert told(found, f"USD {lends / 1e6:,.1f} m after 9 empty months")
    book = replace(site, result=found)
    header, *rows = table(book, "Scenarios side by side")
    (gone,) = [row for row in rows if row[0] == "Tenant stops at maturity"]
    assert gone[at(header, "A new lender lends")] == pytest.approx(lends, rel=1e-9)
    assert gone[at(header, "First missed payment, month")] == 0
    assert table(book, site.template.grid[0].title)[1][1] == pytest.approx(lends, rel=1e-9)
    bars = table(book, site.template.tornado[0].title)
    numbers = [v for row in bars for v in row if isinstance(v, float)]
    assert any(v == pytest.approx(names["refi_cash_gone"], rel=1e-9) for v in numbers)
    assert names["master_check"] == "OK" and not found.errors


@pytest.mark.parametrize("months", [61, 72, 95])
def test_a_lease_that_outlives_the_loan_a_little_is_lent_on(site: Example, months: int) -> None:
    """A new lender counts no month after the lease as one of the lease."""
    names = site.given({"lease_months": months}).names
    assert names["refi_on_lease"] >= names["refi_if_gone"] * 0.98 > 4e8  # type: ignore[operator]
    assert site.given({"lease_months": 40}).names["refi_on_lease"] == 0


def test_a_site_let_again_before_maturity_is_not_called_empty(site: Example) -> None:
    found = site.given({"customer_stops": 13, "support_months": 0})
    lends = f"{found.names['refi_capacity'] / 1e6:,.1f}"  # type: ignore[operator]
    assert told(found, f"on the site let again a new lender lends USD {lends} m; were it empty")
    left = term(site, found, "Left to refinance")
    assert f"USD {lends} m in force" in left and "on the lease" not in left
    assert "m on the lease" in term(site, site.result, "Left to refinance")


@pytest.mark.parametrize(
    "given",
    [
        {"customer_stops": 13, "support_months": 0, "termination_months": 24},
        {"customer_stops": 13, "termination_months": 24, "termination_prepays": 0.5},
        {"termination_months": 24},
    ],
)
def test_the_grid_of_a_tenant_who_stops_counts_his_termination_payment(
    site: Example, given: dict[str, Any]
) -> None:
    cell, names = first_cell(site, given, site.template.grid[1].title)
    if "customer_stops" not in given:  # the stress of the grid is the scenario of year 2
        names = site.given({**given, "customer_stops": 13}).names
    assert names["master_check"] == "OK"
    assert cell == pytest.approx(names["refi_left"], rel=1e-9, abs=0.01)


@pytest.mark.parametrize("given", [{}, {"equity_cure": 5e6}])
@pytest.mark.parametrize(("across", "down"), [(2, 1), (4, 4)])
def test_a_cell_of_that_grid_is_what_the_book_says_of_the_same_inputs(
    site: Example, given: dict[str, Any], across: int, down: int
) -> None:
    """The operating hole of the month of maturity is to be refinanced too."""
    grid = site.template.grid[1]
    rents = {
        "rent_decline": site.number("rent_decline") + grid.across[across],
        "rent_level": grid.down[down],
    }
    book = site.given({**given, "customer_stops": 13, **rents}).names
    cells = table(replace(site, result=site.given(given)), grid.title)
    assert cells[1 + down][1 + across] == pytest.approx(book["refi_left"], rel=1e-9)
    if (across, down) == (4, 4):  # where the book has such a hole
        assert book["hole_unmet"] > 1e6  # type: ignore[operator]


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        ({"market_rent": 250}, "NONE"),
        ({}, "BREACH"),
        ({"market_rent": 250, "grace_months": 96}, "PASS"),
    ],
)
def test_a_test_that_enforcement_forestalls_is_not_passed(
    site: Example, given: dict[str, Any], verdict: str
) -> None:
    """Enforced in month 7, first tested in month 24: only the lender that waits sees that test."""
    stops = {"customer_stops": 2, "support_months": 0, "first_test_month": 24}
    found = site.given({**stops, **given})
    assert found.names["covenant_dscr_curve"] == verdict
    assert found.names["default_month"] == (0 if verdict == "PASS" else 7)
    header, *rows = table(replace(site, result=found), "Scenarios side by side")
    assert rows[0][at(header, "DSCR covenant")] == verdict
    shown, lowest = rows[0][at(header, "Minimum DSCR where tested")], found.names["min_dscr_tested"]
    assert shown == (lowest if verdict == "NONE" else pytest.approx(lowest, rel=1e-9))
    assert found.names["master_check"] == "OK"


@pytest.mark.parametrize(
    ("given", "verdict", "broken"),
    [
        ({"forced_haircut": 1, "shell_value": 0}, "limit_sale", "OUTSIDE"),
        ({"shell_value": 0, "market_rent": 0, "customer_stops": 13}, "covenant_value", "BREACH"),
    ],
)
def test_a_loan_on_a_worthless_site_is_above_every_limit(
    site: Example, given: dict[str, Any], verdict: str, broken: str
) -> None:
    found = site.given(given)
    assert found.names[verdict] == broken and not found.errors
    header, *rows = table(replace(site, result=found), "Scenarios side by side")
    assert rows[0][at(header, "LTV covenant")] == found.names["covenant_value"]
    assert found.names["master_check"] == "OK"


def test_a_lease_that_is_over_is_not_bought(site: Example) -> None:
    found = site.given({"lease_months": 6, "tenor_months": 12})
    assert told(found, "With the lease over, a buyer pays")
    assert told(site.result, "With the lease a buyer pays")


def test_the_bars_begin_at_what_a_new_lender_lends(site: Example) -> None:
    found = site.given({"refi_share": 0.5})
    bars = table(replace(site, result=found), site.template.tornado[0].title)
    numbers = [v for row in bars for v in row if isinstance(v, float)]
    assert any(v == pytest.approx(found.names["refi_if_gone"], rel=1e-9) for v in numbers)
    assert not any(v == pytest.approx(site.number("refi_if_gone"), rel=1e-9) for v in numbers)


@pytest.mark.parametrize("name", ["hosting-project-loan", "miner-dual-collateral"])
def test_pages_of_a_deal_before_its_first_report(
    example_of: Callable[[str], Example], name: str
) -> None:
    """Nothing is reported in full, no balance is below 0, no sum is in the green of a link."""
    example = example_of(name)
    rows = {c.value: c.row for c in example.formulas["Compliance"]["A"] if c.value}
    row = rows["Rows of the sheet Curves reported in full"]
    assert example.result.values["Compliance"][row, 2] == 0
    sheet, values = example.formulas["Annual"], example.result.values["Annual"]
    (at,) = (c.row for c in sheet["A"] if c.value == "Scheduled balance")
    assert all(v >= 0 for (r, _), v in values.items() if r == at and isinstance(v, float))
    (header,) = (c for c in sheet[4] if c.value == "Months in all")
    for cell in sheet.iter_cols(min_col=header.column, max_col=header.column, min_row=7):
        assert not any(str(c.font.color.rgb).endswith(GREEN) for c in cell if c.font.color)
    for cell in sheet["A"][6:]:
        if len(str(cell.value or "")) > 46 and sheet.cell(cell.row, 2).value:
            assert cell.alignment.wrap_text and sheet.row_dimensions[cell.row].height >= 30
