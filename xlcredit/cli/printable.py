"""Text from files and from the command line, made harmless for a terminal.

A cell, a sheet's name or a file's name may hold the sequences that move a terminal's cursor, change
its title or turn the reading direction round. They are shown as what they are.
"""

from __future__ import annotations

import re

__all__ = ["as_json", "printable"]

#: Control characters, marks that turn text round, separators of lines, and halves of characters.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def printable(text: str) -> str:
    r"""Show control characters as escapes; text without them stays as it is.

    Examples
    --------
    >>> printable("DSCR\x1b[2J")
    'DSCR\\x1b[2J'
    """
    return _UNSEEN.sub(lambda match: _escape(match[0]), text)


def as_json(text: str) -> str:
    r"""Spell the same characters in a JSON document, in which they stand in texts only.

    Examples
    --------
    >>> as_json('{"name": "a\u202e"}')
    '{"name": "a\\u202e"}'
    """
    return _UNSEEN.sub(lambda m: m[0] if m[0] == "\n" else f"\\u{ord(m[0]):04x}", text)


def _escape(character: str) -> str:
    if character in "\t\r\n":
        return " "
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
