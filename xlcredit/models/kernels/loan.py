"""A period of the loan, as :mod:`xlcredit.models.loan_step` has it, path beside path.

What is rare (the deadline of a call, an enforcement, the end of a loan) is flagged, and worked path
by path after. A loop is as long as it is because a processor works several paths of a short one at
once, and waits on each comparison of a long one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from xlcredit.models.kernels.lane import (
    ARREARS,
    BALANCE,
    CARD,
    CASH,
    COIN,
    COINS,
    DISCOUNTED,
    END,
    EXPOSURE,
    FIRST_CALL,
    FLAG,
    GONE,
    LIQUIDITY,
    LOSS,
    LOW,
    MAX_BALANCE,
    MAX_VALUE,
    MISSED,
    OPENED,
    POT,
    PREMIUM,
    RECOVERED,
    RENT,
    RESERVE,
    STATUS,
    TRAPPED,
    compiled,
    flagged,
)  # fmt: skip
from xlcredit.models.ties import SAME

__all__ = ["collateral", "paid_period", "period", "rare", "service"]

#: What is flagged: a payment default, collateral below the level of liquidation, the deadline of a
#: call (also where cover is below the lock-up), and a loan repaid.
MISS, LIQUIDATION, DEADLINE, DEADLINE_LOW, DONE = 1.0, 2.0, 3.0, 4.0, 5.0


@compiled
def period(w: Any, n: int, k: int, c: Any, plan: Any, cashes: Any, premium: float) -> None:
    """All of period k but its rare events, at the prices in the lane."""
    if c.has_cash:
        service(w, n, k, c, plan[:, k - 1], cashes[:, k - 1], premium)
        if c.has_accounts:
            reserve_and_sweep(w, n, c, plan[2, k - 1])
        collateral(w, n, k, c)
    else:
        paid_period(w, n, k, c, plan[:, k - 1], premium)


@compiled
def service(w: Any, n: int, k: int, c: Any, plan: Any, cashes: Any, premium: float) -> None:
    """Steps 1 to 4; FLAG says where a payment default follows, LOW where cover is too low."""
    rate, scheduled = plan[0], plan[1]
    contracted, merchant, opex, relet = cashes[0], cashes[1], cashes[2], cashes[3]
    step, last, nothing = np.float64(k), k == c.periods, SAME * c.loan
    # a miss in the last period is a default unless grace is never
    limit = 0.0 if last and c.grace < np.inf else c.grace
    for i in range(n):
        opening = w[BALANCE + i]
        w[PREMIUM + i] += opening * premium
        gone, rent = w[GONE + i], w[RENT + i]
        let = (gone > 0.0) & (step - gone > c.downtime)
        here = contracted if gone == 0.0 else 0.0
        cfads = here + (relet * rent if let else 0.0) + merchant * rent - opex
        interest, planned, principal = _due(c, opening, w[ARREARS + i], rate, scheduled, last)
        service = interest + planned
        w[LOW + i] = 1.0 if (service > 0.0) & (cfads < c.lockup * service) else 0.0
        w[CASH + i], w[RESERVE + i], w[LIQUIDITY + i], missing = _paid(
            cfads + w[TRAPPED + i], interest + principal, w[RESERVE + i], w[LIQUIDITY + i]
        )
        late_interest, late_principal = _late(interest, principal, missing)
        balance = _settled(opening + late_interest - (principal - late_principal), nothing)
        missed = w[MISSED + i] + 1.0 if late_interest + late_principal > 0.0 else 0.0
        w[MISSED + i] = missed
        w[FLAG + i] = MISS if missed > limit else 0.0
        w[BALANCE + i] = balance
        w[ARREARS + i] = late_principal if late_principal < balance else balance


@compiled
def reserve_and_sweep(w: Any, n: int, c: Any, target: float) -> None:
    """Steps 5 and 6."""
    nothing, controlled = SAME * c.loan, c.cash_control != 0.0
    for i in range(n):
        balance = w[BALANCE + i]
        held = w[RESERVE + i] + w[CASH + i]
        wanted = target if balance > 0.0 else 0.0
        reserve = wanted if wanted < held else held
        cash = held - reserve
        swept = _capped(c.sweep * cash, balance)
        balance, cash = _settled(balance - swept, nothing), cash - swept
        w[RESERVE + i], w[BALANCE + i] = reserve, balance
        w[CASH + i] = cash if (cash > 0.0) & controlled else 0.0
        w[ARREARS + i] = w[ARREARS + i] if w[ARREARS + i] < balance else balance


@compiled
def collateral(w: Any, n: int, k: int, c: Any) -> None:
    """Steps 7 and 8 without cures, and the cash that must stay; FLAG says what is left to do."""
    step = np.float64(k)
    for i in range(n):
        balance, low = w[BALANCE + i], w[LOW + i] > 0.0
        flag, opened = _tested(w, i, c, step, balance, w[FLAG + i], low)
        kept = (flag > 0.0) | ((balance > 0.0) & ((opened > 0.0) | low))
        repaid = (flag == 0.0) & (balance == 0.0) & (w[STATUS + i] == 0.0)
        w[FLAG + i] = DONE if repaid else flag
        w[TRAPPED + i] = w[CASH + i] if kept else 0.0


@compiled
def paid_period(w: Any, n: int, k: int, c: Any, plan: Any, premium: float) -> None:
    """Steps 1 to 8 where service is taken to be paid: there is no cash, and nothing is missed."""
    rate, scheduled = plan[0], plan[1]
    step, last, nothing = np.float64(k), k == c.periods, SAME * c.loan
    for i in range(n):
        opening = w[BALANCE + i]
        w[PREMIUM + i] += opening * premium
        _, _, principal = _due(c, opening, 0.0, rate, scheduled, last)
        balance = _settled(opening - principal, nothing)
        flag, _ = _tested(w, i, c, step, balance, 0.0, False)
        repaid = (balance == 0.0) & (w[STATUS + i] == 0.0)
        w[FLAG + i], w[BALANCE + i] = DONE if repaid else flag, balance


@compiled
def _capped(amount: float, most: float) -> float:
    """The smaller of two amounts; all of ``most`` where they are the same."""
    return most if amount >= most - SAME * abs(most) else amount


@compiled
def _settled(balance: float, nothing: float) -> float:
    """A balance that is nothing but rounding is 0."""
    return balance if balance > nothing else 0.0


@compiled
def _due(
    c: Any, opening: float, arrears: float, rate: float, scheduled: float, last: bool
) -> tuple[float, float, float]:
    """Step 1: interest, and principal by the schedule and with the balloon's rest."""
    planned = _capped(scheduled + arrears, opening)
    more = opening - c.balloon
    more = planned if planned > more else more
    principal = _capped(more, opening) if last & (c.balloon == c.balloon) else planned
    return opening * rate, planned, principal


