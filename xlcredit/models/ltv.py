"""Loan to value of a loan secured on both coin and GPUs."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from xlcredit.models import normal
from xlcredit.models.normal import Numbers
from xlcredit.models.ties import at_least

__all__ = [
    "Cure",
    "Drop",
    "Proceeds",
    "conditional_correlation",
    "cure",
    "liquidation",
    "loan_to_value",
    "margin_price",
    "stress_correlation",
    "trigger_drop",
]


class Drop(NamedTuple):
    """Falls that take the LTV to its trigger, as shares; negative for a rise."""

    both: Any
    coin: Any
    gpu: Any


class Cure(NamedTuple):
    """Money that restores a target LTV, one way or another."""

    cash: Any
    coin: Any
    sale: Any


class Proceeds(NamedTuple):
    """What a forced sale brings, and the loan against it."""

    ltv: Any
    coin_proceeds: Any
    gpu_proceeds: Any
    shortfall: Any


def loan_to_value(loan: Numbers, value: Numbers) -> Any:
    """Loan over collateral value; no loan has an LTV of 0, whatever secures it."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.equal(loan, 0.0), 0.0, np.divide(loan, value))


def trigger_drop(loan: Numbers, coin_value: Numbers, gpu_value: Numbers, trigger: Numbers) -> Drop:
    """Falls of both values together, of the coin alone and of the GPUs alone.

    The trigger is reached when the collateral is worth loan/trigger, so the collateral may lose
    the rest. A single asset that would have to lose more than all its value gets a drop above 1:
    the trigger is out of its reach.
    """
    value = np.add(coin_value, gpu_value)
    spare = value - np.divide(loan, trigger)
    with np.errstate(divide="ignore", invalid="ignore"):
        return Drop(spare / value, np.divide(spare, coin_value), np.divide(spare, gpu_value))


def margin_price(loan: Numbers, coin_units: Numbers, gpu_value: Numbers, trigger: Numbers) -> Any:
    """Coin price at which the LTV reaches the trigger; 0 where the GPUs alone suffice."""
    worth = np.divide(loan, trigger)
    with np.errstate(divide="ignore", invalid="ignore"):
        needed = np.divide(worth - gpu_value, coin_units)
        return np.where(at_least(gpu_value, worth), 0.0, needed)


def cure(
    loan: Numbers,
    coin_value: Numbers,
    gpu_value: Numbers,
    target_ltv: Numbers,
    slippage: Numbers = 0.0,
) -> Cure:
    """Repayment, coin to post, or coin to sell that brings the LTV down to its target.

    A sale of market value y repays y(1 − slippage) and takes y out of the collateral, so
    loan − y(1 − slippage) = target (value − y). It cures only while 1 − slippage > target;
    otherwise ``sale`` is infinite.
    """
    value = np.add(coin_value, gpu_value)
    allowed = np.multiply(target_ltv, value)
    excess = np.where(at_least(allowed, loan), 0.0, loan - allowed)
    gain = np.subtract(1.0, slippage) - target_ltv
    with np.errstate(divide="ignore", invalid="ignore"):
        sale = np.where(excess == 0.0, 0.0, np.where(gain > 0.0, excess / gain, np.inf))
        return Cure(excess, excess / target_ltv, sale)


def liquidation(
    loan: Numbers,
    coin_value: Numbers,
    gpu_value: Numbers,
    coin_factor: Numbers,
    gpu_factor: Numbers,
    gpu_cost: Numbers = 0.0,
) -> Proceeds:
    """Loan over what a forced sale of both assets brings.

    Parameters
    ----------
    loan, coin_value, gpu_value : array_like
        Debt and market values. [USD]
    coin_factor, gpu_factor : array_like
        Average price over market price in the sale, after haircut and impact. [share]
    gpu_cost : array_like
        Fixed cost of selling the GPUs; a lot that would not pay for it is abandoned. [USD]

    Returns
    -------
    Proceeds
        LTV, proceeds of each asset, and the part of the loan that stays unpaid.
    """
    coin = np.multiply(coin_value, coin_factor)
    gpu = np.maximum(0.0, np.multiply(gpu_value, gpu_factor) - gpu_cost)
    total = coin + gpu
    return Proceeds(loan_to_value(loan, total), coin, gpu, np.maximum(0.0, loan - total))


def stress_correlation(
    drawdown: Numbers, calm: Numbers, stressed: Numbers, midpoint: Numbers, width: Numbers
) -> Any:
    """Correlation that moves from calm to stressed as the coin falls, on a logistic curve."""
    # (1 + tanh(x/2))/2 is the logistic function without overflow for large |x|
    x = np.subtract(drawdown, midpoint) / width
    return calm + np.subtract(stressed, calm) * (0.5 + 0.5 * np.tanh(0.5 * x))


def conditional_correlation(correlation: Numbers, probability: Numbers) -> Any:
    """Correlation among the worst outcomes of one of two normal variables.

    Given X below its quantile x of probability p, X has the variance 1 − λ(λ + x) with
    λ = φ(x)/p. The smaller variance of X lowers the correlation without any change of dependence.
    """
    rho = np.asarray(correlation, dtype=np.float64)
    p = np.asarray(probability, dtype=np.float64)
    x = normal.quantile(p)
    # in the lower tail, 1/Mills keeps the digits that φ(x)/p loses
    density = np.where(x < 0.0, 1.0 / normal.mills(np.abs(x)), normal.pdf(x) / p)
    variance = 1.0 - density * (density + x)
    return rho * np.sqrt(variance / (rho * rho * variance + (1.0 - rho) * (1.0 + rho)))
