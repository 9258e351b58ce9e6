"""Points that several processes share are those that one calculates."""

from __future__ import annotations

from pathlib import Path

import openpyxl
from openpyxl.workbook.defined_name import DefinedName

import xlcredit
from xlcredit.workbook.sensitivity import Axis, grid


def test_processes_give_the_points_of_one(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Loan"
    cells = {"A1": 100.0, "A2": 0.1, "A3": "=A1*A2", "A4": "=A3/(A2-0.2)", "A5": 7.0, "A6": "=A5*2"}
    for address, value in cells.items():
        sheet[address] = value
    for name, address in {"loan": "A1", "rate": "A2", "interest": "A3", "ratio": "A4"}.items():
        book.defined_names[name] = DefinedName(name, attr_text=f"Loan!${address[0]}${address[1]}")
    book.save(tmp_path / "loan.xlsx")
    axes = [Axis("loan", (50.0, 100.0, 150.0)), Axis("rate", (0.1, 0.2, 0.3))]
    with xlcredit.open(tmp_path / "loan.xlsx") as opened:
        opened["Loan!A5"] = 8.0
        done: list[int] = []
        alone = grid(opened, axes)
        shared = grid(opened, axes, progress=done.append, workers=2)
        assert opened["loan"] == 100.0
        assert opened["Loan!A6"] == 16.0
    assert shared == alone
    assert shared.column("interest") == [
        loan * r for loan in (50, 100, 150) for r in (0.1, 0.2, 0.3)
    ]
    assert shared.column("ratio")[1] is None
    assert done == list(range(1, 10))
