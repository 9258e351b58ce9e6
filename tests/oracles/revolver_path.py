"""A revolver under a borrowing base along one path, read from the agreement, in fifty digits.

One event after the other, as a loan officer would keep the account on paper: no array, no shared
helper, no import of xlcredit.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from mpmath import findroot, mp, mpf

mp.dps = 50

ZERO = mpf(0)
PAYS_IN_FULL = mpf(10) ** -12
DEFAULTS: dict[str, Any] = {
    "block": 0,
    "unused_fee": 0,
    "fee": 0,
    "periods_per_year": 12,
    "dsra_opening": 0,
    "dsra_periods": 0,
    "sweep": 0,
    "dominion": 0,
    "dominion_sweep": 1,
    "lockup": 0,
    "grace_periods": None,
    "recovery_periods": 0,
}


def account(  # noqa: PLR0912 - one event after the other
    terms: dict[str, float],
    available: list[float],
    cfads: list[float],
    rates: list[float],
    enforcement: list[float],
    redraw_to: float | list[float] = 0.0,
    refinancing: float = 0.0,
) -> dict[str, Any]:
    """Keep the account of the facility; give its figures by name, and the balances."""
    t = {k: None if v is None else mpf(v) for k, v in (DEFAULTS | terms).items()}
    year, last = t["periods_per_year"], len(cfads)
    owed, reserve, trapped = t["loan"], t["dsra_opening"], ZERO
    in_a_row, first_missed, peak = 0, 0, ZERO
    drawn = swept = left_to_borrower = ZERO
    covers, excess, balances = [], [], []
    lender = [-t["loan"] * (1 - t["fee"])]
    end, exposure, recovered, status = last, ZERO, ZERO, "performing"
    tiny = PAYS_IN_FULL * t["commitment"]
    for k in range(1, last + 1):
        if owed == 0 or status != "performing":
            balances.append(ZERO)
            lender.append(ZERO)
            continue
        base, cash, rate = mpf(available[k - 1]), mpf(cfads[k - 1]), mpf(rates[k - 1]) / year
        ceiling = max(ZERO, base - t["block"])
        had_missed, start = in_a_row > 0, owed

        # what falls due
        unused = max(ZERO, t["commitment"] - start) * t["unused_fee"] / year
        interest = start * rate
        overadvance = max(ZERO, start - ceiling)
        principal = start if k == last else overadvance
        charges = unused + interest + (ZERO if k == last else overadvance)
        if charges > 0:
            covers.append(cash / charges)

        # where the money comes from
        money = cash - unused + trapped + reserve
        lent = ZERO
        if k < last and not had_missed and money < interest:
            lent = min(interest - money, max(ZERO, ceiling - start))
        money += lent
        if k == last and 0 < interest + principal - money <= mpf(refinancing):
            money = interest + principal
        money = max(ZERO, money)

        # who is paid
        to_interest = min(interest, money)
        to_principal = min(principal, money - to_interest)
        lacking = interest + principal - to_interest - to_principal
        if lacking <= tiny:
            in_a_row = 0
        else:
            in_a_row += 1
            first_missed = first_missed or k
            peak = max(peak, principal - to_principal)
        owed = start + lent + (interest - to_interest) - to_principal
        rest = money - to_interest - to_principal

        # accounts, sweep and draws
        reserve = min(rest, t["dsra_periods"] * owed * rate)
        rest -= reserve
        limit = max(ZERO, base - t["dominion"] * t["commitment"])
        in_dominion = t["dominion"] > 0 and owed > limit + tiny
        prepaid = t["sweep"] * rest
        if in_dominion:
            prepaid = max(prepaid, min(t["dominion_sweep"] * rest, owed - limit))
        prepaid = min(prepaid, rest, owed)
        owed -= prepaid
        locked = k < last and cash < t["lockup"] * (interest + principal + unused)
        again = ZERO
        if k < last and not (had_missed or in_a_row or locked or in_dominion):
            asked = redraw_to[k - 1] if isinstance(redraw_to, list) else redraw_to
            wanted = min(mpf(asked), ceiling)
            if t["dominion"] > 0:
                wanted = min(wanted, limit)
            again = max(ZERO, wanted - owed)
        owed += again
        if owed <= tiny:
            owed = ZERO
        trapped = rest - prepaid if locked and owed else ZERO
        left_to_borrower += rest - prepaid - trapped + again
        drawn += lent + again
        swept += prepaid
        lender.append(to_interest + to_principal + prepaid - lent - again)
        balances.append(owed)

        # what the lender does about it
        grace = t["grace_periods"]
        if grace is not None and in_a_row and (in_a_row > grace or k == last):
            status, end, exposure = "payment_default", k, owed
            recovered = min(owed, reserve + trapped + mpf(enforcement[k - 1]))
        elif owed == 0:
            status, end = "repaid", k
        if status != "payment_default" and k < last:
            excess.append(base - owed)
    lender += [ZERO] * int(t["recovery_periods"])
    lender[end + int(t["recovery_periods"])] += recovered
    return {
        "status": status,
        "end_period": end,
        "first_missed": first_missed or None,
        "unpaid": balances[-1] if status == "performing" else ZERO,
        "exposure": exposure,
        "recovered": recovered,
        "loss": exposure - recovered,
        "drawn": drawn,
        "swept": swept,
        "distributed": left_to_borrower,
        "peak_arrears": peak,
        "min_dscr": min(covers, default=None),
        "min_excess": min(excess, default=None),
        "irr": _yield(lender, year),
        "balance": ZERO if exposure else balances[-1],
        "balances": balances,
    }


def _yield(cash: list[Any], year: Any) -> Any:
    """The effective yield; -1 if nothing came back."""
    if not any(c > PAYS_IN_FULL for c in cash[1:]):
        return mpf(-1)

    def worth(growth: Any) -> Any:
        return sum(c * mp.exp(-growth * k) for k, c in enumerate(cash))

    # without later draws there is one yield; with them the one nearest to 0
    reach = 1 if min(cash[1:]) < 0 else 40
    steps = [mpf(reach * j) / 200 for j in range(-200, 201)]
    turns = [pair for pair in pairwise(steps) if worth(pair[0]) * worth(pair[1]) <= 0]
    if not turns:
        return None
    low, high = min(turns, key=lambda pair: abs(pair[0] + pair[1]))
    return mp.expm1(findroot(worth, (low, high), solver="anderson", tol=1e-60) * year)
