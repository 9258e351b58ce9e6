"""Workers on this machine: one process each, replaced when it dies or takes too long."""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

import xlcredit
from xlcredit.portfolio.evaluate import NO_MEMORY, Result, failed
from xlcredit.portfolio.loans import Task
from xlcredit.portfolio.worker import read_frame, write_frame

__all__ = ["Hand", "Limits", "python_path", "run_here"]

#: A worker that dies with a loan may have been killed by somebody; the loan gets another one.
_TRIES = 3


@dataclass(frozen=True)
class Limits:
    """What one loan may take."""

    seconds: float = 300.0
    megabytes: int = 0
    """0: as much as there is."""


def run_here(tasks: Iterable[Task], workers: int, limits: Limits) -> Iterator[Result]:
    """Calculate loans in worker processes of this machine, in the order in which they finish.

    Parameters
    ----------
    tasks : iterable of Task
        The loans.
    workers : int
        How many processes.
    limits : Limits
        Time and memory of one loan.

    Yields
    ------
    Result
        One for each task.
    """
    waiting: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
    done: queue.SimpleQueue[Result | BaseException] = queue.SimpleQueue()
    count = 0
    for task in tasks:
        waiting.put(task)
        count += 1
    hands = [Hand(limits) for _ in range(min(workers, count))]
    for hand in hands:
        waiting.put(None)
        threading.Thread(target=_work, args=(hand, waiting, done), daemon=True).start()
    try:
        for _ in range(count):
            result = done.get()
            if isinstance(result, BaseException):
                raise result
            yield result
    finally:
        for hand in hands:
            hand.close()


def _work(
    hand: Hand,
    waiting: queue.SimpleQueue[Task | None],
    done: queue.SimpleQueue[Result | BaseException],
) -> None:
    """Feed one worker until there is nothing left."""
    try:
        while not hand.closed and (task := waiting.get()) is not None:
            done.put(hand.result(task))
    except BaseException as error:
        done.put(error)  # the run must hear of it
    finally:
        hand.close()


class Hand:
    """One worker process at a time, for one thread.

    Parameters
    ----------
    limits : Limits
        Time and memory of one loan.
    """

    def __init__(self, limits: Limits) -> None:
        self.closed = False
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None
        self._late = False

    def result(self, task: Task) -> Result:
        """Calculate one loan; if its worker dies or is too late, the result says so."""
        for _ in range(_TRIES):
            answer = self._ask(msgspec.msgpack.encode(task))
            if answer is not None:
                result = msgspec.msgpack.decode(answer, type=Result)
                if result.error == NO_MEMORY:  # what is left of that worker is not to be trusted
                    self._end()
                return result
            if self._late:
                seconds = f"{self._limits.seconds:g}"
                return failed(task, f"took longer than {seconds} seconds; raise --time-limit")
        return failed(task, f"the worker ended {_TRIES} times while it was calculated: {NO_MEMORY}")

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
            command = [sys.executable, "-m", "xlcredit.portfolio.worker", limit]
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=os.environ | {"PYTHONPATH": python_path()},
            )
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):
                    if stream is not None:
                        stream.close()


def python_path() -> str:
    """Let a worker find the very code that runs here."""
    own = str(Path(xlcredit.__file__).parents[1])
    return os.pathsep.join(filter(None, [own, os.environ.get("PYTHONPATH", "")]))
