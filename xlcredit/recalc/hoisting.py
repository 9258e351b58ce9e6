"""Worksheet functions for an engine that cannot call Python.

Each call is cut out of its formula and answered on a sheet of its own; the formula reads the
answer there. Calculate, read the arguments, call the functions whose arguments have changed,
write the answers, calculate again, until no argument changes any more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from openpyxl.formula.tokenizer import Token, Tokenizer

from xlcredit.errors import CellError, RecalcError
from xlcredit.ooxml.place import Place, extent, quoted
from xlcredit.ooxml.values import Value
from xlcredit.recalc.engine import ArrayText, Function, Model, Text
from xlcredit.recalc.levels import levels

__all__ = ["SCRATCH", "Hoisted", "Job", "Room"]

#: A sheet that is added for the answers; nobody calls a sheet so.
SCRATCH = "xlcreditscratch"
_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384
#: Rows of the room for one answer: the more answers there are, the fewer.
_MOST_ROWS = 4096
#: Rooms that a call takes, on average at most: its answer, and expressions in its arguments.
_ROOMS = 4
_REFERENCE = re.compile(
    r"(?:(?:'((?:[^']|'')+)'|([^'!\[\]:,()\s]+))!)?"
    r"(\$?[A-Z]{1,3}\$?[0-9]{1,7}(?::\$?[A-Z]{1,3}\$?[0-9]{1,7})?|\$?[A-Z]{1,3}:\$?[A-Z]{1,3})\Z",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\Z")
_STRING = re.compile(r'"((?:[^"]|"")*)"\Z')

Read = Callable[[str, int, int], Value]
Reach = Callable[[str, int, int], tuple[int, int]]
Block = list[list[Value]]


@dataclass(frozen=True)
class Room:
    """A place on the scratch sheet, for the answer of a call or an expression in its arguments."""

    number: int
    rows: int
    """How many rows it has."""

    @property
    def row(self) -> int:
        """Its first row."""
        return 1 + self.rows * self.number


@dataclass
class Job:
    """One call: the function, its arguments as the formula has them, and where it stands."""

    room: Room
    name: str
    arguments: list[str | Room]
    """As the formula has them; what must be calculated has a room."""
    place: Place
    asked: str | None = None
    """The arguments that it was last called with, spelled out."""
    answer: Block = field(default_factory=lambda: [[CellError("#N/A")]])

    @property
    def reference(self) -> str:
        """What a formula reads in place of the call: an array, as a function's result is."""
        row = self.room.row
        first, rows, columns = (
            f"{SCRATCH}!{at}" for at in (f"$B${row}", f"$A${row}", f"$A${row + 1}")
        )
        return f"_xlfn.HSTACK(OFFSET({first},0,0,{rows},{columns}))"

    def cells(self) -> Iterator[tuple[int, int, Value]]:
        """List what its room holds: the size of the answer, and the answer."""
        row = self.room.row
        yield row, 1, float(len(self.answer))
        yield row + 1, 1, float(len(self.answer[0]))
        for i, line in enumerate(self.answer):
            for j, value in enumerate(line):
                yield row + i, 2 + j, 0.0 if value is None else value


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
        self._numbers = count()
        self._inner: dict[str, Job] = {}
        self.expressions: dict[str, Room] = {}
        """Formulas on the scratch sheet, for arguments that must be calculated."""
        self._functions = functions
        self._book = model.book
        self._model = model
        self._calls = re.compile(r"(?<![\w.])(?:" + "|".join(map(re.escape, functions)) + r")\(")
        self._used = {
            name: (max((r for r, _ in cells), default=1), max((c for _, c in cells), default=1))
            for name, cells in model.sheets.items()
        }
        texts = (v for cells in model.sheets.values() for v in cells.values())
        calls = sum(len(self._calls.findall(v)) for v in texts if functions and isinstance(v, Text))
        self._rows = max(2, min(_MOST_ROWS, _LAST_ROW // (calls * _ROOMS + 2)))
        self.model = replace(model, sheets={n: self._sheet(n) for n in model.sheets})

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
        room = self._room(place)
        given = [self._kept(a.strip(), place) for a in arguments]
        job = Job(room, name.upper(), given, place)
        self.jobs.append(job)
        self._inner[job.reference] = job
        return job.reference

    def _room(self, place: Place) -> Room:
        room = Room(next(self._numbers), self._rows)
        if room.row + room.rows > _LAST_ROW:
            raise RecalcError(f"{place}: the workbook calls worksheet functions too often")
        return room

    def _kept(self, text: str, place: Place) -> str | Room:
        """Keep an argument that can be read as it is; an expression gets a room of its own."""
        if _NUMBER.match(text) or _STRING.match(text) or text in self._inner:
            return text
        if self._area(text, place.sheet):
            return text
        home = _qualified(text, place.sheet)
        if home not in self.expressions:
            self.expressions[home] = self._room(place)
        return self.expressions[home]

    def size(self, jobs: Iterable[Job]) -> int:
        """How many cells the arguments of calls are read from."""
        areas = [
            self._area(a, job.place.sheet)
            for job in jobs
            for a in job.arguments
            if isinstance(a, str)
        ]
        return sum((b - t + 1) * (r - le + 1) for _, t, le, b, r in filter(None, areas))

    def by_level(self) -> list[list[Job]]:
        """Sort the calls into levels: each depends on those before alone."""
        if self._book is None:
            return []
        at: dict[Place, list[Job]] = {}
        for job in self.jobs:
            at.setdefault(job.place, []).append(job)
        return [[job for place in level for job in at[place]] for level in levels(self._book, at)]

    # --- answers ----------------------------------------------------------------------------

    def answers(self, jobs: Iterable[Job], read: Read, reach: Reach) -> list[Job]:
        """Call the functions whose arguments have changed.

        Errors among the arguments may be calls not answered yet: those wait for the others.

        Parameters
        ----------
        jobs : iterable of Job
            The calls that are looked at.
        read, reach : callable
            Give the value of a cell, and the rows and columns that its formula fills.

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

        answered: list[Job] = []
        waiting: list[tuple[Job, list[Any], str]] = []
        for job in jobs:
            values = [self._argument(a, job.place, once, reach) for a in job.arguments]
            key = repr(values)
            if key == job.asked:
                continue
            if _has_error(values):
                waiting.append((job, values, key))
            else:
                answered.append(self._call(job, values, key))
        return answered or [self._call(*call) for call in waiting]

    def _call(self, job: Job, values: list[Any], key: str) -> Job:
        job.asked = key
        job.answer = self._block(job, self._functions[job.name](*values))
        return job

    def _block(self, job: Job, result: Any) -> Block:
        if not isinstance(result, list):
            return [[result]]
        if len(result) > job.room.rows or len(result[0]) > _LAST_COLUMN - 1:
            reason = f"{job.name} returns more than {job.room.rows} rows"
            return [[CellError("#VALUE!", reason)]]
        return result

    def _argument(self, argument: str | Room, place: Place, read: Read, reach: Reach) -> Any:
        if isinstance(argument, Room):
            top, left = argument.row, 2
            rows, columns_ = reach(SCRATCH, top, left)
            sheet, bottom, right = SCRATCH, top + rows - 1, left + columns_ - 1
        elif _NUMBER.match(argument):
            return float(argument)
        elif match := _STRING.match(argument):
            return match[1].replace('""', '"')
        elif argument in self._inner:
            return _single(self._inner[argument].answer)
        else:
            area = self._area(argument, place.sheet)
            assert area is not None, "what is no area has a room"
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


def _single(grid: Block) -> Any:
    """Give a block of one cell as its value."""
    return grid[0][0] if len(grid) == len(grid[0]) == 1 else grid


def _has_error(values: list[Any]) -> bool:
    rows = [v if isinstance(v, list) else [[v]] for v in values]
    return any(isinstance(v, CellError) for block in rows for line in block for v in line)


_UNQUALIFIED = re.compile(
    r"\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'!|[^\W\d][\w.]*!"
    r"|(?<![\w.$\\!:])(?P<area>\$?[A-Za-z]{1,3}\$?[0-9]{1,7}(?::\$?[A-Za-z]{1,3}\$?[0-9]{1,7})?"
    r"|\$?[A-Za-z]{1,3}:\$?[A-Za-z]{1,3}|\$?[0-9]{1,7}:\$?[0-9]{1,7})(?![\w.(\\!])"
)


def _qualified(text: str, sheet: str) -> str:
    """Name the sheet before each address: the expression moves to another one."""
    return _UNQUALIFIED.sub(
        lambda m: f"{quoted(sheet)}!{m['area']}" if m["area"] else m.group(), text
    )
