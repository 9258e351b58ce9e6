"""Random loans with everything that can happen to one, for comparing engines."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Deal:
    """Terms of one loan and one path of what happens to it."""

    terms: dict[str, float]
    scheduled: list[float]
    cfads: list[float] | None = None
    coin: list[float] | None = None
    gpu: list[float] | None = None
    rates: list[float] | None = None
    prepayment: list[float] | None = None
    name: str = field(default="", compare=False)


def random_deal(seed: int) -> Deal:
    """One loan; equal seeds give equal loans."""
    r = random.Random(seed)
    periods = r.choice([1, 2, 3, 6, 12, 24, 36])
    loan = 100.0
    terms: dict[str, Any] = {"loan": loan, "rate": r.choice([0.0, 0.06, 0.12, 0.3])}
    terms["periods_per_year"] = r.choice([1, 4, 12, 12])
    scheduled = _schedule(r, loan, periods)
    if r.random() < 0.4:
        terms["balloon"] = r.choice([0.0, 0.0, 20.0, 55.5])
    for label, values in (
        ("fee", [0.01, 0.02]),
        ("oid", [0.015]),
        ("dsra_opening", [3.0, 12.0]),
        ("dsra_periods", [1, 3, 6]),
        ("sweep", [0.25, 0.5, 1.0]),
        ("lockup", [1.05, 1.2, 1.5]),
        ("liquidity", [2.0, 15.0]),
        ("grace_periods", [0, 0, 1, 2]),
        ("recovery_periods", [3, 6]),
    ):
        if r.random() < 0.45:
            terms[label] = r.choice(values)
    if r.random() < 0.2:
        terms["cash_control"] = 0
    cfads = None
    if r.random() < 0.85:
        cfads = _cash(r, terms, scheduled)
    coin = gpu = None
    if r.random() < 0.75:
        coin, gpu = _collateral(r, terms, periods)
    rates = None
    if r.random() < 0.3:
        rates = [round(r.uniform(0.0, 0.2), 4) for _ in range(periods)]
    return Deal(terms, scheduled, cfads, coin, gpu, rates, name=f"seed {seed}")


def prepaying(seed: int) -> Deal:
    """The same loan with cash that must prepay in some periods, more than there is in a few."""
    deal = random_deal(seed)
    if deal.cfads is not None:
        r = random.Random(f"prepaying {seed}")
        must = [r.choice([0.0, 0.0, 5.0, 20.0, 60.0]) for _ in deal.cfads]
        kept = r.random() < 0.5  # received on top of the other cash, or out of it
        deal.prepayment = must
        deal.cfads = [c + m * kept for c, m in zip(deal.cfads, must, strict=True)]
    return deal


def accelerating(seed: int) -> Deal:
    """The same loan where all falls due in some period, or after its end."""
    deal = prepaying(seed)
    r = random.Random(f"accelerating {seed}")
    deal.terms["accelerated"] = r.randint(1, len(deal.scheduled) + 1)
    return deal


def dated(seed: int) -> Deal:
    """The same loan on payment dates, without collateral, its index below a trigger at times."""
    deal = prepaying(seed)
    r = random.Random(f"dated {seed}")
    collateral = ("coin", "gpu", "call", "cure", "liquidation", "sale", "exponent")
    deal.terms = {k: v for k, v in deal.terms.items() if not k.startswith(collateral)}
    if deal.cfads is None:
        deal.cfads = [r.uniform(-5.0, 30.0) for _ in deal.scheduled]
    deal.terms["payment_periods"] = r.choice([1, 2, 3, 3, 5, 6])
    deal.coin, deal.gpu = [1.0, *(r.uniform(0.4, 1.2) for _ in deal.scheduled)], None
    if r.random() < 0.7:
        deal.terms["trigger_level"] = r.choice([0.6, 0.9])
        deal.terms["trigger_sweep"] = r.choice([0.0, 0.5, 1.0])
        deal.terms["trigger_dsra_periods"] = r.choice([0, 4, 9])
    return deal


def kept(seed: int) -> Deal:
    """The same loan with principal at intervals, for which its cash is kept."""
    deal = prepaying(seed)
    r = random.Random(f"kept {seed}")
    deal.terms = {k: v for k, v in deal.terms.items() if k != "cash_control"}
    every = deal.terms["principal_periods"] = r.choice([2, 3, 3, 5, 6])
    n, due = len(deal.scheduled), 0.0
    for k, principal in enumerate(deal.scheduled, start=1):
        due += principal
        falls = (n - k) % every == 0
        deal.scheduled[k - 1], due = (due, 0.0) if falls else (0.0, due)
    deal.terms["lockup"] = r.choice([0.0, 1.0, 1.2, 1.5])
    return deal


def _schedule(r: random.Random, loan: float, periods: int) -> list[float]:
    kind = r.choice(["level", "bullet", "part", "uneven", "late"])
    if kind == "level":
        return [loan / periods] * periods
    if kind == "bullet":
        return [0.0] * (periods - 1) + [loan]
    if kind == "part":
        return [0.6 * loan / periods] * periods
    if kind == "late":
        first = periods // 2
        return [0.0] * first + [loan / (periods - first)] * (periods - first)
    weights = [r.random() for _ in range(periods)]
    return [loan * w / sum(weights) for w in weights]


def _cash(r: random.Random, terms: dict[str, Any], scheduled: list[float]) -> list[float]:
    balance, service = 100.0, []
    for due in scheduled:
        service.append(balance * terms["rate"] / terms["periods_per_year"] + due)
        balance -= due
    cover, noise = r.choice([0.8, 1.0, 1.3, 2.0]), r.choice([0.0, 0.3, 0.8])
    cash = [s * cover * (1.0 + noise * r.uniform(-1, 1)) for s in service]
    if r.random() < 0.4:
        cash = [c - r.choice([0.0, 0.0, 3.0, 12.0]) for c in cash]
    return cash


def _collateral(
    r: random.Random, terms: dict[str, Any], periods: int
) -> tuple[list[float], list[float]]:
    coins, cards = r.choice([(1.0, 4.0), (2.0, 0.0), (0.0, 12.0), (0.7, 9.0)])
    terms |= {"coin_units": coins, "gpu_units": cards}
    for label, values in (
        ("coin_haircut", [0.05, 0.3]),
        ("gpu_haircut", [0.1, 0.4]),
        ("coin_slippage", [0.02, 0.08]),
        ("gpu_recovery", [0.3, 0.6]),
    ):
        if r.random() < 0.5:
            terms[label] = r.choice(values)
    if r.random() < 0.3:
        terms["gpu_depth"] = r.choice([0.05, 0.5])
        for label, values in (
            ("sale_days", [30.0, 60.0]),
            ("gpu_impact", [0.2, 0.7]),
            ("exponent", [0.5, 1.0]),
            ("sale_haircut", [0.1, 0.25]),
            ("sale_cost", [0.2, 1.5]),
        ):
            if r.random() < 0.7:
                terms[label] = r.choice(values)
    weighed = coins * (1 - terms.get("coin_haircut", 0)) * 100.0
    weighed += cards * (1 - terms.get("gpu_haircut", 0)) * 13.0
    if r.random() < 0.85:
        start = 100.0 / weighed
        call = start * r.choice([1.01, 1.05, 1.2])
        terms["call_ltv"] = call
        terms["cure_ltv"] = call * r.choice([0.7, 0.9, 0.97])
        terms["liquidation_ltv"] = call * r.choice([1.0, 1.1, 1.3])
        terms["cure_periods"] = r.choice([0, 0, 1, 2])
    coin, gpu = [100.0], [13.0]
    drift, vol = r.choice([0.0, -0.03, -0.08]), r.choice([0.05, 0.15, 0.4])
    for _ in range(periods):
        coin.append(coin[-1] * max(0.05, 1.0 + drift + vol * r.uniform(-1, 1)))
        gpu.append(gpu[-1] * max(0.05, 1.0 + drift + 0.3 * vol * r.uniform(-1, 1)))
    if r.random() < 0.05:
        coin[-1] = gpu[-1] = 0.0
    return coin, gpu
