"""A run over a book of loans: find them, calculate them, write one tape."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from heapq import nsmallest
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from xlcredit.errors import FileError, UserError
from xlcredit.files import require_writable
from xlcredit.models.simulation import kernel_name
from xlcredit.portfolio.evaluate import ERROR, Result, failed
from xlcredit.portfolio.journal import Journal
from xlcredit.portfolio.loans import Frame, Loan, Task, expand, find_loans
from xlcredit.portfolio.pool import Limits, run_here
from xlcredit.portfolio.spool import InMemory, Kept, Results
from xlcredit.portfolio.tape import STATES, counted_loans, tape
from xlcredit.workbook.covenants import PASS
from xlcredit.workbook.export import Table, require_format, write_table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Portfolio", "Request", "run_portfolio"]


#: Loans from which on a compiled simulation repays what compiling it takes. How many there are
#: decides, and not how many are still to be done: a run that goes on where it was writes the same.
_MANY = 200
#: Megabytes that a worker needs in order to compile; with less, each loan would end over it.
_COMPILING = 1_000


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a run is asked for."""

    sources: Sequence[str | Frame]
    """Files, folders and patterns: workbooks, deal files, loan tapes; and tapes in memory."""
    outputs: Sequence[Path] = ()
    template: str | None = None
    workers: int = 0
    """Processes; 0: as many as there are processors."""
    resume: bool = False
    force: bool = False
    """Whether an output may replace a file."""
    limits: Limits = field(default_factory=Limits)
    scheduler: str | None = None
    """Address of a Dask scheduler."""


@dataclass(frozen=True)
class Portfolio:
    """A book of loans, calculated."""

    results: Sequence[Result]
    """In the order of the sources; of a run that writes a tape, each is read from disk."""
    written: tuple[Path, ...] = ()

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many loans stand how, the worst first."""
        counted = Counter(result.status for result in self.results)
        return {state: counted[state] for state in STATES if counted[state]}

    @cached_property
    def errors(self) -> dict[str, str]:
        """The loans that were not calculated, each with the reason."""
        return {r.id: r.error for r in self.results if r.status == ERROR}

    @cached_property
    def problems(self) -> list[str]:
        """The reasons, each once: what many rows of a tape have in common is one line."""
        rows: dict[tuple[str, str], list[Result]] = {}
        for r in self.results:
            if r.status == ERROR:
                problem = r.error.removeprefix(f"{r.source}, row {r.row}: ")
                rows.setdefault((r.source if problem != r.error else "", problem), []).append(r)
        return [
            _with_id(found[0], problem)
            if len(found) == 1 or not source
            else f"{source}, {len(found):,} rows, {found[0].row} to {found[-1].row}: {problem}"
            for (source, problem), found in rows.items()
        ]

    @cached_property
    def warnings(self) -> dict[str, list[str]]:
        """The loans with figures that may have been meant in another unit: what else they say."""
        return {r.id: r.warnings for r in self.results if r.warnings}

    @cached_property
    def slower(self) -> dict[str, str]:
        """The loans that the fast engine does not calculate: which cell of each, and why."""
        return {r.id: r.slower for r in self.results if r.slower}

    @property
    def exit_code(self) -> int:
        """0: every loan passes; 1: one is in breach or cannot be decided; 2: one has an error."""
        if self.errors:
            return 2
        return 0 if self.counts.keys() <= {PASS} else 1

    @property
    def table(self) -> Table:
        """The tape."""
        return tape(self.results)

    @property
    def tape(self) -> pd.DataFrame:
        """The tape as pandas has it, one row a loan."""
        import pandas as pd  # noqa: PLC0415

        table = self.table
        columns = [column.name for column in table.columns]
        return pd.DataFrame(list(map(list, table.rows)), columns=columns).set_index("id")

    def picture(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Draw the heat map of the covenants as PNG: the worst loans first, a breach hatched.

        Parameters
        ----------
        path : str or Path
            The file to write, ``.png``.
        overwrite : bool
            Whether it may be a file that exists.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        UserError
            If matplotlib is not installed (the extra ``charts``).
        FileError
            If the file exists already, or cannot be written.
        """
        from xlcredit.portfolio.picture import write_heat_map  # noqa: PLC0415
        from xlcredit.workbook.pictures import new_picture  # noqa: PLC0415

        return write_heat_map(self.results, new_picture(path, overwrite))

    def __repr__(self) -> str:
        counts = ", ".join(f"{count:,} {state}" for state, count in self.counts.items())
        return f"<portfolio of {counted_loans(len(self.results))}: {counts or 'empty'}>"

    def _repr_html_(self) -> str:
        """The loans as a notebook shows them: a chart of how they stand, and the worst first."""
        from html import escape  # noqa: PLC0415

        from xlcredit.portfolio.picture import standing  # noqa: PLC0415

        worst = nsmallest(20, self.results, key=lambda r: STATES.index(r.status))
        rows = "".join(
            f"<tr><td>{escape(r.id)}</td><td>{escape(r.name)}</td><td>{r.status}</td>"
            f"<td>{escape(r.error)}</td></tr>"
            for r in worst
        )
        return (
            f"<b>{escape(repr(self).strip('<>'))}</b>{standing(self.results)}<table>{rows}</table>"
        )


