"""Worksheet functions: loan to value, triggers and margin on coin and GPUs together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from xlcredit.errors import CellError
from xlcredit.models import ltv
from xlcredit.models.liquidation import impact_factor
from xlcredit.worksheet.kinds import Block, Checked, Number, Rule, checked, require, rule
from xlcredit.worksheet.registry import worksheet
from xlcredit.worksheet.results import NumberOrRange

CATEGORY = "xlcredit: Dual collateral"


@worksheet(CATEGORY)
def XLC_DUAL_LTV(
    loan: Number,
    coin_units: Number,
    coin_price: Number,
    gpu_units: Number,
    gpu_price: Number,
    coin_haircut: Number = 0.0,
    gpu_haircut: Number = 0.0,
) -> NumberOrRange:
    """Loan to value of a loan secured on both coin and GPUs, after haircuts. [ratio]

    Parameters
    ----------
    loan : number or range
        Debt secured on both; without a loan the LTV is 0. [USD]
    coin_units : number or range
    coin_price : number or range
    gpu_units : number or range
        GPUs posted. [units]
    gpu_price : number or range
    coin_haircut : number or range, optional
        Haircut on coin; 0 (market value) when not given. [share]
    gpu_haircut : number or range, optional
        Haircut on GPUs; 0 (market value) when not given. [share]

    Returns
    -------
    number or range
        Loan over the haircut value of the collateral. [ratio]

    Raises
    ------
    #DIV/0!
        There is a loan but the collateral is worth nothing.
    #NUM!
        An argument is outside its domain.

    Notes
    -----
    loan / (coin_units coin_price (1 - coin_haircut) + gpu_units gpu_price (1 - gpu_haircut)).

    Examples
    --------
    >>> call("XLC_DUAL_LTV", 44.0, 80.0, 1.0, 120.0, 1.0)
    0.22
    >>> call("XLC_DUAL_LTV", 100.0, 80.0, 1.0, 120.0, 1.0, 0.5, 0.4)
    0.89285714

    References
    ----------
    .. [1] Lending value after haircuts: OCC, Comptroller's Handbook, "Asset-Based Lending", 2014.
    """
    coin = np.multiply(coin_units, coin_price) * np.subtract(1.0, coin_haircut)
    gpu = np.multiply(gpu_units, gpu_price) * np.subtract(1.0, gpu_haircut)
    value = coin + gpu
    return checked(ltv.loan_to_value(loan, value), _secured(loan, value))


def _secured(loan: Number, value: Number) -> Rule:
    """There is something behind the loan, or there is no loan."""
    return rule(
        np.greater(value, 0.0) | np.equal(loan, 0.0),
        "the collateral of a loan of {} is worth nothing",
        loan,
        code="#DIV/0!",
    )


@worksheet(CATEGORY)
def XLC_TRIGGER_DROP(
    loan: Number,
    coin_value: Number,
    gpu_value: Number,
    trigger: Number,
    measure: Literal["both", "coin", "gpu"] = "both",
) -> NumberOrRange:
    """Fall in collateral value that takes the LTV to its trigger. [share]

    Parameters
    ----------
    loan : number or range
    coin_value : number or range
        Market value of the coin. [USD]
    gpu_value : number or range
        Market value of the GPUs. [USD]
    trigger : number or range
        LTV that triggers. [ratio]
    measure : word, optional
        Which value falls: both (together, by the same share), coin (alone) or gpu (alone). [name]

    Returns
    -------
    number or range
        The fall as a share of the value; negative where the LTV is already through. [share]

    Raises
    ------
    #DIV/0!
        The value that should fall is 0.
    #NUM!
        The trigger is out of reach: even at a price of 0 for this asset alone the LTV stays below.

    Notes
    -----
    both: 1 - loan / (trigger value), with value = coin_value + gpu_value. coin:
    (value - loan / trigger) / coin_value; gpu likewise. Without a loan ``both`` is 1.

    Examples
    --------
    >>> call("XLC_TRIGGER_DROP", 50e6, 100e6, 0, [0.7, 0.8])
    [[0.28571429], [0.375]]
    >>> call("XLC_TRIGGER_DROP", 55.0, 40.0, 60.0, 0.75, "all")
    [['both', 0.26666667], ['coin', 0.66666667], ['gpu', 0.44444444]]

    References
    ----------
    .. [1] Margin levels of coin lenders: published terms of BlockFi, Nexo and Unchained.
    """
    drop = ltv.trigger_drop(loan, coin_value, gpu_value, trigger)
    values = {"both": np.add(coin_value, gpu_value), "coin": coin_value, "gpu": gpu_value}
    return _each(
        measure,
        both=(drop.both, *_can_fall(values["both"], drop.both, "collateral")),
        coin=(drop.coin, *_can_fall(coin_value, drop.coin, "coin")),
        gpu=(drop.gpu, *_can_fall(gpu_value, drop.gpu, "GPUs")),
    )


def _can_fall(value: Number, drop: Number, name: str) -> tuple[Rule, Rule]:
    return (
        rule(np.greater(value, 0.0), f"the {name} must be worth something to fall", code="#DIV/0!"),
        rule(
            np.less_equal(drop, 1.0),
            f"the LTV stays below its trigger even with the {name} alone at a price of 0",
        ),
    )


def _each(measure: str, **measures: tuple[Any, *tuple[Rule, ...]]) -> Checked | Block:
    """Pick a measure with its own rules; in the block of all, each shows its own error."""
    if measure != "all":
        return checked(*measures[measure])
    return {name: _or_error(*one) for name, one in measures.items()}


def _or_error(value: Number, *rules: Rule) -> NumberOrRange:
    try:
        for r in rules:
            r.stand()
    except CellError as error:
        return error.with_traceback(None)
    return value


@worksheet(CATEGORY)
def XLC_MARGIN_PRICE(
    loan: Number, coin_units: Number, gpu_value: Number, trigger: Number
) -> NumberOrRange:
    """Coin price at which the LTV reaches its trigger. [USD/coin]

    Parameters
    ----------
    loan : number or range
    coin_units : number or range
    gpu_value : number or range
        Market value of the GPUs, taken as fixed. [USD]
    trigger : number or range
        LTV that triggers. [ratio]

    Returns
    -------
    number or range
        The price; 0 where the GPUs alone keep the LTV at or below the trigger. [USD/coin]

    Raises
    ------
    #DIV/0!
        No coin is posted and the GPUs do not suffice.
    #NUM!
        An argument is outside its domain.

    Notes
    -----
    max(0, loan / trigger - gpu_value) / coin_units.

    Examples
    --------
    >>> call("XLC_MARGIN_PRICE", 50e6, 1000, 0, [0.7, 0.8])
    [[71428.571], [62500.0]]
    >>> call("XLC_MARGIN_PRICE", 50e6, 1000, 80e6, 0.7)
    0.0

    References
    ----------
    .. [1] Margin levels of coin lenders: published terms of BlockFi, Nexo and Unchained.
    """
    price = ltv.margin_price(loan, coin_units, gpu_value, trigger)
    return checked(
        price,
        rule(
            np.greater(coin_units, 0.0) | np.equal(price, 0.0),
            "no coin is posted and the GPUs alone do not suffice",
            code="#DIV/0!",
        ),
    )


@worksheet(CATEGORY)
def XLC_MARGIN_CURE(
    loan: Number,
    coin_value: Number,
    gpu_value: Number,
    target_ltv: Number,
    measure: Literal["cash", "coin", "sale"] = "cash",
    slippage: Number = 0.0,
) -> NumberOrRange:
    """Money that brings the LTV back to its target. [USD]

    Parameters
    ----------
    loan : number or range
    coin_value : number or range
        Market value of the coin. [USD]
    gpu_value : number or range
        Market value of the GPUs. [USD]
    target_ltv : number or range
        LTV to be restored. [ratio]
    measure : word, optional
        cash (loan to repay), coin (value of coin to post) or sale (market value of posted coin to
        sell so that the proceeds repay). [name]
    slippage : number or range, optional
        Cost of selling coin as a share of its value; only for sale; 0 when not given. [share]

    Returns
    -------
    number or range
        The amount; 0 when none is needed. [USD]

    Raises
    ------
    #NUM!
        No sale cures: the coin does not suffice, or target_ltv is not below 1 - slippage.

    Notes
    -----
    With value = coin_value + gpu_value and excess = max(0, loan - target_ltv value): cash is
    excess, coin is excess / target_ltv, sale is excess / (1 - slippage - target_ltv).

    Examples
    --------
    >>> call("XLC_MARGIN_CURE", 50e6, 71428571.43, 0, 0.5)
    14285714.285
    >>> call("XLC_MARGIN_CURE", 50e6, 62.5e6, 0, 0.5, "all")
    [['cash', 18750000.0], ['coin', 37500000.0], ['sale', 37500000.0]]

    References
    ----------
    .. [1] Margin levels of coin lenders: published terms of BlockFi, Nexo and Unchained.
    """
    money = ltv.cure(loan, coin_value, gpu_value, target_ltv, slippage)
    return _each(
        measure,
        cash=(money.cash,),
        coin=(money.coin,),
        sale=(
            money.sale,
            rule(
                np.isfinite(money.sale),
                "selling coin restores no target_ltv at or above 1 - slippage; got {} and {}",
                target_ltv,
                slippage,
            ),
            rule(
                np.less_equal(money.sale, coin_value),
                "the coin does not suffice: {} would have to be sold of {}",
                money.sale,
                coin_value,
            ),
        ),
    )


@dataclass(frozen=True)
class SaleTerms:
    """How the two markets take a forced sale."""

    coin_depth: float | None = None
    coin_impact: float = 0.0
    gpu_haircut: float = 0.0
    gpu_depth: float | None = None
    gpu_impact: float = 0.0
    exponent: float = 0.6
    gpu_cost: float = 0.0


@worksheet(CATEGORY)
def XLC_LIQUIDATION_LTV(
    loan: Number,
    coin_units: Number,
    coin_price: Number,
    gpu_units: Number,
    gpu_price: Number,
    terms: SaleTerms,
    measure: Literal["ltv", "coin_proceeds", "gpu_proceeds", "shortfall"] = "ltv",
) -> NumberOrRange:
    """Loan over what a forced sale of coin and GPUs would bring. [ratio, or USD]

    Parameters
    ----------
    loan : number or range
    coin_units : number or range
    coin_price : number or range
    gpu_units : number or range
        GPUs posted. [units]
    gpu_price : number or range
    terms : block
        coin_depth, coin_impact (0), gpu_haircut (0), gpu_depth, gpu_impact (0), exponent (0.6),
        gpu_cost (0): defaults in brackets; a depth is required where its impact is above 0. [block]
    measure : word, optional
        ltv, or in money: coin_proceeds, gpu_proceeds (net of cost) or shortfall (loan that the
        proceeds leave unpaid). [name]

    Returns
    -------
    number or range
        The LTV on liquidation, a ratio; the other measures in USD. [ratio, or USD]

    Raises
    ------
    #DIV/0!
        There is a loan but a sale brings nothing.
    #VALUE!
        A label is unknown, or a depth is missing that an impact needs.

    Notes
    -----
    loan / (coin_units coin_price A + max(0, gpu_units gpu_price (1 - gpu_haircut) A - gpu_cost)).
    A is the average price over the price of the first unit when a lot Q walks a book in which unit
    q trades at exp(-impact (q / depth)^exponent): A = (1/Q) integral of that from 0 to Q. A lot of
    GPUs that would not pay for its own sale is abandoned.

    Examples
    --------
    >>> block = [["coin_depth", 2000], ["coin_impact", 0.1], ["gpu_haircut", 0.4]]
    >>> call("XLC_LIQUIDATION_LTV", 50e6, 500, 80e3, 2000, 20e3, block)
    0.79454824
    >>> call("XLC_LIQUIDATION_LTV", 50e6, 500, 80e3, 2000, 20e3, block, "gpu_proceeds")
    24000000.0

    References
    ----------
    .. [1] Almgren, R., Thum, C., Hauptmann, E. and Li, H., "Direct estimation of equity market
       impact", Risk, 2005 (power 0.6).
    """
    for name in ("coin", "gpu"):
        depth, impact = getattr(terms, f"{name}_depth"), getattr(terms, f"{name}_impact")
        require(
            impact == 0.0 or depth is not None,
            f"terms: {name}_depth is required when {name}_impact is above 0",
            code="#VALUE!",
        )
    coin_factor = _average(coin_units, terms.coin_depth, terms.coin_impact, terms.exponent)
    gpu_factor = _average(gpu_units, terms.gpu_depth, terms.gpu_impact, terms.exponent)
    sale = ltv.liquidation(
        loan,
        np.multiply(coin_units, coin_price),
        np.multiply(gpu_units, gpu_price),
        coin_factor,
        gpu_factor * (1.0 - terms.gpu_haircut),
        terms.gpu_cost,
    )
    proceeds = sale.coin_proceeds + sale.gpu_proceeds
    return _each(
        measure,
        ltv=(sale.ltv, _secured(loan, proceeds)),
        coin_proceeds=(sale.coin_proceeds,),
        gpu_proceeds=(sale.gpu_proceeds,),
        shortfall=(sale.shortfall,),
    )


def _average(units: Number, depth: float | None, impact: float, exponent: float) -> NumberOrRange:
    """Average impact factor; without impact the market takes any lot at its price."""
    return 1.0 if impact == 0.0 or depth is None else impact_factor(units, depth, impact, exponent)
