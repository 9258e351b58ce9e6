"""The loan on simulated paths, once more: one path after the other in plain Python.

Written from the rules alone. It shares no line with xlcredit, and draws its numbers from the
standard library.
"""

from __future__ import annotations

import math
import random
from typing import Any

TIE = 1e-12
DEFAULTS: dict[str, Any] = {
    "rate": 0.0, "periods_per_year": 12, "balloon": None, "dsra_opening": 0.0, "dsra_periods": 0,
    "sweep": 0.0, "lockup": 0.0, "liquidity": 0.0, "grace_periods": None, "cash_control": 1,
    "coin_units": 0.0, "gpu_units": 0.0, "coin_haircut": 0.0, "gpu_haircut": 0.0,
    "call_ltv": None, "cure_ltv": None, "liquidation_ltv": None, "cure_periods": 0,
    "coin_slippage": 0.0, "gpu_recovery": 1.0, "coin_price": 0.0, "gpu_price": 0.0,
    "coin_vol": 0.0, "gpu_vol": 0.0, "coin_drift": 0.0, "gpu_drift": 0.0, "mean_reversion": 0.0,
    "correlation": 0.0, "stressed_correlation": 0.0, "drawdown_trigger": None,
    "jump_intensity": 0.0, "coin_jump": 0.0, "gpu_jump": 0.0, "coin_jump_vol": 0.0,
    "gpu_jump_vol": 0.0, "jump_correlation": 0.0, "rent_beta": 1.0, "hazard": 0.0,
    "hazard_elasticity": 0.0, "downtime_periods": 0, "loss_rate": 0.0, "accelerated": 0,
}  # fmt: skip

Record = dict[str, Any]


def reaches(a: float, b: float) -> bool:
    return a == b or a >= b - TIE * max(abs(a), abs(b))


def market_path(t: Record, periods: int, rng: random.Random, curve: list[float] | None) -> Record:
    """Coins, cards, rent factors (each from closing on) and the step in which the customer goes."""
    dt = 1.0 / t["periods_per_year"]
    kappa, sigma, beta = t["mean_reversion"], t["gpu_vol"], t["rent_beta"]
    log_coin, high, y, jumps, gone = 0.0, 0.0, 0.0, 0.0, 0
    coins, cards, rents = [t["coin_price"]], [curve[0] if curve else t["gpu_price"]], [1.0]
    lam, m1, m2 = t["jump_intensity"], t["coin_jump"], t["gpu_jump"]
    s1, s2, rj = t["coin_jump_vol"], t["gpu_jump_vol"], t["jump_correlation"]
    for k in range(1, periods + 1):
        if gone == 0 and t["hazard"] > 0.0:
            intensity = t["hazard"] * rents[-1] ** -t["hazard_elasticity"]
            if rng.random() < 1.0 - math.exp(-intensity * dt):
                gone = k
        trigger = t["drawdown_trigger"]
        stressed = trigger is not None and math.exp(log_coin) <= (1 - trigger) * math.exp(high)
        rho = t["stressed_correlation"] if stressed else t["correlation"]
        z1, z2 = rng.gauss(0, 1), rng.gauss(0, 1)
        log_coin += (t["coin_drift"] - t["coin_vol"] ** 2 / 2) * dt
        log_coin -= lam * (math.exp(m1 + s1 * s1 / 2) - 1) * dt
        log_coin += t["coin_vol"] * math.sqrt(dt) * z1
        spread = dt if kappa == 0 else (1 - math.exp(-2 * kappa * dt)) / (2 * kappa)
        shock = rho * z1 + math.sqrt(1 - rho * rho) * z2
        y = y * math.exp(-kappa * dt) + sigma * math.sqrt(spread) * shock
        wait = rng.expovariate(lam) if lam else math.inf
        while wait < dt:  # each jump by itself, at its own time
            a, b = rng.gauss(0, 1), rng.gauss(0, 1)
            log_coin += m1 + s1 * a
            jumps += m2 + s2 * (rj * a + math.sqrt(1 - rj * rj) * b)
            wait += rng.expovariate(lam)
        high = max(high, log_coin)
        when = k * dt
        v = sigma**2 * (when if kappa == 0 else (1 - math.exp(-2 * kappa * when)) / (2 * kappa))
        card = math.exp(y - v / 2 + jumps - lam * when * (math.exp(m2 + s2 * s2 / 2) - 1))
        rent = beta * (y + jumps) - beta**2 * v / 2
        rent -= lam * when * (math.exp(beta * m2 + beta**2 * s2 * s2 / 2) - 1)
        base = curve[k] if curve else t["gpu_price"] * math.exp(t["gpu_drift"] * when)
        coins.append(t["coin_price"] * math.exp(log_coin))
        cards.append(base * card)
        rents.append(math.exp(rent))
    return {"coins": coins, "cards": cards, "rents": rents, "gone": gone}


