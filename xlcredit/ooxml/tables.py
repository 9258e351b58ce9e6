"""Tables of a workbook, and references to them written as cell ranges.

``Debt[[#This Row],[Balance]]`` is stored by name; engines read ``Debt!$C$7`` alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from xlcredit.ooxml.place import a1, quoted

__all__ = ["Table", "plain_references"]

#: Outside of text and quoted names: the name of a table, or a bracket.
_OPENS = re.compile(
    r"\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'(?:!|(?=$))|"
    r"(?P<name>(?<![\w.\\])[^\W\d][\w.\\]*)?(?P<bracket>\[)|"
    r"(?P<word>(?<![\w.\\!\[])[^\W\d][\w.\\]*)(?![\w.\\(!\[])"
)
_LINK = re.compile(r"\[\d+\][^\s\[\]()+*/^&=<>,-]*!|\[\d+\]!")
_SPECIAL = {"#all", "#data", "#headers", "#totals", "#this row"}
_NOTHING = "#REF!"


class Table(NamedTuple):
    """A table: its place, what frames its data, and its columns from left to right."""

    name: str
    sheet: str
    top: int
    left: int
    bottom: int
    right: int
    headers: int
    totals: int
    columns: tuple[str, ...]

    def column(self, name: str) -> int | None:
        """Find the worksheet column of a table's column."""
        lower = name.lower()
        for i, column in enumerate(self.columns):
            if column.lower() == lower:
                return self.left + i
        return None


@dataclass
class _Reference:
    """What stands between the brackets."""

    special: set[str]
    columns: list[str]


def plain_references(
    text: str, sheet: str, row: int, column: int, tables: Mapping[str, Table]
) -> str:
    """Write the table references of a formula as cell ranges.

    Parameters
    ----------
    text : str
        The formula, without the equals sign.
    sheet : str
        The sheet on which it stands.
    row, column : int
        Its cell, for ``[#This Row]`` and for columns named without their table.
    tables : mapping
        The tables of the workbook by their names in small letters.

    Returns
    -------
    str
        The formula; a reference to what the table does not have is ``#REF!``.

    Examples
    --------
    >>> table = Table("Debt", "S", 1, 1, 4, 2, 1, 1, ("Month", "Balance"))
    >>> plain_references("SUM(Debt[Balance])", "S", 9, 9, {"debt": table})
    'SUM(S!$B$2:$B$3)'
    """
    if not tables:
        return text
    pieces, done = [], 0
    at = 0
    while match := _OPENS.search(text, at):
        at = match.end()
        if match["word"]:
            if table := tables.get(match["word"].lower()):
                pieces += [text[done : match.start()], _area(table, _Reference(set(), []), row)]
                done = at
        elif match["bracket"]:
            end = _closing(text, match.start("bracket"))
            if end < 0 or _LINK.match(text, match.start("bracket")):
                continue
            at = end
            table = _table(match["name"], sheet, row, column, tables)
            if table is None:
                continue
            reference = _read(text[match.start("bracket") + 1 : end - 1])
            own = table.sheet == sheet
            pieces += [text[done : match.start()], _area(table, reference, row, own=own)]
            done = at
    return "".join([*pieces, text[done:]])


def _table(
    name: str | None, sheet: str, row: int, column: int, tables: Mapping[str, Table]
) -> Table | None:
    if name:
        return tables.get(name.lower())
    for table in tables.values():
        inside = table.top <= row <= table.bottom and table.left <= column <= table.right
        if table.sheet == sheet and inside:
            return table
    return None


def _closing(text: str, start: int) -> int:
    """Find the end of a bracket; an apostrophe takes the meaning from the next character."""
    depth = 0
    i = start
    while i < len(text):
        if text[i] == "'":
            i += 1
        elif text[i] == "[":
            depth += 1
        elif text[i] == "]":
            depth -= 1
            if depth == 0:
                return i + 1
        i += 1
    return -1


def _read(inside: str) -> _Reference:
    """Read ``Balance``, ``[#This Row],[Balance]``, ``[First]:[Last]`` or ``@Balance``."""
    reference = _Reference(set(), [])
    text = inside.strip()
    if text.startswith("@"):
        reference.special.add("#this row")
        text = text[1:].strip()
    items = list(_items(text)) if text.startswith("[") else [text] if text else []
    for item in items:
        if item.lower() in _SPECIAL:
            reference.special.add(item.lower())
        else:
            reference.columns.append(re.sub(r"'(.)", r"\1", item))
    return reference


def _items(text: str) -> Iterator[str]:
    at = 0
    while (start := text.find("[", at)) >= 0:
        end = _closing(text, start)
        if end < 0:
            return
        yield text[start + 1 : end - 1]
        at = end


def _area(table: Table, reference: _Reference, row: int, *, own: bool = True) -> str:
    rows = _rows(table, reference.special, row, own=own)
    if rows is None:
        return "#VALUE!" if "#this row" in reference.special else _NOTHING
    left, right = table.left, table.right
    if reference.columns:
        found = [table.column(c) for c in reference.columns]
        known = [c for c in found if c is not None]
        if len(known) < len(found):
            return _NOTHING
        left, right = min(known), max(known)
    first, last = _fixed(rows[0], left), _fixed(rows[1], right)
    return f"{quoted(table.sheet)}!{first}" + (f":{last}" if first != last else "")


def _rows(table: Table, special: set[str], row: int, *, own: bool) -> tuple[int, int] | None:
    first, last = table.top + table.headers, table.bottom - table.totals
    if "#this row" in special:
        return (row, row) if own and first <= row <= last else None
    if "#all" in special:
        return table.top, table.bottom
    spans = []
    if "#headers" in special:
        spans.append((table.top, table.top) if table.headers else None)
    if "#totals" in special:
        spans.append((table.bottom, table.bottom) if table.totals else None)
    if "#data" in special or not spans:
        spans.append((first, last))
    known = [s for s in spans if s is not None]
    if len(known) < len(spans):
        return None
    return min(s[0] for s in known), max(s[1] for s in known)


def _fixed(row: int, column: int) -> str:
    return re.sub(r"([A-Z]+)(\d+)", r"$\1$\2", a1(row, column))
