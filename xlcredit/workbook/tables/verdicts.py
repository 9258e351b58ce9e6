"""Tests with a verdict: the covenants, and apart from them what a lender must not read as a breach.

A covenant says PASS or BREACH. A condition of closing is MET or NOT MET, a limit of the house is
INSIDE or OUTSIDE, a stress result HOLDS or FAILS. An error reads CHECK in all of them, and NONE
what is not agreed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from openpyxl.styles import Alignment
from openpyxl.worksheet.worksheet import Worksheet

from xlcredit.deals.template import Covenant, Template
from xlcredit.ooxml.place import Place
from xlcredit.workbook import style
from xlcredit.workbook.draft import Draft

__all__ = [
    "AT_LEAST",
    "COLUMNS",
    "COVENANTS",
    "FROZEN",
    "HEADING",
    "NO_VERDICT",
    "NOT_TESTED",
    "SIGNS",
    "TESTED",
    "WORDS",
    "Group",
    "decided",
    "groups",
    "guarded",
    "height",
    "if_agreed",
    "place",
    "write",
]

COVENANTS = "Covenants"
#: What a value must do, as the sheet says it: not fall below its threshold, or not rise above it.
AT_LEAST, AT_MOST = "at least", "at most"
#: The same by the direction of a template.
SIGNS = {"min": AT_LEAST, "max": AT_MOST}
#: What stands above the labels of the other tables, where programs find their titles.
HEADING = "Test"
#: What the names of a value and of a threshold end in, behind that of the test.
TESTED = ".value", ".threshold"
#: And behind those where a copy without worksheet functions holds what they showed.
FROZEN = ".frozen"
COLUMNS = [
    "Covenant",
    "Value",
    "Test",
    "Threshold",
    "Status",
    "Headroom",
    "First breach",
    "Key figure",
    "Driver",
]
_VALUE, _TEST, _THRESHOLD, _STATUS, _HEADROOM, _BREACH, _MOVE, _DRIVER = range(2, 10)
_ROW_HEIGHT = 16
#: What the cells of a test show where it is not agreed, and the verdict then: one word.
_NONE, NO_VERDICT = '"none"', '"NONE"'
#: What the value of a covenant says that was never due for a test: no figure, and no headroom.
NOT_TESTED = '"not tested"'
#: Figures that agree to twelve digits are equal.
_SLACK = "1E-12*ABS({})"


class Group(NamedTuple):
    """One table: its heading, its two words, its tests."""

    title: str
    words: tuple[str, str]
    tests: Sequence[Covenant]


#: Of each kind of test that is no covenant: the table and its two words.
WORDS = {
    "condition": ("Conditions of closing", ("MET", "NOT MET")),
    "limit": ("Limits of the house", ("INSIDE", "OUTSIDE")),
    "stress": ("Stress results", ("HOLDS", "FAILS")),
}


def groups(template: Template) -> list[Group]:
    """The tables, the covenants first; none without a test."""
    found = [Group(COVENANTS, ("PASS", "BREACH"), template.covenant)]
    for kind, (title, words) in WORDS.items():
        if tests := [test for test in template.test if test.kind == kind]:
            found.append(Group(title, words, tests))
    return found


def height(template: Template) -> int:
    """Rows that the tables take: a heading, a header, the tests, air."""
    return sum(len(group.tests) + 3 for group in groups(template))


def place(book: Draft, sheet: str, row: int) -> dict[str, tuple[int, int]]:
    """Record the verdicts and figures by name; give header and last row of each table."""
    found = {}
    for group in groups(book.template):
        header, bottom = row + 1, row + 1 + len(group.tests)
        for at, test in enumerate(group.tests, start=header + 1):
            book.name(test.name, sheet, at, _STATUS, "text")
            for part, column, unit in _parts(test):
                book.name(f"{test.name}.{part}", sheet, at, column, unit)
        found[group.title] = header, bottom
        row = bottom + 2
    statuses = Place(sheet, found[COVENANTS][0] + 1, _STATUS), Place(sheet, row - 2, _STATUS)
    book.places.blocks["summary.statuses"] = statuses
    return found


def write(book: Draft, sheet: Worksheet, row: int) -> None:
    """Write the tables one below the other."""
    for group in groups(book.template):
        style.heading(sheet, row, group.title, len(COLUMNS))
        first = COLUMNS[0] if group.title == COVENANTS else HEADING
        style.table_header(sheet, row + 1, [first, *COLUMNS[1:]])
        for at, test in enumerate(group.tests, start=row + 2):
            _write_test(book, sheet, at, test, group.words)
        bottom = row + 1 + len(group.tests)
        style.paint_status(sheet, f"E{row + 2}:E{bottom}")
        figures = f"B{row + 2}:B{bottom} F{row + 2}:G{bottom}"
        style.paint_failed(sheet, figures, f"$E{row + 2}")
        row = bottom + 2


def guarded(value: str, test: str, threshold: str, words: tuple[str, str]) -> str:
    """The verdict on cells: a word for what passes, one for what does not, CHECK for an error.

    NONE where the value says that there was no test: nothing was owed when one would have been due.
    While an input is empty nothing is said to be untested.
    """
    verdict = decided(value, test, threshold, words)
    return f"CHOOSE(1+COUNTIF({value},{NOT_TESTED})*inputs_complete,{verdict},{NO_VERDICT})"


def decided(value: str, test: str, threshold: str, words: tuple[str, str]) -> str:
    """The verdict on two numbers; CHECK where one is none, or an input is empty that reads as 0."""
    slack = _SLACK.format(threshold)
    return (
        f"IF(AND(ISNUMBER({value}),ISNUMBER({threshold}),inputs_complete),"
        f'IF(OR(AND({test}="{AT_LEAST}",{value}>={threshold}-{slack}),'
        f'AND({test}="{AT_MOST}",{value}<={threshold}+{slack})),"{words[0]}","{words[1]}"),"CHECK")'
    )


def if_agreed(test: Covenant, formula: str) -> str:
    """A figure of a test, or none where that is not agreed; an error of the flag stays one."""
    return f"CHOOSE(1+({test.agreed}),{_NONE},{formula})" if test.agreed else formula


def _parts(covenant: Covenant) -> Iterator[tuple[str, int, str]]:
    """The figures of a covenant that have a name: after the covenant's own, a dot and this."""
    yield "value", _VALUE, covenant.unit
    yield "threshold", _THRESHOLD, covenant.unit
    yield "headroom", _HEADROOM, f"headroom, {covenant.direction}"
    if covenant.first_breach:
        yield "first_breach", _BREACH, "date"
    if covenant.driver_formula:
        yield "driver", _MOVE, covenant.driver_unit


