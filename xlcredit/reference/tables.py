"""Read the reference tables: every row has a source, a date and a licence.

``cards.csv`` GPUs and what they are · ``costs.csv`` what they cost, dated · ``scenarios.csv`` rent
scenarios · ``defaults.csv`` constants · ``deals.csv`` public terms. A user's folder may replace
any of them by a file of the same shape; a mistake in it is told by file, row and column.
"""

from __future__ import annotations

import calendar
import csv
import dataclasses
import datetime
import io
import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, TypeVar, cast, get_type_hints

from xlcredit.errors import FileError
from xlcredit.files import LARGEST_TEXT, read_file
from xlcredit.hints import did_you_mean

__all__ = [
    "FOLDER_VARIABLE",
    "TABLES",
    "UNDATED",
    "Card",
    "Cost",
    "Default",
    "Facility",
    "Row",
    "Scenario",
    "is_older",
    "stale",
    "table",
]

#: Names the folder with the user's own tables.
FOLDER_VARIABLE = "XLCREDIT_REFERENCE"
#: A source that begins with one of these words needs no date: nobody has measured it.
UNDATED = ("assumption", "definition", "illustration", "open")

_SHIPPED = Path(__file__).parent
_GRADES = ("A", "B", "C")


# --- rows -----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of a table: facts, and where they come from.

    The grade is A for a primary source or one that quotes it, B for one good secondary source,
    C for an estimate, an illustration or what rests on memory.
    """

    file: ClassVar[str]
    #: Columns that together name a row; no two rows may share them.
    identity: ClassVar[tuple[str, ...]]
    #: Months after which a row should be looked at again.
    fresh_months: ClassVar[int]

    source: str
    grade: str
    licence: str
    as_of: datetime.date | None = None
    note: str = ""

    def problem(self) -> tuple[str, str] | None:
        """Return the column that is wrong and what is wrong with it; ``None`` if all is well."""
        if self.grade not in _GRADES:
            return "grade", f'must be A, B or C; got "{self.grade}"'
        if self.as_of is None and not self.source.startswith(UNDATED):
            return "as_of", f"is empty; only a source of {', '.join(UNDATED)} needs no date"
        return None


@dataclass(frozen=True, kw_only=True)
class Card(Row):
    """A GPU or another accelerator. What is not known is ``None``."""

    file: ClassVar[str] = "cards.csv"
    identity: ClassVar[tuple[str, ...]] = ("card",)
    fresh_months: ClassVar[int] = 24

    card: str
    names: str = ""
    vendor: str
    architecture: str = ""
    form_factor: str = ""
    announced: datetime.date | None = None
    launch_date: datetime.date | None = None
    memory_gb: float | None = None
    memory_bandwidth: float | None = None
    bf16_tflops: float | None = None
    fp8_tflops: float | None = None
    tdp_w: float | None = None
    liquid_required: float | None = None
    rack_kw: float | None = None
    gpus_per_unit: float | None = None
    unit: str = ""
    successor: str = ""
    #: Fields whose figure rests on memory or on one estimate.
    unverified: str = "none"

    def problem(self) -> tuple[str, str] | None:
        """Refuse what no card can be."""
        if self.liquid_required not in (None, 0.0, 1.0):
            return "liquid_required", f"must be 0 or 1; got {self.liquid_required:g}"
        names = {f.name for f in dataclasses.fields(self)} | {"none"}
        if unknown := [word for word in self.unverified.split() if word not in names]:
            return "unverified", f'names the column "{unknown[0]}", which there is not'
        return super().problem()


@dataclass(frozen=True, kw_only=True)
class Cost(Row):
    """What a card cost new at a date, in USD per unit, from ``cost_low`` to ``cost_high``."""

    file: ClassVar[str] = "costs.csv"
    identity: ClassVar[tuple[str, ...]] = ("card", "as_of")
    fresh_months: ClassVar[int] = 12

    card: str
    cost_low: float
    cost_high: float
    basis: str = ""

    def problem(self) -> tuple[str, str] | None:
        """Refuse a range turned round."""
        if self.cost_high < self.cost_low:
            return "cost_high", f"is below cost_low: {self.cost_high:g} and {self.cost_low:g}"
        return super().problem()


@dataclass(frozen=True, kw_only=True)
class Scenario(Row):
    """A rent scenario: what it adds to the yearly fall and multiplies the level of rents by.

    The steps replace those of the inputs; blank where it leaves them alone. An illustration.
    """

    file: ClassVar[str] = "scenarios.csv"
    identity: ClassVar[tuple[str, ...]] = ("scenario",)
    fresh_months: ClassVar[int] = 24

    scenario: str
    rent_decline: float
    rent_level: float
    step_month_1: float | None = None
    step_month_2: float | None = None
    step_drop_1: float | None = None
    step_drop_2: float | None = None


@dataclass(frozen=True, kw_only=True)
class Default(Row):
    """A constant: the default of an argument, or a figure to start from."""

    file: ClassVar[str] = "defaults.csv"
    identity: ClassVar[tuple[str, ...]] = ("key",)
    fresh_months: ClassVar[int] = 12

    key: str
    value: float
    unit: str


@dataclass(frozen=True, kw_only=True)
class Facility(Row):
    """Public terms of a loan. What the record does not give is ``None``."""

    file: ClassVar[str] = "deals.csv"
    identity: ClassVar[tuple[str, ...]] = ("deal",)
    fresh_months: ClassVar[int] = 24

    deal: str
    borrower: str
    closed: datetime.date
    size_usd: float
    spread: float | None = None
    maturity: datetime.date | None = None
    advance: float | None = None
    sizing_dscr: float | None = None
    covenant_dscr: float | None = None
    customer: str = ""


TABLES: tuple[type[Row], ...] = (Card, Cost, Scenario, Default, Facility)

R = TypeVar("R", bound=Row)


# --- age ------------------------------------------------------------------------------------


def is_older(as_of: datetime.date, on: datetime.date, months: int) -> bool:
    """Tell whether ``as_of`` lies more than ``months`` calendar months before ``on``.

    Examples
    --------
    >>> is_older(datetime.date(2025, 2, 27), datetime.date(2026, 2, 28), 12)
    True
    """
    year, month = divmod(on.year * 12 + on.month - 1 - months, 12)
    if year < 1:
        return False
    last = calendar.monthrange(year, month + 1)[1]
    return as_of < datetime.date(year, month + 1, min(on.day, last))


def stale(row: Row, on: datetime.date) -> bool:
    """Tell whether a row is older than its table allows; a row without a date never is.

    Parameters
    ----------
    row : Row
        A row of any table.
    on : datetime.date
        The day of use, for example the date of the deal.
    """
    return row.as_of is not None and is_older(row.as_of, on, row.fresh_months)


# --- reading --------------------------------------------------------------------------------


def table(kind: type[R], folder: str | os.PathLike[str] | None = None) -> tuple[R, ...]:
    """Read a table; once read, it stays as it was for the life of the program.

    Parameters
    ----------
    kind : type
        One of ``Card``, ``Cost``, ``Scenario``, ``Default`` and ``Facility``.
    folder : path, optional
        Folder with the user's tables; the one that ``XLCREDIT_REFERENCE`` names when not given.
        A table that is not there is the shipped one.

    Raises
    ------
    FileError
        The folder is missing, or a file in it is wrong; the message names file, row and column.
    """
    return cast("tuple[R, ...]", read(path_of(kind, folder_of(folder))))


def folder_of(folder: str | os.PathLike[str] | None) -> str:
    """Name the folder of the user's tables; empty if there is none."""
    return os.environ.get(FOLDER_VARIABLE, "") if folder is None else os.fspath(folder)


