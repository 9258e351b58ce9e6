"""Deals at and beyond the edge: what makes sense shows no error, what does not is never OK."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from xlcredit.deals import load, read_deal
from xlcredit.recalc import Recalculation, recalculate
from xlcredit.workbook import build

Inputs = dict[str, float]

SOUND: list[tuple[str, Inputs]] = [
    ("gpu-term-loan", {"contract_months": 72}),  # longer than the loan
    ("gpu-term-loan", {"contract_months": 0}),
    ("gpu-term-loan", {"base_rate": 0, "margin": 0}),
    ("gpu-term-loan", {"customer_stops": 1}),
    ("miner-dual-collateral", {"gpu_units": 0}),
    ("miner-dual-collateral", {"coin_units": 0}),
    ("miner-dual-collateral", {"coin_vol": 0, "gpu_vol": 0}),
    ("miner-dual-collateral", {"horizon_months": 0}),
    ("miner-dual-collateral", {"coin_units": 0, "eth_units": 0}),
    ("miner-dual-collateral", {"coin_fall": 1, "gpu_fall": 1}),
    ("gpu-borrowing-base", {"tenor_months": 1}),
    ("hosting-project-loan", {"balloon": 0}),
]
NONSENSE: list[tuple[str, Inputs]] = [
    ("gpu-term-loan", {"gpus": 0}),
    ("gpu-term-loan", {"commitment": 0}),
    ("gpu-term-loan", {"contract_rent": 0, "market_rent": 0}),
    ("miner-dual-collateral", {"coin_units": 0, "eth_units": 0, "gpu_units": 0}),
    ("miner-dual-collateral", {"balloon": 180e6}),  # twice the loan
    ("gpu-borrowing-base", {"units_1": 0, "units_2": 0, "units_3": 0, "units_4": 0}),
    ("hosting-project-loan", {"critical_kw": 0}),
    ("hosting-project-loan", {"balloon": 1.3e9}),
]


def calculated(name: str, changed: Inputs, folder: Path) -> Recalculation:
    template, home = load(name)
    deal = read_deal(home / "deal.toml", template)
    inputs = {
        key: msgspec.structs.replace(deal[key], value=value) for key, value in changed.items()
    }
    source = folder / "deal.xlsx"
    source.write_bytes(build(template, msgspec.structs.replace(deal, inputs=deal.inputs | inputs)))
    return recalculate(source)


@pytest.mark.parametrize(("name", "changed"), SOUND)
def test_what_makes_sense_shows_no_error(name: str, changed: Inputs, tmp_path: Path) -> None:
    result = calculated(name, changed, tmp_path)
    assert not result.errors
    assert result.names["master_check"] == "OK"


@pytest.mark.parametrize(("name", "changed"), NONSENSE)
def test_what_makes_none_is_never_ok(name: str, changed: Inputs, tmp_path: Path) -> None:
    result = calculated(name, changed, tmp_path)
    assert result.names["master_check"] == "CHECK"
    # An error has one cause; it does not flood the months.
    assert len(result.errors) < result.cells / 50
    assert all(fault.reason for fault in result.errors)
