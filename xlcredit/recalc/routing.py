"""Which engine calculates a workbook, and what the second one says to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from xlcredit.errors import RecalcError
from xlcredit.hints import did_you_mean
from xlcredit.ooxml.book import Book, Place
from xlcredit.ooxml.values import Value, a1
from xlcredit.recalc.calls import Calls
from xlcredit.recalc.dependants import dependants
from xlcredit.recalc.engine import Engine
from xlcredit.recalc.formualizer import Embedded
from xlcredit.recalc.formulon import Strict
from xlcredit.recalc.outcome import (
    DEPENDS,
    DISPUTED,
    NOT_CALCULATED,
    ONE_ENGINE,
    TOLERANCE,
    Doubt,
    agree,
)
from xlcredit.recalc.proven import is_proven
from xlcredit.recalc.run import Run

__all__ = ["ENGINES", "Calculated", "calculated"]

Functions = Mapping[str, Callable[..., Any]]

#: The engines that can be named.
ENGINES: Mapping[str, Callable[[], Engine]] = {"embedded": Embedded, "strict": Strict}


@dataclass
class Calculated:
    """The values of a workbook, and how sure they are."""

    engine: str
    values: dict[Place, Value]
    spills: dict[Place, tuple[int, int]]
    calls: Calls
    refused: dict[Place, str]
    doubts: list[Doubt] = field(default_factory=list)


def calculated(
    book: Book,
    inputs: Mapping[Place, Value],
    functions: Functions,
    engine: str | Engine,
    *,
    keep: bool = False,
) -> Calculated:
    """Calculate a workbook with the engines that suit it, and say which cells are in doubt.

    Parameters
    ----------
    book : Book
        The workbook.
    inputs : mapping
        New constants.
    functions : mapping
        The worksheet functions by name, in capitals.
    engine : str or Engine
        See :func:`xlcredit.recalc.recalculate`.
    keep : bool
        Whether cells that are not calculated keep their saved value.
    """
    saved = {p: book.saved(p) for p in (*book.formulas, *book.members)} if keep else None
    if engine != "auto":
        main = Run(book, _named(engine), functions, inputs, saved)
        return _told(book, main, None, getattr(engine, "name", str(engine)))
    if is_proven(book, functions):
        main = Run(book, Embedded(), functions, inputs, saved)
        if not main.refused:
            return Calculated("embedded", main.values, main.spills, main.calls, main.refused)
    strict = Strict()
    try:
        main = Run(book, strict, functions, inputs, saved)
    except RecalcError as error:
        return _by_the_other(book, inputs, functions, saved, error)
    finally:
        strict.close()
    return _told(book, main, _second(book, main, functions, inputs), "strict")


def _named(engine: str | Engine) -> Engine:
    if not isinstance(engine, str):
        return engine
    if engine not in ENGINES:
        names = ", ".join(["auto", *ENGINES])
        near = did_you_mean(engine, ["auto", *ENGINES])
        raise RecalcError(f"there is no engine {engine!r}{near or f'; there are {names}'}")
    return ENGINES[engine]()


def _by_the_other(
    book: Book,
    inputs: Mapping[Place, Value],
    functions: Functions,
    saved: Mapping[Place, Value] | None,
    error: RecalcError,
) -> Calculated:
    """Calculate a workbook that the strict engine cannot take in."""
    try:
        main = Run(book, Embedded(), functions, inputs, saved)
    except RecalcError:
        raise error from None
    return _told(book, main, None, "embedded")


def _second(
    book: Book, main: Run, functions: Functions, inputs: Mapping[Place, Value]
) -> Run | None:
    """Ask the embedded engine; what it cannot calculate it takes from the strict one."""
    try:
        return Run(book, Embedded(), functions, inputs, main.values)
    except RecalcError:
        return None


def _told(book: Book, main: Run, second: Run | None, name: str) -> Calculated:
    done = Calculated(name, main.values, main.spills, main.calls, main.refused)
    done.doubts = list(_doubts(book, main, second))
    return done


def _doubts(book: Book, main: Run, second: Run | None) -> Iterator[Doubt]:
    """List the cells that are not agreed, in the order of the workbook."""
    disputes = set(_disputes(book, main, second)) if second else set()
    roots = disputes | {p for p in main.values if book.members.get(p, p) in main.refused}
    dependent = dependants(book, roots)
    for place, value in main.values.items():
        anchor = book.members.get(place, place)
        formula = book.formulas.get(anchor)
        other: Value = None
        if anchor in main.refused:
            outcome, reason = NOT_CALCULATED, main.refused[anchor]
        elif place in disputes and second is not None:
            outcome, other = DISPUTED, second.values[place]
            reason = f"the embedded engine gives {_shown(other)}"
        elif anchor in dependent:
            outcome, reason = DEPENDS, "reads a cell that is in doubt"
        elif second is None or anchor in second.refused:
            outcome = ONE_ENGINE
            reason = second.refused[anchor] if second else "the other engine was not asked"
        else:
            continue
        cell = a1(place.row, place.column)
        yield Doubt(place.sheet, cell, outcome, reason, str(formula), value, other)


def _disputes(book: Book, main: Run, second: Run) -> Iterator[Place]:
    tolerance = max(TOLERANCE, book.iteration[1]) if book.iteration else TOLERANCE
    for place, value in main.values.items():
        anchor = book.members.get(place, place)
        if anchor in main.refused or anchor in second.refused or place not in second.values:
            continue
        if not agree(value, second.values[place], tolerance):
            yield place


def _shown(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    return f"{value!r}" if isinstance(value, str) else str(value)
