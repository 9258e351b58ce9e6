"""What the loans of a book must agree on: steps, coin and jumps; within a class its card and sale.

A term is asked only of loans that it moves. A loan without coin has no say in what coin does, one
without cards none in what cards do; each gets the book's terms in place of its own, which leaves
its own figures where they were.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from xlcredit.models.market import schedule
from xlcredit.models.simulated_loan import Deal
from xlcredit.models.ties import same

__all__ = ["SHARED", "Position", "agreed"]

_OF_COIN = (
    "coin_vol", "coin_drift", "jump_intensity", "coin_jump", "coin_jump_vol", "drawdown_trigger",
)  # fmt: skip
_LINKS = ("correlation", "stressed_correlation", "jump_correlation")
_OF_CLASS = ("gpu_vol", "mean_reversion", *_LINKS[:2], "gpu_jump", "gpu_jump_vol", _LINKS[2])
_OF_SALE = ("gpu_depth", "sale_days", "gpu_impact", "exponent")
#: What each loan's sale costs it: of its own fleet, and of no other.
_OWN_SALE = ("sale_haircut", "sale_cost")
#: Terms that can be said for all loans at once: those of the market, and what a sale costs.
SHARED = (*_OF_COIN, *_OF_CLASS, *_OF_SALE, *_OWN_SALE)


@dataclass(frozen=True)
class Position:
    """One loan of the book, and the class of its cards."""

    name: str
    deal: Deal
    card: str
    place: str = ""
    """File and row, where the name does not say it."""

    @property
    def shown(self) -> str:
        """What a message calls it."""
        return f"{self.name} ({self.place})" if self.place else self.name


@dataclass(frozen=True)
class _Difference:
    """A term that loans differ in: the first of them, and the first that says something else."""

    name: str
    whose: str
    one: Position
    other: Position
    best: Position
    """Whose value is proposed for all."""


def agreed(positions: Sequence[Position]) -> list[Position]:
    """Give each loan the terms that the book shares.

    Parameters
    ----------
    positions : sequence of Position
        The loans.

    Returns
    -------
    list of Position
        The same loans; one that had no say in a term has the book's.

    Raises
    ------
    ValueError
        If loans differ in what moves them: one message names every such term and its loans.
    """
    differences: list[_Difference] = []
    shared: defaultdict[str, dict[str, float | None]] = defaultdict(dict)
    for name, whose, members in _questions(positions):
        asked = _asked(name, members)
        first = asked[0] if asked else _best(name, members)
        other = next((p for p in asked if not _equal(_term(first, name), _term(p, name))), None)
        if other is not None:
            best = _best(name, asked)
            differences.append(_Difference(name, whose, first, other, best))
        for card in {p.card for p in members}:
            shared[card][name] = _term(first, name)
    if differences:
        raise ValueError(_told(differences))
    return [_with(position, shared[position.card]) for position in positions]


def _questions(positions: Sequence[Position]) -> Iterator[tuple[str, str, Sequence[Position]]]:
    """Give each term with those who share it."""
    for name in ("periods_per_year", *_OF_COIN):
        yield name, "of the book", positions
    for card in sorted({position.card for position in positions}):
        of_class = [position for position in positions if position.card == card]
        for name in (*_OF_CLASS, *_OF_SALE):
            yield name, f"of class {card}", of_class


def _asked(name: str, members: Sequence[Position]) -> Sequence[Position]:
    """Give the loans that a term moves; there may be none."""
    if name == "periods_per_year":
        return members
    moved = [p for p in members if _moves(name, p)]
    if name in _OF_COIN and not moved:  # nobody has coin, but its falls link the cards of classes
        return [p for p in members if _reads_cards(p) and _links_move(p)]
    return moved


def _moves(name: str, position: Position) -> bool:
    if name in _OF_COIN:
        jumps = name == "jump_intensity" and _reads_cards(position) and _cards_jump(position)
        falls = name == "drawdown_trigger" and _reads_cards(position) and _links_move(position)
        return _has_coin(position) or jumps or falls
    if name in _LINKS:
        return _reads_cards(position) and (_has_coin(position) or _says_link(name, position))
    return _has_cards(position) if name in _OF_SALE else _reads_cards(position)


def _has_coin(position: Position) -> bool:
    terms = position.deal.terms
    return terms.coin_units > 0.0 and terms.coin_price > 0.0


def _has_cards(position: Position) -> bool:
    return position.deal.terms.gpu_units > 0.0


def _reads_cards(position: Position) -> bool:
    """Whether a loan has cards, or rents that move with them."""
    deal = position.deal
    rents = any(s is not None and bool(np.any(s)) for s in (deal.merchant, deal.relet))
    return _has_cards(position) or rents or deal.terms.hazard_elasticity != 0.0


def _cards_jump(position: Position) -> bool:
    return position.deal.terms.gpu_jump != 0.0 or position.deal.terms.gpu_jump_vol != 0.0


def _says_link(name: str, position: Position) -> bool:
    """Whether a loan without coin says how its cards hang on coin: 0 is what is left out."""
    terms = position.deal.terms
    if name == "jump_correlation":
        return terms.jump_correlation != 0.0
    return terms.correlation != 0.0 or terms.stressed_correlation != 0.0


def _links_move(position: Position) -> bool:
    return position.deal.terms.correlation != position.deal.terms.stressed_correlation


def _term(position: Position, name: str) -> float | None:
    value: float | None = getattr(position.deal.terms, name)
    return value


def _equal(one: float | None, other: float | None) -> bool:
    """Whether two loans mean the same: what a workbook derives may differ in its last digit."""
    if one is None or other is None or one == other:
        return one == other
    return bool(same(one, other))


def _best(name: str, asked: Sequence[Position]) -> Position:
    """Say whose value to propose: one that says something, and of those the more cautious.

    A value of 0 would take the risk out of the loans that say another.
    """
    says = [p for p in asked if _term(p, name)] or asked
    if name in _OF_COIN:
        return max(says, key=lambda p: (_has_coin(p), p.deal.terms.coin_vol))
    if name in _OF_CLASS:
        return max(says, key=lambda p: p.deal.terms.gpu_vol)
    return min(says, key=lambda p: p.deal.terms.gpu_depth or np.inf)


def _told(differences: Sequence[_Difference]) -> str:
    parts: defaultdict[tuple[str, str, str], list[_Difference]] = defaultdict(list)
    for d in differences:
        parts[d.whose, d.one.shown, d.other.shown].append(d)
    told = [
        f"the loans {whose} must have one {', '.join(d.name for d in of_pair)}: "
        f"{one} has {', '.join(_shown(d.one, d.name) for d in of_pair)}; "
        f"{other} has {', '.join(_shown(d.other, d.name) for d in of_pair)}"
        for (whose, one, other), of_pair in parts.items()
    ]
    remedies: dict[str, _Difference] = {}
    for d in differences:
        if d.name in SHARED:
            remedies.setdefault(d.name, d)
    if remedies:
        words = [f"--market {n}={_term(d.best, n):.6g}" for n, d in remedies.items()]
        sources: defaultdict[str, list[str]] = defaultdict(list)
        for name, d in remedies.items():
            sources[d.best.shown].append(name)
        of = "; ".join(f"{', '.join(names)} of {loan}" for loan, names in sources.items())
        told.append(f"say it for all: {' '.join(words)} ({of})")
    return "; ".join(told)


def _shown(position: Position, name: str) -> str:
    value = _term(position, name)
    return "none" if value is None else f"{value:g}"


def _with(position: Position, terms: dict[str, float | None]) -> Position:
    """Put the book's terms in place of those that a loan had no say in."""
    moved: dict[str, Any] = {n: v for n, v in terms.items() if not _equal(_term(position, n), v)}
    if not moved:
        return position
    deal = position.deal
    own = replace(deal.terms, **moved)
    market = schedule(own, own.periods_per_year, deal.market.curve)
    return replace(position, deal=replace(deal, terms=own, market=market))
