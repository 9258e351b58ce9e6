"""Reference values of the revolver, by a program that shares nothing with the model.

``revolver_path`` is a plain reading of the agreement in fifty digits; some figures are worked on
paper. Run it from the root: ``python -m tests.oracles.make_revolver``.
"""

from __future__ import annotations

import random
from typing import Any

from tests.oracles.make_loan import NA, NUM, VALUE, Case, case, shown
from tests.oracles.revolver_path import account
from tests.oracles.tables import Table, write

SEEDS = range(90)

#: The worked example: an overadvance paid, another, and an end that is not paid.
WORKED: list[Any] = [
    [
        *(["loan", 90], ["commitment", 100], ["periods_per_year", 1]),
        *(["grace_periods", 0], ["block", 10]),
    ],
    [90, 70, 60],
    [20, 30, 16],
    0.1,
    40,
]


def facility(seed: int) -> list[Any]:
    """A facility with some of the terms, on a path that may run dry."""
    rng = random.Random(seed)
    periods = rng.choice([1, 6, 12, 24])
    terms: dict[str, Any] = {"loan": rng.uniform(30, 60), "commitment": 75.0}
    for label, values in {
        "block": (2.5, 5.0),
        "unused_fee": (0.005,),
        "fee": (0.01,),
        "dsra_opening": (1.0,),
        "dsra_periods": (3, 6),
        "sweep": (0.3, 1.0),
        "dominion": (0.1, 0.15),
        "dominion_sweep": (0.5, 1.0),
        "lockup": (1.1, 4.0),
        "grace_periods": (0, 1, 3),
        "recovery_periods": (0, 4),
    }.items():
        if rng.random() < 0.6:
            terms[label] = rng.choice(values)
    level, fall = rng.uniform(40, 90), rng.uniform(0.9, 1.02)
    earns, slide = rng.uniform(-0.5, 6), rng.uniform(-0.4, 0.1)
    return [
        [[label, value] for label, value in terms.items()],
        [min(75.0, level * fall**k) for k in range(1, periods + 1)],
        [earns + slide * k + rng.uniform(-1, 1) for k in range(1, periods + 1)],
        [rng.choice([0.08, 0.095]) for _ in range(periods)],
        [level * 0.6 * fall**k for k in range(1, periods + 1)],
        rng.choice([0.0, 45.0, 75.0]),
        rng.choice([0.0, 20.0, 60.0]),
    ]


def kept(arguments: list[Any]) -> dict[str, Any]:
    return account(dict(arguments[0]), *arguments[1:])


def block(arguments: list[Any]) -> list[list[Any]]:
    figures = kept(arguments)
    return [[label, shown(figures[label])] for label in figures if label != "balances"]


def balances(arguments: list[Any]) -> list[list[float]]:
    return [[float(balance)] for balance in kept(arguments)["balances"]]


def by_hand() -> list[Case]:
    """Figures that need no program."""
    yearly = [["loan", 100], ["commitment", 100], ["periods_per_year", 1]]
    drawn = [["loan", 10], ["commitment", 100], ["periods_per_year", 1]]
    return [
        case([*WORKED, None, None, "exposure"], 50.0),
        case([*WORKED, None, None, "loss"], 10.0),
        case([*WORKED, None, None, "min_dscr"], 20 / 19),
        case([*WORKED, None, None, "min_excess"], 10.0),
        # interest alone, all of it back at the end: the yield is the rate
        case([yearly, 100, [10, 10, 110], 0.1, None, None, None, "irr"], 0.1),
        case([yearly, 100, [10, 10, 110], 0.1, None, None, None, "status"], "repaid"),
        # a hole of 5 and interest of 1 are drawn, as far as availability reaches
        case([drawn, [16, 16], [-5, 50], 0.1, None, None, None, "drawn"], 6.0),
        case([drawn, [15, 15], [-5, 50], 0.1, None, None, None, "drawn"], 5.0),
        case([drawn, [13, 13], [-5, 50], 0.1, None, None, None, "drawn"], 3.0),
        # 3 of the hole are drawn, 2 met by nobody; the interest is added
        case([drawn, [13, 13], [-5, 50], 0.1, None, None, None, "series"], [[14.0], [0.0]]),
        case([drawn, [9, 9], [-5, 50], 0.1, None, None, None, "drawn"], 0.0),
        case([drawn, [15, 15], [-5, 50], 0.1, None, None, None, "first_missed"], 1.0),
        # a new lender pays all that is missing, or nothing
        case([yearly, 100, [10, 30], 0.1, None, None, 80, "unpaid"], 0.0),
        case([yearly, 100, [10, 30], 0.1, None, None, 79, "unpaid"], 80.0),
        # the borrower draws to what it wants, and no further than availability
        case([drawn, [80, 80], [20, 200], 0.1, None, 50, None, "drawn"], 40.0),
        case([drawn, [80, 80], [20, 200], 0.1, None, 99, None, "drawn"], 70.0),
        case([drawn, [80, 80], [20, 200], 0.1, None, None, None, "first_missed"], NA),
        case([[["loan", 0], ["commitment", 1]], 1, 1, 0.1, None, None, None, "irr"], NA),
        case([drawn, 80, 200, 0.1, None, None, None, "min_excess"], NA),
        # a balance wanted for each period
        case([drawn, [80, 80, 80], [20, 0, 200], 0.1, None, [50, 0, 0], None, "drawn"], 45.0),
        case([drawn, [80, 80, 80], [20, 0, 200], 0.1, None, [0, 50, 0], None, "drawn"], 40.0),
        # what contradicts itself
        case([[["loan", 101], ["commitment", 100]], 100, 1, 0.1], NUM),
        case([[["loan", 10], ["commitment", 100], ["sweep", 1.1]], 100, 1, 0.1], NUM),
        case([[["loan", 10]], 100, 1, 0.1], VALUE),
        case([[["loan", 10], ["commitment", 100], ["balloon", 1]], 100, 1, 0.1], VALUE),
        case([drawn, [80, 80], [1, 1, 1], 0.1], VALUE),
        case([drawn, 80, 1, 0.1, None, None, None, "profit"], VALUE),
    ]


def main() -> None:
    paths = [facility(seed) for seed in SEEDS]
    cases = [case(arguments, block(arguments)) for arguments in paths]
    cases += by_hand()
    courses = [arguments for arguments in paths[:20] if len(arguments[1]) > 1]
    cases += [case([*arguments, "series"], balances(arguments)) for arguments in courses]
    source = (
        "mpmath, 50 digits: a plain account of the facility, one event after the other; by hand"
    )
    write(Table("XLC_REVOLVER", source, "make_revolver.py", "2026-11-26", 1e-10, cases))


if __name__ == "__main__":
    main()
