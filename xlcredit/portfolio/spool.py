"""Results of a run as a sequence that is read from disk where they are many."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, Protocol, TypeVar, overload

from xlcredit.portfolio.evaluate import Result, shared

__all__ = ["InMemory", "Kept", "Ordered", "Results"]

Item = TypeVar("Item")


class Kept(Protocol):
    """Where results are kept by the digest of what they follow from."""

    def __contains__(self, digest: object) -> bool:
        """Whether it has one."""

    def add(self, digest: str, result: Result) -> None:
        """Keep one."""

    def get(self, digest: str) -> Result:
        """Give one back."""


class InMemory(dict[str, Result]):
    """Results of a run that writes no file."""

    def add(self, digest: str, result: Result) -> None:
        """Keep one."""
        self[digest] = shared(result)

    def get(self, digest: str) -> Result:  # type: ignore[override]
        """Give one back."""
        return self[digest]


class Ordered(Sequence[Item], Generic[Item]):
    """A sequence each of whose items is made when it is asked for."""

    def __init__(self, length: int, item: Callable[[int], Item]) -> None:
        self._length, self._item = length, item

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, at: int) -> Item: ...
    @overload
    def __getitem__(self, at: slice) -> list[Item]: ...
    def __getitem__(self, at: int | slice) -> Item | list[Item]:
        if isinstance(at, slice):
            return [self._item(i) for i in range(*at.indices(self._length))]
        if not -self._length <= at < self._length:
            raise IndexError(at)
        return self._item(at % self._length)

    def __iter__(self) -> Iterator[Item]:
        return map(self._item, range(self._length))


class Results(Ordered[Result]):
    """The results of a run, in the order of its sources.

    Parameters
    ----------
    order : sequence of str or Result
        The digest of each loan, or the result itself of one that was not calculated.
    kept : Kept
        Where the results are.
    """

    def __init__(self, order: Sequence[str | Result], kept: Kept) -> None:
        super().__init__(len(order), self._at)
        self._order, self._kept = order, kept

    def _at(self, at: int) -> Result:
        one = self._order[at]
        return self._kept.get(one) if isinstance(one, str) else one
