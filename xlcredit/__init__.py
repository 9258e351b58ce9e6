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

    from xlcredit.errors import CellError, UserError
    from xlcredit.functions import call
    from xlcredit.workbook.life.change import recalculate

__all__ = ["CellError", "UserError", "__version__", "call", "recalculate"]

#: Where each name is defined.
_HOMES = {
    "CellError": "xlcredit.errors",
    "UserError": "xlcredit.errors",
    "call": "xlcredit.functions",
    "recalculate": "xlcredit.workbook.life.change",
}


def __getattr__(name: str) -> "Any":
    from importlib import import_module  # noqa: PLC0415

    if name not in _HOMES:
        raise AttributeError(f"module 'xlcredit' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
