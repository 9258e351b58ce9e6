"""A revolver under a borrowing base along one path: lent, drawn again, prepaid, repaid or lost.

In period k, with cash at its end::

    1 due          interest on the balance; the balance above availability after the block, all of
                   it in the last period
    2 cash         CFADS less the fee on what is not drawn, and trapped cash
    3 refinancing  in the last period a new lender pays all that cash and reserve do not, if its
                   limit reaches; else nothing
    4 draw         for interest and an operating hole, as far as availability goes
    5 service      interest, then principal, out of cash, then out of the reserve; unpaid interest
                   is capitalised, unpaid principal is in arrears
    6 reserve      filled from cash, or released, to the periods of interest that it holds
    7 sweep        a share of the cash that is left; in dominion all of it (or the share agreed)
                   down to the level at which dominion ends
    8 draw again   up to the level that the borrower wants, within availability, outside dominion
                   and lock-up
    9 enforcement  after more misses in a row than the grace, or a miss in the last period

Nothing is drawn while anything is overdue. A facility that is repaid has ended. Where the grace is
never, nothing is enforced, and what is owed at the end is unpaid.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from xlcredit.models.lender import effective_yield
from xlcredit.models.ties import SAME, at_least, below

__all__ = ["Course", "Facility", "follow"]


@dataclass(frozen=True, kw_only=True)
class Facility:
    """Terms of the facility; money in USD, shares as decimals, 0 where a term is not agreed."""

    loan: float
    commitment: float
    block: float = 0.0
    unused_fee: float = 0.0
    fee: float = 0.0
    periods_per_year: float = 12.0
    dsra_opening: float = 0.0
    dsra_periods: float = 0.0
    sweep: float = 0.0
    dominion: float = 0.0
    dominion_sweep: float = 1.0
    lockup: float = 0.0
    grace_periods: float | None = None
    recovery_periods: float = 0.0


@dataclass
class Course:
    """What became of the facility; lists have one value for each period."""

    balances: list[float] = field(default_factory=list)  #: owed, before enforcement takes it
    covers: list[float] = field(default_factory=list)  #: CFADS over what is due, the bullet apart
    excess: list[float] = field(default_factory=list)  #: availability over it, before the end
    received: list[float] = field(default_factory=list)  #: by the lender, less what it lends
    drawn: float = 0.0
    swept: float = 0.0
    distributed: float = 0.0
    peak_arrears: float = 0.0
    first_missed: int = 0
    end_period: int = 0
    status: str = "performing"
    exposure: float = 0.0
    recovered: float = 0.0
    reserve: float = 0.0
    trapped: float = 0.0
    irr: float = math.nan

    @property
    def loss(self) -> float:
        """What enforcement did not bring."""
        return self.exposure - self.recovered

    @property
    def unpaid(self) -> float:
        """What is owed at the end of a facility that nobody enforced."""
        return self.balances[-1] if self.status == "performing" else 0.0


def follow(
    terms: Facility,
    available: Sequence[float],
    cfads: Sequence[float],
    rates: Sequence[float],
    enforcement: Sequence[float],
    redraw_to: Sequence[float] | None = None,
    refinancing: float = 0.0,
) -> Course:
    """Follow the facility through all its periods.

    Parameters
    ----------
    terms : Facility
        Terms of the facility.
    available : sequence of float
        Lower of borrowing base and commitment in each period. [USD]
    cfads : sequence of float
        Cash flow available for fixed charges. [USD]
    rates : sequence of float
        Interest, nominal per year. [1/year]
    enforcement : sequence of float
        What the collateral would bring in each period. [USD]
    redraw_to : sequence of float, optional
        The balance up to which the borrower draws again in each period; 0 when not given. [USD]
    refinancing : float
        What a new lender would lend at the end. [USD]

    Returns
    -------
    Course
        What became of it.
    """
    run, periods = _Run(terms, refinancing), len(cfads)
    given = zip(available, cfads, rates, enforcement, redraw_to or [0.0] * periods, strict=True)
    for k, (base, cash, rate, worth, wanted) in enumerate(given, start=1):
        one = _Period(k, base, cash, rate / terms.periods_per_year, worth, wanted, k == periods)
        run.period(one)
    return run.closed(periods)


@dataclass(frozen=True)
class _Period:
    """What is given for one period."""

    number: int
    available: float
    cfads: float
    rate: float
    enforcement: float
    redraw_to: float
    last: bool


class _Run:
    """The accounts of one facility while it is followed."""

    def __init__(self, terms: Facility, refinancing: float) -> None:
        self.terms, self.refinancing = terms, refinancing
        self.tie = SAME * max(terms.commitment, terms.loan)
        self.balance, self.misses = terms.loan, 0
        self.course = Course(reserve=terms.dsra_opening)

    def period(self, now: _Period) -> None:
        """Take the facility through one period."""
        terms, course = self.terms, self.course
        if self.balance <= self.tie or course.status != "performing":
            self._nothing_owed(now)
            return
        lendable = max(0.0, now.available - terms.block)
        may_draw = not now.last and not self.misses
        fee = max(0.0, terms.commitment - self.balance) * terms.unused_fee / terms.periods_per_year
        interest = self.balance * now.rate
        principal = self.balance if now.last else max(0.0, self.balance - lendable)
        charges = interest + fee + (0.0 if now.last else principal)
        course.covers.append(now.cfads / charges if charges > 0.0 else math.nan)

        own = now.cfads - fee + course.trapped + course.reserve
        short = max(0.0, interest - own)
        lent = min(short, max(0.0, lendable - self.balance)) if may_draw else 0.0
        pot = max(0.0, own + lent + self._taken_out(now, interest + principal - own))
        paid = self._served(now, interest, principal, pot)
        capitalised = max(0.0, interest - paid)
        self.balance += lent + capitalised - max(0.0, paid - interest)

        free = self._reserved(now, max(0.0, pot - paid))
        swept = self._swept(now, free)
        locked = not now.last and below(now.cfads, terms.lockup * (interest + principal + fee))
        again = 0.0
        if may_draw and not self.misses and not locked:
            again = self._again(now, lendable, swept)
        self.balance += again - swept
        if self.balance <= self.tie:
            self.balance = 0.0
        course.trapped = free - swept if locked and self.balance > 0.0 else 0.0
        course.distributed += free - swept - course.trapped + again
        course.drawn += lent + again
        course.swept += swept
        course.received.append(paid + swept - lent - again)
        course.balances.append(self.balance)
        self._judged(now)
        if not now.last and course.status == "performing":
            course.excess.append(now.available - self.balance)

    def _nothing_owed(self, now: _Period) -> None:
        self.course.balances.append(0.0)
        self.course.received.append(0.0)
        if self.course.status == "performing":
            self.course.status, self.course.end_period = "repaid", now.number - 1

    def _taken_out(self, now: _Period, short: float) -> float:
        """A new lender pays all that is missing at the end, or nothing."""
        return short if now.last and short > 0.0 and at_least(self.refinancing, short) else 0.0

    def _served(self, now: _Period, interest: float, principal: float, pot: float) -> float:
        """Pay what is due; count what is missed."""
        due, course = interest + principal, self.course
        if due - pot <= self.tie:
            self.misses = 0
            return due
        self.misses += 1
        course.first_missed = course.first_missed or now.number
        course.peak_arrears = max(course.peak_arrears, principal - max(0.0, pot - interest))
        return pot

    def _reserved(self, now: _Period, left: float) -> float:
        """Fill or release the reserve; say what is free then."""
        target = self.terms.dsra_periods * self.balance * now.rate
        self.course.reserve = min(target if self.balance > self.tie else 0.0, left)
        return left - self.course.reserve

    def _calm(self, now: _Period) -> float:
        """The balance above which the lender takes dominion of the cash."""
        if self.terms.dominion <= 0.0:
            return math.inf
        return max(0.0, now.available - self.terms.dominion * self.terms.commitment)

    def _swept(self, now: _Period, free: float) -> float:
        calm, share = self._calm(now), self.terms.sweep * free
        if self.balance > calm + self.tie:
            share = max(share, min(self.terms.dominion_sweep * free, self.balance - calm))
        return min(max(0.0, self.balance), free, share)

    def _again(self, now: _Period, lendable: float, swept: float) -> float:
        """What the borrower draws again, outside dominion."""
        calm = self._calm(now)
        if self.balance > calm + self.tie:
            return 0.0
        return max(0.0, min(now.redraw_to, lendable, calm) - (self.balance - swept))

    def _judged(self, now: _Period) -> None:
        """Enforce after the grace, and at once for a miss at the end."""
        course, grace = self.course, self.terms.grace_periods
        if grace is None or not self.misses or not (self.misses > grace or now.last):
            return
        course.status, course.end_period = "payment_default", now.number
        course.exposure = self.balance
        course.recovered = min(self.balance, course.reserve + course.trapped + now.enforcement)

    def closed(self, periods: int) -> Course:
        """The course with what the lender earned."""
        terms, course = self.terms, self.course
        if course.status == "performing":
            course.end_period = periods
            if self.balance <= self.tie:
                course.status = "repaid"
        cash = np.zeros(periods + int(terms.recovery_periods))
        cash[:periods] = course.received
        cash[course.end_period + int(terms.recovery_periods) - 1] += course.recovered
        cash[np.abs(cash) <= self.tie] = 0.0  # a rounding is no repayment
        paid_out = terms.loan * (1.0 - terms.fee)
        if paid_out > 0.0:
            paid = bool((cash > 0.0).any())
            course.irr = effective_yield(paid_out, cash, terms.periods_per_year) if paid else -1.0
        return course
