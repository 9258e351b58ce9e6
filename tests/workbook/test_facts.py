"""Months reported are facts: what is chosen or looked for moves the months after them alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.workbook.conftest import Example, held
from tests.workbook.test_curves import calculated
from tests.workbook.test_stress import table
from xlcredit.deals.series import Series
from xlcredit.recalc import Recalculation
from xlcredit.workbook.pages.curves import NAME as CURVES

REPORTED, OPENING, FIRST = 16, 4, 5
#: A tenant gone long ago and a guarantor who has paid: the months reported earn market rents.
GONE: dict[str, object] = {"customer_stops": 3, "support_months": 4, "downtime_months": 2}
#: Terms on which the scenarios of these numbers would move a month reported.
TERMS: list[tuple[str, dict[str, object], tuple[int, ...]]] = [
    ("hosting-project-loan", {}, (1, 5, 3)),
    ("hosting-project-loan", GONE, (2, 4, 6, 8)),
    ("hosting-project-loan", {"late_months": 5, "liquidity_interest": 3}, (5, 8)),
    ("miner-dual-collateral", {}, (7, 10, 4)),
    (
        "miner-dual-collateral",
        {
            **{"customer_stops": 3, "downtime_months": 2, "coin_fall": 0.2, "rent_level": 0.9},
            **{"note_a_put": dt.date(2027, 9, 30), "notes_rolled": 0.5},
        },
        (10, 9),
    ),
]


#: Figures of the Summary's downside, and what they are of the case in force.
IN_FORCE = {
    **{"unpaid": "unpaid_at_maturity", "loss": "loss", "irr": "lender_irr"},
    "missed": "first_missed_month",
}


#: Rows that look ahead: the value of the rents to come, the coin after a scenario's whole fall, and
#: what becomes of notes that fall due after the report.
AHEAD = ("rent_unit", "signed_ltv", "rolled_a", "rolled_b")


def filled(values: list[float], months: int) -> Series:
    return Series(values=[*values, *[None] * (months - len(values))], source="broker")


def moved(example: Example, one: Recalculation, other: Recalculation) -> Iterator[str]:
    """The rows of the sheets by months that differ up to the month of the report."""
    sheets = [sheet.name for sheet in example.template.sheet if not sheet.nodes]
    named = {row.name for sheet in example.template.sheet for b in sheet.block for row in b.row}
    ahead = {example.place(name) for name in AHEAD if name in named}
    for sheet in [*sheets, CURVES]:
        for (row, column), value in one.values[sheet].items():
            if (sheet, row) in ahead or not OPENING <= column < FIRST + REPORTED:
                continue
            there = other.values[sheet][row, column]
            if value != (pytest.approx(there) if isinstance(there, float) else there):
                yield f"{example.formulas[sheet].cell(row, 1).value}, month {column - OPENING}"


@pytest.mark.parametrize(("name", "terms", "numbers"), TERMS)
def test_no_scenario_moves_a_month_that_is_reported(
    example_of: Callable[[str], Example],
    name: str,
    terms: dict[str, object],
    numbers: tuple[int, ...],
    tmp_path: Path,
) -> None:
    example = example_of(name)
    inputs = {**terms, "as_at_month": REPORTED}
    path, _ = calculated(example, tmp_path, inputs=inputs)
    with held(path) as book:
        base = book.recalculation()
        for number in numbers:
            case = example.template.scenarios.case[number]
            book.set(scenario=case.label, downside=case.label)
            found = book.recalculation()
            assert not list(moved(example, base, found)), case.label
            assert found.names["master_check"] == "OK", case.label
            # the table works it out once more: what it says is what is in force
            for figure, inforce in IN_FORCE.items():
                there = found.names[f"downside_{figure}"]
                assert there == pytest.approx(found.names[inforce], rel=1e-9, abs=1e-6), case.label
        # the last of them moves what is to come
        sheet, row = example.place("cfads_curve")
        ahead = [(row, FIRST + month) for month in range(REPORTED, example.template.months)]
        assert any(found.values[sheet][at] != base.values[sheet][at] for at in ahead)


def rented(example: Example, row: str) -> Series:
    """Rents reported that are lower than the curve's, up to the month of the report."""
    return filled([0.9 * rent for rent in example.row(row)[:REPORTED]], example.template.months)


