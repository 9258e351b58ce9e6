"""What makes the result of a recalculation hard to reproduce, said without being asked."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from xlcredit.ooxml.book import Book, Formula
from xlcredit.recalc.dependants import circles

__all__ = ["notices"]

_VOLATILE = re.compile(r"(?<![\w.])(?:_xlfn\.)?(NOW|TODAY|RAND|RANDBETWEEN|RANDARRAY)\(", re.I)
_LINK = re.compile(r"\[\d+\]|\[[^\]]+\.xl\w+\]|\.xl\w+'?!", re.IGNORECASE)
#: Worksheet functions of an add-in are stored like a link: ``[1]!XLC_DSCR(...)``.
_ADD_IN = re.compile(r"\[\d+\]!\w+\(")


def notices(book: Book, kinds: Collection[Formula]) -> list[str]:
    """Say what in a workbook makes that two recalculations may differ.

    Parameters
    ----------
    book : Book
        The workbook.
    kinds : collection of Formula
        One formula of each kind that it holds.
    """
    return [*_volatile(kinds), *_links(kinds), *_circular(book)]


def _volatile(kinds: Collection[Formula]) -> Iterator[str]:
    """Warn of functions that give another answer each time, so that no two runs agree."""
    used: dict[str, Formula] = {}
    for formula in kinds:
        if "(" in formula.text and (found := _VOLATILE.search(formula.text)):
            used.setdefault(found[1].upper(), formula)
    for name, formula in used.items():
        yield f"{formula.place}: {name} gives another answer each time; enter the date as an input"


def _links(kinds: Collection[Formula]) -> Iterator[str]:
    """Tell that other workbooks are not opened."""
    reads = [f for f in kinds if "[" in f.text or ".xl" in f.text]
    first = next((f for f in reads if _LINK.search(_ADD_IN.sub("", f.text))), None)
    if first is not None:
        yield (
            f"{first.place}: reads another workbook, which is not opened: the value that this file "
            "keeps of it is used; copy the value in if it is to stay"
        )


def _circular(book: Book) -> Iterator[str]:
    """Tell where Excel may have stopped earlier."""
    inside = circles(book, book.formulas) if book.iteration else ()
    if inside and book.iteration:
        rounds, change = book.iteration
        yield (
            f"{min(inside)}: {len(inside):,} formulas stand in a circle, or between circles; they "
            f"are calculated until they settle, where Excel stops after {rounds:,} rounds or at a "
            f"change below {change:g}: it may show figures as far away as that"
        )
