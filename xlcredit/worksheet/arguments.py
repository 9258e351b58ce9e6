"""Read raw cells as typed arguments, one reader per kind."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xlcredit.errors import CellError
from xlcredit.hints import did_you_mean
from xlcredit.serials import LEAP_BUG, from_serial
from xlcredit.worksheet.cells import (
    OMITTED,
    Cells,
    first_error,
    grid,
    missing,
    number_or_error,
    passed_on,
    plain,
    shown,
)
from xlcredit.worksheet.ranges import Numbers, outside, to_numbers
from xlcredit.worksheet.registry import Parameter
from xlcredit.worksheet.vocabulary import Word

__all__ = ["OMITTED", "READERS", "Numbers", "Vector", "iter_terms"]

_LAST_SERIAL = 2_958_465  # 31 December 9999
#: No count comes near; beyond it, a float no longer tells one whole number from the next.
_LARGEST_WHOLE = 2**53
_RANGES = (Cells, np.ndarray)


class Vector(NamedTuple):
    """A series, labels or dates in order, and whether they lay in a row or a column."""

    values: Any
    direction: str = ""


def _default(parameter: Parameter) -> Any:
    if parameter.required:
        raise CellError("#VALUE!", f"{parameter.name} is required and was not given")
    return parameter.default


# --- one number -----------------------------------------------------------------------------


def _number(name: str, word: Word, cell: Any) -> float:
    """Read one cell as a number in the word's domain."""
    if type(cell) is not float:
        cell = number_or_error(name, cell, flag=word.flag)
        if isinstance(cell, CellError):
            raise cell
    if not word.holds(cell):
        raise _outside(name, word, cell)
    return float(cell)


def _outside(name: str, word: Word, value: float, place: str = "") -> CellError:
    return CellError("#NUM!", f"{name} must be {word.domain}; got {value:.10g}{place}")


def _read_scalar(parameter: Parameter, raw: Any) -> Any:
    cell = _one_cell(parameter, raw)
    if missing(cell):
        return _default(parameter)
    return _number(parameter.name, parameter.word, cell)


def _read_whole(parameter: Parameter, raw: Any) -> Any:
    value = _read_scalar(parameter, raw)
    if value is None:
        return None
    if value != int(value):
        raise CellError("#NUM!", f"{parameter.name} must be a whole number; got {value:.10g}")
    if abs(value) > _LARGEST_WHOLE:
        raise CellError("#NUM!", f"{parameter.name} is too large a number; got {value:.10g}")
    return int(value)


def _one_cell(parameter: Parameter, raw: Any) -> Any:
    cell = grid(parameter.name, raw)
    if isinstance(cell, CellError):
        raise passed_on(parameter.name, cell)
    if isinstance(cell, _RANGES):
        _raise_first_error(parameter, cell)
        raise CellError("#VALUE!", f"{parameter.name} must be one cell; got a range")
    return cell


def _raise_first_error(parameter: Parameter, cells: Cells | NDArray[Any]) -> None:
    """Raise an error in a range before any complaint about the range."""
    if isinstance(cells, Cells) and (error := first_error(parameter.name, cells.flat)):
        raise error


# --- ranges of numbers ----------------------------------------------------------------------


def _read_number(parameter: Parameter, raw: Any) -> Any:
    """Elementwise numbers: a bad element becomes a fault in its place, the rest goes on."""
    if type(raw) is float:
        return _number(parameter.name, parameter.word, raw)
    cell = grid(parameter.name, raw)
    if not isinstance(cell, _RANGES):
        if missing(cell):
            return _default(parameter)
        return _number(parameter.name, parameter.word, cell)
    if isinstance(cell, Cells):
        blank = parameter.default if isinstance(parameter.default, (int, float)) else None
        flat, errors = to_numbers(parameter.name, cell, blank, flag=parameter.word.flag)
        values = flat.reshape(cell.shape)
        faults = {divmod(at, cell.shape[1]): error for at, error in errors.items()}
    else:
        values, faults = cell, {}
    bad = outside(parameter.word, values)
    if bad.any():
        for row, column in np.argwhere(bad).tolist():
            if (row, column) not in faults:
                value = float(values[row, column])
                faults[row, column] = _outside(parameter.name, parameter.word, value)
        values = np.where(bad, np.nan, values)  # the body never sees a value outside its domain
    return Numbers(values, faults)


