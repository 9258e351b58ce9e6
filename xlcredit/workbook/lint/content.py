"""Rules about what cells hold: units, errors, number formats, and what formulas read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from openpyxl.formula.tokenizer import Token

from xlcredit.errors import CellError
from xlcredit.ooxml.formulas import Group
from xlcredit.ooxml.place import Area, Place, a1, extent
from xlcredit.ooxml.values import Value
from xlcredit.workbook.lint.rule import Spot, at, rule
from xlcredit.workbook.lint.subject import Subject
from xlcredit.workbook.plausible import doubtful_cells

__all__ = ["Reference", "around", "reference"]

_REFERENCE = re.compile(
    r"(?:('(?:[^']|'')+'|[^'!\[\]:]+)!)?(\$?[A-Za-z]{1,3}\$?[0-9]{1,7})(?::(\$?[A-Za-z]{1,3}\$?[0-9]{1,7}))?\Z"
)
#: Functions that ask whether a cell is blank, or only where it stands.
_MIND_BLANKS = frozenset(
    "ISBLANK COUNTA COUNTBLANK COUNT COUNTIF COUNTIFS ROW ROWS COLUMN COLUMNS CELL".split()
)
_GUARDS = frozenset({"ISNUMBER", "ISTEXT", "IFERROR", "ISERROR", "N", "VALUE"})
_ARITHMETIC = frozenset("+-*/^")
#: What a number format says of the unit: per cent, a currency, a word, a date.
_SAYS_UNIT = re.compile(r"%|\"|[$€£¥]|\[\$|[dmyh]", re.IGNORECASE)
_BRACKETS = re.compile(r"[\[(].+[\])]")
#: Nobody reads a longer text for a unit.
_LONGEST_UNIT = 20


@rule("L03", "input-without-unit", "warning", "FAST 3.05-01, 3.05-03")
def input_without_unit(subject: Subject) -> Iterator[Spot]:
    """A typed number that formulas read has a label and no unit.

    A unit stands beside the number, in a column headed Unit, in brackets behind the label, or in
    the number format.
    """
    read = _areas_read(subject)
    for sheet, cells in subject.book.constants.items():
        units = next((c for (_, c), v in sorted(cells.items()) if _is_header(v)), None)
        for (row, column), value in cells.items():
            if not isinstance(value, float):
                continue
            before = [cells.get((row, c)) for c in range(1, column)]
            label = next((v for v in reversed(before) if isinstance(v, str)), None)
            if label is None or any(isinstance(v, float) for v in before):
                continue  # the edge of a grid, or a later number of the row
            shown = subject.layouts[sheet].formats.get((row, column), "")
            beside = cells.get((row, units or column + 1))
            named = _is_unit(beside) or _BRACKETS.search(label) or _SAYS_UNIT.search(shown)
            if not named and any(area.holds(row, column) for area in read[sheet]):
                yield Spot(sheet, a1(row, column), f"{label.strip()} has no unit")


@rule("L24", "another-unit", "warning", "FAST 3.05-01")
def another_unit(subject: Subject) -> Iterator[Spot]:
    """A figure of a workbook of ours is outside what its unit has been: it may mean another one."""
    for place, told in doubtful_cells(subject.book):
        yield Spot(place.sheet, a1(place.row, place.column), told)


@rule("L10", "blank-reference", "warning", "house rule: a blank counts as nought unseen")
def blank_reference(subject: Subject) -> Iterator[Spot]:
    """A formula reads a blank cell, or a range in which every cell is blank."""
    for group in subject.groups:
        tokens = subject.tokens(group)
        inside = around(tokens)
        for i, token in enumerate(tokens):
            if not _MIND_BLANKS & inside[i] and not _asks_for_nothing(tokens, i):
                yield from _told(subject, group, token, _is_blank, "is blank")


@rule("L11", "text-in-arithmetic", "error", "house rule: arithmetic is for numbers")
def text_in_arithmetic(subject: Subject) -> Iterator[Spot]:
    """A formula adds, subtracts, multiplies or divides a cell that shows text."""
    for group in subject.groups:
        if _GUARDS & subject.functions(group):
            continue
        tokens = [t for t in subject.tokens(group) if t.type != t.WSPACE]
        for i, token in enumerate(tokens):
            if _in_arithmetic(tokens, i):
                yield from _told(subject, group, token, _shows_text, "shows text")


@rule("L17", "error-value", "error", "ICAEW principle 19")
def error_value(subject: Subject) -> Iterator[Spot]:
    """A cell shows an error, or a formula holds one where a reference was."""
    for group in subject.groups:
        broken = [t.value for t in subject.tokens(group) if t.subtype == t.ERROR]
        if any(value != "#N/A" for value in broken):
            yield at(group, f"{broken[0]} stands where a reference was")
            continue
        bad = [p for p in group.area.places if isinstance(subject.values[p], CellError)]
        if bad:
            yield from _some_of(group, bad, f"shows {_code(subject.values[bad[0]])}")
    for sheet, cells in subject.book.constants.items():
        for (row, column), value in cells.items():
            if isinstance(value, CellError):
                yield Spot(sheet, a1(row, column), f"holds {value.code}")


@rule("L18", "no-number-format", "note", "house rule: a figure is shown in its unit")
def no_number_format(subject: Subject) -> Iterator[Spot]:
    """A calculated number with decimals is shown in the format General."""
    for group in subject.groups:
        formats = subject.layouts[group.area.sheet].formats
        general = [p for p in group.area.places if formats.get(p[1:], "General") == "General"]
        if any(_has_decimals(subject.values[place]) for place in general):
            yield at(group, "the format is General; give decimals and a unit")


# --- what formulas read ---------------------------------------------------------------------


@dataclass(frozen=True)
class Reference:
    """What a token refers to in the first cell of a group, and which of its ends move along."""

    area: Area
    fixed: tuple[bool, bool, bool, bool]

    def seen_from(self, place: Place, first: Place) -> Area:
        """Give the area that a copy of the formula refers to."""
        down, across = place.row - first.row, place.column - first.column
        ends = (self.area.top, self.area.left, self.area.bottom, self.area.right)
        moves = (down, across, down, across)
        moved = [e if f else e + m for e, f, m in zip(ends, self.fixed, moves, strict=True)]
        return Area(self.area.sheet, *moved)


def reference(subject: Subject, group: Group, token: Token) -> Reference | None:
    """Find what a token refers to; None if that is no area of this workbook."""
    if token.type != token.OPERAND or token.subtype != token.RANGE:
        return None
    text, home = token.value, group.area.sheet
    if named := subject.names.get(text.lower()):
        text, home = named.text, named.sheet or home
    match = _REFERENCE.match(text)
    if not match:
        return None
    written = (match[1] or home).strip("'").replace("''", "'").lower()
    sheet = next((s for s in subject.book.sheets if s.lower() == written), None)
    if sheet is None:
        return None
    first, last = match[2], match[3] or match[2]
    area = Area(sheet, *extent(f"{first}:{last}".upper()))
    fixed = [bool(re.match(p, corner)) for corner in (first, last) for p in (r".+\$\d", r"\$")]
    return Reference(area, (fixed[0], fixed[1], fixed[2], fixed[3]))


def _told(
    subject: Subject,
    group: Group,
    token: Token,
    is_bad: Callable[[Subject, Area], bool],
    what: str,
) -> Iterator[Spot]:
    """Tell for which copies of a formula a token refers to something bad."""
    found = reference(subject, group, token)
    if found is None:
        return
    first = group.formula.place
    places = [first] if all(found.fixed) else list(group.area.places)
    bad = [p for p in places if is_bad(subject, found.seen_from(p, first))]
    if bad:
        seen = found.seen_from(bad[0], first)
        name = token.value if bad[0] == first else str(seen)
        yield from _some_of(group, bad, f"{name} {what}")


def _some_of(group: Group, bad: list[Place], message: str) -> Iterator[Spot]:
    """Place a message on the first bad cell of a group, and count the others."""
    also = f" (and for {len(bad) - 1} more of {group.area.reference})" if len(bad) > 1 else ""
    cell = a1(bad[0].row, bad[0].column)
    yield Spot(group.area.sheet, cell, message + also, str(group.formula))


def _is_blank(subject: Subject, area: Area) -> bool:
    filled = subject.filled[area.sheet]
    if len(area) <= len(filled):
        return not any((row, column) in filled for _, row, column in area.places)
    return not any(area.holds(row, column) for row, column in filled)


def _shows_text(subject: Subject, area: Area) -> bool:
    return len(area) == 1 and isinstance(subject.values.get(next(area.places)), str)


def _in_arithmetic(tokens: list[Token], i: int) -> bool:
    """Whether an operator that wants numbers stands beside an operand."""
    if tokens[i].type != tokens[i].OPERAND:
        return False
    beside = [tokens[j] for j in (i - 1, i + 1) if 0 <= j < len(tokens)]
    return any(t.type in (t.OP_IN, t.OP_PRE) and t.value in _ARITHMETIC for t in beside)


def around(tokens: list[Token]) -> list[frozenset[str]]:
    """Name the functions around each token."""
    stack = [frozenset[str]()]
    functions = []
    for token in tokens:
        functions.append(stack[-1])
        if token.subtype == token.OPEN:
            stack.append(stack[-1] | {token.value[:-1].upper().removeprefix("_XLFN.")})
        elif token.subtype == token.CLOSE and len(stack) > 1:
            stack.pop()
    return functions


def _asks_for_nothing(tokens: list[Token], i: int) -> bool:
    """Whether an operand is compared with the empty text."""
    after = tokens[i + 1 : i + 3]
    return len(after) == 2 and after[0].value in ("=", "<>") and after[1].value == '""'


# --- what cells hold ------------------------------------------------------------------------


def _areas_read(subject: Subject) -> dict[str, set[Area]]:
    """Every area that formulas read, by sheet: for copies, the box around what they all read."""
    read: dict[str, set[Area]] = {name: set() for name in subject.book.sheets}
    for group in subject.groups:
        first, area = group.formula.place, group.area
        for token in subject.tokens(group):
            if found := reference(subject, group, token):
                one = found.area
                end = Place(area.sheet, area.bottom, area.right)
                other = found.seen_from(end, first)
                read[one.sheet].add(Area(one.sheet, one.top, one.left, other.bottom, other.right))
    return read


def _is_header(value: Value) -> bool:
    return isinstance(value, str) and value.strip().lower() in ("unit", "units")


def _is_unit(value: Value) -> bool:
    return isinstance(value, str) and 0 < len(value.strip()) <= _LONGEST_UNIT


def _has_decimals(value: Value) -> bool:
    return isinstance(value, float) and not value.is_integer()


def _code(value: Value) -> str:
    return value.code if isinstance(value, CellError) else ""