def run_portfolio(
    request: Request,
    started: Callable[[int, int], None] = lambda _all, _kept: None,
    progress: Callable[[int], None] = lambda _done: None,
    told: Callable[[str], None] = lambda _message: None,
) -> Portfolio:
    """Calculate a book of loans and write its tape.

    Parameters
    ----------
    request : Request
        What is asked for.
    started : callable, optional
        Told how many loans there are, and how many a run before has done.
    progress : callable, optional
        Told how many loans are done.
    told : callable, optional
        Told what else there is to know before they are calculated.

    Returns
    -------
    Portfolio
        The results in the order of the sources, whatever order they were calculated in.

    Raises
    ------
    UserError
        If nothing can be run as asked, or the tape cannot be written; what was calculated is
        kept for ``resume``.
    """
    outputs = _outputs(request)
    journal = Journal(_journal_path(outputs[0]), Result, resume=request.resume) if outputs else None
    finished = False
    try:
        if journal is not None and journal.message:
            told(journal.message)
        files = expand(request.sources)
        kept: Kept = InMemory() if journal is None else journal
        results: Sequence[Result] = _calculated(files, request, kept, started, progress)
        for path in outputs:
            _write(Portfolio(results), path)
        if os.name == "nt":  # which deletes no journal that is still read
            results = tuple(results)
        finished = True
        return Portfolio(results, tuple(outputs))
    finally:
        if journal is not None:
            journal.close(finished=finished or not journal)


def _with_id(result: Result, problem: str) -> str:
    """Name the loan beside its row, where the tape gives it a name of its own."""
    if problem == result.error or result.id == f"{result.source}:{result.row}":
        return result.error
    return f"{result.source}, row {result.row}, loan {result.id}: {problem}"


def _outputs(request: Request) -> list[Path]:
    outputs = list(dict.fromkeys(request.outputs))
    for path in outputs:
        require_format(path)
        if path.exists() and not (request.force or request.resume):
            if _journal_path(outputs[0]).exists():
                half = "a run on it was broken off; add --resume to go on with it"
                raise FileError(f"{path}: exists already, and {half}")
            raise FileError(f"{path}: exists already; use --force to replace it")
        require_writable(path)
    return outputs


def _journal_path(output: Path) -> Path:
    return output.with_name(f"{output.name}.journal")


def _calculated(
    files: Sequence[Path | Frame],
    request: Request,
    kept: Kept,
    started: Callable[[int, int], None],
    progress: Callable[[int], None],
) -> Results:
    """Calculate loans; each is read again when it is its turn, so that few are here at a time."""
    order: list[str | Result] = []
    missing: dict[str, tuple[int, Loan]] = {}
    for loan in find_loans(files, request.template):
        if loan.task is None:
            order.append(_unread(loan))
            continue
        digest = loan.task.digest
        if digest not in kept:
            missing[digest] = len(order), Loan(id=loan.id, source=loan.source, row=loan.row)
        order.append(digest)
    if unread := _nothing_read(order):
        raise UserError(unread)
    count = sum(isinstance(one, str) for one in order)
    done = count - len(missing)
    started(count, done)
    asked: dict[str, str] = {}
    room = not 0 < request.limits.megabytes < _COMPILING
    many = missing and count >= _MANY and room and kernel_name("auto") == "compiled"
    job = "loans" if many else "loan"
    for result in _running(_taken(files, request.template, missing, asked), request, job):
        kept.add(asked.pop(result.id), result)
        done += 1
        progress(done)
    for at, loan in missing.values():
        why = f"{loan.source}: was changed while the book was calculated; run again"
        order[at] = _unread(msgspec.structs.replace(loan, error=why))
    return Results(order, kept)


def _taken(
    files: Sequence[Path | Frame],
    template: str | None,
    missing: dict[str, tuple[int, Loan]],
    asked: dict[str, str],
) -> Iterator[Task]:
    """Read the loans that are missing, and note the digest that each is asked with."""
    for loan in find_loans(files, template) if missing else ():
        if loan.task is not None and missing.pop(digest := loan.task.digest, None) is not None:
            asked[loan.id] = digest
            yield loan.task


def _nothing_read(order: Sequence[str | Result]) -> str:
    """Say why there is no loan at all: no file is one that can be read."""
    failures = [one for one in order if isinstance(one, Result) and one.row is None]
    if not failures or len(failures) < len(order):
        return ""
    more = f" (and {len(failures) - 1} more files that cannot be read)" if failures[1:] else ""
    return f"{failures[0].error}{more}"


def _running(tasks: Iterator[Task], request: Request, job: str) -> Iterator[Result]:
    if request.scheduler is not None:
        from xlcredit.portfolio.cluster import run_on_cluster  # noqa: PLC0415 - an extra

        return run_on_cluster(tasks, request.scheduler, request.limits, job)
    workers = request.workers or os.cpu_count() or 1
    if workers < 1:
        raise UserError(f"there must be at least one worker; got {workers}")
    return run_here(tasks, workers, request.limits, job)


def _unread(loan: Loan) -> Result:
    task = Task(id=loan.id, source=loan.source, row=loan.row)
    return failed(task, loan.error)


def _write(portfolio: Portfolio, path: Path) -> None:
    try:
        if path.suffix.lower() == ".xlsx":
            from xlcredit.portfolio.report import write_report  # noqa: PLC0415

            write_report(portfolio.results, path)
        else:
            write_table(portfolio.table, path)
    except FileError as error:
        raise FileError(f"{error}; what is calculated is kept: add --resume") from None
