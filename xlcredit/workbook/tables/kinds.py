"""The kinds of table on the sheet Stress, in their order: a new kind is one row here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, get_args

import msgspec
from openpyxl.worksheet.worksheet import Worksheet

from xlcredit.deals.exhibits import StressTable
from xlcredit.deals.template import Template
from xlcredit.workbook.draft import Draft
from xlcredit.workbook.tables import grid, measures, tornado

__all__ = ["KINDS", "Kind", "tables", "told", "undrawn"]


@dataclass(frozen=True)
class Kind:
    """A kind of table: the list of the template that holds its tables, and who lays them out."""

    listed: str
    height: Callable[[Any], int]
    write: Callable[[Draft, Worksheet, int, Any], None]
    #: Records what other pages read of it; for a kind that they do.
    place: Callable[[Draft, str, int, Any], None] | None = None
    tall: int = 0
    """Rows of the usual height that its tall ones take beyond their own."""


KINDS = (
    Kind("ladder", measures.height, measures.write_ladder, measures.place),
    Kind("map", measures.height, measures.write_map, measures.place),
    Kind("grid", grid.height, grid.write, grid.place, grid.TALL),
    Kind("tornado", tornado.height, tornado.write),
)


def undrawn(template: type[msgspec.Struct], kinds: Iterable[Kind] = KINDS) -> list[str]:
    """Give the lists of a template that hold tables of Stress which no kind lays out."""
    drawn = {kind.listed for kind in kinds}
    fields = [f for f in msgspec.structs.fields(template) if f.name not in drawn]
    held = {f.name: get_args(f.type) for f in fields}
    return [
        name
        for name, items in held.items()
        if any(isinstance(item, type) and issubclass(item, StressTable) for item in items)
    ]


def told(missing: Iterable[str]) -> str:
    """Say which lists nobody lays out, and what to write where."""
    names = ", ".join(missing)
    return (
        f"Template lists {names}, and nobody lays it out on Stress: add a row "
        f"Kind({names!r}, height, write) to KINDS in xlcredit/workbook/tables/kinds.py"
    )


if missing := undrawn(Template):  # no template could be built: say so before one is read
    raise TypeError(told(missing))


def tables(template: Template, row: int) -> Iterator[tuple[int, Kind, Any]]:
    """Each table of a template, one below the other: the row that it begins in, and its kind."""
    for kind in KINDS:
        for spec in getattr(template, kind.listed):
            yield row, kind, spec
            row += kind.height(spec)
