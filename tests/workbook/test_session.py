"""A workbook that stays loaded gives what a recalculation from the file gives."""

from __future__ import annotations

import datetime as dt
import io
import math
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import xlcredit
from xlcredit.errors import CellError, FileError, RecalcError
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package
from xlcredit.recalc import recalculate
from xlcredit.recalc.citations import CHANGED
from xlcredit.workbook.pages.inputs import read_inputs

from .conftest import Example


@pytest.fixture
def book(book_of: Callable[[str], xlcredit.Session]) -> Iterator[xlcredit.Session]:
    yield (shared := book_of("gpu-term-loan"))
    shared.reset()


def agree(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-12, abs_tol=1e-12)
    return one == other


def test_names_give_what_the_file_holds(book: xlcredit.Session, loan: Example) -> None:
    assert len(book) == len(loan.result.names)
    for name, saved in loan.result.names.items():
        value = book[name]
        if isinstance(value, dt.date):
            value = float((value - dt.date(1899, 12, 30)).days)
        assert agree(value, saved), name
    assert book["closing_date"] == dt.date(2026, 12, 31)
    assert book[address(loan, "covenant_dscr")] == book["covenant_dscr"] == 1.4
    assert "rent_decline" in book and "decline" not in book
    assert set(book.inputs) | set(book.figures) == set(book)
    assert not set(book.inputs) & set(book.figures)
    assert book.formula("rent_decline") == ""
    stored = openpyxl.load_workbook(loan.path)
    for name in ("min_dscr", "sim_spread"):
        sheet, cell = address(loan, name).split("!")
        assert f"={book.formula(name)}" == stored[sheet.strip("'")][cell].value
    with pytest.raises(RecalcError, match="did you mean min_dscr"):
        book.formula("min_dcsr")


def test_a_changed_input_gives_what_a_recalculation_gives(
    book: xlcredit.Session, loan: Example
) -> None:
    inputs = {"rent_decline": 0.35, "market_rent": 2.9, address(loan, "covenant_dscr"): 1.25}
    book.set(inputs)
    fresh = recalculate(loan.path, inputs=inputs)
    now = book.recalculation()
    for sheet, cells in fresh.values.items():
        for at, value in cells.items():
            assert agree(now.values[sheet][at], value), (sheet, at)
    assert now.names == fresh.names
    assert book.changed == {"rent_decline": 0.35, "market_rent": 2.9, "covenant_dscr": 1.25}

    book.reset("market_rent")
    assert book.changed == {"rent_decline": 0.35, "covenant_dscr": 1.25}
    book.reset()
    assert not book.changed
    assert book.recalculation().names == loan.result.names


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["rent_decline", "market_rent", "margin"]),
            st.floats(0.01, 0.6, allow_nan=False),
        ),
        min_size=1,
        max_size=4,
    )
)
@settings(max_examples=15)
def test_the_way_does_not_matter(opened: xlcredit.Session, steps: list[tuple[str, float]]) -> None:
    """Whatever was set in between, equal inputs give equal figures, to the last bit."""
    opened.reset()
    for name, value in steps:
        opened[name] = value
        opened["dscr_on_curve"]
    wandered = opened.figures
    final = opened.changed
    opened.reset()
    opened.set(final)
    assert opened.figures == wandered


def address(loan: Example, name: str) -> str:
    """Where a named input stands."""
    return str(Book(Package(loan.path)).cell_names[name])


@pytest.fixture(scope="module")
def opened(loan: Example) -> xlcredit.Session:
    return xlcredit.open(loan.path)


def test_covenants_are_read_as_the_summary_shows_them(
    book: xlcredit.Session, loan: Example
) -> None:
    assert [c.name for c in book.covenants] == [c.name for c in loan.template.covenant]
    for read, spec in zip(book.covenants, loan.template.covenant, strict=True):
        assert read.label == spec.label
        assert read.status == loan.result.names[spec.name]
        assert read.is_minimum == (spec.direction == "min")
        assert (read.margin >= 0) == (read.status == "PASS")
    first = book.covenants[0].first_breach
    assert isinstance(first, dt.date) and first > dt.date(2027, 1, 1)


def test_a_book_that_stays_open_says_what_a_recalculation_says(example: Example) -> None:
    """To the bit: cells, names, errors, notices. Other tests ask the one for the other."""
    for inputs in ({"as_at_month": 7.0}, {"scenario": example.template.scenarios.case[2].label}):
        fresh, now = recalculate(example.path, inputs=inputs), example.given(inputs)
        for item in fields(fresh):
            if item.name not in ("seconds", "functions_called"):
                assert getattr(now, item.name) == getattr(fresh, item.name), item.name


def test_a_table_is_the_sheet(book: xlcredit.Session, loan: Example) -> None:
    book["rent_decline"] = 0.3
    table = book.table("cash FLOW")
    fresh = recalculate(loan.path, inputs={"rent_decline": 0.3}).values["Cash flow"]
    for (row, column), value in fresh.items():
        shown = table.iloc[row - 1, column - 1]
        if isinstance(shown, dt.date):
            shown = float((pd.Timestamp(shown) - pd.Timestamp(1899, 12, 30)).days)
        assert agree(shown, value), (row, column)
    assert table.loc[4, "A"] == "Month"
    assert isinstance(table.loc[5, "E"], dt.date)


