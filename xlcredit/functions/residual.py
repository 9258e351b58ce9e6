"""Worksheet functions: residual value of GPUs."""

from __future__ import annotations

from typing import Literal

import numpy as np

from xlcredit.functions.agreement import fit
from xlcredit.models import residual
from xlcredit.worksheet.kinds import Number, Scalar, Series, align, checked, few, pick, rule
from xlcredit.worksheet.registry import worksheet
from xlcredit.worksheet.results import NumberOrRange, NumberResult

CATEGORY = "xlcredit: Residual and liquidation value"

_NONE = np.empty(0)
_NO_SCRAP = np.zeros(1)


@worksheet(CATEGORY)
def XLC_GPU_RESIDUAL(
    cost: Number,
    age: Number,
    decline: Number,
    launch_months: Series = _NONE,
    launch_drops: Series = _NONE,
    floor: Number = 0.0,
    lead: Number = 0.0,
    ramp: Number = 0.0,
) -> NumberOrRange:
    """Value of a GPU that wears between launches and drops at each successor's launch. [USD]

    Parameters
    ----------
    cost : number or range
        Purchase price of one GPU, or of the lot. [USD]
    age : number or range
    decline : number or range
        Yearly fall between launches, effective; negative for a rise. [1/year]
    launch_months : series, optional
        Successor launches in months from purchase. One at or before the purchase is in the
        cost already and does not count. [months]
    launch_drops : series, optional
        Fall in value at each launch, one per launch or one for all. [share]
    floor : number or range, optional
        Level below which the value does not fall; 0 when not given. It must not exceed
        ``cost``. [as the value]
    lead : number or range, optional
        Months before a launch at which its fall begins; 0 when not given. [months]
    ramp : number or range, optional
        Months after a launch at which its fall is complete; 0 when not given. If ``lead`` is
        0 too, the value drops in one step at the launch. [months]

    Returns
    -------
    number or range
        Value at each age. [USD]

    Raises
    ------
    #NUM!
        ``floor`` exceeds ``cost``, an argument is outside its domain, or there are more than 1000
        launches.
    #VALUE!
        ``launch_months`` and ``launch_drops`` differ in length.

    Notes
    -----
    max(floor, cost (1 - decline)^(age/12) prod_j (1 - drop_j)^(s_j(age) - s_j(0))), where
    s_j(t) = clip((t - launch_j + lead) / (lead + ramp), 0, 1), or 1 from the launch on if
    lead + ramp = 0. A launch that was half absorbed at purchase counts for the other half.

    Examples
    --------
    >>> call("XLC_GPU_RESIDUAL", 30000, [0, 12, 24], 0.1, 18, 0.25)
    [[30000.0], [27000.0], [18225.0]]
    >>> call("XLC_GPU_RESIDUAL", 30000, 9, 0.08, [9, 21, 33, 45], [0.22, 0.2, 0.18, 0.15],
    ...      1500, 3, 6)
    25941.41488

    References
    ----------
    .. [1] Hulten, C. and Wykoff, F., "The measurement of economic depreciation", 1981.
    """
    few(launch_months=launch_months, launch_drops=launch_drops)
    if len(launch_months) or len(launch_drops):
        launch_months, launch_drops = align(launch_months=launch_months, launch_drops=launch_drops)
    return checked(
        residual.generation_value(
            cost, age, decline, launch_months, launch_drops, floor, lead, ramp
        ),
        rule(np.less_equal(floor, cost), "floor must not exceed cost; got {} and {}", floor, cost),
    )


@worksheet(CATEGORY)
def XLC_BOOK_VALUE(
    cost: Number,
    age: Number,
    life: Number,
    salvage: Number = 0.0,
    method: Literal[
        "straight_line", "sum_of_years", "declining_balance", "declining_balance_switch"
    ] = "straight_line",
    factor: Number = 2.0,
) -> NumberOrRange:
    """Carrying value of an asset after depreciation by an accounting method. [USD]

    Parameters
    ----------
    cost : number or range
        Purchase price. [USD]
    age : number or range
        Months since purchase; after the life the value stays where it is. [months]
    life : number or range
        Accounting life; whole years, at most 100, for all methods but straight_line. [months]
    salvage : number or range, optional
        Value at the end of the life, at most ``cost``; 0 when not given. [USD]
    method : text, optional
        straight_line, sum_of_years, declining_balance (never below salvage) or
        declining_balance_switch (to straight line once that is more). [name]
    factor : number or range, optional
        Declining-balance factor: 2, double-declining, when not given. [ratio]

    Returns
    -------
    number or range
        Book value at each age. [USD]

    Raises
    ------
    #NUM!
        ``salvage`` exceeds ``cost``, or ``life`` is not whole years where the method goes by
        years.

    Notes
    -----
    straight_line: C - (C - S) min(t, L) / L. sum_of_years: year k of n charges
    (C - S) (n - k + 1) / (n (n + 1) / 2). declining_balance: year k charges
    min(V min(1, f/n), V - S), and with the switch at least (V - S) / (n - k + 1). Inside a
    year the last three are linear. Year ends agree with Excel's SLN, SYD, DDB and VDB.

    Examples
    --------
    >>> call("XLC_BOOK_VALUE", 100, [24, 36], 72)
    [[66.6667], [50.0]]
    >>> call("XLC_BOOK_VALUE", 100, [12, 24, 60], 60, 10, "declining_balance")
    [[60.0], [36.0], [10.0]]

    References
    ----------
    .. [1] Kieso, D., Weygandt, J. and Warfield, T., "Intermediate Accounting": depreciation.
    """
    by_years = method != "straight_line"
    whole = np.equal(np.mod(life, 12.0), 0.0) & np.less_equal(life, residual.LONGEST_LIFE)
    return checked(
        residual.book_value(cost, age, life, salvage, method, factor),
        rule(
            np.less_equal(salvage, cost),
            "salvage must not exceed cost; got {} and {}",
            salvage,
            cost,
        ),
        rule(
            whole | (not by_years),
            "life must be whole years, at most 100, for this method; got {} months",
            life,
        ),
    )


