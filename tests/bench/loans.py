"""What the loan engine costs: one path in a cell, and many paths at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.hosts.windows import Windows, to_windows
from xlcredit.functions import call
from xlcredit.models import loan

PERIODS = 72
MARGIN = {
    "loan": 50.0,
    "rate": 0.12,
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
ACCOUNTS = {"dsra_periods": 6.0, "sweep": 0.3, "lockup": 1.2}
FULL = MARGIN | ACCOUNTS | {"dsra_opening": 3.0, "grace_periods": 1.0}

COIN = [100.0 - 0.3 * k for k in range(PERIODS + 1)]
GPU = [13.0] * (PERIODS + 1)
CASH, DUE = [3.0] * PERIODS, [0.5] * PERIODS


def stock(excel: Windows) -> Callable[..., Any]:
    """The waterfall as xlwings' documentation would have it: stock decorators, the same engine."""
    import xlwings as xw

    @xw.func
    @xw.arg("cfads", np.array, ndim=1)
    @xw.arg("scheduled", np.array, ndim=1)
    @xw.arg("terms", dict)
    def STOCK_LOAN(cfads, balance, rate, scheduled, terms):  # type: ignore[no-untyped-def]
        agreed = loan.Terms(loan=balance, rate=rate, **terms)
        plan = loan.Plan.of(agreed, scheduled)
        _, flows, accounts = loan.trace(agreed, plan, cfads.tolist())
        return np.array(
            [
                (f.interest, f.principal, f.swept, *a, f.distribution, f.dscr, f.unpaid, f.gap)
                for f, a in zip(flows, accounts, strict=True)
            ]
        )

    vars(excel.classic)["STOCK_LOAN"] = STOCK_LOAN
    return lambda *raw: excel.call("STOCK_LOAN", *raw)


def one_path(excel: Windows) -> dict[str, Callable[[], Any]]:
    """A path of 72 periods, by function and by way."""
    cash, due, coin, gpu = (to_windows([[x] for x in s]) for s in (CASH, DUE, COIN, GPU))
    accounts, margin = (to_windows([[k, v] for k, v in t.items()]) for t in (ACCOUNTS, MARGIN))
    plain = stock(excel)
    return {
        "XLC_WATERFALL, stock decorators": lambda: plain(cash, 50.0, 0.12, due, accounts),
        "XLC_WATERFALL, classic host": lambda: excel.call(
            "XLC_WATERFALL", cash, 50.0, 0.12, due, accounts
        ),
        "XLC_WATERFALL, call": lambda: call("XLC_WATERFALL", CASH, 50.0, 0.12, DUE, ACCOUNTS),
        "XLC_MARGIN_WATERFALL, classic host": lambda: excel.call(
            "XLC_MARGIN_WATERFALL", margin, coin, gpu, cash
        ),
        "XLC_MARGIN_WATERFALL, call": lambda: call("XLC_MARGIN_WATERFALL", MARGIN, COIN, GPU, CASH),
        "XLC_REPAYMENT, call": lambda: call("XLC_REPAYMENT", FULL, DUE, CASH, COIN, GPU),
    }


def many_paths(count: int = 100_000, periods: int = 60) -> dict[str, Callable[[], Any]]:
    """The engine in NumPy over simulated prices."""
    rng = np.random.default_rng(5)
    coin = 100.0 * np.exp(np.cumsum(rng.normal(-0.01, 0.15, (periods + 1, count)), axis=0))
    gpu = 13.0 * np.exp(np.cumsum(rng.normal(-0.02, 0.05, (periods + 1, count)), axis=0))
    coin[0], gpu[0] = 100.0, 13.0
    cash = rng.normal(1.9, 0.5, (periods, count))

    def run(terms: dict[str, float], flows: Any) -> Callable[[], Any]:
        agreed = loan.Terms(**terms)
        plan = loan.Plan.of(agreed, [0.5] * periods)
        return lambda: loan.run(agreed, plan, flows, coin, gpu)

    plain = MARGIN | {"grace_periods": 0.0, "cash_control": 0.0}
    return {
        "the margin path alone": run(plain, None),
        "with service out of cash flow": run(plain, cash),
        "with all accounts": run(FULL, cash),
    }
