"""``xlcredit`` as a user types it: a process, files and an exit code of its own, but a warm start.

To start Python and import what the commands need takes longer than most of them run, and the
tests run hundreds. So one process imports it all, and is forked for each command: what a command
changes is gone with it, and what it did is seen from outside. ``tests/test_command.py`` holds it to
what a process that starts from nothing does.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
import warnings
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import NoReturn

__all__ = ["COLD", "WARM", "complaints", "refused", "typed", "xlcredit"]

#: From nothing, with each warning an error.
COLD = [sys.executable, "-W", "error", "-c", "from xlcredit.cli import main; main()"]
#: Apple's libraries do not outlive a fork.
WARM = sys.platform == "linux"

_SERVER = [sys.executable, "-W", "error", "-c", "from tests.command import serve; serve()"]
_ROOT = Path(__file__).parents[1]
#: What most commands import when they run.
_IMPORTED = (
    *("xlcredit.cli", "xlcredit.recalc", "xlcredit.workbook", "xlcredit.portfolio"),
    *("xlcredit.functions", "xlcredit.cli.writing", "xlcredit.workbook.lint"),
)
#: A library that has started a thread cannot be forked; alone it starts none.
_ALONE = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def xlcredit(
    *words: object, cwd: Path | None = None, columns: int | None = None, answers: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a command, and see what a user sees of it.

    Parameters
    ----------
    *words : object
        What stands behind ``xlcredit``.
    cwd : Path, optional
        Where it is typed.
    columns : int, optional
        How wide the terminal says that it is.
    answers : str, default ""
        What is typed while it runs.
    """
    environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "FORCE_COLOR")}
    if columns:
        environment["COLUMNS"] = str(columns)
    arguments = [*map(str, words)]
    if not WARM:
        return subprocess.run(
            [*COLD, *arguments], capture_output=True, text=True, check=False, cwd=cwd,
            env=environment, input=answers,
        )  # fmt: skip
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile("w+b")) for _ in range(3)]
        files[0].write(answers.encode())
        files[0].seek(0)
        order = [arguments, os.fspath(cwd or Path.cwd()), environment]
        code = ask(_address(), order, [file.fileno() for file in files])
        for file in files[1:]:
            file.seek(0)
        out, err = (file.read().decode().replace("\r\n", "\n") for file in files[1:])
    return subprocess.CompletedProcess([*COLD, *arguments], code, out, err)


def refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """One clear line on stderr, exit code 2, nothing on stdout."""
    assert done.returncode == 2, done
    assert done.stdout == ""
    lines = complaints(done)
    assert len(lines) == 1, done.stderr
    for word in words:
        assert word in lines[0], lines[0]


def typed() -> list[str]:
    """What a shell runs for ``xlcredit``: it needs no more than Python's own modules."""
    if not WARM:
        return [sys.executable, "-m", "xlcredit"]
    return [sys.executable, "-SEP", __file__, _address()]


def complaints(done: subprocess.CompletedProcess[str]) -> list[str]:
    """What stands on stderr, but for how far a slow machine was."""
    return [line for line in done.stderr.strip().splitlines() if " done, " not in line]


@cache
def _address() -> str:
    """Start the process that is forked; it ends with this one, by the pipe that then closes."""
    folder = tempfile.TemporaryDirectory(prefix="xlcredit-warm-")
    address = f"{folder.name}/socket"
    process = subprocess.Popen(
        [*_SERVER, address], cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env=os.environ | _ALONE,
    )  # fmt: skip
    assert process.stdin and process.stdout

    def end() -> None:
        process.stdin.close()
        process.wait()
        process.stdout.close()
        folder.cleanup()

    atexit.register(end)
    assert process.stdout.readline() == b"ready\n"
    return address


def ask(address: str, order: list[object], handles: list[int]) -> int:
    """Have a command run with these files as its input, output and errors; give its exit code."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(address)
        socket.send_fds(line, [b"x"], handles)
        with line.makefile("rwb") as file:
            file.write(json.dumps(order).encode() + b"\n")
            file.flush()
            told = file.readline()
    if not told:
        raise ChildProcessError("the command was killed, or left without being asked")
    return int(told)


def serve() -> None:
    """Import what commands need, and be forked for each that is ordered until the input ends."""
    for module in _IMPORTED:
        import_module(module)
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who ordered is told the code by the child
    with socket.socket(socket.AF_UNIX) as server, selectors.DefaultSelector() as either:
        server.bind(sys.argv[1])
        server.listen()
        print("ready", flush=True)
        either.register(server, selectors.EVENT_READ)
        either.register(0, selectors.EVENT_READ)
        while {key.fileobj for key, _ in either.select()} == {server}:
            line, _ = server.accept()
            with line, warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # threads would be told of
                if not os.fork():
                    server.close()
                    _run(line)


def _run(line: socket.socket) -> NoReturn:
    """Become the command: its files, its place, its environment; leave as Python leaves."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    warnings.simplefilter("error")
    _, handles, *_ = socket.recv_fds(line, 1, 3)
    for number, handle in enumerate(handles):
        os.dup2(handle, number)
        os.close(handle)
    file = line.makefile("rwb")
    words, place, environment = json.loads(file.readline())
    os.chdir(place)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["-c", *words]
    sys.path[0] = ""
    code: object = 0
    try:
        import_module("xlcredit.cli").main()
    except SystemExit as left:
        code = left.code
    except BaseException:
        traceback.print_exc()
        code = 1
    if code is not None and not isinstance(code, int):
        print(code, file=sys.stderr)
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    file.write(f"{code or 0}\n".encode())
    file.flush()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(ask(sys.argv[1], [sys.argv[2:], str(Path.cwd()), dict(os.environ)], [0, 1, 2]))
