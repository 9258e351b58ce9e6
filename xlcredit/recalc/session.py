"""Recalculate a workbook without Excel, and write the values beside the formulas."""

from __future__ import annotations

import os
import time
from collections import ChainMap
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import IO, Any

from xlcredit.errors import RecalcError
from xlcredit.garbage import uncollected
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Change, Package
from xlcredit.ooxml.patch import Changes, patch_calculation, patch_sheet
from xlcredit.ooxml.place import Place
from xlcredit.ooxml.values import Value
from xlcredit.recalc.calls import default_functions
from xlcredit.recalc.citations import with_sources
from xlcredit.recalc.engine import Engine, Refusal
from xlcredit.recalc.focus import Focus
from xlcredit.recalc.formualizer import Embedded
from xlcredit.recalc.inputs import Inputs, resolve_inputs
from xlcredit.recalc.notices import notices
from xlcredit.recalc.outcome import Recalculation, differences, faults
from xlcredit.recalc.routing import doubts, main_run, second_run
from xlcredit.recalc.run import Run

__all__ = ["Calculation", "recalculate"]

Path = str | os.PathLike[str]
#: A file, what it holds, or a workbook that is open already.
Source = Path | bytes | Book
Cells = dict[str, dict[tuple[int, int], Value]]


def recalculate(
    source: Source,
    target: Path | IO[bytes] | None = None,
    *,
    inputs: Inputs | None = None,
    functions: Mapping[str, Callable[..., Any]] | None = None,
    engine: str | Engine = "auto",
    strict: bool = False,
    keep: bool = False,
    overwrite: bool = False,
) -> Recalculation:
    """Calculate every formula of a workbook, and save a copy that shows the results.

    The copy differs from the source only in the values beside the formulas and in the inputs
    that were set: all other parts of the file, and every formula, are the same bytes.

    In a workbook made by xlcredit, an input that is set also loses the source and the date of the
    figure it had.

    Parameters
    ----------
    source : str, Path, bytes or Book
        An .xlsx or .xlsm workbook; one that is open already is not read again.
    target : str, Path or binary file, optional
        Where to write the copy; without it, nothing is written.
    inputs : mapping, optional
        A cell (`Place`), a defined name, or an address such as ``Inputs!C4``, to its new value.
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
    with uncollected():
        book = source if isinstance(source, Book) else Book(Package(source))
        new = resolve_inputs(book, with_sources(book, inputs or {}))
        own = default_functions() if functions is None else functions
        run = Calculation(book, own, engine, keep=keep)
        run.calculate(new)
        if strict and run.refused:
            raise RecalcError(_first(run.refused))
        if target is not None:
            run.write(target, new, overwrite=overwrite)
        return run.result(new, started)


def _first(refused: Mapping[Place, str]) -> str:
    """Tell the first problem, and how many more there are."""
    place, reason = next(iter(refused.items()))
    more = f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
    return f"{place}: {reason}{more}"


def _by_sheet(book: Book, values: Mapping[Place, Value]) -> Cells:
    """Sort values by sheet and cell; the keys are the sheets' own, as there may be a million."""
    sheets: Cells = {name: {} for name in book.sheets}
    for (name, row, column), value in values.items():
        key = row, column
        cell = book.sheets[name].cells.get(key)
        sheets[name][cell.key if cell else key] = value
    return sheets


