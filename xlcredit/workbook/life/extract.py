"""The deal back from a workbook: what its sheet Inputs says now, as a deal."""

from __future__ import annotations

import datetime
from pathlib import Path

import msgspec

from xlcredit.deals import Deal, Input, Template, load, shipped
from xlcredit.deals.values import check_value
from xlcredit.errors import CellError, DealError
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package
from xlcredit.ooxml.reading import text
from xlcredit.ooxml.values import Value
from xlcredit.serials import from_serial, serial
from xlcredit.workbook.life.stamp import read_stamp
from xlcredit.workbook.pages.curves import read_curves
from xlcredit.workbook.pages.inputs import InputCells, read_inputs
from xlcredit.workbook.pages.term_sheet import read_note

__all__ = ["extract"]

_LAST_DAY = serial(datetime.date.max)
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
    cells = read_inputs(book)
    if unknown := sorted(cells.keys() - spec.inputs.keys()):
        message = f"{path}: {', '.join(unknown)} is no input of {spec.name}"
        raise DealError(f"{message}; give the template that it was built from")
    inputs = {name: _input(book, default, cells.get(name)) for name, default in spec.inputs.items()}
    note = read_note(book, stamp.as_of)
    series, actuals = read_curves(book, spec)
    deal = Deal(
        template=spec.name,
        name=stamp.deal,
        as_of=stamp.as_of,
        note=note,
        inputs=inputs,
        series=series,
        actuals=actuals,
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


def _input(book: Book, default: Input, cells: InputCells | None) -> Input:
    if cells is None:
        raise DealError(f"{book.package.path}: has no input {default.name} ({default.label})")
    where = f"{book.package.path}: {cells.value} ({default.label})"
    value = _typed(book.saved(cells.value), default, where)
    check_value(default, value, where)
    source = text(book.saved(cells.source)) or "assumption"
    as_of = book.saved(cells.as_of)
    date = None if as_of is None else _date(as_of, f"{where}: the date")
    return msgspec.structs.replace(default, value=value, source=source, as_of=date)


def _typed(value: Value, spec: Input, where: str) -> float | str | datetime.date:
    """Turn a cell's value into the deal file's, which has dates and whole numbers."""
    if isinstance(value, CellError):
        raise DealError(f"{where} shows {value.code}; type a value")
    if spec.unit == "text":
        return text(value)
    if value is None:
        raise DealError(f"{where} is empty; type a value [{spec.unit}], or recalculate the file")
    if spec.unit == "date":
        return _date(value, where)
    whole = isinstance(value, float) and value.is_integer() and abs(value) < _EXACT
    return int(value) if whole else value


def _date(value: Value, where: str) -> datetime.date:
    if isinstance(value, bool) or not isinstance(value, float) or not 1 <= value <= _LAST_DAY:
        raise DealError(f"{where} must be a date; got {value!r}")
    return from_serial(value)
