"""XLC_SIM_GRID: each cell is the simulation of its own terms, and errors stay in their cells."""

from __future__ import annotations

import dataclasses
from typing import Any, get_args

import pytest

from tests.functions.cases import answer
from tests.functions.test_simulation import TERMS
from xlcredit.errors import CellError
from xlcredit.functions import call
from xlcredit.functions.simulation import SERIES, affordable
from xlcredit.functions.simulation_grid import Driver, Figure
from xlcredit.models.simulation import FIGURES, Deal, Terms, simulate, sweep

BLOCK = [[label, value] for label, value in TERMS.items()]
CASH: dict[str, Any] = {
    "scheduled": [2.0] * 12, "contracted": [1.5] * 12, "merchant": [1.6] * 12, "opex": [0.2] * 12,
    "relet": [1.2] * 12,
}  # fmt: skip
ROWS = [[name, *values] for name, values in CASH.items()]


def simulated(terms: dict[str, float], series: dict[str, Any], figure: str) -> Any:
    return call(
        "XLC_DUAL_SIM",
        TERMS | terms,
        *(series.get(name) for name in SERIES),
        2000,
        3,
        figure,
    )


def test_each_cell_is_a_simulation_of_its_own() -> None:
    found = call(
        "XLC_SIM_GRID", BLOCK, "coin_vol", [0.5, 0.9], "loan", [40, 50, 60], ROWS, 2000, 3,
        "expected_loss",
    )  # fmt: skip
    for vol, row in zip([0.5, 0.9], found, strict=True):
        for loan, value in zip([40.0, 50.0, 60.0], row, strict=True):
            assert value == simulated({"coin_vol": vol, "loan": loan}, CASH, "expected_loss")


def test_a_series_is_scaled_and_rents_decline_further() -> None:
    found = call(
        "XLC_SIM_GRID", [*BLOCK, ["grace_periods", 1]], "merchant", [0.5, 1.0], "rent_decline",
        [0.0, 0.4], ROWS, 2000, 3, "payment_default_probability",
    )  # fmt: skip
    for scale, row in zip([0.5, 1.0], found, strict=True):
        for decline, value in zip([0.0, 0.4], row, strict=True):
            fall = [(1.0 - decline) ** ((k + 0.5) / 12.0) for k in range(12)]
            cash = CASH | {
                "merchant": [1.6 * scale * f for f in fall],
                "relet": [1.2 * f for f in fall],
            }
            assert value == simulated({"grace_periods": 1}, cash, "payment_default_probability")
    assert found[0][1] > found[1][0]


@pytest.mark.parametrize("form", ["rows", "columns", "constants"])
def test_series_lie_either_way(form: str) -> None:
    block: Any = ROWS
    if form == "columns":
        block = [list(row) for row in zip(*ROWS, strict=True)]
    if form == "constants":
        block = [[row[0], row[1]] for row in ROWS]
    arguments = (BLOCK, "coin_vol", 0.6, "gpu_vol", 0.3)
    expected = call("XLC_SIM_GRID", *arguments, ROWS, 500)
    assert call("XLC_SIM_GRID", *arguments, block, 500) == expected


def test_what_contradicts_itself_is_an_error_in_its_cell() -> None:
    found = answer("XLC_SIM_GRID", BLOCK, "loan", [50, 90], "correlation", [0.5, 1.5], None, 100)
    assert isinstance(found[0][0], float)
    assert "correlation must be" in found[0][1].reason
    assert "LTV at closing" in found[1][0].reason
    assert found[0][1] == found[1][0] == CellError("#NUM!")


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("loan", 50, "loan", 60), "#VALUE!", "both loan"),
        (("loan", 50, "merchant", 1.0), "#VALUE!", "merchant is a driver and is not given"),
        (("loan", 50, "rent_decline", 0.1), "#VALUE!", "rent_decline needs merchant or relet"),
        (("loan", 50, "gpu_vol", 0.1, [["shedule", 1]]), "#VALUE!", "is no series"),
        (("loan", 50, "gpu_vol", 0.1, [["opex", 1], ["opex", 2]]), "#VALUE!", "twice"),
        (("loan", 50, "gpu_vol", 0.1, [["relet", -1]]), "#NUM!", "relet must be"),
        (("loan", 50, "gpu_vol", 0.1, [["opex", "a"]]), "#VALUE!", "opex must be a number"),
        (("loan", 50, "gpu_vol", 0.1, [["opex", 1, 2]]), "#VALUE!", "opex must have 12 values"),
        (("loan", 50, "gpu_vol", 0.1, [["opex", CellError("#REF!", "gone")]]), "#REF!", "gone"),
        (("loan", 50, "gpu_vol", 0.1, None, 1e12), "#NUM!", "would take about"),
    ],
)
def test_what_cannot_be_read_is_refused(arguments: Any, code: str, told: str) -> None:
    got = answer("XLC_SIM_GRID", BLOCK, *arguments)
    if isinstance(got, list):
        got = got[0][0]
    assert got == CellError(code)
    assert told in got.reason


def test_drivers_and_figures_are_those_of_the_simulation() -> None:
    labels = {field.name for field in dataclasses.fields(Terms)}
    assert set(get_args(Driver)) <= labels | set(SERIES) | {"rent_decline"}
    assert get_args(Figure) == FIGURES


def test_a_grid_of_625_cells_of_100_000_paths_is_run_where_numba_is() -> None:
    """But no more of them, nor one cell of so many paths."""
    pytest.importorskip("numba")
    terms = Terms(**(TERMS | {"months": 60}))
    affordable(100_000, terms, 625)
    for paths, cells in ((200_000, 625), (100_000 * 625, 1)):
        with pytest.raises(CellError) as refused:
            affordable(paths, terms, cells)
        assert "would take about 1 minutes; at most" in refused.value.reason.replace("2 m", "1 m")


@pytest.mark.parametrize("figure", FIGURES)
def test_one_figure_alone_is_that_of_all(figure: str) -> None:
    deal = Deal.of(Terms(**TERMS), 2.0, contracted=1.5, merchant=1.6, opex=0.2)
    assert sweep([deal], figure, 500, 2) == [simulate(deal, 500, 2).figures[figure]]
