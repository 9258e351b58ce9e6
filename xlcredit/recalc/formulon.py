"""The strict engine: formulon, in this process, behind our own adapter.

It reads the workbook's own file, so that tables, filters, hidden rows, number formats and the
1904 calendar are there; it spills, intersects and iterates as Excel does. It has no worksheet
functions: :mod:`xlcredit.recalc.hoisting` calls them for it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from types import ModuleType
from typing import Any

from xlcredit.errors import CellError, RecalcError
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package
from xlcredit.ooxml.place import Place, column_number
from xlcredit.ooxml.relations import related
from xlcredit.ooxml.values import Value, unquote
from xlcredit.recalc import machine
from xlcredit.recalc.corrections import COMMON
from xlcredit.recalc.dependants import circles
from xlcredit.recalc.digits import LONGEST_TEXT
from xlcredit.recalc.engine import BLOCKED, CIRCULAR, SETTLED, Function, Model, Refusal, Text
from xlcredit.recalc.hoisting import SCRATCH, Hoisted, Job
from xlcredit.recalc.prepared import prepared
from xlcredit.recalc.repairs import StrictReader

__all__ = ["Strict"]

_CODES = ("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A")
_SPILL, _CALC = 8, 9
#: Errors that a file of the format's first edition cannot hold.
_NEWER = {
    _SPILL: CellError("#VALUE!", BLOCKED),
    _CALC: CellError("#VALUE!", "the result is an empty array, or no value of a cell"),
}
#: Longest time for one calculation; the largest model that lenders have sent takes a quarter.
_SECONDS = 240
#: Rounds of answers after which calls are sorted by what they depend on.
_LONG_CHAIN = 4
#: Up to this many cells are read one by one.
_FEW = 2_000
#: Formulas of the format's later editions carry a prefix in the file.
_PREFIX = re.compile(r"^_XLFN\.(?:_XLWS\.)?|^_XLWS\.")
#: 0 in formulon's catalogue: calculated without a host.
_CALCULATED = 0
#: Calculated in part; what is not is written out before (see :mod:`xlcredit.recalc.repairs`).
_IN_PART = {"CELL"}


class Strict:
    """formulon as an :class:`~xlcredit.recalc.engine.Engine`."""

    name = "strict"
    package = "formulon"
    corrections = COMMON

    def __init__(self) -> None:
        self._functions: dict[str, Function] = {}
        self._hoisted: Hoisted | None = None
        self._workbook: Any = None
        self._sheets: dict[str, int] = {}
        self._values: dict[str, dict[tuple[int, int], Value]] | None = None
        self._by_level: list[list[Job]] | None = None
        self._in_circles: frozenset[Place] | None = None
        self._extents: dict[str, dict[tuple[int, int], tuple[int, int]]] = {}

    def reader(self, book: Book, functions: Collection[str]) -> StrictReader:
        """Make the reader of a workbook's formulas, who knows the worksheet functions."""
        return StrictReader(book, functions, self.missing)

    def missing(self, functions: Collection[str]) -> set[str]:
        """Tell which of these built-in functions the engine does not have."""
        return {name for name in functions if not _has(name)}

    def register(self, name: str, function: Function) -> None:
        """Make a worksheet function known, or replace a built-in one."""
        self._functions[name] = function

    def load(self, model: Model) -> None:
        """Take a workbook in."""
        formulon = _formulon()
        self.close()
        self._hoisted, self._by_level = Hoisted(model, self._functions), None
        with _limited():
            self._workbook = formulon.Workbook.load(
                prepared(self._hoisted.model, scratch=bool(self._hoisted.jobs))
            )
            count = self._workbook.sheet_count()
            self._sheets = {self._workbook.sheet_name(i): i for i in range(count)}
            if model.iteration:
                rounds, change = model.iteration
                self._workbook.set_iterative(True, rounds, change * SETTLED)
            self._enter(self._hoisted.model)
            self._answer(self._hoisted.jobs)
            for text, room in self._hoisted.expressions.items():
                at = (self._sheets[SCRATCH], room.row - 1, 1)
                self._workbook.set_formula(*at, f"={text}")
        self._values = None

    def _enter(self, model: Model) -> None:
        """Enter new constants, and formulas for which the file has no cell."""
        assert model.book is not None
        for sheet, constants in model.book.constants.items():
            for at, value in model.sheets[sheet].items():
                if isinstance(value, Text) or (at in constants and constants[at] == value):
                    continue
                place = Place(sheet, *at)
                if place not in model.book.formulas and place not in model.book.members:
                    self._put(self._sheets[sheet], *at, value)
        for place in model.book.formulas:
            text = model.sheets[place.sheet][place.row, place.column]
            there = (place.row, place.column) in model.book.sheets[place.sheet].cells
            if isinstance(text, Text) and not there:
                cell = (self._sheets[place.sheet], place.row - 1, place.column - 1)
                self._workbook.set_formula(*cell, f"={text}")

    def close(self) -> None:
        """Let the workbook go: the engine's memory is outside Python's."""
        if self._workbook is not None:
            with suppress(Exception):
                self._workbook.close()
            self._workbook = None

    def set(self, sheet: str, row: int, column: int, value: Value) -> None:
        """Change a constant."""
        self._put(self._sheets[sheet], row, column, value)

    def calculate(self) -> None:
        """Bring every formula up to date, and the worksheet functions with them."""
        hoisted = self._hoisted
        assert hoisted is not None
        self._values = None
        with _limited():
            self._workbook.recalc()
            for done in range(len(hoisted.jobs) + 2):
                if done == _LONG_CHAIN:
                    for level in self._levels():
                        self._ask(level)
                if not self._ask(hoisted.jobs):
                    return
        raise RecalcError("worksheet functions depend on themselves, and do not settle")

    def _levels(self) -> list[list[Job]]:
        """Sort the calls by what they depend on, once: a search by halving is a long chain."""
        assert self._hoisted is not None
        if self._by_level is None:
            self._by_level = self._hoisted.by_level()
        return self._by_level

    def _ask(self, jobs: list[Job]) -> bool:
        """Answer the calls whose arguments have changed; tell whether there were any."""
        assert self._hoisted is not None
        few = self._hoisted.size(jobs) < _FEW
        read, reach = (self._read, self._reach) if few else (self._current, self.extent)
        answered = self._hoisted.answers(jobs, read, reach)
        if answered:
            self._answer(answered)
            self._values = None
            self._workbook.recalc()
        return bool(answered)

    def _answer(self, jobs: list[Job]) -> None:
        """Write what worksheet functions have returned where formulas read it."""
        for job in jobs:
            for row, column, value in job.cells():
                self._put(self._sheets[SCRATCH], row, column, value)

    def value(self, sheet: str, row: int, column: int) -> Value | Refusal:
        """Give the value of a cell."""
        if self._values is None:
            self._collect()
        assert self._values is not None
        value = self._values[sheet].get((row, column))
        if not isinstance(value, CellError) or value.reason:
            return value
        if value.code not in ("#VALUE!", "#REF!"):
            return value
        if value.code == "#REF!" and Place(sheet, row, column) in self._circles():
            return CIRCULAR
        return self._read(sheet, row, column)

    def extent(self, sheet: str, row: int, column: int) -> tuple[int, int]:
        """Give the rows and columns that a cell's formula fills."""
        if self._values is None:
            self._collect()
        return self._extents[sheet].get((row, column), (1, 1))

    def _current(self, sheet: str, row: int, column: int) -> Value:
        """Read a cell as :meth:`value` does; no cell of this engine is refused here."""
        value = self.value(sheet, row, column)
        assert not isinstance(value, Refusal)
        return value

    def _circles(self) -> frozenset[Place]:
        """Find the circles, which the engine shows as broken references."""
        if self._in_circles is None:
            assert self._hoisted is not None
            assert self._hoisted.model.book is not None
            book, values = self._hoisted.model.book, self._values or {}
            broken = (
                p
                for p, f in book.formulas.items()
                if values[p.sheet].get((p.row, p.column)) == CellError("#REF!")
                and "#REF!" not in f.text
            )
            found = () if book.iteration else circles(book, list(broken))
            self._in_circles = frozenset(found)
        return self._in_circles

    def _collect(self) -> None:
        """Read all cells from the file that the engine saves: cell by cell takes far longer."""
        with _limited():
            saved = self._workbook.save()
        self._values, self._extents, self._in_circles = {}, {}, None
        package = Package(saved, "the engine's copy")
        strings = _strings(package)
        for name, part in zip(self._sheets, _sheet_parts(package), strict=True):
            cells, extents = _cells(package.read(part), strings) if part else ({}, {})
            self._values[name], self._extents[name] = cells, extents

    def _read(self, sheet: str, row: int, column: int) -> Value:
        return _value(self._workbook.get_value(self._sheets[sheet], row - 1, column - 1))

    def _reach(self, sheet: str, row: int, column: int) -> tuple[int, int]:
        found = self._workbook.spill_info(self._sheets[sheet], row - 1, column - 1)
        is_anchor = (found.anchor_row, found.anchor_col) == (row - 1, column - 1)
        return (found.rows, found.cols) if found.engaged and is_anchor else (1, 1)

    def _put(self, sheet: int, row: int, column: int, value: Value) -> None:
        place = (sheet, row - 1, column - 1)
        if isinstance(value, bool):
            self._workbook.set_bool(*place, value)
        elif isinstance(value, float | int):
            self._workbook.set_number(*place, float(value))
        elif isinstance(value, str):
            self._workbook.set_text(*place, value)
        elif isinstance(value, CellError):
            self._workbook.set_error(*place, _CODES.index(value.code))
        else:
            self._workbook.set_blank(*place)


