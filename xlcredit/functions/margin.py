"""Worksheet functions: margin calls, cures and enforcement along a path."""

from __future__ import annotations

from typing import Any

import numpy as np

from xlcredit.errors import CellError
from xlcredit.models import margin
from xlcredit.worksheet.kinds import Series, align, require
from xlcredit.worksheet.registry import worksheet

CATEGORY = "xlcredit: Dual collateral"

_NONE = np.empty(0)


@worksheet(CATEGORY)
def XLC_MARGIN_WATERFALL(
    terms: margin.Margin,
    coin_prices: Series,
    gpu_prices: Series,
    cash_flows: Series = _NONE,
) -> Any:
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
        enforcement), balance (before enforcement), coin_units, liquidity, max_ltv. [block]

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
    In each period, in this order. (1) Interest balance rate / periods_per_year and ``scheduled``
    principal are paid from cash flow and then from liquidity; if these do not suffice, the loan is
    enforced (payment_default). Surplus cash is not kept. (2) A balance of 0 ends the loan.
    (3) LTV = balance / (coin and GPUs after haircuts); at or above liquidation_ltv it is enforced.
    (4) At or above call_ltv a call opens, below it closes. (5) cure_periods after the call the
    borrower repays from liquidity down to cure_ltv, then coin is sold, of market value
    (balance - cure_ltv value) / (1 - coin_slippage - cure_ltv (1 - coin_haircut)); if the LTV then
    is neither below call_ltv nor at cure_ltv, it is enforced. Enforcement brings the coin less
    coin_slippage, and gpu_recovery times the GPUs; loss = max(0, balance - proceeds).

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
    coin, gpu = align(coin_prices=coin_prices, gpu_prices=gpu_prices)
    require(len(coin) > 1, "the paths must hold today's price and one period more", code="#VALUE!")
    cash = None
    if len(cash_flows):
        cash = align(cash_flows=cash_flows, prices=coin[1:])[0][:, None]
        told = "cash_flows must have one value per period: one fewer than the prices"
        require(len(cash) == len(coin) - 1, told, code="#VALUE!")
    require(
        terms.cure_ltv < terms.call_ltv <= terms.liquidation_ltv,
        "cure_ltv must be below call_ltv, and that at most liquidation_ltv; got {}, {}, {}",
        terms.cure_ltv,
        terms.call_ltv,
        terms.liquidation_ltv,
    )
    at_closing = margin.Paths.start(terms, coin[:1], gpu[:1]).max_ltv[0]
    require(
        at_closing < terms.call_ltv,
        "the LTV at closing must be below call_ltv; got {} and {}",
        at_closing,
        terms.call_ltv,
    )
    end = margin.run(terms, coin[:, None], gpu[:, None], cash)
    return {
        "status": margin.STATUS[end.status[0]],
        "end_period": end.end_period[0],
        "calls": end.calls[0],
        "first_call": end.first_call[0] or CellError("#N/A", "there was no margin call"),
        "sales": end.sales[0],
        "topped_up": end.topped_up[0],
        "coin_sold": end.coin_sold[0],
        "exposure": end.exposure[0],
        "loss": end.loss[0],
        "balance": end.balance[0],
        "coin_units": end.coin_units[0],
        "liquidity": end.liquidity[0],
        "max_ltv": end.max_ltv[0],
    }
