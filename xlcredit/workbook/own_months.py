"""Which inputs have no effect on a row, because months of the user's own are in force there.

The sheet Curves lets months of one's own take the place of a template's formula. An input that
only that formula reads then moves nothing in that row: whoever changes it, and whoever reads a
break-even, is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from xlcredit.ooxml.book import Book
from xlcredit.ooxml.place import Place
from xlcredit.recalc.citations import VALUE, cited
from xlcredit.recalc.dependants import References
from xlcredit.recalc.validation import choices
from xlcredit.workbook.pages.curves import NAME, USE
from xlcredit.workbook.places import FIRST

__all__ = ["OwnMonths", "find_own_months", "without_effect"]

#: The input that break-evens are declines of.
DECLINE = "rent_decline"
#: The input that lowers all rents, and the scenario that does the same to months of one's own.
_LEVEL = "rent_level"
_LOWER = re.compile(r"Rents \d+% lower")
#: Inputs beyond these are counted and not named.
_NAMED = 8


@dataclass(frozen=True)
class OwnMonths:
    """A row of which months are the user's own, and the inputs that do not move it there."""

    row: str
    """The row's name."""
    label: str
    """What the sheet calls it."""
    months: int
    """How many months of the loan are the user's own."""
    of: int
    """How many months the loan has."""
    inputs: tuple[str, ...]
    """The inputs that the template's formula reads, directly or through others."""
    lower: str = ""
    """The scenario that lowers all of these months, where the workbook has one."""

    @property
    def where(self) -> str:
        """Say in which months they are in force."""
        span = "all" if self.months == self.of else f"{self.months} of the"
        return f"{span} {self.of} months"

    def remedy(self, inputs: Collection[str], option: str = "") -> str:
        """Say what lowers all of these months, if one of the inputs would have."""
        shown = self.lower and _LEVEL in inputs
        return f'; {option}scenario="{self.lower}" lowers all of them' if shown else ""

    def __str__(self) -> str:
        named = ", ".join(self.inputs[:_NAMED])
        more = len(self.inputs) - _NAMED
        named += f" and {more} more inputs" if more > 0 else ""
        told = f"{self.row} is months of your own in {self.where} (sheet {NAME})"
        one = len(self.inputs) == 1
        effect = f"; there {named} {'does' if one else 'do'} not move it" if named else ""
        if DECLINE in self.inputs:
            effect += f"; a break-even {DECLINE} over them is that of a scenario"
        effect += self.remedy(self.inputs, "--set ")
        return f"{told}{effect}; --set {USE}{self.row}=0 goes back to the inputs"


def find_own_months(
    book: Book, values: Callable[[Place], object] | None = None
) -> Iterator[OwnMonths]:
    """Find the rows of a workbook in which months of the user's own are in force.

    Parameters
    ----------
    book : Book
        The workbook; one without a sheet Curves of ours has none.
    values : callable, optional
        The value of a cell, such as that of a session; by default the saved one.
    """
    read = values or book.saved
    tenor = book.cell_names.get("tenor_months")
    for name, switch in book.cell_names.items():
        if switch.sheet != NAME or not name.startswith(USE) or read(switch) != 1:
            continue
        last = read(tenor) if tenor else None
        count = int(last) if isinstance(last, (int, float)) else _width(book, switch.row)
        own = [Place(NAME, switch.row, column) for column in range(FIRST, FIRST + count)]
        given = sum(isinstance(read(place), (int, float)) for place in own)
        if given:
            row = name.removeprefix(USE)
            label = str(book.saved(Place(NAME, switch.row, 1)) or row)
            yield OwnMonths(
                row=row,
                label=label.rpartition(":")[0] or label,
                months=given,
                of=count,
                inputs=_inputs_of(book, switch._replace(row=switch.row - 1, column=FIRST)),
                lower=_lower(book),
            )


def without_effect(
    book: Book, changed: Collection[Place], values: Callable[[Place], object] | None = None
) -> Iterator[str]:
    """Say of inputs that were changed in which rows they change nothing, a line for each row.

    Parameters
    ----------
    book : Book
        The workbook.
    changed : collection of Place
        The cells of the inputs.
    values : callable, optional
        As in :func:`find_own_months`.
    """
    for own in find_own_months(book, values):
        quiet = [name for name in own.inputs if book.cell_names[name] in changed]
        if quiet:
            verb = "does" if len(quiet) == 1 else "do"
            yield (
                f"{', '.join(quiet)} {verb} not move {own.row}, which is months of your own in "
                f"{own.where}{own.remedy(quiet)}; {USE}{own.row}=0 goes back to the inputs"
            )


def _lower(book: Book) -> str:
    """The scenario that lowers rents and does nothing else, by its label."""
    scenario = book.cell_names.get("scenario")
    labels = choices(book, scenario) if scenario else []
    return next(filter(_LOWER.fullmatch, labels), "")


def _width(book: Book, row: int) -> int:
    """How many months the sheet has."""
    columns = (column for at, column in book.constants.get(NAME, {}) if at == row)
    return max(columns, default=FIRST) - FIRST + 1


def _inputs_of(book: Book, budget: Place) -> tuple[str, ...]:
    """The inputs behind a row's own formula; the user's months beside it do not count."""
    inputs = {row[VALUE] for row in cited(book)}
    references = References(book)
    own = budget.row + 1
    seen: set[tuple[str, int]] = {(NAME, own)}
    found: set[Place] = set()
    waiting = [budget]
    while waiting:
        formula = book.formulas.get(waiting.pop())
        for sheet, top, left, bottom, _ in references.areas(formula) if formula else ():
            for row in range(top, bottom + 1):
                place = Place(sheet, row, left)
                if place in inputs:
                    found.add(place)
                elif (sheet, row) not in seen:  # the months of a row read the same
                    seen.add((sheet, row))
                    waiting.append(place)
    return tuple(name for name, place in book.cell_names.items() if place in found)
