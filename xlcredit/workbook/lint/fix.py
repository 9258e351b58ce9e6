"""The repairs that cannot change a figure: paths before our own functions, and what is hidden.

The copy is patched: every other byte of every part stays as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from xlcredit.functions import REGISTRY
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package
from xlcredit.ooxml.spelling import strip_prefixes

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
        new, stripped = strip_prefixes(sheet.xml, REGISTRY)
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
