"""The quick way of reading a worksheet gives what the careful one gives, or leaves it to that."""

from __future__ import annotations

from pathlib import Path

import pytest

from xlcredit.errors import FileError
from xlcredit.ooxml import scanning
from xlcredit.ooxml.package import Package
from xlcredit.ooxml.sheet import Sheet

WORKBOOKS = sorted((Path(__file__).parents[2] / "workbooks").glob("*.xlsx"))
HEAD = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
TAIL = b"</sheetData></worksheet>"


def carefully(xml: bytes) -> Sheet:
    scanner = scanning._Scanner(xml, "the part")
    scanner.parser.Parse(xml, True)
    return scanner.sheet


def same(one: Sheet, other: Sheet) -> bool:
    spans = [[sheet.content(cell) for cell in sheet.cells.values()] for sheet in (one, other)]
    return (one.prefix, one.data, one.rows, one.cells) == (
        other.prefix,
        other.data,
        other.rows,
        other.cells,
    ) and spans[0] == spans[1]


@pytest.mark.parametrize("path", WORKBOOKS, ids=lambda p: p.stem)
def test_our_workbooks_are_read_quickly_and_alike(path: Path) -> None:
    package = Package(path)
    parts = [part for part in package if part.startswith("xl/worksheets/sheet")]
    for part in parts:
        quick = scanning._quickly(package.read(part))
        assert quick is not None, part
        assert same(quick, carefully(package.read(part))), part


@pytest.mark.parametrize(
    "rows",
    [
        b'<row r="1"><c r="A1" s="3" t="str"><f>B1&amp;"x"</f><v>1x</v></c><c r="C1"/></row>',
        b'<row r="2" ht="12.5"/><row r="7"><c r="B7" s="1" /><c r="D7" t="b"><v>1</v></c></row>',
        b'<row r="1"><c r="A1"><f t="shared" ref="A1:A3" si="0">B1&lt;2</f><v>0</v></c></row>',
        b'<row r="1"><c r="A1" t="inlineStr"><is><t xml:space="preserve"> a </t></is></c></row>',
        b'<row r="1"><c r="A1" cm="1"><f t="array" ref="A1:B2">B9:C10</f><v></v></c></row>',
        b'<row r="1"><c r="A1"><f ca="1"/><v xml:space="preserve"> </v></c></row>',
    ],
)
def test_the_usual_spelling(rows: bytes) -> None:
    xml = HEAD + rows + TAIL
    quick = scanning._quickly(xml)
    assert quick is not None
    assert same(quick, carefully(xml))


@pytest.mark.parametrize(
    "rows",
    [
        b'<row r="1"> <c r="A1"><v>1</v></c></row>',
        b'<row r="1"><c r="A1"><v>1</v></c><!-- why --></row>',
        b'<row r="1"><c r="A1"><f><![CDATA[1<2]]></f><v>1</v></c></row>',
        b'<row r="1"><c r="A1" t="str"><v>&#9731;</v></c></row>',
        b'<row r="1"><c s="1" r="A1"><v>1</v></c></row>',
        b"<row><c><v>1</v></c></row>",
        b'<row r="1"><c r="A1"><v>1</v><f>B1</f></c></row>',
        b'<row r="1"><c r="A1"><is><r><t>a</t></r><rPh sb="0" eb="1"><t>b</t></rPh></is></c></row>',
    ],
)
def test_any_other_spelling_is_read_carefully(rows: bytes) -> None:
    xml = HEAD + rows + TAIL
    assert scanning._quickly(xml) is None
    assert same(scanning.scan(xml, "the part"), carefully(xml))


@pytest.mark.parametrize(
    "rows",
    [
        b'<row r="1"><c r="A1"><v>1</v></row>',
        b'<row r="1"><c r="A2"><v>1</v></c></row>',
        b'<row r="1"><c r="A1"><v>1</v></c><c r="A1"><v>2</v></c></row>',
        b'<row r="1"><c r="XFE1"><v>1</v></c></row>',
        b'<row r="1"><c r="A1" t="str"><v>&nbsp;</v></c></row>',
        b'<row r="1048577"><c r="A1048577"><v>1</v></c></row>',
    ],
)
def test_what_is_damaged_is_refused(rows: bytes) -> None:
    with pytest.raises(FileError, match="the part is damaged"):
        scanning.scan(HEAD + rows + TAIL, "the part")
