"""Workbooks and sheets as the tests of this folder open, change and pack them."""

from __future__ import annotations

from pathlib import Path

from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package, pack
from xlcredit.ooxml.patch import Changes, patch_sheet
from xlcredit.ooxml.scanning import scan
from xlcredit.ooxml.values import Value

HEAD = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'


def patch(xml: str, results: dict[tuple[int, int], Value], **more: dict[tuple[int, int], object]):
    sheet = scan(xml.encode(), "test")
    return patch_sheet(sheet, Changes(results, **more)).decode()  # type: ignore[arg-type]


def book(path: Path) -> Book:
    return Book(Package(path))


def packed(path: Path, changed: dict[str, bytes]) -> Book:
    made = path.with_name(f"new {path.name}")
    made.write_bytes(pack(Package(path), changed))
    return book(made)
