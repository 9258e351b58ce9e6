"""The sheet Stress and the charts: the tables say what the model says under each scenario."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from dataclasses import replace

import pytest
from openpyxl.utils import range_boundaries

from tests.workbook.conftest import Example
from xlcredit.deals import load, shipped

#: A column of the scenario table, and the named figure or (row, month) that it must equal when
#: the scenario is in force.
SAME = {
    "gpu-term-loan": {
        "Minimum DSCR": "min_dscr",
        "First missed payment, month": "first_missed_month",
        "Unpaid at maturity, lender waits": "unpaid_at_maturity",
        "Unpaid, waits, cards then sold": "unpaid_after_sale",
        "Loss, lender enforces, cards sold": "loss",
        "Lender's IRR, lender enforces": "lender_irr",
        "Worst loan to resale": "max_ltv",
        "DSCR, lowest where tested": "min_dscr_tested",
        "DSCR covenant": "covenant_dscr_curve",
        "Contract realization, lowest": "realised_lowest",
        "Contract realization covenant": "covenant_contract",
        "Loan to depreciated cost, waiting, highest": "covenant_advance.value",
        "Loan to depreciated cost covenant": "covenant_advance",
        "Liquidity covenant": "covenant_cash",
    },
    "miner-dual-collateral": {
        "Minimum DSCR, scheduled service": "min_dscr",
        "First missed payment, month": "first_missed_month",
        "First margin call, month": "first_call_month",
        "Unpaid at maturity, cash alone, before a sale": "unpaid_at_maturity",
        "Loss, coin and cards sold": "loss",
        "Lender's IRR": "lender_irr",
        "Worst LTV": "max_ltv",
    },
    "gpu-borrowing-base": {
        "Minimum cover, charges as signed": "min_dscr",
        "First missed payment, month": "first_missed_month",
        "Unpaid at maturity, lender waits, before a sale": "unpaid_at_maturity",
        "Unpaid, lender waits, fleet then sold": "unpaid_after_sale",
        "Recovered by enforcement": "recovered_sum",
        "Loss, lender enforces, fleet sold": "loss",
        "Lender's IRR": "lender_irr",
        "Worst loan to resale and receivables": "max_ltv",
        "A new lender lends": "refi_capacity",
        "Availability at the first review": "base_year",
        "Interest cover": "interest_lowest",
        "Lowest excess availability": "lowest_headroom",
        "Excess availability covenant": "covenant_excess",
    },
    "hosting-project-loan": {
        "Minimum DSCR": "min_dscr",
        "First missed payment, month": "first_missed_month",
        "Unpaid at maturity, lender waits": "unpaid_at_maturity",
        "Unpaid, waits, site then sold": "unpaid_after_sale",
        "Loss, lender enforces, site sold": "loss",
        "Lender's IRR, lender enforces": "lender_irr",
        "Worst loan to value": "max_ltv",
        "Left to refinance": "refi_left",
        "A new lender lends": "refi_capacity",
        "Minimum DSCR where tested": "min_dscr_tested",
        "DSCR covenant": "covenant_dscr_curve",
        "LTV covenant": "covenant_value",
    },
}
CASES = [(name, case.label) for name in SAME for case in load(name)[0].scenarios.case]


@pytest.fixture(scope="module")
def examples(example_of: Callable[[str], Example]) -> dict[str, Example]:
    return {name: example_of(name) for name in shipped()}


def table(example: Example, title: str) -> list[list[object]]:
    """The rows of a block of the sheet Stress, its header first."""
    sheet, values = example.formulas["Stress"], example.result.values["Stress"]
    (top,) = [cell.row for cell in sheet["A"] if str(cell.value).split(" [")[0] == title]
    rows = []
    for row in range(top + 1, sheet.max_row + 1):
        if sheet.cell(row, 1).value is None:
            break
        rows.append(
            [values.get((row, c), sheet.cell(row, c).value) for c in range(1, sheet.max_column + 1)]
        )
    return rows


def at(header: list[object], label: str) -> int:
    """The column of a label, whatever unit stands behind it."""
    return [str(text).split(" [")[0] for text in header].index(label)


@pytest.mark.parametrize(("name", "case"), CASES)
def test_a_scenario_reads_the_same_in_the_table_and_in_force(
    examples: dict[str, Example], name: str, case: str
) -> None:
    example = examples[name]
    header, *rows = table(example, "Scenarios side by side")
    (row,) = [row for row in rows if row[0] == case]
    live = example.given({"scenario": case}).names
    for column, figure in SAME[name].items():
        shown = row[at(header, column)]
        same = shown if isinstance(shown, str) else pytest.approx(shown, rel=1e-9)
        assert live[figure] == same, column


def test_the_refinancing_grid_is_what_a_new_lender_would_lend(
    examples: dict[str, Example],
) -> None:
    example = examples["hosting-project-loan"]
    deal = {n: i.value for n, i in example.deal.inputs.items()}
    rate, years = deal["refi_rate"] / 12, deal["refi_months"]
    tenor, empty = deal["tenor_months"], deal["downtime_months"]
    annuity = sum((1 + rate) ** -k for k in range(empty + 1, years + 1))

    def income(k: int, further: float) -> float:
        kept = 1 - deal["rent_decline"] - further
        rent = deal["critical_kw"] * deal["occupancy"] * deal["market_rent"]
        return rent * kept ** ((k - 0.5) / 12) - opex(k)

    def opex(k: int) -> float:
        return float(deal["opex_year"] / 12 * (1 + deal["opex_growth"]) ** ((k - 1) // 12))

    carry = sum(opex(tenor + k) for k in range(1, empty + 1))
    grid = example.template.grid[0]
    for row in table(example, grid.title)[1:]:
        for further, shown in zip(grid.across, row[1:], strict=False):
            let = range(empty + 1, deal["refi_test_months"] + 1)
            lowest = max(0.0, min(income(tenor + k, further) for k in let))
            cash = max(0.0, lowest / (deal["refi_dscr"] + row[0]) * annuity - carry)
            value = income(tenor, further) * 12 / deal["exit_yield"]
            value = value / (1 + deal["exit_yield"]) ** (empty / 12) - carry
            lent = min(cash, deal["refi_ltv"] * max(deal["shell_value"], value))
            assert shown == pytest.approx(lent, rel=1e-9)


def test_on_the_edge_of_the_map_the_call_comes(examples: dict[str, Example]) -> None:
    """A coin price on the edge of a zone, with cards that follow rents: the LTV is the trigger."""
    example = examples["miner-dual-collateral"]
    spec = example.template.map[0]
    deal = {n: i.value for n, i in example.deal.inputs.items()}
    edges = 0
    for rents, liquidation, call, *_ in table(example, spec.title)[1:]:
        cards = deal["gpu_price"] * min(1.0, 1 + rents) ** deal["rent_elasticity"]
        for price, trigger in ((liquidation, "liquidation_ltv"), (call, "call_ltv")):
            if price == 0:
                continue
            # the debt stays what it is today
            coins = deal["coin_units"] + deal["eth_units"] * deal["eth_price"] / deal["coin_price"]
            value = coins * price + deal["gpu_units"] * cards
            assert example.number("debt") / value == pytest.approx(deal[trigger], rel=1e-9)
            edges += 1
    assert edges > 10


@pytest.mark.parametrize("rents", [-0.2, -0.1, 0.2, 0.4])
def test_the_map_moves_cards_as_the_model_does(examples: dict[str, Example], rents: float) -> None:
    """What the cards are worth on its edge is what the collateral has when rents move so."""
    example = examples["miner-dual-collateral"]
    rows = table(example, example.template.map[0].title)[1:]
    edge = {round(row[0], 2): row[2] for row in rows}
    cards = example.number("gpu_at_resale")
    call = example.deal.inputs["call_ltv"].value
    shown = (example.number("debt") / call - edge[rents] * example.number("coins")) / cards
    sheet, row = example.place("executed_unit")
    # rents that fall as the resale values expect, at another level from the first month
    as_expected = {"rent_decline": example.deal.inputs["resale_rent_decline"].value}
    moved, usual = (
        example.given(as_expected | {"rent_level": level, "fall_months": 1}).values[sheet][row, 5]
        for level in (1 + rents, 1.0)
    )
    assert shown == pytest.approx(moved / usual, rel=1e-9)
    assert edge[0.4] == edge[0.0] == pytest.approx(example.number("margin_price"), rel=1e-12)


def test_what_a_chart_alone_reads_is_not_printed(example: Example) -> None:
    """Each heading that the sheet Stress prints is a figure's, none a height of the chart."""
    sheet = example.formulas["Stress"]
    helpers = [c for row in sheet.iter_rows() for c in row if "height in the chart" in str(c.value)]
    assert len(helpers) == sum(len(spec.zone) for spec in example.template.map)
    last = range_boundaries(sheet.print_area.split("!")[-1])[2]
    assert all(cell.column > last for cell in helpers)


