"""What takes long to make, made once for a run of the tests, in however many processes they run.

It stands on the disk as bytes, and each reader makes an object of its own from them: no test ever
gets what another one has changed. A run of pytest has a folder of its own, so that nothing outlives
the sources it was made with.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar, cast

import pytest

__all__ = ["Store"]

T = TypeVar("T")


class Store:
    """Objects by name, for all processes of one run."""

    def __init__(self, temporary: pytest.TempPathFactory) -> None:
        own = temporary.getbasetemp()
        # the folders of pytest-xdist's workers stand in that of the run
        run = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
        self._folder = run / "store"
        self._folder.mkdir(exist_ok=True)

    def get(self, name: str, make: Callable[[], T]) -> T:
        """Give what was made under that name, or make it while others wait.

        Parameters
        ----------
        name : str
            All that it depends on, but the sources.
        make : callable
            Makes it.
        """
        path = self._folder / hashlib.sha256(name.encode()).hexdigest()
        with _alone(path.with_suffix(".lock")):
            if path.exists():
                return cast("T", pickle.loads(zlib.decompress(path.read_bytes())))
            made = make()
            content = pickle.dumps(made, pickle.HIGHEST_PROTOCOL)
            part = path.with_suffix(".part")
            part.write_bytes(zlib.compress(content, level=1))
            part.replace(path)
        return cast("T", pickle.loads(content))


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Wait until no other process does the same; on Windows all of them do it."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
