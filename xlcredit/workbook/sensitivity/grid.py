"""Every covenant and figure at every point of a grid over inputs."""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from xlcredit.errors import UserError
from xlcredit.hints import did_you_mean
from xlcredit.workbook.export import Column, Kind, Table
from xlcredit.workbook.sensitivity.axis import Axis, check_axes
from xlcredit.workbook.sensitivity.points import calculated
from xlcredit.workbook.session import Session

__all__ = ["MOST_POINTS", "figure_value", "grid"]

#: At some hundredths of a second each, more than a night.
MOST_POINTS = 1_000_000


def grid(
    book: Session,
    axes: Sequence[Axis],
    figures: Sequence[str] = (),
    progress: Callable[[int], None] = lambda _done: None,
    workers: int = 1,
) -> Table:
    """Calculate covenants and figures at each combination of the axes' values.

    Parameters
    ----------
    book : Session
        The workbook; its inputs are as before when this returns.
    axes : sequence of Axis
        Inputs with their values; the last one moves fastest. ``scenario`` is an input too.
    figures : sequence of str, optional
        Names of figures; all that have a name if none is given.
    progress : callable, optional
        Called with the number of points done.
    workers : int
        Processes that share the points. Except on Linux they start your program's main module
        anew, so that a script needs its ``if __name__ == "__main__"``.

    Returns
    -------
    Table
        One row for each point: the inputs, each covenant's status, value, threshold and margin
        (how far the value is on the right side), the figures, and the errors that cells show. A
        figure without a number is empty, never 0.

    Raises
    ------
    UserError
        If an input or figure is not there, a value is refused, or there are too many points.

    Examples
    --------
    >>> from xlcredit.workbook.session import open_workbook
    >>> with open_workbook("workbooks/gpu-term-loan.xlsx") as book:
    ...     table = grid(book, [Axis("rent_decline", (0.0, 0.4))], ["dscr_on_curve"])
    >>> [round(x, 2) for x in table.column("dscr_on_curve")]
    [1.73, 1.54]
    """
    axes = list(axes)
    check_axes(book, axes)
    points = math.prod(len(axis.values) for axis in axes)
    if points > MOST_POINTS:
        raise UserError(
            f"{points:,} points are more than {MOST_POINTS:,}; take fewer of each input"
        )
    names = _figures(book, figures, axes)
    rows = []
    moves = itertools.product(*(axis.values for axis in axes))
    for row in calculated(book, [axis.name for axis in axes], moves, names, workers):
        rows.append(row)
        progress(len(rows))
    columns = [Column(axis.name, "number" if axis.is_number else "text") for axis in axes]
    columns += [Column(n, k) for c in book.covenants for n, k in _covenant_columns(c.name)]
    columns += [
        Column(name, _kind([row[at] for row in rows])) for at, name in _placed(columns, names)
    ]
    columns.append(Column("errors", "text"))
    return Table(columns, _typed(columns, rows))


def figure_value(book: Session, name: str) -> float:
    """Give a figure, or the margin of a covenant, as a number; NaN where it has none."""
    if covenant := book.covenant(name):
        return covenant.margin
    value = book[name]
    return value if isinstance(value, float) else math.nan


def _figures(book: Session, asked: Sequence[str], axes: list[Axis]) -> list[str]:
    taken = {c.name for c in book.covenants} | {axis.name for axis in axes}
    known = [name for name in book.figures if name not in taken and "." not in name]
    for name in asked:
        if name not in book:
            raise UserError(
                f"{name} is not a figure of {book.path.name}{did_you_mean(name, known)}"
            )
    return [name for name in asked if name not in taken] if asked else known


def _covenant_columns(name: str) -> list[tuple[str, Kind]]:
    return [
        (name, "text"),
        (f"{name}_value", "number"),
        (f"{name}_threshold", "number"),
        (f"{name}_margin", "number"),
    ]


def _placed(columns: list[Column], names: list[str]) -> Iterator[tuple[int, str]]:
    return ((len(columns) + i, name) for i, name in enumerate(names))


def _kind(values: list[Any]) -> Kind:
    """What a figure is: a word at one point makes it text at all."""
    held = [v for v in values if v is not None]
    if all(isinstance(v, float) for v in held):
        return "number"
    return "date" if held and all(isinstance(v, dt.date) for v in held) else "text"


def _typed(columns: list[Column], rows: list[list[Any]]) -> list[list[Any]]:
    return [
        [
            str(value) if column.kind == "text" and value is not None else value
            for column, value in zip(columns, row, strict=True)
        ]
        for row in rows
    ]
