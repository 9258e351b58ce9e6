"""How far a long run is, its rate and remaining time: a bar on a terminal, else a line at times."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

__all__ = ["Bar", "progress", "told"]


#: Between two lines in a file; a run that is shorter leaves none. [seconds]
_EVERY = 30.0


class _Rate(TextColumn):
    """What is done in a second."""

    def __init__(self, what: str) -> None:
        super().__init__("{task.speed:.1f} " + what + "/s")

    def render(self, task: Task) -> Text:
        """Draw nothing before there is a speed."""
        return super().render(task) if task.speed is not None else Text("")


class Bar:
    """A bar on stderr where that is a terminal, else a line on stderr at times.

    Parameters
    ----------
    what : str
        What is counted, such as ``loans``.
    """

    def __init__(self, what: str) -> None:
        console = Console(stderr=True)
        self._what = what
        self._lines = None if console.is_terminal else _Lines(what)
        self._task: TaskID | None = None
        self._bar = Progress(
            TextColumn(what),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(what),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )

    def start(self, total: int, done: int = 0) -> None:
        """Say how many there are, and how many are done already."""
        self._bar.start()
        self._task = self._bar.add_task(self._what, total=total, completed=done)
        if self._lines is not None:
            self._lines.start(total, done)

    def update(self, done: int) -> None:
        """Say how many are done."""
        if self._task is not None:
            self._bar.update(self._task, completed=done)
        if self._lines is not None:
            self._lines.done = done

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()
        if self._lines is not None:
            self._lines.stop()


class _Lines:
    """Lines for a file, which a nightly job keeps; also while nothing gets done."""

    def __init__(self, what: str) -> None:
        self.done = 0
        self._what = what
        self._over = threading.Event()

    def start(self, total: int, done: int) -> None:
        """Begin to count, with what a run before has done."""
        self.done, began = done, time.monotonic()

        def tell() -> None:
            while not self._over.wait(_EVERY):
                seconds = time.monotonic() - began
                print(_how_far(self._what, (done, self.done, total), seconds), file=sys.stderr)
                sys.stderr.flush()

        threading.Thread(target=tell, daemon=True).start()

    def stop(self) -> None:
        """Tell nothing more."""
        self._over.set()


def _how_far(what: str, counts: tuple[int, int, int], seconds: float) -> str:
    """Say how far a run is.

    Examples
    --------
    >>> _how_far("loans", (100, 400, 1000), 60.0)
    'loans: 400 of 1,000 done, 5.0 a second, 2 min left'
    """
    before, done, total = counts
    line = f"{what}: {done:,} of {total:,} done"
    if done == before:
        return f"{line}, {seconds:.0f} s since the start"
    rate = (done - before) / seconds
    seconds = (total - done) / rate
    left = f"{seconds / 60:.0f} min" if seconds >= 60 else f"{seconds:.0f} s"
    return f"{line}, {rate:.1f} a second, {left} left"


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar; give the function that is told how many are done."""
    with Bar(what) as bar:
        bar.start(total)
        yield bar.update


def told(message: str) -> None:
    """Say beside a long run what there is to know of it, where no result is written."""
    print(f"xlcredit: warning: {message}", file=sys.stderr)