class Calculation:
    """One workbook in the engine that suits it, or in the one that is asked for.

    Parameters
    ----------
    book : Book
        The workbook.
    functions : mapping
        Worksheet functions by name, on raw values.
    engine : str or Engine
        See :func:`recalculate`.
    keep : bool
        Whether cells that are not calculated keep their saved value.
    """

    def __init__(
        self,
        book: Book,
        functions: Mapping[str, Callable[..., Any]],
        engine: str | Engine = "auto",
        *,
        keep: bool = False,
    ) -> None:
        self.book = book
        self._asked = engine
        self._keep = keep
        self._own = {name.upper(): function for name, function in functions.items()}
        self._run: Run | None = None
        self._sorted: tuple[Mapping[Place, Value], Cells] | None = None

    def calculate(self, inputs: Mapping[Place, Value]) -> None:
        """Take the workbook into an engine and calculate every formula."""
        if not self.book.formulas:
            raise RecalcError(
                f"{self.book.package.path.name} holds no formulas, as a frozen copy does: "
                "recalculate the workbook it was made from"
            )
        self._run = main_run(self.book, inputs, self._own, self._asked, keep=self._keep)

    @property
    def _main(self) -> Run:
        assert self._run is not None, "calculate comes first"
        return self._run

    @property
    def engine(self) -> Engine:
        """The engine that holds the workbook."""
        return self._main.engine

    @property
    def slower(self) -> str:
        """Say which cell sends the workbook to the strict engine, and why; else nothing."""
        return self._main.slower

    @property
    def refused(self) -> dict[Place, str]:
        """The formulas that are not calculated, and why."""
        self.values()
        return self._main.refused

    def again(self) -> None:
        """Calculate what has changed since."""
        self._main.again()

    def value(self, place: Place) -> Value | Refusal:
        """Give the value of one cell."""
        return self._main.value(place)

    @property
    def may_hold(self) -> bool:
        """Whether formulas may be held or put aside: inside the proven dialect, without circles."""
        main = self._main
        return main.within is not None and not main.refused and not self.book.iteration

    def put_aside(self, places: Collection[Place]) -> None:
        """Do not calculate formulas that nothing else reads, until one of them is asked for."""
        if self.may_hold:
            self._main.put_aside(places)

    def hold(self, step: Callable[[], object]) -> None:
        """Take a step of the inputs, and hold what it leaves as it is."""
        if self.may_hold:
            self._main.hold(step)
        else:
            step()

    def focus(self, part: Collection[Place], inputs: Mapping[Place, Value]) -> Focus | None:
        """Take a part of the workbook into an engine of its own; None if it is not to be trusted.

        Parameters
        ----------
        part : collection of Place
            All formulas that some cells are calculated from.
        inputs : mapping
            The inputs that the whole is calculated with.
        """
        main = self._main
        if main.within is None or main.refused:
            return None
        alone = Run(self.book, Embedded(), self._own, inputs, within=main.within, part=part)
        focus = Focus(self.book, main, part, alone)
        return focus if focus.is_sound else None

    def values(self) -> dict[Place, Value]:
        """Give the value of every formula's cell and of the cells that arrays fill."""
        return self._main.values

    @property
    def _results(self) -> Cells:
        """The values by sheet, sorted once: what is written is what is told."""
        values = self.values()
        if self._sorted is None or self._sorted[0] is not values:
            self._sorted = values, _by_sheet(self.book, values)
        return self._sorted[1]

    def result(self, inputs: Mapping[Place, Value], started: float | None = None) -> Recalculation:
        """Tell all values, errors, doubts and differences from the file."""
        book, main, values = self.book, self._main, self.values()
        by_sheet = self._results
        new = _by_sheet(book, inputs)
        constants = {name: cells | new[name] for name, cells in book.constants.items()}
        shown = {name: ChainMap(by_sheet[name], constants[name]) for name in book.sheets}
        places = book.cell_names.items()
        name = main.engine.name
        second = None
        proven = main.within is not None
        if self._asked == "auto" and not proven and not isinstance(main.engine, Embedded):
            second = second_run(book, main, self._own, inputs)
        alone = self._asked != "auto" or proven
        called = main.calls.count.items()
        return Recalculation(
            values=by_sheet,
            constants=constants,
            names={n: shown[p.sheet].get((p.row, p.column)) for n, p in places},
            errors=list(faults(book, values, main.calls, main.refused)),
            changes=list(differences(book, values)),
            warnings=notices(book, main.kinds.values()),
            functions_called={n: k for n, k in sorted(called) if n in self._own},
            cells=len(book.formulas),
            seconds=0.0 if started is None else time.perf_counter() - started,
            engine=name,
            slower=self.slower,
            doubts=list(doubts(book, main, second, alone=alone)),
        )

    def write(
        self, target: Path | IO[bytes], inputs: Mapping[Place, Value], *, overwrite: bool
    ) -> None:
        """Write a copy of the file with the inputs and the values in it."""
        self.values()  # before the spills, which it finds
        _write(self.book, target, self._results, self._main.spills, inputs, overwrite=overwrite)


def _write(
    book: Book,
    target: Path | IO[bytes],
    results: Cells,
    spills: Mapping[Place, tuple[int, int]],
    inputs: Mapping[Place, Value],
    *,
    overwrite: bool,
) -> None:
    changes = {name: Changes(results[name]) for name in book.sheets}
    for place, reach in spills.items():
        changes[place.sheet].spills[place.row, place.column] = reach
    for place, value in inputs.items():
        changes[place.sheet].inputs[place.row, place.column] = value
    parts: dict[str, Change] = {
        book.parts[name]: partial(patch_sheet, book.sheets[name], changed)
        for name, changed in changes.items()
        if changed
    }
    parts[book.part] = patch_calculation(book.package.read(book.part))
    book.package.save(target, parts, overwrite=overwrite)