def _read_observed(parameter: Parameter, raw: Any) -> Any:
    """Numbers where they are numbers; whatever else a cell holds is NaN."""
    cell = grid(parameter.name, raw)
    if not isinstance(cell, _RANGES):
        number = number_or_error(parameter.name, cell)
        return number if isinstance(number, float) and np.isfinite(number) else float("nan")
    if isinstance(cell, Cells):
        cell = to_numbers(parameter.name, cell)[0].reshape(cell.shape)
    return Numbers(np.where(np.isfinite(cell), cell, np.nan), {})


def _vector(parameter: Parameter, raw: Any) -> tuple[Any, str]:
    """Cells of a row or a column in order, with the way they lie; one cell lies in neither."""
    cell = grid(parameter.name, raw)
    if not isinstance(cell, _RANGES):
        return ([] if missing(cell) else [cell]), ""
    rows, columns = cell.shape
    if rows > 1 and columns > 1:
        _raise_first_error(parameter, cell)
        raise CellError(
            "#VALUE!", f"{parameter.name} must be a row or a column; got {rows}x{columns} cells"
        )
    flat = cell.flat if isinstance(cell, Cells) else cell.reshape(-1)
    return flat, "row" if rows == 1 else "column"


def _read_series(parameter: Parameter, raw: Any) -> Any:
    """Read a row or column: it has one answer, so its first bad element is the answer's error."""
    cells, direction = _vector(parameter, raw)
    if not len(cells):
        return _default(parameter)
    values = cells
    if isinstance(cells, list):
        values, errors = to_numbers(parameter.name, Cells(cells, (len(cells), 1)))
        if errors:
            _raise_first_error(parameter, Cells(cells, (len(cells), 1)))
            position, error = next(iter(errors.items()))
            raise CellError(error.code, error.reason + _place(position, cells))
    bad = outside(parameter.word, values)
    if bad.any():
        at = int(np.argmax(bad))
        raise _outside(parameter.name, parameter.word, float(values[at]), _place(at, values))
    return Vector(values, direction)


def _place(position: int, cells: Any) -> str:
    return f" in position {position + 1} of {len(cells)}" if len(cells) > 1 else ""


# --- words, labels, dates -------------------------------------------------------------------


def _read_choice(parameter: Parameter, raw: Any) -> Any:
    cell = _one_cell(parameter, raw)
    if missing(cell):
        return _default(parameter)
    if isinstance(cell, str):
        word = _folded(cell)
        for choice in parameter.choices:
            if _folded(choice) == word:
                return choice
    known = ", ".join(parameter.choices)
    raise CellError("#VALUE!", f"{parameter.name} must be one of {known}; got {shown(cell)}")


@lru_cache(maxsize=512)
def _folded(label: str) -> str:
    """Labels match in any case, with spaces, underscores or hyphens alike."""
    return "".join(c for c in label.casefold() if c not in " _-\u00a0")


def _read_text(parameter: Parameter, raw: Any) -> Any:
    cell = grid(parameter.name, raw)
    if not isinstance(cell, _RANGES):
        if missing(cell):
            return _default(parameter)
        word = _word(parameter, cell)
        if isinstance(word, CellError):
            raise word
        return word
    cells = cell if isinstance(cell, Cells) else Cells(cell.ravel().tolist(), cell.shape)
    words = [_word(parameter, plain(c)) for c in cells.flat]
    faults = {
        divmod(at, cells.shape[1]): word
        for at, word in enumerate(words)
        if isinstance(word, CellError)
    }
    values = np.array([w if isinstance(w, str) else "" for w in words], dtype=object)
    return Numbers(values.reshape(cells.shape), faults)


def _word(parameter: Parameter, cell: Any) -> str | CellError:
    if isinstance(cell, CellError):
        return passed_on(parameter.name, cell)
    if isinstance(cell, str) and cell.strip():
        return cell.strip()
    if missing(cell) and isinstance(parameter.default, str):
        return parameter.default
    return CellError("#VALUE!", f"{parameter.name} must be text; got {shown(cell)}")


def _read_labels(parameter: Parameter, raw: Any) -> Any:
    cells, direction = _vector(parameter, raw)
    if not len(cells):
        return _default(parameter)
    labels = [plain(cell) for cell in cells]
    _raise_first_error(parameter, Cells(labels, (len(labels), 1)))
    for position, label in enumerate(labels):
        if missing(label) or not isinstance(label, (str, int, float, datetime.date)):
            raise CellError(
                "#VALUE!",
                f"{parameter.name} must be text, numbers or dates; "
                f"got {shown(label)}{_place(position, labels)}",
            )
    return Vector(labels, direction)


