"""The one vocabulary of arguments: the same word means the same thing, in the same unit.

Every parameter of a worksheet function and every label of a block of terms is an entry here.
The boundary takes the domain from the entry, the help takes the unit, and a test holds the
docstrings to both.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from functools import cached_property
from typing import Any

__all__ = ["HOMONYMS", "VBA_KEYWORDS", "VOCABULARY", "Word"]

_HUGE = sys.float_info.max


@dataclass(frozen=True)
class Word:
    """One argument name: unit, meaning and the numbers it may hold (ends included)."""

    unit: str
    meaning: str
    low: float = -_HUGE
    high: float = _HUGE
    whole: bool = False
    among: tuple[int, ...] = ()

    @property
    def flag(self) -> bool:
        """Whether TRUE and FALSE are values of it."""
        return self.among == (0, 1)

    @cached_property
    def domain(self) -> str:
        """The allowed numbers in words, as they stand in an error's reason."""
        if self.among:
            return "one of " + ", ".join(map(str, self.among))
        kind = "a whole number" if self.whole else "a number"
        low = None if self.low == -_HUGE else _bound(self.low, "above", "at least")
        high = None if self.high == _HUGE else _bound(self.high, "below", "at most")
        return " ".join([kind, *filter(None, [" and ".join(filter(None, [low, high]))])])

    def holds(self, value: float) -> bool:
        """Whether one number lies in the domain; NaN and infinity never do."""
        if self.among:
            return value in self.among
        return self.low <= value <= self.high and (not self.whole or value == math.floor(value))


def _bound(value: float, outside: str, inclusive: str) -> str:
    """Tell one end. One that excludes a round number is stored as its neighbour: 'below 1'."""
    if value == round(value):
        short = f"{value:g}"
        return f"{inclusive} {short if float(short) == value else f'{value:.0f}'}"
    near = round(value)
    return f"{outside} {near:g}" if abs(value - near) < 1e-12 else f"{inclusive} {value:g}"


def _below(value: float) -> float:
    return math.nextafter(value, -math.inf)


_ABOVE_ZERO = math.nextafter(0.0, 1.0)
_MONEY = {"low": 0.0}
_SHARE = {"low": 0.0, "high": 1.0}
_SHARE_BELOW_ONE = {"low": 0.0, "high": _below(1.0)}
_POSITIVE = {"low": _ABOVE_ZERO}
_WHOLE = {"low": 0.0, "whole": True}
#: Up to a thousand a year: faster is at once.
_BOUNDED = {"low": 0.0, "high": 1000.0}
_PERIODS_PER_YEAR = (1, 2, 4, 12, 52, 365)
#: A yearly rate nearer to -100% than this leaves no money to discount.
_ABOVE_MINUS_ONE = {"low": math.nextafter(-1.0, 0.0)}


def _word(unit: str, meaning: str, domain: dict[str, Any] | None = None, **more: Any) -> Word:
    return Word(unit, meaning, **(domain or {}), **more)


