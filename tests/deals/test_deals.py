"""Deal and template files: what is wrong is named, with its place and the remedy."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from xlcredit.deals import Deal, load, read_deal, shipped
from xlcredit.errors import DealError, FileError

TEMPLATE, HOME = load("gpu-term-loan")
FILLED = (HOME / "deal.toml").read_text()


def changed(tmp_path: Path, old: str, new: str) -> Path:
    assert old in FILLED
    path = tmp_path / "deal.toml"
    path.write_text(FILLED.replace(old, new, 1))
    return path


def test_every_template_ships_with_a_filled_deal() -> None:
    assert len(shipped()) == 4
    for name in shipped():
        template, home = load(name)
        deal = read_deal(home / "deal.toml", template)
        assert isinstance(deal, Deal)
        assert set(deal.inputs) == set(template.inputs)


def test_a_deal_overrides_value_source_and_date() -> None:
    deal = read_deal(HOME / "deal.toml", TEMPLATE)
    assert deal["margin"].value == 0.04
    assert deal["margin"].as_of == datetime.date(2025, 7, 28)
    assert "EDGAR" in deal["margin"].source
    assert deal["gpus"].source.startswith("assumption")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("margin = {", "margn = {", ["margn", "did you mean margin"]),
        ('0.04, unit = "1/year"', '400, unit = "bp"', ["margin", "1/year", "bp"]),
        ("value = 0.04,", "value = 4.0,", ["margin", "0..1", "4.0"]),
        ("value = 0.04,", 'value = "4 percent",', ["margin", "number", "4 percent"]),
        ("value = 0.04,", "value = true,", ["margin", "number", "True"]),
        ("value = 0.04,", "value = nan,", ["margin", "nan"]),
        ("value = 61,", "value = 61.5,", ["tenor_months", "whole", "61.5"]),
        ("value = 61,", "value = -3,", ["tenor_months", "1..72", "-3"]),
        ("value = 61,", "value = 360,", ["tenor_months", "1..72", "360"]),
        ("value = 2026-12-31,", 'value = "July",', ["closing_date", "date", "July"]),
        ("value = 2026-12-31,", "value = 1800-07-31,", ["closing_date", "2000-01-01"]),
        (
            'value = "one customer that is not rated"',
            'value = "A \\u0007"',
            ["customer", "control character"],
        ),
        ('name = "A neocloud loan like DDTL 3.0"', 'name = " "', ["name", "empty"]),
        ('scenario = "As input"', 'scenario = "Doom"', ["scenario", "Rents 20% lower", "Doom"]),
        ('template = "gpu-term-loan"', 'template = "x"', ["x", "gpu-term-loan"]),
        ("as_of = 2026-11-22", "as_off = 2026-11-22", ["as_off", "did you mean as_of"]),
        ("as_of = 2026-11-22", "as_of = ", ["not valid TOML", "line"]),
        ("market_rent = {", "# market_rent = {", ["market_rent", "missing", "USD/GPU-hour"]),
        ('0.75, unit = "share"', '0.75, uni = "share"', ["advance_rate", "uni", "mean unit"]),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, old: str, new: str, words: list[str]) -> None:
    with pytest.raises(DealError) as caught:
        read_deal(changed(tmp_path, old, new), TEMPLATE)
    message = str(caught.value)
    assert "\n" not in message
    assert "deal.toml" in message
    for word in words:
        assert word in message, message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="no such file"):
        read_deal(tmp_path / "none.toml", TEMPLATE)
    with pytest.raises(FileError, match="folder"):
        read_deal(tmp_path, TEMPLATE)


def test_an_unknown_template_is_named() -> None:
    with pytest.raises(DealError, match="did you mean gpu-term-loan"):
        load("gpu-term-lone")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('label = "Tenor"', 'labell = "Tenor"', ["labell", "did you mean label", "line 28"]),
        ('direction = "max"', 'direction = "most"', ["direction", "most", "line"]),
        ('name = "margin"', 'name = "base_rate"', ["base_rate", "twice"]),
        ('unit = "USD/kWh"', 'unit = "EUR/kWh"', ["power_price", "EUR/kWh"]),
        ("values = [0.0, 1.2, ", "values = [", ["Rents 20% higher"]),
    ],
)
def test_a_mistake_in_a_template_is_named(
    tmp_path: Path, old: str, new: str, words: list[str]
) -> None:
    text = (HOME / "template.toml").read_text()
    assert old in text
    path = tmp_path / "template.toml"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(DealError) as caught:
        load(str(path))
    for word in words:
        assert word in str(caught.value), str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("{balance.prev}", "{balnce.prev}", ["balnce", "did you mean balance"]),
        ("{balance.prev}", "{balance.before}", ["before", "prev"]),
        ("MIN(commitment,", "MIN(comitment,", ["comitment", "did you mean commitment"]),
    ],
)
def test_a_formula_that_names_nothing_is_named(
    tmp_path: Path, old: str, new: str, words: list[str]
) -> None:
    from xlcredit.workbook import build

    text = (HOME / "template.toml").read_text()
    path = tmp_path / "template.toml"
    path.write_text(text.replace(old, new, 1))
    template, _ = load(str(path))
    with pytest.raises(DealError) as caught:
        build(template, read_deal(HOME / "deal.toml", template))
    for word in words:
        assert word in str(caught.value), str(caught.value)


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "deal.toml"
    path.write_text(FILLED, encoding="utf-8-sig")
    assert read_deal(path, TEMPLATE) == read_deal(HOME / "deal.toml", TEMPLATE)
