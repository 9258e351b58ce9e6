"""A loan on the joint paths of a market: what is simulated, and how each path ended.

Cash in period k::

    CFADS_k = contracted_k · 1{customer there}
            + relet_k · X_k · 1{gone for more than downtime_periods}
            + merchant_k · X_k − opex_k

with X the rent factor. A customer that stops in period j pays nothing from j on; after
``downtime_periods`` full periods without a tenant, from j + downtime_periods + 1 on, the cards earn
``relet`` at the rents of the path.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from xlcredit.models import loan
from xlcredit.models.market import Market, Schedule, Walk, schedule

__all__ = ["Deal", "Outcome", "Terms", "Tilt", "outcomes"]

Array = NDArray[np.float64]

#: Below this share of paths that still run, those that have ended are put aside.
_ENOUGH = 0.8


@dataclass(frozen=True, kw_only=True)
class Terms(loan.Terms, Market):
    """Terms of the loan and parameters of its market, in one block."""

    downtime_periods: float = 0.0
    loss_rate: float = 0.0


@dataclass(frozen=True)
class Tilt:
    """What is added to the shocks of coin and card in the first ``periods`` steps.

    A share ``plain`` of the paths is drawn without it, so that no path weighs more than
    1/``plain``: figures of the common paths stay good where those of the rare ones get better.
    """

    coin: float = 0.0
    card: float = 0.0
    periods: int = 0
    plain: float = 0.25

    def weights(self, log_weight: Array) -> Array:
        """Likelihood of each path over that with which the mixture draws it."""
        if not self.periods:
            return np.ones(len(log_weight))
        with np.errstate(over="ignore"):
            return np.asarray(1.0 / (self.plain + (1.0 - self.plain) * np.exp(-log_weight)))


class Tenancy(Protocol):
    """Where customer and rents of each path stand in a period."""

    gone: NDArray[np.int64]
    rent: Array


@dataclass(frozen=True)
class Deal:
    """A loan and its market, made ready for simulation; series have one value a period."""

    terms: Terms
    plan: loan.Plan
    market: Schedule
    contracted: Array | None = None
    merchant: Array | None = None
    opex: Array | None = None
    relet: Array | None = None

    @classmethod
    def of(
        cls,
        terms: Terms,
        scheduled: ArrayLike = 0.0,
        *,
        contracted: ArrayLike | None = None,
        merchant: ArrayLike | None = None,
        opex: ArrayLike | None = None,
        relet: ArrayLike | None = None,
        gpu_curve: ArrayLike | None = None,
    ) -> Deal:
        """Make a deal ready.

        Parameters
        ----------
        terms : Terms
            Loan and market.
        scheduled : array_like
            Principal that falls due, by period; one value for all. [USD]
        contracted, merchant, opex, relet : array_like, optional
            Cash by period at base rents; one value for all. Service is taken to be paid where
            contracted, merchant and opex are all missing. [USD]
        gpu_curve : array_like, optional
            Expected price of a card, at closing and at the end of each period. [USD/unit]
        """
        periods = round(terms.months * terms.periods_per_year / 12.0)

        def series(values: ArrayLike, count: int = periods) -> Array:
            flat = np.asarray(values, dtype=np.float64).reshape(-1)
            return np.array(np.broadcast_to(flat, (count,)))

        curve = None if gpu_curve is None else series(gpu_curve, periods + 1)
        plan = loan.Plan.of(terms, series(scheduled))
        cash = (contracted, merchant, opex, relet)
        return cls(
            terms,
            plan,
            schedule(terms, terms.periods_per_year, curve),
            *(None if values is None else series(values)[: plan.periods] for values in cash),
        )

    @property
    def has_cash(self) -> bool:
        """Whether service depends on cash; else it is taken to be paid."""
        return not (self.contracted is None and self.merchant is None and self.opex is None)

    @property
    def needs_rents(self) -> bool:
        """Whether anything depends on the rent factor."""
        cash = self.merchant is not None or self.relet is not None
        return (self.has_cash and cash) or self.terms.hazard_elasticity != 0.0

    def cash(self, k: int, walk: Tenancy) -> Array | None:
        """CFADS of each path in period ``k``."""
        if not self.has_cash:
            return None
        cash = np.zeros(len(walk.gone))
        if self.contracted is not None:
            cash += np.where(walk.gone == 0, self.contracted[k - 1], 0.0)
        if self.relet is not None:
            let = (walk.gone > 0) & (k - walk.gone > self.terms.downtime_periods)
            cash += np.where(let, self.relet[k - 1] * walk.rent, 0.0)
        if self.merchant is not None:
            cash += self.merchant[k - 1] * walk.rent
        if self.opex is not None:
            cash -= self.opex[k - 1]
        return cash


@dataclass
class Outcome:
    """How each path of a block ended; every field is an array over the paths.

    ``courses`` asks for ``ltv`` and ``cash``, with a row a period: the LTV when it was tested
    (NaN once the loan has ended) and what the lender received.
    """

    status: NDArray[np.int64]
    end_period: NDArray[np.int64]
    first_call: NDArray[np.int64]  #: 0 where there was none
    customer_stopped: NDArray[np.int64]  #: 0 where it stayed
    exposure: Array
    recovered: Array
    loss: Array
    unpaid: Array
    max_ltv: Array
    premium: Array  #: discounted balances over time, what a spread of 1 would be paid on
    discounted_loss: Array
    log_weight: Array  #: of a tilted path; 0 without a tilt
    ltv: Array | None = None
    cash: Array | None = None


def outcomes(
    deal: Deal,
    seed: int,
    first: int,
    count: int,
    tilt: Tilt | None = None,
    *,
    courses: bool = False,
) -> Outcome:
    """Run paths ``first`` to ``first + count − 1`` of a seed to their ends.

    Parameters
    ----------
    deal : Deal
        The deal.
    seed, first, count : int
        Seed, number of the first path (0 is one), and how many.
    tilt : Tilt, optional
        For paths that fail more often.
    courses : bool
        Whether to record LTV and the lender's cash by period.

    Returns
    -------
    Outcome
        How the paths ended.
    """
    run, tilt = _Run(deal, seed, first, count, tilt or Tilt()), tilt or Tilt()
    course = _Course(deal, count) if courses else None
    places, ended = np.arange(count), []
    for k in range(1, deal.plan.periods + 1):
        alive = run.state.status == loan.PERFORMING
        running = np.count_nonzero(alive)
        if course is None and not running:
            break
        if course is None and running < _ENOUGH * len(alive):
            ended.append((places[~alive], run.outcome(~alive)))
            places = places[alive]
            run.keep(alive)
        flow = run.step(k)
        if course is not None:
            course.record(k, run.state, flow, run.walk)
    rest = run.outcome(np.ones(len(places), dtype=np.bool_))
    if course is not None:
        course.close(run.state, rest.unpaid)
        rest.ltv, rest.cash = course.ltv, course.cash
    return _put_together([*ended, (places, rest)]) if ended else rest


class _Run:
    """The paths of a block that are worked still: their market, their loan, what is added up."""

    def __init__(self, deal: Deal, seed: int, first: int, count: int, tilt: Tilt) -> None:
        self.deal, self.tilt = deal, tilt
        self.walk = Walk(
            deal.market, seed, first, count, rents=deal.needs_rents,
            tilt=(tilt.coin, tilt.card), tilted=tilt.periods, plain=tilt.plain,
        )  # fmt: skip
        self.state = loan.State.start(deal.terms, self.walk.coin, self.walk.card)
        self.sums = np.zeros((3, count))
        self.discount = (1.0 + deal.terms.loss_rate) ** (-1.0 / deal.terms.periods_per_year)

    def step(self, k: int) -> loan.Flow:
        """Take market and loan through period ``k``."""
        deal, walk, state = self.deal, self.walk, self.state
        premium, discounted, log_weight = self.sums
        walk.step(k)
        factor = self.discount**k
        premium += state.balance * (factor / deal.terms.periods_per_year)
        if self.tilt.periods:
            np.copyto(log_weight, walk.log_weight, where=state.status == loan.PERFORMING)
        cash = deal.cash(k, walk)
        flow = loan.step(state, deal.terms, deal.plan, k, cash, walk.coin, walk.card)
        if np.any(flow.enforced):
            discounted += np.where(flow.enforced, state.loss * factor, 0.0)
        return flow

    def keep(self, paths: NDArray[np.bool_]) -> None:
        """Work these of the paths alone from here on."""
        self.walk.keep(paths)
        self.state, self.sums = self.state.of(paths), self.sums[:, paths]

    def outcome(self, paths: NDArray[np.bool_]) -> Outcome:
        """Say how some of the paths ended."""
        state, gone = self.state.of(paths), self.walk.gone[paths]
        premium, discounted, log_weight = self.sums[:, paths]
        return Outcome(
            status=state.status,
            end_period=state.end_period,
            first_call=state.first_call,
            customer_stopped=np.where(gone <= state.end_period, gone, 0),
            exposure=state.exposure,
            recovered=state.recovered,
            loss=state.loss,
            unpaid=np.asarray(loan.unpaid(state, self.deal.terms, self.deal.plan)),
            max_ltv=state.max_ltv,
            premium=premium,
            discounted_loss=discounted,
            log_weight=log_weight,
        )


def _put_together(parts: list[tuple[NDArray[np.int64], Outcome]]) -> Outcome:
    """Put the paths of all parts, in which they ended, into their places."""
    order = np.argsort(np.concatenate([places for places, _ in parts]))
    columns = {
        name: np.concatenate([getattr(part, name) for _, part in parts])[order]
        for name, values in vars(parts[0][1]).items()
        if values is not None
    }
    return Outcome(**columns)


class _Course:
    """LTV and the lender's cash, period by period; row 0 of the cash is period 1."""

    def __init__(self, deal: Deal, count: int) -> None:
        self.terms, self.periods = deal.terms, deal.plan.periods
        self.late = round(deal.terms.recovery_periods)
        self.ltv = np.full((self.periods, count), np.nan)
        self.cash = np.zeros((self.periods + self.late, count))

    def record(self, k: int, state: loan.State, flow: loan.Flow, walk: Walk) -> None:
        """Record one period."""
        paid = flow.interest + flow.principal + flow.swept + flow.topped_up + flow.coin_repaid
        self.cash[k - 1] += paid
        self.cash[k - 1 + self.late] += np.where(flow.enforced, state.recovered, 0.0)
        # What the cures have changed since the test is put back.
        tested = state.balance + flow.topped_up + flow.coin_repaid
        tested = tested + np.where(flow.enforced, state.exposure, 0.0)
        coin = state.coin_units * walk.coin + flow.coin_sold
        value = (1.0 - self.terms.coin_haircut) * coin
        value = value + (1.0 - self.terms.gpu_haircut) * self.terms.gpu_units * walk.card
        with np.errstate(divide="ignore", invalid="ignore"):
            self.ltv[k - 1] = np.where(tested > 0.0, tested / value, np.nan)

    def close(self, state: loan.State, short: Array) -> None:
        """Refinance what still stands after the last period."""
        performing = state.status == loan.PERFORMING
        self.cash[self.periods - 1] += np.where(performing, state.balance - short, 0.0)
