"""The worksheet functions: one registry that feeds every host.

``call("XLC_DSCR", cfads, debt_service)`` gives what the cell would show: a float, str, bool,
``datetime.date`` or a list of row lists; an error is raised as
:class:`xlcredit.errors.CellError`.
"""

from __future__ import annotations

from typing import Any

from xlcredit.errors import CellError

# Importing a category registers its functions; the order is that of the reference.
from xlcredit.functions import (  # isort: skip
    rents,
    curves,
    residual,
    liquidation,
    debt,
    waterfall,
    repayment,
    revolver,
    yields,
    coverage,
    covenants,
    collateral,
    breach,
    margin,
    simulation,
    simulation_grid,
    pricing,
    audit,
    catalogue,
)
from xlcredit.hints import did_you_mean
from xlcredit.worksheet.boundary import OMITTED, Kept, evaluate
from xlcredit.worksheet.registry import REGISTRY, Function, Parameter

__all__ = [
    "CATEGORIES",
    "OMITTED",
    "REGISTRY",
    "Function",
    "Kept",
    "Parameter",
    "call",
    "evaluate",
]

#: The modules that define the functions, in the order of the reference.
CATEGORIES = (
    rents,
    curves,
    residual,
    liquidation,
    debt,
    waterfall,
    repayment,
    revolver,
    yields,
    coverage,
    covenants,
    collateral,
    breach,
    margin,
    simulation,
    simulation_grid,
    pricing,
    audit,
    catalogue,
)


def call(name: str, *raw: Any) -> Any:
    """Evaluate a worksheet function on raw cells.

    Parameters
    ----------
    name : str
        Name of the function, with its prefix, in any case.
    *raw
        Arguments as cells hold them: numbers, text, lists (a column), lists of rows, NumPy
        arrays, pandas Series and frames, ``None`` for a blank cell.

    Returns
    -------
    float, str, bool, datetime.date or list of lists
        What the cell would show; blocks as a list of rows. Inside a block an error is a
        ``CellError`` in its place.

    Raises
    ------
    CellError
        The error value that the cell would show, with its reason.

    Examples
    --------
    >>> call("XLC_RENT", 2.5, 0.3, [0, 12, 24])
    [[2.5], [1.75], [1.225]]
    """
    function = REGISTRY.get(name) or REGISTRY.get(name.upper())
    if function is None:
        hint = did_you_mean(name, REGISTRY)
        raise CellError("#NAME?", f"{name} is not a function of xlcredit{hint}")
    return evaluate(function, raw)
