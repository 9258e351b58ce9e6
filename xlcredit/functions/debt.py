"""Worksheet functions: schedules, sizing and reserves of debt."""

from __future__ import annotations

from typing import Literal

from xlcredit.models import debt
from xlcredit.worksheet.kinds import Scalar, Series, Whole, align, require
from xlcredit.worksheet.registry import worksheet
from xlcredit.worksheet.results import NumberResult, ScheduleResult

CATEGORY = "xlcredit: Debt"


@worksheet(CATEGORY)
def XLC_AMORTIZE(
    principal: Scalar,
    rate: Scalar,
    periods: Whole,
    profile: Literal["annuity", "level", "bullet"] = "annuity",
    balloon: Scalar = 0.0,
    grace: Whole = 0,
    periods_per_year: Whole = 12,
) -> ScheduleResult:
    """Repayment schedule: payment, interest, principal and closing balance by period. [USD]

    Parameters
    ----------
    principal : number
    rate : number
    periods : number
        Number of periods, grace included. [periods]
    profile : text, optional
        annuity (equal payments, when not given), level (equal repayments) or bullet (interest
        only, all repaid at the end: balloon and grace change nothing). [name]
    balloon : number, optional
        Repaid together with the last instalment, on top of it; at most ``principal``; 0 when
        not given. [USD]
    grace : number, optional
        Interest-only periods at the start, fewer than ``periods``; 0 when not given. [periods]
    periods_per_year : number, optional

    Returns
    -------
    schedule
        A row per period: payment, interest, principal, closing. The last closing balance is
        0. [USD]

    Raises
    ------
    #NUM!
        ``periods`` is 0, ``grace`` is not below ``periods``, or ``balloon`` exceeds
        ``principal``.

    Notes
    -----
    i = rate / periods_per_year, q = periods - grace. annuity: payment =
    i (P - b) / (1 - (1 + i)^-q) + i b, or (P - b) / q if i = 0. level: principal = (P - b) / q.

    Examples
    --------
    >>> call("XLC_AMORTIZE", 150, 0.10, 60)[0]
    [3.187057, 1.25, 1.937057, 148.062943]
    >>> call("XLC_AMORTIZE", 90, 0.08, 3, "level", 30, 1, 4)
    [[1.8, 1.8, 0.0, 90.0], [31.8, 1.8, 30.0, 60.0], [61.2, 1.2, 60.0, 0.0]]

    References
    ----------
    .. [1] Yescombe, E., "Principles of Project Finance", 2014.
    """
    require(periods >= 1, "periods must be at least 1; got {}", periods)
    require(periods <= debt.MOST_PERIODS, "periods exceed the rows of a sheet; got {}", periods)
    require(grace < periods, "grace must be below periods; got {} and {}", grace, periods)
    require(
        balloon <= principal,
        "balloon must not exceed principal; got {} and {}",
        balloon,
        principal,
    )
    return debt.amortization(principal, rate / periods_per_year, periods, profile, balloon, grace)


@worksheet(CATEGORY)
def XLC_SCULPT(
    cfads: Series,
    target_dscr: Series,
    rate: Scalar,
    balloon: Scalar = 0.0,
    periods_per_year: Whole = 12,
) -> ScheduleResult:
    """Debt whose service is the cash flow over a target: schedule by period. [USD]

    Parameters
    ----------
    cfads : series
    target_dscr : series
    rate : number
    balloon : number, optional
    periods_per_year : number, optional

    Returns
    -------
    schedule
        A period each: service, interest, principal, closing. Principal is negative where the
        service does not pay the interest; the last closing balance is the balloon. [USD]

    Raises
    ------
    #VALUE!
        ``cfads`` and ``target_dscr`` differ in length, or a period is blank.
    #NUM!
        ``target_dscr`` is not above 0.

    Notes
    -----
    service_k = max(0, cfads_k) / target_k. The debt at closing is XLC_DEBT_CAPACITY of the same
    arguments; interest_k = i closing_(k-1), principal_k = service_k - interest_k. With one
    target, no balloon and no negative cash flow, DSCR = LLCR = target in every period.

    Examples
    --------
    >>> call("XLC_SCULPT", [100, 100, 100, 100, 100], 1.3, 0.06, 0, 1)[0]
    [76.923077, 19.441679, 57.481398, 266.546586]
    >>> [row[3] for row in call("XLC_SCULPT", [100, 70, 49, 34.3, 24.01], 1.4, 0.1, 0, 1)]
    [104.5011, 64.9512, 36.4463, 15.5909, 0.0]

    References
    ----------
    .. [1] Yescombe, E., "Principles of Project Finance", 2014.
    .. [2] Gatti, S., "Project Finance in Theory and Practice".
    """
    cfads, target_dscr = align(cfads=cfads, target_dscr=target_dscr)
    return debt.sculpture(cfads, target_dscr, rate / periods_per_year, balloon)[1]


