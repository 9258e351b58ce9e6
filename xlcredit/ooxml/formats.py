"""Which cells show dates: a date is a number with a format."""

from __future__ import annotations

import datetime as dt
import re
from functools import cached_property
from typing import Any

from xlcredit.ooxml.book import Book
from xlcredit.ooxml.place import Place
from xlcredit.serials import EPOCH

__all__ = ["DateCells", "to_date"]

_STYLE = re.compile(rb"<[^>]*?\ss\s*=\s*[\"'](\d+)[\"']")
#: Formats that every workbook has without saying so (ECMA-376, 18.8.30): 14 to 22, 45 to 47.
_BUILT_IN_DATES = frozenset({*range(14, 23), *range(45, 48)})
#: What is no letter of a format: text in quotes, a character after a backslash, what is in
#: brackets (colours, conditions; but elapsed hours are no date either).
_LITERAL = re.compile(r"\"[^\"]*\"|\\.|_.|\*.|\[[^\]]*\]")
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
        sheet = self._book.sheets[place.sheet]
        cell = sheet.cells.get((place.row, place.column))
        if cell is None or self._book.uses_1904_dates:
            return False
        end = sheet.xml.index(b">", cell.span.start) + 1
        style = _STYLE.match(sheet.xml, cell.span.start, end)
        return style is not None and int(style[1]) in self._dates

    @cached_property
    def _dates(self) -> set[int]:
        """Give the numbers of the styles that show dates."""
        package = self._book.package
        part = next((p for p in package if p.endswith("xl/styles.xml")), None)
        if part is None:
            return set()
        groups = {_local(group): list(group) for group in package.root(part)}
        own = {
            int(item.get("numFmtId", "0")): item.get("formatCode", "")
            for item in groups.get("numFmts", [])
        }
        used = [int(style.get("numFmtId", "0")) for style in groups.get("cellXfs", [])]
        return {number for number, code in enumerate(used) if _is_date(code, own)}


def _is_date(code: int, own: dict[int, str]) -> bool:
    if code not in own:
        return code in _BUILT_IN_DATES
    letters = _LITERAL.sub("", own[code].partition(";")[0]).lower()
    return any(letter in letters for letter in "ymdhs") and "general" not in letters


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]
