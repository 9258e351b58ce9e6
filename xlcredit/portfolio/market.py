"""One market: all loans of a book on common paths, alone and together, and what that costs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from xlcredit.errors import UserError
from xlcredit.models import estimates
from xlcredit.models.estimates import Estimate, Sample, Tally
from xlcredit.models.joint import Block, Links, LoanBook, Position
from xlcredit.models.simulation import kernel_name
from xlcredit.portfolio.crew import Crew, Order, Start
from xlcredit.portfolio.path_journal import PathJournal

__all__ = ["Contribution", "Distribution", "OneMarket", "refuse_few", "simulate_book"]

Array = NDArray[np.float64]

#: The tail that contributions are taken from: the worst hundredth of the paths.
TAIL = 0.01
#: Loans that are left out in turn, to see what each costs the others.
_LEFT_OUT = 10
#: Paths of which the worst hundredth still says something.
_FEWEST_PATHS = 1_000
#: Paths whose losses are kept, and periods of single loans on single paths that are run at most.
_MOST_PATHS, _MOST_STEPS = 20_000_000, 1e13
#: Periods of single loans on single paths in a second of one worker, by kernel; for a refusal only.
_SPEED = {"numpy": 1e7, "compiled": 1e8}


@dataclass(frozen=True)
class Distribution:
    """Loss of the book, in USD."""

    expected: Estimate
    p95: Estimate
    p99: Estimate
    p999: Estimate
    shortfall: float
    """Mean of the worst hundredth of the paths."""


@dataclass(frozen=True)
class Contribution:
    """One loan in the book, in USD."""

    name: str
    card: str
    loan: float
    enforced: float
    """Probability of enforcement."""
    expected_alone: float
    expected_together: float
    unpaid: float
    """Expected amount overdue at maturity where nobody enforces."""
    tail_alone: float
    """Mean loss on the worst paths of the loans alone; the sum over loans is the shortfall."""
    tail_together: float
    relief: float | None = None
    """By how much the shortfall falls if this loan is not there, for the largest contributions."""


@dataclass(frozen=True)
class OneMarket:
    """What the absence of a buyer costs."""

    paths: int
    seed: int
    alone: Distribution
    together: Distribution
    ratio: Estimate
    """Expected loss together over alone."""
    shortfall_ratio: float
    unpaid: Estimate
    loans: tuple[Contribution, ...]
    """In the order of the book."""
    losses_alone: Array
    losses_together: Array

    @property
    def first_to_cut(self) -> list[Contribution]:
        """The loans by what they add to the shortfall of the book, the largest first."""
        return sorted(self.loans, key=lambda one: -one.tail_together)


def simulate_book(
    positions: Sequence[Position],
    *,
    links: Links | None = None,
    paths: int = 100_000,
    seed: int = 1,
    workers: int = 0,
    scheduler: str | None = None,
    kernel: str = "auto",
    journal: PathJournal | None = None,
    progress: Callable[[int], None] = lambda _done: None,
) -> OneMarket:
    """Simulate a book of loans that sell into one market.

    Parameters
    ----------
    positions : sequence of Position
        The loans; those of a class must agree on its process and on its market.
    links : Links, optional
        What classes and customers share.
    paths, seed : int
        Number of paths and seed; equal seeds give equal answers on any number of workers.
    workers : int
        Processes on this machine; 0: as many as there are processors.
    scheduler : str, optional
        A Dask scheduler that blocks of paths are sent to.
    kernel : {"auto", "numpy", "compiled"}
        ``auto`` is compiled where numba is installed.
    journal : PathJournal, optional
        Where blocks are kept, so that a run that was broken off can go on.
    progress : callable, optional
        Told how many paths are done.

    Returns
    -------
    OneMarket
        The distribution of the loss alone and together, and each loan's part in it.

    Raises
    ------
    UserError
        If loans do not agree on what they share, or there are too few paths, or too many.
    """
    refuse_few(paths)
    try:
        book = LoanBook(positions, links)
    except ValueError as error:
        raise UserError(str(error)) from None
    count = workers or os.cpu_count() or 1
    start = Start(book, seed, kernel_name(kernel))
    _refuse(start, paths, count)
    if journal is not None:
        journal.begin(start)
    crew = Crew(start, count, scheduler)
    try:
        return _Run(start, crew, journal).found(paths, progress)
    finally:
        crew.close()


def refuse_few(paths: int) -> None:
    """Stop where there is no tail; whoever reads a book first asks before it does."""
    if paths < _FEWEST_PATHS:
        raise UserError(f"a tail needs at least {_FEWEST_PATHS:,} paths; got {paths:,}")


def _refuse(start: Start, paths: int, workers: int) -> None:
    """Stop before what would take days, or more memory than there is."""
    steps = float(sum(p.deal.plan.periods for p in start.book.positions))
    most = min(_MOST_PATHS, int(_MOST_STEPS / steps))
    if paths > most:
        hours = paths * steps / _SPEED[start.kernel] / workers / 3600.0
        message = f"--paths {paths:,} would take about {hours:,.1f} hours on {workers} workers"
        raise UserError(f"{message}; at most {most:,} are run")


class _Run:
    """One run: the paths in blocks, then the worst once more, for who has a part in their loss."""

    def __init__(self, start: Start, crew: Crew, journal: PathJournal | None) -> None:
        self._start, self._crew, self._journal = start, crew, journal
        self._book = start.book

    def found(self, paths: int, progress: Callable[[int], None]) -> OneMarket:
        loans = len(self._book.positions)
        alone, together = np.empty(paths), np.empty(paths)
        tally = Tally(("alone", "together", "unpaid"), (("together", "alone"),))
        sums = {name: np.zeros(loans) for name in _BY_LOAN}
        done = 0
        for block in self._blocks(np.arange(paths, dtype=np.uint64)):
            here = slice(done, done + len(block.alone))
            alone[here], together[here] = block.alone, block.together
            tally.add({"alone": block.alone, "together": block.together, "unpaid": block.unpaid})
            for name in _BY_LOAN:
                sums[name] += getattr(block, name)
            done = here.stop
            progress(done)
        worst_alone, worst = _worst(alone), _worst(together)
        tail_alone = self._total(worst_alone, "loan_alone") / len(worst_alone)
        tail = self._total(worst, "loan_together") / len(worst)
        parts = {name: total / paths for name, total in sums.items()}
        parts |= {"tail_alone": tail_alone, "tail": tail}
        shortfalls = float(np.sum(tail_alone)), float(np.sum(tail))
        return OneMarket(
            paths=paths,
            seed=self._start.seed,
            alone=_distribution(tally, "alone", alone, shortfalls[0]),
            together=_distribution(tally, "together", together, shortfalls[1]),
            ratio=estimates.ratio(tally, "together", "alone"),
            shortfall_ratio=shortfalls[1] / shortfalls[0] if shortfalls[0] else float("nan"),
            unpaid=estimates.mean(tally, "unpaid"),
            loans=self._with_relief(_contributions(self._book, parts), worst, shortfalls[1]),
            losses_alone=alone,
            losses_together=together,
        )

    def _with_relief(
        self, loans: list[Contribution], worst: NDArray[np.uint64], shortfall: float
    ) -> tuple[Contribution, ...]:
        """Leave the largest contributors out in turn, on the worst paths of the whole book."""
        if len(loans) == 1:
            return tuple(loans)
        order = sorted(range(len(loans)), key=lambda i: -loans[i].tail_together)[:_LEFT_OUT]
        rest = self._total(worst, "without", tuple(order)) / len(worst)
        for index, left in zip(order, rest, strict=True):
            loans[index] = replace(loans[index], relief=shortfall - float(left))
        return tuple(loans)

    def _total(
        self, paths: NDArray[np.uint64], name: str, leave_out: tuple[int, ...] = ()
    ) -> Array:
        blocks = self._blocks(paths, leave_out)
        return np.asarray(sum(getattr(block, name) for block in blocks), dtype=np.float64)

    def _blocks(
        self, paths: NDArray[np.uint64], leave_out: tuple[int, ...] = ()
    ) -> Iterator[Block]:
        """Run paths in blocks, but for those that a run before has done, in their order."""
        size = self._book.block
        orders = [Order(paths[at : at + size], leave_out) for at in range(0, len(paths), size)]
        if self._journal is None:
            yield from self._crew.run(orders)
            return
        known = [self._journal.known(order) for order in orders]
        missing = [o for o, block in zip(orders, known, strict=True) if block is None]
        fresh = self._crew.run(missing)
        for order, kept in zip(orders, known, strict=True):
            if kept is not None:
                yield kept
                continue
            block = next(fresh)
            self._journal.add(order, block)
            yield block


#: What a block has of each loan, summed over its paths.
_BY_LOAN = ("loan_alone", "loan_together", "loan_unpaid", "enforced")


def _worst(losses: Array) -> NDArray[np.uint64]:
    """Numbers of the worst paths, in ascending order; of equals, the first."""
    count = max(1, round(TAIL * len(losses)))
    return np.sort(np.argsort(-losses, kind="stable")[:count]).astype(np.uint64)


def _distribution(tally: Tally, name: str, losses: Array, shortfall: float) -> Distribution:
    sample = Sample(losses)
    return Distribution(
        estimates.mean(tally, name),
        estimates.quantile(sample, 0.95),
        estimates.quantile(sample, 0.99),
        estimates.quantile(sample, 0.999),
        shortfall,
    )


def _contributions(book: LoanBook, parts: dict[str, Array]) -> list[Contribution]:
    return [
        Contribution(
            name=position.name,
            card=position.card,
            loan=position.deal.terms.loan,
            enforced=float(parts["enforced"][i]),
            expected_alone=float(parts["loan_alone"][i]),
            expected_together=float(parts["loan_together"][i]),
            unpaid=float(parts["loan_unpaid"][i]),
            tail_alone=float(parts["tail_alone"][i]),
            tail_together=float(parts["tail"][i]),
        )
        for i, position in enumerate(book.positions)
    ]
