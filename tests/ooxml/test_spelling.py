"""Formulas written in another host's spelling, and formulas made to spill."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl.formatting.rule import FormulaRule

from xlcredit.errors import RecalcError
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package, pack
from xlcredit.ooxml.place import Place
from xlcredit.ooxml.spelling import respell, spelled
from xlcredit.ooxml.spilling import spilling

from .conftest import Make, edit_part, parts

KNOWN = {"XLC_DSCR", "XLC_DSCR_MIN"}
FORMULAS = {
    "A1": "=XLC_DSCR(B1:B9,C1:C9)",
    "A2": '=IF(XLC_DSCR_MIN(B1)<1.2,"XLC_DSCR(low) & \'",SUM(XLC_DSCR(B1,C1),1))',
    "A3": "=XLC_OTHER(1)+SUM(B1:B9)",
    "A4": '="a"&CHAR(10)&XLC_DSCR(B1,C1)',
}


def book(path: Path) -> Book:
    return Book(Package(path))


def packed(path: Path, changed: dict[str, bytes]) -> Book:
    made = path.with_name(f"new {path.name}")
    made.write_bytes(pack(Package(path), changed))
    return book(made)


@pytest.mark.parametrize(
    "stored",
    ["XLC_DSCR(1)", "xlc_dscr(1)", "_xldudf_XLC_DSCR(1)", "[1]!XLC_DSCR(1)", "_xll.XLC_DSCR(1)"],
)
def test_every_spelling_can_be_written_anew(stored: str) -> None:
    assert spelled(stored, "_xldudf_", KNOWN) == "_xldudf_XLC_DSCR(1)"
    assert spelled(stored, "", KNOWN) == "XLC_DSCR(1)"


def test_text_other_functions_and_names_keep_their_spelling() -> None:
    formula = FORMULAS["A2"][1:]
    expected = formula.replace("XLC_DSCR_MIN(", "_xldudf_XLC_DSCR_MIN(")
    assert spelled(formula, "_xldudf_", KNOWN) == expected.replace(
        "SUM(XLC_DSCR(", "SUM(_xldudf_XLC_DSCR("
    )
    assert spelled("XLC_OTHER(XLC_DSCR)", "_xldudf_", KNOWN) == "XLC_OTHER(XLC_DSCR)"
    with pytest.raises(RecalcError, match="cannot be read as a formula"):
        spelled('XLC_DSCR("', "", KNOWN)


def test_there_and_back_is_the_same_file(make: Make) -> None:
    path = make(FORMULAS, names={"cover": "XLC_DSCR(S!$B$1,S!$C$1)", "other": "S!$B$1"})
    there = packed(path, respell(book(path), "lite", KNOWN))
    texts = [f.text for f in there.formulas.values()]
    assert sum("_xldudf_" in text for text in texts) == 3
    assert {n.name: n.text for n in there.names} == {
        "cover": "_xldudf_XLC_DSCR(S!$B$1,S!$C$1)",
        "other": "S!$B$1",
    }
    back = packed(there.package.path, respell(there, "plain", KNOWN))
    assert parts(back.package.path) == parts(path)
    assert respell(back, "plain", KNOWN) == {}


def test_rules_are_formulas_too(make: Make) -> None:
    import openpyxl

    path = make(FORMULAS)
    workbook = openpyxl.load_workbook(path)
    rule = FormulaRule(formula=["XLC_DSCR($B$1,$C$1)<1.2"])
    workbook.active.conditional_formatting.add("A1:A9", rule)
    workbook.save(path)
    there = packed(path, respell(book(path), "lite", KNOWN))
    sheet = there.package.read(there.parts["S"]).decode()
    assert "<formula>_xldudf_XLC_DSCR($B$1,$C$1)&lt;1.2</formula>" in sheet


# --- spilling -------------------------------------------------------------------------------


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
