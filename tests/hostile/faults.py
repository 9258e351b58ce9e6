"""Fault injection: what is on the disk after a write that was cut off, for each command.

``python -m tests.hostile.faults`` prints a line for each command and counts.

A command runs once in a child process; where it is about to write, it is forked for each fault,
and the fork goes on with the fault lying in wait. So the real program writes real files, and dies
of real signals and a real limit of the file size; only the errors of system calls are made up.
"""

from __future__ import annotations

import datetime
import errno
import itertools
import json
import math
import os
import resource
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import typer

from tests.hostile.archives import packed, unpacked
from tests.hostile.workbooks import SHEET, sound
from xlcredit import files
from xlcredit.cli import app, main

__all__ = ["COMMANDS", "FAULTS", "Trial", "trials", "writing_commands"]

ROOT = Path(__file__).parents[2]
OLD = b"what stood there before"
#: The system calls of a write, in their order.
CALLS = ("open", "fsync", "link", "replace")
SIGNALS = ("SIGKILL", "SIGTERM", "SIGINT", "SIGHUP")


@dataclass(frozen=True)
class Trial:
    """A command, a fault, and what was there afterwards."""

    command: str
    fault: str
    stood: bool
    """Whether a file was to be replaced."""
    code: int
    """The exit code; for a signal that kills, its number below zero."""
    target: str
    """What the target holds: ``old``, ``new``, ``nothing`` or ``damage``."""
    left: list[str]
    """Whatever else is new in the folder."""

    @property
    def fair(self) -> bool:
        """Whether the old file or the new one is there, and nothing else.

        Between giving a file its name and moving it into place, nothing can clean up after
        SIGKILL; and only a write that was done may have succeeded.
        """
        left = [] if self.fault == "SIGKILL at replace" else self.left
        before = "old" if self.stood else "nothing"
        return not left and self.target == before and self.code == _expected(self.fault)


def _expected(fault: str) -> int:
    name = fault.partition(" ")[0]
    if name == "SIGKILL":
        return -signal.SIGKILL
    return 128 + getattr(signal, name) if name in SIGNALS else 2


