"""What a default loses counts all cash that the account bank holds, and an error is no figure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from tests.workbook.conftest import Example
from xlcredit.errors import CellError
from xlcredit.recalc import recalculate

#: What enforcement brings besides the accounts; the miner's row counts them in.
SALES = {
    "gpu-term-loan": "fleet_liquidation",
    "gpu-borrowing-base": "liquidation",
    "hosting-project-loan": "value_forced",
    "miner-dual-collateral": "proceeds",
}


@pytest.mark.parametrize(
    ("template", "terms", "spread"),
    [
        ("gpu-term-loan", {"lock_up_dscr": 1.7}, 150.7),
        ("hosting-project-loan", {"lock_up_dscr": 1.25, "cash_sweep": 0}, 16.4),
    ],
)
def test_trapped_cash_covers_a_loss(
    template: str,
    terms: dict[str, Any],
    spread: float,
    example_of: Callable[[str], Example],
) -> None:
    """Against figures that a reader worked in plain Python from the sheet Inputs alone."""
    names = example_of(template).given(terms).names
    assert names["spread_hazard"] == pytest.approx(spread, abs=0.05)
    assert names["master_check"] == "OK"


def test_a_loss_is_what_neither_accounts_nor_collateral_cover(example: Example) -> None:
    inputs = {"cash_sweep": 0, "lock_up_dscr": 10, "hazard": 0.1}
    if example.template.name == "gpu-borrowing-base":
        inputs["dominion_share"] = 0  # under dominion no cash is left to be trapped
    values = example.given(inputs).values

    def path(name: str) -> list[float]:
        sheet, row = example.place(name)
        months = range(4, 5 + example.template.months)  # that of closing first
        return [float(values[sheet].get((row, column)) or 0.0) for column in months]  # type: ignore[arg-type]

    exposure, lgd = path("exposure"), path("lgd")
    reserve, trapped, sale = path("reserve"), path("trapped"), path(SALES[example.template.name])
    assert max(trapped) > 0.0
    counted = 0
    for k in range(1, len(lgd)):
        if exposure[k] <= 0.01:
            continue
        held = 0.0 if example.template.name.startswith("miner") else reserve[k - 1] + trapped[k - 1]
        assert lgd[k] == pytest.approx(max(0.0, 1.0 - (sale[k] + held) / exposure[k]), abs=1e-9)
        assert sale[k] + held >= reserve[k - 1] + trapped[k - 1]
        counted += trapped[k - 1] > 0.0
    assert counted


@pytest.mark.parametrize("template", ["gpu-term-loan", "hosting-project-loan"])
def test_an_error_in_a_month_is_no_break_even(
    template: str, example_of: Callable[[str], Example], tmp_path: Path
) -> None:
    example = example_of(template)
    file = load_workbook(example.path)
    sheet, row = example.place("rent_before")
    file[sheet].cell(row, 15).value = "=NA()"
    file.save(tmp_path / "bad.xlsx")
    names = recalculate(tmp_path / "bad.xlsx", inputs={"cash_sweep": 0.3}).names
    assert isinstance(names["breakeven_decline"], CellError)
    assert names["master_check"] == "CHECK"