@worksheet(CATEGORY)
def XLC_RENT_VALUE(
    net_rents: Series,
    discount_rate: Scalar,
    scrap: Series = _NO_SCRAP,
    measure: Literal["value", "life"] = "value",
) -> NumberResult:
    """Value of the net rents a card still earns, with the right to scrap it. [USD or months]

    Parameters
    ----------
    net_rents : series
        Rent less running cost of each month to come, paid at its end; may be negative. [USD]
    discount_rate : number
    scrap : series, optional
        What the card fetches when it is abandoned: one value, or one for each date from today
        on (one more than there are rents); 0 when not given. [USD]
    measure : text, optional
        value, or life (months until it is better to scrap). [name]

    Returns
    -------
    number
        The value [USD], or the life [months]: the number of months given if it is never
        better to scrap before their end.

    Raises
    ------
    #NUM!
        ``scrap`` is negative, or ``discount_rate`` is not above -1.
    #VALUE!
        ``scrap`` is neither one value nor one for each date.

    Notes
    -----
    Backwards from V_n = scrap_n: V_k = max(scrap_k, (net_(k+1) + V_(k+1)) (1 + r)^(-1/12)). The
    life is the first k at which going on is worth no more than the scrap, to twelve digits. No
    fixed plan of abandonment is worth more than V_0.

    Examples
    --------
    >>> call("XLC_RENT_VALUE", [900, 600, 300, 0, -300], 0.0)
    1800.0
    >>> call("XLC_RENT_VALUE", [900, 600, 300, -50, -300], 0.12, 0, "life")
    3.0
    >>> call("XLC_RENT_VALUE", [100, 100, 100], 0.0, [500, 450, 300, 100], "life")
    1.0

    References
    ----------
    .. [1] Dixit, A. and Pindyck, R., "Investment under Uncertainty", 1994, chapter 7.
    """
    series = fit({"net_rents": net_rents}, {"scrap": scrap})
    value, life = residual.rent_value(series["net_rents"], discount_rate, series["scrap"])
    return pick(measure, value=value, life=life)


@worksheet(CATEGORY)
def XLC_HOSTING_SHARE(
    rack_kw: Number,
    median_kw: Number,
    dispersion: Number,
    liquid_required: Number = 0.0,
    liquid_share: Number = None,
) -> NumberOrRange:
    """Share of the market's racks that can take a card. [share]

    Parameters
    ----------
    rack_kw : number or range
        Power of the rack that the card comes in. [kW]
    median_kw : number or range
        Median power of the market's racks, lognormal. [kW]
    dispersion : number or range
        Standard deviation of the log of their power. [log]
    liquid_required : number or range, optional
        1 if the card needs liquid cooling; 0 when not given. [0 or 1]
    liquid_share : number or range, optional
        Share of racks with liquid cooling. Required if any card needs it. [share]

    Returns
    -------
    number or range
        The share. Use it to scale the depth of the market, not also its price. [share]

    Raises
    ------
    #VALUE!
        A card needs liquid cooling and ``liquid_share`` is not given.
    #NUM!
        An argument is outside its domain.

    Notes
    -----
    Phi(ln(median_kw / rack_kw) / dispersion), times liquid_share if liquid_required is 1.

    Examples
    --------
    >>> call("XLC_HOSTING_SHARE", [15, 41, 132], 15, 0.8)
    [[0.5], [0.1043945], [0.00327953]]
    >>> call("XLC_HOSTING_SHARE", 132, 60, 0.8, 1, 0.25)
    0.0405429

    References
    ----------
    .. [1] Rack power in the public design guides of NVIDIA DGX and NVL systems.
    """
    share = residual.hosting_share(
        rack_kw,
        median_kw,
        dispersion,
        liquid_required,
        1.0 if liquid_share is None else liquid_share,
    )
    if liquid_share is not None:
        return share
    return checked(
        share,
        rule(
            np.not_equal(liquid_required, 1.0) | np.isnan(share),
            "liquid_share is required where a card needs liquid cooling",
            code="#VALUE!",
        ),
    )


@worksheet(CATEGORY)
def XLC_LAUNCH_DROP(performance_gain: Number, elasticity: Number) -> NumberOrRange:
    """Fall in an old card's value when a better one is launched. [share]

    Parameters
    ----------
    performance_gain : number or range
        Performance per dollar, new over old, at least 1. [ratio]
    elasticity : number or range
        Elasticity of price to performance: 1 if users pay the same for the same work. [power]

    Returns
    -------
    number or range
        The fall, for ``launch_drops`` of XLC_GPU_RESIDUAL. [share]

    Raises
    ------
    #NUM!
        ``performance_gain`` is below 1, or ``elasticity`` below 0.

    Notes
    -----
    1 - performance_gain^(-elasticity).

    Examples
    --------
    >>> call("XLC_LAUNCH_DROP", 2, [0, 0.5, 1])
    [[0.0], [0.2928932], [0.5]]

    References
    ----------
    .. [1] Jorgenson, D., "Empirical studies of depreciation", Economic Inquiry, 1996.
    """
    return residual.launch_drop(performance_gain, elasticity)
