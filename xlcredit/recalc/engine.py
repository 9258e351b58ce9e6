"""What an engine must be able to do, and the form in which a workbook is given to it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Protocol

from xlcredit.ooxml.book import Name
from xlcredit.ooxml.values import Value

__all__ = ["BLOCKED", "CIRCULAR", "UNREADABLE", "Engine", "Function", "Model", "Refusal", "Text"]

#: A worksheet function on raw values: its first argument is the site of the call (see `Model`).
Function = Callable[..., Any]


class Text(str):
    """The text of a formula, as an engine reads it, without the equals sign."""

    __slots__ = ()


class Refusal(str):
    """What an engine answers for a cell that it cannot calculate: the reason."""

    __slots__ = ()


CIRCULAR = Refusal("refers to itself, directly or through other cells")
UNREADABLE = Refusal("is not a formula that the engine can read")
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


class Engine(Protocol):
    """Calculates a model. One engine object holds one workbook at a time."""

    def missing(self, functions: Collection[str]) -> set[str]:
        """Tell which of these built-in functions the engine does not have."""

    def load(self, model: Model) -> None:
        """Take a workbook in."""

    def register(self, name: str, function: Function) -> None:
        """Make a worksheet function known, or replace a built-in one."""

    def set(self, sheet: str, row: int, column: int, value: Value) -> None:
        """Change a constant."""

    def calculate(self) -> None:
        """Bring every formula up to date."""

    def value(self, sheet: str, row: int, column: int) -> Value | Refusal:
        """Give the value of a cell."""

    def extent(self, sheet: str, row: int, column: int) -> tuple[int, int]:
        """Give the rows and columns that a cell's formula fills: (1, 1) if it does not spill."""
