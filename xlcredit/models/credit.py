"""Default, loss and the spread that pays for it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from xlcredit.models import normal
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


class FairSpread(NamedTuple):
    """Spread at which the premium is worth the loss, and its parts."""

    spread: Any
    pv_loss: Any
    expected_loss: Any
    pd: Any


def fair_spread(
    exposure: ArrayLike,
    lgd: ArrayLike,
    hazard: ArrayLike,
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
