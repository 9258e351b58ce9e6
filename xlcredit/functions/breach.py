"""Worksheet functions: where coin and GPUs together may stand at a horizon."""

from __future__ import annotations

import numpy as np

from xlcredit.models import breach, ltv
from xlcredit.worksheet.kinds import Number, checked, rule
from xlcredit.worksheet.registry import worksheet
from xlcredit.worksheet.results import NumberOrRange

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
) -> NumberOrRange:
    """Probability that the LTV is at or above its trigger at the horizon. [share]

    Parameters
    ----------
    loan : number or range
        Debt at the horizon. [USD]
    coin_value : number or range
    gpu_value : number or range
    trigger : number or range
        LTV that triggers. [ratio]
    months : number or range
    coin_vol : number or range
    gpu_vol : number or range
    correlation : number or range
    coin_drift : number or range, optional
    gpu_drift : number or range, optional

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
    [[0.16808842], [0.26448495]]

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
def XLC_LTV_QUANTILE(
    loan: Number,
    coin_value: Number,
    gpu_value: Number,
    confidence: Number,
    months: Number,
    coin_vol: Number,
    gpu_vol: Number,
    correlation: Number,
    coin_drift: Number = 0.0,
    gpu_drift: Number = 0.0,
) -> NumberOrRange:
    """LTV at the horizon that is not exceeded with the confidence given. [ratio]

    Parameters
    ----------
    loan : number or range
        Debt at the horizon; without a loan the LTV is 0. [USD]
    coin_value : number or range
    gpu_value : number or range
    confidence : number or range
        Probability that the LTV is at or below the answer, for example 0.95. [share]
    months : number or range
    coin_vol : number or range
    gpu_vol : number or range
    correlation : number or range
    coin_drift : number or range, optional
    gpu_drift : number or range, optional

    Returns
    -------
    number or range
        The LTV. [ratio]

    Raises
    ------
    #DIV/0!
        There is a loan but no collateral.
    #NUM!
        An argument is outside its domain.

    Notes
    -----
    loan / K, where K solves P(S + G <= K) = 1 - confidence; the probability is that of
    XLC_LTV_BREACH, so XLC_LTV_BREACH at this LTV gives 1 - confidence back.

    Examples
    --------
    >>> call("XLC_LTV_QUANTILE", 55.0, 40.0, 60.0, [0.5, 0.95], 3, 0.9, 0.5, 0.3)
    [[0.57219166], [0.87749717]]

    References
    ----------
    .. [1] Margrabe, W., "The value of an option to exchange one asset for another", Journal of
       Finance, 1978; Stulz, R., "Options on the minimum or the maximum of two risky assets", 1982.
    """
    level = breach.ltv_quantile(
        loan,
        coin_value,
        gpu_value,
        confidence,
        np.divide(months, 12.0),
        coin_vol,
        gpu_vol,
        correlation,
        coin_drift,
        gpu_drift,
    )
    return checked(
        level,
        rule(
            np.greater(np.add(coin_value, gpu_value), 0.0) | np.equal(loan, 0.0),
            "the collateral of a loan of {} is worth nothing",
            loan,
            code="#DIV/0!",
        ),
    )


@worksheet(CATEGORY)
def XLC_SHORTFALL(
    loan: Number,
    coin_value: Number,
    gpu_value: Number,
    months: Number,
    coin_vol: Number,
    gpu_vol: Number,
    correlation: Number,
    coin_drift: Number = 0.0,
    gpu_drift: Number = 0.0,
) -> NumberOrRange:
    """Expected part of the loan that the collateral leaves uncovered at the horizon. [USD]

    Parameters
    ----------
    loan : number or range
        Debt at the horizon. [USD]
    coin_value : number or range
    gpu_value : number or range
    months : number or range
    coin_vol : number or range
    gpu_vol : number or range
    correlation : number or range
    coin_drift : number or range, optional
    gpu_drift : number or range, optional

    Returns
    -------
    number or range
        The expected shortfall of collateral, before costs and not discounted. [USD]

    Raises
    ------
    #NUM!
        An argument is outside its domain.

    Notes
    -----
    E max(0, loan - S - G), with S and G lognormal of means coin_value exp(coin_drift t) and
    gpu_value exp(gpu_drift t), volatilities and correlation as given, and t = months / 12: a put on
    the basket. The error is 1e-12 of the loan where vol sqrt(t) is between 1e-3 and 3. It is what a
    default at the horizon would cost, not the chance of one: multiply by a PD, or use it as a loss
    given default only where default and collateral are independent (else XLC_WRONG_WAY_LGD).

    Examples
    --------
    >>> call("XLC_SHORTFALL", 55.0, 40.0, 60.0, [3, 12], 0.9, 0.5, 0.3)
    [[0.07112149], [2.42261993]]
    >>> call("XLC_SHORTFALL", 120.0, 40.0, 60.0, 0, 0.9, 0.5, 0.3)
    20.0

    References
    ----------
    .. [1] Black, F., "The pricing of commodity contracts", Journal of Financial Economics, 1976;
       Geman, H., El Karoui, N. and Rochet, J.-C., "Changes of numeraire", J. Appl. Prob., 1995.
    """
    return breach.shortfall(
        loan,
        coin_value,
        gpu_value,
        np.divide(months, 12.0),
        coin_vol,
        gpu_vol,
        correlation,
        coin_drift,
        gpu_drift,
    )


@worksheet(CATEGORY)
def XLC_PASSAGE(
    asset_value: Number,
    barrier: Number,
    months: Number,
    vol: Number,
    drift: Number = 0.0,
) -> NumberOrRange:
    """Probability that a value falls to a barrier at any time before the horizon. [share]

    Parameters
    ----------
    asset_value : number or range
        Value of the asset today. [USD]
    barrier : number or range
        Level that must not be touched from above. [USD]
    months : number or range
    vol : number or range
    drift : number or range, optional
        Drift of the expected value, continuous; 0 when not given. [1/year]

    Returns
    -------
    number or range
        The probability; 1 where the value is at or below the barrier already. [share]

    Raises
    ------
    #NUM!
        An argument is outside its domain.

    Notes
    -----
    With b = ln(barrier / asset_value), v = drift - vol^2 / 2, s = vol sqrt(t) and t = months / 12:
    N((b - v t) / s) + exp(2 v b / vol^2) N((b + v t) / s). The value is watched at every instant.
    A lender who looks at dates only will see fewer breaches: with monthly dates, move the barrier
    down by the factor exp(-0.5826 vol sqrt(1/12)) (Broadie, Glasserman and Kou).

    Examples
    --------
    >>> call("XLC_PASSAGE", 100.0, [60.0, 80.0, 100.0], 12, 0.6)
    [[0.49866927], [0.78486563], [1.0]]

    References
    ----------
    .. [1] Black, F. and Cox, J., "Valuing corporate securities", Journal of Finance, 1976.
    .. [2] Broadie, M., Glasserman, P. and Kou, S., "A continuity correction for discrete barrier
       options", Mathematical Finance, 1997.
    """
    return breach.passage(asset_value, barrier, np.divide(months, 12.0), vol, drift)


@worksheet(CATEGORY)
def XLC_STRESS_CORRELATION(
    drawdown: Number,
    calm: Number,
    stressed: Number,
    midpoint: Number = 0.30,
    width: Number = 0.05,
) -> NumberOrRange:
    """Correlation of coin and GPUs that rises as the coin falls. [ratio]

    Parameters
    ----------
    drawdown : number or range
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


