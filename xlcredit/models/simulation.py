"""A loan on simulated joint paths of coin, cards, rents and the customer.

The paths are those of :mod:`xlcredit.models.market`, the loan that of :mod:`xlcredit.models.loan`:
there is no second waterfall. Paths are worked in blocks of a fixed size, in any number of threads,
and their figures are added up in the order of the blocks, so that the answer depends on terms,
seed and number of paths alone. Where numba is installed the same lines run compiled
(:mod:`xlcredit.models.kernels`).
"""

from __future__ import annotations

import importlib.util
import logging
import os
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from xlcredit.models import estimates, loan
from xlcredit.models.estimates import Estimate, Figure, Sample, Tally
from xlcredit.models.simulated_loan import Deal, Outcome, Terms, Tilt, outcomes

__all__ = [
    "BLOCK",
    "FIGURES",
    "Deal",
    "Outcome",
    "Result",
    "Simulation",
    "Terms",
    "Tilt",
    "can_compile",
    "kernel_name",
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
#: WebAssembly, in a browser or out of it, starts no threads.
_ALONE = sys.platform in ("emscripten", "wasi")
#: Paths whose course is recorded for the fan of LTVs.
RECORDED = 4 * BLOCK

FIGURES: tuple[str, ...] = get_args(Figure)


#: What is added up over the paths ...
_COLUMNS: dict[str, Callable[[Outcome], NDArray[Any]]] = {
    "called": lambda o: o.first_call > 0,
    "liquidated": lambda o: o.status == loan.LIQUIDATED,
    "defaulted": lambda o: o.status == loan.PAYMENT_DEFAULT,
    "repaid": lambda o: o.status == loan.REPAID,
    "unpaid_at_all": lambda o: o.unpaid > 0.0,
    "loss": lambda o: o.loss,
    "unpaid": lambda o: o.unpaid,
    "exposure": lambda o: o.exposure,
    "premium": lambda o: o.premium,
    "discounted_loss": lambda o: o.discounted_loss,
    "first_call": lambda o: o.first_call,
}
#: ... and the figures that are means of it, or ratios of two means.
_MEAN_OF = dict(zip(FIGURES[:7], tuple(_COLUMNS)[:7], strict=True))
_RATIO_OF = {
    "loss_given_default": ("loss", "exposure"),
    "spread": ("discounted_loss", "premium"),
    "periods_to_first_call": ("first_call", "called"),
}


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
        paths = cash.shape[1]
        if paths > 1:
            errors = np.std(cash, axis=1, ddof=1) / np.sqrt(paths)
        else:
            errors = np.full(len(cash), np.nan)
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
    only : str, optional
        The one figure that will be asked for; nothing else is added up then.
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
        only: str | None = None,
    ) -> None:
        self.deal, self.seed, self.tilt, self.courses = deal, seed, tilt or Tilt(), courses
        self.kernel, self._run = _kernel(kernel)
        self.threads = 1 if _ALONE else threads or os.cpu_count() or 1
        self.done = 0
        pairs = [pair for name, pair in _RATIO_OF.items() if only in (None, name)]
        means = [c for name, c in _MEAN_OF.items() if only in (None, name)]
        used = dict.fromkeys([*means, *(column for pair in pairs for column in pair)])
        self._tally = Tally(tuple(used), tuple(pairs))
        self._only = only
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
        o, paths = outcome, len(outcome.loss)
        weight = self.tilt.weights(o.log_weight) if self.tilt.periods else None
        columns = {n: _COLUMNS[n](o).astype(np.float64, copy=False) for n in self._tally.sums}
        if columns:
            self._tally.add(columns, weight)
        ones = np.ones(paths) if weight is None else weight
        if self._only is None:
            self._date(o, columns, ones)
        room = slice(self.done, min(self.done + paths, estimates.KEPT))
        for kept, column in zip(self._kept, (o.loss, o.max_ltv, ones), strict=False):
            kept[room] = column[: max(0, room.stop - room.start)]
        if o.ltv is not None and o.cash is not None:
            self._recorded.append((o.ltv, o.cash, ones))
        self.done += paths

    def _date(self, o: Outcome, columns: dict[str, Array], weight: Array) -> None:
        """Add events and losses up by the period in which they fall."""
        dated = (
            (o.first_call, columns["called"]),
            (o.end_period, columns["liquidated"]),
            (o.end_period, columns["defaulted"]),
            (o.end_period, o.loss),
        )
        for row, (period, value) in enumerate(dated):
            self._by_period[row] += np.bincount(period, weight * value, len(self._by_period[row]))

    def _samples(self) -> tuple[Sample, Sample | None]:
        loss, max_ltv, *ones = self._kept[:, : self.done]
        weights = ones[0] if ones else None
        levels = self.deal.terms.call_ltv is not None
        return Sample(loss, weights), Sample(max_ltv, weights) if levels else None

    def figure(self, name: str) -> Estimate:
        """Return one figure so far."""
        return _figure(name, self._tally, *self._samples())

    def result(self) -> Result:
        """Return what has been found so far."""
        weighed = self.tilt.periods > 0
        losses, max_ltvs = self._samples()
        names = ("first_call", "liquidation", "payment_default", "loss")
        by_period = self._by_period[:, 1:] / self.done
        course: dict[str, Any] = {}
        if self._recorded:
            ltv, cash, some = zip(*self._recorded, strict=True)
            course = {"ltv": np.hstack(ltv), "cash": np.hstack(cash)}
            course["weights"] = np.concatenate(some) if weighed else None
        return Result(
            figures={n: _figure(n, self._tally, losses, max_ltvs) for n in FIGURES},
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


def can_compile() -> bool:
    """Whether numba is installed, and has not been told to compile nothing."""
    plain = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")
    return not plain and importlib.util.find_spec("numba") is not None


def warm_up() -> None:
    """Compile the kernel where numba is installed, so that no cell has to wait for it."""
    _kernel("auto")


def kernel_name(name: str) -> str:
    """Say which kernel ``auto``, ``numpy`` or ``compiled`` is on this machine; have it ready."""
    return _kernel(name)[0]


def _kernel(name: str) -> tuple[str, Callable[..., Outcome]]:
    """The name of the kernel that is there, and what runs a block in it."""
    if name == "numpy" or (name == "auto" and not can_compile()):
        return "numpy", outcomes
    try:
        # numba takes its time, may be missing, may not know this NumPy or find no place to store
        from xlcredit.models import kernels  # noqa: PLC0415
    except (ImportError, RuntimeError):
        if name == "compiled":
            raise
        return "numpy", outcomes
    _have_compiled()

    def compiled(*arguments: Any, courses: bool = False) -> Outcome:
        return Outcome(**kernels.run(*arguments, courses=courses))

    return "compiled", compiled


def _figure(name: str, tally: Tally, losses: Sample, max_ltvs: Sample | None) -> Estimate:
    """One figure by name."""
    if name in _MEAN_OF:
        return estimates.mean(tally, _MEAN_OF[name])
    if name in _RATIO_OF:
        return estimates.ratio(tally, *_RATIO_OF[name])
    if name == "shortfall_p99":
        return estimates.tail_mean(losses, 0.99)
    sample = max_ltvs if name.startswith("max_ltv") else losses
    share = int(name[-2:]) / 100.0
    return estimates.NONE if sample is None else estimates.quantile(sample, share)


@cache
def _have_compiled() -> None:
    """Compile the kernel unless it is there; asked once, as numba reads files for it."""
    from xlcredit.models import kernels  # noqa: PLC0415

    if not kernels.is_compiled():
        logging.getLogger(__name__).warning("compiling the simulation, once on this machine ...")
        kernels.warm_up()


_repeats = False


def repeats() -> bool:
    """Whether small simulations follow one another."""
    return _repeats


@contextmanager
def repeated(repeats: bool = True) -> Iterator[None]:
    """Say that small simulations follow one another, so that the compiled kernel is worth loading.

    Its figures are those of NumPy to within rounding.
    """
    global _repeats  # noqa: PLW0603 - whoever simulates stands many calls below
    before, _repeats = _repeats, repeats or _repeats
    try:
        yield
    finally:
        _repeats = before


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
    if kernel == "auto" and paths * deal.plan.periods < SMALL and not _repeats:
        kernel = "numpy"
    run = Simulation(deal, seed, kernel=kernel, threads=threads, tilt=tilt, courses=courses)
    run.advance(paths)
    return run.result()


def sweep(
    deals: Sequence[Deal], figure: str, paths: int, seed: int = 1, *, kernel: str = "auto"
) -> list[Estimate]:
    """Find one figure of many deals on the same random numbers: they differ by their terms alone.

    Returns
    -------
    list of Estimate
        The figure of each deal.
    """
    small = paths * sum(deal.plan.periods for deal in deals) < SMALL
    if kernel == "auto" and small and not _repeats:
        kernel = "numpy"
    kernel = _kernel(kernel)[0]

    def one(deal: Deal) -> Estimate:
        run = Simulation(deal, seed, kernel=kernel, threads=1, only=figure)
        run.advance(paths)
        return run.figure(figure)

    if _ALONE or len(deals) == 1:
        return [one(deal) for deal in deals]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(pool.map(one, deals))
