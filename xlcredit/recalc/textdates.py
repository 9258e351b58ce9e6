"""Dates typed as text into formulas, in a workbook that counts the day before the month.

``EDATE("1/7/2026",3)`` starts in July where it was written, and in January where it is read month
first. A file does not say which; its other dates do, when one of them can be read in one way
only. Then such dates are given to the engine as ``"2026-07-01"``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from xlcredit.ooxml.book import Book

__all__ = ["TextDates"]

_DATE = re.compile(r"(?<![\d/.])(\d{1,2})/(\d{1,2})/(\d{4})(?![\d/])")
_ARGUMENT = re.compile(
    r"(?P<name>[^\W\d][\w.?\\]*)\((?P<before>[^()\"]*(?:\"[^\"]*\"[^()\"]*)*?)"
    r"\"(?P<day>\d{1,2})/(?P<month>\d{1,2})/(?P<year>\d{4})\"(?=\s*[,)])"
)
_TAKE_DATES = frozenset(
    """DATEVALUE VALUE EDATE EOMONTH YEAR MONTH DAY WEEKDAY WEEKNUM ISOWEEKNUM NETWORKDAYS WORKDAY
    DATEDIF DAYS DAYS360 YEARFRAC SEQUENCE""".split()
)


class TextDates:
    """How a workbook reads text dates.

    Parameters
    ----------
    book : Book
        The workbook.
    """

    def __init__(self, book: Book) -> None:
        self.day_first = _is_day_first(book)
        """Whether the day stands before the month."""
        self._names = {n.name.upper() for n in book.names if "LAMBDA(" in n.text.upper()}

    def plain(self, text: str) -> str:
        """Write the text dates that functions of a formula are given with the year first."""
        if not self.day_first or "/" not in text:
            return text
        return _ARGUMENT.sub(self._written, text)

    def _written(self, match: re.Match[str]) -> str:
        takes: Collection[str] = _TAKE_DATES | self._names
        if match["name"].upper().removeprefix("_XLFN.") not in takes or int(match["month"]) > 12:
            return match.group()
        date = f"{match['year']}-{int(match['month']):02}-{int(match['day']):02}"
        return f'{match["name"]}({match["before"]}"{date}"'


def _is_day_first(book: Book) -> bool:
    """Whether some date in the workbook has a day above 12 in first place, and none in second."""
    firsts = [(int(m[1]), int(m[2])) for text in _texts(book) for m in _DATE.finditer(text)]
    day_first = any(first > 12 >= second for first, second in firsts)
    return day_first and not any(second > 12 >= first for first, second in firsts)


def _texts(book: Book) -> Iterator[str]:
    for formula in book.formulas.values():
        if '"' in formula.text:
            yield formula.text
    for name in book.names:
        yield name.text
    for cells in book.constants.values():
        for value in cells.values():
            if isinstance(value, str) and "/" in value:
                yield value
