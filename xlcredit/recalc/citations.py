"""A changed input: the one place where a figure loses the citation and the date it had.

A figure that somebody made up must not keep the source of the one it replaces, whoever changes
it and however the cell is called: on the command line, in Python, in a session, in a portfolio.
"""

from __future__ import annotations

from xlcredit.ooxml.book import Book
from xlcredit.ooxml.place import Place
from xlcredit.ooxml.reading import Table, table
from xlcredit.ooxml.values import Value
from xlcredit.recalc.inputs import Inputs

__all__ = ["AREA_INPUTS", "AS_OF", "CHANGED", "SOURCE", "VALUE", "cited", "lost", "with_sources"]

#: The defined name of the table of inputs, its row of headings included, and those headings under
#: which a figure stands, where it comes from, and of what day it is.
AREA_INPUTS = "inputs_table"
VALUE, SOURCE, AS_OF = "Value", "Source", "As of"

#: The source of an input that was changed after the workbook was built.
CHANGED = "assumption: changed with xlcredit recalc --set"


def cited(book: Book) -> Table:
    """Find the figures that have a source and a date beside them; none in another's workbook."""
    return [row for row in table(book, AREA_INPUTS) if {VALUE, SOURCE, AS_OF} <= set(row)]


def lost(book: Book) -> dict[Place, dict[Place, Value]]:
    """For each input of a workbook of ours, what its source and its date become when it changes."""
    return {row[VALUE]: {row[SOURCE]: CHANGED, row[AS_OF]: None} for row in cited(book)}


def with_sources(book: Book, inputs: Inputs) -> dict[str | Place, object]:
    """Add what changes with inputs: in a workbook of ours, where each came from and when.

    Parameters
    ----------
    book : Book
        The workbook; one that has no table of inputs is left as it is.
    inputs : mapping
        Names, addresses or cells to new values.

    Returns
    -------
    dict
        The inputs, and the cells of their sources and dates; a source or a date that is itself
        among the inputs stays as it is given.
    """
    given: dict[str | Place, object] = dict(inputs.items())
    places = {key if isinstance(key, Place) else book.find(key) for key in given}
    facts = [fact for place, fact in lost(book).items() if place in places] if places else []
    return given | {p: value for fact in facts for p, value in fact.items() if p not in places}
