"""Worksheet functions for an engine that cannot call Python.

Each call is cut out of its formula and becomes a job (:mod:`xlcredit.recalc.jobs`), answered on a
sheet of its own; the formula reads the answer there. Calculate, read the arguments, call the
functions whose arguments have changed, write the answers, calculate again, until no argument
changes any more.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import count
from typing import Any

from openpyxl.formula.tokenizer import Token, Tokenizer

from xlcredit.errors import CellError, RecalcError
from xlcredit.ooxml.place import Place, extent, quoted
from xlcredit.ooxml.values import Value
from xlcredit.recalc.engine import ArrayText, Function, Model, Text
from xlcredit.recalc.jobs import SCRATCH, At, Block, Job, Known, Reach, Read, Room
from xlcredit.recalc.levels import levels

__all__ = ["Hoisted", "qualified"]

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

#: A sheet (from the row 1, column 1 on), first row, first column, last row, last column.
Area = tuple[str, int, int, int, int]


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
        self._spelled = {sheet.lower(): sheet for sheet in reversed(model.sheets)}
        self._names: dict[str, list[str]] = defaultdict(list)
        for name in model.book.names if model.book else ():
            self._names[name.name.lower()].append(name.text)
        self._found: dict[tuple[str, str], Area | None] = {}
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
        home = qualified(text, place.sheet)
        if home not in self.expressions:
            self.expressions[home] = self._room(place)
        return self.expressions[home]

    def by_level(self) -> list[list[Job]]:
        """Sort the calls into levels: each depends on those before alone."""
        if self._book is None:
            return []
        at: dict[Place, list[Job]] = {}
        for job in self.jobs:
            at.setdefault(job.place, []).append(job)
        return [[job for place in level for job in at[place]] for level in levels(self._book, at)]

    # --- answers ----------------------------------------------------------------------------

    def first(self, read: Read, reach: Reach) -> list[Job]:
        """Call functions for the first time: those that wait for no others' answers.

        A call that has met an error in a cell is not looked at before the error has gone.

        Returns
        -------
        list of Job
            Those that have an answer now; none when each function has been called.
        """
        open_ = [job for job in self.jobs if job.asked is None]
        met: dict[str, list[At]] = defaultdict(list)
        for job in open_:
            if job.waits_for:
                met[job.waits_for[0]].append(job.waits_for[1])
        now = Known()
        now.add(met, read)
        free = [j for j in open_ if not j.waits_for or not _is_error(now, *j.waits_for)]
        return self.answers(free, read, reach, Known(), wait=len(free) < len(open_)) or (
            self.answers(open_, read, reach, Known())
        )

    def answers(
        self, jobs: Iterable[Job], read: Read, reach: Reach, known: Known, *, wait: bool = False
    ) -> list[Job]:
        """Call the functions whose arguments have changed.

        Errors among the arguments may be calls not answered yet: those wait for the others.

        Parameters
        ----------
        jobs : iterable of Job
            The calls that are looked at.
        read, reach : callable
            Give the values of cells, and the rows and columns that their formulas fill.
        known : Known
            Cells that have been read and stay as they are; those that are read now are added.
        wait : bool
            Whether errors wait for calls that are not among these.

        Returns
        -------
        list of Job
            Those with a new answer.
        """
        given = [(job, self._areas(job)) for job in jobs]
        self._reached(given, reach)
        known.add(_cells(area for _, areas in given for area in areas if area), read)
        answered: list[Job] = []
        waiting: list[tuple[Job, list[Any], str]] = []
        for job, areas in given:
            values = [
                _block(known[area[0]], area) if area else self._plain(argument)
                for argument, area in zip(job.arguments, areas, strict=True)
            ]
            key = repr(values)
            if key == job.asked:
                continue
            if _has_error(values):
                job.waits_for = _last_error(known, areas)
                waiting.append((job, values, key))
            else:
                answered.append(self._call(job, values, key))
        return answered if answered or wait else [self._call(*call) for call in waiting]

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

    def _plain(self, argument: str | Room) -> Value | Block:
        """Give an argument that stands in the formula, or is another call."""
        assert isinstance(argument, str), "a room has cells"
        if argument in self._inner:
            return _single(self._inner[argument].answer)
        if match := _STRING.match(argument):
            return match[1].replace('""', '"')
        return float(argument)

    def _areas(self, job: Job) -> list[Area | None]:
        """Find the cells of each argument; a room's are one until it has been asked."""
        return [
            (SCRATCH, a.row, 2, a.row, 2) if isinstance(a, Room) else self._area(a, job.place.sheet)
            for a in job.arguments
        ]

    def _reached(self, given: list[tuple[Job, list[Area | None]]], reach: Reach) -> None:
        """Widen the areas of rooms to what their formulas fill."""
        rooms = [
            (areas, i, a)
            for job, areas in given
            for i, a in enumerate(job.arguments)
            if isinstance(a, Room)
        ]
        extents = reach(SCRATCH, [(room.row, 2) for *_, room in rooms]) if rooms else []
        for (areas, i, room), (rows, columns) in zip(rooms, extents, strict=True):
            areas[i] = (SCRATCH, room.row, 2, room.row + rows - 1, 1 + columns)

    def _area(self, text: str, home: str) -> Area | None:
        """Find the cells that an argument names, directly or by a defined name."""
        if (text, home) not in self._found:
            self._found[text, home] = self._searched(text, home)
        return self._found[text, home]

    def _searched(self, text: str, home: str) -> Area | None:
        if _NUMBER.match(text) or _STRING.match(text) or text in self._inner:
            return None
        match = _REFERENCE.match(text)
        if not match:
            same = self._names.get(text.lower(), [])
            match = _REFERENCE.match(same[0]) if len(same) == 1 else None
        if not match:
            return None
        quoted, bare, area = match.groups()
        named = quoted.replace("''", "'") if quoted else bare or home
        sheet = self._spelled.get(named.lower())
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


def _cells(areas: Iterable[Area]) -> dict[str, list[At]]:
    cells: dict[str, list[At]] = defaultdict(list)
    for sheet, top, left, bottom, right in dict.fromkeys(areas):
        columns = range(left, right + 1)
        cells[sheet] += [(row, column) for row in range(top, bottom + 1) for column in columns]
    return cells


def _block(cells: Mapping[At, Value], area: Area) -> Value | Block:
    """Give the cells of an area as an argument: one value, or rows."""
    _, top, left, bottom, right = area
    if (top, left) == (bottom, right):
        return cells[top, left]
    columns = range(left, right + 1)
    return [[cells[row, column] for column in columns] for row in range(top, bottom + 1)]


def _last_error(known: Known, areas: Iterable[Area | None]) -> tuple[str, At] | None:
    """Name the last cell with an error: of a schedule, it is the last one to have a value.

    Returns
    -------
    tuple, optional
        Its sheet and place; None if the error stands in another call's answer.
    """
    cells = [(sheet, at) for sheet, those in _cells(filter(None, areas)).items() for at in those]
    return next((cell for cell in reversed(cells) if _is_error(known, *cell)), None)


def _is_error(known: Known, sheet: str, at: At) -> bool:
    return isinstance(known[sheet][at], CellError)


def _single(grid: Block) -> Value | Block:
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


def qualified(text: str, sheet: str) -> str:
    """Name the sheet before each address: the expression moves to another one."""
    return _UNQUALIFIED.sub(
        lambda m: f"{quoted(sheet)}!{m['area']}" if m["area"] else m.group(), text
    )
