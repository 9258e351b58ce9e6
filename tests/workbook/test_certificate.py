"""The page Compliance: where there is no certificate nothing is certified, and no 0 is a figure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.workbook.conftest import Example, opened
from tests.workbook.test_curves import calculated, filled
from xlcredit.recalc import Recalculation

FIRST_ROW = 9
SIGNED = ("We certify", "For the borrower", "Name and title")


def page(found: Recalculation) -> dict[tuple[int, int], Any]:
    return found.values["Compliance"]


def signed(found: Recalculation) -> list[bool]:
    """Whether the statement and each label of the lines to sign stand there."""
    texts = [str(value) for value in page(found).values()]
    return [any(text.startswith(words) for text in texts) for words in SIGNED]


def test_before_the_first_report_there_is_no_figure(example: Example) -> None:
    """Market rent 0.00 and a utilisation of 0% were none, and no row was reported in full."""
    found = example.result
    last = FIRST_ROW + 3 * len(example.template.compliance)
    figures = {v for (row, at), v in page(found).items() if FIRST_ROW <= row < last and at > 3}
    assert figures == {"–"}
    assert page(found)[5, 2] == 0
    assert page(found)[3, 1] == "No certificate: before the first report"
    assert signed(found) == [False, False, False]


def test_what_nobody_has_reported_is_not_certified(example: Example) -> None:
    found = example.given({"as_at_month": 6})
    assert page(found)[3, 1] == "No certificate: nothing is reported up to month 6"
    assert signed(found) == [False, False, False]
    assert isinstance(page(found)[FIRST_ROW, 4], float)


def test_a_scenario_is_not_certified(example: Example, tmp_path: Path) -> None:
    """The statement and the lines to sign stood below the words No certificate."""
    actuals = {"opex": filled(example.row("opex")[:6])}
    path, found = calculated(example, tmp_path, actuals=actuals, inputs={"as_at_month": 6})
    assert page(found).get((3, 1)) in (None, "")
    assert signed(found) == [True, True, True]
    case = example.template.scenarios.case[1].label
    shocked = opened(path, {"scenario": case})
    assert str(page(shocked)[3, 1]).startswith(f"No certificate: the scenario {case} is in force")
    assert signed(shocked) == [False, False, False]
