"""Worksheet functions: whether the lender of a loan is repaid along one path."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Literal

import numpy as np

from xlcredit.errors import CellError
from xlcredit.functions.agreement import NONE, agree, figure, fit
from xlcredit.models import loan
from xlcredit.models.lender import Earned, earned
from xlcredit.worksheet.kinds import Block, Series, Whole, pick
from xlcredit.worksheet.registry import worksheet
from xlcredit.worksheet.results import BlockResult

CATEGORY = "xlcredit: Debt"

_COVERS = ("min_dscr", "min_scheduled_dscr", "min_forward_dscr")
#: What has a value a period.
_SERIES = ("series", "distributions", "gaps", "overdue", "missing")

#: A series as it can be compared; None where none is given.
Path = tuple[float, ...] | None


@worksheet(CATEGORY)
def XLC_REPAYMENT(
    terms: loan.Terms,
    scheduled: Series,
    cfads: Series = NONE,
    coin_prices: Series = NONE,
    gpu_prices: Series = NONE,
    rates: Series = NONE,
    measure: Literal[
        "all",
        "status",
        "end_period",
        "first_missed",
        "unpaid",
        "exposure",
        "recovered",
        "loss",
        "distributed",
        "surplus",
        "swept",
        "calls",
        "first_call",
        "sales",
        "topped_up",
        "coin_sold",
        "max_ltv",
        "min_dscr",
        "min_scheduled_dscr",
        "min_forward_dscr",
        "irr",
        "multiple",
        "wal",
        "balance",
        "reserve",
        "trapped",
        "liquidity",
        "coin_units",
        "series",
        "distributions",
        "gaps",
        "overdue",
        "missing",
    ] = "all",
    window: Whole = 1,
    first_test: Whole = 1,
    prepayment: Series = NONE,
) -> BlockResult:
    """Is the lender repaid? The whole loan along one path of cash flow and prices. [block]

    Parameters
    ----------
    terms : block
        loan and rate (nominal per year); what else can be agreed, and what holds when a label is
        not given, stands in the notes. [block]
    scheduled : series
        Principal that falls due in each period, as signed; below 0 a draw, lent then. [USD]
    cfads : series, optional
        Cash flow available for debt service, may be negative; service counts as paid when not
        given. [USD]
    coin_prices : series, optional
        Path of coin prices, today's first, then one per period; or, without coin, of the index
        that trigger_level reads; none when not given. [USD/coin]
    gpu_prices : series, optional
        Path of card prices, today's first, then one per period; none when not given. [USD/unit]
    rates : series, optional
        Interest, nominal per year, one per period, in place of the label rate. [1/year]
    measure : text, optional
        all, one of the figures by name, or series; all when not given. [name]
    window : number, optional
        Periods that a DSCR adds up, those before first_test left out; 1 when not given. [periods]
    first_test : number, optional
        First period whose DSCR counts for the three figures of it; 1 when not given. [periods]
    prepayment : series, optional
        Cash of each period, counted in cfads, that must prepay and covers no service: a customer's
        termination payment; none when not given. [USD]

    Returns
    -------
    block
        status (performing, repaid, liquidated or payment_default), end_period, first_missed;
        unpaid (overdue at the end of a loan that still performs: such a loan is no success);
        exposure, recovered, loss (of enforcement); distributed, surplus (of enforcement), swept;
        calls, first_call, sales (count), topped_up (cash), coin_sold (value), max_ltv; min_dscr
        (on what is due, arrears and prepayments counted), min_scheduled_dscr (on the service as
        scheduled, tests until the loan ends), min_forward_dscr (the same on windows that begin
        after the test, and end with the schedule at the latest); irr (effective per year, -1 if
        nothing came back), multiple, wal (years); balance, reserve, trapped, liquidity, coin_units
        at the end; after an enforcement the first three are 0, and coin_units is the coin that was
        enforced. series: the balance after each period, 0 once the loan is repaid or enforced.
        distributions: what each period leaves to the owner, the loan repaid or not. gaps: the
        operating hole of each period that nobody meets. overdue: what it would take after each
        period to bring the loan up to date (its balance above the schedule, or arrears of
        principal where they are more; in the last period above the balloon) and to have met every
        such hole so far. missing: the service of each period that is not paid and, where any is
        not, that period's hole: in the last one, with a balloon of 0, what is left to refinance.
        All five are 0 after the period of an acceleration. [block]

    Raises
    ------
    #N/A
        In a figure that does not exist: no miss, no call, no service, no margin levels, no loan.
    #NUM!
        A term is outside its domain, the triggers are not in order (cure_ltv < call_ltv <=
        liquidation_ltv) or without collateral, or the LTV at closing is at or above call_ltv.
    #VALUE!
        The series do not fit together, collateral has no prices, or a label of the terms is wrong
        or lacks another that it needs.

    Notes
    -----
    Labels of the terms, with their defaults: periods_per_year 12; balloon blank (the schedule
    alone says what is due; a number: all above it is due in the last period, the rest is
    refinanced then); fee, oid 0; dsra_opening, dsra_periods, sweep, lockup, liquidity 0;
    dsra_stays 0 (1: the last full target stands until the last period, for a balloon);
    grace_periods blank (never: arrears run on, nothing is enforced for them; 0: the first missed
    service is a payment default); cash_control 1 (0: what is left after the sweep leaves at
    once); coin_units, gpu_units, coin_haircut, gpu_haircut 0; call_ltv, cure_ltv,
    liquidation_ltv blank (all three or none); cure_periods, coin_slippage 0; gpu_recovery 1, or
    a forced sale: gpu_depth (cards a day), sale_days 90, gpu_impact 0, exponent 0.6,
    sale_haircut 0, sale_cost 0; recovery_periods 0; accelerated 0 (the period in which the
    borrower fails elsewhere and all falls due, balloon and grace or not; 0 for never: the loan
    ends then, and until then is held to the whole schedule; with this label a cfads of several
    periods may end sooner, and the borrower then fails in its last); payment_periods 1 (more: cash,
    interest and principal of that many periods come together on payment dates, the last period one
    of them, and nothing moves between; a miss lasts from one date to the next); principal_periods 1
    (more: cash is kept for the principal of every so many periods, counted back from the last: it
    is swept and distributed on those dates alone, on which each DSCR is read, that of the lock-up
    since the one before; interest, reserve and prepayment do not wait); trigger_level 0 (in
    a period with an index below it sweep and dsra_periods are at least trigger_sweep and
    trigger_dsra_periods, 0 when not given).

    In each period, in this order. (1) Due: interest = balance rate / periods_per_year; principal =
    scheduled + arrears, at most the balance; in the last period with a balloon at least balance -
    balloon. (2) Cash is cfads and trapped cash; below 0 it is met from the reserve, then from
    liquidity. (3) Service is paid out of cash, reserve, liquidity; unpaid interest is capitalised,
    unpaid principal is in arrears. (4) More misses in a row than grace_periods, or one in the last
    period: payment default. (5) prepayment repays, as far as cash is left; the reserve is filled
    or released to the next dsra_periods services of the schedule. (6) sweep of the cash that is
    left prepays. (7) A balance of 0: repaid, the accounts go to the borrower. (8) LTV = balance /
    (coin and cards after haircuts): at liquidation_ltv it is enforced; at call_ltv a call opens,
    below it closes; cure_periods later cash tops up to cure_ltv, then coin is sold; what stays
    uncured is enforced. Cash is trapped while a call is open or (cfads - prepayment) / (interest
    and scheduled principal) < lockup, else distributed. (9) Enforcement: reserve, cash, coin less
    coin_slippage and cards' net proceeds; what they do not cover is the loss; the money comes
    recovery_periods later. Equality to twelve digits is equality. irr, multiple and wal count
    the balance that is refinanced at the end at par, less unpaid.

    What is left out: interest on overdue amounts, and from enforcement to the money. Capitalised
    interest falls due at the end alone; with a blank balloon it then shows as unpaid. Coin is not
    sold for a missed service. The reserve pays operating holes too, and may exceed the debt.

    Examples
    --------
    >>> terms = [["loan", 100], ["rate", 0.1], ["periods_per_year", 1], ["dsra_periods", 1],
    ...          ["sweep", 0.5], ["lockup", 1.2], ["grace_periods", 1], ["coin_units", 1],
    ...          ["gpu_units", 4], ["gpu_haircut", 0.5], ["call_ltv", 0.8], ["cure_ltv", 0.7],
    ...          ["liquidation_ltv", 0.9], ["cure_periods", 1], ["coin_slippage", 0.1],
    ...          ["gpu_recovery", 0.4], ["recovery_periods", 1]]
    >>> call("XLC_REPAYMENT", terms, [10, 10, 10, 10, 10, 10], [49, 20, -5, 25, 14, 2],
    ...      [100, 90, 80, 70, 36, 30, 24], [20, 19, 18, 16, 14, 12, 5])[:7]
    [['status', 'payment_default'], ['end_period', 6.0], ['first_missed', 3.0], ['unpaid', 0.0],
     ['exposure', 12.86], ['recovered', 8.18], ['loss', 4.68]]

    Line by line: cfads, interest and principal paid; sweep, coin sold (what it repays);
    distribution; balance, reserve, trapped cash; LTV. ::

         cfads  interest principal sweep    coin distr  balance  reserve  trap   LTV
      1  49    10        10        5              5     85       19              .672
      2  20     8.5      10        1.25                 73.75    18       1.25   .634
      3  -5     7.375     6.875                         66.875                   .656
      4  25     6.6875   13.125                         53.75     5.1875         .840
      5  14     5.375    10               26.775        16.975    3.8125         .700
      6   2     1.6975    4.115                                                  default

    1: 29 are left after service; 19 fill the reserve to the next service, 90 x 0.1 + 10; half of
    the other 10 prepays. 2: 20/18.5 = 1.08 < 1.2, lock-up: what is left is trapped. 3: the 1.25
    trapped and 3.75 of the reserve fill the hole; its other 14.25 pay the interest, and all but
    3.125 of the principal: one miss, forgiven. 4: the arrears are paid too; 53.75/(36 + 28) =
    .84, a call. 5: after service 43.75/54 = .81 at the deadline: coin of (43.75 - .7 x 54)/(.9 -
    .7) = 29.75 is sold for 26.775; 16.975/24.25 = .70. 6: 5.885 are missing in the last period.
    Enforced are 16.975 - 4.115 = 12.86: cards bring 4 x 5 x 0.4 = 8, the coin that is left 0.18;
    4.68 are lost.

    References
    ----------
    .. [1] Yescombe, E., "Principles of Project Finance", 2014: cascade, reserve and lock-up.
    .. [2] Margin, cure and liquidation levels: published terms of BlockFi, Nexo and Unchained.
    """
    if 1 < len(cfads) < min(terms.accelerated, len(scheduled)):
        terms = replace(terms, accelerated=len(cfads))
        cfads = np.pad(cfads, (0, len(scheduled) - len(cfads)))
    series = fit(
        {"scheduled": scheduled, "cfads": cfads, "rates": rates, "prepayment": prepayment},
        {"coin_prices": coin_prices, "gpu_prices": gpu_prices},
    )
    if not terms.coin_units and not terms.trigger_level:
        series["coin_prices"] = None  # read by nobody: paths that differ in it alone are one
    coin, gpu = series["coin_prices"], series["gpu_prices"]
    if terms.rate is None and series["rates"] is None:
        raise CellError("#VALUE!", "terms: rate is required and missing")
    if series["prepayment"] and series["cfads"] is None:
        raise CellError("#VALUE!", "cfads is required with prepayment, which is a part of it")
    for label, prices in (("coin_units", coin), ("gpu_units", gpu)):
        if getattr(terms, label) > 0.0 and prices is None:
            named = "coin_prices" if label == "coin_units" else "gpu_prices"
            raise CellError("#VALUE!", f"{named} is required where terms hold {label}")
    if terms.trigger_level and coin is None:
        raise CellError("#VALUE!", "coin_prices is required: the index that trigger_level reads")
    agree(terms, coin[0] if coin else 0.0, gpu[0] if gpu else 0.0)
    # a zero has no sign here, as equal paths have one run
    paid = _paid(terms, *(s and tuple(v + 0.0 for v in s) for s in series.values()))
    if measure in _SERIES:
        found = paid.series(measure)
        return np.array(found + [0.0] * (len(series["scheduled"]) - len(found)))
    asked = [name for name in _COVERS if measure in ("all", name)]
    covers = {name: _lowest(name, paid, series["cfads"], window, first_test) for name in asked}
    lender = paid.lender if measure in ("all", *Earned._fields) else None
    return pick(measure, **_figures(terms, paid, covers, lender))


@dataclass(frozen=True)
class _Paid:
    """A loan that has run along one path; what no cell asks for is not measured."""

    terms: loan.Terms
    plan: loan.Plan
    end: loan.State
    run: list[loan.Flow]  #: what moved in each period of the schedule
    balances: list[float]

    @cached_property
    def flows(self) -> list[loan.Flow]:
        """What moved up to the end of the loan."""
        return self.run[: self.end.end_period]

    @cached_property
    def lender(self) -> Earned:
        """What the lender earned."""
        return earned(self.terms, self.plan, self.end, self.flows)

    def series(self, measure: str) -> list[float]:
        """Give what has a value a period."""
        match measure:
            case "series":
                return self.balances
            case "overdue":
                return loan.overdue(self.terms, self.plan, self.run, self.balances)
            case "gaps":
                return [flow.gap for flow in self.run]
            case "missing":  # a hole beside a loan that is paid, or repaid, is the owner's alone
                return [f.unpaid + f.gap if f.unpaid > 0.0 else 0.0 for f in self.run]
        return [flow.distribution for flow in self.run]


#: Cells that show one figure each of the same path stand side by side: as many paths as a sheet
#: of scenarios has.
@lru_cache(maxsize=32)
def _paid(
    terms: loan.Terms,
    scheduled: Path,
    cfads: Path,
    rates: Path,
    prepayment: Path,
    coin: Path,
    gpu: Path,
) -> _Paid:
    index = coin[1:] if coin and terms.trigger_level else None
    plan = _plan(terms, scheduled or (), rates, prepayment, index)
    end, flows, accounts = loan.trace(terms, plan, cfads, coin, gpu)
    return _Paid(terms, plan, end, flows, [balance for balance, _, _ in accounts])


#: A search for a break-even tries one loan on many paths.
@lru_cache(maxsize=8)
def _plan(
    terms: loan.Terms, scheduled: tuple[float, ...], rates: Path, prepayment: Path, index: Path
) -> loan.Plan:
    return loan.Plan.of(terms, scheduled, rates, prepayment, index)


def _lowest(
    name: str, paid: _Paid, cfads: list[float] | None, window: int, first: int
) -> float | None:
    """The lowest DSCR of the windows; None where no window has cash flow and anything due."""
    due = [f.service for f in paid.flows] if name == "min_dscr" else paid.plan.service
    due = due[first - 1 :]
    received = loan.gathered(cfads, paid.plan.every).tolist() if cfads else []
    cash = [c - p for c, p in zip(received, paid.plan.prepayment, strict=False)][first - 1 :]
    ahead = name == "min_forward_dscr"
    tested = paid.plan.shared[first - 1 :]  # between dates of principal a cover says nothing
    ends = range(1, paid.end.end_period - first + 2 if cash else 0)
    windows = [
        slice(end, end + window) if ahead else slice(max(0, end - window), end)
        for end in ends
        if tested[end - 1]
    ]
    covers = (
        math.fsum(cash[months]) / service
        for months in windows
        if (service := math.fsum(due[months])) > 0.0
    )
    return min(covers, default=None)


def _figures(
    terms: loan.Terms,
    paid: _Paid,
    covers: dict[str, float | None],
    lender: Earned | None,
) -> Block:
    """All figures but those of covers and lender that are not given."""
    none = figure(0, "no period that is tested has cash flow and debt service")
    plan, end, flows = paid.plan, paid.end, paid.flows
    levels = terms.call_ltv is not None
    return {
        "status": loan.STATUS[end.status],
        "end_period": end.end_period,
        "first_missed": figure(end.first_missed, "every service was paid"),
        "unpaid": loan.unpaid(end, terms, plan),
        "exposure": end.exposure,
        "recovered": end.recovered,
        "loss": end.loss,
        "distributed": math.fsum(f.distribution for f in flows),
        "surplus": end.surplus,
        "swept": math.fsum(f.swept for f in flows),
        "calls": end.calls,
        "first_call": figure(end.first_call, "there was no margin call"),
        "sales": end.sales,
        "topped_up": math.fsum(f.topped_up for f in flows),
        "coin_sold": math.fsum(f.coin_sold for f in flows),
        "max_ltv": end.max_ltv if levels else figure(0, "the terms have no margin levels"),
        **{name: none if cover is None else cover for name, cover in covers.items()},
        **({} if lender is None else _earned(lender)),
        "balance": end.balance,
        "reserve": end.reserve,
        "trapped": end.trapped,
        "liquidity": end.liquidity,
        "coin_units": end.coin_units,
    }


def _earned(lender: Earned) -> Block:
    return {
        "irr": figure(lender.irr, "there is no loan"),
        "multiple": figure(lender.multiple, "there is no loan"),
        "wal": figure(lender.wal, "nothing was repaid"),
    }
