"""The hosts: each takes the table in its own form and gives back what its cells show."""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.worksheet.formula import ArrayFormula

from tests.conformance.cases import Case, Rows, normal
from tests.hosts.officejs import dispatcher
from tests.hosts.windows import MISSING, to_windows, windows
from xlcredit.errors import CellError
from xlcredit.functions import call
from xlcredit.ooxml.place import a1
from xlcredit.recalc import recalculate

Host = Callable[[list[Case]], list[Rows]]


def python(cases: list[Case]) -> list[Rows]:
    """Plain Python, given ranges as tuples."""
    return [_shown(call, case.function, *map(_tuples, case.blocks)) for case in cases]


def _tuples(block: Rows | None) -> Any:
    return None if block is None else tuple(map(tuple, block))


def _shown(function: Callable[..., Any], *arguments: Any) -> Rows:
    try:
        return normal(function(*arguments))
    except CellError as error:
        return [[error]]


def classic(cases: list[Case]) -> list[Rows]:
    """xlwings' COM server and our VBA's arguments, behind stand-ins for Windows."""
    with windows() as excel:
        return [
            normal(_unmarked(excel.call(case.function, *map(_com, case.blocks)))) for case in cases
        ]


def _com(block: Rows | None) -> Any:
    if block is None:
        return MISSING
    return to_windows(block[0][0] if len(block) == len(block[0]) == 1 else block)


def _unmarked(shown: Any) -> Any:
    if isinstance(shown, list):
        return [_unmarked(cell) for cell in shown]
    marked = isinstance(shown, str) and shown.startswith("#XLC:")
    return CellError("#" + shown[5:]) if marked else shown


def office(cases: list[Case], *options: str) -> list[Rows]:
    """xlwings' Office.js dispatcher; each case in a workbook of its own."""
    told = dispatcher.run(
        [
            {
                "name": case.function,
                "blocks": [
                    block and [list(map(_json, row)) for row in block] for block in case.blocks
                ],
                "address": f"[Case{number}.xlsx]Sheet1!B2",
            }
            for number, case in enumerate(cases)
        ],
        *options,
    )
    assert "failed" not in told, told["failed"]
    return [[[_from_json(cell) for cell in row] for row in one["cells"]] for one in told["cases"]]


def chromium(cases: list[Case]) -> list[Rows]:
    """The same through a browser, as the task pane does it."""
    return office(cases, "browser")


def _json(cell: Any) -> Any:
    if isinstance(cell, CellError):
        return {"error": cell.code}
    return int(cell) if isinstance(cell, float) and cell.is_integer() else cell


def _from_json(cell: Any) -> Any:
    return CellError(cell["error"]) if isinstance(cell, dict) else cell


def embedded(cases: list[Case]) -> list[Rows]:
    """A workbook with a sheet for each case, recalculated without Excel."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, case in enumerate(cases):
        fill(book.create_sheet(f"C{number}"), case)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cases.xlsx"
        book.save(path)
        values = recalculate(path).values
    return [
        [
            [values[f"C{n}"][r, c] for c in range(1, len(row) + 1)]
            for r, row in enumerate(case.expected, 1)
        ]
        for n, case in enumerate(cases)
    ]


def fill(sheet: Any, case: Case) -> None:
    """Write a case: the formula in A1, as large as its answer, the arguments to its right."""
    column = len(case.expected[0]) + 2
    references = []
    for block in case.blocks:
        if block is None:
            references.append("")
            continue
        for r, row in enumerate(block, 1):
            for c, cell in enumerate(row, column):
                sheet.cell(r, c, cell.code if isinstance(cell, CellError) else cell)
        corner = a1(len(block), column + len(block[0]) - 1)
        one = len(block) == len(block[0]) == 1
        references.append(corner if one else f"{a1(1, column)}:{corner}")
        column += len(block[0]) + 1
    formula = f"={case.function}({','.join(references)})"
    area = f"A1:{a1(len(case.expected), len(case.expected[0]))}"
    sheet["A1"] = formula if area == "A1:A1" else ArrayFormula(area, formula)


HOSTS: dict[str, Host] = {
    "Python": python,
    "classic": classic,
    "Office.js": office,
    "recalc": embedded,
}
if dispatcher.CHROMIUM:
    HOSTS["Chromium"] = chromium
#: A host that is tested elsewhere: a module with ``answers(cases)``, as the functions above.
ELSEWHERE = {"LibreOffice": "tests.hosts.libreoffice.conformance"}
for _host, _module in ELSEWHERE.items():
    if importlib.util.find_spec(_module):
        HOSTS[_host] = importlib.import_module(_module).answers
