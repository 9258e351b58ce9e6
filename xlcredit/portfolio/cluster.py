"""The same run on a Dask cluster: loans and code travel to the workers, results stream back.

Each worker of the cluster keeps worker processes as :mod:`xlcredit.portfolio.pool` does, so that
limits hold and results are the same bytes as on one machine. Dask gives the loans of a worker
that dies to another one.
"""

from __future__ import annotations

import logging
import threading
import time
from asyncio import CancelledError
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError as FutureCancelled
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

import xlcredit
from xlcredit.deals.reading import folder
from xlcredit.errors import UserError
from xlcredit.models.joint import Block
from xlcredit.portfolio import shipping
from xlcredit.portfolio.crew import Order, Start, run_order
from xlcredit.portfolio.evaluate import Result, failed
from xlcredit.portfolio.loans import Task
from xlcredit.portfolio.pool import Hand, Limits

__all__ = ["Paths", "run_on_cluster"]

#: Loans that are on the cluster at once, for each of its threads.
_AHEAD = 4
_LEAST = 32
#: How long one look at the cluster waits. [seconds]
_LOOK = 2.0
#: How long the scheduler may be silent. [seconds]
_PATIENCE = "15s"
#: What Dask says of a result whose worker has died before it was fetched.
_LOST = ("pending", "lost")
#: Workers that may die under one loan before it is at fault.
_DEATHS = 3


def run_on_cluster(
    tasks: Iterable[Task], address: str, limits: Limits, job: str = "loan"
) -> Iterator[Result]:
    """Calculate loans on a Dask cluster, in the order in which they finish.

    Parameters
    ----------
    tasks : iterable of Task
        The loans; each is taken when it is sent.
    address : str
        The scheduler, such as ``tcp://10.0.0.4:8786``.
    limits : Limits
        Time and memory of one loan.
    job : str
        What the workers do with loans; see :mod:`xlcredit.portfolio.worker`.

    Yields
    ------
    Result
        One for each task.

    Raises
    ------
    UserError
        If ``distributed`` is missing, nothing answers at the address, or the scheduler goes away.
    """
    distributed = _distributed()
    client = _connected(distributed, address)
    try:
        with client.as_current():
            yield from _stream(distributed, client, tasks, address, limits, job)
    finally:
        client.close(timeout=5)


def _stream(
    distributed: ModuleType,
    client: Any,
    tasks: Iterable[Task],
    address: str,
    limits: Limits,
    job: str,
) -> Iterator[Result]:
    """Keep the cluster busy, and hand on what comes back."""
    running: dict[Any, Task] = {}
    run = f"{time.time_ns():x}"
    waiting = enumerate(tasks)
    while True:
        for number, task in islice(waiting, max(0, _window(client, address) - len(running))):
            message = msgspec.msgpack.encode(task)
            future = client.submit(
                calculate, message, limits, job, key=f"xlcredit-{run}-{number}", retries=0
            )
            running[future] = task
        if not running:
            return
        try:
            finished = distributed.wait(
                list(running), timeout=_LOOK, return_when="FIRST_COMPLETED"
            ).done
        except TimeoutError:
            finished = set()
        except (CancelledError, FutureCancelled) as error:
            raise _gone(address) from error
        _refuse_gone(client, address)
        for future in finished:
            if future.status in _LOST:  # since: Dask calculates it again
                continue
            yield _result(future, running.pop(future), address)
            future.release()


def _connected(distributed: ModuleType, address: str) -> Any:
    """Connect, and send our code ahead."""
    import dask  # noqa: PLC0415 - comes with distributed

    dask.config.set({"distributed.comm.timeouts.connect": _PATIENCE})
    for name in ("distributed", "distributed.client", "distributed.core"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)  # we say what is wrong ourselves
    try:
        client = distributed.Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        message = " ".join(str(error).splitlines())
        raise UserError(f"{address}: no Dask scheduler answers there: {message}") from None
    client.register_plugin(_plugin(distributed))
    return client


def _refuse_gone(client: Any, address: str) -> None:
    if client.status != "running":
        raise _gone(address)


def _gone(address: str) -> UserError:
    return UserError(f"{address}: the scheduler has gone away; what is done is kept: add --resume")


def _window(client: Any, address: str) -> int:
    """How many loans the cluster is to have at a time."""
    try:
        threads: int = sum(client.nthreads().values())
    except OSError as error:  # the line broke while it was asked
        raise _gone(address) from error
    return max(_LEAST, _AHEAD * threads)


def _result(future: Any, task: Task, address: str) -> Result:
    if future.status == "finished":
        try:
            return msgspec.msgpack.decode(future.result(), type=Result)
        except OSError as error:  # the line broke while it was fetched
            raise _gone(address) from error
    if future.status == "cancelled":
        raise UserError("the cluster dropped the run; what is done is kept: add --resume")
    message = " ".join(str(future.exception()).split())
    return failed(task, f"the cluster could not calculate it: {message}")


# --- on a worker ----------------------------------------------------------------------------

_OWN = threading.local()


def calculate(message: bytes, limits: Limits, job: str = "loan") -> bytes:
    """Calculate one loan on a worker, in a process of its own."""
    if getattr(_OWN, "terms", None) != (limits, job):
        _OWN.hand, _OWN.terms = Hand(limits, job), (limits, job)
    result: Result = _OWN.hand.result(msgspec.msgpack.decode(message, type=Task))
    return msgspec.msgpack.encode(result)


def _plugin(distributed: Any) -> Any:
    """Make what brings the code to each worker, those that join later included."""
    import cloudpickle  # noqa: PLC0415 - comes with distributed

    cloudpickle.register_pickle_by_value(shipping)
    install = shipping.install
    content = shipping.packed(Path(xlcredit.__file__).parent, folder())

    class Shipped(distributed.WorkerPlugin):  # type: ignore[misc]
        name = "xlcredit"

        def setup(self, worker: Any) -> None:  # noqa: ARG002 - Dask's signature
            install(content)

    Shipped.__module__ = "__main__"  # by value: a worker has no such module
    return Shipped()


def _distributed() -> ModuleType:
    try:
        import distributed  # noqa: PLC0415 - an extra
    except ImportError:
        message = 'a cluster needs Dask: pip install "xlcredit[cluster]"'
        raise UserError(message) from None
    return distributed


# --- blocks of paths ------------------------------------------------------------------------


class Paths:
    """Blocks of simulated paths on a Dask cluster, given back in their order.

    Parameters
    ----------
    address : str
        The scheduler.
    start : Start
        What all blocks have in common, sent to each worker once.
    """

    def __init__(self, address: str, start: Start) -> None:
        self._address = address
        self._client = _connected(_distributed(), address)
        self._start = self._client.scatter(start, broadcast=True, hash=False)

    def run(self, orders: list[Order]) -> Iterator[Block]:
        """Run blocks; a worker that dies costs nothing but time."""
        futures = [
            self._client.submit(run_order, self._start, order, pure=False) for order in orders
        ]
        for future in futures:
            while True:
                try:
                    block: Block = future.result(timeout=_LOOK)
                    break
                except TimeoutError:
                    _refuse_gone(self._client, self._address)
                except (CancelledError, FutureCancelled, OSError) as error:
                    raise _gone(self._address) from error
                except Exception as error:  # whatever the worker has raised
                    told = " ".join(str(error).split()) or type(error).__name__
                    raise UserError(f"the cluster could not run a block of paths: {told}") from None
            yield block
            future.release()

    def close(self) -> None:
        """Leave the cluster."""
        self._client.close(timeout=5)
