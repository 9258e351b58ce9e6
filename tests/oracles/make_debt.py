"""Reference values of the debt functions: ``python -m tests.oracles.make_debt``.

The figures in decimal digits were published or
computed with other programs.
"""

from __future__ import annotations

import pyxirr
import QuantLib as ql  # noqa: N813
from mpmath import findroot, mpf

from tests.oracles.exact import SOURCE, case, exact, publish, series

PROGRAM = "make_debt.py"
FALLING = [100, 70, 49, 34.3, 24.01]


def amortized(principal, rate, periods, profile="annuity", balloon=0, grace=0, m=12):
    """Roll the balance forward, period by period."""
    principal, balloon, i = mpf(principal), mpf(balloon), mpf(rate) / m
    count = periods - grace
    level = (principal - balloon) / count
    payment = level
    if i:
        payment = (principal - balloon) * i / (1 - (1 + i) ** -count) + i * balloon
    rows, balance = [], principal
    for k in range(1, periods + 1):
        interest = i * balance
        if profile == "bullet":
            repaid = principal if k == periods else mpf(0)
        elif k <= grace:
            repaid = mpf(0)
        else:
            repaid = (payment - interest if profile == "annuity" else level) + (
                balloon if k == periods else 0
            )
        balance -= repaid
        rows.append([interest + repaid, interest, repaid, balance])
    assert abs(balance) < mpf(10) ** -20 * principal
    rows[-1][3] = mpf(0)
    return rows


def make_amortize() -> None:
    cases = [
        case(amortized(*arguments), *arguments)
        for arguments in [
            (150, 0.10, 60),
            (150, 0.0, 12),
            (150, 0.10, 10, "annuity", 40, 0, 4),
            (150, 0.10, 12, "annuity", 40, 4, 2),
            (1e6, 0.0655, 36, "level"),
            (1e6, 0.0655, 12, "level", 250000, 3, 4),
            (1e6, 0.0655, 5, "bullet", 0, 0, 1),
            (1e6, 0.0655, 5, "bullet", 300000, 2, 1),
            (100, 0.05, 1),
            (100, 0.05, 3, "annuity", 100),
            (100, 0.08, 120, "annuity", 0, 0, 365),
            (100, 1e-12, 24),
            (100, 4.0, 60),
        ]
    ]
    cases += [
        case("#NUM!", 100, 0.05, 0),
        case("#NUM!", 100, 0.05, 2.5),
        case("#NUM!", 100, -0.01, 5),
        case("#NUM!", 100, 0.05, 12, "level", 0, 12),
        case("#NUM!", 100, 0.05, 12, "level", 101),
        case("#NUM!", 100, 0.05, 12, "level", 0, 0, 3),
        case("#VALUE!", 100, 0.05, 12, "mortgage"),
        case("#VALUE!", [100, 200], 0.05, 12),
        case("#VALUE!", None, 0.05, 12),
    ]
    publish("XLC_AMORTIZE", PROGRAM, cases)


def sculpted(cfads, target, rate, balloon=0, m=12):
    """Capacity as a sum of discounted service; then the balance rolled forward."""
    n = max(len(x) if isinstance(x, list) else 1 for x in (cfads, target))
    cash, cover, i = series(cfads, n), series(target, n), mpf(rate) / m
    service = [max(mpf(0), c) / x for c, x in zip(cash, cover, strict=True)]
    capacity = sum((s * (1 + i) ** -k for k, s in enumerate(service, 1)), mpf(0))
    capacity += mpf(balloon) * (1 + i) ** -n
    rows, balance = [], capacity
    for paid in service:
        interest = i * balance
        balance += interest - paid
        rows.append([paid, interest, paid - interest, balance])
    return capacity, rows


SIZED = [
    ([100] * 5, 1.3, 0.06, 0, 1),
    (FALLING, 1.4, 0.1, 0, 1),
    ([100, 90, 80, 70, 60, 50, 40, 30], 1.4, 0.1, 0, 4),
    ([10 * 0.98**k for k in range(60)], 1.2, 0.0655, 0, 12),
    (FALLING, [1.4, 1.4, 1.5, 1.6, 1.7], 0.1, 20, 4),
    ([100, -20, 0, 5, 100], 1.25, 0.12, 10, 1),
    ([2, 50, 60, 70], 1.25, 0.12, 150, 1),
    (FALLING, 1.4, 0.0, 0, 1),
    (100, [1.2, 1.3, 1.4], 0.08, 0, 2),
    ([100], 1.25, 0.08, 0, 2),
]


