"""One loan calculated: what goes on the tape.

Rows and deal files of one template differ in their inputs alone. Their workbook is built once in
each process and stays loaded; a loan then costs what its inputs move.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from sys import intern
from typing import Any

import msgspec

from xlcredit.deals import Deal, Template, load, located
from xlcredit.deals.deal import fill_deal, parse_deal
from xlcredit.errors import CellError, FileError, FormulaError, UserError, XlcreditError
from xlcredit.models.simulation import repeated
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package
from xlcredit.portfolio.loans import Task
from xlcredit.recalc.engine import NO_ROOM
from xlcredit.workbook.build import build
from xlcredit.workbook.covenants import BREACH, CHECK, FINE, PASS
from xlcredit.workbook.life.stamp import read_stamp
from xlcredit.workbook.pages.dashboard import find_typed
from xlcredit.workbook.plausible import doubtful_cells, doubtful_inputs
from xlcredit.workbook.session import Session

__all__ = [
    "ERROR",
    "NO_MEMORY",
    "CovenantResult",
    "Result",
    "evaluate_loan",
    "failed",
    "fill",
    "load_template",
    "open_deal",
    "out_of_memory",
    "shared",
]

ERROR = "ERROR"
NO_MEMORY = "needs more memory than there is; raise --memory-limit"
#: What is said of an engine that is refused memory: by itself, or by its adapter.
_ENGINE_FULL = ("Alloc", NO_ROOM)
#: Names by which titles and notes are read back: they say nothing of the loan.
_READING_AIDS = ("dashboard_", "deal_note")


class CovenantResult(msgspec.Struct, frozen=True, kw_only=True):
    """One covenant of one loan."""

    name: str
    label: str
    status: str
    value: float | None
    threshold: float | None
    margin: float | None
    first_breach: dt.date | None


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What one loan says; a figure without a number is left out, never 0."""

    id: str
    source: str
    row: int | None = None
    status: str
    """PASS, BREACH, CHECK (cannot be decided), or ERROR (not calculated)."""
    error: str = ""
    template: str = ""
    name: str = ""
    as_of: dt.date | None = None
    numbers: dict[str, float] = {}
    texts: dict[str, str] = {}
    dates: dict[str, dt.date] = {}
    covenants: list[CovenantResult] = []
    cell_errors: dict[str, str] = {}
    """Named cells that show an error, with its code."""
    warnings: list[str] = []
    """Figures that may have been meant in another unit, calculated as they stand."""
    slower: str = ""
    """Which cell keeps the fast engine from calculating the loan, and why."""


def evaluate_loan(task: Task, *, many: bool = False) -> Result:
    """Calculate one loan; whatever is wrong with it stands in the result.

    Parameters
    ----------
    task : Task
        The loan.
    many : bool
        Whether hundreds follow one another here, so that it is worth some seconds to compile the
        simulation and to find out what a tape does not show. Simulated figures are the same to
        within rounding, all others to the last digit.

    Returns
    -------
    Result
        Its inputs, figures and covenants; equal tasks give equal results.
    """
    try:
        with repeated(many):
            return _deal(task, many) if task.workbook is None else _workbook(task)
    except XlcreditError as error:
        message = " ".join(str(error).splitlines())
        return failed(task, NO_MEMORY if out_of_memory(message) else message)
    except MemoryError:
        return failed(task, NO_MEMORY)
    except Exception as bug:
        _LOADED.clear()
        return failed(task, f"failed: {type(bug).__name__}: {' '.join(str(bug).splitlines())}")


def out_of_memory(message: str) -> bool:
    """Whether an error of the engine says that it was refused memory."""
    return any(words in message for words in _ENGINE_FULL)


def failed(task: Task, message: str) -> Result:
    """Make the result of a loan that was not calculated."""
    return Result(id=task.id, source=task.source, row=task.row, status=ERROR, error=message)


def shared(result: Result) -> Result:
    """Let results share the words they have in common: a large book is mostly the same names.

    Parameters
    ----------
    result : Result
        A result as it was read from a worker or a journal.

    Returns
    -------
    Result
        An equal one, which takes half the memory beside others.
    """
    return msgspec.structs.replace(
        result,
        source=intern(result.source),
        template=intern(result.template),
        numbers={intern(name): value for name, value in result.numbers.items()},
        texts={intern(name): intern(text) for name, text in result.texts.items()},
        dates={intern(name): date for name, date in result.dates.items()},
        covenants=[
            msgspec.structs.replace(c, name=intern(c.name), label=intern(c.label))
            for c in result.covenants
        ],
    )


# --- workbooks ------------------------------------------------------------------------------


def _workbook(task: Task) -> Result:
    assert task.workbook is not None
    package = Package(task.workbook, task.source)
    source = Book(package)
    doubts = [told for _, told in doubtful_cells(source)]
    typed = [str(one) for one in find_typed(source)]
    said: tuple[str, str, dt.date | None] = ("", Path(task.source).stem, None)
    with suppress(FileError):
        stamp = read_stamp(package)
        said = (stamp.template, stamp.deal, stamp.as_of)
    with Session(source) as book:
        result = _result(task, book, [*typed, *doubts], *said)
    if typed and result.status == PASS:  # on what somebody has typed, not on what was calculated
        return msgspec.structs.replace(result, status=CHECK)
    return result


