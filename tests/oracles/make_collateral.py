"""Reference values of the dual-collateral functions.

Integrals of the definitions by mpmath at 30 digits, exact fractions for the arithmetic, and
published examples. Run it from the root: ``python -m tests.oracles.make_collateral``.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath as mp

from tests.oracles.tables import Table, write

mp.mp.dps = 30
NA, DIV0, NUM, VALUE = "#N/A", "#DIV/0!", "#NUM!", "#VALUE!"
Case = dict[str, Any]


def case(arguments: list[Any], expected: Any) -> Case:
    return {"arguments": arguments, "expected": expected}


def each(function: Callable[..., Any], *calls: list[Any]) -> list[Case]:
    return [case(arguments, number(function(*arguments))) for arguments in calls]


def number(value: Any) -> Any:
    return value if isinstance(value, (str, list)) else float(value)


def save(function: str, source: str, cases: list[Case], tolerance: float = 1e-10) -> None:
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    write(Table(function, source, "make_collateral.py", today, tolerance, cases))


def exact(*numbers: Any) -> list[Fraction]:
    return [Fraction(n) for n in numbers]


# --- arithmetic, in exact fractions ---------------------------------------------------------


def dual_ltv(loan, coins, coin_price, gpus, gpu_price, coin_cut=0, gpu_cut=0):
    b, q, s, n, g, h, k = exact(loan, coins, coin_price, gpus, gpu_price, coin_cut, gpu_cut)
    return b / (q * s * (1 - h) + n * g * (1 - k))


def trigger_drop(loan, coin, gpu, trigger, measure="both"):
    b, s, g, t = exact(loan, coin, gpu, trigger)
    falling = {"both": s + g, "coin": s, "gpu": g}[measure]
    return ((s + g) - b / t) / falling


def margin_price(loan, coins, gpu, trigger):
    b, q, g, t = exact(loan, coins, gpu, trigger)
    return max(Fraction(0), b / t - g) / q


def margin_cure(loan, coin, gpu, target, measure="cash", slippage=0):
    b, s, g, t, k = exact(loan, coin, gpu, target, slippage)
    excess = max(Fraction(0), b - t * (s + g))
    return {"cash": excess, "coin": excess / t, "sale": excess / (1 - k - t)}[measure]


def make_arithmetic() -> None:
    published = "exact fractions; the published margin example of a coin lender"
    cases = each(
        dual_ltv,
        [44.0, 80.0, 1.0, 120.0, 1.0, 0.5, 0.6],
        [100.0, 40.0, 1.0, 72.0, 1.0],
        [50e6, 1000, 1e5, 0, 0],
        [50e6, 512.25, 97_123.45, 2048, 18_750.0, 0.35, 0.4],
        [1e-6, 1e-9, 1e5, 0, 0],
        [0.0, 1.0, 1.0, 1.0, 1.0],
    )
    cases += [
        case([100.0, 80.0, 1.0, 120.0, 1.0, 0.5, 0.4], 100 / 112),
        case([56.0, 80.0, 1.0, 120.0, 1.0, 0.5, 0.4], 0.5),
        case([100.0, 80.0, 0.5, 120.0, 0.6], 100 / 112),
        case([100.0, 80.0, 0.0, 120.0, 0.0], DIV0),
        case([100.0, 80.0, 1.0, 120.0, 1.0, 1.0, 1.0], DIV0),
        case([0.0, 0.0, 0.0, 0.0, 0.0], 0.0),
        case([-1.0, 80.0, 1.0, 120.0, 1.0], NUM),
        case([1.0, 80.0, 1.0, 120.0, 1.0, 1.01], NUM),
        case(["x", 80.0, 1.0, 120.0, 1.0], VALUE),
        case([[50.0, 100.0], 80.0, 1.0, 120.0, 1.0], [[0.25], [0.5]]),
        case([[[50.0, 100.0]], 80.0, 1.0, [[20.0], [120.0]], 1.0], [[0.5, 1.0], [0.25, 0.5]]),
        case([[50.0, None, "x"], 80.0, 1.0, 120.0, [1, 1, 1]], [[0.25], [VALUE], [VALUE]]),
    ]
    save("XLC_DUAL_LTV", published, cases)

    cases = each(
        trigger_drop,
        [55.0, 40.0, 60.0, 0.75],
        [55.0, 40.0, 60.0, 0.75, "coin"],
        [55.0, 40.0, 60.0, 0.75, "gpu"],
        [90.0, 40.0, 60.0, 0.75],
        [90.0, 40.0, 60.0, 0.75, "coin"],
        [75.0, 40.0, 60.0, 0.75, "coin"],
        [1e-3, 40.0, 60.0, 0.75],
    )
    cases += [
        case([50e6, 100e6, 0.0, [0.7, 0.8]], [[2 / 7], [0.375]]),
        case([0.0, 40.0, 60.0, 0.75], 1.0),
        case([25.0, 40.0, 60.0, 0.75, "coin"], NUM),
        case([0.0, 40.0, 60.0, 0.75, "gpu"], NUM),
        case([55.0, 0.0, 60.0, 0.75, "coin"], DIV0),
        case([55.0, 0.0, 0.0, 0.75], DIV0),
        case([55.0, 40.0, 60.0, 0.0], NUM),
        case([55.0, 40.0, 60.0, 0.75, "btc"], VALUE),
        case([55.0, 40.0, 60.0, 0.75, "all"], [["both", 4 / 15], ["coin", 2 / 3], ["gpu", 4 / 9]]),
        case([25.0, 40.0, 60.0, 0.75, "all"], [["both", 2 / 3], ["coin", NUM], ["gpu", NUM]]),
        case([[25.0, 55.0], 40.0, 60.0, 0.75, "coin"], [[NUM], [2 / 3]]),
    ]
    save("XLC_TRIGGER_DROP", published, cases)

    cases = each(
        margin_price,
        [50e6, 512.25, 20e6, 0.85],
        [50e6, 1000, 80e6, 0.7],
        [0.0, 1000, 0.0, 0.7],
        [1.0, 3, 0.1, 0.9],
    )
    cases += [
        case([50e6, 1000, 0.0, [[0.7, 0.8]]], [[71428.571428571428, 62500.0]]),
        case([50e6, 0.0, 0.0, 0.7], DIV0),
        case([50e6, 0.0, 80e6, 0.7], 0.0),
        case([50e6, 1000, 0.0, -0.7], NUM),
        case([50e6, [1000, 0.0, "?"], 0.0, 0.8], [[62500.0], [DIV0], [VALUE]]),
    ]
    save("XLC_MARGIN_PRICE", published, cases)

    cases = each(
        margin_cure,
        [55.0, 20.0, 45.0, 0.6],
        [55.0, 20.0, 45.0, 0.6, "coin"],
        [55.0, 45.0, 25.0, 0.6, "sale", 0.02],
        [55.0, 65.0, 45.0, 0.6],
        [55.0, 65.0, 45.0, 0.6, "sale", 0.5],
    )
    cases += [
        case([50e6, 50e6 / 0.7, 0.0, 0.5], 50e6 - 0.5 * (50e6 / 0.7)),  # 14,285,714.29
        case([50e6, 62.5e6, 0.0, 0.5, "sale"], 37.5e6),
        case(
            [50e6, 62.5e6, 0.0, 0.5, "all"],
            [["cash", 18.75e6], ["coin", 37.5e6], ["sale", 37.5e6]],
        ),
        case([55.0, 5.0, 60.0, 0.6, "sale"], NUM),
        case([55.0, 50.0, 10.0, 0.6, "sale", 0.45], NUM),
        case([55.0, 5.0, 60.0, 0.6, "all"], [["cash", 16.0], ["coin", 80 / 3], ["sale", NUM]]),
        case([0.0, 0.0, 0.0, 0.6, "sale"], 0.0),
        case([55.0, 5.0, 60.0, 0.0], NUM),
        case([[55.0, 39.0], 5.0, 60.0, 0.6, "sale"], [[NUM], [0.0]]),
    ]
    save("XLC_MARGIN_CURE", published, cases)


# --- impact: the average over the book by quadrature ----------------------------------------


def average(units, depth, impact, exponent):
    if impact == 0 or units == 0:
        return mp.mpf(1)
    q, d, c, b = map(mp.mpf, (units, depth, impact, exponent))
    return mp.quad(lambda x: mp.exp(-c * (x * q / d) ** b), mp.linspace(0, 1, 9))


def liquidation(loan, coins, coin_price, gpus, gpu_price, terms, measure="ltv"):
    t = {"coin_impact": 0, "gpu_impact": 0, "gpu_haircut": 0, "gpu_cost": 0, "exponent": 0.6}
    t |= {"coin_depth": 1, "gpu_depth": 1} | dict(terms)
    coin = mp.mpf(coins) * mp.mpf(coin_price)
    coin *= average(coins, t["coin_depth"], t["coin_impact"], t["exponent"])
    gpu = mp.mpf(gpus) * mp.mpf(gpu_price) * (1 - mp.mpf(t["gpu_haircut"]))
    gpu *= average(gpus, t["gpu_depth"], t["gpu_impact"], t["exponent"])
    gpu = max(0, gpu - mp.mpf(t["gpu_cost"]))
    if measure == "ltv":
        return mp.mpf(loan) / (coin + gpu)
    short = max(0, mp.mpf(loan) - coin - gpu)
    return {"coin_proceeds": coin, "gpu_proceeds": gpu, "shortfall": short}[measure]


def make_liquidation() -> None:
    deal = [50e6, 500, 80e3, 2000, 20e3]
    plain = [["coin_depth", 2000], ["coin_impact", 0.1], ["gpu_haircut", 0.4]]
    full = [
        ["coin_depth", 1500.0],
        ["coin_impact", 0.12],
        ["gpu_haircut", 0.25],
        ["gpu_depth", 900.0],
        ["gpu_impact", 0.35],
        ["exponent", 0.5],
        ["gpu_cost", 750_000.0],
    ]
    measures = ("ltv", "coin_proceeds", "gpu_proceeds", "shortfall")
    cases = each(
        liquidation,
        [*deal, plain],
        *([*deal, full, m] for m in measures),
        [*deal, [["gpu_impact", 4.0], ["gpu_depth", 10.0]], "gpu_proceeds"],
        [*deal, [["coin_impact", 0.4], ["coin_depth", 50.0], ["exponent", 1.0]], "coin_proceeds"],
        [*deal, [["gpu_cost", 1e9]], "gpu_proceeds"],
        [0.0, *deal[1:], plain],
        [90e6, *deal[1:], full, "shortfall"],
    )
    block = [[m, number(liquidation(*deal, full, m))] for m in measures]
    cases += [
        case([*deal, full, "all"], block),
        case([*deal, [["GPU haircut", 0.0]]], 50 / 80),
        case([*deal, [["coin_impact", 0.1]]], VALUE),
        case([*deal, [["coin_dept", 2000]]], VALUE),
        case([*deal, [["gpu_haircut", 1.2]]], NUM),
        case([*deal[:4], "?", plain], VALUE),
        case([50e6, 0, 80e3, 0, 20e3, plain], DIV0),
        case([[25e6, 50e6], 500, 80e3, 2000, 20e3, [["exponent", 0.6]]], [[0.3125], [0.625]]),
    ]
    save("XLC_LIQUIDATION_LTV", "mpmath 30 digits: quadrature of the book", cases)


# --- two lognormals: integrals over the coin's score ----------------------------------------


class Two:
    """Coin S and GPUs G at the horizon, both lognormal."""

    def __init__(self, coin, gpu, months, coin_vol, gpu_vol, rho, coin_drift=0, gpu_drift=0):
        t = mp.mpf(months) / 12
        self.s1, self.s2 = mp.mpf(coin_vol) * mp.sqrt(t), mp.mpf(gpu_vol) * mp.sqrt(t)
        self.f1 = mp.mpf(coin) * mp.exp(mp.mpf(coin_drift) * t)
        self.f2 = mp.mpf(gpu) * mp.exp(mp.mpf(gpu_drift) * t)
        self.rho = mp.mpf(rho)
        self.root = mp.sqrt(1 - self.rho**2)

    def coin(self, z):
        return self.f1 * mp.exp(self.s1 * z - self.s1**2 / 2)

    def mean_gpu(self, z):
        """Mean of the GPUs given the coin's score."""
        return self.f2 * mp.exp(self.rho * self.s2 * z - (self.rho * self.s2) ** 2 / 2)

    def h(self, z, level):
        """Score of the GPUs' own shock at which both add up to the level."""
        spread = self.s2 * self.root
        room = level - self.coin(z)
        if room <= 0:
            return -mp.inf
        return (mp.log(room / self.mean_gpu(z)) + spread**2 / 2) / spread

    def grid(self, level):
        """Abscissae between which the integrands are smooth: cut where h passes −12 … 12."""
        end = (mp.log(level / self.f1) + self.s1**2 / 2) / self.s1
        low, high = mp.mpf(-12), min(end, mp.mpf(12))
        if high <= low:
            return [low, low]
        points = mp.linspace(low, high, 401)
        cuts = {low, high}
        for target in range(-12, 13, 2):
            gaps = [self.h(z, level) - target for z in points]
            for k in range(400):
                if gaps[k] * gaps[k + 1] < 0:
                    cuts.add(self.cross(points[k], points[k + 1], target, level))
        return sorted(cuts | set(mp.linspace(low, high, 13)))

    def cross(self, a, b, target, level):
        sign = self.h(a, level) > target
        for _ in range(60):
            middle = (a + b) / 2
            a, b = (middle, b) if (self.h(middle, level) > target) == sign else (a, middle)
        return a

    def below(self, level):
        """P(S + G ≤ level)."""
        level = mp.mpf(level)
        return mp.quad(lambda z: mp.npdf(z) * mp.ncdf(self.h(z, level)), self.grid(level))

    def put(self, level):
        """E max(0, level − S − G): a Black put for each score of the coin."""
        level = mp.mpf(level)
        spread = self.s2 * self.root

        def inner(z):
            h = self.h(z, level)
            if h == -mp.inf:
                return mp.mpf(0)
            owed = (level - self.coin(z)) * mp.ncdf(h)
            return mp.npdf(z) * (owed - self.mean_gpu(z) * mp.ncdf(h - spread))

        return mp.quad(inner, self.grid(level))


