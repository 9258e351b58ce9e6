"""What is read back is what was written: every figure by its name, with its unit."""

from __future__ import annotations

import datetime
import json
import re
import subprocess
from pathlib import Path

import openpyxl
import pytest
from openpyxl.workbook.defined_name import DefinedName

from tests.command import xlcredit
from tests.workbook.conftest import Example
from xlcredit.cli.dashboard import remarks
from xlcredit.deals.units import DRIVER_UNITS
from xlcredit.errors import CellError, FileError
from xlcredit.ooxml import reading
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package
from xlcredit.recalc import recalculate
from xlcredit.workbook import Dashboard, read_dashboard
from xlcredit.workbook.covenants import NONE
from xlcredit.workbook.draft import Draft
from xlcredit.workbook.life.freeze import freeze
from xlcredit.workbook.pages.dashboard import find_typed
from xlcredit.workbook.places import Places
from xlcredit.workbook.session import open_workbook
from xlcredit.workbook.tables.scenarios import AREA_SCENARIOS
from xlcredit.workbook.tables.verdicts import COVENANTS, groups


def test_every_figure_of_the_side_by_sides_comes_back(example: Example) -> None:
    dashboard = read_dashboard(example.path)
    assert [c.title for c in dashboard.comparisons] == [
        c.title for c in example.template.comparison
    ]
    for shown, spec in zip(dashboard.comparisons, example.template.comparison, strict=True):
        assert [*shown.figures] == [figure.label for figure in spec.figure]
        for figure in spec.figure:
            cell = shown.figures[figure.label]
            assert cell.unit == figure.unit
            if isinstance(cell.value, (int, float)):
                assert cell.value == pytest.approx(example.number(figure.name), rel=1e-12)


def test_every_covenant_comes_back(example: Example) -> None:
    covenants = read_dashboard(example.path).covenants
    for shown, spec in zip(covenants, example.template.covenant, strict=True):
        assert shown.label == spec.label
        words = re.findall('"([^"]*)"', spec.driver_words)  # the last: as in the examples
        assert shown.driver == (words[-1] if words else spec.driver)
        assert shown.test == ("at least" if spec.direction == "min" else "at most")
        assert (shown.value.unit, shown.threshold.unit) == (spec.unit, spec.unit)
        assert shown.headroom.unit == f"headroom, {spec.direction}"
        assert shown.may_move_by.unit == (spec.driver_unit if spec.driver_formula else "")
        assert shown.status == example.result.names[spec.name]
        stored = example.result.names[f"{spec.name}.value"]  # a word where none is agreed
        assert shown.value.value == (
            stored if shown.status == NONE else pytest.approx(stored, rel=1e-12)
        )


def test_every_other_test_comes_back_in_its_table(example: Example) -> None:
    shown = read_dashboard(example.path).tests
    wanted = {
        group.title: list(group.tests)
        for group in groups(example.template)
        if group.title != COVENANTS
    }
    assert {title: [line.label for line in lines] for title, lines in shown.items()} == {
        title: [test.label for test in tests] for title, tests in wanted.items()
    }
    for title, lines in shown.items():
        for line, spec in zip(lines, wanted[title], strict=True):
            assert line.test == ("at least" if spec.direction == "min" else "at most")
            assert (line.value.unit, line.threshold.unit) == (spec.unit, spec.unit)
            assert line.headroom.unit == f"headroom, {spec.direction}"
            assert line.status == example.result.names[spec.name]
            for part in ("value", "threshold", "headroom"):
                stored = example.result.names[f"{spec.name}.{part}"]  # a word where none is agreed
                read = getattr(line, part).value
                assert read == (stored if isinstance(stored, str) else pytest.approx(stored))


def test_other_tests_are_read_in_a_committee_copy_and_in_python(
    base: Example, tmp_path: Path
) -> None:
    statuses = _statuses(read_dashboard(base.path))
    assert {"MET", "INSIDE", "OUTSIDE", "FAILS"} <= {status for _, _, status in statuses}
    (tmp_path / "copy.xlsx").write_bytes(freeze(base.path, datetime.date(2026, 11, 22)))
    assert _statuses(read_dashboard(tmp_path / "copy.xlsx")) == statuses
    with open_workbook(base.path) as book:
        assert [(t.table, t.label, t.status) for t in book.tests] == statuses


