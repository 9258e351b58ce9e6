"""Tables are found by their name and read by their headings, wherever they stand."""

from __future__ import annotations

from pathlib import Path

import openpyxl
from openpyxl.workbook.defined_name import DefinedName

from xlcredit.errors import CellError
from xlcredit.ooxml import reading
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.place import Area, Place


def book_with_a_table(path: Path, left: int, top: int, order: list[str]) -> Book:
    """A table of inputs at a place, its columns in an order."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Some sheet"
    values = {"Input": "Rent", "Value": 2.5, "Unit": "USD/GPU-hour"}
    for column, heading in enumerate(order, start=left):
        sheet.cell(top, column).value = heading
        sheet.cell(top + 1, column).value = values[heading]
    area = Area("Some sheet", top, left, top + 1, left + len(order) - 1).absolute
    book.defined_names["table"] = DefinedName("table", attr_text=area)
    where = Place("Some sheet", top + 1, left + order.index("Value"))
    name = DefinedName("rent", attr_text=f"'Some sheet'!{where.absolute}", comment="USD/GPU-hour")
    book.defined_names["rent"] = name
    book.save(path)
    return reading.open_book(path)


def test_a_column_is_known_by_its_heading(tmp_path: Path) -> None:
    for left, top, order in (
        (1, 1, ["Input", "Value", "Unit"]),
        (4, 9, ["Unit", "Input", "Value"]),
    ):
        book = book_with_a_table(tmp_path / "book.xlsx", left, top, order)
        (row,) = reading.table(book, "table")
        assert {k: book.saved(p) for k, p in row.items()} == {
            "Input": "Rent",
            "Value": 2.5,
            "Unit": "USD/GPU-hour",
        }
        assert reading.units(book) == {row["Value"]: "USD/GPU-hour"}
        area = book.area("table")
        assert area and reading.within(book, area) == {"rent": row["Value"]}


def test_a_table_that_is_not_there_has_no_rows(tmp_path: Path) -> None:
    book = book_with_a_table(tmp_path / "book.xlsx", 1, 1, ["Input", "Value"])
    assert reading.table(book, "another") == []


def test_a_book_that_is_open_is_not_opened_again(tmp_path: Path) -> None:
    book = book_with_a_table(tmp_path / "book.xlsx", 1, 1, ["Input", "Value"])
    assert reading.open_book(book) is book


def test_names_of_an_area_are_those_within_it_from_top_to_bottom(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "One"
    book.create_sheet("Two")
    cells = {
        "lowest": "One!$B$4",
        "right": "One!$C$2",
        "left": "One!$B$2",
        "above": "One!$B$1",
        "below": "One!$B$5",
        "before": "One!$A$2",
        "behind": "One!$D$2",
        "elsewhere": "Two!$B$3",
    }
    for name, cell in cells.items():
        book.defined_names[name] = DefinedName(name, attr_text=cell)
    book.save(tmp_path / "book.xlsx")
    found = reading.within(reading.open_book(tmp_path / "book.xlsx"), Area("One", 2, 2, 4, 3))
    assert list(found) == ["left", "right", "lowest"]


def test_what_a_cell_of_words_says() -> None:
    for value, said in (
        (None, ""),
        (CellError("#N/A"), ""),
        ("Rent", "Rent"),
        (0.1 + 0.2, "0.3"),
        (2026.0, "2026"),
        (True, "True"),
    ):
        assert reading.text(value) == said
