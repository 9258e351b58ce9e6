"""Read the Summary of a recalculated workbook back: what ``xlcredit show`` prints.

A figure is found by its defined name, and the name says its unit.
"""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xlcredit.deals import units
from xlcredit.errors import CellError, FileError
from xlcredit.ooxml import reading
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.place import Area, Place
from xlcredit.ooxml.properties import template_of
from xlcredit.ooxml.values import Value
from xlcredit.serials import from_serial, in_words
from xlcredit.workbook.covenants import (
    CHECK,
    TEST_VERDICTS,
    VERDICTS,
    CovenantCells,
    TypedOver,
    find_covenants,
    find_tests,
    typed_over,
)
from xlcredit.workbook.native import SHEET as NATIVE
from xlcredit.workbook.own_months import find_own_months
from xlcredit.workbook.pages.audit import AREA_CHECKS, CHECK_COLUMNS
from xlcredit.workbook.pages.compliance import AREA_CERTIFICATE
from xlcredit.workbook.pages.curves import NAME as CURVES
from xlcredit.workbook.pages.inputs import InputsPage
from xlcredit.workbook.pages.summary import (
    AREA_COMPARISONS,
    AREA_HEAD,
    BAND,
    READING,
)
from xlcredit.workbook.plausible import doubtful_cells
from xlcredit.workbook.tables.scenarios import AREA_SCENARIOS

__all__ = ["ShownFigure", "SideBySide", "CovenantLine", "Dashboard", "find_typed", "read_dashboard"]


#: From here a number without a unit is shown whole: nobody reads 3.1e+08 as money.
_LARGE = 10_000.0


@dataclass(frozen=True)
class ShownFigure:
    """A value, its unit, and how a person reads it."""

    value: Any
    unit: str
    in_millions: bool = False
    """Whether money is read in millions, as in the side-by-sides."""

    @property
    def shown(self) -> str:
        """The value as a person reads it."""
        value = self.value
        if value is None:
            return ""
        if isinstance(value, datetime.date):
            return in_words(value)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return str(value)
        if self.unit in _BREACHED and value < 0:
            return f"{_BREACHED[self.unit]} {-100 * value:,.0f}%"
        if not self.unit:
            return f"{value:,.0f}" if abs(value) >= _LARGE else f"{value:,.4g}"
        unit = units.unit("USD m" if self.in_millions and self.unit == "USD" else self.unit)
        return unit.shown(value)


#: A covenant in breach says which way its value must go.
_BREACHED = {"headroom, min": "must rise", "headroom, max": "must fall"}


@dataclass(frozen=True)
class SideBySide:
    """A side-by-side: figures by label, and what they say."""

    title: str
    question: str
    figures: dict[str, ShownFigure]
    reading: str
    notes: dict[str, str] = field(default_factory=dict)
    """What stands below a figure, by its label."""


@dataclass(frozen=True)
class CovenantLine:
    """One row of the covenant dashboard, or of the tables of other tests below it."""

    label: str
    value: ShownFigure
    test: str
    threshold: ShownFigure
    status: str
    headroom: ShownFigure
    first_breach: ShownFigure
    may_move_by: ShownFigure
    driver: str


#: Names that programs can rely on: whether the lender is repaid, and what the risk costs.
FIGURES = (
    "unpaid_at_maturity",
    "first_missed_month",
    "loss",
    "lender_irr",
    "min_dscr",
    "breakeven_decline",
    "expected_loss_spread",
    "required_spread",
    "max_ltv",
    "peak_arrears",
    "repaid_month",
)


#: The figure of a template that says how much is drawn.
DRAWN = "debt"


@dataclass(frozen=True)
class Dashboard:
    """The Summary of one workbook."""

    title: str
    scenario: str
    master_check: str
    comparisons: list[SideBySide]
    covenants: list[CovenantLine]
    figures: dict[str, Value]
    """Those of :data:`FIGURES` that the workbook has, by their defined names."""
    drawn: ShownFigure | None = None
    """The loan that is drawn at closing."""
    tests: dict[str, list[CovenantLine]] = field(default_factory=dict)
    """What is tested and is no covenant, by the title of its table."""
    failing: list[str] = field(default_factory=list)
    """The tests of the model that do not hold, by their labels."""
    warnings: list[str] = field(default_factory=list)
    """What a reader must know before trusting the figures."""
    typed: list[TypedOver] = field(default_factory=list)
    """What somebody typed over, so that a verdict decides nothing."""

    @property
    def undecided(self) -> list[str]:
        """The covenants and other tests without a verdict, by their labels."""
        covenants = [c.label for c in self.covenants if c.status not in VERDICTS]
        tests = itertools.chain.from_iterable(self.tests.values())
        return [*covenants, *(test.label for test in tests if test.status not in TEST_VERDICTS)]

    @property
    def checked(self) -> bool:
        """Whether the master check, every covenant and every other test have a verdict."""
        return self.master_check == "OK" and not self.undecided and not self.typed


