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
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xlcredit.models import draws, loan
from xlcredit.models.liquidation import impact_factor
from xlcredit.models.market import TIE, Schedule
from xlcredit.models.normal import log_cdf
from xlcredit.models.simulation import Deal

__all__ = ["Block", "LoanBook", "Links", "Position", "block_size", "run_block"]

Array = NDArray[np.float64]
Paths = NDArray[np.uint64]

#: Elements of one field over all loans of a block: what bounds the memory.
_ELEMENTS = 1 << 21
_SMALLEST, _LARGEST = 128, 8_192
#: Streams of random numbers beside that of the paths: the seed is moved by these.
_STREAM = 0xD1342543DE82EF95
_MASK = (1 << 64) - 1
_COMMON, _CUSTOMERS, _CLASSES, _LOANS = 1, 2, 16, 4_096

#: What loans of a book must agree on: the steps and the coin; within a class, the card too.
_OF_COIN = (
    "coin_vol", "coin_drift", "jump_intensity", "coin_jump", "coin_jump_vol", "drawdown_trigger",
)  # fmt: skip
_OF_CLASS = (
    "gpu_vol", "mean_reversion", "correlation", "stressed_correlation", "gpu_jump",
    "gpu_jump_vol", "jump_correlation",
)  # fmt: skip
_OF_SALE = ("gpu_depth", "sale_days", "gpu_impact", "exponent", "sale_haircut", "sale_cost")


@dataclass(frozen=True)
class Position:
    """One loan of the book, and the class of its cards."""

    name: str
    deal: Deal
    card: str


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
        If loans do not agree on what they share: the message names the loan and the parameter.
    """

    def __init__(self, positions: Sequence[Position], links: Links | None = None) -> None:
        if not positions:
            raise ValueError("there is no loan to simulate")
        self.positions = list(positions)
        self.links = links or Links()
        self.classes = sorted({position.card for position in positions})
        self.periods = max(position.deal.plan.periods for position in positions)
        self._refuse_disagreement()
        self.leaders = [next(p.deal for p in positions if p.card == card) for card in self.classes]
        self.longest = [
            max((p.deal for p in positions if p.card == card), key=lambda d: d.plan.periods)
            for card in self.classes
        ]

    def _refuse_disagreement(self) -> None:
        first = self.positions[0]
        for position in self.positions:
            _same(first, position, ("periods_per_year", *_OF_COIN), "of the book")
        for card in self.classes:
            of_class = [p for p in self.positions if p.card == card]
            for position in of_class[1:]:
                _same(of_class[0], position, (*_OF_CLASS, *_OF_SALE), f"of class {card}")


def _same(one: Position, other: Position, names: Sequence[str], whose: str) -> None:
    for name in names:
        here, there = getattr(one.deal.terms, name), getattr(other.deal.terms, name)
        if here != there:
            raise ValueError(
                f"the loans {whose} must have one {name}: {one.name} has {here}, "
                f"{other.name} has {there}"
            )


def block_size(loans: int) -> int:
    """Say how many paths are worked at once, so that the memory does not grow with the loans."""
    return min(_LARGEST, max(_SMALLEST, 1 << int(math.log2(max(1, _ELEMENTS // loans)))))


# --- the paths ------------------------------------------------------------------------------


class _Market:
    """Coin and card factors of all classes on their way."""

    def __init__(self, book: LoanBook, seed: int, paths: Paths) -> None:
        count = len(paths)
        self._schedules: list[Schedule] = [deal.market for deal in book.longest]
        self._loading = (book.links.class_loading, math.sqrt(1.0 - book.links.class_loading**2))
        self._base = draws.bases_of(seed, paths)
        self._common = draws.bases_of(_moved(seed, _COMMON), paths)
        self._own = [
            draws.bases_of(_moved(seed, _CLASSES + j) if j else seed, paths)
            for j in range(len(self._schedules))
        ]
        self.coin_log, self._high = np.zeros((2, count))
        self._y, self._jumps = np.zeros((2, len(self._schedules), count))
        self.level = np.zeros((len(self._schedules), count))

    def step(self, k: int) -> None:
        first = self._schedules[0]
        shock, own = draws.normals(self._base, k, draws.SHOCKS)
        fallen = self.coin_log <= self._high + first.fall + TIE if first.fall > -math.inf else None
        for j, s in enumerate(self._schedules):
            if j:
                own = draws.normals(self._own[j], k, draws.SHOCKS)[0]
            joint = self._joint(s, shock, self._linked(k, own), fallen)
            self._y[j] *= s.decay
            self._y[j] += s.gpu_shock * joint
        self.coin_log += first.coin_move + first.coin_shock * shock
        if len(first.jumps):
            self._jump(k, first)
        np.maximum(self._high, self.coin_log, out=self._high)
        np.add(self._y, self._jumps, out=self.level)

    def _linked(self, k: int, own: Array) -> Array:
        common, rest = self._loading
        if common == 0.0:
            return own
        return common * draws.normals(self._common, k, draws.SHOCKS)[0] + rest * own

    def _joint(
        self, s: Schedule, shock: Array, own: Array, fallen: NDArray[np.bool_] | None
    ) -> Array:
        calm = s.rho[0] * shock + s.rho[1] * own
        if fallen is None:
            return calm
        return np.where(fallen, s.stressed[0] * shock + s.stressed[1] * own, calm)

    def _jump(self, k: int, first: Schedule) -> None:
        drawn = draws.uniforms(self._base, k, draws.JUMPS)
        number = np.searchsorted(first.jumps, drawn, side="right")
        hit = np.flatnonzero(number)
        times = number[hit].astype(np.float64)
        root = np.sqrt(times)
        common, own = draws.normals(self._base[hit], k, draws.JUMP_SIZES)
        self.coin_log[hit] += first.coin_jump[0] * times + first.coin_jump[1] * root * common
        for j, s in enumerate(self._schedules):
            if j:
                own = draws.normals(self._own[j][hit], k, draws.JUMP_SIZES)[0]
            joint = s.jump_rho[0] * common + s.jump_rho[1] * own
            self._jumps[j, hit] += s.gpu_jump[0] * times + s.gpu_jump[1] * root * joint


class _Factors:
    """Card and rent factors of a step, computed once for all loans that share them."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._level: Array | None = None
        self._before: dict[tuple[float, ...], Array] = {}
        self._now: dict[tuple[float, ...], Array] = {}

    def step(self, level: Array) -> None:
        """Go on to the next step; the factors of the one before decide who stops."""
        self._level, self._before, self._now = level, self._now, {}

    def card(self, centre: float) -> Array:
        """Factor of a card's price."""
        return self.rent(1.0, centre)

    def rent(self, beta: float, centre: float) -> Array:
        """Rent factor of a beta."""
        assert self._level is not None
        if (beta, centre) not in self._now:
            log = self._level - centre if beta == 1.0 else beta * self._level - centre
            self._now[beta, centre] = np.exp(log)
        return self._now[beta, centre]

    def thinned(self, beta: float, centre: float, elasticity: float) -> Array | float:
        """What the step before makes of a hazard: its rent factor to the power of −elasticity."""
        if elasticity == 0.0 or (beta, centre) not in self._before:
            return 1.0
        key = (beta, centre, elasticity)
        if key not in self._before:
            self._before[key] = self._before[beta, centre] ** -elasticity
        return self._before[key]


