"""Parameters of the joint process from a user's own quotes, each with its standard error.

* Rents: log-linear trend plus Ornstein–Uhlenbeck deviations, by exact likelihood on dates of any
  spacing; given the mean reversion the rest is least squares, so the likelihood is searched in
  one variable.
* A panel of sources: the change between two dates is the mean log change of the sources quoted on
  both, chained. A median over whoever is quoted moves when the panel does, without any price
  having moved.
* Coin: the deviation of the log returns, per root of time, without those that are too far out for
  a diffusion; these are the jumps.
* Correlation: of the changes of coin and rents over the same intervals, apart for those that
  begin with coin below (1 − trigger) of its maximum so far.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xlcredit.models import normal

__all__ = ["Fit", "coin", "correlations", "matched_index", "median_index", "rents"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: A sample without jumps shows one by chance once in so many samples.
_FALSE_ALARMS = 100.0
#: Mean reversion is looked for between these, per year.
_SLOWEST, _FASTEST = 1e-3, 100.0
#: Days by which the coin's last price may be older than the rent it is compared with.
_STALE_YEARS = 10.0 / 365.0
#: Fewer observations than this give no figure.
FEWEST = 5


@dataclass(frozen=True)
class Fit:
    """One parameter: its estimate, the standard error, and from how many observations."""

    name: str
    value: float
    error: float
    count: int
    note: str = ""


def rents(years: Array, quotes: Array) -> list[Fit]:
    """Fit trend, mean reversion and volatility of an index of rents.

    Parameters
    ----------
    years : ndarray
        Dates, ascending. [years]
    quotes : ndarray
        Index of rents, above 0. [USD/GPU-hour]

    Returns
    -------
    list of Fit
        decline, mean_reversion and gpu_vol (of the rents, so with a ``rent_beta`` of 1).
    """
    y, n = np.log(quotes), len(quotes) - 1
    grid = np.geomspace(_SLOWEST, _FASTEST, 200)
    likely = np.array([_likelihood(rate, years, y)[0] for rate in grid])
    best = int(np.argmax(likely))
    low, high = math.log(grid[max(best - 1, 0)]), math.log(grid[min(best + 1, 199)])
    rate = math.exp(_peak(lambda x: _likelihood(math.exp(x), years, y)[0], low, high))
    _, slope, slope_error, vol = _likelihood(rate, years, y)
    step = 0.05 * rate
    around = [_likelihood(r, years, y)[0] for r in (rate - step, rate, rate + step)]
    bend = (2.0 * around[1] - around[0] - around[2]) / step**2
    if best == 0:
        rate, rate_error, note = 0.0, math.nan, "no mean reversion can be told from none"
    else:
        rate_error = 1.0 / math.sqrt(bend) if bend > 0.0 else math.nan
        # of an autoregression with a trend, (2 + 4ρ)/n: Kendall 1954
        note = f"estimates of it tend to be too high, here by {6.0 / (years[-1] - years[0]):.2g}"
    kept = math.exp(slope)
    return [
        Fit("decline", 1.0 - kept, kept * slope_error, n + 1),
        Fit("mean_reversion", rate, rate_error, n, note),
        Fit("gpu_vol", vol, vol / math.sqrt(2.0 * n), n, "of rents; rent_beta is then 1"),
    ]


def _likelihood(rate: float, years: Array, y: Array) -> tuple[float, float, float, float]:
    """Log-likelihood at a mean reversion, with the slope, its error and the volatility there."""
    steps = np.diff(years)
    kept = np.exp(-rate * steps)
    spread = np.sqrt(-np.expm1(-2.0 * rate * steps) / (2.0 * rate))
    left = np.column_stack([-np.expm1(-rate * steps), years[1:] - kept * years[:-1]])
    left = left / spread[:, None]
    right = (y[1:] - kept * y[:-1]) / spread
    found, *_ = np.linalg.lstsq(left, right, rcond=None)
    n = len(right)
    variance = max(float(np.sum((right - left @ found) ** 2)) / n, 1e-300)
    inverse = np.linalg.pinv(left.T @ left)
    likely = -0.5 * n * math.log(variance) - float(np.sum(np.log(spread)))
    return likely, float(found[1]), math.sqrt(variance * inverse[1, 1]), math.sqrt(variance)


def _peak(f: Callable[[float], float], low: float, high: float) -> float:
    """Golden section: where a function with one peak has it."""
    share = (math.sqrt(5.0) - 1.0) / 2.0
    a, b = high - share * (high - low), low + share * (high - low)
    fa, fb = f(a), f(b)
    for _ in range(60):
        if fa > fb:
            high, b, fb = b, a, fa
            a = high - share * (high - low)
            fa = f(a)
        else:
            low, a, fa = a, b, fb
            b = low + share * (high - low)
            fb = f(b)
    return 0.5 * (low + high)


def matched_index(
    years: Array, sources: NDArray[np.object_], quotes: Array
) -> tuple[Array, Array, Array]:
    """Chain the changes of the sources that are quoted on two dates in turn.

    Returns
    -------
    tuple of ndarray
        Dates, index (its first value the mean quote), and for each change how many sources are
        in it. A date that shares no source with the one before cannot be chained and begins
        the index anew: what comes before it is left out.
    """
    dates = np.unique(years)
    by_date = [
        {s: math.log(q) for s, q in zip(sources[years == d], quotes[years == d], strict=True)}
        for d in dates
    ]
    first, logs = 0, [float(np.mean([*by_date[0].values()]))]
    counts: list[int] = []
    for i in range(1, len(dates)):
        both = by_date[i].keys() & by_date[i - 1].keys()
        if not both:
            first, logs, counts = i, [float(np.mean([*by_date[i].values()]))], []
            continue
        change = np.mean([by_date[i][s] - by_date[i - 1][s] for s in sorted(both, key=str)])
        logs.append(logs[-1] + float(change))
        counts.append(len(both))
    return dates[first:], np.exp(logs), np.array(counts, dtype=np.float64)


def median_index(years: Array, quotes: Array) -> tuple[Array, Array]:
    """Return the median quote of each date, whoever is quoted."""
    dates = np.unique(years)
    return dates, np.array([np.median(quotes[years == d]) for d in dates])


def coin(years: Array, prices: Array) -> list[Fit]:
    """Fit drift, volatility and jumps of a coin.

    Returns
    -------
    list of Fit
        coin_vol (of the days without jumps), coin_drift, jump_intensity, coin_jump and
        coin_jump_vol.
    """
    steps, returns = np.diff(years), np.diff(np.log(prices))
    jump, vol = _jumps(steps, returns)
    span, n, hits = float(years[-1] - years[0]), len(returns), int(np.sum(jump))
    calm = n - hits
    total = float(np.sum(returns))
    sizes = returns[jump]
    mean = float(np.mean(sizes)) if hits else 0.0
    spread = float(np.std(sizes, ddof=1)) if hits > 1 else 0.0
    compensated = hits / span * math.expm1(mean + 0.5 * spread**2) if hits else 0.0
    drift = (total - float(np.sum(sizes))) / span + 0.5 * vol**2 + compensated
    drift_error = math.sqrt(vol**2 / span + hits * (mean**2 + spread**2) / span**2)
    few = "" if hits > 1 else "too few jumps for a figure; taken as 0"
    return [
        Fit("coin_vol", vol, vol / math.sqrt(2.0 * calm), calm, "without the jumps"),
        Fit("coin_drift", drift, drift_error, n, "of the mean; a view serves better"),
        Fit("jump_intensity", hits / span, math.sqrt(max(hits, 1)) / span, hits),
        Fit("coin_jump", mean, spread / math.sqrt(hits) if hits > 1 else math.nan, hits, few),
        Fit("coin_jump_vol", spread, spread / math.sqrt(2.0 * hits - 2.0) if hits > 1 else math.nan,
            hits, few),
    ]  # fmt: skip


def _jumps(steps: Array, returns: Array) -> tuple[Mask, float]:
    """Tell the returns too far out for a diffusion, and the volatility of the rest per √year."""
    scores = returns / np.sqrt(steps)
    centre = np.median(scores)
    scale = np.median(np.abs(scores - centre)) / float(normal.quantile(0.75))
    far = float(-normal.quantile(0.5 / (_FALSE_ALARMS * len(scores))))
    jump = np.abs(scores - centre) > far * scale
    return jump, float(np.std(scores[~jump], ddof=1))


def correlations(
    coin_years: Array, prices: Array, rent_years: Array, index: Array, trigger: float
) -> list[Fit]:
    """Correlate coin and rents, in calm and in stress, and tell what rents did in coin's jumps.

    Returns
    -------
    list of Fit
        correlation, stressed_correlation and gpu_jump; NaN where too few intervals are there.
    """
    at = np.searchsorted(coin_years, rent_years, side="right") - 1
    known = (at >= 0) & (rent_years - coin_years[np.maximum(at, 0)] <= _STALE_YEARS)
    spans = known[1:] & known[:-1] & (at[1:] > at[:-1])
    steps = np.diff(rent_years)
    moves = np.diff(np.log(prices[np.maximum(at, 0)]))
    rises = np.diff(np.log(index))
    high = np.maximum.accumulate(prices)
    fallen = (prices <= (1.0 - trigger) * high)[np.maximum(at[:-1], 0)]
    jump, _ = _jumps(np.diff(coin_years), np.diff(np.log(prices)))
    passed = np.concatenate([[0], np.cumsum(jump)])[np.maximum(at, 0)]
    struck = spans & (np.diff(passed) > 0)
    x, y = moves / np.sqrt(steps), rises / np.sqrt(steps)
    calm = _correlation("correlation", x, y, spans & ~fallen)
    stressed = _correlation("stressed_correlation", x, y, spans & fallen)
    quiet = spans & ~struck
    usual = float(np.mean(rises[quiet] / steps[quiet])) if quiet.any() else 0.0
    sizes, hits = (rises - usual * steps)[struck], int(np.sum(struck))
    if hits < 2:
        return [calm, stressed, Fit("gpu_jump", math.nan, math.nan, hits, "too few jumps")]
    error = float(np.std(sizes, ddof=1)) / math.sqrt(hits)
    return [calm, stressed, Fit("gpu_jump", float(np.mean(sizes)), error, hits)]


def _correlation(name: str, x: Array, y: Array, where: Mask) -> Fit:
    """Pearson's correlation; its error is that of Fisher's transform, taken back."""
    count = int(np.sum(where))
    if count < FEWEST:
        return Fit(name, math.nan, math.nan, count, "too few intervals")
    value = float(np.corrcoef(x[where], y[where])[0, 1])
    return Fit(name, value, (1.0 - value**2) / math.sqrt(count - 3.0), count)