def cash_path(t: Record, s: Record, market: Record, periods: int) -> list[float] | None:
    """CFADS by period."""
    if not any(s.get(name) for name in ("contracted", "merchant", "opex")):
        return None
    flows = []
    for k in range(1, periods + 1):
        value = {n: v[k - 1] for n, v in s.items() if v and n != "gpu_curve"}
        rent, gone = market["rents"][k], market["gone"]
        here = gone == 0 or k < gone
        cash = value.get("merchant", 0.0) * rent - value.get("opex", 0.0)
        if here:
            cash += value.get("contracted", 0.0)
        elif k >= gone + t["downtime_periods"] + 1:
            cash += value.get("relet", 0.0) * rent
        flows.append(cash)
    return flows


def loan_path(  # noqa: PLR0912
    t: Record, scheduled: list[float], cfads: list[float] | None, market: Record
) -> Record:
    """One loan on one path."""
    n, m = len(scheduled), t["periods_per_year"]
    i = t["rate"] / m
    b, arrears, reserve, trapped, outside = t["loan"], 0.0, t["dsra_opening"], 0.0, t["liquidity"]
    coins, cards, wc, wg = (
        t["coin_units"],
        t["gpu_units"],
        1 - t["coin_haircut"],
        1 - t["gpu_haircut"],
    )
    services, signed = [], t["loan"]
    for agreed in scheduled:
        p = min(agreed, signed)
        services.append(signed * i + p)
        signed -= p
    failing = int(t["accelerated"])
    if 0 < failing <= n:  # all falls due then; the schedule ahead was the whole one
        t, n = t | {"balloon": 0.0}, failing
    levels = t["call_ltv"] is not None
    r = {"status": "performing", "end": n, "first_call": 0, "exposure": 0.0, "loss": 0.0,
         "recovered": 0.0, "unpaid": 0.0, "premium": 0.0, "discounted_loss": 0.0,
         "max_ltv": 0.0, "received": {}}  # fmt: skip

    def ltv(k: int) -> float:
        worth = wc * coins * market["coins"][k] + wg * cards * market["cards"][k]
        return b / worth if worth > 0 else math.inf

    def settled(balance: float) -> float:
        return 0.0 if balance <= TIE * t["loan"] else balance

    def discount(k: int) -> float:
        return float((1 + t["loss_rate"]) ** (-k / m))

    def enforce(k: int, status: str, c: float) -> None:
        pot = reserve + trapped + coins * market["coins"][k] * (1 - t["coin_slippage"])
        pot += cards * market["cards"][k] * t["gpu_recovery"]
        pot += c if t["cash_control"] else 0.0
        recovered = b if reaches(pot, b) else pot
        r.update(status=status, end=k, exposure=b, recovered=recovered, loss=b - recovered,
                 discounted_loss=(b - recovered) * discount(k))  # fmt: skip

    if levels:
        r["max_ltv"] = ltv(0)
    opened, missed = 0, 0
    for k in range(1, n + 1):
        r["premium"] += b * discount(k) / m
        interest = b * i
        principal = scheduled[k - 1] + arrears
        principal = b if reaches(principal, b) else principal
        service = interest + principal
        if k == n and t["balloon"] is not None:
            principal = max(principal, b - t["balloon"])
            principal = b if reaches(principal, b) else principal
        c, short, dscr = 0.0, 0.0, None
        if cfads is None:
            b = settled(b - principal)
        else:
            dscr = cfads[k - 1] / service if service > 0 else None
            c, trapped = cfads[k - 1] + trapped, 0.0
            if c < 0:
                from_reserve = min(-c, reserve)
                reserve -= from_reserve
                outside -= min(-c - from_reserve, outside)
                c = 0.0
            due = interest + principal
            available = c + reserve + outside
            if reaches(available, due):
                available = max(available, due)
            paid = min(due, available)
            short = due - paid
            used = min(c, paid)
            c -= used
            from_reserve = min(reserve, paid - used)
            reserve -= from_reserve
            outside -= min(outside, paid - used - from_reserve)
            late = max(0.0, interest - paid)
            arrears = short - late
            b = settled(b + late - (principal - arrears))
            arrears = min(arrears, b)
            missed = missed + 1 if short > 0 else 0
            grace = t["grace_periods"]
            if short > 0 and grace is not None and (missed > grace or k == n):
                enforce(k, "payment_default", c)
                return r
            target = sum(services[k : k + int(t["dsra_periods"])]) if b > 0 else 0.0
            held = min(target, reserve + c)
            c, reserve = reserve + c - held, held
            swept = t["sweep"] * c
            swept = b if reaches(swept, b) else swept
            b, c = settled(b - swept), max(0.0, c - swept)
            arrears = min(arrears, b)
            if not t["cash_control"]:
                c = 0.0
        if b == 0:
            r.update(status="repaid", end=k)
            return r
        if levels:
            level = ltv(k)
            r["max_ltv"] = max(r["max_ltv"], level)
            if reaches(level, t["liquidation_ltv"]):
                enforce(k, "liquidated", c)
                return r
            if not reaches(level, t["call_ltv"]):
                opened = 0
            else:
                if not opened:
                    opened = k
                    r["first_call"] = r["first_call"] or k
                if k - opened >= t["cure_periods"]:
                    cure, kept = t["cure_ltv"], 1 - t["coin_slippage"]
                    price, worth = market["coins"][k], b / level
                    top = min(c + outside, b - cure * worth)
                    b, arrears = settled(b - top), max(0.0, arrears - top)
                    outside -= max(0.0, top - c)
                    c = max(0.0, c - top)
                    if not reaches(cure * worth, b):
                        gain, held = kept - cure * wc, coins * price
                        want = (b - cure * worth) / gain if gain > 0 else held
                        sale = min(want, held, b / kept)
                        if sale > 0:
                            coins = 0.0 if sale >= held else coins - sale / price
                            b = settled(b - sale * kept)
                            arrears = max(0.0, arrears - sale * kept)
                    arrears = min(arrears, b)
                    if b == 0:
                        r.update(status="repaid", end=k)
                        return r
                    level = ltv(k)
                    if not reaches(level, t["call_ltv"]) or level <= cure * (1 + 1e-11):
                        opened = 0
                    else:
                        enforce(k, "liquidated", c)
                        return r
        low = dscr is not None and not reaches(dscr, t["lockup"])
        trapped = c if opened or low else 0.0
    short = max(arrears, b - (signed if t["balloon"] is None else t["balloon"]))
    r["unpaid"] = short if short > TIE * t["loan"] else 0.0
    return r


