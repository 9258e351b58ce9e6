"""Reference values of residual and liquidation value: ``python -m tests.oracles.make_residual``.

The examples in decimal digits were computed with another program at 40 digits.
"""

from __future__ import annotations

from itertools import product

from mpmath import diff, exp, findroot, gammainc, log, mpf, ncdf, quad

from tests.oracles.exact import SOURCE, case, column, exact, publish

PROGRAM = "make_residual.py"


def absorbed(month, at, lead, ramp):
    if lead + ramp == 0:
        return mpf(1) if month >= at else mpf(0)
    return min(mpf(1), max(mpf(0), (month - at + lead) / (lead + ramp)))


def generation(cost, age, decline, launches=(), drops=(), floor=0, lead=0, ramp=0):
    cost, age, decline, floor, lead, ramp = exact([cost, age, decline, floor, lead, ramp])
    value = cost * (1 - decline) ** (age / 12)
    for at, drop in zip(exact(launches), exact(drops), strict=True):
        share = absorbed(age, at, lead, ramp) - absorbed(mpf(0), at, lead, ramp)
        value *= (1 - drop) ** share
    return max(floor, value)


def make_gpu_residual() -> None:
    ages = [0, 3, 6, 9, 12, 18, 24, 36, 48, 72, 120]
    launches, drops = [9, 21, 33, 45], [0.22, 0.2, 0.18, 0.15]
    early = [-12, 0, 2, 20]
    publish(
        "XLC_GPU_RESIDUAL",
        PROGRAM,
        [
            case(25941.414883229215746, 30000, 9, 0.08, launches, drops, 1500, 3, 6),
            case(
                column(lambda a: generation(30000, a, 0.08, launches, drops, 1500, 3, 6), ages),
                *(30000, ages, 0.08, launches, drops, 1500, 3, 6),
            ),
            case(
                [[generation(30000, a, 0.15, launches, drops) for a in ages]],
                *(30000, [ages], 0.15, launches, [drops]),
            ),
            case(
                column(lambda a: generation(30000, a, 0.05, early, drops, 0, 4, 8), ages),
                *(30000, ages, 0.05, early, drops, 0, 4, 8),
            ),
            case(
                column(lambda a: generation(30000, a, 0.05, early, drops), ages),
                *(30000, ages, 0.05, early, drops),
            ),
            case(
                [[generation(25000, 30, d, [12], [k]) for d in (0, 0.2)] for k in (0.3,)],
                *(25000, 30, [[0, 0.2]], 12, 0.3),
            ),
            case(
                column(lambda r: generation(1, 12, 0, [12], [0.3], 0, 0, r), [0, 3, 6]),
                *(1, 12, 0, 12, 0.3, 0, 0, [0, 3, 6]),
            ),
            case(30000.0, 30000, 0, 0.4, launches, drops, 1500),
            case(5000.0, 30000, 240, 0.4, launches, drops, 5000),
            case(generation(30000, 24, -0.1), 30000, 24, -0.1),
            case(generation(30000, 50, 0.1, launches, [0.2] * 4), 30000, 50, 0.1, launches, 0.2),
            case(0.0, 0, 24, 0.3),
            case("#NUM!", 30000, 12, 1.0),
            case("#NUM!", 30000, 12, 0.1, 6, 1.0),
            case("#NUM!", 30000, -1, 0.1),
            case("#NUM!", 30000, 12, 0.1, 6, 0.2, 30001),
            case("#NUM!", 30000, 12, 0.1, 6, 0.2, 0, -1),
            case("#VALUE!", 30000, 12, 0.1, [6, 12, 18], [0.2, 0.1]),
            case("#VALUE!", 30000, 12, 0.1, [6, None], [0.2, 0.1]),
            case("#VALUE!", "A100", 12, 0.1),
            case(
                [[generation(30000, 6, 0.1)], ["#NUM!"], ["#VALUE!"], [generation(30000, 9, 0.1)]],
                *(30000, [6, -6, None, 9], 0.1),
            ),
        ],
    )


def book(cost, age, life, salvage=0, method="straight_line", factor=2):
    """Year by year, as the tables in textbooks are made."""
    cost, salvage, factor = exact([cost, salvage, factor])
    worn = mpf(min(age, life)) / 12
    years = mpf(life) / 12
    if method == "straight_line":
        return cost - (cost - salvage) * worn / years
    value, year = cost, 0
    while worn > year:
        left = years - year
        if method == "sum_of_years":
            charge = (cost - salvage) * left / (years * (years + 1) / 2)
        else:
            charge = value * min(mpf(1), factor / years)
            if method.endswith("switch"):
                charge = max(charge, (value - salvage) / left)
            charge = min(charge, value - salvage)
        value -= charge * min(mpf(1), worn - year)
        year += 1
    return value


