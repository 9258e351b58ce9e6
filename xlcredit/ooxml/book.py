"""A workbook as it is read: constants, formulas, names and settings."""

from __future__ import annotations

import datetime as dt
import posixpath
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from openpyxl.formula.translate import Translator

from xlcredit.errors import CODES, CellError, FileError
from xlcredit.ooxml.package import Package
from xlcredit.ooxml.sheet import Cell, Sheet, extent, scan
from xlcredit.ooxml.tables import Table
from xlcredit.ooxml.values import Value, a1, address, serial, unquote

__all__ = ["Book", "Formula", "Name", "Place"]

_CELL = re.compile(
    r"(?:(?:'((?:[^']|'')+)'|([^'!\[\]:,()\s]+))!)?(\$?[A-Za-z]{1,3}\$?[0-9]+)"
    r"(?::(\$?[A-Za-z]{1,3}\$?[0-9]+))?\Z"
)
#: Cells of one array formula; a schedule has hundreds.
_LARGEST_ARRAY = 1_000_000
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"


class Place(NamedTuple):
    """One cell of a workbook; in row 0, the formula of the defined name called ``sheet``."""

    sheet: str
    row: int
    column: int

    def __str__(self) -> str:
        return address(*self) if self.row else f"the name {self.sheet}"


@dataclass(frozen=True, slots=True)
class Formula:
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
        self.sheets: dict[str, Sheet] = {
            name: scan(package.read(part), f"{package.path}: {part}")
            for name, part in self.parts.items()
        }

    @contextmanager
    def _reading(self, what: str) -> Iterator[None]:
        """Say which piece of the file makes no sense."""
        try:
            yield
        except (ValueError, IndexError) as error:
            raise FileError(f"{self.package.path} is damaged: {what} cannot be read") from error

    # --- the workbook part ------------------------------------------------------------------

    def _find_workbook(self) -> str:
        for relation in self.package.root("_rels/.rels"):
            if relation.get("Type", "").endswith("/officeDocument"):
                part: str = relation.get("Target", "").lstrip("/")
                if "workbook" in PurePosixPath(part).name:
                    return part
        raise FileError(f"{self.package.path}: is not a workbook; it is another Office document")

    def _related(self, owner: str = "") -> dict[str, tuple[str, str]]:
        """Read the relationships of a part, or of the workbook: id -> (kind, part)."""
        folder = PurePosixPath(owner or self.part).parent
        rels = str(folder / "_rels" / (PurePosixPath(owner or self.part).name + ".rels"))
        related = {}
        for relation in self.package.root(rels) if not owner or rels in self.package else ():
            target = relation.get("Target", "")
            path = posixpath.normpath(posixpath.join(str(folder), target))
            part = target.lstrip("/") if target.startswith("/") else path
            kind = relation.get("Type", "").rpartition("/")[2]
            related[relation.get("Id", "")] = (kind, part)
        return related

    def _find_sheets(self) -> Iterator[tuple[str, str]]:
        related = self._related()
        for sheet in _children(self._root, "sheets"):
            key = sheet.get(_RELATION) or sheet.get(_STRICT) or ""
            kind, part = related.get(key, ("", ""))
            if kind == "worksheet":
                yield sheet.get("name"), part

    @property
    def sheet_order(self) -> list[str]:
        """The names of all sheets, chart sheets among them, as the file counts them."""
        return [s.get("name") for s in _children(self._root, "sheets")]

    @cached_property
    def names(self) -> list[Name]:
        """The defined names, without Excel's own such as print areas."""
        order = self.sheet_order
        names = []
        for item in _children(self._root, "definedNames"):
            name, scope = item.get("name", ""), item.get("localSheetId")
            if not name.startswith("_xl"):
                with self._reading(f"the name {name}"):
                    sheet = order[int(scope)] if scope is not None else None
                names.append(Name(name, (item.text or "").strip().removeprefix("="), sheet))
        return names

    @cached_property
    def tables(self) -> dict[str, Table]:
        """The tables, by their names in small letters."""
        found = {}
        for sheet, owner in self.parts.items():
            for kind, part in self._related(owner).values():
                if kind == "table" and part in self.package:
                    with self._reading(f"the table in {part}"):
                        table = _table(self.package.root(part), sheet)
                    found[table.name.lower()] = table
        return found

    @cached_property
    def cell_names(self) -> dict[str, Place]:
        """The names that stand for one cell; those of the workbook win over those of a sheet."""
        found = {}
        for name in sorted(self.names, key=lambda n: n.sheet is None):
            if place := self.locate(name.text, name.sheet or ""):
                found[name.name] = place
        return found

    @property
    def uses_1904_dates(self) -> bool:
        """Whether serials count from 1904, as old Macs did."""
        settings = _first(self._root, "workbookPr")
        return settings.get("date1904", "0") in ("1", "true")

    @property
    def as_displayed(self) -> bool:
        """Whether Excel calculates with the numbers as their formats round them."""
        settings = _first(self._root, "calcPr")
        return settings.get("fullPrecision", "1") in ("0", "false")

    @property
    def iteration(self) -> tuple[int, float] | None:
        """Most rounds and least change for circular formulas, if the workbook allows them."""
        settings = _first(self._root, "calcPr")
        if settings.get("iterate", "0") not in ("1", "true"):
            return None
        with self._reading("the number of iterations"):
            return int(settings.get("iterateCount", 100)), float(settings.get("iterateDelta", 1e-3))

    @cached_property
    def _strings(self) -> list[str]:
        parts = [p for kind, p in self._related().values() if kind == "sharedStrings"]
        if not parts or parts[0] not in self.package:
            return []
        return [_text(item) for item in self.package.root(parts[0])]

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
        if target is None or (top, left) != (bottom, right):
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
        same = [n for n in self.names if n.name.lower() == name.lower()]
        match = _CELL.match(same[0].text) if same else None
        return self.locate(same[0].text, same[0].sheet or "") if match else None

    def value(self, cell: Cell) -> Value:
        """Read what a cell shows: its constant, or its formula's value when it was saved."""
        with self._reading(f"the value of {a1(cell.row, cell.column)}"):
            return self._value(cell)

    def _value(self, cell: Cell) -> Value:
        text = cell.text
        if text is None or (text == "" and cell.kind not in ("str", "inlineStr")):
            return None
        match cell.kind:
            case "n":
                value: Value = float(text)
            case "s":
                value = self._strings[int(text)]
            case "b":
                value = text.strip() in ("1", "true")
            case "d":
                value = serial(dt.datetime.fromisoformat(text))
            case "e":
                value = CellError(text if text in CODES else "#VALUE!", "the cell holds this error")
            case _:
                value = unquote(text)
        return value

    @cached_property
    def formulas(self) -> dict[Place, Formula]:
        """Every formula, sheet by sheet and row by row."""
        return {f.place: f for name in self.sheets for f in self._read_formulas(name)}

    def _read_formulas(self, name: str) -> Iterator[Formula]:
        shared: dict[str, Any] = {}
        for (row, column), cell in self.sheets[name].cells.items():
            if cell.formula is None:
                continue
            place, kind = Place(name, row, column), cell.options.get("t")
            if kind == "dataTable":
                yield Formula(place, "TABLE()", self._shape(place, cell), table=True)
            elif kind == "array":
                yield Formula(place, cell.formula, self._shape(place, cell), cell.dynamic)
            elif kind == "shared":
                yield Formula(place, _shared(cell, shared))
            elif cell.formula:
                yield Formula(place, cell.formula)
            # Excel leaves an empty <f ca="1"/> in cells that another cell's array fills.

    def _shape(self, place: Place, cell: Cell) -> tuple[int, int]:
        with self._reading(f"the extent of the array formula in {place}"):
            top, left, bottom, right = extent(cell.options.get("ref", a1(*place[1:])))
            shape = (bottom - top + 1, right - left + 1)
            if (top, left) != place[1:] or min(shape) < 1 or shape[0] * shape[1] > _LARGEST_ARRAY:
                raise ValueError(shape)
        return shape

    @cached_property
    def members(self) -> dict[Place, Place]:
        """Cells that an array formula fills, each with the cell of that formula."""
        members = {}
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
        return {
            name: {
                key: value
                for key, cell in sheet.cells.items()
                if cell.formula is None
                and Place(name, *key) not in self.members
                and (value := self.value(cell)) is not None
            }
            for name, sheet in self.sheets.items()
        }

    def saved(self, place: Place) -> Value:
        """Read the value that was saved with a formula; None if there was none."""
        cell = self.sheets[place.sheet].cells.get((place.row, place.column))
        return self.value(cell) if cell else None


