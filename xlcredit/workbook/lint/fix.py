"""The repairs that cannot change a figure: paths before our own functions, and what is hidden.

The copy is patched: every other byte of every part stays as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from xlcredit.functions import REGISTRY
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package
from xlcredit.ooxml.spelling import strip_prefixes
from xlcredit.ooxml.tags import ATTRIBUTE, PREFIX

__all__ = ["Fixed", "fix"]

_HIDDEN = re.compile(rb"\s+hidden\s*=\s*(?:\"(?:1|true)\"|'(?:1|true)')")
_STATE = re.compile(rb"\s+state\s*=\s*(?:\"(?:veryH|h)idden\"|'(?:veryH|h)idden')")
_ROW_OR_COLUMN = re.compile(rb"<" + PREFIX + rb"(?:row|col)(?:" + ATTRIBUTE + rb")+\s*/?>")
_SHEET = re.compile(rb"<" + PREFIX + rb"sheet(?:" + ATTRIBUTE + rb")+\s*/?>")


@dataclass(frozen=True)
class Fixed:
    """What was repaired."""

    prefixes: int
    """Calls of our functions that lost the path before their name."""
    shown: int
    """Rows, spans of columns and sheets that are no longer hidden."""
    content: bytes
    """The repaired copy."""


def fix(source: Path) -> Fixed:
    """Make a copy without path prefixes of our functions and with nothing hidden.

    Parameters
    ----------
    source : Path
        The workbook.

    Returns
    -------
    Fixed
        How much was repaired, and the copy.

    Raises
    ------
    FileError
        The source is no workbook.
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
    copy = BytesIO()
    book.package.save(copy, changed)
    return Fixed(prefixes, shown + sheets, copy.getvalue())


def _without(tag: re.Pattern[bytes], attribute: re.Pattern[bytes], xml: bytes) -> tuple[bytes, int]:
    """Drop an attribute from the tags of one kind, and count the tags that had it."""
    count = 0

    def shown(match: re.Match[bytes]) -> bytes:
        nonlocal count
        new, found = attribute.subn(b"", match.group())
        count += found
        return new

    return tag.sub(shown, xml), count