def make_book_value() -> None:
    methods = ["straight_line", "sum_of_years", "declining_balance", "declining_balance_switch"]
    ages = [0, 1, 6, 12, 18, 30, 48, 59, 60, 61, 90]
    cases = [
        case([[200 / 3], [50.0]], 100, [24, 36], 72),
        # Microsoft's examples of SLN, SYD, DDB and VDB
        case(30000 - 2250.0, 30000, 12, 120, 7500),
        case(2400 - 480.0, 2400, 12, 120, 300, "declining_balance"),
        case(2400 - 315.0, 2400, 10.5, 120, 300, "declining_balance_switch", 1.5),
        case(30000 - 45000 / 11, 30000, 12, 120, 7500, "sum_of_years"),
    ]
    cases += [
        case(
            column(lambda a, m=method, s=salvage: book(1000, a, 60, s, m), ages),
            *(1000, ages, 60, salvage, method),
        )
        for method, salvage in product(methods, (0, 250))
    ]
    lives = [12, 36, 72]
    cases += [
        case([[book(500, 30, n, 20, m, 1.5) for n in lives]], 500, 30, [lives], 20, m.upper(), 1.5)
        for m in methods
    ]
    cases += [
        case(book(100, 6, 24, 0, methods[2], 3), 100, 6, 24, 0, methods[2], 3),
        case(book(100, 7, 31.5, 10), 100, 7, 31.5, 10),
        case(100.0, 100, 7, 36, 100, methods[3]),
        case("#NUM!", 100, 6, 31, 0, methods[1]),
        case("#NUM!", 100, 6, 1212, 0, methods[3]),
        case("#NUM!", 100, 6, 0),
        case("#NUM!", 100, 6, 24, 101),
        case("#NUM!", 100, 6, 24, 0, methods[2], 0),
        case("#VALUE!", 100, 6, 24, 0, "units_of_production"),
        case("#VALUE!", 100, "6", 24),
        case([[50.0], ["#NUM!"]], 100, 12, [24, -24]),
    ]
    publish("XLC_BOOK_VALUE", PROGRAM, cases, SOURCE + "; Microsoft's examples of SLN to VDB")


def stopped(rents, rate, scrap):
    """Best of all plans to scrap after k months; ties go to the earlier."""
    v = (1 + mpf(rate)) ** (-mpf(1) / 12)
    rents = exact(rents)
    fetched = exact(scrap) if isinstance(scrap, list) else [mpf(scrap)] * (len(rents) + 1)
    plans = [
        sum((n * v ** (j + 1) for j, n in enumerate(rents[:k])), mpf(0)) + fetched[k] * v**k
        for k in range(len(rents) + 1)
    ]
    best = max(plans)
    return best, next(k for k, plan in enumerate(plans) if plan >= best - mpf(10) ** -30)


def make_rent_value() -> None:
    falling = [1500 * 0.96**k - 700 for k in range(48)]
    hump = [100, -50, -60, 300, 200, -10, -20, -30]
    cases = []
    for rents, rate, scrap in [
        (falling, 0.12, 0),
        (falling, 0.12, 800),
        (falling, 0.0, 0),
        (falling, -0.05, 100),
        (hump, 0.1, 0),
        (hump, 0.1, 50),
        ([-10, -20], 0.1, 0),
        ([-10, 50], 0.1, 5),
        ([100, 100, 100], 0.2, 0),
        # a card that loses its price as it earns: one value for each date, today's first
        (falling, 0.12, [9000 * 0.93**k for k in range(49)]),
        (falling, 0.12, [30000 * 0.93**k for k in range(49)]),
        (hump, 0.1, [50, 400, 60, 30, 20, 10, 0, 0, 500]),
        ([250], 0.1, [100, 500]),
    ]:
        value, life = stopped(rents, rate, scrap)
        cases.append(case(value, rents, rate, scrap))
        cases.append(case(life, [rents], rate, scrap, "life"))
        cases.append(case([["value", value], ["life", life]], rents, rate, scrap, "all"))
    cases += [
        case(stopped([250], 0.1, 0)[0], 250, 0.1),
        case("#NUM!", falling, -1.0),
        case("#NUM!", falling, 0.1, -1),
        case("#NUM!", [1, 2], 0.1, [1, -1, 1]),
        case("#VALUE!", falling, 0.1, [1] * 48),
        case("#VALUE!", [1, 2], 0.1, [1, None, 1]),
        case("#VALUE!", [100, None, 50], 0.1),
        case("#VALUE!", [[100, 90], [80, 70]], 0.1),
        case("#VALUE!", falling, 0.1, 0, "irr"),
    ]
    publish(
        "XLC_RENT_VALUE", PROGRAM, cases, "mpmath, 40 digits: the best of all plans of abandonment"
    )


