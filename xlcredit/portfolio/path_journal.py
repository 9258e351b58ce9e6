"""Blocks of simulated paths that a run has done so far, on disk."""

from __future__ import annotations

import hashlib
from dataclasses import fields
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from xlcredit.models.joint import Block, LoanBook
from xlcredit.portfolio.crew import Order, Start
from xlcredit.portfolio.journal import Journal

__all__ = ["PathJournal"]

_NUMBERS = ("cards_enforced", "cards_sold")
_ARRAYS = tuple(f.name for f in fields(Block) if f.name not in _NUMBERS)


class _Kept(msgspec.Struct, frozen=True):
    """A block: its arrays as bytes, little end first."""

    arrays: dict[str, bytes]
    numbers: dict[str, float]


class PathJournal:
    """The journal of one simulation of a book.

    Parameters
    ----------
    output : Path
        What the run will write: no other run can have it at the same time.
    resume : bool
        Whether to go on with a run on this output that was broken off.

    Raises
    ------
    UserError
        If another run is at work on it, or one that was broken off has left it.
    FileError
        If it cannot be written.
    """

    def __init__(self, output: Path, *, resume: bool) -> None:
        path = output.with_name(f"{output.name}.paths.journal")
        self._journal: Journal[_Kept] = Journal(path, _Kept, resume=resume)
        self._run = ""

    @property
    def blocks(self) -> int:
        """How many blocks stand in it."""
        return len(self._journal)

    @property
    def message(self) -> str:
        """What a user must know of the blocks that stood there."""
        return self._journal.message

    def begin(self, start: Start) -> None:
        """Say what is run: blocks of other loans, another seed or kernel are not its own."""
        self._run = _digest_of(start)

    def known(self, order: Order) -> Block | None:
        """Give a block that was run before."""
        digest = self._digest(order)
        if digest not in self._journal:
            return None
        kept = self._journal.get(digest)
        found: dict[str, Any] = {n: np.frombuffer(d, "<f8") for n, d in kept.arrays.items()}
        return Block(**(found | kept.numbers))

    def add(self, order: Order, block: Block) -> None:
        """Note a block; it survives this process."""
        arrays = {name: np.asarray(getattr(block, name), "<f8").tobytes() for name in _ARRAYS}
        numbers = {name: float(getattr(block, name)) for name in _NUMBERS}
        self._journal.add(self._digest(order), _Kept(arrays, numbers))

    def close(self, *, finished: bool) -> None:
        """Let go of the file, and delete it if the run is over or has nothing to keep."""
        self._journal.close(finished=finished or not self._journal)

    def _digest(self, order: Order) -> str:
        """What a block depends on, in 32 hexadecimal digits."""
        content = f"{self._run} {order.leave_out}".encode() + order.paths.astype("<u8").tobytes()
        return hashlib.sha256(content).hexdigest()[:32]


def _digest_of(start: Start) -> str:
    digest = hashlib.sha256(f"{start.seed} {start.kernel}".encode())
    book: LoanBook = start.book
    digest.update(repr((book.links, book.block)).encode())
    for position in book.positions:
        deal = position.deal
        digest.update(repr((position.name, position.card, deal.terms, deal.plan)).encode())
        for series in (deal.contracted, deal.merchant, deal.opex, deal.relet, deal.market.curve):
            digest.update(b"-" if series is None else np.asarray(series, "<f8").tobytes())
    return digest.hexdigest()
