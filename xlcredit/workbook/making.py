"""A term-sheet workbook from a template and a deal, built, calculated and open."""

from __future__ import annotations

import io
import os
from pathlib import Path

from xlcredit.deals import load, located, read_deal
from xlcredit.errors import FormulaError
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package
from xlcredit.recalc import recalculate
from xlcredit.workbook.build import build
from xlcredit.workbook.session import Session

__all__ = ["new_workbook"]


def new_workbook(
    template: str | os.PathLike[str], deal: str | os.PathLike[str] | None = None
) -> Session:
    """Build the workbook of a deal and open it; :meth:`Session.save` writes it.

    Parameters
    ----------
    template : str or Path
        The name of a template that ships, or the path of a ``template.toml``.
    deal : str or Path, optional
        The deal file; without it, the filled example of the template.

    Returns
    -------
    Session
        The workbook, calculated.

    Raises
    ------
    DealError
        If the template or the deal has an unknown key, a wrong unit or a value out of range.

    Examples
    --------
    >>> with new_workbook("gpu-term-loan") as book:
    ...     book["gpu_model"]
    'GB200 NVL72'
    """
    spec, home = load(os.fspath(template))
    filled = read_deal(Path(deal) if deal is not None else home / "deal.toml", spec)
    try:
        formulas = build(spec, filled)
    except FormulaError as error:
        raise located(error, home / "template.toml") from None
    values = io.BytesIO()
    recalculate(formulas, values)
    return Session(Book(Package(values.getvalue(), f"{spec.name}.xlsx")))
