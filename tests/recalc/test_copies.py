"""What is found out once for all copies of a formula holds for each of them."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

import xlcredit
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package
from xlcredit.ooxml.place import Place
from xlcredit.recalc import recalculate
from xlcredit.recalc.focus import precedents
from xlcredit.recalc.masks import Translation, take_apart

from .conftest import Make

WORKBOOKS = Path(__file__).parents[2] / "workbooks"
PIECES = ["A1", "$B$2", "Debt!C3", "'Cash flow'!AA$10", "A1:B9", "LOG10(", "A1", "1.5E3", '"A1"']
PIECES += ["rate", "+", "*", ")", ",", "%", " ", "TRUE", "XFD1048576", "x1y2", "[1]!B1", "A1.5"]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_a_formula_is_put_together_again(text: str) -> None:
    template, addresses = take_apart(text)
    assert Translation(template, template.sample).filled(addresses) == text


def test_copies_share_a_template_and_strangers_do_not() -> None:
    one, other = take_apart("A1*Debt!$B$2"), take_apart("Z9*Debt!$C$3")
    assert one[0] is other[0]
    assert take_apart("A1*A1")[0] is not take_apart("A1*B1")[0]
    assert take_apart('"A1"')[1] == []


def test_copies_of_a_call_keep_their_own_cells(make: Make, functions) -> None:  # type: ignore[no-untyped-def]
    path = make(
        {
            **{f"A{i}": i for i in range(1, 6)},
            **{f"B{i}": f"=XLC_SEEN(A{i})+A{i}" for i in range(1, 6)},
        }
    )
    result = recalculate(path, functions=functions)
    assert [result.value("S", f"B{i}") for i in range(1, 6)] == [2, 3, 4, 5, 6]
    failing = make({"A1": 1, "B1": "=XLC_FAIL(A1)", "B2": "=XLC_FAIL(A1)"})
    errors = recalculate(failing, functions=functions).errors
    assert [(e.cell, e.reason) for e in errors] == [
        ("B1", "decline must be below 1; got 1.2"),
        ("B2", "decline must be below 1; got 1.2"),
    ]


def test_a_name_means_what_its_own_workbook_says(make: Make) -> None:
    cells = {"A1": 1, "A2": 2, "A3": 4, "B1": "=SUM(figure)*2"}
    assert recalculate(make(cells, names={"figure": "S!$A$1:$A$3"})).value("S", "B1") == 14
    assert recalculate(make(cells, names={"figure": "S!$A$2"})).value("S", "B1") == 4


def test_precedents_are_all_that_a_cell_stands_on(make: Make) -> None:
    path = make(
        Rates={"A1": 0.1, "A2": "=A1/2", "B1": "=A1*3"},
        Loan={"A1": "=Rates!A2*10", "A2": "=SUM(A1:A1)+fee", "C1": "=A2+1", "D5": "=C1"},
        names={"fee": "Loan!$D$9"},
    )
    found = precedents(Book(Package(path)), [Place("Loan", 2, 1)])
    assert found == {Place("Loan", 2, 1), Place("Loan", 1, 1), Place("Rates", 2, 1)}


def test_figures_read_one_by_one_are_those_of_the_whole() -> None:
    path = WORKBOOKS / "gpu-borrowing-base.xlsx"
    declines = [0.11, 0.22, 0.33, 0.44]
    with xlcredit.open(path) as book:
        seen = []
        for decline in declines:
            book["rent_decline"] = decline
            seen.append((book["dscr_after_contract"], book["min_dscr"]))
    whole = [recalculate(path, inputs={"rent_decline": d}).names for d in declines]
    assert seen == [(names["dscr_after_contract"], names["min_dscr"]) for names in whole]
    assert len(set(seen)) == len(declines)