@pytest.mark.parametrize("spoilt", ["", 1.0, CellError("#N/A"), "PASS"])
def test_a_verdict_that_is_none_of_its_words_is_told(base: Example, spoilt: object) -> None:
    book = Book(Package(base.path))
    cell = book.cell_names["limit_vintage"]
    shown = read_dashboard(book, lambda p: spoilt if p == cell else book.saved(p))  # type: ignore[arg-type,return-value]
    told = [line for line in remarks(shown) if "cannot be decided" in line]
    assert told == ["CHECK: Largest vintage in the borrowing base cannot be decided"]
    assert not shown.checked and read_dashboard(book).checked
    assert not [line for line in remarks(read_dashboard(book)) if "cannot be decided" in line]


def _statuses(shown: Dashboard) -> list[tuple[str, str, str]]:
    return [(title, t.label, t.status) for title, tests in shown.tests.items() for t in tests]


@pytest.mark.parametrize("unit", DRIVER_UNITS)
def test_no_unit_comes_back_as_another(unit: str, loan: Example, tmp_path: Path) -> None:
    """A unit is stored with the name; the number format, which many share, says nothing."""
    draft = Draft(loan.template, loan.deal, openpyxl.Workbook(), Places(loan.template.months))
    sheet = draft.workbook.active
    draft.name("figure", sheet.title, 1, 1, unit)
    from xlcredit.workbook.build import _define_names

    _define_names(draft)
    draft.workbook.save(tmp_path / "book.xlsx")
    book = Book(Package(tmp_path / "book.xlsx"))
    assert reading.units(book)[book.cell_names["figure"]] == unit


def test_nothing_is_typed_over_as_it_is_built(example: Example) -> None:
    assert read_dashboard(example.path).typed == []


def test_scenario_and_master_check_are_read_wherever_they_stand(
    loan: Example, tmp_path: Path
) -> None:
    """Rows put above and columns put before move the cells; the names go with them."""
    shown = read_dashboard(loan.path)
    assert shown.scenario == loan.deal["scenario"].value
    assert shown.master_check == loan.result.names["master_check"] == "OK"
    assert shown.title == f"{loan.deal.name}: summary"


def test_a_dashboard_is_of_the_values_it_is_given(loan: Example) -> None:
    book = Book(Package(loan.path))
    doubled = read_dashboard(book, lambda p: 2 * v if isinstance(v := book.saved(p), float) else v)
    once = read_dashboard(book)
    for old, new in zip(once.covenants, doubled.covenants, strict=True):
        if isinstance(old.value.value, (int, float)):
            assert new.value.value == 2 * old.value.value


def test_a_workbook_of_another_maker_has_no_dashboard(tmp_path: Path) -> None:
    openpyxl.Workbook().save(tmp_path / "other.xlsx")
    with pytest.raises(FileError, match="has no covenant dashboard"):
        read_dashboard(tmp_path / "other.xlsx")


def recalculated_with(
    example: Example, name: str, content: str, folder: Path
) -> subprocess.CompletedProcess[str]:
    """Change the cell of a verdict, and recalculate the workbook into ``done.xlsx``."""
    book = openpyxl.load_workbook(example.path)
    ((sheet, cell),) = book.defined_names[name].destinations
    book[sheet][cell.replace("$", "")].value = content
    book.save(folder / "changed.xlsx")
    return xlcredit("recalc", folder / "changed.xlsx", "-o", folder / "done.xlsx")


@pytest.mark.parametrize(
    ("name", "word", "label"),
    [
        ("limit_vintage", "INSIDE", "Largest vintage in the borrowing base"),
        ("limit_vintage", "waived", "Largest vintage in the borrowing base"),
        ("covenant_cover", "PASS", ""),
        ("master_check", "OK", "Master check"),
    ],
)
def test_a_verdict_typed_over_decides_nothing(
    base: Example, name: str, word: str, label: str, tmp_path: Path
) -> None:
    """Whatever word stands there, whoever shows or recalculates it is told and leaves with 1."""
    done = recalculated_with(base, name, word, tmp_path)
    shown = xlcredit("show", tmp_path / "done.xlsx")
    for found in (done, shown):
        assert found.returncode == 1
        assert f"{label}: the verdict is typed over its formula" in found.stdout
    if name != "master_check":
        with open_workbook(tmp_path / "done.xlsx") as there:
            results = {test.name: test.status for test in (*there.covenants, *there.tests)}
        assert results[name] == "CHECK"


