"""The workbook as the rules look at it: formulas in groups, values, and how the sheets look."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from openpyxl.formula.tokenizer import Token
from openpyxl.styles.numbers import BUILTIN_FORMATS

from xlcredit.errors import FileError, RecalcError
from xlcredit.numerals import whole
from xlcredit.ooxml.book import Book, Name
from xlcredit.ooxml.elements import local_name
from xlcredit.ooxml.formulas import Group, groups, tokenise
from xlcredit.ooxml.package import Package
from xlcredit.ooxml.place import LAST_COLUMN, Place, column_letters, extent
from xlcredit.ooxml.values import Value

__all__ = ["Layout", "Subject"]

_GENERAL = "General"
#: Excel takes no longer one; to split what no Excel wrote could take for ever.
_LONGEST_FORMULA = 8_192
_BUILTIN = {str(number): code for number, code in BUILTIN_FORMATS.items()}


@dataclass
class Layout:
    """How a sheet looks: what is hidden or merged, and the number format of each cell."""

    hidden: list[str] = field(default_factory=list)
    """Rows and columns, such as ``7:9`` and ``C:D``."""
    merged: list[str] = field(default_factory=list)
    formats: dict[tuple[int, int], str] = field(default_factory=dict)


class Subject:
    """A workbook to be looked at.

    Parameters
    ----------
    source : Path or Package
        The file, or the file as it was read.
    """

    def __init__(self, source: Path | Package) -> None:
        self.book = Book(source if isinstance(source, Package) else Package(source))
        self.groups = groups(self.book)
        self._tokens: dict[str, list[Token]] = {}

    def tokens(self, group: Group) -> list[Token]:
        """Split a formula into tokens; none if it is no formula that can be read."""
        text = group.formula.text
        if len(text) > _LONGEST_FORMULA:
            return []
        if text not in self._tokens:
            try:
                self._tokens[text] = tokenise(group.formula)
            except RecalcError:
                self._tokens[text] = []
        return self._tokens[text]

    def functions(self, group: Group) -> set[str]:
        """Name the functions that a formula calls, in capitals."""
        opening = (t for t in self.tokens(group) if t.type == t.FUNC and t.subtype == t.OPEN)
        return {t.value[:-1].upper().removeprefix("_XLFN.") for t in opening}

    @cached_property
    def names(self) -> dict[str, Name]:
        """The defined names, in small letters."""
        return {name.name.lower(): name for name in self.book.names}

    @cached_property
    def filled(self) -> dict[str, set[tuple[int, int]]]:
        """Cells that hold a constant or a formula, or are filled by one."""
        filled = {name: set(cells) for name, cells in self.book.constants.items()}
        for place in [*self.book.formulas, *self.book.members]:
            filled[place.sheet].add((place.row, place.column))
        return filled

    @cached_property
    def values(self) -> dict[Place, Value]:
        """What every filled cell shows."""
        return {
            place: self.book.saved(place)
            for name, cells in self.filled.items()
            for place in (Place(name, *key) for key in sorted(cells))
        }

    @cached_property
    def layouts(self) -> dict[str, Layout]:
        """The look of every sheet."""
        formats = self._formats()
        return {name: self._layout(name, part, formats) for name, part in self.book.parts.items()}

    def _layout(self, name: str, part: str, formats: list[str]) -> Layout:
        try:
            return _layout(self.book.package.root(part), formats)
        except ValueError as error:
            path = self.book.package.path
            raise FileError(f"{path} is damaged: sheet {name}: {error}") from error

    @property
    def hidden_sheets(self) -> Iterator[str]:
        """Sheets that are not shown."""
        root = self.book.package.root(self.book.part)
        for sheet in root.iter():
            if local_name(sheet) == "sheet" and sheet.get("state", "visible") != "visible":
                yield sheet.get("name")

    def _formats(self) -> list[str]:
        """Read the number format of each style."""
        part = str(Path(self.book.part).parent / "styles.xml")
        if part not in self.book.package:
            return []
        own: dict[str, str] = {}
        used: list[str] = []
        for group in self.book.package.root(part):
            if local_name(group) == "numFmts":
                own = {f.get("numFmtId", ""): f.get("formatCode", "") for f in group}
            elif local_name(group) == "cellXfs":
                numbers = (look.get("numFmtId", "0") for look in group)
                used = [own.get(n) or _BUILTIN.get(n, _GENERAL) for n in numbers]
        return used


def _layout(root: Any, formats: list[str]) -> Layout:
    layout = Layout()
    for element in root.iter():
        match local_name(element):
            case "row" if _on(element, "hidden"):
                number = element.get("r", "?")
                layout.hidden.append(f"{number}:{number}")
            case "col" if _on(element, "hidden"):
                first, last = (_column(element.get(k, "")) for k in ("min", "max"))
                layout.hidden.append(f"{first}:{last}")
            case "mergeCell":
                layout.merged.append(element.get("ref", ""))
            case "c" if element.get("r"):
                row, column, *_ = extent(element.get("r"))
                style = whole(element.get("s", "0"))
                layout.formats[row, column] = formats[style] if style < len(formats) else _GENERAL
    return layout


def _column(number: str) -> str:
    if not 0 < (column := whole(number)) <= LAST_COLUMN:
        raise ValueError(f"there is no column {column}")
    return column_letters(column)


def _on(element: Any, attribute: str) -> bool:
    return element.get(attribute, "0") in ("1", "true")
