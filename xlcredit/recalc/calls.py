"""Calls of worksheet functions from inside a calculation, and the reasons of their errors."""

from __future__ import annotations

import marshal
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from xlcredit.errors import CellError, RecalcError
from xlcredit.functions import OMITTED, REGISTRY, Kept, evaluate
from xlcredit.ooxml.place import Place
from xlcredit.ooxml.values import Value, to_cell
from xlcredit.recalc.dialect import OMITTED_MARK, WHY, fit
from xlcredit.recalc.engine import Unsure

__all__ = ["Block", "Calls", "Pure", "Repeated", "block", "default_functions", "fitted"]

Block = list[list[Value]]
Function = Callable[..., Any]


#: Answers that are kept: a grid of a hundred points asks for some thousands.
_MOST_ANSWERS = 4_000


def default_functions() -> dict[str, Function]:
    """Give every worksheet function of xlcredit, behind its boundary.

    They are functions of their arguments and nothing else, so equal calls are answered once.
    """
    answers: dict[tuple[str, bytes], Any] = {}
    kept: Kept = {}
    return {name: Pure(name, answers, kept) for name in REGISTRY}


class Pure:
    """A worksheet function of its arguments and nothing else, which answers equal calls once.

    Parameters
    ----------
    name : str
        The function.
    answers : dict
        The answers that have been given, by name and arguments.
    kept : dict
        The arguments that have been read.
    """

    def __init__(self, name: str, answers: dict[tuple[str, bytes], Any], kept: Kept) -> None:
        self._function = REGISTRY[name]
        self._answers = answers
        self._kept = kept

    def __call__(self, *raw: Any) -> Any:
        """Call the function, unless it has been called with these arguments before."""
        answers = self._answers
        given = [OMITTED_MARK if argument is OMITTED else argument for argument in raw]
        try:  # tells 1 from TRUE, as comparing them would not
            key = self._function.name, marshal.dumps(given, 2)
        except ValueError:  # an error among them
            return evaluate(self._function, raw, self._kept)
        if key not in answers:
            if len(answers) >= _MOST_ANSWERS:
                answers.clear()
            answers[key] = evaluate(self._function, raw, self._kept)
        return answers[key]


@dataclass(frozen=True, slots=True)
class Repeated:
    """What answers the engine's calls of a function of its arguments and nothing else."""

    answer: Callable[..., Value | Block]
    again: Callable[[float], None]
    """Is told the site of a call that the engine has answered as before, and not with errors."""

    def __call__(self, site: float, *raw: Any) -> Value | Block:
        """Answer a call."""
        return self.answer(site, *raw)


class Calls:
    """Answers the engine's calls.

    Parameters
    ----------
    functions : mapping
        Name to function on raw values.
    sites : list of Place
        The cells that call; the first argument of each call is a place in this list.
    """

    def __init__(self, functions: Mapping[str, Function], sites: list[Place]) -> None:
        self._functions = functions
        self._sites = sites
        self.count: Counter[str] = Counter()
        self.refused: dict[Place, str] = {}
        self.unsure: dict[Place, str] = {}
        """The cells in which spreadsheets disagree, and why."""
        self._reasons: dict[Place, list[tuple[tuple[int, int], CellError]]] = {}
        self._called: set[Place] = set()

    def begin(self) -> None:
        """Calculate anew: what was told of a cell holds until it calls again."""
        self._called.clear()

    def bind(self, name: str) -> Callable[..., Value | Block]:
        """Make the function that the engine calls for ``name``."""
        function = self._functions[name]

        def answer(site: float, *raw: Any) -> Value | Block:
            arguments = [OMITTED if a == OMITTED_MARK else a for a in raw]
            self.count[name] += 1
            return self._call(name, function, self._sites[int(site)], arguments)

        if name == WHY:
            return self._bind_why(answer)
        if isinstance(function, Pure):
            return Repeated(answer, partial(self._again, name))
        return answer

    def _again(self, name: str, site: float) -> None:
        """Count a call whose answer is known, and is no error."""
        self.count[name] += 1
        self._begun(self._sites[int(site)])

    def _begun(self, place: Place) -> None:
        """Forget what the last calculation told of a cell."""
        if place not in self._called:
            self._called.add(place)
            for told in (self.refused, self.unsure, self._reasons):
                told.pop(place, None)

    def reason(self, place: Place, code: str, offset: tuple[int, int] = (0, 0)) -> str:
        """Give the reason that a function in ``place`` gave for an error; empty if none did."""
        same = {at: e.reason for at, e in self._reasons.get(place, ()) if e.code == code}
        return same.get(offset) or next((r for r in same.values() if r), "")

    def _call(
        self, name: str, function: Function, place: Place, arguments: list[Any]
    ) -> Value | Block:
        self._begun(place)
        try:
            found = function(*arguments)
            if isinstance(found, Unsure):
                self.unsure[place], found = found.reason, found.value
            result = block(found)
        except CellError as error:
            result = error.with_traceback(None)  # which would keep this calculation alive
        except RecalcError as refusal:
            self.refused[place] = f"{name} is not calculated here: {refusal}"
            result = CellError("#VALUE!")
        except Exception as bug:  # an engine would hide it
            result = CellError("#VALUE!", f"{name} failed: {type(bug).__name__}: {bug}")
        rows = result if isinstance(result, list) else [[result]]
        errors = [
            ((i, j), value)
            for i, row in enumerate(rows)
            for j, value in enumerate(row)
            if isinstance(value, CellError)
        ]
        if errors:
            self._reasons.setdefault(place, []).extend(errors)
        return result

    def _bind_why(self, answer: Callable[..., Value | Block]) -> Callable[..., Value | Block]:
        """Give the one function that asks about another cell that cell's reason."""

        def why(site: float, subject: float, *raw: Any) -> Value | Block:
            cell = raw[0] if raw else None
            if isinstance(cell, CellError) and subject >= 0:
                reason = self.reason(self._sites[int(subject)], cell.code)
                raw = (CellError(cell.code, reason), *raw[1:])
            return answer(site, *raw)

        return why


def block(result: Any) -> Value | Block:
    """Bring what a function returns into the form of a cell, or of rows of equal length.

    A list is a column; short rows are filled up with ``#N/A``, as Excel does.
    """
    if hasattr(result, "to_numpy"):
        result = result.to_numpy()
    if hasattr(result, "astype") and result.ndim:
        result = result.astype(object).tolist()
    if not isinstance(result, list | tuple):
        value: Value = to_cell(result)
        return value
    rows = [list(row) if isinstance(row, list | tuple) else [row] for row in result]
    width = max(map(len, rows), default=0)
    if width == 0:
        return CellError("#VALUE!", "the function returned an empty block")
    absent = CellError("#N/A", "the block has no value here")
    # Most are numbers: what is left of a finite one when it is taken from itself tells.
    return [
        [v if type(v) is float and v - v == 0.0 else to_cell(v) for v in row]
        + [absent] * (width - len(row))
        for row in rows
    ]


def fitted(value: Any, rows: float, columns: float) -> Value | Block:
    """Give a result the extent of its formula; see :func:`xlcredit.recalc.dialect.fit`."""
    cells = value if isinstance(value, list) else [[value]]
    absent = CellError("#N/A", "the result is smaller than the range of the array formula")
    result: Any = fit(cells, int(rows), int(columns), absent)
    shown: Value | Block = result[0][0] if rows == columns == 1 else result
    return shown