def read_dashboard(
    source: Path | Book, values: Callable[[Place], Value] | None = None
) -> Dashboard:
    """Read the Summary of a term-sheet workbook.

    Parameters
    ----------
    source : Path or Book
        The workbook.
    values : callable, optional
        The value of a cell, such as that of a recalculation; by default the stored one.

    Raises
    ------
    FileError
        The file is no workbook of ours, or holds no values yet.
    """
    book = reading.open_book(source)
    path = book.package.path
    comparisons = book.area(AREA_COMPARISONS)
    covenants, tests = find_covenants(book), find_tests(book)
    check, head = book.cell_names.get("master_check"), book.area(AREA_HEAD)
    if comparisons is None or not covenants or check is None or head is None:
        raise FileError(
            f"{path}: has no covenant dashboard; it was not made by xlcredit new or demo"
        )
    cells = _Cells(book, values or book.saved)
    said, belied = cells.text(check), any(_typed_checks(cells, check))
    scenario = book.cell_names.get("scenario")
    dashboard = Dashboard(
        title=cells.text(next(head.places)),
        scenario=cells.text(scenario) if scenario else "",
        master_check=CHECK if said and belied else said,
        comparisons=_comparisons(cells, comparisons),
        covenants=[_covenant(cells, covenant) for covenant in covenants],
        tests=_tests(cells, tests),
        figures={name: cells.value(name) for name in FIGURES if name in book.cell_names},
        drawn=cells.cell(book.cell_names[DRAWN], True) if DRAWN in book.cell_names else None,
        failing=list(_failing(cells)),
        warnings=[
            *(told for _, told in doubtful_cells(book)),
            *map(str, find_own_months(book, values)),
        ],
        typed=find_typed(book, values),
    )
    if not dashboard.master_check:
        raise FileError(f"{path}: holds no values yet; run: xlcredit recalc {path} -o NEW.xlsx")
    return dashboard


def find_typed(book: Book, values: Callable[[Place], Value] | None = None) -> list[TypedOver]:
    """Say what is typed over in a workbook of ours; nothing of another maker's.

    Parameters
    ----------
    book : Book
        The workbook.
    values : callable, optional
        The value of a cell, for the labels; by default the stored one.
    """
    cells, check = _Cells(book, values or book.saved), book.cell_names.get("master_check")
    tests = [*find_covenants(book), *find_tests(book)]
    over = list(_typed_checks(cells, check)) if check else []
    over += (one for test in tests for one in test.typed_over(cells.text))
    if template_of(book.package):
        over += [*_typed_certificate(cells), *_typed_scenarios(cells)]
        over += list(_typed_figures(cells, over))
    return over


class _Cells:
    """The cells of a workbook, as the dashboard has them."""

    def __init__(self, book: Book, values: Callable[[Place], Value]) -> None:
        self.book = book
        self.units = reading.units(book)
        self.at = values

    def value(self, name: str) -> Value:
        """The value of a named cell."""
        return self.at(self.book.cell_names[name])

    def text(self, place: Place) -> str:
        """What a cell of words says; an error by its code."""
        value = self.at(place)
        return value.code if isinstance(value, CellError) else reading.text(value)

    def cell(self, place: Place, in_millions: bool = False) -> ShownFigure:
        """A figure with its unit: a date as a date, a whole number as one."""
        value: Any = self.at(place)
        unit = self.units.get(place, "")
        if isinstance(value, CellError):
            value = value.code
        elif unit == "date" and isinstance(value, float):
            value = from_serial(value)
        elif isinstance(value, float) and value.is_integer():
            value = int(value)
        return ShownFigure(value, unit, in_millions)


def _failing(cells: _Cells) -> Iterator[str]:
    """The tests of the sheet Checks whose status is not OK."""
    for row in reading.table(cells.book, AREA_CHECKS):
        label, _, status = (row[word] for word in CHECK_COLUMNS)
        if cells.text(status) != "OK":
            yield cells.text(label)


