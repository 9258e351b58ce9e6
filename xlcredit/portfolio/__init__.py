"""Many loans: workbooks, deal files and loan tapes, calculated in parallel into one tape.

The package is called like a function: ``xlcredit.portfolio("deals/*.xlsx", "tape.csv")``.
"""

from __future__ import annotations

import sys
import types
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import os

    import pandas as pd

    from xlcredit.portfolio.loans import Frame
    from xlcredit.portfolio.run import Portfolio

__all__ = ["portfolio"]


def portfolio(
    *sources: str | os.PathLike[str] | pd.DataFrame,
    output: str | os.PathLike[str] | None = None,
    template: str | None = None,
    workers: int = 0,
    resume: bool = False,
    overwrite: bool = False,
    scheduler: str | None = None,
) -> Portfolio:
    """Calculate a book of loans.

    Parameters
    ----------
    *sources : str, Path or DataFrame
        Workbooks, deal files, loan tapes (CSV, Parquet), folders of them, and patterns; a
        DataFrame is a loan tape: one row a loan, the template's names as columns, ``id`` a
        column or the index.
    output : str or Path, optional
        The tape to write: ``.parquet``, ``.csv`` or ``.xlsx``.
    template : str, optional
        Name or path of the template, for tapes without a column ``template``.
    workers : int
        Processes; 0: as many as there are processors.
    resume : bool
        Whether to go on with a run on this output that was broken off.
    overwrite : bool
        Whether ``output`` may exist already.
    scheduler : str, optional
        Address of a Dask scheduler that the loans are sent to.

    Returns
    -------
    Portfolio
        ``tape`` as pandas has it, ``counts``, ``errors``.

    Raises
    ------
    UserError
        If nothing can be run as asked. What is wrong with one loan stands in its row.

    Examples
    --------
    >>> import xlcredit
    >>> book = xlcredit.portfolio("templates/gpu-term-loan/deal.toml", workers=1)
    >>> len(book.results), book.errors
    (1, {})
    """
    import warnings  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    from xlcredit.portfolio.run import Request, run_portfolio  # noqa: PLC0415

    request = Request(
        sources=[_source(source, number) for number, source in enumerate(sources, start=1)],
        outputs=[Path(output)] if output is not None else [],
        template=template,
        workers=workers,
        resume=resume,
        force=overwrite,
        scheduler=scheduler,
    )
    return run_portfolio(request, told=lambda message: warnings.warn(message, stacklevel=4))


def _source(source: Any, number: int) -> str | Frame:
    """What a run is given: the name of files, or the rows of a DataFrame."""
    import os  # noqa: PLC0415

    from xlcredit.errors import UserError  # noqa: PLC0415
    from xlcredit.portfolio.loans import Frame  # noqa: PLC0415

    if isinstance(source, str | os.PathLike):
        return str(source)
    if not hasattr(source, "to_csv"):
        kind = type(source).__name__
        raise UserError(f"a source is the name of a file, a pattern or a DataFrame; got a {kind}")
    content: str = source.to_csv(index=source.index.name == "id")
    return Frame(f"DataFrame {number}", content.encode())


class _Callable(types.ModuleType):
    """A package of the same name as the one function that people want from it."""

    def __call__(self, *sources: Any, **options: Any) -> Portfolio:
        return portfolio(*sources, **options)


sys.modules[__name__].__class__ = _Callable
