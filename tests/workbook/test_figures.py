"""The figures on the Summary against a plain-Python mirror of each deal."""

from __future__ import annotations

import math

import pytest

from tests.workbook.conftest import Example
from xlcredit.recalc import recalculate


def rents(deal: dict[str, float], months: int) -> list[float]:
    today, fall = deal["market_rent"] * deal["index_basis"], 1 - deal["rent_decline"]
    return [max(deal["rent_floor"], today * fall ** ((k - 0.5) / 12)) for k in range(1, months + 1)]


def values(example: Example, **changed: float) -> dict[str, float]:
    inputs = {n: i.value for n, i in example.deal.inputs.items()} | changed
    return {n: float(v) for n, v in inputs.items() if isinstance(v, (int, float))}


class Loan:
    """The GPU term loan, month by month, without a spreadsheet."""

    def __init__(self, deal: dict[str, float]) -> None:
        months = 72
        curve = rents(deal, months)
        hours, gpus = 730.0, deal["gpus"]
        opex = (
            gpus
            * hours
            * (
                deal["gpu_kw"] * deal["pue"] * deal["power_price"]
                + deal["site_cost"]
                + deal["other_opex"]
            )
        )
        flat, on_curve = [], []
        for k in range(1, months + 1):
            let = gpus * deal["contract_share"] if k <= deal["contract_months"] else 0.0
            paid = let * hours * deal["availability"] * deal["contract_rent"]
            free = (gpus - let) * hours * deal["utilisation"]
            flat.append(paid + free * deal["market_rent"] - opex)
            on_curve.append(paid + free * curve[k - 1] - opex)
        self.rate = (deal["base_rate"] + deal["margin"]) / 12
        tenor = int(deal["tenor_months"])
        self.capacity = [self.carried(c[:tenor], deal["sizing_dscr"]) for c in (flat, on_curve)]
        cost = gpus * (deal["gpu_cost"] + deal["other_capex"])
        self.debt = min(deal["commitment"], deal["advance_rate"] * cost, self.capacity[0])
        applied = deal["sizing_dscr"] * self.capacity[0] / self.debt
        service = [max(0.0, c) / applied for c in flat[:tenor]]
        self.flat = [c / s for c, s in zip(flat, service, strict=False)]
        self.curve = [c / s for c, s in zip(on_curve, service, strict=False)]
        self.contract = int(deal["contract_months"])

    def carried(self, cash: list[float], cover: float) -> float:
        return math.fsum(
            max(0.0, c) / cover / (1 + self.rate) ** k for k, c in enumerate(cash, start=1)
        )


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"rent_decline": 0.35},
        {"rent_decline": -0.1},
        {"utilisation": 0.5},
        {"gpu_kw": 2.5},
        {"contract_months": 30},
    ],
)
def test_the_loan_is_what_its_formulas_say(loan: Example, changed: dict[str, float]) -> None:
    mirror = Loan(values(loan, **changed))
    names = recalculate(loan.path, inputs=changed).names
    expected = {
        "debt": mirror.debt,
        "debt_on_flat": mirror.capacity[0],
        "debt_on_curve": mirror.capacity[1],
        "dscr_as_underwritten": min(mirror.flat),
        "dscr_on_curve": min(mirror.curve[: mirror.contract]),
        "dscr_after_contract": min(mirror.curve[mirror.contract :]),
    }
    for name, value in expected.items():
        assert names[name] == pytest.approx(value, rel=1e-9), name


@pytest.mark.parametrize(
    "changed", [{}, {"coin_price": 45000.0}, {"coin_shock": 0.7, "gpu_shock": 0.1}]
)
def test_dual_ltv_is_what_its_formulas_say(miner: Example, changed: dict[str, float]) -> None:
    deal = values(miner, **changed)
    names = recalculate(miner.path, inputs=changed).names
    coin, cards = deal["coin_units"] * deal["coin_price"], deal["gpu_units"] * deal["gpu_price"]
    debt = names["debt"]
    assert isinstance(debt, float)
    assert debt <= min(deal["commitment"], deal["initial_ltv"] * (coin + cards)) * (1 + 1e-12)
    book = deal["gpu_units"] * deal["gpu_cost"] * (1 - deal["gpu_age"] / deal["accounting_life"])
    stressed = coin * (1 - deal["coin_shock"]) + cards * (1 - deal["gpu_shock"])
    assert names["ltv_at_book"] == pytest.approx(debt / (coin + book), rel=1e-9)
    assert names["ltv_stressed"] == pytest.approx(debt / stressed, rel=1e-9)
    assert names["market_ltv"] == pytest.approx(debt / (coin + cards), rel=1e-9)
    liquidation = names["ltv_liquidation"]
    assert isinstance(liquidation, float)
    assert liquidation > debt / stressed


def test_a_scenario_replaces_the_inputs(loan: Example) -> None:
    scenario = recalculate(loan.path, inputs={"scenario": "Decline 40%"}).names
    typed = recalculate(loan.path, inputs={"rent_decline": 0.4}).names
    for name in ("dscr_on_curve", "dscr_after_contract", "debt_on_curve"):
        assert scenario[name] == pytest.approx(typed[name], rel=1e-12)


def test_every_twin_agrees(example: Example) -> None:
    audit = example.result.values["Audit"]
    differences = [value for (_, column), value in audit.items() if column == 6]
    assert len(differences) == len(example.template.twin)
    assert all(isinstance(d, float) and d < 1e-9 for d in differences)
    assert example.result.names["master_check"] == "OK"
    assert not example.result.errors


def test_an_error_reads_check_and_is_told(loan: Example) -> None:
    """No GPUs: no debt, nothing to divide by; the covenant must not pass."""
    result = recalculate(loan.path, inputs={"gpus": 0})
    assert result.names["covenant_dscr_curve"] == "CHECK"
    assert result.names["covenant_resale"] == "CHECK"
    assert result.names["master_check"] == "CHECK"
    assert result.errors
    assert all(fault.reason for fault in result.errors)


def test_a_covenant_that_is_never_tested_reads_check(loan: Example) -> None:
    result = recalculate(loan.path, inputs={"first_test_month": 70})
    assert result.names["covenant_dscr_curve"] == "CHECK"
