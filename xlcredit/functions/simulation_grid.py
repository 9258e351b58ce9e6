"""Worksheet functions: one simulated figure over two drivers."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from xlcredit.errors import CellError
from xlcredit.functions.agreement import NONE
from xlcredit.functions.simulation import SERIES, affordable, check, missing_figure
from xlcredit.models.estimates import Estimate, Figure
from xlcredit.models.simulated_loan import Deal, Terms
from xlcredit.worksheet.cells import Cells, first_error, missing, number_or_error, shown
from xlcredit.worksheet.kinds import Cell, Series, Whole
from xlcredit.worksheet.registry import worksheet
from xlcredit.worksheet.results import GridResult
from xlcredit.worksheet.vocabulary import VOCABULARY

CATEGORY = "xlcredit: Dual collateral"

Array = NDArray[np.float64]

Driver = Literal[
    "coin_vol",
    "gpu_vol",
    "correlation",
    "stressed_correlation",
    "coin_price",
    "gpu_price",
    "coin_drift",
    "gpu_drift",
    "mean_reversion",
    "jump_intensity",
    "coin_jump",
    "gpu_jump",
    "rent_beta",
    "hazard",
    "hazard_elasticity",
    "loan",
    "rate",
    "coin_units",
    "gpu_units",
    "call_ltv",
    "cure_ltv",
    "liquidation_ltv",
    "liquidity",
    "sweep",
    "coin_slippage",
    "gpu_recovery",
    "gpu_depth",
    "rent_decline",
    "scheduled",
    "contracted",
    "merchant",
    "opex",
    "relet",
]


@worksheet(CATEGORY)
def XLC_SIM_GRID(
    terms: Terms,
    row_driver: Driver,
    row_values: Series,
    column_driver: Driver,
    column_values: Series,
    series: Cell = None,
    paths: Whole = 20_000,
    seed: Whole = 1,
    figure: Figure = "call_probability",
) -> GridResult:
    """One figure of XLC_DUAL_SIM over two drivers, on the same random numbers. [grid]

    Parameters
    ----------
    terms : block
        Terms of the loan and its market, as in XLC_DUAL_SIM. [block]
    row_driver : text
        What changes from row to row: a label of the terms, rent_decline (a further yearly fall
        of merchant and relet), or a series by name, then the values are factors on it. [name]
    row_values : series
        Its value in each row. [as the driver]
    column_driver : text
        What changes from column to column. [name]
    column_values : series
        Its value in each column. [as the driver]
    series : block, optional
        The series of XLC_DUAL_SIM: a row (or a column) each, with its name in the first cell:
        scheduled, contracted, merchant, opex, relet, gpu_curve; none when not given. [block]
    paths : whole number, optional
        Number of simulated paths of each cell; 20,000 when not given. [paths]
    seed : whole number, optional
        Seed of the random numbers; 1 when not given. [number]
    figure : text, optional
        The figure of XLC_DUAL_SIM to show; call_probability when not given. [name]

    Returns
    -------
    grid
        A row for each of row_values, a column for each of column_values. [as the figure]

    Raises
    ------
    #N/A
        In a cell whose figure does not exist: no call, no enforcement.
    #NUM!
        In a cell whose terms contradict one another, such as an LTV at closing at or above
        call_ltv; for the whole grid, if its paths would take too long.
    #VALUE!
        The drivers are the same, a series has a wrong name or length, or what XLC_DUAL_SIM
        refuses.

    Notes
    -----
    All cells draw the same random numbers, so the differences between them are of the drivers
    and hardly of chance: a slope is known better than a level.

    Examples
    --------
    >>> terms = [["loan", 60], ["rate", 0.1], ["months", 12], ["coin_units", 0.5],
    ...          ["gpu_units", 5], ["coin_price", 100], ["gpu_price", 10], ["gpu_vol", 0.4],
    ...          ["call_ltv", 0.75], ["cure_ltv", 0.6], ["liquidation_ltv", 0.9]]
    >>> call("XLC_SIM_GRID", terms, "coin_vol", [0.5, 0.9], "correlation", [0, 0.8],
    ...      [["scheduled", 2]], 2000)
    [[0.082, 0.213], [0.2615, 0.393]]

    References
    ----------
    .. [1] Glasserman, P., "Monte Carlo Methods in Financial Engineering", 2004: common random
       numbers.
    """
    if row_driver == column_driver:
        raise CellError("#VALUE!", f"row_driver and column_driver are both {row_driver}")
    if not (len(row_values) and len(column_values)):
        raise CellError("#VALUE!", "row_values and column_values must hold a value each")
    given = _read_series(series)
    affordable(paths, terms, len(row_values) * len(column_values))
    check(terms, given)
    cells = [
        _cell(terms, given, {row_driver: float(row), column_driver: float(column)})
        for row in row_values
        for column in column_values
    ]
    from xlcredit.models.simulation import sweep  # noqa: PLC0415  (start-up stays short)

    deals = [cell for cell in cells if isinstance(cell, Deal)]
    found = iter(sweep(deals, figure, paths, seed) if deals else [])
    values = [
        cell if isinstance(cell, CellError) else _shown(figure, next(found)) for cell in cells
    ]
    width = len(column_values)
    return [values[at : at + width] for at in range(0, len(values), width)]


def _shown(figure: str, found: Estimate) -> float | CellError:
    return missing_figure(figure) if math.isnan(found.value) else found.value


def _cell(terms: Terms, series: dict[str, Array], drivers: dict[str, float]) -> Deal | CellError:
    """Make the deal of one cell; what contradicts itself is an error in its place."""
    changed, moved = terms, dict(series)
    try:
        for name, value in drivers.items():
            if name in SERIES:
                moved[name] = _scaled(name, moved[name], value)
            elif name == "rent_decline":
                moved = _declined(terms, moved, value)
            else:
                _require_held(name, name, value)
                changed = dataclasses.replace(changed, **{name: value})
        check(changed, moved)
    except CellError as error:
        return error
    return Deal.of(changed, **{n: s for n, s in moved.items() if len(s)})


def _require_held(name: str, word: str, value: float) -> None:
    if not VOCABULARY[word].holds(value):
        raise CellError("#NUM!", f"{name} must be {VOCABULARY[word].domain}; got {value:g}")


def _scaled(name: str, values: Array, factor: float) -> Array:
    if not len(values):
        raise CellError("#VALUE!", f"series: {name} is a driver and is not given")
    if factor < 0.0:
        raise CellError("#NUM!", f"{name} must be a factor at least 0; got {factor:g}")
    return values * factor


def _declined(terms: Terms, series: dict[str, Array], decline: float) -> dict[str, Array]:
    """Lower what moves with rents, from the middle of the first period on."""
    _require_held("rent_decline", "decline", decline)
    periods = round(terms.months * terms.periods_per_year / 12.0)
    factor = (1.0 - decline) ** ((np.arange(periods) + 0.5) / terms.periods_per_year)
    lowered = {n: series[n] * factor for n in ("merchant", "relet") if len(series[n])}
    if not lowered:
        raise CellError("#VALUE!", "series: rent_decline needs merchant or relet")
    return series | lowered


def _read_series(cell: Any) -> dict[str, Array]:
    """Read a block of labelled rows, or of labelled columns."""
    found: dict[str, Array] = dict.fromkeys(SERIES, NONE)
    if isinstance(cell, CellError):
        raise CellError(cell.code, cell.reason or f"series holds {cell.code}")
    if missing(cell):
        return found
    if not isinstance(cell, Cells):
        raise CellError("#VALUE!", "series must be rows of a name and its values")
    if error := first_error("series", cell.flat):
        raise error
    height, width = cell.shape
    rows = [cell.flat[at * width : (at + 1) * width] for at in range(height)]
    if height > 1 and isinstance(rows[0][-1], str) and width > 1:
        rows = [list(row) for row in zip(*rows, strict=True)]  # names stand above their values
    elif width == 1:
        rows = [cell.flat]
    for name, *values in rows:
        if missing(name) and all(map(missing, values)):
            continue
        label = _label(name, found)
        found[label] = _numbers(label, values)
    return found


def _label(name: Any, found: dict[str, Array]) -> str:
    label = name.strip().casefold().replace(" ", "_") if isinstance(name, str) else ""
    if label not in SERIES:
        message = f"series: {shown(name)} is no series; they are {', '.join(SERIES)}"
        raise CellError("#VALUE!", message)
    if len(found[label]):
        raise CellError("#VALUE!", f"series: {label} is given twice")
    return label


def _numbers(name: str, cells: list[Any]) -> Array:
    """Numbers of one series; what stands blank behind its end is nothing."""
    while cells and missing(cells[-1]):
        cells = cells[:-1]
    values = []
    for cell in cells:
        value = number_or_error(name, cell)
        if isinstance(value, CellError):
            raise value
        _require_held(name, name, value)
        values.append(value)
    return np.array(values)
