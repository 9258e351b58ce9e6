"""What an Office.js host sees: registration, raw values both ways, hover texts, reasons.

That every function answers as in Python is in ``tests/conformance``.
"""

from __future__ import annotations

import datetime
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.hosts.officejs import dispatcher
from xlcredit.errors import CODES, CellError
from xlcredit.functions import REGISTRY
from xlcredit.hosts.officejs.cells import ERROR_TYPES, from_office, to_office


def run(*calls: tuple[Any, ...], options: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """Evaluate formulas one after another: an address, a name and ranges of cells."""
    cases = [
        {"address": address, "name": name, "blocks": blocks} for address, name, *blocks in calls
    ]
    told = dispatcher.run(cases, *options)
    assert "failed" not in told, told["failed"]
    if options:
        assert sorted(told["registered"]) == sorted(REGISTRY)
    cells: list[dict[str, Any]] = told["cases"]
    return cells


BAD = ("[Deal.xlsx]Debt!C5", "XLC_RENT", [[2.5]], [[1.3]], [[0]])
TEXT = ("[Deal.xlsx]Debt!C6", "XLC_RENT", [["two"]], [[0.3]], [[0]])
ROW = ("[Deal.xlsx]Debt!C7", "XLC_RENT", [[2.5]], [[0.3]], [[0, 12]])
HOLE = ("[Deal.xlsx]Debt!C8", "XLC_RENT", [[2.5]], [[0.3]], [[12], [{"error": "#DIV/0!"}], [None]])
WHY = ("[Deal.xlsx]Notes!A1", "XLC_WHY", [[{"error": "#NUM!"}]])


@pytest.fixture(scope="module", params=["dispatcher", "Chromium"])
def told(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    if request.param == "dispatcher":
        return run(BAD, TEXT, ROW, HOLE, WHY)
    if dispatcher.CHROMIUM is None and "CI" not in os.environ:
        pytest.skip("Chromium is not installed")
    return run(BAD, TEXT, ROW, HOLE, WHY, options=("browser",))


def test_errors_are_errors(told: list[dict[str, Any]]) -> None:
    assert told[0] == {"cells": [[{"error": "#NUM!"}]]}


def test_a_value_error_has_its_reason_on_hover(told: list[dict[str, Any]]) -> None:
    reason = 'rent must be a number; got the text "two"'
    assert told[1] == {"cells": [[{"error": "#VALUE!"}]], "hover": reason}


def test_a_row_stays_a_row(told: list[dict[str, Any]]) -> None:
    assert told[2]["cells"] == [[2.5, 1.75]]


def test_a_block_spills_with_errors_in_place(told: list[dict[str, Any]]) -> None:
    assert told[3]["cells"] == [[1.75], [{"error": "#DIV/0!"}], [{"error": "#VALUE!"}]]


def test_why_names_the_cell_and_its_reason(told: list[dict[str, Any]]) -> None:
    assert told[4]["cells"] == [["Debt!C5: decline must be a number below 1; got 1.3"]]


def test_why_keeps_to_its_workbook_and_to_the_latest_answers() -> None:
    general = "an argument is outside its domain, or there is no solution"
    elsewhere = ("[Other.xlsx]Notes!A1", *WHY[1:])
    mended = (BAD[0], "XLC_RENT", [[2.5]], [[0.3]], [[0]])
    passed_on = ("[Deal.xlsx]Debt!D5", "XLC_RENT", [[{"error": "#NUM!"}]], [[0.3]], [[0]])
    nowhere = (None, *WHY[1:])
    got = run(BAD, elsewhere, nowhere, passed_on, WHY, mended, WHY)
    shown = [one["cells"][0][0] for one in got]
    assert shown[1] == shown[2] == shown[6] == general
    assert shown[4] == "Debt!C5: decline must be a number below 1; got 1.3"


def test_why_tells_of_several_cells_and_of_places_in_a_block() -> None:
    block = ("[Deal.xlsx]Debt!AB9", "XLC_RENT", [[2.5]], [[0.3]], [[0, -1]])
    got = run(BAD, block, ("[Deal.xlsx]Notes!A1", "XLC_WHY", [[1.5, {"error": "#NUM!"}]]))
    assert got[2]["cells"][0][0].startswith("Debt!C5: decline must be")
    assert "; or Debt!AC9: month must be" in got[2]["cells"][0][0]


# --- raw values -----------------------------------------------------------------------------


@pytest.mark.parametrize("code", CODES)
def test_error_values_both_ways(code: str) -> None:
    assert from_office({"type": "Error", "basicValue": code}) == CellError(code)
    assert to_office(CellError(code)) == [[{"type": "Error", "errorType": ERROR_TYPES[code]}]]


def test_newer_errors_and_cards_are_value_errors() -> None:
    for cell in (
        {"type": "Error", "basicType": "Error", "basicValue": "#SPILL!"},
        {"type": "LinkedEntity", "basicType": "Error", "basicValue": "#VALUE!"},
    ):
        assert from_office(cell) == CellError("#VALUE!")


def test_other_raw_values() -> None:
    class JsNull:
        pass

    assert repr(from_office(7)) == "7.0"  # as every other host delivers it
    assert from_office(True) is True
    assert from_office(None) is None
    assert from_office(JsNull()) is None
    assert from_office([1, JsNull()]) == [[1.0, None]]
    assert from_office([[1], [{"type": "Double", "basicValue": 46053}]]) == [[1.0], [46053.0]]
    rows = [[1.0, "text"], [True, None]]
    assert from_office(rows) is rows
    assert to_office(rows) is rows
    assert to_office("text") == [["text"]]


def test_dates_leave_as_formatted_numbers() -> None:
    assert to_office(datetime.date(2026, 1, 31)) == [
        [{"type": "FormattedNumber", "basicValue": 46053.0, "numberFormat": "yyyy-mm-dd"}]
    ]
    before = to_office([[datetime.date(1900, 2, 28)]])
    assert before == [[{"type": "Error", "errorType": "Num"}]]


# --- the licence ----------------------------------------------------------------------------


def imported(module: str) -> subprocess.CompletedProcess[str]:
    program = f"import os, {module}; print([k for k in os.environ if 'LICENSE' in k])"
    bare = {k: v for k, v in os.environ.items() if not k.startswith("XLWINGS")}
    command = [sys.executable, "-c", program]
    return subprocess.run(
        command, check=False, capture_output=True, text=True, env=bare, cwd=dispatcher.ROOT
    )


def test_the_adapter_never_brings_a_key() -> None:
    done = imported("xlcredit.hosts.officejs.functions")
    assert done.returncode == 1
    assert "LicenseError" in done.stderr


def test_what_embeds_a_program_needs_no_key() -> None:
    done = imported("xlcredit.hosts.officejs.lite")
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr
