"""Months reported are facts: no scenario, grid, tornado or break-even moves them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.workbook.conftest import Example, held
from tests.workbook.test_curves import calculated, filled
from tests.workbook.test_stress import SAME, at, table
from xlcredit.recalc import Recalculation
from xlcredit.workbook.session import Session

AS_AT = 16
LOANS = ("gpu-term-loan", "gpu-borrowing-base")
#: What happens in a month, of rows that do not look ahead.
ROWS = {
    "gpu-term-loan": (
        *("in_contract", "rent_before", "rent_curve", "revenue_contract", "cfads_curve"),
        *("prepayment", "executed_unit", "fleet_liquidation", "ltv_executed", "balance"),
        *("distribution", "realised", "liquidity_left", "dscr_tested"),
    ),
    "gpu-borrowing-base": (
        *("in_contract", "rent_before", "curve", "cfads_curve", "market_level"),
        *("borrowing_base", "fleet_flv", "liquidation", "drawn_again", "balance", "distribution"),
        *("ltv_executed", "headroom", "dscr_signed"),
    ),
}
#: Scenarios, and whether its inputs typed are the same book: all but a stop, a level or draws that
#: the months reported rule out.
CASES = {
    "gpu-term-loan": {
        "Rents fall 20% a year more": True,
        "Down 30% and back": True,
        "Customer stops and rents fall 20% more": False,
    },
    "gpu-borrowing-base": {
        "Rents fall 20% a year more": True,
        "No refinancing; dominion limits draws": False,
        "Customers stop and rents -20% and auction market": False,
    },
}
#: A scenario that bites in those months, had they not been reported.
EARLY = {
    "gpu-term-loan": {"termination_months": 3, "trigger_index": 0.9, "trigger_sweep": 0.5},
    "gpu-borrowing-base": {"redraw_to": 30e6, "dominion_share": 0.0, "lock_up_dscr": 0.0},
}


@pytest.fixture(scope="module")
def examples(example_of: Callable[[str], Example]) -> dict[str, Example]:
    return {name: example_of(name) for name in LOANS}


@pytest.fixture(scope="module")
def books(
    examples: dict[str, Example], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Session]:
    """Each with rents that were reported up to the month, and months of one's own after it."""
    found = {}
    for name, example in examples.items():
        rents = [1.1 * rent for rent in example.row("rent_path")]
        path, _ = calculated(
            example,
            tmp_path_factory.mktemp(name),
            actuals={"rent_path": filled(rents[:AS_AT])},
            inputs={"as_at_month": AS_AT, **EARLY[name]},
        )
        with held(path) as found[name]:
            pass  # it stays open
    return found


def given(book: Session, **inputs: object) -> Recalculation:
    book.set(inputs)
    try:
        return book.recalculation()
    finally:
        book.reset()


@pytest.mark.parametrize("name", LOANS)
def test_a_scenario_moves_the_months_to_come_alone(
    examples: dict[str, Example], books: dict[str, Session], name: str
) -> None:
    """In force it leaves each month reported as it is, reads as in the table, and as typed."""
    book, example = books[name], examples[name]
    usual = replace(example, result=given(book))
    header, *lines = table(usual, "Scenarios side by side")
    shocks, *values = table(usual, "The inputs as each scenario has them")
    labels = {i.label: n for n, i in example.template.inputs.items()}
    for label in CASES[name]:
        result = given(book, scenario=label)
        assert result.names["master_check"] == "OK", label
        moved, later = replace(example, result=result), 0
        for row in ROWS[name]:
            was, now = usual.row(row), moved.row(row)
            assert now[:AS_AT] == pytest.approx(was[:AS_AT], rel=1e-12), (label, row)
            later += now[AS_AT:] != was[AS_AT:]
        assert later or label.startswith("No refinancing"), label
        (line,) = [line for line in lines if line[0] == label]
        for column, figure in SAME[name].items():
            shown = line[at(header, column)]
            same = shown if isinstance(shown, str) else pytest.approx(shown, rel=1e-9)
            assert result.names[figure] == same, (label, column)
        if not CASES[name][label]:
            continue
        (line,) = [line for line in values if line[0] == label]
        typed = {labels[str(s)]: v for s, v in zip(shocks, line, strict=False) if s in labels}
        names = given(book, **typed).names
        for figure in ("unpaid_at_maturity", "loss", "min_dscr", "lender_irr"):
            assert names[figure] == pytest.approx(result.names[figure], rel=1e-9), (label, figure)


