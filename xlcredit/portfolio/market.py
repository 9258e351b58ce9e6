"""One market: all loans of a book on common paths, alone and together, and what that costs."""

from __future__ import annotations

import os
import pickle
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from xlcredit.errors import UserError
from xlcredit.models import estimates
from xlcredit.models.estimates import Estimate, Sample, Tally
from xlcredit.models.joint import Block, Links, LoanBook, Position, block_size, run_block
from xlcredit.portfolio.pool import python_path
from xlcredit.portfolio.worker import read_frame, write_frame

__all__ = ["Contribution", "Distribution", "OneMarket", "simulate_book"]

Array = NDArray[np.float64]

#: The tail that contributions are taken from: the worst hundredth of the paths.
TAIL = 0.01
#: Loans that are left out in turn, to see what each costs the others.
_LEFT_OUT = 5


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
    progress : callable, optional
        Told how many paths are done.

    Returns
    -------
    OneMarket
        The distribution of the loss alone and together, and each loan's part in it.

    Raises
    ------
    UserError
        If loans do not agree on what they share, or there are too few paths.
    """
    if paths < 1_000:
        raise UserError(f"a tail needs at least 1,000 paths; got {paths:,}")
    try:
        book = LoanBook(positions, links)
    except ValueError as error:
        raise UserError(str(error)) from None
    crew = _Crew(book, seed, workers or os.cpu_count() or 1, scheduler)
    try:
        return _simulated(book, crew, paths, seed, progress)
    finally:
        crew.close()


def _simulated(
    book: LoanBook, crew: _Crew, paths: int, seed: int, progress: Callable[[int], None]
) -> OneMarket:
    size, numbers = block_size(len(book.positions)), np.arange(paths, dtype=np.uint64)
    blocks = []
    done = 0
    for block in crew.run(_cut(numbers, size)):
        blocks.append(block)
        done += len(block.alone)
        progress(done)
    alone = np.concatenate([block.alone for block in blocks])
    together = np.concatenate([block.together for block in blocks])
    tally = Tally(("alone", "together", "unpaid"), (("together", "alone"),))
    for block in blocks:
        tally.add({"alone": block.alone, "together": block.together, "unpaid": block.unpaid})
    worst_alone, worst = _worst(alone), _worst(together)
    tail_alone = _sums(crew.run(_cut(worst_alone, size)), "loan_alone") / len(worst_alone)
    tail = _sums(crew.run(_cut(worst, size)), "loan_together") / len(worst)
    loans = _contributions(book, blocks, paths, tail_alone, tail)
    shortfalls = float(np.sum(tail_alone)), float(np.sum(tail))
    return OneMarket(
        paths=paths,
        seed=seed,
        alone=_distribution(tally, "alone", alone, shortfalls[0]),
        together=_distribution(tally, "together", together, shortfalls[1]),
        ratio=estimates.ratio(tally, "together", "alone"),
        shortfall_ratio=shortfalls[1] / shortfalls[0] if shortfalls[0] else float("nan"),
        unpaid=estimates.mean(tally, "unpaid"),
        loans=_with_relief(book, seed, loans, worst, shortfalls[1]),
        losses_alone=alone,
        losses_together=together,
    )


def _cut(numbers: NDArray[np.uint64], size: int) -> list[NDArray[np.uint64]]:
    return [numbers[at : at + size] for at in range(0, len(numbers), size)]


def _worst(losses: Array) -> NDArray[np.uint64]:
    """Numbers of the worst paths, in ascending order; of equals, the first."""
    count = max(1, round(TAIL * len(losses)))
    return np.sort(np.argsort(-losses, kind="stable")[:count]).astype(np.uint64)


def _sums(blocks: Iterator[Block], name: str) -> Array:
    return np.asarray(sum(getattr(block, name) for block in blocks), dtype=np.float64)


def _distribution(tally: Tally, name: str, losses: Array, shortfall: float) -> Distribution:
    sample = Sample(losses)
    return Distribution(
        estimates.mean(tally, name),
        estimates.quantile(sample, 0.95),
        estimates.quantile(sample, 0.99),
        estimates.quantile(sample, 0.999),
        shortfall,
    )


def _contributions(
    book: LoanBook, blocks: list[Block], paths: int, tail_alone: Array, tail: Array
) -> list[Contribution]:
    means = {
        name: _sums(iter(blocks), name) / paths
        for name in ("loan_alone", "loan_together", "loan_unpaid", "enforced")
    }
    return [
        Contribution(
            name=position.name,
            card=position.card,
            loan=position.deal.terms.loan,
            enforced=float(means["enforced"][i]),
            expected_alone=float(means["loan_alone"][i]),
            expected_together=float(means["loan_together"][i]),
            unpaid=float(means["loan_unpaid"][i]),
            tail_alone=float(tail_alone[i]),
            tail_together=float(tail[i]),
        )
        for i, position in enumerate(book.positions)
    ]


def _with_relief(
    book: LoanBook,
    seed: int,
    loans: list[Contribution],
    worst: NDArray[np.uint64],
    shortfall: float,
) -> tuple[Contribution, ...]:
    """Leave the largest contributors out in turn, on the worst paths of the whole book."""
    order = sorted(range(len(loans)), key=lambda i: -loans[i].tail_together)
    relieved = list(loans)
    for index in order[:_LEFT_OUT] if len(loans) > 1 else []:
        rest = 0.0
        for paths in _cut(worst, block_size(len(loans))):
            rest += float(np.sum(run_block(book, seed, paths, without=index).together))
        relieved[index] = replace(loans[index], relief=shortfall - rest / len(worst))
    return tuple(relieved)


# --- workers --------------------------------------------------------------------------------


class _Crew:
    """Whoever runs blocks of paths: this process, others, or a cluster; in the same order."""

    def __init__(self, book: LoanBook, seed: int, workers: int, scheduler: str | None) -> None:
        self._book, self._seed, self._workers = book, seed, workers
        self._cluster = None
        if scheduler is not None:
            from xlcredit.portfolio.cluster import Paths  # noqa: PLC0415 - an extra

            self._cluster = Paths(scheduler, book, seed)

    def run(self, blocks: list[NDArray[np.uint64]]) -> Iterator[Block]:
        """Run blocks, and give them back in their order."""
        if self._cluster is not None:
            return self._cluster.run(blocks)
        if self._workers == 1 or len(blocks) == 1:
            return (run_block(self._book, self._seed, paths) for paths in blocks)
        return self._in_processes(blocks)

    def close(self) -> None:
        """Let the cluster go."""
        if self._cluster is not None:
            self._cluster.close()

    def _in_processes(self, blocks: list[NDArray[np.uint64]]) -> Iterator[Block]:
        waiting: queue.SimpleQueue[tuple[int, NDArray[np.uint64]] | None] = queue.SimpleQueue()
        done: queue.SimpleQueue[tuple[int, Block | BaseException]] = queue.SimpleQueue()
        for item in enumerate(blocks):
            waiting.put(item)
        start = pickle.dumps((self._book, self._seed))
        processes = [_start(start) for _ in range(min(self._workers, len(blocks)))]
        for process in processes:
            waiting.put(None)
            threading.Thread(target=_feed, args=(process, waiting, done), daemon=True).start()
        early: dict[int, Block] = {}
        try:
            for index in range(len(blocks)):
                while index not in early:
                    number, block = done.get()
                    if isinstance(block, BaseException):
                        raise block
                    early[number] = block
                yield early.pop(index)
        finally:
            for process in processes:
                process.kill()
                process.communicate()


def _start(message: bytes) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-m", "xlcredit.portfolio.market"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": python_path(), "OMP_NUM_THREADS": "1"},
    )
    assert process.stdin is not None
    write_frame(process.stdin, message)
    return process


def _feed(
    process: subprocess.Popen[bytes],
    waiting: queue.SimpleQueue[tuple[int, NDArray[np.uint64]] | None],
    done: queue.SimpleQueue[tuple[int, Block | BaseException]],
) -> None:
    """Give one process blocks until there are none left."""
    assert process.stdin is not None
    assert process.stdout is not None
    while (item := waiting.get()) is not None:
        try:
            write_frame(process.stdin, pickle.dumps(item[1]))
            answer = read_frame(process.stdout)
        except (OSError, ValueError):
            answer = None
        if answer is None:
            message = "a process that simulates has ended; it may need more memory than there is"
            done.put((item[0], UserError(message)))
            return
        done.put((item[0], pickle.loads(answer)))


def main() -> None:
    """Run blocks for the process that has started this one; it and nobody else writes to us."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    first = read_frame(sys.stdin.buffer)
    if first is not None:
        book, seed = pickle.loads(first)
        while (frame := read_frame(sys.stdin.buffer)) is not None:
            write_frame(out, pickle.dumps(run_block(book, seed, pickle.loads(frame))))


if __name__ == "__main__":
    main()
