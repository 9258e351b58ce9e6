"""Numbers and dates as spreadsheets of any country write them, where they can mean one thing only.

``2,60`` has a decimal comma and ``1.234,5`` thousands besides; ``1,234`` may have either. The rest
of the file then decides: a cell that can be read in one way only says how its writer spells. What
nothing decides is refused with both readings, never guessed.

Nobody writes decimals of what is counted: ``8.000`` is 8 only in a file that pads numbers with
zeros, as a program does (``57600.000``).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from decimal import Decimal

from xlcredit.numerals import decimal, mark_before_three, readings

__all__ = ["Spelling", "TwoReadingsError", "separator_of"]

#: Blanks and apostrophes between thousands.
_SPACED = re.compile("(?<=\\d)[ '\xa0\u202f\u2019](?=\\d{3}(?!\\d))")
_POINT = re.compile(r"[+-]?\d*\.\d*|[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)\.\d+")
_COMMA = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+),\d+")
_GROUPS_OF_COMMA = re.compile(r"[+-]?\d{1,3}(?:,\d{3}){2,}")
_GROUPS_OF_POINT = re.compile(r"[+-]?\d{1,3}(?:\.\d{3}){2,}")
#: Decimals that say nothing, where a mark of thousands cannot stand.
_PADDED = re.compile(r"[+-]?(?:0|\d{4,})[.,]000")

_DAY = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})")
#: A day or a month with points: 31.12.2026 or 12.2026, which is no number.
_DOTTED = re.compile(r"(?:\d{1,2}\.)?(?:0?[1-9]|1[0-2])\.20\d{2}")
_MONTH_AND_YEAR = re.compile(r"(\d{1,2})[/.-](\d{4})")
_YEAR_FIRST = re.compile(r"(\d{4})[/.-](\d{1,2})(?:[/.-](\d{1,2}))?")
_TIME = re.compile(r"[T ]\d{1,2}:\d{2}[\d:.,]*(?:Z|[+-]\d{2}:?\d{2})?")
_MONTHS = 12


class TwoReadingsError(ValueError):
    """A number or a date that can mean two things: it says both, and how to write each."""


def separator_of(text: str) -> tuple[str, str]:
    """Say what separates the columns of a CSV text; a first line ``sep=;`` says it and goes.

    Examples
    --------
    >>> separator_of("date;rent"), separator_of("a,b"), separator_of("sep=;")
    ((';', 'date;rent'), (',', 'a,b'), (';', ''))
    """
    head, _, rest = text.partition("\n")
    if head.strip().lower() in ("sep=;", "sep=,", "sep=\t"):
        return head.strip("\r\n")[4], "\n" + rest if rest else ""  # lines keep their numbers
    return max(",;\t", key=head.count), text


def _bare(text: str) -> str:
    """Take what stands around and between the digits of a number away: per cent, blanks."""
    return _SPACED.sub("", text.removesuffix("%").rstrip())


class Spelling:
    """How one file writes numbers and dates, by those of its cells that have one reading.

    Parameters
    ----------
    cells : iterable of str
        What stands in the file.
    semicolons : bool
        Whether its columns are separated by semicolons, as where decimals have commas: a single
        point before three digits then has two readings too.
    """

    def __init__(self, cells: Iterable[str] = (), *, semicolons: bool = False) -> None:
        self._points = self._commas = self._padded = False
        self._day_first = self._month_first = False
        self._either = semicolons
        dotted = comma = False
        for cell in map(str.strip, cells):
            self._learn(cell)
            dotted = dotted or bool(_DOTTED.fullmatch(cell))
            comma = comma or mark_before_three(_bare(cell)) == ","
        # no country that writes 31.12.2026 between semicolons has commas between thousands
        self._commas |= semicolons and dotted and comma and not self._points

    def _learn(self, text: str) -> None:
        if day := _DAY.fullmatch(text):
            self._day_first |= day[2] != "." and int(day[1]) > _MONTHS
            self._month_first |= int(day[3]) > _MONTHS
            return
        if _DOTTED.fullmatch(text) or mark_before_three(_bare(text)):
            return
        text = _bare(text)
        self._padded |= bool(_PADDED.fullmatch(text))
        self._points |= bool(_POINT.fullmatch(text) or _GROUPS_OF_COMMA.fullmatch(text))
        self._commas |= bool(_COMMA.fullmatch(text) or _GROUPS_OF_POINT.fullmatch(text))

    def number(self, text: str, *, percent: bool = False, counted: bool = False) -> float:
        """Read a number; where ``percent`` says so, 25% as a share of 1.

        Parameters
        ----------
        text : str
            The number.
        percent : bool
            Whether it may be a percentage.
        counted : bool
            Whether decimals make no sense in it, as in 8.000 cards.

        Raises
        ------
        ValueError
            It is none.
        TwoReadingsError
            It has two readings, and the file does not decide.

        Examples
        --------
        >>> Spelling().number("1.234,5"), Spelling().number("2,60")
        (1234.5, 2.6)
        >>> Spelling(["0,5"]).number("1,234"), Spelling().number("2,5%", percent=True)
        (1.234, 0.025)
        """
        bare = text.strip()
        share = percent and bare.endswith("%")
        plain = self._plain(_bare(bare) if share else _SPACED.sub("", bare), counted)
        number = decimal(plain)  # what it refuses is no number
        return float(Decimal(plain) / 100) if share else number

    def _plain(self, text: str, counted: bool) -> str:
        """The number with a decimal point and without marks of thousands."""
        if mark := mark_before_three(text):
            return self._decided(text, mark, counted)
        if _COMMA.fullmatch(text):
            return text.replace(".", "").replace(",", ".")
        if _POINT.fullmatch(text) or _GROUPS_OF_COMMA.fullmatch(text):
            return text.replace(",", "")
        return text.replace(".", "") if _GROUPS_OF_POINT.fullmatch(text) else text

    def _decided(self, text: str, mark: str, counted: bool) -> str:
        both, write = readings(text)
        points = self._points or (mark == "." and not self._either and not self._commas)
        if points == self._commas:
            raise TwoReadingsError(f"{both}, and nothing else in the file says which; {write}")
        if (mark == ".") != points:
            return text.replace(mark, "")
        if counted and not self._padded:
            raise TwoReadingsError(f"{both}; {write}")
        return text.replace(mark, ".")

    def date(self, text: str, *, day_first: bool | None = None) -> dt.date:
        """Read a date; one of a month alone is its first day.

        Parameters
        ----------
        text : str
            The date: 2027-01-31, 31/01/2027, 31.1.2027, 2027-01, 01/2027.
        day_first : bool, optional
            Which comes first where the file does not say it.

        Raises
        ------
        ValueError
            It is none.
        TwoReadingsError
            It has two readings, and the file does not decide.

        Examples
        --------
        >>> Spelling().date("31/01/2027"), Spelling(["1/31/2027"]).date("2/1/2027")
        (datetime.date(2027, 1, 31), datetime.date(2027, 2, 1))
        """
        text = text.strip()
        if (match := _TIME.search(text)) and match.end() == len(text):
            text = text[: match.start()]
        if match := _YEAR_FIRST.fullmatch(text):
            return dt.date(int(match[1]), int(match[2]), int(match[3] or 1))
        if match := _MONTH_AND_YEAR.fullmatch(text):
            return dt.date(int(match[2]), int(match[1]), 1)
        if match := _DAY.fullmatch(text):
            return self._day(match, day_first)
        return dt.date.fromisoformat(text)

    def _day(self, match: re.Match[str], day_first: bool | None) -> dt.date:
        first, second, year = int(match[1]), int(match[3]), int(match[4])
        if match[2] == "." or first > _MONTHS or first == second:
            return dt.date(year, second, first)
        if second > _MONTHS:
            return dt.date(year, first, second)
        if self._day_first != self._month_first:
            day_first = self._day_first
        if day_first is None:
            readings = dt.date(year, second, first), dt.date(year, first, second)
            either = " or ".join(f"{d.day} {d:%B} {d.year}" for d in readings)
            raise TwoReadingsError(f"{match[0]} is {either}; write {readings[0]} or {readings[1]}")
        return dt.date(year, second, first) if day_first else dt.date(year, first, second)