def _write_test(
    book: Draft, sheet: Worksheet, row: int, covenant: Covenant, words: tuple[str, str]
) -> None:
    """One test. Every comparison is guarded: an error reads CHECK and can never pass."""
    style.base(sheet.cell(row, 1), bold=True).value = covenant.label
    book.formula(sheet, row, _VALUE, if_agreed(covenant, covenant.value), covenant.unit, bold=True)
    style.base(sheet.cell(row, _TEST), color=style.MUTED).value = SIGNS[covenant.direction]
    sheet.cell(row, _TEST).alignment = Alignment(horizontal="center")
    threshold = if_agreed(covenant, covenant.threshold)
    book.formula(sheet, row, _THRESHOLD, threshold, covenant.unit)
    for column in (_VALUE, _THRESHOLD):
        style.figure(sheet.cell(row, column), covenant.unit)
    value, test, threshold = f"B{row}", f"C{row}", f"D{row}"
    # one formula for every covenant: the test in the row decides. Equality passes, and figures
    # that agree to twelve digits are equal; without the slack, engines would disagree on a tie
    slack = _SLACK.format(threshold)
    # both say none where it is not agreed: an error of either is none of it, and reads CHECK
    none = f"(COUNTIF({value}:{threshold},{_NONE})=2)*inputs_complete"
    verdict = guarded(value, test, threshold, words)
    verdict = f"CHOOSE(1+{none},{verdict},{NO_VERDICT})"
    status = book.formula(sheet, row, _STATUS, verdict, "text", bold=True)
    status.alignment = Alignment(horizontal="center")
    # a cover that is negative has no headroom: 1 - threshold/value would read as plenty
    # no two numbers, no headroom; and no ratio to what is not above zero, nor a rise of more than
    # 100%: a value below half of what it must be is too far off for a percentage to say anything
    least = f'MAX(0,({test}="{AT_LEAST}")*{threshold}/2)'
    headroom = (
        f"CHOOSE(1+({value}>{least}),"
        f'IF({test}="{AT_LEAST}","none left","unlimited"),'
        f'IF({test}="{AT_LEAST}",1,-1)*(ABS({value}-{threshold})>{slack})*(1-{threshold}/{value}))'
    )
    headroom = f"IF(AND(ISNUMBER({value}),ISNUMBER({threshold})),{headroom},{_NONE})"
    book.formula(sheet, row, _HEADROOM, headroom, f"headroom, {covenant.direction}")
    if covenant.first_breach:
        first = if_agreed(covenant, covenant.first_breach)
        breach = book.formula(sheet, row, _BREACH, first, "date")
        breach.alignment = Alignment(horizontal="center")
    if covenant.driver_formula:
        moved = if_agreed(covenant, covenant.driver_formula)
        book.formula(sheet, row, _MOVE, moved, covenant.driver_unit)
    if covenant.driver_words:
        style.base(
            book.formula(sheet, row, _DRIVER, covenant.driver_words, "text"),
            size=9,
            color=style.MUTED,
        )
    else:
        style.note(sheet.cell(row, _DRIVER), covenant.driver)
    sheet.cell(row, _DRIVER).alignment = Alignment(horizontal="left", vertical="center", indent=1)
    if covenant.unit == "USD":
        for column in (_VALUE, _THRESHOLD):
            sheet.cell(row, column).number_format = style.DOLLARS
    for column in range(1, _DRIVER):
        cell = style.outcome(sheet.cell(row, column))
        cell.alignment = Alignment(horizontal=cell.alignment.horizontal, vertical="center")
    sheet.row_dimensions[row].height = _ROW_HEIGHT