def path_of(kind: type[Row], folder: str) -> Path:
    """Find the file of a table: the user's, or the shipped one."""
    if not folder:
        return _SHIPPED / kind.file
    if not Path(folder).is_dir():
        raise FileError(f"{folder}: no such folder (it is given by {FOLDER_VARIABLE})")
    own = Path(folder) / kind.file
    return own if own.exists() else _SHIPPED / kind.file


@cache
def read(path: Path) -> tuple[Row, ...]:
    """Read the file of a table, once."""
    kind = next(kind for kind in TABLES if kind.file == path.name)
    try:
        text = read_file(path, LARGEST_TEXT).decode("utf-8-sig")
        return tuple(_rows(kind, path, csv.reader(io.StringIO(text, newline=""), strict=True)))
    except UnicodeDecodeError:
        raise FileError(f"{path}: is not UTF-8 text; save it as CSV UTF-8") from None
    except csv.Error as error:
        raise FileError(f"{path}: is not a CSV file: {error}") from None


def _rows(kind: type[Row], path: Path, lines: Any) -> Iterator[Row]:
    columns = [cell.strip() for cell in next(lines, [])]
    parsers = _parsers(kind)
    _check_header(path, columns, parsers)
    seen: set[tuple[Any, ...]] = set()
    for cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        place = f"{path}, row {lines.line_num}"
        if len(cells) != len(columns):
            raise FileError(f"{place}: {len(columns)} cells are needed; got {len(cells)}")
        row = _row(kind, place, dict(zip(columns, cells, strict=True)), parsers)
        name = tuple(getattr(row, field) for field in kind.identity)
        if name in seen:
            raise FileError(f"{place}, column {kind.identity[0]}: {name[0]} is given twice")
        seen.add(name)
        yield row


def _check_header(path: Path, columns: list[str], parsers: dict[str, _Parser]) -> None:
    if len(columns) == 1 and ";" in columns[0]:
        raise FileError(f"{path}: columns are separated by semicolons; commas are needed")
    for column in columns:
        if column not in parsers:
            hint = did_you_mean(column, parsers) or f"; the columns are {', '.join(parsers)}"
            raise FileError(f'{path}: column "{column}" is not known{hint}')
        if columns.count(column) > 1:
            raise FileError(f"{path}: column {column} is given twice")
    for column in parsers:
        if column not in columns:
            raise FileError(f"{path}: column {column} is missing")


def _row(kind: type[Row], place: str, cells: dict[str, str], parsers: dict[str, _Parser]) -> Row:
    given: dict[str, Any] = {}
    for column, cell in cells.items():
        parse, required = parsers[column]
        text = cell.strip()
        if text:
            try:
                given[column] = parse(text)
            except ValueError as error:
                raise FileError(f"{place}, column {column}: {error}") from None
        elif required:
            raise FileError(f"{place}, column {column}: is empty")
    row = kind(**given)
    if wrong := row.problem():
        raise FileError(f"{place}, column {wrong[0]}: {wrong[1]}")
    return row


#: How the cells of a column are read, and whether each must be filled.
_Parser = tuple[Callable[[str], Any], bool]


def _parsers(kind: type[Row]) -> dict[str, _Parser]:
    hints = get_type_hints(kind)
    return {
        f.name: (_parse(hints[f.name]), f.default is dataclasses.MISSING)
        for f in dataclasses.fields(kind)
    }


def _parse(hint: Any) -> Callable[[str], Any]:
    kinds = getattr(hint, "__args__", (hint,))
    return _date if datetime.date in kinds else _number if float in kinds else str


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f'must be a number such as 1234.5; got "{text}"') from None
    if not math.isfinite(value):
        raise ValueError(f'must be a number such as 1234.5; got "{text}"')
    return value


def _date(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise ValueError(f'must be a date such as 2026-11-22; got "{text}"') from None
