"""What formats say of numbers: which cells show dates, and how many decimals are shown."""

from __future__ import annotations

import datetime as dt
import re
from functools import cached_property

from xlcredit.ooxml.book import Book
from xlcredit.ooxml.elements import local_name
from xlcredit.ooxml.place import Place
from xlcredit.serials import EPOCH

__all__ = ["DateCells", "ShownDecimals", "to_date"]

_STYLE = re.compile(rb"<[^>]*?\ss\s*=\s*[\"'](\d+)[\"']")
#: Formats that every workbook has without saying so (ECMA-376, 18.8.30): 14 to 22, 45 to 47.
_BUILT_IN_DATES = frozenset({*range(14, 23), *range(45, 48)})
#: What is no letter of a format: text in quotes, a character after a backslash, what is in
#: brackets (colours, conditions; but elapsed hours are no date either).
_LITERAL = re.compile(r"\"[^\"]*\"|\\.|_.|\*.|\[[^\]]*\]")
_BUILT_IN_NUMBERS = {1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%"}
_BUILT_IN_NUMBERS |= {37: "#,##0", 38: "#,##0", 39: "#,##0.00", 40: "#,##0.00"}
_DIGITS = re.compile(r"[^\d#.,?EeA-Za-z/]*[#0,]*[#0](?:\.([0#]*))?(,*)[^\d#.,?A-Za-z/]*")
_LAST = 2_958_466.0  # the day after 31 December 9999


def to_date(serial: float) -> dt.date | float:
    """Turn a serial into a date, or a datetime if it has a time; what is no date stays a number.

    Examples
    --------
    >>> to_date(46348.0)
    datetime.date(2026, 11, 22)
    """
    if not 1.0 <= serial < _LAST:
        return serial
    moment = EPOCH + dt.timedelta(days=serial)
    moment = (moment + dt.timedelta(microseconds=500)).replace(microsecond=0)
    return moment.date() if serial.is_integer() else moment


class DateCells:
    """The cells of a workbook whose numbers are shown as dates.

    Parameters
    ----------
    book : Book
        The workbook.
    """

    def __init__(self, book: Book) -> None:
        self._book = book

    def __contains__(self, place: Place) -> bool:
        return not self._book.uses_1904_dates and _style(self._book, place) in self._dates

    @cached_property
    def _dates(self) -> set[int]:
        """Give the numbers of the styles that show dates."""
        used, own = _formats(self._book)
        return {number for number, code in enumerate(used) if _is_date(code, own)}


class ShownDecimals:
    """How many decimals the cells of a workbook show.

    Parameters
    ----------
    book : Book
        The workbook.
    """

    def __init__(self, book: Book) -> None:
        self._book = book

    def of(self, place: Place) -> int | None:
        """Give the decimals that a cell's format rounds to; None if it does not round."""
        style = _style(self._book, place)
        return self._decimals[style] if style is not None and style < len(self._decimals) else None

    @cached_property
    def _decimals(self) -> list[int | None]:
        used, own = _formats(self._book)
        return [_decimals(own.get(code, _BUILT_IN_NUMBERS.get(code, ""))) for code in used]


def _style(book: Book, place: Place) -> int | None:
    """Give the number of a cell's style; None if there is no cell, or it says none."""
    sheet = book.sheets[place.sheet]
    cell = sheet.cells.get((place.row, place.column))
    if cell is None:
        return None
    end = sheet.xml.index(b">", cell.start) + 1
    style = _STYLE.match(sheet.xml, cell.start, end)
    return int(style[1]) if style else None


def _formats(book: Book) -> tuple[list[int], dict[int, str]]:
    """Read the format of each style, and the formats that are the workbook's own."""
    part = next((p for p in book.package if p.endswith("xl/styles.xml")), None)
    if part is None:
        return [], {}
    groups = {local_name(group): list(group) for group in book.package.root(part)}
    own = {
        int(item.get("numFmtId", "0")): item.get("formatCode", "")
        for item in groups.get("numFmts", [])
    }
    return [int(style.get("numFmtId", "0")) for style in groups.get("cellXfs", [])], own


def _decimals(code: str) -> int | None:
    """Count the decimals of a format's first section; a comma behind the digits is a thousand."""
    bare = _LITERAL.sub("", code.partition(";")[0])
    match = _DIGITS.fullmatch(bare.strip())
    if not match:
        return None
    return len(match[1] or "") + 2 * bare.count("%") - 3 * len(match[2])


def _is_date(code: int, own: dict[int, str]) -> bool:
    if code not in own:
        return code in _BUILT_IN_DATES
    letters = _LITERAL.sub("", own[code].partition(";")[0]).lower()
    return any(letter in letters for letter in "ymdhs") and "general" not in letters