@pytest.mark.parametrize("number", [4, 8])
def test_a_scenario_typed_is_the_one_chosen_where_rents_are_reported(
    example_of: Callable[[str], Example], number: int, tmp_path: Path
) -> None:
    """The tenant is gone, rents are reported: the same shock typed finds nothing more to move."""
    site = example_of("hosting-project-loan")
    table, typed = site.template.scenarios, dict[str, Any]()
    case = table.case[number]
    for shock, value in zip(table.shock, case.values, strict=True):
        if not isinstance(value, str) and shock.by in ("add", "multiply"):
            old = float(site.deal.inputs[shock.input].value)  # type: ignore[arg-type]
            typed[shock.input] = old + value if shock.by == "add" else old * value
    inputs = {**GONE, "as_at_month": REPORTED}
    actuals = {"market_path": rented(site, "market_path")}
    path, _ = calculated(site, tmp_path, inputs=inputs, actuals=actuals)
    with held(path) as book:
        book["scenario"] = case.label
        chosen = book.recalculation().names
        book.set({"scenario": "As input", **typed})
        by_hand = book.recalculation().names
    for name in (*IN_FORCE.values(), "min_dscr", "breakeven_decline", "refi_left", "refi_gap"):
        typed_ = by_hand[name]
        same = isinstance(typed_, str) and chosen[name] == typed_
        assert same or chosen[name] == pytest.approx(typed_, rel=1e-9, abs=1e-6), name


@pytest.mark.parametrize("sweep", [0.0, 0.5])
def test_the_break_even_of_a_lease_is_of_the_months_to_come(
    example_of: Callable[[str], Example], sweep: float, tmp_path: Path
) -> None:
    """Set it, and the covenant is just met: its last months are one reported and two to come."""
    site = example_of("hosting-project-loan")
    actuals = {"market_path": rented(site, "market_path")}
    terms = {"tenor_months": REPORTED + 2, "covenant_months": 3, "covenant_dscr": 0.5}
    inputs = {**GONE, **terms, "as_at_month": REPORTED, "cash_sweep": sweep}
    path, result = calculated(site, tmp_path, inputs=inputs, actuals=actuals)
    fall = result.names["breakeven_decline"]
    assert isinstance(fall, float) and result.names["master_check"] == "OK"
    with held(path) as book:
        book["rent_decline"] = fall
        assert book["covenant_dscr_curve.value"] == pytest.approx(0.5, abs=1e-7)
        assert book["breakeven_decline"] == pytest.approx(fall, abs=1e-7)


def test_the_grid_of_a_lease_moves_the_months_to_come(
    example_of: Callable[[str], Example], tmp_path: Path
) -> None:
    """A cell is what a book shows whose own rents are those of the cell after the report."""
    site = example_of("hosting-project-loan")
    inputs = {**GONE, "as_at_month": REPORTED, "refi_share": 0.0}
    path, _ = calculated(site, tmp_path, inputs=inputs)
    with held(path) as book:
        there = replace(site, result=book.recalculation())
    spec = site.template.grid[1]
    _, *rows = table(there, spec.title)
    rents = site.row("market_path")
    decline = float(site.deal.inputs["rent_decline"].value)  # type: ignore[arg-type]
    for more, down in ((0.1, 0.8), (0.3, 0.6)):
        (line,) = [values for values in rows if values[0] == down]
        cell = line[1 + spec.across.index(more)]
        lower = (1 - decline - more) / (1 - decline)
        own = [
            rent * (down * lower ** ((month - 0.5) / 12) if month > REPORTED else 1)
            for month, rent in enumerate(rents, start=1)
        ]
        _, typed = calculated(
            site, tmp_path, inputs=inputs, series={"market_path": filled(own, len(own))}
        )
        assert cell == pytest.approx(typed.names["refi_left"], rel=1e-9)


def test_own_rents_fall_after_the_report_alone(
    example_of: Callable[[str], Example], tmp_path: Path
) -> None:
    """A month of one's own that is reported stands, also where nothing was filled in for it."""
    site = example_of("hosting-project-loan")
    own = site.row("market_path")
    series = {"market_path": filled(own, len(own))}
    inputs = {**GONE, "as_at_month": REPORTED, "own_rent_drop": 0.25}
    _, result = calculated(site, tmp_path, series=series, inputs=inputs)
    sheet, row = site.place("market_path")
    found = [result.values[sheet][row, FIRST + month] for month in range(len(own))]
    assert found[:REPORTED] == pytest.approx(own[:REPORTED], rel=1e-12)
    assert found[REPORTED:] == pytest.approx([0.75 * rent for rent in own[REPORTED:]], rel=1e-12)


