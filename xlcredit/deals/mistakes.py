"""What a TOML parser and a schema say of a mistake, in the words of who made it."""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin, get_type_hints

from xlcredit.deals.marks import Struct

__all__ = ["MOST", "field_problem", "steps_to", "toml_problem", "toml_problems"]

_AT_LINE = re.compile(r" \(at line (\d+), column \d+\)")
_PATH = re.compile(r" - at `\$([^`]*)`")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_DATE = re.compile(r"=\s*(\d{4}-\d{1,2}-\d{1,2})\b")
_DATE_ABROAD = re.compile(r"=\s*(\d{1,2}[./]\d{1,2}[./]\d{2,4})")
_PERCENT = re.compile(r"=\s*([-+]?\d+(?:\.\d+)?)\s*%")
_DECIMAL_COMMA = re.compile(r"=\s*(\d+),(\d+)\b")
_TRUTH = re.compile(r"=\s*(TRUE|FALSE|True|False|yes|no)\b")
_BARE = re.compile(r"^\s*(\w+)\s*=\s*(?:#.*)?$")
#: Mistakes after which the rest of a file can be read, and what stands there in their place.
_KNOWN = (_DATE, _DATE_ABROAD, _PERCENT, _DECIMAL_COMMA, _TRUTH)
_NO_VALUE = re.compile("|".join(pattern.pattern for pattern in _KNOWN))
#: Mistakes that one message names.
MOST = 20
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


# --- not TOML -------------------------------------------------------------------------------


def toml_problem(error: ValueError, text: str) -> tuple[int, str]:
    """Say in which line a file stops being TOML, and what to write there.

    Parameters
    ----------
    error : ValueError
        What the parser says.
    text : str
        The file.

    Returns
    -------
    (int, str)
        The line from 1, 0 if it is not known, and the problem with its remedy.

    Examples
    --------
    >>> import tomllib
    >>> try:
    ...     tomllib.loads("margin = 4%")
    ... except ValueError as error:
    ...     toml_problem(error, "margin = 4%")
    (1, 'not valid TOML: 4% is no number; write "4%" in quotes, or the share of 1')
    """
    told = str(error)
    found = _AT_LINE.search(told)
    lines = text.splitlines()
    at = int(found[1]) if found else 0
    there = lines[at - 1] if 0 < at <= len(lines) else ""
    remedy = next(_remedies(there), "")
    plain = remedy or _AT_LINE.sub("", told)
    return at, f"not valid TOML: {plain}"


def toml_problems(error: ValueError, text: str) -> list[tuple[int, str]]:
    r"""Say the same of every line that a known mistake is in, the first one first.

    A value that is no TOML is read as 0 to see what comes after it; what follows from a mistake
    that cannot be read past is not told.

    Examples
    --------
    >>> import tomllib
    >>> text = "margin = 4%\nclosing = 30.11.2026\nfee = 1"
    >>> try:
    ...     tomllib.loads(text)
    ... except ValueError as error:
    ...     [line for line, _ in toml_problems(error, text)]
    [1, 2]
    """
    found = [toml_problem(error, text)]
    lines = text.splitlines()
    while len(found) < MOST:
        at = found[-1][0]
        if not 0 < at <= len(lines):
            break
        there = lines[at - 1]
        lines[at - 1] = _NO_VALUE.sub("= 0", there, count=1)
        if lines[at - 1] == there:
            break
        try:
            tomllib.loads("\n".join(lines))
            break
        except ValueError as another:
            line, problem = toml_problem(another, "\n".join(lines))
            if not any(pattern.search(lines[line - 1]) for pattern in _KNOWN):
                break
            found.append((line, problem))
    return found


def _remedies(line: str) -> Iterator[str]:
    """What a line means to say, by the mistakes that people make."""
    if bare := _BARE.match(line):
        yield f"{bare[1]} has no value; write one, or begin the line with #"
    for date in _DATE.findall(line):
        if not _is_date(date):
            yield f"{date} is no day of the calendar; a date is year-month-day, as 2026-11-30"
    if abroad := _DATE_ABROAD.search(line):
        yield f"{abroad[1]} is no date here; write year-month-day, as 2026-11-30"
    if percent := _PERCENT.search(line):
        yield f'{percent[1]}% is no number; write "{percent[1]}%" in quotes, or the share of 1'
    if comma := _DECIMAL_COMMA.search(line):
        yield f"{comma[1]},{comma[2]} has a decimal comma; write {comma[1]}.{comma[2]}"
    if truth := _TRUTH.search(line):
        yield f"{truth[1]} is not a word of TOML; write true or false"
    quotes = line.replace('\\"', "")
    if quotes.count('"') % 2 or quotes.count("'") % 2:
        yield "a quote is not closed in this line"
    if "formula" in line or "value" in line:
        yield "a text that holds quotes stands in quotes of the other kind: 'IF(x=\"a\",1,0)'"


def _is_date(text: str) -> bool:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True


# --- not the schema -------------------------------------------------------------------------


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
