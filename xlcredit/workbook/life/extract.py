"""The deal back from a workbook: what its sheet Inputs says now, as a deal."""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import Any

import msgspec

from xlcredit.deals import Deal, Input, Template, load, shipped
from xlcredit.deals.values import check_value
from xlcredit.errors import CellError, DealError, FileError
from xlcredit.ooxml.book import Book, Place
from xlcredit.ooxml.package import Package
from xlcredit.ooxml.values import Value
from xlcredit.workbook.life.stamp import read_stamp
from xlcredit.workbook.pages.inputs import CHANGED, InputsPage

__all__ = ["extract"]

#: Where source and date stand, counted from an input's value.
_SOURCE, _AS_OF = 2, 3
#: The line under the title of the term sheet: the deal's note and its date.
_NOTE = re.compile(r"(.*)\. As of \d{1,2} \w+ \d{4}\.", re.DOTALL)
_NOTE_PLACE = Place("Term Sheet", 3, 1)
_EPOCH = datetime.date(1899, 12, 30)
_LAST_DAY = (datetime.date.max - _EPOCH).days
_EXACT = 1e15


def extract(path: Path, template: str | None = None) -> tuple[Deal, Template]:
    """Read the deal that a workbook holds.

    Parameters
    ----------
    path : Path
        A workbook made by xlcredit, its inputs perhaps changed since.
    template : str, optional
        The path of a house template; a template that ships is found by itself.

    Returns
    -------
    (Deal, Template)
        Building the template with the deal gives the workbook.

    Raises
    ------
    FileError
        The workbook is not ours.
    DealError
        The template is another one, or an input is missing, empty or out of range: one line that
        names the cell.
    """
    book = Book(Package(path))
    stamp = read_stamp(book.package)
    spec = _template(path, stamp.template, template)
    known = {name.lower() for name in spec.inputs}
    named = [n for n, place in book.cell_names.items() if place.sheet == InputsPage.name]
    if unknown := sorted(n for n in named if n.lower() not in known):
        told = f"{path}: {', '.join(unknown)} is no input of {spec.name}"
        raise DealError(f"{told}; give the template that it was built from")
    inputs = {name: _input(book, default) for name, default in spec.inputs.items()}
    deal = Deal(
        template=spec.name, name=stamp.deal, as_of=stamp.as_of, note=_note(book), inputs=inputs
    )
    return deal, spec


def _template(path: Path, stamped: str, given: str | None) -> Template:
    if given is None and stamped not in shipped():
        raise DealError(
            f"{path}: is of the template {stamped}, which does not ship; "
            "name its template.toml with --template"
        )
    spec, _ = load(given or stamped)
    if spec.name != stamped:
        raise DealError(f"{path}: is of the template {stamped}, not {spec.name}")
    return spec


def _input(book: Book, default: Input) -> Input:
    place = book.cell_names.get(default.name)
    if place is None:
        raise DealError(f"{book.package.path}: has no input {default.name} ({default.label})")
    name, row, column = place
    where = f"{book.package.path}: {place} ({default.label})"
    value = _typed(book.saved(place), default, where)
    check_value(default, value, where)
    source = _text(book.saved(Place(name, row, column + _SOURCE))) or "assumption"
    as_of = book.saved(Place(name, row, column + _AS_OF))
    date = default.as_of if as_of is None else _date(as_of, f"{where}: the date")
    # the date belongs to the figure that was replaced
    date = None if source == CHANGED else date
    return msgspec.structs.replace(default, value=value, source=source, as_of=date)


def _typed(value: Value, spec: Input, where: str) -> Any:
    """Turn a cell's value into the deal file's, which has dates and whole numbers."""
    if isinstance(value, CellError):
        raise DealError(f"{where} shows {value.code}; type a value")
    if spec.unit == "text":
        return _text(value)
    if value is None:
        raise DealError(f"{where} is empty; type a value [{spec.unit}], or recalculate the file")
    if spec.unit == "date":
        return _date(value, where)
    whole = isinstance(value, float) and value.is_integer() and abs(value) < _EXACT
    return int(value) if whole else value


def _text(value: Value) -> str:
    if value is None or isinstance(value, CellError):
        return ""
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _date(value: Value, where: str) -> datetime.date:
    if isinstance(value, bool) or not isinstance(value, float) or not 1 <= value <= _LAST_DAY:
        raise DealError(f"{where} must be a date; got {value!r}")
    return _EPOCH + datetime.timedelta(days=int(value))


def _note(book: Book) -> str:
    if _NOTE_PLACE.sheet not in book.sheets:
        raise FileError(f"{book.package.path}: has no sheet {_NOTE_PLACE.sheet}")
    line = _text(book.saved(_NOTE_PLACE))
    match = _NOTE.fullmatch(line)
    return match[1] if match else line
