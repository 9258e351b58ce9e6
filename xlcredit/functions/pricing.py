"""Worksheet functions: the price of credit."""

from __future__ import annotations

from typing import Literal

import numpy as np

from xlcredit.models import credit
from xlcredit.worksheet.kinds import (
    Number,
    Scalar,
    Series,
    align,
    checked,
    pick,
    require,
    rule,
)
from xlcredit.worksheet.registry import worksheet
from xlcredit.worksheet.results import NumberOrRange, NumberResult

CATEGORY = "xlcredit: Price of credit"


@worksheet(CATEGORY)
def XLC_FAIR_SPREAD(
    exposure: Series,
    lgd: Series,
    hazard: Series,
    discount_rate: Scalar,
    measure: Literal["spread", "pv_loss", "expected_loss", "pd"] = "spread",
    periods_per_year: Scalar = 12.0,
) -> NumberResult:
    """Credit spread that pays for the expected loss of a loan. [1/year, share or USD]

    Parameters
    ----------
    exposure : series
    lgd : series
    hazard : series
        Default intensity in each period, or one for all; continuous. [1/year]
    discount_rate : number
    measure : word, optional
        spread (nominal, 1/year), pv_loss (USD), expected_loss (USD, undiscounted) or pd
        (probability of default to the end). [name]
    periods_per_year : number, optional
        Periods in a year; 12 when not given. [1/year]

    Returns
    -------
    number
        The spread, nominal per year, or the measure named. [1/year, share or USD]

    Raises
    ------
    #DIV/0!
        There is no exposure to pay a spread on.
    #VALUE!
        The series differ in length.

    Notes
    -----
    With m periods a year, S_k = exp(-sum hazard / m), DF(k) = (1 + discount_rate)^(-k / m):
    spread = sum E_k LGD_k (S_k-1 - S_k) DF(k - 1/2) / sum (E_k / m) DF(k) (S_k-1 + S_k) / 2.
    Default falls in mid-period; the premium accrues until default. A hazard from history gives the
    real-world price of the loss alone, a hazard from traded spreads the market's.

    Examples
    --------
    >>> call("XLC_FAIR_SPREAD", [100.0, 75.0, 50.0, 25.0], 0.45, 0.02, 0.04, "spread", 1)
    0.00917793
    >>> call("XLC_FAIR_SPREAD", [100.0, 75.0, 50.0, 25.0], 0.45, 0.02, 0.04, "pd", 1)
    0.07688365

    References
    ----------
    .. [1] O'Kane, D., "Modelling single-name and multi-name credit derivatives", 2008.
    .. [2] Hull, J. and White, A., "Valuing credit default swaps I", Journal of Derivatives, 2000.
    """
    exposure, lgd, hazard = align(exposure=exposure, lgd=lgd, hazard=hazard)
    require(np.any(exposure > 0.0), "exposure must be above 0 in some period", code="#DIV/0!")
    fair = credit.fair_spread(exposure, lgd, hazard, discount_rate, periods_per_year)
    return pick(measure, **fair._asdict())


@worksheet(CATEGORY)
def XLC_IMPLIED_HAZARD(
    spread: Scalar,
    exposure: Series,
    lgd: Series,
    discount_rate: Scalar,
    periods_per_year: Scalar = 12.0,
) -> NumberResult:
    """Flat default intensity at which a credit spread is fair. [1/year]

    Parameters
    ----------
    spread : number
    exposure : series
    lgd : series
    discount_rate : number
    periods_per_year : number, optional
        Periods in a year; 12 when not given. [1/year]

    Returns
    -------
    number
        The hazard, continuous; the smallest one where several are fair. [1/year]

    Raises
    ------
    #DIV/0!
        There is no exposure to pay a spread on.
    #NUM!
        No hazard makes the spread fair: even certain default costs less, or nothing is lost.
    #VALUE!
        The series differ in length.

    Notes
    -----
    Solves XLC_FAIR_SPREAD(exposure, lgd, hazard, discount_rate) = spread for a constant hazard. A
    hazard from a traded spread is risk-neutral: real-world default rates are lower.

    Examples
    --------
    >>> call("XLC_IMPLIED_HAZARD", 0.009, [100.0, 75.0, 50.0, 25.0], 0.45, 0.04, 1)
    0.01961224

    References
    ----------
    .. [1] O'Kane, D., "Modelling single-name and multi-name credit derivatives", 2008.
    """
    exposure, lgd = align(exposure=exposure, lgd=lgd)
    require(np.any(exposure > 0.0), "exposure must be above 0 in some period", code="#DIV/0!")
    require(np.any(exposure * lgd > 0.0), "nothing can be lost, so any hazard is as good")
    hazard = credit.implied_hazard(spread, exposure, lgd, discount_rate, periods_per_year)
    require(not np.isnan(hazard), "no hazard makes a spread of {} fair", spread)
    return hazard