def impact_average(quantity, depth, impact, exponent):
    quantity, depth, impact, exponent = exact([quantity, depth, impact, exponent])
    if quantity == 0 or impact == 0:
        return mpf(1)
    a, y = 1 / exponent, impact * (quantity / depth) ** exponent
    return gammainc(a, 0, y) / (exponent * y**a)


def proceeds(
    units, price, days, depth, haircut=0, impact=0, exponent=0.6, decline=0, discount_rate=0,
    commission=0, relocation=0, storage=0, fixed=0,
):  # fmt: skip
    average = impact_average(units, mpf(depth) * mpf(days), impact, exponent)
    units, price, days, haircut = exact([units, price, days, haircut])
    gross = units * price * (1 - haircut) * (1 - mpf(decline)) ** (days / 730) * average
    net = gross * (1 - mpf(commission)) - units * mpf(relocation)
    net -= units * mpf(storage) * days / 2 + mpf(fixed)
    return max(mpf(0), net) * (1 + mpf(discount_rate)) ** (-days / 730)


def make_liquidation_value() -> None:
    # the closed form against the integral that defines it
    integral = quad(lambda s: exp(-mpf(0.5) * (3 * s) ** mpf(0.6)), [0, 0.001, 0.1, 1])
    assert abs(integral / impact_average(3000, 1000, 0.5, 0.6) - 1) < mpf(10) ** -12
    costs = {
        "decline": 0.35, "discount_rate": 0.12, "commission": 0.07, "relocation": 350,
        "storage": 1.25, "fixed": 150000,
    }  # fmt: skip
    block = [[k, v] for k, v in costs.items()]
    example = (10000, 18000, 15, 15, 0.3, 0.6, 0.6)
    days = [1, 7, 15, 30, 60, 90, 180, 365]
    wide = [(0.001, 0.6), (1, 0.5), (2, 1), (5, 0.6), (5, 2), (40, 0.6), (3, 0.15), (30, 0.35)]
    cases = [
        case(5349598.429054399177, *example, block),
        case(proceeds(*example), *example),
        case(proceeds(1000, 11500, 90, 20, 0.1), 1000, 11500, 90, 20, 0.1),
        case(1000 * 11500.0, 1000, 11500, 90, 20),
        case(
            column(lambda d: proceeds(1000, 18000, d, 15, 0.3, 0.6, 0.6, **costs), days),
            *(1000, 18000, days, 15, 0.3, 0.6, None, block),
        ),
        case(
            [[proceeds(u, 18000, 30, 15, 0.1, 0.35) for u in (0, 1, 450, 1e6)]],
            *([[0, 1, 450, 1e6]], 18000, 30, 15, 0.1, 0.35),
        ),
        case(
            column(lambda b: proceeds(5000, 18000, 30, 15, 0, 0.5, b), [0.3, 0.5, 0.6, 1, 2]),
            *(5000, 18000, 30, 15, 0, 0.5, [0.3, 0.5, 0.6, 1, 2]),
        ),
        case(
            column(lambda w: proceeds(3000, 18000, 30, 15, 0, *w), wide),
            *(3000, 18000, 30, 15, 0, [w[0] for w in wide], [w[1] for w in wide]),
        ),
        case(0.0, 10, 18000, 30, 15, 0, 0.3, 0.6, [["fixed", 1e6]]),
        case(0.0, 10, 18000, 30, 15, 1),
        case("#NUM!", 10, 18000, 0, 15),
        case("#NUM!", 10, 18000, 30, 0),
        case("#NUM!", 10, 18000, 30, 15, 1.2),
        case("#NUM!", 10, 18000, 30, 15, 0, 0.3, 0),
        case("#NUM!", 10, 18000, 30, 15, 0, 0.3, 0.6, [["decline", 1]]),
        case("#VALUE!", 10, 18000, 30, 15, 0, 0.3, 0.6, [["broker", 0.1]]),
        case("#VALUE!", 10, 18000, None, 15),
        case([[180000.0], ["#VALUE!"]], 10, [18000, "ask"], 30, 15),
    ]
    publish("XLC_LIQUIDATION_VALUE", PROGRAM, cases, "mpmath, 40 digits, incomplete gamma")