@compiled
def _drawn(needed: float, reserve: float, liquidity: float) -> tuple[float, float, float]:
    """Take what is needed from reserve, then liquidity; also what is missing still, first."""
    held = needed if needed < reserve else reserve
    needed = needed - held
    called = needed if needed < liquidity else liquidity
    return needed - called, reserve - held, liquidity - called


@compiled
def _paid(
    cash: float, due: float, reserve: float, liquidity: float
) -> tuple[float, float, float, float]:
    """Steps 2 and 3: what is left of cash, reserve and liquidity, and what stays unpaid."""
    hole = -cash if cash < 0.0 else 0.0
    cash = cash if cash > 0.0 else 0.0
    _, reserve, liquidity = _drawn(hole, reserve, liquidity)
    paid = cash if cash < due else due
    rest, reserve, liquidity = _drawn(due - paid, reserve, liquidity)
    missing = rest if due - rest < due - SAME * due else 0.0
    return cash - paid, reserve, liquidity, missing


@compiled
def _late(interest: float, principal: float, missing: float) -> tuple[float, float]:
    """Interest and principal that stay unpaid: interest comes first."""
    late = missing - principal
    late = late if late > 0.0 else 0.0
    late = late if interest - late < interest - SAME * interest else 0.0
    rest = missing - late
    return late, rest if rest < principal else principal


