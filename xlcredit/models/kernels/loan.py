"""A period of the loan, as :mod:`xlcredit.models.loan_step` has it, path beside path.

What is rare (the deadline of a call, an enforcement) is flagged, and worked path by path after.
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
    RECEIVED,
    RECOVERED,
    RENT,
    RESERVE,
    STATUS,
    TESTED,
    TESTED_COINS,
    TRAPPED,
    compiled,
    flagged,
)  # fmt: skip
from xlcredit.models.ties import SAME

__all__ = ["collateral", "period", "rare", "service"]


@compiled
def cash(
    w: Any, n: int, k: int, c: Any, contracted: float, merchant: float, opex: float, relet: float
) -> None:
    """CFADS of the period."""
    step, downtime = np.float64(k), c.downtime
    if c.hazard > 0.0:
        for i in range(n):
            gone, rent = w[GONE + i], w[RENT + i]
            let = (gone > 0.0) & (step - gone > downtime)
            here = contracted if gone == 0.0 else 0.0
            w[CASH + i] = here + (relet * rent if let else 0.0) + merchant * rent - opex
    else:
        for i in range(n):
            w[CASH + i] = contracted + merchant * w[RENT + i] - opex


@compiled
def period(w: Any, n: int, k: int, c: Any, plan: Any, cashes: Any, courses: bool) -> None:
    """All of period k but its rare events, at the prices in the lane."""
    if c.has_cash:
        cash(w, n, k, c, cashes[0, k - 1], cashes[1, k - 1], cashes[2, k - 1], cashes[3, k - 1])
        service(w, n, k, c, plan[0, k - 1], plan[1, k - 1])
        reserve_and_sweep(w, n, c, plan[2, k - 1])
    else:
        paid_service(w, n, k, c, plan[0, k - 1], plan[1, k - 1])
    if courses:
        for i in range(n):
            w[TESTED + i], w[TESTED_COINS + i] = w[BALANCE + i], w[COINS + i]
    if c.has_levels:
        collateral(w, n, k, c)
    distribute(w, n, k, c)


@compiled
def _capped(amount: float, most: float) -> float:
    """The smaller of two amounts; all of ``most`` where they are the same."""
    return most if amount >= most - SAME * abs(most) else amount


@compiled
def service(w: Any, n: int, k: int, c: Any, rate: float, scheduled: float) -> None:
    """Steps 1 to 4; FLAG is 1 where a payment default follows, LOW where cover is below lock-up."""
    nothing = SAME * c.loan
    lockup = c.lockup - SAME * abs(c.lockup)
    last, grace = k == c.periods, c.grace
    has_balloon, balloon = last and not np.isnan(c.balloon), c.balloon
    # a miss in the last period is a default unless grace is never
    limit = 0.0 if last and grace < np.inf else grace
    for i in range(n):
        opening, reserve, liquidity = w[BALANCE + i], w[RESERVE + i], w[LIQUIDITY + i]
        alive = w[STATUS + i] == 0.0
        interest = opening * rate
        planned = _capped(scheduled + w[ARREARS + i], opening)
        more = opening - balloon
        more = planned if planned > more else more
        principal = _capped(more, opening) if has_balloon else planned
        service = interest + planned
        cfads = w[CASH + i]
        w[LOW + i] = 1.0 if (service > 0.0) & (cfads < lockup * service) else 0.0

        cash = cfads + w[TRAPPED + i]
        hole = -cash if cash < 0.0 else 0.0
        cash = cash if cash > 0.0 else 0.0
        drawn = hole if hole < reserve else reserve
        reserve = reserve - drawn
        called = hole - drawn
        called = called if called < liquidity else liquidity
        liquidity = liquidity - (called if alive else 0.0)

        due = interest + principal
        paid = cash if cash < due else due
        cash, rest = cash - paid, due - paid
        drawn = rest if rest < reserve else reserve
        reserve = reserve - drawn
        called = rest - drawn
        called = called if called < liquidity else liquidity
        liquidity = liquidity - called
        rest = rest - drawn - called
        missing = rest if due - rest < due - SAME * due else 0.0
        late_interest = missing - principal
        late_interest = late_interest if late_interest > 0.0 else 0.0
        short = interest - late_interest < interest - SAME * interest
        late_interest = late_interest if short else 0.0
        late_principal = missing - late_interest
        late_principal = late_principal if late_principal < principal else principal
        balance = opening + late_interest - (principal - late_principal)
        balance = balance if balance > nothing else 0.0
        unpaid = late_interest + late_principal
        missed = w[MISSED + i] + 1.0 if alive & (unpaid > 0.0) else 0.0
        w[MISSED + i] = missed
        w[FLAG + i] = 1.0 if missed > limit else 0.0
        w[BALANCE + i] = balance
        w[ARREARS + i] = late_principal if late_principal < balance else balance
        w[RESERVE + i], w[LIQUIDITY + i], w[CASH + i] = reserve, liquidity, cash
        w[RECEIVED + i] = interest - late_interest + (principal - late_principal)


@compiled
def paid_service(w: Any, n: int, k: int, c: Any, rate: float, scheduled: float) -> None:
    """Steps 1 to 3 where service is taken to be paid: there is no cash, and none is trapped."""
    nothing = SAME * c.loan
    has_balloon, balloon = k == c.periods and not np.isnan(c.balloon), c.balloon
    for i in range(n):
        opening = w[BALANCE + i]
        planned = _capped(scheduled + w[ARREARS + i], opening)
        more = opening - balloon
        more = planned if planned > more else more
        principal = _capped(more, opening) if has_balloon else planned
        balance = opening - principal
        w[BALANCE + i] = balance if balance > nothing else 0.0
        w[FLAG + i] = 0.0
        w[RECEIVED + i] = opening * rate + principal


@compiled
def reserve_and_sweep(w: Any, n: int, c: Any, target: float) -> None:
    """Steps 5 and 6."""
    if c.dsra > 0.0:
        for i in range(n):
            held = w[RESERVE + i] + w[CASH + i]
            wanted = target if w[BALANCE + i] > 0.0 else 0.0
            reserve = wanted if wanted < held else held
            w[RESERVE + i], w[CASH + i] = reserve, held - reserve
    if c.sweep > 0.0:
        nothing, share = SAME * c.loan, c.sweep
        for i in range(n):
            swept = _capped(share * w[CASH + i], w[BALANCE + i])
            balance, cash = w[BALANCE + i] - swept, w[CASH + i] - swept
            balance = balance if balance > nothing else 0.0
            w[BALANCE + i], w[CASH + i] = balance, cash if cash > 0.0 else 0.0
            w[ARREARS + i] = w[ARREARS + i] if w[ARREARS + i] < balance else balance
            w[RECEIVED + i] += swept
    if c.cash_control == 0.0:
        for i in range(n):
            w[CASH + i] = 0.0


@compiled
def collateral(w: Any, n: int, k: int, c: Any) -> None:
    """Step 8 without its cures; FLAG is 2 where the collateral is enforced, 3 at a deadline."""
    call, through = c.call - SAME * c.call, c.liquidation - SAME * c.liquidation
    coin_weight, card_weight, step = c.coin_weight, c.card_weight, np.float64(k)
    wait = c.cure_periods
    for i in range(n):
        balance = w[BALANCE + i]
        tested = (w[STATUS + i] == 0.0) & (w[FLAG + i] == 0.0) & (balance > 0.0)
        value = coin_weight * w[COINS + i] * w[COIN + i] + card_weight * w[CARD + i]
        # all comparisons by multiplication: a division costs as much as all the rest
        higher = tested & (balance * w[MAX_VALUE + i] > w[MAX_BALANCE + i] * value)
        w[MAX_BALANCE + i] = balance if higher else w[MAX_BALANCE + i]
        w[MAX_VALUE + i] = value if higher else w[MAX_VALUE + i]
        enforced = tested & (balance >= through * value)
        called = tested & (balance >= call * value) & (balance < through * value)
        opened = w[OPENED + i] if w[OPENED + i] > 0.0 else step
        opened = opened if called else 0.0
        new = (opened == step) & (w[FIRST_CALL + i] == 0.0)
        w[FIRST_CALL + i] = step if new else w[FIRST_CALL + i]
        w[OPENED + i] = opened
        flag = 3.0 if called & (step - opened >= wait) else w[FLAG + i]
        w[FLAG + i] = 2.0 if enforced else flag


@compiled
def distribute(w: Any, n: int, k: int, c: Any) -> None:
    """End the loans that are repaid; keep the cash that must stay."""
    step = np.float64(k)
    if not c.has_cash:
        for i in range(n):
            alive = w[STATUS + i] == 0.0
            w[END + i] = step if alive else w[END + i]
            repaid = alive & (w[BALANCE + i] == 0.0)
            w[STATUS + i] = 1.0 if repaid else w[STATUS + i]
        return
    for i in range(n):
        alive = w[STATUS + i] == 0.0
        w[END + i] = step if alive else w[END + i]
        repaid = alive & (w[FLAG + i] != 1.0) & (w[BALANCE + i] == 0.0)
        w[STATUS + i] = 1.0 if repaid else w[STATUS + i]
        kept = (alive & (w[BALANCE + i] > 0.0)) & ((w[OPENED + i] > 0.0) | (w[LOW + i] > 0.0))
        w[TRAPPED + i] = w[CASH + i] if kept else 0.0


@compiled
def _cure(w: Any, i: int, c: Any) -> None:
    """Top up from cash and liquidity, then sell coin; FLAG is 2 where the call stays open."""
    price, coins, cure, kept = w[COIN + i], w[COINS + i], c.cure, c.kept
    balance, cash, nothing = w[BALANCE + i], w[CASH + i], SAME * c.loan
    cards = c.card_weight * w[CARD + i]
    target = cure * (c.coin_weight * coins * price + cards)
    top_up = max(min(cash + w[LIQUIDITY + i], balance - target), 0.0)
    from_cash = min(cash, top_up)
    balance = balance - top_up
    balance = balance if balance > nothing else 0.0
    gain, held = kept - cure * c.coin_weight, coins * price
    wanted = (balance - target) / gain if gain > 0.0 else held
    sale = 0.0
    if target < balance - SAME * balance:
        sale = min(wanted, held, balance / kept)
    if sale > 0.0:
        coins = 0.0 if sale >= held - SAME * held else coins - sale / price
    repaid = _capped(sale * kept, balance)
    balance = balance - repaid
    balance = balance if balance > nothing else 0.0
    ltv = balance / (c.coin_weight * coins * price + cards)
    reached = cure >= ltv - SAME * ltv
    if gain > 0.0:
        reached = reached | (sale >= wanted - SAME * abs(wanted))
    cured = reached | (balance == 0.0) | (ltv < c.call - SAME * c.call)
    w[BALANCE + i], w[COINS + i], w[CASH + i] = balance, coins, cash - from_cash
    w[ARREARS + i] = min(max(w[ARREARS + i] - top_up - repaid, 0.0), balance)
    w[LIQUIDITY + i] -= top_up - from_cash
    w[RECEIVED + i] += top_up + repaid
    w[FLAG + i] = 0.0 if cured else 2.0
    if cured:
        w[OPENED + i] = 0.0
        w[STATUS + i] = 1.0 if balance == 0.0 else 0.0
        stays = (balance > 0.0) & (w[LOW + i] > 0.0)
        w[TRAPPED + i] = w[CASH + i] if stays else 0.0


@compiled
def _enforce(w: Any, i: int, c: Any, discount: float) -> None:
    exposure = w[BALANCE + i]
    pot = w[RESERVE + i] + w[CASH + i]
    if c.has_coin:
        pot += w[COINS + i] * w[COIN + i] * c.kept
    w[POT + i] = pot
    pot += max(c.card_slope * w[CARD + i] - c.card_cost, 0.0)
    recovered = _capped(pot, exposure)
    w[EXPOSURE + i], w[RECOVERED + i], w[LOSS + i] = exposure, recovered, exposure - recovered
    w[DISCOUNTED + i] = (exposure - recovered) * discount
    w[STATUS + i] = 3.0 if w[FLAG + i] == 1.0 else 2.0
    for row in (BALANCE, ARREARS, RESERVE, TRAPPED):
        w[row + i] = 0.0


@compiled
def rare(w: Any, n: int, c: Any, discount: float, at: Any) -> None:
    """Work the paths that are flagged."""
    for m in range(flagged(w, n, at)):
        i = at[m]
        if w[FLAG + i] == 3.0:
            _cure(w, i, c)
        if w[FLAG + i] > 0.0:
            _enforce(w, i, c, discount)