def test_tornados_stand_largest_first(example: Example) -> None:
    for spec in example.template.tornado:
        header, *bars = table(example, spec.title)[1:]
        low, high = header.index("Change at low"), header.index("Change at high")
        swings = [max(abs(bar[low]), abs(bar[high])) for bar in bars]
        assert swings == sorted(swings, reverse=True), spec.title
        assert swings[0] > 0


def test_what_is_hatched_is_what_lies_below_the_covenant(example: Example) -> None:
    depth, base = example.row("breach_depth"), example.row("breach_base")
    cover, covenant, out = (
        example.row("dscr_tested"),
        example.row("covenant_level"),
        example.row("in_loan"),
    )
    assert any(depth) or min(cover) >= covenant[0]
    for below, under, value, limit, flag in zip(depth, base, cover, covenant, out, strict=True):
        assert below == pytest.approx(flag * max(0.0, limit - max(0.0, value)), abs=1e-12)
        assert under + below == pytest.approx(flag * limit, abs=1e-12)


def test_every_series_of_every_chart_has_values(example: Example) -> None:
    with zipfile.ZipFile(example.path) as package:
        charts = [n for n in package.namelist() if n.startswith("xl/charts/chart")]
        texts = [package.read(name).decode() for name in charts]
    drawn = example.template
    kinds = (drawn.chart, drawn.ladder, drawn.map, drawn.tornado, drawn.picture)
    years = any(row.drawn == "bar" for row in drawn.annual)
    assert len(charts) == sum(map(len, kinds)) + years
    for text in texts:
        references = re.findall(r"<c?:?f>([^<]+)</", text)
        assert references
        for reference in references:
            sheet, _, area = reference.replace("'", "").rpartition("!")
            left, top, right, bottom = range_boundaries(area)
            assert left and top and right and bottom
            for row in range(top, bottom + 1):
                for column in range(left, right + 1):
                    value = example.formulas[sheet].cell(row, column).value
                    assert value is not None, (reference, row, column)


