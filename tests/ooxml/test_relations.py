"""Relationships, content types and added parts."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from tests.hostile.workbooks import sound
from xlcredit.errors import FileError
from xlcredit.ooxml.package import Package, pack
from xlcredit.ooxml.relations import TYPES, Additions, related, relations_of, without


@pytest.fixture
def package(tmp_path: Path) -> Package:
    book = openpyxl.Workbook()
    book.create_sheet("Second")
    book.save(tmp_path / "book.xlsx")
    return Package(tmp_path / "book.xlsx")


def test_relationships_stand_beside_their_part() -> None:
    assert relations_of("xl/workbook.xml") == "xl/_rels/workbook.xml.rels"
    assert relations_of("") == "_rels/.rels"


def test_the_sheets_of_a_workbook_are_found(package: Package) -> None:
    found = related(package, "xl/workbook.xml").values()
    sheets = [relation.part for relation in found if relation.kind == "worksheet"]
    assert sheets == ["xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml"]
    assert all(relation.part in package for relation in found)


def test_a_missing_part_of_relationships_is_damage(package: Package) -> None:
    with pytest.raises(FileError, match="damaged"):
        related(package, "xl/worksheets/sheet1.xml")


@pytest.mark.parametrize("word", ["worksheet", "sharedStrings"])
def test_a_type_that_excel_does_not_know_is_damage(word: str) -> None:
    """The strict engine would not read the sheet, and show 0 for its formulas."""
    name, package = "xl/_rels/workbook.xml.rels", Package(sound())
    whole = package.read(name)
    bent = whole.replace(b"2006/relationships/" + word.encode(), b"2009/" + word.encode())
    assert bent != whole
    with pytest.raises(FileError, match=f"no such type of {word}"):
        related(Package(pack(package, {name: bent})), "xl/workbook.xml")


def test_an_added_part_is_known_and_found(package: Package) -> None:
    added = Additions(package)
    added.add("customXml/item1.xml", "<a/>", "application/xml")
    key = added.relate("xl/workbook.xml", "http://example.org/kinds/custom", "customXml/item1.xml")
    after = Package(pack(package, added.parts))
    assert related(after, "xl/workbook.xml")[key].part == "customXml/item1.xml"
    assert related(after, "xl/workbook.xml")[key].kind == "custom"
    assert b'PartName="/customXml/item1.xml"' in after.read(TYPES)
    assert after.read("customXml/item1.xml").endswith(b"<a/>")
    assert key not in related(package, "xl/workbook.xml")


def test_a_part_without_relationships_gets_its_own(package: Package) -> None:
    added = Additions(package)
    added.add("xl/drawings/drawing9.xml", "<a/>", "application/xml")
    keys = [
        added.relate("xl/worksheets/sheet2.xml", f"http://example.org/kinds/{n}", part)
        for n, part in enumerate(("xl/drawings/drawing9.xml", "xl/worksheets/other.xml"))
    ]
    assert keys == ["rId1", "rId2"]
    after = related(Package(pack(package, added.parts)), "xl/worksheets/sheet2.xml")
    assert [after[key].part for key in keys] == [
        "xl/drawings/drawing9.xml",
        "xl/worksheets/other.xml",
    ]


def test_an_element_is_dropped_with_its_prefix_and_end_tag() -> None:
    xml = b'<x:a><x:b name="/one"/><x:b name="/two"></x:b><x:c name="/two"/></x:a>'
    assert without(xml, "b", "/two") == b'<x:a><x:b name="/one"/><x:c name="/two"/></x:a>'
