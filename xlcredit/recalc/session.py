"""Recalculate a workbook without Excel, and write the values beside the formulas."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import Any

from xlcredit.errors import RecalcError
from xlcredit.ooxml.book import Book, Place
from xlcredit.ooxml.package import Package
from xlcredit.ooxml.patch import Changes, patch_calculation, patch_sheet
from xlcredit.ooxml.values import Value
from xlcredit.recalc.calls import default_functions
from xlcredit.recalc.engine import Engine
from xlcredit.recalc.inputs import resolve_inputs
from xlcredit.recalc.outcome import Recalculation, differences, faults
from xlcredit.recalc.preflight import volatile_warning
from xlcredit.recalc.routing import Calculated, calculated

__all__ = ["recalculate"]

Path = str | os.PathLike[str]
Cells = dict[str, dict[tuple[int, int], Value]]


def recalculate(
    source: Path,
    target: Path | None = None,
    *,
    inputs: Mapping[str, object] | None = None,
    functions: Mapping[str, Callable[..., Any]] | None = None,
    engine: str | Engine = "auto",
    strict: bool = False,
    keep: bool = False,
    overwrite: bool = False,
) -> Recalculation:
    """Calculate every formula of a workbook, and save a copy that shows the results.

    The copy differs from the source only in the values beside the formulas and in the inputs
    that were set: all other parts of the file, and every formula, are the same bytes.

    Parameters
    ----------
    source : str or Path
        An .xlsx or .xlsm workbook.
    target : str or Path, optional
        Where to write the copy; without it, nothing is written.
    inputs : mapping, optional
        A defined name, or an address such as ``Inputs!C4``, to its new value.
    functions : mapping, optional
        Worksheet functions by name, on raw values; by default those of xlcredit.
    engine : str or Engine
        What calculates. By default (``"auto"``) the embedded engine, where all of the workbook
        is inside the dialect that is proven for it, else the strict engine with the embedded one
        as the second opinion; ``"embedded"``, ``"strict"`` or an object of your own alone.
    strict : bool
        Whether one cell that cannot be calculated refuses the workbook.
    keep : bool
        Whether cells that are not calculated keep the value saved in the file; by default they
        show ``#N/A``, so that no total can hide them. They are listed in either case.
    overwrite : bool
        Whether ``target`` may be ``source``.

    Returns
    -------
    Recalculation
        Values, errors with their reasons, cells in doubt, and differences from the saved values.

    Raises
    ------
    FileError
        If the source is no readable workbook or the target cannot be written.
    RecalcError
        If an input is not accepted, no engine can take the workbook in, or, under ``strict``, a
        formula cannot be calculated; nothing is written.

    Examples
    --------
    >>> result = recalculate("deal.xlsx", inputs={"decline": 0.30})  # doctest: +SKIP
    >>> result.value("minimum_dscr")  # doctest: +SKIP
    1.182
    """
    started = time.perf_counter()
    book = Book(Package(source))
    new = resolve_inputs(book, inputs or {})
    known = {
        name.upper(): function
        for name, function in (default_functions() if functions is None else functions).items()
    }
    if not book.formulas:
        raise RecalcError(
            f"{book.package.path.name} holds no formulas, as a frozen copy does: "
            "recalculate the workbook it was made from"
        )
    done = calculated(book, new, known, engine, keep=keep)
    if strict and done.refused:
        raise RecalcError(_first(done.refused))
    if target is not None:
        _write(book, target, done, new, overwrite=overwrite)
    by_sheet = _by_sheet(done.values, {name: {} for name in book.sheets})
    constants = _by_sheet(new, {name: dict(cells) for name, cells in book.constants.items()})
    everything = {name: constants[name] | by_sheet[name] for name in book.sheets}
    return Recalculation(
        values=by_sheet,
        constants=constants,
        names={n: everything[p.sheet].get((p.row, p.column)) for n, p in book.cell_names.items()},
        errors=list(faults(book, done.values, done.calls, done.refused)),
        changes=list(differences(book, done.values)),
        warnings=volatile_warning(book.formulas.values()),
        functions_called={n: k for n, k in sorted(done.calls.count.items()) if n in known},
        cells=len(book.formulas),
        seconds=time.perf_counter() - started,
        engine=done.engine,
        doubts=done.doubts,
    )


def _first(refused: Mapping[Place, str]) -> str:
    """Tell the first problem, and how many more there are."""
    place, reason = next(iter(refused.items()))
    more = f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
    return f"{place}: {reason}{more}"


def _by_sheet(values: Mapping[Place, Value], sheets: Cells) -> Cells:
    """Add values to the cells of their sheets."""
    for place, value in values.items():
        sheets[place.sheet][place.row, place.column] = value
    return sheets


def _write(
    book: Book,
    target: Path,
    done: Calculated,
    inputs: Mapping[Place, Value],
    *,
    overwrite: bool,
) -> None:
    changes = {name: Changes() for name in book.sheets}
    for place, value in done.values.items():
        changes[place.sheet].results[place.row, place.column] = value
    for place, reach in done.spills.items():
        changes[place.sheet].spills[place.row, place.column] = reach
    for place, value in inputs.items():
        changes[place.sheet].inputs[place.row, place.column] = value
    parts = {
        book.parts[name]: patch_sheet(book.sheets[name], changed)
        for name, changed in changes.items()
        if changed
    }
    parts[book.part] = patch_calculation(book.package.read(book.part))
    unchanged = {part for part, new in parts.items() if new == book.package.read(part)}
    book.package.save(
        target, {p: new for p, new in parts.items() if p not in unchanged}, overwrite=overwrite
    )
