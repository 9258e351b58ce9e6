"""Months of the user's own and what has happened: everything downstream follows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import openpyxl
import pytest

from tests.workbook.conftest import Example, kept, opened
from xlcredit.deals.series import Series
from xlcredit.recalc import Recalculation
from xlcredit.workbook import build
from xlcredit.workbook.life.extract import extract

FIGURES = (
    *("unpaid_at_maturity", "first_missed_month", "loss", "lender_irr", "min_dscr", "max_ltv"),
    *("debt", "debt_on_curve", "expected_loss_spread"),
)
#: The columns of the scenarios, and the figure that each shows for the inputs as they are.
AS_INPUT = {
    "case_missed": "first_missed_month",
    "case_unpaid": "unpaid_at_maturity",
    "case_loss": "loss",
    "case_irr": "lender_irr",
}


def calculated(example: Example, folder: Path, **changed: object) -> tuple[Path, Recalculation]:
    path = folder / "own.xlsx"
    inputs = dict(example.deal.inputs)
    for name, value in dict(changed.pop("inputs", {})).items():  # type: ignore[call-overload]
        inputs[name] = msgspec.structs.replace(inputs[name], value=value)
    deal = msgspec.structs.replace(example.deal, inputs=inputs, **changed)
    source = folder / "formulas.xlsx"
    source.write_bytes(build(example.template, deal))
    return path, kept(source, path)


def filled(values: list[float], months: int = 72) -> Series:
    return Series(values=[*values, *[None] * (months - len(values))], source="broker")


def test_the_curve_typed_month_by_month_is_the_curve(loan: Example, tmp_path: Path) -> None:
    """The same rents as months of one's own; in each scenario too."""
    series = {"rent_path": filled(loan.row("rent_path"))}
    path, result = calculated(loan, tmp_path, series=series)
    assert result.names["master_check"] == "OK"
    for scenario in ("As input", "Rents fall 20% a year more", "Steps in months 14 and 38"):
        own = opened(path, {"scenario": scenario}).names
        usual = loan.given({"scenario": scenario}).names
        for name in FIGURES:
            assert own[name] == pytest.approx(usual[name], rel=1e-9), (scenario, name)


def test_the_fall_of_ones_own_months_is_a_level_of_the_curve(loan: Example, tmp_path: Path) -> None:
    """The curve, typed and lowered, is the curve at a lower level, and so is its break-even."""
    series = {"rent_path": filled([3 * rent for rent in loan.row("rent_path")])}
    path, result = calculated(loan, tmp_path, series=series)
    drop = result.names["breakeven_drop"]
    assert isinstance(drop, float) and result.names["breakeven_decline"] == "own months"
    assert loan.result.names["breakeven_drop"] == "no own months"
    level = {"rent_level": 3 * (1 - drop)}
    usual = loan.given(level).names
    assert usual["min_dscr_tested"] == pytest.approx(usual["covenant_dscr"], abs=1e-9)
    own = opened(path, {"own_rent_drop": drop}).names
    for name in FIGURES:
        assert own[name] == pytest.approx(usual[name], rel=1e-9), name


def test_higher_rents_of_ones_own_repay_the_loan(loan: Example, tmp_path: Path) -> None:
    series = {"rent_path": filled([6.0] * 72)}
    path, result = calculated(loan, tmp_path, series=series)
    assert result.names["unpaid_at_maturity"] == 0
    assert loan.number("unpaid_at_maturity") > 0
    assert result.names["debt"] == loan.number("debt")
    off = opened(path, {"use_rent_path": 0}).names
    for name in FIGURES:
        assert off[name] == pytest.approx(loan.result.names[name], rel=1e-12), name


def test_what_has_happened_moves_the_loan_and_not_what_was_signed(
    loan: Example, tmp_path: Path
) -> None:
    opex = [1.5 * value for value in loan.row("opex")[:16]]
    actuals = {"opex": filled(opex)}
    path, result = calculated(loan, tmp_path, actuals=actuals, inputs={"as_at_month": 16})
    assert result.names["debt"] == loan.number("debt")
    assert result.names["debt_on_flat"] == pytest.approx(loan.number("debt_on_flat"), rel=1e-12)
    assert result.names["distributed"] < loan.number("distributed")  # type: ignore[operator]
    before = opened(path, {"as_at_month": 0}).names
    for name in FIGURES:
        assert before[name] == pytest.approx(loan.result.names[name], rel=1e-12), name


@pytest.mark.parametrize(
    ("name", "rates", "months"),
    [("gpu-term-loan", [0.09] * 52, 72), ("miner-dual-collateral", [0.06] * 6, 48)],
)
def test_a_base_rate_that_was_not_planned_fills_the_reserve_as_the_engine_does(
    name: str,
    rates: list[float],
    months: int,
    example_of: Callable[[str], Example],
    tmp_path: Path,
) -> None:
    """The reserve holds the next services at the rates of their months, reported ones included.

    The engine has run the scenario As input.
    """
    example = example_of(name)
    actuals, given = {"base_curve": filled(rates, months)}, {"as_at_month": len(rates)}
    path, result = calculated(example, tmp_path, actuals=actuals, inputs=given)
    assert result.names["master_check"] == "OK"
    sheet = openpyxl.load_workbook(path, data_only=True)["Stress"]
    scenario = next(row for row in sheet.iter_rows(values_only=True) if row[0] == "As input")
    metrics = [metric.name for metric in example.template.scenarios.metric]
    for metric, figure in AS_INPUT.items():
        shown = scenario[1 + metrics.index(metric)]
        assert shown == pytest.approx(result.names[figure], rel=1e-9), figure


def test_nothing_is_certified_of_which_nothing_was_reported(loan: Example) -> None:
    assert loan.result.names["certificate_advance"] == "no report yet"
    forecast = loan.given({"as_at_month": 16}).names
    assert forecast["certificate_advance"] == forecast["certificate_dscr"] == "no report yet"


def test_a_value_in_another_unit_fails_a_check_that_names_both(
    loan: Example, tmp_path: Path
) -> None:
    _, result = calculated(loan, tmp_path, series={"rent_path": filled([260.0])})
    assert result.names["master_check"] == "CHECK"


def test_months_come_back_from_the_workbook(base: Example, tmp_path: Path) -> None:
    series, actuals = {"utilised": filled([0.9, 0.8], 60)}, {"opex": filled([2.5e6], 60)}
    path, _ = calculated(base, tmp_path, series=series, actuals=actuals, inputs={"as_at_month": 1})
    deal, _ = extract(path)
    assert deal.series == series
    assert deal.actuals == actuals
