"""A worker: reads loans from its standard input, writes what it finds to its standard output.

``python -m xlcredit.portfolio.worker [megabytes [job]]``. A frame is four bytes of length and a
message. It ends when its input does, in the middle of a loan if need be, so none outlives the run
that has started it. The job is ``loan``, to calculate loans; ``loans``, to calculate hundreds of
them with a compiled simulation; or ``position``, to read them for a simulation.
"""

from __future__ import annotations

import os
import pickle
import queue
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import IO, TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from xlcredit.portfolio.evaluate import Result
    from xlcredit.portfolio.loans import Task

__all__ = ["frames", "main", "read_frame", "write_frame"]

_LENGTH = struct.Struct("<I")


def read_frame(stream: IO[bytes]) -> bytes | None:
    """Read one message; None when the other side has gone."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    content = stream.read(length)
    return content if len(content) == length else None


def write_frame(stream: IO[bytes], content: bytes) -> None:
    """Write one message."""
    stream.write(_LENGTH.pack(len(content)) + content)
    stream.flush()


def frames(stream: IO[bytes]) -> Iterator[bytes]:
    """Give the messages of the process that has started this one, which ends with that one.

    They are read by a thread, from this call on: who waits for no answer any more is noticed at
    once, whatever is being calculated.
    """
    waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def read() -> None:
        while (frame := read_frame(stream)) is not None:
            waiting.put(frame)
        os._exit(0)  # nobody reads what could still be said

    threading.Thread(target=read, daemon=True).start()
    return iter(waiting.get, None)


def main() -> None:
    """Work until the input ends."""
    messages = frames(sys.stdin.buffer)
    limit_memory(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints in here must not get between the frames
    answer = _JOBS[sys.argv[2] if len(sys.argv) > 2 else "loan"]()
    for frame in messages:
        write_frame(out, answer(frame))


def _loan() -> Callable[[bytes], bytes]:
    from xlcredit.portfolio.evaluate import evaluate_loan  # noqa: PLC0415 - takes its time

    return _answer(evaluate_loan)


def _loans() -> Callable[[bytes], bytes]:
    from xlcredit.models.simulation import kernel_name  # noqa: PLC0415 - take their time
    from xlcredit.portfolio.evaluate import evaluate_loan, failed  # noqa: PLC0415

    try:
        kernel_name("compiled")
    except (ImportError, RuntimeError) as error:  # a worker of a cluster, unlike who asks it
        why = f"this worker cannot compile the simulation: {error}; it needs xlcredit[fast] too"
        return _answer(lambda task: failed(task, why))
    return _answer(partial(evaluate_loan, many=True))


def _answer(evaluate: Callable[[Task], Result]) -> Callable[[bytes], bytes]:
    """Answer a message with a loan in it with one that holds its result."""
    from xlcredit.portfolio.loans import Task  # noqa: PLC0415 - takes its time

    read = msgspec.msgpack.Decoder(Task).decode
    write = msgspec.msgpack.Encoder().encode
    return lambda frame: write(evaluate(read(frame)))


def _position() -> Callable[[bytes], bytes]:
    from xlcredit.portfolio.positions import Reading, read_position  # noqa: PLC0415 - one job's

    read = msgspec.msgpack.Decoder(Reading).decode
    return lambda frame: pickle.dumps(read_position(read(frame)))


_JOBS = {"loan": _loan, "loans": _loans, "position": _position}


def limit_memory(megabytes: int) -> None:
    """Let this process have no more memory than that, where the system can see to it."""
    if megabytes:
        try:
            import resource  # noqa: PLC0415 - Windows has none
        except ImportError:
            return
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))


if __name__ == "__main__":
    main()
