"""Changed inputs, and what keeps them from having their effect: said to whoever changes them.

That a figure loses its citation is the rule of :mod:`xlcredit.recalc.citations`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any

from xlcredit.deals.template import AS_INPUT
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.reading import open_book
from xlcredit.recalc import session
from xlcredit.recalc.engine import Engine
from xlcredit.recalc.inputs import Inputs, resolve_inputs
from xlcredit.recalc.outcome import Recalculation
from xlcredit.workbook.own_months import without_effect
from xlcredit.workbook.plausible import doubtful_cells

__all__ = ["SIGNED", "recalculate", "warnings"]


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

    As :func:`xlcredit.recalc.session.recalculate`, which has the parameters; it also warns of a
    scenario that is in force, of inputs that months of one's own leave without effect, and of a
    signature that does not hold for the copy.

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
        inputs=inputs,
        functions=functions,
        engine=engine,
        strict=strict,
        keep=keep,
        overwrite=overwrite,
    )
    result.warnings.extend(warnings(result, inputs or {}))
    if inputs:
        new = resolve_inputs(book, inputs)
        result.warnings.extend(message for _, message in doubtful_cells(book, new))
        result.warnings.extend(
            without_effect(book, new, lambda place: new.get(place, book.saved(place)))
        )
    if target is not None and book.package.signed:
        result.warnings.append(SIGNED)
    return result


def warnings(result: Recalculation, inputs: Inputs) -> Iterator[str]:
    """Say what keeps inputs that were set from having their effect."""
    scenario = result.names.get("scenario", AS_INPUT)
    if inputs and "scenario" not in inputs and scenario != AS_INPUT:
        yield f"scenario {scenario} is in force: it moves some of the inputs"
