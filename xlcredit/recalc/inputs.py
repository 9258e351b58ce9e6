"""New values for inputs: found by name or address, checked against what the cell holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from openpyxl.formula.tokenizer import Token
from openpyxl.utils.cell import range_boundaries

from xlcredit.errors import CellError, RecalcError
from xlcredit.hints import did_you_mean
from xlcredit.numerals import Written, in_full
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.formulas import tokens_of
from xlcredit.ooxml.place import Place
from xlcredit.ooxml.reading import units
from xlcredit.ooxml.values import Value, to_cell
from xlcredit.recalc.validation import limits, refuse_invalid

#: A cell, the name of one or its address, to its new value.
Inputs = Mapping[str, object] | Mapping[Place, object] | Mapping[str | Place, object]

__all__ = ["Inputs", "find", "refuse_unread", "resolve_inputs"]


def resolve_inputs(book: Book, inputs: Inputs) -> dict[Place, Value]:
    """Find the cells that inputs name.

    Parameters
    ----------
    book : Book
        The workbook.
    inputs : mapping
        A cell (`Place`), a defined name of one cell, or an address such as ``Inputs!C4``, to a
        number, text, truth value, date, or None to empty the cell.

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
        place, name = (key, str(key)) if isinstance(key, Place) else (find(book, key), key)
        if place in resolved:
            raise RecalcError(f"{name}: {place} is set twice")
        if isinstance(raw, Written):
            _refuse_two_readings(book, name, place, raw)
        resolved[place] = _checked(book, name, place, raw)
        refuse_invalid(book, name, place, resolved[place])
    return resolved


def find(book: Book, key: str) -> Place:
    """Find the one cell that a name or an address stands for.

    Raises
    ------
    RecalcError
        There is no such cell; the nearest name is given.
    """
    if place := book.find(key):
        return place
    if "!" in key:
        sheet = key.rpartition("!")[0].strip("'")
        if sheet.lower() not in map(str.lower, book.sheets):
            near = did_you_mean(sheet, book.sheets)
            raise RecalcError(f"{key}: there is no sheet {sheet}{near}")
        raise RecalcError(f"{key}: not the address of one cell, such as {sheet}!C4")
    if any(n.name.lower() == key.lower() for n in book.names):
        raise RecalcError(f"{key} does not stand for one cell; give an address such as Inputs!C4")
    near = did_you_mean(key, book.cell_names, 3)
    raise RecalcError(f"{key} is not a name in {book.package.path.name}{near}")


def _checked(book: Book, key: str, place: Place, raw: Any) -> Value:
    if place in book.formulas:
        raise RecalcError(f"{key} is calculated ({place} holds {book.formulas[place]}), not input")
    if place in book.members:
        raise RecalcError(f"{key} is calculated by the array formula in {book.members[place]}")
    value = to_cell(raw)
    old = book.constants[place.sheet].get((place.row, place.column))
    if isinstance(value, str) and isinstance(old, float) and (amount := in_full(value)):
        value = amount
    if isinstance(value, CellError):
        raise RecalcError(f"{key}: {raw!r} is not a value for a cell")
    if value is not None and old is not None and _kind(value) != _kind(old):
        raise RecalcError(f"{key} holds {_kind(old)} ({_shown(old)}); got {_shown(value)}")
    return value


def _refuse_two_readings(book: Book, key: str, place: Place, number: Written) -> None:
    """Refuse 8.000 cards, unless 8000 of them are more than the sheet allows."""
    if both := number.two_readings(units(book).get(place, ""), limits(book, place)[1]):
        raise RecalcError(f"{key}: {both}")


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


# --- slips of the finger --------------------------------------------------------------------


def refuse_unread(book: Book, keys: Iterable[str]) -> None:
    """Refuse the address of an empty cell that nothing refers to: it was meant for another.

    Parameters
    ----------
    book : Book
        The workbook.
    keys : iterable of str
        Names and addresses that a person typed.

    Raises
    ------
    RecalcError
        If there is such an address.
    """
    for key in keys:
        place = book.find(key) if "!" in key else None
        if place and _is_empty(book, place) and not any(_reads(book, place)):
            raise RecalcError(f"{key} is empty and nothing refers to it; {_example(book)}")


def _is_empty(book: Book, place: Place) -> bool:
    filled = place in book.formulas or place in book.members
    return not filled and (place.row, place.column) not in book.constants[place.sheet]


def _reads(book: Book, place: Place) -> Iterator[bool]:
    """Whether each reference in a formula or a name is to a cell, or cannot be told."""
    texts = [(formula.text, formula.place.sheet) for formula in book.formulas.values()]
    for text, home in texts + [(name.text, name.sheet or "") for name in book.names]:
        for token in tokens_of(text) or ():
            if token.type == Token.OPERAND and token.subtype == Token.RANGE:
                yield _covers(token.value, home, place)


def _covers(reference: str, home: str, place: Place) -> bool:
    if "[" in reference:  # a column of a table, or another workbook
        return True
    sheet, _, area = reference.rpartition("!")
    named = sheet.strip("'").replace("''", "'") if sheet else home
    if named.lower() != place.sheet.lower():
        return False
    try:
        left, top, right, bottom = range_boundaries(area)
    except ValueError:  # a name, which is looked at itself
        return False
    rows, columns = (top or 1, bottom or place.row), (left or 1, right or place.column)
    return rows[0] <= place.row <= rows[1] and columns[0] <= place.column <= columns[1]


def _example(book: Book) -> str:
    """Name an input that there is."""
    for name, place in book.cell_names.items():
        if isinstance(book.constants[place.sheet].get((place.row, place.column)), float):
            return f"name an input, e.g. {name}"
    return "give the address of an input"
