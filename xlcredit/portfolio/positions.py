"""The loans of a book as the simulation takes them, and the class that their cards belong to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from xlcredit.deals import read_toml
from xlcredit.errors import CellError, DealError, UserError
from xlcredit.functions.simulation import deal_of
from xlcredit.models.joint import Position
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package
from xlcredit.portfolio.evaluate import fill, load_template
from xlcredit.portfolio.loans import Task, find_loans
from xlcredit.recalc.calls import default_functions
from xlcredit.workbook.session import Session
from xlcredit.workbook.simulated import read_simulation

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
    calls XLC_DUAL_SIM, and the class is the card that the inputs name.

    Parameters
    ----------
    files : iterable of Path
        Workbooks, deal files, loan tapes, and files of terms and series.
    template : str, optional
        As in :func:`~xlcredit.portfolio.loans.find_loans`.
    progress : callable, optional
        Told how many loans are read.

    Returns
    -------
    tuple
        The loans, and those that cannot be simulated.
    """
    positions: list[Position] = []
    unread: list[Unread] = []
    listeners: dict[tuple[str, bytes | None], _Listener] = {}
    for file in files:
        terms = _card_of_terms(file)
        if terms is not None:
            _add(file.as_posix(), partial(_of_terms, file, terms), positions, unread)
        else:
            for loan in find_loans([file], template):
                if loan.task is None:
                    unread.append(Unread(loan.id, loan.error))
                else:
                    _add(loan.id, partial(_of_task, loan.task, listeners), positions, unread)
        progress(len(positions) + len(unread))
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
    """A workbook whose simulation is not run but listened to."""

    def __init__(self, task: Task) -> None:
        self.heard: list[Any] | None = None
        functions = default_functions() | {_FUNCTION: self._listen}
        self.template = None
        if task.workbook is not None:
            book = Book(Package(task.workbook, task.source))
            self.session = Session(book, functions=functions)
        else:
            self.template, self.session = load_template(task, functions)

    def _listen(self, *raw: Any) -> Any:
        self.heard = list(raw)
        raise CellError("#N/A", "listened to")


def _of_task(task: Task, listeners: dict[tuple[str, bytes | None], _Listener]) -> Position:
    key = (task.template, task.template_text)
    if task.workbook is not None:
        listener = _Listener(task)
    else:
        listener = listeners.get(key) or listeners.setdefault(key, _Listener(task))
    if listener.template is not None:
        deal = fill(task, listener.template)
        listener.session.fill({name: item.value for name, item in deal.inputs.items()})
    inputs = listener.session
    card = next((str(inputs[name]) for name in _CARD if name in inputs), _UNNAMED)
    inputs.recalculation()
    if listener.heard is None:
        raise DealError(f"{task.id}: no cell calls {_FUNCTION}: it cannot be simulated")
    return Position(task.id, deal_of(*listener.heard)[0], card)
