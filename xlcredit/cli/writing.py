"""Build, recalculate and write a workbook: whole or not at all."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xlcredit.deals import Deal, Template
from xlcredit.errors import CellError, FileError
from xlcredit.files import replace_file, require_writable, resolved
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package
from xlcredit.ooxml.place import a1
from xlcredit.recalc import Recalculation, recalculate
from xlcredit.workbook import Dashboard, build, read_dashboard

__all__ = [
    "Made",
    "make_workbook",
    "refuse_source",
    "refuse_stale",
    "refuse_to_replace",
    "same",
    "write_whole",
    "write_workbook",
]


@dataclass(frozen=True)
class Made:
    """A workbook in memory: its bytes, and what its recalculation told."""

    content: bytes
    book: Book
    """As it was built: formulas, no values."""
    result: Recalculation

    @property
    def dashboard(self) -> Dashboard:
        """Its Summary, from the values that were just calculated."""
        return read_dashboard(self.book, lambda p: self.result.value(p.sheet, a1(p.row, p.column)))


def make_workbook(
    template: Template, deal: Deal, host: str = "plain", native: bool = False
) -> Made:
    """Build the workbook of a deal and recalculate it; for ``"lite"``, with its program.

    With ``native`` it needs no worksheet function.
    """
    values = io.BytesIO()
    book = Book(Package(build(template, deal)))
    result = recalculate(book, None if native else values)
    if native:
        book = Book(Package(build(template, deal, _shown(result))))
        result = recalculate(book, values)
    content = values.getvalue()
    if host == "lite":
        from xlcredit.hosts.officejs.lite import embed

        content = embed(Book(Package(content)))
    return Made(content, book, result)


def _shown(result: Recalculation) -> dict[tuple[str, int, int], Any]:
    """What every cell shows, by sheet, row and column."""
    return {
        (sheet, *place): value.code if isinstance(value, CellError) else value
        for sheet, cells in result.values.items()
        for place, value in cells.items()
    }


def write_workbook(made: Made, target: Path, force: bool) -> None:
    """Write a workbook; keep what stands there unless told, or unless it is the same."""
    if not same(made, target):
        refuse_to_replace(target, force)
        _place(made.content, target)


def same(made: Made, target: Path) -> bool:
    """Whether the file is there already, byte for byte."""
    return target.is_file() and target.read_bytes() == made.content


def refuse_stale(book: Book) -> None:
    """Stop before stored values that the formulas no longer give are handed on."""
    changes, file = recalculate(book).changes, book.package.path
    if changes:
        message = f"{file}: {len(changes)} stored values are not what the formulas give"
        raise FileError(f"{message}; run: xlcredit recalc {file} -o NEW.xlsx")


def refuse_to_replace(target: Path, force: bool) -> None:
    """Stop before a file that somebody may have worked on is lost, or that could not be written."""
    if target.is_dir():
        raise FileError(f"{target}: is a folder; name a file in it")
    if target.exists() and not target.is_file():
        raise FileError(f"{target}: is a pipe or a device; name a file")
    if target.exists() and not force:
        raise FileError(f"{target}: exists already; use --force to replace it")
    require_writable(target)


def refuse_source(source: Path, target: Path) -> None:
    """Stop before a copy takes the place of what it was made from."""
    if resolved(target) == resolved(source):
        raise FileError(f"{target}: is the source itself; name another file for the copy")


def write_whole(content: bytes, target: Path, force: bool) -> None:
    """Write a file; what stands there is kept unless it is the same or ``force`` says so."""
    if not (target.is_file() and target.read_bytes() == content):
        refuse_to_replace(target, force)
        _place(content, target)


def _place(content: bytes, target: Path) -> None:
    """Write beside the target, then move into place."""
    try:
        replace_file(target, content)
    except OSError as error:
        raise FileError(f"{target}: cannot be written: {error.strerror}") from None
