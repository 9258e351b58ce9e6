"""Formulas made to spill."""

from __future__ import annotations

import pytest

from xlcredit.errors import RecalcError
from xlcredit.ooxml.place import Place
from xlcredit.ooxml.spilling import spilling

from .conftest import Make, edit_part
from .samples import book, packed


def test_a_fixed_array_becomes_one_that_spills(make: Make) -> None:
    path = make({"A1": ("A1:A3", "=XLC_DSCR(B1:B3,C1:C3)"), "D1": "=A1"})
    made = packed(path, spilling(book(path), [Place("S", 1, 1), Place("S", 1, 4)]))
    formulas = made.formulas
    assert formulas[Place("S", 1, 1)].dynamic and formulas[Place("S", 1, 4)].dynamic
    assert formulas[Place("S", 1, 1)].shape == (3, 1)
    assert formulas[Place("S", 1, 4)].shape == (1, 1)
    assert spilling(made, [Place("S", 1, 1)]) == {}  # it does already


def test_a_workbook_that_spills_already_keeps_its_mark(make: Make) -> None:
    path = make({"A1": "=B1:B3", "D1": "=B1:B3"})
    once = packed(path, spilling(book(path), [Place("S", 1, 1)]))
    twice = packed(once.package.path, spilling(once, [Place("S", 1, 4)]))
    assert twice.package.read("xl/metadata.xml") == once.package.read("xl/metadata.xml")
    sheet = twice.package.read(twice.parts["S"]).decode()
    assert sheet.count(' cm="1"') == 2
    path = edit_part(once.package.path, "xl/metadata.xml", ("XLDAPR", "XLRICHVALUE"))
    with pytest.raises(RecalcError, match="its cells carry other metadata"):
        spilling(book(path), [Place("S", 1, 4)])


def test_what_cannot_spill_is_named(make: Make) -> None:
    path = make({"A1": "=B1", "A2": "=B2", "A3": 1})
    with pytest.raises(RecalcError, match="S!A3: holds no formula"):
        spilling(book(path), [Place("S", 3, 1)])
    shared = edit_part(
        path,
        "xl/worksheets/sheet1.xml",
        ("<f>B1</f>", '<f t="shared" ref="A1:A2" si="0">B1</f>'),
        ("<f>B2</f>", '<f t="shared" si="0"/>'),
    )
    with pytest.raises(RecalcError, match="S!A1: shares its formula"):
        spilling(book(shared), [Place("S", 1, 1)])
