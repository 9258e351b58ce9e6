"""Formulas written in another host's spelling, and formulas made to spill."""

from __future__ import annotations

import pytest
from openpyxl.formatting.rule import FormulaRule

from xlcredit.errors import RecalcError
from xlcredit.ooxml.spelling import respell, spelled

from .conftest import Make, parts
from .samples import book, packed

KNOWN = {"XLC_DSCR", "XLC_DSCR_MIN"}
FORMULAS = {
    "A1": "=XLC_DSCR(B1:B9,C1:C9)",
    "A2": '=IF(XLC_DSCR_MIN(B1)<1.2,"XLC_DSCR(low) & \'",SUM(XLC_DSCR(B1,C1),1))',
    "A3": "=XLC_OTHER(1)+SUM(B1:B9)",
    "A4": '="a"&CHAR(10)&XLC_DSCR(B1,C1)',
}


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
