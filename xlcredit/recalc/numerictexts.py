"""Numbers typed as text, such as ``'730``: Excel takes them for numbers where it needs one.

The embedded engine does not always, so a workbook in which a formula reads such a cell is not
inside its proven dialect.
"""

from __future__ import annotations

import re

from xlcredit.ooxml.book import Book, Formula
from xlcredit.ooxml.place import a1, extent
from xlcredit.recalc.masks import Template

__all__ = ["NumericTexts"]

#: A month's name, short or in full: "Borrower 1" is no date.
_MONTH = (
    "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    "|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
#: Text that Excel reads as a number, a date or a truth value where it needs one.
_NUMERIC = re.compile(
    r"\s*[-+(]?[$€£]?[\d.,/:\- ]*\d[\d.,/:\- ]*(?:[eE][-+]?\d+)?%?\)?\s*|true|false"
    rf"|\d{{1,2}}[- ]{_MONTH}(?:[- ,]+\d{{2,4}})?|{_MONTH}[- ]\d{{1,4}}(?:[- ,]+\d{{2,4}})?",
    re.IGNORECASE,
)


class NumericTexts:
    """The numbers that a workbook holds as text.

    Parameters
    ----------
    book : Book
        The workbook.
    """

    def __init__(self, book: Book) -> None:
        self._cells: dict[str, dict[str, tuple[int, int]]] = {}
        """By sheet, in small letters: their addresses and places."""
        self._proper: dict[str, str] = {}
        for sheet, cells in book.constants.items():
            found = [at for at, v in cells.items() if isinstance(v, str) and _NUMERIC.fullmatch(v)]
            if found:
                self._cells[sheet.lower()] = {a1(*at): at for at in found}
                self._proper[sheet.lower()] = sheet
        self._names: dict[str, str] = {}
        """The names through which they are read, in small letters, each with a sheet."""
        for name in book.names if self._cells else ():
            area = book.area_of(name)
            if area and self._covers(area.sheet.lower(), *area.corners):
                self._names[name.name.lower()] = area.sheet

    def __bool__(self) -> bool:
        return bool(self._cells)

    def read(self, formula: Formula, template: Template, addresses: list[str]) -> str:
        """Give a sheet of which a formula reads such a cell; nothing if it reads none."""
        for home, first, last in template.areas:
            sheet = home or formula.place.sheet.lower()
            if sheet in self._cells and self._holds(sheet, addresses[first], addresses[last]):
                return self._proper[sheet]
        named = self._names and template.operands[1] & self._names.keys()
        return self._names[min(named)] if named else ""

    def _holds(self, sheet: str, first: str, last: str) -> bool:
        first, last = first.replace("$", "").upper(), last.replace("$", "").upper()
        if first == last:
            return first in self._cells[sheet]
        return self._covers(sheet, *extent(f"{first}:{last}"))

    def _covers(self, sheet: str, top: int, left: int, bottom: int, right: int) -> bool:
        cells = self._cells.get(sheet, {}).values()
        return any(top <= row <= bottom and left <= column <= right for row, column in cells)
