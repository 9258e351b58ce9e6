"""The margin waterfall: money is neither made nor lost, and paths do not mix."""

from __future__ import annotations

import numpy as np
import pytest

from xlcredit.models import margin

TERMS = {
    "loan": 50.0,
    "rate": 0.12,
    "scheduled": 0.5,
    "coin_units": 0.5,
    "gpu_units": 4.0,
    "coin_haircut": 0.05,
    "call_ltv": 0.75,
    "cure_ltv": 0.6,
    "liquidation_ltv": 0.85,
    "cure_periods": 1.0,
    "liquidity": 6.0,
    "coin_slippage": 0.03,
    "gpu_recovery": 0.6,
}


def paths(count: int = 400, periods: int = 24) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    coin = 100.0 * np.exp(np.cumsum(rng.normal(-0.01, 0.15, (periods + 1, count)), axis=0))
    gpu = 13.0 * np.exp(np.cumsum(rng.normal(-0.02, 0.05, (periods + 1, count)), axis=0))
    coin[0], gpu[0] = 100.0, 13.0
    return coin, gpu, rng.normal(1.1, 0.5, (periods, count))


def test_paths_run_together_as_they_run_alone() -> None:
    terms, (coin, gpu, cash) = margin.Margin(**TERMS), paths()
    together = vars(margin.run(terms, coin, gpu, cash))
    for i in range(0, coin.shape[1], 37):
        alone = vars(margin.run(terms, coin[:, [i]], gpu[:, [i]], cash[:, [i]]))
        for name, value in alone.items():
            np.testing.assert_array_equal(together[name][i], value[0], err_msg=name)


def test_every_ending_happens() -> None:
    coin, gpu, cash = paths()
    ends: set[int] = set()
    for scheduled in (0.5, 2.2):
        terms = margin.Margin(**TERMS | {"scheduled": scheduled})
        ends |= {*margin.run(terms, coin, gpu).status, *margin.run(terms, coin, gpu, cash).status}
    assert {margin.STATUS[end] for end in ends} == set(margin.STATUS)


def test_the_debt_falls_by_what_is_paid() -> None:
    coin, gpu, _ = paths()
    terms = margin.Margin(**TERMS)
    end = margin.run(terms, coin, gpu)
    enforced = end.status == margin.LIQUIDATED
    scheduled = np.minimum(0.5 * end.end_period, 50.0)
    paid = end.topped_up + end.coin_sold * 0.97
    open_ended = end.status != margin.REPAID
    np.testing.assert_allclose(
        (50.0 - end.balance)[open_ended], (scheduled + paid)[open_ended], atol=1e-10
    )
    np.testing.assert_allclose(end.liquidity, 6.0 - end.topped_up, atol=1e-12)
    assert np.all((end.loss >= 0.0) & (end.loss <= end.exposure))
    assert np.all(end.exposure[enforced] == end.balance[enforced])
    assert np.all(end.exposure[~enforced] == 0.0)
    assert np.all(end.coin_units >= 0.0)


def test_repayment_comes_before_every_test_of_the_collateral() -> None:
    terms = margin.Margin(**TERMS | {"scheduled": 50.0})
    end = margin.run(terms, [[100.0], [0.0]], [[13.0], [0.0]])
    assert (end.status[0], end.loss[0]) == (margin.REPAID, 0.0)


@pytest.mark.parametrize(("ltv_end", "status"), [(0.85, margin.LIQUIDATED), (0.8499, 0)])
def test_a_tie_with_the_trigger_fires(ltv_end: float, status: int) -> None:
    terms = margin.Margin(
        loan=85.0,
        rate=0.0,
        coin_units=1.0,
        gpu_units=1.0,
        call_ltv=0.84,
        cure_ltv=0.8,
        liquidation_ltv=0.85,
        cure_periods=5.0,
    )
    end = margin.run(terms, [[100.0], [85.0 / ltv_end - 25.0]], [[25.0], [25.0]])
    assert end.status[0] == status
    assert end.calls[0] == (0 if status else 1)
