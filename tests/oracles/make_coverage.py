"""Reference values of coverage and covenants: ``python -m tests.oracles.make_coverage``.

Some cases are worked figures in decimal digits, written out by hand.
"""

from __future__ import annotations

import datetime

from mpmath import mpf

from tests.oracles.exact import SOURCE, case, column, exact, publish, series

PROGRAM = "make_coverage.py"
FALLING = [100, 70, 49, 34.3, 24.01]


def ratios(cfads, service, window=1):
    """Rolling cash over rolling service, ``None`` where there is no ratio."""
    n = max(len(x) if isinstance(x, list) else 1 for x in (cfads, service))
    cash, due = series(cfads, n), series(service, n)
    out = []
    for k in range(n):
        first = k - window + 1
        below = sum(due[first : k + 1], mpf(0)) if first >= 0 else 0
        out.append(sum(cash[first : k + 1], mpf(0)) / below if below else None)
    return out


def figures(cfads, service, window=1):
    n = max(len(x) if isinstance(x, list) else 1 for x in (cfads, service))
    cash, due = series(cfads, n), series(service, n)
    found = [r for r in ratios(cfads, service, window) if r is not None]
    paying = [k for k in range(n) if due[k]]
    pooled = sum(cash[k] for k in paying) / sum(due[k] for k in paying)
    if not found:
        return {"min": "#N/A", "average": "#N/A", "pooled": pooled, "last": "#N/A"}
    average = sum(found, mpf(0)) / len(found)
    return {"min": min(found), "average": average, "pooled": pooled, "last": found[-1]}


def cells(found):
    return [["#N/A" if r is None else r] for r in found]


def make_dscr() -> None:
    level = 39.569622
    cash = [12, 15.5, -3, 20, 18, 0, 9, 30]
    due = [0, 0, 8, 8, 0, 7.5, 7.5, 10]
    t3 = figures(FALLING, level)
    assert abs(t3["average"] - mpf("1.4016")) < 5e-5
    assert abs(t3["min"] - mpf("0.6068")) < 5e-5
    cases = []
    for a in [(FALLING, level, 1), (cash, due, 1), (cash, due, 3), (cash, due, 8), (cash, due, 9)]:
        made = figures(*a)
        block = [[k, v] for k, v in made.items()]
        cases.append(case(block, *a[:2], "all", a[2]))
        cases += [case(v, *a[:2], k, a[2]) for k, v in made.items()]
        cases.append(case(cells(ratios(*a)), *a[:2], "series", a[2]))
    cases += [
        case([[r[0] for r in cells(ratios(cash, due))]], [cash], [due], "series"),
        case([[r[0] for r in cells(ratios(cash, due))]], [cash], due, "series"),
        case(min(ratios(50, [40, 45])), 50, [40, 45]),
        case(mpf(50) / 40, 50, 40),
        case("#N/A", cash, 0),
        case("#N/A", cash, [0] * 8, "pooled"),
        case([["#N/A"]] * 8, cash, 0, "series"),
        case("#NUM!", cash, due, "min", 0),
        case("#NUM!", cash, due, "min", 1.5),
        case("#NUM!", cash, [-1] * 8),
        case("#VALUE!", cash, due[:7]),
        case("#VALUE!", [10, None], [5, 5]),
        case("#VALUE!", cash, due, "median"),
        case("#VALUE!", [[1, 2], [3, 4]], 1),
    ]
    publish("XLC_DSCR", PROGRAM, cases)


