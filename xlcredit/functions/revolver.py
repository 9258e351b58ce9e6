"""Worksheet functions: a revolver under a borrowing base along one path."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from xlcredit.functions.agreement import NONE, figure, fit
from xlcredit.models.revolver import Course, Facility, follow
from xlcredit.worksheet.kinds import Block, Scalar, Series, pick, require
from xlcredit.worksheet.registry import worksheet
from xlcredit.worksheet.results import BlockResult

CATEGORY = "xlcredit: Debt"


@worksheet(CATEGORY)
def XLC_REVOLVER(
    terms: Facility,
    available: Series,
    cfads: Series,
    rates: Series,
    enforcement: Series = NONE,
    redraw_to: Series = NONE,
    refinancing: Scalar = 0.0,
    measure: Literal[
        "all",
        "status",
        "end_period",
        "first_missed",
        "unpaid",
        "exposure",
        "recovered",
        "loss",
        "drawn",
        "swept",
        "distributed",
        "peak_arrears",
        "min_dscr",
        "min_excess",
        "irr",
        "balance",
        "series",
    ] = "all",
) -> BlockResult:
    """Is the lender of a revolver repaid? Draws, prepayments and cash along one path. [block]

    Parameters
    ----------
    terms : block
        loan (drawn at closing) and commitment; what else can be agreed stands in the notes. [block]
    available : series
        Lower of borrowing base and commitment in each period. [USD]
    cfads : series
        Cash flow available for fixed charges in each period, may be negative. [USD]
    rates : series
        Interest, nominal per year, one per period. [1/year]
    enforcement : series, optional
        What enforcement would bring in each period; nothing when not given. [USD]
    redraw_to : series, optional
        Balance up to which the borrower draws again by itself, one for all periods or one per
        period; 0 when not given. [USD]
    refinancing : number, optional
        What a new lender would lend at the end; 0 when not given. [USD]
    measure : text, optional
        all, one of the figures by name, or series; all when not given. [name]

    Returns
    -------
    block
        status (performing, repaid or payment_default), end_period, first_missed; unpaid (owed at
        the end of a facility that still performs: no success); exposure, recovered, loss (of
        enforcement); drawn (after closing), swept, distributed (draws included), peak_arrears (of
        principal), min_dscr (the bullet at the end apart), min_excess (availability over the
        balance, before the last period and enforcement), irr (effective per year, on what is
        drawn), balance at the end. series: the balance after each period, that of the enforcement
        as it is enforced, 0 after it. [block]

    Raises
    ------
    #N/A
        In a figure that does not exist: no miss, no charges, no loan.
    #NUM!
        A term is outside its domain, or the loan is above the commitment.
    #VALUE!
        The series do not fit together, or a label of the terms is wrong or missing.

    Notes
    -----
    Labels of the terms: loan, commitment (both needed); block (availability that may never be
    drawn), unused_fee, fee, dsra_opening, dsra_periods (periods of interest held in reserve),
    sweep, dominion (excess availability, as a share of the commitment, below which cash prepays),
    lockup, recovery_periods, each 0 when not given; dominion_sweep 1; periods_per_year 12;
    grace_periods blank (never: nothing is enforced).

    Each period, in this order. (1) Due: interest on the balance; the balance above available -
    block, in the last period all of it. (2) Cash: cfads less the unused fee, and trapped cash. In
    the last period a new lender pays what cash and reserve do not, all or nothing. (3) What is
    missing for interest and an operating hole is drawn, as far as available - block goes. (4)
    Interest, then principal, out of cash, then out of the reserve; unpaid interest is capitalised,
    unpaid principal is in arrears. (5) The reserve is filled or released. (6) Sweep; in dominion
    cash prepays down to available - dominion commitment. (7) The borrower draws again up to
    redraw_to, outside dominion and lock-up. (8) Below the lock-up what is left is trapped, else
    distributed. (9) More misses in a row than grace_periods, or one in the last period: reserve,
    trapped cash and enforcement against the balance. Nothing is drawn in a period after a miss. A
    facility with a balance of 0 has ended. The unused fee is in no yield.

    Examples
    --------
    >>> terms = [["loan", 90], ["commitment", 100], ["periods_per_year", 1], ["grace_periods", 0],
    ...          ["block", 10]]
    >>> call("XLC_REVOLVER", terms, [90, 70, 60], [20, 30, 16], 0.1, 40)[:8]
    [['status', 'payment_default'], ['end_period', 3.0], ['first_missed', 3.0], ['unpaid', 0.0],
     ['exposure', 50.0], ['recovered', 40.0], ['loss', 10.0], ['drawn', 0.0]]

    1: interest 9 and an overadvance of 90 - 80 = 10 are paid out of 20. 2: 8 and 20 out of 30. 3:
    all is due, 60 and interest 6; 16 pay the interest and 10: 50 are enforced and bring 40.

    References
    ----------
    .. [1] Office of the Comptroller of the Currency, "Asset-Based Lending", 2014.
    """
    given = {"available": available, "cfads": cfads, "rates": rates, "enforcement": enforcement}
    series = fit(given | {"redraw_to": redraw_to}, {})
    require(
        terms.loan <= terms.commitment,
        "terms: loan must be at most the commitment; got {} and {}",
        terms.loan,
        terms.commitment,
    )
    worth = series["enforcement"] or [0.0] * len(series["cfads"])
    course = follow(
        terms,
        series["available"],
        series["cfads"],
        series["rates"],
        worth,
        series["redraw_to"],
        refinancing,
    )
    if measure == "series":
        return np.array(course.balances)
    return pick(measure, **_figures(course))


def _figures(course: Course) -> Block:
    covers = [cover for cover in course.covers if not math.isnan(cover)]
    return {
        "status": course.status,
        "end_period": course.end_period,
        "first_missed": figure(course.first_missed, "every payment was made"),
        "unpaid": course.unpaid,
        "exposure": course.exposure,
        "recovered": course.recovered,
        "loss": course.loss,
        "drawn": course.drawn,
        "swept": course.swept,
        "distributed": course.distributed,
        "peak_arrears": course.peak_arrears,
        "min_dscr": min(covers, default=figure(0, "no period has fixed charges")),
        "min_excess": min(course.excess, default=figure(0, "there is one period")),
        "irr": figure(course.irr, "there is no loan"),
        "balance": 0.0 if course.exposure else course.balances[-1],
    }
