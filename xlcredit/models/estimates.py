"""Figures of a simulation, each with its standard error.

A tally adds up what is asked of every path, block by block in the order of the paths, so that
the sums do not depend on who worked a block. A path drawn with a tilt counts with its weight w:
the estimate of E x is the mean of w x over the paths drawn, and its error that of w x. A ratio of
two means has the error of its linearisation. A quantile needs the values themselves; they are
kept for the first ``KEPT`` paths, which bounds the memory, and its error is half the distance of
the two quantiles one standard error of the share to either side.

An error is told from how paths differ: a figure that rests on one path has none, and says NaN.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "KEPT",
    "Estimate",
    "Figure",
    "Sample",
    "Tally",
    "mean",
    "quantile",
    "ratio",
    "tail_mean",
]

Array = NDArray[np.float64]

#: What a simulation finds, in the order in which it is shown.
Figure = Literal[
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
]

#: Paths whose values are kept for quantiles.
KEPT = 1 << 19
#: Paths that an error is told from at least.
_FEWEST = 2


class Estimate(NamedTuple):
    """A figure and its standard error; NaN for both where it does not exist.

    The error alone is NaN where the figure rests on a single path.
    """

    value: float
    error: float


NONE = Estimate(math.nan, math.nan)


class Tally:
    """Sums, squares and products of named columns over the paths.

    Parameters
    ----------
    names : tuple of str
        Names of the columns.
    pairs : tuple of pairs of str
        Columns whose ratio will be asked for.
    """

    def __init__(self, names: tuple[str, ...], pairs: tuple[tuple[str, str], ...] = ()) -> None:
        self.count = 0
        self.sums = dict.fromkeys(names, 0.0)
        self.squares = dict.fromkeys(names, 0.0)
        self.products = dict.fromkeys(pairs, 0.0)
        #: Paths on which the lower column of a pair is not 0: those that its ratio rests on.
        self.bearing = dict.fromkeys(pairs, 0)

    def add(self, columns: dict[str, Array], weight: Array | None = None) -> None:
        """Add one block of paths."""
        weighed = columns if weight is None else {n: weight * c for n, c in columns.items()}
        self.count += len(next(iter(weighed.values())))
        for name, column in weighed.items():
            self.sums[name] += float(np.sum(column))
            self.squares[name] += _product(column, column)
        for one, other in self.products:
            self.products[one, other] += _product(weighed[one], weighed[other])
            self.bearing[one, other] += int(np.count_nonzero(weighed[other]))


def _product(a: Array, b: Array) -> float:
    """Sum of products in one fixed order: BLAS would choose its own by threads and machine."""
    return float(np.einsum("i,i->", a, b))


def mean(tally: Tally, name: str) -> Estimate:
    """Return the mean over paths."""
    n, total = tally.count, tally.sums[name]
    return Estimate(total / n, _error(tally.squares[name] - total * total / n, n) / n)


def ratio(tally: Tally, over: str, under: str) -> Estimate:
    """Return the ratio of two means; it does not exist where the lower one is 0.

    On one path alone the upper column follows the lower one exactly, and the linearised error
    would be 0, as if the ratio were known: there it does not exist.
    """
    n, below = tally.count, tally.sums[under]
    if below == 0.0:
        return NONE
    r = tally.sums[over] / below
    if tally.bearing[over, under] < _FEWEST:
        return Estimate(r, math.nan)
    product = tally.products[over, under]
    rest = tally.squares[over] - 2.0 * r * product + r * r * tally.squares[under]
    return Estimate(r, _error(rest, n) / abs(below))


def _error(squares: float, count: int) -> float:
    """Deviation of a sum of ``count`` terms, from their squares about the mean."""
    return math.sqrt(max(squares, 0.0) * count / (count - 1)) if count >= _FEWEST else math.nan


class Sample:
    """Values of the paths kept, in ascending order, and the share of the paths up to each.

    They are put in order when something is asked of them.
    """

    def __init__(self, values: Array, weights: Array | None = None) -> None:
        self.count = len(values)
        self._given, self._weighed = values, weights

    @cached_property
    def _ordered(self) -> tuple[Array, Array | None, Array | None]:
        """Values, weights, and the share of the paths beyond each."""
        if self._weighed is None:
            return np.sort(self._given), None, None
        order = np.argsort(self._given, kind="stable")
        weights = self._weighed[order]
        # From above, for the tail is what the weights were drawn for.
        above = np.cumsum(weights[::-1])[::-1] / self.count
        return self._given[order], weights, np.append(above[1:], 0.0)

    @property
    def values(self) -> Array:
        """Values in ascending order."""
        return self._ordered[0]

    @property
    def weights(self) -> Array | None:
        """Weights in the order of the values; None where all weigh the same."""
        return self._ordered[1]

    def at(self, share: float) -> float:
        """Smallest value that at least ``share`` of the paths do not exceed."""
        values, _, beyond = self._ordered
        if beyond is None:
            place = math.ceil(share * self.count - 1e-9) - 1
        else:
            place = int(np.searchsorted(-beyond, -(1.0 - share) - 1e-15))
        return float(values[min(max(place, 0), self.count - 1)])

    def share_error(self, share: float) -> float:
        """Standard error of the share of the paths beyond the quantile."""
        if self.weights is None:
            return math.sqrt(share * (1.0 - share) / self.count)
        beyond = np.where(self.values > self.at(share), self.weights, 0.0)
        return float(np.std(beyond)) / math.sqrt(self.count)


def quantile(sample: Sample, share: float) -> Estimate:
    """Return the value not exceeded on ``share`` of the paths."""
    if sample.count < _FEWEST:
        return Estimate(sample.at(share), math.nan)
    step = sample.share_error(share)
    low, high = (sample.at(min(max(share + s, 0.0), 1.0)) for s in (-step, step))
    width = high - low if high > low else 0.0  # two infinities are not apart
    return Estimate(sample.at(share), 0.5 * width)


def tail_mean(sample: Sample, share: float) -> Estimate:
    """Return the mean of the worst 1 − ``share`` of the paths: q + E max(x − q, 0)/(1 − share)."""
    level, n = sample.at(share), sample.count
    beyond = int(np.searchsorted(sample.values, level, side="right"))
    excess = sample.values[beyond:] - level
    if sample.weights is not None:
        excess *= sample.weights[beyond:]
    average = float(np.sum(excess)) / n
    spread = math.sqrt(max(_product(excess, excess) / n - average**2, 0.0))
    scale = 1.0 - share
    error = spread / math.sqrt(n) / scale if n >= _FEWEST else math.nan
    return Estimate(level + average / scale, error)
