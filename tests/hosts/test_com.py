"""Raw values as COM carries them, in and out."""

from __future__ import annotations

import datetime
import decimal

import pytest

from tests.hosts.windows import SCODES
from xlcredit.errors import CellError
from xlcredit.hosts.classic.com import ERROR_NUMBERS, from_com, to_com
from xlcredit.worksheet.cells import Cells


@pytest.mark.parametrize(("code", "scode"), SCODES.items())
def test_error_integers_are_error_values(code: str, scode: int) -> None:
    assert from_com(scode) == CellError(code)
    assert from_com(((1.0, scode),)) == Cells([1.0, CellError(code)], (1, 2))
    assert ERROR_NUMBERS[code] == scode & 0xFFFF


def test_newer_error_values_are_value_errors() -> None:
    spill, getting_data = -2146826243, -2146826245
    assert from_com(spill) == from_com(getting_data) == CellError("#VALUE!")


def test_other_raw_values() -> None:
    assert from_com(7) == 7.0
    assert from_com(True) is True
    assert from_com(None) is None
    assert from_com("text") == "text"
    assert from_com(decimal.Decimal("2.5")) == 2.5
    noon = datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.UTC)
    assert from_com(noon) == 46053.5
    assert from_com(((noon,), (None,))) == Cells([46053.5, None], (2, 1))
    assert from_com(((5.0,),)) == Cells([5.0], (1, 1))


def test_an_answer_of_plain_cells_is_not_copied() -> None:
    answered = [[1.0, "text"]]
    assert to_com(answered) is answered


def test_dates_leave_as_serials() -> None:
    assert to_com(datetime.date(2026, 1, 31)) == [[46053.0]]
    assert to_com(datetime.date(1900, 3, 1)) == [[61.0]]
    assert to_com(datetime.date(1900, 2, 28)) == [["#XLC:NUM!"]]
