"""Two workbooks of one template, compared in terms: what was changed, and what it does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from xlcredit.deals.units import DRIVER_UNITS, Unit
from xlcredit.errors import CellError, FileError
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.place import Place, address
from xlcredit.ooxml.reading import open_book, text
from xlcredit.ooxml.values import Value
from xlcredit.serials import from_serial, in_words
from xlcredit.workbook.life.stamp import Stamp, read_stamp
from xlcredit.workbook.pages.dashboard import (
    CovenantLine,
    Dashboard,
    ShownFigure,
    read_dashboard,
)
from xlcredit.workbook.pages.inputs import InputsPage, read_inputs
from xlcredit.workbook.pages.term_sheet import read_terms

__all__ = ["Change", "WorkbookDiff", "compare", "moved"]

#: Figures this close are the same figure.
_TOLERANCE = 1e-9
#: Units of which there is one: 1 month, and no 1 months.
_COUNTED = ("months", "days", "years", "units", "coins", "hours")
#: More decimals than the unit is quoted with are shown where the change needs them.
_MOST_DECIMALS = 10


@dataclass(frozen=True)
class Change:
    """One term or figure, before and after."""

    label: str
    old: Any
    new: Any
    unit: str = ""
    shown_old: str = ""
    shown_new: str = ""

    def __str__(self) -> str:
        bare = self.unit in ("", "text", "date", "ratio") or _unit(self.unit).percent
        one = self.shown_new == "1" and self.unit in _COUNTED
        named = "" if bare else f" {self.unit.removesuffix('s') if one else self.unit}"
        return f"{self.label}: {self.shown_old} → {self.shown_new}{named}"


@dataclass
class WorkbookDiff:
    """What differs between two workbooks."""

    old: Path
    new: Path
    inputs: list[Change] = field(default_factory=list)
    """Inputs, with their units."""
    terms: list[Change] = field(default_factory=list)
    """Lines that were typed into the term sheet."""
    figures: list[Change] = field(default_factory=list)
    """Figures of the side-by-sides."""
    named: list[Change] = field(default_factory=list)
    """The figures that every template has, by their defined names, as a program reads them."""
    covenants: list[Change] = field(default_factory=list)
    """Values, thresholds and headroom of the covenants."""
    tests: list[Change] = field(default_factory=list)
    """The same of the conditions of closing, the limits of the house and the stress results."""
    statuses: list[Change] = field(default_factory=list)
    """Verdicts of all of them, with the master check."""
    cells: list[Change] = field(default_factory=list)
    """Formulas, and numbers typed outside the sheet Inputs: by cell, as they have no label."""
    typed: list[str] = field(default_factory=list)
    """What is typed over in either, so that a verdict decides nothing there."""
    remarks: list[str] = field(default_factory=list)
    """What a reader must know before trusting the rest."""

    @property
    def same(self) -> bool:
        """Whether nothing at all differs."""
        return not (self.inputs or self.terms or self.cells or self.effects)

    @property
    def effects(self) -> list[Change]:
        """Everything calculated that differs."""
        return self.figures + self.named + self.covenants + self.tests + self.statuses


def compare(old: Path, new: Path) -> WorkbookDiff:
    """Compare two workbooks made from one template, by the values stored in them.

    Raises
    ------
    FileError
        One of them is not ours or holds no values, or they are of different templates.
    """
    books = [open_book(path) for path in (old, new)]
    before, after = (read_stamp(book.package) for book in books)
    if before.template != after.template:
        raise FileError(
            f"{old} is a {before.template} and {new} a {after.template}: "
            "only workbooks of one template can be compared"
        )
    dashboards = [read_dashboard(book) for book in books]
    found = WorkbookDiff(old, new, remarks=list(_remarks(before, after)))
    if bool(books[0].formulas) != bool(books[1].formulas):
        found.remarks.append("one of them holds no formulas: values are compared")
    both = zip((old, new), dashboards, strict=True)
    found.typed = [f"{path}: {typed}" for path, summary in both for typed in summary.typed]
    found.inputs = list(_inputs(*books))
    found.terms = list(_terms(*books))
    found.cells = list(_cells(*books))
    _add_effects(found, *dashboards)
    if not found.effects and any(change.unit != "text" for change in found.inputs):
        found.remarks.append("no figure differs: were both files recalculated after the change?")
    return found


def _remarks(before: Stamp, after: Stamp) -> Iterator[str]:
    if before.deal != after.deal:
        yield f"the deals are {before.deal} and {after.deal}"
    if before.version != after.version:
        yield f"made by xlcredit {before.version} and {after.version}: formulas may differ"


# --- what was changed -----------------------------------------------------------------------


def _inputs(old: Book, new: Book) -> Iterator[Change]:
    """Compare inputs by name, as rows may move; the new book's labels and units count."""
    before, after = read_inputs(old), read_inputs(new)
    for name in dict.fromkeys([*after, *before]):
        was = old.saved(before[name].value) if name in before else None
        now = new.saved(after[name].value) if name in after else None
        if _differ(was, now):
            book, cells = (new, after[name]) if name in after else (old, before[name])
            label, unit = book.saved(cells.label), text(book.saved(cells.unit))
            yield _change(str(label or name), was, now, unit)