def _value(cell: Any) -> Value:
    """Turn what the engine hands out into a value."""
    kind = cell.kind.name
    if kind == "ERROR":
        code = cell.error_code
        return _NEWER.get(code) or CellError(_CODES[code] if code < len(_CODES) else "#VALUE!")
    value: Value = cell.to_python()
    return float(value) if isinstance(value, int) and kind == "NUMBER" else value


# --- the cells of the file that the engine saves: its own spelling, always the same -----------

_WORKBOOK = "xl/workbook.xml"
_CELL = re.compile(
    rb'<c r="([A-Z]+)(\d+)"((?: [a-z]+="[^"]*")*)(?:/>|>(?:<f([^>]*?)(?:/>|>[^<]*</f>))?'
    rb"(?:<v[^>]*>([^<]*)</v>|<is>(.*?)</is>)?</c>)",
    re.DOTALL,
)
_T = re.compile(rb' t="(\w+)"')
_SPILLED = re.compile(rb' ref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')
_STRING = re.compile(rb"<si>(.*?)</si>|<si/>", re.DOTALL)
_RUN = re.compile(rb"<t(?:\s[^>]*)?>([^<]*)</t>")
_ENTITIES = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}
_ENTITY = re.compile(r"&(?:#(\d+)|#x([0-9A-Fa-f]+)|(\w+));")


