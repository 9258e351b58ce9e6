"""Excel as an engine, through xlwings' own code, with a stand-in for Excel itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.formula import ArrayFormula

from tests.hosts.windows import windows
from xlcredit.errors import CellError, RecalcError
from xlcredit.hosts.classic import engine as hosted
from xlcredit.hosts.engines import engine_called
from xlcredit.recalc import recalculate


@pytest.fixture
def excel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """The engine, where the add-in is installed."""
    addin = _book(tmp_path / "addin.xlsx", {"A1": "=1+1"})
    monkeypatch.setattr(hosted, "_addin", lambda: addin)
    hosted._application.cache_clear()
    with windows():
        yield engine_called("excel")
    hosted._application.cache_clear()


def _book(path: Path, cells: dict[str, Any]) -> Path:
    made = openpyxl.Workbook()
    for address, value in cells.items():
        made.active[address] = value
    made.save(path)
    return path


CELLS = {
    "B2": 2,
    "B3": "=B2>1",
    "B4": "=B2/3",
    "B5": "=B2/0",
    "B6": '="x"&B2',
    "B7": "=XLC_RENT(2.5,0.3,B2)",
    "B8": ArrayFormula("B8:C9", "=B2*{1,2;3,4}"),
}


def test_every_kind_of_value_comes_back(excel: Any, tmp_path: Path) -> None:
    path = _book(tmp_path / "kinds.xlsx", CELLS)
    ours = recalculate(path, engine="strict")
    theirs = recalculate(path, engine=excel)
    assert theirs.engine == "excel"
    assert theirs.values == ours.values
    assert theirs.value("Sheet", "B3") is True
    assert theirs.value("Sheet", "B5") == CellError("#DIV/0!")
    assert theirs.value("Sheet", "C9") == 8.0


@pytest.mark.parametrize(
    ("old", "value"), [(1, 5.0), (1, -1.5), ("a", "text"), ("a", "=B9"), ("a", "12"), (False, True)]
)
def test_an_input_is_entered_as_it_is(excel: Any, tmp_path: Path, old: Any, value: Any) -> None:
    cells = {"A1": old, "A2": "=A1", "A3": '=IF(ISTEXT(A1),"text","none")'}
    path = _book(tmp_path / "input.xlsx", cells)
    inputs = {"Sheet!A1": value}
    theirs = recalculate(path, inputs=inputs, engine=excel)
    assert theirs.value("Sheet", "A2") == value
    assert theirs.values == recalculate(path, inputs=inputs, engine="strict").values


def test_a_copy_is_written_with_its_values_and_the_private_copy_goes(
    excel: Any, tmp_path: Path
) -> None:
    source, target = _book(tmp_path / "source.xlsx", CELLS), tmp_path / "target.xlsx"
    before = source.read_bytes()
    recalculate(source, target, engine=excel)
    assert source.read_bytes() == before
    saved = openpyxl.load_workbook(target, data_only=True).active
    assert (saved["B4"].value, saved["B6"].value) == (2 / 3, "x2")
    books = hosted._application().api.Workbooks.open
    private = Path(books[-1].FullName)
    assert private.parent != source.parent
    excel.close()
    assert not private.exists()
    assert [book.Name for book in books] == ["addin.xlsx"]


def test_macros_of_workbooks_are_off_and_those_of_the_add_in_are_not(excel: Any) -> None:
    api = hosted._application().api
    assert api.AutomationSecurity == 3
    assert not api.EnableEvents
    assert not api.DisplayAlerts
    assert not api.Visible
    assert [book.Name for book in api.Workbooks.open] == ["addin.xlsx"]


def test_without_the_add_in_its_functions_are_refused(
    excel: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosted, "_addin", lambda: None)
    result = recalculate(_book(tmp_path / "calls.xlsx", CELLS), engine=excel)
    (told,) = result.not_calculated
    assert told.cell == "B7"
    assert told.reason == "calls XLC_RENT, which Excel has not: xlcredit excel install brings it"


def test_what_excel_could_not_do_is_told(
    excel: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy() -> None:
        raise LookupError("busy")

    monkeypatch.setattr(hosted._application().api, "CalculateFull", busy)
    with pytest.raises(RecalcError, match="Excel could not calculate: "):
        recalculate(_book(tmp_path / "busy.xlsx", CELLS), engine=excel)
