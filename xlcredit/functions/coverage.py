"""Worksheet functions: coverage ratios."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from xlcredit.errors import CellError
from xlcredit.models import coverage
from xlcredit.models.debt import MOST_PERIODS
from xlcredit.worksheet.kinds import Scalar, Series, Whole, align, pick, require
from xlcredit.worksheet.registry import worksheet
from xlcredit.worksheet.results import NumberOrSeries, NumberResult

CATEGORY = "xlcredit: Coverage and covenants"

_ZERO = np.zeros(1)


@worksheet(CATEGORY)
def XLC_DSCR(
    cfads: Series,
    debt_service: Series,
    measure: Literal["min", "average", "pooled", "last", "series"] = "min",
    window: Whole = 1,
) -> NumberOrSeries:
    """Debt service cover: cash flow available for debt service over the service. [ratio]

    Parameters
    ----------
    cfads : series
        Cash flow available for debt service; may be negative. [USD]
    debt_service : series
        Interest plus principal. [USD]
    measure : text, optional
        min, average (of the ratios), pooled (all cash over all service), last (the last period
        that has a ratio) or series. [name]
    window : number, optional
        Periods in a rolling sum of both, 1 when not given: 12 on months is T12M. The first
        window - 1 periods have no ratio. [periods]

    Returns
    -------
    number or series
        The ratio; as a series ``#N/A`` in periods that have none. [ratio]

    Raises
    ------
    #N/A
        No period has service, or the window is longer than the series.
    #VALUE!
        The series differ in length, or a period is blank.

    Notes
    -----
    cfads_k / debt_service_k. Periods without service do not count in any measure. A rolling
    window adds up all of its periods, so that monthly cash meets quarterly service; pooled is
    over all periods with service, whatever the window. An average hides a failing period: in
    the example cover averages 1.40 and ends at 0.61.

    Examples
    --------
    >>> call("XLC_DSCR", [100, 70, 49, 34.3, 24.01], 39.569622, "all")
    [['min', 0.6068], ['average', 1.4016], ['pooled', 1.4016], ['last', 0.6068]]
    >>> call("XLC_DSCR", [10, 12, 14], [0, 8, 8], "series")
    [[CellError('#N/A', 'no debt service in this period')], [1.5], [1.75]]

    References
    ----------
    .. [1] Yescombe, E., "Principles of Project Finance", 2014.
    """
    cfads, debt_service = align(cfads=cfads, debt_service=debt_service)
    return _cover(cfads, debt_service, measure, window)


def _cover(cfads: Series, debt_service: Series, measure: str, window: int) -> NumberOrSeries:
    """Answer one measure of the cover; ``#N/A`` where there is none."""
    ratios = coverage.cover(cfads, debt_service, window)
    missing = np.isnan(ratios)
    if measure == "series":
        return _with_gaps(ratios, missing, window)
    require(np.any(debt_service), "no period has debt service", code="#N/A")
    pooled = coverage.pooled_cover(cfads, debt_service)
    if missing.all():
        nothing = CellError("#N/A", f"no period has a full window of {window} with debt service")
        return pick(measure, min=nothing, average=nothing, pooled=pooled, last=nothing)
    counted = ratios[~missing]
    return pick(
        measure,
        min=float(counted.min()),
        average=math.fsum(counted) / len(counted),
        pooled=pooled,
        last=float(counted[-1]),
    )


def _with_gaps(ratios: Series, missing: NDArray[np.bool_], window: int) -> NDArray[Any]:
    if not missing.any():
        return ratios
    cells = ratios.astype(object)
    cells[missing] = CellError("#N/A", "no debt service in this period")
    cells[: window - 1] = CellError("#N/A", f"fewer than {window} periods so far")
    return cells


@worksheet(CATEGORY)
def XLC_RENT_DSCR(
    rents: Series,
    gpus: Series,
    utilisation: Series,
    opex: Series,
    debt_service: Series,
    contracted: Series = _ZERO,
    measure: Literal["min", "average", "pooled", "last", "series"] = "min",
    window: Whole = 1,
) -> NumberOrSeries:
    """Debt service cover on a rent curve, month by month. [ratio]

    Parameters
    ----------
    rents : series
        Rent of a GPU-hour, one value per month. [USD/GPU-hour]
    gpus : series
        Cards not under contract, one figure or one per month. [units]
    utilisation : series
        Share of hours let, one figure or one per month. [share]
    opex : series
        Operating cost of each month. [USD]
    debt_service : series
        Interest plus principal of each month. [USD]
    contracted : series, optional
        Contracted revenue of each month; 0 when not given. [USD]
    measure : text, optional
        min, average, pooled, last or series, as in XLC_DSCR. [name]
    window : number, optional
        Months in a rolling sum; 1 when not given. [periods]

    Returns
    -------
    number or series
        The ratio; as a series ``#N/A`` in months that have none. [ratio]

    Raises
    ------
    #N/A
        No month has service, or the window is longer than the series.
    #VALUE!
        The series differ in length, or a month is blank.

    Notes
    -----
    XLC_DSCR of contracted + gpus 730 utilisation rent - opex, at 730 hours a month.

    Examples
    --------
    >>> call("XLC_RENT_DSCR", [2.0, 1.9, 1.8], 1000, 0.8, 300000, 600000)
    1.252
    >>> call("XLC_RENT_DSCR", [2.0, 1.9, 1.8], 1000, 0.8, 300000, 600000, 0, "series")
    [[1.4466667], [1.3493333], [1.252]]

    References
    ----------
    .. [1] Yescombe, E., "Principles of Project Finance", 2014.
    """
    rents, gpus, utilisation, opex, debt_service, contracted = align(
        rents=rents,
        gpus=gpus,
        utilisation=utilisation,
        opex=opex,
        debt_service=debt_service,
        contracted=contracted,
    )
    cfads = coverage.rent_cfads(rents, gpus, utilisation, opex, contracted)
    return _cover(cfads, debt_service, measure, window)