def _shared(cell: Cell, masters: dict[str, Any]) -> str:
    """Write out a shared formula: only its first cell holds the text."""
    key, here = cell.options.get("si", ""), a1(cell.row, cell.column)
    if cell.formula and ("ref" in cell.options or key not in masters):
        masters[key] = Translator(f"={cell.formula}", here)
    if cell.formula:
        return cell.formula
    if key not in masters:
        raise FileError(f"{here} shares a formula that the file does not hold")
    text: str = masters[key].translate_formula(here)
    return text.removeprefix("=")


def _table(root: Any, sheet: str) -> Table:
    columns = tuple(unquote(c.get("name", "")) for c in _children(root, "tableColumns"))
    return Table(
        root.get("displayName") or root.get("name", ""),
        sheet,
        *extent(root.get("ref", "")),
        int(root.get("headerRowCount", 1)),
        int(root.get("totalsRowCount", 0)),
        columns,
    )


def _children(root: Any, name: str) -> list[Any]:
    return [child for group in root if _local(group) == name for child in group]


def _first(root: Any, name: str) -> Any:
    return next((child for child in root if _local(child) == name), {})


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _text(item: Any) -> str:
    """Join the runs of a shared string, without its phonetic reading."""
    if _local(item) == "t":
        return unquote(item.text or "")
    return "".join(_text(child) for child in item if _local(child) in ("r", "t", "si"))