# --- deals ----------------------------------------------------------------------------------

#: The template and the loaded workbook of each template that this process has met, and whether it
#: calculates no more than a tape shows.
_LOADED: dict[tuple[str, bytes | None, bool], tuple[Template, Session]] = {}


def _deal(task: Task, many: bool) -> Result:
    template, book = _loaded(task, many)
    deal = fill(task, template)
    doubts = list(doubtful_inputs(deal, template))
    if deal.has_months:  # they stand in no input: the workbook of another loan cannot take them
        with open_deal(template, deal) as own:
            return _result(task, own, doubts, template.name, deal.name, deal.as_of)
    book.fill({name: item.value for name, item in deal.inputs.items()})
    return _result(task, book, doubts, template.name, deal.name, deal.as_of)


def fill(task: Task, template: Template) -> Deal:
    """Fill a template with what a deal file or a row of a tape says."""
    if task.given is None:
        return parse_deal(task.deal or b"", template, Path(task.source))
    place = Path(f"{task.source}, row {task.row}")
    dates = {n for n, item in template.inputs.items() if item.unit == "date"}
    inputs = {
        name: dt.date.fromisoformat(value) if name in dates else value
        for name, value in task.given["inputs"].items()
    }
    return fill_deal({**task.given, "inputs": inputs}, template, place)


def load_template(
    task: Task, functions: Mapping[str, Callable[..., Any]] | None = None
) -> tuple[Template, Session]:
    """Build the workbook of a task's template and open it: any deal without own months fits in."""
    template = _template(task)
    deal = msgspec.structs.replace(fill(task, template), series={}, actuals={})
    return template, open_deal(template, deal, functions)


def open_deal(
    template: Template, deal: Deal, functions: Mapping[str, Callable[..., Any]] | None = None
) -> Session:
    """Build the workbook of a deal, its own months included, and open it."""
    try:
        content = build(template, deal)
    except FormulaError as error:
        raise located(error, Path(f"{template.name}/template.toml")) from None
    return Session(Book(Package(content, f"{template.name}.xlsx")), functions=functions)


def _loaded(task: Task, many: bool) -> tuple[Template, Session]:
    key = (task.template, task.template_text, many)
    if key not in _LOADED:
        template, book = _LOADED[key] = load_template(task)
        if many:
            book.concentrate(lambda: _result(task, book, [], template.name, "", None))
    return _LOADED[key]


def _template(task: Task) -> Template:
    if task.template_text is None:
        if not task.template:
            raise UserError(f"{task.source}: names no template")
        return load(task.template)[0]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.toml"
        path.write_bytes(task.template_text)
        return load(str(path))[0]


# --- reading --------------------------------------------------------------------------------


def _result(
    task: Task,
    book: Session,
    doubts: list[str],
    template: str,
    name: str,
    as_of: dt.date | None,
) -> Result:
    numbers: dict[str, float] = {}
    texts: dict[str, str] = {}
    dates: dict[str, dt.date] = {}
    errors: dict[str, str] = {}
    for key in (name for name in book if _says_something(name)):
        _sort(key, book[key], (numbers, texts, dates, errors))
    covenants = [
        CovenantResult(
            name=c.name,
            label=c.label,
            status=c.status,
            value=_number(c.value),
            threshold=_number(c.threshold),
            margin=c.margin if c.margin == c.margin else None,
            first_breach=c.first_breach if isinstance(c.first_breach, dt.date) else None,
        )
        for c in book.covenants
    ]
    return Result(
        id=task.id,
        source=task.source,
        row=task.row,
        status=_status([c.status for c in covenants], texts, errors),
        template=template,
        name=name,
        as_of=as_of,
        numbers=numbers,
        texts=texts,
        dates=dates,
        covenants=covenants,
        cell_errors=errors,
        warnings=doubts,
        slower=book.slower,
    )


def _says_something(name: str) -> bool:
    """Whether a name is an input or a figure; the parts of a covenant have a dot."""
    return not name.startswith(_READING_AIDS) and "." not in name


def _sort(
    key: str,
    value: Any,
    into: tuple[dict[str, float], dict[str, str], dict[str, dt.date], dict[str, str]],
) -> None:
    numbers, texts, dates, errors = into
    if isinstance(value, CellError):
        errors[key] = value.code
    elif isinstance(value, bool | int | float):
        numbers[key] = float(value)
    elif isinstance(value, dt.date):
        dates[key] = value.date() if isinstance(value, dt.datetime) else value
    elif value is not None:
        texts[key] = str(value)


def _number(value: Any) -> float | None:
    return value if isinstance(value, float) else None


def _status(covenants: list[str], texts: dict[str, str], errors: dict[str, str]) -> str:
    """A loan passes if every covenant agreed does and nothing says that the model is not sound."""
    if BREACH in covenants:
        return BREACH
    sound = texts.get("master_check", "OK") == "OK" and not errors
    return PASS if sound and PASS in covenants and FINE.issuperset(covenants) else CHECK