def test_areas_are_hatched_for_black_and_white(examples: dict[str, Example]) -> None:
    with zipfile.ZipFile(examples["miner-dual-collateral"].path) as package:
        charts = [n for n in package.namelist() if n.startswith("xl/charts/chart")]
        patterns = [
            p for n in charts for p in re.findall(rb'pattFill prst="(\w+)"', package.read(n))
        ]
    assert len(set(patterns)) >= 3  # the breach, and the two zones of the map


def test_resale_follows_rents_down_and_not_up(examples: dict[str, Example]) -> None:
    example = examples["gpu-term-loan"]
    usual = example.number("end_executed")
    fallen = ((1 - 0.4) / (1 - 0.2)) ** (47.5 / 12)
    for scenario, share in (
        ("Rents fall 10% a year less", 1.0),
        ("Rents 20% higher", 1.0),
        ("Rents fall 20% a year more", fallen),
    ):
        names = example.given({"scenario": scenario}).names
        assert names["end_executed"] == pytest.approx(usual * share, rel=1e-9), scenario
    still = {"scenario": "Rents fall 20% a year more", "rent_elasticity": 0}
    names = example.given(still).names
    assert names["end_executed"] == pytest.approx(usual, rel=1e-9)


def test_grids_and_tornados_begin_at_the_figure_of_the_summary(
    examples: dict[str, Example],
) -> None:
    example = examples["gpu-term-loan"]
    changed = {"index_basis": 0.9, "step_drop_1": 0.3, "scenario": "Rents 20% lower"}
    result = example.given(changed)
    moved = replace(example, result=result)
    cash, service = moved.row("cfads_curve"), moved.row("service")
    lowest = min(c / s for c, s in zip(cash, service, strict=True) if s > 0)
    signed, unpaid, _ = (table(moved, grid.title) for grid in example.template.grid)
    assert signed[1][1] == pytest.approx(lowest, rel=1e-9)
    assert unpaid[1][1] == pytest.approx(result.names["unpaid_at_maturity"], rel=1e-9)
    first = table(moved, example.template.tornado[0].title)
    assert first[0][4] == pytest.approx(lowest, rel=1e-9)


