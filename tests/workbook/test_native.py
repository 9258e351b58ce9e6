"""A copy that lives without the add-in: no worksheet function, the same figures, live scenarios."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pytest

from tests.workbook.conftest import Example, made
from xlcredit.cli.writing import make_workbook
from xlcredit.deals import load, read_deal, shipped
from xlcredit.errors import DealError
from xlcredit.recalc import recalculate

READ = (
    *("unpaid_at_maturity", "first_missed_month", "loss", "lender_irr", "min_dscr", "max_ltv"),
    *("breakeven_decline", "expected_loss_spread", "required_spread", "downside_unpaid"),
    *("downside_loss", "downside_irr", "downside_dscr", "expected_loss"),
)
CHANGED: dict[str, list[dict[str, float]]] = {
    "gpu-term-loan": [{}, {"rent_decline": 0.35}, {"cash_sweep": 0.5, "customer_stops": 20}],
    "hosting-project-loan": [{}, {"customer_stops": 20, "refi_rate": 0.1}, {"late_months": 8}],
}


@dataclass(frozen=True)
class Copy:
    """A workbook as it is usually built, and its copy without the add-in."""

    usual: Example
    path: Path


@pytest.fixture(scope="module", params=CHANGED)
def copy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Copy:
    folder = tmp_path_factory.mktemp(request.param)
    usual, path = made(request.param, folder), folder / "native.xlsx"
    path.write_bytes(make_workbook(usual.template, usual.deal, native=True).content)
    return Copy(usual, path)


def test_no_cell_calls_a_worksheet_function(copy: Copy) -> None:
    book = openpyxl.load_workbook(copy.path)
    formulas = [c.value for sheet in book for row in sheet.iter_rows() for c in row]
    assert not [f for f in formulas if isinstance(f, str) and f.startswith("=") and "XLC_" in f]


def test_it_recalculates_to_the_same_figures(copy: Copy) -> None:
    for changed in CHANGED[copy.usual.template.name]:
        native = recalculate(copy.path, inputs=changed).names
        usual = recalculate(copy.usual.path, inputs=changed).names
        for name in READ:
            same = usual[name]  # a number, or the word that there is none
            same = same if isinstance(same, str) else pytest.approx(same, rel=1e-8)
            assert native[name] == same, (changed, name)
        assert native["master_check"] == usual["master_check"] == "OK"


def test_what_is_frozen_says_so(copy: Copy) -> None:
    assert "frozen" in str(openpyxl.load_workbook(copy.path)["Stress"]["A2"].value)


@pytest.mark.parametrize("name", shipped())
def test_a_template_without_native_scenarios_says_so(name: str) -> None:
    template, home = load(name)
    if not template.scenarios.native_sheet:
        with pytest.raises(DealError, match="native_sheet"):
            make_workbook(template, read_deal(home / "deal.toml", template), native=True)
