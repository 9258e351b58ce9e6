"""Worksheet functions: average life, duration and yield."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np

from xlcredit.errors import CellError
from xlcredit.models import debt
from xlcredit.worksheet.kinds import Scalar, Series, Whole, pick, require
from xlcredit.worksheet.registry import worksheet
from xlcredit.worksheet.results import NumberResult

CATEGORY = "xlcredit: Debt"


@worksheet(CATEGORY)
def XLC_WAL(repayments: Series, periods_per_year: Whole = 12) -> NumberResult:
    """Weighted average life of a debt. [years]

    Parameters
    ----------
    repayments : series
        Principal repaid in each period, a balloon included. [USD]
    periods_per_year : number, optional

    Returns
    -------
    number
        Mean time of repayment, weighted by amount. [years]

    Raises
    ------
    #DIV/0!
        Nothing is repaid.
    #NUM!
        A repayment is negative: a further drawing has no average life.

    Notes
    -----
    sum_k (k / m) repayments_k / sum_k repayments_k, m = periods_per_year.

    Examples
    --------
    >>> call("XLC_WAL", [25, 25, 25, 25], 1)
    2.5

    References
    ----------
    .. [1] Yescombe, E., "Principles of Project Finance", 2014: average life.
    """
    life = debt.average_life(repayments, periods_per_year)
    require(not math.isnan(life), "repayments add up to 0", code="#DIV/0!")
    return life


@worksheet(CATEGORY)
def XLC_DURATION(
    cash: Series,
    rate: Scalar,
    measure: Literal["macaulay", "modified", "convexity", "pv", "half_life"] = "macaulay",
    periods_per_year: Whole = 12,
) -> NumberResult:
    """Duration, convexity and present value of a cash flow. [years, or USD for pv]

    Parameters
    ----------
    cash : series
        Cash flow of each period, from the next one on. [USD]
    rate : number
        Discount rate, nominal per year, compounded each period. [1/year]
    measure : text, optional
        macaulay, modified, convexity, pv or half_life (years by which half of the present
        value has come in, evenly inside a period). [name]
    periods_per_year : number, optional

    Returns
    -------
    number
        macaulay, modified and half_life in years; convexity in years squared; pv in USD.

    Raises
    ------
    #DIV/0!
        The present value is 0, and the measure is not pv.

    Notes
    -----
    PV = sum_k cash_k v^k, v = 1 / (1 + rate/m). macaulay = sum_k (k/m) cash_k v^k / PV;
    modified = macaulay v; convexity = sum_k k (k + 1) / m^2 cash_k v^(k + 2) / PV.

    Examples
    --------
    >>> call("XLC_DURATION", [6, 6, 106], 0.06, "all", 1)
    [['macaulay', 2.8334], ['modified', 2.673012], ['convexity', 9.89103], ['pv', 100.0],
     ['half_life', 2.43820]]

    References
    ----------
    .. [1] Macaulay, F., "Some Theoretical Problems Suggested by the Movements of Interest
       Rates", 1938.
    """
    figures: dict[str, Any] = dict(debt.duration(cash, rate, periods_per_year))
    if figures["pv"] == 0:
        nothing = CellError("#DIV/0!", "the present value of cash is 0")
        figures = {**dict.fromkeys(figures, nothing), "pv": 0.0}
    return pick(measure, **figures)


@worksheet(CATEGORY)
def XLC_DURATION_GAP(
    asset_cash: Series, debt_service: Series, rate: Scalar, periods_per_year: Whole = 12
) -> NumberResult:
    """Macaulay duration of a debt less that of the asset that pays it. [years]

    Parameters
    ----------
    asset_cash : series
        Cash flow of the asset, over its own life; after any right to switch off. [USD]
    debt_service : series
    rate : number
        Discount rate of both, nominal per year, compounded each period. [1/year]
    periods_per_year : number, optional

    Returns
    -------
    number
        Above 0 where the debt outlives the cash that should repay it. [years]

    Raises
    ------
    #DIV/0!
        The asset's cash, or the service, is worth 0.

    Notes
    -----
    XLC_DURATION of the debt service less that of the asset's cash. The two may differ in
    length; one figure alone stands for the same cash in each period of the other.

    Examples
    --------
    >>> call("XLC_DURATION_GAP", [50, 30, 20], [0, 0, 100], 0, 1)
    1.3

    References
    ----------
    .. [1] Saunders, A. and Cornett, M., "Financial Institutions Management": the duration gap.
    """
    if len(asset_cash) == 1:
        asset_cash = np.full(len(debt_service), asset_cash[0])
    if len(debt_service) == 1:
        debt_service = np.full(len(asset_cash), debt_service[0])
    asset = debt.duration(asset_cash, rate, periods_per_year)["macaulay"]
    owed = debt.duration(debt_service, rate, periods_per_year)["macaulay"]
    require(not math.isnan(asset), "the present value of asset_cash is 0", code="#DIV/0!")
    require(not math.isnan(owed), "the present value of debt_service is 0", code="#DIV/0!")
    return owed - asset


@worksheet(CATEGORY)
def XLC_ALL_IN_YIELD(
    principal: Scalar,
    debt_service: Series,
    fee: Scalar = 0.0,
    oid: Scalar = 0.0,
    exit_fee: Scalar = 0.0,
    periods_per_year: Whole = 12,
) -> NumberResult:
    """Yield of a loan with its fees and its discount, effective. [1/year]

    Parameters
    ----------
    principal : number
        Opening debt, before fees. [USD]
    debt_service : series
    fee : number, optional
        Upfront fee, as a share of principal; 0 when not given. [share]
    oid : number, optional
        Original issue discount, as a share of principal; 0 when not given. [share]
    exit_fee : number, optional
        Fee with the last payment, as a share of principal; 0 when not given. [share]
    periods_per_year : number, optional

    Returns
    -------
    number
        The yield, effective; negative if less is paid than was lent. [1/year]

    Raises
    ------
    #NUM!
        ``principal`` or all service is 0, or ``fee`` and ``oid`` take up all of the principal.

    Notes
    -----
    Solves principal (1 - fee - oid) = sum_k debt_service_k (1 + y)^(-k/m), with exit_fee
    principal added to the last service that is not 0. There is one solution at most.

    Examples
    --------
    >>> call("XLC_ALL_IN_YIELD", 100, [6, 6, 106], 0, 0, 0, 1)
    0.06
    >>> call("XLC_ALL_IN_YIELD", 100, [6, 6, 106], 0.02, 0.01, 0.005, 1)
    0.07304586

    References
    ----------
    .. [1] Fisher, I., "The Theory of Interest", 1930.
    """
    require(fee + oid < 1, "fee and oid must be below 1 together; got {} and {}", fee, oid)
    require(principal > 0, "principal must be above 0 for a yield; got {}", principal)
    require(np.any(debt_service), "there is no debt service to yield anything")
    payments = np.array(debt_service)
    payments[np.flatnonzero(payments)[-1]] += exit_fee * principal
    return debt.all_in_yield(principal * (1 - fee - oid), payments, periods_per_year)
