"""What a schema says of a mistake, in the words of who made it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin, get_type_hints

from xlcredit.deals.marks import Struct

__all__ = ["field_problem", "steps_to"]

_PATH = re.compile(r" - at `\$([^`]*)`")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
#: The parser's words for what a field holds, and ours.
_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
    "date": "a date such as 2026-11-30",
}


def steps_to(message: str) -> list[str | int]:
    """Give the way to the place that a message of the schema tells of: keys and places in lists."""
    found = _PATH.search(message)
    steps = _STEP.findall(found[1] if found else "")
    return [key or int(index) for key, index in steps]


def field_problem(message: str, kind: type[Any], raw: Any) -> str:
    """Say what is wrong with a field in the words of its author.

    Parameters
    ----------
    message : str
        What the schema says.
    kind : type
        The struct that was read.
    raw : dict
        What was read.

    Examples
    --------
    >>> from xlcredit.deals.template import Template
    >>> field_problem("Expected `int`, got `str` - at `$.months`", Template, {"months": "72"})
    "months must be a whole number; got '72'"
    """
    steps = steps_to(message)
    words = [step for step in steps if isinstance(step, str)]
    plain = _PATH.sub("", message)
    table = f"[[{'.'.join(words)}]]"
    if unknown := re.search(r"unknown field `([^`]*)`", plain):
        return f"{unknown[1]} is not a field {f'of {table}' if words else 'here'}"
    if missing := re.search(r"missing required field `([^`]*)`", plain):
        return f"{missing[1]} is missing{f' in {table}' if words else ''}"
    return _value_problem(plain, kind, words, _value_at(raw, steps)) if words else plain


def _value_problem(plain: str, kind: type[Any], words: list[str], got: Any) -> str:
    """Say what a field must hold."""
    field = words[-1]
    shown = "" if isinstance(got, (dict, list)) else f"; got {got!r}"
    if plain.startswith("Invalid enum value"):
        return f"{field} must be {_or(_choices(kind, words))}{shown}"
    if plain.startswith("Invalid RFC3339"):
        return f"{field} must be {_KINDS['date']}{shown}"
    if length := re.fullmatch(r"Expected `array` of length (\d+), got (\d+)", plain):
        return f"{field} must be a list of {length[1]}; got {length[2]}"
    if wrong := re.fullmatch(r"Expected `([^`]*)`, got `([^`]*)`", plain):
        wanted = [_KINDS.get(part.strip(), "") for part in wrong[1].split("|")]
        return f"{field} must be {_or([w for w in wanted if w])}{shown}"
    return f"{field}: {plain}"


def _value_at(raw: Any, steps: list[str | int]) -> Any:
    for step in steps:
        try:
            raw = raw[step]
        except (KeyError, IndexError, TypeError):
            return None
    return raw


def _choices(kind: type[Any], words: list[str]) -> list[str]:
    """The words that a field may be, by the way to it."""
    hint: Any = kind
    for word in words:
        struct = next((k for k in _parts(hint) if isinstance(k, type) and _is_struct(k)), None)
        if struct is None:
            return []
        hint = get_type_hints(struct)[word]
    return [str(c) for part in _parts(hint) if get_origin(part) is Literal for c in get_args(part)]


def _is_struct(kind: Any) -> bool:
    return issubclass(kind, Struct) and kind is not Struct


def _parts(hint: Any) -> Iterator[Any]:
    """A type and the types in it: of a list, of a union."""
    yield hint
    if get_origin(hint) is not Literal:
        for part in get_args(hint):
            yield from _parts(part)


def _or(words: list[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
