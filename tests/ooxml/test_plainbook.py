"""The smallest workbook: other programs read the very values that were written."""

from __future__ import annotations

from io import BytesIO

import openpyxl
import python_calamine
from hypothesis import given
from hypothesis import strategies as st

from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package
from xlcredit.ooxml.place import Area
from xlcredit.ooxml.plainbook import plain_workbook
from xlcredit.ooxml.values import Value

TEXTS = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), max_size=30)
CELLS: st.SearchStrategy[Value] = st.one_of(
    st.floats(-1e15, 1e15), TEXTS.filter(bool), st.booleans(), st.none()
)
ROWS = st.lists(st.lists(CELLS, min_size=1, max_size=4), min_size=1, max_size=5)


@given(ROWS)
def test_openpyxl_and_our_own_reader_see_what_was_written(rows: list[list[Value]]) -> None:
    content = plain_workbook({"A sheet": rows, "Other": [[1.0]]}, {})
    theirs = openpyxl.load_workbook(BytesIO(content))["A sheet"]
    ours = Book(Package(content)).constants["A sheet"]
    for r, row in enumerate(rows, start=1):
        for c, value in enumerate(row, start=1):
            assert ours.get((r, c)) == value
            shown = theirs.cell(r, c).value
            assert shown == value if not isinstance(value, str) else str(shown) == value


def test_names_stand_for_their_areas_and_equal_contents_are_equal_bytes() -> None:
    area = Area("It's", 1, 1, 2, 1)
    content = plain_workbook({"It's": [[1.5], [2.5]]}, {"rents": area.absolute})
    assert content == plain_workbook({"It's": [[1.5], [2.5]]}, {"rents": area.absolute})
    assert Book(Package(content)).area("rents") == area
    names = openpyxl.load_workbook(BytesIO(content)).defined_names
    assert names["rents"].attr_text == "'It''s'!$A$1:$A$2"
    read = python_calamine.CalamineWorkbook.from_filelike(BytesIO(content))
    assert read.get_sheet_by_name("It's").to_python() == [[1.5], [2.5]]
