"""A copy that lives without the add-in: no worksheet function, the same figures, live scenarios."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from tests.workbook.conftest import Example
from xlcredit.cli.writing import make_workbook
from xlcredit.deals import load, read_deal, shipped
from xlcredit.errors import DealError
from xlcredit.recalc import recalculate

READ = (
    *("unpaid_at_maturity", "first_missed_month", "loss", "lender_irr", "min_dscr", "max_ltv"),
    *("breakeven_decline", "expected_loss_spread", "required_spread", "downside_unpaid"),
    *("downside_loss", "downside_irr", "downside_dscr", "expected_loss"),
)


@pytest.fixture(scope="module")
def copy(loan: Example, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("native") / "native.xlsx"
    path.write_bytes(make_workbook(loan.template, loan.deal, native=True).content)
    return path


def test_no_cell_calls_a_worksheet_function(copy: Path) -> None:
    book = openpyxl.load_workbook(copy)
    formulas = [c.value for sheet in book for row in sheet.iter_rows() for c in row]
    assert not [f for f in formulas if isinstance(f, str) and f.startswith("=") and "XLC_" in f]


@pytest.mark.parametrize(
    "changed", [{}, {"rent_decline": 0.35}, {"cash_sweep": 0.5, "customer_stops": 20}]
)
def test_it_recalculates_to_the_same_figures(
    loan: Example, copy: Path, changed: dict[str, float]
) -> None:
    native = recalculate(copy, inputs=changed).names
    usual = recalculate(loan.path, inputs=changed).names
    for name in READ:
        assert native[name] == pytest.approx(usual[name], rel=1e-8), name
    assert native["master_check"] == usual["master_check"] == "OK"


def test_what_is_frozen_says_so(copy: Path) -> None:
    assert "frozen" in str(openpyxl.load_workbook(copy)["Stress"]["A2"].value)


@pytest.mark.parametrize("name", shipped())
def test_a_template_without_native_scenarios_says_so(name: str) -> None:
    template, home = load(name)
    if not template.scenarios.native_sheet:
        with pytest.raises(DealError, match="native_sheet"):
            make_workbook(template, read_deal(home / "deal.toml", template), native=True)
