"""What a lane reads and never changes, as flat numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from xlcredit.models import loan

if TYPE_CHECKING:
    from xlcredit.models.simulated_loan import Deal, Tilt

__all__ = ["Constants", "constants"]


class Constants(NamedTuple):
    """All that a lane reads and none changes."""

    periods: int
    # market
    coin_price: float
    coin_move: float
    coin_shock: float
    decay: float
    gpu_shock: float
    rho: float
    rho_own: float
    stressed: float
    stressed_own: float
    fall: float
    hazard: float
    elasticity: float
    beta: float
    coin_jump: float
    coin_jump_vol: float
    gpu_jump: float
    gpu_jump_vol: float
    jump_rho: float
    jump_own: float
    tilt_coin: float
    tilt_card: float
    tilted: int
    plain: float
    # loan
    loan: float
    balloon: float  #: NaN where none is given
    grace: float  #: infinite for never
    dsra: float  #: whether there is a reserve
    sweep: float
    lockup: float
    cash_control: float
    coin_weight: float
    card_weight: float  #: with the number of cards
    call: float
    cure: float
    liquidation: float
    cure_periods: float
    kept: float
    card_slope: float  #: net proceeds of the cards are slope · price − cost, or nothing
    card_cost: float
    downtime: float
    # what is there at all
    has_coin: bool
    has_cash: bool
    has_levels: bool
    needs_rents: bool
    in_stress: bool


def constants(deal: Deal, tilt: Tilt) -> Constants:
    """Flatten a deal and a tilt."""
    terms, market = deal.terms, deal.market
    rare = replace(terms, sale_cost=None) if terms.gpu_depth is not None else terms
    cost = (terms.sale_cost or 0.0) * terms.gpu_units if terms.gpu_depth is not None else 0.0
    levels = (terms.call_ltv, terms.cure_ltv, terms.liquidation_ltv)
    call, cure, liquidation = (np.inf if level is None else level for level in levels)
    return Constants(
        periods=deal.plan.periods,
        coin_price=float(market.coin_price),
        coin_move=float(market.coin_move),
        coin_shock=float(market.coin_shock),
        decay=float(market.decay),
        gpu_shock=float(market.gpu_shock),
        rho=float(market.rho[0]),
        rho_own=float(market.rho[1]),
        stressed=float(market.stressed[0]),
        stressed_own=float(market.stressed[1]),
        fall=float(market.fall),
        hazard=float(market.hazard),
        elasticity=float(market.elasticity),
        beta=float(market.rent_beta),
        coin_jump=float(market.coin_jump[0]),
        coin_jump_vol=float(market.coin_jump[1]),
        gpu_jump=float(market.gpu_jump[0]),
        gpu_jump_vol=float(market.gpu_jump[1]),
        jump_rho=float(market.jump_rho[0]),
        jump_own=float(market.jump_rho[1]),
        tilt_coin=float(tilt.coin),
        tilt_card=float(tilt.card),
        tilted=int(tilt.periods),
        plain=float(tilt.plain),
        loan=float(terms.loan),
        balloon=float("nan") if terms.balloon is None else float(terms.balloon),
        grace=float("inf") if terms.grace_periods is None else float(terms.grace_periods),
        dsra=float(terms.dsra_periods > 0 or terms.dsra_opening > 0),
        sweep=float(terms.sweep),
        lockup=float(terms.lockup),
        cash_control=float(terms.cash_control),
        coin_weight=1.0 - float(terms.coin_haircut),
        card_weight=(1.0 - float(terms.gpu_haircut)) * float(terms.gpu_units),
        call=float(call),
        cure=float(cure),
        liquidation=float(liquidation),
        cure_periods=float(terms.cure_periods),
        kept=1.0 - float(terms.coin_slippage),
        card_slope=float(loan.card_proceeds(rare, 1.0)),
        card_cost=float(cost),
        downtime=float(terms.downtime_periods),
        has_coin=terms.coin_units > 0.0,
        has_cash=deal.has_cash,
        has_levels=terms.call_ltv is not None,
        needs_rents=deal.needs_rents,
        in_stress=market.fall > -np.inf,
    )
