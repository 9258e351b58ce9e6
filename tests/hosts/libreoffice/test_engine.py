"""LibreOffice as an engine: its values in the user's file, and nothing that it is not sure of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.formula import ArrayFormula

from tests.command import refused, xlcredit
from tests.hosts.libreoffice.conftest import Example, example
from xlcredit.errors import CellError, HostError
from xlcredit.hosts.engines import engine_called
from xlcredit.hosts.libreoffice import engine as hosted
from xlcredit.hosts.libreoffice.engine import Calc
from xlcredit.recalc import recalculate

__all__ = ["example"]

pytestmark = pytest.mark.libreoffice


def _book(path: Path, cells: dict[str, Any]) -> Path:
    made = openpyxl.Workbook()
    for address, value in cells.items():
        made.active[address] = value
    made.save(path)
    return path


def _values(path: Path, **more: Any) -> dict[str, Any]:
    result = recalculate(path, engine=Calc(), **more)
    cells = result.values["Sheet"]
    return {openpyxl.utils.get_column_letter(c) + str(r): v for (r, c), v in cells.items()}


def test_our_workbooks_are_confirmed(example: Example) -> None:
    result = recalculate(example.path, engine=Calc())
    assert result.engine == "libreoffice"
    assert not result.doubts
    for sheet, cells in example.result.values.items():
        scale = max((abs(v) for v in cells.values() if isinstance(v, float)), default=0.0)
        for at, ours in cells.items():
            theirs = result.values[sheet][at]
            if isinstance(ours, float):
                assert theirs == pytest.approx(ours, rel=1e-9, abs=1e-9 * scale), (sheet, at)
            else:
                assert theirs == ours, (sheet, at)


def test_an_input_moves_what_the_embedded_engine_moves() -> None:
    path = Path("workbooks/gpu-borrowing-base.xlsx")
    inputs = {"rent_decline": 0.35, "margin": 0.07}
    ours = recalculate(path, inputs=inputs, engine="embedded").values["Summary"]
    theirs = recalculate(path, inputs=inputs, engine=Calc()).values["Summary"]
    assert theirs.keys() == ours.keys()
    for at, value in ours.items():
        if isinstance(value, float):
            assert theirs[at] == pytest.approx(value, rel=1e-9, abs=1e-6), at
        else:
            assert theirs[at] == value, at


def test_every_kind_of_value(tmp_path: Path) -> None:
    cells = {
        "A1": 2,
        "A2": "=A1>1",
        "A3": "=A1-1",
        "A4": "=A1/0",
        "A5": '="x"&A1',
        "A6": "=NOT(A2)",
        "A7": "=XLC_RENT(2.5,0.3,12)",
        "A8": '=XLC_RENT(2.5,"a",12)',
        "A9": ArrayFormula("A9:B9", "=A1:B1*2"),
        "B1": 5,
    }
    values = _values(_book(tmp_path / "kinds.xlsx", cells))
    assert values["A2"] is True
    assert values["A6"] is False
    assert values["A3"] == 1.0 and not isinstance(values["A3"], bool)
    assert values["A4"] == CellError("#DIV/0!")
    assert values["A5"] == "x2"
    assert values["A7"] == 1.75
    assert values["A8"] == CellError("#VALUE!")
    assert (values["A9"], values["B9"]) == (4.0, 10.0)


def test_a_number_and_a_truth_can_be_inputs(tmp_path: Path) -> None:
    path = _book(
        tmp_path / "inputs.xlsx", {"A1": 2, "A2": True, "B1": "=IF(A2,1,2)", "B2": "=A1*2"}
    )
    assert _values(path, inputs={"Sheet!A2": False})["B1"] == 2.0
    assert _values(path, inputs={"Sheet!A1": 0.25})["B2"] == 0.5


def test_what_calc_does_not_know_is_told_with_what_reads_it(tmp_path: Path) -> None:
    cells = {"A1": "=NOSUCHTHING(1)", "A2": "=A1+1", "A3": "=B3+1", "B3": "=A3*2", "A4": "=1+1"}
    path = _book(tmp_path / "told.xlsx", cells)
    result = recalculate(path, engine=Calc())
    outcomes = {doubt.cell: doubt.outcome for doubt in result.doubts}
    assert {outcomes[cell] for cell in ("A1", "A2", "A3", "B3")} == {"not calculated"}
    assert "A4" not in outcomes
    assert all(isinstance(result.values["Sheet"][r, 1], CellError) for r in (1, 2, 3))


def test_a_function_of_the_callers_own_is_not_calcs(tmp_path: Path) -> None:
    path = _book(tmp_path / "own.xlsx", {"A1": "=MINE(1)"})
    result = recalculate(path, engine=Calc(), functions={"MINE": lambda _: 1.0})
    assert "the add-in in LibreOffice does not have" in result.doubts[0].reason


def test_the_file_is_the_users_with_calcs_values(tmp_path: Path) -> None:
    source = _book(tmp_path / "source.xlsx", {"A1": 2, "A2": "=A1^2"})
    done = xlcredit("recalc", source, "--engine", "libreoffice", "-o", tmp_path / "out.xlsx")
    assert done.returncode == 0, done.stdout + done.stderr
    written = openpyxl.load_workbook(tmp_path / "out.xlsx", data_only=True)
    assert written.active["A2"].value == 4
    assert openpyxl.load_workbook(tmp_path / "out.xlsx").properties.creator == "openpyxl"


def test_one_process_for_all_workbooks(tmp_path: Path) -> None:
    first, second = Calc(), Calc()
    assert first._office is second._office


def test_without_libreoffice_there_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    hosted._office.cache_clear()
    with pytest.raises(HostError, match="LibreOffice is missing"):
        engine_called("libreoffice")
    hosted._office.cache_clear()


def test_an_engine_that_is_none_is_told(tmp_path: Path) -> None:
    path = _book(tmp_path / "one.xlsx", {"A1": "=1"})
    refused(xlcredit("recalc", path, "--engine", "calc", "--check"), "no engine", "libreoffice")
