"""The repairs that cannot change a figure: paths before our own functions, and what is hidden.

The copy is patched: every other byte of every part stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from openpyxl.formula.tokenizer import Tokenizer, TokenizerError

from xlcredit.functions import REGISTRY
from xlcredit.recalc.book import Book
from xlcredit.recalc.package import Package
from xlcredit.recalc.sheet import Cell, Sheet
from xlcredit.recalc.values import quote
from xlcredit.workbook.lint.formula import ADD_IN_PREFIX

__all__ = ["Fixed", "fix"]

_VALUE = rb"\s*=\s*(?:\"[^\"]*\"|'[^']*')"
_HIDDEN = re.compile(rb"\s+hidden\s*=\s*(?:\"(?:1|true)\"|'(?:1|true)')")
_STATE = re.compile(rb"\s+state\s*=\s*(?:\"(?:veryH|h)idden\"|'(?:veryH|h)idden')")
_ROW_OR_COLUMN = re.compile(rb"<(?:\w+:)?(?:row|col)(?:\s+[\w:.]+" + _VALUE + rb")+\s*/?>")
_SHEET = re.compile(rb"<(?:\w+:)?sheet(?:\s+[\w:.]+" + _VALUE + rb")+\s*/?>")


@dataclass(frozen=True)
class Fixed:
    """What was repaired."""

    prefixes: int
    """Calls of our functions that lost the path before their name."""
    shown: int
    """Rows, spans of columns and sheets that are no longer hidden."""


def fix(source: Path, target: Path) -> Fixed:
    """Write a copy without path prefixes of our functions and with nothing hidden.

    Parameters
    ----------
    source, target : Path
        The workbook, and the copy to write.

    Returns
    -------
    Fixed
        How much was repaired; without anything to repair the copy is the source.

    Raises
    ------
    FileError
        The source is no workbook, or the target is the source or cannot be written.
    """
    book = Book(Package(source))
    changed: dict[str, bytes] = {}
    prefixes = shown = 0
    for name, sheet in book.sheets.items():
        new, stripped = _strip_prefixes(sheet, REGISTRY)
        new, rows = _without(_ROW_OR_COLUMN, _HIDDEN, new)
        prefixes, shown = prefixes + stripped, shown + rows
        if stripped or rows:
            changed[book.parts[name]] = new
    main, sheets = _without(_SHEET, _STATE, book.package.read(book.part))
    if sheets:
        changed[book.part] = main
    book.package.save(target, changed)
    return Fixed(prefixes, shown + sheets)


def _without(tag: re.Pattern[bytes], attribute: re.Pattern[bytes], xml: bytes) -> tuple[bytes, int]:
    """Drop an attribute from the tags of one kind, and count the tags that had it."""
    count = 0

    def shown(match: re.Match[bytes]) -> bytes:
        nonlocal count
        new, found = attribute.subn(b"", match.group())
        count += found
        return new

    return tag.sub(shown, xml), count


def _strip_prefixes(sheet: Sheet, known: Collection[str]) -> tuple[bytes, int]:
    pieces, position, count = [], 0, 0
    for cell in sorted(sheet.cells.values(), key=lambda c: c.span.start):
        text, found = plain_calls(cell.formula or "", known)
        if found:
            start, end = _inside(sheet, cell)
            pieces += [sheet.xml[position:start], quote(text)]
            position, count = end, count + found
    return b"".join([*pieces, sheet.xml[position:]]), count


def _inside(sheet: Sheet, cell: Cell) -> tuple[int, int]:
    """Where the text of a formula stands in the part."""
    span = cell.content["f"]
    return sheet.xml.index(b">", span.start) + 1, span.close


def plain_calls(formula: str, known: Collection[str]) -> tuple[str, int]:
    """Strip what hosts glue before the names of known functions, and count the calls.

    Examples
    --------
    >>> plain_calls("[1]!XLC_DSCR(A1:A9,B1:B9)+[1]!OTHER(1)", {"XLC_DSCR"})
    ('XLC_DSCR(A1:A9,B1:B9)+[1]!OTHER(1)', 1)
    """
    if "!" not in formula:
        return formula, 0
    try:
        tokens = Tokenizer(f"={formula}").items
    except (TokenizerError, IndexError):
        return formula, 0
    text, count = "", 0
    for token in tokens:
        value = token.value
        prefix = ADD_IN_PREFIX.match(value) if token.type == token.FUNC else None
        if prefix and value[prefix.end() : -1].upper() in known:
            value, count = value[prefix.end() :], count + 1
        text += value
    return text, count
