"""A user's own monthly rows: a forecast, or what has happened, in the deal file or in a CSV."""

from __future__ import annotations

import calendar
import datetime
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from xlcredit.deals.marks import Struct
from xlcredit.deals.reading import convert
from xlcredit.deals.rows import read_rows
from xlcredit.deals.spelled import Spelling, TwoReadingsError
from xlcredit.deals.template import AS_AT, Row, Template
from xlcredit.deals.values import SHARES
from xlcredit.errors import DealError, FileError, UserError
from xlcredit.hints import did_you_mean
from xlcredit.numerals import Written, counted, whole

__all__ = ["AS_AT", "Series", "read_series"]

_MONTHS = 12
#: What the first column of a CSV may be called; the second is the values, whatever its name.
_COLUMNS = ("month", "date")


class Series(Struct, kw_only=True, frozen=True):
    """A row of the sheet Curves: one value a month from month 1, ``None`` where it has none."""

    values: list[float | None]
    source: str = "assumption"
    as_of: datetime.date | None = None


class _Given(Struct, kw_only=True, frozen=True):
    """A series as a deal file gives it: a list of values, or a CSV with months or dates."""

    values: list[Any] | None = None
    file: str = ""
    first_month: int = 1
    unit: str = ""
    source: str = "assumption"
    as_of: datetime.date | None = None


def read_series(
    raw: dict[str, Any], template: Template, path: Path, table: str, closing: datetime.date | None
) -> dict[str, Series]:
    """Read the table ``[series]`` or ``[actuals]`` of a deal file.

    Parameters
    ----------
    raw : dict
        The table: a list of values or a table of its own for each row.
    template : Template
        Which rows can be the user's own.
    path : Path
        The deal file; a CSV stands beside it.
    table : str
        The table's name, for messages.
    closing : date, optional
        The closing date, from which dates become months.

    Raises
    ------
    DealError
        A row cannot be the user's own, a unit is another, months are missing, out of order or
        beyond the model, or a value is no number: one line that names the row and the remedy.
    """
    own = {row.name: row for row in template.own_rows}
    found = {}
    for name, given in raw.items():
        place = f"{path}: [{table}] {name}"
        if name not in own:
            raise DealError(f"{place} is {_no_row(name, template, own)}")
        found[name] = _read(given, own[name], template.months, place, path, closing)
    return found


def _no_row(name: str, template: Template, own: dict[str, Row]) -> str:
    """Say which row is meant: that of a near name, or the one that an input of that name moves."""
    if name in template.inputs:
        reads = re.compile(rf"\b{name}\b")
        if moved := next((row.name for row in own.values() if reads.search(row.formula)), ""):
            return f"an input, one number for all months; the months that it moves are {moved}"
    known = f"; rows of your own are {', '.join(own)}" if own else ""
    return f"no row of your own{did_you_mean(name, own) or known}"


def _read(
    raw: Any, row: Row, months: int, place: str, path: Path, closing: datetime.date | None
) -> Series:
    if not isinstance(raw, (list, dict)):
        shown = f"'{raw}'" if isinstance(raw, str) else raw
        wanted = 'file = "rents.csv"' if not isinstance(raw, str) else f'file = "{raw}"'
        raise DealError(f"{place} is {shown}; give a list of values, or {{ {wanted} }}")
    if isinstance(raw, dict) and (strange := [k for k in raw if k not in _Given.__struct_fields__]):
        near = did_you_mean(strange[0], _Given.__struct_fields__)
        known = near or f"; there are {', '.join(_Given.__struct_fields__)}"
        raise DealError(f"{place}: {strange[0]} is not a field here{known}")
    given = _Given(values=raw) if isinstance(raw, list) else convert(raw, _Given, Path(place))
    if given.unit and given.unit != row.unit:
        raise DealError(f'{place} is in "{row.unit}"; got "{given.unit}"')
    if (given.values is None) == (not given.file):
        raise DealError(f'{place}: give values = [...] or file = "....csv"')
    if given.values is not None:
        pairs = [(given.first_month + i, v) for i, v in enumerate(given.values)]
    else:
        pairs = _pairs(path.parent / given.file, row.unit, place, closing, months)
    values: list[float | None] = [None] * months
    for month, value in pairs:
        if not 1 <= month <= months:
            raise DealError(f"{place}: month {month} is outside the model's months 1 to {months}")
        values[month - 1] = _number(value, f"{place}, month {month}", row.unit)
    return Series(values=values, source=given.source, as_of=given.as_of)


def _number(value: Any, place: str, unit: str, spelling: Spelling | None = None) -> float | None:
    if value is None or value == "":
        return None
    if isinstance(value, str):
        try:
            count = counted(unit, value)
            spelling = spelling or Spelling()
            value = spelling.number(value, percent=unit in SHARES, counted=count)
        except TwoReadingsError as error:
            raise DealError(f"{place}: {error}") from None
        except ValueError:
            raise DealError(f"{place} must be a number, or empty; got {value!r}") from None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise DealError(f"{place} must be a number, or empty; got {value!r}")
    if isinstance(value, Written) and (both := value.two_readings(unit)):
        raise DealError(f"{place}: {both}")
    return float(value)


