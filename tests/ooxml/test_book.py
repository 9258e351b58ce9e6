"""What of a workbook is read, and what only looks like it."""

from __future__ import annotations

import pytest

from tests.hostile.archives import packed, unpacked
from tests.hostile.workbooks import BOOK, RELATIONS, SHEET, sound
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package

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
