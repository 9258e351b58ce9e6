"""The conformance table in a real Calc, and which differences are Calc's own and documented.

They are documented in :mod:`xlcredit.hosts.libreoffice`. Whether one applies is told from the
arguments of a call, and with it every cell that Calc must then show: a cell that shows anything
else is wrong, however much the call resembles a documented one.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.formula.translate import Translator
from openpyxl.worksheet.formula import ArrayFormula

from tests.conformance.cases import Case, Rows, agrees, normal
from tests.functions.cases import answer
from xlcredit.errors import CellError
from xlcredit.hosts.libreoffice.package import unpack
from xlcredit.ooxml.place import a1
from xlcredit.recalc import LibreOffice

__all__ = ["DOCUMENTED", "HERE", "WRONG", "answers", "difference"]

#: Whether there is a LibreOffice to ask.
HERE = shutil.which("soffice") is not None

REFUSED = "a range with an error cell shows Err:504"
COVENANT = "XLC_COVENANT of an error cell shows that error, not CHECK"
BLANK = "a single blank cell counts as 0"
TRUE = "TRUE counts as 1 and shows as 1"
#: The kinds of difference that are documented. ``XLC_WHY`` has none but the last two.
DOCUMENTED = (REFUSED, COVENANT, BLANK, TRUE)
#: Any other.
WRONG = "wrong"


def answers(cases: list[Case]) -> list[Rows]:
    """All calls in one workbook of one Calc session: a sheet for each function, calls below it.

    Calc takes 25 ms for each sheet, so that a sheet for each call would take too long.
    """
    from tests.conformance.hosts import fill  # which imports this module

    book = openpyxl.Workbook()
    book.remove(book.active)
    free: dict[str, int] = {}
    places = []
    for case in cases:
        above = free.setdefault(case.function, 0)
        sheet = book[case.function] if above else book.create_sheet(case.function)
        fill(_Below(sheet, above, case), case)
        places.append((case, above))
        free[case.function] += 1 + max(len(b) for b in (case.expected, *case.blocks) if b)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cases.xlsx"
        book.save(path)
        with LibreOffice(extensions=unpack(Path(folder) / "extensions")) as office:
            values = office.values(path)
    return [
        [
            row[: len(case.expected[0])]
            for row in values[case.function][above:][: len(case.expected)]
        ]
        for case, above in places
    ]


class _Below:
    """A sheet that begins further down, for a call that is written as if it were the first."""

    def __init__(self, sheet: Any, above: int, case: Case) -> None:
        self._sheet = sheet
        self._above = above
        last = a1(above + len(case.expected), len(case.expected[0]))
        self._corner = a1(above + 1, 1)
        self._area = f"{self._corner}:{last}"

    def cell(self, row: int, column: int, value: Any) -> None:
        self._sheet.cell(row + self._above, column, value)

    def __setitem__(self, first: str, formula: str | ArrayFormula) -> None:
        """Write the formula, which stands in the first cell."""
        block = isinstance(formula, ArrayFormula)
        text = formula.text if isinstance(formula, ArrayFormula) else formula
        text = Translator(text, first).translate_formula(self._corner)
        self._sheet[self._corner] = ArrayFormula(self._area, text) if block else text


def difference(case: Case, got: Rows) -> str | None:
    """Class what Calc shows: ``None`` if it is right, a documented kind, or ``WRONG``.

    An error that only Calc has, such as Err:504, is no ``#VALUE!``, though a file stores it so.
    """
    own = [
        cell.reason for row in got for cell in row if isinstance(cell, CellError) and cell.reason
    ]
    if not own and agrees(got, case.expected):
        return None
    for kind, rows in _documented(case):
        reasons = [cell.reason for row in rows for cell in row if isinstance(cell, CellError)]
        if own == [reason for reason in reasons if reason] and agrees(got, rows):
            return kind
    return WRONG


def _documented(case: Case) -> Iterator[tuple[str, Rows]]:
    """Give the documented differences that the arguments bring about, and what must then show."""
    blocks = [block for block in case.blocks if block is not None]
    if case.function != "XLC_WHY":  # it is given the cells themselves
        wide = [block for block in blocks if not _single(block)]
        if any(isinstance(cell, CellError) for block in wide for row in block for cell in row):
            yield REFUSED, _filled(case, CellError("#VALUE!", "LibreOffice: Err:504"))
            return
    if case.function == "XLC_COVENANT":
        for block in filter(_single, blocks):
            if isinstance(block[0][0], CellError):
                yield COVENANT, _filled(case, CellError(block[0][0].code))
                return
    if [[None]] in blocks:
        yield BLANK, _again(case)
    if any(_true(cell) for block in (*blocks, case.expected) for row in block for cell in row):
        yield TRUE, _again(case)


def _single(block: Rows) -> bool:
    return len(block) == len(block[0]) == 1


def _true(cell: Any) -> bool:
    return isinstance(cell, bool)


def _filled(case: Case, cell: CellError) -> Rows:
    return [[cell] * len(row) for row in case.expected]


def _again(case: Case) -> Rows:
    """Answer the call as Calc hands it over: a single blank as 0, and TRUE as 1."""
    given: list[Any] = []
    for block in case.blocks:
        rows = [[0.0]] if block == [[None]] else block and _numbers(block)
        given.append(rows[0][0] if rows and _single(rows) else rows)
    shown = normal(answer(case.function, *given))
    return _numbers([[_without_reason(cell) for cell in row] for row in shown])


def _numbers(rows: Rows) -> Rows:
    return [[float(cell) if _true(cell) else cell for cell in row] for row in rows]


def _without_reason(cell: Any) -> Any:
    return CellError(cell.code) if isinstance(cell, CellError) else cell
