"""What the loans of a book must agree on, and what a loan has no say in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from xlcredit.models.joint import LoanBook, Position, run_block
from xlcredit.models.joint_terms import agreed
from xlcredit.models.simulation import Deal, Terms

CARDS = {
    "loan": 60e6, "rate": 0.1, "months": 12, "gpu_units": 3000.0, "gpu_price": 30_000.0,
    "gpu_vol": 0.5, "call_ltv": 0.85, "cure_ltv": 0.8, "liquidation_ltv": 0.9,
    "jump_intensity": 0.5, "gpu_jump": -0.15, "gpu_depth": 40.0,
}  # fmt: skip
COIN = {
    "coin_units": 500.0, "coin_price": 60_000.0, "coin_vol": 0.48, "coin_jump": -0.3,
    "coin_jump_vol": 0.1, "correlation": 0.3, "stressed_correlation": 0.6, "drawdown_trigger": 0.4,
}  # fmt: skip


def gpu(name: str = "L01", card: str = "H100", **changes: Any) -> Position:
    return Position(name, Deal.of(Terms(**{**CARDS, **changes})), card, "book.csv, row 2")


def miner(name: str = "M21", card: str = "H100", **changes: Any) -> Position:
    return Position(name, Deal.of(Terms(**{**CARDS, **COIN, **changes})), card, "book.csv, row 3")


@pytest.mark.parametrize("kernel", ["numpy"])
@pytest.mark.parametrize("card", ["H100", "B200"])  # B200 leads: its schedule is that of the coin
def test_a_loan_without_coin_has_no_say_in_coin_and_none_moves_it(kernel: str, card: str) -> None:
    """The coin moves as the miner says, whoever stands first; each loan alone is as it was."""
    paths = np.arange(2_000, dtype=np.uint64)
    mixed = LoanBook([gpu(card=card), miner()])
    one = run_block(mixed, 3, paths, (), kernel)
    links = ("correlation", "stressed_correlation") if card == "B200" else ()
    terms = {name: v for name, v in COIN.items() if name not in ("coin_units", *links)}
    said = LoanBook([gpu(card=card, **terms), miner()])
    other = run_block(said, 3, paths, (), kernel)
    assert one.loan_alone.tolist() == other.loan_alone.tolist() and one.loan_alone[1] > 0.0
    assert all(p.deal.terms.coin_vol == 0.48 for p in mixed.positions)
    assert mixed.positions[0].deal.market.coin_shock == mixed.positions[1].deal.market.coin_shock


def test_a_loan_without_cards_has_no_say_in_cards() -> None:
    bare = miner(gpu_units=0.0, gpu_price=0.0, gpu_vol=0.0, gpu_jump=0.0, gpu_depth=None)
    for book in ([bare, gpu()], [gpu(), bare]):
        assert {p.deal.terms.gpu_vol for p in agreed(book)} == {0.5}
        assert {p.deal.terms.gpu_depth for p in agreed(book)} == {40.0}


def test_a_book_without_coin_is_not_asked_for_one() -> None:
    found = agreed([gpu(), miner(coin_units=0.0, correlation=0.0, stressed_correlation=0.0)])
    assert {p.deal.terms.coin_vol for p in found} == {0.48}


def test_cards_that_follow_coin_have_a_say_in_how() -> None:
    with pytest.raises(ValueError, match=r"of class H100 must have one correlation: L01"):
        agreed([gpu(correlation=0.5, stressed_correlation=0.6), miner()])


def test_every_difference_is_told_at_once_and_no_value_of_nothing_is_proposed() -> None:
    quiet = {"coin_vol": 0.0, "coin_jump": 0.0, "gpu_vol": 0.0, "jump_intensity": 0.0}
    book = [miner("M01", **quiet), gpu(jump_intensity=0.25, gpu_depth=60.0), miner()]
    with pytest.raises(ValueError, match="must have one") as told:
        agreed(book)
    message = str(told.value)
    assert "L01 (book.csv, row 2)" in message and "M21 (book.csv, row 3)" in message
    proposed = dict(w.split("=") for w in message.split() if "=" in w)
    assert proposed == {
        "coin_vol": "0.48", "coin_jump": "-0.3", "jump_intensity": "0.5", "gpu_vol": "0.5",
        "gpu_depth": "40",
    }  # fmt: skip
    assert "coin_vol, jump_intensity, coin_jump of M21 (book.csv, row 3)" in message
    assert "\n" not in message
