"""The loans of a book as the simulation takes them, and the class that their cards belong to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from xlcredit.deals import Template, read_toml
from xlcredit.errors import CellError, DealError, UserError
from xlcredit.functions.simulation import deal_of
from xlcredit.models.joint import Position
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package
from xlcredit.portfolio.evaluate import fill, load_template, open_deal
from xlcredit.portfolio.loans import Task, find_loans
from xlcredit.recalc.calls import default_functions
from xlcredit.workbook.session import Session
from xlcredit.workbook.simulated import most_asked, read_simulation

__all__ = ["Unread", "read_positions"]

_FUNCTION = "XLC_DUAL_SIM"
#: Where templates say which card it is.
_CARD = ("gpu_model", "gpu_1")
#: The class of cards that nobody has named.
_UNNAMED = "card"


@dataclass(frozen=True)
class Unread:
    """A loan that cannot be simulated, and why."""

    name: str
    error: str


def read_positions(
    files: Iterable[Path],
    template: str | None = None,
    progress: Callable[[int], None] = lambda _done: None,
) -> tuple[list[Position], list[Unread]]:
    """Read the loans of files for a simulation.

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

    Returns
    -------
    tuple
        The loans, and those that cannot be simulated.
    """
    positions: list[Position] = []
    unread: list[Unread] = []
    listeners: dict[tuple[str, bytes | None], _Listener] = {}
    for number, file in enumerate(files, start=1):
        terms = _card_of_terms(file)
        if terms is not None:
            _add(file.as_posix(), partial(_of_terms, file, terms), positions, unread)
        else:
            for loan in find_loans([file], template):
                if loan.task is None:
                    unread.append(Unread(loan.id, loan.error))
                else:
                    _add(loan.id, partial(_of_task, loan.task, listeners), positions, unread)
        progress(number)
    return positions, unread


def _add(
    name: str,
    read: Callable[[], Position],
    positions: list[Position],
    unread: list[Unread],
) -> None:
    try:
        positions.append(read())
    except UserError as error:
        unread.append(Unread(name, " ".join(str(error).splitlines())))
    except CellError as error:
        unread.append(Unread(name, f"{name}: {error.reason}"))


def _card_of_terms(file: Path) -> str | None:
    """Say whether a file is one of terms and series: the class of its cards; else None."""
    if file.suffix.lower() != ".toml":
        return None
    try:
        content = read_toml(file)
    except UserError:
        return None  # whoever reads it as a deal file says what is wrong
    return str(content.get("card", _UNNAMED)) if "terms" in content else None


def _of_terms(file: Path, card: str) -> Position:
    return Position(file.as_posix(), read_simulation(file)[0], card)


class _Listener:
    """A workbook whose simulation is not run but listened to.

    What a cell shows is the number of the call that it has made: a cell that nothing has moved
    since the loan before still shows a call that is its own, and one that does not simulate this
    loan shows none.
    """

    def __init__(self, task: Task) -> None:
        self._heard: dict[str, list[Any]] = {}
        self._calls = 0
        self._functions = functions = default_functions() | {_FUNCTION: self._listen}
        self._template: Template | None = None
        if task.workbook is not None:
            self._session = Session(Book(Package(task.workbook, task.source)), functions=functions)
        else:
            self._template, self._session = load_template(task, functions)

    def _listen(self, *raw: Any) -> Any:
        shown = f"{_FUNCTION} call {self._calls}"
        self._calls += 1
        self._heard[shown] = list(raw)
        return shown

    def position(self, task: Task) -> Position:
        """Fill the workbook with a loan, and take what it asks the simulation for."""
        if self._template is None:
            return self._asked(task, self._session)
        deal = fill(task, self._template)
        if not deal.has_months:
            self._session.fill({name: item.value for name, item in deal.inputs.items()})
            return self._asked(task, self._session)
        heard, self._heard = self._heard, {}  # a workbook of its own, whose calls are not kept
        try:
            return self._asked(task, open_deal(self._template, deal, self._functions))
        finally:
            self._heard = heard

    def _asked(self, task: Task, session: Session) -> Position:
        values = [session[name] for name in session]
        named = [v for v in values if isinstance(v, str) and v in self._heard]
        if self._template is not None:
            self._heard = {shown: self._heard[shown] for shown in named}
        asked = [self._heard[shown] for shown in named] or list(self._heard.values())
        if not asked:
            told = f"no cell calls {_FUNCTION}, or it does not for this loan"
            raise DealError(f"{task.id}: {told}: it cannot be simulated")
        card = next((str(session[name]) for name in _CARD if name in session), _UNNAMED)
        return Position(task.id, deal_of(*most_asked(asked))[0], card)


def _of_task(task: Task, listeners: dict[tuple[str, bytes | None], _Listener]) -> Position:
    if task.workbook is not None:
        return _Listener(task).position(task)
    key = (task.template, task.template_text)
    if key not in listeners:
        listeners[key] = _Listener(task)
    return listeners[key].position(task)
