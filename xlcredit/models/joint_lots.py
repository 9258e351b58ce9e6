"""Cards of a class on sale: what comes in each period, and what each seller gets for its own.

Cards enforced in a period are one lot with the unsold rest of earlier lots: after j periods,
n max(0, 1 − 365 j/(m sale_days)) of n cards. Each seller gets the average price of that lot; who
sold earlier is not repriced.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xlcredit.models import loan
from xlcredit.models.joint_loan import Enforced
from xlcredit.models.liquidation import impact_factor
from xlcredit.models.ties import at_least

__all__ = ["Lots", "Sale", "loss_of"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Sale:
    """How a class of cards is sold; ``depth`` is None where all lots bring the same."""

    depth: float | None  #: of one sale [units]
    impact: float
    exponent: float
    kept: tuple[float, ...]  #: share of a lot that is unsold after 1, 2, ... periods

    @classmethod
    def of(cls, terms: loan.Terms) -> Sale:
        """Read the terms that all loans of a class have in common."""
        days = 90.0 if terms.sale_days is None else terms.sale_days
        step = 365.0 / terms.periods_per_year
        return cls(
            None if terms.gpu_depth is None else terms.gpu_depth * days,
            terms.gpu_impact or 0.0,
            0.6 if terms.exponent is None else terms.exponent,
            tuple(1.0 - j * step / days for j in range(1, math.ceil(days / step))),
        )


class Lots:
    """Lots of one class, a row a period and a column a path.

    Parameters
    ----------
    sale : Sale
        How the class is sold.
    periods, paths : int
        Shape of the block.
    """

    def __init__(self, sale: Sale, periods: int, paths: int) -> None:
        self._sale = sale
        self.cards = np.zeros((periods + 1, paths))

    def add(self, units: float, enforced: Enforced) -> None:
        """Bring the cards of a loan to the market (or take them back: below 0)."""
        self.cards[enforced.period, enforced.at] += units

    def average_price(self) -> Array:
        """Average price of each lot over that of its first card."""
        average = np.ones_like(self.cards)
        if self._sale.depth is None:
            return average
        total = self.cards.copy()
        for j, share in enumerate(self._sale.kept, start=1):
            total[j:] += share * self.cards[:-j]
        sold = self.cards > 0.0
        if np.any(sold):
            how = (self._sale.depth, self._sale.impact, self._sale.exponent)
            average[sold] = impact_factor(total[sold], *how)
        return average


def loss_of(terms: loan.Terms, enforced: Enforced, average: Array) -> Array:
    """Loss of a loan on its enforced paths, in USD, at the average prices of the lots."""
    if terms.gpu_depth is None:
        proceeds = np.asarray(loan.card_proceeds(terms, enforced.card))
    else:
        price = average[enforced.period, enforced.at]
        each = enforced.card * (1.0 - (terms.sale_haircut or 0.0)) * price
        proceeds = np.maximum(0.0, terms.gpu_units * (each - (terms.sale_cost or 0.0)))
    pot = enforced.pot + proceeds
    return np.where(at_least(pot, enforced.exposure), 0.0, enforced.exposure - pot)
