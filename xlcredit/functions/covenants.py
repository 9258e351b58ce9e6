"""Worksheet functions: covenants and the borrowing base."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from xlcredit.models import coverage
from xlcredit.worksheet.kinds import Labels, Number, Observed, Series, align, checked, require, rule
from xlcredit.worksheet.registry import worksheet
from xlcredit.worksheet.results import LabelResult, NumberOrRange, TextOrRange

CATEGORY = "xlcredit: Coverage and covenants"


@worksheet(CATEGORY)
def XLC_COVENANT(
    value: Observed,
    threshold: Observed,
    direction: Literal["min", "max"] = "min",
) -> TextOrRange:
    """Whether a figure meets a covenant: PASS, BREACH, or CHECK if it cannot be told. [text]

    Parameters
    ----------
    value : number or range
    threshold : number or range
    direction : text, optional

    Returns
    -------
    text or range
        PASS where the covenant is met, equality included; BREACH where it is not; CHECK where
        the value or the threshold is an error, blank or text. [text]

    Raises
    ------
    #VALUE!
        ``direction`` is neither min nor max.

    Notes
    -----
    Figures that agree to twelve digits are equal: a debt sculpted at 1.20 meets a covenant of
    1.20 whatever its last digit. This is the one function that answers an error with a word,
    so that an error can never read as a pass.

    Examples
    --------
    >>> call("XLC_COVENANT", [1.25, 1.2, 1.19, None], 1.2)
    [['PASS'], ['PASS'], ['BREACH'], ['CHECK']]
    >>> call("XLC_COVENANT", 0.72, 0.70, "max")
    'BREACH'

    References
    ----------
    .. [1] Yescombe, E., "Principles of Project Finance", 2014: covenants.
    """
    if isinstance(value, float) and isinstance(threshold, float):
        if math.isnan(value) or math.isnan(threshold):
            return "CHECK"
        return "PASS" if coverage.meets(value, threshold, direction) else "BREACH"
    untold = np.isnan(value) | np.isnan(threshold)
    verdict = np.where(coverage.meets(value, threshold, direction), "PASS", "BREACH")
    return np.where(untold, "CHECK", verdict)


@worksheet(CATEGORY)
def XLC_HEADROOM(
    value: Number,
    threshold: Number,
    direction: Literal["min", "max"] = "min",
) -> NumberOrRange:
    """Share by which a figure may move before it breaks its covenant. [share]

    Parameters
    ----------
    value : number or range
        Figure under test, above 0. [as the threshold]
    threshold : number or range
    direction : text, optional

    Returns
    -------
    number or range
        The fall (min) or the rise (max) that the value can take; negative when it is already
        in breach. [share]

    Raises
    ------
    #DIV/0!
        ``value`` is 0.
    #NUM!
        ``value`` is negative: no share of it leads to the threshold.

    Notes
    -----
    min: 1 - threshold / value. max: threshold / value - 1. 0 where the two agree to twelve
    digits: what XLC_COVENANT passes has no negative headroom.

    Examples
    --------
    >>> call("XLC_HEADROOM", [1.5, 1.2, 1.0], 1.2)
    [[0.2], [0.0], [-0.2]]
    >>> call("XLC_HEADROOM", 0.5, 0.7, "max")
    0.4

    References
    ----------
    .. [1] Yescombe, E., "Principles of Project Finance", 2014: covenants.
    """
    return checked(
        coverage.headroom(value, threshold, direction),
        rule(np.not_equal(value, 0.0), "value is 0, and no share of it is a move", code="#DIV/0!"),
        rule(np.greater(value, 0.0), "value must be above 0 for a headroom; got {}", value),
    )


@worksheet(CATEGORY)
def XLC_FIRST_BREACH(
    period_labels: Labels,
    values: Series,
    threshold: Series,
    direction: Literal["min", "max"] = "min",
) -> LabelResult:
    """Label of the first period in which a covenant is broken. [as the labels]

    Parameters
    ----------
    period_labels : series
        Label of each period: numbers, text or dates. [labels]
    values : series
    threshold : series
        Covenant level, one figure or one per period. [as the value]
    direction : text, optional
        min (a value must not be less, when not given) or max (it must not be more). [name]

    Returns
    -------
    label
        The label. [as the labels]

    Raises
    ------
    #N/A
        No period is in breach.
    #VALUE!
        The series differ in length, or a label or a value is blank.

    Notes
    -----
    Equality passes, as in XLC_COVENANT. An error among the values comes out as that error: a
    series with an unknown period has no first breach that can be relied on.

    Examples
    --------
    >>> call("XLC_FIRST_BREACH", ["Q1", "Q2", "Q3", "Q4"], [1.4, 1.2, 1.1, 1.3], 1.2)
    'Q3'

    References
    ----------
    .. [1] Yescombe, E., "Principles of Project Finance", 2014: covenants.
    """
    values, threshold = align(values=values, threshold=threshold)
    require(
        len(period_labels) == len(values),
        "period_labels and values must have the same length; got {} and {}",
        len(period_labels),
        len(values),
        code="#VALUE!",
    )
    breached = ~coverage.meets(values, threshold, direction)
    require(breached.any(), "no period is in breach", code="#N/A")
    return period_labels[int(np.argmax(breached))]


@worksheet(CATEGORY)
def XLC_BORROWING_BASE(
    units: Number,
    price: Number,
    ineligible: Number = 0.0,
    nolv: Number = 1.0,
    advance: Number = 1.0,
    reserve: Number = 0.0,
) -> NumberOrRange:
    """Availability under a borrowing base on GPUs. [USD]

    Parameters
    ----------
    units : number or range
        Number of GPUs. [units]
    price : number or range
        Market price of one GPU: executed, not asked. [USD/unit]
    ineligible : number or range, optional
        Units that do not count; 0 when not given. [units]
    nolv : number or range, optional
        Net orderly liquidation value over price; 1 when not given. [share]
    advance : number or range, optional
        Advance rate; 1 when not given. [share]
    reserve : number or range, optional
        Amount that the lender holds back; 0 when not given. [USD]

    Returns
    -------
    number or range
        Availability, never below 0. [USD]

    Raises
    ------
    #NUM!
        An argument is outside its domain.

    Notes
    -----
    max(0, (units - ineligible) price nolv advance - reserve).

    Examples
    --------
    >>> call("XLC_BORROWING_BASE", 1000, [[11500, 22500]], 120, 0.8, 0.6, 250000)
    [[4607600.0, 9254000.0]]

    References
    ----------
    .. [1] OCC, Comptroller's Handbook, "Asset-Based Lending", 2014.
    """
    return coverage.borrowing_base(units, price, ineligible, nolv, advance, reserve)
