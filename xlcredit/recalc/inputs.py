"""New values for inputs: found by name or address, checked against what the cell holds."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from xlcredit.errors import CellError, RecalcError
from xlcredit.recalc.book import Book, Place
from xlcredit.recalc.validation import refuse_invalid
from xlcredit.recalc.values import Value, plain

__all__ = ["resolve_inputs"]


def resolve_inputs(book: Book, inputs: Mapping[str, object]) -> dict[Place, Value]:
    """Find the cells that inputs name.

    Parameters
    ----------
    book : Book
        The workbook.
    inputs : mapping
        A defined name of one cell, or an address such as ``Inputs!C4``, to a number, text,
        truth value, date, or None to empty the cell.

    Returns
    -------
    dict
        Each cell with its new value.

    Raises
    ------
    RecalcError
        If a name is unknown or ambiguous, its cell is calculated, or the value is of another
        kind than the one it replaces.
    """
    resolved: dict[Place, Value] = {}
    for key, raw in inputs.items():
        place = _find(book, key)
        if place in resolved:
            raise RecalcError(f"{key}: {place} is set twice")
        resolved[place] = _checked(book, key, place, raw)
        refuse_invalid(book, key, place, resolved[place])
    return resolved


def _find(book: Book, key: str) -> Place:
    if place := book.find(key):
        return place
    if "!" in key:
        sheet = key.rpartition("!")[0].strip("'")
        if sheet.lower() not in map(str.lower, book.sheets):
            raise RecalcError(f"{key}: there is no sheet {sheet}{_near(sheet, list(book.sheets))}")
        raise RecalcError(f"{key}: not the address of one cell, such as {sheet}!C4")
    if any(n.name.lower() == key.lower() for n in book.names):
        raise RecalcError(f"{key} does not stand for one cell; give an address such as Inputs!C4")
    near = _near(key, list(book.cell_names))
    raise RecalcError(f"{key} is not a name in {book.package.path.name}{near}")


def _near(word: str, known: list[str]) -> str:
    lowered = {k.lower(): k for k in known}
    near = [lowered[k] for k in difflib.get_close_matches(word.lower(), lowered, 3, 0.5)]
    return f"; did you mean {' or '.join(near)}?" if near else ""


def _checked(book: Book, key: str, place: Place, raw: Any) -> Value:
    if place in book.formulas:
        raise RecalcError(f"{key} is calculated ({place} holds {book.formulas[place]}), not input")
    if place in book.members:
        raise RecalcError(f"{key} is calculated by the array formula in {book.members[place]}")
    value = plain(raw)
    if isinstance(value, CellError):
        raise RecalcError(f"{key}: {raw!r} is not a value for a cell")
    old = book.constants[place.sheet].get((place.row, place.column))
    if value is not None and old is not None and _kind(value) != _kind(old):
        raise RecalcError(f"{key} holds {_kind(old)} ({_shown(old)}); got {_shown(value)}")
    return value


def _kind(value: Value) -> str:
    if isinstance(value, bool):
        return "TRUE or FALSE"
    if isinstance(value, str):
        return "text"
    return "an error value" if isinstance(value, CellError) else "a number"


def _shown(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    return f"{value:g}" if isinstance(value, float) else repr(value)
