"""Many cells of the strict engine at once, against the engine's own reading cell by cell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import formulon
import pytest

from xlcredit.errors import CellError
from xlcredit.recalc import machine
from xlcredit.recalc.bulk import CODES, Bulk

ROWS, COLUMNS = 40, 6


@pytest.fixture
def workbook() -> Iterator[Any]:
    machine.start()
    made = formulon.Workbook.create_default()
    yield made
    made.close()


def _cells() -> list[tuple[int, int]]:
    return [(row, column) for row in range(1, ROWS + 1) for column in range(1, COLUMNS + 1)]


def test_every_kind_of_value_is_read_as_the_engine_gives_it(workbook: Any) -> None:
    formulas = ["1/3", "1=1", '"ä€𝄞"&1', "1/0", "NA()", "-1E+300", '""', "SQRT(-1)", "1>2", "Z99"]
    for i, formula in enumerate(formulas):
        workbook.set_formula(0, i, i % COLUMNS, f"={formula}")
    workbook.set_formula(0, 20, 1, "=SEQUENCE(3,2)")
    workbook.set_text(0, 30, 0, "typed")
    workbook.set_error(0, 31, 0, 3)
    workbook.recalc()
    cells = _cells()
    for (row, column), value in zip(cells, Bulk(workbook).values(0, cells), strict=True):
        theirs = workbook.get_value(0, row - 1, column - 1)
        if isinstance(value, CellError):
            assert value.code == CODES[theirs.error_code]
        else:
            assert value == theirs.to_python()
            assert type(value) is type(theirs.to_python())


def test_texts_that_do_not_fit_at_once_are_all_read(workbook: Any) -> None:
    texts = [chr(0x1D11E + row) * 16_000 + str(row) for row in range(ROWS)]
    for row, text in enumerate(texts):
        workbook.set_text(0, row, 0, text)
    assert Bulk(workbook).values(0, [(row + 1, 1) for row in range(ROWS)]) == texts


def test_what_a_formula_fills(workbook: Any) -> None:
    workbook.set_formula(0, 0, 0, "=SEQUENCE(4,3)")
    workbook.set_formula(0, 9, 1, "=1+1")
    workbook.recalc()
    cells = _cells()
    found = dict(zip(cells, Bulk(workbook).extents(0, cells), strict=True))
    assert found.pop((1, 1)) == (4, 3)
    assert set(found.values()) == {(1, 1)}  # those that are filled fill nothing themselves


def test_numbers_that_are_entered_are_there(workbook: Any) -> None:
    workbook.set_formula(0, 0, 9, "=SUM(A1:F40)")
    bulk = Bulk(workbook)
    bulk.enter(0, [(at, float(i)) for i, at in enumerate(_cells())])
    workbook.recalc()
    count = ROWS * COLUMNS
    assert workbook.get_value(0, 0, 9).to_python() == count * (count - 1) / 2


def test_nothing_is_asked_for_nothing(workbook: Any) -> None:
    assert Bulk(workbook).values(0, []) == []
    assert Bulk(workbook).extents(0, []) == []


def test_a_cell_that_the_engine_refuses_is_no_value(workbook: Any) -> None:
    with pytest.raises(RuntimeError, match="refuses a cell"):
        Bulk(workbook).values(7, [(1, 1)])
