"""The rules that a workbook itself states for its inputs (Data > Validation)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any
from weakref import WeakKeyDictionary

from openpyxl.utils.cell import range_boundaries

from xlcredit.errors import RecalcError
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.place import Place
from xlcredit.ooxml.values import Value

__all__ = ["choices", "limits", "refuse_invalid"]

#: What stands for an open end, as a rule has two ends.
_OPEN = 1e300


def refuse_invalid(book: Book, key: str, place: Place, value: Value) -> None:
    """Refuse a new value that the sheet would refuse if it were typed.

    Lists and limits that are written out in the rule are checked; those that refer to other
    cells are not.
    """
    for rule in _rules(book, place):
        kind = rule.get("type")
        first, second = (_formula(rule, n) for n in ("formula1", "formula2"))
        if kind == "list" and first.startswith('"'):
            allowed = first.strip('"').split(",")
            if value not in allowed:
                raise RecalcError(f"{key} must be one of {', '.join(allowed)}; got {value}")
        if kind in ("decimal", "whole") and rule.get("operator", "between") == "between":
            _refuse_outside(key, value, kind == "whole", first, second)


def limits(book: Book, place: Place) -> tuple[float, float]:
    """Give the least and the greatest number that the sheet allows; infinite where it is open."""
    low, high = -math.inf, math.inf
    for rule in _rules(book, place):
        if (
            rule.get("type") in ("decimal", "whole")
            and rule.get("operator", "between") == "between"
        ):
            ends = _ends(_formula(rule, "formula1"), _formula(rule, "formula2"))
            if ends is not None:
                low, high = max(low, ends[0]), min(high, ends[1])
    return (low if low > -_OPEN else -math.inf), (high if high < _OPEN else math.inf)


def choices(book: Book, place: Place) -> list[str]:
    """Give the words that the sheet allows, where its rule writes them out; else none."""
    lists = [_formula(r, "formula1") for r in _rules(book, place) if r.get("type") == "list"]
    return [word for text in lists if text.startswith('"') for word in text.strip('"').split(",")]


def _ends(first: str, second: str) -> tuple[float, float] | None:
    try:
        return float(first), float(second)
    except ValueError:  # limits that stand in other cells
        return None


def _rules(book: Book, place: Place) -> Iterator[Any]:
    for element in _rules_of_sheet(book, place.sheet):
        for area in element.get("sqref", "").split():
            left, top, right, bottom = range_boundaries(area)
            if top <= place.row <= bottom and left <= place.column <= right:
                yield element


#: The rules of each sheet that was asked for, as long as its workbook is open.
_READ: WeakKeyDictionary[Book, dict[str, list[Any]]] = WeakKeyDictionary()


def _rules_of_sheet(book: Book, sheet: str) -> list[Any]:
    read = _READ.setdefault(book, {})
    if sheet not in read:
        elements = book.package.root(book.parts[sheet]).iter()
        read[sheet] = [e for e in elements if e.tag.rpartition("}")[2] == "dataValidation"]
    return read[sheet]


def _formula(rule: Any, name: str) -> str:
    found = (e.text or "" for e in rule if e.tag.rpartition("}")[2] == name)
    return next(found, "").strip()


def _refuse_outside(key: str, value: Value, whole: bool, first: str, second: str) -> None:
    ends = _ends(first, second)
    if ends is None:
        return
    low, high = ends
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if number and low <= float(value) <= high and (not whole or float(value).is_integer()):  # type: ignore[arg-type]
        return
    kind = "a whole number" if whole else "a number"
    span = f"{'' if low <= -_OPEN else f'{low:g}'}..{'' if high >= _OPEN else f'{high:g}'}"
    raise RecalcError(f"{key} must be {kind} in {span}; got {value}")
