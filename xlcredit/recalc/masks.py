"""What is done with a formula is done once for all its copies.

A monthly row has one formula and a hundred cells, which differ in the addresses of the cells they
read. A formula is taken apart into the text between its addresses and the addresses; its
translation is kept as text with gaps, and the gaps are filled with the addresses of the next copy.
"""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["Copies"]

_ADDRESS = re.compile(
    r"((?:\"[^\"]*\"|'[^']*')|(?<![\w.$\\])\$?[A-Za-z]{1,3}\$?[0-9]{1,7}(?![\w.(\\!]))"
)
#: Addresses at the end of the sheet stand for those of the copies; nobody's formula reads them.
_COLUMN, _FIRST, _MOST = "XFD", 1_048_000, 500
_GAP = re.compile(rf"{_COLUMN}(1048\d{{3}})(?!\d)")


class Copies:
    """Translations of formulas, kept for copies of them.

    Parameters
    ----------
    translate : callable
        Translates the text of a formula; the result may be anything that is made from text.
    """

    def __init__(self, translate: Callable[[str], tuple[type[str], str]]) -> None:
        self._translate = translate
        self._known: dict[tuple[str, ...], tuple[type[str], list[str]]] = {}

    def __call__(self, text: str) -> str:
        """Translate a formula, or fill in what was translated before."""
        pieces = _ADDRESS.split(text)
        addresses: list[str] = []
        places: dict[str, int] = {}
        for i in range(1, len(pieces), 2):
            piece = pieces[i]
            if piece[0] in "\"'":
                continue
            if piece not in places:
                places[piece] = len(addresses)
                addresses.append(piece)
            pieces[i] = f"{_COLUMN}{_FIRST + places[piece]}"
        if len(addresses) > _MOST:
            kind, whole = self._translate(text)
            return kind(whole)
        key = tuple(pieces)
        if key not in self._known:
            kind, whole = self._translate("".join(pieces))
            self._known[key] = kind, _GAP.split(whole)
        kind, gaps = self._known[key]
        filled = gaps.copy()
        for i in range(1, len(filled), 2):
            filled[i] = addresses[int(filled[i]) - _FIRST]
        return kind("".join(filled))
