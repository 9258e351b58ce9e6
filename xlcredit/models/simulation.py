"""A loan on simulated joint paths of coin, cards, rents and the customer.

The paths are those of :mod:`xlcredit.models.market`, the loan that of :mod:`xlcredit.models.loan`:
there is no second waterfall. Paths are worked in blocks of a fixed size, in any number of threads,
and their figures are added up in the order of the blocks, so that the answer depends on terms,
seed and number of paths alone. Where numba is installed the same lines run compiled
(:mod:`xlcredit.models.kernels`).

Cash in period k::

    CFADS_k = contracted_k · 1{customer there}
            + relet_k · X_k · 1{gone for more than downtime_periods}
            + merchant_k · X_k − opex_k

with X the rent factor. A customer that stops in period j pays nothing from j on; after
``downtime_periods`` full periods without a tenant, from j + downtime_periods + 1 on, the cards earn
``relet`` at the rents of the path.
"""

from __future__ import annotations

import logging
import os
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from xlcredit.models import estimates, loan
from xlcredit.models.estimates import Estimate, Sample, Tally
from xlcredit.models.market import Market, Schedule, Walk, schedule

__all__ = [
    "BLOCK",
    "FIGURES",
    "Deal",
    "Outcome",
    "Result",
    "Simulation",
    "Terms",
    "Tilt",
    "outcomes",
    "simulate",
    "sweep",
    "warm_up",
]

Array = NDArray[np.float64]

#: Paths worked at once: their arrays stay in a processor's cache.
BLOCK = 16_384
#: Periods of single paths up to which loading a compiled kernel costs more than it saves.
SMALL = 2_000_000
#: Paths whose course is recorded for the fan of LTVs.
RECORDED = 4 * BLOCK

