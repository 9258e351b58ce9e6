"""Worksheet functions: margin calls, cures and enforcement along a path."""

from __future__ import annotations

from dataclasses import dataclass, fields

from xlcredit.functions.agreement import NONE, agree, figure, fit
from xlcredit.models import loan
from xlcredit.worksheet.kinds import Series, require
from xlcredit.worksheet.registry import worksheet
from xlcredit.worksheet.results import BlockResult

CATEGORY = "xlcredit: Dual collateral"


@dataclass(frozen=True, kw_only=True)
class MarginTerms:
    """Terms of the loan and of its margin mechanics; money in USD, shares as decimals."""

    loan: float
    rate: float
    scheduled: float = 0.0
    coin_units: float
    gpu_units: float
    coin_haircut: float = 0.0
    gpu_haircut: float = 0.0
    call_ltv: float
    cure_ltv: float
    liquidation_ltv: float
    cure_periods: float = 0.0
    liquidity: float = 0.0
    coin_slippage: float = 0.0
    gpu_recovery: float = 1.0
    periods_per_year: float = 12.0


_SHARED = [f.name for f in fields(MarginTerms) if f.name != "scheduled"]


@worksheet(CATEGORY)
def XLC_MARGIN_WATERFALL(
    terms: MarginTerms,
    coin_prices: Series,
    gpu_prices: Series,
    cash_flows: Series = NONE,
) -> BlockResult:
    """Margin calls, cures, coin sales, enforcement and loss along one path of prices. [block]

    Parameters
    ----------
    terms : block
        loan, rate, coin_units, gpu_units, call_ltv, cure_ltv, liquidation_ltv; 0 if not given:
        scheduled, coin_haircut, gpu_haircut, cure_periods, liquidity, coin_slippage;
        gpu_recovery (1), periods_per_year (12). [block]
    coin_prices : series
        Path of coin prices, today's first, then one per period. [USD/coin]
    gpu_prices : series
        Path of GPU prices, today's first, then one per period; or one for all. [USD/unit]
    cash_flows : series, optional
        Operating cash of each period, or one for all; debt service counts as paid when not
        given. [USD]

    Returns
    -------
    block
        status (performing, repaid, liquidated or payment_default), end_period, calls, first_call,
        sales (count), topped_up (cash), coin_sold (value), exposure and loss (0 without
        enforcement), balance (0 after it), coin_units (those enforced, where it came to that),
        liquidity, max_ltv. [block]

    Raises
    ------
    #N/A
        In ``first_call``, where there was no call.
    #NUM!
        The triggers are not in order (cure_ltv < call_ltv <= liquidation_ltv), or the LTV at
        closing is at or above call_ltv.
    #VALUE!
        The paths differ in length, hold no period, or a label of the terms is wrong.

    Notes
    -----
    In each period, in this order. (1) A negative cash flow is met from liquidity; then interest
    balance rate / periods_per_year and ``scheduled`` principal are paid from cash flow and from
    liquidity; if these do not suffice, the loan is enforced (payment_default). Surplus cash is
    not kept. (2) A balance of 0 ends the loan.
    (3) LTV = balance / (coin and GPUs after haircuts); at or above liquidation_ltv it is enforced.
    (4) At or above call_ltv a call opens, below it closes. (5) cure_periods after the call the
    borrower repays from liquidity down to cure_ltv, then coin is sold, of market value
    (balance - cure_ltv value) / (1 - coin_slippage - cure_ltv (1 - coin_haircut)); if the LTV then
    is neither below call_ltv nor at cure_ltv, it is enforced. Enforcement brings the coin less
    coin_slippage, and gpu_recovery times the GPUs; loss = max(0, balance - proceeds). An LTV is
    at a level if it agrees with it to twelve digits. XLC_REPAYMENT has the same loan with cash
    accounts, grace and a balloon.

    Examples
    --------
    >>> block = [["loan", 50], ["rate", 0.1], ["coin_units", 1], ["gpu_units", 1],
    ...          ["call_ltv", 0.7], ["cure_ltv", 0.5], ["liquidation_ltv", 0.9]]
    >>> call("XLC_MARGIN_WATERFALL", block, [100, 60, 60, 80], 10)[:4]
    [['status', 'performing'], ['end_period', 3.0], ['calls', 1.0], ['first_call', 1.0]]

    References
    ----------
    .. [1] Margin, cure and liquidation levels: published terms of BlockFi, Nexo and Unchained.
    """
    held = max(len(coin_prices), len(gpu_prices))
    require(held > 1, "the paths must hold today's price and one period more", code="#VALUE!")
    series = fit({"cash_flows": cash_flows}, {"coin_prices": coin_prices, "gpu_prices": gpu_prices})
    coin, gpu = series["coin_prices"], series["gpu_prices"]
    given = {f: getattr(terms, f) for f in _SHARED}
    agreed = loan.Terms(**given, grace_periods=0.0, cash_control=0.0)
    agree(agreed, coin[0], gpu[0])
    plan = loan.Plan.of(agreed, [terms.scheduled] * (held - 1))
    end, flows, _ = loan.trace(agreed, plan, series["cash_flows"], coin, gpu)
    return {
        "status": loan.STATUS[end.status],
        "end_period": end.end_period,
        "calls": end.calls,
        "first_call": figure(end.first_call, "there was no margin call"),
        "sales": end.sales,
        "topped_up": sum(f.topped_up for f in flows),
        "coin_sold": sum(f.coin_sold for f in flows),
        "exposure": end.exposure,
        "loss": end.loss,
        "balance": end.balance,
        "coin_units": end.coin_units,
        "liquidity": end.liquidity,
        "max_ltv": end.max_ltv,
    }
