"""A deal file: what it overrides, and what is wrong in it."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from xlcredit.deals import read_deal
from xlcredit.errors import DealError

from .samples import HOME, TEMPLATE, changed


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
