"""The market through one model: the committed sheet is what its program calculates today."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import openpyxl
import pytest

WORKBOOKS = Path(__file__).parents[2] / "workbooks"


@pytest.fixture(scope="module")
def program() -> dict[str, Any]:
    return runpy.run_path(str(WORKBOOKS / "market-screen" / "screen.py"))


@pytest.fixture(scope="module")
def committed() -> dict[str, list[Any]]:
    sheet = openpyxl.load_workbook(WORKBOOKS / "market-screen.xlsx", data_only=True)["Screen"]
    rows = [list(row) for row in sheet.iter_rows(min_row=5, values_only=True)]
    return {str(row[0]): row for row in rows}


def test_it_has_every_deal(program: dict[str, Any], committed: dict[str, list[Any]]) -> None:
    assert set(committed) == set(program["deals"]())


@pytest.mark.parametrize("deal", ["CoreWeave DDTL 2.1", "WULF Compute"])
def test_a_deal_is_as_calculated(
    program: dict[str, Any], committed: dict[str, list[Any]], deal: str
) -> None:
    found = program["deals"]()
    cards = sum(program["units"](inputs) for _, inputs in found.values())
    name, inputs = found[deal]
    row = program["line"](deal, name, inputs, program["units"](inputs) / cards)
    for shown, now in zip(committed[deal], row, strict=True):
        assert shown == (now if not isinstance(now, float) else pytest.approx(now, rel=1e-9))