@compiled
def _tested(
    w: Any, i: int, c: Any, step: float, balance: float, flag: float, low: bool
) -> tuple[float, float]:
    """Step 8 without its cures: the flag, and the period in which the open call was made."""
    tested = (flag == 0.0) & (balance > 0.0)
    value = c.coin_weight * w[COINS + i] * w[COIN + i] + c.card_weight * w[CARD + i]
    # all comparisons by multiplication: a division costs as much as all the rest
    most, least = w[MAX_BALANCE + i], w[MAX_VALUE + i]
    higher = tested & (balance * least > most * value)
    w[MAX_BALANCE + i] = balance if higher else most
    w[MAX_VALUE + i] = value if higher else least
    through = balance >= c.liquidation * value
    called = tested & (balance >= c.call * value) & (not through)
    opened = w[OPENED + i] if w[OPENED + i] > 0.0 else step
    opened = opened if called else 0.0
    first = w[FIRST_CALL + i]
    w[FIRST_CALL + i] = step if (opened == step) & (first == 0.0) else first
    w[OPENED + i] = opened
    deadline = DEADLINE_LOW if low else DEADLINE
    flag = deadline if called & (step - opened >= c.cure_periods) else flag
    return LIQUIDATION if tested & through else flag, opened


@compiled
def _cure(w: Any, i: int, c: Any) -> None:
    """Top up from cash and liquidity, then sell coin; the call stays open, or FLAG is 0 or DONE."""
    price, coins, cure, kept = w[COIN + i], w[COINS + i], c.cure, c.kept
    balance, cash, nothing = w[BALANCE + i], w[TRAPPED + i], SAME * c.loan
    cards = c.card_weight * w[CARD + i]
    target = cure * (c.coin_weight * coins * price + cards)
    top_up = max(min(cash + w[LIQUIDITY + i], balance - target), 0.0)
    from_cash = min(cash, top_up)
    balance = _settled(balance - top_up, nothing)
    gain, held = kept - cure * c.coin_weight, coins * price
    wanted = (balance - target) / gain if gain > 0.0 else held
    sale = 0.0
    if target < balance - SAME * balance:
        sale = min(wanted, held, balance / kept)
    if sale > 0.0:
        coins = 0.0 if sale >= held - SAME * held else coins - sale / price
    repaid = _capped(sale * kept, balance)
    balance = _settled(balance - repaid, nothing)
    ltv = balance / (c.coin_weight * coins * price + cards)
    reached = cure >= ltv - SAME * ltv
    if gain > 0.0:
        reached = reached | (sale >= wanted - SAME * abs(wanted))
    w[BALANCE + i], w[COINS + i], w[TRAPPED + i] = balance, coins, cash - from_cash
    w[ARREARS + i] = min(max(w[ARREARS + i] - top_up - repaid, 0.0), balance)
    w[LIQUIDITY + i] -= top_up - from_cash
    if reached | (balance == 0.0) | (ltv < c.call):
        w[OPENED + i] = 0.0
        if w[FLAG + i] == DEADLINE:
            w[TRAPPED + i] = 0.0
        w[FLAG + i] = DONE if balance == 0.0 else 0.0


@compiled
def _enforce(w: Any, i: int, c: Any, discount: float) -> None:
    exposure = w[BALANCE + i]
    pot = w[RESERVE + i] + w[TRAPPED + i]
    if c.has_coin:
        pot += w[COINS + i] * w[COIN + i] * c.kept
    w[POT + i] = pot
    pot += max(c.card_slope * w[CARD + i] - c.card_cost, 0.0)
    recovered = _capped(pot, exposure)
    w[EXPOSURE + i], w[RECOVERED + i], w[LOSS + i] = exposure, recovered, exposure - recovered
    w[DISCOUNTED + i] = (exposure - recovered) * discount
    w[STATUS + i] = 3.0 if w[FLAG + i] == MISS else 2.0
    for row in (BALANCE, ARREARS, RESERVE, TRAPPED):
        w[row + i] = 0.0


@compiled
def rare(w: Any, n: int, k: int, c: Any, discount: float, at: Any) -> None:
    """Work the paths that are flagged; FLAG stays where one has ended."""
    for m in range(flagged(w, n, at)):
        i = at[m]
        if (w[FLAG + i] == DEADLINE) | (w[FLAG + i] == DEADLINE_LOW):
            _cure(w, i, c)
        if w[FLAG + i] == 0.0:
            continue
        w[END + i] = np.float64(k)
        if w[FLAG + i] == DONE:
            w[STATUS + i] = 1.0
        else:
            _enforce(w, i, c, discount)
