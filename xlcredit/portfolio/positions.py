"""The loans of a book as the simulation takes them, and the class that their cards belong to."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

from xlcredit.deals import Template, read_toml
from xlcredit.errors import CellError, DealError, UserError
from xlcredit.functions.simulation import deal_of, on_market
from xlcredit.models.joint import Position
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package
from xlcredit.portfolio.evaluate import (
    NO_MEMORY,
    fill,
    load_template,
    open_deal,
    out_of_memory,
)
from xlcredit.portfolio.loans import Task, find_loans
from xlcredit.portfolio.pool import Hand, Limits, UnansweredError, spread
from xlcredit.recalc.calls import default_functions
from xlcredit.workbook.session import Session
from xlcredit.workbook.simulated import most_asked, read_simulation

__all__ = ["Reading", "Unread", "read_position", "read_positions"]

_FUNCTION = "XLC_DUAL_SIM"
#: Where templates say which card it is.
_CARD = ("gpu_model", "gpu_1")
#: The class of cards that nobody has named.
_UNNAMED = "card"


class Reading(msgspec.Struct, frozen=True):
    """What a worker is asked to read: a loan, and the terms of the market that hold for all."""

    task: Task
    market: dict[str, float]


@dataclass(frozen=True)
class Unread:
    """A loan that cannot be simulated, and why."""

    name: str
    error: str


def read_positions(
    files: Iterable[Path],
    template: str | None = None,
    progress: Callable[[int], None] = lambda _done: None,
    *,
    market: Mapping[str, float] | None = None,
    workers: int = 1,
    limits: Limits | None = None,
) -> tuple[list[Position], list[Unread]]:
    """Read the loans of files for a simulation, in worker processes.

    A file of terms and series (a TOML table ``[terms]``) is taken as it is, with the class of its
    cards under ``card``. Of a workbook, a deal file or a row of a tape, the cell counts that
    calls XLC_DUAL_SIM (of several, what most of them ask for), and the class is the card that the
    inputs name.

    Parameters
    ----------
    files : iterable of Path
        Workbooks, deal files, loan tapes, and files of terms and series.
    template : str, optional
        As in :func:`~xlcredit.portfolio.loans.find_loans`.
    progress : callable, optional
        Told how many files are read.
    market : mapping, optional
        Terms of the market in place of what each loan says of it.
    workers : int
        How many processes read workbooks.
    limits : Limits, optional
        Time and memory of one loan.

    Returns
    -------
    tuple
        The loans, and those that cannot be simulated.
    """
    terms = dict(market or {})
    found: dict[int, Position | Unread] = {}
    hands = [Hand(limits or Limits(), "position") for _ in range(workers)]
    readings = _readings(_counted(files, progress), template, terms, found)
    found.update(spread(readings, hands, _asked))
    inorder = [found[number] for number in sorted(found)]
    return (
        [read for read in inorder if isinstance(read, Position)],
        [read for read in inorder if isinstance(read, Unread)],
    )


def _counted(files: Iterable[Path], progress: Callable[[int], None]) -> Iterator[Path]:
    for number, file in enumerate(files, start=1):
        yield file
        progress(number)


def _readings(
    files: Iterable[Path],
    template: str | None,
    market: dict[str, float],
    found: dict[int, Position | Unread],
) -> Iterator[tuple[int, Reading]]:
    """Give what workers must read, by its place in the book; the rest is ``found`` at once."""
    numbers = count()
    for file in files:
        card = _card_of_terms(file)
        if card is not None:
            found[next(numbers)] = _told(file.as_posix(), partial(_of_terms, file, card, market))
            continue
        for loan in find_loans([file], template):
            number = next(numbers)
            if loan.task is None:
                found[number] = Unread(loan.id, loan.error)
            else:
                yield number, Reading(loan.task, market)


def _asked(hand: Hand, item: tuple[int, Reading]) -> tuple[int, Position | Unread]:
    """Let a worker read one loan."""
    number, reading = item
    name = reading.task.id
    try:
        answer = hand.answer(msgspec.msgpack.encode(reading))
    except UnansweredError as why:
        return number, Unread(name, f"{name}: {why}")
    found: Position | Unread = pickle.loads(answer)  # of a process that we have started
    if isinstance(found, Unread) and found.error.endswith(NO_MEMORY):
        hand.renew()
    return number, found


def read_position(reading: Reading) -> Position | Unread:
    """Read one loan, in a worker; whatever is wrong with it is told."""
    return _told(reading.task.id, partial(_of_task, reading.task, reading.market))


def _told(name: str, read: Callable[[], Position]) -> Position | Unread:
    try:
        return read()
    except UserError as error:
        message = " ".join(str(error).splitlines())
        return Unread(name, f"{name}: {NO_MEMORY}" if out_of_memory(message) else message)
    except CellError as error:
        return Unread(name, f"{name}: {error.reason}")
    except MemoryError:
        return Unread(name, f"{name}: {NO_MEMORY}")
    except Exception as bug:
        _LISTENERS.clear()
        line = " ".join(str(bug).splitlines())
        return Unread(name, f"{name}: failed: {type(bug).__name__}: {line}")


def _card_of_terms(file: Path) -> str | None:
    """Say whether a file is one of terms and series: the class of its cards; else None."""
    if file.suffix.lower() != ".toml":
        return None
    try:
        content = read_toml(file)
    except UserError:
        return None  # whoever reads it as a deal file says what is wrong
    return str(content.get("card", _UNNAMED)) if "terms" in content else None


def _of_terms(file: Path, card: str, market: Mapping[str, float]) -> Position:
    return Position(file.as_posix(), read_simulation(file, market)[0], card)


class _Listener:
    """A workbook whose simulation is not run but listened to.

    What a cell shows is a name for the arguments of the call that it has made: a cell that nothing
    has moved since the loan before still shows a call that is its own, and one that does not
    simulate this loan shows none. Where named cells call the function, no other is read: the
    workbook then calculates what the simulation asks for, and not what else there is.
    """

    def __init__(self, task: Task) -> None:
        self._heard: dict[str, list[Any]] = {}
        self._functions = functions = default_functions() | {_FUNCTION: self._listen}
        self._template: Template | None = None
        if task.workbook is not None:
            self._session = Session(Book(Package(task.workbook, task.source)), functions=functions)
        else:
            self._template, self._session = load_template(task, functions)

    def _listen(self, *raw: Any) -> Any:
        shown = f"{_FUNCTION} {hashlib.sha256(repr(raw).encode()).hexdigest()}"
        self._heard[shown] = list(raw)
        return shown

    def position(self, task: Task, market: Mapping[str, float]) -> Position:
        """Fill the workbook with a loan, and take what it asks the simulation for."""
        if self._template is None:
            return self._asked(task, self._session, market)
        deal = fill(task, self._template)
        if not deal.has_months:
            self._session.fill({name: item.value for name, item in deal.inputs.items()})
            return self._asked(task, self._session, market)
        heard, self._heard = self._heard, {}  # a workbook of its own, whose calls are not kept
        try:
            return self._asked(task, open_deal(self._template, deal, self._functions), market)
        finally:
            self._heard = heard

    def _asked(self, task: Task, session: Session, market: Mapping[str, float]) -> Position:
        values = [session[name] for name in _callers(session)]
        named = [v for v in values if isinstance(v, str) and v in self._heard]
        if self._template is not None:
            self._heard = {shown: self._heard[shown] for shown in named}
        asked = [self._heard[shown] for shown in named] or list(self._heard.values())
        if not asked:
            told = f"no cell calls {_FUNCTION}, or it does not for this loan"
            raise DealError(f"{task.id}: {told}: it cannot be simulated")
        card = next((str(session[name]) for name in _CARD if name in session), _UNNAMED)
        deal = deal_of(*on_market(most_asked(asked), market))[0]
        place = "" if task.row is None else f"{task.source}, row {task.row}"
        return Position(task.id, deal, card, place)


def _callers(session: Session) -> list[str]:
    """Give the named cells that call the function; all names where none does."""
    callers = [name for name in session if _FUNCTION in session.formula(name).upper()]
    return callers or list(session)


#: The loaded workbook of each template that this process has met.
_LISTENERS: dict[tuple[str, bytes | None], _Listener] = {}


def _of_task(task: Task, market: Mapping[str, float]) -> Position:
    if task.workbook is not None:
        return _Listener(task).position(task, market)
    key = (task.template, task.template_text)
    if key not in _LISTENERS:
        _LISTENERS[key] = _Listener(task)
    return _LISTENERS[key].position(task, market)