@worksheet(CATEGORY)
def XLC_REQUIRED_SPREAD(
    el_spread: Number,
    capital: Number,
    hurdle: Number,
    risk_free: Number,
    liquidity: Number = 0.0,
    opex: Number = 0.0,
) -> NumberOrRange:
    """Spread that pays for expected loss, capital, liquidity and running cost. [1/year]

    Parameters
    ----------
    el_spread : number or range
        Spread that pays the expected loss, for example from XLC_FAIR_SPREAD. [1/year]
    capital : number or range
        Capital held against the exposure, for example from XLC_VASICEK_CAPITAL. [share]
    hurdle : number or range
    risk_free : number or range
        Risk-free rate that the capital earns meanwhile. [1/year]
    liquidity : number or range, optional
        Spread for liquidity; 0 when not given. [1/year]
    opex : number or range, optional
        Running cost as a share of the exposure; 0 when not given. [1/year]

    Returns
    -------
    number or range
        The spread. [1/year]

    Raises
    ------
    #NUM!
        An argument is outside its domain.

    Notes
    -----
    el_spread + capital (hurdle - risk_free) + liquidity + opex.

    Examples
    --------
    >>> call("XLC_REQUIRED_SPREAD", 0.012, 0.1, 0.15, 0.04, 0.003, 0.002)
    0.028

    References
    ----------
    .. [1] Risk-adjusted return on capital: Basel Committee on Banking Supervision, "Range of
       practices and issues in economic capital frameworks", 2009.
    """
    return credit.required_spread(el_spread, capital, hurdle, risk_free, liquidity, opex)


@worksheet(CATEGORY)
def XLC_MERTON(
    asset_value: Number,
    face: Number,
    vol: Number,
    continuous_rate: Number,
    months: Number,
    measure: Literal["spread", "debt", "equity", "pd", "lgd", "physical_pd", "distance"] = "spread",
    drift: Number = None,
) -> NumberOrRange:
    """Credit spread, and its parts, of a borrower whose assets are its only means. [1/year]

    Parameters
    ----------
    asset_value : number or range
        Value of the borrower's assets today. [USD]
    face : number or range
    vol : number or range
        Volatility of the assets. [1/sqrt(year)]
    continuous_rate : number or range
    months : number or range
    measure : word, optional
        spread (continuous, 1/year), debt (USD), equity (USD), pd and lgd (risk-neutral),
        physical_pd (real-world) or distance (to default, in standard deviations). [name]
    drift : number or range, optional
        Real-world drift of the assets' expected value, continuous, for physical_pd and distance;
        continuous_rate when not given. [1/year]

    Returns
    -------
    number or range
        The spread over the risk-free rate, or the measure named. [1/year]

    Raises
    ------
    #NUM!
        There is no such figure: no spread at a horizon of 0 months, no finite distance without
        volatility, no LGD where default is impossible.

    Notes
    -----
    With t = months / 12, r = continuous_rate, d1 = d2 + vol sqrt(t) and d2 = (ln(asset_value /
    face) + (r - vol^2 / 2) t) / (vol sqrt(t)): equity = asset_value N(d1) - face exp(-r t) N(d2),
    debt = asset_value - equity, spread = -ln(debt / face) / t - r, pd = N(-d2), lgd = 1 -
    asset_value exp(r t) N(-d1) / (face N(-d2)); distance is d2 with ``drift`` in place of r, and
    physical_pd = N(-distance).

    Examples
    --------
    >>> call("XLC_MERTON", 100.0, 80.0, 0.3, 0.04, 24)
    0.03518305
    >>> call("XLC_MERTON", 100.0, 80.0, 0.3, 0.04, 24, "physical_pd", 0.1)
    0.21616028

    References
    ----------
    .. [1] Merton, R., "On the pricing of corporate debt: the risk structure of interest rates",
       Journal of Finance, 1974.
    """
    value = credit.merton(
        asset_value,
        face,
        vol,
        continuous_rate,
        np.divide(months, 12.0),
        continuous_rate if drift is None else drift,
    )
    return pick(measure, **value._asdict())


