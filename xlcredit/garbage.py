"""The garbage collector, held while nothing is thrown away."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["uncollected"]


@contextmanager
def uncollected() -> Iterator[None]:
    """Make many objects that all stay, without the collector looking at each of them again.

    To read and calculate a workbook takes a third longer otherwise. The collector runs as before
    when the outermost block ends.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