def simulate(terms: Record, series: Record, paths: int, seed: int) -> dict[str, list[float]]:
    """Figures with their standard errors, from paths of one's own."""
    t = DEFAULTS | terms
    periods = round(t["months"] * t["periods_per_year"] / 12)
    rng = random.Random(seed)
    ends = []
    for _ in range(paths):
        market = market_path(t, periods, rng, series.get("gpu_curve"))
        cfads = cash_path(t, series, market, periods)
        ends.append(loan_path(t, series["scheduled"], cfads, market))
    return figures(ends, t["call_ltv"] is not None)


def figures(ends: list[Record], levels: bool) -> dict[str, list[float]]:
    """Means, ratios and quantiles with their standard errors."""
    n = len(ends)
    column = {
        name: [float(e[name]) for e in ends]
        for name in (
            "loss",
            "unpaid",
            "exposure",
            "premium",
            "discounted_loss",
            "first_call",
            "max_ltv",
        )
    }
    called = [float(e["first_call"] > 0) for e in ends]

    def status(word: str) -> list[float]:
        return [float(e["status"] == word) for e in ends]

    def mean(values: list[float]) -> list[float]:
        average = sum(values) / n
        return [average, math.sqrt(sum((v - average) ** 2 for v in values) / (n - 1) / n)]

    def ratio(over: list[float], under: list[float]) -> list[float] | None:
        below = sum(under) / n
        if not below:
            return None
        r = sum(over) / n / below
        rest = sum((a - r * b) ** 2 for a, b in zip(over, under, strict=True)) / (n - 1)
        return [r, math.sqrt(rest / n) / below]

    def quantile(values: list[float], share: float) -> list[float]:
        ranked = sorted(values)
        step = math.sqrt(share * (1 - share) / n)
        low, at, high = (
            ranked[min(n - 1, max(0, math.ceil(n * s - 1e-9) - 1))]
            for s in (share - step, share, min(1.0, share + step))
        )
        return [at, (high - low) / 2]

    def worst(values: list[float], share: float) -> list[float]:
        level = quantile(values, share)[0]
        excess = mean([max(0.0, v - level) for v in values])
        return [level + excess[0] / (1 - share), excess[1] / (1 - share)]

    found = {
        "call_probability": mean(called),
        "liquidation_probability": mean(status("liquidated")),
        "payment_default_probability": mean(status("payment_default")),
        "repaid_probability": mean(status("repaid")),
        "unpaid_probability": mean([float(e["unpaid"] > 0) for e in ends]),
        "expected_loss": mean(column["loss"]),
        "expected_unpaid": mean(column["unpaid"]),
        "loss_given_default": ratio(column["loss"], column["exposure"]),
        "spread": ratio(column["discounted_loss"], column["premium"]),
        "loss_p95": quantile(column["loss"], 0.95),
        "loss_p99": quantile(column["loss"], 0.99),
        "shortfall_p99": worst(column["loss"], 0.99),
    }
    for share in (50, 95, 99):
        at = quantile(column["max_ltv"], share / 100) if levels else None
        found[f"max_ltv_p{share}"] = at
    found["periods_to_first_call"] = ratio(column["first_call"], called)
    return found
