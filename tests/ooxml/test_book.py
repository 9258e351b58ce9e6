"""What of a workbook is read, and what only looks like it."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from openpyxl.workbook.defined_name import DefinedName

from tests.hostile.archives import packed, unpacked
from tests.hostile.workbooks import BOOK, RELATIONS, SHEET, sound
from xlcredit.errors import RecalcError
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package
from xlcredit.ooxml.place import Place
from xlcredit.recalc import recalculate

_OFFICE = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"


@pytest.mark.parametrize("kind", [b"xlMacrosheet", b"chartsheet", b"dialogsheet", b"zzz"])
def test_a_sheet_of_another_kind_is_no_worksheet(kind: bytes) -> None:
    """Excel 4 macros look like cells, and are programs."""
    parts = unpacked(sound())
    parts[BOOK] = parts[BOOK].replace(
        b"</sheets>", b'<sheet name="Other" sheetId="9" r:id="rId9"/></sheets>'
    )
    parts[RELATIONS] = parts[RELATIONS].replace(
        b"</Relationships>",
        b'<Relationship Id="rId9" Type="%b/%b" Target="worksheets/other.xml"/></Relationships>'
        % (_OFFICE, kind),
    )
    parts["xl/worksheets/other.xml"] = parts[SHEET]
    book = Book(Package(packed(parts)))
    assert list(book.sheets) == ["Flow"]
    assert book.sheet_order == ["Flow", "Other"]
    assert {place.sheet for place in book.formulas} == {"Flow"}


def test_a_name_alone_is_the_workbook_s_or_the_only_one(tmp_path: Path) -> None:
    """A sheet that was copied has a name of its own for each of the workbook's, and comes first."""
    book = openpyxl.Workbook()
    book.active.title = "Copy"
    for title in ("Inputs", "Other"):
        book.create_sheet(title)
    for sheet in book:
        sheet["B1"], sheet["B2"] = 2.0, "=B1*2"
    for name, sheets in {"rent": ["Copy"], "only": ["Other"], "either": ["Copy", "Other"]}.items():
        for sheet in sheets:
            book[sheet].defined_names[name] = DefinedName(name, attr_text=f"{sheet}!$B$1")
    book.defined_names["Rent"] = DefinedName("Rent", attr_text="Inputs!$B$1")
    book.save(tmp_path / "book.xlsx")
    found = Book(Package(tmp_path / "book.xlsx"))
    assert found.cell_names == {"Rent": Place("Inputs", 1, 2), "only": Place("Other", 1, 2)}
    assert [found.find(n) for n in ("rent", "RENT", "only", "either", "Copy!B1")] == [
        *[Place("Inputs", 1, 2)] * 2,
        Place("Other", 1, 2),
        None,
        Place("Copy", 1, 2),
    ]
    target = tmp_path / "set.xlsx"
    recalculate(tmp_path / "book.xlsx", target, inputs={"rent": 5.0})
    assert [openpyxl.load_workbook(target)[s]["B1"].value for s in ("Copy", "Inputs")] == [2, 5]
    with pytest.raises(RecalcError, match="either does not stand for one cell; give an address"):
        recalculate(tmp_path / "book.xlsx", inputs={"either": 5.0})
