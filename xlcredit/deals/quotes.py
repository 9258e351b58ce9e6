"""Files of quotes: a date, a price, and who quoted it."""

from __future__ import annotations

import csv
import datetime as dt
import math
from dataclasses import dataclass
from pathlib import Path

from xlcredit.errors import DealError, FileError

__all__ = ["Quotes", "read_quotes"]

#: Names of columns, in the order in which they are looked for.
_DATES = ("date", "day", "time", "timestamp")
_PRICES = ("price", "rent", "usd_per_gpu_hour", "close", "value", "usd", "price_usd_per_gpu")
_SOURCES = ("source", "provider")
_DAYS_PER_YEAR = 365.25


@dataclass(frozen=True)
class Quotes:
    """Quotes by date; ``sources`` is empty where the file does not say who quoted."""

    name: str
    dates: list[dt.date]
    prices: list[float]
    sources: list[str]

    @property
    def years(self) -> list[float]:
        """Dates in years from the first one."""
        first = self.dates[0]
        return [(day - first).days / _DAYS_PER_YEAR for day in self.dates]

    @property
    def span(self) -> str:
        """First and last date, in words."""
        return f"{self.dates[0]} to {self.dates[-1]}"


def read_quotes(path: Path, gpu: str | None = None) -> Quotes:
    """Read a CSV file with a column of dates and one of prices, in the order of the dates.

    Parameters
    ----------
    path : Path
        The file; its first line names the columns.
    gpu : str, optional
        Only the lines whose column ``gpu`` says so.

    Raises
    ------
    FileError
        If the file cannot be read.
    DealError
        If a column is missing, a line holds no date or no price above 0, or several cards are
        quoted and none is named.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise FileError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise DealError(f"{path}: is no text in UTF-8; save it as CSV") from None
    reader = csv.DictReader(text.splitlines())
    columns = {name.strip().lower(): name for name in reader.fieldnames or []}
    date, price = (_column(path, columns, names) for names in (_DATES, _PRICES))
    source = next((columns[name] for name in _SOURCES if name in columns), None)
    rows = []
    for row in reader:
        if not any(row.values()) or not _wanted(row, columns, gpu):
            continue
        where = f"{path}: line {reader.line_num}"
        quoted = (row[source] or "").strip() if source else ""
        rows.append((_day(where, row[date]), _price(where, row[price]), quoted))
    if not rows:
        message = f"no quotes of {gpu}" if gpu else "no quotes"
        raise DealError(f"{path}: {message}")
    if "gpu" in columns and gpu is None:
        _refuse_several(path, text, columns["gpu"])
    rows.sort(key=lambda row: row[0])
    days, prices, sources = (list(column) for column in zip(*rows, strict=True))
    return Quotes(path.name, days, prices, sources if source else [])


def _column(path: Path, columns: dict[str, str], names: tuple[str, ...]) -> str:
    for name in names:
        if name in columns:
            return columns[name]
    raise DealError(f"{path}: a column named {', '.join(names[:-1])} or {names[-1]} is missing")


def _wanted(row: dict[str, str], columns: dict[str, str], gpu: str | None) -> bool:
    if gpu is None or "gpu" not in columns:
        return True
    return (row[columns["gpu"]] or "").strip().casefold() == gpu.strip().casefold()


def _refuse_several(path: Path, text: str, column: str) -> None:
    cards = sorted({(row[column] or "").strip() for row in csv.DictReader(text.splitlines())})
    if len(cards) > 1:
        raise DealError(f"{path}: quotes of {', '.join(cards)}; choose one with --gpu")


def _day(where: str, text: str | None) -> dt.date:
    try:
        return dt.date.fromisoformat((text or "").strip()[:10])
    except ValueError:
        raise DealError(f'{where}: a day is written 2026-11-22; got "{text or ""}"') from None


def _price(where: str, text: str | None) -> float:
    try:
        price = float((text or "").strip().replace(",", ""))
    except ValueError:
        price = math.nan
    if not 0.0 < price < math.inf:
        raise DealError(f'{where}: a price is a number above 0; got "{text or ""}"')
    return price
