"""Figures of a deal that have another reading: told, and calculated as they stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from xlcredit.deals.deal import Deal
from xlcredit.deals.template import Input, Template
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.place import Place
from xlcredit.ooxml.reading import units
from xlcredit.recalc.citations import VALUE, cited
from xlcredit.recalc.validation import limits
from xlcredit.worksheet.bands import two_readings

__all__ = ["doubtful", "doubtful_cells", "doubtful_inputs"]


def doubtful_inputs(deal: Deal, template: Template) -> Iterator[str]:
    """Say which inputs and own months of a deal may mean something else, a line for each.

    A template's default is meant as it is. Of own months the first that is doubtful is told.

    Parameters
    ----------
    deal : Deal
        The deal.
    template : Template
        Its template.
    """
    for name, given in deal.inputs.items():
        if given.value != template.inputs[name].value and (told := doubtful(given, given.value)):
            yield told
    unit_of = {row.name: row.unit for row in template.own_rows}
    for table, rows in (("series", deal.series), ("actuals", deal.actuals)):
        for name, row in rows.items():
            doubts = (
                two_readings(f"[{table}] {name}, month {month}", unit_of[name], value)
                for month, value in enumerate(row.values, start=1)
                if value is not None
            )
            if told := next(filter(None, doubts), ""):
                yield told


def doubtful(spec: Input, value: object) -> str:
    """Say what else the figure of one input may mean; empty where it is plausible.

    Parameters
    ----------
    spec : Input
        The input: its name, its unit and what it may be.
    value : object
        Its figure; text and dates have one reading.
    """
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or spec.low == spec.high is not None:
        return ""
    return two_readings(spec.name, spec.unit, float(value))  # type: ignore[arg-type]


def doubtful_cells(
    book: Book, values: Mapping[Place, object] | None = None
) -> Iterator[tuple[Place, str]]:
    """Say which inputs of a workbook of ours may mean something else, and where they stand.

    A figure that was calculated is what it is, also where a copy holds its value alone.

    Parameters
    ----------
    book : Book
        The workbook.
    values : mapping, optional
        New values of cells; by default every input that has a unit.
    """
    names = {place: name for name, place in book.cell_names.items()}
    inputs = {row[VALUE] for row in cited(book)}
    known = {place: unit for place, unit in units(book).items() if place in inputs}
    for place in known if values is None else values:
        if place not in known or place not in names:
            continue
        held = book.constants.get(place.sheet, {}).get((place.row, place.column))
        value = held if values is None else values[place]
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            told = two_readings(names[place], known[place], float(value))
            low, high = limits(book, place) if told else (0, 1)
            if told and low < high:
                yield place, told
