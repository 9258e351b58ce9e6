"""JSON Schemas of deal files and templates, for editors: names, units, ranges, what is missing.

They are made from what reads the files, so that an editor and a command agree. A taplo comment
(``#:schema loan.schema.json``) on the first line of a TOML file names its schema.
"""

from __future__ import annotations

from typing import Any

import msgspec

from xlcredit.deals.checking import marks
from xlcredit.deals.marks import Struct
from xlcredit.deals.template import Input, Template
from xlcredit.deals.units import DRIVER_UNITS, UNITS

__all__ = ["deal_schema", "template_schema"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DATE = {"type": "string", "format": "date"}
_TEXT = {"type": "string"}
#: Units of which a percentage in quotes is another spelling.
_SHARES = ("share", "1/year", "ratio", "1/sqrt(year)")
_PERCENT = {"type": "string", "pattern": r"^\s*[-+]?\d+(\.\d+)?\s*%\s*$"}


def template_schema() -> dict[str, Any]:
    """Give the JSON Schema of a ``template.toml``.

    Examples
    --------
    >>> "covenant" in template_schema()["$defs"]["Template"]["required"]
    True
    """
    (ref,), definitions = msgspec.json.schema_components([Template], ref_template="#/$defs/{name}")
    structs = {s.__name__: s for s in _structs(Struct)}
    for name, definition in definitions.items():
        for field, mark in marks(structs[name]).items():
            known = {"unit": UNITS, "driver unit": DRIVER_UNITS}.get(mark)
            if known:
                definition["properties"][field] = {"enum": ["", *known]}
    definitions = _without_prefixes(definitions)
    return {"$schema": _DIALECT, "title": "A template of xlcredit", **ref, "$defs": definitions}


def _without_prefixes(schema: Any) -> Any:
    """Say of pairs what every draft of JSON Schema understands: taplo reads an older one."""
    if isinstance(schema, list):
        return [_without_prefixes(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {key: _without_prefixes(part) for key, part in schema.items()}
    if isinstance(items := schema.get("prefixItems"), list):
        del schema["prefixItems"]
        schema["items"] = items[0] if all(i == items[0] for i in items) else {"anyOf": items}
    return schema


def _structs(kind: type[Struct]) -> list[type[Struct]]:
    return [kind, *(s for child in kind.__subclasses__() for s in _structs(child))]


def deal_schema(template: Template) -> dict[str, Any]:
    """Give the JSON Schema of a deal file for a template.

    Parameters
    ----------
    template : Template
        The template, whose inputs a deal fills.

    Examples
    --------
    >>> from xlcredit.deals import load
    >>> schema = deal_schema(load("gpu-term-loan")[0])
    >>> schema["properties"]["inputs"]["properties"]["margin"]["title"]
    'Margin [1/year]'
    """
    inputs = template.inputs
    rows = {row.name: _series(row.label, row.unit) for row in template.own_rows}
    own = {"type": "object", "properties": rows, "additionalProperties": False}
    return {
        "$schema": _DIALECT,
        "title": f"A deal for {template.title}",
        "type": "object",
        "required": ["template", "name", "as_of", "inputs"],
        "additionalProperties": False,
        "properties": {
            "template": {"const": template.name},
            "name": _TEXT,
            "as_of": _DATE,
            "note": _TEXT,
            "inputs": {
                "type": "object",
                "required": [name for name, spec in inputs.items() if spec.value is None],
                "properties": {name: _input(spec) for name, spec in inputs.items()},
                "additionalProperties": False,
            },
            "series": own,
            "actuals": own,
        },
    }


def _input(spec: Input) -> dict[str, Any]:
    """An input bare, or with its unit and where it comes from."""
    value = _value(spec)
    described = {"title": f"{spec.label} [{spec.unit}]"}
    if spec.note:
        described["description"] = spec.note
    if spec.value is not None:
        described["default"] = f"{spec.value}"
    whole = {
        "type": "object",
        "required": ["value"],
        "additionalProperties": False,
        "properties": {
            "value": value,
            "unit": {"const": spec.unit},
            "source": _TEXT,
            "as_of": _DATE,
        },
    }
    return {**described, "anyOf": [value, whole]}


def _value(spec: Input) -> dict[str, Any]:
    if spec.unit == "date":
        return _DATE
    if spec.unit == "text":
        return {"enum": spec.choices} if spec.choices else _TEXT
    number: dict[str, Any] = {"type": "integer" if spec.whole else "number"}
    if spec.low is not None:
        number["minimum"] = spec.low
    if spec.high is not None:
        number["maximum"] = spec.high
    return {"anyOf": [number, _PERCENT]} if spec.unit in _SHARES else number


def _series(label: str, unit: str) -> dict[str, Any]:
    """Months of the user's own: a list, or a list or file with its source."""
    months = {"type": "array", "items": {"anyOf": [{"type": "number"}, {"const": ""}]}}
    given = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "values": months,
            "file": _TEXT,
            "first_month": {"type": "integer", "minimum": 1},
            "unit": {"const": unit},
            "source": _TEXT,
            "as_of": _DATE,
        },
    }
    return {"title": f"{label} [{unit}]", "anyOf": [months, given]}
