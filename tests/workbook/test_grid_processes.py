"""Points that several processes share are those that one calculates."""

from __future__ import annotations

import re
from pathlib import Path

import openpyxl
import pytest
from openpyxl.workbook.defined_name import DefinedName

import xlcredit
from xlcredit.workbook.sensitivity import Axis, grid


@pytest.mark.parametrize("splits", [True, False])
def test_processes_give_the_points_of_one(
    tmp_path: Path, splits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xlcredit.workbook.sensitivity.points._may_split", lambda: splits)
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Loan"
    cells = {"A1": 100.0, "A2": 0.1, "A3": "=A1*A2", "A4": "=A3/(A2-0.2)", "A5": 7.0, "A6": "=A5*2"}
    for address, value in cells.items():
        sheet[address] = value
    for name, address in {"loan": "A1", "rate": "A2", "interest": "A3", "ratio": "A4"}.items():
        book.defined_names[name] = DefinedName(name, attr_text=f"Loan!${address[0]}${address[1]}")
    book.save(tmp_path / "loan.xlsx")
    axes = [Axis("loan", (50.0, 80.0, 100.0, 150.0)), Axis("rate", (0.1, 0.2, 0.3))]
    with xlcredit.open(tmp_path / "loan.xlsx") as opened:
        opened["Loan!A5"] = 8.0
        done: list[int] = []
        alone = grid(opened, axes)
        shared = grid(opened, axes, progress=done.append, workers=2)
        assert opened["loan"] == 100.0
        assert opened["Loan!A6"] == 16.0
    assert shared == alone
    assert shared.column("interest") == [
        loan * r for loan in (50, 80, 100, 150) for r in (0.1, 0.2, 0.3)
    ]
    assert shared.column("ratio")[1] is None
    assert done == list(range(1, 13))


#: Figures of the simulation, which a grid runs compiled: the same but for rounding.
SIMULATED = re.compile(r"sim_|.*spread")


RENTS = [Axis("rent_decline", (0.0, 0.2, 0.45)), Axis("market_rent", (2.0, 2.7, 3.1, 4.0))]
LEVELS = [Axis("rent_decline", (0.0, 0.2, 0.45)), Axis("index_basis", (0.8, 1.0, 1.1, 1.3))]
SALES = [
    Axis("rent_decline", (0.0, 0.45)), Axis("sale_decline", (0.0, 0.1, 0.2, 0.3, 0.5, 0.9))
]  # fmt: skip


@pytest.mark.parametrize(
    ("book", "axes"),
    [("gpu-borrowing-base", LEVELS), ("gpu-term-loan", RENTS), ("gpu-term-loan", SALES)],
    ids=lambda given: given if isinstance(given, str) else given[1].name,
)
def test_a_grid_is_full_recalculations(book: str, axes: list[Axis]) -> None:
    """What figures do not need is left out, what stands still is held: nothing changes by it."""
    name = f"workbooks/{book}.xlsx"
    with xlcredit.open(name) as opened:
        table = grid(opened, axes, workers=2)
        unmoved = opened.recalculation()
    assert unmoved.values == xlcredit.recalculate(name).values
    assert len(table.columns) > 100
    heads = [column.name for column in table.columns]
    for row in (table.rows[0], table.rows[6], table.rows[11]):
        shown = dict(zip(heads, row, strict=True))
        moved = {axis.name: shown[axis.name] for axis in axes}
        whole = xlcredit.recalculate(name, inputs=moved)
        compared = 0
        for figure in heads:
            value = whole.names.get(figure)
            if isinstance(value, float) and isinstance(shown[figure], float):
                if not SIMULATED.match(figure):
                    assert shown[figure] == value, figure
                    compared += 1
                assert shown[figure] == pytest.approx(value, rel=1e-9, abs=1e-9), figure
        assert compared > 80
