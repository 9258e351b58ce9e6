"""LibreOffice calculates the same, takes inputs, prints, and may be missing."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pytest

from xlcredit.errors import FileError, HostError
from xlcredit.recalc import LibreOffice, recalculate


def _is_number(value: object) -> bool:
    return isinstance(value, float)


@pytest.mark.libreoffice
def test_libreoffice_agrees_cell_by_cell(
    committee_book: Path, tmp_path: Path, office: LibreOffice
) -> None:
    target = tmp_path / "out.xlsx"
    result = recalculate(committee_book, target, functions={}, inputs={"decline": 0.55})
    theirs = office.values(target)
    for sheet, cells in result.values.items():
        for (row, column), value in cells.items():
            other = theirs[sheet][row - 1][column - 1]
            assert other == (pytest.approx(value, rel=1e-12) if _is_number(value) else value)


@pytest.mark.libreoffice
def test_libreoffice_takes_inputs_and_prints(
    committee_book: Path, tmp_path: Path, office: LibreOffice
) -> None:
    values = office.values(committee_book, {"Inputs!B2": 0.0})
    assert values["Summary"][0][1] == pytest.approx(24 * 2.5)
    assert office.pdf(committee_book, tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")


def test_missing_libreoffice_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="no program no-such-office; install it"):
        LibreOffice(soffice="no-such-office")
    with pytest.raises(HostError, match="needs /no/python with python3-uno"):
        LibreOffice(soffice=sys.executable, python="/no/python")
    with pytest.raises(HostError, match=r"needs uno in .*; install python3-uno"):
        LibreOffice(soffice=sys.executable, python=sys.executable)


@pytest.mark.libreoffice
def test_libreoffice_that_dies_or_cannot_read(tmp_path: Path, office: LibreOffice) -> None:
    before = set(Path(tempfile.gettempdir()).glob("xlcredit-office-*"))
    with pytest.raises(FileError, match="no such file"):
        office.values(tmp_path / "none.xlsx")
    (tmp_path / "bad.xlsx").write_bytes(b"PK\3\4" + bytes(100))
    with pytest.raises(HostError, match="could not do it for"):
        office.values(tmp_path / "bad.xlsx")
    with pytest.raises(HostError, match="did not start"):
        LibreOffice(soffice="false")
    assert set(Path(tempfile.gettempdir()).glob("xlcredit-office-*")) == before
