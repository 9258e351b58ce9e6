"""Worksheet functions: rents and revenue."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from xlcredit.errors import CellError
from xlcredit.models import rents as models
from xlcredit.models.debt import MOST_PERIODS
from xlcredit.worksheet.kinds import (
    Dates,
    Number,
    Scalar,
    Series,
    align,
    checked,
    few,
    pick,
    require,
    rule,
)
from xlcredit.worksheet.registry import worksheet
from xlcredit.worksheet.results import NumberOrRange, NumberResult, ScheduleResult

CATEGORY = "xlcredit: Rents and revenue"

_NONE = np.empty(0)


@worksheet(CATEGORY)
def XLC_RENT(
    rent: Number,
    decline: Number,
    month: Number,
    floor: Number = 0.0,
    step_months: Series = _NONE,
    step_drops: Series = _NONE,
) -> NumberOrRange:
    """Rent of a GPU-hour at a month on a curve that falls, steps or rises. [USD/GPU-hour]

    Parameters
    ----------
    rent : number or range
        Rent today. [USD/GPU-hour]
    decline : number or range
        Yearly fall, effective; negative for rents that rise. [1/year]
    month : number or range
    floor : number or range, optional
        Level below which the rent does not fall; 0 when not given. It must not exceed
        ``rent``. [as the value]
    step_months : series, optional
        Months at which the rent steps, for example successor launches. [months]
    step_drops : series, optional
        Fall at each step, one per step month or one for all; negative for a rise. [share]

    Returns
    -------
    number or range
        Rent at each month. [USD/GPU-hour]

    Raises
    ------
    #NUM!
        ``floor`` exceeds ``rent``, an argument is outside its domain, or there are more than 1000
        steps.
    #VALUE!
        ``step_months`` and ``step_drops`` differ in length.

    Notes
    -----
    max(floor, rent (1 - decline)^(month/12) prod(1 - drop_j)) over the steps j with
    step_month_j <= month.

    Examples
    --------
    >>> call("XLC_RENT", 2.5, 0.3, [0, 12, 24])
    [[2.5], [1.75], [1.225]]
    >>> call("XLC_RENT", 2.5, 0.0, 12, 0, [6, 18], 0.25)
    1.875

    References
    ----------
    .. [1] Geometric decline: Hulten, C. and Wykoff, F., "The measurement of economic
       depreciation", 1981. Steps at successor launches: posted cloud prices, for example
       AWS P5 in June 2025.
    """
    few(step_months=step_months, step_drops=step_drops)
    if len(step_months) or len(step_drops):
        step_months, step_drops = align(step_months=step_months, step_drops=step_drops)
    return checked(
        models.rent(rent, decline, month, floor, step_months, step_drops),
        rule(np.less_equal(floor, rent), "floor must not exceed rent; got {} and {}", floor, rent),
    )


@worksheet(CATEGORY)
def XLC_RENT_FIT(
    dates: Dates,
    rents: Series,
    measure: Literal["decline", "half_life", "r_squared", "std_error"] = "decline",
) -> NumberResult:
    """Yearly fall of observed rents, by a log-linear fit. [1/year, months or ratio]

    Parameters
    ----------
    dates : series
        Dates of observation, in any order; at least two of them differ. [dates]
    rents : series
        Observed rents, one per date, above 0. [USD/GPU-hour]
    measure : text, optional
        decline (effective per year; negative if rents rise), half_life (months), r_squared, or
        std_error (of the yearly log slope). [name]

    Returns
    -------
    number
        The measure: decline and std_error [1/year], half_life [months], r_squared [ratio].

    Raises
    ------
    #NUM!
        A rent is 0; or a half-life is asked for and rents do not fall.
    #DIV/0!
        All dates are the same; r_squared of rents that never move; std_error of two points.
    #VALUE!
        ``dates`` and ``rents`` differ in length.

    Notes
    -----
    Least squares of ln rent on time in years of 365 days: decline = 1 - exp(slope), half_life
    = -12 ln 2 / slope, std_error = sqrt(SSE / (n - 2) / Sxx). The panel behind posted rents
    changes, so the error understates what is not known.

    Examples
    --------
    >>> call("XLC_RENT_FIT", [44927, 45292, 45657], [4.0, 2.8, 1.96])
    0.3
    >>> call("XLC_RENT_FIT", [44927, 45292, 45657], [4.0, 3.0, 2.0], "r_squared")
    0.990467

    References
    ----------
    .. [1] Hulten, C. and Wykoff, F., "The measurement of economic depreciation", 1981.
    """
    require(
        len(dates) == len(rents),
        "dates and rents must have the same length; got {} and {}",
        len(dates),
        len(rents),
        code="#VALUE!",
    )
    require(rents > 0, "rents must be above 0 for a log-linear fit")
    require(np.any(dates != dates[0]), "all dates are the same", code="#DIV/0!")
    years = (dates - dates[0]).astype(np.float64) / 365.0
    figures: dict[str, Any] = dict(models.fit(years, rents))
    reasons = {
        "half_life": CellError("#NUM!", "rents do not fall, so there is no half-life"),
        "r_squared": CellError("#DIV/0!", "rents do not move, so there is nothing to explain"),
        "std_error": CellError("#DIV/0!", "two observations leave no error to measure"),
    }
    missing = {name: error for name, error in reasons.items() if math.isnan(figures[name])}
    return pick(measure, **{**figures, **missing})


@worksheet(CATEGORY)
def XLC_PARITY_RENT(
    new_rent: Number,
    performance_ratio: Number,
    kw: Number,
    pue: Number,
    power_price: Number,
    other_cost: Number = 0.0,
) -> NumberOrRange:
    """Net earnings of an old card's hour when the newest card sets the rent. [USD/GPU-hour]

    Parameters
    ----------
    new_rent : number or range
    performance_ratio : number or range
    kw : number or range
        IT power of the old card, its share of the server included. [kW]
    pue : number or range
        Power usage effectiveness of the site, at least 1. [ratio]
    power_price : number or range
    other_cost : number or range, optional
        Other cash cost of an hour; 0 when not given. [USD/GPU-hour]

    Returns
    -------
    number or range
        Net earnings; negative where the card is better switched off. [USD/GPU-hour]

    Raises
    ------
    #NUM!
        An argument is outside its domain, for example a ``pue`` below 1.

    Notes
    -----
    new_rent performance_ratio - kw pue power_price - other_cost: users pay the same for the
    same work. The cost does not fall with the rent, so the net reaches 0 while the rent is
    still positive.

    Examples
    --------
    >>> call("XLC_PARITY_RENT", 4.2, 0.25, 1.2, 1.3, 0.07, 0.15)
    0.7908
    >>> call("XLC_PARITY_RENT", [4.2, 2.1, 1.0], 0.25, 1.2, 1.3, 0.07, 0.15)
    [[0.7908], [0.2658], [-0.0092]]

    References
    ----------
    .. [1] Jorgenson, D., "Empirical studies of depreciation", Economic Inquiry, 1996.
    """
    return models.parity_rent(new_rent, performance_ratio, kw, pue, power_price, other_cost)


@dataclass(frozen=True)
class ContractTerms:
    """The fleet, its contract, its tenant and the market."""

    units: float
    contract_share: float
    contract_rent: float
    escalation: float
    contract_months: float
    availability: float
    hazard: float
    downtime_months: float
    termination_months: float
    termination_recovery: float
    rent: float
    decline: float
    utilisation: float
    hours_per_year: float = 8760.0


@worksheet(CATEGORY)
def XLC_CONTRACT_REVENUE(terms: ContractTerms, months: Scalar) -> ScheduleResult:
    """Revenue expected of a fleet partly let to a tenant who may default, by month. [USD]

    Parameters
    ----------
    terms : block
        units, contract_share, contract_rent, escalation, contract_months, availability, hazard,
        downtime_months, termination_months, termination_recovery, rent, decline, utilisation;
        hours_per_year (8760) may be left out. [block]
    months : number
        Number of months in the schedule, whole. [months]

    Returns
    -------
    schedule
        A row per month: contract, re-let, merchant and termination revenue, and their
        total. [USD]

    Raises
    ------
    #VALUE!
        A label is unknown, given twice, or missing: nothing about the tenant is assumed.
    #NUM!
        ``months`` is 0 or not whole, or a term is outside its domain.

    Notes
    -----
    With h = hours_per_year / 12, s = contract_share, S_k = exp(-hazard k/12) the tenant's
    survival, market rent at mid-month and escalation once a year: contract_k = units h s
    availability contract_rent (1 + escalation)^floor((k-1)/12) S_k to the end of the contract.
    A tenant who defaults in a month does not pay for it; termination_months of that month's
    contract revenue are claimed and termination_recovery of the claim is paid at once; after
    downtime_months empty months the cards earn the market rent. After the contract all do.
    merchant_k = units h (1 - s) utilisation rent_k.

    Examples
    --------
    >>> terms = {"units": 1000, "contract_share": 0.8, "contract_rent": 2.4, "escalation": 0,
    ...          "contract_months": 36, "availability": 0.98, "hazard": 0.05,
    ...          "downtime_months": 3, "termination_months": 6, "termination_recovery": 0.4,
    ...          "rent": 2.1, "decline": 0.2, "utilisation": 0.75}
    >>> call("XLC_CONTRACT_REVENUE", terms, 36)[0]
    [1367856.7, 0.0, 227821.9, 13707.1, 1609385.7]

    References
    ----------
    .. [1] O'Kane, D., "Modelling Single-name and Multi-name Credit Derivatives", 2008.
    """
    require(months == math.floor(months), "months must be a whole number; got {}", months)
    require(1 <= months <= MOST_PERIODS, "months must be at least 1; got {}", months)
    given = asdict(terms)
    for name in ("contract_months", "downtime_months"):
        given[name] = int(given[name])
    return models.contract_revenue(int(months), **given)
