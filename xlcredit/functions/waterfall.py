"""Worksheet functions: the cash waterfall."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from xlcredit.errors import CellError
from xlcredit.functions.agreement import NONE, fit
from xlcredit.models import loan
from xlcredit.worksheet.kinds import Scalar, Series
from xlcredit.worksheet.registry import worksheet
from xlcredit.worksheet.results import ScheduleResult

CATEGORY = "xlcredit: Debt"


@dataclass(frozen=True)
class WaterfallTerms:
    """Accounts and tests of the waterfall; none where not given."""

    dsra_opening: float = 0.0
    dsra_periods: float = 0.0
    dsra_stays: float = 0.0
    sweep: float = 0.0
    lockup: float = 0.0
    liquidity: float = 0.0
    principal_periods: float = 1.0
    periods_per_year: float = 12.0


_PLAIN = WaterfallTerms()
_COLUMNS = (
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


@worksheet(CATEGORY)
def XLC_WATERFALL(
    cfads: Series,
    balance: Scalar,
    rate: Series,
    scheduled: Series,
    terms: WaterfallTerms = _PLAIN,
    measure: Literal[
        "schedule",
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
    ] = "schedule",
    prepayment: Series = NONE,
) -> ScheduleResult:
    """Cash through the accounts of a loan, by period: who is paid what, what is missing. [USD]

    Parameters
    ----------
    cfads : series
        Cash flow available for debt service; may be negative. [USD]
    balance : number
        Debt at closing. [USD]
    rate : series
        Interest, nominal per year, compounded each period; one value or one a period. [1/year]
    scheduled : series
        Scheduled principal of each period. [USD]
    terms : block, optional
        dsra_opening (at closing), dsra_periods (services held), dsra_stays (1: full to the
        end), sweep (share of free cash), lockup (DSCR of no distribution), liquidity (equity cure):
        0 when not given; periods_per_year (12), principal_periods (1). [block]
    measure : text, optional
        schedule, or one of its columns by name; schedule when not given. [name]
    prepayment : series, optional
        Cash of each period, counted in cfads, that must prepay and covers no service: a customer's
        termination payment; none when not given. [USD]

    Returns
    -------
    schedule
        A period each: interest, principal, sweep (all paid; what must
        prepay counts as swept), closing, dsra, trap (balances),
        distribution, dscr [ratio; ``#N/A`` when nothing is due], unpaid, gap. [USD]

    Raises
    ------
    #VALUE!
        ``cfads``, ``scheduled`` and ``rate`` differ in length, or ``terms`` holds an unknown
        label.
    #NUM!
        An argument is outside its domain.

    Notes
    -----
    Each period, in this order. (1) Cash is cfads plus trapped cash; below 0 it is met from the
    reserve, then from liquidity, the rest is gap. (2) Interest, then scheduled principal and
    arrears up to the balance, each topped up from the reserve, then from liquidity; unpaid
    interest is capitalised, unpaid principal is in arrears. (3) prepayment repays, as far as cash
    is left; the reserve is topped up from the rest, or released, to the next dsra_periods services
    of the original schedule. (4) The sweep prepays; all that is prepaid takes the last instalments
    first. (5) Once repaid, the reserve is released. (6) The rest is distributed if dscr = (cfads -
    prepayment) / (interest and principal due) meets the lock-up or nothing is due; else it is
    trapped until it does; principal_periods are those of XLC_REPAYMENT, whose lock-up and sweep
    wait for the dates of principal. cfads + trap and dsra before + liquidity used + gap =
    interest + principal + sweep + distribution + trap + dsra. XLC_REPAYMENT has the same loan with
    collateral, grace and default.

    Examples
    --------
    >>> call("XLC_WATERFALL", [60, 20, 60], 100, 0.1, [30, 30, 40],
    ...      {"dsra_opening": 20, "periods_per_year": 1})[0]
    [10.0, 30.0, 0.0, 70.0, 0.0, 0.0, 40.0, 1.5, 0.0, 0.0]
    >>> call("XLC_WATERFALL", [50, 50, 50], 100, 0.1, [30, 30, 40],
    ...      {"sweep": 0.5, "periods_per_year": 1})[1]
    [6.5, 30.0, 6.75, 28.25, 0.0, 0.0, 6.75, 1.369863, 0.0, 0.0]
    >>> call("XLC_WATERFALL", [60, 20, 60], 100, 0.1, [30, 30, 40],
    ...      {"liquidity": 10, "periods_per_year": 1}, "unpaid")
    [[0.0], [7.0], [0.0]]
    >>> call("XLC_WATERFALL", [60, 20, 60], 100, [0.1, 0.1, 0.2], [30, 30, 40],
    ...      {"periods_per_year": 1}, "unpaid")
    [[0.0], [17.0], [8.4]]
    >>> call("XLC_WATERFALL", [60, 70, 60], 100, 0.1, [30, 30, 30], {"periods_per_year": 1},
    ...      "closing", [0, 25, 0])
    [[70.0], [15.0], [0.0]]

    References
    ----------
    .. [1] Yescombe, E., "Principles of Project Finance", 2014: the cash-flow cascade.
    """
    series = fit(
        {"cfads": cfads, "rate": rate, "scheduled": scheduled, "prepayment": prepayment}, {}
    )
    agreed = loan.Terms(
        loan=balance,
        periods_per_year=terms.periods_per_year,
        dsra_opening=terms.dsra_opening,
        dsra_periods=terms.dsra_periods,
        dsra_stays=terms.dsra_stays,
        sweep=terms.sweep,
        lockup=terms.lockup,
        liquidity=terms.liquidity,
        principal_periods=terms.principal_periods,
    )
    plan = loan.Plan.of(agreed, series["scheduled"], series["rate"], series["prepayment"])
    _, flows, accounts = loan.trace(agreed, plan, series["cfads"])
    rows = [
        (f.interest, f.principal, f.swept, *a, f.distribution, f.dscr, f.unpaid, f.gap)
        for f, a in zip(flows, accounts, strict=True)
    ]
    table = np.array(rows)
    if measure != "schedule":
        table = table[:, _COLUMNS.index(measure)]
    idle = np.isnan(table)
    if not idle.any():
        return table
    cells = table.astype(object)
    cells[idle] = CellError("#N/A", "nothing is due in this period")
    return cells