def make_sculpt() -> None:
    published = [57.4814, 60.9303, 64.5861, 68.4613, 72.5689]
    rows = sculpted(*SIZED[0])[1]
    assert all(abs(row[2] - p) < 1e-4 for row, p in zip(rows, published, strict=True))
    assert abs(sculpted(*SIZED[2])[1][0][2] - mpf("62.94021649358944326")) < 1e-13
    cases = [case(sculpted(*a)[1], *a) for a in SIZED]
    row = sculpted(*SIZED[1])[1]
    cases += [
        case([list(c) for c in zip(*row, strict=True)], [FALLING], [[1.4] * 5], 0.1, 0, 1),
        case(sculpted(FALLING, 1.4, 0.1)[1], FALLING, 1.4, 0.1),
        case("#NUM!", FALLING, 0, 0.1),
        case("#NUM!", FALLING, 1.4, -0.1),
        case("#NUM!", FALLING, 1.4, 0.1, 0, 5),
        case("#VALUE!", FALLING, [1.4, 1.4], 0.1),
        case("#VALUE!", [100, None, 80], 1.4, 0.1),
        case("#VALUE!", [100, "80"], 1.4, 0.1),
    ]
    publish("XLC_SCULPT", PROGRAM, cases)


def make_debt_capacity() -> None:
    cases = [case(sculpted(*a)[0], *a) for a in SIZED]
    cases[2]["expected"] = 339.53419739927957487
    assert abs(cases[0]["expected"] - 324.027984) < 1e-6
    assert abs(cases[1]["expected"] - 159.936027) < 1e-6
    # against the closed form of a geometric cash flow
    i, g = mpf(0.0655) / 12, mpf(0.98)
    closed = 10 / mpf(1.2) * (1 - (g / (1 + i)) ** 60) / (1 + i - g)
    assert abs(cases[3]["expected"] / closed - 1) < 1e-15
    cases += [
        case(0.0, [-10, -20], 1.2, 0.1),
        case(sculpted([0, 0], 1.2, 0.1, 50)[0], [0, 0], 1.2, 0.1, 50),
        case(sculpted(FALLING, 1.4, 0.1)[0], [FALLING], 1.4, 0.1),
        case("#NUM!", FALLING, -1.4, 0.1),
        case("#NUM!", FALLING, 1.4, 0.1, -1),
        case("#VALUE!", FALLING, [1.4, 1.4], 0.1),
        case("#VALUE!", None, 1.4, 0.1),
        case("#VALUE!", FALLING, 1.4, 0.1, 0, "m"),
    ]
    publish("XLC_DEBT_CAPACITY", PROGRAM, cases, SOURCE + "; closed form of a geometric series")


def make_dsra() -> None:
    service = [10, 10.5, 8, 0, 6, 6]
    level = [amortized(150, 0.10, 60)[0][0]] * 60
    level = [float(p) for p in level]

    def targets(paid, periods):
        paid = exact(paid)
        return [[sum(paid[j : j + periods], mpf(0))] for j in range(len(paid) + 1)]

    assert abs(targets(level, 6)[0][0] - mpf("19.122340")) < 1e-6
    publish(
        "XLC_DSRA",
        PROGRAM,
        [
            case(targets(level, 6), level, 6),
            case(targets(service, 2), service, 2),
            case([[row[0] for row in targets(service, 3)]], [service], 3),
            case(targets(service, 0), service, 0),
            case(targets(service, 50), service, 50),
            case([[10.0], [0.0]], 10, 3),
            case("#NUM!", service, 1.5),
            case("#NUM!", service, -1),
            case("#NUM!", [10, -1], 1),
            case("#VALUE!", [10, None], 1),
            case("#VALUE!", service, None),
        ],
    )


