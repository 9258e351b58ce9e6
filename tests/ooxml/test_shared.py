"""Formulas that cells share: each cell's own, as Excel reads it."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from xlcredit.errors import FileError

from .samples import HEAD, packed

PART = "xl/worksheets/sheet1.xml"


def formulas(tmp_path: Path, *cells: str) -> list[str]:
    """The formulas of column A, top down."""
    made = tmp_path / "a.xlsx"
    openpyxl.Workbook().save(made)
    rows = "".join(
        f'<row r="{row}"><c r="A{row}">{cell}</c></row>' for row, cell in enumerate(cells, 1)
    )
    xml = f"{HEAD}<sheetData>{rows}</sheetData></worksheet>"
    return [formula.text for formula in packed(made, {PART: xml.encode()}).formulas.values()]


def test_the_text_of_the_first_moves_to_the_others(tmp_path: Path) -> None:
    first = '<f t="shared" ref="A1:A3" si="0">B1*$C$1</f>'
    assert formulas(tmp_path, first, *['<f t="shared" si="0"/>'] * 2) == [
        "B1*$C$1",
        "B2*$C$1",
        "B3*$C$1",
    ]


def test_a_text_of_its_own_is_for_its_cell_alone(tmp_path: Path) -> None:
    """Without an area it is no first cell: those below still share what the first one holds."""
    first = '<f t="shared" ref="A1:A3" si="0">B1*2</f>'
    own = '<f t="shared" si="0">B2*9</f>'
    assert formulas(tmp_path, first, own, '<f t="shared" si="0"/>') == ["B1*2", "B2*9", "B3*2"]


def test_a_number_with_another_area_begins_anew(tmp_path: Path) -> None:
    first, second = (f'<f t="shared" ref="A{n}" si="0">B{n}*{n}</f>' for n in (1, 2))
    assert formulas(tmp_path, first, second, '<f t="shared" si="0"/>') == ["B1*1", "B2*2", "B3*2"]


def test_a_cell_that_shares_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="A1 shares a formula that the file does not hold"):
        formulas(tmp_path, '<f t="shared" si="7"/>')
