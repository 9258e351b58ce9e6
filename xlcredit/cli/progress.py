"""How far a long run is: a bar with rate and remaining time, on a terminal only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

__all__ = ["progress"]


class _Rate(TextColumn):
    """What is done in a second."""

    def __init__(self, what: str) -> None:
        super().__init__("{task.speed:.1f} " + what + "/s")

    def render(self, task):  # type: ignore[no-untyped-def]
        """Draw nothing before there is a speed."""
        from rich.text import Text

        return super().render(task) if task.speed is not None else Text("")


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar on stderr; give the function that is told how many are done."""
    console = Console(stderr=True)
    bar = Progress(
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
    with bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)
