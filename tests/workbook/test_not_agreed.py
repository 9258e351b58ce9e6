"""What is not agreed says NONE: it neither passes nor breaks, and no error hides behind it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from openpyxl.workbook.defined_name import DefinedName

from tests.workbook.conftest import Example
from xlcredit.cli.points import _standing
from xlcredit.errors import CellError
from xlcredit.ooxml.place import Place
from xlcredit.portfolio.evaluate import _status
from xlcredit.recalc import recalculate
from xlcredit.workbook.covenants import BREACH, CHECK, NONE, PASS, CovenantCells
from xlcredit.workbook.pages.dashboard import CovenantLine, Dashboard, ShownFigure
from xlcredit.workbook.pages.summary import COVENANT_COLUMNS
from xlcredit.workbook.session import Session
from xlcredit.workbook.tables.scenarios import HEADER_ROW

# --- the words --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shown", "read"),
    [
        ("NONE", NONE),
        ("PASS", PASS),
        ("BREACH", BREACH),
        ("none", CHECK),
        ("", CHECK),
        (None, CHECK),
        (1.0, CHECK),
        (CellError("#N/A"), CHECK),
    ],
)
def test_a_status_is_one_of_four_words(shown: object, read: str) -> None:
    cells = {word: Place("Summary", 2, at) for at, word in enumerate(COVENANT_COLUMNS, start=1)}
    covenant = CovenantCells("covenant_cash", cells).read(
        lambda place: shown if place == cells["Status"] else None  # type: ignore[arg-type,return-value]
    )
    assert covenant.status == read


@pytest.mark.parametrize(
    ("covenants", "status"),
    [
        ([PASS, NONE], PASS),
        ([NONE, PASS, PASS], PASS),
        ([NONE, BREACH], BREACH),
        ([PASS, NONE, CHECK], CHECK),
        ([NONE], CHECK),  # nothing has passed
        ([], CHECK),
    ],
)
def test_a_loan_passes_by_the_covenants_that_it_has(covenants: list[str], status: str) -> None:
    assert _status(covenants, {}, {}) == status
    assert _status(covenants, {"master_check": "CHECK"}, {}) == (
        BREACH if BREACH in covenants else CHECK
    )


def test_a_point_of_a_grid_names_what_does_not_pass() -> None:
    assert _standing({"a": PASS, "b": NONE}) == PASS
    assert _standing({"a": NONE}) == NONE
    assert _standing({"a": NONE, "b": BREACH, "c": PASS}) == "BREACH b"
    assert _standing({"a": CHECK, "b": NONE}) == "CHECK a"


@pytest.mark.parametrize(("status", "checked"), [(NONE, True), (CHECK, False), ("#N/A", False)])
def test_a_summary_is_checked_where_every_covenant_has_a_word(status: str, checked: bool) -> None:
    blank = ShownFigure(None, "")
    line = CovenantLine("Cash", blank, "at least", blank, status, blank, blank, blank, "")
    assert Dashboard("", "", "OK", [], [line], {}).checked is checked


# --- the formulas -----------------------------------------------------------------------------

NA = "=NA()"
#: Agreed or not, held, asked: value, threshold, status, headroom.
STATES = [
    ((1, 50.0, 40.0), (50.0, 40.0, "PASS", 0.2)),
    ((1, 40.0, 40.0), (40.0, 40.0, "PASS", 0.0)),
    ((1, 30.0, 40.0), (30.0, 40.0, "BREACH", -1 / 3)),
    ((0, 30.0, 40.0), ("none", "none", "NONE", "none")),
    ((0, 50.0, 0.0), ("none", "none", "NONE", "none")),
    ((1, NA, 40.0), (CellError("#N/A"), 40.0, "CHECK", "none")),
    ((1, 30.0, NA), (30.0, CellError("#N/A"), "CHECK", "none")),
    ((1, "none", 40.0), ("none", 40.0, "CHECK", "none")),
    ((1, "not tested", 40.0), ("not tested", 40.0, "NONE", "none")),
    ((NA, 50.0, 40.0), (CellError("#N/A"), CellError("#N/A"), "CHECK", "none")),
    (("no", 50.0, 40.0), (CellError("#VALUE!"), CellError("#VALUE!"), "CHECK", "none")),
    ((7, 50.0, 40.0), (CellError("#VALUE!"), CellError("#VALUE!"), "CHECK", "none")),
]


@pytest.mark.parametrize(("given", "expected"), STATES, ids=str)
def test_an_error_is_not_taken_for_what_is_not_agreed(
    example_of: Callable[[str], Example],
    tmp_path: Path,
    given: tuple[object, ...],
    expected: tuple[object, ...],
) -> None:
    summary = example_of("hosting-project-loan").formulas["Summary"]
    row = next(c.row for c in summary["A"] if "month of least to spare" in str(c.value))
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Summary"
    for at, (name, value) in enumerate(
        zip(("liquidity_agreed", "liquidity_least", "liquidity_due"), given, strict=True), start=1
    ):
        sheet.cell(at, 12).value = value  # type: ignore[assignment]
        book.defined_names[name] = DefinedName(name, attr_text=f"Summary!$L${at}")
    book.defined_names["inputs_complete"] = DefinedName("inputs_complete", attr_text="TRUE")
    for column in "BCDEF":
        sheet[f"{column}{row}"] = summary[f"{column}{row}"].value
    book.save(tmp_path / "row.xlsx")
    cells = recalculate(tmp_path / "row.xlsx").values["Summary"]
    found = tuple(cells[row, column] for column in (2, 4, 5, 6))
    for value, wanted in zip(found, expected, strict=True):
        assert value == (pytest.approx(wanted) if isinstance(wanted, float) else wanted)


# --- the book ---------------------------------------------------------------------------------


def test_a_covenant_of_no_months_is_none_on_every_page(
    example_of: Callable[[str], Example],
) -> None:
    """Summary, scenarios, certificate and Term Sheet say one thing, also where the cash is gone."""
    site = example_of("hosting-project-loan")
    found = site.given({"scenario": "Everything", "as_at_month": 12, "dsra_months": 0})
    names = found.names
    assert names["first_missed_month"] > 0  # type: ignore[operator]
    for covenant in ("covenant_cash", "certificate_cash", "condition_reserve"):
        assert names[covenant] == "NONE", covenant
    parts = ("value", "threshold", "headroom", "first_breach", "driver")
    assert {names[f"covenant_cash.{part}"] for part in parts} == {"none"}
    assert {names["liquidity_least"], names["liquidity_due"]} == {"none"}
    stress = found.values["Stress"]
    table = site.template.scenarios
    column = 2 + [metric.label for metric in table.metric].index("Liquidity covenant")
    under = [stress[HEADER_ROW + at, column] for at in range(1, 1 + len(table.case))]
    assert under == ["NONE"] * len(table.case)
    labels = site.formulas["Term Sheet"]["B"]
    row = next(c.row for c in labels if c.value == "Financial covenant: liquidity")
    assert found.values["Term Sheet"][row, 3] == "None"
    assert names["master_check"] == "OK"


#: Of each template: what tests the DSCR, its certificate, its column of the scenarios, the paper.
COVERS = {
    "gpu-term-loan": ("covenant_dscr_curve", "certificate_dscr", "DSCR covenant", "None"),
    "hosting-project-loan": ("covenant_dscr_curve", "certificate_dscr", "DSCR covenant", "None"),
    "miner-dual-collateral": (
        *("covenant_dscr_curve", "certificate_dscr", "DSCR covenant", "No DSCR; LTV"),
    ),
    "gpu-borrowing-base": (
        *("covenant_cover", "certificate_cover", "Cover covenants", "No fixed-charge cover"),
    ),
}


@pytest.mark.parametrize("name", COVERS)
@pytest.mark.parametrize("given", [{}, {"rent_level": 0.01}], ids=["as input", "no rent"])
def test_a_cover_of_zero_is_no_covenant(
    example_of: Callable[[str], Example], name: str, given: dict[str, object]
) -> None:
    """Any cover, also one below zero, neither keeps nor breaks what is not agreed."""
    example = example_of(name)
    covenant, certificate, column, words = COVERS[name]
    none: dict[str, object] = {"covenant_dscr": 0}
    if name == "gpu-borrowing-base":  # the column is of both its covers
        none["covenant_interest"] = 0
    found = example.given({**given, **none, "as_at_month": 3})
    names = found.names
    assert names[covenant] == names[certificate] == "NONE"
    parts = ("value", "threshold", "headroom", "first_breach", "driver")
    assert {names[f"{covenant}.{part}"] for part in parts} == {"none"}
    assert names["breakeven_found"] == names["breakeven_decline"] == "no covenant"
    table = example.template.scenarios
    at = 2 + [m.label.startswith(column) for m in table.metric].index(True)
    rows = range(HEADER_ROW + 1, HEADER_ROW + 1 + len(table.case))
    assert {found.values["Stress"][row, at] for row in rows} == {"NONE"}
    paper = [str(text) for text in found.values["Term Sheet"].values()]
    assert any(text.startswith(words) for text in paper)
    assert not found.errors and names["master_check"] == "OK"
    agreed = example.given({**given, "as_at_month": 3}).names
    assert agreed[covenant] in ("PASS", "BREACH")


def test_a_search_for_the_nearest_breach_passes_over_it(
    example_of: Callable[[str], Example],
) -> None:
    from xlcredit.errors import UserError
    from xlcredit.workbook.sensitivity import nearest_breach

    with (
        Session(example_of("hosting-project-loan").path) as book,
        pytest.raises(UserError, match="reads NONE today"),
    ):
        nearest_breach(book, "covenant_cash", {"rent_decline": 0.05})
