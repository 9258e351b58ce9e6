"""Deal files: the values of a template's inputs, each with unit, source and date."""

from __future__ import annotations

import datetime
import difflib
import math
import re
from pathlib import Path
from typing import Any

import msgspec

from xlcredit.deals.reading import convert, read_toml
from xlcredit.deals.template import Input, Struct, Template, Value
from xlcredit.errors import DealError

__all__ = ["Deal", "Given", "read_deal"]


#: What a spreadsheet's calendar and a loan's life can hold.
FIRST_DAY, LAST_DAY = datetime.date(2000, 1, 1), datetime.date(2100, 12, 31)
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


class Given(Struct, kw_only=True, frozen=True):
    """A value as a deal file gives it: with its unit, or bare."""

    value: Value
    unit: str | None = None
    source: str = ""
    as_of: datetime.date | None = None


class _DealFile(Struct, kw_only=True, frozen=True):
    template: str
    name: str
    as_of: datetime.date
    note: str = ""
    inputs: dict[str, Any] = msgspec.field(default_factory=dict)


class Deal(Struct, kw_only=True, frozen=True):
    """A deal: every input of the template, filled."""

    template: str
    name: str
    as_of: datetime.date
    note: str
    inputs: dict[str, Input]

    def __getitem__(self, name: str) -> Input:
        """The input of that name."""
        return self.inputs[name]


def read_deal(path: Path, template: Template) -> Deal:
    """Read a deal file for a template and fill what it leaves out with the defaults.

    Raises
    ------
    DealError
        A key is unknown, a unit is not the template's, a value is missing, of the wrong kind or
        out of range: one line that names the file, the input and the remedy.
    """
    raw = convert(read_toml(path), _DealFile, path)
    if raw.template != template.name:
        raise DealError(f"{path}: is for the template {raw.template}, not {template.name}")
    if not raw.name.strip() or CONTROL.search(raw.name + raw.note):
        raise DealError(f"{path}: name must be plain text and not empty; got {raw.name!r}")
    for name in raw.inputs:
        if name not in template.inputs:
            near = difflib.get_close_matches(name, template.inputs, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise DealError(f"{path}: {name} is not an input of {template.name}{hint}")
    inputs = {
        name: _fill(default, raw.inputs.get(name), f"{path}: {name}")
        for name, default in template.inputs.items()
    }
    return Deal(
        template=template.name, name=raw.name, as_of=raw.as_of, note=raw.note, inputs=inputs
    )


def _fill(default: Input, raw: Any, place: str) -> Input:
    if raw is None:
        if default.value is None:
            raise DealError(f"{place} is missing; give {default.label.lower()} [{default.unit}]")
        return default
    given = convert(raw, Given, Path(place)) if isinstance(raw, dict) else Given(value=raw)
    if given.unit is not None and given.unit != default.unit:
        raise DealError(f'{place} is in "{default.unit}"; got "{given.unit}"')
    check_value(default, given.value, place)
    return msgspec.structs.replace(
        default,
        value=given.value,
        source=given.source or "assumption",
        as_of=given.as_of or default.as_of,
    )


def check_value(spec: Input, value: Any, place: str) -> None:
    """Refuse a value of the wrong kind or out of range, naming the place."""
    if spec.unit == "date":
        if not isinstance(value, datetime.date):
            raise DealError(f"{place} must be a date such as 2026-11-22; got {value!r}")
        if not FIRST_DAY <= value <= LAST_DAY:
            raise DealError(f"{place} must be between {FIRST_DAY} and {LAST_DAY}; got {value}")
        return
    if spec.unit == "text":
        if not isinstance(value, str):
            raise DealError(f"{place} must be text; got {value!r}")
        if CONTROL.search(value):
            raise DealError(f"{place} holds a control character, which no cell can show")
        if spec.choices and value not in spec.choices:
            raise DealError(f"{place} must be one of {', '.join(spec.choices)}; got {value!r}")
        return
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise DealError(f"{place} must be a number [{spec.unit}]; got {value!r}")
    low, high = spec.low, spec.high
    outside = (low is not None and value < low) or (high is not None and value > high)
    if outside or not math.isfinite(value) or (spec.whole and value != int(value)):
        kind = "a whole number" if spec.whole else "a number"
        ends = f"{'' if low is None else f'{low:g}'}..{'' if high is None else f'{high:g}'}"
        raise DealError(f"{place} must be {kind} in {ends} [{spec.unit}]; got {value}")
