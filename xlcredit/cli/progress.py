"""How far a long run is: a bar with rate and remaining time, on a terminal only."""

from __future__ import annotations

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

__all__ = ["Bar", "progress"]


class _Rate(TextColumn):
    """What is done in a second."""

    def __init__(self, what: str) -> None:
        super().__init__("{task.speed:.1f} " + what + "/s")

    def render(self, task: Task) -> Text:
        """Draw nothing before there is a speed."""
        return super().render(task) if task.speed is not None else Text("")


class Bar:
    """A bar on stderr, where that is a terminal.

    Parameters
    ----------
    what : str
        What is counted, such as ``loans``.
    """

    def __init__(self, what: str) -> None:
        console = Console(stderr=True)
        self._what = what
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
        self._task = self._bar.add_task(self._what, total=total, completed=done)

    def update(self, done: int) -> None:
        """Say how many are done."""
        if self._task is not None:
            self._bar.update(self._task, completed=done)

    def __enter__(self) -> Bar:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar; give the function that is told how many are done."""
    with Bar(what) as bar:
        bar.start(total)
        yield bar.update
