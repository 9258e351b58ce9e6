"""Which cells show dates, and how many decimals are shown, against openpyxl and by hand."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import openpyxl
import pytest
from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format

from xlcredit.ooxml.formats import DateCells, ShownDecimals, to_date
from xlcredit.ooxml.place import Place

from .samples import book

#: Formats, and the decimals that a cell is rounded to when it is shown (None: as many as needed).
DECIMALS = {
    "General": None,
    "0": 0,
    "0.00": 2,
    "#,##0.000": 3,
    "0.0%": 3,
    '0.00"x"': 2,
    "#,##0,": -3,
    "#,##0.0,,": -5,
    "0.00;[Red]-0.0": 2,
    "0.0E+00": None,
    "@": None,
}


def formatted(path: Path, codes: list[str]) -> Path:
    made = openpyxl.Workbook()
    for row, code in enumerate(codes, start=1):
        made.active.cell(row, 1, 46000.5).number_format = code
    made.active.title = "S"
    made.save(path)
    return path


def test_dates_are_those_that_openpyxl_sees(tmp_path: Path) -> None:
    own = ["yyyy-mm-dd", '"day" 0', "[Red]0.0", "mmm yy", '0.0 "years"', r"0\d", "[h]:mm", "0.00"]
    codes = [*BUILTIN_FORMATS.values(), *own]
    opened = book(formatted(tmp_path / "dates.xlsx", codes))
    dates = DateCells(opened)
    for row, code in enumerate(codes, start=1):
        if "[h" not in code:  # elapsed hours are no date to us
            assert (Place("S", row, 1) in dates) == is_date_format(code), code


@pytest.mark.parametrize(("code", "decimals"), DECIMALS.items())
def test_decimals_that_are_shown(code: str, decimals: int | None, tmp_path: Path) -> None:
    opened = book(formatted(tmp_path / "decimals.xlsx", [code]))
    assert ShownDecimals(opened).of(Place("S", 1, 1)) == decimals
    assert ShownDecimals(opened).of(Place("S", 9, 9)) is None


def test_a_serial_is_a_day_or_a_moment_or_stays_a_number() -> None:
    assert to_date(46348.0) == dt.date(2026, 11, 22)
    assert to_date(46348.75) == dt.datetime(2026, 11, 22, 18)
    assert to_date(0.25) == 0.25
    assert to_date(2_958_465.0) == dt.date(9999, 12, 31)
    assert to_date(2_958_466.0) == 2_958_466.0
