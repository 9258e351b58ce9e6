"""Write a deal as the file that :func:`~xlcredit.deals.read_deal` reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tomlkit
from tomlkit.items import InlineTable, Table

from xlcredit.deals.deal import Deal
from xlcredit.deals.series import Series
from xlcredit.deals.template import Input, Template

__all__ = ["write_deal"]

#: Up to here a float is the whole number it looks like.
_EXACT = 1e15


def write_deal(deal: Deal, template: Template) -> str:
    """Write every input of a deal with its unit, source and date, grouped as in the template.

    Parameters
    ----------
    deal : Deal
        The deal.
    template : Template
        Its template, which knows the sections.

    Returns
    -------
    str
        TOML; reading it gives the same deal.

    Examples
    --------
    >>> from xlcredit.deals import load, read_deal
    >>> template, home = load("gpu-term-loan")
    >>> text = write_deal(read_deal(home / "deal.toml", template), template)
    >>> text.splitlines()[2]
    'template = "gpu-term-loan"'
    """
    document = tomlkit.document()
    document.add(tomlkit.comment(f"{template.title}: every input, by section."))
    document.add(tomlkit.nl())
    for key in ("template", "name", "as_of", "note"):
        document.add(key, getattr(deal, key))
    document.add(tomlkit.nl())
    inputs = tomlkit.table()
    for section in template.section:
        inputs.add(tomlkit.nl())
        inputs.add(tomlkit.comment(section.title))
        for spec in section.input:
            given = _given(deal[spec.name])
            inputs.add(spec.name, given)
            given.comment(spec.label)
    document.add("inputs", inputs)
    for table, rows in (("series", deal.series), ("actuals", deal.actuals)):
        if rows:
            document.add(table, _series(rows, template))
    return tomlkit.dumps(document).rstrip("\n") + "\n"


def _given(item: Input) -> InlineTable:
    given = tomlkit.inline_table()
    given.append("value", _number(item.value))
    if item.unit not in ("text", "date"):  # the value itself says so
        given.append("unit", item.unit)
    given.append("source", item.source)
    if item.as_of:
        given.append("as_of", item.as_of)
    return given


def _series(rows: Mapping[str, Series], template: Template) -> Table:
    table = tomlkit.table()
    for name, series in rows.items():
        unit = next(row.unit for row in template.own_rows if row.name == name)
        last = max((n for n, v in enumerate(series.values, start=1) if v is not None), default=0)
        given = tomlkit.inline_table()
        given.append("values", ["" if v is None else _number(v) for v in series.values[:last]])
        given.append("unit", unit)
        given.append("source", series.source)
        if series.as_of:
            given.append("as_of", series.as_of)
        table.add(name, given)
    return table


def _number(value: Any) -> Any:
    """Write 61 rather than 61.0."""
    whole = isinstance(value, float) and value.is_integer() and abs(value) < _EXACT
    return int(value) if whole else value
