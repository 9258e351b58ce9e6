"""What is found out about a formula is found out once for all its copies.

A monthly row has one formula and a hundred cells, which differ in the addresses of the cells they
read; the next loan's workbook has the same formulas again. A formula is taken apart into a
template, with gaps for the addresses, and the addresses. Whatever holds for a template is kept
with it for as long as the process runs; a translation is text with gaps of its own, which are
filled with the addresses of the next copy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from operator import itemgetter
from typing import Any

__all__ = ["SITE", "Parts", "Template", "Translation", "numbered", "take_apart"]

#: Words with what tells a function or a sheet from a cell; quoted text is one.
_WORDS = re.compile(r"(\"[^\"]*\"|'[^']*'|[\w$\\][\w.$\\]*[(!]?)")
_ADDRESS = re.compile(r"\$?[A-Za-z]{1,3}\$?[0-9]{1,7}\Z")
_DIGITS = frozenset("0123456789")
#: Addresses at the end of the sheet stand for those of the copies.
_MOST = 500
_GAPS = [f"XFD{1_048_000 + i}" for i in range(_MOST)]
#: Finds a stand-in: the number of the address.
_STAND_IN = r"XFD1048(\d{3})(?!\d)"
_GAP = re.compile(_STAND_IN)
_AREA = re.compile(
    rf"(?:(?P<sheet>'(?:[^']|'')+'|[^\W\d][\w.]*)!)?{_STAND_IN}(?::{_STAND_IN})?|\"(?:[^\"]|\"\")*\""
)
#: Stands for the site of a call of a worksheet function (private use area).
SITE = "\uf8fe"
#: A model has some hundreds of templates, a server sees those of many models.
_MOST_TEMPLATES = 50_000
_known: dict[str, Template] = {}
_numbers: dict[Hashable, int] = {}


class Template:
    """A formula with gaps where its copies have addresses."""

    __slots__ = ("facts", "gaps", "sample")

    def __init__(self, sample: str, gaps: int) -> None:
        self.sample = sample
        """The formula with stand-ins for the addresses: a formula itself."""
        self.gaps = gaps
        """How many addresses fill it; -1 for a formula that is not taken apart."""
        self.facts: dict[Hashable, Any] = {}
        """What is known about it, each by a key of whoever has found it out."""

    def fact(self, key: Hashable, find: Callable[[str], Any]) -> Any:
        """Give what is known about the sample, or find it out."""
        if key not in self.facts:
            self.facts[key] = find(self.sample)
        return self.facts[key]

    @property
    def operands(self) -> tuple[frozenset[str], frozenset[str]]:
        """The functions that it calls, in capitals, and the names in it, in small letters."""
        found: tuple[frozenset[str], frozenset[str]] = self.fact("operands", _operands)
        return found

    @property
    def areas(self) -> list[tuple[str, int, int]]:
        """The cells and ranges that it reads: the sheet, and the addresses of both ends by number.

        The sheet is in small letters, and "" for the formula's own; names are not among them.
        """
        found: list[tuple[str, int, int]] = self.fact("areas", _areas)
        return found


def numbered(circumstances: Hashable) -> int:
    """Give what a fact depends on, besides its template, a number: a key that is cheap."""
    return _numbers.setdefault(circumstances, len(_numbers))


#: A template, and the addresses that fill its gaps.
Parts = tuple[Template, list[str]]


def take_apart(text: str) -> Parts:
    """Split a formula into its template and its addresses.

    Examples
    --------
    >>> template, addresses = take_apart("SUM(Debt!A1:A9)/$B$2+A1")
    >>> template.sample, addresses
    ('SUM(Debt!XFD1048000:XFD1048001)/XFD1048002+XFD1048000', ['A1', 'A9', '$B$2'])
    """
    pieces = _WORDS.split(text)
    addresses: list[str] = []
    places: dict[str, int] = {}
    for i in range(1, len(pieces), 2):
        word = pieces[i]
        if word[-1] in _DIGITS and _ADDRESS.match(word):
            at = places.get(word)
            if at is None:
                at = places[word] = len(addresses)
                if at == _MOST:
                    return Template(text, -1), []
                addresses.append(word)
            pieces[i] = _GAPS[at]
    sample = "".join(pieces)
    template = _known.get(sample)
    if template is None:
        if "XFD1048" in text:
            return Template(text, -1), []
        if len(_known) >= _MOST_TEMPLATES:
            _known.clear()
        template = _known[sample] = Template(sample, len(addresses))
    return template, addresses


def _areas(sample: str) -> list[tuple[str, int, int]]:
    found = []
    for match in _AREA.finditer(sample):
        sheet, first, last = match.groups()
        if first:
            home = (sheet or "").strip("'").replace("''", "'").lower()
            found.append((home, int(first), int(last or first)))
    return found


def _operands(sample: str) -> tuple[frozenset[str], frozenset[str]]:
    words = _WORDS.findall(sample)
    functions = {word[:-1].upper() for word in words if word[-1] == "("}
    names = {w.lower() for w in words if w[0] not in "\"'0123456789" and w[-1] not in "(!"}
    names = {name for name in names if not _ADDRESS.match(name)}
    return frozenset(functions), frozenset(names - {"true", "false"})


class Translation:
    """What a template becomes for one engine, ready for the addresses of each copy.

    Parameters
    ----------
    template : Template
        The template.
    translated : str
        What its sample was translated to; a text of some kind, which the copies are as well.
    """

    __slots__ = ("_choose", "_kind", "_text", "calls")

    def __init__(self, template: Template, translated: str) -> None:
        self._kind = type(translated)
        self.calls = SITE in translated
        """Whether the site of a call must be filled in as well."""
        pieces = _GAP.split(translated.replace("%", "%%")) if template.gaps > 0 else []
        self._text = "%s".join(pieces[::2]) if len(pieces) > 1 else str(translated)
        order = [int(piece) for piece in pieces[1::2]]
        self._choose: Callable[[list[str]], Any] | None = itemgetter(*order) if order else None

    def filled(self, addresses: list[str], site: int | None = None) -> Any:
        """Write the translation of one copy."""
        text = self._text
        if self._choose is not None:
            text %= self._choose(addresses)
        return self._kind(text if site is None else text.replace(SITE, str(site)))
