"""The fields of a template, each held to what it may be: all mistakes are found, not the first.

What is wrong is left out of the copy that is given back, and a misspelt field stands there under
the name that was meant, so that the rest of the template can be checked in the same go.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from xlcredit.deals.marks import Struct
from xlcredit.hints import did_you_mean, nearest

__all__ = ["Fault", "mended"]

_LEFT_OUT: Any = object()


class Fault(msgspec.Struct, frozen=True):
    """What is wrong with one field."""

    message: str
    """In the words of the parser, with the way to the field."""
    key: str = ""
    """A field that there is not."""
    hint: str = ""
    """What may have been meant by it."""


def mended(raw: Any, kind: type[Struct]) -> tuple[Any, list[Fault]]:
    """Hold what a file says to a struct.

    Parameters
    ----------
    raw : dict
        What was parsed.
    kind : type
        What it must be.

    Returns
    -------
    (dict, list of Fault)
        The same without what is wrong with it, and what that is.

    Examples
    --------
    >>> from xlcredit.deals.template import Shock
    >>> mended({"inputs": "margin", "by": "added"}, Shock)[0]
    {'input': 'margin', 'by': 'add'}
    >>> [fault.hint for fault in mended({"inputs": "margin", "by": "add"}, Shock)[1]]
    ['; did you mean input?']
    """
    faults: list[Fault] = []
    return _table(raw, kind, "$", faults), faults


def _value(raw: Any, hint: Any, place: str, faults: list[Fault]) -> Any:
    """A field: a table, a list of tables, or what the parser can say itself."""
    kind = _struct_in(hint)
    if kind is not None and isinstance(raw, dict):
        return _table(raw, kind, place, faults)
    if kind is not None and isinstance(raw, list):
        parts = (_value(one, hint, f"{place}[{at}]", faults) for at, one in enumerate(raw))
        return [part for part in parts if part is not _LEFT_OUT]
    try:
        msgspec.convert(raw, hint)
    except msgspec.ValidationError as error:
        problem, _, way = str(error).partition(" - at `$")
        faults.append(Fault(f"{problem} - at `{place}{way.rstrip('`')}`"))
        return _as_meant(raw, hint)
    return raw


def _as_meant(raw: Any, hint: Any) -> Any:
    """A number in quotes as a number, another word as one that may stand there; or nothing."""
    with contextlib.suppress(msgspec.ValidationError):
        return msgspec.convert(raw, hint, strict=False)
    words = get_args(hint) if get_origin(hint) is Literal else ()
    return words[0] if words else _LEFT_OUT


@cache
def _fields(kind: type[Struct]) -> tuple[dict[str, Any], list[str]]:
    """The fields of a table by name, and those that must be there: asked for each of hundreds."""
    required = [field.name for field in msgspec.structs.fields(kind) if field.required]
    return get_type_hints(kind, include_extras=True), required


def _table(raw: Any, kind: type[Struct], place: str, faults: list[Fault]) -> Any:
    hints, required = _fields(kind)
    missing = [name for name in required if name not in raw]
    held: dict[str, Any] = {}
    for key, value in raw.items():
        name = key
        if key not in hints:
            # one of several tables of a kind may be misspelt, where the others are not
            free = [n for n in hints if n not in raw or isinstance(value, list)]
            fits = _tables(hints) if _is_table(value) else set(hints)
            name = _meant(key, [n for n in missing if n in fits], [n for n in free if n in fits])
            told = f"; did you mean {name}?" if name else did_you_mean(key, fits)
            told = told or _there_are(hints, fits, place)
            message = f"Object contains unknown field `{key}`{_at(place)}"
            faults.append(Fault(message, key, told))
        if name:
            # what is in a table that has another name is told when it has its own
            told_of = faults if name == key else []
            found = _value(value, hints[name], f"{place}.{name}", told_of)
            if found is not _LEFT_OUT:
                held[name] = [*held[name], *found] if name in held else found
    faults += [
        Fault(f"Object missing required field `{name}`{_at(place)}")
        for name in missing
        if name not in held and not any(_is_of(f"{place}.{name}", fault) for fault in faults)
    ]
    return held


def _tables(hints: Mapping[str, Any]) -> set[str]:
    """The fields that are tables, or lists of them."""
    return {name for name, hint in hints.items() if _struct_in(hint) is not None}


def _is_table(value: Any) -> bool:
    parts = value if isinstance(value, list) else [value]
    return bool(parts) and all(isinstance(part, dict) for part in parts)


def _there_are(hints: Mapping[str, Any], fits: Collection[str], place: str) -> str:
    """List what there is, where nothing has a near name."""
    if place != "$":
        return f"; there are {', '.join(hints)}"
    if fits == set(hints):
        return ""
    return f"; tables are {', '.join(sorted(fits))} (xlcredit help template-language)"


def _is_of(way: str, fault: Fault) -> bool:
    """Whether a mistake is in a field, and not in one whose name begins like it."""
    return re.search(rf"{re.escape(way)}(?!\w)", fault.message) is not None


def _meant(key: str, missing: Collection[str], free: Collection[str]) -> str:
    """The field that a misspelt one stands for: one that must be there, or else may be."""
    return next(iter([*nearest(key, missing, 1), *nearest(key, free, 1)]), "")


def _at(place: str) -> str:
    return f" - at `{place}`" if place != "$" else ""


def _struct_in(hint: Any) -> type[Struct] | None:
    """The struct of a table, of a list of tables, or of a table that may be left out."""
    kinds = [hint, *get_args(hint), *(k for part in get_args(hint) for k in get_args(part))]
    found = (k for k in kinds if isinstance(k, type) and issubclass(k, Struct))
    return next(found, None)