def breach(loan, coin, gpu, trigger, *rest):
    return Two(coin, gpu, *rest).below(mp.mpf(loan) / mp.mpf(trigger))


def shortfall(loan, coin, gpu, *rest):
    return Two(coin, gpu, *rest).put(loan)


DEALS = [
    [55.0, 40.0, 60.0, 0.75, 3.0, 0.9, 0.5, 0.0, 0.0, -0.35],
    [55.0, 40.0, 60.0, 0.9, 3.0, 0.9, 0.5, -0.3],
    [55.0, 40.0, 60.0, 0.9, 3.0, 0.9, 0.5, 0.95, 0.1, -0.35],
    [55.0, 40.0, 60.0, 0.75, 24.0, 0.65, 0.35, 0.4, 0.0, -0.3],
    [42.0, 90.0, 10.0, 0.8, 12.0, 0.8, 0.45, 0.6],
    [42.0, 1.0, 99.0, 0.8, 12.0, 0.8, 0.45, 0.6],
    # corners: nearly one shock, nearly opposite shocks, hardly any shock, a very long horizon
    [55.0, 40.0, 60.0, 0.6, 3.0, 0.9, 0.5, 0.999999],
    [55.0, 40.0, 60.0, 0.56, 3.0, 0.9, 0.5, -0.9999],
    [55.0, 40.0, 60.0, 0.55, 12.0, 0.01, 0.5, 0.2],
    [55.0, 40.0, 60.0, 0.55, 12.0, 0.6, 0.002, -0.4],
    [55.0, 40.0, 60.0, 0.549, 1.0, 0.01, 0.02, 0.3],
    [55.0, 40.0, 60.0, 0.75, 120.0, 0.9, 0.6, 0.5],
    [20.0, 40.0, 60.0, 0.95, 1.0, 0.5, 0.3, 0.3],
    [99.0, 40.0, 60.0, 0.7, 1.0, 0.5, 0.3, 0.3],
]