class _Loan:
    """One loan on all paths of the block."""

    def __init__(self, book: LoanBook, index: int, seed: int, paths: Paths, factor: Array) -> None:
        self.position = book.positions[index]
        self.deal = self.position.deal
        self.terms, self.plan = self.deal.terms, self.deal.plan
        self.class_ = book.classes.index(self.position.card)
        count = len(paths)
        market = self.deal.market
        self.coin = np.full(count, market.coin_price)
        self.card = np.full(count, market.curve[0])
        self.rent = np.ones(count)
        self.gone = np.zeros(count, dtype=np.int64)
        self.state = loan.State.start(self.terms, self.coin, self.card)
        self.alone = np.zeros(count)
        self.flow: loan.Flow | None = None
        self.active = True
        self._hazard = np.zeros(count)
        self._patience = (
            _patience(book.links.customer_loading, factor, _moved(seed, _LOANS + index), paths)
            if market.hazard > 0.0
            else None
        )

    def events(self, k: int, coin: Array, factors: _Factors) -> None:
        """Take the loan through a period, up to what its enforcement brings."""
        market = self.deal.market
        beta, centre = market.rent_beta, market.rent_centre
        if self._patience is not None:
            thinned = factors.thinned(beta, centre[k - 1], market.elasticity)
            self._hazard += market.hazard * thinned
            self.gone[(self._hazard >= self._patience) & (self.gone == 0)] = k
        if self.terms.coin_units:
            self.coin = market.coin_price * coin
        self.card = market.curve[k] * factors.card(market.card_centre[k])
        if self.deal.needs_rents:
            self.rent = factors.rent(beta, centre[k])
        cash = self.deal.cash(k, self)  # type: ignore[arg-type] # gone and rent, as a walk has
        self.flow = loan.events(self.state, self.terms, self.plan, k, cash, self.coin, self.card)

    def enforce(self, lot: Array) -> None:
        """Close the enforced paths: at the price of the whole lot, and, beside it, of its own."""
        assert self.flow is not None
        at = self.flow.enforced
        if np.any(at):
            alone = loan.card_proceeds(self.terms, self.card)
            together = _proceeds(self.terms, self.card, lot)
            loan.enforce(self.state, self.terms, self.flow, self.coin, together)
            pot = self.state.recovered[at] + self.state.surplus[at] - together[at] + alone[at]
            self.alone[at] = np.maximum(0.0, self.state.exposure[at] - pot)
        self.active = bool(np.any(self.state.status == loan.PERFORMING))


