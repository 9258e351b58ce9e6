"""Whoever runs blocks of paths: this process, others beside it, or a cluster; in one order.

``python -m xlcredit.portfolio.crew`` is a process that runs blocks for the one that started it:
it reads the book, then blocks, from its standard input.
"""

from __future__ import annotations

import os
import pickle
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xlcredit.errors import UserError
from xlcredit.models.joint import Block, LoanBook, run_block
from xlcredit.portfolio.processes import end, started
from xlcredit.portfolio.worker import frames, read_frame, write_frame

__all__ = ["Crew", "Order", "Start", "run_order"]

#: A process that dies over a block may have been killed by somebody; the block gets another one.
_TRIES = 3
_NO_MEMORY = "a block of paths needs more memory than there is: try fewer --workers"


@dataclass(frozen=True)
class Start:
    """What all blocks of a run have in common."""

    book: LoanBook
    seed: int
    kernel: str


@dataclass(frozen=True)
class Order:
    """One block: numbers of its paths, and of the loans that are left out in turn."""

    paths: NDArray[np.uint64]
    leave_out: tuple[int, ...] = ()


def run_order(start: Start, order: Order) -> Block:
    """Run one block."""
    return run_block(start.book, start.seed, order.paths, order.leave_out, start.kernel)


class Crew:
    """Runs blocks; who runs them changes nothing in what comes back.

    Parameters
    ----------
    start : Start
        The book, its seed and the kernel.
    workers : int
        Processes on this machine.
    scheduler : str, optional
        A Dask scheduler that runs them in place of this machine.
    """

    def __init__(self, start: Start, workers: int, scheduler: str | None = None) -> None:
        self._start, self._workers = start, workers
        self._cluster: Any = None
        if scheduler is not None:
            from xlcredit.portfolio.cluster import Paths  # noqa: PLC0415 - an extra

            self._cluster = Paths(scheduler, start)

    def run(self, orders: list[Order]) -> Iterator[Block]:
        """Run blocks, and give them back in their order."""
        if self._cluster is not None:
            yield from self._cluster.run(orders)
        elif self._workers == 1 or len(orders) < 2:
            yield from (run_order(self._start, order) for order in orders)
        else:
            yield from self._in_processes(orders)

    def close(self) -> None:
        """Let the cluster go."""
        if self._cluster is not None:
            self._cluster.close()

    def _in_processes(self, orders: list[Order]) -> Iterator[Block]:
        waiting: queue.SimpleQueue[tuple[int, Order] | None] = queue.SimpleQueue()
        done: queue.SimpleQueue[tuple[int, Block | BaseException]] = queue.SimpleQueue()
        for item in enumerate(orders):
            waiting.put(item)
        start = pickle.dumps(self._start)
        hands = [_Hand(start) for _ in range(min(self._workers, len(orders)))]
        for hand in hands:
            waiting.put(None)
            threading.Thread(target=_feed, args=(hand, waiting, done), daemon=True).start()
        early: dict[int, Block] = {}
        try:
            for index in range(len(orders)):
                while index not in early:
                    number, block = done.get()
                    if isinstance(block, BaseException):
                        raise block
                    early[number] = block
                yield early.pop(index)
        finally:
            for hand in hands:
                hand.close()


def _feed(
    hand: _Hand,
    waiting: queue.SimpleQueue[tuple[int, Order] | None],
    done: queue.SimpleQueue[tuple[int, Block | BaseException]],
) -> None:
    """Give one process blocks until there are none left."""
    while not hand.closed and (item := waiting.get()) is not None:
        try:
            done.put((item[0], hand.block(item[1])))
        except BaseException as error:
            done.put((item[0], error))  # the run must hear of it
            return


class _Hand:
    """One process at a time, for one thread."""

    def __init__(self, start: bytes) -> None:
        self.closed = False
        self._start = start
        self._process: subprocess.Popen[bytes] | None = None

    def block(self, order: Order) -> Block:
        """Run one block; a process that has died over it is replaced."""
        for _ in range(_TRIES):
            answer = self._ask(pickle.dumps(order))
            if isinstance(answer, Block):
                return answer
            if answer is not None:
                raise UserError(answer)
        raise UserError(f"the process that ran a block of paths ended {_TRIES} times: {_NO_MEMORY}")

    def close(self) -> None:
        """Let the process go, in the middle of a block if need be."""
        self.closed = True
        self._end()

    def _ask(self, message: bytes) -> Block | str | None:
        """Send a block and wait for the answer; None if the process is gone."""
        try:
            process = self._running()
            assert process.stdin is not None
            assert process.stdout is not None
            write_frame(process.stdin, message)
            answer = read_frame(process.stdout)
        except (OSError, ValueError):  # a broken pipe, or one that was closed under us
            answer = None
        if answer is None:
            self._end()
            return None
        found: Block | str = pickle.loads(answer)  # of a process that we have started
        return found

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = started("xlcredit.portfolio.crew")
            assert self._process.stdin is not None
            write_frame(self._process.stdin, self._start)
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            end(process)


def main() -> None:
    """Run blocks for the process that has started this one; it and nobody else writes to us."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints in here must not get between the frames
    messages = frames(sys.stdin.buffer)
    start: Start = pickle.loads(next(messages))
    for frame in messages:
        try:
            answer: Block | str = run_order(start, pickle.loads(frame))
        except MemoryError:
            answer = _NO_MEMORY
        write_frame(out, pickle.dumps(answer))


if __name__ == "__main__":
    # by its own name, so that what it unpickles is what it has defined
    from xlcredit.portfolio.crew import main as run

    run()