def make_rent_dscr() -> None:
    rents = [float(2.4 * 0.97**k) for k in range(12)]
    opex = [350000 + 1000 * k for k in range(12)]
    service = [0, 0] + [700000] * 10
    contracted = [200000] * 6 + [0] * 6

    def cash(gpus, used, fixed):
        parts = [series(x, 12) for x in (rents, gpus, used, opex, fixed)]
        return [f + g * 730 * u * r - o for r, g, u, o, f in zip(*parts, strict=True)]

    gpus = [512] * 6 + [1024] * 6
    cases = []
    for g, used, fixed in [
        (1024, 0.8, 0),
        (gpus, [0.7, 0.8] * 6, contracted),
        (0, 0.5, contracted),
    ]:
        flow = cash(g, used, fixed)
        for window in (1, 3):
            arguments = (rents, g, used, opex, service, fixed)
            made = figures(flow, service, window)
            cases.append(case([[k, v] for k, v in made.items()], *arguments, "all", window))
            found = cells(ratios(flow, service, window))
            cases.append(case(found, *arguments, "series", window))
        cases.append(case(figures(flow, service)["min"], *arguments))
    flow = cash(1024, 0.8, 0)
    cases += [
        case(figures(flow, service)["min"], [rents], 1024, 0.8, [opex], [service]),
        case("#N/A", rents, 1024, 0.8, opex, 0),
        case("#NUM!", rents, 1024, 1.1, opex, service),
        case("#NUM!", [-1.0], 1024, 0.8, opex, service),
        case("#VALUE!", rents, 1024, 0.8, opex[:5], service),
        case("#VALUE!", rents, 1024, 0.8, opex, [*service[:11], None]),
        case("#VALUE!", rents, 1024, 0.8, opex),
    ]
    publish("XLC_RENT_DSCR", PROGRAM, cases)


def worth(cash, rate, m):
    return sum(c * (1 + mpf(rate) / m) ** -k for k, c in enumerate(exact(cash), 1))


def life_cover(cash, balance, rate, reserve=0, m=12):
    return (worth(cash, rate, m) + mpf(reserve)) / mpf(balance)


def make_llcr() -> None:
    eight = [100] * 8
    debt = float(worth([100] * 5, 0.06, 1) / mpf(1.3))
    assert abs(debt - 324.027984) < 1e-6
    assert abs(life_cover(FALLING, 150, 0.1, 0, 1) - mpf("1.492736")) < 1e-6
    assert abs(life_cover(eight, debt, 0.06, 0, 1) - mpf("1.916437")) < 1e-6
    publish(
        "XLC_LLCR",
        PROGRAM,
        [
            case(life_cover(eight[:5], debt, 0.06, 0, 1), eight, debt, 0.06, 5, 0, 1),
            case(1.3, eight, debt, 0.06, 5, None, 1),
            case(life_cover(FALLING, 150, 0.1, 0, 1), FALLING, 150, 0.1, 5, 0, 1),
            case(life_cover(FALLING[:3], 150, 0.1, 12), [FALLING], 150, 0.1, 3, 12),
            case(life_cover([10] * 60, 400, 0.0655), 10, 400, 0.0655, 60),
            case(life_cover([10, -5, 10], 12, 0.05, 0, 4), [10, -5, 10], 12, 0.05, 3, 0, 4),
            case(life_cover([10, 10], 12, 0.0, 0, 4), [10, 10], 12, 0.0, 2, 0, 4),
            case("#DIV/0!", FALLING, 0, 0.1, 5),
            case("#NUM!", FALLING, 150, 0.1, 6),
            case("#NUM!", FALLING, 150, 0.1, 0),
            case("#NUM!", FALLING, 150, 0.1, 2.5),
            case("#NUM!", FALLING, -150, 0.1, 5),
            case("#NUM!", FALLING, 150, -0.1, 5),
            case("#VALUE!", [100, None], 150, 0.1, 2),
            case("#VALUE!", FALLING, 150, 0.1),
        ],
    )
    publish(
        "XLC_PLCR",
        PROGRAM,
        [
            case(life_cover(eight, debt, 0.06, 0, 1), eight, debt, 0.06, 0, 1),
            case(life_cover(FALLING, 150, 0.1), FALLING, 150, 0.1),
            case(life_cover(FALLING, 150, 0.1, 33.5, 2), [FALLING], 150, 0.1, 33.5, 2),
            case(life_cover([100], 150, 0.1, 0, 365), 100, 150, 0.1, None, 365),
            case(life_cover([-50, 10], 20, 0.1, 0, 1), [-50, 10], 20, 0.1, 0, 1),
            case("#DIV/0!", FALLING, 0, 0.1),
            case("#NUM!", FALLING, 150, 0.1, -1),
            case("#NUM!", FALLING, 150, 0.1, 0, 6),
            case("#VALUE!", FALLING, "150", 0.1),
            case("#VALUE!", None, 150, 0.1),
        ],
    )


