"""Run commands in this process, and see what a user sees of them."""

from __future__ import annotations

import contextlib
import io
import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from xlcredit.cli import main

__all__ = ["SECONDS", "Seen", "fair", "run"]

#: Nothing that a stranger makes may keep a user waiting for longer, however busy the machine.
SECONDS = 60
#: What moves a terminal's cursor, or turns text round. Colours are not printed into a pipe.
_HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class TooSlow(BaseException):
    """No error that a command could tell as its own: a ``TimeoutError`` would be an ``OSError``."""


@dataclass(frozen=True)
class Seen:
    """What a command did, from outside."""

    code: int
    out: str
    err: str


def run(*words: object, seconds: int = SECONDS) -> Seen:
    """Run ``xlcredit`` with these words; an exception that is not ours comes out of here."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with (
        patch("sys.argv", ["xlcredit", *map(str, words)]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        _in_time(seconds),
    ):
        try:
            main()
        except SystemExit as left:
            code = left.code if isinstance(left.code, int) else 0
    return Seen(code, out.getvalue(), err.getvalue())


@contextlib.contextmanager
def _in_time(seconds: int) -> Iterator[None]:
    def late(*_: object) -> None:
        raise TooSlow(f"took longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def fair(seen: Seen, target: Path | None = None) -> None:
    """Check the contract: a code that is explained, one line if refused, nothing half done."""
    assert seen.code in (0, 1, 2), seen
    if seen.code == 2:
        assert seen.out == "", seen
        assert len(seen.err.splitlines()) == 1, seen
        assert seen.err.startswith("xlcredit: "), seen
        assert target is None or not target.exists(), seen
    else:
        assert seen.err == "", seen
    assert not _HARMFUL.search(seen.out + seen.err), seen
    if target is not None:
        left = [path.name for path in target.parent.iterdir() if path.name != target.name]
        assert not left, left
