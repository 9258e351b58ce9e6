"""Worksheet functions: where coin and GPUs together may stand at a horizon."""

from __future__ import annotations

from typing import Any

import numpy as np

from xlcredit.functions.kinds import Number, checked, rule
from xlcredit.functions.registry import worksheet
from xlcredit.models import breach, ltv

CATEGORY = "xlcredit: Dual collateral"


@worksheet(CATEGORY)
def XLC_LTV_BREACH(
    loan: Number,
    coin_value: Number,
    gpu_value: Number,
    trigger: Number,
    months: Number,
    coin_vol: Number,
    gpu_vol: Number,
    correlation: Number,
    coin_drift: Number = 0.0,
    gpu_drift: Number = 0.0,
) -> Any:
    """Probability that the LTV is at or above its trigger at the horizon. [share]

    Parameters
    ----------
    loan : number or range
        Debt at the horizon. [USD]
    coin_value : number or range
        Market value of the coin today. [USD]
    gpu_value : number or range
        Market value of the GPUs today. [USD]
    trigger : number or range
        LTV that triggers. [ratio]
    months : number or range
        Months to the horizon. [months]
    coin_vol : number or range
        Volatility of the coin. [1/sqrt(year)]
    gpu_vol : number or range
        Volatility of GPU prices. [1/sqrt(year)]
    correlation : number or range
        Correlation of the log returns of coin and GPUs. [ratio]
    coin_drift : number or range, optional
        Drift of the coin's expected value, continuous; 0 when not given. [1/year]
    gpu_drift : number or range, optional
        Drift of the GPUs' expected value, continuous, usually negative; 0 when not given. [1/year]

    Returns
    -------
    number or range
        The probability. It is one of the horizon's date only: see XLC_PASSAGE for any date. [share]

    Raises
    ------
    #NUM!
        An argument is outside its domain.

    Notes
    -----
    P(S + G <= loan / trigger), with S and G lognormal of means coin_value exp(coin_drift t) and
    gpu_value exp(gpu_drift t), volatilities and correlation as given, and t = months / 12. An exact
    one-dimensional integral, good to 1e-12 (1e-10 where vol sqrt(t) exceeds 3); a tie fires.
    Real-world drifts give a real-world probability, risk-neutral drifts a risk-neutral one.

    Examples
    --------
    >>> call("XLC_LTV_BREACH", 55.0, 40.0, 60.0, 0.75, 3, 0.9, 0.5, 0.0, 0.0, -0.35)
    0.16808842
    >>> call("XLC_LTV_BREACH", 55.0, 40.0, 60.0, 0.75, 3, 0.9, 0.5, [0.0, 0.9], 0.0, -0.35)
    [[0.16808842], [0.24632917]]

    References
    ----------
    .. [1] Margrabe, W., "The value of an option to exchange one asset for another", Journal of
       Finance, 1978; Stulz, R., "Options on the minimum or the maximum of two risky assets", 1982.
    """
    return breach.breach_probability(
        loan,
        coin_value,
        gpu_value,
        trigger,
        np.divide(months, 12.0),
        coin_vol,
        gpu_vol,
        correlation,
        coin_drift,
        gpu_drift,
    )


@worksheet(CATEGORY)
def XLC_STRESS_CORRELATION(
    drawdown: Number,
    calm: Number,
    stressed: Number,
    midpoint: Number = 0.30,
    width: Number = 0.05,
) -> Any:
    """Correlation of coin and GPUs that rises as the coin falls. [ratio]

    Parameters
    ----------
    drawdown : number or range
        Fall of the coin from its high. [share]
    calm : number or range
        Correlation in calm markets, long before the midpoint. [ratio]
    stressed : number or range
        Correlation in stress, far beyond the midpoint. [ratio]
    midpoint : number or range, optional
        Drawdown at which half of the change has come; 0.30 when not given. [share]
    width : number or range, optional
        Width of the change; 76% of it lies within two widths of the midpoint; 0.05 when not
        given. [share]

    Returns
    -------
    number or range
        Correlation at the drawdown. [ratio]

    Raises
    ------
    #NUM!
        An argument is outside its domain.

    Notes
    -----
    calm + (stressed - calm) / (1 + exp(-(drawdown - midpoint) / width)). The curve never quite
    reaches its ends: at a drawdown of 0 with the defaults it is 0.25% of the way.

    Examples
    --------
    >>> call("XLC_STRESS_CORRELATION", [0.0, 0.3, 0.6], 0.2, 0.8)
    [[0.20148357], [0.5], [0.79851643]]

    References
    ----------
    .. [1] Longin, F. and Solnik, B., "Extreme correlation of international equity markets",
       Journal of Finance, 2001.
    """
    return ltv.stress_correlation(drawdown, calm, stressed, midpoint, width)
