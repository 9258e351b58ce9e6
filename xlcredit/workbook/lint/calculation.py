"""Rules about what formulas give: circles, numbers that are text, errors that become nought."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from openpyxl.formula.tokenizer import Token

from xlcredit.errors import RecalcError
from xlcredit.ooxml.place import Area, Place
from xlcredit.recalc import recalculate
from xlcredit.workbook.lint.content import around, reference
from xlcredit.workbook.lint.rule import Spot, at, rule
from xlcredit.workbook.lint.subject import Subject

__all__: list[str] = []

#: These leave text out without a word.
_TOTALS = frozenset("SUM AVERAGE MIN MAX PRODUCT SUMPRODUCT COUNT NPV IRR".split())
_LOOKUPS = {"VLOOKUP": 4, "HLOOKUP": 4, "MATCH": 3}
#: These ask where a cell is, and not what it holds.
_WHERE = frozenset("ROW ROWS COLUMN COLUMNS CELL AREAS ISREF SHEET FORMULATEXT ISFORMULA".split())
_NUMBER = re.compile(r"\s*[-+]?[$€£]?\s*\d[\d, .]*%?\s*\Z")
#: Of one circle, as many cells are named.
_MOST_NAMED = 4


@rule("L19", "circular-reference", "error", "FAST 4.01-01; ICAEW principle 13")
def circular_reference(subject: Subject) -> Iterator[Spot]:
    """A formula reads its own result, directly or through others.

    What such cells show depends on how often and in which order they were calculated.
    """
    for circle in _circles(_reads(subject)):
        first, *others = sorted(circle)
        formula = str(subject.book.formulas[first])
        if not others:
            yield Spot(first.sheet, str(first).rpartition("!")[2], "reads itself", formula)
            continue
        named = ", ".join(map(str, others[:_MOST_NAMED]))
        more = f" and {len(others) - _MOST_NAMED} more" if len(others) > _MOST_NAMED else ""
        cell = str(first).rpartition("!")[2]
        yield Spot(first.sheet, cell, f"a circle with {named}{more}", formula)


@rule("L20", "text-number-in-total", "error", "house rule: a total leaves nothing out")
def text_number_in_total(subject: Subject) -> Iterator[Spot]:
    """A total runs over a number that is stored as text: SUM and its like leave it out."""
    texts = {
        name: [key for key, v in cells.items() if isinstance(v, str) and _NUMBER.match(v)]
        for name, cells in subject.book.constants.items()
    }
    for group in subject.groups:
        tokens = subject.tokens(group)
        inside = around(tokens)
        for i, token in enumerate(tokens):
            found = reference(subject, group, token) if _TOTALS & inside[i] else None
            if found is None:
                continue
            area = found.area
            bad = [k for k in texts[area.sheet] if len(area) > 1 and area.holds(*k)]
            if bad:
                cell = Place(area.sheet, *bad[0])
                yield at(group, f"leaves out {cell}, a number stored as text")


@rule("L21", "error-as-nought", "warning", "house rule: an error never reads as a number")
def error_as_nought(subject: Subject) -> Iterator[Spot]:
    """IFERROR turns any error into a number, so that a fault looks like a figure.

    IFNA, which turns into a number what is not found and nothing else, is allowed.
    """
    for group in subject.groups:
        for call in _calls(subject.tokens(group)):
            last = call.arguments[-1]
            number = len(last) == 1 and last[0].subtype == Token.NUMBER
            if call.name == "IFERROR" and len(call.arguments) == 2 and number:
                yield at(group, f"IFERROR turns any error into {last[0].value}; let it show")
                break


@rule("L22", "approximate-lookup", "error", "FAST 4.01-06")
def approximate_lookup(subject: Subject) -> Iterator[Spot]:
    """VLOOKUP, HLOOKUP or MATCH without its last argument takes the nearest row if none is equal.

    And a wrong one if the rows are not sorted. Write FALSE or 0 there, or TRUE or 1 if it is meant.
    """
    for group in subject.groups:
        for call in _calls(subject.tokens(group)):
            if len(call.arguments) < _LOOKUPS.get(call.name, 0):
                yield at(group, f"{call.name} without its last argument finds what is near")
                break


@rule("L23", "not-recalculated", "warning", "house rule: every figure can be confirmed")
def not_recalculated(subject: Subject) -> Iterator[Spot]:
    """``xlcredit recalc`` refuses the workbook, and for which formula first."""
    if subject.groups:
        try:
            recalculate(subject.book, strict=True)
        except RecalcError as error:
            yield Spot(next(iter(subject.book.sheets)), "", str(error))


# --- calls ----------------------------------------------------------------------------------


@dataclass
class _Call:
    """A function in a formula, and the tokens of its arguments."""

    name: str
    arguments: list[list[Token]] = field(default_factory=lambda: [[]])


def _calls(tokens: list[Token]) -> Iterator[_Call]:
    """Give each call when it ends."""
    stack: list[_Call] = []
    for token in tokens:
        if token.subtype == token.OPEN:
            stack.append(_Call(token.value[:-1].upper().removeprefix("_XLFN.")))
        elif token.subtype == token.CLOSE and stack:
            yield stack.pop()
        elif stack and token.type == token.SEP and token.value == ",":
            stack[-1].arguments.append([])
            continue
        if stack and token.type != token.WSPACE and token.subtype != token.OPEN:
            stack[-1].arguments[-1].append(token)


# --- circles --------------------------------------------------------------------------------


def _reads(subject: Subject) -> dict[Place, list[Place]]:
    """Which formulas each formula reads; of a copied one, each cell."""
    rows: dict[str, dict[int, list[int]]] = {}
    for sheet, row, column in sorted(subject.book.formulas):
        rows.setdefault(sheet, {}).setdefault(row, []).append(column)
    reads: dict[Place, list[Place]] = {}
    for group in subject.groups:
        tokens = subject.tokens(group)
        inside = around(tokens)
        found = [
            reference(subject, group, token)
            for i, token in enumerate(tokens)
            if not _WHERE & inside[i]
        ]
        places = [group.formula.place] if group.formula.shape else group.area.places
        for place in places:
            reads[place] = [
                there
                for one in found
                if one is not None
                for there in _within(one.seen_from(place, group.formula.place), rows)
            ]
    return reads


def _within(area: Area, rows: dict[str, dict[int, list[int]]]) -> Iterator[Place]:
    """Give the formulas in an area."""
    filled = rows.get(area.sheet, {})
    numbers: Iterable[int] = range(area.top, area.bottom + 1)
    if len(filled) < area.bottom - area.top:
        numbers = [row for row in filled if area.top <= row <= area.bottom]
    for row in numbers:
        for column in filled.get(row, ()):
            if area.left <= column <= area.right:
                yield Place(area.sheet, row, column)


def _circles(reads: dict[Place, list[Place]]) -> Iterator[list[Place]]:
    """Find the sets of cells that all read each other (Tarjan's method, without recursion)."""
    index: dict[Place, int] = {}
    low: dict[Place, int] = {}
    stack: list[Place] = []
    open_: set[Place] = set()
    for start, first in reads.items():
        work = [(start, iter(first))] if start not in index else []
        while work:
            place, rest = work[-1]
            if place not in index:
                index[place] = low[place] = len(index)
                stack.append(place)
                open_.add(place)
            for there in rest:
                if there in reads and there not in index:
                    work.append((there, iter(reads[there])))
                    break
                if there in open_:
                    low[place] = min(low[place], index[there])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[place])
                if low[place] == index[place]:
                    circle = [stack.pop()]
                    while circle[-1] != place:
                        circle.append(stack.pop())
                    open_.difference_update(circle)
                    if len(circle) > 1 or place in reads[place]:
                        yield circle
