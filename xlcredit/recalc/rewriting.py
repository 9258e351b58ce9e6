"""The text of formulas in the XML of a workbook: read, or rewritten with all else as it was."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from xml.sax.saxutils import escape

__all__ = ["formulas_in", "rewritten"]

#: All elements of sheets and of the workbook that hold formulas.
_FORMULA = re.compile(
    rb"(<(?:\w+:)?(?:f|formula|formula1|formula2|definedName)(?:\s[^<>]*)?>)([^<]+)(?=</)"
)


def formulas_in(xml: bytes) -> Iterator[str]:
    """Read the formulas of one part in UTF-8: of cells, rules, lists and names."""
    return (html.unescape(match[2].decode()) for match in _FORMULA.finditer(xml))


def rewritten(xml: bytes, write: Callable[[str], str]) -> bytes:
    """Write the formulas of one part anew; where the text stays, so does each byte.

    Parameters
    ----------
    xml : bytes
        A sheet or the workbook part, in UTF-8.
    write : callable
        Gives the new text of a formula, which is without its equals sign.

    Examples
    --------
    >>> rewritten(b"<c><f>A1&lt;B1</f><v>1</v></c>", lambda text: text.replace("A1", "A2"))
    b'<c><f>A2&lt;B1</f><v>1</v></c>'
    """

    def replace(match: re.Match[bytes]) -> bytes:
        old = html.unescape(match[2].decode())
        new = write(old)
        # A bare carriage return would be read as a line feed.
        return match[0] if new == old else match[1] + escape(new, {"\r": "&#13;"}).encode()

    return _FORMULA.sub(replace, xml)
