"""Worksheet functions for an engine that cannot call Python.

Each call is cut out of its formula and answered on a sheet of its own; the formula reads the
answer there. Calculate, read the arguments, call the functions whose arguments have changed,
write the answers, calculate again, until no argument changes any more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from openpyxl.formula.tokenizer import Token, Tokenizer

from xlcredit.errors import CellError, RecalcError
from xlcredit.ooxml.book import Place
from xlcredit.ooxml.sheet import extent
from xlcredit.ooxml.values import Value, a1
from xlcredit.recalc.engine import ArrayText, Function, Model, Text

__all__ = ["SCRATCH", "Hoisted", "Job"]

#: A sheet that is added for the answers; nobody calls a sheet so.
SCRATCH = "xlcreditscratch"
#: Room for one answer: how many rows and columns a block may have.
_ROWS, _COLUMNS = 4096, 64
_BANDS = 1_048_576 // _ROWS
_REFERENCE = re.compile(
    r"(?:(?:'((?:[^']|'')+)'|([^'!\[\]:,()\s]+))!)?"
    r"(\$?[A-Z]{1,3}\$?[0-9]{1,7}(?::\$?[A-Z]{1,3}\$?[0-9]{1,7})?|\$?[A-Z]{1,3}:\$?[A-Z]{1,3})\Z",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\Z")
_STRING = re.compile(r'"((?:[^"]|"")*)"\Z')

Read = Callable[[str, int, int], Value]
Evaluate = Callable[[str, int, int, str], list[list[Value]]]
Block = list[list[Value]]


@dataclass
class Job:
    """One call: the function, its arguments as the formula has them, and where it stands."""

    number: int
    name: str
    arguments: list[str]
    place: Place
    asked: str | None = None
    """The arguments that it was last called with, spelled out."""
    answer: Block = field(default_factory=lambda: [[CellError("#N/A")]])

    @property
    def row(self) -> int:
        """The first row of its room; the size of the answer stands in its first column."""
        return 1 + _ROWS * (self.number % _BANDS)

    @property
    def column(self) -> int:
        """The first column of its room."""
        return 1 + _COLUMNS * (self.number // _BANDS)

    @property
    def reference(self) -> str:
        """What a formula reads in place of the call: an array, as a function's result is."""
        row, column = self.row, self.column
        first, rest = _absolute(row, column + 1), _absolute(row + _ROWS - 1, column + _COLUMNS - 1)
        size = f"{SCRATCH}!{_absolute(row, column)},{SCRATCH}!{_absolute(row + 1, column)}"
        return f"_xlfn.HSTACK({SCRATCH}!{first}:INDEX({SCRATCH}!{first}:{rest},{size}))"

    def cells(self) -> Iterator[tuple[int, int, Value]]:
        """List what its room holds."""
        yield self.row, self.column, float(len(self.answer))
        yield self.row + 1, self.column, float(len(self.answer[0]))
        for i, line in enumerate(self.answer):
            for j, value in enumerate(line):
                yield self.row + i, self.column + 1 + j, 0.0 if value is None else value


def _absolute(row: int, column: int) -> str:
    return re.sub(r"([A-Z]+)(\d+)", r"$\1$\2", a1(row, column))