def test_a_sheet_of_months_is_read_by_labels_and_dates(
    book: xlcredit.Session, loan: Example
) -> None:
    """Every line under its label and unit, every month under its end, as they stand now."""
    book["rent_decline"] = 0.3
    months, cells = book.months("waterFALL"), book.table("Waterfall")
    ends = [end for end in cells.loc[5, "D":].tolist() if end is not None]
    assert months.columns.tolist() == pd.to_datetime(ends).tolist()
    assert (months.columns.name, months.index.names) == ("period_end", ["row", "unit"])
    for name in ("interest_due", "balance"):
        row = loan.place(name)[1]
        line = months.loc[(str(cells.loc[row, "A"]), str(cells.loc[row, "B"]))]
        assert line.dropna().tolist() == [v for v in cells.loc[row, "D":] if isinstance(v, float)]
        assert line.dropna().tolist() != loan.row(name)
    assert "Due" not in months.index.get_level_values("row")  # a heading
    with pytest.raises(RecalcError, match=r"Summary: is no sheet of months; .* book\.table"):
        book.months("summary")
    with pytest.raises(RecalcError, match="has no sheet Cashflow; did you mean"):
        book.months("Cashflow")


def test_a_saved_copy_says_what_was_changed(
    book: xlcredit.Session, loan: Example, tmp_path: Path
) -> None:
    inputs = read_inputs(Book(Package(loan.path)))
    cells = inputs["covenant_dscr"], inputs["rent_decline"]
    source = str(cells[0].source)
    cited = book[source]
    book["covenant_dscr"] = 1.1
    assert book[source] == CHANGED
    book.reset("covenant_dscr")
    assert book[source] == cited
    book["covenant_dscr"] = 1.1
    book[str(cells[1].value)] = 0.31  # by address: the rule is the same
    saved = book.save(tmp_path / "stress.xlsx")
    shown = Book(Package(saved))
    assert [shown.saved(cell.value) for cell in cells] == [1.1, 0.31]
    assert {shown.saved(cell.source) for cell in cells} == {CHANGED}
    assert {shown.saved(cell.as_of) for cell in cells} == {None}
    with xlcredit.open(saved) as again:
        assert not again.recalculation().changes
        assert again["rent_decline"] == 0.31
    with pytest.raises(RecalcError, match="exists already"):
        book.save(saved)
    with pytest.raises(FileError, match=r"would be overwritten|folder|cannot be written"):
        book.save(saved / "x.xlsx")  # no folder can be made of a file
    assert set(book.changed) == {"covenant_dscr", "rent_decline"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"rent_declin": 0.3}, "rent_declin is not a name in .*did you mean .*rent_decline"),
        ({"rent_decline": "much"}, "rent_decline holds a number"),
        ({"dscr_on_curve": 1.0}, "is calculated"),
        ({"scenario": "Doom"}, "scenario must be one of"),
        ({"rent_decline": 0.2, "contract_share": 7.0}, "contract_share must be a number in"),
    ],
)
def test_a_refused_change_changes_nothing(
    book: xlcredit.Session, change: dict[str, object], told: str
) -> None:
    before = book["dscr_on_curve"]
    with pytest.raises(RecalcError, match=told):
        book.set(change)
    assert not book.changed and book["dscr_on_curve"] == before


def test_what_is_not_there_is_told(base: Example) -> None:
    book = xlcredit.open(base.path)
    with pytest.raises(
        RecalcError, match=r"dscr_on_curv is not a name .* did you mean dscr_on_curve"
    ):
        book["dscr_on_curv"]
    with pytest.raises(RecalcError, match="no sheet Cashflow; did you mean Cash flow"):
        book.table("Cashflow")
    book.close()
    with pytest.raises(RecalcError, match="is closed"):
        book["rent_decline"]
    assert "closed" in repr(book) and "closed" in book._repr_html_()


def test_it_fits_a_notebook_cell(book: xlcredit.Session) -> None:
    book["rent_decline"] = 0.35
    lines = repr(book).splitlines()
    assert "rent_decline=0.35" in lines[0]
    assert len(lines) == 1 + len(book.covenants)
    assert book._repr_html_().count("<tr>") == 1 + len(book.covenants)


def test_a_workbook_of_somebody_else_opens_too(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet["A1"], sheet["A2"], sheet["A3"] = 4, "=A1/0", dt.date(2026, 11, 22)
    content = io.BytesIO()
    workbook.save(content)
    with xlcredit.open(content.getvalue()) as book:
        assert book.covenants == [] and book["Sheet!A3"] == dt.date(2026, 11, 22)
        assert book["Sheet!A2"] == CellError("#DIV/0!")
        assert [fault.code for fault in book.errors] == ["#DIV/0!"]
        book["Sheet!A1"] = 5
        saved = book.save(tmp_path / "own.xlsx")
    assert openpyxl.load_workbook(saved)["Sheet"]["A1"].value == 5


def test_new_is_the_workbook_that_the_command_builds(base: Example, tmp_path: Path) -> None:
    with xlcredit.new("gpu-borrowing-base") as book:
        assert book.save(tmp_path / "new.xlsx").read_bytes() == base.path.read_bytes()


def test_one_formula() -> None:
    assert xlcredit.evaluate("=XLC_RENT(rent, decline, 12)", rent=2.5, decline=0.3) == 1.75
    assert xlcredit.evaluate("SUM(a)", a=[1, 2, 3]) == 6
    assert xlcredit.evaluate("=a*2", a=[[1, 2], [3, 4]]) == [[2, 4], [6, 8]]
    assert xlcredit.evaluate(
        '=IF(when>DATE(2026,1,1),"late","early")', when=dt.date(2026, 3, 1)
    ) == ("late")
    with pytest.raises(CellError, match="decline must be a number below 1"):
        xlcredit.evaluate("=XLC_RENT(2.5, 1.3, 12)")
    for text in ("=1+", "=(1", "=SUM({1,2)", "=XLC_RENTT(1)", "", "=FOO(1)"):
        with pytest.raises(RecalcError):
            xlcredit.evaluate(text)
    with pytest.raises(RecalcError, match="a must be"):
        xlcredit.evaluate("=a", a=[])