@worksheet(CATEGORY)
def XLC_CONDITIONAL_CORRELATION(correlation: Number, probability: Number) -> NumberOrRange:
    """Correlation among the worst outcomes of one asset, were both normal throughout. [ratio]

    Parameters
    ----------
    correlation : number or range
        Correlation over all outcomes. [ratio]
    probability : number or range
        Share of one asset's outcomes, the worst ones, for example 0.05. [share]

    Returns
    -------
    number or range
        Correlation seen in that share of outcomes. [ratio]

    Raises
    ------
    #NUM!
        An argument is outside its domain.

    Notes
    -----
    correlation / sqrt(correlation^2 + (1 - correlation^2) / V), where V = 1 - a n(a) / p -
    (n(a) / p)^2 is the variance of a normal variable below its p-quantile a. A normal pair seems to
    de-correlate in its lower tail with no change of dependence. A measured tail correlation above
    this figure is evidence of convergence under stress.

    Examples
    --------
    >>> call("XLC_CONDITIONAL_CORRELATION", 0.5, [0.5, 0.05])
    [[0.32869467], [0.20976264]]

    References
    ----------
    .. [1] Boyer, B., Gibson, M. and Loretan, M., "Pitfalls in tests for changes in correlations",
       Federal Reserve IFDP 597, 1999; Forbes, K. and Rigobon, R., Journal of Finance, 2002.
    """
    return ltv.conditional_correlation(correlation, probability)
