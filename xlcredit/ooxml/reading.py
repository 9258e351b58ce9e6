"""What a workbook of ours holds, found by its defined names and by the words of its tables.

The pages write a name for every figure, with its unit as the name's comment, and one for every
table that is read back; where a page puts them is nobody else's business.
"""

from __future__ import annotations

import os

from xlcredit.errors import CellError
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package
from xlcredit.ooxml.place import Area, Place
from xlcredit.ooxml.values import Value

__all__ = ["Table", "open_book", "table", "text", "units", "within"]

#: The rows of a table: under each heading, the cell.
Table = list[dict[str, Place]]


def open_book(source: str | os.PathLike[str] | bytes | Book) -> Book:
    """Open a workbook, if it is not open already."""
    return source if isinstance(source, Book) else Book(Package(source))


def table(book: Book, name: str) -> Table:
    """Find the cells of a table; none if the workbook has no such table.

    Parameters
    ----------
    book : Book
        The workbook.
    name : str
        The defined name of the table, its row of headings included.
    """
    area = book.area(name)
    if area is None:
        return []
    columns = range(area.left, area.right + 1)
    words = {c: text(book.saved(Place(area.sheet, area.top, c))) for c in columns}
    return [
        {word: Place(area.sheet, row, column) for column, word in words.items()}
        for row in range(area.top + 1, area.bottom + 1)
    ]


def within(book: Book, area: Area) -> dict[str, Place]:
    """The names of the cells in an area, from top to bottom."""
    found = {
        name: place
        for name, place in book.cell_names.items()
        if place.sheet == area.sheet and area.holds(place.row, place.column)
    }
    return dict(sorted(found.items(), key=lambda item: item[1]))


def units(book: Book) -> dict[Place, str]:
    """The unit of every cell that has a name."""
    comments = {name.name: name.comment for name in book.names}
    return {place: comments[name] for name, place in book.cell_names.items() if comments[name]}


def text(value: Value) -> str:
    """What a cell of words says."""
    if value is None or isinstance(value, CellError):
        return ""
    return f"{value:.15g}" if isinstance(value, float) else str(value)
