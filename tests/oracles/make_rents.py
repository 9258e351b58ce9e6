"""Reference values of the rent functions: ``python -m tests.oracles.make_rents``."""

from __future__ import annotations

import datetime
from itertools import pairwise

import numpy as np
from mpmath import exp, floor, log, mpf
from scipy import stats

from tests.oracles.exact import case, column, exact, publish

PROGRAM = "make_rents.py"


def rent(today, decline, month, low=0.0, steps=(), drops=()):
    value = mpf(today) * (1 - mpf(decline)) ** (mpf(month) / 12)
    for at, drop in zip(steps, drops, strict=True):
        if month >= at:
            value *= 1 - mpf(drop)
    return max(mpf(low), value)


def make_rent() -> None:
    months = [0, 1, 6, 11.5, 12, 13, 36, 60]
    steps, drops = [6, 12, 30], [0.25, 0.1, -0.05]
    publish(
        "XLC_RENT",
        PROGRAM,
        [
            case(1.75, 2.5, 0.3, 12),
            case(rent(2.5, 0.3, 7), 2.5, 0.3, 7),
            case(rent(2.5, -0.2, 18), 2.5, -0.2, 18),
            case(2.5, 2.5, 0.99, 0),
            case(column(lambda m: rent(2.5, 0.3, m), months), 2.5, 0.3, months),
            case([[rent(2.5, 0.3, m) for m in months]], 2.5, 0.3, [months]),
            case(column(lambda m: rent(2.5, 0.3, m, 1.2), months), 2.5, 0.3, months, 1.2),
            case(
                column(lambda m: rent(2.5, 0.1, m, 0, steps, drops), months),
                *(2.5, 0.1, months, None, steps, [drops]),
            ),
            case(
                [[rent(r, 0.4, m) for r in (4.0, 2.0)] for m in (3, 9)],
                *([[4.0, 2.0]], 0.4, [3, 9]),
            ),
            case(rent(2.0, 0.2, 40, 0, [6, 12, 18], [0.1] * 3), 2.0, 0.2, 40, 0, [6, 12, 18], 0.1),
            case(0.0, 0.0, 0.3, 12),
            case("#NUM!", 2.5, 1.0, 12),
            case("#NUM!", 2.5, 0.3, -1),
            case("#NUM!", 2.5, 0.3, 12, 2.6),
            case("#NUM!", 2.5, 0.3, 12, 0, 6, 1.0),
            case("#VALUE!", 2.5, "0.3", 12),
            case("#VALUE!", None, 0.3, 12),
            case("#VALUE!", 2.5, 0.3, 12, 0, [6, 12], [0.1, 0.1, 0.1]),
            case([[1.75], ["#NUM!"], ["#VALUE!"]], 2.5, 0.3, [12, -1, "x"]),
        ],
    )


def curve(months, values, month, method="linear"):
    """Look for the two points around the month, one after the other."""
    points = list(zip(exact(months), exact(values), strict=True))
    t = mpf(month)
    if t <= points[0][0]:
        return points[0][1]
    for (a, v), (b, w) in pairwise(points):
        if a <= t < b:
            share = (t - a) / (b - a)
            if method == "step":
                return v
            return exp(log(v) + share * log(w / v)) if method == "log" else v + share * (w - v)
    return points[-1][1]


def make_curve() -> None:
    at, values = [0, 3, 12, 36, 37], [2.5, 2.45, 2.0, 1.6, 0.9]
    months = [0, 0.5, 3, 7.25, 11.9, 12, 20, 36, 36.5, 37, 60]
    late, signed = [6, 18], [-1.5, 3.0]
    cases = [
        case(column(lambda m, how=how: curve(at, values, m, how), months), at, values, months, how)
        for how in ("linear", "log", "step")
    ]
    cases += [
        case([[curve(at, values, m) for m in months]], [at], [values], [months]),
        case(column(lambda m: curve(late, signed, m), months), late, signed, months),
        case(
            [["#N/A"], [-1.5], [0.75], [3.0], ["#N/A"]],
            late,
            signed,
            [5, 6, 12, 18, 19],
            None,
            "error",
        ),
        case(1.25, 12, 1.25, 40),
        case(curve([0, 1], [1e-300, 1e300], 0.5, "log"), [0, 1], [1e-300, 1e300], 0.5, "log"),
        case([[2.25], ["#VALUE!"], ["#NUM!"]], [0, 12], [2.5, 2.0], [6, "x", -1]),
        case("#VALUE!", [0, 12, 12], [3, 2, 1], 6),
        case("#VALUE!", [0, 12, 6], [3, 2, 1], 6),
        case("#VALUE!", [0, 12], [3, 2, 1], 6),
        case("#VALUE!", [0, None, 12], [3, 2, 1], 6),
        case("#NUM!", [0, 12], [3, 0], 6, "log"),
        case("#VALUE!", [0, 12], [3, 2], 6, "cubic"),
    ]
    publish("XLC_CURVE", PROGRAM, cases)