@pytest.mark.parametrize(
    ("name", "formula"), [("stress_dscr", '="HOLDS"'), ("covenant_dscr_curve", '="PASS"')]
)
def test_a_verdict_whose_formula_belies_its_figures_is_undecided(
    loan: Example, name: str, formula: str, tmp_path: Path
) -> None:
    """The word is held against value, test and threshold, which stand beside it."""
    done = recalculated_with(loan, name, formula, tmp_path)
    assert done.returncode == 1
    with open_workbook(tmp_path / "done.xlsx") as there:
        results = {test.name: test for test in (*there.covenants, *there.tests)}
    assert results[name].status == "CHECK"
    assert f"CHECK: {results[name].label} cannot be decided" in done.stdout


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("covenant_cover.value", 9.0, "the value is typed over its formula"),
        ("covenant_cover.value", "=4+5", "the value is typed over its formula"),
        ("limit_vintage.threshold", 0.9, "the threshold is typed over its formula"),
        ("limit_vintage.test", "at least", "the test is typed over the template's"),
    ],
)
def test_a_verdict_over_what_is_typed_over_decides_nothing(
    base: Example, name: str, content: str | float, told: str, tmp_path: Path
) -> None:
    """The value, the threshold and the test of our own workbooks are the template's."""
    test, _, part = name.partition(".")
    book = openpyxl.load_workbook(base.path)
    ((sheet, cell),) = book.defined_names[test if part == "test" else name].destinations
    cell = cell.replace("$", "").replace("E", "C") if part == "test" else cell.replace("$", "")
    book[sheet][cell].value = content
    book.save(tmp_path / "changed.xlsx")
    done = xlcredit("recalc", tmp_path / "changed.xlsx", "-o", tmp_path / "done.xlsx")
    shown = xlcredit("show", tmp_path / "done.xlsx")
    with open_workbook(tmp_path / "done.xlsx") as there:
        results = {found.name: found for found in (*there.covenants, *there.tests)}
    line = (
        f"CHECK: {results[test].label}: {told} in {sheet}!{cell}, and the verdict decides nothing"
    )
    for found in (done, shown):
        assert found.returncode == 1 and line in found.stdout.splitlines()
    data = json.loads(xlcredit("show", tmp_path / "done.xlsx", "--json").stdout)
    assert data["typed"] == [line.removeprefix("CHECK: ")]
    assert [found.name for found in results.values() if found.status == "CHECK"] == [test]


@pytest.mark.parametrize("name", ["min_dscr", "covenant_cover.headroom"])
def test_a_figure_that_is_typed_over_is_told(base: Example, name: str, tmp_path: Path) -> None:
    """The covenant that reads it passes on it; a name that a user has given is his own."""
    book = openpyxl.load_workbook(base.path)
    ((sheet, cell),) = book.defined_names[name].destinations
    book[sheet][cell.replace("$", "")] = 9.0
    book["Sources"]["Z1"] = 1.0
    book.defined_names["mine"] = DefinedName("mine", attr_text="Sources!$Z$1")
    book.save(tmp_path / "changed.xlsx")
    done = xlcredit("recalc", tmp_path / "changed.xlsx", "-o", tmp_path / "done.xlsx")
    place = Book(Package(base.path)).cell_names[name]
    told = f"CHECK: {name}: the figure is typed over its formula in {place}, and what reads it is"
    assert done.returncode == 1 and done.stdout.count("is typed over") == 1
    assert f"{told} not calculated" in done.stdout.splitlines()


def changed(example: Path, sheet: str, cell: str, content: object, folder: Path) -> list[str]:
    """What is told of a workbook in which a cell is typed over."""
    book = openpyxl.load_workbook(example)
    book[sheet][cell].value = content
    book.save(folder / "changed.xlsx")
    return [str(one) for one in find_typed(Book(Package(folder / "changed.xlsx")))]


