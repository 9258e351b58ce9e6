"""The catalogue of cards: every name leads to one card, and every cost to its card."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reference.test_tables import only, own
from xlcredit.errors import FileError
from xlcredit.reference import Card, Cost, catalogue, table


def test_a_card_is_found_by_any_of_its_names() -> None:
    """As people write them: the maker before it, other signs, other capitals."""
    cards = catalogue()
    for card in table(Card):
        for name in (card.card, *filter(None, card.names.split(";"))):
            for written in (name, name.upper(), f" {name.replace('-', ' ')} "):
                assert cards.find(written) is card, written
    assert cards.find("NVIDIA h100-sxm5") is cards.find("H100 SXM5")
    assert cards.find("no such card") is None


def test_successors_launch_later() -> None:
    cards = catalogue()
    for card in table(Card):
        successor = cards.find(card.successor)
        if successor and successor.launch_date and card.launch_date:
            assert successor.launch_date > card.launch_date, card.card


CARD = "{card},{names},NVIDIA,,,,,,,,,,{liquid},,,,,{unverified},2026-01-01,us,A,MIT,"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (CARD.format(card="X1", names="", liquid=2, unverified=""), "liquid_required: must be 0"),
        (CARD.format(card="X1", names="", liquid="", unverified="tpd"), "unverified: names"),
        (CARD.format(card="X1", names="h-100", liquid="", unverified=""), "share the name h100"),
    ],
)
def test_a_wrong_card_is_told(tmp_path: Path, line: str, told: str) -> None:
    own(tmp_path, Card, lambda lines: [*lines, line])
    with pytest.raises(FileError, match=told):
        catalogue(tmp_path)


def test_a_cost_needs_its_card(tmp_path: Path) -> None:
    own(tmp_path, Cost, only("H1000,1,2,,2026-01-01,us,A,MIT,"))
    with pytest.raises(FileError, match=r"H1000 is not in cards\.csv"):
        catalogue(tmp_path)
