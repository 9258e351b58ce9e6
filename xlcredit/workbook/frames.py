"""A monthly sheet as pandas has it: its rows by their labels, its months by their dates."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from xlcredit.errors import RecalcError
from xlcredit.workbook.places import FIRST, LABEL, MONTH, OPENING, PERIOD_END, UNIT

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["by_months"]


def by_months(cells: pd.DataFrame, sheet: str) -> pd.DataFrame:
    """Give the rows of a sheet that has months, without what else stands on it.

    Parameters
    ----------
    cells : DataFrame
        The sheet, cell by cell.
    sheet : str
        Its name.

    Raises
    ------
    RecalcError
        If it has no months.
    """
    import pandas as pd  # noqa: PLC0415 - takes its time

    labels = [text if isinstance(text, str) else "" for text in cells.iloc[:, LABEL - 1]]
    heads = [at for at, pair in enumerate(pairwise(labels)) if pair == (MONTH, PERIOD_END)]
    if not heads:
        raise RecalcError(f"{sheet}: is no sheet of months; read its cells with book.table")
    head = heads[0]
    ends = cells.iloc[head + 1, OPENING - 1 :]
    months = cells.iloc[head + 2 :, OPENING - 1 :].loc[:, ends.notna()]
    kept = months.iloc[:, FIRST - OPENING :].notna().any(axis=1)
    rows = [(labels[at], cells.iloc[at, UNIT - 1]) for at in range(head + 2, len(cells))]
    months = months.set_axis(pd.DatetimeIndex(ends[ends.notna()], name="period_end"), axis=1)
    months = months.set_axis(pd.MultiIndex.from_tuples(rows, names=["row", "unit"]), axis=0)
    return months[kept.to_numpy()].infer_objects()
