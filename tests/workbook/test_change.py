"""A changed input loses its citation and its date, whoever changes it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

import xlcredit
from xlcredit.deals import load, read_deal
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package
from xlcredit.ooxml.place import Place
from xlcredit.recalc import recalculate
from xlcredit.recalc.citations import CHANGED, with_sources
from xlcredit.workbook.life.extract import extract
from xlcredit.workbook.pages.inputs import InputCells, read_inputs

from .conftest import Example

#: An input with a citation of a public filing and a date.
NAME = "covenant_dscr"


@pytest.fixture(scope="module")
def cells(loan: Example) -> InputCells:
    """Where the input, its source and its date stand."""
    book = Book(Package(loan.path))
    cells = read_inputs(book)[NAME]
    assert "EDGAR" in str(book.saved(cells.source))
    assert isinstance(book.saved(cells.as_of), float)
    return cells


def by_name(cells: InputCells) -> str:
    return NAME


def in_capitals(cells: InputCells) -> str:
    return NAME.upper()


def by_address(cells: InputCells) -> str:
    return str(cells.value)


def by_a_fixed_address(cells: InputCells) -> str:
    return f"'{cells.value.sheet}'!{cells.value.absolute}"


def by_place(cells: InputCells) -> Place:
    return cells.value


@pytest.mark.parametrize("change", [xlcredit.recalculate, recalculate], ids=["user", "engine"])
@pytest.mark.parametrize("key", [by_name, in_capitals, by_address, by_a_fixed_address, by_place])
def test_no_citation_and_no_date_beside_a_made_up_figure(
    change: Callable[..., object], key: object, loan: Example, cells: InputCells, tmp_path: Path
) -> None:
    target = tmp_path / "changed.xlsx"
    change(loan.path, target, inputs={key(cells): 1.1})  # type: ignore[operator]
    book = Book(Package(target))
    assert book.saved(cells.value) == 1.1
    assert book.saved(cells.source) == CHANGED
    assert book.saved(cells.as_of) is None
    changed = extract(target)[0][NAME]
    assert (changed.value, changed.source, changed.as_of) == (1.1, CHANGED, None)


def test_every_other_input_keeps_its_own(loan: Example, tmp_path: Path) -> None:
    target = tmp_path / "changed.xlsx"
    xlcredit.recalculate(loan.path, target, inputs={NAME: 1.1})
    before, after = extract(loan.path)[0].inputs, extract(target)[0].inputs
    assert {n for n in before if before[n] != after[n]} == {NAME}


def test_a_source_that_is_given_is_kept(loan: Example, cells: InputCells, tmp_path: Path) -> None:
    target = tmp_path / "waived.xlsx"
    inputs = {NAME: 1.1, str(cells.source): "waiver of 3 March"}
    xlcredit.recalculate(loan.path, target, inputs=inputs)
    book = Book(Package(target))
    assert book.saved(cells.source) == "waiver of 3 March"
    assert book.saved(cells.as_of) is None


def test_a_workbook_of_another_maker_is_left_alone(tmp_path: Path) -> None:
    other = openpyxl.Workbook()
    other.create_sheet("Inputs").append(["Decline", 0.2, "share", "EDGAR", None])
    other.save(tmp_path / "other.xlsx")
    book = Book(Package(tmp_path / "other.xlsx"))
    assert with_sources(book, {"Inputs!B1": 0.3}) == {"Inputs!B1": 0.3}


def test_a_scenario_in_force_is_told_in_python_too(base: Example, tmp_path: Path) -> None:
    downside = tmp_path / "downside.xlsx"
    label = base.template.scenarios.case[-1].label
    xlcredit.recalculate(base.path, downside, inputs={"scenario": label})
    result = xlcredit.recalculate(downside, inputs={NAME: 1.1})
    assert any(label in warning and "in force" in warning for warning in result.warnings)
    assert not any("in force" in w for w in xlcredit.recalculate(downside).warnings)


def test_a_bare_value_in_a_deal_file_has_no_date(tmp_path: Path) -> None:
    template, home = load("gpu-borrowing-base")
    dated = next(i for i in template.inputs.values() if i.as_of and i.unit == "share")
    deal = tmp_path / "deal.toml"
    head = f'template = "{template.name}"\nname = "N"\nas_of = 2026-11-22\n[inputs]\n'
    rest = (home / "deal.toml").read_text("utf-8").partition("[inputs]")[2]
    kept = [line for line in rest.splitlines() if not line.startswith(f"{dated.name} ")]
    deal.write_text(head + f"{dated.name} = {dated.value}\n" + "\n".join(kept), "utf-8")
    given = read_deal(deal, template)[dated.name]
    assert (given.source, given.as_of) == ("assumption", None)
