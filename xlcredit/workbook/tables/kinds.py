"""The kinds of table on the sheet Stress, in their order: a new kind is one row here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from openpyxl.worksheet.worksheet import Worksheet

from xlcredit.deals.template import Template
from xlcredit.workbook.draft import Draft
from xlcredit.workbook.tables import grid, measures, tornado

__all__ = ["KINDS", "Kind", "tables"]


@dataclass(frozen=True)
class Kind:
    """A kind of table: the list of the template that holds its tables, and who lays them out."""

    listed: str
    height: Callable[[Any], int]
    write: Callable[[Draft, Worksheet, int, Any], None]
    #: Records what other pages read of it; for a kind that they do.
    place: Callable[[Draft, str, int, Any], None] | None = None


KINDS = (
    Kind("ladder", measures.height, measures.write_ladder, measures.place),
    Kind("map", measures.height, measures.write_map, measures.place),
    Kind("grid", grid.height, grid.write, grid.place),
    Kind("tornado", tornado.height, tornado.write),
)


def tables(template: Template, row: int) -> Iterator[tuple[int, Kind, Any]]:
    """Each table of a template, one below the other: the row that it begins in, and its kind."""
    for kind in KINDS:
        for spec in getattr(template, kind.listed):
            yield row, kind, spec
            row += kind.height(spec)