FIGURES = (
    "call_probability",
    "liquidation_probability",
    "payment_default_probability",
    "repaid_probability",
    "unpaid_probability",
    "expected_loss",
    "expected_unpaid",
    "loss_given_default",
    "spread",
    "loss_p95",
    "loss_p99",
    "shortfall_p99",
    "max_ltv_p50",
    "max_ltv_p95",
    "max_ltv_p99",
    "periods_to_first_call",
)


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
        cash = (contracted, merchant, opex, relet)
        return cls(
            terms,
            loan.Plan.of(terms, series(scheduled)),
            schedule(terms, terms.periods_per_year, curve),
            *(None if values is None else series(values) for values in cash),
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

    def cash(self, k: int, walk: Walk) -> Array | None:
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
    terms, plan, tilt = deal.terms, deal.plan, tilt or Tilt()
    walk = Walk(
        deal.market, seed, first, count,
        rents=deal.needs_rents, tilt=(tilt.coin, tilt.card), tilted=tilt.periods, plain=tilt.plain,
    )  # fmt: skip
    state = loan.State.start(terms, walk.coin, walk.card)
    premium, discounted, log_weight = np.zeros((3, count))
    course = _Course(deal, count) if courses else None
    discount = (1.0 + terms.loss_rate) ** (-1.0 / terms.periods_per_year)
    for k in range(1, plan.periods + 1):
        walk.step(k)
        alive = state.status == loan.PERFORMING
        if not (courses or alive.any()):
            break
        premium += state.balance * (discount**k / terms.periods_per_year)
        if tilt.periods:
            log_weight = np.where(alive, walk.log_weight, log_weight)
        flow = loan.step(state, terms, plan, k, deal.cash(k, walk), walk.coin, walk.card)
        discounted += np.where(flow.enforced, state.loss * discount**k, 0.0)
        if course is not None:
            course.record(k, state, flow, walk)
    short = np.asarray(loan.unpaid(state, terms, plan))
    if course is not None:
        course.close(state, short)
    return Outcome(
        status=state.status,
        end_period=state.end_period,
        first_call=state.first_call,
        customer_stopped=np.where(walk.gone <= state.end_period, walk.gone, 0),
        exposure=state.exposure,
        recovered=state.recovered,
        loss=state.loss,
        unpaid=short,
        max_ltv=state.max_ltv,
        premium=premium,
        discounted_loss=discounted,
        log_weight=log_weight,
        ltv=None if course is None else course.ltv,
        cash=None if course is None else course.cash,
    )


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


#: What is added up over the paths, and the ratios that are asked for.
_MEANS = (
    "called", "liquidated", "defaulted", "repaid", "unpaid_at_all",
    "loss", "unpaid", "exposure", "premium", "discounted_loss", "first_call",
)  # fmt: skip
_RATIOS = (("loss", "exposure"), ("discounted_loss", "premium"), ("first_call", "called"))


@dataclass(frozen=True)
class Result:
    """What a simulation found.

    ``by_period`` has a row for each event and a column for each period: the share of the paths
    with their first call, liquidated, in payment default, and the mean loss, in that period.
    ``losses`` and ``max_ltvs`` are those of the paths kept for the quantiles. ``ltv`` and ``cash``
    are those of the paths whose course was recorded, a row a period.
    """

    figures: dict[str, Estimate]
    paths: int
    seed: int
    periods: int
    kernel: str
    tilt: Tilt
    by_period: dict[str, Array]
    losses: Sample
    max_ltvs: Sample | None
    ltv: Array | None = None
    cash: Array | None = None
    weights: Array | None = None

    def fan(self, shares: tuple[float, ...] = (0.05, 0.25, 0.5, 0.75, 0.95)) -> Array:
        """Quantiles of the LTV of the loans still tested, a row a period and a column a share."""
        if self.ltv is None:
            raise ValueError("the courses were not recorded: simulate with courses=True")
        rows = []
        for row in self.ltv:
            tested = ~np.isnan(row)
            if not tested.any():
                rows.append([np.nan] * len(shares))
                continue
            weights = None if self.weights is None else self.weights[tested]
            if weights is not None:
                weights = weights / np.mean(weights)
            sample = Sample(row[tested], weights)
            rows.append([sample.at(share) for share in shares])
        return np.array(rows)

    def lender_cash(self) -> list[Estimate]:
        """Mean cash to the lender by period, from period 1 to the last recovery."""
        if self.cash is None:
            raise ValueError("the courses were not recorded: simulate with courses=True")
        cash = self.cash if self.weights is None else self.cash * self.weights
        errors = np.std(cash, axis=1, ddof=1) / np.sqrt(cash.shape[1])
        return [
            Estimate(float(m), float(e)) for m, e in zip(cash.mean(axis=1), errors, strict=True)
        ]


class Simulation:
    """A simulation that can be taken further until a figure is known well enough.

    Parameters
    ----------
    deal : Deal
        The deal.
    seed : int
        Seed; equal seeds give equal answers.
    kernel : {"auto", "numpy", "compiled"}
        ``auto`` is compiled where numba is installed (:func:`simulate` leaves small ones to NumPy).
    threads : int, optional
        Blocks worked at once; as many as there are processors if not given. No figure depends
        on it.
    tilt : Tilt, optional
        For paths that fail more often; the figures are weighed back.
    courses : bool
        Whether to record the courses of the first paths, for fan and cash by period.
    """

    def __init__(
        self,
        deal: Deal,
        seed: int = 1,
        *,
        kernel: str = "auto",
        threads: int | None = None,
        tilt: Tilt | None = None,
        courses: bool = False,
    ) -> None:
        self.deal, self.seed, self.tilt, self.courses = deal, seed, tilt or Tilt(), courses
        self.kernel, self._run = _kernel(kernel)
        alone = sys.platform == "emscripten"  # a browser starts no threads
        self.threads = 1 if alone else threads or os.cpu_count() or 1
        self.done = 0
        self._tally = Tally(_MEANS, _RATIOS)
        # untouched memory is none: of these only what is filled is ever there
        self._kept = np.empty((3 if self.tilt.periods else 2, estimates.KEPT))
        self._recorded: list[tuple[Array, Array, Array]] = []
        self._by_period = np.zeros((4, deal.plan.periods + 1))

    def advance(self, paths: int, progress: Callable[[int], None] | None = None) -> None:
        """Run so many paths more; ``progress`` is told the paths done so far."""
        starts = range(self.done, self.done + paths, BLOCK)
        blocks = [(first, min(BLOCK, self.done + paths - first)) for first in starts]
        for outcome in self._work(blocks):
            self._add(outcome)
            if progress is not None:
                progress(self.done)

    def outcomes(self) -> Iterator[Outcome]:
        """Run the paths done so far once more, and give how each block of them ended."""
        starts = range(0, self.done, BLOCK)
        yield from self._work([(first, min(BLOCK, self.done - first)) for first in starts])

    def _work(self, blocks: list[tuple[int, int]]) -> Iterator[Outcome]:
        """Work the blocks, a few at once, and give them back in their order."""
        if self.threads == 1 or len(blocks) == 1:
            yield from (self._block(*block) for block in blocks)
            return
        with ThreadPoolExecutor(self.threads) as pool:
            waiting = deque(pool.submit(self._block, *b) for b in blocks[: 2 * self.threads])
            for block in blocks[2 * self.threads :]:
                yield waiting.popleft().result()
                waiting.append(pool.submit(self._block, *block))
            while waiting:
                yield waiting.popleft().result()

    def _block(self, first: int, count: int) -> Outcome:
        courses = self.courses and first < RECORDED
        return self._run(self.deal, self.seed, first, count, self.tilt, courses=courses)

    def _add(self, outcome: Outcome) -> None:
        o, periods = outcome, self.deal.plan.periods
        weight = self.tilt.weights(o.log_weight) if self.tilt.periods else None
        events = {
            "called": o.first_call > 0,
            "liquidated": o.status == loan.LIQUIDATED,
            "defaulted": o.status == loan.PAYMENT_DEFAULT,
            "repaid": o.status == loan.REPAID,
            "unpaid_at_all": o.unpaid > 0.0,
        }
        flags = {name: event.astype(np.float64) for name, event in events.items()}
        values = {name: getattr(o, name) for name in _MEANS[len(events) : -1]}
        values["first_call"] = o.first_call.astype(np.float64)
        self._tally.add(flags | values, weight)
        ones = np.ones(len(o.loss)) if weight is None else weight
        dated = (
            (o.first_call, flags["called"]),
            (o.end_period, flags["liquidated"]),
            (o.end_period, flags["defaulted"]),
            (o.end_period, o.loss),
        )
        for row, (period, value) in enumerate(dated):
            self._by_period[row] += np.bincount(period, ones * value, periods + 1)
        room = slice(self.done, min(self.done + len(o.loss), estimates.KEPT))
        for kept, column in zip(self._kept, (o.loss, o.max_ltv, ones), strict=False):
            kept[room] = column[: max(0, room.stop - room.start)]
        if o.ltv is not None and o.cash is not None:
            self._recorded.append((o.ltv, o.cash, ones))
        self.done += len(o.loss)

    def result(self) -> Result:
        """Return what has been found so far."""
        weighed = self.tilt.periods > 0
        loss, max_ltv, *ones = self._kept[:, : self.done]
        weights = ones[0] if weighed else None
        losses = Sample(loss, weights)
        max_ltvs = Sample(max_ltv, weights) if self.deal.terms.call_ltv is not None else None
        names = ("first_call", "liquidation", "payment_default", "loss")
        by_period = self._by_period[:, 1:] / self.done
        course: dict[str, Any] = {}
        if self._recorded:
            ltv, cash, some = zip(*self._recorded, strict=True)
            course = {"ltv": np.hstack(ltv), "cash": np.hstack(cash)}
            course["weights"] = np.concatenate(some) if weighed else None
        return Result(
            figures=_figures(self._tally, losses, max_ltvs),
            paths=self.done,
            seed=self.seed,
            periods=self.deal.plan.periods,
            kernel=self.kernel,
            tilt=self.tilt,
            by_period=dict(zip(names, by_period, strict=True)),
            losses=losses,
            max_ltvs=max_ltvs,
            **course,
        )


def warm_up() -> None:
    """Compile the kernel where numba is installed, so that no cell has to wait for it."""
    _kernel("auto")


def _kernel(name: str) -> tuple[str, Callable[..., Outcome]]:
    """The name of the kernel that is there, and what runs a block in it."""
    if name == "numpy":
        return name, outcomes
    try:
        # numba takes its time, may be missing, may not know this NumPy or find no place to store
        from xlcredit.models import kernels  # noqa: PLC0415
    except (ImportError, RuntimeError):
        if name == "compiled":
            raise
        return "numpy", outcomes
    if not kernels.is_compiled():
        logging.getLogger(__name__).warning("compiling the simulation, once on this machine ...")
        kernels.warm_up()

    def compiled(*arguments: Any, courses: bool = False) -> Outcome:
        return Outcome(**kernels.run(*arguments, courses=courses))

    return "compiled", compiled


def _figures(tally: Tally, losses: Sample, max_ltvs: Sample | None) -> dict[str, Estimate]:
    found = [
        *(estimates.mean(tally, name) for name in _MEANS[:7]),
        *(estimates.ratio(tally, over, under) for over, under in _RATIOS[:2]),
        estimates.quantile(losses, 0.95),
        estimates.quantile(losses, 0.99),
        estimates.tail_mean(losses, 0.99),
    ]
    ltvs = [
        estimates.NONE if max_ltvs is None else estimates.quantile(max_ltvs, share)
        for share in (0.5, 0.95, 0.99)
    ]
    return dict(zip(FIGURES, [*found, *ltvs, estimates.ratio(tally, *_RATIOS[2])], strict=True))


def simulate(
    deal: Deal,
    paths: int = 100_000,
    seed: int = 1,
    *,
    kernel: str = "auto",
    threads: int | None = None,
    tilt: Tilt | None = None,
    courses: bool = False,
) -> Result:
    """Simulate a deal; the arguments are those of :class:`Simulation`.

    Returns
    -------
    Result
        Figures with standard errors, losses, and the courses if asked for.
    """
    if kernel == "auto" and paths * deal.plan.periods < SMALL:
        kernel = "numpy"
    run = Simulation(deal, seed, kernel=kernel, threads=threads, tilt=tilt, courses=courses)
    run.advance(paths)
    return run.result()


def sweep(
    deals: Sequence[Deal], paths: int, seed: int = 1, *, kernel: str = "auto"
) -> list[dict[str, Estimate]]:
    """Simulate many deals on the same random numbers, so that they differ by their terms alone.

    Returns
    -------
    list of dict
        Figures of each deal.
    """
    if kernel == "auto" and paths * sum(deal.plan.periods for deal in deals) >= SMALL:
        kernel = _kernel(kernel)[0]

    def one(deal: Deal) -> dict[str, Estimate]:
        return simulate(deal, paths, seed, kernel=kernel, threads=1).figures

    if sys.platform == "emscripten" or len(deals) == 1:
        return [one(deal) for deal in deals]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(pool.map(one, deals))
