"""A changed input: the one place where a figure loses the citation and the date it had.

A figure that somebody made up must not keep the source of the one it replaces, whoever changes
it and however the cell is called: on the command line, in Python, in a session, in a portfolio.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any

from xlcredit.deals.template import AS_INPUT
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.place import Place
from xlcredit.recalc import session
from xlcredit.recalc.engine import Engine
from xlcredit.recalc.inputs import Inputs, resolve_inputs
from xlcredit.recalc.outcome import Recalculation
from xlcredit.workbook.pages.inputs import CHANGED, read_inputs
from xlcredit.workbook.plausible import doubtful_cells
from xlcredit.workbook.reading import open_book

__all__ = ["SIGNED", "recalculate", "warnings", "with_sources"]


#: Said of every copy of a signed workbook.
SIGNED = "the workbook is digitally signed; the signature does not hold for the copy"


def recalculate(
    source: str | os.PathLike[str] | bytes | Book,
    target: str | os.PathLike[str] | IO[bytes] | None = None,
    *,
    inputs: Inputs | None = None,
    functions: Mapping[str, Callable[..., Any]] | None = None,
    engine: str | Engine = "auto",
    strict: bool = False,
    keep: bool = False,
    overwrite: bool = False,
) -> Recalculation:
    """Calculate every formula of a workbook, and save a copy that shows the results.

    As :func:`xlcredit.recalc.session.recalculate`, which has the parameters; in a workbook made
    by xlcredit, an input that is set also loses the source and the date of the figure it had.

    Examples
    --------
    >>> result = recalculate("deal.xlsx", inputs={"decline": 0.30})  # doctest: +SKIP
    >>> result.value("minimum_dscr")  # doctest: +SKIP
    1.182
    """
    book = open_book(source)
    result = session.recalculate(
        book,
        target,
        inputs=with_sources(book, inputs or {}),
        functions=functions,
        engine=engine,
        strict=strict,
        keep=keep,
        overwrite=overwrite,
    )
    result.warnings.extend(warnings(result, inputs or {}))
    if inputs:
        new = resolve_inputs(book, inputs)
        result.warnings.extend(told for _, told in doubtful_cells(book, new))
    if target is not None and book.package.signed:
        result.warnings.append(SIGNED)
    return result


def with_sources(book: Book, inputs: Inputs) -> dict[str | Place, object]:
    """Add what changes with inputs: in a workbook of ours, where each came from and when.

    Parameters
    ----------
    book : Book
        The workbook; one that has no sheet Inputs of ours is left as it is.
    inputs : mapping
        Names, addresses or cells to new values.

    Returns
    -------
    dict
        The inputs, and the cells of their sources and dates; a source or a date that is itself
        among the inputs stays as it is given.
    """
    places = {key if isinstance(key, Place) else book.find(key) for key in inputs}
    changed = [item for item in read_inputs(book).values() if item.value in places]
    facts: dict[Place, object] = dict.fromkeys((item.source for item in changed), CHANGED)
    facts |= dict.fromkeys(item.as_of for item in changed)
    all_of_it: dict[str | Place, object] = dict(inputs.items())
    return all_of_it | {place: value for place, value in facts.items() if place not in places}


def warnings(result: Recalculation, inputs: Inputs) -> Iterator[str]:
    """Say what keeps inputs that were set from having their effect."""
    scenario = result.names.get("scenario", AS_INPUT)
    if inputs and "scenario" not in inputs and scenario != AS_INPUT:
        yield f"scenario {scenario} is in force: it moves some of the inputs"
