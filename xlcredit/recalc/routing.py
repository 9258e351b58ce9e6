"""Which engine calculates a workbook, and what the second one says to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from xlcredit.errors import RecalcError
from xlcredit.hints import did_you_mean
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.place import Place, a1
from xlcredit.ooxml.values import Value
from xlcredit.recalc.accuracy import Accuracy
from xlcredit.recalc.dependants import dependants
from xlcredit.recalc.engine import Engine
from xlcredit.recalc.formualizer import Embedded
from xlcredit.recalc.formulon import Strict
from xlcredit.recalc.limits import beyond
from xlcredit.recalc.outcome import (
    DEPENDS,
    DISPUTED,
    NOT_CALCULATED,
    ONE_ENGINE,
    Doubt,
)
from xlcredit.recalc.proven import Proven
from xlcredit.recalc.run import OutsideError, Run

__all__ = ["ENGINES", "choose_engine", "doubts", "main_run", "second_run"]

Functions = Mapping[str, Callable[..., Any]]

#: The engines of our own process: a new one is one more here, under its ``name``.
_OURS: tuple[type[Engine], ...] = (Embedded, Strict)
ENGINES: Mapping[str, type[Engine]] = {engine.name: engine for engine in _OURS}


def main_run(
    book: Book,
    inputs: Mapping[Place, Value],
    functions: Functions,
    engine: str | Engine,
    *,
    keep: bool = False,
) -> Run:
    """Calculate a workbook with the engine that suits it.

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
    far = beyond(book)
    saved = {p: book.saved(p) for p in (*book.formulas, *book.members)} if keep else None
    if engine != "auto":
        return Run(book, choose_engine(engine), functions, inputs, saved, beyond=far)
    run = _first(far) if far else _proven_run(book, inputs, functions, saved)
    if isinstance(run, Run):
        return run
    try:
        strict = Run(book, Strict(), functions, inputs, saved, beyond=far)
    except RecalcError as error:
        # Rather the other engine than none: what it gives outside its dialect is told.
        try:
            alone = Run(book, Embedded(), functions, inputs, saved, beyond=far)
        except RecalcError:
            raise error from None
        alone.unasked = f"the strict engine has stopped: {error}"
        return alone
    strict.slower = run
    return strict


def _proven_run(
    book: Book,
    inputs: Mapping[Place, Value],
    functions: Functions,
    saved: Mapping[Place, Value] | None,
) -> Run | str:
    """Let the embedded engine calculate what is inside its proven dialect, or say why it cannot."""
    proven = Proven(book, functions)
    if problem := proven.problem_of_book():
        return problem
    try:
        run = Run(book, Embedded(), functions, inputs, saved, within=proven)
    except OutsideError as error:
        return str(error)
    return run if run.values and not run.refused else _first(run.refused)


def _first(refused: Mapping[Place, str]) -> str:
    """Tell the first formula that is not calculated, and why."""
    return next((f"{place}: {reason}" for place, reason in refused.items()), "it gives no value")


def choose_engine(engine: str | Engine) -> Engine:
    """Give the engine of that name, or the one that was given."""
    if not isinstance(engine, str):
        return engine
    if engine not in ENGINES:
        names = ", ".join(["auto", *ENGINES])
        near = did_you_mean(engine, ["auto", *ENGINES])
        raise RecalcError(f"there is no engine {engine!r}{near or f'; there are {names}'}")
    return ENGINES[engine]()


def second_run(
    book: Book, main: Run, functions: Functions, inputs: Mapping[Place, Value]
) -> Run | None:
    """Ask the embedded engine for a second opinion on what the strict one says.

    What the embedded engine cannot calculate it takes from the strict one.
    """
    try:
        run = Run(
            book, Embedded(), functions, inputs, main.values, beyond=beyond(book), second=True
        )
    except RecalcError:
        return None
    return run


def doubts(book: Book, main: Run, second: Run | None, *, alone: bool) -> Iterator[Doubt]:
    """List the cells that are not agreed, in the order of the workbook.

    Parameters
    ----------
    book : Book
        The workbook.
    main : Run
        The values that are written.
    second : Run or None
        The second opinion, if there is one.
    alone : bool
        Whether the main engine needs none: it is inside its proven dialect, or was asked for.
    """
    unsure = main.calls.unsure | (second.calls.unsure if second else {})
    disputes = set(_disputes(book, main, second)) if second else set()
    disputes |= {place for place in unsure if place in main.values}
    roots = disputes | {p for p in main.values if book.members.get(p, p) in main.refused}
    dependent = dependants(book, roots)
    for place, value in main.values.items():
        anchor = book.members.get(place, place)
        other: Value = None
        if anchor in main.refused:
            outcome, reason = NOT_CALCULATED, main.refused[anchor]
        elif place in unsure:
            outcome, reason = DISPUTED, unsure[place]
        elif place in disputes and second is not None:
            outcome, other = DISPUTED, second.values[place]
            reason = f"the {second.engine.name} engine gives {_shown(other)}"
        elif anchor in dependent:
            outcome, reason = DEPENDS, "reads a cell that is in doubt"
        elif alone or (second is not None and anchor not in second.refused):
            continue
        else:
            outcome = ONE_ENGINE
            reason = second.refused[anchor] if second else main.unasked
        cell, formula = a1(place.row, place.column), str(book.formulas.get(anchor))
        yield Doubt(place.sheet, cell, outcome, reason, formula, value, other)


def _disputes(book: Book, main: Run, second: Run) -> Iterator[Place]:
    accuracy = Accuracy(book, main.values)
    for place, value in main.values.items():
        anchor = book.members.get(place, place)
        if anchor in main.refused or anchor in second.refused or place not in second.values:
            continue
        if not accuracy.agree(place, value, second.values[place]):
            yield place


def _shown(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    return f"{value!r}" if isinstance(value, str) else str(value)