def make_horizon() -> None:
    source = "mpmath 30 digits: integral over the coin's score, cut where the integrand turns"
    shares = [breach(*deal) for deal in DEALS]
    cases = [case(deal, float(p)) for deal, p in zip(DEALS, shares, strict=True)]
    one = mp.ncdf((mp.log(mp.mpf("60") / 75) + mp.mpf("0.125")) / mp.mpf("0.5"))
    two = Two(40, 60, 12, 0.5, 0.3, 1)
    same = mp.ncdf(
        mp.findroot(lambda z: two.coin(z) + 60 * mp.exp(two.s2 * z - two.s2**2 / 2) - 90, -0.3)
    )
    cases += [
        case([60.0, 75.0, 0.0, 1.0, 12.0, 0.5, 0.3, 0.3], float(one)),
        case([60.0, 0.0, 75.0, 1.0, 12.0, 0.3, 0.5, 0.3], float(one)),
        case([70.0, 75.0, 10.0, 1.0, 12.0, 0.5, 0.0, 0.3], float(one)),
        case([90.0, 40.0, 60.0, 1.0, 12.0, 0.5, 0.3, 1.0], float(same)),
        case([97.0, 40.0, 60.0, 1.0, 12.0, 0.0, 0.0, 0.3], 0.0),
        case([70.0, 50.0, 50.0, 0.7, 0.0, 0.9, 0.5, 0.3], 1.0),
        case([70.0, 50.0, 50.0, 0.71, 0.0, 0.9, 0.5, 0.3], 0.0),
        case([0.0, 50.0, 50.0, 0.7, 12.0, 0.9, 0.5, 0.3], 0.0),
        case([1.0, 0.0, 0.0, 0.7, 12.0, 0.9, 0.5, 0.3], 1.0),
        case([55.0, 40.0, 60.0, 0.75, -3.0, 0.9, 0.5, 0.0], NUM),
        case([55.0, 40.0, 60.0, 0.75, 3.0, 0.9, 0.5, 1.5], NUM),
        case([55.0, 40.0, "x", 0.75, 3.0, 0.9, 0.5, 0.5], VALUE),
        case(
            [55.0, 40.0, 60.0, [0.75, "x"], 3.0, 0.9, 0.5, 0.0, 0.0, -0.35],
            [[float(shares[0])], [VALUE]],
        ),
    ]
    save("XLC_LTV_BREACH", source, cases)

    # The share is computed for a chosen LTV, so the LTV is the quantile of that share.
    cases = []
    for deal, p in list(zip(DEALS, shares, strict=True))[:12]:
        loan, coin, gpu, trigger, *rest = deal
        cases.append(case([loan, coin, gpu, float(1 - p), *rest], trigger))
    grow = mp.exp(mp.mpf("0.5") * mp.sqrt(2) * mp.erfinv(mp.mpf(0.1) * 2 - 1) - mp.mpf("0.125"))
    cases += [
        case([60.0, 75.0, 0.0, 0.9, 12.0, 0.5, 0.3, 0.3], float(60 / (75 * grow))),
        case([60.0, 75.0, 10.0, 0.9, 12.0, 0.5, 0.0, 0.3], float(60 / (75 * grow + 10))),
        case([60.0, 75.0, 45.0, 0.9, 0.0, 0.5, 0.4, 0.3], 0.5),
        case([0.0, 75.0, 45.0, 0.9, 12.0, 0.5, 0.4, 0.3], 0.0),
        case([60.0, 0.0, 0.0, 0.9, 12.0, 0.5, 0.4, 0.3], DIV0),
        case([60.0, 75.0, 45.0, 1.0, 12.0, 0.5, 0.4, 0.3], NUM),
    ]
    save("XLC_LTV_QUANTILE", source, cases)

    puts = [[loan, coin, gpu, *rest] for loan, coin, gpu, _, *rest in DEALS]
    puts = [[max(d[0], 70.0), *d[1:]] if k in (8, 9, 10) else d for k, d in enumerate(puts)]
    puts += [[100.0, 40.0, 60.0, 12.0, 0.01, 0.02, 0.3], [150.0, 40.0, 60.0, 12.0, 0.9, 0.5, 0.3]]
    cases = each(shortfall, *puts)
    d = (mp.log(mp.mpf("60") / 75) + mp.mpf("0.125")) / mp.mpf("0.5")
    one = 60 * mp.ncdf(d) - 75 * mp.ncdf(d - mp.mpf("0.5"))
    cases += [
        case([60.0, 75.0, 0.0, 12.0, 0.5, 0.3, 0.3], float(one)),
        case([70.0, 75.0, 10.0, 12.0, 0.5, 0.0, 0.3], float(one)),
        case([120.0, 40.0, 60.0, 0.0, 0.5, 0.3, 0.3], 20.0),
        case([0.0, 40.0, 60.0, 12.0, 0.5, 0.3, 0.3], 0.0),
        case([50.0, 0.0, 0.0, 12.0, 0.5, 0.3, 0.3], 50.0),
        case([50.0, 40.0, 60.0, 12.0, -0.5, 0.3, 0.3], NUM),
        case([[120.0, "x"], 40.0, 60.0, 0.0, 0.5, 0.3, 0.3], [[20.0], [VALUE]]),
    ]
    save("XLC_SHORTFALL", source.replace("integral", "Black put integrated"), cases)


