"""Default, loss and the spread that pays for it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xlcredit.models import normal
from xlcredit.models.normal import Numbers
from xlcredit.models.solve import find_root

__all__ = [
    "FairSpread",
    "Merton",
    "dscr_default",
    "fair_spread",
    "implied_hazard",
    "merton",
    "required_spread",
    "vasicek_capital",
    "wrong_way_lgd",
]

Array = NDArray[np.float64]

#: Points of the grid times periods that are worked on at once.
_MOST_CELLS = 1_000_000

#: A smaller standard deviation than this does not move a double.
_STILL = 1e-14


class FairSpread(NamedTuple):
    """Spread at which the premium is worth the loss, and its parts."""

    spread: Any
    pv_loss: Any
    expected_loss: Any
    pd: Any


def fair_spread(
    exposure: Numbers,
    lgd: Numbers,
    hazard: Numbers,
    discount_rate: float,
    periods_per_year: float,
) -> FairSpread:
    """Spread that pays for the expected loss of a loan.

    Parameters
    ----------
    exposure : array_like
        Opening balance of each period, along the last axis. [USD]
    lgd, hazard : array_like
        Loss given default and default intensity in each period. [share, 1/year]
    discount_rate : float
        Effective rate. [1/year]
    periods_per_year : float
        Periods in a year.

    Returns
    -------
    FairSpread
        Spread (nominal per year), present value of the loss, undiscounted expected loss, and the
        probability of default to the end. Leading axes of ``hazard`` are kept.

    Notes
    -----
    A default falls in the middle of its period: loss = sum of E LGD (S_k-1 - S_k) DF(k - 1/2).
    Premium is paid at the period's end by survivors, and for half a period by those who default:
    annuity = sum of E/m DF(k) (S_k-1 + S_k)/2.
    """
    exposure = np.asarray(exposure, dtype=np.float64)
    k = np.arange(1, exposure.shape[-1] + 1)
    step = np.broadcast_to(hazard, np.broadcast_shapes(np.shape(hazard), exposure.shape))
    step = step / periods_per_year
    through = np.cumsum(step, axis=-1)
    survival = np.exp(-through)
    defaults = np.exp(step - through) * -np.expm1(-step)
    alive = survival + 0.5 * defaults
    discount = np.power(1.0 + discount_rate, -k / periods_per_year)
    middle = np.power(1.0 + discount_rate, -(k - 0.5) / periods_per_year)
    loss = exposure * lgd * defaults
    pv_loss = (loss * middle).sum(axis=-1)
    annuity = (exposure / periods_per_year * discount * alive).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return FairSpread(
            pv_loss / annuity, pv_loss, loss.sum(axis=-1), -np.expm1(-through[..., -1])
        )


def implied_hazard(
    spread: float,
    exposure: Numbers,
    lgd: Numbers,
    discount_rate: float,
    periods_per_year: float,
) -> float:
    """Flat hazard at which the fair spread is the spread given; NaN where there is none.

    The fair spread need not rise with hazard throughout: where early losses are small, certain
    default at once is cheap. So the smallest hazard is looked for, on a fine grid from 1e-12 per
    year to one that leaves no survivor, and then solved for between two points of the grid.
    """
    if spread == 0.0:
        return 0.0

    def excess(hazard: Array) -> Array:
        fair = fair_spread(exposure, lgd, hazard[..., None], discount_rate, periods_per_year)
        return np.asarray(fair.spread - spread)

    grid = np.concatenate([[0.0], np.geomspace(1e-12, 40.0 * periods_per_year, 500)])
    part = max(1, _MOST_CELLS // np.size(exposure))
    for start in range(0, len(grid), part):
        enough = np.flatnonzero(excess(grid[start : start + part]) >= 0.0)
        if len(enough):
            at = start + int(enough[0])
            return float(find_root(excess, grid[at - 1], grid[at]))
    return float("nan")


def required_spread(
    el_spread: Numbers,
    capital: Numbers,
    hurdle: Numbers,
    risk_free: Numbers,
    liquidity: Numbers = 0.0,
    opex: Numbers = 0.0,
) -> Any:
    """Spread that pays for expected loss, capital, liquidity and running cost."""
    return el_spread + np.multiply(capital, np.subtract(hurdle, risk_free)) + liquidity + opex


class Merton(NamedTuple):
    """Debt and equity of a borrower that defaults when its assets fall short at the horizon."""

    spread: Any
    debt: Any
    equity: Any
    pd: Any
    lgd: Any
    physical_pd: Any
    distance: Any


def merton(
    asset_value: Numbers,
    face: Numbers,
    vol: Numbers,
    continuous_rate: Numbers,
    years: Numbers,
    drift: Numbers,
) -> Merton:
    """Debt as a risk-free claim less a put on the borrower's assets.

    Parameters
    ----------
    asset_value, face : array_like
        Assets today, and the debt due at the horizon. [USD]
    vol : array_like
        Volatility of the assets. [1/sqrt(year)]
    continuous_rate, drift : array_like
        Risk-free rate, and the real-world drift of the assets. [1/year]
    years : array_like
        Horizon. [years]

    Returns
    -------
    Merton
        Spread over the risk-free rate (continuous), values, risk-neutral PD and LGD, real-world
        PD and distance to default. Without volatility, or without assets, the limits of these.

    Notes
    -----
    With M the Mills ratio, φ(d₁)V = φ(d₂)F e^(−rT) turns the expected recovery
    (V e^(rT)/F) Φ(−d₁)/Φ(−d₂) into M(d₁)/M(d₂), which has no 0/0 in the tail.
    """
    value, rate = np.asarray(asset_value, dtype=np.float64), np.asarray(continuous_rate)
    years = np.asarray(years, dtype=np.float64)
    with np.errstate(all="ignore"):
        sd = vol * np.sqrt(years)
        leverage = np.log(value / face)
        d2 = (leverage + rate * years) / sd - 0.5 * sd
        distance = (leverage + drift * years) / sd - 0.5 * sd
        still = (sd < _STILL) | (value == 0.0)
        covered = value * np.exp(rate * years) / face
        safe = np.maximum(d2, 0.0)
        recovery = np.where(
            d2 >= 0.0,
            normal.mills(safe + sd) / normal.mills(safe),
            covered * normal.cdf(-d2 - sd) / normal.cdf(-d2),
        )
        pd = np.where(still, covered < 1.0, normal.cdf(-d2))
        lgd = np.where(still, np.where(covered < 1.0, 1.0 - covered, np.nan), 1.0 - recovery)
        # an expected loss near 1 loses its digits as 1 − pd·lgd, so paid is added up as well
        loss = np.where(still, np.maximum(0.0, 1.0 - covered), pd * lgd)
        paid = np.where(still, 1.0 - loss, normal.cdf(d2) + covered * normal.cdf(-d2 - sd))
        spread = -np.where(loss < 0.5, np.log1p(-loss), np.log(paid)) / years
        claim = face * np.exp(-rate * years)
        equity = value * normal.cdf(d2 + sd) - claim * normal.cdf(d2)
        equity = np.where(still, np.maximum(0.0, value - claim), np.maximum(0.0, equity))
        physical = np.where(still, value * np.exp(drift * years) < face, normal.cdf(-distance))
        distance = np.where(still, np.nan, distance)
        return Merton(spread, claim * paid, equity, pd, lgd, physical, distance)


def wrong_way_lgd(
    pd: Numbers,
    coverage: Numbers,
    vol: Numbers,
    correlation: Numbers,
    sale_cost: Numbers = 0.0,
) -> Array:
    """Loss given default where the collateral falls together with the borrower.

    The borrower defaults when a standard normal X falls below Φ⁻¹(pd); ln(collateral/exposure)
    is normal, of volatility σ, with E collateral/exposure = coverage (1 − sale_cost) = c, and of
    correlation ρ with X. Then, with a = Φ⁻¹(pd) and d = −ln(c)/σ + σ/2,
    E[LGD; default] = Φ₂(a, d; ρ) − c Φ₂(a − ρσ, d − σ; ρ).
    """
    pd, sd = np.asarray(pd, dtype=np.float64), np.asarray(vol, dtype=np.float64)
    net = np.multiply(coverage, np.subtract(1.0, sale_cost))
    with np.errstate(all="ignore"):
        a = normal.quantile(pd)
        d = -np.log(net) / sd + 0.5 * sd
        unpaid = normal.bivariate_cdf(a, d, correlation)
        paid = net * normal.bivariate_cdf(a - correlation * sd, d - sd, correlation)
        moving = np.clip((unpaid - paid) / pd, 0.0, 1.0)
    return np.where(sd < _STILL, np.maximum(0.0, 1.0 - net), moving)


def dscr_default(dscr: Numbers, vol: Numbers, years: Numbers) -> Array:
    """Probability that lognormal cash flow with the expected cover given misses debt service."""
    dscr = np.asarray(dscr, dtype=np.float64)
    with np.errstate(all="ignore"):
        sd = vol * np.sqrt(years)
        moving = normal.cdf(np.asarray(0.5 * sd - np.log(dscr) / sd))
    return np.where((sd < _STILL) | (dscr == 0.0), dscr < 1.0, moving)


def vasicek_capital(
    pd: Numbers, lgd: Numbers, correlation: Numbers, confidence: Numbers = 0.999
) -> Any:
    """Loss at the confidence beyond the expected one, in a large portfolio with one factor.

    K = LGD [Φ((Φ⁻¹(PD) + √ρ Φ⁻¹(q))/√(1 − ρ)) − PD].
    """
    rho = np.asarray(correlation, dtype=np.float64)
    with np.errstate(all="ignore"):
        stress = normal.quantile(pd) + np.sqrt(rho) * normal.quantile(confidence)
        return lgd * (normal.cdf(stress / np.sqrt(1.0 - rho)) - pd)