def _terms(old: Book, new: Book) -> Iterator[Change]:
    """Compare the lines of the term sheet as they read."""
    before, after = read_terms(old), read_terms(new)
    for label in dict.fromkeys([*after, *before]):
        if _differ(before.get(label), after.get(label)):
            yield _change(label, before.get(label), after.get(label), "text")


def _cells(old: Book, new: Book) -> Iterator[Change]:
    if not (old.formulas and new.formulas):
        return  # a committee copy holds values only
    for place in dict.fromkeys([*old.formulas, *new.formulas]):
        texts = [str(b.formulas[place]) if place in b.formulas else None for b in (old, new)]
        if texts[0] != texts[1] and place.sheet != InputsPage.name:
            before, after = (
                text or b.saved(place) for text, b in zip(texts, (old, new), strict=True)
            )
            yield _change(str(place), before, after, "")
    for sheet in dict.fromkeys([*old.constants, *new.constants]):
        if sheet != InputsPage.name:
            yield from _numbers(sheet, old, new)


def _numbers(sheet: str, old: Book, new: Book) -> Iterator[Change]:
    """Compare numbers typed into a calculation sheet, such as the scenarios."""
    before, after = (book.constants.get(sheet, {}) for book in (old, new))
    for row, column in sorted({*before, *after}):
        pair = before.get((row, column)), after.get((row, column))
        place = Place(sheet, row, column)
        typed = place not in old.formulas and place not in new.formulas
        if typed and any(isinstance(v, float) for v in pair) and _differ(*pair):
            yield _change(address(sheet, row, column), *pair, "")


# --- what it does ---------------------------------------------------------------------------


def moved(old: Dashboard, new: Dashboard) -> list[Change]:
    """Give the figures, headrooms and verdicts that differ between two dashboards of a workbook.

    Parameters
    ----------
    old, new : Dashboard
        Before and after, such as the saved and the recalculated one.
    """
    found = WorkbookDiff(Path(), Path())
    _add_effects(found, old, new)
    verdicts = [replace(change, label=f"{change.label}, verdict") for change in found.statuses]
    return [*found.figures, *found.covenants, *found.tests, *verdicts]


def _add_effects(found: WorkbookDiff, old: Dashboard, new: Dashboard) -> None:
    before, after = (_figures(dashboard) for dashboard in (old, new))
    found.figures = list(_changed(before, after))
    found.named = list(_changed(_defined(old), _defined(new)))
    both = old, new
    found.covenants = list(_changed(*(_numbers_of(summary.covenants) for summary in both)))
    found.tests = list(_changed(*(_numbers_of(_tests(summary)) for summary in both)))
    found.statuses = list(_changed(_statuses(old), _statuses(new)))