def passage(value, barrier, months, vol, drift=0.0):
    """Integral of the density of the first passage time."""
    t, s, m = mp.mpf(months) / 12, mp.mpf(vol), mp.mpf(drift)
    b, v = mp.log(mp.mpf(barrier) / mp.mpf(value)), m - s**2 / 2

    def density(u):
        x = mp.exp(-((b - v * u) ** 2) / (2 * s**2 * u))
        return -b / (s * mp.sqrt(2 * mp.pi * u**3)) * x

    peak = min(t, (b / s) ** 2)
    cuts = {mp.mpf(0), t} | {peak * mp.mpf(2) ** k for k in range(-12, 1)}
    cuts |= {peak + (t - peak) * k / 16 for k in range(17)}
    return mp.quad(density, sorted(cuts))


def make_passage() -> None:
    cases = each(
        passage,
        [100.0, 60.0, 12.0, 0.6],
        [100.0, 80.0, 12.0, 0.6, 0.1],
        [100.0, 60.0, 12.0, 0.6, -0.4],
        [100.0, 99.9, 1.0, 0.2],
        [100.0, 20.0, 12.0, 0.5],
        [100.0, 60.0, 120.0, 0.3, 0.3],
        [100.0, 70.0, 12.0, 0.02, -0.35],
        [100.0, 5.0, 6.0, 0.8],
    )
    cases += [
        case([100.0, [100.0, 120.0], 12.0, 0.6], [[1.0], [1.0]]),
        case([100.0, 0.0, 12.0, 0.6], 0.0),
        case([0.0, 10.0, 12.0, 0.6], 1.0),
        case([100.0, 60.0, 0.0, 0.6], 0.0),
        case([100.0, 60.0, 24.0, 0.0, -0.3], 1.0),
        case([100.0, 60.0, 12.0, 0.0, -0.3], 0.0),
        case([100.0, 60.0, 12.0, 1e-6, -0.3], 0.0),
        case([100.0, 60.0, 24.0, 1e-6, -0.3], 1.0),
        case([100.0, -60.0, 12.0, 0.6], NUM),
        case([100.0, [[100.0, True]], 12.0, 0.6], [[1.0, VALUE]]),
    ]
    save("XLC_PASSAGE", "mpmath 30 digits: integral of the first-passage density", cases)


