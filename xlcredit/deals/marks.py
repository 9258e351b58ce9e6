"""What the fields of a table hold, in marks that checking reads: it can walk any table by them."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

__all__ = ["DriverUnit", "Formula", "InputName", "RowName", "Struct", "Unit", "Value"]

#: What a field of a table holds: checking walks every table by these marks.
Unit = Annotated[str, msgspec.Meta(extra={"is": "unit"})]
DriverUnit = Annotated[str, msgspec.Meta(extra={"is": "driver unit"})]
Formula = Annotated[str, msgspec.Meta(extra={"is": "formula"})]
RowName = Annotated[str, msgspec.Meta(extra={"is": "row"})]
InputName = Annotated[str, msgspec.Meta(extra={"is": "input"})]
#: Numbers, text and dates, as TOML has them; the unit decides which (see deal.check_value).
Value = Any


class Struct(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Unknown keys are mistakes, not extensions."""
