"""Workers on this machine: one process each, replaced when it dies or takes too long."""

from __future__ import annotations

import queue
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import msgspec

from xlcredit.portfolio.evaluate import NO_MEMORY, Result, failed
from xlcredit.portfolio.loans import Task
from xlcredit.portfolio.processes import end, started
from xlcredit.portfolio.worker import read_frame, write_frame

__all__ = ["Hand", "Limits", "UnansweredError", "run_here", "spread"]

Item = TypeVar("Item")
Answer = TypeVar("Answer")

#: Items that wait for each worker, so that none is idle while the next is read.
_AHEAD = 4

#: A worker that dies with a loan may have been killed by somebody; the loan gets another one.
_TRIES = 3


@dataclass(frozen=True)
class Limits:
    """What one loan may take."""

    seconds: float = 300.0
    megabytes: int = 0
    """0: as much as there is."""


def run_here(
    tasks: Iterable[Task], workers: int, limits: Limits, job: str = "loan"
) -> Iterator[Result]:
    """Calculate loans in worker processes of this machine, in the order in which they finish.

    Parameters
    ----------
    tasks : iterable of Task
        The loans.
    workers : int
        How many processes.
    limits : Limits
        Time and memory of one loan.
    job : str
        What the workers do with loans; see :mod:`xlcredit.portfolio.worker`.

    Yields
    ------
    Result
        One for each task.
    """
    return spread(tasks, [Hand(limits, job) for _ in range(workers)], Hand.result)


def spread(
    items: Iterable[Item], hands: Sequence[Hand], ask: Callable[[Hand, Item], Answer]
) -> Iterator[Answer]:
    """Give items to workers as these come free, and their answers in the order they come.

    Items are taken as they are needed: a book of any length takes no memory here.
    """
    waiting: queue.SimpleQueue[tuple[Item] | None] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[Answer] | BaseException] = queue.SimpleQueue()
    for hand in hands:
        work = (hand, ask, waiting, done)
        threading.Thread(target=_work, args=work, daemon=True).start()
    following = iter(items)
    open_ = 0
    try:
        for item in islice(following, _AHEAD * len(hands)):
            waiting.put((item,))
            open_ += 1
        while open_:
            answer = done.get()
            if isinstance(answer, BaseException):
                raise answer
            open_ -= 1
            for item in islice(following, 1):
                waiting.put((item,))
                open_ += 1
            yield answer[0]
    finally:
        for hand in hands:
            waiting.put(None)
            hand.close()


def _work(
    hand: Hand,
    ask: Callable[[Hand, Item], Answer],
    waiting: queue.SimpleQueue[tuple[Item] | None],
    done: queue.SimpleQueue[tuple[Answer] | BaseException],
) -> None:
    """Feed one worker until there is nothing left."""
    try:
        while not hand.closed and (item := waiting.get()) is not None:
            done.put((ask(hand, item[0]),))
    except BaseException as error:
        done.put(error)  # the run must hear of it
    finally:
        hand.close()


class UnansweredError(Exception):
    """A worker has not answered: the message says what to do."""


class Hand:
    """One worker process at a time, for one thread.

    Parameters
    ----------
    limits : Limits
        Time and memory of one loan.
    job : str
        What the worker does with loans; see :mod:`xlcredit.portfolio.worker`.
    """

    def __init__(self, limits: Limits, job: str = "loan") -> None:
        self.closed = False
        self._limits, self._job = limits, job
        self._process: subprocess.Popen[bytes] | None = None
        self._late = False

    def result(self, task: Task) -> Result:
        """Calculate one loan; if its worker dies or is too late, the result says so."""
        try:
            answer = self.answer(msgspec.msgpack.encode(task))
        except UnansweredError as why:
            return failed(task, str(why))
        result = msgspec.msgpack.decode(answer, type=Result)
        if result.error == NO_MEMORY:
            self.renew()
        return result

    def answer(self, message: bytes) -> bytes:
        """Send a message, and again if its worker dies.

        Raises
        ------
        UnansweredError
            If it takes too long, or every worker dies over it.
        """
        for _ in range(_TRIES):
            answer = self._ask(message)
            if answer is not None:
                return answer
            if self._late:
                seconds = f"{self._limits.seconds:g}"
                raise UnansweredError(f"took longer than {seconds} seconds; raise --time-limit")
        raise UnansweredError(
            f"the worker ended {_TRIES} times while it was calculated: {NO_MEMORY}"
        )

    def renew(self) -> None:
        """Let the worker go that ran out of memory: what is left of it is not to be trusted."""
        self._end()

    def close(self) -> None:
        """Let the worker go, in the middle of a loan if need be."""
        self.closed = True
        self._end()

    def _ask(self, message: bytes) -> bytes | None:
        """Send a loan and wait for the answer; None if the worker is gone."""
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        self._late = False
        clock = threading.Timer(self._limits.seconds, self._too_late, [process])
        clock.daemon = True
        clock.start()
        try:
            write_frame(process.stdin, message)
            answer = read_frame(process.stdout)
        except (OSError, ValueError):  # a broken pipe, or one that was closed under us
            answer = None
        finally:
            clock.cancel()
        if answer is None:
            self._end()
        return answer

    def _too_late(self, process: subprocess.Popen[bytes]) -> None:
        self._late = True
        process.kill()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            limit = str(self._limits.megabytes)
            self._process = started("xlcredit.portfolio.worker", limit, self._job)
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            end(process)