def _figures(dashboard: Dashboard) -> dict[str, ShownFigure]:
    """The figures by names that no two of them share."""
    labels = Counter(label for c in dashboard.comparisons for label in c.figures)
    return {
        f"{comparison.title}: {label}" if labels[label] > 1 else label: cell
        for comparison in dashboard.comparisons
        for label, cell in comparison.figures.items()
    }


def _defined(dashboard: Dashboard) -> dict[str, ShownFigure]:
    return {name: ShownFigure(value, "") for name, value in dashboard.figures.items()}


def _numbers_of(tests: Iterable[CovenantLine]) -> dict[str, ShownFigure]:
    cells = {}
    for test in tests:
        cells[test.label] = test.value
        cells[f"{test.label}, threshold"] = test.threshold
        cells[f"{test.label}, headroom"] = test.headroom
        cells[f"{test.label}, first breach"] = test.first_breach
    return cells


def _statuses(dashboard: Dashboard) -> dict[str, ShownFigure]:
    covenants, tests = (
        {test.label: ShownFigure(test.status, "text") for test in lines}
        for lines in (dashboard.covenants, _tests(dashboard))
    )
    return covenants | {"Master check": ShownFigure(dashboard.master_check, "text")} | tests


def _tests(dashboard: Dashboard) -> list[CovenantLine]:
    return [test for tests in dashboard.tests.values() for test in tests]


def _changed(before: dict[str, ShownFigure], after: dict[str, ShownFigure]) -> Iterator[Change]:
    nothing = ShownFigure(None, "")
    for label in dict.fromkeys([*after, *before]):
        old, new = before.get(label, nothing), after.get(label, nothing)
        if _differ(old.value, new.value):
            # The dashboard's spelling carries its unit.
            yield Change(label, old.value, new.value, "text", _named(old.shown), _named(new.shown))


def _named(shown: str) -> str:
    return shown or "nothing"


# --- values ---------------------------------------------------------------------------------


def _differ(old: Any, new: Any) -> bool:
    numbers = [v for v in (old, new) if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numbers) == 2:
        return bool(abs(old - new) > _TOLERANCE * max(1.0, abs(old), abs(new)))
    if isinstance(old, CellError) and isinstance(new, CellError):
        return old.code != new.code
    return bool(old != new)


def _change(label: str, old: Value, new: Value, unit: str) -> Change:
    """Show both values with as many decimals as the change needs."""
    decimals = max(_decimals(value, unit) for value in (old, new))
    shown = [_shown(value, unit, decimals) for value in (old, new)]
    plain: list[Any] = [
        from_serial(v) if unit == "date" and isinstance(v, float) else v for v in (old, new)
    ]
    return Change(label, plain[0], plain[1], unit, shown[0], shown[1])


def _decimals(value: Value, unit: str) -> int:
    row = _unit(unit)
    least = row.decimals
    if isinstance(value, bool) or not isinstance(value, float):
        return least
    value *= 100 if row.percent else 1
    for decimals in range(least, _MOST_DECIMALS):
        if abs(value - round(value, decimals)) <= _TOLERANCE * abs(value):
            return decimals
    return _MOST_DECIMALS


def _shown(value: Any, unit: str, decimals: int) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, CellError):
        return value.code
    if isinstance(value, bool) or not isinstance(value, float):
        return str(value)
    if unit == "date":
        return in_words(from_serial(value))
    if _unit(unit).percent:
        return f"{100 * value:,.{decimals}f}%"
    return f"{value:,.{decimals}f}" + ("x" if unit == "ratio" else "")


def _unit(name: str) -> Unit:
    """Give a unit's row; what nothing names, or somebody has renamed, is a plain number."""
    return DRIVER_UNITS.get(name, Unit(name, "General"))
