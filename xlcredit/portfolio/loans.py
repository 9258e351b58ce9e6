"""The loans of a book: workbooks, deal files and rows of loan tapes, found and read once."""

from __future__ import annotations

import contextlib
import glob
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from xlcredit.deals import load, shipped
from xlcredit.errors import FileError, UserError
from xlcredit.files import read_file
from xlcredit.portfolio.rows import SUFFIXES as TAPES
from xlcredit.portfolio.rows import read_rows

__all__ = ["Frame", "Loan", "Task", "expand", "find_loans"]

WORKBOOKS = (".xlsx", ".xlsm")


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One loan as a worker gets it: everything that is needed, so that it opens no file."""

    id: str
    source: str
    """The file as it was named."""
    row: int | None = None
    """Line of the loan tape, the header being 1."""
    template: str = ""
    """Name of the template, or empty where the workbook says it."""
    template_text: bytes | None = None
    """The text of a template that does not ship."""
    workbook: bytes | None = None
    deal: bytes | None = None
    """What a deal file holds."""
    given: dict[str, Any] | None = None
    """The keys of a deal file, from the row of a tape."""

    @property
    def digest(self) -> str:
        """What the result depends on beside our code, in 16 hexadecimal digits."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:16]


@dataclass(frozen=True)
class Frame:
    """A loan tape that stands in memory, as a CSV file holds it."""

    name: str
    content: bytes


class Loan(msgspec.Struct, frozen=True, kw_only=True):
    """One loan of the book, which may not be readable."""

    id: str
    source: str
    row: int | None = None
    task: Task | None = None
    error: str = ""
    """Why there is no task."""


def expand(patterns: Iterable[str | Frame]) -> list[Path | Frame]:
    """Find the files that patterns name, each once, in the order of the patterns.

    Tapes in memory stay where they are.

    Raises
    ------
    UserError
        If a pattern names nothing.
    """
    files: dict[Path | Frame, None] = {}
    for pattern in patterns:
        if isinstance(pattern, Frame):
            files[pattern] = None
            continue
        path = Path(pattern)
        if path.is_file():
            found = [path]
        elif path.is_dir():
            found = sorted(p for p in path.iterdir() if p.suffix.lower() in _known())
        else:
            found = sorted(map(Path, glob.glob(pattern, recursive=True)))  # noqa: PTH207
        if not found:
            raise UserError(f"{pattern}: no such file; name workbooks, deal files or loan tapes")
        files |= dict.fromkeys(found)
    return list(files)


def find_loans(files: Iterable[Path | Frame], template: str | None = None) -> Iterator[Loan]:
    """Read the loans of files, in order; one that cannot be read says why.

    Parameters
    ----------
    files : iterable of Path or Frame
        Workbooks, deal files and loan tapes.
    template : str, optional
        Name or path of the template of tapes without a column ``template``, and of deal files
        whose template does not ship.
    """
    texts = _TemplateTexts(template)
    seen: Counter[str] = Counter()
    for loan in (one for file in files for one in _in_file(file, texts)):
        seen[loan.id] += 1
        if seen[loan.id] > 1:
            message = f"{_place(loan)}: the id {loan.id} stands before; give each loan its own"
            yield Loan(
                id=f"{loan.id} ({seen[loan.id]})", source=loan.source, row=loan.row, error=message
            )
        else:
            yield loan


def _in_file(file: Path | Frame, texts: _TemplateTexts) -> Iterator[Loan]:
    if isinstance(file, Frame):
        yield from _in_tape(Path(file.name), file.content, texts)
        return
    suffix = file.suffix.lower()
    try:
        if suffix in TAPES:
            yield from _in_tape(file, _read(file), texts)
            return
        if suffix not in _known():
            known = ", ".join(_known())
            raise FileError(f"{file}: is no workbook, deal file or loan tape ({known})")
        content = _read(file)
        if suffix == ".toml":
            name = _template_of(content)
            task = Task(
                id=file.as_posix(),
                source=file.as_posix(),
                template=name,
                template_text=texts.text if name == texts.name else None,
                deal=content,
            )
        else:
            task = Task(id=file.as_posix(), source=file.as_posix(), workbook=content)
        yield Loan(id=task.id, source=task.source, task=task)
    except UserError as error:
        yield Loan(id=file.as_posix(), source=file.as_posix(), error=str(error))


def _in_tape(file: Path, content: bytes, texts: _TemplateTexts) -> Iterator[Loan]:
    source = file.as_posix()
    for row in read_rows(content, file, texts.name, texts.spec):
        if row.error:
            yield Loan(id=row.id, source=source, row=row.line, error=row.error)
            continue
        task = Task(
            id=row.id,
            source=source,
            row=row.line,
            template=row.given["template"],
            template_text=texts.text if row.given["template"] == texts.name else None,
            given=row.given,
        )
        yield Loan(id=row.id, source=source, row=row.line, task=task)


def _read(file: Path) -> bytes:
    """Read a file that nobody is writing to."""
    with contextlib.suppress(OSError):  # reading it says what is wrong
        for _ in range(2):
            before = file.stat()
            content = read_file(file)
            after = file.stat()
            same = (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size)
            if same and len(content) == after.st_size:
                return content
    read_file(file)
    raise FileError(f"{file}: changes while it is read; run again when it is saved")


def _template_of(content: bytes) -> str:
    """Look a deal file's template up; a worker says what is wrong with a file that has none."""
    for line in content.decode("utf-8", "replace").splitlines():
        name, equals, value = line.partition("=")
        if equals and name.strip() == "template":
            return value.strip().strip("\"'")
    return ""


class _TemplateTexts:
    """The template that was named, and its text where it does not ship."""

    def __init__(self, template: str | None) -> None:
        self.name, self.text, self.spec = "", None, None
        if template is not None:
            self.spec, home = load(template)
            self.name = self.spec.name
            if template not in shipped():  # a folder, or the file in it
                file = Path(template).name if template.endswith(".toml") else "template.toml"
                self.text = (home / file).read_bytes()


def _known() -> tuple[str, ...]:
    return (*WORKBOOKS, ".toml", *TAPES)


def _place(loan: Loan) -> str:
    return loan.source if loan.row is None else f"{loan.source}, row {loan.row}"
