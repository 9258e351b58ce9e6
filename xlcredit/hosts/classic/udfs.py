"""The classic Excel host: every worksheet function as a UDF of xlwings' COM server.

xlwings only carries. Arguments arrive raw and leave raw, so that Excel sees what
:func:`xlcredit.functions.call` gives and nothing of xlwings' own conversions, which swallow
error cells and turn NaN into text. ``xlcredit.hosts.classic.vba`` writes the VBA that calls these.

The module can be imported on any system; off Windows, xlwings' decorators do nothing.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import xlwings as xw

from xlcredit.errors import CellError
from xlcredit.functions import REGISTRY, Function
from xlcredit.hosts.carriers import positional
from xlcredit.hosts.classic.com import from_com, to_com
from xlcredit.hosts.reasons import CallSite, Reasons
from xlcredit.worksheet.boundary import evaluate
from xlcredit.worksheet.cells import Cells
from xlcredit.worksheet.explain import argument_help

__all__ = list(REGISTRY)

#: What ``XLC_WHY`` knows, for as long as the server runs.
REASONS = Reasons()


def _udf(function: Function) -> Callable[..., Any]:
    """Wrap a worksheet function in the form that xlwings registers.

    The wrapper has no annotations, for xlwings takes each one for a converter and fails on
    Windows only; its signature is made; and it has its name before xlwings sees it, for the
    server looks the name up in this module.
    """

    def udf(*raw):  # type: ignore[no-untyped-def]
        return respond(function, raw)

    udf.__name__ = udf.__qualname__ = function.name
    udf.__doc__ = function.summary
    names = [p.vba for p in function.parameters]
    udf.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        positional(function, names)
    )
    decorated: Callable[..., Any] = udf
    for name, text in zip(names, argument_help(function).values(), strict=True):
        decorated = xw.arg(name, "raw", doc=text)(decorated)
    return xw.func(category=function.category)(xw.ret("raw")(decorated))


def respond(function: Function, raw: Sequence[Any]) -> list[list[Any]]:
    """Answer a call as COM carries it, and keep the reason of an error for ``XLC_WHY``.

    Our VBA writes one argument more than the signature has: where the caller stands.
    """
    parameters = function.parameters
    caller = CallSite.parse(raw[len(parameters)]) if len(raw) > len(parameters) else None
    arguments = [
        _cell(argument) if parameter.kind == "cell" else from_com(argument)
        for parameter, argument in zip(parameters, raw, strict=False)
    ]
    try:
        answer = evaluate(function, arguments)
    except CellError as error:
        answer = error.with_traceback(None)
    carried = to_com(answer)
    if caller:  # what leaves as it is holds no error
        REASONS.keep(caller, None if carried is answer else answer)
    return carried


def _cell(raw: Any) -> Any:
    """Read cells that may hold errors; our VBA sends their address along, for the reasons."""
    place = CallSite.parse(raw[1]) if isinstance(raw, tuple) and len(raw) == 2 else None
    if place is None:
        return from_com(raw)
    cells = from_com(raw[0])
    if isinstance(cells, CellError):
        return REASONS.find(place, cells)
    if isinstance(cells, Cells):
        flat = [
            REASONS.find(place.moved(*divmod(at, cells.shape[1])), cell)
            if isinstance(cell, CellError)
            else cell
            for at, cell in enumerate(cells.flat)
        ]
        return Cells(flat, cells.shape)
    return cells


for _function in REGISTRY.values():
    globals()[_function.name] = _udf(_function)
