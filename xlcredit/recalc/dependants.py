"""Which cells depend on others, read from the text of formulas.

A formula that computes its references (INDIRECT, OFFSET) may read any cell: it counts as
depending on all of them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator

from xlcredit.ooxml.book import Book, Formula
from xlcredit.ooxml.place import Place, a1, column_number
from xlcredit.ooxml.tables import plain_references

__all__ = ["Readers", "References", "circles", "dependants", "reading_themselves"]

#: Sheet (from the row 1, column 1 on), first row, first column, last row, last column.
Area = tuple[str, int, int, int, int]

_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384
#: Cells of a range that are noted one by one; larger ranges are looked through.
_SMALL = 64
_TEXT = re.compile(r'"(?:[^"]|"")*"')
_SHEET = r"(?:(?:'((?:[^']|'')+)'|([^\s'!\[\]:,()+*/^&=<>\-]+(?::[^\s'!\[\]:,()+*/^&=<>\-]+)?))!)?"
_REFERENCE = re.compile(
    _SHEET + r"(?:\$?([A-Za-z]{1,3})\$?(\d{1,7})(?::\$?([A-Za-z]{1,3})\$?(\d{1,7}))?"
    r"|\$?([A-Za-z]{1,3}):\$?([A-Za-z]{1,3})|\$?(\d{1,7}):\$?(\d{1,7}))(?![\w.(!])"
)
_WORD = re.compile(r"(?<![\w.!'\"])[^\W\d][\w.\\]*(?![\w.(!])")
#: What asks where a cell is, and not for its value: no circle, wherever it stands.
_WHERE = re.compile(
    r"(?<![\w.])(?:(?:ROWS?|COLUMNS?|AREAS|SHEETS?|ISREF|ISFORMULA|FORMULATEXT)\([^()]*\)"
    r'|CELL\("(?:address|col|filename|format|protect|row|width)",[^()]*\)|OFFSET\([^(),]*(?=,))',
    re.IGNORECASE,
)
_COMPUTED = re.compile(r"(?<![\w.])(?:INDIRECT|OFFSET)\(", re.IGNORECASE)


def dependants(book: Book, roots: Collection[Place]) -> set[Place]:
    """Find the formulas that read a cell, directly or through others.

    Parameters
    ----------
    book : Book
        The workbook.
    roots : collection of Place
        Cells; for an array, each cell that it fills.

    Returns
    -------
    set of Place
        The cells of formulas, without the roots.
    """
    if not roots:
        return set()
    readers = Readers(book)
    found: set[Place] = set()
    waiting = [*roots]
    for place in readers.computed - set(roots):
        found.add(place)
        waiting += readers.cells(place)
    while waiting:
        for place in readers.of(waiting.pop()):
            if place not in found and place not in roots:
                found.add(place)
                waiting += readers.cells(place)
    return found


def circles(book: Book, among: Collection[Place]) -> set[Place]:
    """Find the cells that depend on themselves, and those that depend on such a circle alone.

    Parameters
    ----------
    book : Book
        The workbook.
    among : collection of Place
        The cells of formulas that may stand in a circle.
    """
    if not among:
        return set()
    readers = Readers(book)
    inside = set(among)
    read_by = {
        place: {r for cell in readers.cells(place) for r in readers.of(cell) if r in inside}
        for place in inside
    }
    reads = dict.fromkeys(inside, 0)
    for those in read_by.values():
        for reader in those:
            reads[reader] += 1
    # What reads none of the others stands in no circle; without it, the same is asked again.
    free = [place for place, count in reads.items() if count == 0]
    while free:
        done = free.pop()
        inside.discard(done)
        for reader in read_by[done]:
            reads[reader] -= 1
            if reads[reader] == 0:
                free.append(reader)
    return inside


def reading_themselves(book: Book) -> list[Place]:
    """List the cells whose formula reads the cell itself, as a total does that counts itself in."""
    references = References(book)
    named: dict[Place, list[str]] = defaultdict(list)
    for name, cell in book.cell_names.items():
        named[cell].append(name.upper())
    wide = {n.name.upper() for n in book.names if not book.locate(n.text, n.sheet or "")}
    found = []
    for place, formula in book.formulas.items():
        upper = formula.text.upper()
        # most name neither their own cell nor a range, and need not be taken apart
        bare = upper.replace("$", "")
        if formula.table or not (  # a data table's own cells are no circle
            ":" in bare
            or "[" in bare
            or a1(place.row, place.column) in bare
            or any(name in upper for name in named.get(place, ()))
            or (wide and not wide.isdisjoint(_WORD.findall(upper)))
        ):
            continue
        text = _WHERE.sub("", formula.text)
        areas = references.areas(formula._replace(text=text))
        if any(
            sheet == place.sheet and top <= place.row <= bottom and left <= place.column <= right
            for sheet, top, left, bottom, right in areas
        ):
            found.append(place)
    return found


class Readers:
    """Who reads which cell."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._one: dict[Place, list[Place]] = defaultdict(list)
        self._many: dict[str, list[tuple[Area, Place]]] = defaultdict(list)
        self.computed: set[Place] = set()
        references = References(book)
        for place, formula in book.formulas.items():
            if _COMPUTED.search(_TEXT.sub("", formula.text)):
                self.computed.add(place)
            for area in references.areas(formula):
                self._note(area, place)

    def of(self, cell: Place) -> Iterator[Place]:
        """Give the formulas that read a cell."""
        yield from self._one.get(cell, ())
        for (_, top, left, bottom, right), place in self._many.get(cell.sheet, ()):
            if top <= cell.row <= bottom and left <= cell.column <= right:
                yield place

    def cells(self, place: Place) -> Iterator[Place]:
        """Give the cells that a formula fills."""
        rows, columns = self._book.formulas[place].shape or (1, 1)
        for row in range(place.row, place.row + rows):
            for column in range(place.column, place.column + columns):
                yield Place(place.sheet, row, column)

    def _note(self, area: Area, place: Place) -> None:
        sheet, top, left, bottom, right = area
        if (bottom - top + 1) * (right - left + 1) > _SMALL:
            self._many[sheet].append((area, place))
            return
        for row in range(top, bottom + 1):
            for column in range(left, right + 1):
                self._one[Place(sheet, row, column)].append(place)


