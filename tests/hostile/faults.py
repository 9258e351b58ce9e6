"""Fault injection: what is on the disk after a write that was cut off, for each command.

``python -m tests.hostile.faults`` prints a line for each command and counts.

A command runs once in a child process; where it is about to write, it is forked for each fault,
and the fork goes on with the fault lying in wait. So the real program writes real files, and dies
of real signals and a real limit of the file size; only the errors of system calls are made up.
"""

from __future__ import annotations

import datetime
import errno
import io
import itertools
import json
import math
import os
import resource
import signal
import sys
import tempfile
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import typer
from typer.models import ArgumentInfo

from tests.hostile.archives import packed, unpacked
from tests.hostile.workbooks import SHEET, sound
from xlcredit import files
from xlcredit.cli import app, main

__all__ = [
    "COMMANDS",
    "FAULTS",
    "LOAN",
    "SHORT",
    "Trial",
    "given_a_workbook",
    "leaves",
    "trials",
    "ways_in_the_table",
    "ways_to_write",
]

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
    """Whatever else in the folder is new, or not as it was; a folder ends in ``/``."""

    @property
    def killed(self) -> bool:
        """Whether the process had no chance to clean up."""
        return self.fault.startswith("SIGKILL")

    @property
    def fair(self) -> bool:
        """Whether the old file or the new one is there, and nothing else.

        Between giving a file its name and moving it into place, nothing can clean up after
        SIGKILL, and before, not the folder that was made for it; and only a write that was done
        may have succeeded.
        """
        left = [name for name in self.left if not (self.killed and name.endswith("/"))]
        left = [] if self.fault == "SIGKILL at replace" else left
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


def _leave_once_written() -> None:
    """Wait for the write and for nothing that the command does after it."""
    real = os.replace

    def last(*args: Any, **more: Any) -> NoReturn:
        real(*args, **more)
        os._exit(0)

    os.replace = last


FAULTS: dict[str, Callable[[], None]] = {
    "a full disk": _full,
    **{
        f"{name} at {call}": partial(_at, call, partial(_die, name))
        for name, call in itertools.product(SIGNALS, CALLS)
    },
    **{f"an error at {call}": partial(_at, call, _fail) for call in CALLS if call != "open"},
}

Words = Callable[[Path], list[object]]
_OURS = ROOT / "workbooks/gpu-borrowing-base.xlsx"
_GRID = ("--grid", "margin=0.05:0.06:2", "--grid", "refi_rate=0.08:0.09:2")
_NUMPY = ("--kernel", "numpy")
_SIMULATE = ("--simulate", "--paths", "1000", "--workers", "1")


def _started(folder: Path) -> list[object]:
    return ["start", "gpu-borrowing-base", "-o", folder / "new/o.toml"]


def _new(target: str, *options: str) -> Words:
    return lambda d: ["new", "gpu-borrowing-base", *options, "-o", d / target]


