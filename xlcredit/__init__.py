"""Spreadsheet mathematics for lenders against GPUs and against coin.

What a user needs stands here; each name is imported when it is first asked for, so that
``import xlcredit`` costs nothing.

>>> import xlcredit
>>> xlcredit.call("XLC_DUAL_LTV", 90e6, 1200, 58610, 10000, 11500, 0.5, 0.4)
0.864005529635389...
"""

from xlcredit._version import __version__

TYPE_CHECKING = False  # as type checkers read it; importing typing would cost more than we do
if TYPE_CHECKING:
    from typing import Any

    from xlcredit import portfolio
    from xlcredit.errors import CellError, UserError
    from xlcredit.functions import call
    from xlcredit.recalc.evaluate import evaluate
    from xlcredit.workbook.life.change import recalculate
    from xlcredit.workbook.making import new_workbook as new
    from xlcredit.workbook.sensitivity.stressed import stress
    from xlcredit.workbook.session import Session
    from xlcredit.workbook.session import open_workbook as open  # noqa: A004
    from xlcredit.workbook.simulated import simulate

__all__ = [
    "CellError",
    "Session",
    "UserError",
    "__version__",
    "call",
    "evaluate",
    "new",
    "open",
    "portfolio",
    "recalculate",
    "simulate",
    "stress",
]

#: Where each name is defined: the module, and the name there if it is another. A package of that
#: name is itself what a user calls.
_HOMES = {
    "CellError": "xlcredit.errors",
    "Session": "xlcredit.workbook.session",
    "UserError": "xlcredit.errors",
    "call": "xlcredit.functions",
    "evaluate": "xlcredit.recalc.evaluate",
    "new": "xlcredit.workbook.making:new_workbook",
    "open": "xlcredit.workbook.session:open_workbook",
    "portfolio": "xlcredit.portfolio:",
    "recalculate": "xlcredit.workbook.life.change",
    "simulate": "xlcredit.workbook.simulated",
    "stress": "xlcredit.workbook.sensitivity.stressed",
}


def __getattr__(name: str) -> "Any":
    from importlib import import_module  # noqa: PLC0415

    if name not in _HOMES:
        raise AttributeError(f"module 'xlcredit' has no attribute {name!r}")
    home, renamed, own = _HOMES[name].partition(":")
    module = import_module(home)
    value = module if renamed and not own else getattr(module, own or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
