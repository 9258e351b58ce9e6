"""A figure that may mean something else is told with both readings, and calculated as it stands."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from tests.workbook.conftest import Example
from xlcredit.deals import Deal, load, read_deal, shipped
from xlcredit.deals.units import UNITS
from xlcredit.errors import DealError
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package
from xlcredit.recalc import recalculate as calculate
from xlcredit.workbook import build
from xlcredit.workbook.life.change import recalculate
from xlcredit.workbook.lint import lint
from xlcredit.workbook.plausible import doubtful_cells, doubtful_inputs
from xlcredit.worksheet.bands import BANDS, two_readings


@pytest.mark.parametrize(
    ("name", "unit", "value", "words"),
    [
        ("market_rent", "USD/GPU-hour", 260.0, ["reads as 260 USD/GPU-hour", "write 2.6"]),
        ("contract_rent", "USD/GPU-hour", 14600.0, ["dollars a month", "write 20"]),
        ("base_rate", "1/year", 5.0, ["reads as 500%", "5 per cent", "write 0.05"]),
        ("rent_decline", "1/year", -30.0, ["reads as -3000%", "write -0.3"]),
        ("coin_vol", "1/sqrt(year)", 25.0, ["reads as 2500%", "write 0.25"]),
        ("advance_rate", "share", 40.0, ["reads as 4000%", "write 0.4"]),
        ("power_price", "USD/kWh", 7.0, ["7 cents", "write 0.07"]),
        ("power_price", "USD/kWh", 165.0, ["dollars a MWh", "write 0.165"]),
        ("lease_rent", "USD/kW-month", 1588.8, ["dollars a year", "write 132.4"]),
        ("gpu_kw", "kW", 1400.0, ["1400 watts", "write 1.4"]),
        ("gpu_kw", "kW", 10.2, ["for a server of eight", "write 1.275"]),
        ("commitment", "USD", 1500.0, ["1500 USD m", "write 1500000000"]),
    ],
)
def test_both_readings(name: str, unit: str, value: float, words: list[str]) -> None:
    told = two_readings(name, unit, value)
    assert all(word in told for word in words), told


def test_a_band_has_a_known_unit_a_source_and_another_reading() -> None:
    for unit, band in BANDS.items():
        assert unit in UNITS or unit in ("commitment", "gpu_kw")
        assert band.low < band.high and band.source and band.readings
        inside = (band.low + band.high) / 2
        assert two_readings("x", unit, inside) == two_readings("x", unit, 0.0) == ""


@pytest.mark.parametrize("value", [-0.5, 0.005])
def test_a_volatility_below_nothing_or_of_half_a_per_cent_is_told(value: float) -> None:
    assert "outside 1% to 300%" in two_readings("coin_vol", "1/sqrt(year)", value)


def test_events_a_year_are_no_rate() -> None:
    assert two_readings("sim_jumps", "1/year", 12.0) == ""


@pytest.mark.parametrize("name", shipped())
def test_the_examples_are_plausible(name: str, example_of: Callable[[str], Example]) -> None:
    example = example_of(name)
    assert list(doubtful_inputs(example.deal, example.template)) == []
    assert list(doubtful_cells(Book(Package(example.source)))) == []


def changed(deal: Deal, **values: float) -> Deal:
    inputs = {
        name: msgspec.structs.replace(spec, value=values.get(name, spec.value))
        for name, spec in deal.inputs.items()
    }
    return msgspec.structs.replace(deal, inputs=inputs)


def test_a_deal_and_its_workbook_are_told_and_calculated() -> None:
    template, home = load("gpu-term-loan")
    deal = changed(read_deal(home / "deal.toml", template), market_rent=260.0)
    (told,) = doubtful_inputs(deal, template)
    values = io.BytesIO()
    result = calculate(build(template, deal), values)
    assert result.value("market_rent") == 260
    content = values.getvalue()
    (found,) = [f for f in lint(Package(content, Path("loan.xlsx"))) if f.rule.id == "L24"]
    assert found.spot.message == told


def test_what_is_set_is_told(loan: Example) -> None:
    result = recalculate(loan.source, inputs={"market_rent": 260, "limit_ltv": 9.0})
    assert [w.split(" = ")[0] for w in result.warnings] == ["market_rent", "limit_ltv"]
    assert result.value("market_rent") == 260
    assert recalculate(loan.source, inputs={"rent_decline": 0.4}).warnings == []


def test_a_refused_percentage_says_how_it_is_written(tmp_path: Path) -> None:
    template, home = load("gpu-term-loan")
    text = (home / "deal.toml").read_text(encoding="utf-8")
    path = tmp_path / "deal.toml"
    lines = ["base_rate = 5" if ln.startswith("base_rate") else ln for ln in text.splitlines()]
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(DealError, match=r'got 5; 5% is written 0\.05 or "5%"'):
        read_deal(path, template)
