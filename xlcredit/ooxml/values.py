"""What a cell can hold, and how the file format spells it.

A value is a float, a str, a bool, a :class:`~xlcredit.errors.CellError`, or None for a cell
that holds nothing. Dates are serials: a date is a number with a format.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import Any
from xml.sax.saxutils import escape

from xlcredit.errors import CODES, CellError
from xlcredit.serials import serial

__all__ = [
    "Value",
    "element",
    "number",
    "to_cell",
    "quote",
    "spell",
    "unquote",
]

Value = float | str | bool | CellError | None

#: A cell holds no more characters than this.
_LONGEST_TEXT = 32_767
#: Below this, a whole number is spelled without a point or an exponent.
_EXACT = 1e15

#: A literal ``_x0041_`` must not be read back as an escape; control characters must become one.
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPED = re.compile(r"_x((?![Dd][89A-Fa-f])[0-9A-Fa-f]{4})_")


def number(value: float) -> float | CellError:
    """Return ``value`` as a float; a cell cannot hold NaN or an infinity."""
    value = float(value)
    return value if math.isfinite(value) else CellError("#NUM!", "the result is not finite")


def to_cell(value: Any) -> Value:
    """Bring one Python, NumPy or pandas scalar into the form that a cell holds."""
    if hasattr(value, "to_pydatetime"):
        value = value.to_pydatetime()
    elif hasattr(value, "dtype") and hasattr(value, "item"):
        value = _datetime(value) if value.dtype.kind == "M" else value.item()
    if value is None or isinstance(value, str | bool | CellError):
        return value
    if isinstance(value, dt.date):
        # pandas.NaT calls itself a datetime, and is the only one that differs from itself.
        return serial(value) if value == value else None  # noqa: PLR0124
    if isinstance(value, int | float):
        return number(value)
    return CellError("#VALUE!", f"a cell cannot hold a {type(value).__name__}")


def _datetime(value: Any) -> Any:
    return value.astype("datetime64[us]").item()


def spell(value: Value) -> tuple[str | None, str]:
    """Spell a formula's result: the cell's type and the text of its ``<v>``, not yet quoted.

    Parameters
    ----------
    value : float, str, bool, CellError or None
        Excel never lets a formula result in nothing, so None is 0.

    Returns
    -------
    tuple
        The attribute ``t`` (None for a number, the default) and the text.
    """
    if value is None:
        return None, "0"
    if isinstance(value, bool):
        return "b", "1" if value else "0"
    if isinstance(value, CellError):
        return "e", value.code if value.code in CODES else "#VALUE!"
    if isinstance(value, str):
        return ("str", value) if len(value) <= _LONGEST_TEXT else ("e", "#VALUE!")
    if not math.isfinite(value):
        return "e", "#NUM!"
    whole = value == int(value) and abs(value) < _EXACT
    return None, str(int(value)) if whole else repr(float(value)).replace("e", "E")


def quote(text: str) -> bytes:
    """Quote text for XML, with the escapes that the file format adds (ST_Xstring)."""
    text = _ESCAPE.sub("_x005F_", text)
    text = _CONTROL.sub(lambda m: f"_x{ord(m.group()):04X}_", text)
    return escape(text).encode()


def unquote(text: str) -> str:
    """Undo the ``_xHHHH_`` escapes of text that an XML parser has read.

    Half a pair of UTF-16 is no character, and stays the escape that it is.
    """
    if "_x" not in text:
        return text
    return _ESCAPED.sub(lambda m: chr(int(m.group(1), 16)), text)


def element(tag: bytes, text: str) -> bytes:
    """Build ``<tag>text</tag>``, and keep blanks at either end."""
    kept = b' xml:space="preserve"' if text != text.strip() else b""
    return b"<%b%b>%b</%b>" % (tag, kept, quote(text), tag)
