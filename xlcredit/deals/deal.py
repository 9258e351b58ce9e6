"""Deal files: the values of a template's inputs, each with unit, source and date."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import msgspec

from xlcredit.deals.checking import in_one
from xlcredit.deals.marks import Struct, Value
from xlcredit.deals.reading import convert, line_at, parse_toml
from xlcredit.deals.series import AS_AT, Series, read_series
from xlcredit.deals.template import Input, Template
from xlcredit.deals.values import CONTROL, LONGEST, as_meant, check_value
from xlcredit.errors import DealError
from xlcredit.files import LARGEST_TEXT, read_file
from xlcredit.hints import did_you_mean
from xlcredit.numerals import Written

__all__ = ["Deal", "Given", "fill_deal", "parse_deal", "read_deal"]


class Given(Struct, kw_only=True, frozen=True):
    """A value as a deal file gives it: with its unit, or bare."""

    value: Value
    unit: str | None = None
    source: str = ""
    as_of: datetime.date | None = None


class _DealFile(Struct, kw_only=True, frozen=True):
    template: str
    name: str | None = None  # asked for with the inputs that are missing
    as_of: datetime.date
    note: str = ""
    inputs: dict[str, Any] = msgspec.field(default_factory=dict)
    series: dict[str, Any] = msgspec.field(default_factory=dict)
    actuals: dict[str, Any] = msgspec.field(default_factory=dict)


class Deal(Struct, kw_only=True, frozen=True):
    """A deal: every input of the template, filled, and the months that are the user's own."""

    template: str
    name: str
    as_of: datetime.date
    note: str
    inputs: dict[str, Input]
    series: dict[str, Series] = msgspec.field(default_factory=dict)
    actuals: dict[str, Series] = msgspec.field(default_factory=dict)

    def __getitem__(self, name: str) -> Input:
        """The input of that name."""
        return self.inputs[name]

    @property
    def has_months(self) -> bool:
        """Whether a month of any row is the user's own or has happened."""
        return bool(self.series or self.actuals)


def read_deal(path: Path, template: Template) -> Deal:
    """Read a deal file for a template and fill what it leaves out with the defaults.

    Raises
    ------
    DealError
        A key is unknown, a unit is not the template's, a value is missing, of the wrong kind or
        out of range: one line that names the file, the input and the remedy.
    """
    return parse_deal(read_file(path, LARGEST_TEXT), template, path)


def parse_deal(content: bytes, template: Template, path: Path) -> Deal:
    """Read what a deal file holds; as :func:`read_deal`."""
    return fill_deal(parse_toml(content, path, Written), template, path)


def fill_deal(given: dict[str, Any], template: Template, path: Path) -> Deal:
    """Fill a template with what a deal file, or a row of a loan tape, holds.

    Parameters
    ----------
    given : dict
        The keys of a deal file.
    template : Template
        The template.
    path : Path
        What messages call the place that it comes from.

    Raises
    ------
    DealError
        As :func:`read_deal`.
    """
    raw = convert(given, _DealFile, path)
    if raw.template != template.name:
        message = f"{path}: is for the template {raw.template}, not {template.name}"
        raise DealError(f'{message}; if it is the right one, write template = "{template.name}"')
    named = "-" if raw.name is None else raw.name
    if not named.strip("\u200b\u200c\u200d\ufeff \t") or CONTROL.search(named + raw.note):
        raise DealError(f"{path}: name must be plain text and not empty; got {raw.name!r}")
    inputs, found = _filled(raw, template, path)
    rows: dict[str, dict[str, Series]] = {"series": {}, "actuals": {}}
    if "closing_date" in inputs or "closing_date" not in template.inputs:  # dates count from it
        closing = inputs["closing_date"].value if "closing_date" in inputs else None
        for table, months in (("series", raw.series), ("actuals", raw.actuals)):
            try:
                rows[table] = read_series(months, template, path, table, closing)
            except DealError as error:
                found.append(("", str(error).removeprefix(f"{path}: ")))
    if found:
        # all that are missing, however many: they are filled in one go
        raise DealError(in_one(path, found, "values are to be mended", len(found)))
    _refuse_the_future(rows["actuals"], inputs, path)
    return Deal(
        template=template.name,
        name=named,
        as_of=raw.as_of,
        note=raw.note,
        inputs=inputs,
        **rows,
    )


def _refuse_the_future(actuals: dict[str, Series], inputs: dict[str, Input], path: Path) -> None:
    """What has happened ends with the month up to which it counts."""
    as_at = float(inputs[AS_AT].value or 0) if AS_AT in inputs else 0.0
    for name, series in actuals.items():
        last = max((n for n, v in enumerate(series.values, start=1) if v is not None), default=0)
        if last > as_at:
            message = f"month {last} is after {AS_AT} = {as_at:g}"
            raise DealError(
                f"{path}: [actuals] {name}: {message}; give it as [series], or move {AS_AT}"
            )


def _filled(
    raw: _DealFile, template: Template, path: Path
) -> tuple[dict[str, Input], list[tuple[str, str]]]:
    """Fill every input, and say which are missing, wrong or unknown, with their lines."""
    inputs = {}
    found = [] if raw.name is not None else [("", "name is missing: what the deal is called")]

    def told(name: str, problem: str) -> None:
        line = line_at(path, {}, ["inputs", name], "") if name in raw.inputs else ""
        found.append((line, problem))

    for name in raw.inputs:
        if name not in template.inputs:
            near = did_you_mean(name, template.inputs)
            told(name, f"{name} is not an input of {template.name}{near}")
    for name, default in template.inputs.items():
        try:
            inputs[name] = _fill(default, raw.inputs.get(name), name)
        except DealError as error:
            told(name, str(error))
    return inputs, found


def _fill(default: Input, raw: Any, place: str) -> Input:
    if raw is None:
        if default.value is None:
            raise DealError(f"{place} is missing: {default.label} [{default.unit}]")
        return default
    given = convert(raw, Given, Path(place)) if isinstance(raw, dict) else Given(value=raw)
    if given.unit is not None and given.unit != default.unit:
        raise DealError(f'{place} is in "{default.unit}"; got "{given.unit}"')
    if CONTROL.search(given.source) or len(given.source) > LONGEST:
        raise DealError(f"{place}: its source must be plain text of up to {LONGEST} characters")
    value = as_meant(default, given.value)
    check_value(default, value, place)
    return msgspec.structs.replace(
        default,
        value=float(value) if isinstance(value, Written) else value,
        source=given.source or "assumption",
        as_of=given.as_of,  # the template's date belongs to the figure that is replaced
    )
