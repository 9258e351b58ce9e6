"""Worksheet functions: the price of credit."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from xlcredit.functions.kinds import (
    Number,
    Scalar,
    Series,
    align,
    checked,
    pick,
    require,
    rule,
)
from xlcredit.functions.registry import worksheet
from xlcredit.models import credit

CATEGORY = "xlcredit: Price of credit"


@worksheet(CATEGORY)
def XLC_FAIR_SPREAD(
    exposure: Series,
    lgd: Series,
    hazard: Series,
    discount_rate: Scalar,
    measure: Literal["spread", "pv_loss", "expected_loss", "pd"] = "spread",
    periods_per_year: Scalar = 12.0,
) -> Any:
    """Credit spread that pays for the expected loss of a loan. [1/year, share or USD]

    Parameters
    ----------
    exposure : series
        Opening balance of each period, the first one today's. [USD]
    lgd : series
        Loss given default in each period, or one for all. [share]
    hazard : series
        Default intensity in each period, or one for all; continuous. [1/year]
    discount_rate : number
        Discount rate, effective. [1/year]
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
    With m periods a year, survival S_k = exp(-sum hazard / m) and DF(k) = (1 + discount_rate)^(-k/m):
    spread = sum E_k LGD_k (S_k-1 - S_k) DF(k - 1/2) / sum (E_k / m) DF(k) (S_k-1 + S_k) / 2.
    Default falls in mid-period; the premium accrues until default. A hazard from history gives the
    real-world price of the loss alone, a hazard from traded spreads the market's.

    Examples
    --------
    >>> call("XLC_FAIR_SPREAD", [100.0, 75.0, 50.0, 25.0], 0.45, 0.02, 0.04, "spread", 1)
    0.00917772
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
