"""The reasons behind error cells, kept by the cell that shows them."""

from __future__ import annotations

import pytest

from tests.hosts.windows import SCODES, Windows
from xlcredit.errors import CellError
from xlcredit.functions import REGISTRY
from xlcredit.hosts.reasons import CallSite, Reasons

from .conftest import CALLER


def test_the_reason_of_an_error_cell_is_kept_until_it_answers(excel: Windows) -> None:
    excel.call("XLC_RENT", 2.5, 1.5, 0.0, None, None, None, CALLER)
    place = CallSite("[Deal.xlsx]Debt", 5, 3)
    found = excel.classic.REASONS.find(place, CellError("#NUM!"))
    assert found.reason.startswith("decline must be")
    assert found.__traceback__ is None
    assert excel.classic.REASONS.find(place, CellError("#N/A")).reason == ""
    excel.call("XLC_RENT", 2.5, 0.3, 0.0, None, None, None, CALLER)
    assert excel.classic.REASONS.find(place, CellError("#NUM!")).reason == ""


@pytest.mark.skipif("XLC_WHY" not in REGISTRY, reason="not registered")
def test_why_tells_the_reason_behind_a_cell_of_a_block(excel: Windows) -> None:
    excel.call("XLC_RENT", 2.5, 0.3, ((0.0,), (-1.0,)), None, None, None, CALLER)
    told = "month must be a number at least 0; got -1"
    below = (SCODES["#NUM!"], "[Deal.xlsx]Debt!R6C3")
    assert told in excel.call("XLC_WHY", below, "[Deal.xlsx]Debt!R1C1")
    block = (((2.5,), (SCODES["#NUM!"],)), CALLER)
    assert told in excel.call("XLC_WHY", block, "[Deal.xlsx]Debt!R1C1")
    other = (SCODES["#NUM!"], "[Deal.xlsx]Debt!R9C3")
    assert told not in excel.call("XLC_WHY", other, "[Deal.xlsx]Debt!R1C1")
    assert told not in excel.call("XLC_WHY", SCODES["#NUM!"])


def test_an_address_is_read_whatever_the_sheet_is_called() -> None:
    assert CallSite.parse("'[My !R1C1.xlsx]It''s']!R2C3'!R5C7:R9C9") == (
        "'[My !R1C1.xlsx]It''s']!R2C3'",
        5,
        7,
    )
    for other in ("", "A1", None, 5.0, "Sheet!A1"):
        assert CallSite.parse(other) is None


def test_only_so_many_reasons_are_kept() -> None:
    reasons = Reasons(most=3)
    for row in range(10):
        reasons.keep(CallSite("S", row, 1), CellError("#N/A", f"row {row}"))
    assert reasons.find(CallSite("S", 6, 1), CellError("#N/A")).reason == ""
    assert reasons.find(CallSite("S", 7, 1), CellError("#N/A")).reason == "row 7"
    reasons.keep(CallSite("S", 20, 1), [[CellError("#N/A", "long")]] * 10)
    assert reasons.find(CallSite("S", 22, 1), CellError("#N/A")).reason == "long"
    assert reasons.find(CallSite("S", 23, 1), CellError("#N/A")).reason == ""


def test_a_reason_is_of_its_own_sheet() -> None:
    reasons = Reasons()
    reasons.keep(CallSite("S", 1, 1), CellError("#N/A", "here"))
    assert reasons.find(CallSite("T", 1, 1), CellError("#N/A")).reason == ""
