"""A copy that lives without the add-in: no worksheet function, the same figures, live scenarios."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from msgspec.structs import replace

from tests.workbook.conftest import Example, opened
from xlcredit.cli.writing import make_workbook
from xlcredit.deals import load, read_deal, shipped
from xlcredit.errors import CellError, DealError
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package
from xlcredit.recalc import recalculate
from xlcredit.workbook import read_dashboard
from xlcredit.workbook.pages.dashboard import find_typed
from xlcredit.workbook.tables.scenarios import AREA_SCENARIOS, HEADER_ROW

READ = (
    *("unpaid_at_maturity", "first_missed_month", "loss", "lender_irr", "min_dscr", "max_ltv"),
    *("breakeven_decline", "expected_loss_spread", "required_spread", "downside_unpaid"),
    *("downside_loss", "downside_irr", "downside_dscr", "expected_loss", "spread_scenarios"),
    "spread_hazard",
)


#: Templates with cells that stay frozen in the copy.
FROZEN = {"gpu-term-loan", "miner-dual-collateral", "hosting-project-loan"}

#: Figures that rest on what is frozen: a simulation, a decline that is searched for.
STAYS = {
    "gpu-term-loan": {"expected_loss_spread", "required_spread"},
    "miner-dual-collateral": {"expected_loss_spread", "required_spread"},
}

#: What a break-even says of itself where it is of the case that was frozen.
STALE = "needs the add-in"

#: Inputs to change in the copy, by template.
CHANGED: dict[str, list[dict[str, float | str]]] = {
    "gpu-term-loan": [
        {},
        {"rent_decline": 0.35},
        {"cash_sweep": 0.5, "customer_stops": 20},
        {
            **{"balloon_share": 0.05, "tenor_months": 48, "contract_months": 72},
            **{"daily_depth": 600, "draw_months": 6, "tranche_share_1": 0.5},
        },
        {"balloon_share": 0.3, "refi_life": 120, "scenario": "Rents 20% higher"},
        {
            **{"interest_months": 3, "lock_up_dscr": 1.6, "customer_stops": 30},
            **{"trigger_index": 0.6, "trigger_sweep": 0.3, "trigger_dsra_months": 9},
        },
    ],
    "gpu-borrowing-base": [
        {},
        {"rent_decline": 0.35},
        {"dsra_months": 3, "cash_sweep": 0.3, "scenario": "Auction market"},
    ],
    "hosting-project-loan": [
        {},
        {"customer_stops": 20, "refi_rate": 0.1},
        {"late_months": 8, "cash_sweep": 0, "scenario": "No refinancing"},
        {
            **{"interest_days": "act/360", "payment_months": 3, "covenant_months": 3},
            **{"equity_cure": 5e7, "customer_stops": 13, "support_months": 0},
            **{"tranche_share_1": 0.4, "tranche_month_1": 8, "commitment_fee": 0.01},
        },
        {
            **{"covenant_months": 12, "covenant_looks": "forward", "customer_stops": 63},
            **{"liquidity_interest": 6, "liquidity_principal": 3, "lock_up_dscr": 1.25},
        },
    ],
    "miner-dual-collateral": [
        {},
        {"coin_fall": 0.4, "grace_months": 0},
        {"notes_rolled": 0.2, "downside": "Notes are not rolled"},
    ],
}


@pytest.fixture(scope="module", params=CHANGED)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def usual(name: str, example_of: Callable[[str], Example]) -> Example:
    return example_of(name)


@pytest.fixture(scope="module")
def copy(usual: Example, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("native") / "native.xlsx"
    path.write_bytes(make_workbook(usual.template, usual.deal, native=True).content)
    return path


def formulas(path: Path) -> dict[tuple[str, str], str]:
    """Every formula by sheet and cell."""
    cells = (c for sheet in openpyxl.load_workbook(path) for row in sheet.iter_rows() for c in row)
    return {
        (c.parent.title, c.coordinate): c.value
        for c in cells
        if isinstance(c.value, str) and c.value.startswith("=")
    }


def test_no_cell_calls_a_worksheet_function(copy: Path) -> None:
    assert not [f for f in formulas(copy).values() if "XLC_" in f]


def test_it_recalculates_to_the_same_figures(name: str, usual: Example, copy: Path) -> None:
    """Figures, scenarios and grids, as the inputs change."""
    for changed in CHANGED[name]:
        native = opened(copy, changed)
        expected = usual.given(changed)
        for figure in READ:
            if figure not in expected.names or (changed and figure in STAYS.get(name, ())):
                continue
            if native.names[figure] == STALE:
                assert figure == "breakeven_decline" and changed and name in FROZEN
                continue
            same = expected.names[figure]  # a number, or the word that there is none
            same = same if isinstance(same, str) else pytest.approx(same, rel=1e-8)
            assert native.names[figure] == same, figure
        for what, book in (("the copy", native), ("the workbook", expected)):
            cells = [f"{e.sheet}!{e.cell} {e.code} {e.formula}" for e in book.errors[:3]]
            broken = cells or "no cell shows an error; look at the sheet Checks"
            assert book.names["master_check"] == "OK", f"{what} given {changed}: {broken}"
        shown = {p: v for p, v in expected.values["Stress"].items() if isinstance(v, float)}
        if name in FROZEN:  # what reads a frozen cell stays, too
            last = HEADER_ROW + len(usual.template.scenarios.case)
            live = native.values["Stress"]
            shown = {p: v for p, v in shown.items() if HEADER_ROW < p[0] <= last and p in live}
        assert len(shown) > 50
        for place, value in shown.items():
            assert native.values["Stress"][place] == pytest.approx(value, rel=1e-8, abs=1e-6), place


@pytest.mark.parametrize("name", ["gpu-term-loan"], indirect=True)
def test_a_recovery_after_the_last_month_counts_or_is_no_number(usual: Example, copy: Path) -> None:
    """The loan's yield counts it when it comes; IRR, which a scenario has here, cannot."""
    late = {"recovery_months": 24}
    native, expected = (recalculate(path, inputs=late) for path in (copy, usual.path))
    assert native.names["lender_irr"] == pytest.approx(expected.names["lender_irr"], rel=1e-8)
    assert isinstance(native.names["downside_irr"], CellError)
    assert (native.names["master_check"], expected.names["master_check"]) == ("CHECK", "OK")


def test_what_is_frozen_says_so(copy: Path) -> None:
    said = [str(cell.value) for cell in openpyxl.load_workbook(copy)["Stress"]["A"]]
    assert sum("frozen" in text for text in said) == 1


def test_what_is_frozen_is_not_taken_for_typed_over(copy: Path) -> None:
    dashboard = read_dashboard(copy)
    assert not dashboard.typed and dashboard.checked


@pytest.mark.parametrize("name", ["gpu-borrowing-base"], indirect=True)
def test_a_test_that_calls_a_function_itself_keeps_its_verdict(
    usual: Example, tmp_path: Path
) -> None:
    """A house template may write XLC_ into a covenant: its value is frozen in the copy."""
    first, *others = usual.template.covenant
    called = "XLC_DSCR({cfads_curve.all},{service.all})"
    house = replace(usual.template, covenant=[replace(first, value=called), *others])
    path = tmp_path / "house.xlsx"
    path.write_bytes(make_workbook(house, usual.deal, native=True).content)
    dashboard = read_dashboard(path)
    assert not dashboard.typed and dashboard.checked
    assert dashboard.covenants[0].status == usual.result.names[first.name]
    assert dashboard.covenants[0].value.value == pytest.approx(usual.number("min_dscr"), rel=1e-12)
    book = openpyxl.load_workbook(path)
    ((sheet, cell),) = book.defined_names[f"{others[0].name}.value"].destinations
    book[sheet][cell.replace("$", "")] = 9.0
    book.save(path)
    (told,) = find_typed(Book(Package(path)))
    assert told.what == "value" and cell.replace("$", "") in told.cell


@pytest.mark.parametrize("name", ["gpu-borrowing-base"], indirect=True)
def test_a_verdict_typed_over_in_the_copy_is_told(copy: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(copy)
    area = Book(Package(copy)).area(AREA_SCENARIOS)
    assert area is not None
    for cell in book["Stress"][area.top]:
        if cell.value == "Excess availability covenant":
            book["Stress"].cell(area.bottom, cell.column).value = "PASS"
    ((sheet, cell),) = book.defined_names["certificate_excess"].destinations
    book[sheet][cell.replace("$", "")] = "PASS"
    book.save(tmp_path / "changed.xlsx")
    told = find_typed(Book(Package(tmp_path / "changed.xlsx")))
    assert [one.what for one in told] == ["verdict", "verdict"]


def test_every_function_has_a_formula_in_its_place(name: str, usual: Example, copy: Path) -> None:
    """The audit apart, and what cannot be had without a function."""
    functions = {p for p, f in formulas(usual.path).items() if "XLC_" in f and p[0] != "Audit"}
    assert len(functions) > 50
    assert bool(functions - formulas(copy).keys()) == (name in FROZEN)


@pytest.mark.parametrize("name", shipped())
def test_a_template_without_native_scenarios_says_so(name: str) -> None:
    template, home = load(name)
    if not any(metric.native for metric in template.scenarios.metric):
        with pytest.raises(DealError, match="no native formula"):
            make_workbook(template, read_deal(home / "deal.toml", template), native=True)
