"""A scenario is never milder than inputs that are worse than what it names."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import xlcredit
from tests.workbook.conftest import Example


def in_force(example: Example, name: str) -> str:
    """The cell of an input as the scenario in force has it."""
    label = example.template.inputs[name].label
    sheet = example.formulas["Stress"]
    header = [cell.row for cell in sheet["A"] if cell.value == "Scenario"][-1]
    row = next(c.row for c in sheet["A"] if c.row > header and c.value == "In force")
    [column] = [cell.column_letter for cell in sheet[header] if cell.value == label]
    return f"Stress!{column}{row}"


@pytest.mark.parametrize(
    ("template", "scenario", "name", "worse", "milder", "own"),
    [
        ("gpu-term-loan", "Customer out by month 13", "customer_stops", 5, 20, 13),
        ("gpu-borrowing-base", "Customers default", "customer_stops", 2, 9, 3),
        (
            "gpu-borrowing-base",
            "No refinancing; dominion limits draws",
            "refi_share",
            0.0,
            0.5,
            0.0,
        ),
        ("hosting-project-loan", "Tenant stops in year 2", "customer_stops", 6, 40, 13),
        (
            "hosting-project-loan",
            "Tenant stops in year 2 without support",
            "support_months",
            0,
            6,
            0,
        ),
        ("hosting-project-loan", "Rent starts nine months late", "late_months", 14, 3, 9),
        ("miner-dual-collateral", "Coin and cards fall in a month", "fall_months", 1, 9, 1),
        ("miner-dual-collateral", "Customer out by month 13", "customer_stops", 4, 30, 13),
    ],
)
def test_the_worse_of_input_and_scenario_is_in_force(
    template: str,
    scenario: str,
    name: str,
    worse: float,
    milder: float,
    own: float,
    example_of: Callable[[str], Example],
) -> None:
    example = example_of(template)
    cell = in_force(example, name)
    with xlcredit.open(example.path) as book:
        for value, expected in ((worse, worse), (milder, own)):
            book.set({name: value, "scenario": "As input"})
            assert book[cell] == value
            book["scenario"] = scenario
            assert book[cell] == expected


def test_an_event_that_never_comes_is_not_the_earlier(
    example_of: Callable[[str], Example],
) -> None:
    example = example_of("gpu-term-loan")
    cell = in_force(example, "customer_stops")
    with xlcredit.open(example.path) as book:
        book.set({"customer_stops": 0, "scenario": "Customer out by month 13"})
        assert book[cell] == 13
        book["scenario"] = "Rents 20% lower"
        assert book[cell] == 0
