"""Numbers and dates of spreadsheets of any country: one reading is read, two are told."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlcredit.deals.spelled import Spelling, TwoReadingsError, separator_of


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2.60", 2.6),
        ("2,60", 2.6),
        ("1.234,5", 1234.5),
        ("1,234.5", 1234.5),
        ("1,234,567", 1234567.0),
        ("1.234.567", 1234567.0),
        ("1.234.567,25", 1234567.25),
        ("1 234,5", 1234.5),
        ("1\xa0234\u202f567", 1234567.0),
        ("1'234.50", 1234.5),
        ("-0,123", -0.123),
        ("0.123", 0.123),
        ("1.234", 1.234),
        ("2.5e3", 2500.0),
        (".5", 0.5),
    ],
)
def test_one_reading_is_read(text: str, number: float) -> None:
    assert Spelling().number(text) == number


@given(st.integers(-(10**9), 10**9), st.integers(0, 9999))
def test_every_country_writes_the_same_number(whole: int, part: int) -> None:
    """Thousands and decimals by either mark, from Python's own formatting."""
    english = f"{whole:,}.{part:04d}"
    german = english.translate(str.maketrans(",.", ".,"))
    french = english.translate(str.maketrans(",.", "\N{NARROW NO-BREAK SPACE},"))
    swiss = english.replace(",", "'")
    for text in (english, german, french, swiss):
        assert Spelling().number(text) == float(f"{whole}.{part:04d}"), text


@pytest.mark.parametrize(
    ("cells", "semicolons", "text", "number"),
    [
        ([], False, "1,234", None),
        ([], False, "1.234", 1.234),
        ([], True, "1.234", None),
        (["2,5"], False, "1,234", 1.234),
        (["2,5"], False, "1.234", 1234.0),
        (["2.5"], False, "1,234", 1234.0),
        (["2.5"], True, "1.234", 1.234),
        (["1,234,567"], False, "1,234", 1234.0),
        (["1.234.567"], False, "1.234", 1234.0),
        (["2.5", "2,5"], False, "1,234", None),
        (["2.5", "2,5"], False, "1.234", None),
        (["1,234", "Atlas, Inc", ""], False, "1,234", None),
    ],
)
def test_the_file_decides_between_two_readings_or_nobody_does(
    cells: list[str], semicolons: bool, text: str, number: float | None
) -> None:
    spelling = Spelling(cells, semicolons=semicolons)
    if number is not None:
        assert spelling.number(text) == number
        return
    with pytest.raises(TwoReadingsError, match=r"is 1234 or 1\.234, .* write 1234 or 1\.2340"):
        spelling.number(text)
    assert spelling.number("1.2340") == 1.234  # the remedy is one
    assert spelling.number("1234") == 1234.0


@pytest.mark.parametrize(
    ("cells", "text", "number"),
    [
        (["31.12.2026", "4,100", "3,950"], "4,100", 4.1),  # a German forecast of three decimals
        (["12.2026", "4,100"], "4,100", 4.1),
        (["31.12.2026", "4,100"], "8.000", 8000.0),
        (["31.12.2026", "2.60", "4,100"], "4,100", 4100.0),  # points elsewhere
        (["31.12.2026"], "4.100", None),  # thousands in Germany, decimals in Switzerland
        (["31/12/2026", "4,100"], "4,100", None),
    ],
)
def test_dates_with_points_between_semicolons_say_that_commas_are_decimal(
    cells: list[str], text: str, number: float | None
) -> None:
    spelling = Spelling(cells, semicolons=True)
    if number is not None:
        assert spelling.number(text) == number
        return
    with pytest.raises(TwoReadingsError):
        spelling.number(text)


def test_a_month_with_a_point_is_no_number() -> None:
    """01.2027 says nothing of decimals; 4,100 beside it had been read as 4100."""
    assert Spelling(["01.2027", "4,1"], semicolons=True).number("4,100") == 4.1


@pytest.mark.parametrize(
    ("cells", "number"),
    [([], None), (["2.60"], None), (["2,60"], 8000.0), (["2.600", "57600.000"], 8.0)],
)
def test_what_is_counted_has_no_decimals_unless_a_program_wrote_them(
    cells: list[str], number: float | None
) -> None:
    spelling = Spelling(cells)
    if number is not None:
        assert spelling.number("8.000", counted=True) == number
        return
    assert spelling.number("8.000") == 8.0
    with pytest.raises(TwoReadingsError, match=r"8\.000 is 8000 or 8\b.* write 8000 or 8$"):
        spelling.number("8.000", counted=True)


@pytest.mark.parametrize("text", ["", "abc", "1,23,4", "1.234.56", "$3.4", "nan", "1_0", "25%"])
def test_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        Spelling().number(text)


@pytest.mark.parametrize("text", ["25%", "25 %", "25,0%", "25.0%"])
def test_a_percentage_is_a_share(text: str) -> None:
    assert Spelling().number(text, percent=True) == 0.25


@pytest.mark.parametrize(
    "text",
    [
        *("2027-01-31", "31/01/2027", "1/31/2027", "31.1.2027", "31-01-2027", "2027/1/31"),
        *("2027-01-31 00:00:00", "2027-01-31T12:30:00Z"),
    ],
)
def test_a_day_with_one_reading(text: str) -> None:
    assert Spelling().date(text) == dt.date(2027, 1, 31)


def test_a_month_alone_is_its_first_day() -> None:
    assert {Spelling().date(text) for text in ("2027-03", "03/2027", "3.2027")} == {
        dt.date(2027, 3, 1)
    }


def test_a_day_with_two_readings_is_decided_by_the_file_or_told() -> None:
    assert Spelling(["31/01/2027"]).date("01/02/2027") == dt.date(2027, 2, 1)
    assert Spelling(["01/31/2027"]).date("01/02/2027") == dt.date(2027, 1, 2)
    assert Spelling().date("02/02/2027") == dt.date(2027, 2, 2)
    for cells in ([], ["31/01/2027", "01/31/2027"]):
        with pytest.raises(TwoReadingsError, match="1 February 2027 or 2 January 2027; write 2027"):
            Spelling(cells).date("01/02/2027")


@pytest.mark.parametrize("text", ["Jan-27", "32/01/2027", "31/31/2027", "2027-13-01", ""])
def test_no_day(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Spelling().date(text)


def test_columns_are_separated_by_what_stands_most_often_in_the_headings() -> None:
    assert separator_of("date,rent\n1,2") == (",", "date,rent\n1,2")
    assert separator_of("date;rent\n1;2,5")[0] == ";"
    assert separator_of("date\trent\n1\t2,5")[0] == "\t"
    assert separator_of("sep=;\ndate;rent\n") == (";", "\ndate;rent\n")
