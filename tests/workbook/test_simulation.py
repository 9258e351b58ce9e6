"""The miner's sheet Simulation: its figures are those of the command, and move as they should."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from xlcredit.models.simulation import Deal, Terms
from xlcredit.models.simulation import simulate as run
from xlcredit.workbook.pictures import pyplot
from xlcredit.workbook.session import Session
from xlcredit.workbook.simulated import simulate
from xlcredit.workbook.simulation_charts import draw_fan


@pytest.fixture(scope="module")
def book(book_of: Callable[[str], Session]) -> Session:
    return book_of("miner-dual-collateral")


@contextmanager
def changed(book: Session, **inputs: float) -> Iterator[None]:
    """Change inputs for a while."""
    book.set(inputs)
    try:
        yield
    finally:
        book.reset()


def number(book: Session, name: str) -> float:
    value = book[name]
    assert isinstance(value, float), (name, value)
    return value


def test_the_sheet_says_what_the_command_says(book: Session, tmp_path: Path) -> None:
    book.save(tmp_path / "miner.xlsx")
    figures = simulate(tmp_path / "miner.xlsx").figures
    for name, figure in (
        ("sim_call", "call_probability"),
        ("sim_liquidated", "liquidation_probability"),
        ("sim_default", "payment_default_probability"),
        ("sim_loss", "expected_loss"),
        ("sim_worst", "shortfall_p99"),
        ("sim_ltv", "max_ltv_p95"),
    ):
        assert number(book, name) == pytest.approx(figures[figure].value, rel=1e-9), name
        assert number(book, f"{name}_error") == pytest.approx(figures[figure].error, rel=1e-9), name
    assert number(book, "sim_spread") == pytest.approx(figures["spread"].value * 1e4, rel=1e-9)


@pytest.mark.parametrize(
    ("name", "factor", "figure"),
    [
        ("coin_vol", 1.5, "call_any_day"),
        ("sim_jumps", 3.0, "call_any_day"),
        ("calm_correlation", 6.0, "call_any_day"),
        ("call_ltv", 0.9, "call_any_day"),
        ("tenor_months", 4.0 / 3.0, "call_any_day"),
        ("sim_hazard", 4.0, "sim_default"),
        ("rent_decline", 2.0, "sim_default"),
        ("sale_gpu_impact", 4.0, "sim_loss"),
    ],
)
def test_a_worse_input_gives_a_worse_figure(
    book: Session, name: str, factor: float, figure: str
) -> None:
    before = number(book, figure)
    with changed(book, **{name: number(book, name) * factor}):
        after = number(book, figure)
    assert after > before


def test_at_any_month_end_is_likelier_than_on_one_day(book: Session) -> None:
    with changed(book, coin_shock=0.0):  # the correlation is then the calm one
        assert number(book, "call_any_day") > number(book, "call_one_day")


def test_a_loan_above_its_call_is_told_and_not_simulated(book: Session) -> None:
    with changed(book, call_ltv=0.3, cure_ltv=0.2):
        assert book["call_any_day"] == 1.0
        assert book["sim_loss"] == "none"


@pytest.mark.parametrize(("level", "drawn"), [(0.75, True), (1e6, False)])
def test_a_level_out_of_sight_does_not_flatten_the_fan(level: float, drawn: bool) -> None:
    terms = Terms(
        loan=60.0, rate=0.1, months=12, coin_units=0.5, gpu_units=5.0, coin_price=100.0,
        gpu_price=10.0, coin_vol=0.3, gpu_vol=0.2, call_ltv=level, cure_ltv=0.6,
        liquidation_ltv=1.2 * level,
    )  # fmt: skip
    deal = Deal.of(terms)
    result = run(deal, 500, courses=True)
    axes = pyplot()().subplots()
    draw_fan(axes, deal, result)
    assert ("margin call" in axes.get_legend_handles_labels()[1]) is drawn
    assert np.nanmax(result.fan()) < axes.get_ylim()[1] < 3.0
