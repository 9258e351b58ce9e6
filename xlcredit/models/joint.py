"""Many loans on common paths, their cards sold into one market.

All loans see one coin; those of a class see one card factor; their customers stop with one common
factor. What happens to a loan until its enforcement is its own affair, so that one run of the
paths gives both books at once: each loan *alone* in the market, and all *together*. Together,
the cards of a class that are enforced in a period are one lot with the unsold rest of earlier
lots (after j periods, n max(0, 1 − 365 j/(m sale_days)) of n cards), and each seller gets the
average price of that lot; who sold earlier is not repriced.

The shocks of the classes and their customers::

    card shock of a class = ρ z + √(1 − ρ²) e,   e = l h + √(1 − l²) own,  l = class_loading
    U = Φ(a F + √(1 − a²) ε),                                            a = customer_loading

z the coin's shock, h, F common to all, own and ε independent. A customer has gone in the first
period in which its cumulated hazard reaches −ln(1 − U).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xlcredit.models.joint_loan import Enforced, run_loan
from xlcredit.models.joint_lots import Lots, Sale, loss_of
from xlcredit.models.joint_paths import common_paths, customer_factor, patience
from xlcredit.models.joint_terms import SHARED, Position, agreed
from xlcredit.models.simulation import kernel_name

__all__ = ["SHARED", "Block", "LoanBook", "Links", "Position", "block_size", "run_block"]

Array = NDArray[np.float64]
Paths = NDArray[np.uint64]

#: Elements of an array over loans and paths, or over dates and paths: what bounds the memory.
_ELEMENTS = 1 << 21
_SMALLEST, _LARGEST = 128, 8_192


@dataclass(frozen=True)
class Links:
    """What loans share beyond the coin and the card of their class."""

    class_loading: float = 0.0
    customer_loading: float = 0.0


@dataclass
class Block:
    """What a block of paths gives; arrays run over its paths, or over the loans.

    The book's loss is what enforcements leave unpaid; ``unpaid`` is what is overdue at maturity
    of loans that nobody enforces.
    """

    alone: Array
    together: Array
    unpaid: Array
    loan_alone: Array
    loan_together: Array
    loan_unpaid: Array
    enforced: Array  #: by loan: on how many of the paths
    without: Array  #: summed over the paths: loss together without each of the loans asked for
    cards_enforced: float
    cards_sold: float


class LoanBook:
    """Loans made ready to be run together.

    Parameters
    ----------
    positions : sequence of Position
        The loans.
    links : Links
        What they share.

    Raises
    ------
    ValueError
        If loans do not agree on what they share: the message names every such term and its loans.
    """

    def __init__(self, positions: Sequence[Position], links: Links | None = None) -> None:
        if not positions:
            raise ValueError("there is no loan to simulate")
        self.positions = positions = agreed(positions)
        self.links = links or Links()
        self.classes = sorted({position.card for position in positions})
        self.periods = max(position.deal.plan.periods for position in positions)
        self.class_of = [self.classes.index(position.card) for position in positions]
        self.leaders = [next(p.deal for p in positions if p.card == card) for card in self.classes]
        self.longest = [
            max((p.deal for p in positions if p.card == card), key=lambda d: d.plan.periods)
            for card in self.classes
        ]

    @property
    def block(self) -> int:
        """Paths that are worked at once."""
        return block_size(len(self.positions), (self.periods + 1) * (1 + 3 * len(self.classes)))


def block_size(loans: int, rows: int) -> int:
    """Say how many paths are worked at once, so that memory grows neither with loans nor term.

    Parameters
    ----------
    loans : int
        Loans of the book.
    rows : int
        Rows of the arrays that all of them share: dates, for coin, cards and lots.
    """
    most = _ELEMENTS // max(1, loans, rows)
    return min(_LARGEST, max(_SMALLEST, 1 << int(math.log2(max(1, most)))))


def run_block(
    book: LoanBook, seed: int, paths: Paths, leave_out: Sequence[int] = (), kernel: str = "auto"
) -> Block:
    """Run paths, by their numbers, through all loans.

    Parameters
    ----------
    book : LoanBook
        The loans.
    seed : int
        Seed; equal seeds and paths give equal numbers, whoever runs them.
    paths : ndarray
        Numbers of the paths.
    leave_out : sequence of int
        Numbers of loans; for each, the loss of the book without it is reckoned too.
    kernel : {"auto", "numpy", "compiled"}
        As in :class:`~xlcredit.models.simulation.Simulation`.

    Returns
    -------
    Block
        Losses of the book by path and of the loans in sum, alone and together.
    """
    run = _runner(kernel)
    schedules = [deal.market for deal in book.longest]
    common = common_paths(schedules, book.links.class_loading, seed, paths)
    factor = customer_factor(seed, paths)
    enforced, unpaid = [], np.zeros(len(paths))
    loan_unpaid = np.zeros(len(book.positions))
    for number, position in enumerate(book.positions):
        deal, limits = position.deal, None
        if deal.market.hazard > 0.0:
            limits = patience(book.links.customer_loading, factor, seed, number, paths)
        ended, short = run(deal, book.class_of[number], common, limits)
        enforced.append(ended)
        unpaid += short
        loan_unpaid[number] = np.sum(short)
    sold = _Sold(book, enforced, len(paths))
    together, loan_together = sold.losses()
    units = (position.deal.terms.gpu_units for position in book.positions)
    return Block(
        alone=sold.by_path([one.loss for one in enforced]),
        together=together,
        unpaid=unpaid,
        loan_alone=np.array([np.sum(one.loss) for one in enforced]),
        loan_together=loan_together,
        loan_unpaid=loan_unpaid,
        enforced=np.array([len(one.at) for one in enforced], dtype=np.float64),
        without=np.array([sold.without(number) for number in leave_out]),
        cards_enforced=sum(n * len(one.at) for n, one in zip(units, enforced, strict=True)),
        cards_sold=sum(float(np.sum(lots.cards)) for lots in sold.lots),
    )


def _runner(kernel: str) -> Callable[..., tuple[Enforced, Array]]:
    """What runs one loan: compiled where numba is installed."""
    if kernel_name(kernel) == "numpy":
        return run_loan
    from xlcredit.models.kernels.on_market import run_loan as compiled  # noqa: PLC0415

    return compiled


class _Sold:
    """All enforced cards of a block, brought to the market."""

    def __init__(self, book: LoanBook, enforced: list[Enforced], count: int) -> None:
        self._book, self._enforced, self._count = book, enforced, count
        self.lots = [Lots(Sale.of(d.terms), book.periods, count) for d in book.leaders]
        for number in range(len(enforced)):
            self._bring(number, 1.0)

    def _bring(self, number: int, sign: float) -> None:
        units = sign * self._book.positions[number].deal.terms.gpu_units
        self.lots[self._book.class_of[number]].add(units, self._enforced[number])

    def by_path(self, losses: list[Array]) -> Array:
        """Sum losses of the loans, on their enforced paths, over the loans."""
        total = np.zeros(self._count)
        for one, loss in zip(self._enforced, losses, strict=True):
            total[one.at] += loss
        return total

    def losses(self) -> tuple[Array, Array]:
        """Losses together: by path, and by loan."""
        averages = [lots.average_price() for lots in self.lots]
        losses = [
            loss_of(position.deal.terms, one, averages[class_])
            for position, one, class_ in zip(
                self._book.positions, self._enforced, self._book.class_of, strict=True
            )
        ]
        return self.by_path(losses), np.array([np.sum(loss) for loss in losses])

    def without(self, number: int) -> float:
        """Loss of all loans but one, summed over the paths: its cards are not on sale."""
        self._bring(number, -1.0)
        by_loan = self.losses()[1]
        self._bring(number, 1.0)
        return float(np.sum(by_loan)) - float(by_loan[number])