# --- correlations ---------------------------------------------------------------------------


def stress_correlation(drawdown, calm, stressed, midpoint=0.30, width=0.05):
    x = (mp.mpf(drawdown) - mp.mpf(midpoint)) / mp.mpf(width)
    return mp.mpf(calm) + (mp.mpf(stressed) - mp.mpf(calm)) / (1 + mp.exp(-x))


def conditional_correlation(correlation, probability):
    rho, p = mp.mpf(correlation), mp.mpf(probability)
    a = mp.findroot(lambda x: mp.log(mp.ncdf(x)) - mp.log(p), mp.sqrt(2) * mp.erfinv(2 * p - 1))
    cuts = [a - 40, a - 10, a - 3, a - 1, a]
    m1 = mp.quad(lambda x: x * mp.npdf(x), cuts) / p
    variance = mp.quad(lambda x: (x - m1) ** 2 * mp.npdf(x), cuts) / p
    return rho * variance / mp.sqrt(variance * (rho**2 * variance + 1 - rho**2))


def make_correlations() -> None:
    cases = each(
        stress_correlation,
        [0.0, 0.2, 0.8],
        [0.3, 0.2, 0.8],
        [0.6, 0.2, 0.8],
        [0.45, -0.1, 0.9, 0.4, 0.08],
        [1.0, 0.5, 0.1, 0.2, 0.001],
        [0.0, 0.5, 0.1, 0.2, 0.001],
    )
    cases += [
        case([1.2, 0.2, 0.8], NUM),
        case([0.3, 0.2, 1.8], NUM),
        case([0.3, 0.2, 0.8, 0.3, 0.0], NUM),
        case([[[0.3, "x", None]], 0.2, 0.8], [[0.5, VALUE, VALUE]]),
    ]
    save("XLC_STRESS_CORRELATION", "mpmath 30 digits", cases)

    cases = each(
        conditional_correlation,
        [0.5, 0.05],
        [0.5, 0.5],
        [0.3, 0.01],
        [-0.7, 0.1],
        [0.999, 0.001],
        [0.9, 1e-8],
        [0.5, 0.95],
        [0.2, 0.9999],
    )
    cases += [
        case([1.0, 0.05], 1.0),
        case([-1.0, 0.05], -1.0),
        case([0.0, 0.05], 0.0),
        case([0.5, 0.0], NUM),
        case([0.5, 1.0], NUM),
        case([1.1, 0.5], NUM),
        case([[1.0, "x"], 0.5], [[1.0], [VALUE]]),
    ]
    save("XLC_CONDITIONAL_CORRELATION", "mpmath 30 digits: moments of the cut normal", cases)


