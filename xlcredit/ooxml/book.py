"""A workbook as it is read: constants, formulas, names and settings."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from openpyxl.formula.translate import Translator

from xlcredit.errors import CODES, CellError, FileError
from xlcredit.garbage import uncollected
from xlcredit.numerals import decimal, whole
from xlcredit.ooxml.elements import children_of, first_of, text_of
from xlcredit.ooxml.package import Package
from xlcredit.ooxml.place import LAST_COLUMN, LAST_ROW, Area, Place, a1, extent
from xlcredit.ooxml.relations import related, relations_of
from xlcredit.ooxml.scanning import scan
from xlcredit.ooxml.shared import written_out
from xlcredit.ooxml.sheet import Cell, Sheet
from xlcredit.ooxml.tables import Table
from xlcredit.ooxml.values import Value, unquote
from xlcredit.serials import serial

__all__ = ["Book", "Formula", "Name", "Place"]

_CELL = re.compile(
    r"(?:(?:'((?:[^']|'')+)'|([^'!\[\]:,()\s]+))!)?(\$?[A-Za-z]{1,3}\$?[0-9]{1,7})"
    r"(?::(\$?[A-Za-z]{1,3}\$?[0-9]{1,7}))?\Z"
)
#: Cells of one array formula, which has hundreds for a schedule, and of all of them.
_LARGEST_ARRAY = 100_000
_LARGEST_ARRAYS = 500_000
#: Excel stops at 31 characters, others later.
_LONGEST_SHEET_NAME = 255
#: Excel takes no more rounds than this for circular formulas.
_MOST_ROUNDS = 32_767
_TRUTHS = {"1": True, "true": True, "0": False, "false": False}
_MOST_CELLS = 3_000_000
_CELL_TAGS = (b"<c ", b"<c>", b"<c/>", b":c ", b":c>")
_LONGEST_STRING = 32_767
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"


class Formula(NamedTuple):
    """A formula and how far its result may reach."""

    place: Place
    text: str
    """As stored, without the leading equals sign."""
    shape: tuple[int, int] | None = None
    """Rows and columns of an array formula as stored."""
    dynamic: bool = False
    """Whether the result spills as far as it needs; otherwise an array has a fixed extent."""
    table: bool = False
    """Whether this is a data table, which has no formula text."""

    def __str__(self) -> str:
        return f"={self.text}"


@dataclass(frozen=True)
class Name:
    """A defined name: for a cell, a range, a constant or a formula."""

    name: str
    text: str
    sheet: str | None = None
    """The sheet it belongs to, or None if the whole workbook can see it."""
    comment: str = ""
    """What the name manager says of it; ours says the unit."""


class Book:
    """A workbook, read and not yet calculated.

    Parameters
    ----------
    package : Package
        The file.
    """

    def __init__(self, package: Package) -> None:
        self.package = package
        self.part = self._find_workbook()
        self._root = package.root(self.part)
        self.parts = dict(self._find_sheets())
        self._refuse_too_many_cells()
        with uncollected():
            self.sheets: dict[str, Sheet] = {
                name: scan(package.read(part), f"{package.path}: {part}")
                for name, part in self.parts.items()
            }

    def _refuse_too_many_cells(self) -> None:
        """Refuse a workbook that a laptop has no memory for, before it is read."""
        parts = [self.package.read(part) for part in set(self.parts.values())]
        cells = sum(part.count(tag) for part in parts for tag in _CELL_TAGS)
        if cells > _MOST_CELLS:
            raise FileError(
                f"{self.package.path} holds {cells:,} cells; more than {_MOST_CELLS:,} are not read"
            )

    @contextmanager
    def _reading(self, what: str) -> Iterator[None]:
        """Say which piece of the file makes no sense."""
        try:
            yield
        except (ValueError, LookupError) as error:
            raise self._damaged(what) from error

    def _damaged(self, what: str) -> FileError:
        return FileError(f"{self.package.path} is damaged: {what} cannot be read")

    # --- the workbook part ------------------------------------------------------------------

    def _find_workbook(self) -> str:
        for relation in self.package.root("_rels/.rels"):
            if relation.get("Type", "").endswith("/officeDocument"):
                part: str = relation.get("Target", "").lstrip("/")
                if "workbook" in PurePosixPath(part).name:
                    return part
        raise FileError(f"{self.package.path}: is not a workbook; it is another Office document")

    def _find_sheets(self) -> Iterator[tuple[str, str]]:
        relations, seen = related(self.package, self.part), set[str]()
        for sheet in children_of(self._root, "sheets"):
            key = sheet.get(_RELATION) or sheet.get(_STRICT) or ""
            relation = relations.get(key)
            name = sheet.get("name", "")
            if not 0 < len(name) <= _LONGEST_SHEET_NAME or name.lower() in seen:
                raise FileError(f"{self.package.path} is damaged: {_bad_name(name)}")
            seen.add(name.lower())
            if relation is not None and relation.kind == "worksheet":
                yield name, relation.part

    @property
    def sheet_order(self) -> list[str]:
        """The names of all sheets, chart sheets among them, as the file counts them."""
        return [s.get("name") for s in children_of(self._root, "sheets")]

    @cached_property
    def names(self) -> list[Name]:
        """The defined names, without Excel's own such as print areas."""
        order = self.sheet_order
        names = []
        for item in children_of(self._root, "definedNames"):
            name, scope = item.get("name", ""), item.get("localSheetId")
            if not name:
                raise FileError(f"{self.package.path} is damaged: a defined name has no name")
            if not name.startswith("_xl"):
                with self._reading(f"the name {name}"):
                    sheet = order[whole(scope)] if scope is not None else None
                text = (item.text or "").strip().removeprefix("=")
                names.append(Name(name, text, sheet, item.get("comment", "")))
        return names

    @cached_property
    def tables(self) -> dict[str, Table]:
        """The tables, by their names in small letters."""
        found = {}
        for sheet, owner in self.parts.items():
            if relations_of(owner) not in self.package:
                continue
            for relation in related(self.package, owner).values():
                if relation.kind == "table" and relation.part in self.package:
                    with self._reading(f"the table in {relation.part}"):
                        table = _table(self.package.root(relation.part), sheet)
                    found[table.name.lower()] = table
        return found

    @cached_property
    def cell_names(self) -> dict[str, Place]:
        """The names that stand for one cell, wherever they are said."""
        found = {n.name: self.locate(n.text, n.sheet or "") for n in self._said.values()}
        return {name: place for name, place in found.items() if place}

    def area(self, name: str) -> Area | None:
        """Find the area that a defined name of the workbook stands for."""
        named = (n for n in self.names if n.name == name and n.sheet is None)
        found = next(named, None)
        return self.area_of(found) if found else None

    def area_of(self, name: Name) -> Area | None:
        """Find the cells that a name stands for; None if it is a constant or a formula."""
        match = _CELL.match(name.text)
        if not match:
            return None
        quoted, bare, first, last = match.groups()
        target = (quoted.replace("''", "'") if quoted else bare or "").lower()
        sheet = next((s for s in self.sheets if s.lower() == target), None)
        return Area(sheet, *extent(f"{first}:{last or first}".upper())) if sheet else None

    @cached_property
    def uses_1904_dates(self) -> bool:
        """Whether serials count from 1904, as old Macs did."""
        settings = first_of(self._root, "workbookPr")
        return settings.get("date1904", "0") in ("1", "true")

    @property
    def as_displayed(self) -> bool:
        """Whether Excel calculates with the numbers as their formats round them."""
        settings = first_of(self._root, "calcPr")
        return settings.get("fullPrecision", "1") in ("0", "false")

    @property
    def iteration(self) -> tuple[int, float] | None:
        """Most rounds and least change for circular formulas, if the workbook allows them."""
        settings = first_of(self._root, "calcPr")
        if settings.get("iterate", "0") not in ("1", "true"):
            return None
        with self._reading("the number of iterations"):
            rounds = whole(settings.get("iterateCount", "100"))
            change = decimal(settings.get("iterateDelta", "0.001"))
            if not 0 < rounds <= _MOST_ROUNDS or change < 0:
                raise ValueError(f"{rounds} rounds until a change of {change}")
        return rounds, change

    @cached_property
    def _strings(self) -> list[str]:
        relations = related(self.package, self.part).values()
        parts = [r.part for r in relations if r.kind == "sharedStrings"]
        if not parts or parts[0] not in self.package:
            return []
        strings = [text_of(item) for item in self.package.root(parts[0])]
        longest = max(map(len, strings), default=0)
        if longest > _LONGEST_STRING:
            raise FileError(
                f"{self.package.path} holds a text of {longest:,} characters; a cell holds "
                f"{_LONGEST_STRING:,}"
            )
        return strings

    # --- cells ------------------------------------------------------------------------------

    def locate(self, reference: str, sheet: str) -> Place | None:
        """Find the cell that ``B4``, ``Debt!$B$4`` or a name of one cell stands for, else None."""
        match = _CELL.match(reference)
        if not match:
            return self._named(reference)
        quoted, bare, first, last = match.groups()
        target = quoted.replace("''", "'") if quoted else bare or sheet
        target = next((s for s in self.sheets if s.lower() == target.lower()), None)
        top, left, bottom, right = extent(f"{first}:{last or first}".upper())
        inside = 0 < bottom <= LAST_ROW and right <= LAST_COLUMN
        if target is None or (top, left) != (bottom, right) or not inside:
            return None
        return Place(target, top, left)

    def is_area(self, text: str) -> bool:
        """Whether a name's text is one cell or one range of a sheet."""
        match = _CELL.match(text)
        return match is not None and bool(match[1] or match[2])

    def find(self, key: str) -> Place | None:
        """Find what a person calls a cell: a name, ``Inputs!C4`` or ``Cash flow!C4``."""
        sheet, _, reference = key.rpartition("!")
        if not sheet:
            return self._named(key)
        sheet = sheet.strip("'").replace("''", "'")
        return self.locate(reference, sheet) if _CELL.match(reference) else None

    def _named(self, name: str) -> Place | None:
        said = self._said.get(name.lower())
        match = _CELL.match(said.text) if said else None
        return self.locate(said.text, said.sheet or "") if said and match else None

    @cached_property
    def _said(self) -> dict[str, Name]:
        """What is meant by a name alone, in small letters: the workbook's, or the only one.

        A sheet that was copied has names of its own, which mean something else on each.
        """
        found: dict[str, list[Name]] = defaultdict(list)
        for name in self.names:
            found[name.name.lower()].append(name)
        own = {key: [n for n in names if n.sheet is None] or names for key, names in found.items()}
        return {key: n[0] for key, n in own.items() if n[0].sheet is None or len(n) == 1}

    def value(self, cell: Cell) -> Value:
        """Read what a cell shows: its constant, or its formula's value when it was saved."""
        try:
            return self._value(cell)
        except (ValueError, LookupError) as error:
            raise self._damaged(f"the value of {a1(cell.row, cell.column)}") from error

    def _value(self, cell: Cell) -> Value:
        text = cell.text
        if text is None or (text == "" and cell.kind not in ("str", "inlineStr")):
            return None
        match cell.kind:
            case "n":
                value: Value = decimal(text)
            case "s":
                value = self._strings[whole(text.strip())]
            case "b":
                value = _TRUTHS[text.strip()]
            case "d":
                value = serial(dt.datetime.fromisoformat(text))
            case "e":
                value = CellError(text if text in CODES else "#VALUE!", "the cell holds this error")
            case "str" | "inlineStr":
                value = unquote(text)
            case other:
                raise ValueError(f"{other} is no kind of cell")
        return value

    @cached_property
    def formulas(self) -> dict[Place, Formula]:
        """Every formula, sheet by sheet and row by row."""
        return {f.place: f for name in self.sheets for f in self._read_formulas(name)}

    def _read_formulas(self, name: str) -> Iterator[Formula]:
        shared: dict[str, Translator] = {}
        for (row, column), cell in self.sheets[name].cells.items():
            if cell.formula is None:
                continue
            place, kind = Place(name, row, column), cell.options.get("t")
            if kind == "dataTable":
                yield Formula(place, "TABLE()", self._shape(place, cell), table=True)
            elif kind == "array":
                yield Formula(place, cell.formula, self._shape(place, cell), cell.dynamic)
            elif kind == "shared":
                yield Formula(place, written_out(cell, shared))
            elif cell.formula:
                yield Formula(place, cell.formula)
            # Excel leaves an empty <f ca="1"/> in cells that another cell's array fills.

    def _shape(self, place: Place, cell: Cell) -> tuple[int, int]:
        with self._reading(f"the extent of the array formula in {place}"):
            top, left, bottom, right = extent(cell.options.get("ref", a1(*place[1:])))
            shape = (bottom - top + 1, right - left + 1)
            whole_area = min(shape) > 0 and bottom <= LAST_ROW and right <= LAST_COLUMN
            if (top, left) != place[1:] or not whole_area or shape[0] * shape[1] > _LARGEST_ARRAY:
                raise ValueError(shape)
        return shape

    @cached_property
    def members(self) -> dict[Place, Place]:
        """Cells that an array formula fills, each with the cell of that formula."""
        members = {}
        shapes = (formula.shape or (0, 0) for formula in self.formulas.values())
        if sum(rows * columns for rows, columns in shapes) > _LARGEST_ARRAYS:
            raise FileError(
                f"{self.package.path}: its array formulas fill more than {_LARGEST_ARRAYS:,} cells"
            )
        for place, formula in self.formulas.items():
            rows, columns = formula.shape or (1, 1)
            for row in range(place.row, place.row + rows):
                for column in range(place.column, place.column + columns):
                    member = Place(place.sheet, row, column)
                    if member not in self.formulas:
                        members[member] = place
        return members

    @cached_property
    def constants(self) -> Mapping[str, dict[tuple[int, int], Value]]:
        """The values typed into cells, by sheet."""
        members = {tuple(place) for place in self.members}
        return {
            name: {
                key: value
                for key, cell in sheet.cells.items()
                if cell.formula is None
                and cell.text is not None
                and not (members and (name, *key) in members)
                and (value := self.value(cell)) is not None
            }
            for name, sheet in self.sheets.items()
        }

    def saved(self, place: Place) -> Value:
        """Read the value that was saved with a formula; None if there was none, or no sheet."""
        sheet = self.sheets.get(place.sheet)
        cell = sheet.cells.get((place.row, place.column)) if sheet else None
        return self.value(cell) if cell else None


def _table(root: Any, sheet: str) -> Table:
    columns = tuple(unquote(c.get("name", "")) for c in children_of(root, "tableColumns"))
    return Table(
        root.get("displayName") or root.get("name", ""),
        sheet,
        *extent(root.get("ref", "")),
        whole(root.get("headerRowCount", "1")),
        whole(root.get("totalsRowCount", "0")),
        columns,
    )


def _bad_name(name: str) -> str:
    if not name:
        return "a sheet has no name"
    if len(name) > _LONGEST_SHEET_NAME:
        return f"a sheet's name has {len(name):,} characters"
    return f"two sheets are called {name}"