def breakeven(contracted, merchant, opex, service, target, m=12):
    """Bisection at 40 digits on the decline, testing every period."""
    n = max(len(x) if isinstance(x, list) else 1 for x in (contracted, merchant, opex, service))
    parts = [series(x, n) for x in (contracted, merchant, opex, service, target)]

    def passes(d):
        return all(
            not s or c + r * (1 - d) ** ((mpf(k) - mpf("0.5")) / m) - o >= x * s
            for k, (c, r, o, s, x) in enumerate(zip(*parts, strict=True), 1)
        )

    low, high = mpf(-1), mpf(1)
    if passes(high):
        return mpf(1)
    assert passes(low)
    for _ in range(140):
        middle = (low + high) / 2
        low, high = (middle, high) if passes(middle) else (low, middle)
    return low


def make_breakeven_decline() -> None:
    months = 36
    contracted = [400.0] * 18 + [150.0] * 18
    merchant = [300.0] * 18 + [700.0] * 18
    opex = [float(150 + k) for k in range(months)]
    service = [0.0] * 3 + [350.0] * 33
    cases = [
        case(breakeven(*a), *a)
        for a in [
            (contracted, merchant, opex, service, 1.15),
            (contracted, merchant, opex, service, 1.0),
            (contracted, merchant, opex, service, [1.3] * 12 + [1.1] * 24),
            (0, 100, 20, [50, 50, 50], 1.2, 1),
            (0, [100, 120, 80], 20, [50, 30, 50], 1.2, 4),
            (0, [100, 100, 100], 20, 70, 1.2, 1),
            (90, 100, 20, 50, 1.2, 1),
            (0, 95, 20, [50, 50, 50], 1.4, 2),
            (0, 40, 0, [0, 0, 60], 1.0, 1),
            ([80, 80, 0], [0, 0, 100], 10, [50, 50, 50], 1.2, 1),
            ([80, 80, 80], 0, 10, [50, 50, 50], 1.2, 1),
        ]
    ]
    assert cases[6]["expected"] == cases[10]["expected"] == 1.0
    assert cases[8]["expected"] < 0
    cases += [
        case(cases[0]["expected"], *[[x] for x in (contracted, merchant, opex, service)], 1.15),
        case("#NUM!", [80, 80, 40], 0, 10, 50, 1.2, 1),
        case("#NUM!", 0, 10, 20, [50, 50], 1.2),
        case("#N/A", contracted, merchant, opex, 0, 1.2),
        case("#NUM!", contracted, merchant, opex, service, 0),
        case("#NUM!", contracted, [-1] * 36, opex, service, 1.2),
        case("#VALUE!", contracted, merchant[:4], opex, service, 1.2),
        case("#VALUE!", contracted, merchant, opex, [None, *service[1:]], 1.2),
    ]
    publish("XLC_BREAKEVEN_DECLINE", PROGRAM, cases, "mpmath, 40 digits: bisection on the decline")


def make_covenant() -> None:
    sculpted = 57.3 / (57.3 / 1.2)
    publish(
        "XLC_COVENANT",
        PROGRAM,
        [
            case("PASS", 1.25, 1.2),
            case("PASS", 1.2, 1.2),
            case("BREACH", 1.19, 1.2),
            case("BREACH", 1.2 - 1e-9, 1.2),
            case("PASS", 0.90, 0.85),
            case("BREACH", 0.84, 0.85),
            case("PASS", 0.7, 0.7, "max"),
            case("BREACH", 0.72, 0.7, "MAX"),
            case("PASS", sculpted, 1.2),
            case("PASS", 1.2 - 2e-16, 1.2),
            case("PASS", 0, 0),
            case("BREACH", -0.5, 0),
            case("CHECK", None, 1.2),
            case("CHECK", 1.3, None),
            case("CHECK", "n/a", 1.2),
            case("CHECK", True, 1.2),
            case("CHECK", 1.3, ""),
            case([["PASS"], ["BREACH"], ["CHECK"], ["CHECK"]], [1.3, 1.1, None, "x"], 1.2),
            case([["PASS", "BREACH"]], [[1.3, 1.1]], [[1.2, 1.2]]),
            case([["BREACH", "PASS"], ["PASS", "CHECK"]], [[0.8, 0.7], [0.6, "x"]], 0.7, "max"),
            case("#VALUE!", 1.3, 1.2, "above"),
        ],
        "by hand, from the definition",
    )