def make_wal() -> None:
    def life(repaid, m=12):
        repaid = exact(repaid)
        return sum(mpf(k) / m * p for k, p in enumerate(repaid, 1)) / sum(repaid)

    monthly = [float(row[2]) for row in sculpted(*SIZED[3])[1]]
    assert abs(life(monthly) - mpf("2.115070")) < 1e-6
    repaid = [0, 0, 10, 20.5, 30, 0, 45]
    publish(
        "XLC_WAL",
        PROGRAM,
        [
            case(life(monthly), monthly),
            case(life(repaid), repaid),
            case(life(repaid, 4), [repaid], 4),
            case(2.5, [25, 25, 25, 25], 1),
            case(5.0, [0, 0, 0, 0, 100], 1),
            case(life([100], 12), 100),
            case("#DIV/0!", [0, 0, 0]),
            case("#NUM!", [10, -5, 10]),
            case("#NUM!", [10, 10], 5),
            case("#VALUE!", [10, None, 10]),
            case("#VALUE!", [10, True]),
        ],
    )


def moments(cash, rate, m=12):
    """Macaulay, modified, convexity, PV and half-life, from the definitions."""
    cash, y = exact(cash), mpf(rate) / m
    worth = [c * (1 + y) ** -k for k, c in enumerate(cash, 1)]
    pv = sum(worth, mpf(0))
    macaulay = sum(mpf(k) / m * w for k, w in enumerate(worth, 1)) / pv
    convexity = sum(k * (k + 1) * w for k, w in enumerate(worth, 1)) / (m * m * (1 + y) ** 2 * pv)
    arrived, half = mpf(0), None
    for k, w in enumerate(worth, 1):
        if half is None and (arrived + w) / pv >= mpf("0.5"):
            half = (k - 1 + (pv / 2 - arrived) / w) / m
        arrived += w
    return macaulay, macaulay / (1 + y), convexity, pv, half


def quantlib(cash, rate, m):
    """PV, Macaulay and modified duration and convexity of yearly or half-yearly cash."""
    today = ql.Date(1, 1, 2025)
    ql.Settings.instance().evaluationDate = today
    step = 12 // m
    leg = [
        ql.SimpleCashFlow(float(c), today + ql.Period(k * step, ql.Months))
        for k, c in enumerate(cash, 1)
    ]
    frequency = {1: ql.Annual, 2: ql.Semiannual, 4: ql.Quarterly, 12: ql.Monthly}[m]
    rate = ql.InterestRate(rate, ql.Thirty360(ql.Thirty360.BondBasis), ql.Compounded, frequency)
    return (
        ql.CashFlows.duration(leg, rate, ql.Duration.Macaulay, False, today),
        ql.CashFlows.duration(leg, rate, ql.Duration.Modified, False, today),
        ql.CashFlows.convexity(leg, rate, False, today),
        ql.CashFlows.npv(leg, rate, False, today),
    )


NAMES = ["macaulay", "modified", "convexity", "pv", "half_life"]


def make_duration() -> None:
    cases = []
    for cash, rate, m in [
        ([6, 6, 106], 0.06, 1),
        ([50 * 0.97**k for k in range(48)], 0.0925, 12),
        ([3, 3, 3, 3, 103], 0.05, 2),
        ([-20, 10, 40, 60, 20], 0.08, 4),
        ([10, 20, 30], 0.0, 1),
    ]:
        made = moments(cash, rate, m)
        for ours, theirs in zip(made, quantlib(cash, rate, m), strict=False):
            assert abs(ours / theirs - 1) < 1e-11, (ours, theirs)
        cases.append(case([list(p) for p in zip(NAMES, made, strict=True)], cash, rate, "all", m))
        cases.append(case(made[0], [cash], rate, None, m))
    cash = [6, 6, 106]
    half = moments([100, 30, 20], 0, 1)[4]
    cases += [
        case(moments(cash, 0.06)[1], cash, 0.06, "Modified"),
        case(half, [100, 30, 20], 0, "half_life", 1),
        case(moments([100], 0.1, 1)[4], 100, 0.1, "half life", 1),
        case(moments([-6, -6, -106], 0.06, 1)[0], [-6, -6, -106], 0.06, "macaulay", 1),
        case(0.0, [0, 0], 0.06, "pv"),
        case("#DIV/0!", [0, 0], 0.06),
        case([[n, 0.0 if n == "pv" else "#DIV/0!"] for n in NAMES], [0, 0], 0.06, "all"),
        case("#NUM!", cash, -0.06),
        case("#VALUE!", cash, 0.06, "dollar"),
        case("#VALUE!", [6, None, 106], 0.06),
    ]
    publish("XLC_DURATION", PROGRAM, cases, SOURCE + f"; checked with QuantLib {ql.__version__}")