def _pairs(
    path: Path, unit: str, place: str, closing: datetime.date | None, months: int
) -> list[tuple[int, float | None]]:
    """Months and values of a CSV whose first column is ``month`` or ``date``."""
    try:
        rows, spelling = read_rows(path)
    except UserError as error:
        raise FileError(f"{place}: {error}") from None
    header = [cell.strip().lower() for cell in rows[0][1]] if rows else []
    if len(rows) > 1 and header[:1] == ["month"] and set("-/.") & set(rows[1][1][0]):
        header[0] = "date"  # a month may be written as one
    if len(header) != 2 or header[0] not in _COLUMNS:
        got = f"; got {','.join(rows[0][1])[:60]}" if rows else "; it is empty"
        raise DealError(f"{place}: {path.name} must begin with month,value or date,value{got}")
    if len(rows) == 1:
        raise DealError(f"{place}: {path.name} has no months below its headings")
    pairs: list[tuple[int, float | None]] = []
    outside = _Outside(header[0], closing, months)
    day_first = _day_first([row[0] for _, row in rows[1:]], spelling)
    for line, row in rows[1:]:
        at = f"{place}: {path.name}, line {line}"
        if len(row) != len(header):
            more = "; a number with a decimal comma stands in quotes" if len(row) > 2 else ""
            raise DealError(f"{at}: two columns are needed; got {len(row)}{more}")
        columns = [f"{at}, column {name.strip()}" for name in rows[0][1]]
        month = _month(row[0].strip(), header[0], columns[0], closing, spelling, day_first)
        before = pairs[-1][0] if pairs else month - 1
        if month != before + 1:
            fault = "is out of order" if month <= before else f"leaves out month {before + 1}"
            raise DealError(f"{at}: month {month} {fault}; a month without a value stays, empty")
        outside.look_at(line, row[0].strip(), month)
        pairs.append((month, _number(row[1].strip(), columns[1], unit, spelling)))
    if told := "; ".join(outside.problems()):  # all lines at once, and how they become months
        raise DealError(f"{place}: {path.name}: {told}")
    return pairs


class _Outside:
    """The lines of a CSV that are no month of the model: those before month 1, those after it."""

    def __init__(self, kind: str, closing: datetime.date | None, months: int) -> None:
        self._kind, self._closing, self._months = kind, closing, months
        self._early: list[tuple[int, str, int]] = []
        self._late: list[tuple[int, str, int]] = []

    def look_at(self, line: int, text: str, month: int) -> None:
        """Keep a line that is outside."""
        if month < 1:
            self._early.append((line, text, month))
        elif month > self._months:
            self._late.append((line, text, month))

    def problems(self) -> Iterator[str]:
        """Say how many lines are outside, which they are, and the remedy."""
        if self._early:
            yield f"{_lines(self._early)} not after closing{self._remedy()}"
        if self._late:
            many = "them" if len(self._late) > 1 else "it"
            told = f"after month {self._months}, the last of the model; delete {many}"
            yield f"{_lines(self._late)} {told}"

    def _remedy(self) -> str:
        """What makes months of lines before closing: another closing date, or none of them."""
        many = "them" if len(self._early) > 1 else "it"
        delete = f"delete {many}, month 1 is the first after closing"
        if self._kind == "month" or self._closing is None:
            return f"; {delete}"
        first = self._closing.year * _MONTHS + self._closing.month - 1 + self._early[0][2]
        year, month = divmod(first - 1, _MONTHS)  # the month before the file's first
        last = calendar.monthrange(year, month + 1)[1]
        earlier = datetime.date(year, month + 1, last)
        return (
            f"_date = {self._closing}; has the loan closed before, give that date, such as "
            f"closing_date = {earlier} (what has happened is [actuals], up to {AS_AT}); "
            f"if not, {delete}"
        )


def _lines(found: list[tuple[int, str, int]]) -> str:
    """Name lines by their number and by what stands in them."""
    (first, start, _), (last, end, _) = found[0], found[-1]
    if len(found) == 1:
        return f"line {first} ({start}) is"
    return f"{len(found)} lines, {first} to {last} ({start} to {end}), are"


def _day_first(dates: list[str], spelling: Spelling) -> bool | None:
    """Say whether days come before months, if the dates are months in a row in one order only."""
    fits = []
    for first in (True, False):
        try:
            days = [spelling.date(text, day_first=first) for text in dates]
        except ValueError:
            continue
        months = [day.year * _MONTHS + day.month for day in days]
        if months == list(range(months[0], months[0] + len(months))):
            fits.append(first)
    return fits[0] if len(fits) == 1 else None


def _month(
    text: str,
    kind: str,
    place: str,
    closing: datetime.date | None,
    spelling: Spelling,
    day_first: bool | None,
) -> int:
    try:
        if kind == "month":
            return whole(text)
        day = spelling.date(text, day_first=day_first)
    except TwoReadingsError as error:
        raise DealError(f"{place}: {error}") from None
    except ValueError:
        wanted = "a month such as 13, or " if kind == "month" else ""
        told = f"is not {wanted}a date such as 2027-01-31 or 2027-01"
        raise DealError(f"{place}: {text[:40]!r} {told}") from None
    if closing is None:
        raise DealError(f"{place}: dates need the input closing_date; give months")
    return (day.year - closing.year) * _MONTHS + day.month - closing.month
