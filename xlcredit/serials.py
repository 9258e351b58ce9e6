"""Dates as a worksheet counts them: days since 30 December 1899, the one epoch of the project.

From March 1900 on, every spreadsheet counts like this; before it, Excel has a day too many (its 29
February 1900) and disagrees with the calendar.
"""

from __future__ import annotations

import datetime

__all__ = [
    "EPOCH",
    "FIRST_DAY",
    "LEAP_BUG",
    "from_serial",
    "in_words",
    "month_in_words",
    "on_worksheet",
    "serial",
]

#: Day 0 of the 1900 date system as every date from March 1900 on counts it.
EPOCH = datetime.datetime(1899, 12, 30)
#: Before it, Excel and the calendar disagree.
FIRST_DAY = datetime.date(1900, 3, 1)
#: Excel's 29 February 1900 never was: earlier serials count from 31 December 1899.
LEAP_BUG = 60
_DAY_SECONDS = 86_400
_MONTHS = (
    "January February March April May June July August September October November December"
).split()


def serial(date: datetime.date) -> float:
    """Count the days of a date or datetime as Excel does.

    Examples
    --------
    >>> serial(datetime.date(2026, 11, 26))
    46352.0
    """
    if not isinstance(date, datetime.datetime):
        date = datetime.datetime(date.year, date.month, date.day)
    return (date.replace(tzinfo=None) - EPOCH).total_seconds() / _DAY_SECONDS


def from_serial(days: float) -> datetime.date:
    """Return the date of a serial; the time of day is dropped.

    Raises
    ------
    OverflowError
        The calendar has no such day.
    """
    return (EPOCH + datetime.timedelta(days=int(days))).date()


def month_in_words(date: datetime.date, full: bool = False) -> str:
    """Give the month and the year in English, whatever language the machine speaks.

    Examples
    --------
    >>> month_in_words(datetime.date(2026, 12, 5)), month_in_words(datetime.date(2026, 12, 5), True)
    ('Dec 2026', 'December 2026')
    """
    name = _MONTHS[date.month - 1]
    return f"{name if full else name[:3]} {date.year}"


def in_words(date: datetime.date) -> str:
    """Give a day as the sheets show it.

    Examples
    --------
    >>> in_words(datetime.date(2026, 12, 5))
    '5 Dec 2026'
    """
    return f"{date.day} {month_in_words(date)}"


def on_worksheet(date: datetime.date) -> float | None:
    """Count the days of a date, or return None for one that a worksheet does not have."""
    day = date.date() if isinstance(date, datetime.datetime) else date
    return serial(day) if day >= FIRST_DAY else None