def make_duration_gap() -> None:
    asset, service = [50 * 0.96**k for k in range(36)], [12.5] * 48

    def gap(a, d, rate, m=12):
        return moments(d, rate, m)[0] - moments(a, rate, m)[0]

    publish(
        "XLC_DURATION_GAP",
        PROGRAM,
        [
            case(1.3, [50, 30, 20], [0, 0, 100], 0, 1),
            case(gap(asset, service, 0.0925), asset, service, 0.0925),
            case(gap(service, asset, 0.0925, 4), [service], asset, 0.0925, 4),
            case(gap([10] * 3, [6, 6, 106], 0.06, 1), 10, [6, 6, 106], 0.06, 1),
            case(gap([6, 6, 106], [10] * 3, 0.06, 1), [6, 6, 106], [[10]], 0.06, 1),
            case(0.0, asset, asset, 0.05),
            case("#DIV/0!", [0, 0], [6, 6], 0.06),
            case("#DIV/0!", [6, 6], [0, 0], 0.06),
            case("#NUM!", [6, 6], [6, -6], 0.06),
            case("#VALUE!", [6, None], [6, 6], 0.06),
        ],
    )


def all_in(principal, service, fee=0, oid=0, exit_fee=0, m=12):
    """Root at 40 digits from a start that pyxirr finds."""
    paid = exact(service)
    last = max(k for k, p in enumerate(paid) if p)
    paid[last] += mpf(exit_fee) * mpf(principal)
    received = mpf(principal) * (1 - mpf(fee) - mpf(oid))
    guess = pyxirr.irr([-float(received), *map(float, paid)])
    y = findroot(
        lambda i: sum(p * (1 + i) ** -k for k, p in enumerate(paid, 1)) - received, mpf(guess)
    )
    assert abs(y - guess) < 1e-9, (y, guess)
    return (1 + y) ** m - 1


def make_all_in_yield() -> None:
    level = [float(row[0]) for row in amortized(1000, 0.0925, 60)]
    bullet = [float(row[0]) for row in amortized(100, 0.06, 12, "bullet", m=4)]
    late = [0, 0, 0, 10, 60, 60, 0, 0]
    cases = [
        case(all_in(*a), *a)
        for a in [
            (1000, level),
            (1000, level, 0.02),
            (1000, level, 0.02, 0.015, 0.01),
            (100, bullet, 0.01, 0.005, 0.02, 4),
            (100, late, 0.03, 0, 0.05, 1),
            (100, [20, 20, 20], 0, 0, 0, 1),
            (100, [150], 0.1, 0, 0, 1),
            (100, [100, 100, 100], 0.2, 0.1, 0, 1),
            (100, [1], 0, 0, 0, 1),
            (1e9, [p * 1e6 for p in level], 0.01),
        ]
    ]
    cases += [
        case(0.0, 100, [25, 25, 50]),
        case(0.06, 100, [[6, 6, 106]], None, None, None, 1),
        case("#NUM!", 0, [10, 10]),
        case("#NUM!", 100, [0, 0]),
        case("#NUM!", 100, [60, 60], 0.5, 0.5),
        case("#NUM!", 100, [60, 60], 1.0),
        case("#NUM!", 100, [60, -60]),
        case("#VALUE!", 100, [60, None]),
        case("#VALUE!", "100", [60, 60]),
    ]
    source = f"pyxirr {pyxirr.__version__} for the root, mpmath to polish it to 40 digits"
    publish("XLC_ALL_IN_YIELD", PROGRAM, cases, source)


