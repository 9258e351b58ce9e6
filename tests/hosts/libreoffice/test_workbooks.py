"""The example workbooks in Calc with live worksheet functions: the same figures in every cell."""

from __future__ import annotations

from typing import Any

import pytest

from tests.hosts.libreoffice.conftest import Example, Rows
from xlcredit.errors import CellError
from xlcredit.ooxml.values import Value
from xlcredit.recalc import LibreOffice

pytestmark = pytest.mark.libreoffice

TOLERANCE = 1e-9


@pytest.fixture(scope="module")
def calculated(example: Example, calc: LibreOffice) -> dict[str, Rows]:
    """The workbook, with every formula calculated again by Calc."""
    return calc.values(example.path)


def test_every_cell_agrees_with_the_embedded_engine(
    example: Example, calculated: dict[str, Rows]
) -> None:
    """Native formulas and worksheet functions, relative to the largest figure of the row."""
    different = []
    for sheet, cells in example.result.values.items():
        scales = _scales(cells)
        for (row, column), ours in cells.items():
            theirs = _at(calculated[sheet], row, column)
            if not _same(ours, theirs, scales[row]):
                different.append((sheet, row, column, ours, theirs))
    assert not different, f"{len(different)} cells, among them {different[:5]}"
    assert sum(map(len, example.result.values.values())) > 3_000


def test_the_twins_agree_within_calc(example: Example, calculated: dict[str, Rows]) -> None:
    rows = calculated["Audit"][4 : 4 + len(example.template.twin)]
    differences = [row[5] for row in rows]
    assert len(differences) == len(example.template.twin)
    assert all(isinstance(d, float) and abs(d) < TOLERANCE for d in differences), differences


def _scales(cells: dict[tuple[int, int], Value]) -> dict[int, float]:
    """The largest figure of each row."""
    scales: dict[int, float] = {}
    for (row, _), value in cells.items():
        size = abs(value) if isinstance(value, float) else 0.0
        scales[row] = max(scales.get(row, 0.0), size)
    return scales


def _at(rows: list[list[Any]], row: int, column: int) -> Any:
    inside = row <= len(rows) and column <= len(rows[row - 1])
    return rows[row - 1][column - 1] if inside else ""


def _same(ours: Any, theirs: Any, scale: float) -> bool:
    if isinstance(ours, CellError) or isinstance(theirs, CellError):
        return bool(ours == theirs)
    if isinstance(ours, (int, float)) and isinstance(theirs, (int, float)):
        return abs(float(ours) - float(theirs)) <= TOLERANCE * max(scale, abs(float(ours)))
    return str("" if ours is None else ours) == str(theirs)