@worksheet(CATEGORY)
def XLC_WRONG_WAY_LGD(
    pd: Number,
    coverage: Number,
    vol: Number,
    correlation: Number,
    sale_cost: Number = 0.0,
) -> NumberOrRange:
    """Loss given default when the collateral falls together with the borrower. [share]

    Parameters
    ----------
    pd : number or range
        Probability that the borrower defaults by the horizon. [share]
    coverage : number or range
        Expected collateral over exposure at the horizon. [ratio]
    vol : number or range
        Volatility of the collateral over the horizon: for a horizon other than a year, times the
        square root of its years. [1/sqrt(year)]
    correlation : number or range
        Correlation of the collateral with the borrower's health; above 0 is wrong-way. [ratio]
    sale_cost : number or range, optional
        Cost of selling the collateral; 0 when not given. [share]

    Returns
    -------
    number or range
        Expected loss given default; at a correlation of 0 the independent one. [share]

    Raises
    ------
    #NUM!
        An argument is outside its domain.

    Notes
    -----
    Default where a standard normal X < a = Ninv(pd); ln(collateral / exposure) normal with mean
    ln(c) - vol^2 / 2, c = coverage (1 - sale_cost), and the given correlation with X. With
    d = vol / 2 - ln(c) / vol and N2 the bivariate normal distribution, LGD =
    (N2(a, d; correlation) - c N2(a - correlation vol, d - vol; correlation)) / pd.

    Examples
    --------
    >>> call("XLC_WRONG_WAY_LGD", 0.02, 1.4, 0.35, [0.0, 0.6], 0.08)
    [[0.05409046], [0.26287790]]

    References
    ----------
    .. [1] Frye, J., "Depressing recoveries", Risk, 2000; Pykhtin, M., "Unexpected recovery risk",
       Risk, 2003.
    """
    return credit.wrong_way_lgd(pd, coverage, vol, correlation, sale_cost)


@worksheet(CATEGORY)
def XLC_DSCR_PD(dscr: Number, vol: Number, months: Number) -> NumberOrRange:
    """Probability that cash flow with today's expected cover misses debt service. [share]

    Parameters
    ----------
    dscr : number or range
        Expected cash flow at the horizon over the debt service due then. [ratio]
    vol : number or range
        Volatility of the cash flow. [1/sqrt(year)]
    months : number or range

    Returns
    -------
    number or range
        The probability that cash flow is below debt service; equality pays. [share]

    Raises
    ------
    #NUM!
        An argument is outside its domain.

    Notes
    -----
    N(s / 2 - ln(dscr) / s) with s = vol sqrt(months / 12): cash flow is lognormal, and its mean is
    dscr times debt service.

    Examples
    --------
    >>> call("XLC_DSCR_PD", [1.0, 1.25, 1.5], 0.4, 12)
    [[0.57925971], [0.36022446], [0.20791908]]

    References
    ----------
    .. [1] Merton, R., "On the pricing of corporate debt: the risk structure of interest rates",
       Journal of Finance, 1974, with cash flow in place of assets.
    """
    return credit.dscr_default(dscr, vol, np.divide(months, 12.0))


@worksheet(CATEGORY)
def XLC_VASICEK_CAPITAL(
    pd: Number, lgd: Number, correlation: Number, confidence: Number = 0.999
) -> NumberOrRange:
    """Unexpected loss at a confidence, as a share of the exposure. [share]

    Parameters
    ----------
    pd : number or range
        Probability of default within a year, real-world. [share]
    lgd : number or range
        Loss given default. [share]
    correlation : number or range
        Correlation of borrowers' assets, from 0 to 1. [ratio]
    confidence : number or range, optional
        Probability that the loss stays below; 0.999 when not given. [share]

    Returns
    -------
    number or range
        Loss at the confidence less the expected loss. [share]

    Raises
    ------
    #NUM!
        ``correlation`` is negative, or an argument is outside its domain.

    Notes
    -----
    lgd (N((Ninv(pd) + sqrt(correlation) Ninv(confidence)) / sqrt(1 - correlation)) - pd): one
    factor and many small loans. The Basel formula, without its adjustment for maturity.

    Examples
    --------
    >>> call("XLC_VASICEK_CAPITAL", 0.01, 0.45, 0.12)
    0.03614662

    References
    ----------
    .. [1] Vasicek, O., "Loan portfolio value", Risk, 2002; Basel Committee on Banking Supervision,
       "An explanatory note on the Basel II IRB risk weight functions", 2005.
    """
    return checked(
        credit.vasicek_capital(pd, lgd, correlation, confidence),
        rule(
            np.greater_equal(correlation, 0.0),
            "correlation of borrowers' assets must be at least 0; got {}",
            correlation,
        ),
    )
