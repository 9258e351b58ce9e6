"""Copies of one formula are found together, and formulas read as they are meant."""

from __future__ import annotations

import itertools
from pathlib import Path

import openpyxl
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.worksheet.formula import ArrayFormula

from xlcredit.ooxml.book import Book
from xlcredit.ooxml.formulas import formulas_in, groups, relative
from xlcredit.ooxml.package import Package

#: Cells of a small sheet, and which of two formulas each holds, if any.
sheets = st.dictionaries(
    st.tuples(st.integers(2, 6), st.integers(2, 6)), st.sampled_from(["left", "above"]), min_size=1
)


def _book(tmp_path: Path, cells: dict[tuple[int, int], object]) -> Book:
    workbook = openpyxl.Workbook()
    for (row, column), formula in cells.items():
        workbook.active.cell(row, column).value = formula
    workbook.save(tmp_path / "book.xlsx")
    return Book(Package(tmp_path / "book.xlsx"))


def _spelled(row: int, column: int, kind: str) -> str:
    letters = "ABCDEFGH"
    there = (row, column - 1) if kind == "left" else (row - 1, column)
    return f"={letters[there[1] - 1]}{there[0]}*2"


@given(cells=sheets)
def test_groups_are_the_rectangles_of_one_formula(
    tmp_path_factory: object, cells: dict[tuple[int, int], str]
) -> None:
    folder: Path = tmp_path_factory.mktemp("groups")  # type: ignore[attr-defined]
    book = _book(folder, {at: _spelled(*at, kind) for at, kind in cells.items()})
    covered = {}
    found = groups(book)
    for group in found:
        area = group.area
        block = itertools.product(
            range(area.top, area.bottom + 1), range(area.left, area.right + 1)
        )
        for at in block:
            assert at not in covered, "in two groups"
            covered[at] = group.relative
            assert relative(_spelled(*at, cells[at])[1:], *at) == group.relative
        assert group.formula.place.row == area.top and group.formula.place.column == area.left
    assert set(covered) == set(cells)
    for one, other in itertools.permutations(found, 2):  # nothing is left apart that belongs
        if one.relative == other.relative:
            a, b = one.area, other.area
            assert not (a.top == b.top and a.bottom == b.bottom == a.top and a.right + 1 == b.left)
            same_width = (a.left, a.right) == (b.left, b.right)
            assert not (same_width and a.bottom + 1 == b.top)


def test_array_formulas_are_each_their_own(tmp_path: Path) -> None:
    cells = {
        (2, 2): ArrayFormula("B2", "=A2*2"),
        (2, 3): ArrayFormula("C2", "=B2*2"),
        (3, 2): ArrayFormula("B3", "=A3*2"),
    }
    assert len(groups(_book(tmp_path, cells))) == 3


def test_entities_are_read_outside_of_character_data_alone() -> None:
    xml = b"<c><f>A1&lt;<![CDATA[B1&lt;]]>&amp;C1</f></c>"
    assert list(formulas_in(xml)) == ["A1<B1&lt;&C1"]


def test_a_formula_is_counted_from_its_own_cell() -> None:
    """In Excel's R1C1; a product or a sum would do as well for cells at one."""
    assert relative("D8+$C$2", 8, 5) == "R[0]C[-1]+R2C3"
    assert relative("D8+$C$2", 9, 7) == "R[-1]C[-3]+R2C3"
    assert relative("F$3*$B7", 5, 4) == "R3C[2]*R[2]C2"
