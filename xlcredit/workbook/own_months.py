"""Which inputs have no effect on a row, because months of the user's own are in force there.

The sheet Curves lets months of one's own take the place of a template's formula. An input that
only that formula reads then moves nothing in that row: whoever changes it, and whoever reads a
break-even, is told; so is who changes the fall of months of their own where there are none.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from xlcredit.deals.series import AS_AT
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.place import Place
from xlcredit.recalc.citations import VALUE, cited
from xlcredit.recalc.dependants import References
from xlcredit.workbook.pages.curves import NAME, USE, drop_of
from xlcredit.workbook.places import FIRST

__all__ = ["OwnMonths", "find_own_months", "without_effect"]

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
    """How many months of the loan are the user's own, of those still to come."""
    of: int
    """How many months the loan has that are not reported."""
    inputs: tuple[str, ...]
    """The inputs that the template's formula reads, directly or through others."""
    drop: str = ""
    """The input that lowers all of these months, where the workbook has one."""
    reported: int = 0
    """How many months have been reported: neither that input nor a scenario moves them."""

    @property
    def _ahead(self) -> str:
        return " still to come" if self.reported else ""

    @property
    def where(self) -> str:
        """Say in which months they are in force."""
        span = "all" if self.months == self.of else f"{self.months} of the"
        return f"{span} {_months(self.of)}{self._ahead}"

    def remedy(self, option: str = "") -> str:
        """Say what lowers these months, and that it leaves the others as they are."""
        if not self.drop:
            return ""
        others = f"; {self.others}" if self.others else ""
        return f"; {option}{self.drop}=20% lowers all of them by a fifth{others}"

    @property
    def others(self) -> str:
        """Say which months are not the user's own, and what moves all; nothing if all are."""
        if not self.months or self.months == self.of:
            return ""
        left = self.of - self.months
        return (
            f"the other {_months(left)} follow{'s' if left == 1 else ''} the inputs, and a "
            f"scenario of the sheet Stress moves all {self.of}{self._ahead}"
        )

    def __str__(self) -> str:
        named = ", ".join(self.inputs[:_NAMED])
        more = len(self.inputs) - _NAMED
        named += f" and {more} more inputs" if more > 0 else ""
        told = f"{self.row} is months of your own in {self.where} (sheet {NAME})"
        one = len(self.inputs) == 1
        effect = f"; there {named} {'does' if one else 'do'} not move it" if named else ""
        effect += self.remedy("--set ")
        effect += f", and the break-even is how far {self.drop} may go" if self.drop else ""
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
    return (own for own in _rows(book, values or book.saved) if own.months)


def _rows(book: Book, read: Callable[[Place], object]) -> Iterator[OwnMonths]:
    """Every row that can be the user's own, with the months in which it is."""
    tenor, as_at = (book.cell_names.get(name) for name in ("tenor_months", AS_AT))
    for name, switch in book.cell_names.items():
        if switch.sheet != NAME or not name.startswith(USE):
            continue
        last = read(tenor) if tenor else None
        count = int(last) if isinstance(last, (int, float)) else _width(book, switch.row)
        past = read(as_at) if as_at else None
        reported = min(int(past), count) if isinstance(past, (int, float)) else 0
        columns = range(FIRST + reported, FIRST + count)
        own = [Place(NAME, switch.row, column) for column in columns]
        given = sum(isinstance(read(place), (int, float)) for place in own)
        months = given if read(switch) == 1 else 0
        row = name.removeprefix(USE)
        label = str(book.saved(Place(NAME, switch.row, 1)) or row)
        budget = switch._replace(row=switch.row - 1, column=FIRST)
        drop = drop_of(book, budget)
        yield OwnMonths(
            row=row,
            label=label.rpartition(":")[0] or label,
            months=months,
            of=len(columns),
            inputs=tuple(n for n in _inputs_of(book, budget) if n not in (drop, AS_AT))
            if months
            else (),
            drop=drop,
            reported=reported,
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
    for own in _rows(book, values or book.saved):
        if own.drop and not own.months and book.cell_names.get(own.drop) in changed:
            yield f"{own.drop} moves months of your own alone, and {own.row} has none in force"
        if own.drop and own.others and book.cell_names.get(own.drop) in changed:
            yield (
                f"{own.drop} moves the {_months(own.months)} of {own.row} that "
                f"{'is' if own.months == 1 else 'are'} your own and no others: {own.others}"
            )
        quiet = [name for name in own.inputs if book.cell_names[name] in changed]
        if quiet:
            verb = "does" if len(quiet) == 1 else "do"
            yield (
                f"{', '.join(quiet)} {verb} not move {own.row}, which is months of your own in "
                f"{own.where}{own.remedy()}; {USE}{own.row}=0 goes back to the inputs"
            )


def _months(count: int) -> str:
    return "1 month" if count == 1 else f"{count} months"


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