def fit(serials, rents):
    """Decline, half-life, r squared and standard error, in exact sums."""
    x = [mpf(s) / 365 for s in serials]
    y = [log(mpf(r)) for r in rents]
    n = len(x)
    mean_x, mean_y = sum(x) / n, sum(y) / n
    sxx = sum((a - mean_x) ** 2 for a in x)
    sxy = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    syy = sum((b - mean_y) ** 2 for b in y)
    slope = sxy / sxx
    sse = sum((b - mean_y - slope * (a - mean_x)) ** 2 for a, b in zip(x, y, strict=True))
    error = (sse / (n - 2) / sxx) ** mpf("0.5") if n > 2 else None
    return 1 - exp(slope), -12 * log(2) / slope, 1 - sse / syy, error


def make_rent_fit() -> None:
    start = (datetime.date(2024, 9, 15) - datetime.date(1899, 12, 30)).days
    serials = [start + d for d in (0, 31, 95, 182, 270, 366, 410)]
    rents = [3.06, 2.95, 2.80, 2.36, 2.41, 2.20, 2.35]
    decline, half_life, r_squared, error = fit(serials, rents)
    scipy = stats.linregress(np.array(serials) / 365.0, np.log(rents))
    assert abs(float(error) / scipy.stderr - 1) < 1e-9
    rising = [1.70, 1.95, 2.10, 2.35]
    publish(
        "XLC_RENT_FIT",
        PROGRAM,
        [
            case(0.3, [44927, 45292, 45657], [4.0, 2.8, 1.96]),
            case(decline, serials, rents),
            case(decline, [serials], [rents]),
            case(half_life, serials, rents, "half_life"),
            case(r_squared, serials, rents, "r_squared"),
            case(error, serials, rents, "std_error"),
            case(
                [
                    *(["decline", decline], ["half_life", half_life]),
                    *(["r_squared", r_squared], ["std_error", error]),
                ],
                *(serials, rents, "all"),
            ),
            case(decline, serials[::-1], rents[::-1]),
            case(fit(serials[:2], rents[:2])[0], serials[:2], rents[:2]),
            case(fit(serials[:4], rising)[0], serials[:4], rising),
            case(0.0, serials[:3], [2.0, 2.0, 2.0]),
            case("#NUM!", serials[:4], rising, "half_life"),
            case("#NUM!", serials[:3], [2.0, 2.0, 2.0], "half_life"),
            case("#DIV/0!", serials[:3], [2.0, 2.0, 2.0], "r_squared"),
            case("#DIV/0!", serials[:2], rents[:2], "std_error"),
            case("#DIV/0!", [45000, 45000], [2.0, 1.9]),
            case("#DIV/0!", 45000, 2.0),
            case("#NUM!", serials[:2], [2.0, 0.0]),
            case("#VALUE!", serials[:3], rents[:2]),
            case("#VALUE!", serials[:2], [2.0, None]),
        ],
        "mpmath, 40 digits, from the definition; standard error checked with scipy linregress",
    )