def make_refi_gap() -> None:
    def gap(balloon, cfads, target, rate, m=12):
        n = max(len(x) if isinstance(x, list) else 1 for x in (cfads, target))
        cash, cover, i = series(cfads, n), series(target, n), mpf(rate) / m
        worth = sum(
            c / x * (1 + i) ** -k for k, (c, x) in enumerate(zip(cash, cover, strict=True), 1)
        )
        return max(mpf(0), mpf(balloon) - worth)

    cash = [24, 16.8, 11.76]
    assert abs(gap(40, cash, 1.5, 0.09, 1) - mpf("9.840367")) < 1e-6
    publish(
        "XLC_REFI_GAP",
        PROGRAM,
        [
            case(gap(40, cash, 1.5, 0.09, 1), 40, cash, 1.5, 0.09, 1),
            case(gap(40, cash, 1.5, 0.09), 40, [cash], 1.5, 0.09),
            case(gap(40, cash, [1.5, 2, 3], 0.09, 4), 40, cash, [1.5, 2, 3], 0.09, 4),
            case(gap(40, [24, -5, 10], 1.2, 0.0, 2), 40, [24, -5, 10], 1.2, 0.0, 2),
            case(gap(40, 10, 1.5, 0.09, 1), 40, 10, 1.5, 0.09, 1),
            case(0.0, 30, cash, 1.5, 0.09, 1),
            case(0.0, 0, cash, 1.5, 0.09, 1),
            case("#NUM!", -1, cash, 1.5, 0.09),
            case("#NUM!", 40, cash, 0, 0.09),
            case("#VALUE!", 40, cash, [1.5, 2], 0.09),
            case("#VALUE!", 40, None, 1.5, 0.09),
        ],
    )


def ledger(cfads, balance, rate, scheduled, terms):
    """The waterfall as a book of accounts, written from the order of payments."""
    t = {"dsra_opening": 0, "dsra_periods": 0, "sweep": 0, "lockup": 0, "periods_per_year": 12}
    t |= terms
    i = mpf(rate) / t["periods_per_year"]
    cash, plan = exact(cfads), series(scheduled, len(cfads))
    base, left = [], mpf(balance)
    for p in plan:
        base.append(i * left + min(p, left))
        left -= min(p, left)
    debt, arrears = mpf(balance), mpf(0)
    account = {"reserve": mpf(t["dsra_opening"]), "trap": mpf(0), "cash": mpf(0)}
    rows = []

    def take(amount, *sources):
        """Take up to ``amount`` from the accounts in turn; what was found."""
        found = mpf(0)
        for name in sources:
            part = min(amount - found, account[name])
            account[name] -= part
            found += part
        return found

    for k, flow in enumerate(cash):
        account["cash"], account["trap"] = account["trap"] + max(flow, mpf(0)), mpf(0)
        costs = max(-flow, mpf(0))
        gap = costs - take(costs, "cash", "reserve")
        interest_due, principal_due = i * debt, min(plan[k] + arrears, debt)
        due = interest_due + principal_due
        interest = take(interest_due, "cash", "reserve")
        principal = take(principal_due, "cash", "reserve")
        debt += interest_due - interest - principal
        arrears = principal_due - principal
        target = sum(base[k + 1 : k + 1 + t["dsra_periods"]], mpf(0)) if debt else mpf(0)
        if account["reserve"] > target:
            account["cash"] += take(account["reserve"] - target, "reserve")
        else:
            account["reserve"] += take(target - account["reserve"], "cash")
        swept = take(min(mpf(t["sweep"]) * account["cash"], debt), "cash")
        debt -= swept
        if not debt:
            account["cash"] += take(account["reserve"], "reserve")
        dscr = flow / due if due else None
        if debt and dscr is not None and t["lockup"] and dscr < mpf(t["lockup"]):
            account["trap"] += take(account["cash"], "cash")
        paid_out = take(account["cash"], "cash")
        unpaid = interest_due - interest + principal_due - principal
        rows.append(
            [
                *(interest, principal, swept, debt, account["reserve"], account["trap"]),
                *(paid_out, "#N/A" if dscr is None else dscr, unpaid, gap),
            ]
        )
    return rows