class Hoisted:
    """A model whose worksheet functions have been cut out.

    Parameters
    ----------
    model : Model
        The workbook; calls carry their site, see :class:`~xlcredit.recalc.engine.Model`.
    functions : mapping
        The worksheet functions by name, in capitals.
    """

    def __init__(self, model: Model, functions: Mapping[str, Function]) -> None:
        self.jobs: list[Job] = []
        self._functions = functions
        self._book = model.book
        self._model = model
        self._calls = re.compile(r"(?<![\w.])(?:" + "|".join(map(re.escape, functions)) + r")\(")
        self.model = replace(model, sheets={n: self._sheet(n) for n in model.sheets})
        self._used = {
            name: (max((r for r, _ in cells), default=1), max((c for _, c in cells), default=1))
            for name, cells in model.sheets.items()
            if self.jobs
        }

    def _sheet(self, name: str) -> dict[tuple[int, int], Value | Text]:
        cells = self._model.sheets[name]
        if not self._functions:
            return cells
        changed = {
            at: self._cut(Place(name, *at), text)
            for at, text in cells.items()
            if isinstance(text, Text) and "(" in text and self._calls.search(text)
        }
        return {**cells, **changed} if changed else cells

    def _cut(self, place: Place, text: Text) -> Text:
        tokens = iter(Tokenizer(f"={text}").items)
        cut = ",".join(self._arguments(tokens, place))
        return ArrayText(cut) if isinstance(text, ArrayText) else Text(cut)

    def _arguments(self, tokens: Iterator[Token], place: Place) -> list[str]:
        """Read up to the closing bracket: one text for each argument, with no call in it."""
        arguments = [""]
        for token in tokens:
            if token.subtype == token.CLOSE:
                break
            if token.type == token.FUNC:
                arguments[-1] += self._function(token.value[:-1], tokens, place)
            elif token.subtype == token.OPEN:
                close = ")" if token.type == token.PAREN else "}"
                inside = self._group(tokens, place)
                arguments[-1] += f"{token.value}{inside}{close}"
            elif token.type == token.SEP and token.value == ",":
                arguments.append("")
            else:
                arguments[-1] += token.value
        return arguments

    def _group(self, tokens: Iterator[Token], place: Place) -> str:
        return ",".join(self._arguments(tokens, place))

    def _function(self, name: str, tokens: Iterator[Token], place: Place) -> str:
        arguments = self._arguments(tokens, place)
        if name.upper() not in self._functions:
            return f"{name}({','.join(arguments)})"
        job = Job(len(self.jobs), name.upper(), [a.strip() for a in arguments], place)
        if job.column + _COLUMNS > 16_384:
            raise RecalcError(f"{place}: the workbook calls worksheet functions too often")
        self.jobs.append(job)
        return job.reference

    # --- answers ----------------------------------------------------------------------------

    def answers(self, read: Read, evaluate: Evaluate) -> list[Job]:
        """Call the functions whose arguments have changed.

        Errors among the arguments may be calls not answered yet: those wait for the others.

        Parameters
        ----------
        read, evaluate : callable
            Give the value of a cell, and of an expression as if it stood in a cell.

        Returns
        -------
        list of Job
            Those with a new answer.
        """
        cells: dict[Place, Value] = {}

        def once(sheet: str, row: int, column: int) -> Value:
            place = Place(sheet, row, column)
            if place not in cells:
                cells[place] = read(*place)
            return cells[place]

        ready: list[tuple[Job, list[Any], str]] = []
        waiting: list[tuple[Job, list[Any], str]] = []
        for job in self.jobs:
            values = [self._argument(a, job.place, once, evaluate) for a in job.arguments]
            key = repr(values)
            if key != job.asked:
                (waiting if _has_error(values) else ready).append((job, values, key))
        for job, values, key in ready or waiting:
            job.asked = key
            job.answer = self._block(job, self._functions[job.name](*values))
        return [job for job, _, _ in ready or waiting]

    def _block(self, job: Job, result: Any) -> Block:
        if not isinstance(result, list):
            return [[result]]
        if len(result) > _ROWS or len(result[0]) > _COLUMNS - 1:
            reason = f"{job.name} returns more than {_ROWS} rows or {_COLUMNS - 1} columns"
            return [[CellError("#VALUE!", reason)]]
        return result

    def _argument(self, text: str, place: Place, read: Read, evaluate: Evaluate) -> Any:
        if _NUMBER.match(text):
            return float(text)
        if match := _STRING.match(text):
            return match[1].replace('""', '"')
        area = self._area(text, place.sheet)
        if area is None:
            grid = evaluate(*place, f"={text}")
            return grid[0][0] if len(grid) == len(grid[0]) == 1 else grid
        sheet, top, left, bottom, right = area
        if (top, left) == (bottom, right):
            return read(sheet, top, left)
        columns = range(left, right + 1)
        return [[read(sheet, row, column) for column in columns] for row in range(top, bottom + 1)]

    def _area(self, text: str, home: str) -> tuple[str, int, int, int, int] | None:
        """Find the cells that an argument names, directly or by a defined name."""
        match = _REFERENCE.match(text)
        if not match and self._book is not None:
            same = [n for n in self._book.names if n.name.lower() == text.lower()]
            match = _REFERENCE.match(same[0].text) if len(same) == 1 else None
        if not match:
            return None
        quoted, bare, area = match.groups()
        named = quoted.replace("''", "'") if quoted else bare or home
        sheet = next((s for s in self._model.sheets if s.lower() == named.lower()), None)
        if sheet is None:
            return None
        last_row, last_column = self._used[sheet]
        if not any(c.isdigit() for c in area):
            first, _, last = area.replace("$", "").upper().partition(":")
            area = f"{first}1:{last}{last_row}"
        top, left, bottom, right = extent(area.upper())
        if (top, left) != (bottom, right):
            bottom = max(top, min(bottom, last_row))
            right = max(left, min(right, last_column))
        return sheet, top, left, bottom, right


def _has_error(values: list[Any]) -> bool:
    rows = [v if isinstance(v, list) else [[v]] for v in values]
    return any(isinstance(v, CellError) for block in rows for line in block for v in line)