def _read_dates(parameter: Parameter, raw: Any) -> Any:
    cells, direction = _vector(parameter, raw)
    if not len(cells):
        return _default(parameter)
    dates = [plain(cell) for cell in cells]
    _raise_first_error(parameter, Cells(dates, (len(dates), 1)))
    days = [_date(parameter, cell, _place(i, dates)) for i, cell in enumerate(dates)]
    return Vector(np.array(days, dtype="datetime64[D]"), direction)


def _date(parameter: Parameter, cell: Any, place: str) -> datetime.date:
    if isinstance(cell, datetime.datetime):
        return cell.date()
    if isinstance(cell, datetime.date):
        return cell
    serial = number_or_error(parameter.name, cell)
    if isinstance(serial, CellError):
        reason = f"{parameter.name} must be dates or date serials; got {shown(cell)}{place}"
        raise CellError(serial.code, reason)
    if not 1 <= serial < _LAST_SERIAL + 1:
        raise CellError("#NUM!", f"{parameter.name}: {serial:g} is not a date serial{place}")
    days = int(serial)
    return from_serial(days + (days < LEAP_BUG))


# --- terms ----------------------------------------------------------------------------------


def _read_terms(parameter: Parameter, raw: Any) -> Any:
    """Read a two-column block of labels and values into the parameter's dataclass."""
    assert parameter.terms is not None
    if isinstance(raw, Mapping):  # from Python; without an entry it is a block without a row
        raw = [[label, value] for label, value in raw.items()] or [[None, None]]
    cell = grid(parameter.name, raw)
    if isinstance(cell, CellError):
        raise passed_on(parameter.name, cell)
    if missing(cell):
        return _default(parameter)
    if isinstance(cell, Cells):
        _raise_first_error(parameter, cell)
    if not isinstance(cell, _RANGES) or cell.shape[1] != 2:
        raise CellError("#VALUE!", f"{parameter.name} must be two columns: label and value")
    flat = [plain(c) for c in cell.flat]
    given = _labelled(parameter, zip(flat[::2], flat[1::2], strict=True))
    for field in dataclasses.fields(parameter.terms):
        if field.name not in given and field.default is dataclasses.MISSING:
            raise CellError("#VALUE!", f"{parameter.name}: {field.name} is required and missing")
    return parameter.terms(**given)


def _labelled(parameter: Parameter, rows: Iterator[tuple[Any, Any]]) -> dict[str, float]:
    """Values by label; a row without a value is one that was not given."""
    assert parameter.terms is not None
    names = {_folded(field.name): field.name for field in dataclasses.fields(parameter.terms)}
    seen = set()
    given = {}
    for label, value in rows:
        if missing(label) and missing(value):
            continue
        name = _term_name(parameter, names, label)
        if name in seen:
            raise CellError("#VALUE!", f"{parameter.name}: {name} is given twice")
        seen.add(name)
        if not missing(value):
            given[name] = _number(name, parameter.label(name), value)
    return given


def _term_name(parameter: Parameter, names: dict[str, str], label: Any) -> str:
    if not isinstance(label, str) or not label:
        raise CellError("#VALUE!", f"{parameter.name}: {shown(label)} is not a label")
    if name := names.get(_folded(label)):
        return name
    hint = did_you_mean(label.replace(" ", "_"), names.values())
    raise CellError("#VALUE!", f"{parameter.name}: {shown(label)} is not a label here{hint}")


def iter_terms(terms: type) -> Iterator[tuple[str, Any]]:
    """Labels of a block of terms with their defaults (``None`` where required)."""
    for field in dataclasses.fields(terms):
        yield field.name, None if field.default is dataclasses.MISSING else field.default


def _read_cell(parameter: Parameter, raw: Any) -> Any:
    return _default(parameter) if raw is OMITTED else grid(parameter.name, raw)


READERS: dict[str, Callable[[Parameter, Any], Any]] = {
    "number": _read_number,
    "observed": _read_observed,
    "text": _read_text,
    "series": _read_series,
    "labels": _read_labels,
    "dates": _read_dates,
    "scalar": _read_scalar,
    "whole": _read_whole,
    "cell": _read_cell,
    "choice": _read_choice,
    "terms": _read_terms,
}