@worksheet(CATEGORY)
def XLC_LLCR(
    cfads: Series,
    balance: Scalar,
    rate: Scalar,
    periods: Whole,
    reserve: Scalar = 0.0,
    periods_per_year: Whole = 12,
) -> NumberResult:
    """Loan life cover: present value of cash flow to the loan's end, over the debt. [ratio]

    Parameters
    ----------
    cfads : series
        Cash flow available for debt service from the next period on. [USD]
    balance : number
    rate : number
    periods : number
        Number of periods to the end of the loan. [periods]
    reserve : number, optional
    periods_per_year : number, optional

    Returns
    -------
    number
        The ratio. [ratio]

    Raises
    ------
    #DIV/0!
        ``balance`` is 0.
    #NUM!
        ``periods`` is 0, or longer than ``cfads``.

    Notes
    -----
    (sum over k <= periods of cfads_k (1 + i)^-k + reserve) / balance, i = rate /
    periods_per_year. A single cash flow stands for the same one in each period.

    Examples
    --------
    >>> call("XLC_LLCR", [100, 100, 100, 100, 100, 80, 60, 40], 324.027984, 0.06, 5, 0, 1)
    1.3
    >>> call("XLC_LLCR", [100, 70, 49, 34.3, 24.01], 150, 0.1, 5, 0, 1)
    1.492736

    References
    ----------
    .. [1] Yescombe, E., "Principles of Project Finance", 2014.
    """
    require(periods >= 1, "periods must be at least 1; got {}", periods)
    known = len(cfads) if len(cfads) > 1 else MOST_PERIODS
    require(
        periods <= known, "periods must not exceed those of cfads; got {} of {}", periods, known
    )
    if len(cfads) == 1:
        cfads = np.full(periods, cfads[0])
    return _life_cover(cfads[:periods], balance, rate / periods_per_year, reserve)


def _life_cover(cfads: Any, balance: float, rate: float, reserve: float) -> float:
    require(balance > 0, "balance is 0: there is no debt to cover", code="#DIV/0!")
    return coverage.life_cover(cfads, balance, rate, reserve)


@worksheet(CATEGORY)
def XLC_PLCR(
    cfads: Series,
    balance: Scalar,
    rate: Scalar,
    reserve: Scalar = 0.0,
    periods_per_year: Whole = 12,
) -> NumberResult:
    """Project life cover: present value of all cash flow to come, over the debt. [ratio]

    Parameters
    ----------
    cfads : series
        Cash flow available for debt service from the next period to the project's end. [USD]
    balance : number
    rate : number
    reserve : number, optional
    periods_per_year : number, optional

    Returns
    -------
    number
        The ratio. [ratio]

    Raises
    ------
    #DIV/0!
        ``balance`` is 0.

    Notes
    -----
    (sum_k cfads_k (1 + i)^-k + reserve) / balance, i = rate / periods_per_year. If the operator
    may switch off, pass the cash flow after that choice.

    Examples
    --------
    >>> call("XLC_PLCR", [100, 100, 100, 100, 100, 100, 100, 100], 324.027984, 0.06, 0, 1)
    1.916437

    References
    ----------
    .. [1] Yescombe, E., "Principles of Project Finance", 2014.
    """
    return _life_cover(cfads, balance, rate / periods_per_year, reserve)


@worksheet(CATEGORY)
def XLC_BREAKEVEN_DECLINE(
    contracted: Series,
    merchant: Series,
    opex: Series,
    debt_service: Series,
    target_dscr: Series,
    periods_per_year: Whole = 12,
) -> NumberResult:
    """Yearly fall of rents at which the lowest debt service cover meets a target. [1/year]

    Parameters
    ----------
    contracted : series
        Contracted revenue, which does not move with rents. [USD]
    merchant : series
    opex : series
        Operating cost. [USD]
    debt_service : series
        Interest plus principal. [USD]
    target_dscr : series
        Debt service cover that must be kept, one figure or one per period. [ratio]
    periods_per_year : number, optional

    Returns
    -------
    number
        The decline, effective: 1 if even free rent passes, negative if rents must rise.
        [1/year]

    Raises
    ------
    #NUM!
        The target is missed even with rents doubling every year.
    #N/A
        No period has service.
    #VALUE!
        The series differ in length, or a period is blank.

    Notes
    -----
    The largest d in [-1, 1] at which (contracted_k + merchant_k (1 - d)^((k - 1/2)/m) - opex_k)
    / debt_service_k >= target_k in every period k with service. Each period has its own d in
    closed form; the smallest of them is the answer. A period that meets its target to twelve
    digits without merchant revenue passes: a debt sculpted on its contract does.

    Examples
    --------
    >>> call("XLC_BREAKEVEN_DECLINE", 0, 100, 20, [50, 50, 50], 1.2, 1)
    0.08538990
    >>> call("XLC_BREAKEVEN_DECLINE", 90, 100, 20, 50, 1.2, 1)
    1.0

    References
    ----------
    .. [1] Yescombe, E., "Principles of Project Finance", 2014: break-even cases.
    """
    contracted, merchant, opex, debt_service, target_dscr = align(
        contracted=contracted,
        merchant=merchant,
        opex=opex,
        debt_service=debt_service,
        target_dscr=target_dscr,
    )
    decline = coverage.breakeven_decline(
        contracted, merchant, opex, debt_service, target_dscr, periods_per_year
    )
    require(not math.isnan(decline), "no period has debt service", code="#N/A")
    require(decline >= -1, "the target is missed even with rents doubling every year")
    return decline
