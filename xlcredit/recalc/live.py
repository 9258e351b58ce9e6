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
from xlcredit.recalc.outcome import Recalculation
from xlcredit.recalc.session import Calculation

__all__ = ["Live"]


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
        self._stale = False

    def set(self, inputs: Mapping[Place, Value]) -> None:
        """Change constants; nothing is calculated until a value is asked for."""
        for place, value in inputs.items():
            if self._constant(place) != value:
                self._run.engine.set(*place, value)
                self._stale = True
            self.inputs[place] = value

    def reset(self, places: Collection[Place]) -> None:
        """Give constants the values of the file again."""
        self.set({place: self._saved(place) for place in places})
        for place in places:
            self.inputs.pop(place, None)

    def value(self, place: Place) -> Value:
        """Give the value of a cell, up to date."""
        if place not in self.book.formulas and place not in self.book.members:
            return self._constant(place)
        self._bring_up_to_date()
        value = self._run.engine.value(*place)
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

    def _bring_up_to_date(self) -> None:
        if self._stale:
            self._run.again()
            self._stale = False
