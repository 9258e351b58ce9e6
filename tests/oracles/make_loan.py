"""Reference values of the loan along one path, by a program that shares nothing with the engine.

``loan_path`` is a plain reading of the agreement in fifty digits; some figures are worked on
paper. Run it from the root: ``python -m tests.oracles.make_loan``.
"""

from __future__ import annotations

from typing import Any

from tests.oracles.deals import Deal, accelerating, prepaying, random_deal
from tests.oracles.loan_path import Path
from tests.oracles.tables import Table, write

NA, NUM, VALUE = "#N/A", "#NUM!", "#VALUE!"
Case = dict[str, Any]

#: Every kind of ending, with and without each of the accounts.
SEEDS = range(72)

#: Reserve, sweep, lock-up, grace, margin call, coin sale and enforcement, in numbers for paper.
WORKED = Deal(
    terms={
        "loan": 100.0,
        "rate": 0.1,
        "periods_per_year": 1,
        "dsra_periods": 1,
        "sweep": 0.5,
        "lockup": 1.2,
        "grace_periods": 1,
        "coin_units": 1.0,
        "gpu_units": 4.0,
        "gpu_haircut": 0.5,
        "call_ltv": 0.8,
        "cure_ltv": 0.7,
        "liquidation_ltv": 0.9,
        "cure_periods": 1,
        "coin_slippage": 0.1,
        "gpu_recovery": 0.4,
        "recovery_periods": 1,
    },
    scheduled=[10.0] * 6,
    cfads=[49.0, 20.0, -5.0, 25.0, 14.0, 2.0],
    coin=[100.0, 90.0, 80.0, 70.0, 36.0, 30.0, 24.0],
    gpu=[20.0, 19.0, 18.0, 16.0, 14.0, 12.0, 5.0],
)


def case(arguments: list[Any], expected: Any) -> Case:
    return {"arguments": arguments, "expected": expected}


def run(deal: Deal) -> Path:
    """The deal from closing to its end."""
    given = (deal.terms, deal.scheduled, deal.cfads, deal.coin, deal.gpu, deal.rates)
    return Path(*given, deal.prepayment).run()


def block(deal: Deal) -> list[list[Any]]:
    """The figures of a deal, as the cells show them."""
    path = run(deal)
    return [[label, shown(value)] for label, value in path.figures().items()]


def column(values: list[float]) -> list[list[float]]:
    return [[float(value)] for value in values]


def balances(deal: Deal) -> list[list[float]]:
    """The balance after each period, those after the end included."""
    return [[float(row["closing"])] for row in run(deal).rows]


def distributions(deal: Deal) -> list[list[float]]:
    """What each period leaves to the owner, those after the end included."""
    return [[float(row["distribution"])] for row in run(deal).rows]


def overdue(deal: Deal) -> list[list[float]]:
    """What is behind the schedule after each period, and the holes so far that nobody met."""
    path, asked, holes, found = run(deal), deal.terms["loan"], 0.0, []
    for row, due in zip(path.rows, path.scheduled, strict=False):
        asked -= min(float(due), asked)
        if row is path.rows[-1] and path.t["balloon"] is not None:
            asked = float(path.t["balloon"])
        owed, late = float(row["closing"]), float(row["late"])
        holes += float(row["gap"])
        found.append([max(0.0, owed - asked, late) + holes])
    return found


def missing(deal: Deal) -> list[list[float]]:
    """Service of each period that is not paid, and where any is not the hole that nobody met."""
    rows = run(deal).rows
    return [[float(r["unpaid"] + r["gap"]) if r["unpaid"] > 0 else 0.0] for r in rows]


def shown(value: Any) -> Any:
    if value is None:
        return NA
    if isinstance(value, str):
        return value
    return NUM if abs(float(value)) == float("inf") else float(value)


def arguments(deal: Deal) -> list[Any]:
    terms = [[label, value] for label, value in deal.terms.items()]
    given = [terms, deal.scheduled, deal.cfads, deal.coin, deal.gpu, deal.rates]
    return given if deal.prepayment is None else [*given, "all", 1, 1, deal.prepayment]


def changed(**terms: Any) -> list[Any]:
    """The worked deal with other terms; None takes a label away."""
    kept = {k: v for k, v in (WORKED.terms | terms).items() if v is not None}
    return [[[k, v] for k, v in kept.items()], *arguments(WORKED)[1:5]]


