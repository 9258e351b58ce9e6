"""What an engine must be able to do, and the form in which a workbook is given to it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from xlcredit.ooxml.book import Book, Formula, Name
from xlcredit.ooxml.place import Place
from xlcredit.ooxml.values import Value
from xlcredit.recalc.masks import Parts

__all__ = [
    "BLOCKED",
    "CIRCULAR",
    "LONGEST_SECONDS",
    "SETTLED",
    "NO_ROOM",
    "TOO_LATE",
    "UNREADABLE",
    "ArrayText",
    "Engine",
    "Function",
    "Model",
    "Reader",
    "Refusal",
    "Text",
    "Unsure",
]

#: A worksheet function on raw values: its first argument is the site of the call (see `Model`).
Function = Callable[..., Any]


class Text(str):
    """The text of a formula, as an engine reads it, without the equals sign."""

    __slots__ = ()


class ArrayText(Text):
    """A formula that is calculated as if entered as an array in its one cell."""

    __slots__ = ()


class Refusal(str):
    """What an engine answers for a cell that it cannot calculate: the reason."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Unsure:
    """What a corrected function answers where spreadsheets disagree: a value, and why."""

    value: float
    reason: str


CIRCULAR = Refusal("refers to itself, directly or through other cells")
UNREADABLE = Refusal("is not a formula that the engine can read")
#: Circles are calculated until they change by this part of what the workbook allows: Excel goes
#: on a little with every change that is made, and what it has saved is settled to about as much.
SETTLED = 1e-9
#: Longest time for one calculation, by the clock: the largest model that lenders have sent takes a
#: fifteenth of it, and a machine may be busy.
LONGEST_SECONDS = 900
NO_ROOM = "it needs more memory than there is"
TOO_LATE = f"the calculation takes longer than {LONGEST_SECONDS} s; is the machine busy?"
#: The reason of an error in a cell whose result needs more room than there is.
BLOCKED = "the result needs cells that are not empty"


@dataclass
class Model:
    """A workbook in the engine's dialect: nothing but values, formulas and names.

    In a formula, each call of a worksheet function carries its site, a whole number, as an
    additional first argument; an argument that was left out is the text :data:`OMITTED_MARK`.
    """

    sheets: dict[str, dict[tuple[int, int], Value | Text]] = field(default_factory=dict)
    names: list[Name] = field(default_factory=list)
    iteration: tuple[int, float] | None = None
    book: Book | None = None
    """The file that all of it was read from, for engines that read more of it."""


class Reader(Protocol):
    """How one engine reads the formulas of one workbook: what it refuses, and what it rewrites."""

    sites: list[Place]
    """The cells that call functions: the first argument of a call is a place in this list."""

    def read(self, formula: Formula, parts: Parts) -> Text | Refusal:
        """Translate a formula, given with its parts, or say why it cannot be calculated."""

    def read_name(self, name: Name) -> Name | Refusal:
        """Translate a defined name, or say why the engine cannot use it."""


class Engine(Protocol):
    """Calculates a model. One engine object holds one workbook at a time."""

    name: str
    """What people call it, as in ``--engine``."""
    package: str
    """The distribution it comes from, which ``xlcredit doctor`` shows."""
    corrections: Mapping[str, Function]
    """Built-in functions that it gets wrong, as Excel computes them; registered like others."""

    def reader(self, book: Book, functions: Collection[str]) -> Reader:
        """Make the reader of a workbook's formulas, who knows the worksheet functions."""

    def missing(self, functions: Collection[str]) -> set[str]:
        """Tell which of these built-in functions the engine does not have."""

    def load(self, model: Model) -> None:
        """Take a workbook in; the model is the engine's own from now on."""

    def register(self, name: str, function: Function) -> None:
        """Make a worksheet function known, or replace a built-in one."""

    def set(self, sheet: str, row: int, column: int, value: Value) -> None:
        """Change a constant."""

    def set_column(self, sheet: str, row: int, column: int, values: Sequence[Value]) -> None:
        """Change constants that stand below one another, the first of them in this cell."""

    def calculate(self) -> None:
        """Bring every formula up to date."""

    def value(self, sheet: str, row: int, column: int) -> Value | Refusal:
        """Give the value of a cell."""

    def extent(self, sheet: str, row: int, column: int) -> tuple[int, int]:
        """Give the rows and columns that a cell's formula fills: (1, 1) if it does not spill."""
