"""One worksheet part, read once: its cells, and where in the bytes each of them stands.

The positions let :mod:`xlcredit.ooxml.patch` change a value and leave every other byte alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

__all__ = ["CELL", "CONTENT", "USUAL_CELL", "Cell", "Row", "Sheet", "Span"]

#: Elements of a cell that hold its content; ``t`` is the text inside ``is``.
CONTENT = frozenset({"f", "v", "is"})

#: A cell in the one spelling that nearly all programs use.
CELL = (
    rb'<c r="(?P<column>[A-Z]{1,3})(?P<row>[1-9][0-9]{0,6})"'
    rb'(?P<attributes>(?: [a-z]+="[^"<>&]*")*)(?: ?/>|>'
    rb'(?P<f><f(?P<options>(?: [A-Za-z0-9]+="[^"<>&]*")*)(?: ?/>|>(?P<formula>[^<]*)</f>))?'
    rb'(?P<v><v(?: xml:space="preserve")?(?: ?/>|>(?P<text>[^<]*)</v>))?'
    rb'(?P<is><is><t(?: xml:space="preserve")?>(?P<inline>[^<]*)</t></is>)?</c>)'
)
USUAL_CELL = re.compile(CELL)


_NO_OPTIONS: Mapping[str, str] = MappingProxyType({})


@dataclass(slots=True)
class Span:
    """Where an element stands: ``close`` is its end tag, or -1 if it closes itself."""

    start: int
    close: int = -1
    end: int = -1


@dataclass(slots=True)
class Cell:
    """A cell as the file holds it."""

    key: tuple[int, int]  #: its row and column; whoever sorts by cell takes this very one
    start: int  #: where its start tag begins
    length: int  #: bytes to where it ends; few, and so a number that Python has already
    kind: str = "n"
    dynamic: bool = False  #: the cell's formula may spill (cell metadata, ``cm``)
    formula: str | None = None
    options: Mapping[str, str] = field(default_factory=lambda: _NO_OPTIONS)  #: attributes of f
    text: str | None = None  #: what v or is holds; None if there is neither

    @property
    def row(self) -> int:
        """The row that it stands in."""
        return self.key[0]

    @property
    def column(self) -> int:
        """The column that it stands in."""
        return self.key[1]

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.start + self.length


@dataclass(slots=True)
class Row:
    """A row as the file holds it; ``columns`` lists its cells from left to right."""

    number: int
    span: Span
    columns: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Sheet:
    """A worksheet part and what stands where in it."""

    xml: bytes
    prefix: bytes = b""  #: namespace prefix with its colon, for elements that are added
    data: Span | None = None
    rows: dict[int, Row] = field(default_factory=dict)
    cells: dict[tuple[int, int], Cell] = field(default_factory=dict)
    spans: dict[tuple[int, int], dict[str, Span]] = field(default_factory=dict)
    """Where f, v and is stand, of cells in an unusual spelling."""

    def content(self, cell: Cell) -> dict[str, Span]:
        """Find where a cell's formula and value (f, v, is) stand."""
        if noted := self.spans.get(cell.key):
            return noted
        match = USUAL_CELL.match(self.xml, cell.start) if not self.spans else None
        if match is None:
            return {}
        spans = {name: match.span(name) for name in ("f", "v", "is")}
        return {
            name: Span(start, self._close(start, end), end)
            for name, (start, end) in spans.items()
            if start < end
        }

    def is_closed(self, cell: Cell) -> bool:
        """Whether a cell is one tag that closes itself, and holds nothing."""
        return self.xml[cell.end - 2 : cell.end] == b"/>"

    def _close(self, start: int, end: int) -> int:
        if self.xml[end - 2 : end] == b"/>":
            return -1
        return self.xml.rindex(b"</", start, end)
