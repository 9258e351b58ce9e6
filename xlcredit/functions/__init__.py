"""The worksheet functions: one registry that feeds every host.

``call("XLC_DSCR", cfads, debt_service)`` gives what the cell would show: a float, str, bool,
``datetime.date`` or a list of row lists; an error is raised as
:class:`xlcredit.errors.CellError`.
"""

from __future__ import annotations

from importlib import import_module

from xlcredit.functions.boundary import OMITTED, call
from xlcredit.functions.registry import REGISTRY, Function, Parameter

__all__ = ["OMITTED", "REGISTRY", "Function", "Parameter", "call"]

#: Importing a category registers its functions; the order is that of the reference.
for _category in (
    "rents",
    "residual",
    "liquidation",
    "debt",
    "waterfall",
    "yields",
    "coverage",
    "covenants",
    "collateral",
    "breach",
    "margin",
    "pricing",
    "audit",
    "catalogue",
):
    import_module(f"{__name__}.{_category}")
