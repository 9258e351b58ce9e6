"""The cash waterfall of a loan with a reserve account, a sweep and a lock-up."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from xlcredit.models.coverage import SAME
from xlcredit.models.debt import reserve_target

__all__ = ["COLUMNS", "waterfall"]

Array = NDArray[np.float64]

#: A rest of the debt this small is rounding in the schedule, and falls due with the rest.
_ROUNDING = 1e-10

COLUMNS = (
    "interest",
    "principal",
    "sweep",
    "closing",
    "dsra",
    "trap",
    "distribution",
    "dscr",
    "unpaid",
    "gap",
)


@dataclass
class _Loan:
    """What the lender and the account bank hold between two dates."""

    balance: float
    reserve: float
    rounding: float
    arrears: float = 0.0
    trapped: float = 0.0
    rows: list[tuple[float, ...]] = field(default_factory=list)


def waterfall(
    cfads: ArrayLike,
    balance: float,
    rate: float,
    scheduled: ArrayLike,
    *,
    dsra_opening: float = 0.0,
    dsra_periods: int = 0,
    sweep: float = 0.0,
    lockup: float = 0.0,
) -> Array:
    """Run cash through the accounts, period by period, in the order of a facility agreement.

    Parameters
    ----------
    cfads, scheduled : array_like
        Cash flow available for debt service, and scheduled principal, of equal lengths. [USD]
    balance : float
        Debt at closing. [USD]
    rate : float
        Interest per period.
    dsra_opening : float
        Reserve account at closing. [USD]
    dsra_periods : int
        Scheduled services that the reserve account should hold.
    sweep : float
        Share of the cash after service and reserve that prepays. [share]
    lockup : float
        DSCR below which nothing is distributed. [ratio]

    Returns
    -------
    ndarray, shape (periods, 10)
        The columns of :data:`COLUMNS`. In each period, to rounding,
        cfads + trap before + dsra before + gap
        = interest + principal + sweep + distribution + trap + dsra, and
        closing = opening + interest due - interest - principal - sweep.
    """
    cash = np.atleast_1d(np.asarray(cfads, dtype=np.float64)).tolist()
    planned = np.atleast_1d(np.asarray(scheduled, dtype=np.float64)).tolist()
    targets = reserve_target(_planned_service(balance, rate, planned), dsra_periods).tolist()
    loan = _Loan(balance, dsra_opening, _ROUNDING * balance)
    for flow, due, target in zip(cash, planned, targets[1:], strict=True):
        loan.rows.append(_period(loan, flow, rate, due, target, sweep, lockup))
    return np.array(loan.rows)


def _planned_service(balance: float, rate: float, scheduled: list[float]) -> list[float]:
    """Interest plus principal if everything is paid as scheduled and nothing is prepaid."""
    service = []
    for due in scheduled:
        repaid = min(due, balance)
        service.append(rate * balance + repaid)
        balance -= repaid
    return service


def _period(
    loan: _Loan,
    flow: float,
    rate: float,
    scheduled: float,
    target: float,
    sweep: float,
    lockup: float,
) -> tuple[float, ...]:
    """Pay one period out of its cash flow and the accounts."""
    interest_due = rate * loan.balance
    principal_due = scheduled + loan.arrears
    if principal_due >= loan.balance - loan.rounding:
        principal_due = loan.balance
    due = interest_due + principal_due
    dscr = flow / due if due > 0 else math.nan

    # Costs come first: the reserve pays what cash cannot, then somebody else has to.
    cash = flow + loan.trapped
    drawn = min(loan.reserve, max(0.0, -cash))
    gap = max(0.0, -cash - drawn)
    cash = max(0.0, cash)
    loan.reserve -= drawn

    # Debt service, each item topped up from the reserve.
    interest, cash = _pay(loan, interest_due, cash)
    principal, cash = _pay(loan, principal_due, cash)
    loan.balance += (interest_due - interest) - principal  # unpaid interest is capitalised
    loan.arrears = principal_due - principal

    # The reserve is topped up, or gives back what it need no longer hold.
    target = target if loan.balance > 0 else 0.0
    moved = max(min(target - loan.reserve, cash), -loan.reserve)
    loan.reserve += moved
    cash -= moved

    # The sweep; a loan that is repaid frees the reserve.
    swept = min(sweep * cash, loan.balance)
    loan.balance -= swept
    loan.arrears = min(loan.arrears, loan.balance)
    cash -= swept
    if loan.balance == 0:
        cash, loan.reserve = cash + loan.reserve, 0.0

    # Distribution, unless cover is below the lock-up while there is debt.
    locked = loan.balance > 0 and lockup > 0 and dscr < lockup * (1.0 - SAME)
    loan.trapped = cash if locked else 0.0
    return (
        interest,
        principal,
        swept,
        loan.balance,
        loan.reserve,
        loan.trapped,
        0.0 if locked else cash,
        dscr,
        (interest_due - interest) + (principal_due - principal),
        gap,
    )


def _pay(loan: _Loan, due: float, cash: float) -> tuple[float, float]:
    """Pay what is due from cash, then from the reserve: paid, and the cash left."""
    from_cash = min(due, cash)
    from_reserve = min(due - from_cash, loan.reserve)
    loan.reserve -= from_reserve
    paid = due if from_cash + from_reserve >= due else from_cash + from_reserve
    return paid, cash - from_cash