# --- the margin waterfall, one step after the other, in exact fractions -----------------------


def waterfall(terms, coins, gpus, cash=None):  # noqa: PLR0912
    t = {"scheduled": 0, "coin_haircut": 0, "gpu_haircut": 0, "cure_periods": 0, "liquidity": 0}
    t |= {"coin_slippage": 0, "gpu_recovery": 1, "periods_per_year": 12} | dict(terms)
    t = {k: Fraction(v) for k, v in t.items()}
    coins, gpus = [Fraction(c) for c in coins], [Fraction(g) for g in gpus]
    debt, held, purse = t["loan"], t["coin_units"], t["liquidity"]
    keep, weight = 1 - t["coin_slippage"], 1 - t["coin_haircut"]
    calls = first = sales = 0
    topped = sold = exposure = loss = Fraction(0)
    opened, status, k = None, "performing", 0

    def worth(k):
        return weight * held * coins[k] + (1 - t["gpu_haircut"]) * t["gpu_units"] * gpus[k]

    highest = debt / worth(0)
    for k in range(1, len(coins)):
        interest, principal = debt * t["rate"] / t["periods_per_year"], min(t["scheduled"], debt)
        enforce = ""
        if cash is not None:
            flow = Fraction(cash[k - 1])
            purse -= min(purse, max(Fraction(0), -flow))  # costs come before debt service
            flow = max(flow, Fraction(0))
            short = max(Fraction(0), interest + principal - flow)
            if short > purse:
                debt += interest - flow - purse
                purse, enforce = Fraction(0), "payment_default"
            else:
                purse -= short
        if not enforce:
            debt -= principal
            if debt == 0:
                status = "repaid"
                break
            ltv = debt / worth(k)
            highest = max(highest, ltv)
            due = False
            if ltv >= t["liquidation_ltv"]:
                enforce = "liquidated"
            elif ltv < t["call_ltv"]:
                opened = None
            else:
                if opened is None:
                    opened, calls, first = k, calls + 1, first or k
                due = k - opened >= t["cure_periods"]
            if due:
                paid = min(purse, debt - t["cure_ltv"] * worth(k))
                debt, purse, topped = debt - paid, purse - paid, topped + paid
                if debt > t["cure_ltv"] * worth(k):
                    gain = keep - t["cure_ltv"] * weight
                    want = (debt - t["cure_ltv"] * worth(k)) / gain if gain > 0 else held * coins[k]
                    sale = min(want, held * coins[k], debt / keep)
                    debt, sold, sales = debt - sale * keep, sold + sale, sales + (sale > 0)
                    held -= sale / coins[k] if coins[k] else 0
                if debt == 0:
                    status = "repaid"
                    break
                ltv = debt / worth(k)
                if ltv < t["call_ltv"] or ltv <= t["cure_ltv"]:
                    opened = None
                else:
                    enforce = "liquidated"
        if enforce:
            proceeds = held * coins[k] * keep + t["gpu_units"] * gpus[k] * t["gpu_recovery"]
            status, exposure, loss = enforce, debt, max(Fraction(0), debt - proceeds)
            debt = Fraction(0)
            break
    figures = [k, calls, first or NA, sales, topped, sold, exposure, loss, debt, held, purse]
    names = "end_period calls first_call sales topped_up coin_sold exposure loss balance"
    labels = ["status", *names.split(), "coin_units", "liquidity", "max_ltv"]
    return [list(r) for r in zip(labels, [status, *map(number, [*figures, highest])], strict=True)]


