"""Calc with the add-in, three times: xlcredit imported, in another process, and not found."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.formula import ArrayFormula

import xlcredit.recalc
from tests.workbook.conftest import Example, example
from xlcredit.hosts.libreoffice.package import unpack
from xlcredit.recalc import LibreOffice
from xlcredit.recalc.libreoffice import environment

__all__ = ["Example", "Rows", "example"]

Rows = list[list[Any]]
Calculate = Callable[..., dict[str, Rows]]


def noted(folder: Path, **changes: Any) -> Path:
    """The unpacked extension, with another note of where xlcredit is."""
    note = unpack(folder) / "xlcredit" / "xlcredit.json"
    note.write_text(json.dumps(json.loads(note.read_text()) | changes))
    return folder


def _running(extensions: Path) -> Iterator[LibreOffice]:
    if shutil.which("soffice") is None and "CI" not in os.environ:
        pytest.skip("LibreOffice is not installed")
    with LibreOffice(extensions=extensions) as office:
        yield office


@pytest.fixture(scope="session")
def calc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LibreOffice]:
    """Calc that imports xlcredit: its Python and this one are both 3.11, or this is not that."""
    yield from _running(unpack(tmp_path_factory.mktemp("extensions")))


@pytest.fixture(scope="session")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder by whose name the other process can be told from others."""
    return tmp_path_factory.mktemp("marked")


@pytest.fixture(scope="session")
def delegated(tmp_path_factory: pytest.TempPathFactory, marked: Path) -> Iterator[LibreOffice]:
    """Calc whose Python is not the one that xlcredit is installed for."""
    folder = unpack(tmp_path_factory.mktemp("delegated"))
    paths = json.loads((folder / "xlcredit" / "xlcredit.json").read_text())["paths"]
    yield from _running(noted(folder, same=["cpython-399"], paths=[*paths, str(marked)]))


@pytest.fixture(scope="session")
def lost(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LibreOffice]:
    """Calc after the Python with xlcredit has gone."""
    folder = tmp_path_factory.mktemp("lost")
    yield from _running(noted(folder, same=[], python="/no/such/python"))


Place = tuple[int, int]


def book(path: Path, sheets: Mapping[str, Mapping[Place, Any]]) -> Path:
    """Write a workbook; a formula with a shape, ``("=...", (2, 3))``, fills that many cells."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for title, cells in sheets.items():
        sheet = made.create_sheet(title)
        for (row, column), value in cells.items():
            cell = sheet.cell(row, column)
            if isinstance(value, tuple):
                formula, (rows, columns) = value
                last = sheet.cell(row + rows - 1, column + columns - 1)
                sheet[cell.coordinate] = ArrayFormula(
                    f"{cell.coordinate}:{last.coordinate}", formula
                )
            else:
                cell.value = value
    made.save(path)
    return path


def in_calc(source: Path, saved: Path) -> dict[str, Any]:
    """Let Calc with the add-in save a workbook; give what it tells over UNO."""
    folder = saved.parent
    driver = Path(xlcredit.recalc.__file__).parent
    command = [str(Path(__file__).with_name("in_calc.py")), str(driver), str(source), str(saved)]
    bundled = {"BUNDLED_EXTENSIONS": unpack(folder / "extensions").as_uri()}
    done = subprocess.run(
        ["/usr/bin/python3", *command],
        capture_output=True,
        text=True,
        check=False,
        env=environment() | bundled,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@pytest.fixture
def calculate(tmp_path: Path, calc: LibreOffice) -> Calculate:
    """Calculate one sheet; give its rows."""

    def run(
        cells: Mapping[Place, Any], office: LibreOffice = calc, **others: Mapping[Place, Any]
    ) -> dict[str, Rows]:
        return office.values(book(tmp_path / "book.xlsx", {"Sheet": cells, **others}))

    return run