def make_waterfall() -> None:
    rows = sculpted(FALLING, 1.4, 0.1, 0, 1)[1]
    plan = [float(row[2]) for row in rows]
    debt = sum(plan)
    stress = [60, 20, -30, 10, 90, 120, 150, 40]
    level = [25] * 8
    full = {"dsra_opening": 20, "dsra_periods": 2, "sweep": 0.5, "lockup": 1.2}
    yearly = {"periods_per_year": 1}
    cases = []
    for cash, balance, rate, scheduled, terms in [
        (stress, 200, 0.10, level, yearly),
        (stress, 200, 0.10, level, {**full, **yearly}),
        (stress, 200, 0.10, level, {**full, "lockup": 2.5, "sweep": 0, **yearly}),
        (stress, 200, 0.10, level, {"dsra_periods": 3, "lockup": 1.3, **yearly}),
        (stress, 200, 0.10, level, {"dsra_opening": 100, **yearly}),
        ([200] * 6, 100, 0.08, [20] * 6, {**full, "sweep": 1, **yearly}),
        ([5] * 4, 100, 0.12, [25] * 4, {**full, "periods_per_year": 4}),
        ([-5, -50, 10], 100, 0.12, [25] * 3, {**full, **yearly}),
        ([50, 50, 50], 100, 0.10, [0, 60, 0], {"lockup": 3.0, **yearly}),
        ([50, 50], 0, 0.10, [10, 10], {"dsra_opening": 7, **yearly}),
        ([30, 30, 30], 100, 0.0, [0, 20, 20], {"lockup": 1.2}),
        ([30, 30, 30], 100, 0.06, 20, {}),
        ([130, 20, 60, 61], 100, 0.06, [40, 40, 20, 0], {"lockup": 1.5, **yearly}),
    ]:
        block = [[k, v] for k, v in terms.items()] or None
        cases.append(
            case(
                ledger(cash, balance, rate, scheduled, terms), cash, balance, rate, scheduled, block
            )
        )
    made = ledger([60, 20, 60], 100, 0.1, [30, 30, 40], {"dsra_opening": 20, **yearly})
    by_hand = [  # worked on paper
        [10, 30, 0, 70, 0, 0, 40, 1.5, 0, 0],
        [7, 13, 0, 57, 0, 0, 0, 20 / 37, 17, 0],
        [5.7, 54.3, 0, 2.7, 0, 0, 0, 60 / 62.7, 2.7, 0],
    ]
    for row, hand in zip(made, by_hand, strict=True):
        assert all(abs(a - b) < 1e-12 for a, b in zip(row, hand, strict=True)), (row, hand)
    block = [["dsra_opening", 20], ["periods_per_year", 1]]
    cases += [
        case(by_hand, [60, 20, 60], 100, 0.1, [30, 30, 40], block),
        case(
            [list(c) for c in zip(*by_hand, strict=True)],
            *([[60, 20, 60]], 100, 0.1, [30, 30, 40], block),
        ),
        # the schedule of a sculpted debt adds up to the debt but for rounding
        case(
            [
                [row[1], row[2], 0, row[3], 0, 0, c - row[0], 1.4, 0, 0]
                for row, c in zip(rows, exact(FALLING), strict=True)
            ],
            *(FALLING, debt, 0.1, plan, [["periods_per_year", 1]]),
        ),
        case("#VALUE!", stress, 200, 0.1, [25, 25]),
        case("#VALUE!", stress, 200, 0.1, 25, [["dsra", 20]]),
        case("#NUM!", stress, 200, 0.1, 25, [["sweep", 1.5]]),
        case("#NUM!", stress, 200, 0.1, 25, [["dsra_periods", 1.5]]),
        case("#NUM!", stress, 200, 0.1, [25, -1] * 4),
        case("#VALUE!", [60, None], 200, 0.1, 25),
    ]
    publish("XLC_WATERFALL", PROGRAM, cases, "mpmath, 40 digits: a ledger of accounts; by hand")


if __name__ == "__main__":
    make_amortize()
    make_sculpt()
    make_debt_capacity()
    make_dsra()
    make_wal()
    make_duration()
    make_duration_gap()
    make_all_in_yield()
    make_refi_gap()
    make_waterfall()
