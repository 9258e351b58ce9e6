"""A file is opened once: no command reads the same bytes twice, or by way of a temporary file."""

from __future__ import annotations

import datetime
import hashlib
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from typer.testing import CliRunner

from xlcredit.cli import app
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package
from xlcredit.workbook.life import freeze

LOAN = Path(__file__).parents[2] / "workbooks" / "gpu-borrowing-base.xlsx"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Counter[tuple[str, int]]:
    """How often each content was unpacked and read, while nothing else may open a workbook."""
    count: Counter[tuple[str, int]] = Counter()
    unpack, read = Package.__init__, Book.__init__

    def counted_unpack(self: Package, *args: Any, **more: Any) -> None:
        unpack(self, *args, **more)
        count["package", hash(self.data)] += 1

    def counted_read(self: Book, package: Package) -> None:
        count["book", hash(package.data)] += 1
        read(self, package)

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("a workbook goes through openpyxl or a temporary folder")

    monkeypatch.setattr(Package, "__init__", counted_unpack)
    monkeypatch.setattr(Book, "__init__", counted_read)
    monkeypatch.setattr(openpyxl, "load_workbook", refused)
    monkeypatch.setattr(openpyxl.reader.excel, "load_workbook", refused)
    monkeypatch.setattr(tempfile, "TemporaryDirectory", refused)
    return count


def stressed(folder: Path) -> Path:
    """Another workbook of the same template."""
    path = folder / "stress.xlsx"
    done = CliRunner().invoke(app, ["recalc", str(LOAN), "--set", "draw=40e6", "-o", str(path)])
    assert path.exists(), done.output
    return path


def recalc_to(folder: Path) -> list[str]:
    return ["recalc", str(LOAN), "--set", "draw=40e6", "-o", str(folder / "out.xlsx")]


def recalc_by_address(folder: Path) -> list[str]:
    return ["recalc", str(LOAN), "--set", "Inputs!B30=0.3", "--json"]


#: Each command with how many workbooks it opens: what it reads, and what it makes and checks.
COMMANDS: dict[str, tuple[int, Callable[[Path], list[str]]]] = {
    "new": (1, lambda folder: ["new", "gpu-borrowing-base", "-o", str(folder / "new.xlsx")]),
    "recalc -o": (1, recalc_to),
    "recalc --check": (1, lambda _: ["recalc", str(LOAN), "--check"]),
    "recalc --set by address": (1, recalc_by_address),
    "show": (1, lambda _: ["show", str(LOAN)]),
    "diff": (2, lambda folder: ["diff", str(LOAN), str(stressed(folder))]),
    "freeze": (2, lambda folder: ["freeze", str(LOAN), "-o", str(folder / "frozen.xlsx")]),
    "lite": (1, lambda folder: ["lite", str(LOAN), "-o", str(folder / "lite.xlsx")]),
    "extract": (1, lambda folder: ["extract", str(LOAN), "-o", str(folder / "deal.toml")]),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_each_file_is_read_once(
    command: str, opened: Counter[tuple[str, int]], tmp_path: Path
) -> None:
    files, words = COMMANDS[command]
    arguments = words(tmp_path)
    opened.clear()
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code in (0, 1), done.output
    assert not isinstance(done.exception, AssertionError), done.exception
    assert set(opened.values()) == {1}, opened
    assert sum(kind == "book" for kind, _ in opened) == files


def test_freeze_seals_the_bytes_that_it_read(tmp_path: Path) -> None:
    """Somebody saves over the source while it is frozen: the copy is of what was read."""
    source = tmp_path / "loan.xlsx"
    source.write_bytes(LOAN.read_bytes())
    book = Book(Package(source))
    source.write_bytes(b"something else")
    copy = freeze.freeze(book, datetime.date(2026, 11, 22))
    stated = freeze.verify(copy).facts["SHA-256 of the source file"]
    assert stated == hashlib.sha256(LOAN.read_bytes()).hexdigest()