def _sheet_parts(package: Package) -> Iterator[str]:
    """Name the parts of the sheets, in order; "" for a sheet that holds no cells."""
    relations = related(package, _WORKBOOK)
    for tag in re.findall(r"<sheet\s[^>]*>", package.read(_WORKBOOK).decode()):
        relation = relations[dict(re.findall(r'([\w:]+)="([^"]*)"', tag))["r:id"]]
        yield relation.part if relation.kind == "worksheet" else ""


def _strings(package: Package) -> list[str]:
    if "xl/sharedStrings.xml" not in package:
        return []
    items = _STRING.finditer(package.read("xl/sharedStrings.xml"))
    return [_text(b"".join(_RUN.findall(item[1] or b""))) for item in items]


def _cells(
    xml: bytes, strings: list[str]
) -> tuple[dict[tuple[int, int], Value], dict[tuple[int, int], tuple[int, int]]]:
    values: dict[tuple[int, int], Value] = {}
    extents: dict[tuple[int, int], tuple[int, int]] = {}
    columns: dict[bytes, int] = {}
    for match in _CELL.finditer(xml):
        letters, row, attributes, formula, text, inline = match.groups()
        column = columns.get(letters) or columns.setdefault(
            letters, column_number(letters.decode())
        )
        at = (int(row), column)
        if formula and (spilled := _SPILLED.search(formula)):
            right, bottom = column_number(spilled[3].decode()), int(spilled[4])
            extents[at] = (bottom - at[0] + 1, right - column + 1)
        if text is None and inline is None:
            continue
        kind = _T.search(attributes)
        value = _content(kind[1] if kind else b"n", text, inline, strings)
        # The engine cuts off what Excel shows as an error.
        if formula is not None and isinstance(value, str) and len(value) >= LONGEST_TEXT:
            value = CellError("#VALUE!", f"the text has more than {LONGEST_TEXT:,} characters")
        values[at] = value
    return values, extents


def _content(kind: bytes, text: bytes, inline: bytes, strings: list[str]) -> Value:
    if kind == b"n":
        return float(text) if text else None
    if kind == b"b":
        return text == b"1"
    if kind == b"e":
        code = text.decode()
        return CellError(code if code in _CODES else "#VALUE!")
    if kind == b"s":
        return strings[int(text)]
    return _text(b"".join(_RUN.findall(inline)) if text is None else text)


def _text(raw: bytes) -> str:
    """Read text as the file spells it."""
    return unquote(_ENTITY.sub(_character, raw.decode()))


def _character(match: re.Match[str]) -> str:
    decimal, hexadecimal, name = match.groups()
    if name:
        return _ENTITIES[name]
    return chr(int(decimal) if decimal else int(hexadecimal, 16))


# --- formulon itself ------------------------------------------------------------------------


@cache
def _has(function: str) -> bool:
    bare = _PREFIX.sub("", function.upper())
    found = _formulon().Workbook.function_metadata(bare)
    return found is not None and (found.availability == _CALCULATED or bare in _IN_PART)


def _formulon() -> ModuleType:
    """Load formulon, with the machine code of an earlier time."""
    import formulon  # noqa: PLC0415  (36 MB that only this engine needs)

    machine.start()
    return formulon


@contextmanager
def _limited() -> Iterator[None]:
    """Stop the engine when it takes too long or too much memory."""
    from formulon import FormulonError  # noqa: PLC0415

    try:
        with machine.running(_SECONDS):
            yield
    except FormulonError as error:
        raise RecalcError(_reason(error)) from error


def _reason(error: Exception) -> str:
    message = str(error)
    if machine.was_stopped(message):
        return f"the calculation takes longer than {_SECONDS} s"
    if machine.is_full(message):
        return f"the calculation needs more than {machine.MEMORY >> 30} GiB of memory"
    return f"the strict engine gave up: {message}"