class References:
    """What a formula reads."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._sheets = {name.lower(): name for name in book.sheets}
        self._names = {n.name.lower(): n.text for n in book.names}

    def areas(self, formula: Formula) -> Iterator[Area]:
        """Give the areas that a formula reads, by its text and through defined names."""
        place = formula.place
        if formula.table and formula.shape:
            rows, columns = formula.shape
            top, left = max(1, place.row - 1), max(1, place.column - 1)
            yield place.sheet, top, left, place.row + rows - 1, place.column + columns - 1
        text = plain_references(formula.text, *place, self._book.tables)
        yield from self._read(_TEXT.sub("", text), place.sheet, depth=0)

    def _read(self, text: str, home: str, depth: int) -> Iterator[Area]:
        for match in _REFERENCE.finditer(text):
            yield from self._area(match, home)
        for word in _WORD.findall(text):
            lower = word.lower()
            if lower in self._names and depth < 8:
                yield from self._read(_TEXT.sub("", self._names[lower]), home, depth + 1)

    def _area(self, match: re.Match[str], home: str) -> Iterator[Area]:
        quoted, bare, c1, r1, c2, r2, first, last, top, bottom = match.groups()
        if r1:
            rows = sorted((int(r1), int(r2 or r1)))
            columns = sorted((column_number(c1.upper()), column_number((c2 or c1).upper())))
        elif first:
            rows = [1, _LAST_ROW]
            columns = sorted((column_number(first.upper()), column_number(last.upper())))
        else:
            rows, columns = sorted((int(top), int(bottom))), [1, _LAST_COLUMN]
        for sheet in self._named((quoted or "").replace("''", "'") or bare or home):
            yield sheet, rows[0], columns[0], rows[1], columns[1]

    def _named(self, sheet: str) -> list[str]:
        """Give the sheet of that name, or those from one to another."""
        if one := self._sheets.get(sheet.lower()):
            return [one]
        order = list(self._sheets)
        first, _, last = sheet.lower().partition(":")
        if first not in order or last not in order:
            return []
        start, stop = sorted((order.index(first), order.index(last)))
        return [self._sheets[name] for name in order[start : stop + 1]]