def make_sale_days() -> None:
    def days(units, depth, impact, exponent, holding):
        units, depth, impact, exponent, holding = exact([units, depth, impact, exponent, holding])

        def cost(t):
            return impact * (units / (depth * t)) ** exponent + holding * t

        return findroot(lambda t: diff(cost, t), 50, tol=1e-40)

    units = [100, 1000, 20000]
    publish(
        "XLC_SALE_DAYS",
        PROGRAM,
        [
            case(days(1000, 20, 0.35, 0.6, 0.0015), 1000, 20, 0.35, 0.6, 0.0015),
            case(column(lambda u: days(u, 15, 0.5, 0.5, 0.001), units), units, 15, 0.5, 0.5, 0.001),
            case(days(5000, 15, 0.5, 1, 0.002), 5000, 15, 0.5, 1, 0.002),
            case(
                [[days(5000, d, 0.2, 0.6, 0.002) for d in (5, 50)]],
                *(5000, [[5, 50]], 0.2, 0.6, 0.002),
            ),
            case(0.0, 0, 15, 0.5, 0.6, 0.002),
            case(0.0, 100, 15, 0, 0.6, 0.002),
            case("#NUM!", 100, 15, 0.5, 0.6, 0),
            case("#NUM!", 100, 0, 0.5, 0.6, 0.001),
            case("#VALUE!", 100, 15, 0.5, 0.6, None),
        ],
        "mpmath, 40 digits: zero of the numerical derivative of the cost",
    )


def make_hosting_share() -> None:
    def share(rack, median, sigma, liquid=1):
        return ncdf(log(mpf(median) / mpf(rack)) / mpf(sigma)) * mpf(liquid)

    racks = [5, 10.2, 15, 41, 132, 600]
    publish(
        "XLC_HOSTING_SHARE",
        PROGRAM,
        [
            case(column(lambda r: share(r, 15, 0.8), racks), racks, 15, 0.8),
            case([[share(r, 15, 0.8) for r in racks]], [racks], 15, 0.8, 0),
            case(share(132, 60, 0.8, 0.25), 132, 60, 0.8, 1, 0.25),
            case(share(132, 60, 0.8), 132, 60, 0.8, 0, 0.25),
            case(
                [[share(41, 60, 0.8)], [share(132, 60, 0.8, 0.25)]],
                *([41, 132], 60, 0.8, [0, 1], 0.25),
            ),
            case([[share(41, 60, 0.8)], ["#VALUE!"]], [41, 132], 60, 0.8, [0, 1]),
            case("#VALUE!", 132, 60, 0.8, 1),
            case("#NUM!", 132, 60, 0.8, 0.5, 0.25),
            case("#NUM!", 132, 60, 0.8, 1, 1.25),
            case("#NUM!", 0, 60, 0.8),
            case("#NUM!", 41, 60, 0),
            case("#VALUE!", 41, None, 0.8),
        ],
    )


def make_launch_drop() -> None:
    def drop(gain, gamma):
        return 1 - mpf(gain) ** -mpf(gamma)

    publish(
        "XLC_LAUNCH_DROP",
        PROGRAM,
        [
            case(0.5, 2, 1),
            case(column(lambda g: drop(g, 0.7), [1, 1.5, 4, 30]), [1, 1.5, 4, 30], 0.7),
            case([[drop(2.5, e) for e in (0, 0.5, 3)]], 2.5, [[0, 0.5, 3]]),
            case(drop(1.000001, 0.01), 1.000001, 0.01),
            case(drop(1e9, 50), 1e9, 50),
            case("#NUM!", 0.9, 1),
            case("#NUM!", 2, -1),
            case("#VALUE!", "2x", 1),
        ],
    )


if __name__ == "__main__":
    make_gpu_residual()
    make_book_value()
    make_rent_value()
    make_liquidation_value()
    make_sale_days()
    make_hosting_share()
    make_launch_drop()
