"""Reference values of the price-of-credit functions.

The definitions in mpmath at 30 digits: sums term by term, expectations as integrals of payoffs,
QuantLib for options, and published examples. Run it from the root:
``python -m tests.oracles.make_pricing``.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import mpmath as mp
import QuantLib

from tests.oracles.tables import Table, write

mp.mp.dps = 30
NUM, VALUE, DIV0 = "#NUM!", "#VALUE!", "#DIV/0!"
Case = dict[str, Any]


def case(arguments: list[Any], expected: Any) -> Case:
    return {"arguments": arguments, "expected": expected}


def each(function: Callable[..., Any], *calls: list[Any]) -> list[Case]:
    return [case(arguments, float(function(*arguments))) for arguments in calls]


def save(function: str, source: str, cases: list[Case], tolerance: float = 1e-10) -> None:
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    write(Table(function, source, "make_pricing.py", today, tolerance, cases))


def inverse(p):
    p = mp.mpf(p)
    start = mp.sqrt(2) * mp.erfinv(2 * p - 1)
    return mp.findroot(lambda x: mp.log(mp.ncdf(x)) - mp.log(p), start)


# --- spread and hazard ------------------------------------------------------------------------


def fair(exposure, lgd, hazard, rate, measure="spread", per_year=12):
    periods = len(exposure) if isinstance(exposure, list) else 1
    exposure, lgd, hazard = (
        [mp.mpf(x) for x in (s if isinstance(s, list) else [s] * periods)]
        for s in (exposure, lgd, hazard)
    )
    m, growth = mp.mpf(per_year), 1 + mp.mpf(rate)
    alive, loss, pv, annuity = mp.mpf(1), mp.mpf(0), mp.mpf(0), mp.mpf(0)
    for k in range(1, periods + 1):
        next_alive = alive * mp.exp(-hazard[k - 1] / m)
        lost = exposure[k - 1] * lgd[k - 1] * (alive - next_alive)
        loss += lost
        pv += lost * growth ** (-(k - mp.mpf(1) / 2) / m)
        annuity += exposure[k - 1] / m * growth ** (-k / m) * (alive + next_alive) / 2
        alive = next_alive
    figures = {"pv_loss": pv, "expected_loss": loss, "pd": 1 - alive}
    return pv / annuity if measure == "spread" else figures[measure]


EAD = [100.0 - 5 * k for k in range(20)]
LGD = [min(0.35 + 0.03 * k, 0.65) if k < 11 else 0.6 for k in range(20)]
HAZARD = [0.01 + 0.004 * k for k in range(20)]


def make_spread() -> None:
    shapes = [
        [EAD, 0.45, 0.05, 0.0425, "spread", 4],
        [EAD, LGD, HAZARD, 0.0425, "spread", 4],
        [EAD, LGD, HAZARD, 0.0425, "pv_loss", 4],
        [EAD, LGD, HAZARD, 0.0425, "expected_loss", 4],
        [EAD, LGD, HAZARD, 0.0425, "pd", 4],
        [[100.0] * 60, 0.45, 0.02, 0.04],
        [[100.0] * 5, 0.45, 0.02, 0.04, "spread", 1],
        [100.0, 0.45, 1e-9, 0.04, "spread", 1],
        [[50.0, 50.0, 0.0, 20.0], 0.4, 3.0, -0.01, "spread", 1],
        [[50.0, 50.0], 0.4, 2000.0, 0.05, "spread", 1],
    ]
    cases = each(fair, *shapes)
    figures = ("spread", "pv_loss", "expected_loss", "pd")
    block = [[f, float(fair(EAD, LGD, HAZARD, 0.0425, f, 4))] for f in figures]
    cases += [
        # a model example printed to 40 digits: 20 quarters, hazard 5 %
        case([EAD, 0.0, 0.05, 0.0425], 0.0),
        case([EAD, 0.45, 0.0, 0.0425, "pd"], 0.0),
        case([EAD, LGD, HAZARD, 0.0425, "all", 4], block),
        case([[EAD], [LGD], 0.05, 0.0425, "pd", 4], 0.22119921692859514256),
        case([0.0, 0.45, 0.02, 0.04], DIV0),
        case([EAD, [0.4, 0.5], 0.02, 0.04], VALUE),
        case([EAD, 1.4, 0.02, 0.04], NUM),
        case([EAD, 0.4, -0.02, 0.04], NUM),
        case([EAD, 0.4, 0.02, 0.04, "spread", 3], NUM),
        case([[100.0, None, 50.0], 0.4, 0.02, 0.04], VALUE),
    ]
    save("XLC_FAIR_SPREAD", "mpmath 30 digits: the sums of the definition", cases)

    cases = []
    for exposure, lgd, hazard, rate, per_year in (
        (EAD, LGD, 0.05, 0.0425, 4),
        (EAD, 0.45, 0.001, 0.0425, 4),
        ([100.0] * 60, 0.45, 0.02, 0.04, 12),
        ([100.0] * 60, 0.45, 1e-7, 0.04, 12),
        ([100.0] * 5, 0.6, 0.8, 0.0, 1),
        ([100.0, 50.0], [0.2, 0.8], 0.1, 0.03, 1),
        (100.0, 0.5, 3.0, 0.05, 2),
    ):
        spread = float(fair(exposure, lgd, hazard, rate, "spread", per_year))
        cases.append(case([spread, exposure, lgd, rate, per_year], hazard))
    cases += [
        case([0.0, EAD, 0.45, 0.04], 0.0),
        case([3.0, EAD, 0.45, 0.04, 1], NUM),
        case([0.02, EAD, 0.0, 0.04], NUM),
        case([0.02, 0.0, 0.45, 0.04], DIV0),
        case([0.02, EAD, [0.4, 0.5], 0.04], VALUE),
        case([-0.01, EAD, 0.45, 0.04], NUM),
    ]
    save("XLC_IMPLIED_HAZARD", "mpmath 30 digits: the spread of a chosen hazard", cases)

    cases = [
        case([0.012, 0.1, 0.15, 0.04, 0.003, 0.002], 0.028),
        case([0.012, 0.1, 0.15, 0.04], 0.023),
        case([0.0, 0.0, 0.15, 0.04], 0.0),
        case([0.01, 0.2, 0.02, 0.04], 0.006),
        case([[0.01, 0.02], [[0.0, 0.1]], 0.14, 0.04], [[0.01, 0.02], [0.02, 0.03]]),
        case([-0.01, 0.2, 0.02, 0.04], NUM),
        case([0.01, 0.2, "x", 0.04], VALUE),
        case([[0.01, "x"], 0.0, 0.02, 0.04], [[0.01], [VALUE]]),
    ]
    save("XLC_REQUIRED_SPREAD", "by hand", cases)


# --- the firm's assets ------------------------------------------------------------------------


def merton(value, face, vol, rate, months, measure="spread", drift=None):
    """Expectations of what is paid, integrated over the assets at the horizon."""
    v, f, s, r = map(mp.mpf, (value, face, vol, rate))
    t = mp.mpf(months) / 12
    m, sd = (r if drift is None else mp.mpf(drift)), s * mp.sqrt(t)

    def assets(z, growth):
        return v * mp.exp((growth - s**2 / 2) * t + sd * z)

    edge = (mp.log(f / v) - (r - s**2 / 2) * t) / sd
    low = sorted({mp.mpf(-40), edge, *(edge - d for d in (1, 3, 6, 12, 20) if edge - d > -40)})
    paid = mp.quad(lambda z: mp.npdf(z) * assets(z, r), low)
    pd = mp.quad(mp.npdf, low)
    up = sorted({edge, *(edge + d for d in (1, 3, 6, 12, 20, 60))})
    equity = mp.exp(-r * t) * mp.quad(lambda z: mp.npdf(z) * (assets(z, r) - f), up)
    distance = (mp.log(v / f) + (m - s**2 / 2) * t) / sd
    if measure == "spread":
        return -mp.log1p(paid / f - pd) / t
    return {
        "debt": mp.exp(-r * t) * (paid + f * (1 - pd)),
        "equity": equity,
        "pd": pd,
        "lgd": 1 - paid / (f * pd),
        "physical_pd": mp.ncdf(-distance),
        "distance": distance,
    }[measure]


def equity_by_quantlib(value, face, vol, rate, years):
    forward = value * float(mp.exp(rate * years))
    discount = float(mp.exp(-rate * years))
    sd = vol * years**0.5
    return QuantLib.blackFormula(QuantLib.Option.Call, face, forward, sd, discount)


def make_merton() -> None:
    deal = [100.0, 80.0, 0.3, 0.04, 24.0]
    figures = ("spread", "debt", "equity", "pd", "lgd", "physical_pd", "distance")
    cases = each(
        merton,
        deal,
        *([*deal, f, 0.1] for f in figures),
        [*deal, "physical_pd"],
        [100.0, 40.0, 0.2, 0.04, 12.0],
        [100.0, 40.0, 0.2, 0.04, 12.0, "lgd"],
        [100.0, 20.0, 0.15, 0.04, 12.0, "pd"],
        [50.0, 80.0, 0.3, 0.04, 24.0],
        [50.0, 80.0, 0.3, 0.04, 24.0, "lgd"],
        [1.0, 80.0, 0.3, 0.0, 12.0],
        [100.0, 99.0, 0.001, 0.0, 12.0, "debt"],
        [100.0, 80.0, 1.5, -0.01, 120.0],
    )
    block = [[f, float(merton(*deal, f, 0.1))] for f in figures]
    cases += [
        case([100.0, 80.0, 0.3, 0.04, 12.0, "equity"], equity_by_quantlib(100, 80, 0.3, 0.04, 1)),
        case([90.0, 95.0, 0.45, 0.03, 36.0, "equity"], equity_by_quantlib(90, 95, 0.45, 0.03, 3)),
        case([*deal, "all", 0.1], block),
        case([100.0, 80.0, 0.0, 0.0, 12.0], 0.0),
        case([60.0, 80.0, 0.0, 0.0, 12.0], float(mp.log(mp.mpf(80) / 60))),
        case([60.0, 80.0, 0.0, 0.0, 12.0, "lgd"], 0.25),
        case([100.0, 80.0, 0.0, 0.0, 12.0, "lgd"], NUM),
        case([60.0, 80.0, 0.3, 0.0, 0.0, "debt"], 60.0),
        case([80.0, 80.0, 0.3, 0.0, 0.0, "pd"], 0.0),
        case([60.0, 80.0, 0.3, 0.0, 0.0], NUM),
        case([0.0, 80.0, 0.3, 0.0, 12.0], NUM),
        case([0.0, 80.0, 0.3, 0.0, 12.0, "pd"], 1.0),
        case([100.0, 80.0, 0.0, 0.0, 12.0, "distance"], NUM),
        case([100.0, 0.0, 0.3, 0.0, 12.0], NUM),
        case([[60.0, "x"], 80.0, 0.0, 0.0, 12.0, "lgd"], [[0.25], [VALUE]]),
    ]
    save("XLC_MERTON", "mpmath 30 digits: integrals of the payoffs; QuantLib blackFormula", cases)


def wrong_way(pd, coverage, vol, correlation, sale_cost=0.0):
    """Expected loss for each state of the borrower, integrated over the states of default."""
    p, s, rho = mp.mpf(pd), mp.mpf(vol), mp.mpf(correlation)
    c = mp.mpf(coverage) * (1 - mp.mpf(sale_cost))
    own = s * mp.sqrt(1 - rho**2)
    edge = +inverse(p)  # rounded once, so that it is its own end of the range

    def loss(x):
        mean = mp.log(c) - s**2 / 2 + rho * s * x
        if own == 0:
            return mp.npdf(x) * max(0, 1 - mp.exp(mean))
        d = -mean / own
        paid = mp.exp(mean + own**2 / 2) * mp.ncdf(d - own)
        return mp.npdf(x) * (mp.ncdf(d) - paid)

    cuts = {edge - d for d in (0, 0.25, 0.5, 1, 2, 3, 5, 8, 12, 20, 30)}
    if rho:
        turn = -(mp.log(c) - s**2 / 2) / (rho * s)  # where the loss sets in when ρ is near ±1
        wide = own / s
        cuts |= {turn + d * wide for d in (-9, -6, -3, -1, 0, 1, 3, 6, 9)}
    return mp.quad(loss, sorted(x for x in cuts if edge - 30 <= x <= edge)) / p


def make_losses() -> None:
    cases = each(
        wrong_way,
        [0.02, 1.4, 0.35, 0.6, 0.08],
        [0.02, 1.4, 0.35, 0.0, 0.08],
        [0.02, 1.4, 0.35, -0.5, 0.08],
        [0.05, 0.9, 0.6, 0.3],
        [1e-4, 1.2, 0.5, 0.8],
        [0.5, 2.0, 1.2, 0.9, 0.1],
        [0.03, 1.1, 0.4, 0.9999],
        [0.03, 1.1, 0.4, -0.9999],
        [0.03, 1.1, 0.4, 1.0],
        [0.03, 0.8, 0.4, -1.0],
        [0.9, 1.1, 0.02, 0.5],
        [0.02, 3.0, 0.35, 0.2],
    )
    cases += [
        # printed to 40 digits in the model notes
        case([0.02, 1.4, 0.35, 0.6, 0.08], 0.26287790083516850462),
        case([0.02, 1.4, 0.35, 0.0, 0.08], 0.054090458371760309121),
        case([0.02, 0.8, 0.0, 0.6], 0.2),
        case([0.02, 1.8, 0.0, 0.6], 0.0),
        case([0.0, 1.4, 0.35, 0.6], NUM),
        case([0.02, 0.0, 0.35, 0.6], NUM),
        case([0.02, 1.4, 0.35, 1.2], NUM),
        case([[0.02, "x"], 0.8, 0.0, 0.6], [[0.2], [VALUE]]),
    ]
    save("XLC_WRONG_WAY_LGD", "mpmath 30 digits: integral over the borrower's state", cases)

    def misses(dscr, vol, months):
        sd = mp.mpf(vol) * mp.sqrt(mp.mpf(months) / 12)
        top = 1 / mp.mpf(dscr)  # cash flow over its mean must stay below service over that mean

        def density(x):
            return mp.npdf((mp.log(x) + sd**2 / 2) / sd) / (x * sd)

        cuts = {top * (1 - mp.mpf(2) ** -k) for k in range(14)} | {top}
        cuts |= {mp.exp(-(sd**2) / 2 + sd * k) for k in range(-14, 15)}
        return mp.quad(density, sorted(x for x in cuts if x <= top))

    cases = each(
        misses,
        [1.0, 0.4, 12.0],
        [1.25, 0.4, 12.0],
        [1.5, 0.4, 12.0],
        [2.0, 0.25, 6.0],
        [0.8, 0.3, 24.0],
        [1.3, 0.02, 12.0],
    )
    cases += [
        case([1.0, 0.0, 12.0], 0.0),
        case([0.999, 0.0, 12.0], 1.0),
        case([1.3, 0.4, 0.0], 0.0),
        case([0.0, 0.4, 12.0], 1.0),
        case([-1.0, 0.4, 12.0], NUM),
        case([1.2, -0.4, 12.0], NUM),
        case([[[1.0, 0.5, "x"]], 0.0, 12.0], [[0.0, 1.0, VALUE]]),
    ]
    save("XLC_DSCR_PD", "mpmath 30 digits: integral of the lognormal density", cases)

    def capital(pd, lgd, correlation, confidence=0.999):
        rho = mp.mpf(correlation)
        stress = inverse(pd) + mp.sqrt(rho) * inverse(confidence)
        return mp.mpf(lgd) * (mp.ncdf(stress / mp.sqrt(1 - rho)) - mp.mpf(pd))

    cases = each(
        capital,
        [0.01, 0.45, 0.12],
        [0.01, 0.45, 0.12, 0.9999],
        [0.0003, 0.45, 0.24],
        [0.2, 0.6, 0.15, 0.95],
        [0.02, 1.0, 0.0],
        [0.02, 1.0, 0.999],
        [1e-9, 0.45, 0.3],
        [0.02, 0.45, 0.2, 0.5],
    )
    cases += [
        case([0.02, 0.5, 1.0], 0.49),
        case([0.02, 0.0, 0.2], 0.0),
        case([0.02, 0.5, -0.1], NUM),
        case([0.0, 0.5, 0.1], NUM),
        case([0.02, 0.5, 0.1, 1.0], NUM),
        case([[0.02, 0.04, "x"], 0.5, [1.0, -0.2, 0.3]], [[0.49], [NUM], [VALUE]]),
    ]
    save("XLC_VASICEK_CAPITAL", "mpmath 30 digits", cases)


def main() -> None:
    make_spread()
    make_merton()
    make_losses()


if __name__ == "__main__":
    main()
