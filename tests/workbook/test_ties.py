"""A loan sculpted exactly to its covenant passes it, whichever engine decides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.workbook.conftest import Example
from xlcredit.functions import call
from xlcredit.recalc import LibreOffice, Recalculation, recalculate
from xlcredit.workbook.pages.summary import AREA_COVENANTS

#: Sized by cover alone, at the cover of the covenant; the last digit falls where it may.
SCULPTED: list[dict[str, Any]] = [
    {"sizing_dscr": cover, "covenant_dscr": cover, "other_opex": opex, "power_price": power}
    | {"rent_decline": 0.0, "advance_rate": 1.0, "commitment": 9e9}
    for cover, opex, power in [(1.67, 0.285, 0.07), (1.5, 0.31, 0.05), (1.35, 0.2, 0.083)]
]


def verdicts(result: Recalculation, path: Path) -> dict[str, tuple[Any, ...]]:
    """By row: value, test, threshold, status, headroom and first breach of each covenant."""
    name = openpyxl.load_workbook(path).defined_names[AREA_COVENANTS]
    first, last = (int(c.split("$")[-1]) for c in name.attr_text.split("!")[1].split(":"))
    cells = result.values["Summary"]
    return {
        f"row {row}": tuple(cells.get((row, column)) for column in range(2, 8))
        for row in range(first + 1, last + 1)
    }


@pytest.mark.parametrize("inputs", SCULPTED, ids=lambda i: str(i["sizing_dscr"]))
def test_a_sculpted_loan_passes_its_covenant(loan: Example, inputs: dict[str, Any]) -> None:
    result = loan.given(inputs)
    tied = 0
    for label, row in verdicts(result, loan.path).items():
        value, _, threshold, status, headroom, breach = row
        if isinstance(value, float) and value == pytest.approx(inputs["sizing_dscr"], rel=1e-9):
            tied += 1
            assert threshold == inputs["covenant_dscr"], label
            assert (status, headroom) == ("PASS", 0.0), (label, value - threshold)
            assert breach in ("never", None), label
            assert call("XLC_COVENANT", value, threshold) == "PASS"
            assert call("XLC_HEADROOM", value, threshold) == 0.0
    assert tied, "no covenant is tied to the sizing: the test has lost its subject"


@pytest.mark.libreoffice
def test_libreoffice_decides_alike(loan: Example, office: LibreOffice, tmp_path: Path) -> None:
    target = tmp_path / "sculpted.xlsx"
    result = recalculate(loan.path, target, inputs=SCULPTED[0])
    other = office.values(target)["Summary"]
    name = openpyxl.load_workbook(target).defined_names[AREA_COVENANTS]
    first, last = (int(c.split("$")[-1]) for c in name.attr_text.split("!")[1].split(":"))
    ours = result.values["Summary"]
    words = [ours[row, 5] for row in range(first + 1, last + 1)]
    assert words == [other[row - 1][4] for row in range(first + 1, last + 1)]
    assert "PASS" in words
