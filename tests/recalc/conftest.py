"""Workbooks as people make them, and worksheet functions that show what they are given."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.chart import LineChart, Reference
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Font, PatternFill
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.table import Table

from xlcredit.errors import CellError
from xlcredit.recalc import Recalculation, recalculate

RENTS = [2.5 * 0.7 ** (month / 12) for month in range(1, 25)]


class Recorder:
    """A worksheet function that remembers its arguments and answers their number."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def __call__(self, *raw: Any) -> float:
        self.calls.append(raw)
        return float(len(raw))


def fail(*_raw: Any) -> float:
    raise CellError("#NUM!", "decline must be below 1; got 1.2")


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def functions(recorder: Recorder) -> dict[str, Callable[..., Any]]:
    return {
        "XLC_SEEN": recorder,
        "XLC_FAIL": fail,
        "XLC_WHY": lambda cell: cell.reason if isinstance(cell, CellError) else "",
        "XLC_BLOCK": lambda: [[1.0, "a"], [True, CellError("#NUM!", "no price for the H100")]],
        "XLC_COLUMN": lambda n: [[float(i)] for i in range(1, int(n) + 1)],
    }


Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Build a small workbook: ``make({"A1": 1, "B1": "=A1*2"})`` or ``make(Debt={...})``."""

    def build(
        cells: Mapping[str, Any] | None = None,
        *,
        names: Mapping[str, str] | None = None,
        **sheets: Mapping[str, Any],
    ) -> Path:
        book = openpyxl.Workbook()
        book.remove(book.active)
        for title, content in (sheets or {"S": cells or {}}).items():
            sheet = book.create_sheet(title.replace("_", " "))
            for address, value in content.items():
                sheet[address] = ArrayFormula(*value) if isinstance(value, tuple) else value
        for name, text in (names or {}).items():
            book.defined_names[name] = DefinedName(name, attr_text=text)
        path = tmp_path / f"book{len(list(tmp_path.iterdir()))}.xlsx"
        book.save(path)
        return path

    return build


Calculate = Callable[..., Recalculation]


@pytest.fixture
def calculate(make: Make, functions: dict[str, Callable[..., Any]]) -> Calculate:
    """Build a small workbook and recalculate it with the functions above."""

    def run(
        *args: Any,
        inputs: Mapping[str, object] | None = None,
        engine: str = "embedded",
        **more: Any,
    ) -> Recalculation:
        path = make(*args, **more)
        return recalculate(path, inputs=inputs, functions=functions, engine=engine)

    return run


@pytest.fixture
def committee_book(tmp_path: Path) -> Path:
    """A workbook with everything that a careless writer loses."""
    book = openpyxl.Workbook()
    inputs = book.active
    inputs.title = "Inputs"
    for row in (
        ("rent", 2.5),
        ("decline", 0.3),
        ("closing", dt.date(2026, 3, 31)),
        ("gpu", "H100 <SXM>"),
        ("hedged", True),
    ):
        inputs.append(row)
        name, at = row[0], f"Inputs!$B${inputs.max_row}"
        book.defined_names[name] = DefinedName(name, attr_text=at)
    inputs["B1"].comment = Comment("Executed rents, March", "desk")
    inputs["B2"].fill = PatternFill("solid", fgColor="FFDDEEFF")
    check = DataValidation(type="decimal", operator="between", formula1="0", formula2="1")
    check.add("B2")
    inputs.add_data_validation(check)

    flow = book.create_sheet("Cash flow")
    flow.append(["month", "rent", "twice", "coverage"])
    for month in range(1, 25):
        r = month + 1
        flow.append(
            [month, f"=rent*(1-decline)^(A{r}/12)", f"=B{r}*2", f'=IF(C{r}<2.5,"BREACH","PASS")']
        )
    flow.add_table(Table(displayName="Flow", ref="A1:D25"))
    rule = CellIsRule(operator="lessThan", formula=["2"], font=Font(color="FFFF0000"))
    flow.conditional_formatting.add("B2:B25", rule)
    flow.freeze_panes = "B2"
    chart = LineChart()
    chart.add_data(Reference(flow, min_col=2, min_row=1, max_row=25), titles_from_data=True)
    flow.add_chart(chart, "F2")

    summary = book.create_sheet("Summary")
    summary["A1"], summary["B1"] = "total", "=SUM('Cash flow'!B2:B25)"
    summary["A2"], summary["B2"] = "share", "=B1/0"
    summary["A3"], summary["B3"] = "label", '=" "&gpu&CHAR(10)'
    summary["A4"], summary["B4"] = "falling", "='Cash flow'!B25<rent"
    summary["A5"], summary["B5"] = "date", "=EDATE(closing,12)"
    summary["D1"] = ArrayFormula("D1:D3", "='Cash flow'!B2:B4*2")
    summary["B1"].number_format = "0.00"
    summary["B5"].number_format = "yyyy-mm-dd"
    summary.print_area = "A1:D10"
    book.defined_names["total"] = DefinedName("total", attr_text="Summary!$B$1")
    path = tmp_path / "committee.xlsx"
    book.save(path)
    return path


def parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def edit_part(path: Path, part: str, *changes: tuple[str, str]) -> Path:
    """Change the text of one part, as a saver other than openpyxl might have written it."""
    content = parts(path)
    text = content[part].decode()
    for pattern, new in changes:
        text, count = re.subn(pattern, new, text, flags=re.DOTALL)
        assert count, pattern
    content[part] = text.encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return path
