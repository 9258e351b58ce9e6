"""Read TOML files into typed structs; errors name the file, the line and what to do next."""

from __future__ import annotations

import contextlib
import re
import tomllib
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from xlcredit.deals import template as schema
from xlcredit.deals.cases import expand
from xlcredit.deals.checking import in_one, missing, problems, wrong_texts
from xlcredit.deals.fields import mended
from xlcredit.deals.marks import Struct
from xlcredit.deals.mistakes import field_problem, steps_to
from xlcredit.deals.not_toml import toml_problems
from xlcredit.deals.template import Template
from xlcredit.deals.values import as_meant
from xlcredit.errors import DealError, FileError, TemplateError
from xlcredit.files import LARGEST_TEXT, read_file
from xlcredit.hints import did_you_mean

#: A key of more parts than any deal has: the library keeps each with all that stand before it.
_LONG_KEY = re.compile(r"""(?:\.[ \t]*+(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+){32}""")

__all__ = ["convert", "line_at", "load", "parse_toml", "read_toml", "shipped"]


def folder() -> Path:
    """Where the shipped templates are: inside the wheel, or beside the package in a clone."""
    packaged = Path(str(files("xlcredit"))) / "templates"
    return packaged if packaged.is_dir() else Path(str(files("xlcredit"))).parent / "templates"


def shipped() -> list[str]:
    """Names of the templates that ship."""
    return sorted(p.parent.name for p in folder().glob("*/template.toml"))


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file; one line that says where it is wrong if it is."""
    return parse_toml(read_file(path, LARGEST_TEXT), path)


def parse_toml(
    content: bytes, path: Path, number: Callable[[str], float] = float
) -> dict[str, Any]:
    """Parse what a TOML file holds; one line that says where it is wrong if it is.

    What is made of a number with a point says ``number``.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileError(f"{path}: is not UTF-8 text") from None
    if key := _LONG_KEY.search(text):
        line = text.count("\n", 0, key.start()) + 1
        raise DealError(f"{path}, line {line}: not valid TOML: a key has more than 32 parts")
    try:
        return tomllib.loads(text, parse_float=number)
    except RecursionError:
        raise DealError(f"{path}: not valid TOML: lists or tables are nested too deep") from None
    except ValueError as error:  # also a number of thousands of digits
        found = [(f", line {n}" if n else "", told) for n, told in toml_problems(error, text)]
        raise DealError(in_one(path, found)) from None


def load(name: str) -> tuple[Template, Path]:
    """Load a template by the name of a shipped one, or by its folder or ``template.toml``.

    Returns
    -------
    (Template, Path)
        The template and its folder, in which ``deal.toml`` is its filled example.
    """
    path = Path(name)
    with contextlib.suppress(OSError):  # a name too long for any folder is none
        if path.is_dir() and name not in shipped():
            path = path / "template.toml"
            if not path.is_file():
                raise DealError(f"{name}: is a folder without a template.toml; name a template's")
    if path.suffix != ".toml":
        if name not in shipped():
            message = f'"{name}" is not a template; there are {", ".join(shipped())}'
            raise DealError(message + did_you_mean(name, shipped()))
        path = folder() / name / "template.toml"
    raw = read_toml(path)
    if isinstance(raw.get("template"), str) and "section" not in raw:
        told = f"is a deal file for {raw['template']}, not a template"
        raise DealError(f"{path}: {told}; write: xlcredit new {raw['template']} --deal {path}")
    return _template(raw, path), path.parent


def _template(raw: dict[str, Any], path: Path) -> Template:
    """Turn a parsed template into one; all that is wrong with its tables is one error."""
    found = list(wrong_texts(raw, path))
    held, faults = mended(raw, Template)
    for fault in faults:
        line = line_at(path, raw, steps_to(fault.message), fault.key)
        told = field_problem(fault.message, Template, raw)
        hint = fault.hint or did_you_mean(fault.key, _all_fields(Template)) if fault.key else ""
        found.append((line, f"{told}{hint}"))
    template = None
    try:
        template = expand(_as_meant(msgspec.convert(held, Template)))
    except msgspec.ValidationError:  # what is missing was told
        pass
    else:
        found += problems(template, path)
        if lacks := missing(template, path):  # formulas of every page would say no more
            found, template = [*found, *lacks], None
    if found or template is None:
        raise TemplateError(in_one(path, found), path, found, template)
    return template


def _as_meant(template: Template) -> Template:
    """Read percentages and quoted dates among the defaults, as in a deal file."""
    replace = msgspec.structs.replace
    sections = [
        replace(s, input=[replace(i, value=as_meant(i, i.value)) for i in s.input])
        for s in template.section
    ]
    return replace(template, section=sections)


_UNKNOWN_KEY = re.compile(r"unknown field `(\w+)`")


def convert(raw: Any, kind: type[Any], path: Path) -> Any:
    """Turn parsed TOML into a typed struct; errors name the line and the nearest key."""
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        message = str(error)
        hint = ""
        unknown = _UNKNOWN_KEY.search(message)
        if unknown:
            own = getattr(kind, "__struct_fields__", ())
            hint = did_you_mean(unknown[1], own)
            hint = hint or did_you_mean(unknown[1], set(_all_fields(kind)) - {unknown[1]})
        line = line_at(path, raw, steps_to(message), unknown[1] if unknown else "")
        raise DealError(f"{path}{line}: {field_problem(message, kind, raw)}{hint}") from None


def line_at(path: Path, raw: Any, steps: list[str | int], key: str) -> str:
    """Find the line of the innermost name on the way to a mistake, or of the key below it."""
    if not path.is_file():
        return ""
    text = path.read_text(encoding="utf-8-sig")
    lines = ["" if line.lstrip().startswith("#") else line for line in text.splitlines()]
    at, field = 0, key
    for landmark in _landmarks(raw, steps):
        at = next((n for n in range(at, len(lines)) if landmark in lines[n]), at)
    if not field and steps and isinstance(steps[-1], str):
        field = steps[-1]
    if field:
        assigned = re.compile(rf"^\s*\[*(?:\w+\.)*{re.escape(field)}\b|\b{re.escape(field)}\s*=")
        at = next((n for n in range(at, len(lines)) if assigned.search(lines[n])), at)
    return f", line {at + 1}"


def _landmarks(raw: Any, steps: list[str | int]) -> list[str]:
    """Names and titles, in quotes, that stand on the way to the place an error tells of."""
    found = []
    for step in steps:
        try:
            raw = raw[step]
        except (KeyError, IndexError, TypeError):
            break
        if isinstance(raw, dict):
            words = (raw.get(key) for key in ("name", "title", "label", "input"))
            found += [f'"{word}"' for word in words if isinstance(word, str)][:1]
    return found


def _all_fields(kind: type[Any]) -> list[str]:
    structs = [s for s in vars(schema).values() if isinstance(s, type) and issubclass(s, Struct)]
    return sorted({f for s in [*structs, kind] for f in getattr(s, "__struct_fields__", ())})
