"""The processes that calculate beside this one: started with our own code, ended whole."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import xlcredit

__all__ = ["end", "started"]


def started(module: str, *words: str) -> subprocess.Popen[bytes]:
    """Start a module as a process that is talked to through its standard input and output."""
    return subprocess.Popen(
        [sys.executable, "-m", module, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(),
    )


def end(process: subprocess.Popen[bytes]) -> None:
    """Let a process go, whatever it is doing; it leaves no pipe behind."""
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        with contextlib.suppress(OSError):
            if stream is not None:
                stream.close()


def _environment() -> dict[str, str]:
    """Let a worker find the very code that runs here, and take no more than its share."""
    own = str(Path(xlcredit.__file__).parents[1])
    path = os.pathsep.join(filter(None, [own, os.environ.get("PYTHONPATH", "")]))
    # a thread's heap of its own would count 64 MB of addresses against --memory-limit
    return os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