def contradictions() -> list[Case]:
    no_levels = {"call_ltv": None, "cure_ltv": None, "liquidation_ltv": None}
    return [
        case(changed(cure_ltv=0.85), NUM),
        case(changed(call_ltv=0.95), NUM),
        case(changed(lockup=-0.1), NUM),
        case(changed(sweep=1.1), NUM),
        case(changed(coin_units=0, gpu_units=0), NUM),
        case(changed(loan=112.0), NUM),  # 112 / (100 + 40) is the call's 0.8
        case(changed(fee=0.6, oid=0.4), NUM),
        case(changed(sale_days=30), VALUE),
        case(changed(cure_ltv=None), VALUE),
        case(changed(rate=None), VALUE),
        case(changed(loan=None), VALUE),
        case(changed(grace_period=1), VALUE),
        case([*changed()[:3], None, WORKED.gpu], VALUE),
        case([*changed()[:3], WORKED.coin, None], VALUE),
        case([*changed()[:2], WORKED.cfads[:5], WORKED.coin, WORKED.gpu], VALUE),
        case([*changed()[:3], WORKED.coin[:6], WORKED.gpu], VALUE),
        case([changed(**no_levels)[0], [10, None], 5], VALUE),
        case([*changed(), None, "profit"], VALUE),
        case([changed(**no_levels)[0], 10, None, None, WORKED.gpu, None, "all", 1, 1, 5], VALUE),
        case([*changed(), None, "all", 1, 1, -5], NUM),
        case([*changed(), None, "all", 1, 1, [5, 5]], VALUE),
    ]


