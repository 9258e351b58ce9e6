"""Small files that ask for more than a machine has: a line each, and the rest is calculated."""

from __future__ import annotations

import pytest

from xlcredit.errors import FileError
from xlcredit.ooxml import book as reading
from xlcredit.ooxml.package import Package, pack
from xlcredit.ooxml.relations import Additions
from xlcredit.recalc import recalculate
from xlcredit.recalc.routing import ENGINES

from .conftest import Make, edit_part


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        ("=SUM(A2:XFD1048576)", "reads 17,179,852,800 cells"),
        ("=SUM(A:XFD)", "cells; 20,000,000 are the most"),
        ("=SUM(1:1048576)", "cells; 20,000,000 are the most"),
        ("=" + "+".join(["B9"] * 3_000), "more than Excel's 8,192 characters"),
        ("=" + "(" * 300 + "1" + ")" * 300, "more than 200 brackets inside each other"),
    ],
)
def test_a_formula_that_is_too_large_costs_its_cell_alone(
    formula: str, reason: str, make: Make
) -> None:
    path = make({"A1": formula, "A2": "=A1*2", "A3": "=1+1", "XFD1048576": 1})
    result = recalculate(path)
    (missing,) = result.not_calculated
    assert missing.cell == "A1"
    assert reason in missing.reason
    assert [d.cell for d in result.dependent] == ["A2"]
    assert result.value("S", "A3") == 2


def test_text_that_doubles_ends_where_cells_end(make: Make) -> None:
    cells = {"A1": "ab"} | {f"A{r}": f"=A{r - 1}&A{r - 1}" for r in range(2, 46)}
    for engine in ENGINES:
        result = recalculate(make(cells), engine=engine)
        assert len(str(result.value("S", "A14"))) == 2**14
        assert str(result.value("S", "A17")).startswith("#VALUE!")


def test_more_cells_than_a_laptop_holds(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make({f"A{r}": r for r in range(1, 50)} | {"B1": "=1+1"})
    monkeypatch.setattr(reading, "_MOST_CELLS", 40)
    with pytest.raises(FileError, match="holds 50 cells; more than 40 are not read"):
        recalculate(path)


def test_a_text_longer_than_a_cell(make: Make) -> None:
    path = make({"A1": "x", "A2": "=A1"})
    package = Package(path)
    added = Additions(package)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    added.add(
        "xl/sharedStrings.xml", f'<sst xmlns="{main}"><si><t>{"x" * 40_000}</t></si></sst>', kind
    )
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    added.relate("xl/workbook.xml", f"{office}/sharedStrings", "xl/sharedStrings.xml")
    sheet = package.read("xl/worksheets/sheet1.xml").replace(b"<f>A1", b"<f>A9")
    sheet = sheet.replace(
        b"</row></sheetData>", b'</row><row r="9"><c r="A9" t="s"><v>0</v></c></row></sheetData>'
    )
    path.write_bytes(pack(package, {**added.parts, "xl/worksheets/sheet1.xml": sheet}))
    with pytest.raises(FileError, match="a text of 40,000 characters; a cell holds 32,767"):
        recalculate(path)


def test_rounds_without_end_are_refused(make: Make) -> None:
    path = make({"A1": "=A1+1"})
    edit_part(
        path,
        "xl/workbook.xml",
        (r"<calcPr[^>]*/>", '<calcPr iterate="1" iterateCount="2000000000"/>'),
    )
    with pytest.raises(FileError, match="the number of iterations cannot be read"):
        recalculate(path)


def test_a_semicolon_is_told_where_it_stands(make: Make) -> None:
    cells = {"A1": "=MAX(0;B1)", "A2": "=_xlfn.MINIFS(B1:B2,C1:C2,1)", "A3": '=A2&";"'}
    values = {"B1": 3, "B2": 4, "C1": 1, "C2": 1}
    result = recalculate(make(cells | values))
    (fault,) = result.errors
    assert (fault.cell, fault.reason) == (
        "A1", "a semicolon stands between the arguments of a function; a file has commas",
    )  # fmt: skip
    assert (result.value("S", "A2"), result.value("S", "A3")) == (3, "3;")