@pytest.mark.parametrize(
    "given",
    [
        {"interest_months": 3, "payment_months": 3, "tenor_months": 60, "customer_stops": 20},
        {"interest_months": 6, "payment_months": 6, "tenor_months": 60, "rent_decline": 0.3},
    ],
)
def test_grid_and_tornado_of_the_cover_count_payment_dates(
    examples: dict[str, Example], given: dict[str, float]
) -> None:
    """They counted single months: a grid of -0.34x beside a Summary of 0.08x."""
    example = examples["gpu-term-loan"]
    moved = replace(example, result=example.given(given))
    lowest = moved.number("min_dscr")
    assert table(moved, example.template.grid[0].title)[1][1] == pytest.approx(lowest, rel=1e-9)
    assert table(moved, example.template.tornado[0].title)[0][4] == pytest.approx(lowest, rel=1e-9)
    faster = {**given, "rent_decline": example.number("rent_decline") + 0.1}
    if "rent_decline" not in given:
        again = replace(example, result=example.given(faster)).number("min_dscr")
        assert table(moved, example.template.grid[0].title)[1][3] == pytest.approx(again, rel=1e-9)
        bar = table(moved, example.template.tornado[0].title)[2]
        assert bar[5] == pytest.approx(again, rel=1e-9)


def test_the_refinancing_tables_begin_at_the_figures_of_the_summary(
    examples: dict[str, Example],
) -> None:
    example = examples["hosting-project-loan"]
    changed = {"scenario": "Yields and rates 200 bp higher", "rent_decline": 0.08, "cash_sweep": 0}
    result = example.given(changed)
    moved = replace(example, result=result)
    lent, left = (table(moved, grid.title)[1][1] for grid in example.template.grid[:2])
    assert lent == pytest.approx(result.names["refi_if_gone"], rel=1e-9)
    first = table(moved, example.template.tornado[0].title)
    assert first[0][4] == pytest.approx(result.names["refi_cash_gone"], rel=1e-9)
    stopped = {**changed, "customer_stops": 13}
    again = example.given(stopped)
    assert left == pytest.approx(again.names["refi_left"], rel=1e-9)


@pytest.mark.parametrize(
    ("name", "title", "given", "more"),
    [
        ("gpu-term-loan", "Left unpaid at maturity", {}, {"rent_level": 1.1}),
        ("miner-dual-collateral", "Unpaid at maturity", {"rent_level": 0.7}, {"utilisation": 0.77}),
    ],
    ids=str,
)
def test_a_grid_says_what_more_revenue_than_today_leaves(
    examples: dict[str, Example],
    name: str,
    title: str,
    given: dict[str, float],
    more: dict[str, float],
) -> None:
    """110% on the left edge is the book with a tenth more revenue, and no error."""
    example = examples[name]
    sheet = example.formulas["Stress"]
    (top,) = [c.row for c in sheet["A"] if str(c.value).startswith(title) and "across" in c.value]
    (first,) = [r for r in range(top + 1, top + 4) if sheet.cell(r, 1).value == 1]
    grid = example.given({**given, f"Stress!A{first}": 1.1})
    assert not grid.errors
    left = example.given({**given, **more}).names["unpaid_at_maturity"]
    assert left == pytest.approx(grid.values["Stress"][first, 2], rel=1e-9)
    assert left > 1e6  # type: ignore[operator]