@worksheet(CATEGORY)
def XLC_DEBT_CAPACITY(
    cfads: Series,
    target_dscr: Series,
    rate: Scalar,
    balloon: Scalar = 0.0,
    periods_per_year: Whole = 12,
) -> NumberResult:
    """Debt that a cash flow can carry at a target debt service cover. [USD]

    Parameters
    ----------
    cfads : series
    target_dscr : series
    rate : number
    balloon : number, optional
    periods_per_year : number, optional

    Returns
    -------
    number
        Opening debt. [USD]

    Raises
    ------
    #VALUE!
        ``cfads`` and ``target_dscr`` differ in length, or a period is blank.
    #NUM!
        ``target_dscr`` is not above 0.

    Notes
    -----
    sum_k max(0, cfads_k) / target_k (1 + i)^-k + balloon (1 + i)^-n, i = rate /
    periods_per_year. Sized on flat cash flow where rents fall, a debt is far too large: in the
    second example by 69%.

    Examples
    --------
    >>> call("XLC_DEBT_CAPACITY", [100, 100, 100, 100, 100], 1.3, 0.06, 0, 1)
    324.027984
    >>> call("XLC_DEBT_CAPACITY", [100, 70, 49, 34.3, 24.01], 1.4, 0.1, 0, 1)
    159.936027

    References
    ----------
    .. [1] Yescombe, E., "Principles of Project Finance", 2014.
    """
    cfads, target_dscr = align(cfads=cfads, target_dscr=target_dscr)
    return debt.capacity(cfads, target_dscr, rate / periods_per_year, balloon)


@worksheet(CATEGORY)
def XLC_DSRA(debt_service: Series, periods: Whole) -> ScheduleResult:
    """Target of a debt service reserve account, at closing and after each period. [USD]

    Parameters
    ----------
    debt_service : series
    periods : number
        Number of periods whose service is held in reserve. [periods]

    Returns
    -------
    schedule
        One figure more than there are periods: the first at closing, the last 0. [USD]

    Raises
    ------
    #NUM!
        A service is negative, or ``periods`` is not a whole number.

    Notes
    -----
    target_j = sum of debt_service_k for k = j + 1 to j + periods, as far as there is service.

    Examples
    --------
    >>> call("XLC_DSRA", [10, 10, 8, 6], 2)
    [[20.0], [18.0], [14.0], [6.0], [0.0]]

    References
    ----------
    .. [1] Yescombe, E., "Principles of Project Finance", 2014: reserve accounts.
    """
    return debt.reserve_target(debt_service, periods)


@worksheet(CATEGORY)
def XLC_REFI_GAP(
    balloon: Scalar,
    cfads: Series,
    target_dscr: Series,
    rate: Scalar,
    periods_per_year: Whole = 12,
) -> NumberResult:
    """Part of a balloon that the cash flow after it cannot refinance. [USD]

    Parameters
    ----------
    balloon : number
        Debt due, to be refinanced. [USD]
    cfads : series
        Cash flow available for debt service after that date; a negative one lowers what can
        be borrowed. [USD]
    target_dscr : series
        Debt service cover that the new lender wants, one figure or one per period. [ratio]
    rate : number
        Interest of the new debt, nominal per year, compounded each period. [1/year]
    periods_per_year : number, optional

    Returns
    -------
    number
        The gap; 0 if the balloon can be refinanced in full. [USD]

    Raises
    ------
    #VALUE!
        ``cfads`` and ``target_dscr`` differ in length, or a period is blank.

    Notes
    -----
    max(0, balloon - sum_k cfads_k / target_k (1 + i)^-k), i = rate / periods_per_year.

    Examples
    --------
    >>> call("XLC_REFI_GAP", 40, [24, 16.8, 11.76], 1.5, 0.09, 1)
    9.840367

    References
    ----------
    .. [1] Yescombe, E., "Principles of Project Finance", 2014: refinancing.
    """
    cfads, target_dscr = align(cfads=cfads, target_dscr=target_dscr)
    carried = debt.present_value(cfads / target_dscr, rate / periods_per_year)
    return max(0.0, balloon - carried)
