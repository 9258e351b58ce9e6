"""The deal back from a workbook: what was built from a deal gives that deal."""

from __future__ import annotations

import datetime
from pathlib import Path

import msgspec
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workbook.conftest import Example
from xlcredit import recalculate
from xlcredit.deals import Deal, load, read_deal
from xlcredit.deals.write import write_deal
from xlcredit.errors import DealError, FileError
from xlcredit.recalc.citations import CHANGED
from xlcredit.workbook import build
from xlcredit.workbook.life.extract import extract

TEMPLATE, HOME = load("gpu-borrowing-base")
FILLED = read_deal(HOME / "deal.toml", TEMPLATE)
HOSTILE = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    'quote " and \\ and \'\'\' and """',
    "two\nlines\tand a tab",
    "# no comment",
    "#N/A",
    "TRUE",
    "0042",
    "naïve \U0001f4a3 \u202e name",
    " blanks at both ends ",
]


def replaced(deal: Deal, **changes: object) -> Deal:
    inputs = dict(deal.inputs)
    for name, value in changes.items():
        inputs[name] = msgspec.structs.replace(inputs[name], value=value)
    return msgspec.structs.replace(deal, inputs=inputs)


def reread(deal: Deal, folder: Path) -> Deal:
    path = folder / "deal.toml"
    path.write_text(write_deal(deal, TEMPLATE), encoding="utf-8")
    return read_deal(path, TEMPLATE)


def through_a_workbook(deal: Deal, folder: Path) -> Deal:
    path = folder / "book.xlsx"
    path.write_bytes(build(TEMPLATE, deal))
    return extract(path)[0]


def test_the_example_comes_back(example: Example, tmp_path: Path) -> None:
    deal, template = extract(example.path)
    assert deal == example.deal
    path = tmp_path / "deal.toml"
    path.write_text(write_deal(deal, template), encoding="utf-8")
    assert read_deal(path, template) == example.deal


def test_the_file_builds_the_same_bytes(example: Example, tmp_path: Path) -> None:
    path = tmp_path / "deal.toml"
    path.write_text(write_deal(*extract(example.path)), encoding="utf-8")
    again = build(example.template, read_deal(path, example.template))
    assert again == example.source.read_bytes()


def test_changed_inputs_come_back(example: Example, tmp_path: Path) -> None:
    target = tmp_path / "changed.xlsx"
    closing = datetime.date(2027, 2, 28)
    changed = {"closing_date": closing, "tenor_months": 24, "borrower": "Other & Sons <Ltd>"}
    recalculate(example.path, target, inputs=changed)
    deal, _ = extract(target)
    expected = replaced(example.deal, **changed)
    for name in changed:  # a figure that was made up has no citation and no date
        made_up = msgspec.structs.replace(expected[name], source=CHANGED, as_of=None)
        expected.inputs[name] = made_up
    assert deal == expected
    assert isinstance(deal["tenor_months"].value, int)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_comes_back(text: str, tmp_path: Path) -> None:
    borrower = msgspec.structs.replace(FILLED["borrower"], value=text, source=text.strip())
    deal = msgspec.structs.replace(FILLED, inputs=FILLED.inputs | {"borrower": borrower})
    assert through_a_workbook(deal, tmp_path) == deal
    assert reread(deal, tmp_path) == deal


@pytest.mark.parametrize("text", ["=1+1", "-2", "@SUM(A1)", "An end. As of 1 May 2020.", ""])
def test_a_hostile_name_and_note_come_back(text: str, tmp_path: Path) -> None:
    deal = msgspec.structs.replace(FILLED, name=f"{text}!", note=text)
    assert through_a_workbook(deal, tmp_path) == deal


@given(
    text=st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"])).filter(str.strip),
    number=st.floats(0, 1e18),
    date=st.dates(datetime.date(2000, 1, 2), datetime.date(2100, 12, 31)),
)
def test_any_deal_file_reads_back(
    tmp_path_factory: pytest.TempPathFactory, text: str, number: float, date: datetime.date
) -> None:
    deal = replaced(FILLED, borrower=text, commitment=number, closing_date=date)
    deal = msgspec.structs.replace(deal, name=f"{text}!", note=text, as_of=date)
    assert reread(deal, tmp_path_factory.getbasetemp()) == deal


def test_the_file_is_grouped_and_labelled(loan: Example) -> None:
    lines = write_deal(loan.deal, loan.template).splitlines()
    titles = [line[2:] for line in lines if line.startswith("# ")][1:]
    assert titles == [section.title for section in loan.template.section]
    margin = next(line for line in lines if line.startswith("margin = "))
    assert margin.endswith("# Margin") and 'unit = "1/year"' in margin and "2025-07-28" in margin


@pytest.mark.parametrize(
    ("cell", "value", "words"),
    [
        ("margin", None, ["Margin", "empty", "1/year"]),
        ("margin", 4.0, ["Margin", "0..1", "4"]),
        ("margin", "four", ["Margin", "number", "four"]),
        ("closing_date", "July", ["Closing", "date", "July"]),
        ("scenario", "Doom", ["Scenario", "As input", "Doom"]),
    ],
)
def test_a_bad_cell_is_named(
    base: Example, tmp_path: Path, cell: str, value: object, words: list[str]
) -> None:
    path = tmp_path / "book.xlsx"
    book = openpyxl.load_workbook(base.source)
    place = book.defined_names[cell].attr_text.replace("$", "").partition("!")[2]
    book["Inputs"][place].value = value
    book.save(path)
    with pytest.raises(DealError) as caught:
        extract(path)
    for word in ["book.xlsx", f"Inputs!{place}", *words]:
        assert word in str(caught.value), str(caught.value)


def test_only_our_workbooks_hold_a_deal(tmp_path: Path, loan: Example) -> None:
    path = tmp_path / "other.xlsx"
    openpyxl.Workbook().save(path)
    with pytest.raises(FileError, match="not made by xlcredit"):
        extract(path)
    with pytest.raises(DealError, match="is of the template gpu-term-loan, not miner"):
        extract(loan.path, "miner-dual-collateral")


def test_a_house_template_is_named_by_its_path(tmp_path: Path) -> None:
    text = (HOME / "template.toml").read_text().replace(TEMPLATE.name, "house-loan", 1)
    house = tmp_path / "template.toml"
    house.write_text(text)
    template, _ = load(str(house))
    deal = msgspec.structs.replace(FILLED, template="house-loan")
    path = tmp_path / "book.xlsx"
    path.write_bytes(build(template, deal))
    with pytest.raises(DealError, match=r"house-loan.*--template"):
        extract(path)
    assert extract(path, str(house))[0] == deal


def test_a_changed_value_does_not_keep_the_date_of_the_old_one(
    base: Example, tmp_path: Path
) -> None:
    target = tmp_path / "dearer.xlsx"
    recalculate(base.path, target, inputs={"margin": 0.05})
    margin = extract(target)[0]["margin"]
    assert margin.value == 0.05 and margin.as_of is None
    assert margin.source.startswith("assumption")


def test_inputs_that_a_template_lacks_are_not_dropped(loan: Example, tmp_path: Path) -> None:
    text = (load("gpu-term-loan")[1] / "template.toml").read_text()
    older = tmp_path / "template.toml"
    lines = [ln for ln in text.splitlines() if "rent_elasticity" not in ln or "power" not in ln]
    older.write_text("\n".join(lines))
    with pytest.raises(DealError, match="rent_elasticity is no input of gpu-term-loan"):
        extract(loan.path, str(older))
