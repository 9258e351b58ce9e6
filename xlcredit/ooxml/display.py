"""What a reader sees of a workbook besides its values, boiled down to a digest for each kind.

The order of attributes, prefixes and white space do not count, nor do the numbers of styles; what
they stand for does. So a digest stays when a program saves the same look in other words, and
changes with a number format that prints another figure.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection
from pathlib import PurePosixPath
from typing import Any

from xlcredit.ooxml.book import Book
from xlcredit.ooxml.elements import local_name
from xlcredit.ooxml.place import a1

__all__ = ["ASPECTS", "digests"]

#: Children of a worksheet, and the kind of display they make; all others are "layout".
_KINDS = {
    "conditionalFormatting": "conditional formats",
    "headerFooter": "headers and footers",
    "cols": "columns and rows",
}
#: The cells themselves, and where somebody happened to look.
_NO_DISPLAY = frozenset({"sheetData", "sheetViews", "dimension"})
_PICTURES = re.compile(r"(?:drawings|charts|chartsheets|media|comments|threadedComments|theme)")
_STYLE = re.compile(rb"<[^>]*?\ss\s*=\s*[\"'](\d{1,9})[\"']")

ASPECTS = (
    "number formats",
    "fonts, fills and alignment",
    "sheets and what is hidden",
    "columns and rows",
    "conditional formats",
    "headers and footers",
    "defined names",
    "charts, pictures and comments",
    "layout",
)


def digests(book: Book, without: Collection[str] = ()) -> dict[str, str]:
    """Give a SHA-256 for each of :data:`ASPECTS`.

    Parameters
    ----------
    book : Book
        The workbook.
    without : collection of str
        Sheets that are left out.

    Returns
    -------
    dict
        Aspect -> digest.
    """
    seen: dict[str, list[Any]] = {aspect: [] for aspect in ASPECTS}
    main = book.package.root(book.part)
    styles = _Styles(book)
    for element in main.iter():
        name = local_name(element)
        if name == "sheet" and element.get("name") not in without:
            state = element.get("state", "visible")
            seen["sheets and what is hidden"].append([element.get("name"), state])
        elif name == "workbookPr":
            seen["number formats"].append(element.get("date1904", "0"))
        elif name == "definedName":
            owner, text = element.get("localSheetId", ""), (element.text or "").strip()
            seen["defined names"].append([element.get("name", ""), owner, text])
    seen["defined names"].sort()
    seen["conditional formats"].append(styles.conditional)
    for sheet, part in book.parts.items():
        if sheet not in without:
            _add_cells(seen, book, sheet, styles)
            _add_layout(seen, book.package.root(part), sheet)
    folder = str(PurePosixPath(book.part).parent)
    for part in sorted(book.package):
        if part.startswith(f"{folder}/") and _PICTURES.match(part.removeprefix(f"{folder}/")):
            digest = hashlib.sha256(book.package.read(part)).hexdigest()
            seen["charts, pictures and comments"].append([part, digest])
    return {aspect: _digest(what) for aspect, what in seen.items()}


def _add_cells(seen: dict[str, list[Any]], book: Book, sheet: str, styles: _Styles) -> None:
    xml = book.sheets[sheet].xml
    for (row, column), cell in sorted(book.sheets[sheet].cells.items()):
        match = _STYLE.match(xml, cell.start, xml.index(b">", cell.start) + 1)
        number, look = styles.of(int(match[1]) if match else 0)
        place = [sheet, a1(row, column)]
        seen["fonts, fills and alignment"].append([*place, look])
        if cell.text:
            seen["number formats"].append([*place, number])


def _add_layout(seen: dict[str, list[Any]], root: Any, sheet: str) -> None:
    for child in root:
        name = local_name(child)
        if name not in _NO_DISPLAY:
            seen[_KINDS.get(name, "layout")].append([sheet, _canonical(child)])
        elif name == "sheetData":
            for row in child:
                hidden = {k: row.get(k) for k in ("hidden", "ht", "collapsed") if row.get(k)}
                if hidden:
                    seen["columns and rows"].append([sheet, row.get("r"), hidden])


class _Styles:
    """Styles by number: what they stand for."""

    def __init__(self, book: Book) -> None:
        part = str(PurePosixPath(book.part).parent / "styles.xml")
        root = book.package.root(part) if part in book.package else ()
        groups = {local_name(group): list(group) for group in root}
        self._own = {f.get("numFmtId"): f.get("formatCode") for f in groups.get("numFmts", [])}
        self._lists = {
            key: [_digest(_canonical(item)) for item in groups.get(name, [])]
            for key, name in (("fontId", "fonts"), ("fillId", "fills"), ("borderId", "borders"))
        }
        self._looks = groups.get("cellXfs", [])
        self.conditional = [_canonical(look) for look in groups.get("dxfs", [])]
        self._known: dict[int, tuple[str, list[str]]] = {}

    def of(self, number: int) -> tuple[str, list[str]]:
        """Give the number format of a style, and a digest for each part of its look."""
        if number not in self._known:
            self._known[number] = self._resolved(number)
        return self._known[number]

    def _resolved(self, number: int) -> tuple[str, list[str]]:
        if number >= len(self._looks):
            return "", []
        look = self._looks[number]
        key = look.get("numFmtId", "0")
        parts = [_item(items, look.get(name, "0")) for name, items in self._lists.items()]
        return self._own.get(key) or key, [*parts, *(_digest(_canonical(c)) for c in look)]


def _item(items: list[str], number: str) -> str:
    return items[int(number)] if number.isdecimal() and int(number[:9]) < len(items) else number


def _canonical(element: Any) -> list[Any]:
    """Write an element, and all within, without what programs spell as they like."""
    flat, waiting = [], [(element, 0)]
    while waiting:  # a file may be nested deeper than Python may call
        item, depth = waiting.pop()
        attributes = sorted((k.rpartition("}")[2], v) for k, v in item.attrib.items())
        flat.append([depth, local_name(item), attributes, (item.text or "").strip()])
        waiting.extend((child, depth + 1) for child in reversed(item))
    return flat


def _digest(what: Any) -> str:
    return hashlib.sha256(json.dumps(what, ensure_ascii=True).encode()).hexdigest()
