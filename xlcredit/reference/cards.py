"""The cards of the reference tables by every name they go by, each with its latest cost."""

from __future__ import annotations

import datetime
import difflib
import os
from functools import cache
from pathlib import Path
from typing import cast

from xlcredit.errors import FileError
from xlcredit.reference.tables import Card, Cost, folder_of, path_of, read

__all__ = ["Catalogue", "catalogue", "folded"]

#: Words before a card's name that say nothing about which card it is.
_MAKERS = ("nvidia", "amd", "google", "aws", "instinct", "geforce", "tesla")


def folded(name: str) -> str:
    """Bring a card's name down to what tells it apart: case, spaces and signs do not.

    Examples
    --------
    >>> folded("NVIDIA H100-SXM5")
    'h100sxm5'
    """
    words = name.casefold().split()
    while len(words) > 1 and words[0] in _MAKERS:
        words.pop(0)
    return "".join(c for c in "".join(words) if c.isalnum())


class Catalogue:
    """The cards by every name they go by, each with its latest cost.

    Parameters
    ----------
    cards : iterable of Card
        The table of cards.
    costs : iterable of Cost
        The table of costs.
    """

    def __init__(self, cards: tuple[Card, ...], costs: tuple[Cost, ...]) -> None:
        self._cards: dict[str, Card] = {}
        for card in cards:
            for name in {folded(n) for n in [card.card, *card.names.split(";")]} - {""}:
                other = self._cards.setdefault(name, card)
                if other is not card:
                    raise FileError(
                        f"{Card.file}: {card.card} and {other.card} share the name {name}"
                    )
        self._costs: dict[str, Cost] = {}
        for cost in sorted(costs, key=lambda c: c.as_of or datetime.date.min):
            owner = self.find(cost.card)
            if owner is None:
                raise FileError(f"{Cost.file}: {cost.card} is not in {Card.file}")
            self._costs[owner.card] = cost

    def find(self, name: str) -> Card | None:
        """Return the card of a name, in any case and with any signs; ``None`` if there is none."""
        return self._cards.get(folded(name))

    def cost(self, card: Card) -> Cost | None:
        """Return the latest cost of a card."""
        return self._costs.get(card.card)

    def near(self, name: str, most: int = 3) -> list[str]:
        """Return the cards with a name like this one, the nearest first."""
        names = difflib.get_close_matches(folded(name)[:80], self._cards, 4 * most, 0.6)
        return list(dict.fromkeys(self._cards[n].card for n in names))[:most]


def catalogue(folder: str | os.PathLike[str] | None = None) -> Catalogue:
    """Return the catalogue of cards; ``folder`` as in :func:`~xlcredit.reference.tables.table`."""
    where = folder_of(folder)
    return _catalogue(path_of(Card, where), path_of(Cost, where))


@cache
def _catalogue(cards: Path, costs: Path) -> Catalogue:
    return Catalogue(cast("tuple[Card, ...]", read(cards)), cast("tuple[Cost, ...]", read(costs)))
