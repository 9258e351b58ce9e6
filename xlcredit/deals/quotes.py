"""Files of quotes: a date, a price, and who quoted it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from xlcredit.deals.rows import read_rows
from xlcredit.deals.spelled import Spelling, TwoReadingsError
from xlcredit.errors import DealError

__all__ = ["Quotes", "read_quotes"]

#: Names of columns, in the order in which they are looked for.
_DATES = ("date", "day", "time", "timestamp")
_PRICES = ("price", "rent", "usd_per_gpu_hour", "close", "value", "usd", "price_usd_per_gpu")
_SOURCES = ("source", "provider")
_CARDS = ("gpu",)
_DAYS_PER_YEAR = 365.25
#: What no currency and no coin is worth: logarithms of more would lose their meaning.
_LEAST, _MOST = 1e-12, 1e15


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
        If a column is missing or stands twice, a line holds no date or no price above 0, or
        several cards are quoted and none is named.
    """
    lines, spelling = read_rows(path)
    names = [name.strip().lower() for name in (lines[0][1] if lines else [])]
    date, price = (_required(path, names, wanted) for wanted in (_DATES, _PRICES))
    source, model = (_column(path, names, wanted) for wanted in (_SOURCES, _CARDS))
    rows, cards = [], set()
    for number, cells in lines[1:]:
        row = [*cells, *[""] * len(names)]  # a line may end early
        card = "" if model is None else row[model].strip()
        if gpu is not None and model is not None and card.casefold() != gpu.strip().casefold():
            continue
        where = f"{path}: line {number}"
        quoted = "" if source is None else row[source].strip()
        rows.append((_day(where, row[date], spelling), _price(where, row[price], spelling), quoted))
        cards.add(card)
    if not rows:
        message = f"no quotes of {gpu}" if gpu else "no quotes"
        raise DealError(f"{path}: {message}")
    if len(cards) > 1 and gpu is None:
        raise DealError(f"{path}: quotes of {', '.join(sorted(cards))}; choose one with --gpu")
    rows.sort(key=lambda row: row[0])
    days, prices, sources = (list(column) for column in zip(*rows, strict=True))
    return Quotes(path.name, days, prices, [] if source is None else sources)


def _column(path: Path, names: list[str], wanted: tuple[str, ...]) -> int | None:
    """Find the first of the wanted names that the file has; None if it has none."""
    name = next((name for name in wanted if name in names), None)
    if name is None:
        return None
    if names.count(name) > 1:
        raise DealError(f"{path}: more than one column is named {name}; keep one")
    return names.index(name)


def _required(path: Path, names: list[str], wanted: tuple[str, ...]) -> int:
    if (found := _column(path, names, wanted)) is None:
        named = f"{', '.join(wanted[:-1])} or {wanted[-1]}"
        raise DealError(f"{path}: a column named {named} is missing")
    return found


def _day(where: str, text: str, spelling: Spelling) -> dt.date:
    try:
        return spelling.date(text)
    except TwoReadingsError as error:
        raise DealError(f"{where}: {error}") from None
    except ValueError:
        raise DealError(f'{where}: a day is written 2026-11-22; got "{text}"') from None


def _price(where: str, text: str, spelling: Spelling) -> float:
    try:
        price = spelling.number(text)
    except TwoReadingsError as error:
        raise DealError(f"{where}: {error}") from None
    except ValueError:
        price = 0.0
    if not _LEAST <= price <= _MOST:
        raise DealError(f'{where}: a price is a number above 0, such as 2.50; got "{text}"')
    return price
