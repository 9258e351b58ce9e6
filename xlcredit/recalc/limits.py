"""What no engine is given: formulas that Excel itself could not hold, or not calculate in time.

A small file can ask for more than any machine has. Such a formula is refused like any other that
is not calculated: its cell and what depends on it are told, the rest is calculated.
"""

from __future__ import annotations

import re

from xlcredit.ooxml.book import Book, Formula
from xlcredit.ooxml.place import Place, extent
from xlcredit.recalc.naming import Naming

__all__ = ["beyond"]

#: Excel's longest formula, without the prefixes that only the file has.
_LONGEST = 8_192
_PREFIX = re.compile(r"_xl(?:fn|ws|pm|op|udf)\.(?:_xlws\.)?")
#: Excel nests 64 functions; brackets add a few.
_DEEPEST = 200
#: Cells that one formula may read; a column of a full sheet has a million.
_MOST_READ = 20_000_000
_RANGE = re.compile(
    r"(?:'((?:[^']|'')+)'!|([^\W\d][\w.]*)!)?"
    r"(\$?[A-Za-z]{1,3}\$?[0-9]{1,7}:\$?[A-Za-z]{1,3}\$?[0-9]{1,7})"
    r"|(\$?[A-Za-z]{1,3}:\$?[A-Za-z]{1,3})(?![\w(])|(\$?\d{1,7}:\$?\d{1,7})(?![\w(])"
)


def beyond(book: Book) -> dict[Place, str]:
    """Find the formulas that no engine is given.

    Parameters
    ----------
    book : Book
        The workbook.

    Returns
    -------
    dict
        Each with the reason.
    """
    used = {name: _used(book, name) for name in book.sheets}
    wide = {n.lower(): u for n, u in used.items() if u[0] * u[1] > _MOST_READ}
    naming = Naming(book)
    found: dict[Place, str] = {}
    for place, formula in book.formulas.items():
        reason = _too_large(formula) or naming.problem(formula)
        if reason := reason or (_reads_too_much(formula, wide) if wide else ""):
            found[place] = reason
    return found


def _used(book: Book, sheet: str) -> tuple[int, int]:
    """Give the last row and the last column that hold something."""
    cells = book.sheets[sheet].cells
    if not cells:
        return 0, 0
    return max(row for row, _ in cells), max(column for _, column in cells)


def _too_large(formula: Formula) -> str:
    text = formula.text
    if len(text) > _LONGEST and len(_PREFIX.sub("", text)) > _LONGEST:
        return f"the formula has more than Excel's {_LONGEST:,} characters"
    if text.count("(") > _DEEPEST and _depth(text) > _DEEPEST:
        return f"the formula has more than {_DEEPEST} brackets inside each other"
    return ""


def _depth(text: str) -> int:
    depth = deepest = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        deepest = max(deepest, depth)
    return deepest


def _reads_too_much(formula: Formula, wide: dict[str, tuple[int, int]]) -> str:
    for quoted, bare, area, columns, rows in _RANGE.findall(formula.text):
        sheet = (quoted.replace("''", "'") or bare or formula.place.sheet).lower()
        if sheet in wide:
            cells = _cells(_whole(area, columns, rows), wide[sheet])
            if cells > _MOST_READ:
                return f"the formula reads {cells:,} cells; {_MOST_READ:,} are the most"
    return ""


def _whole(area: str, columns: str, rows: str) -> str:
    """Write whole columns and rows as the cells they are."""
    if rows:
        first, _, last = rows.replace("$", "").partition(":")
        return f"A{first}:XFD{last}"
    if columns:
        first, _, last = columns.replace("$", "").partition(":")
        return f"{first}1:{last}1048576"
    return area


def _cells(area: str, used: tuple[int, int]) -> int:
    """Count the cells of an area inside the part of the sheet that is in use."""
    top, left, bottom, right = extent(area.upper())
    return (min(bottom, used[0]) - top + 1) * (min(right, used[1]) - left + 1)
