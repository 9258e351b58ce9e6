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

__all__ = ["market_step"]


@compiled
def market_step(
    base: Any, w: Any, n: int, k: int, c: Any, market: Any, found: Any, bases: Any
) -> None:
    """Take the paths of the lane to the end of step k."""
    jumps, curve, centre, rents = market
    if c.hazard > 0.0:
        _customers(base, w, n, k, c, found)
    normals(base, w, n, address(k, draws.SHOCKS), address(k, draws.SHOCKS + 1))
    if k <= c.tilted:
        _tilt(w, n, c.tilt_coin, c.tilt_card)
    _diffuse(w, n, c)
    if len(jumps):
        _jump(base, w, n, k, c, jumps, found, bases)
    _prices(w, n, c, curve[k], centre[k], rents[k])


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
def _diffuse(w: Any, n: int, c: Any) -> None:
    rho, rho_own, decay, spread = c.rho, c.rho_own, c.decay, c.gpu_shock
    move, shock = c.coin_move, c.coin_shock
    if not c.in_stress:
        for i in range(n):
            joint = rho * w[SHOCK + i] + rho_own * w[OWN + i]
            w[Y + i] = w[Y + i] * decay + spread * joint
            w[LOG_COIN + i] += move + shock * w[SHOCK + i]
        return
    stressed, stressed_own, fall = c.stressed, c.stressed_own, c.fall + TIE
    for i in range(n):
        fallen = w[LOG_COIN + i] <= w[HIGH + i] + fall
        one, other = stressed if fallen else rho, stressed_own if fallen else rho_own
        w[Y + i] = w[Y + i] * decay + spread * (one * w[SHOCK + i] + other * w[OWN + i])
        w[LOG_COIN + i] += move + shock * w[SHOCK + i]


@compiled
def _jump(base: Any, w: Any, n: int, k: int, c: Any, jumps: Any, at: Any, bases: Any) -> None:
    """Flag the paths with a jump, then work these alone."""
    at_jumps, none = address(k, draws.JUMPS), jumps[0] + 1.0
    for i in range(n):
        w[DRAWN + i] = one_to_two(word(base[i], at_jumps))
        w[FLAG + i] = 1.0 if w[DRAWN + i] >= none else 0.0
    count = flagged(w, n, at)
    for m in range(count):
        bases[m] = base[at[m]]
    size = address(k, draws.JUMP_SIZES), address(k, draws.JUMP_SIZES + 1)
    normals(bases, w, count, size[0], size[1])
    for m in range(count):
        i, times = at[m], 1
        while times < len(jumps) and w[DRAWN + i] - 1.0 >= jumps[times]:
            times += 1
        root, common = math.sqrt(times), w[SHOCK + m]
        joint = c.jump_rho * common + c.jump_own * w[OWN + m]
        w[LOG_COIN + i] += c.coin_jump * times + c.coin_jump_vol * root * common
        w[JUMPS + i] += c.gpu_jump * times + c.gpu_jump_vol * root * joint


@compiled
def _prices(w: Any, n: int, c: Any, curve: float, centre: float, rent_centre: float) -> None:
    coin, beta = c.coin_price, c.beta
    if c.in_stress:
        for i in range(n):
            above = w[LOG_COIN + i] > w[HIGH + i]
            w[HIGH + i] = w[LOG_COIN + i] if above else w[HIGH + i]
    if c.has_coin:
        for i in range(n):
            w[COIN + i] = coin * exp(w[LOG_COIN + i])
    for i in range(n):
        w[RENT + i] = exp(w[Y + i] + w[JUMPS + i] - centre)
        w[CARD + i] = curve * w[RENT + i]
    if c.needs_rents:
        for i in range(n):
            w[LOG_RENT + i] = beta * (w[Y + i] + w[JUMPS + i]) - rent_centre
        if beta != 1.0:
            for i in range(n):
                w[RENT + i] = exp(w[LOG_RENT + i])
