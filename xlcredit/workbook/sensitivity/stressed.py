"""``xlcredit.stress``: what ``xlcredit stress`` prints, as tables in Python."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlcredit.errors import UserError
from xlcredit.recalc.session import Source
from xlcredit.workbook.sensitivity.axis import Axis, parse_axis
from xlcredit.workbook.sensitivity.chart import require_maps, words_of, write_heat_maps
from xlcredit.workbook.sensitivity.grid import grid as calculated_grid
from xlcredit.workbook.sensitivity.reverse import nearest_breaches, unit_shocks
from xlcredit.workbook.sensitivity.target import solve
from xlcredit.workbook.session import Session, open_workbook

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["stress"]


def stress(
    source: Source | Session,
    *,
    grid: Mapping[str, Iterable[Any]] | Sequence[str] | None = None,
    scenarios: Sequence[str] | str | None = None,
    target: Mapping[str, float] | None = None,
    reverse: str | None = None,
    by: str | Sequence[str] | Mapping[str, Any] | None = None,
    figures: Sequence[str] = (),
    inputs: Mapping[str, object] | None = None,
    workers: int = 1,
    charts: str | os.PathLike[str] | None = None,
) -> pd.DataFrame:
    """Move inputs of a workbook: a grid, the input that meets a target, or the nearest breach.

    Parameters
    ----------
    source : str, Path, bytes or Session
        An .xlsx or .xlsm workbook; one that is open has its inputs back at the end.
    grid : mapping or sequence of str, optional
        Each input with the values that it takes, or texts such as ``"rent_decline=0:0.5:11"``.
    scenarios : str or sequence of str, optional
        Scenarios by name, or ``"all"``; with or without a grid.
    target : mapping, optional
        One figure and the number that it is to be; the name of a covenant stands for its margin.
    reverse : str, optional
        The name of a covenant that is to break, or ``"all"``.
    by : str, sequence or mapping, optional
        With ``target`` the input that moves, or that input with the two ends between which to
        look; with ``reverse`` the inputs that move, each with its unit shock (a tenth of what
        stands there if none is given).
    figures : sequence of str, optional
        Figures of a grid besides the covenants; all that have a name if none is given.
    inputs : mapping, optional
        Inputs that are changed first.
    workers : int
        Processes that share a grid of many points.
    charts : str or Path, optional
        A folder for a heat map of each covenant, PNG, of a grid over two inputs; pictures of the
        same names are replaced.

    Returns
    -------
    DataFrame
        Of a grid one row a point, with the columns of ``xlcredit stress -o``. Of a target one row
        for each value that meets it, the nearest to the present one first. Of a reverse stress
        one row a covenant, the nearest first: ``distance`` in unit shocks, where each input
        stands then, by how many unit shocks it has moved (``..._shocks``), and in ``message`` why
        there is no such breach.

    Raises
    ------
    UserError
        If not one of the three is asked for, an input or figure is not there, or a value is
        refused.

    Examples
    --------
    >>> import xlcredit
    >>> loan = "workbooks/gpu-term-loan.xlsx"
    >>> table = xlcredit.stress(loan, grid={"rent_decline": [0.0, 0.4]}, figures=["dscr_on_curve"])
    >>> table["dscr_on_curve"].round(2).tolist()
    [1.73, 1.54]
    >>> found = xlcredit.stress(loan, target={"dscr_on_curve": 1.55}, by="rent_decline")
    >>> float(found["value"][0].round(2))
    0.34
    """
    asked = (grid is not None or scenarios is not None, target is not None, reverse is not None)
    if sum(asked) != 1:
        raise UserError("ask stress for one of grid (or scenarios), target and reverse")
    if charts is not None and grid is None:
        raise UserError("charts belong to a grid over two inputs")
    if isinstance(source, Session):
        before = dict(source.changed)
        try:
            source.set(inputs)
            return _asked(source, grid, scenarios, target, reverse, by, figures, workers, charts)
        finally:
            source.reset()
            source.set(before)
    with open_workbook(source) as book:
        book.set(inputs)
        return _asked(book, grid, scenarios, target, reverse, by, figures, workers, charts)


def _asked(
    book: Session,
    grid: Mapping[str, Iterable[Any]] | Sequence[str] | None,
    scenarios: Sequence[str] | str | None,
    target: Mapping[str, float] | None,
    reverse: str | None,
    by: str | Sequence[str] | Mapping[str, Any] | None,
    figures: Sequence[str],
    workers: int,
    charts: str | os.PathLike[str] | None,
) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415 - takes its time

    if target is not None:
        return pd.DataFrame(_target(book, target, by))
    if reverse is not None:
        return pd.DataFrame(_reverse(book, reverse, by))
    axes = _axes(grid or {})
    if scenarios is not None:
        words = book.choices("scenario") if scenarios == "all" else scenarios
        axes.insert(0, Axis("scenario", (words,) if isinstance(words, str) else tuple(words)))
    if charts is not None:
        require_maps(axes)
    table = calculated_grid(book, axes, figures, workers=workers)
    if charts is not None:
        names = [axis.name for axis in axes]
        write_heat_maps(table, names, Path(charts), book.path.stem, words_of(book, names))
    return pd.DataFrame(list(table.rows), columns=[column.name for column in table.columns])


def _axes(grid: Mapping[str, Iterable[Any]] | Sequence[str]) -> list[Axis]:
    if not isinstance(grid, Mapping):
        return [parse_axis(text) for text in ([grid] if isinstance(grid, str) else grid)]
    return [Axis(name, tuple(map(_plain, values))) for name, values in grid.items()]


def _plain(value: Any) -> Any:
    """A number of NumPy or pandas as Python's own; every number is a float."""
    value = value.item() if hasattr(value, "item") else value
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _target(
    book: Session, target: Mapping[str, float], by: str | Sequence[str] | Mapping[str, Any] | None
) -> list[dict[str, Any]]:
    names = [by] if isinstance(by, str) else list(by or ())
    if len(target) != 1 or len(names) != 1:
        raise UserError(
            'a target is one figure, {"min_dscr": 1.1}, and by the one input that moves'
        )
    [(figure, wanted)] = target.items()
    ends = by[names[0]] if isinstance(by, Mapping) else None
    found = solve(book, figure, float(wanted), names[0], None if ends is None else tuple(ends))
    return [
        {"figure": figure, "target": wanted, "by": names[0], "value": value, "today": found.today}
        for value in sorted(found.all, key=lambda x: abs(x - found.today))
    ]


def _reverse(
    book: Session, covenant: str, by: str | Sequence[str] | Mapping[str, Any] | None
) -> list[dict[str, Any]]:
    if not by:
        raise UserError("a reverse stress needs by: the inputs that may move")
    given = by if isinstance(by, Mapping) else dict.fromkeys([by] if isinstance(by, str) else by)
    found, missed = nearest_breaches(book, covenant, unit_shocks(book, given))
    rows: list[dict[str, Any]] = [
        {"covenant": one.covenant, "label": one.label, "distance": one.distance, **one.inputs}
        | {f"{name}_shocks": shock for name, shock in one.shocks.items()}
        | {"message": ""}
        for one in found
    ]
    return rows + [{"message": message} for message in missed]
