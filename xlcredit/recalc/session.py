"""Recalculate a workbook without Excel, and write the values beside the formulas."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping
from typing import IO, Any

from xlcredit.errors import CellError, RecalcError
from xlcredit.ooxml.book import Book, Formula, Name
from xlcredit.ooxml.formulas import tokenise
from xlcredit.ooxml.package import Package
from xlcredit.ooxml.patch import Changes, patch_calculation, patch_sheet
from xlcredit.ooxml.place import Place
from xlcredit.ooxml.values import Value
from xlcredit.recalc.calls import Calls, default_functions, fitted
from xlcredit.recalc.corrections import CORRECTIONS
from xlcredit.recalc.dialect import FIT, Dialect
from xlcredit.recalc.engine import BLOCKED, Engine, Model, Refusal, Text
from xlcredit.recalc.formualizer import Embedded
from xlcredit.recalc.inputs import Inputs, resolve_inputs
from xlcredit.recalc.outcome import Recalculation, differences, faults
from xlcredit.recalc.preflight import FUNCTION_NAME, Preflight, volatile_warning

__all__ = ["Calculation", "choose_engine", "recalculate"]

Path = str | os.PathLike[str]
#: A file, what it holds, or a workbook that is open already.
Source = Path | bytes | Book
Cells = dict[str, dict[tuple[int, int], Value]]
Spills = dict[Place, tuple[int, int]]


def recalculate(
    source: Source,
    target: Path | IO[bytes] | None = None,
    *,
    inputs: Inputs | None = None,
    functions: Mapping[str, Callable[..., Any]] | None = None,
    engine: str | Engine = "embedded",
    overwrite: bool = False,
) -> Recalculation:
    """Calculate every formula of a workbook, and save a copy that shows the results.

    The copy differs from the source only in the values beside the formulas and in the inputs
    that were set: all other parts of the file, and every formula, are the same bytes.

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
        What calculates: ``"embedded"``, or an object of your own.
    overwrite : bool
        Whether ``target`` may be ``source``.

    Returns
    -------
    Recalculation
        Values, errors with their reasons, and differences from the values saved before.

    Raises
    ------
    FileError
        If the source is no readable workbook or the target cannot be written.
    RecalcError
        If an input is not accepted, or a formula cannot be calculated; nothing is written.

    Examples
    --------
    >>> result = recalculate("deal.xlsx", inputs={"decline": 0.30})  # doctest: +SKIP
    >>> result.value("minimum_dscr")  # doctest: +SKIP
    1.182
    """
    started = time.perf_counter()
    book = source if isinstance(source, Book) else Book(Package(source))
    new = resolve_inputs(book, inputs or {})
    own = default_functions() if functions is None else functions
    run = Calculation(book, own, choose_engine(engine))
    run.calculate(new)
    if target is not None:
        run.write(target, new, overwrite=overwrite)
    return run.result(new, started)


def _by_sheet(values: Mapping[Place, Value], sheets: Cells) -> Cells:
    """Add values to the cells of their sheets."""
    for place, value in values.items():
        sheets[place.sheet][place.row, place.column] = value
    return sheets


def choose_engine(engine: str | Engine) -> Engine:
    """Give the engine of that name, or the one that was given."""
    if not isinstance(engine, str):
        return engine
    if engine != "embedded":
        raise RecalcError(f"there is no engine {engine!r}; the one that can be named is embedded")
    return Embedded()


class Calculation:
    """One workbook in one engine."""

    def __init__(
        self, book: Book, functions: Mapping[str, Callable[..., Any]], engine: Engine
    ) -> None:
        self.book = book
        self.engine = engine
        self.warnings: list[str] = []
        self._own = {name.upper(): function for name, function in functions.items()}
        self._functions = {**CORRECTIONS, **self._own}
        self._preflight = Preflight(book)
        self._dialect = Dialect(book, self._functions)
        self.calls = Calls(self._functions, self._dialect.sites)
        self._values: tuple[dict[Place, Value], Spills] | None = None

    def calculate(self, inputs: Mapping[Place, Value]) -> None:
        """Take the workbook into the engine and calculate every formula."""
        if not self.book.formulas:
            raise RecalcError(
                f"{self.book.package.path.name} holds no formulas, as a frozen copy does: "
                "recalculate the workbook it was made from"
            )
        model = self._model(inputs)
        self._preflight.raise_problems()
        for name in self._functions:
            self.engine.register(name, self.calls.bind(name))
        self.engine.register(FIT, fitted)
        self.engine.load(model)
        self.again()

    def again(self) -> None:
        """Calculate what has changed since."""
        self._values = None
        self.engine.calculate()
        if self.calls.refused:
            raise RecalcError(self.calls.refused[0])

    def values(self) -> dict[Place, Value]:
        """Give the value of every formula's cell and of the cells that arrays fill."""
        return self._collected()[0]

    def result(self, inputs: Mapping[Place, Value], started: float | None = None) -> Recalculation:
        """Tell all values, errors and differences from the file."""
        book, (values, _) = self.book, self._collected()
        by_sheet = _by_sheet(values, {name: {} for name in book.sheets})
        constants = _by_sheet(inputs, {name: dict(cells) for name, cells in book.constants.items()})
        everything = {name: constants[name] | by_sheet[name] for name in book.sheets}
        places = book.cell_names.items()
        return Recalculation(
            values=by_sheet,
            constants=constants,
            names={n: everything[p.sheet].get((p.row, p.column)) for n, p in places},
            errors=list(faults(book, values, self.calls)),
            changes=list(differences(book, values)),
            warnings=self.warnings,
            functions_called={n: k for n, k in sorted(self.calls.count.items()) if n in self._own},
            cells=len(book.formulas),
            seconds=0.0 if started is None else time.perf_counter() - started,
        )

    def write(
        self, target: Path | IO[bytes], inputs: Mapping[Place, Value], *, overwrite: bool
    ) -> None:
        """Write a copy of the file with the inputs and the values in it."""
        values, spills = self._collected()
        _write(self.book, target, values, spills, inputs, overwrite=overwrite)

    def _model(self, inputs: Mapping[Place, Value]) -> Model:
        """Translate the workbook into the engine's dialect, and check that it can be done."""
        sheets: dict[str, dict[tuple[int, int], Value | Text]]
        sheets = {name: dict(cells) for name, cells in self.book.constants.items()}
        for place, value in inputs.items():
            sheets[place.sheet][place.row, place.column] = value
        used: dict[str, Formula] = {}
        for place, formula in self.book.formulas.items():
            sheets[place.sheet][place.row, place.column] = self._translate(formula, used)
        names = [self._name(name, used) for name in self._names_in_use()]
        theirs = {n: f for n, f in used.items() if n not in self._functions and n != FIT}
        missing = self.engine.missing(theirs)
        self._preflight.inspect_functions(theirs, missing, self._own)
        self.warnings = volatile_warning(theirs)
        return Model(sheets, names, self.book.iteration)

    def _translate(self, formula: Formula, used: dict[str, Formula]) -> Text:
        text = formula.text
        if formula.table:
            self._preflight.inspect_table(formula)
        elif formula.shape is not None or self._preflight.suspicious(formula):
            tokens = tokenise(formula)
            self._preflight.inspect(formula, tokens)
            text = self._dialect.translate(formula, tokens)
        for name in FUNCTION_NAME.findall(_QUOTED.sub("", text)):
            used.setdefault(name.upper(), formula)
        return Text(text)

    def _names_in_use(self) -> list[Name]:
        """Leave out names that no formula mentions: old workbooks are full of broken ones."""
        formulas = self.book.formulas.values()
        words = {w.lower() for f in formulas for w in _WORD.findall(f.text)}
        more = {w.lower() for n in self.book.names for w in _WORD.findall(n.text)}
        return [n for n in self.book.names if n.name.lower() in words | more]

    def _name(self, name: Name, used: dict[str, Formula]) -> Name:
        if self.book.locate(name.text, ""):
            return name
        # A range has a shape: in a name, it is not asked for a single value.
        formula = Formula(Place(name.name, 0, 0), name.text, (1, 1), dynamic=True)
        return Name(name.name, self._translate(formula, used), name.sheet)

    def _collected(self) -> tuple[dict[Place, Value], Spills]:
        """Give the value of every formula's cell, and how far each spilling one reaches."""
        if self._values is None:
            self._values = self._collect()
        return self._values

    def _collect(self) -> tuple[dict[Place, Value], Spills]:
        values: dict[Place, Value] = {}
        spills: Spills = {}
        problems: list[str] = []
        for place, formula in self.book.formulas.items():
            value, reach = self.engine.value(*place), self.engine.extent(*place)
            if isinstance(value, Refusal):
                problems.append(f"{place}: {formula} {value}")
                continue
            if formula.shape is None and (reach != (1, 1) or _is_blocked(value)):
                problems.append(
                    f"{place}: {formula} has several values; enter it as an array formula "
                    "(Ctrl+Shift+Enter)"
                )
                continue
            if formula.dynamic:
                spills[place] = reach
            rows, columns = reach if formula.dynamic else formula.shape or (1, 1)
            for row in range(place.row, place.row + rows):
                for column in range(place.column, place.column + columns):
                    member = self.engine.value(place.sheet, row, column)
                    assert not isinstance(member, Refusal)
                    values[Place(place.sheet, row, column)] = 0.0 if member is None else member
        if problems:
            more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
            raise RecalcError(problems[0] + more)
        order = {sheet: i for i, sheet in enumerate(self.book.sheets)}
        rows_first = sorted(values, key=lambda p: (order[p.sheet], p.row, p.column))
        return {place: values[place] for place in rows_first}, spills


def _is_blocked(value: Value) -> bool:
    return isinstance(value, CellError) and value.reason == BLOCKED


#: Text, and the names of sheets and files, which may hold anything.
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_WORD = re.compile(r"[^\W\d][\w.\\]*|\\[\w.\\]*")


def _write(
    book: Book,
    target: Path | IO[bytes],
    values: Mapping[Place, Value],
    spills: Spills,
    inputs: Mapping[Place, Value],
    *,
    overwrite: bool,
) -> None:
    changes = {name: Changes() for name in book.sheets}
    for place, value in values.items():
        changes[place.sheet].results[place.row, place.column] = value
    for place, reach in spills.items():
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
