"""What a file says of itself, as openpyxl wrote it."""

from __future__ import annotations

import datetime
from pathlib import Path

import openpyxl
from openpyxl.packaging.custom import StringProperty

from xlcredit.ooxml.package import Package, pack
from xlcredit.ooxml.properties import created, read_properties


def test_properties_and_date_are_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.properties.created = datetime.datetime(2026, 11, 22, 9, 30)
    book.custom_doc_props.append(StringProperty(name="deal", value="Atlas & Sons <2>"))
    book.save(tmp_path / "book.xlsx")
    package = Package(tmp_path / "book.xlsx")
    assert read_properties(package) == {"deal": "Atlas & Sons <2>"}
    assert created(package) == datetime.date(2026, 11, 22)


def test_a_file_need_not_have_any(tmp_path: Path) -> None:
    openpyxl.Workbook().save(tmp_path / "book.xlsx")
    package = Package(tmp_path / "book.xlsx")
    bare = Package(pack(package, {"docProps/core.xml": None}))
    assert read_properties(bare) == {} and created(bare) is None
