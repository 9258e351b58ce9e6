"""The page Compliance: where there is no certificate nothing is certified, and no 0 is a figure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.workbook.conftest import Example, opened
from tests.workbook.test_curves import calculated, filled
from xlcredit.deals.template import ComplianceRow
from xlcredit.recalc import Recalculation

SIGNED = ("We certify", "For the borrower", "Name and title")


def page(found: Recalculation) -> dict[tuple[int, int], Any]:
    return found.values["Compliance"]


def row_of(example: Example, label: str) -> int:
    cells = example.formulas["Compliance"]["A"]
    return int(next(cell.row for cell in cells if cell.value == label))


def first_row(example: Example) -> int:
    return row_of(example, example.template.compliance[0].label)


def signed(found: Recalculation) -> list[bool]:
    """Whether the statement and each label of the lines to sign stand there."""
    texts = [str(value) for value in page(found).values()]
    return [any(text.startswith(words) for text in texts) for words in SIGNED]


def test_before_the_first_report_there_is_no_figure(example: Example) -> None:
    """Market rent 0.00 and a utilisation of 0% were none, and no row was reported in full."""
    found = example.result
    first = first_row(example)
    last = first + 3 * len(example.template.compliance)
    figures = {v for (row, at), v in page(found).items() if first <= row < last and 3 < at < 8}
    assert figures == {"–"}
    assert page(found)[5, 2] == 0
    assert page(found)[3, 1] == "No certificate: before the first report"
    assert signed(found) == [False, False, False]


def test_what_nobody_has_reported_is_not_certified(example: Example) -> None:
    found = example.given({"as_at_month": 6})
    assert page(found)[3, 1] == "No certificate: nothing is reported up to month 6"
    assert signed(found) == [False, False, False]
    assert isinstance(page(found)[first_row(example), 4], float)


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


COVER = ("DSCR", "Fixed-charge cover")
QUARTERS = ({"payment_months": 3, "interest_months": 3}, {"payment_months": 3})


def cover_line(example: Example) -> ComplianceRow:
    (line,) = [line for line in example.template.compliance if line.label.startswith(COVER)]
    return line


def cover(example: Example, found: Recalculation) -> list[list[Any]]:
    """Budget and actual of the cover: the month, three, twelve, and since closing."""
    row = row_of(example, cover_line(example).label)
    return [[page(found).get((row + part, at)) for at in range(4, 8)] for part in (0, 1)]


@pytest.mark.parametrize(
    ("template", "given", "last"),
    [
        ("gpu-term-loan", {"payment_months": 3, "interest_months": 3}, 15),
        ("gpu-term-loan", {"payment_months": 3}, 15),
        ("hosting-project-loan", {"payment_months": 3}, 15),
    ],
)
def test_a_cover_counts_cash_and_service_of_the_same_months(
    example_of: Callable[[str], Example], template: str, given: dict[str, float], last: int
) -> None:
    """A month without service had 8,962,426,080x; since closing it was ten months over nine."""
    example = example_of(template)
    found = example.given({**given, "as_at_month": last + 1})
    line, moved = cover_line(example), replace(example, result=found)
    rows = [line.budget, line.over_budget, line.actual, line.over_actual]
    budget, over_budget, actual, over_actual = [moved.row(row)[:last] for row in rows]
    pairs = ((budget, over_budget), (actual, over_actual))
    for figures, (cash, service) in zip(cover(example, found), pairs, strict=True):
        assert figures[0] == "–"
        for figure, first in zip(figures[1:], (last - 3, last - 12, 0), strict=True):
            assert figure == pytest.approx(sum(cash[first:]) / sum(service[first:]), rel=1e-9)


def test_a_month_after_the_loan_has_no_cover(example: Example) -> None:
    found = example.given({"as_at_month": example.number("tenor_months") + 1})
    for figures in cover(example, found):
        assert figures[0] == "–", figures
        assert isinstance(figures[3], float)
