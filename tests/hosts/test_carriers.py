"""What leaves for a sheet is the same in every host: dates that exist, errors that stay errors."""

from __future__ import annotations

import datetime
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlcredit.errors import CODES, CellError
from xlcredit.hosts.classic.com import to_com
from xlcredit.hosts.libreoffice.calc import from_calc, to_calc
from xlcredit.hosts.officejs.cells import to_office


def in_com(cell: Any) -> Any:
    ((carried,),) = to_com(cell)
    marked = isinstance(carried, str) and carried.startswith("#XLC:")
    return CellError("#" + carried.removeprefix("#XLC:")) if marked else carried


def in_office(cell: Any) -> Any:
    ((carried,),) = to_office(cell)
    if isinstance(carried, dict):
        names = {"Null": "#NULL!", "Div0": "#DIV/0!", "Value": "#VALUE!", "Ref": "#REF!"}
        names |= {"Name": "#NAME?", "Num": "#NUM!", "NotAvailable": "#N/A"}
        error = carried["type"] == "Error"
        return CellError(names[carried["errorType"]]) if error else carried["basicValue"]
    return carried


def in_calc(cell: Any) -> Any:
    ((carried,),) = to_calc(cell)
    return from_calc(carried)


HOSTS = pytest.mark.parametrize("carried", [in_com, in_office, in_calc])


@HOSTS
@pytest.mark.parametrize("code", CODES)
def test_an_error_is_that_error(carried: Any, code: str) -> None:
    assert carried(CellError(code, "whatever the reason")) == CellError(code)


@HOSTS
@given(date=st.dates() | st.datetimes())
def test_a_date_is_a_day_of_the_worksheet_or_an_error(carried: Any, date: datetime.date) -> None:
    day = datetime.date(date.year, date.month, date.day)
    if day < datetime.date(1900, 3, 1):  # Excel has a day too many before it
        assert carried(date) == CellError("#NUM!")
    else:
        assert carried(date) == (day - datetime.date(1899, 12, 30)).days


@HOSTS
@given(number=st.floats(allow_nan=False, allow_infinity=False), text=st.text())
def test_numbers_and_words_pass(carried: Any, number: float, text: str) -> None:
    assert carried(number) == number
    assert in_calc(text) == text
    assert math.copysign(1.0, carried(number)) == math.copysign(1.0, number)
