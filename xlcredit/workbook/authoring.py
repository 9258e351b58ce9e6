"""All mistakes of a template at once: those of its tables and those of its formulas.

Formulas are looked at where they are written into sheets; a template whose tables have mistakes
can still be written, without them, to see what its formulas say.
"""

from __future__ import annotations

import datetime
from typing import Any

import msgspec

from xlcredit.deals.checking import located
from xlcredit.deals.deal import Deal
from xlcredit.deals.template import Input, Template
from xlcredit.deals.units import DRIVER_UNITS
from xlcredit.errors import DealError, FormulaError, TemplateError
from xlcredit.workbook.build import build

__all__ = ["with_formulas"]

_SOME_DAY = datetime.date(2026, 12, 31)


def with_formulas(error: TemplateError) -> DealError:
    """Return the mistakes of a template's tables together with those of its formulas.

    Parameters
    ----------
    error : TemplateError
        What is wrong with the tables.
    """
    if error.template is None:
        return error
    try:
        spec = _with_known_units(error.template)
        build(spec, _any_deal(spec))
    except FormulaError as formulas:
        return located(formulas, error.path, error.found)
    except Exception:  # it follows from what is wrong with the tables, which is told
        return error
    return error


def _with_known_units(template: Template) -> Template:
    """A unit that there is not was told; no page can be written with it."""

    def known(part: Any) -> Any:
        if isinstance(part, list):
            return [known(one) for one in part]
        if not isinstance(part, dict):
            return part
        return {
            key: "number"
            if key.endswith("unit") and isinstance(value, str) and value not in DRIVER_UNITS
            else known(value)
            for key, value in part.items()
        }

    plain = msgspec.to_builtins(template, builtin_types=(datetime.date,))
    return msgspec.convert(known(plain), Template)


def _any_deal(template: Template) -> Deal:
    """A deal with some value for each input: formulas read names, not values."""
    inputs = {name: _filled(item) for name, item in template.inputs.items()}
    return Deal(template=template.name, name="any", as_of=_SOME_DAY, note="", inputs=inputs)


def _filled(item: Input) -> Input:
    if item.value is not None:
        return item
    some: Any = {"date": _SOME_DAY, "text": "any"}.get(item.unit, item.low or item.high or 1.0)
    return msgspec.structs.replace(item, value=some)
