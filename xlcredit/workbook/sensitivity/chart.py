"""Heat maps of a grid, each with the contour of the break-even; in black and white too."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xlcredit.errors import UserError
from xlcredit.workbook.covenants import BREACH
from xlcredit.workbook.export import Table
from xlcredit.workbook.pictures import png, pyplot, write_picture
from xlcredit.workbook.sensitivity.axis import Axis
from xlcredit.workbook.session import Session

__all__ = ["require_maps", "words_of", "write_heat_maps"]

Array = NDArray[np.float64]


def require_maps(axes: Sequence[Axis]) -> None:
    """Refuse axes that make no map.

    Raises
    ------
    UserError
        If they are not two inputs that are numbers, or if matplotlib is not installed.
    """
    pyplot()
    if len(axes) != 2 or not all(axis.is_number for axis in axes):
        raise UserError("a heat map has two axes that are numbers; give --grid twice")


def words_of(book: Session, axes: Sequence[str]) -> dict[str, str]:
    """What inputs and covenants are called in a workbook, with their units, by name."""
    words = {name: book.title(name) for name in axes}
    return words | {c.name: f"{c.label} [{c.unit}]" if c.unit else c.label for c in book.covenants}


def write_heat_maps(
    table: Table, axes: list[str], folder: Path, title: str, words: Mapping[str, str] | None = None
) -> list[Path]:
    """Draw each covenant of a grid over two inputs, one PNG each.

    A field is one point of the grid: its colour is the value there, and it is hatched where the
    covenant is in breach there. The line is where the value meets its threshold between points.

    Parameters
    ----------
    table : Table
        What :func:`~xlcredit.workbook.sensitivity.grid` gives.
    axes : list of str
        The two inputs, both numbers (see :func:`require_maps`): the first goes up, the second
        across.
    folder : Path
        Where the pictures go; it is made if need be.
    title : str
        What stands above each.
    words : mapping, optional
        What inputs and covenants are called, with their units, by name.

    Returns
    -------
    list of Path
        The pictures.
    """
    figure_class = pyplot()
    names, called = [column.name for column in table.columns], words or {}
    shape = tuple(len(set(table.column(axis))) for axis in axes)
    ups, across = (sorted(set(table.column(axis))) for axis in axes)
    order = np.lexsort((table.column(axes[1]), table.column(axes[0])))
    written = []
    for name in (n for n in names if f"{n}_margin" in names):
        values, margins, thresholds = (
            _floats(table.column(f"{name}_{what}"))[order].reshape(shape)
            for what in ("value", "margin", "threshold")
        )
        breach = np.array([s == BREACH for s in table.column(name)])
        breach = breach[order].reshape(shape)
        if np.isfinite(values).any():
            picture = figure_class(figsize=(7.5, 5.2), layout="constrained")
            labels = [called.get(axis, axis) for axis in axes]
            plot, bar = _draw(picture, (ups, across), labels, values)
            _hatch(plot, (_edges(ups), _edges(across)), breach)
            _line(plot, (ups, across), margins)
            _mark(bar, thresholds[np.isfinite(thresholds)])
            picture.suptitle(f"{title}: {called.get(name, name)}", fontsize=11)
            written.append(write_picture(folder / f"{name}.png", png(picture, 140)))
    return written


def _floats(values: list[Any]) -> Array:
    return np.array([math.nan if v is None else v for v in values], dtype=np.float64)


def _draw(
    picture: Any, ticks: tuple[list[float], list[float]], axes: list[str], values: Array
) -> tuple[Any, Any]:
    ups, across = ticks
    plot = picture.add_subplot()
    field = np.ma.masked_invalid(values)
    image = plot.pcolormesh(_edges(across), _edges(ups), field, cmap="cividis")
    bar = picture.colorbar(image, ax=plot)
    for points, limit in ((across, plot.set_xlim), (ups, plot.set_ylim)):
        if len(points) > 1:  # beyond the outermost points nothing is calculated
            limit(points[0], points[-1])
    plot.set_xlabel(axes[1])
    plot.set_ylabel(axes[0])
    plot.set_title("line: break-even; hatched: breach at that point; blank: no number", fontsize=8)
    return plot, bar


def _hatch(plot: Any, edges: tuple[Array, Array], breach: NDArray[np.bool_]) -> None:
    """Hatch the fields of the points in breach, whole: the same fields that have the colours."""
    from matplotlib.collections import PolyCollection  # noqa: PLC0415 - an extra

    ups, across = edges
    fields = [
        [(across[c], ups[r]), (across[c + 1], ups[r]), (across[c + 1], ups[r + 1]),
         (across[c], ups[r + 1])]
        for r, c in np.argwhere(breach)
    ]  # fmt: skip
    plot.add_collection(
        PolyCollection(fields, facecolors="none", edgecolors="black", linewidths=0, hatch="///"),
        autolim=False,
    )


def _line(plot: Any, ticks: tuple[list[float], list[float]], margins: Array) -> None:
    ups, across = ticks
    if min(margins.shape) > 1 and np.nanmin(margins) < 0.0 < np.nanmax(margins):
        plot.contour(across, ups, margins, levels=[0.0], colors="white", linewidths=3.5)
        plot.contour(across, ups, margins, levels=[0.0], colors="black", linewidths=1.8)


def _mark(bar: Any, thresholds: Array) -> None:
    """Show on the bar of the colours where the threshold is."""
    if not len(thresholds):
        return
    low, high = float(np.min(thresholds)), float(np.max(thresholds))
    for at in (at for at in {low, high} if bar.vmin <= at <= bar.vmax):
        bar.ax.axhline(at, color="white", linewidth=3.5)
        bar.ax.axhline(at, color="black", linewidth=1.8)
    bar.set_label(f"threshold: {low:.4g}" + (f" to {high:.4g}" if high > low else ""))


def _edges(at: list[float]) -> Array:
    """Give the edges of the fields, half-way between points."""
    if len(at) == 1:
        return np.array([at[0] - 0.5, at[0] + 0.5])
    between = [(one + other) / 2 for one, other in itertools.pairwise(at)]
    first, last = (at[1] - at[0]) / 2, (at[-1] - at[-2]) / 2
    return np.array([at[0] - first, *between, at[-1] + last])
