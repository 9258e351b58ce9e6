"""The kinds of table on the sheet Stress: one that nobody lays out is said before a build."""

from __future__ import annotations

import types

import msgspec
import pytest

from xlcredit.deals import Template
from xlcredit.deals.exhibits import StressTable
from xlcredit.workbook.tables.kinds import KINDS, Kind, told, undrawn


def test_every_kind_of_the_template_is_laid_out() -> None:
    assert undrawn(Template) == []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.listed)
def test_a_kind_without_its_row_is_named(kind: Kind) -> None:
    assert undrawn(Template, [other for other in KINDS if other is not kind]) == [kind.listed]


def test_a_new_kind_is_found_by_its_table() -> None:
    new = msgspec.defstruct("New", [("title", str)], bases=(StressTable,), kw_only=True)
    many = types.GenericAlias(list, (new,))
    longer = msgspec.defstruct("Longer", [("new", many)], bases=(Template,), kw_only=True)
    assert undrawn(longer) == ["new"]


def test_who_adds_a_kind_is_told_the_file_and_the_row() -> None:
    message = told(["new"])
    assert "Kind('new', height, write)" in message
    assert "xlcredit/workbook/tables/kinds.py" in message
