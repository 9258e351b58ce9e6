"""What a template shows of its figures: grids, tornados, charts, ladders, maps and pictures."""

from __future__ import annotations

from typing import Literal

from msgspec import field

from xlcredit.deals.marks import Formula, InputName, RowName, Struct, Unit

__all__ = [
    "Bar",
    "Chart",
    "Grid",
    "Ladder",
    "Line",
    "Map",
    "Picture",
    "PictureColumn",
    "Rung",
    "Shade",
    "StressTable",
    "Tornado",
    "Zone",
]


class StressTable(Struct, kw_only=True, frozen=True):
    """A table of the sheet Stress; who lays its kind out stands in ``workbook.tables.KINDS``."""


class Grid(StressTable, kw_only=True, frozen=True):
    """A two-way grid; ``{across}`` and ``{down}`` are the values at its edges.

    ``{rent.across.all}`` is a row of the model for each column: ``rent_1``, ``rent_2`` and so on.
    ``native`` is the formula of a copy without worksheet functions. Where a cell needs months,
    ``native_row`` is a monthly row for each, which ``native`` reads as ``{months.cell.all}``.
    Where it needs several, ``native`` reads a row of the model as ``{row.cell.path}``, and
    ``native_rows`` says what stands for the rows that the grid moves.
    """

    title: str
    unit: Unit
    across_label: str
    across_unit: Unit
    across: list[float]
    down_label: str
    down_unit: Unit
    down: list[float]
    formula: Formula
    threshold: Formula = ""
    direction: Literal["min", "max"] = "min"
    native: Formula = ""
    native_row: Formula = ""
    native_rows: dict[str, str] = field(default_factory=dict)


class Bar(Struct, kw_only=True, frozen=True):
    """One driver of a tornado, moved down and up by a step, absolute or relative.

    The driver is an input, or a ``name`` that stands in braces in the formula, is ``neutral``
    in every other bar, and has a label and a unit of its own.
    """

    step: float
    input: InputName = ""
    name: str = ""
    label: str = ""
    unit: Unit = ""
    neutral: float = 0.0
    relative: bool = False


class Tornado(StressTable, kw_only=True, frozen=True):
    """What moves one figure most: the formula again with one input replaced at a time."""

    title: str
    unit: Unit
    formula: Formula
    bar: list[Bar]


class Line(Struct, kw_only=True, frozen=True):
    """One series of a chart: a monthly row, or a threshold."""

    row: RowName
    dashed: bool = False


class Shade(Struct, kw_only=True, frozen=True):
    """A shaded part of a chart: the monthly row ``height``, standing on ``base`` or on zero."""

    height: RowName
    base: RowName = ""


class Chart(Struct, kw_only=True, frozen=True):
    """A line chart of monthly rows on the Summary, one part shaded, cut off above ``high``."""

    title: str
    unit: Unit
    line: list[Line]
    shade: Shade | None = None
    high: float | None = None


class Rung(Struct, kw_only=True, frozen=True):
    """One bar of a ladder, or one threshold across it."""

    label: str
    formula: Formula


class Ladder(StressTable, kw_only=True, frozen=True):
    """The same thing by several measures, as bars against thresholds."""

    title: str
    unit: Unit
    rung: list[Rung]
    level: list[Rung]


class PictureColumn(Struct, kw_only=True, frozen=True):
    """One column of a picture; ``{at}`` is what stands in front of the row, ``{n}`` its number."""

    label: str
    formula: Formula


class Picture(Struct, kw_only=True, frozen=True):
    """A table with its chart on a sheet of constants, below what stands there.

    ``fan``: the columns are quantiles in ascending order, an odd number; bands between them and a
    line through the middle. ``bars`` and ``lines``: a series for each column.
    """

    sheet: str
    kind: Literal["fan", "bars", "lines"]
    title: str
    unit: Unit
    label: str
    at: Formula
    at_unit: Unit
    rows: int
    column: list[PictureColumn]


class Zone(Struct, kw_only=True, frozen=True):
    """One zone of a map: from the zone below it up to ``formula``; ``{x}`` is the driver."""

    label: str
    formula: Formula


class Map(StressTable, kw_only=True, frozen=True):
    """A map over two drivers: zones between curves, and where the deal stands today."""

    title: str
    unit: Unit
    x_label: str
    x_unit: Unit
    x: list[float]
    zone: list[Zone]
    today: Rung
