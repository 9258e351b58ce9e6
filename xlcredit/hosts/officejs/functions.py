"""The worksheet functions for xlwings' Office.js hosts: xlwings Lite and xlwings Server.

In xlwings Lite, which is free of charge and brings its own licence, the whole ``main.py`` is::

    from xlcredit.hosts.officejs.functions import *

.. warning:: xlwings Server is licensed under PolyForm Noncommercial or a paid plan, and its
   vendor counts internal tools of a company as commercial use. Importing this module imports
   that licensed part (``xlwings.server``); xlcredit never sets a licence key. With a licence,
   the same line goes into the server's ``custom_functions/__init__.py``.

xlwings only carries: arguments arrive raw and answers leave raw, for its own conversions turn
error cells into blanks. A blank cell given as a whole argument arrives as 0, though: that is
what Excel tells every custom function.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from xlwings import XlwingsError
from xlwings.server import Caller, arg, func, ret

from xlcredit.errors import CellError
from xlcredit.functions import REGISTRY, Function
from xlcredit.hosts.carriers import positional
from xlcredit.hosts.officejs.cells import from_office, to_office
from xlcredit.hosts.officejs.why import Candidates
from xlcredit.hosts.reasons import CallSite
from xlcredit.worksheet.boundary import evaluate
from xlcredit.worksheet.explain import argument_help

__all__ = list(REGISTRY)

#: What ``XLC_WHY`` knows, for as long as the host runs.
REASONS = Candidates()


def _udf(function: Function) -> Callable[..., Any]:
    """Wrap a worksheet function in the form that xlwings registers.

    The arguments have no annotations, for xlwings takes each one for a converter. The signature
    is made, and the name is there before xlwings sees it: it looks the function up by it.
    """
    kinds = [p.kind for p in function.parameters]

    def udf(*raw, caller=None):  # type: ignore[no-untyped-def]
        arguments = [from_office(argument) for argument in raw]
        if caller is not None and "cell" in kinds:
            arguments = [_explained(argument, _book(caller)) for argument in arguments]
        try:
            answer = evaluate(function, arguments)
        except CellError as error:
            answer = error.with_traceback(None)
        if caller is not None:
            place = CallSite(_book(caller) + caller.sheet_name, caller.row, caller.column)
            REASONS.keep(place, answer)
        if isinstance(answer, CellError) and answer.code == "#VALUE!":
            raise XlwingsError(answer.reason)  # the one error that Excel shows with a text
        return to_office(answer)

    udf.__name__ = udf.__qualname__ = function.name
    udf.__doc__ = function.summary
    udf.__annotations__ = {"caller": Caller | None}  # the host fills it in; no cell can
    names = [p.name for p in function.parameters]
    hidden = inspect.Parameter(
        "caller", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Caller | None
    )
    udf.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [*positional(function, names), hidden]
    )
    decorated: Callable[..., Any] = udf
    for name, text in zip(names, argument_help(function).values(), strict=True):
        decorated = arg(name, "raw", doc=text)(decorated)
    return func(ret("raw")(decorated))


def _book(caller: Caller) -> str:
    return f"[{caller.book_name}]"


def _explained(argument: Any, book: str) -> Any:
    """Give each error of an argument the reasons that are known for its code."""
    if isinstance(argument, CellError):
        return REASONS.explain(argument, book)
    if isinstance(argument, list):
        return [[_explained(cell, book) for cell in row] for row in argument]
    return argument


for _function in REGISTRY.values():
    globals()[_function.name] = _udf(_function)
