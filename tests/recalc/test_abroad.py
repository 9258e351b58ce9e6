"""Names of Excel's functions in other languages."""

from __future__ import annotations

from openpyxl.utils import FORMULAE

from xlcredit.recalc.abroad import _ENGLISH, in_english


def test_functions_of_other_languages_are_functions_of_excel_in_english() -> None:
    assert in_english("WENN") == "IF" and in_english("Zählenwenn") == "COUNTIF"
    assert in_english("FIN.MOIS") == "EOMONTH" and in_english("SUMME") == "SUM"
    native = set(FORMULAE) | {"XLOOKUP", "MINIFS", "MAXIFS", "DAYS"}
    assert set(_ENGLISH.values()) <= native
    assert not set(_ENGLISH) & native - {"DATE"}  # no name that a file can hold