#: For each way to write: its words, given the folder, and the file whose write is cut off (of
#: several that match, the first); the command makes the folder it writes into. What stands behind
#: a comma only tells two ways of one command apart.
COMMANDS: dict[str, tuple[Words, str]] = {
    "demo": (lambda d: ["demo", d / "new"], "new/gpu-borrowing-base.xlsx"),
    "start": (_started, "new/o.toml"),
    "start, workbook": (_started, "new/o.xlsx"),
    "new": (_new("new/o.xlsx"), "new/o.xlsx"),
    "new, blank": (_new("new/o.toml", "--blank"), "new/o.toml"),
    "new, schema": (_new("new/o.toml", "--blank"), "new/o.schema.json"),
    "new, copy": (_new("new", "--copy"), "new/template.toml"),
    "new, copied deal": (_new("new", "--copy"), "new/deal.toml"),
    "new, tape": (_new("new/o.csv"), "new/o.csv"),
    "lite": (lambda d: ["lite", d / "in.xlsx", "-o", d / "new/o.xlsx"], "new/o.xlsx"),
    "recalc": (lambda d: ["recalc", d / "in.xlsx", "-o", d / "new/o.xlsx"], "new/o.xlsx"),
    "stress": (
        lambda d: ["stress", _OURS, "--scenario", "all", "-o", d / "new/o.csv"],
        "new/o.csv",
    ),
    "stress, workbook": (
        lambda d: ["stress", _OURS, "--scenario", "all", "-o", d / "new/o.xlsx"],
        "new/o.xlsx",
    ),
    "stress, charts": (
        lambda d: ["stress", _OURS, *_GRID, "--charts", d / "new/maps"],
        "new/maps/covenant_*.png",
    ),
    "portfolio": (
        lambda d: ["portfolio", d / "deal.xlsx", "--workers", "1", "-o", d / "new/o.csv"],
        "new/o.csv",
    ),
    "portfolio, parquet": (
        lambda d: ["portfolio", d / "deal.xlsx", "--workers", "1", "-o", d / "new/o.parquet"],
        "new/o.parquet",
    ),
    "portfolio, workbook": (
        lambda d: ["portfolio", d / "deal.xlsx", "--workers", "1", "-o", d / "new/o.xlsx"],
        "new/o.xlsx",
    ),
    "portfolio, market": (
        lambda d: ["portfolio", d / "loan.toml", *_SIMULATE, "-o", d / "new/o.xlsx"],
        "new/o.xlsx",
    ),
    "portfolio, chart": (
        lambda d: ["portfolio", d / "loan.toml", *_SIMULATE, "--chart", d / "new/o.png"],
        "new/o.png",
    ),
    "calibrate": (
        lambda d: ["calibrate", "--coin", d / "coin.csv", "-o", d / "new/o.toml"],
        "new/o.toml",
    ),
    "simulate": (
        lambda d: ["simulate", d / "loan.toml", *_NUMPY, "--csv", d / "new/o.csv"],
        "new/o.csv",
    ),
    "simulate, charts": (
        lambda d: ["simulate", d / "loan.toml", *_NUMPY, "--charts", d / "new/pictures"],
        "new/pictures/ltv.png",
    ),
    "schema": (lambda d: ["schema", "output", "-o", d / "new/o.json"], "new/o.json"),
    "functions": (lambda d: ["functions", "--html", d / "new/o.html"], "new/o.html"),
    "lint": (lambda d: ["lint", d / "in.xlsx", "--fix", "-o", d / "new/o.xlsx"], "new/o.xlsx"),
    "freeze": (lambda d: ["freeze", d / "in.xlsx", "-o", d / "new/o.xlsx"], "new/o.xlsx"),
    "extract": (lambda d: ["extract", _OURS, "-o", d / "new/o.toml"], "new/o.toml"),
    "excel install": (lambda d: ["excel", "install", "--folder", d / "new"], "new/xlcredit.xlam"),
    "excel doctor": (
        lambda d: ["excel", "doctor", d / "links.xlsx", "--fix", "-o", d / "new/o.xlsx"],
        "new/o.xlsx",
    ),
    "excel build": (lambda d: ["excel", "build", "-o", d / "new/o.xlam"], "new/o.xlam"),
    "libreoffice build": (lambda d: ["libreoffice", "build", "-o", d / "new/o.oxt"], "new/o.oxt"),
}
#: These read no file of the user's; a part of a table is a smaller table, and a part of a file of
#: terms has the others' defaults; and what is wrong with a loan of a book stands in its row.
_NOTHING_TO_READ = {
    *("demo", "start", "start, workbook", "functions", "schema"),
    *("new", "new, blank", "new, schema", "new, copy", "new, copied deal", "new, tape"),
    *("excel install", "excel build", "libreoffice build"),
    *("calibrate", "simulate", "simulate, charts"),
    *("portfolio", "portfolio, parquet", "portfolio, workbook"),
    *("portfolio, market", "portfolio, chart"),
}
SHORT = "a short read"

#: The options and arguments of commands that name a file or a folder: what is only read ...
_READS = {"deal", "file", "files", "old", "new", "rents", "coin"}
#: ... and what may be written. ``excel doctor`` looks into its folder.
_WRITES = {"output": "-o", "outputs": "-o", "html": "--html", "charts": "--charts",
           "chart": "--chart", "table": "--csv", "folder": "--folder"}  # fmt: skip
_ONLY_LOOKS = {("excel doctor", "--folder")}


def ways_to_write() -> set[tuple[str, str]]:
    """Every command and option that names what is written, from the signatures of the commands."""
    found = set()
    for command, function in leaves(app):
        hints = typing.get_type_hints(function)
        for name in (name for name, hint in hints.items() if "Path" in str(hint)):
            assert name in _READS or name in _WRITES, (
                f"{command} {name}: is it read or written? Put it into _READS or _WRITES of tests/"
                "hostile/faults.py, or call the argument as other commands do, such as file"
            )
            if name in _WRITES:
                found.add((command, _WRITES[name]))
    return found - _ONLY_LOOKS


def ways_in_the_table() -> set[tuple[str, str]]:
    """The same from :data:`COMMANDS`."""
    found = set()
    for key, (words, _) in COMMANDS.items():
        command = key.partition(",")[0]
        given = {str(word) for word in words(Path("d"))} & set(_WRITES.values())
        found |= {(command, option) for option in given or {"--folder"}}
    return found