def _full() -> None:
    """Let no file grow beyond a few bytes, as on a full disk."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8, 8))


def _at(call: str, strike: Callable[[], None]) -> None:
    """Let something happen when a system call is about to be made."""
    real = getattr(os, call)

    def struck(*args: Any, **more: Any) -> Any:
        strike()
        return real(*args, **more)

    setattr(os, call, struck)


def _die(name: str) -> None:
    os.kill(os.getpid(), getattr(signal, name))


def _fail() -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


FAULTS: dict[str, Callable[[], None]] = {
    "a full disk": _full,
    **{
        f"{name} at {call}": partial(_at, call, partial(_die, name))
        for name, call in itertools.product(SIGNALS, CALLS)
    },
    **{f"an error at {call}": partial(_at, call, _fail) for call in CALLS if call != "open"},
}

Words = Callable[[Path], list[object]]
_OURS = ROOT / "workbooks/hosting-project-loan.xlsx"
#: For each command that writes: its words, given the folder, and the file it writes first.
COMMANDS: dict[str, tuple[Words, str]] = {
    "demo": (lambda d: ["demo", d], "gpu-borrowing-base.xlsx"),
    "start": (lambda d: ["start", "hosting-project-loan", "-o", d / "o.toml"], "o.toml"),
    "new": (lambda d: ["new", "hosting-project-loan", "-o", d / "o.xlsx"], "o.xlsx"),
    "lite": (lambda d: ["lite", d / "in.xlsx", "-o", d / "o.xlsx"], "o.xlsx"),
    "recalc": (lambda d: ["recalc", d / "in.xlsx", "-o", d / "o.xlsx"], "o.xlsx"),
    "stress": (lambda d: ["stress", _OURS, "--scenario", "all", "-o", d / "o.csv"], "o.csv"),
    "calibrate": (
        lambda d: ["calibrate", "--coin", d / "coin.csv", "-o", d / "o.toml"],
        "o.toml",
    ),
    "simulate": (
        lambda d: ["simulate", d / "loan.toml", "--csv", d / "o.csv"],
        "o.csv",
    ),
    "functions": (lambda d: ["functions", "--html", d / "o.html"], "o.html"),
    "lint": (lambda d: ["lint", d / "in.xlsx", "--fix", "-o", d / "o.xlsx"], "o.xlsx"),
    "freeze": (lambda d: ["freeze", d / "in.xlsx", "-o", d / "o.xlsx"], "o.xlsx"),
    "extract": (lambda d: ["extract", _OURS, "-o", d / "o.toml"], "o.toml"),
    "excel install": (lambda d: ["excel", "install", "--folder", d], "xlcredit.xlam"),
    "excel doctor": (
        lambda d: ["excel", "doctor", d / "links.xlsx", "--fix", "-o", d / "o.xlsx"],
        "o.xlsx",
    ),
    "excel build": (lambda d: ["excel", "build", "-o", d / "o.xlam"], "o.xlam"),
    "libreoffice build": (lambda d: ["libreoffice", "build", "-o", d / "o.oxt"], "o.oxt"),
}


def writing_commands() -> set[str]:
    """Every command that has an option for a file or folder to write, from the command line."""
    return {name for name, given in _leaves(typer.main.get_command(app)) if given & _WRITES}


_WRITES = {"output", "outputs", "html", "folder", "table"}


def _leaves(command: Any, path: str = "") -> Iterator[tuple[str, set[str]]]:
    if hasattr(command, "commands"):
        for name, child in command.commands.items():
            yield from _leaves(child, f"{path} {name}".strip())
    else:
        yield path, {parameter.name for parameter in command.params}


def trials(command: str) -> list[Trial]:
    """Run one command under every fault, with and without a file to replace."""
    words, target = COMMANDS[command]
    with tempfile.TemporaryDirectory() as scratch:
        folder, report = Path(scratch) / "work", Path(scratch) / "report"
        folder.mkdir()
        (folder / "in.xlsx").write_bytes(sound())
        (folder / "links.xlsx").write_bytes(_with_a_path())
        (folder / "coin.csv").write_text(_closes())
        (folder / "loan.toml").write_text(_LOAN)
        if not (child := os.fork()):
            _silent(Path(scratch) / "out")
            force = [] if command == "excel install" else ["--force"]
            sys.argv = ["xlcredit", *map(str, words(folder)), *force]
            files._refuse_target = partial(_try_all, command, folder / target, report)
            _leave()
        os.waitpid(child, 0)
        if not report.is_file():
            raise AssertionError((Path(scratch) / "out").read_text())
        return [Trial(**fields) for fields in json.loads(report.read_text())]


def _leave() -> None:
    """Run the command to its end, and leave without cleaning up for the parent."""
    code: Any = 1
    try:
        main()
    except SystemExit as left:
        code = left.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 0)


_refuse_target = files._refuse_target


def _try_all(command: str, target: Path, report: Path, asked: Path) -> None:
    """Take the place of the first step of a write: fork for each fault, and never come back."""
    assert asked.resolve() == target.resolve(), (asked, target)
    done, new = [], b""
    before = sorted(p.name for p in target.parent.iterdir())
    for fault, stood in [("", False), *itertools.product(FAULTS, (True, False))]:
        target.write_bytes(OLD) if stood else target.unlink(missing_ok=True)
        if not (child := os.fork()):
            files._refuse_target = _refuse_target
            FAULTS.get(fault, int)()
            _refuse_target(asked)
            return
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        holds = target.read_bytes() if target.is_file() else b""
        new = new or holds
        names = {b"": "nothing", OLD: "old", new: "new"}
        left = [p for p in target.parent.iterdir() if p.name not in before and p != target]
        if not fault:
            assert holds, "without a fault, the command writes"
        else:
            seen = names.get(holds, "damage")
            done.append([command, fault, stood, code, seen, [p.name for p in left]])
        for path in left:
            path.unlink()
    fields = list(Trial.__dataclass_fields__)
    report.write_text(json.dumps([dict(zip(fields, row, strict=True)) for row in done]))
    os._exit(0)


def _silent(log: Path) -> None:
    handle = os.open(log, os.O_WRONLY | os.O_CREAT)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    sys.stdout, sys.stderr = (os.fdopen(n, "w", closefd=False) for n in (1, 2))
    reader, writer = os.pipe()
    os.write(writer, b"\n" * 500)  # Enter to every question
    os.close(writer)
    os.dup2(reader, 0)
    sys.stdin = os.fdopen(0, closefd=False)


#: A loan for the joint simulation.
_LOAN = """paths = 300
seed = 5
[terms]
loan = 60
rate = 0.1
months = 12
coin_units = 0.5
gpu_units = 5
coin_price = 100
gpu_price = 10
coin_vol = 0.7
gpu_vol = 0.4
call_ltv = 0.75
cure_ltv = 0.6
liquidation_ltv = 0.9
gpu_recovery = 0.6
[series]
scheduled = 1.5
"""


def _closes() -> str:
    """Make two years of closes of a coin, without chance."""
    day, lines = datetime.date(2024, 1, 1), ["date,price"]
    for n in range(730):
        price = 60_000 * math.exp(0.3 * math.sin(n / 40) + 0.04 * math.sin(n * n))
        lines.append(f"{day + datetime.timedelta(n)},{price:.2f}")
    return "\n".join(lines)


def _with_a_path() -> bytes:
    """Make a workbook that calls one of our functions by a folder."""
    parts = unpacked(sound())
    call = b"'C:\\a\\xlcredit.xlam'!XLC_RENT(2,0.5,12)"
    return packed(parts | {SHEET: parts[SHEET].replace(b"B3+1", call)})


def _print() -> None:
    unfair = total = 0
    for command in COMMANDS:
        done = trials(command)
        bad = [trial for trial in done if not trial.fair]
        print(f"{command:20} {len(done):4} faults, {len(bad)} unfair")
        for trial in bad:
            print("   ", trial)
        total, unfair = total + len(done), unfair + len(bad)
    print(f"{'all':20} {total:4} faults, {unfair} unfair")
    sys.exit(bool(unfair))


if __name__ == "__main__":
    _print()