def _patience(a: float, factor: Array, seed: int, paths: Paths) -> Array:
    """How much hazard a customer survives: −ln(1 − Φ(a F + √(1 − a²) ε))."""
    own = draws.normals(draws.bases_of(seed, paths), 0, draws.SHOCKS)[0]
    return -log_cdf(-(a * factor + math.sqrt(1.0 - a * a) * own))


def _proceeds(terms: loan.Terms, card: Array, lot: Array) -> Array:
    """What the cards of a loan bring when they are part of a lot of ``lot`` cards."""
    if terms.gpu_depth is None:
        return np.asarray(loan.card_proceeds(terms, card))
    days = 90.0 if terms.sale_days is None else terms.sale_days
    impact = terms.gpu_impact or 0.0
    exponent = 0.6 if terms.exponent is None else terms.exponent
    average = impact_factor(lot, terms.gpu_depth * days, impact, exponent)
    each = card * (1.0 - (terms.sale_haircut or 0.0)) * average - (terms.sale_cost or 0.0)
    return np.maximum(0.0, terms.gpu_units * each)


def _moved(seed: int, stream: int) -> int:
    return (seed + stream * _STREAM) & _MASK


# --- the lots -------------------------------------------------------------------------------


class _Lots:
    """Cards of one class on sale: what came in each of the last periods, path by path."""

    def __init__(self, deal: Deal, count: int) -> None:
        terms = deal.terms
        days = 90.0 if terms.sale_days is None else terms.sale_days
        step = 365.0 / terms.periods_per_year
        self._kept = [1.0 - j * step / days for j in range(1, math.ceil(days / step))]
        self._earlier: list[Array] = []
        self.now = np.zeros(count)

    def open(self) -> None:
        """Begin a period."""
        self._earlier = [self.now, *self._earlier][: len(self._kept)]
        self.now = np.zeros_like(self.now)

    def total(self) -> Array:
        """Count the cards of this period and what is left of earlier ones."""
        rest = zip(self._kept, self._earlier, strict=False)
        total: Array = self.now + sum(share * cards for share, cards in rest)
        return total


def run_block(book: LoanBook, seed: int, paths: Paths, without: int | None = None) -> Block:
    """Run paths, by their numbers, through all loans.

    Parameters
    ----------
    book : LoanBook
        The loans.
    seed : int
        Seed; equal seeds and paths give equal numbers, whoever runs them.
    paths : ndarray
        Numbers of the paths.
    without : int, optional
        Number of a loan that is left out; the others have the same paths as with it.

    Returns
    -------
    Block
        Losses of the book by path and of the loans in sum, alone and together.
    """
    count = len(paths)
    market = _Market(book, seed, paths)
    factor = draws.normals(draws.bases_of(_moved(seed, _CUSTOMERS), paths), 0, draws.SHOCKS)[0]
    numbers = (i for i in range(len(book.positions)) if i != without)
    loans = [_Loan(book, i, seed, paths, factor) for i in numbers]
    lots = [_Lots(deal, count) for deal in book.leaders]
    factors = [_Factors(count) for _ in book.classes]
    enforced, sold = 0.0, 0.0
    for k in range(1, book.periods + 1):
        market.step(k)
        coin = np.exp(market.coin_log)
        for lot, factor_, level in zip(lots, factors, market.level, strict=True):
            lot.open()
            factor_.step(level)
        running = [one for one in loans if one.active and k <= one.plan.periods]
        for one in running:
            one.events(k, coin, factors[one.class_])
            if np.any(one.flow.enforced):  # type: ignore[union-attr] # set by the line above
                cards = np.where(one.flow.enforced, one.terms.gpu_units, 0.0)  # type: ignore[union-attr]
                lots[one.class_].now += cards
                enforced += float(np.sum(cards))
        totals = [lot.total() for lot in lots]
        sold += float(sum(np.sum(lot.now) for lot in lots))
        for one in running:
            one.enforce(totals[one.class_])
    return _gathered(loans, enforced, sold)


def _gathered(loans: list[_Loan], enforced: float, sold: float) -> Block:
    unpaid = [np.asarray(loan.unpaid(one.state, one.terms, one.plan)) for one in loans]
    return Block(
        alone=sum((one.alone for one in loans), np.zeros_like(loans[0].alone)),
        together=sum((one.state.loss for one in loans), np.zeros_like(loans[0].alone)),
        unpaid=sum(unpaid, np.zeros_like(loans[0].alone)),
        loan_alone=np.array([np.sum(one.alone) for one in loans]),
        loan_together=np.array([np.sum(one.state.loss) for one in loans]),
        loan_unpaid=np.array([np.sum(short) for short in unpaid]),
        enforced=np.array([np.sum(one.state.exposure > 0.0) for one in loans], dtype=np.float64),
        cards_enforced=enforced,
        cards_sold=sold,
    )