def leaves(group: typer.Typer, path: str = "") -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every command by what is typed for it, with its function."""
    for one in group.registered_commands:
        assert one.callback is not None
        yield f"{path} {one.name or one.callback.__name__}".strip(), one.callback
    for child in group.registered_groups:
        assert child.typer_instance is not None
        yield from leaves(child.typer_instance, f"{path} {child.name}".strip())


def given_a_workbook() -> set[str]:
    """Every command with an argument whose help speaks of a workbook."""
    return {
        command
        for command, function in leaves(app)
        for name, hint in typing.get_type_hints(function, include_extras=True).items()
        for told in typing.get_args(hint)
        if isinstance(told, ArgumentInfo) and "workbook" in str(told.help).lower()
        if name != "folder"  # to write into
    }


def trials(command: str) -> list[Trial]:
    """Run one command under every fault, with and without a file to replace."""
    words, target = COMMANDS[command]
    with tempfile.TemporaryDirectory() as scratch:
        folder, report = Path(scratch) / "work", Path(scratch) / "report"
        _prepare(folder)
        if not (child := os.fork()):
            _start(Path(scratch) / "out", command, words(folder))
            files._refuse_target = partial(_try_all, command, folder, target, report)
            _leave()
        os.waitpid(child, 0)
        if not report.is_file():
            raise AssertionError((Path(scratch) / "out").read_text())
        done = [Trial(**fields) for fields in json.loads(report.read_text())]
    return done if command in _NOTHING_TO_READ else [*done, *_short_reads(command)]


def _short_reads(command: str) -> Iterator[Trial]:
    """Run one command that reads all files to their middle, with and without a file to replace."""
    words, target = COMMANDS[command]
    for stood in (True, False):
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "work"
            _prepare(folder)
            made = files.missing_folders((folder / target).parent)
            if stood:
                (folder / target).parent.mkdir(parents=True)
                (folder / target).write_bytes(OLD)
            before = _content(folder)
            if not (child := os.fork()):
                _start(Path(scratch) / "out", command, words(folder))
                os.fdopen = _half_opened  # type: ignore[assignment]
                _leave()
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            holds = _content(folder).get(folder / target, b"")
            seen = {b"": "nothing", OLD: "old"}.get(holds, "new")
            left = [p.name for p, held in _content(folder).items() if before.get(p) != held]
            left += _folders(made, stood)
            yield Trial(command, SHORT, stood, code, seen, left)


def _folders(made: list[Path], stood: bool) -> list[str]:
    """Name the folders that are there, though the command made them and no file stood there."""
    return [] if stood else [f"{path.name}/" for path in made if path.is_dir()]


class _Half(io.FileIO):
    """A file that ends in the middle."""

    def read(self, size: int | None = -1, /) -> bytes:
        whole = super().read(-1 if size is None else size) or b""
        return whole[: len(whole) // 2]


def _half_opened(handle: int, mode: str = "r", *more: Any, **named: Any) -> Any:
    return _Half(handle, mode) if mode == "rb" else open(handle, mode, *more, **named)


def _prepare(folder: Path) -> None:
    """Make what the commands read."""
    folder.mkdir()
    (folder / "in.xlsx").write_bytes(sound())
    (folder / "links.xlsx").write_bytes(_with_a_path())
    (folder / "coin.csv").write_text(closes())
    (folder / "loan.toml").write_text(LOAN)
    (folder / "deal.xlsx").write_bytes(_OURS.read_bytes())


def _content(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _start(log: Path, command: str, words: list[object]) -> None:
    """Take the part of the command's own process."""
    _silent(log)
    force = [] if command == "excel install" else ["--force"]
    sys.argv = ["xlcredit", *map(str, words), *force]


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


def _try_all(command: str, folder: Path, wanted: str, report: Path, target: Path) -> None:
    """Take the place of the first step of a write: fork for each fault, and never come back."""
    if not target.resolve().relative_to(folder.resolve()).match(wanted):
        _refuse_target(target)
        return
    done, new = [], b""
    made = files.missing_folders(target.parent)
    beside = _content(folder)
    beside.pop(target, None)
    for fault, stood in [("", False), *itertools.product(FAULTS, (True, False))]:
        _set(target, made, stood)
        if not (child := os.fork()):
            files._refuse_target = _refuse_target
            FAULTS.get(fault, _leave_once_written)()
            _refuse_target(target)
            return
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        after = _content(folder)
        holds = after.pop(target, b"")
        new = new or holds
        names = {b"": "nothing", OLD: "old", new: "new"}
        left = [p.name for p in after.keys() | beside.keys() if after.get(p) != beside.get(p)]
        if not fault:
            assert holds, "without a fault, the command writes"
        else:
            seen = names.get(holds, "damage")
            done.append([command, fault, stood, code, seen, left + _folders(made, stood)])
        for path in after.keys() - beside.keys():
            path.unlink()
        for path, held in beside.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(held)
    fields = list(Trial.__dataclass_fields__)
    report.write_text(json.dumps([dict(zip(fields, row, strict=True)) for row in done]))
    os._exit(0)


def _set(target: Path, made: list[Path], stood: bool) -> None:
    """Let a file stand there, or nothing, and not even the folder if the command makes it."""
    if stood:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(OLD)
    else:
        target.unlink(missing_ok=True)
        files.remove_empty(made)


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
LOAN = """paths = 300
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


def closes() -> str:
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
