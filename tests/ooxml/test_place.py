"""Cells and areas as formulas write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils import get_column_letter, quote_sheetname

from xlcredit.ooxml.place import Area, Place, a1, address, column_letters, column_number, extent

ROWS, COLUMNS = st.integers(1, 1_048_576), st.integers(1, 16_384)


@given(COLUMNS)
def test_columns_are_named_as_openpyxl_names_them(column: int) -> None:
    assert column_letters(column) == get_column_letter(column)
    assert column_number(column_letters(column)) == column


@given(ROWS, COLUMNS, ROWS, COLUMNS)
def test_an_extent_reads_what_a1_writes(top: int, left: int, bottom: int, right: int) -> None:
    assert extent(a1(top, left)) == (top, left, top, left)
    assert extent(f"{a1(top, left)}:{a1(bottom, right)}") == (top, left, bottom, right)
    assert extent(Place("S", top, left).absolute) == (top, left, top, left)


@pytest.mark.parametrize("sheet", ["Debt", "Cash flow", "Q1", "R1C1", "it's", "2026", "a.b", "é"])
def test_a_sheet_is_quoted_where_a_formula_needs_it(sheet: str) -> None:
    quoted = address(sheet, 4, 2).rpartition("!")[0]
    assert quoted in (sheet, quote_sheetname(sheet))
    if not sheet.isidentifier() or sheet in ("Q1", "R1C1"):
        assert quoted == quote_sheetname(sheet) or sheet == "a.b"


def test_an_area_has_its_cells_and_its_address() -> None:
    area = Area("Cash flow", 2, 2, 3, 3)
    assert [*area.places] == [Place("Cash flow", r, c) for r in (2, 3) for c in (2, 3)]
    assert (len(area), str(area), area.reference) == (4, "'Cash flow'!B2:C3", "B2:C3")
    assert area.absolute == "'Cash flow'!$B$2:$C$3"
    assert area.holds(3, 3) and not area.holds(4, 3)
    assert Area("S", 1, 1, 1, 1).absolute == "S!$A$1"


def test_in_row_0_a_place_is_a_name() -> None:
    assert str(Place("rent", 0, 0)) == "the name rent"
