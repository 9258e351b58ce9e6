"""Heat maps of a grid, each with the contour of the break-even; in black and white too."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xlcredit.errors import UserError
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

    The line is where the value meets its threshold; what lies on the wrong side is hatched.

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
        values, margins = (
            _floats(table.column(f"{name}_{what}"))[order].reshape(shape)
            for what in ("value", "margin")
        )
        if np.isfinite(values).any():
            picture = figure_class(figsize=(7.5, 5.2), layout="constrained")
            labels = [called.get(axis, axis) for axis in axes]
            _draw(picture, (ups, across), labels, values, margins)
            picture.suptitle(f"{title}: {called.get(name, name)}", fontsize=11)
            written.append(write_picture(folder / f"{name}.png", png(picture, 140)))
    return written


def _floats(values: list[Any]) -> Array:
    return np.array([math.nan if v is None else v for v in values], dtype=np.float64)


def _draw(
    picture: Any,
    ticks: tuple[list[float], list[float]],
    axes: list[str],
    values: Array,
    margins: Array,
) -> None:
    ups, across = ticks
    plot = picture.add_subplot()
    image = plot.pcolormesh(
        across, ups, np.ma.masked_invalid(values), cmap="cividis", shading="nearest"
    )
    picture.colorbar(image, ax=plot)
    if min(values.shape) > 1:
        least, most = np.nanmin(margins), np.nanmax(margins)
        field = (_to_the_edges(across), _to_the_edges(ups), np.pad(margins, 1, mode="edge"))
        if least < 0.0:
            plot.contourf(*field, levels=[least - 1.0, 0.0], colors="none", hatches=["///"])
        if least < 0.0 < most:
            plot.contour(*field, levels=[0.0], colors="white", linewidths=3.5)
            plot.contour(*field, levels=[0.0], colors="black", linewidths=1.8)
    plot.set_xlabel(axes[1])
    plot.set_ylabel(axes[0])
    plot.set_title("line: break-even; hatched: breach; blank: no number", fontsize=8)


def _to_the_edges(at: list[float]) -> list[float]:
    """Add the outer edges of the fields: what is hatched must not end in the middle of one."""
    first, last = (at[1] - at[0]) / 2, (at[-1] - at[-2]) / 2
    return [at[0] - first, *at, at[-1] + last]
