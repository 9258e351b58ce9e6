"""Worksheet functions: where a figure comes from and why a cell shows an error."""

from __future__ import annotations

import numpy as np

from xlcredit._version import __version__
from xlcredit.errors import CellError
from xlcredit.hints import did_you_mean
from xlcredit.worksheet import explain
from xlcredit.worksheet.cells import Cells, shown
from xlcredit.worksheet.kinds import Cell
from xlcredit.worksheet.registry import REGISTRY, worksheet
from xlcredit.worksheet.results import TextResult, TextRows

CATEGORY = "xlcredit: Audit"

#: Most characters that a cell can hold, in every host.
MOST_CHARACTERS = 32_767

#: What an error says when nobody kept a reason: it came from another formula, or from a host.
_GENERAL = {
    "#NULL!": "the ranges of the formula do not intersect",
    "#DIV/0!": "the formula divides by zero or by a blank cell",
    "#VALUE!": "an argument has the wrong type or shape",
    "#REF!": "the formula refers to a cell that no longer exists",
    "#NAME?": "the formula uses a name or a function that is not known here",
    "#NUM!": "an argument is outside its domain, or there is no solution",
    "#N/A": "there is no value: nothing was found, or the answer does not exist",
}


@worksheet(CATEGORY)
def XLC_WHY(cell: Cell) -> TextResult:
    """Reason behind an error in a cell, in one sentence. [text]

    Parameters
    ----------
    cell : cell
        The cell that shows an error; of a range, the first error, row by row. [cell]

    Returns
    -------
    text
        The reason, or a sentence that says there is no error. [text]

    Raises
    ------
    #VALUE!
        No cell was given.

    Notes
    -----
    Every error of an xlcredit function carries a reason that names the argument, what was expected
    and what was got. Errors of other formulas get the general meaning of their error value.

    Examples
    --------
    >>> call("XLC_WHY", 1.35)
    'There is no error: the cell holds 1.35.'

    References
    ----------
    .. [1] Error values: ECMA-376, part 1, section 18.17.3.
    """
    cells = cell.flat if isinstance(cell, Cells) else [cell]
    error = next((c for c in cells if isinstance(c, CellError)), None)
    if error is not None:
        return (error.reason or _GENERAL[error.code])[:MOST_CHARACTERS]
    if isinstance(cell, (Cells, np.ndarray)):
        return "There is no error in the range."
    return f"There is no error: the cell holds {shown(cell)}."


@worksheet(CATEGORY)
def XLC_EXPLAIN(function: Cell) -> TextRows:
    """Manual of a worksheet function: formula, units, errors, example and sources. [text]

    Parameters
    ----------
    function : text
        Name of a worksheet function, with or without XLC_, in any case. [name]

    Returns
    -------
    rows of text
        Two columns, a label and its text. [text]

    Raises
    ------
    #N/A
        There is no such function; the reason names one that is spelled alike.
    #VALUE!
        The argument is not text.

    Notes
    -----
    The same text as in the function wizard and in the documentation: it comes from the function.

    Examples
    --------
    >>> call("XLC_EXPLAIN", "margin_price")[0]
    ['function', 'XLC_MARGIN_PRICE(loan, coin_units, gpu_value, trigger)']

    References
    ----------
    .. [1] The documentation of xlcredit, section Functions.
    """
    if isinstance(function, CellError):
        raise function
    if not isinstance(function, str) or not function.strip():
        message = "a range" if isinstance(function, (Cells, np.ndarray)) else shown(function)
        raise CellError("#VALUE!", f"function must be the name of one; got {message}")
    # "=XLC_RENT(" is what one copies from a formula
    name = function.strip().lstrip("=").split("(")[0].strip().upper()
    known = REGISTRY.get(name) or REGISTRY.get(f"XLC_{name}")
    if known is None:
        hint = did_you_mean(name, REGISTRY)
        raise CellError("#N/A", f"there is no function {name[:40]}{hint}")
    return explain.as_rows(explain.manual(known))


@worksheet(CATEGORY)
def XLC_VERSION() -> TextResult:
    """Version of xlcredit that calculates this cell. [text]

    Returns
    -------
    text
        The version. [text]

    Notes
    -----
    Print it on the cover of a credit paper: equal inputs and an equal version give equal outputs.

    Examples
    --------
    >>> call("XLC_VERSION")
    '...'

    References
    ----------
    .. [1] Semantic versioning 2.0.0, https://semver.org.
    """
    return __version__