VOCABULARY: dict[str, Word] = {
    # rents and revenue
    "rent": _word("USD/GPU-hour", "rent of one GPU for one hour", _MONEY),
    "rents": _word("USD/GPU-hour", "rent of one GPU-hour, one value per period", _MONEY),
    "new_rent": _word("USD/GPU-hour", "rent of the newest card", _MONEY),
    "decline": _word("1/year", "yearly fall, effective; negative for a rise", high=_below(1.0)),
    "month": _word("months", "months from today", low=0.0),
    "floor": _word("as the value", "level below which the value does not fall", _MONEY),
    "step_months": _word("months", "months at which rents step", low=0.0),
    "step_drops": _word("share", "fall at each step; negative for a rise", high=_below(1.0)),
    "dates": _word("dates", "observation dates"),
    "point_months": _word("months", "months of the points, ascending"),
    "point_values": _word("any", "values of the points"),
    "outside": _word("name", "what stands outside the points"),
    "performance_ratio": _word("ratio", "work per hour of the old card over the new", _MONEY),
    "kw": _word("kW", "IT power of one GPU at the wall", _MONEY),
    "pue": _word("ratio", "power usage effectiveness of the site", low=1.0),
    "power_price": _word("USD/kWh", "price of power", _MONEY),
    "other_cost": _word("USD/GPU-hour", "other cash cost of an hour", _MONEY),
    "months": _word("months", "months to the horizon", low=0.0),
    "units": _word("units", "number of GPUs in the lot", _MONEY),
    "contract_share": _word("share", "share of capacity under contract", _SHARE),
    "contract_rent": _word("USD/GPU-hour", "rent fixed by the contract", _MONEY),
    "escalation": _word("1/year", "yearly step of the contract rent", _ABOVE_MINUS_ONE),
    "contract_months": _word("months", "length of the contract", _WHOLE),
    "availability": _word("share", "share of hours that are paid", _SHARE),
    "hazard": _word("1/year", "default intensity, continuous", low=0.0),
    "downtime_months": _word("months", "empty months after a default", _WHOLE),
    "termination_months": _word("months", "contract rent claimed on default", low=0.0),
    "termination_recovery": _word("share", "share of the claim that is paid", _SHARE),
    "utilisation": _word("share", "share of hours let", _SHARE),
    "hours_per_year": _word("hours/year", "hours in a year", _POSITIVE),
    # residual and liquidation value
    "cost": _word("USD", "purchase price of one GPU or of the lot", _MONEY),
    "age": _word("months", "months since purchase", low=0.0),
    "launch_months": _word("months", "successor launches, months from purchase"),
    "launch_drops": _word("share", "fall in value at each launch", _SHARE_BELOW_ONE),
    "lead": _word("months", "months before a launch at which the fall begins", low=0.0),
    "ramp": _word("months", "months after a launch at which the fall is complete", low=0.0),
    "life": _word("months", "accounting life", _POSITIVE),
    "salvage": _word("USD", "value at the end of the life", _MONEY),
    "method": _word("name", "way to compute it"),
    "factor": _word("ratio", "declining-balance factor; 2 is double", _POSITIVE),
    "net_rents": _word("USD", "rent less running cost, one value per month"),
    "discount_rate": _word("1/year", "discount rate, effective", _ABOVE_MINUS_ONE),
    "scrap": _word("USD", "value on abandonment", _MONEY),
    "price": _word("USD/unit", "orderly market price of one GPU", _MONEY),
    "days": _word("days", "days in which the lot must be sold", _POSITIVE),
    "daily_depth": _word(
        "units/day", "units that the market absorbs in a day at the price", _POSITIVE
    ),
    "haircut": _word("share", "price haircut for power density and cooling", _SHARE),
    "impact": _word("log", "log discount of the last unit of a lot equal to the depth", low=0.0),
    "exponent": _word("power", "exponent of price impact", _POSITIVE),
    "commission": _word("share", "share of gross proceeds", _SHARE_BELOW_ONE),
    "relocation": _word("USD/unit", "cost of moving one GPU", _MONEY),
    "storage": _word("USD/unit/day", "cost of keeping one GPU for a day", _MONEY),
    "fixed": _word("USD", "fixed cost of the sale", _MONEY),
    "holding_cost": _word("1/day", "log cost of waiting a day", _POSITIVE),
    "rack_kw": _word("kW", "power of the rack", _POSITIVE),
    "median_kw": _word("kW", "median power of the market's racks", _POSITIVE),
    "dispersion": _word("log", "standard deviation of log rack power", _POSITIVE),
    "liquid_required": _word("0 or 1", "whether the card needs liquid cooling", among=(0, 1)),
    "liquid_share": _word("share", "share of racks with liquid cooling", _SHARE),
    "performance_gain": _word("ratio", "performance per dollar, new over old", low=1.0),
    "elasticity": _word("power", "elasticity of price to performance", low=0.0),
    "gpu": _word("name", "card, as the catalogue names it"),
    "field": _word("name", "column of the catalogue"),
    # debt
    "principal": _word("USD", "opening debt", _MONEY),
    "rate": _word("1/year", "interest, nominal per year, compounded each period", low=0.0),
    "periods": _word("periods", "number of periods", _WHOLE),
    "profile": _word("name", "repayment profile"),
    "balloon": _word(
        "USD",
        "debt left after the last service, to be repaid or refinanced then; 0 when not given",
        _MONEY,
    ),
    "grace": _word("periods", "interest-only periods", _WHOLE),
    "periods_per_year": _word(
        "1/year",
        "periods in a year: 1, 2, 4, 12, 52 or 365; 12 when not given",
        among=_PERIODS_PER_YEAR,
    ),
    "cfads": _word(
        "USD", "cash flow available for debt service; a negative one carries no service"
    ),
    "target_dscr": _word(
        "ratio", "debt service cover wanted, one figure or one per period", _POSITIVE
    ),
    "balance": _word("USD", "debt outstanding today", _MONEY),
    "scheduled": _word("USD", "scheduled principal, one value per period", _MONEY),
    "prepayment": _word("USD", "part of cfads that must prepay, one value per period", _MONEY),
    "dsra_opening": _word("USD", "reserve account at closing", _MONEY),
    "dsra_periods": _word("periods", "services held in reserve", _WHOLE),
    "sweep": _word("share", "share of free cash that prepays", _SHARE),
    "lockup": _word("ratio", "cover below which distributions stop", low=0.0),
    "debt_service": _word("USD", "interest plus principal of each period", _MONEY),
    "repayments": _word("USD", "principal repaid, one value per period", _MONEY),
    "cash": _word("USD", "cash flow, one value per period"),
    "asset_cash": _word("USD", "cash flow of the asset, one value per period"),
    "fee": _word("share", "upfront fee", _SHARE_BELOW_ONE),
    "oid": _word("share", "original issue discount", _SHARE_BELOW_ONE),
    "exit_fee": _word("share", "fee with the last payment", low=0.0),
    "rates": _word("1/year", "interest, nominal, one value per period", low=0.0),
    "grace_periods": _word("periods", "misses in a row that are forgiven", _WHOLE),
    "available": _word("USD", "what may be lent, one value per period", _MONEY),
    "commitment": _word("USD", "what the lender has promised to lend", _MONEY),
    "block": _word("USD", "availability that may never be drawn", _MONEY),
    "unused_fee": _word("1/year", "fee on what is not drawn", low=0.0),
    "dominion": _word("share", "excess availability that springs dominion, of commitment", _SHARE),
    "dominion_sweep": _word("share", "share of cash that prepays in dominion", _SHARE),
    "enforcement": _word("USD", "what enforcement brings, one value per period", _MONEY),
    "redraw_to": _word("USD", "balance up to which the borrower draws again", _MONEY),
    "refinancing": _word("USD", "what a new lender lends at the end", _MONEY),
    "dsra_stays": _word("0 or 1", "whether the reserve stands to the end", among=(0, 1)),
    "cash_control": _word("0 or 1", "whether cash stays until all tests are done", among=(0, 1)),
    "recovery_periods": _word("periods", "periods from enforcement to the money", _WHOLE),
    "payment_periods": _word(
        "periods", "periods from one payment date to the next", low=1.0, whole=True
    ),
    "principal_periods": _word(
        "periods", "periods from one date of principal to the next", low=1.0, whole=True
    ),
    "trigger_level": _word("as the index", "index below which the next two terms hold", low=0.0),
    "trigger_sweep": _word("share", "share of free cash that prepays then, at least", _SHARE),
    "trigger_dsra_periods": _word("periods", "services held in reserve then, at least", _WHOLE),
    "accelerated": _word("periods", "period in which the borrower fails; 0 for never", _WHOLE),
    "sale_days": _word("days", "days in which the cards must be sold", _POSITIVE),
    "sale_haircut": _word("share", "price haircut of a forced sale", _SHARE),
    # coverage and covenants
    "measure": _word("name", "all, or one of the figures by name; all when not given"),
    "first_test": _word("periods", "first period in which a cover is tested", low=1.0, whole=True),
    "window": _word("periods", "periods in a rolling sum", low=1.0, whole=True),
    "gpus": _word("units", "cards not under contract, one value per period", _MONEY),
    "opex": _word("USD", "operating cost, one value per period"),
    "contracted": _word("USD", "contracted revenue, one value per period"),
    "merchant": _word("USD", "uncontracted revenue at today's rent", _MONEY),
    "reserve": _word(
        "USD", "cash held for the debt, added to the present value; 0 when not given", _MONEY
    ),
    "value": _word("as the threshold", "figure under test"),
    "values": _word("as the threshold", "figures under test, one per period"),
    "threshold": _word("as the value", "covenant level"),
    "direction": _word(
        "name", "min (the value must not be less, when not given) or max (it must not be more)"
    ),
    "period_labels": _word("labels", "label of each period"),
    "ineligible": _word("units", "units that do not count", _MONEY),
    "nolv": _word("share", "net orderly liquidation value over price", _SHARE),
    "advance": _word("share", "advance rate", _SHARE),
    # dual collateral
    "loan": _word("USD", "debt secured on both", _MONEY),
    "coin_units": _word("coins", "coins posted", _MONEY),
    "coin_price": _word("USD/coin", "price of one coin", _MONEY),
    "gpu_units": _word("units", "GPUs posted", _MONEY),
    "gpu_price": _word("USD/unit", "price of one GPU", _MONEY),
    "coin_haircut": _word("share", "haircut on coin", _SHARE),
    "gpu_haircut": _word("share", "haircut on GPUs", _SHARE),
    "coin_value": _word("USD", "market value of the coin today", _MONEY),
    "gpu_value": _word("USD", "market value of the GPUs today", _MONEY),
    "trigger": _word("ratio", "LTV that triggers", _POSITIVE),
    "target_ltv": _word("ratio", "LTV to be restored", _POSITIVE),
    "slippage": _word("share", "cost of selling coin", _SHARE_BELOW_ONE),
    "coin_vol": _word("1/sqrt(year)", "volatility of the coin", low=0.0),
    "gpu_vol": _word("1/sqrt(year)", "volatility of GPU prices", low=0.0),
    "correlation": _word(
        "ratio", "correlation of the log returns of coin and GPUs", low=-1.0, high=1.0
    ),
    "coin_drift": _word(
        "1/year", "drift of the coin's expected value, continuous; 0 when not given"
    ),
    "gpu_drift": _word(
        "1/year",
        "drift of the GPUs' expected value, continuous, usually negative; 0 when not given",
    ),
    "confidence": _word("share", "probability", low=_ABOVE_ZERO, high=_below(1.0)),
    "asset_value": _word("USD", "value of the asset", _MONEY),
    "barrier": _word("USD", "level that must not be touched", _MONEY),
    "vol": _word("1/sqrt(year)", "volatility", low=0.0),
    "drift": _word("1/year", "drift of the expected value, continuous"),
    "drawdown": _word("share", "fall of the coin from its high", _SHARE),
    "calm": _word("ratio", "correlation in calm markets", low=-1.0, high=1.0),
    "stressed": _word("ratio", "correlation in stress", low=-1.0, high=1.0),
    "midpoint": _word("share", "drawdown at which half of the change has come"),
    "width": _word("share", "width of the change", _POSITIVE),
    "probability": _word("share", "share of outcomes", low=_ABOVE_ZERO, high=_below(1.0)),
    "terms": _word("block", "two-column block of labels and values"),
    "coin_depth": _word("coins", "coins the market absorbs over the sale", _POSITIVE),
    "coin_impact": _word("log", "log discount of the last coin of a lot equal to depth", low=0.0),
    "gpu_depth": _word("units", "GPUs the market absorbs over the sale", _POSITIVE),
    "gpu_impact": _word("log", "log discount of the last GPU of a lot equal to depth", low=0.0),
    "gpu_cost": _word("USD", "cost of the GPU sale", _MONEY),
    "coin_prices": _word("USD/coin", "path of coin prices, today first", _MONEY),
    "gpu_prices": _word("USD/unit", "path of GPU prices, today first", _MONEY),
    "cash_flows": _word("USD", "operating cash, one value per period"),
    "call_ltv": _word("ratio", "LTV of a margin call", _POSITIVE),
    "cure_ltv": _word("ratio", "LTV to which a call must be cured", _POSITIVE),
    "liquidation_ltv": _word("ratio", "LTV of enforcement", _POSITIVE),
    "cure_periods": _word("periods", "periods from call to deadline", _WHOLE),
    "liquidity": _word("USD", "borrower's cash for top-ups", _MONEY),
    "coin_slippage": _word("share", "cost of selling coin", _SHARE_BELOW_ONE),
    "gpu_recovery": _word("share", "net proceeds over price on enforcement", _SHARE),
    # simulation
    "relet": _word("USD", "contracted cards let on the market at base rents", _MONEY),
    "gpu_curve": _word("USD/unit", "expected price of a card, at closing and by period", _MONEY),
    "row_driver": _word("name", "label or series that changes from row to row"),
    "row_values": _word("as the driver", "value of the driver in each row"),
    "column_driver": _word("name", "label or series that changes from column to column"),
    "column_values": _word("as the driver", "value of the driver in each column"),
    "series": _word("block", "rows or columns of one label and its values each"),
    "figure": _word("name", "simulated figure"),
    "paths": _word("paths", "number of simulated paths", low=1.0, whole=True),
    "seed": _word("number", "seed of the random numbers", low=0.0, high=2.0**53, whole=True),
    "mean_reversion": _word("1/year", "speed of return to the card's curve", _BOUNDED),
    "stressed_correlation": _word("ratio", "correlation in stress", low=-1.0, high=1.0),
    "drawdown_trigger": _word("share", "fall of coin from its high that is stress", _SHARE),
    "jump_intensity": _word("1/year", "common jumps in a year", _BOUNDED),
    "coin_jump": _word("log", "mean log jump of coin", low=-20.0, high=20.0),
    "gpu_jump": _word("log", "mean log jump of card prices", low=-20.0, high=20.0),
    "coin_jump_vol": _word("log", "deviation of the coin's log jump", low=0.0, high=5.0),
    "gpu_jump_vol": _word("log", "deviation of the card's log jump", low=0.0, high=5.0),
    "jump_correlation": _word("ratio", "correlation of the two jumps", low=-1.0, high=1.0),
    "rent_beta": _word("ratio", "log move of rents for one of card prices", low=-10.0, high=10.0),
    "hazard_elasticity": _word(
        "ratio", "log rise of the hazard for a log fall of rents", low=0.0, high=100.0
    ),
    "downtime_periods": _word("periods", "empty periods after the customer stops", _WHOLE),
    "loss_rate": _word("1/year", "discount rate of losses, effective", _ABOVE_MINUS_ONE),
    # price of credit
    "exposure": _word("USD", "opening balance of each period, the first one today's", _MONEY),
    "lgd": _word("share", "loss given default in each period, or one for all", _SHARE),
    "spread": _word("1/year", "credit spread, nominal", low=0.0),
    "el_spread": _word("1/year", "spread that pays the expected loss", low=0.0),
    "capital": _word("share", "capital held against the exposure", low=0.0),
    "hurdle": _word("1/year", "return required on capital"),
    "risk_free": _word("1/year", "risk-free rate"),
    "face": _word("USD", "debt due at the horizon", _POSITIVE),
    "continuous_rate": _word("1/year", "risk-free rate, continuous"),
    "pd": _word("share", "probability of default", low=_ABOVE_ZERO, high=_below(1.0)),
    "coverage": _word("ratio", "collateral over exposure", _POSITIVE),
    "sale_cost": _word("share", "cost of selling the collateral", _SHARE_BELOW_ONE),
    "dscr": _word("ratio", "expected debt service cover", low=0.0),
    # audit
    "cell": _word("cell", "a cell, even one that holds an error"),
    "key": _word("name", "key of a shipped default"),
    "function": _word("name", "name of a worksheet function"),
}

