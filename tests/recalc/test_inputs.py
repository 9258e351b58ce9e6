"""New values for inputs: found by name or address, and what is refused."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import openpyxl
import pytest

from xlcredit.deals import load, read_deal
from xlcredit.errors import RecalcError
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package
from xlcredit.recalc import recalculate
from xlcredit.recalc.inputs import refuse_unread, resolve_inputs
from xlcredit.recalc.typed import parse_value
from xlcredit.workbook import build

from .conftest import Make


def test_inputs_by_name_address_and_kind(committee_book: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.xlsx"
    inputs = {
        "RENT": 4,
        "Inputs!B2": 0.0,
        "closing": dt.date(2030, 1, 31),
        "gpu": " B200\n<Ultra>",
        "hedged": False,
        "Cash flow!H40": "new",
        "'Cash flow'!$H$41": 1.5,
    }
    result = recalculate(committee_book, target, functions={}, inputs=inputs)
    assert result.names["total"] == pytest.approx(96)
    assert result.names["rent"] == 4
    assert result.value("Summary", "B3") == "  B200\n<Ultra>\n"
    book = openpyxl.load_workbook(target, data_only=True)
    assert book["Inputs"]["B3"].value == dt.datetime(2030, 1, 31)
    assert book["Inputs"]["B4"].value == " B200\n<Ultra>"
    assert book["Inputs"]["B5"].value is False
    assert book["Cash flow"]["H40"].value == "new"
    assert book["Cash flow"]["H41"].value == 1.5
    # What was set is an input like any other the next time.
    assert recalculate(target, functions={}).changes == []
    assert recalculate(target, functions={}, inputs={"gpu": "A100"}).names["gpu"] == "A100"


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"rnet": 1}, "rnet is not a name in committee.xlsx; did you mean rent"),
        ({"total": 1}, "total is calculated (Summary!B1 holds =SUM("),
        ({"Summary!D2": 1}, "Summary!D2 is calculated by the array formula in Summary!D1"),
        ({"rent": "high"}, "rent holds a number (2.5); got 'high'"),
        ({"rent": True}, "rent holds a number (2.5); got TRUE"),
        ({"gpu": 3}, "gpu holds text ('H100 <SXM>'); got 3"),
        ({"rent": float("nan")}, "rent: nan is not a value for a cell"),
        ({"rent": [1]}, "rent: [1] is not a value for a cell"),
        ({"Input!B1": 1}, "there is no sheet Input; did you mean Inputs?"),
        ({"Inputs!B1:B2": 1}, "Inputs!B1:B2: not the address of one cell, such as Inputs!C4"),
        ({"rent": 1, "Inputs!B1": 2}, "Inputs!B1: Inputs!B1 is set twice"),
    ],
)
def test_inputs_that_are_refused(
    committee_book: Path, tmp_path: Path, inputs: dict[str, object], message: str
) -> None:
    target = tmp_path / "out.xlsx"
    with pytest.raises(RecalcError) as caught:
        recalculate(committee_book, target, functions={}, inputs=inputs)
    assert message in str(caught.value)
    assert not target.exists()


def test_the_address_of_an_empty_cell_is_refused_if_nothing_refers_to_it(make: Make) -> None:
    path = make(
        S={"A1": "=SUM(B1:B9)+D4", "A2": "=COUNTA(F:F)", "A3": "=T!$A$2", "A4": "text"},
        T={"B1": "=A3"},
        names={"spare": "S!$G$7"},
    )
    read = ["S!B5", "s!D4", "S!F900", "T!A2", "T!A3", "S!G7", "S!A4", "S!A1", "spare", "nothing"]
    refuse_unread(Book(Package(path)), read)
    for slip in ("S!C5", "S!B10", "S!E4", "S!A12", "T!B5", "'T'!D4"):
        with pytest.raises(RecalcError, match=r"is empty and nothing refers to it; "):
            refuse_unread(Book(Package(path)), [slip])


def test_thousands_of_cards_behind_set_are_told_with_both_readings() -> None:
    """As in a deal file; the unit is that of the workbook's name."""
    template, home = load("gpu-term-loan")
    book = Book(Package(build(template, read_deal(home / "deal.toml", template))))
    for name, text, told in (
        ("gpus", "8.000", "gpus: 8.000 is 8000 or 8; write 8000 or 8"),
        ("commitment", "280.000", "write 280000 or 280"),
    ):
        with pytest.raises(RecalcError, match=re.escape(told)):
            resolve_inputs(book, {name: parse_value(text)})
    for name, text, number in (
        ("gpus", "8,000", 8000.0),
        ("gpus", "8000.000", 8000.0),
        ("tenor_months", "12.000", 12.0),
        ("market_rent", "2.600", 2.6),
    ):
        ((_, value),) = resolve_inputs(book, {name: parse_value(text)}).items()
        assert value == number and type(value) is float
