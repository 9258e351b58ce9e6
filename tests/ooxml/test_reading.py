"""Tables are found by their name and read by their headings, wherever they stand."""

from __future__ import annotations

from pathlib import Path

import openpyxl
from openpyxl.workbook.defined_name import DefinedName

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
