"""What a lane reads and never changes, as flat numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from xlcredit.models import loan
from xlcredit.models.ties import SAME

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
    sweep: float
    lockup: float  #: as a tie reaches it
    cash_control: float
    coin_weight: float
    card_weight: float  #: with the number of cards
    call: float  #: this level and the next as a tie reaches them, infinite for none
    liquidation: float
    cure: float
    cure_periods: float
    kept: float
    card_slope: float  #: net proceeds of the cards are slope · price − cost, or nothing
    card_cost: float
    downtime: float
    # what is there at all
    has_coin: bool
    has_cash: bool
    has_accounts: bool
    needs_rents: bool
    in_stress: bool


def constants(deal: Deal, tilt: Tilt) -> Constants:
    """Flatten a deal and a tilt."""
    terms, market = deal.terms, deal.market
    rare = replace(terms, sale_cost=None) if terms.gpu_depth is not None else terms
    cost = (terms.sale_cost or 0.0) * terms.gpu_units if terms.gpu_depth is not None else 0.0
    call, liquidation = (_reached(level) for level in (terms.call_ltv, terms.liquidation_ltv))
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
        balloon=float("nan") if deal.plan.bullet is None else float(deal.plan.bullet),
        grace=float("inf") if terms.grace_periods is None else float(terms.grace_periods),
        sweep=float(terms.sweep),
        lockup=float(terms.lockup - SAME * abs(terms.lockup)),
        cash_control=float(terms.cash_control),
        coin_weight=1.0 - float(terms.coin_haircut),
        card_weight=(1.0 - float(terms.gpu_haircut)) * float(terms.gpu_units),
        call=call,
        cure=np.inf if terms.cure_ltv is None else float(terms.cure_ltv),
        liquidation=liquidation,
        cure_periods=float(terms.cure_periods),
        kept=1.0 - float(terms.coin_slippage),
        card_slope=float(loan.card_proceeds(rare, 1.0)),
        card_cost=float(cost),
        downtime=float(terms.downtime_periods),
        has_coin=terms.coin_units > 0.0,
        has_cash=deal.has_cash,
        has_accounts=bool(
            terms.dsra_periods or terms.dsra_opening or terms.sweep or not terms.cash_control
        ),
        needs_rents=deal.needs_rents,
        in_stress=market.fall > -np.inf,
    )


def _reached(level: float | None) -> float:
    """From where on a level is reached; it never is where there is none."""
    return np.inf if level is None else float(level - SAME * level)
