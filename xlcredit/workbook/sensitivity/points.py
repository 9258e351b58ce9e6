"""The points of a grid, one after the other or in several processes."""

from __future__ import annotations

import gc
import itertools
import math
import multiprocessing
import sys
import threading
import warnings
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from xlcredit.errors import CellError
from xlcredit.models.simulation import repeated
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package
from xlcredit.workbook.session import Session, open_workbook

__all__ = ["calculated"]

Move = tuple[Any, ...]

#: Points from which on it is worth a second to find what the figures need and nothing else, to
#: load a compiled simulation, and to have other processes.
_MANY = 12
#: Shares of the points that each process takes, one after the other.
_SHARES = 4


def calculated(
    book: Session,
    axes: Sequence[str],
    moves: Iterable[Move],
    figures: Sequence[str],
    workers: int = 1,
) -> Iterator[list[Any]]:
    """Give a row for each point: its values, each covenant, the figures, and errors.

    Parameters
    ----------
    book : Session
        The workbook; its inputs are as before at the end.
    axes : sequence of str
        The inputs that are moved.
    moves : iterable of tuple
        Their values at each point.
    figures : sequence of str
        What is read, besides covenants.
    workers : int
        Processes that share the points, where these are many.
    """
    points = list(moves)
    many = len(points) >= _MANY
    if many:
        book.concentrate(lambda: _figures(book, figures))
    before = dict(book.changed)
    try:
        with repeated(many):
            if workers > 1 and many:
                yield from _shared(book, axes, points, figures, workers)
            else:
                first = _begun(book, axes, points[:2], figures) if many else []
                yield from first
                yield from (_point(book, axes, move, figures) for move in points[len(first) :])
    finally:
        book.reset()
        book.set(before)


def _point(book: Session, axes: Sequence[str], move: Move, figures: Sequence[str]) -> list[Any]:
    book.set(dict(zip(axes, move, strict=True)))
    return [*move, *_figures(book, figures)]


def _begun(
    book: Session, axes: Sequence[str], moves: list[Move], figures: Sequence[str]
) -> list[list[Any]]:
    """Calculate the first two points, and hold what is the same at both."""
    rows = [_point(book, axes, moves[0], figures)]
    book.hold(lambda: rows.append(_point(book, axes, moves[1], figures)))
    return rows


def _figures(book: Session, names: Sequence[str]) -> list[Any]:
    row: list[Any] = []
    errors = []
    for c in book.covenants:
        margin = None if math.isnan(c.margin) else c.margin
        row += [c.status, _number(c.value), _number(c.threshold), margin]
    for name in names:
        value = book[name]
        if isinstance(value, CellError):
            errors.append(f"{name} {value.code}")
            value = None
        row.append(value)
    return [*row, "; ".join(errors) or None]


def _number(value: Any) -> float | None:
    return value if isinstance(value, float) else None


# --- several processes ------------------------------------------------------------------------


def _shared(
    book: Session, axes: Sequence[str], moves: list[Move], figures: Sequence[str], workers: int
) -> Iterator[list[Any]]:
    """Let processes calculate neighbouring points, each in the workbook as it stands here.

    A process that splits off this one has the workbook at once, and all that the first point has
    loaded. Where that cannot be done safely, each opens it anew.
    """
    changed = dict(book.changed)
    splits = _may_split()
    first: list[list[Any]] = []
    if splits:
        first = _begun(book, axes, moves[:2], figures)
        _opened[:] = [(book, axes, figures)]
    start = None if splits else (book.content, str(book.path), changed, axes, figures)
    context = multiprocessing.get_context("fork" if splits else "spawn")
    ends = _ends(len(moves), _row(moves), _SHARES * workers)
    starts = (max(start, len(first)) for start in [0, *ends[:-1]])
    shares = [moves[start:end] for start, end in zip(starts, ends, strict=True)]
    try:
        with ProcessPoolExecutor(workers, context, _open, (start,)) as processes:
            with warnings.catch_warnings():
                # Python counts the threads of NumPy's BLAS, which is made to be split
                warnings.simplefilter("ignore", DeprecationWarning)
                rows = processes.map(_share, shares)
            yield from first  # whoever is told may start threads, now that all have split off
            yield from itertools.chain.from_iterable(rows)
    finally:
        _opened.clear()


def _row(moves: list[Move]) -> int:
    """Count the first points among which the last input alone moves."""
    return sum(1 for _ in itertools.takewhile(lambda move: move[:-1] == moves[0][:-1], moves))


def _ends(points: int, row: int, shares: int) -> list[int]:
    """Say where the shares of the points end: where a row does, if a share is longer than one.

    A step from one row to the next moves more than a step within a row.
    """
    size = max(1, points // shares)
    if size >= row:
        size -= size % row
        return [*range(size, points, size), points]
    pieces = math.ceil(row / size)
    return [
        min(start + math.ceil(row * piece / pieces), points)
        for start in range(0, points, row)
        for piece in range(1, pieces + 1)
    ]


def _may_split() -> bool:
    """Whether this process can be split: where that is the custom, and no thread holds a lock."""
    return sys.platform == "linux" and threading.active_count() == 1


_opened: list[tuple[Session, Sequence[str], Sequence[str]]] = []
"""In a process that calculates points: the workbook, the inputs that move, what is read."""


def _open(start: tuple[bytes, str, dict[str, Any], Sequence[str], Sequence[str]] | None) -> None:
    if start is None:  # split off one that has it open, and keeps all of it
        gc.freeze()
        return
    content, name, changed, axes, figures = start
    book = open_workbook(Book(Package(content, name)))
    book.set(changed)
    book.concentrate(lambda: _figures(book, figures))
    _opened.append((book, axes, figures))


def _share(moves: list[Move]) -> list[list[Any]]:
    book, axes, figures = _opened[0]
    with repeated():
        return [_point(book, axes, move, figures) for move in moves]