def make_waterfall() -> None:
    base = {"loan": 50.0, "rate": 0.12, "coin_units": 0.5, "gpu_units": 4.0}
    base |= {"call_ltv": 0.7, "cure_ltv": 0.55, "liquidation_ltv": 0.85}
    fall = [100.0, 90.0, 70.0, 60.0, 45.0, 50.0, 55.0, 40.0]
    gpu = [12.5, 12.0, 11.5, 11.0, 10.5, 10.0, 9.5, 9.0]
    crash = [100.0, 90.0, 20.0, 15.0]

    def run(change, coins, gpus, *cash):
        terms = [[k, v] for k, v in (base | change).items()]
        return case([terms, coins, gpus, *cash], waterfall(terms, coins, gpus, *cash))

    haircuts = {"coin_haircut": 0.1, "gpu_haircut": 0.2, "loan": 40.0}
    cases = [
        run({}, [100.0, 95.0, 105.0], [12.5, 12.5, 12.5]),
        run({}, fall, gpu),
        run({"liquidity": 4.0}, fall, gpu),
        run({"liquidity": 40.0, "scheduled": 1.0}, fall, gpu),
        run({"cure_periods": 1, "coin_slippage": 0.02}, fall, gpu),
        run({"cure_periods": 3, "coin_slippage": 0.02, "liquidity": 2.0}, fall, gpu),
        run({"gpu_recovery": 0.4, "coin_slippage": 0.05}, crash, gpu[:4]),
        run({"gpu_recovery": 0.9}, crash, gpu[:4]),
        run({"scheduled": 12.5}, [100.0] * 7, [12.5] * 7),
        run({"liquidity": 3.0}, fall, gpu, [2.0, 1.0, 0.0, -1.0, 0.0, 0.0, 0.0]),
        run({"liquidity": 1.0, "scheduled": 2.0}, fall, gpu, [2.0, 1.0, 0.0, -1.0, 0.0, 0.0, 0.0]),
        run({"liquidity": 9.0, "scheduled": 2.0}, fall, gpu, [2.5] * 7),
        run(haircuts, fall, gpu),
        run(haircuts | {"cure_periods": 2, "liquidity": 2.0}, fall, gpu),
        run({"loan": 60.0, "coin_slippage": 0.5, "cure_ltv": 0.6}, fall, gpu),
        run({"loan": 45.0, "coin_units": 4.0, "gpu_units": 0.0}, [20.0, 15.0, 12.0], [1.0] * 3),
        run({"periods_per_year": 4, "liquidity": 5.0}, fall, gpu, [1.0] * 7),
    ]
    terms = [[k, v] for k, v in base.items()]
    flat = waterfall(terms, fall, [12.5] * 8)
    bad = [[k, v] for k, v in (base | {"cure_ltv": 0.7}).items()]
    cases += [
        case([terms, [fall], 12.5], flat),
        case([bad, fall, gpu], NUM),
        case([[["loan", 80.0], *terms[1:]], fall, gpu], NUM),
        case([terms[1:], fall, gpu], VALUE),
        case([terms, fall, gpu[:4]], VALUE),
        case([terms, 100.0, 12.5], VALUE),
        case([terms, fall, gpu, [1.0, 2.0]], VALUE),
        case([terms, [100.0, None, 90.0], 12.5], VALUE),
    ]
    save("XLC_MARGIN_WATERFALL", "exact fractions, one event after the other", cases)


def main() -> None:
    make_arithmetic()
    make_liquidation()
    make_correlations()
    make_passage()
    make_waterfall()
    make_horizon()


if __name__ == "__main__":
    main()