def by_hand() -> list[Case]:
    """Figures that need no program."""
    yearly = [["loan", 100], ["rate", 0.1], ["periods_per_year", 1]]
    twelve = [["loan", 120], ["rate", 0.12]]
    reserved = [*yearly, ["balloon", 0], ["dsra_opening", 29.5], ["dsra_periods", 2]]
    cash = [15, 14.5, 14, 40]
    none = [None, None, None]
    kept = [["principal_periods", 2], ["lockup", 1.2]]
    failing = [*yearly, ["accelerated", 2]]
    return [
        # the worked example, in the order of the docstring
        case([*arguments(WORKED), "status"], "payment_default"),
        case([*arguments(WORKED), "exposure"], 12.86),
        case([*arguments(WORKED), "recovered"], 8.18),
        case([*arguments(WORKED), "loss"], 4.68),
        case([*arguments(WORKED), "distributed"], 5.0),
        case([*arguments(WORKED), "coin_sold"], 29.75),
        case([*arguments(WORKED), "max_ltv"], 53.75 / 64),
        case([*arguments(WORKED), "min_dscr"], -5 / 17.375),
        case([*arguments(WORKED), "min_scheduled_dscr"], -5 / 18),
        # paid as agreed: the lender earns the rate, and 1% a month is 1.01^12 - 1 a year
        case([yearly, [0, 100], [20, 120], None, None, None, "irr"], 0.1),
        case([twelve, [10] * 12, 30, None, None, None, "irr"], 1.01**12 - 1),
        case([yearly, [0, 100], [20, 120], None, None, None, "multiple"], 1.2),
        case([yearly, [40, 60], None, None, None, None, "wal"], 1.6),
        # nothing came back; no loan, no yield
        case([[*yearly, ["grace_periods", 0]], [50, 50], 0, None, None, None, "irr"], -1.0),
        case([[["loan", 0], ["rate", 0.1]], [0, 0], 1, None, None, None, "irr"], NA),
        case([[["loan", 0], ["rate", 0.1]], [0, 0], 1, None, None, None, "status"], "repaid"),
        # a balloon is refinanced, what stands above it is due
        case([[*yearly, ["balloon", 60]], [10, 10], 50, None, None, None, "balance"], 60.0),
        case([[*yearly, ["balloon", 0]], [10, 10], 120, None, None, None, "status"], "repaid"),
        case([yearly, [10, 10], 120, None, None, None, "balance"], 80.0),
        # arrears without a default: 8 of 20 a period
        case([[["loan", 40], ["rate", 0]], [20, 20], 12, None, None, None, "unpaid"], 16.0),
        case([[["loan", 40], ["rate", 0]], [20, 20], 12, None, None, None, "first_missed"], 1.0),
        case([[["loan", 40], ["rate", 0]], [20, 20], 30, None, None, None, "first_missed"], NA),
        # rates by period stand for the label
        case([[["loan", 100]], [0, 100], None, None, None, [0.12, 0.24], "multiple"], 1.03),
        # of 93.5 due at the end, 40 of cash and a reserve of 14 + 13.5 that still stands pay 67.5
        case([[*reserved, ["dsra_stays", 1]], [5] * 4, cash, None, None, None, "unpaid"], 26.0),
        case([reserved, [5] * 4, cash, None, None, None, "unpaid"], 40.0),
        # 20 and 80 are due every other year: of 20 in the first 10 are kept, so that 32 pay 30; a
        # cover of 42/40 keeps the 2 left, and of 104 in the end 88 are due
        case([[*yearly, *kept], [0, 20, 0, 80], [20, 22, 50, 60], *none, "distributed"], 16.0),
        case([[*yearly, *kept, ["payment_periods", 2]], [0, 20, 0, 80], 30], VALUE),
        case([[*yearly, *kept, ["cash_control", 0]], [0, 20, 0, 80], 30], VALUE),
        # 30 of 50 are a termination payment: after a service of 20 they prepay, and cover none of
        # it; of 45 there are 25 left
        case([yearly, [10, 10, 80], [50, 12.5, 90], *none, "swept", 1, 1, [30, 0, 0]], 30.0),
        case([yearly, [10, 10, 80], [45, 12.5, 90], *none, "swept", 1, 1, [30, 0, 0]], 25.0),
        case([yearly, [10, 10, 80], [50, 16, 90], *none, "balance", 1, 1, [30, 0, 0]], 0.0),
        case([yearly, [10, 10, 80], [50, 16, 90], *none, "min_dscr", 1, 1, [30, 0, 0]], 1.0),
        # accelerated in the second year: 100 and a year's interest on 90 are due, 60 are there
        case([failing, [10] * 9, 60, *none, "unpaid"], 39.0),
        case([failing, [10] * 9, 60, *none, "end_period"], 2.0),
        case([failing, [10] * 9, 60, *none, "min_scheduled_dscr"], 3.0),
        case([failing, [10] * 9, 60, *none, "distributions"], column([40, *[0] * 8])),
        case([failing, [10] * 9, 60, *none, "series"], column([90, 39, *[0] * 7])),
        # the grace forgives nothing, and a balloon is not refinanced
        case(
            [[*failing, ["grace_periods", 5], ["balloon", 70]], [10] * 9, 60, *none, "loss"], 39.0
        ),
        # the borrower fails where its cash flow ends, if the label lets it
        case([[*yearly, ["accelerated", 9]], [10] * 9, [60, 60], *none, "unpaid"], 39.0),
        case([yearly, [10] * 9, [60, 60], *none, "unpaid"], VALUE),
        # after the schedule it never comes
        case([[*yearly, ["accelerated", 3]], [10, 90], [20, 99], *none, "status"], "repaid"),
        # 8 of 20 are late each period; of a hole of 5 nobody meets any, a prepayment of 15 before
        # it does not count against what falls due
        case([[["loan", 40], ["rate", 0]], [20, 20], 12, *none, "overdue"], column([8, 16])),
        case([[["loan", 40], ["rate", 0]], [20, 20], [-5, 30], *none, "overdue"], column([25, 15])),
        case(
            [[["loan", 40], ["rate", 0], ["sweep", 1]], [5, 20, 15], [20, 12, 8], *none, "overdue"],
            column([0, 8, 0]),
        ),
        # a hole of 5 counts while the loan is not paid, not once it is repaid
        case([[["loan", 40], ["rate", 0]], [20, 20], [20, -5], *none, "missing"], column([0, 25])),
        case([[["loan", 20], ["rate", 0]], [20, 0], [20, -5], *none, "missing"], column([0, 0])),
        # TRUE and FALSE are values of a flag
        case([[*yearly, ["cash_control", False]], [0, 100], 20, None, None, None, "trapped"], 0.0),
    ]


def main() -> None:
    cases = [case(arguments(deal), block(deal)) for deal in map(random_deal, SEEDS)]
    cases += [case(arguments(WORKED), block(WORKED)), *by_hand(), *contradictions()]
    cases += [case(arguments(deal), block(deal)) for deal in map(prepaying, SEEDS[:24])]
    cases += [case(arguments(deal), block(deal)) for deal in map(accelerating, SEEDS[:24])]
    courses = [WORKED, *map(random_deal, SEEDS[:12])]
    cases += [case([*arguments(deal), "series"], balances(deal)) for deal in courses]
    cases += [case([*arguments(deal), "distributions"], distributions(deal)) for deal in courses]
    cases += [case([*arguments(deal), "overdue"], overdue(deal)) for deal in courses]
    cases += [case([*arguments(deal), "missing"], missing(deal)) for deal in courses]
    source = (
        "mpmath, 50 digits: a plain program of the agreement, one event after the other; by hand"
    )
    write(Table("XLC_REPAYMENT", source, "make_loan.py", "2026-11-26", 1e-10, cases))


if __name__ == "__main__":
    main()