@pytest.mark.parametrize("name", LOANS)
def test_where_all_is_reported_nothing_moves(
    examples: dict[str, Example], books: dict[str, Session], name: str
) -> None:
    template, last = examples[name].template, examples[name].template.months
    all_told = replace(examples[name], result=given(books[name], as_at_month=last))
    header, first, *others = table(all_told, "Scenarios side by side")
    for row in others:
        for label, was, now in zip(header[1:], first[1:], row[1:], strict=True):
            same = was if isinstance(was, str) else pytest.approx(was, rel=1e-9)
            assert now == same, (row[0], label)
    for grid in template.grid:
        if re.search(r"fall more", grid.across_label):
            cells = [
                v for row in table(all_told, grid.title)[1:] for v in row[1 : 1 + len(grid.across)]
            ]
            assert cells == pytest.approx([cells[0]] * len(cells), rel=1e-9), grid.title
    assert all_told.result.names["breakeven_decline"] in ("none", "any")
    if name == "gpu-term-loan":
        words = "Paths begin at closing and move the months reported, too."
        assert any(words in str(v) for v in all_told.result.values["Simulation"].values())
        for bar in table(all_told, template.tornado[0].title)[2:]:
            assert bar[4:6] == pytest.approx([bar[4]] * 2, rel=1e-12)


def test_grids_move_the_months_to_come(
    examples: dict[str, Example], books: dict[str, Session]
) -> None:
    """The cells of the GPU loan's first grid by hand, the weakest months reported."""
    example, book, late = examples["gpu-term-loan"], books["gpu-term-loan"], 55
    template = example.template
    rise = {"step_month_2": late, "step_drop_2": -2.0}  # and the months to come are strong
    rise |= {"trigger_sweep": 0}  # which repaid the loan before its weakest months
    now = replace(example, result=given(book, as_at_month=late, **rise))
    rent, fixed, earning, service = (
        now.row(row) for row in ("rent_before", "cover_fixed", "gpus_earning", "service_even")
    )
    decline = 0.20
    for line in table(now, template.grid[0].title)[1:]:
        share = float(str(line[0]))
        for more, shown in zip(template.grid[0].across, line[1:], strict=False):
            covers = []
            for k in range(1, 73):
                fall = (1 - decline - more) ** ((k - 0.5) / 12) * share if k > late else 1.0
                floor = 0.30 * (share if k > late else 1.0)
                market = earning[k - 1] * 730 * max(floor, rent[k - 1] * fall)
                if service[k - 1] > 0:
                    covers.append((fixed[k - 1] + market) / service[k - 1])
            assert shown == pytest.approx(min(covers), rel=1e-9), (more, share)
    now = replace(example, result=given(book))
    unpaid = table(now, template.grid[1].title)[1:]
    assert unpaid[0][1] == pytest.approx(now.number("unpaid_at_maturity"), rel=1e-9)
    faster = {"rent_decline": decline + template.grid[1].across[2]}
    typed = given(book, **faster).names["unpaid_at_maturity"]
    assert unpaid[0][3] == pytest.approx(typed, rel=1e-9)


@pytest.mark.parametrize("name", LOANS)
@pytest.mark.parametrize("sweep", [0.0, 0.3])
def test_the_break_even_falls_in_the_months_to_come(
    books: dict[str, Session], name: str, sweep: float
) -> None:
    """Typed, it just meets the covenant: the months reported stay what they were."""
    covenant = {"gpu-term-loan": "covenant_dscr_curve", "gpu-borrowing-base": "covenant_cover"}[
        name
    ]
    inputs = {"cash_sweep": sweep, "covenant_dscr": 1.05, "market_rent": 6.0, "trigger_index": 0.0}
    if name == "gpu-borrowing-base":
        inputs = {"rent_decline": 0.05, "block": 0.0}
    book = books[name]
    fall = given(book, **inputs).names["breakeven_decline"]
    assert isinstance(fall, float)
    met = given(book, **inputs | {"rent_decline": fall}).names
    assert met[f"{covenant}.value"] == pytest.approx(met["covenant_dscr"], abs=1e-6)
    assert given(book, **inputs | {"rent_decline": fall + 1e-4}).names[covenant] == "BREACH"


@pytest.mark.parametrize("name", LOANS)
def test_own_months_reported_do_not_fall(
    examples: dict[str, Example], name: str, tmp_path: Path
) -> None:
    """A month that is over is what it was given as, though nobody reported this row."""
    example = examples[name]
    own = {"rent_path": filled([2.0] * 60)}
    path, _ = calculated(example, tmp_path, series=own, inputs={"as_at_month": AS_AT})
    with held(path) as book:
        fallen = replace(example, result=given(book, own_rent_drop=0.25))
        assert fallen.row("rent_path")[: AS_AT + 2] == [2.0] * AS_AT + [1.5] * 2
        if name == "gpu-term-loan":
            (told,) = book.without_effect("own_rent_drop")
            assert told.startswith("own_rent_drop moves the 44 months of rent_path")
            assert "the other 1 month follows the inputs" in told
            assert told.endswith("the sheet Stress moves all 45 still to come")
