"""A deal file: what it overrides, and what is wrong in it."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from xlcredit.deals import read_deal
from xlcredit.errors import DealError

from .samples import FILLED, HOME, TEMPLATE, changed


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


def _told(tmp_path: Path, old: str, new: str) -> str:
    with pytest.raises(DealError) as caught:
        read_deal(changed(tmp_path, old, new), TEMPLATE)
    return str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("gpus = { value = 57600,", "gpus = { value = 8.000,", "gpus: 8.000 is 8000 or 8; write 8"),
        ("gpus = { value = 57600,", "gpus = { value = 8.125,", "write 8125 or 8.1250"),
        ("value = 0.04,", 'value = "3,85%",', 'write "3.85%"'),
        ("value = 0.04,", "value = 525,", '525 bp is written 0.0525 or "5.25%"'),
        ("value = 0.04,", "value = 4.25,", '4.25% is written 0.0425 or "4.25%"'),
        ("value = 61,", 'value = "61,0",', "write 61"),
    ],
)
def test_a_value_of_another_country_is_told_with_line_and_remedy(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    told = _told(tmp_path, old, new)
    assert words in told
    line = next(n for n, text in enumerate(FILLED.replace(old, new).splitlines(), 1) if new in text)
    assert f"deal.toml, line {line}: " in told


def test_three_decimals_that_can_only_be_decimals_are_read(tmp_path: Path) -> None:
    deal = read_deal(changed(tmp_path, "value = 61,", "value = 61.000,"), TEMPLATE)
    assert deal["tenor_months"].value == 61  # 61000 months are more than a loan has
    assert type(deal["tenor_months"].value) is float
    rents = read_deal(changed(tmp_path, "value = 0.04,", "value = 0.125,"), TEMPLATE)
    assert rents["margin"].value == 0.125


def test_inputs_and_months_of_your_own_are_told_in_one_go(tmp_path: Path) -> None:
    path = changed(tmp_path, "margin = {", "margn = {")
    path.write_text(path.read_text() + "\n[series]\nrent_pth = [3.4]\n")
    with pytest.raises(DealError) as caught:
        read_deal(path, TEMPLATE)
    assert "margn is not an input" in str(caught.value)
    assert "rent_pth" in str(caught.value)
