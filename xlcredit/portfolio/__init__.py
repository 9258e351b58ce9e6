"""Many loans: workbooks, deal files and loan tapes, calculated in parallel into one tape.

The package is called like a function: ``xlcredit.portfolio("deals/*.xlsx", "tape.csv")``.
"""

from __future__ import annotations

import sys
import types
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import os

    from xlcredit.portfolio.run import Portfolio

__all__ = ["portfolio"]


def portfolio(
    *sources: str | os.PathLike[str],
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
    *sources : str or Path
        Workbooks, deal files, loan tapes (CSV, Parquet), folders of them, and patterns.
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
    import os  # noqa: PLC0415
    import warnings  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    from xlcredit.errors import UserError  # noqa: PLC0415
    from xlcredit.portfolio.run import Request, run_portfolio  # noqa: PLC0415

    for source in sources:
        if not isinstance(source, (str, os.PathLike)):
            kind = type(source).__name__
            remedy = 'write it with .to_csv("tape.csv", index=False) and name that file'
            raise UserError(f"a source is the name of a file or a pattern; got a {kind}: {remedy}")
    request = Request(
        sources=[str(source) for source in sources],
        outputs=[Path(output)] if output is not None else [],
        template=template,
        workers=workers,
        resume=resume,
        force=overwrite,
        scheduler=scheduler,
    )
    return run_portfolio(request, told=lambda message: warnings.warn(message, stacklevel=4))


class _Callable(types.ModuleType):
    """A package of the same name as the one function that people want from it."""

    def __call__(self, *sources: Any, **options: Any) -> Portfolio:
        return portfolio(*sources, **options)


sys.modules[__name__].__class__ = _Callable
