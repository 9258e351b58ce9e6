"""The points of a grid, one after the other or in several processes."""

from __future__ import annotations

import math
import multiprocessing
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from xlcredit.errors import CellError
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package
from xlcredit.workbook.session import Session, open_workbook

__all__ = ["calculated"]

Move = tuple[Any, ...]


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
        Processes that share the points.
    """
    if workers > 1:
        yield from _shared(book, axes, list(moves), figures, workers)
        return
    before = dict(book.changed)
    try:
        for move in moves:
            yield _point(book, axes, move, figures)
    finally:
        book.reset()
        book.set(before)


def _point(book: Session, axes: Sequence[str], move: Move, figures: Sequence[str]) -> list[Any]:
    book.set(dict(zip(axes, move, strict=True)))
    return [*move, *_figures(book, figures)]


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
    """Let each process open the workbook as it was read, and calculate neighbouring points."""
    start = (book.content, str(book.path), dict(book.changed), axes, figures)
    with ProcessPoolExecutor(
        workers, multiprocessing.get_context("spawn"), _open, start
    ) as processes:
        yield from processes.map(_share, moves, chunksize=max(1, len(moves) // (4 * workers)))


_opened: list[tuple[Session, Sequence[str], Sequence[str]]] = []


def _open(
    content: bytes,
    name: str,
    changed: dict[str, Any],
    axes: Sequence[str],
    figures: Sequence[str],
) -> None:
    book = open_workbook(Book(Package(content, name)))
    book.set(changed)
    _opened.append((book, axes, figures))


def _share(move: Move) -> list[Any]:
    book, axes, figures = _opened[0]
    return _point(book, axes, move, figures)