def test_the_break_even_of_the_miner_is_of_the_months_to_come(
    example_of: Callable[[str], Example], tmp_path: Path
) -> None:
    """What is repaid in months reported no decline breaks; of what is not, one is just met."""
    miner = example_of("miner-dual-collateral")
    reported = [1.07 * rent for rent in miner.row("rent_path")[:REPORTED]]
    actuals = {"rent_path": filled(reported, miner.template.months)}
    inputs = {"contract_share": 0.0, "tenor_months": REPORTED + 1, "as_at_month": REPORTED}
    path, result = calculated(miner, tmp_path, inputs=inputs, actuals=actuals)
    least = 0.99 * float(result.names["min_dscr"])  # type: ignore[arg-type]
    with held(path) as book:
        book["covenant_dscr"] = least
        assert book["breakeven_decline"] == "none"
        book["tenor_months"] = REPORTED + 4
        book["covenant_dscr"] = least = 0.99 * float(book["min_dscr"])  # type: ignore[arg-type]
        book["rent_decline"] = book["breakeven_decline"]
        assert book["covenant_dscr_curve.value"] == pytest.approx(least, abs=1e-7)


def test_the_grid_of_the_miner_moves_the_months_to_come(
    example_of: Callable[[str], Example], tmp_path: Path
) -> None:
    """A cell is what a book shows on the rents and the utilisation of the cell after the report."""
    miner = example_of("miner-dual-collateral")
    inputs = {"customer_stops": 3, "as_at_month": REPORTED, "rent_floor": 0.0}
    path, _ = calculated(miner, tmp_path, inputs=inputs)
    with held(path) as book:
        there = replace(miner, result=book.recalculation())
    spec = miner.template.grid[0]
    _, *rows = table(there, spec.title)
    decline = float(miner.deal.inputs["rent_decline"].value)  # type: ignore[arg-type]
    used = float(miner.deal["utilisation"].value)  # type: ignore[arg-type]
    for more, down in ((0.1, 0.8), (0.3, 0.6)):
        (line,) = [values for values in rows if values[0] == down]
        lower = (1 - decline - more) / (1 - decline)
        ahead = [month > REPORTED for month in range(1, miner.template.months + 1)]
        rents = [
            rent * (lower ** ((month - 0.5) / 12) if ahead[month - 1] else 1)
            for month, rent in enumerate(miner.row("rent_path"), start=1)
        ]
        series = {
            "rent_path": filled(rents, len(rents)),
            "utilised": filled([used * (down if later else 1) for later in ahead], len(rents)),
        }
        _, typed = calculated(miner, tmp_path, inputs=inputs, series=series)
        cell = line[1 + spec.across.index(more)]
        assert cell == pytest.approx(typed.names["unpaid_at_maturity"], rel=1e-9)


def test_a_fall_over_months_begins_at_the_report(
    example_of: Callable[[str], Example], tmp_path: Path
) -> None:
    """Half a year of falling prices is half a year after the report, and no crash in its month."""
    miner = example_of("miner-dual-collateral")
    path, _ = calculated(miner, tmp_path, inputs={"as_at_month": REPORTED})
    with held(path) as book:
        book["scenario"] = "Coin and cards fall in half a year"
        chosen = book.recalculation()
        book.set(scenario="As input", coin_fall=0.5, gpu_fall=0.4, rent_level=0.8)
        typed = book.recalculation()
    sheet, row = miner.place("btc_path")
    price = float(miner.deal["coin_price"].value)  # type: ignore[arg-type]
    for found in (chosen, typed):
        path_ = [found.values[sheet][row, FIRST + month] for month in range(REPORTED + 8)]
        ahead = [price * (1 - 0.5 * min(1, month / 6)) for month in range(1, 9)]
        assert path_ == pytest.approx([price] * REPORTED + ahead, rel=1e-12)
    for name in (*IN_FORCE.values(), "min_dscr", "max_ltv", "first_call_month"):
        assert chosen.names[name] == pytest.approx(typed.names[name], rel=1e-9, abs=1e-6), name


@pytest.mark.parametrize(
    ("name", "scenario"),
    [
        ("hosting-project-loan", "Tenant stops and rents 20% lower"),
        ("miner-dual-collateral", "Coin and cards fall in a month"),
    ],
)
def test_a_sale_is_priced_in_the_month_of_enforcement_and_paid_later_as_is_said(
    example_of: Callable[[str], Example], name: str, scenario: str
) -> None:
    """Other months until the money change what comes by nothing, and the input says so."""
    example = example_of(name)
    sheet, row = example.place("recovered")
    cash = example.place("lender_cash")
    found = [example.given({"scenario": scenario, "recovery_months": m}) for m in (0, 6)]
    month = int(found[0].names["default_month"])  # type: ignore[arg-type]
    at_once, later = (float(one.values[sheet][row, 4 + month]) for one in found)  # type: ignore[arg-type]
    assert 0 < later == at_once and found[0].names["loss"] == found[1].names["loss"]
    comes = float(found[1].values[cash[0]][cash[1], 4 + month + 6])  # type: ignore[arg-type]
    assert comes == pytest.approx(later, rel=1e-12)
    said = example.template.inputs["recovery_months"].note
    assert "priced in the month of enforcement" in said and "paid so many months later" in said
