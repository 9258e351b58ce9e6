"""What a user of Calc meets: the wizard, saved files, and the process behind the cells."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.hosts.libreoffice.conftest import Calculate, Place, book, in_calc, noted
from xlcredit.functions import REGISTRY
from xlcredit.hosts.libreoffice.package import unpack
from xlcredit.recalc import LibreOffice

pytestmark = pytest.mark.libreoffice

FORMULAS: dict[Place, Any] = {
    (1, 1): 2.5,
    (1, 2): "=XLC_RENT(A1,0.3,12,,6,0.5)",
    (2, 2): '=IF(XLC_COVENANT(B1,1.2)="PASS",1,0)',
    (3, 2): "=XLC_WHY(B1)",
    (4, 2): ("=XLC_RENT(A1,0.3,{0;12})", (2, 1)),
    (6, 2): "=XLC_VERSION()",
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, calc: LibreOffice) -> dict[str, Any]:
    """What Calc tells over UNO, and the workbook that it saved."""
    folder = tmp_path_factory.mktemp("told")
    source, saved = book(folder / "source.xlsx", {"Sheet": FORMULAS}), folder / "saved.xlsx"
    return {"saved": saved, **in_calc(source, saved)}


def test_the_wizard_lists_every_function(told: dict[str, Any]) -> None:
    """With its arguments in their order, each with its help and unit."""
    assert set(told["wizard"]) == set(REGISTRY)
    for name, function in REGISTRY.items():
        page = told["wizard"][name]
        assert page["help"] == function.summary.replace("``", "")
        assert [a for a, _ in page["arguments"]] == [p.name for p in function.parameters]
        for (_, text), parameter in zip(page["arguments"], function.parameters, strict=True):
            assert text.endswith(f" [{parameter.word.unit}]")
            assert "``" not in text


def test_a_file_saved_by_calc_holds_what_excel_wrote(told: dict[str, Any]) -> None:
    formulas = openpyxl.load_workbook(told["saved"])["Sheet"]
    values = openpyxl.load_workbook(told["saved"], data_only=True)["Sheet"]
    for (row, column), formula in FORMULAS.items():
        kept = formulas.cell(row, column).value
        if isinstance(formula, tuple):
            assert kept.text == formula[0]
            assert kept.ref == "B4:B5"
        else:
            assert kept == formula
    assert [values.cell(row, 2).value for row in (1, 2, 4, 5)] == [0.875, 0, 2.5, 1.75]


def other_pythons(marked: Path) -> list[int]:
    """The processes that answer for one LibreOffice, which have its mark on their command."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().decode()
        except OSError:  # it has just ended
            continue
        if str(marked) in command and "libreoffice.child" in command:
            found.append(int(process.name))
    return found


def test_a_process_that_died_is_started_again(
    calculate: Calculate, delegated: LibreOffice, marked: Path
) -> None:
    assert calculate(FORMULAS, delegated)["Sheet"][0][1] == 0.875
    (first,) = other_pythons(marked)
    os.kill(first, signal.SIGKILL)
    assert calculate(FORMULAS, delegated)["Sheet"][0][1] == 0.875
    (second,) = other_pythons(marked)
    assert second != first


def test_the_process_ends_with_libreoffice(tmp_path: Path, calc: LibreOffice) -> None:
    note = json.loads((unpack(tmp_path / "x") / "xlcredit" / "xlcredit.json").read_text())
    folder = noted(tmp_path / "x", same=[], paths=[*note["paths"], str(tmp_path)])
    source = book(tmp_path / "book.xlsx", {"Sheet": FORMULAS})
    with LibreOffice(extensions=folder) as office:
        assert office.values(source)["Sheet"][0][1] == 0.875
        assert len(other_pythons(tmp_path)) == 1
    end = time.monotonic() + 10
    while other_pythons(tmp_path) and time.monotonic() < end:
        time.sleep(0.05)
    assert not other_pythons(tmp_path)