def make_parity_rent() -> None:
    def net(new, ratio, kw, pue, price, other=0.0):
        new, ratio, kw, pue, price, other = exact([new, ratio, kw, pue, price, other])
        return new * ratio - kw * pue * price - other

    publish(
        "XLC_PARITY_RENT",
        PROGRAM,
        [
            case(0.79080000000000003988, 4.2, 0.25, 1.2, 1.3, 0.07, 0.15),
            case(net(4.2, 0.25, 1.2, 1.3, 0.07), 4.2, 0.25, 1.2, 1.3, 0.07),
            case(
                column(lambda r: net(r, 0.25, 1.2, 1.3, 0.07, 0.15), [6, 3, 1, 0]),
                *([6, 3, 1, 0], 0.25, 1.2, 1.3, 0.07, 0.15),
            ),
            case(
                [[net(4, p, 0.7, 1, c) for p in (1, 0.5, 0)] for c in (0, 0.1)],
                *(4, [[1, 0.5, 0]], 0.7, 1, [0, 0.1]),
            ),
            case("#NUM!", 4.2, 0.25, 1.2, 0.9, 0.07),
            case("#NUM!", -1, 0.25, 1.2, 1.3, 0.07),
            case("#VALUE!", 4.2, 0.25, None, 1.3, 0.07),
            case("#VALUE!", 4.2, True, 1.2, 1.3, 0.07),
        ],
    )


def contract(terms, months):
    """The tenant's fate month by month: a default in month j is a branch of its own."""
    t = {k: mpf(v) for k, v in terms.items()}
    hours = t["units"] * t.get("hours_per_year", mpf(8760)) / 12
    share, end, down = t["contract_share"], int(t["contract_months"]), int(t["downtime_months"])

    def alive(k):
        return exp(-t["hazard"] * k / 12)

    rows = []
    for k in range(1, months + 1):
        market = t["rent"] * (1 - t["decline"]) ** ((mpf(k) - mpf("0.5")) / 12)
        market *= t["utilisation"] * hours
        fixed = t["contract_rent"] * (1 + t["escalation"]) ** floor(mpf(k - 1) / 12)
        fixed *= hours * share * t["availability"]
        kept = fixed * alive(k) if k <= end else mpf(0)
        relet = termination = mpf(0)
        for j in range(1, end + 1):  # the tenant defaults in month j
            chance = alive(j - 1) - alive(j)
            if k > j + down:
                relet += chance * share * market
            if k == j:
                termination += chance * fixed * t["termination_months"] * t["termination_recovery"]
        if k > end:  # the tenant never defaulted and has left
            relet += alive(end) * share * market
        merchant = (1 - share) * market
        rows.append([kept, relet, merchant, termination, kept + relet + merchant + termination])
    return rows


def make_contract_revenue() -> None:
    base = {
        "units": 1024,
        "contract_share": 0.8,
        "contract_rent": 2.4,
        "escalation": 0.03,
        "contract_months": 24,
        "availability": 0.98,
        "hazard": 0.06,
        "downtime_months": 3,
        "termination_months": 6,
        "termination_recovery": 0.4,
        "rent": 2.1,
        "decline": 0.3,
        "utilisation": 0.75,
    }

    def block(**changes):
        return [[label, value] for label, value in {**base, **changes}.items()]

    def made(months, **changes):
        return case(contract({**base, **changes}, months), block(**changes), months)

    without = [row for row in block() if row[0] != "hazard"]
    publish(
        "XLC_CONTRACT_REVENUE",
        PROGRAM,
        [
            made(36),
            made(30, hazard=0),
            made(30, downtime_months=0, decline=-0.2),
            made(16, downtime_months=20, contract_months=6, hazard=1.5),
            made(12, contract_share=0),
            made(12, contract_share=1, utilisation=0),
            made(6, contract_months=0),
            made(3, hours_per_year=8784),
            made(1),
            case(
                contract(base, 2),
                [[label.replace("_", " ").title(), v] for label, v in base.items()],
                2,
            ),
            case("#VALUE!", without, 12),
            case("#VALUE!", [*block(), ["tenor", 12]], 12),
            case("#VALUE!", [*block(), ["rent", 2.0]], 12),
            case("#NUM!", block(contract_share=1.2), 12),
            case("#NUM!", block(contract_months=12.5), 12),
            case("#NUM!", block(), 0),
            case("#NUM!", block(), 12.5),
            case("#VALUE!", block(), None),
        ],
        "mpmath, 40 digits: expectation over every month of default",
    )


if __name__ == "__main__":
    make_rent()
    make_curve()
    make_rent_fit()
    make_parity_rent()
    make_contract_revenue()
