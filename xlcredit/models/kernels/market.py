"""A step of the market, as :mod:`xlcredit.models.market` has it, path beside path."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from xlcredit.models import draws
from xlcredit.models.kernels.lane import (
    CARD,
    COIN,
    DRAWN,
    FALLS,
    FLAG,
    GONE,
    HIGH,
    JUMP,
    JUMPS,
    LOG_COIN,
    LOG_RENT,
    OWN,
    RENT,
    SHOCK,
    STATUS,
    WEIGHT,
    Y,
    compiled,
    flagged,
)  # fmt: skip
from xlcredit.models.kernels.numbers import address, at_least_exp, exp, normals, one_to_two, word
from xlcredit.models.market import TIE

__all__ = ["market_step", "move"]


@compiled
def market_step(
    base: Any, w: Any, n: int, k: int, c: Any, market: Any, found: Any, bases: Any
) -> None:
    """Take the paths of the lane to the end of step k."""
    jumps, curve, centre, rents = market
    if c.hazard > 0.0:
        _customers(base, w, n, k, c, found)
    if len(jumps):
        _jump(base, w, n, k, c, jumps, found, bases)
    normals(base, w, n, address(k, draws.SHOCKS), address(k, draws.SHOCKS + 1))
    if k <= c.tilted:
        _tilt(w, n, c.tilt_coin, c.tilt_card)
    if c.has_coin:
        move(w, n, c, True, curve[k], centre[k], rents[k])
    else:
        move(w, n, c, False, curve[k], centre[k], rents[k])
    if c.needs_rents and c.beta != 1.0:
        for i in range(n):
            w[RENT + i] = exp(w[LOG_RENT + i])


@compiled
def _customers(base: Any, w: Any, n: int, k: int, c: Any, found: Any) -> None:
    """Flag whoever may stop, for 1 − e^−h is below h; then ask exactly."""
    at, hazard, elasticity = address(k, draws.CUSTOMER), c.hazard, c.elasticity
    for i in range(n):
        drawn = one_to_two(word(base[i], at)) - 1.0
        most = hazard * at_least_exp(-elasticity * w[LOG_RENT + i])
        w[DRAWN + i] = drawn
        w[FLAG + i] = 1.0 if (drawn < most) & (w[GONE + i] == 0.0) else 0.0
    for m in range(flagged(w, n, found)):
        i = found[m]
        if w[DRAWN + i] < -math.expm1(-hazard * exp(-elasticity * w[LOG_RENT + i])):
            w[GONE + i] = np.float64(k)


@compiled
def _tilt(w: Any, n: int, a: float, b: float) -> None:
    half = 0.5 * (a * a + b * b)
    for i in range(n):
        shock, own = w[SHOCK + i] + a * w[FALLS + i], w[OWN + i] + b * w[FALLS + i]
        lower = w[WEIGHT + i] - (a * shock + b * own - half)
        w[WEIGHT + i] = lower if w[STATUS + i] == 0.0 else w[WEIGHT + i]
        w[SHOCK + i], w[OWN + i] = shock, own


@compiled
def _jump(base: Any, w: Any, n: int, k: int, c: Any, jumps: Any, at: Any, bases: Any) -> None:
    """Flag the paths with a jump, then work these alone."""
    at_jumps, none = address(k, draws.JUMPS), jumps[0] + 1.0
    for i in range(n):
        w[JUMP + i] = 0.0
        w[FLAG + i] = 1.0 if one_to_two(word(base[i], at_jumps)) >= none else 0.0
    count = flagged(w, n, at)
    for m in range(count):
        bases[m] = base[at[m]]
    size = address(k, draws.JUMP_SIZES), address(k, draws.JUMP_SIZES + 1)
    normals(bases, w, count, size[0], size[1])
    for m in range(count):
        i, times, drawn = at[m], 1, one_to_two(word(bases[m], at_jumps)) - 1.0
        while times < len(jumps) and drawn >= jumps[times]:
            times += 1
        root, common = math.sqrt(times), w[SHOCK + m]
        joint = c.jump_rho * common + c.jump_own * w[OWN + m]
        w[JUMP + i] = c.coin_jump * times + c.coin_jump_vol * root * common
        w[JUMPS + i] += c.gpu_jump * times + c.gpu_jump_vol * root * joint


@compiled
def move(
    w: Any, n: int, c: Any, has_coin: bool, curve: float, centre: float, rent_centre: float
) -> None:
    """Move coin and card by their shocks and jumps, and put prices and rents into the lane."""
    fall = c.fall + TIE  # -inf where there is no stress: no fall is deep enough
    for i in range(n):
        shock, log_coin, high = w[SHOCK + i], w[LOG_COIN + i], w[HIGH + i]
        fallen = log_coin <= high + fall
        one, other = c.stressed if fallen else c.rho, c.stressed_own if fallen else c.rho_own
        y = w[Y + i] * c.decay + c.gpu_shock * (one * shock + other * w[OWN + i])
        log_coin = log_coin + (c.coin_move + c.coin_shock * shock) + w[JUMP + i]
        w[Y + i], w[LOG_COIN + i] = y, log_coin
        w[HIGH + i] = log_coin if log_coin > high else high
        if has_coin:
            w[COIN + i] = c.coin_price * exp(log_coin)
        level = y + w[JUMPS + i]
        factor = exp(level - centre)
        w[CARD + i], w[RENT + i] = curve * factor, factor
        w[LOG_RENT + i] = c.beta * level - rent_centre