#: Words that one function uses in another sense than all others.
HOMONYMS: dict[tuple[str, str], Word] = {
    ("XLC_REPAYMENT", "scheduled"): _word(
        "USD", "scheduled principal, one value per period; below 0 a draw"
    ),
    ("XLC_REQUIRED_SPREAD", "liquidity"): _word("1/year", "spread for liquidity", low=0.0),
    ("XLC_REPAYMENT", "gpu_depth"): _word(
        "units/day", "GPUs the market absorbs in a day", _POSITIVE
    ),
    ("XLC_REPAYMENT", "sale_cost"): _word("USD/unit", "cost of selling one GPU", _MONEY),
    ("XLC_DUAL_SIM", "sale_cost"): _word("USD/unit", "cost of selling one GPU", _MONEY),
    ("XLC_SIM_GRID", "sale_cost"): _word("USD/unit", "cost of selling one GPU", _MONEY),
    ("XLC_REQUIRED_SPREAD", "opex"): _word("1/year", "running cost of the loan", low=0.0),
}

#: Reserved in VBA (MS-VBAL 3.3.5.2) or read by it as a statement: as a parameter, such a word
#: stops the whole generated module from compiling.
VBA_KEYWORDS = frozenset(
    """
    abs addressof alias and any array as attribute base binary boolean byref byte byval call case
    cbool cbyte ccur cdate cdbl cdec cdecl cint circle class clng clnglng clngptr close compare
    const csng cstr currency cvar cverr database date debug decimal declare defbool defbyte defcur
    defdate defdbl defdec defint deflng defobj defsng defstr defvar dim do doevents double each
    else elseif empty end endif enum eqv erase error event exit explicit false fix for friend
    function get global gosub goto if imp implements in input inputb int integer is lbound len
    lenb let lib like line lock long longlong longptr loop lset me mid mod module name new next
    not nothing null object on open option optional or output paramarray preserve print private
    property pset public put raiseevent random read redim rem resume return rset scale seek select
    set sgn shared single spc static step stop string sub tab text then to true type typeof ubound
    unlock until variant wend while with withevents write xor
    """.split()
)
