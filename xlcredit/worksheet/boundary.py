"""The worksheet boundary: raw cells in, typed arguments through, what the cell shows out.

One policy for every host. xlwings, LibreOffice and the headless engine only carry raw values:
numbers, text, TRUE/FALSE, dates, ``None`` for a blank, :data:`OMITTED` for an argument that was
not written, :class:`~xlcredit.errors.CellError` for an error value, and rows of these.
"""

from __future__ import annotations

import datetime
import gc
import marshal
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xlcredit.errors import CellError
from xlcredit.log import record
from xlcredit.worksheet.arguments import OMITTED, READERS, Vector
from xlcredit.worksheet.cells import Cells, first_error, grid, plain
from xlcredit.worksheet.kinds import Checked
from xlcredit.worksheet.ranges import Faults, Numbers, not_finite
from xlcredit.worksheet.registry import Function, Parameter

__all__ = ["OMITTED", "Kept", "evaluate", "read_arguments"]

#: Elements worked on at once: temporaries stay in the processor's cache and memory stays flat.
CHUNK = 16_384
#: A column against a row makes a block; beyond this it is a slip, and memory would not hold it.
MOST_CELLS = 2**25

#: Kinds of arguments that are kept once they are read.
_KEPT = frozenset({"series", "terms"})
#: How many of them.
_MOST_KEPT = 2_000
#: Arguments that have been read, by function, parameter and what was given.
Kept = dict[tuple[str, str, bytes], Any]

_LARGEST = float(np.finfo(np.float64).max)
_LEGAL = frozenset({str, bool, datetime.date, CellError})


def evaluate(function: Function, raw: Sequence[Any], kept: Kept | None = None) -> Any:
    """Evaluate one registered function on raw cells; only :class:`CellError` ever escapes.

    Parameters
    ----------
    function : Function
        The function.
    raw : sequence
        Its arguments as cells hold them.
    kept : dict, optional
        The arguments that have been read, for a host whose cells are Python's own values alone;
        it is added to.
    """
    collecting = gc.isenabled()
    gc.disable()  # it would walk the cells of a large range again and again as they are made
    try:
        with np.errstate(all="ignore"):
            arguments = _read(function, raw, kept)
            ranges = [a for a in arguments if type(a) is Numbers]
            if ranges:
                return _elementwise(function, arguments, ranges)
            return _whole(function, arguments)
    except CellError as error:
        if error.reason:
            raise
        raise CellError(error.code, f"an argument of {function.name} holds {error.code}") from None
    except ZeroDivisionError as error:
        raise CellError("#DIV/0!", f"{function.name} divides by zero for these inputs") from error
    except OverflowError as error:
        raise not_finite() from error
    except Exception as bug:  # an exception must not escape into a host, even one of our own
        record(bug, function.name)
        raise CellError("#VALUE!", f"{function.name} failed: {type(bug).__name__}: {bug}") from bug
    finally:
        if collecting:
            gc.enable()


# --- arguments ------------------------------------------------------------------------------


def read_arguments(function: Function, raw: Sequence[Any]) -> list[Any]:
    """Read raw cells as the typed arguments that the function's body takes.

    Raises
    ------
    CellError
        What the cell would show for an argument that is none.
    """
    return [_bare(argument) for argument in _read(function, raw)]


def _read(function: Function, raw: Sequence[Any], kept: Kept | None = None) -> list[Any]:
    """Read every argument by its kind.

    Elementwise ranges arrive as :class:`Numbers`, vectors as :class:`Vector`, all else as the
    body takes it. An error value among the arguments comes out before any complaint about
    them, and each from the left.
    """
    parameters = function.parameters
    given = len(raw)
    if given > len(parameters):
        raise CellError(
            "#VALUE!", f"{function.name} takes at most {len(parameters)} arguments; got {given}"
        )
    try:
        return [
            parameter.default
            if position >= given and not parameter.required
            else _argument(parameter, raw[position] if position < given else OMITTED, kept)
            for position, parameter in enumerate(parameters)
        ]
    except CellError as complaint:
        raise _given_error(function, raw) or complaint from None


def _argument(parameter: Parameter, raw: Any, kept: Kept | None) -> Any:
    """Read an argument; a series or a block of terms that is given again is not read again."""
    read = READERS[parameter.kind]
    if kept is None or type(raw) is not list or parameter.kind not in _KEPT:
        return read(parameter, raw)
    try:
        key = parameter.function, parameter.name, marshal.dumps(raw, 2)
    except ValueError:  # an error among them
        return read(parameter, raw)
    found = kept.get(key)
    if found is None:
        if len(kept) >= _MOST_KEPT:
            kept.clear()
        found = kept[key] = read(parameter, raw)
    # a body may calculate in the series that it is given
    return Vector(found.values.copy(), found.direction) if type(found) is Vector else found


def _given_error(function: Function, raw: Sequence[Any]) -> CellError | None:
    """Return the first error value that stands for the whole of an argument."""
    for parameter, argument in zip(function.parameters, raw, strict=False):
        if parameter.kind in ("cell", "observed"):
            continue
        try:
            rows = list(argument.items()) if isinstance(argument, Mapping) else argument
            cell = grid(parameter.name, rows)
        except CellError:  # a malformed range: complained about already
            continue
        in_place = parameter.kind in ("number", "text")
        cells = cell.flat if isinstance(cell, Cells) and not in_place else [cell]
        if error := first_error(parameter.name, cells):
            return error
    return None


