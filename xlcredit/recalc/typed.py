"""Values as an analyst types them."""

from __future__ import annotations

import datetime
import re

from xlcredit.numerals import Written, mark_before_three

__all__ = ["parse_value"]

#: Commas only where thousands have them: 0,3 is no number here, for it may be 0.3 or 3.
_NUMBER = re.compile(
    r"([+-]?(?:(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)(%?)"
)


def parse_value(text: str) -> float | str | bool | datetime.date:
    """Read a value: 0.3, 30%, 45,000, 2026-11-22, TRUE, or text.

    Examples
    --------
    >>> parse_value("30%"), parse_value("45,000"), parse_value("Flat"), parse_value("0,3")
    (0.3, 45000.0, 'Flat', '0,3')
    """
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    if text.upper() in ("TRUE", "FALSE"):
        return text.upper() == "TRUE"
    found = _NUMBER.fullmatch(text)
    if found:
        number = float(found[1].replace(",", ""))
        if mark_before_three(text) == ".":  # the unit says whether it has two readings
            return Written(text)
        return number / 100 if found[2] else number
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return text
