"""One loan of a book on the common paths, up to what the market pays for its cards.

That is its own affair: what other loans do moves nothing before its enforcement. So a loan is run
through all its periods at once, and of its paths only the enforced ones are kept.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from xlcredit.models import loan
from xlcredit.models.joint_paths import Common
from xlcredit.models.simulated_loan import Deal

__all__ = ["Enforced", "run_loan"]

Array = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass
class Enforced:
    """The enforced paths of a loan, in ascending order; amounts in USD."""

    at: Counts  #: place of the path in the block
    period: Counts
    exposure: Array
    pot: Array  #: what there is beside the proceeds of the cards
    card: Array  #: price of a card
    loss: Array  #: where the loan is alone in the market

    @classmethod
    def sorted_of(cls, parts: list[Enforced]) -> Enforced:
        """Put parts together, in the order of the paths."""
        columns = [np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)]
        order = np.argsort(columns[0], kind="stable")
        return cls(*(column[order] for column in columns))


def run_loan(
    deal: Deal, card_class: int, common: Common, patience: Array | None
) -> tuple[Enforced, Array]:
    """Run a loan to its ends.

    Parameters
    ----------
    deal : Deal
        The loan and its market.
    card_class : int
        Number of the class of its cards.
    common : Common
        The paths.
    patience : ndarray, optional
        Cumulated hazard that the customer survives, by path; None where it never stops.

    Returns
    -------
    tuple
        The enforced paths, and what is overdue at maturity, by path. [USD]
    """
    terms, plan = deal.terms, deal.plan
    walk = _Walk(deal, card_class, common, patience)
    state = loan.State.start(terms, walk.coin, walk.card)
    parts = [_closed(state, walk, np.zeros(len(walk.coin), dtype=bool), 0)]
    for k in range(1, plan.periods + 1):
        walk.step(k)
        cash = deal.cash(k, walk)
        flow = loan.events(state, terms, plan, k, cash, walk.coin, walk.card)
        if np.any(flow.enforced):
            pot = state.reserve + flow.cash
            pot = pot + state.coin_units * walk.coin * (1.0 - terms.coin_slippage)
            loan.enforce(state, terms, flow, walk.coin, loan.card_proceeds(terms, walk.card))
            parts.append(_closed(state, walk, flow.enforced, k, pot))
        if not np.any(state.status == loan.PERFORMING):
            break
    return Enforced.sorted_of(parts), np.asarray(loan.unpaid(state, terms, plan))


def _closed(
    state: loan.State, walk: _Walk, mask: NDArray[np.bool_], k: int, pot: Array | None = None
) -> Enforced:
    at = np.flatnonzero(mask)
    own = np.zeros(0) if pot is None else pot[at]
    period = np.full(len(at), k, dtype=np.int64)
    return Enforced(at, period, state.exposure[at], own, walk.card[at], state.loss[at])


class _Walk:
    """Prices, rents and customer of one loan, as a walk of the simulation has them."""

    def __init__(self, deal: Deal, card_class: int, common: Common, patience: Array | None) -> None:
        count = common.coin.shape[1]
        self._deal, self._coin, self._patience = deal, common.coin, patience
        self._level, self._card = common.level[card_class], common.card[card_class]
        self._hazard = np.zeros(count)
        self.coin = np.full(count, deal.market.coin_price)
        self.card = np.full(count, deal.market.curve[0])
        self.rent = np.ones(count)
        self.gone: Counts = np.zeros(count, dtype=np.int64)

    def step(self, k: int) -> None:
        """Take all paths to the end of step ``k``."""
        market = self._deal.market
        if self._patience is not None:
            thinned = self.rent**-market.elasticity if market.elasticity else 1.0
            self._hazard += market.hazard * thinned
            self.gone[(self._hazard >= self._patience) & (self.gone == 0)] = k
        self.coin = market.coin_price * self._coin[k]
        self.card = market.curve[k] * self._card[k]
        if self._deal.needs_rents:
            same = market.rent_beta == 1.0
            log = market.rent_beta * self._level[k] - market.rent_centre[k]
            self.rent = self._card[k] if same else np.exp(log)