def _bare(argument: Any) -> Any:
    return argument.values if type(argument) is Vector else argument


# --- a block, element by element ------------------------------------------------------------


def _elementwise(function: Function, arguments: list[Any], ranges: list[Numbers]) -> Any:
    shape = _common_shape(function, arguments)
    faults = Faults()
    for argument in ranges:
        faults.add_from(shape, argument)
    return _block(_chunked(function, arguments, shape, faults), faults)


def _common_shape(function: Function, arguments: list[Any]) -> tuple[int, int]:
    shapes = {
        parameter.name: argument.values.shape
        for parameter, argument in zip(function.parameters, arguments, strict=True)
        if type(argument) is Numbers
    }
    message = ", ".join(f"{name} {rows}x{columns}" for name, (rows, columns) in shapes.items())
    try:
        rows, columns = np.broadcast_shapes(*shapes.values())
    except ValueError:
        raise CellError("#VALUE!", f"ranges do not fit together: {message}") from None
    if rows * columns > MOST_CELLS:
        raise CellError("#VALUE!", f"ranges make a block of {rows}x{columns} cells: {message}")
    return rows, columns


def _chunked(
    function: Function, arguments: list[Any], shape: tuple[int, int], faults: Faults
) -> NDArray[Any]:
    """Run the body over slices of the longer axis, so that temporaries stay small."""
    axis = 0 if shape[0] >= shape[1] else 1
    step = max(1, CHUNK // shape[1 - axis])
    result: NDArray[Any] = np.empty(shape)
    for start in range(0, shape[axis], step):
        part = slice(start, start + step)
        where = (part, slice(None)) if axis == 0 else (slice(None), part)
        answer = function.python(*(_slice(a, where, axis) for a in arguments))
        target = result[where]
        if isinstance(answer, Checked):
            corner = (start, 0) if axis == 0 else (0, start)
            for rule in answer.rules:
                faults.add_broken(rule, corner, target.shape)
            answer = answer.result
        if isinstance(answer, dict):
            raise CellError("#VALUE!", f'{function.name}: "all" needs single values, not ranges')
        values = np.asarray(answer)
        if result.dtype != object and values.dtype.kind not in "fiu":
            result = result.astype(object)  # words, TRUE/FALSE, dates
        result[where] = values
    return result


def _slice(argument: Any, where: tuple[slice, slice], axis: int) -> Any:
    if type(argument) is not Numbers:
        return _bare(argument)
    values = argument.values
    if values.shape[axis] == 1:
        return values
    return values[(where[0], slice(None)) if axis == 0 else (slice(None), where[1])]


def _block(values: NDArray[Any], faults: Faults) -> Any:
    """Turn an array into rows of cells, with each error in its place."""
    numbers = values.dtype != object
    if numbers:
        faults.add_not_finite(values)
    if faults:
        values = values.astype(object)
        for place, error in faults.items():
            values[place] = error
    if values.size == 1:
        return _single(values.item())
    rows: list[list[Any]] = values.tolist()
    if numbers or not set(map(type, values.flat)) - _LEGAL:
        return rows
    return [[_in_block(cell) for cell in row] for row in rows]


# --- one answer -----------------------------------------------------------------------------


def _whole(function: Function, arguments: list[Any]) -> Any:
    """Answer with a single figure, a labelled block or a schedule."""
    answer = function.python(*map(_bare, arguments))
    if type(answer) is Checked:
        for rule in answer.rules:
            rule.stand()
        answer = answer.result
    if isinstance(answer, np.ndarray) and answer.ndim:
        table = answer.reshape(len(answer), -1)
        if table.dtype.kind not in "fiu":
            table = table.astype(object)
        return _block(table.T if _direction(arguments) == "row" else table, Faults())
    if isinstance(answer, dict):
        return [[label, _in_block(value)] for label, value in answer.items()]
    if isinstance(answer, list):
        return [[_in_block(cell) for cell in row] for row in answer]
    return _single(answer)


def _direction(arguments: list[Any]) -> str:
    """Return how a schedule lies: along the first vector; constants have no direction."""
    vectors = (a.direction for a in arguments if type(a) is Vector and a.direction)
    return next(vectors, "column")


def _in_block(value: Any) -> Any:
    try:
        return _single(value)
    except CellError as error:
        return CellError(error.code, error.reason)


def _single(answer: Any) -> Any:
    """One cell: a number, text, TRUE/FALSE or a date; NaN and infinity become ``#NUM!``."""
    if type(answer) is not float:
        answer = plain(answer.item() if isinstance(answer, np.ndarray) else answer)
        if isinstance(answer, CellError):
            raise CellError(answer.code, answer.reason)
        if isinstance(answer, datetime.datetime):
            return answer.date()
        if isinstance(answer, (str, bool, datetime.date)):
            return answer
        answer = float(answer)
    if not -_LARGEST <= answer <= _LARGEST:
        raise not_finite()
    return answer
