"""Defined names that engines do not read: their text is put in their place.

Excel stores a name that is relative to the cell (``=A1*2``) as it reads from A1; a name may be a
union of ranges, and may use other names. Engines know neither, so where a formula mentions such
a name it gets the name's text, in brackets and as it reads from the formula's own cell.
"""

from __future__ import annotations

import contextlib
import re
from functools import cached_property

from xlcredit.errors import RecalcError
from xlcredit.ooxml.book import Book, Formula, Name
from xlcredit.ooxml.place import Place, column_letters, column_number

__all__ = ["Naming"]

_ROWS, _COLUMNS = 1_048_576, 16_384
#: Names that use names that use names; a circle of them ends here.
_DEEPEST = 64
#: Characters of a name, or a formula, with the names in it: each may double what it uses, so that
#: thirty short ones could ask for more than any machine has.
_LONGEST = 1 << 14
#: Brackets around a union.
_BRACKETS = 12
_QUOTED = r"\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'!?|\[[^\]]*\]"
_WORD = re.compile(_QUOTED + r"|(?<![\w.\\!$])(?P<word>[^\W\d][\w.\\?]*)(?![\w.\\?(!\[$:])")
_CELL = re.compile(
    _QUOTED + r"|(?<![\w.$\\])(?P<fixed_column>\$?)(?P<column>[A-Za-z]{1,3})"
    r"(?P<fixed_row>\$?)(?P<row>[0-9]{1,7})(?![\w.(!\\])"
)
_ENDLESS = (
    f"names that use each other in a circle, more than {_DEEPEST} deep or with more than "
    f"{_LONGEST:,} characters are not calculated"
)


class Naming:
    """The names of a workbook, for one engine.

    Parameters
    ----------
    book : Book
        The workbook.
    """

    def __init__(self, book: Book) -> None:
        self._names: dict[tuple[str | None, str], Name] = {
            (n.sheet.lower() if n.sheet else None, n.name.lower()): n for n in book.names
        }
        self._read: dict[Name, tuple[str, int]] = {}

    def formula(self, text: str, place: Place) -> str:
        """Put the text of names in their place, where engines cannot read the name."""
        if not self._inlined:
            return text
        return self._replaced(text, place.sheet, place.row - 1, place.column - 1)

    def definition(self, name: Name) -> str:
        """Give the text of a name without other names in it; RecalcError if that has no end."""
        return self._expanded(name, ())[0]

    def problem(self, formula: Formula) -> str:
        """Say why a formula cannot be written without the names that engines do not read."""
        if not self._inlined:
            return ""
        sheet = formula.place.sheet
        words = (match["word"] for match in _WORD.finditer(formula.text))
        length = sum(len(self._inner(word, sheet) or "") for word in words if word)
        if length > _LONGEST:
            return f"the formula, with the names in it, has more than {_LONGEST:,} characters"
        return ""

    @cached_property
    def _inlined(self) -> dict[tuple[str | None, str], str]:
        """The names that cannot stand in a formula, with their text."""
        found = {}
        for key, name in self._names.items():
            with contextlib.suppress(RecalcError):
                text = self.definition(name)
                if _is_relative(text) or _is_union(text) or text[:1] == "{":
                    found[key] = text
        return found

    def _inner(self, word: str, sheet: str) -> str | None:
        """Give the text of a name that cannot stand in a formula on a sheet."""
        own = sheet.lower(), word.lower()
        if own in self._names:
            return self._inlined.get(own)
        return self._inlined.get((None, word.lower()))

    def _replaced(self, text: str, sheet: str, down: int, right: int) -> str:
        def put(match: re.Match[str]) -> str:
            word = match["word"]
            if word is None:
                return match.group()
            inner = self._inner(word, sheet)
            return word if inner is None else f"({_moved(inner, down, right)})"

        return _WORD.sub(put, text)

    def _expanded(self, name: Name, users: tuple[Name, ...]) -> tuple[str, int]:
        """Give the text without other names, and how deep they used each other."""
        if name in self._read:
            return self._read[name]
        if "LAMBDA(" in name.text.upper():
            return name.text, 0
        if name in users or len(users) > _DEEPEST:
            raise RecalcError(_ENDLESS)
        deepest = length = 0

        def put(match: re.Match[str]) -> str:
            nonlocal deepest, length
            word = match["word"]
            sheet = name.sheet.lower() if name.sheet else None
            if word is None:
                return match.group()
            inner = self._names.get((sheet, word.lower())) or self._names.get((None, word.lower()))
            if inner is None or inner is name:
                return word
            text, depth = self._expanded(inner, (*users, name))
            deepest, length = max(deepest, depth + 1), length + len(text)
            if deepest > _DEEPEST or length > _LONGEST:
                raise RecalcError(_ENDLESS)
            return text if match.span() == (0, len(name.text)) else f"({text})"

        self._read[name] = _WORD.sub(put, name.text), deepest
        return self._read[name]


def _is_relative(text: str) -> bool:
    """Whether a name reads other cells from each cell: a reference in it is not fixed."""
    return any(
        m["row"] and not (m["fixed_column"] and m["fixed_row"]) for m in _CELL.finditer(text)
    )


def _is_union(text: str) -> bool:
    for _ in range(_BRACKETS):
        if _joins(text):
            return True
        if not (text.startswith("(") and text.endswith(")")):
            return False
        text = text[1:-1]
    return False


def _joins(text: str) -> bool:
    """Whether a comma stands outside all brackets."""
    depth = 0
    for match in re.finditer(_QUOTED + r"|[(){},]", text):
        depth += match.group() in ("(", "{")
        depth -= match.group() in (")", "}")
        if match.group() == "," and depth == 0:
            return True
    return False


def _moved(text: str, down: int, right: int) -> str:
    """Read a formula of A1 from another cell; the sheet's end continues at its start."""

    def move(match: re.Match[str]) -> str:
        if match["row"] is None:
            return match.group()
        row, column = int(match["row"]), column_number(match["column"].upper())
        if not match["fixed_row"]:
            row = (row - 1 + down) % _ROWS + 1
        if not match["fixed_column"]:
            column = (column - 1 + right) % _COLUMNS + 1
        letters = column_letters(column)
        return f"{match['fixed_column']}{letters}{match['fixed_row']}{row}"

    return _CELL.sub(move, text)
