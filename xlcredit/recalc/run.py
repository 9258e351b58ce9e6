"""One calculation of one workbook by one engine: what it gives, and what it leaves out."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from xlcredit.errors import CellError
from xlcredit.ooxml.book import Book, Formula, Name
from xlcredit.ooxml.place import Place
from xlcredit.ooxml.values import Value
from xlcredit.recalc.calls import Calls
from xlcredit.recalc.engine import BLOCKED, Engine, Model, Refusal, Text
from xlcredit.recalc.formualizer import Embedded
from xlcredit.recalc.held import Held, same, still
from xlcredit.recalc.masks import Parts, Template, take_apart
from xlcredit.recalc.proven import SCALAR_FUNCTIONS, Proven

__all__ = ["MISSING", "OutsideError", "Run"]

#: What a cell shows that is not calculated: an error, so that no total can hide it.
MISSING = CellError("#N/A", "not calculated")
_WORD = re.compile(r"[^\W\d][\w.\\]*|\\[\w.\\]*")
_CHANCE = re.compile(r"(?<![\w.])(?:_xlfn\.)?(?:NOW|RAND|RANDBETWEEN|RANDARRAY)\(", re.IGNORECASE)
_BY_CHANCE = Refusal("gives another answer each time")
Sheets = dict[str, dict[tuple[int, int], Value | Text]]

_SEVERAL = Refusal("has several values; enter it as an array formula (Ctrl+Shift+Enter)")


#: Functions whose result is one value, whatever they are given.
_ONE_VALUE = SCALAR_FUNCTIONS | set("AVERAGE COLUMNS COUNT IRR ROWS SUM SUMPRODUCT".split())
#: What several values may come from.
_OF_RANGES = re.compile(r"[:{\[#@]")


class OutsideError(Exception):
    """A formula that leads out of the dialect that was asked for."""


class Run:
    """A calculation.

    Parameters
    ----------
    book : Book
        The workbook.
    engine : Engine
        What calculates.
    functions : mapping
        The worksheet functions by name, in capitals.
    inputs : mapping
        New constants.
    known : mapping, optional
        Values for the cells that the engine refuses; without it they show an error.
    beyond : mapping, optional
        Formulas that no engine is given, and why; see :mod:`xlcredit.recalc.limits`.
    second : bool
        Whether this is a second opinion: it has none on chance and on the clock.
    within : Proven, optional
        The dialect that no formula may leave.
    part : collection of Place, optional
        The formulas that are calculated; all of them by default.

    Raises
    ------
    OutsideError
        If one does.
    """

    def __init__(
        self,
        book: Book,
        engine: Engine,
        functions: Mapping[str, Callable[..., Any]],
        inputs: Mapping[Place, Value],
        known: Mapping[Place, Value] | None = None,
        *,
        beyond: Mapping[Place, str] | None = None,
        second: bool = False,
        within: Proven | None = None,
        part: Collection[Place] | None = None,
    ) -> None:
        self.engine = engine
        self.slower = ""
        """Why another engine, which is faster, was not to calculate."""
        self.unasked = "the other engine was not asked"
        """Why there is no second opinion, where there is none."""
        self.spills: dict[Place, tuple[int, int]] = {}
        """Rows and columns that each spilling formula fills."""
        self.refused: dict[Place, str] = {}
        """The formulas that the engine has not calculated, and why."""
        self.kinds: dict[Template, Formula] = {}
        """The first formula of each kind, in the order of the workbook."""
        self._book = book
        self._known = known
        self._second = second
        self._beyond = beyond or {}
        self.within = within
        self._part = part
        self._own = frozenset(functions)
        several = {n.name.lower() for n in book.names if not book.locate(n.text, n.sheet or "")}
        self._single = {name.lower() for name in book.cell_names} - several
        self._at_home = {n.name.lower() for n in book.names if n.sheet}
        """The names that hold on one sheet: whoever uses them stays there."""
        self._may_spill: set[Place] = set()
        functions = {**engine.corrections, **functions}
        self._reader = engine.reader(book, functions)
        self.calls = Calls(functions, self._reader.sites)
        for name in functions:
            engine.register(name, self.calls.bind(name))
        engine.load(self._model(inputs))
        self._unread = dict(self.refused)
        self._values: dict[Place, Value] | None = None
        self._held: Held | None = None
        self.again()

    def again(self) -> None:
        """Calculate what has changed since."""
        self._values = None
        if self._held:
            self._held.settle(self.calls.begin)
        else:
            self.calls.begin()
            self.engine.calculate()
        self.refused = self._unread | self.calls.refused

    @property
    def values(self) -> dict[Place, Value]:
        """Each formula's cell, and the cells that arrays fill."""
        if self._held:
            self.release()
        if self._values is None:
            self._values = self._collected()
        return self._values

    def value(self, place: Place) -> Value | Refusal:
        """Give the value of one cell."""
        if self._held and place in self._held.aside:
            self.release()
        return self.engine.value(*place)

    # --- steps of an input ------------------------------------------------------------------

    def put_aside(self, places: Collection[Place]) -> None:
        """Do not calculate formulas, until one of them is asked for.

        Parameters
        ----------
        places : collection of Place
            What no other formula reads, or those alone that are among them.
        """
        formulas = self._book.formulas
        alone = {p for p in places if formulas[p].shape is None and not formulas[p].dynamic}
        before = self._shown()
        self._holding.put_aside(self._texts(alone))
        self._check(before)

    def hold(self, step: Callable[[], object]) -> None:
        """Take a step of the inputs, and hold what it leaves as it is; see :mod:`.held`.

        Parameters
        ----------
        step : callable
            Changes inputs and reads what hangs on them.
        """
        before = self._shown()
        step()
        after = self._shown()
        assert isinstance(self.engine, Embedded)
        found = still(self._book, self.engine, before, after) - self._may_spill
        self._holding.hold(self._texts(found))
        self._check(after)

    def _check(self, before: Mapping[Place, Value | Refusal]) -> None:
        """Calculate every formula again, should what is shown not be what it was.

        A cell may take a constant for another thing than a formula, or read what nobody has seen.
        """
        self.again()
        if any(not same(value, before.get(place)) for place, value in self._shown().items()):
            self.release()

    def release(self) -> None:
        """Calculate every formula again."""
        if self._held:
            self._held.release()
            self._held = None
            self.again()

    @property
    def _holding(self) -> Held:
        assert isinstance(self.engine, Embedded)
        if self._held is None:
            self._held = Held(self.engine)
        return self._held

    def _shown(self) -> dict[Place, Value | Refusal]:
        """The values of the formulas that are calculated, and of the cells that arrays fill."""
        chosen = self._book.formulas if self._part is None else self._part
        aside = self._held.aside if self._held else {}
        members = (p for p, anchor in self._book.members.items() if anchor in chosen)
        return {p: self.engine.value(*p) for p in (*chosen, *members) if p not in aside}

    def _texts(self, places: Collection[Place]) -> dict[Place, Text]:
        """Read formulas as the engine does; not those that it refuses or that stay on a sheet."""
        texts: dict[Place, Text] = {}
        for place in places:
            if place in self.refused:
                continue
            formula = self._book.formulas[place]
            parts = template, _ = take_apart(formula.text)
            if self._at_home.isdisjoint(template.operands[1]):
                read = self._read(formula, parts)
                if isinstance(read, Text):
                    texts[place] = read
        return texts

    # --- what the engine is given -----------------------------------------------------------

    def _model(self, inputs: Mapping[Place, Value]) -> Model:
        """Translate the workbook; what the engine refuses is a constant to it."""
        book = self._book
        sheets: Sheets = {name: dict(cells) for name, cells in book.constants.items()}
        for place, value in inputs.items():
            sheets[place.sheet][place.row, place.column] = value
        one_value: dict[Template, bool] = {}
        chosen = book.formulas if self._part is None else {p: book.formulas[p] for p in self._part}
        for place, formula in chosen.items():
            parts = template, _ = take_apart(formula.text)
            if template not in one_value:
                self.kinds[template] = formula
                one_value[template] = self._has_one_value(template)
            if self.within and (problem := self.within.problem(formula, parts)):
                raise OutsideError(f"{place}: {problem}")
            if formula.shape or not one_value[template]:
                self._may_spill.add(place)
            self._put(sheets, formula, self._read(formula, parts))
        names, broken = self._names()
        if pattern := _any_of(broken):
            for place, formula in book.formulas.items():
                if place not in self.refused and (bad := pattern.search(formula.text)):
                    self._put(sheets, formula, broken[bad[1].lower()])
        return Model(sheets, names, book.iteration, book)

    def _has_one_value(self, template: Template) -> bool:
        """Whether a formula cannot give several values, so that nobody need ask the engine."""
        functions, words = template.operands
        if not words <= self._single:
            return False
        if self.within:  # ranges stand where they are added up, and calls give one value
            return functions <= _ONE_VALUE | self._own
        return functions <= _ONE_VALUE and not _OF_RANGES.search(template.sample)

    def _read(self, formula: Formula, parts: Parts) -> Text | Refusal:
        if formula.place in self._beyond:
            return Refusal(self._beyond[formula.place])
        if self._second and parts[0].fact("chance", _CHANCE.search):
            return _BY_CHANCE
        return self._reader.read(formula, parts)

    def _put(self, sheets: Sheets, formula: Formula, read: Text | Refusal) -> None:
        """Give the engine a formula, or a constant in its place."""
        place = formula.place
        if isinstance(read, Text):
            sheets[place.sheet][place.row, place.column] = read
            return
        self.refused[place] = str(read)
        for member in self._cells(formula):
            sheets[place.sheet][member.row, member.column] = self._instead(member)

    def _instead(self, place: Place) -> Value:
        return MISSING if self._known is None else self._known.get(place)

    def _names(self) -> tuple[list[Name], dict[str, Refusal]]:
        """Translate the names that formulas mention: old workbooks are full of broken ones."""
        words = {w for template in self.kinds for w in template.fact("words", _words)}
        words |= {w for name in self._book.names for w in _words(name.text)}
        names: list[Name] = []
        broken: dict[str, Refusal] = {}
        for name in self._book.names:
            if name.name.lower() not in words:
                continue
            read = self._reader.read_name(name)
            if isinstance(read, Name):
                names.append(read)
            else:
                broken[name.name.lower()] = read
        return names, broken

    def _cells(self, formula: Formula) -> list[Place]:
        rows, columns = formula.shape or (1, 1)
        place = formula.place
        return [
            Place(place.sheet, row, column)
            for row in range(place.row, place.row + rows)
            for column in range(place.column, place.column + columns)
        ]

    # --- what it gives ----------------------------------------------------------------------

    def _collected(self) -> dict[Place, Value]:
        values: dict[Place, Value] = {}
        self.spills = {}
        for place, formula in self._book.formulas.items():
            if place not in self.refused:
                if place in self._may_spill:
                    values.update(self._taken(place, formula))
                elif isinstance(value := self.engine.value(*place), Refusal):
                    self.refused[place] = f"{formula} {value}"
                else:
                    values[place] = 0.0 if value is None else value
            if place in self.refused:
                values.update({p: self._instead(p) for p in self._cells(formula)})
        if len(values) == len(self._book.formulas):
            return values
        order = {sheet: i for i, sheet in enumerate(self._book.sheets)}
        rows_first = sorted(values, key=lambda p: (order[p.sheet], p.row, p.column))
        return {place: values[place] for place in rows_first}

    def _taken(self, place: Place, formula: Formula) -> dict[Place, Value]:
        """Read the cells that a formula fills; note it if the engine has not calculated them."""
        value = self.engine.value(*place)
        reach = (1, 1)
        if isinstance(value, Refusal):
            self.refused[place] = f"{formula} {value}"
            return {}
        if formula.shape is None and not formula.dynamic:
            reach = self.engine.extent(*place)
            if reach != (1, 1) or _is_blocked(value):
                self.refused[place] = f"{formula} {_SEVERAL}"
                return {}
            return {place: 0.0 if value is None else value}
        reach = formula.shape or reach
        if formula.dynamic:
            self.spills[place] = reach = self.engine.extent(*place)
        members: dict[Place, Value] = {}
        for row in range(place.row, place.row + reach[0]):
            for column in range(place.column, place.column + reach[1]):
                member = self.engine.value(place.sheet, row, column)
                if isinstance(member, Refusal):
                    self.refused[place] = f"{formula} {member}"
                    return {}
                members[Place(place.sheet, row, column)] = 0.0 if member is None else member
        return members


def _words(text: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _WORD.findall(text))


def _any_of(names: Mapping[str, Refusal]) -> re.Pattern[str] | None:
    if not names:
        return None
    words = "|".join(map(re.escape, names))
    return re.compile(rf"(?<![\w.\\!])({words})(?![\w.\\!])", re.IGNORECASE)


def _is_blocked(value: Value) -> bool:
    return isinstance(value, CellError) and value.reason == BLOCKED