@pytest.mark.parametrize(
    ("column", "content", "what"),
    [("D", 9.0, "value"), ("E", "at most", "test"), ("F", 0.5, "threshold"), ("G", "PASS", "")],
)
def test_a_certificate_that_is_typed_over_is_told(
    base: Example, column: str, content: str | float, what: str, tmp_path: Path
) -> None:
    """The lender signs nothing that a borrower has typed: value, test, threshold, verdict."""
    place = Book(Package(base.path)).cell_names["certificate_excess"]
    cell = f"{column}{place.row}"
    (told,) = changed(base.path, "Compliance", cell, content, tmp_path)
    said = f"the {what or 'verdict'} is typed over "
    assert told.startswith(f"Excess availability before the block: {said}")
    assert f" in Compliance!{cell}, and " in told and told.endswith("decides nothing")


def test_a_scenario_that_is_typed_over_is_told(base: Example, tmp_path: Path) -> None:
    """Its verdicts, and its figures, on which the stress results and the expected loss rest."""
    area = Book(Package(base.path)).area(AREA_SCENARIOS)
    assert area is not None
    heads = base.formulas["Stress"][area.top]
    at = {str(cell.value).partition(" [")[0]: cell.column_letter for cell in heads if cell.value}
    label = base.formulas["Stress"][f"A{area.bottom}"].value
    verdict = at["Excess availability covenant"]
    (told,) = changed(base.path, "Stress", f"{verdict}{area.bottom}", "PASS", tmp_path)
    assert told.startswith(f"{label}, Excess availability covenant: the verdict is typed over its ")
    loss = at["Loss, lender enforces, fleet sold"]
    (told,) = changed(base.path, "Stress", f"{loss}{area.bottom}", 0.0, tmp_path)
    assert told.startswith(f"{label}, Loss, lender enforces, fleet sold: the figure is typed over ")
    done = xlcredit("recalc", tmp_path / "changed.xlsx", "-o", tmp_path / "done.xlsx")
    assert done.returncode == 1 and f"CHECK: {told}" in done.stdout.splitlines()


def test_a_row_put_in_empty_among_the_scenarios_is_nobodys(base: Example, tmp_path: Path) -> None:
    """Of another maker's workbook nothing is told either."""
    book = openpyxl.load_workbook(base.path)
    name = book.defined_names[AREA_SCENARIOS]
    name.attr_text = re.sub(r"\d+$", lambda row: str(int(row[0]) + 1), name.attr_text)
    book.save(tmp_path / "longer.xlsx")
    assert not find_typed(Book(Package(tmp_path / "longer.xlsx")))
    del book.custom_doc_props["xlcredit template"]
    book["Stress"]["H7"] = 1.0
    book.save(tmp_path / "other.xlsx")
    assert not find_typed(Book(Package(tmp_path / "other.xlsx")))


@pytest.mark.parametrize(("cell", "content"), [("B6", True), ("C6", "OK")])
def test_a_test_of_the_model_that_is_typed_over_fails_the_master_check(
    base: Example, cell: str, content: str | bool, tmp_path: Path
) -> None:
    """It counts as OK in the sheet's own master check."""
    book = openpyxl.load_workbook(base.path)
    label = book["Checks"]["A6"].value
    book["Checks"][cell].value = content
    book.save(tmp_path / "changed.xlsx")
    done = xlcredit("recalc", tmp_path / "changed.xlsx", "-o", tmp_path / "done.xlsx")
    assert done.returncode == 1
    assert f"CHECK: {label}: the " in done.stdout and f"in Checks!{cell}, and " in done.stdout
    assert read_dashboard(tmp_path / "done.xlsx").master_check == "CHECK"


def test_another_maker_may_type_a_value_and_a_threshold(base: Example, tmp_path: Path) -> None:
    """Without our stamp they may be inputs, and so may those of a row that was put into a table."""
    for ours in (False, True):
        book = openpyxl.load_workbook(base.path)
        ((_, cell),) = book.defined_names["covenant_cover"].destinations
        row = cell.rpartition("$")[2]
        book["Summary"][f"B{row}"], book["Summary"][f"D{row}"] = 9.0, 1.1
        if ours:
            del book.defined_names["covenant_cover.value"]
            del book.defined_names["covenant_cover.threshold"]
        else:
            del book.custom_doc_props["xlcredit template"]
        book.save(tmp_path / "other.xlsx")
        recalculate(tmp_path / "other.xlsx", tmp_path / f"done_{ours}.xlsx")
        found = read_dashboard(tmp_path / f"done_{ours}.xlsx")
        assert not found.typed
        assert (found.covenants[0].value.value, found.covenants[0].status) == (9, "PASS")
