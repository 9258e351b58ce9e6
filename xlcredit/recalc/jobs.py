"""Calls of worksheet functions that have been cut out of their formulas, and room for answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from xlcredit.errors import CellError
from xlcredit.ooxml.place import Place
from xlcredit.ooxml.values import Value

__all__ = ["SCRATCH", "At", "Block", "Job", "Known", "Reach", "Read", "Room"]

#: A sheet that is added for the answers; nobody calls a sheet so.
SCRATCH = "xlcreditscratch"

At = tuple[int, int]
#: Gives the values of some cells of a sheet.
Read = Callable[[str, Sequence[At]], list[Value]]
#: Gives the rows and columns that the formulas of some cells fill.
Reach = Callable[[str, Sequence[At]], list[tuple[int, int]]]
Block = list[list[Value]]


class Known(dict[str, dict[At, Value]]):
    """The values of cells that have been read, sheet by sheet."""

    def add(self, cells: Mapping[str, Iterable[At]], read: Read) -> None:
        """Read those of some cells that are not known yet."""
        for sheet, those in cells.items():
            there = self.setdefault(sheet, {})
            new = [at for at in dict.fromkeys(those) if at not in there]
            there.update(zip(new, read(sheet, new), strict=True))


@dataclass(frozen=True)
class Room:
    """A place on the scratch sheet, for the answer of a call or an expression in its arguments."""

    number: int
    rows: int
    """How many rows it has."""

    @property
    def row(self) -> int:
        """Its first row."""
        return 1 + self.rows * self.number


@dataclass
class Job:
    """One call: the function, its arguments as the formula has them, and where it stands."""

    room: Room
    name: str
    arguments: list[str | Room]
    """As the formula has them; what must be calculated has a room."""
    place: Place
    asked: str | None = None
    """The arguments that it was last called with, spelled out."""
    waits_for: tuple[str, At] | None = None
    """A cell with an error that it was not called for, yet."""
    answer: Block = field(default_factory=lambda: [[CellError("#N/A")]])

    @property
    def reference(self) -> str:
        """What a formula reads in place of the call: an array, as a function's result is."""
        row, last = self.room.row, self.room.row + self.room.rows - 1
        # No OFFSET: what it reads is calculated again each time, whatever has changed.
        room = f"{SCRATCH}!$B${row}:$XFD${last}"
        size = f"{SCRATCH}!$A${row},{SCRATCH}!$A${row + 1}"
        return f"_xlfn.HSTACK({SCRATCH}!$B${row}:INDEX({room},{size}))"

    def cells(self) -> Iterator[tuple[int, int, Value]]:
        """List what its room holds: the size of the answer, and the answer."""
        row = self.room.row
        yield row, 1, float(len(self.answer))
        yield row + 1, 1, float(len(self.answer[0]))
        for i, line in enumerate(self.answer):
            for j, value in enumerate(line):
                yield row + i, 2 + j, 0.0 if value is None else value
