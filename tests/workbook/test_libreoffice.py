"""LibreOffice computes every native cell to the same figure; and every reader sees it."""

from __future__ import annotations

import re

import openpyxl
import pandas as pd
import pytest
from openpyxl.formula import Tokenizer
from openpyxl.formula.tokenizer import Token
from openpyxl.utils.cell import range_boundaries

from tests.workbook.conftest import Example
from xlcredit.errors import CellError
from xlcredit.recalc import LibreOffice

Place = tuple[str, int, int]


def formulas(example: Example) -> dict[Place, str]:
    return {
        (sheet.title, cell.row, cell.column): cell.value
        for sheet in example.formulas
        for row in sheet.iter_rows()
        for cell in row
        if isinstance(cell.value, str) and cell.data_type == "f"
    }


def precedents(example: Example, place: Place, formula: str) -> set[Place]:
    """Cells that a formula reads, names followed to their cells."""
    found: set[Place] = set()
    for token in Tokenizer(formula).items:
        if token.type != Token.OPERAND or token.subtype != Token.RANGE:
            continue
        text = token.value
        if text in example.formulas.defined_names:
            text = example.formulas.defined_names[text].attr_text
        sheet, _, area = text.rpartition("!")
        left, top, right, bottom = range_boundaries(area.replace("$", ""))
        name = sheet.strip("'") or place[0]
        found |= {
            (name, row, column)
            for row in range(top, bottom + 1)
            for column in range(left, right + 1)
        }
    return found


def on_worksheet_functions(example: Example) -> set[Place]:
    """Cells that depend on a worksheet function, however far away."""
    cells = formulas(example)
    reads = {place: precedents(example, place, text) for place, text in cells.items()}
    tainted = {place for place, text in cells.items() if "XLC_" in text}
    while grown := {p for p, r in reads.items() if p not in tainted and not r.isdisjoint(tainted)}:
        tainted |= grown
    return tainted


@pytest.mark.libreoffice
def test_native_cells_agree(example: Example, office: LibreOffice) -> None:
    other = office.values(example.path)
    tainted = on_worksheet_functions(example)
    compared = 0
    for place in formulas(example):
        if place in tainted:
            continue
        sheet, row, column = place
        ours = example.result.values[sheet][row, column]
        theirs = other[sheet][row - 1][column - 1]
        # a balance that has been repaid is the rounding of the row's largest figure
        assert _same(ours, theirs, _largest(example, sheet, row)), (place, ours, theirs)
        compared += 1
    assert compared > 2500


@pytest.mark.libreoffice
def test_twins_agree_across_engines(example: Example, office: LibreOffice) -> None:
    """Our function in the embedded engine against the native formula in LibreOffice."""
    other = office.values(example.path)["Audit"]
    tainted = on_worksheet_functions(example)
    compared = 0
    for row in range(5, 5 + len(example.template.twin)):
        if ("Audit", row, 5) in tainted:
            continue
        function = example.result.values["Audit"][row, 4]
        native = other[row - 1][4]
        assert isinstance(function, float)
        assert abs(function - float(native)) / max(1.0, abs(function)) < 1e-9, row
        compared += 1
    # a spread that counts the simulation and a break-even that is searched for have no other way
    assert compared >= len(example.template.twin) - 2


@pytest.mark.libreoffice
def test_the_stored_values_survive_without_the_add_in(
    example: Example, plain_office: LibreOffice
) -> None:
    """Opened as a colleague would, without recalculation, LibreOffice shows our figures."""
    shown = plain_office.values(example.path)
    for place in formulas(example):
        sheet, row, column = place
        ours = example.result.values[sheet][row, column]
        assert _same(ours, shown[sheet][row - 1][column - 1]), place


def test_openpyxl_and_pandas_read_the_same(example: Example) -> None:
    book = openpyxl.load_workbook(example.path, data_only=True)
    for sheet, values in example.result.values.items():
        frame = pd.read_excel(
            example.path,
            sheet_name=sheet,
            header=None,
            keep_default_na=False,
            dtype=object,
            engine="openpyxl",
        )
        for (row, column), value in values.items():
            # pandas leaves out the rows at the end in which nothing but text of no letters stands
            framed = frame.iat[row - 1, column - 1] if row <= len(frame) else None
            for told in (book[sheet].cell(row, column).value, framed):
                read = (
                    "" if told is None else told
                )  # None is openpyxl's word for text of no letters
                if hasattr(read, "year"):
                    continue  # a date, which both readers have turned from its serial
                assert _same(value, read), (sheet, row, column, value, read)


def _largest(example: Example, sheet: str, row: int) -> float:
    values = example.result.values[sheet]
    return max(
        (abs(v) for (r, _), v in values.items() if r == row and isinstance(v, float)), default=1.0
    )


def _same(ours: object, theirs: object, scale: float = 1.0) -> bool:
    if isinstance(ours, CellError) or isinstance(theirs, CellError):
        code = re.match(r"#[A-Z0-9/!?]+", str(theirs))
        return isinstance(ours, CellError) and code is not None and ours.code == code[0]
    if isinstance(ours, (bool, float, int)) and isinstance(theirs, (bool, float, int)):
        return abs(float(ours) - float(theirs)) <= 1e-9 * max(scale, abs(float(ours)))
    return str(ours) == str(theirs)
