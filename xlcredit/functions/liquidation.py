"""Worksheet functions: what the market pays when a lot must be sold."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from xlcredit.models import liquidation
from xlcredit.worksheet.kinds import Number
from xlcredit.worksheet.registry import worksheet
from xlcredit.worksheet.results import NumberOrRange

CATEGORY = "xlcredit: Residual and liquidation value"


@dataclass(frozen=True)
class SaleCosts:
    """Costs of a sale; 0 where not given."""

    decline: float = 0.0
    discount_rate: float = 0.0
    commission: float = 0.0
    relocation: float = 0.0
    storage: float = 0.0
    fixed: float = 0.0


_NO_COSTS = SaleCosts()


@worksheet(CATEGORY)
def XLC_LIQUIDATION_VALUE(
    units: Number,
    price: Number,
    days: Number,
    daily_depth: Number,
    haircut: Number = 0.0,
    impact: Number = 0.0,
    exponent: Number = 0.6,
    terms: SaleCosts = _NO_COSTS,
) -> NumberOrRange:
    """Net proceeds of selling a lot of GPUs within a number of days. [USD]

    Parameters
    ----------
    units : number or range
    price : number or range
        Orderly market price of one GPU today. [USD/unit]
    days : number or range
        Days in which the lot must be sold: 90 to 180 for an orderly value (NOLV), 15 to 60
        for a forced one (FLV). [days]
    daily_depth : number or range
    haircut : number or range, optional
        Price haircut for power density and cooling; 0 when not given. [share]
    impact : number or range, optional
        Log discount of the last unit of a lot as large as days times daily depth; 0 when not
        given, so that the market takes any lot at the price. [log]
    exponent : number or range, optional
        Power of price impact; 0.6 when not given, 0.5 for the square-root law. [power]
    terms : block, optional
        Costs, each 0 when not given: decline and discount_rate (yearly), commission (share of
        gross), relocation (per unit), storage (per unit and day), fixed. [block]

    Returns
    -------
    number or range
        Net proceeds, never below 0. [USD]

    Raises
    ------
    #NUM!
        An argument is outside its domain, for example no days or no depth.
    #VALUE!
        ``terms`` holds an unknown label, or one label twice.

    Notes
    -----
    gross = units price (1 - haircut) (1 - decline)^(days/730) A, where A is the mean of
    exp(-impact (q / (days daily_depth))^exponent) over the units q sold: selling walks the
    book. Net = max(0, gross (1 - commission) - units relocation - units storage days/2 -
    fixed) (1 + discount_rate)^(-days/730): units leave evenly, so costs and discount run for
    half the days.

    Examples
    --------
    >>> call("XLC_LIQUIDATION_VALUE", 1000, 11500, 90, 20, 0.1)
    10350000.0
    >>> call("XLC_LIQUIDATION_VALUE", 10000, 18000, 15, 15, 0.3, 0.6, 0.6, {
    ...     "decline": 0.35, "discount_rate": 0.12, "commission": 0.07, "relocation": 350,
    ...     "storage": 1.25, "fixed": 150000})
    5349598.429

    References
    ----------
    .. [1] Almgren, R., Thum, C., Hauptmann, E. and Li, H., "Direct estimation of equity market
       impact", Risk, 2005.
    .. [2] Toth, B. et al., "Anomalous price impact and the critical nature of liquidity in
       financial markets", Physical Review X 1, 2011.
    .. [3] OCC, Comptroller's Handbook, "Asset-Based Lending", 2014.
    """
    return liquidation.liquidation_value(
        units, price, days, daily_depth, haircut, impact, exponent, **asdict(terms)
    )


@worksheet(CATEGORY)
def XLC_SALE_DAYS(
    units: Number, daily_depth: Number, impact: Number, exponent: Number, holding_cost: Number
) -> NumberOrRange:
    """Days over which to sell a lot: price impact and the cost of waiting, least in sum. [days]

    Parameters
    ----------
    units : number or range
    daily_depth : number or range
    impact : number or range
        Log discount of the last unit of a lot as large as the depth over the sale. [log]
    exponent : number or range
        Power of price impact. [power]
    holding_cost : number or range
        Log cost of waiting a day: falling prices, storage, interest. [1/day]

    Returns
    -------
    number or range
        The days; 0 without units or impact. [days]

    Raises
    ------
    #NUM!
        An argument is outside its domain, for example a ``holding_cost`` of 0.

    Notes
    -----
    Minimises impact (units / (daily_depth T))^exponent + holding_cost T over T, which gives
    T = (exponent impact (units / daily_depth)^exponent / holding_cost)^(1 / (1 + exponent)).

    Examples
    --------
    >>> call("XLC_SALE_DAYS", 1000, 20, 0.35, 0.6, 0.0015)
    95.157664

    References
    ----------
    .. [1] Almgren, R. and Chriss, N., "Optimal execution of portfolio transactions", Journal of
       Risk 3, 2000.
    """
    return liquidation.sale_days(units, daily_depth, impact, exponent, holding_cost)
