"""The one epoch, against openpyxl's and the calendar's own arithmetic."""

from __future__ import annotations

import datetime

from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils.datetime import to_excel

from xlcredit.serials import FIRST_DAY, from_serial, on_worksheet, serial

DATES = st.dates(FIRST_DAY, datetime.date(9999, 12, 31))


@given(DATES)
def test_a_date_is_counted_as_openpyxl_counts_it_and_comes_back(date: datetime.date) -> None:
    assert serial(date) == to_excel(date) == on_worksheet(date)
    assert from_serial(serial(date)) == date


@given(st.datetimes(datetime.datetime(1900, 3, 1), datetime.datetime(9999, 12, 31)))
def test_a_time_is_a_part_of_a_day(moment: datetime.datetime) -> None:
    whole, part = divmod(serial(moment), 1)
    assert from_serial(whole) == moment.date()
    midnight = datetime.datetime.combine(moment.date(), datetime.time())
    assert abs(part * 86_400 - (moment - midnight).total_seconds()) < 1e-4


@given(st.dates(max_value=FIRST_DAY - datetime.timedelta(days=1)))
def test_before_march_1900_a_worksheet_has_no_date(date: datetime.date) -> None:
    assert on_worksheet(date) is None
