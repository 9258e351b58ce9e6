"""The covenants and other tests of a workbook, found by name and read from values as they stand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from xlcredit.deals.units import UNITS
from xlcredit.errors import CellError
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.formulas import tokens_of
from xlcredit.ooxml.place import Place
from xlcredit.ooxml.properties import template_of
from xlcredit.ooxml.reading import table, text, units
from xlcredit.ooxml.values import Value
from xlcredit.workbook.pages.summary import AREA_COVENANTS, COVENANT_COLUMNS
from xlcredit.workbook.tables.verdicts import (
    AT_LEAST,
    COVENANTS,
    FROZEN,
    HEADING,
    SIGNS,
    TESTED,
    WORDS,
)

__all__ = [
    "BREACH",
    "CHECK",
    "FINE",
    "NONE",
    "PASS",
    "TEST_VERDICTS",
    "VERDICTS",
    "CovenantCells",
    "CovenantResult",
    "TypedOver",
    "find_covenants",
    "find_tests",
    "typed_over",
]

#: What a cell shows: dates are dates.
Shown = Value | dt.date

#: NONE where no such covenant is agreed or nothing was owed when it was due: it neither passes nor
#: breaks.
PASS, BREACH, CHECK, NONE = "PASS", "BREACH", "CHECK", "NONE"
#: What a covenant can be found to be; whatever else its cell shows is CHECK.
VERDICTS = (PASS, BREACH, NONE)
#: The same of a condition of closing, a limit of the house or a stress result.
TEST_VERDICTS = (*(word for _, words in WORDS.values() for word in words), NONE)
#: The words for what is met, and for what is not.
_MET = (PASS, *(words[0] for _, words in WORDS.values()))
_FAILED = (BREACH, *(words[1] for _, words in WORDS.values()))
#: Values as close to their threshold as this are left to the sheet, which decides ties.
_TIE = 1e-9
#: What nobody need look at.
FINE = frozenset({PASS, NONE})


@dataclass(frozen=True)
class CovenantResult:
    """One covenant or other test: what is tested against what, and how it stands."""

    name: str
    """The defined name of its verdict."""
    label: str
    value: Shown
    test: str
    """What the value must do, as the sheet says it."""
    threshold: Shown
    status: str
    """PASS, BREACH, NONE where nothing is agreed or tested, CHECK where it cannot be decided.

    Another test has two words of its own in place of PASS and BREACH.
    """
    headroom: Shown
    first_breach: Shown
    """The date of the first test that fails, or a word where there is none."""
    unit: str = ""
    """The unit of the value and the threshold, where the workbook says it."""
    table: str = COVENANTS
    """The title of the table in which it stands on the Summary."""

    HEADINGS: ClassVar[tuple[str, ...]] = ("Covenant", "Value", "Test", "Threshold", "Status")

    @property
    def row(self) -> tuple[str, str, str, str, str]:
        """What a table shows of it."""
        value, threshold = (_shown(v, self.unit) for v in (self.value, self.threshold))
        return (self.label, value, self.test, threshold, self.status)

    @property
    def margin(self) -> float:
        """How far the value is on the right side of its threshold; NaN if that is not known."""
        if not (isinstance(self.value, float) and isinstance(self.threshold, float)):
            return float("nan")
        above = self.value - self.threshold
        return above if self.is_minimum else -above

    @property
    def is_minimum(self) -> bool:
        """Whether the value must not fall below the threshold; else it must not rise above it."""
        return self.test == AT_LEAST


@dataclass(frozen=True)
class TypedOver:
    """A cell of a test in which something was typed over what the template has there."""

    label: str
    """What the workbook calls the test."""
    what: str
    """The verdict, the value, the threshold, the test (at least or at most), or a figure."""
    cell: str

    def __str__(self) -> str:
        over = "the template's" if self.what == "test" else "its formula"
        whose = "" if self.what == "verdict" else "the verdict "
        told = f"{self.label}: the {self.what} is typed over {over} in {self.cell}"
        if self.what == "figure":
            return f"{told}, and what reads it is not calculated"
        return f"{told}, and {whose}decides nothing"


@dataclass(frozen=True)
class CovenantCells:
    """Where a covenant or other test stands: its name, and a cell under each heading."""

    name: str
    cells: dict[str, Place]
    unit: str = ""
    table: str = COVENANTS
    verdicts: tuple[str, ...] = VERDICTS
    typed: tuple[str, ...] = ()
    """The headings of what is typed over; the verdict then decides nothing."""

    def typed_over(self, value: Callable[[Place], Shown]) -> list[TypedOver]:
        """Say the same with the cells, with a function that gives the value of a cell."""
        label = str(value(self.cells["Covenant"]) or "")
        return [
            TypedOver(label, _CALLED.get(heading, heading.lower()), str(self.cells[heading]))
            for heading in self.typed
        ]

    def read(self, value: Callable[[Place], Shown]) -> CovenantResult:
        """Read it with a function that gives the value of a cell."""
        shown = {heading: value(place) for heading, place in self.cells.items()}
        status = shown["Status"]
        tested, limit, must = shown["Value"], shown["Threshold"], str(shown["Test"] or "")
        # neither an error nor a word that somebody typed ever passes
        said = str(status) if status in self.verdicts and not self.typed else CHECK
        return CovenantResult(
            name=self.name,
            label=str(shown["Covenant"] or ""),
            value=tested,
            test=must,
            threshold=limit,
            status=_held_against(said, must, tested, limit),
            headroom=shown["Headroom"],
            first_breach=shown["First breach"],
            unit=self.unit,
            table=self.table,
        )


def _held_against(status: str, test: str, value: object, threshold: object) -> str:
    """Give a verdict, or CHECK where its own figures say the opposite: its formula was changed."""
    if not (isinstance(value, int | float) and isinstance(threshold, int | float)):
        return status
    margin = value - threshold if test == AT_LEAST else threshold - value
    clear = abs(margin) > _TIE * max(abs(value), abs(threshold))
    return CHECK if clear and status in (_FAILED if margin > 0.0 else _MET) else status


def typed_over(book: Book, place: Place) -> bool:
    """Whether a value stands where a formula did; a frozen copy has no formula at all."""
    return bool(book.formulas) and place not in book.formulas


def _typed(book: Book, name: str, row: dict[str, Place], known: dict[Place, str]) -> Iterator[str]:
    """The headings of what is typed over in the row of a test.

    A verdict is a formula in any workbook. A value or a threshold may be an input of another
    maker's; where a template has named the cell, it has written a formula, or in a copy without
    worksheet functions a value that it has marked as frozen.
    """
    if book.formulas and template_of(book.package):
        named = book.cell_names
        value, threshold = (
            None if f"{name}{part}{FROZEN}" in named else named.get(name + part) for part in TESTED
        )
        if value == row["Value"] and _reads_nothing(book, value):
            yield "Value"
        # the unit of the headroom says the direction, too
        sign = _SIGN_OF.get(known.get(row["Headroom"], ""), "")
        if sign and text(book.saved(row["Test"])) != sign:
            yield "Test"
        if threshold == row["Threshold"] and typed_over(book, threshold):
            yield "Threshold"
    if typed_over(book, row["Status"]):
        yield "Status"


def _reads_nothing(book: Book, place: Place) -> bool:
    """Whether a cell holds no formula, or one such as =1.5."""
    formula = book.formulas.get(place)
    tokens = tokens_of(formula.text) if formula else []
    return tokens is not None and not any(token.subtype == token.RANGE for token in tokens)


def find_covenants(book: Book) -> list[CovenantCells]:
    """Find the covenants of a workbook of ours; none in another workbook."""
    names = {place: name for name, place in book.cell_names.items()}
    rows, known = table(book, AREA_COVENANTS), units(book)
    found = []
    for row in rows:
        if set(row) >= _READ:
            name = names.get(row["Status"], str(row["Status"]))
            typed = tuple(_typed(book, name, row, known))
            found.append(CovenantCells(name, row, known.get(row["Value"], ""), typed=typed))
    return found


def find_tests(book: Book) -> list[CovenantCells]:
    """Find the tests that are no covenants, from top to bottom; none in another workbook.

    They stand below the covenants, in the same columns: a verdict there has a name, and so have its
    value and its headroom.
    """
    covenants = table(book, AREA_COVENANTS)
    if not covenants or not set(covenants[-1]) >= _READ:
        return []
    last, named, known = covenants[-1], book.cell_names, units(book)
    found = []
    for name, place in sorted(named.items(), key=lambda item: item[1]):
        row = {heading: cell._replace(row=place.row) for heading, cell in last.items()}
        parts = named.get(f"{name}.value"), place, named.get(f"{name}.headroom")
        if place.row > last["Status"].row and parts == (
            row["Value"],
            row["Status"],
            row["Headroom"],
        ):
            title, unit = _title(book, row["Covenant"]), known.get(row["Value"], "")
            typed = tuple(_typed(book, name, row, known))
            found.append(CovenantCells(name, row, unit, title, TEST_VERDICTS, typed))
    return found


def _title(book: Book, label: Place) -> str:
    """What stands above the heading that is next above a label."""
    above = (label._replace(row=row) for row in range(label.row - 1, 1, -1))
    heading = next((place for place in above if book.saved(place) == HEADING), None)
    return text(book.saved(heading._replace(row=heading.row - 1))) if heading else ""


#: What a value must do, by the unit of its headroom.
_SIGN_OF = {f"headroom, {way}": sign for way, sign in SIGNS.items()}
#: What a column is called in a sentence, where that is not its heading.
_CALLED = {"Status": "verdict"}
#: The headings that are read; what stands beside them may be called otherwise in an older workbook.
_READ = frozenset(COVENANT_COLUMNS[:7])
#: From here on decimals say nothing.
_LARGE = 1e5


def _shown(value: Shown, unit: str) -> str:
    if isinstance(value, CellError):
        return value.code
    if isinstance(value, float) and unit == "USD":
        return UNITS[unit].shown(value)
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= _LARGE else f"{value:,.6g}"
    return str(value or "")
