"""A workbook that stays loaded: inputs change, and only what depends on them is calculated."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from xlcredit.errors import RecalcError
from xlcredit.garbage import uncollected
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.place import Place
from xlcredit.ooxml.values import Value
from xlcredit.recalc.calls import default_functions
from xlcredit.recalc.engine import Engine, Refusal
from xlcredit.recalc.entering import enter
from xlcredit.recalc.focus import Focus, precedents
from xlcredit.recalc.outcome import Recalculation
from xlcredit.recalc.session import Calculation

__all__ = ["Live"]

#: A part is worth an engine of its own up to this share of all formulas.
_PART = 0.6
#: The same where it is read after many changes.
_MOST_OF_IT = 0.8
#: How often a part is looked for: what is asked settles soon, or does not.
_ATTEMPTS = 3


class Live:
    """One workbook in one engine.

    The formulas are read, checked and translated once. The engine knows which cells depend on
    which, so that a changed input costs what hangs on it and no more.

    Parameters
    ----------
    book : Book
        The workbook.
    functions : mapping, optional
        Worksheet functions by name, on raw values; by default those of xlcredit.
    engine : str or Engine
        What calculates.

    Raises
    ------
    RecalcError
        If the workbook holds no formulas, or one that the engine cannot calculate.
    """

    def __init__(
        self,
        book: Book,
        *,
        functions: Mapping[str, Callable[..., Any]] | None = None,
        engine: str | Engine = "auto",
    ) -> None:
        self.book = book
        self.inputs: dict[Place, Value] = {}
        """What differs from the file."""
        own = default_functions() if functions is None else functions
        self._run = Calculation(book, own, engine)
        with uncollected():
            self._run.calculate({})
        self._entered: dict[Place, Value] = {}
        """What the engine has been told, and has calculated with."""
        self._pending: dict[Place, Value] = {}
        """What it has not been told yet."""
        self._asked: set[Place] = set()
        """The formulas that are read between changes of inputs."""
        self._focus: Focus | None = None
        self._attempts = 0 if book.iteration else _ATTEMPTS

    @property
    def slower(self) -> str:
        """Say which cell sends the workbook to the strict engine, and why; else nothing."""
        return self._run.slower

    def set(self, inputs: Mapping[Place, Value]) -> None:
        """Change constants; nothing is calculated until a value is asked for."""
        changed = {p: v for p, v in inputs.items() if not _same(self._constant(p), v)}
        if changed and self._asked and not self._pending:
            self._look_at_what_is_asked()
        self._pending |= changed
        if self._focus:
            self._focus.set(changed, self._constant)
        self.inputs |= inputs

    def reset(self, places: Collection[Place]) -> None:
        """Give constants the values of the file again."""
        self.set({place: self._saved(place) for place in places})
        for place in places:
            self.inputs.pop(place, None)

    def value(self, place: Place) -> Value:
        """Give the value of a cell, up to date."""
        if place not in self.book.formulas and place not in self.book.members:
            return self._constant(place)
        value = self._current(place)
        if isinstance(value, Refusal):
            raise RecalcError(f"{place}: {self.book.formulas.get(place, '')} {value}")
        return 0.0 if value is None else value

    def cells(self, sheet: str) -> dict[tuple[int, int], Value]:
        """Give every cell of a sheet that holds something, up to date."""
        self._bring_up_to_date()
        constants = dict(self.book.constants[sheet])
        constants |= {(p.row, p.column): v for p, v in self.inputs.items() if p.sheet == sheet}
        return constants | {
            (p.row, p.column): v for p, v in self._run.values().items() if p.sheet == sheet
        }

    def concentrate(self, read: Callable[[], object]) -> None:
        """Calculate no more than some figures need, from the next change of inputs on.

        Who reads them often need not have all the rest calculated each time. Anything else may
        still be asked for: the whole is brought up to date then.

        Parameters
        ----------
        read : callable
            Reads the figures.
        """
        self._bring_up_to_date()
        before, self._asked = self._asked, set()
        read()
        if not self._is_focused_on(self._asked) and not self.book.iteration:
            part = precedents(self.book, self._asked)
            if len(part) <= _MOST_OF_IT * len(self.book.formulas):
                self._focus = self._run.focus(part, self._entered)
            else:  # as soon calculated as loaded once more
                self._attempts, self._focus = 0, None
                self._run.put_aside(self.book.formulas.keys() - part)
        self._asked |= before

    def hold(self, step: Callable[[], object]) -> None:
        """Take a step of the inputs, and hold what it leaves as it is.

        What has stood still is not calculated again before what it reads says otherwise: worth it
        for steps that are like this one. The values are the same.

        Parameters
        ----------
        step : callable
            Changes inputs, and reads the figures that will be read after other steps.
        """
        if self._focus and self._pending:
            self._focus.hold(step)
        else:
            self._bring_up_to_date()
            self._run.hold(step)

    def recalculation(self) -> Recalculation:
        """Give all values, errors and differences from the file, up to date."""
        self._bring_up_to_date()
        return self._run.result(self.inputs)

    def write(self, target: Any, *, overwrite: bool = False) -> None:
        """Write a copy of the file with the inputs and the values as they stand."""
        self._bring_up_to_date()
        self._run.write(target, self.inputs, overwrite=overwrite)

    def _constant(self, place: Place) -> Value:
        return self.inputs[place] if place in self.inputs else self._saved(place)

    def _saved(self, place: Place) -> Value:
        return self.book.constants[place.sheet].get((place.row, place.column))

    def _current(self, place: Place) -> Value | Refusal:
        """Calculate no more than a cell needs, if few cells are read after each change."""
        if self._pending and self._focus and place in self._focus:
            return self._focus.value(place)
        self._asked.add(place)
        self._bring_up_to_date()
        return self._run.value(place)

    def _look_at_what_is_asked(self) -> None:
        """Take the part of the workbook that is read into an engine of its own.

        Now the whole is up to date, so that the two can be compared.
        """
        if self._attempts and not self._is_focused_on(self._asked):
            self._attempts -= 1
            most = _PART * len(self.book.formulas)
            part = precedents(self.book, self._asked, most)
            if len(part) > most:  # what is asked only grows
                self._attempts, self._focus = 0, None
            else:
                self._focus = self._run.focus(part, self._entered)

    def _is_focused_on(self, places: Collection[Place]) -> bool:
        return self._focus is not None and all(place in self._focus for place in places)

    def _bring_up_to_date(self) -> None:
        if self._pending:
            enter(self._run.engine, self.book, self._pending, self._constant)
            self._entered |= self._pending
            self._pending = {}
            with uncollected():
                self._run.again()


def _same(one: Value, other: Value) -> bool:
    return one == other and type(one) is type(other)
