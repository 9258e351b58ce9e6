"""Worksheet functions: the loan on simulated joint paths of coin, cards, rents and customer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from xlcredit.errors import CellError
from xlcredit.functions.agreement import NONE, agree
from xlcredit.models.estimates import Estimate, Figure
from xlcredit.models.simulated_loan import Deal, Terms
from xlcredit.worksheet.arguments import folded
from xlcredit.worksheet.boundary import read_arguments
from xlcredit.worksheet.kinds import Series, Whole
from xlcredit.worksheet.registry import REGISTRY, worksheet
from xlcredit.worksheet.results import BlockResult

if TYPE_CHECKING:
    from xlcredit.models.simulation import Result

CATEGORY = "xlcredit: Dual collateral"

Array = NDArray[np.float64]

#: A cell that takes longer is a slip: this many periods of single paths, and periods of a loan.
_MOST_STEPS, _MOST_PERIODS = 1e9, 36_500
#: The same of a grid, where the kernel is compiled.
_MOST_GRID_STEPS = 4e9
#: Periods of single paths in a second on one processor, as NumPy does them, and compiled.
_SPEED, _COMPILED_SPEED = 8e6, 1e8

#: The series of a simulation, in the order of the arguments.
SERIES = ("scheduled", "contracted", "merchant", "opex", "relet", "gpu_curve")

Measure = Literal[
    "all",
    Figure,
    "call_probability_error",
    "liquidation_probability_error",
    "payment_default_probability_error",
    "repaid_probability_error",
    "unpaid_probability_error",
    "expected_loss_error",
    "expected_unpaid_error",
    "loss_given_default_error",
    "spread_error",
    "loss_p95_error",
    "loss_p99_error",
    "shortfall_p99_error",
    "max_ltv_p50_error",
    "max_ltv_p95_error",
    "max_ltv_p99_error",
    "periods_to_first_call_error",
    "ltv_p05",
    "ltv_p25",
    "ltv_p50",
    "ltv_p75",
    "ltv_p95",
    "called_by",
    "liquidated_by",
    "defaulted_by",
    "loss_shares",
]

_ONE_PATH = "the figure rests on one path, which has no standard error; ask for more paths"
Kept = tuple[tuple[str, tuple[float, ...]], ...]
Figures = dict[str, tuple[Any, Any]]

#: Quantiles of the LTV by period, and events that are counted up to each period.
_FAN = {"ltv_p05": 0.05, "ltv_p25": 0.25, "ltv_p50": 0.5, "ltv_p75": 0.75, "ltv_p95": 0.95}
_EVENTS = {
    "called_by": "first_call",
    "liquidated_by": "liquidation",
    "defaulted_by": "payment_default",
}
_TIE = 1e-12
#: What stands behind the name of a figure for its standard error.
_ERROR = "_error"
#: Into how many losses of equal width the loan is cut.
_LOSSES = 20

_MISSING = {
    "loss_given_default": "no path was enforced",
    "spread": "there is no loan",
    "periods_to_first_call": "no path had a margin call",
}


@worksheet(CATEGORY)
def XLC_DUAL_SIM(
    terms: Terms,
    scheduled: Series = NONE,
    contracted: Series = NONE,
    merchant: Series = NONE,
    opex: Series = NONE,
    relet: Series = NONE,
    gpu_curve: Series = NONE,
    paths: Whole = 100_000,
    seed: Whole = 1,
    measure: Measure = "all",
) -> BlockResult:
    """Margin calls, defaults, losses and spread of a loan on joint paths of coin and cards. [block]

    Parameters
    ----------
    terms : block
        loan, rate and months; what else can be agreed and assumed, and what holds when a label is
        not given, stands in the notes. [block]
    scheduled : series, optional
        Principal that falls due in each period; 0 when not given. [USD]
    contracted : series, optional
        Contract revenue of each period, while the customer is there. [USD]
    merchant : series, optional
        Uncontracted revenue of each period at base rents; moves with rents. [USD]
    opex : series, optional
        Operating cost of each period. [USD]
    relet : series, optional
        What the contracted cards earn on the market at base rents once the customer has gone;
        moves with rents. [USD]
    gpu_curve : series, optional
        Expected price of a card, at closing and at the end of each period; replaces gpu_price and
        gpu_drift. [USD/unit]
    paths : whole number, optional
        Number of simulated paths; 100,000 when not given. [paths]
    seed : whole number, optional
        Seed of the random numbers; 1 when not given. Equal seeds give equal answers. [number]
    measure : text, optional

    Returns
    -------
    block
        Label, value and standard error of call_probability, liquidation_probability,
        payment_default_probability, repaid_probability, unpaid_probability (overdue at the end of
        a loan that still performs); expected_loss, expected_unpaid, loss_given_default (loss over
        exposure), spread (nominal, that pays the expected loss); loss_p95, loss_p99,
        shortfall_p99 (mean of the worst 1% of paths); max_ltv_p50, max_ltv_p95, max_ltv_p99
        (highest LTV of a path); periods_to_first_call (mean of the paths with a call). The value
        alone for one figure, its standard error where _error follows the name. Asked by name only,
        a value a period: ltv_p05, ltv_p25, ltv_p50,
        ltv_p75, ltv_p95 (LTV that this share of the loans still tested does not exceed; 0 where
        none is); called_by, liquidated_by, defaulted_by (share of the paths with a call,
        liquidated, in payment default so far). loss_shares: the share of the paths without a loss,
        then with one of up to 5%, 10% ... 100% of the loan; the last holds what is above too.
        [block]

    Raises
    ------
    #N/A
        In a figure that does not exist: no margin levels, no call, no enforcement, no loan; in
        the standard error of a figure that rests on one path alone.
    #NUM!
        A term is outside its domain, the triggers are not in order (cure_ltv < call_ltv <=
        liquidation_ltv), the LTV at closing is at or above call_ltv, or the paths would take too
        long.
    #VALUE!
        months are no whole number of periods, a series has another length, collateral has no
        price, a label of the terms is wrong or lacks another that it needs.

    Notes
    -----
    The loan is that of XLC_REPAYMENT, with its labels, its order of events in a period and its
    ties. Labels of the market, 0 where nothing else is said: months; coin_price, gpu_price (at
    closing); coin_vol, gpu_vol, coin_drift, gpu_drift, mean_reversion (of card prices to their
    curve); correlation, stressed_correlation, drawdown_trigger (blank: never stressed);
    jump_intensity, coin_jump, gpu_jump, coin_jump_vol, gpu_jump_vol, jump_correlation; rent_beta
    1; hazard, hazard_elasticity, downtime_periods; loss_rate.

    Coin: a geometric Brownian motion with compensated Poisson jumps, which cards share. Card =
    curve x exp(Y - v/2 + J) over its mean, Y an Ornstein-Uhlenbeck process of variance v, J the
    sum of its log jumps; rent factor X the same with rent_beta Y and rent_beta J. Both have mean
    1 at every date. The shocks of coin and Y have the correlation, or stressed_correlation where
    coin closed the step before at or below (1 - drawdown_trigger) of its highest close.
    CFADS = contracted while the customer is there, relet X from downtime_periods + 1 periods
    after the one in which it stopped, merchant X - opex. The customer stops in a period with
    probability 1 - exp(-hazard X^(-hazard_elasticity) / periods_per_year), X of the period
    before: with an elasticity above 0 it walks when the market is cheaper than its contract.
    Without contracted, merchant and opex service is taken to be paid.
    spread = mean discounted loss / mean of the discounted balances over time.

    Examples
    --------
    >>> terms = [["loan", 60], ["rate", 0.1], ["months", 12], ["coin_units", 0.5],
    ...          ["gpu_units", 5], ["coin_price", 100], ["gpu_price", 10], ["coin_vol", 0.7],
    ...          ["gpu_vol", 0.4], ["gpu_drift", -0.2], ["correlation", 0.3], ["call_ltv", 0.75],
    ...          ["cure_ltv", 0.6], ["liquidation_ltv", 0.9], ["cure_periods", 1],
    ...          ["gpu_recovery", 0.6]]
    >>> call("XLC_DUAL_SIM", terms, 2, None, None, None, None, None, 2000)[:2]
    [['call_probability', 0.2975, 0.0102], ['liquidation_probability', 0.1075, 0.0069]]

    References
    ----------
    .. [1] Merton, R., "Option pricing when underlying stock returns are discontinuous", 1976.
    .. [2] Schwartz, E., "The stochastic behavior of commodity prices", J. Finance 52, 1997.
    .. [3] Clewlow, L. and Strickland, C., "Energy Derivatives", 2000: reversion to a given curve.
    """
    series = (scheduled, contracted, merchant, opex, relet, gpu_curve)
    given = dict(zip(SERIES, series, strict=True))
    check(terms, given)
    affordable(paths, terms)
    kept = tuple((name, tuple(s.tolist())) for name, s in given.items() if len(s))
    if measure in _FAN or measure in _EVENTS or measure == "loss_shares":
        return _by_period(terms, kept, paths, seed, measure)
    figures = _figures(terms, kept, paths, seed)
    if measure != "all":
        name = measure.removesuffix(_ERROR)
        value = figures[name][name != measure]
        if isinstance(value, CellError):
            raise value
        return value
    return [[name, *figure] for name, figure in figures.items()]


def deal_of(*raw: Any) -> tuple[Deal, int, int]:
    """Read the arguments of XLC_DUAL_SIM as a deal, its number of paths and its seed.

    Parameters
    ----------
    *raw
        Arguments as cells hold them.

    Raises
    ------
    CellError
        What the cell would show for arguments that are none or contradict one another.
    """
    terms, *series, paths, seed, _ = read_arguments(REGISTRY["XLC_DUAL_SIM"], raw)
    given = dict(zip(SERIES, series, strict=True))
    check(terms, given)
    kept = {name: values for name, values in given.items() if len(values)}
    return Deal.of(terms, **kept), paths, seed


def on_market(raw: Sequence[Any], market: Mapping[str, float]) -> list[Any]:
    """Put terms of the market in place of those that the arguments of a simulation say."""
    said, *others = raw
    labels = {folded(name) for name in market}
    kept = [row for row in said if not (isinstance(row[0], str) and folded(row[0]) in labels)]
    return [kept + [[name, value] for name, value in market.items()], *others]


def check(terms: Terms, series: dict[str, Array]) -> None:
    """Stop where the terms and series of a simulation contradict one another."""
    periods = terms.months * terms.periods_per_year / 12.0
    if terms.rate is None:
        raise CellError("#VALUE!", "terms: rate is required and missing")
    if periods < 1.0 or periods != math.floor(periods):
        message = "terms: months must be a whole number of periods, one at least"
        raise CellError("#VALUE!", f"{message}; got {terms.months:g} months, {periods:g} periods")
    if periods > _MOST_PERIODS:
        raise CellError("#NUM!", f"terms: months must make at most {_MOST_PERIODS} periods")
    foreign = {
        "trigger_level": terms.trigger_level > 0.0,
        "payment_periods": terms.payment_periods > 1.0,
        "principal_periods": terms.principal_periods > 1.0,
    }
    if any(foreign.values()):
        label = next(name for name, given in foreign.items() if given)
        raise CellError("#VALUE!", f"terms: {label} is one of XLC_REPAYMENT, not of a simulation")
    for name, values in series.items():
        wanted = int(periods) + (name == "gpu_curve")
        if len(values) not in (0, 1, wanted):
            message = f"{name} must have {wanted} values, or one for all; got {len(values)}"
            raise CellError("#VALUE!", f"{message} (months {terms.months:g})")
    curve = series["gpu_curve"]
    gpu = float(curve[0]) if len(curve) else terms.gpu_price
    for units, price, label in (
        (terms.coin_units, terms.coin_price, "coin_price"),
        (terms.gpu_units, gpu, "gpu_price"),
    ):
        if units > 0.0 and price == 0.0:
            held = label.replace("price", "units")
            raise CellError("#VALUE!", f"terms: {label} is required where there are {held}")
    agree(terms, terms.coin_price, gpu)


def affordable(paths: float, terms: Terms, cells: int = 1) -> None:
    """Stop before a simulation that would keep the workbook waiting."""
    steps = float(paths) * cells * terms.months * terms.periods_per_year / 12.0
    if steps <= _MOST_STEPS:
        return
    from xlcredit.models.simulation import can_compile  # noqa: PLC0415  (start-up stays short)

    compiled = can_compile()
    limit = _MOST_GRID_STEPS if compiled and cells > 1 else _MOST_STEPS
    if steps > limit:
        seconds = steps / (_COMPILED_SPEED if compiled else _SPEED)
        message = f"paths: {paths:,.0f} would take about {_duration(seconds)}"
        most = int(limit * paths // steps)
        raise CellError("#NUM!", f"{message}; at most {most:,} are run in a cell")


def _duration(seconds: float) -> str:
    for unit, size in (("years", 31_557_600.0), ("days", 86_400.0), ("hours", 3600.0)):
        if seconds >= 2.0 * size:
            return f"{seconds / size:,.0f} {unit}"
    return f"{max(seconds / 60.0, 1.0):,.0f} minutes"


def _figures(terms: Terms, series: Kept, paths: int, seed: int) -> Figures:
    """Values and standard errors; a small simulation records what cells by period ask for.

    Not where many follow one another, as in a grid, whose points read no charts.
    """
    from xlcredit.models.simulation import SMALL, repeats  # noqa: PLC0415  (start-up stays short)

    small = paths * terms.months * terms.periods_per_year / 12.0 <= SMALL
    return _simulated(terms, series, paths, seed, courses=small and not repeats())


def _by_period(terms: Terms, series: Kept, paths: int, seed: int, measure: str) -> Array:
    if measure in _FAN and terms.call_ltv is None:
        raise missing_figure(measure)
    return _courses(terms, series, paths, seed)[measure]


@lru_cache(maxsize=16)
def _simulated(terms: Terms, series: Kept, paths: int, seed: int, *, courses: bool) -> Figures:
    """Simulate once for all the cells that show one figure each."""
    run = _run(terms, series, paths, seed, courses=courses)
    return {name: _shown(name, figure) for name, figure in run.figures.items()}


@lru_cache(maxsize=2)  # some megabytes each
def _run(terms: Terms, series: Kept, paths: int, seed: int, *, courses: bool) -> Result:
    from xlcredit.models.simulation import simulate  # noqa: PLC0415  (start-up stays short)

    return simulate(Deal.of(terms, **dict(series)), paths, seed, courses=courses)


@lru_cache(maxsize=16)
def _courses(terms: Terms, series: Kept, paths: int, seed: int) -> dict[str, Array]:
    """The fan of LTVs, the events so far, and how large the losses are.

    Sorted when a cell asks for them: a grid of points reads none of its charts.
    """
    run = _run(terms, series, paths, seed, courses=True)
    fan = np.nan_to_num(run.fan(tuple(_FAN.values())), nan=0.0)
    found = dict(zip(_FAN, fan.T, strict=True))
    found |= {name: np.cumsum(run.by_period[event]) for name, event in _EVENTS.items()}
    # a loss that is an edge but for rounding does not exceed it
    edges = terms.loan * np.arange(_LOSSES) / _LOSSES * (1.0 + _TIE)
    up_to = np.searchsorted(run.losses.values, edges, side="right")
    counts = np.diff(np.concatenate([[0], up_to, [run.losses.count]]))
    return found | {"loss_shares": counts / run.losses.count}


def missing_figure(name: str) -> CellError:
    """Say why a figure does not exist."""
    return CellError("#N/A", _MISSING.get(name, "the terms have no margin levels"))


def _shown(name: str, figure: Estimate) -> tuple[float | CellError, float | CellError]:
    if math.isnan(figure.value):
        none = missing_figure(name)
        return none, none
    if math.isnan(figure.error):
        return figure.value, CellError("#N/A", _ONE_PATH)
    return figure.value, figure.error
