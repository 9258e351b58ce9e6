"""Constants that are told together are calculated as those that are told one by one."""

from __future__ import annotations

import io

import openpyxl
import pytest
from openpyxl.worksheet.formula import ArrayFormula

from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package
from xlcredit.ooxml.place import Place
from xlcredit.ooxml.values import Value
from xlcredit.recalc import entering, recalculate
from xlcredit.recalc.live import Live
from xlcredit.recalc.routing import ENGINES

#: Of sheet Inputs, column B: numbers, a text, a truth, an empty cell, and a hundred empty ones.
HELD = {1: 5.0, 2: "act/360", 3: True, 5: 2.0, 6: 7.0, 9: "none", 120: 3.0}
ASKED = {1: 6.0, 3: False, 5: -1.5, 9: "open", 120: 0.25}
READ = {
    "sum": "=SUM(Inputs!B1:B200)",
    "filled": "=COUNTA(Inputs!B1:B200)",
    "empty": "=COUNTBLANK(Inputs!B1:B130)",
    "blank": '=IF(ISBLANK(Inputs!B4),"blank","not")',
    "text": '=Inputs!B2&"/"&Inputs!B9',
    "truth": "=IF(Inputs!B3,1,2)",
    "product": "=Inputs!B1*Inputs!B5+Inputs!B120",
    "own": "=Mixed!B3+Mixed!B9",
    "spilt": "=SUM(Mixed!B1:B40)",
}


def workbook() -> bytes:
    """Inputs on a sheet of their own, and some between formulas, one of which fills five cells."""
    made = openpyxl.Workbook()
    inputs = made.active
    inputs.title = "Inputs"
    for row, value in HELD.items():
        inputs.cell(row, 2, value)
    mixed = made.create_sheet("Mixed")
    for row in (1, 2, 9, 30):
        mixed.cell(row, 2, 10.0 * row)
    mixed["B3"] = "=B1+B2"
    for row in range(12, 17):
        mixed.cell(row, 1, float(row))
    mixed["B12"] = ArrayFormula("B12:B16", "=2*A12:A16")
    results = made.create_sheet("Results")
    for row, (name, formula) in enumerate(READ.items(), start=1):
        results.cell(row, 1, name)
        results.cell(row, 2, formula)
    content = io.BytesIO()
    made.save(content)
    return content.getvalue()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("together", [True, False])
def test_constants_told_together(
    engine: str, together: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = workbook()
    changes: dict[Place, Value] = {Place("Inputs", row, 2): v for row, v in ASKED.items()}
    changes |= {Place("Mixed", row, 2): 100.0 * row for row in (1, 2, 9, 30)}
    if not together:
        monkeypatch.setattr(entering, "_FEW", 1_000)
    given = {f"{place.sheet}!B{place.row}": value for place, value in changes.items()}
    whole = recalculate(content, engine=engine, inputs=given)
    live = Live(Book(Package(content)), engine=engine)
    live.set(changes)
    for row, name in enumerate(READ, start=1):
        found = live.value(Place("Results", row, 2))
        assert found == whole.value(f"Results!B{row}"), name
    assert live.value(Place("Results", 9, 2)) == 100.0 + 200.0 + 300.0 + 900.0 + 140.0 + 3000.0
    live.reset(list(changes))
    for row, name in enumerate(READ, start=1):
        assert live.value(Place("Results", row, 2)) == recalculate(content, engine=engine).value(
            f"Results!B{row}"
        ), name


def test_nothing_that_is_calculated_is_overwritten() -> None:
    """What an engine is told between two constants is what stands there as a constant."""
    told: list[tuple[int, list[Value]]] = []

    class Listening:
        def set_column(self, _sheet: str, row: int, _column: int, values: list[Value]) -> None:
            told.append((row, values))

    book = Book(Package(workbook()))
    changes: dict[Place, Value] = {Place("Mixed", row, 2): 1.0 for row in (1, 2, 9, 30)}
    held = book.constants["Mixed"]
    entering.enter(Listening(), book, changes, lambda p: held.get((p.row, p.column)))
    assert told == [(1, [1.0, 1.0]), (9, [1.0]), (30, [1.0])]
    told.clear()
    inputs = book.constants["Inputs"]
    changes = {Place("Inputs", row, 2): 0.0 for row in (1, 3, 5, 120)}
    entering.enter(Listening(), book, changes, lambda p: inputs.get((p.row, p.column)))
    assert told == [(1, [0.0, "act/360", 0.0, None, 0.0]), (120, [0.0])]