def _typed_checks(cells: _Cells, check: Place) -> Iterator[TypedOver]:
    """What is typed over in the master check and in the tests of the model that it counts."""
    if typed_over(cells.book, check):
        yield TypedOver("Master check", "verdict", str(check))
    made = bool(template_of(cells.book.package))
    for row in reading.table(cells.book, AREA_CHECKS):
        label, holds, status = (row[word] for word in CHECK_COLUMNS)
        for what, place in (("value", holds), ("verdict", status)):
            if (made or place == status) and typed_over(cells.book, place):
                yield TypedOver(cells.text(label), what, str(place))


def _typed_certificate(cells: _Cells) -> Iterator[TypedOver]:
    """What is typed over in the covenants of the sheet Compliance.

    In a copy without worksheet functions a value or a threshold may be frozen.
    """
    book = cells.book
    parts = {"Test": "test", "Status": "verdict"}
    if NATIVE not in book.sheets:
        parts |= {"Value": "value", "Threshold": "threshold"}
    for row in reading.table(book, AREA_CERTIFICATE):
        label = cells.text(next(iter(row.values())))
        for heading, what in parts.items():
            if heading in row and typed_over(book, row[heading]):
                yield TypedOver(label, what, str(row[heading]))


def _typed_scenarios(cells: _Cells) -> Iterator[TypedOver]:
    """What is typed over in the table of the scenarios; its rows put in empty are nobody's.

    In a copy without worksheet functions a column may be frozen, all of it.
    """
    book = cells.book
    area = book.area(AREA_SCENARIOS)
    if area is None:
        return
    rows = range(area.top + 1, area.bottom + 1)
    for column in range(area.left + 1, area.right + 1):
        places = [Place(area.sheet, row, column) for row in rows]
        typed = [place for place in places if typed_over(book, place)]
        if len(typed) == len(places) and NATIVE in book.sheets:
            continue
        heading, _, unit = cells.text(Place(area.sheet, area.top, column)).partition(" [")
        for place in typed:
            if label := cells.text(place._replace(column=area.left)):
                what = "figure" if unit else "verdict"
                yield TypedOver(f"{label}, {heading}", what, str(place))


def _typed_figures(cells: _Cells, told: Iterable[TypedOver]) -> Iterator[TypedOver]:
    """What else a template has named and calculated, and somebody has typed over.

    Ours say the unit with the name. In a copy without worksheet functions some are frozen.
    """
    book = cells.book
    if NATIVE in book.sheets:
        return
    known = {typed.cell for typed in told}
    for name, place in book.cell_names.items():
        mine = place in cells.units and place.sheet not in (InputsPage.name, CURVES)
        if mine and str(place) not in known and typed_over(book, place):
            yield TypedOver(name, "figure", str(place))


def _comparisons(cells: _Cells, area: Area) -> list[SideBySide]:
    """Read the bands: a title above its question, a label above its figure."""
    found = []
    for top in range(area.top, area.bottom + 1, BAND):
        band = Area(area.sheet, top + 1, area.left, top + 1, area.right)
        figures = {
            cells.text(place._replace(row=top)): cells.cell(place, in_millions=True)
            for place in reading.within(cells.book, band).values()
        }
        title, question, message = (
            cells.text(Place(area.sheet, *at))
            for at in ((top, area.left), (top + 1, area.left), (top + 1, READING))
        )
        below = {
            cells.text(Place(area.sheet, top, p.column)): cells.text(p._replace(row=top + 2))
            for p in reading.within(cells.book, band).values()
        }
        notes = {label: note for label, note in below.items() if note}
        found.append(SideBySide(title, question, figures, message, notes))
    return found


def _tests(cells: _Cells, tests: list[CovenantCells]) -> dict[str, list[CovenantLine]]:
    """The conditions of closing, the limits of the house, the stress results."""
    found: dict[str, list[CovenantLine]] = {}
    for test in tests:
        found.setdefault(test.table, []).append(_covenant(cells, test))
    return found


def _covenant(cells: _Cells, tested: CovenantCells) -> CovenantLine:
    # by place: an older workbook has another heading above a figure
    label, value, test, threshold, _, headroom, breach, move, driver = tested.cells.values()
    return CovenantLine(
        label=cells.text(label),
        value=cells.cell(value),
        test=cells.text(test),
        threshold=cells.cell(threshold),
        status=tested.read(cells.at).status,
        headroom=cells.cell(headroom),
        first_breach=cells.cell(breach),
        may_move_by=cells.cell(move),
        driver=cells.text(driver),
    )