def make_headroom() -> None:
    def low(value, level):
        return 1 - mpf(level) / mpf(value)

    publish(
        "XLC_HEADROOM",
        PROGRAM,
        [
            case(low(1.5, 1.2), 1.5, 1.2),
            case(column(lambda v: low(v, 1.2), [3, 1.2, 1.0]), [3, 1.2, 1.0], 1.2),
            case(mpf(0.7) / mpf(0.5) - 1, 0.5, 0.7, "max"),
            case([[mpf(0.7) / mpf(v) - 1 for v in (0.7, 0.9)]], [[0.7, 0.9]], 0.7, "max"),
            case(1.0, 2.0, 0),
            case("#DIV/0!", 0, 1.2),
            case("#DIV/0!", 0, 0.7, "max"),
            case("#NUM!", -0.5, 1.2),
            case("#VALUE!", None, 1.2),
            case("#VALUE!", 1.3, "1.2"),
            case("#VALUE!", 1.3, 1.2, "up"),
            case([[low(1.5, 1.2)], ["#DIV/0!"], ["#NUM!"]], [1.5, 0, -1], 1.2),
        ],
    )


def make_first_breach() -> None:
    quarters = ["Q1", "Q2", "Q3", "Q4"]
    serials = [
        (datetime.date(2027, m, 1) - datetime.date(1899, 12, 30)).days for m in (1, 4, 7, 10)
    ]
    cover = [1.4, 1.2, 1.1, 1.3]
    publish(
        "XLC_FIRST_BREACH",
        PROGRAM,
        [
            case("Q3", quarters, cover, 1.2),
            case("Q3", [quarters], [cover], 1.2),
            case("Q3", [quarters], cover, 1.2),
            case("Q1", quarters, cover, 1.5),
            case("Q2", quarters, cover, [1.2, 1.25, 1.3, 1.3]),
            case(float(serials[2]), serials, cover, 1.2),
            case("Q1", quarters, cover, 1.35, "max"),
            case("#N/A", quarters, cover, 1.0),
            case("#N/A", quarters, cover, 1.4, "max"),
            case("only", "only", 1.0, 1.2),
            case("#VALUE!", quarters[:3], cover, 1.2),
            case("#VALUE!", quarters, [1.4, None, 1.1, 1.3], 1.2),
            case("#VALUE!", ["Q1", None, "Q3", "Q4"], cover, 1.2),
            case("#VALUE!", quarters, cover, [1.2, 1.2]),
            case("#VALUE!", quarters, [1.4, "low", 1.1, 1.3], 1.2),
        ],
        "by hand, from the definition",
    )


def make_borrowing_base() -> None:
    def base(units, price, ineligible=0, nolv=1, advance=1, reserve=0):
        units, price, ineligible, nolv, advance, reserve = exact(
            [units, price, ineligible, nolv, advance, reserve]
        )
        return max(mpf(0), (units - ineligible) * price * nolv * advance - reserve)

    prices = [11500, 22500, 0]
    publish(
        "XLC_BORROWING_BASE",
        PROGRAM,
        [
            case(4607600.0, 1000, 11500, 120, 0.8, 0.6, 250000),
            case(9254000.0, 1000, 22500, 120, 0.8, 0.6, 250000),
            case(
                column(lambda p: base(1000, p, 120, 0.8, 0.6, 1000), prices),
                *(1000, prices, 120, 0.8, 0.6, 1000),
            ),
            case(
                [[base(1000, 11500, 0, 1, a) for a in (0, 0.5)]],
                1000,
                11500,
                None,
                None,
                [[0, 0.5]],
            ),
            case(base(1000, 11500), 1000, 11500),
            case(0.0, 100, 11500, 0, 0.8, 0.6, 1e7),
            case(0.0, 100, 11500, 101),
            case("#NUM!", 1000, 11500, 0, 1.1),
            case("#NUM!", 1000, 11500, 0, 0.8, 1.1),
            case("#NUM!", 1000, -1),
            case("#VALUE!", 1000, None),
            case([[base(10, 100)], ["#NUM!"], ["#VALUE!"]], [10, -10, "ten"], 100),
        ],
        SOURCE + "; a worked borrowing base",
    )


if __name__ == "__main__":
    make_dscr()
    make_rent_dscr()
    make_llcr()
    make_breakeven_decline()
    make_covenant()
    make_headroom()
    make_first_breach()
    make_borrowing_base()
