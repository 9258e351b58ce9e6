"""What the functions of one loan share: terms that agree with one another, series that fit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xlcredit.errors import CellError
from xlcredit.models import loan
from xlcredit.models.ties import at_least
from xlcredit.worksheet.kinds import require

__all__ = ["NONE", "agree", "figure", "fit"]

Array = NDArray[np.float64]

#: A series that was not given.
NONE = np.empty(0)

_LEVELS = ("cure_ltv", "call_ltv", "liquidation_ltv")
_SALE = ("sale_days", "gpu_impact", "exponent", "sale_haircut", "sale_cost")


def agree(terms: loan.Terms, coin: float = 0.0, gpu: float = 0.0) -> None:
    """Stop where terms contradict one another, at the prices of closing."""
    for label in _SALE if terms.gpu_depth is None else ():
        if getattr(terms, label) is not None:
            raise CellError("#VALUE!", f"terms: {label} needs gpu_depth, the market's daily depth")
    shares = terms.fee + terms.oid
    require(shares < 1.0, "terms: fee and oid must be below 1 together; got {}", shares)
    given = [label for label in _LEVELS if getattr(terms, label) is not None]
    if terms.payment_periods > 1.0 and (given or terms.accelerated):
        other = given[0] if given else "accelerated"
        raise CellError("#VALUE!", f"terms: {other} needs payment_periods of 1")
    if terms.principal_periods > 1.0 and (terms.payment_periods > 1.0 or not terms.cash_control):
        other = "payment_periods" if terms.payment_periods > 1.0 else "cash_control"
        raise CellError("#VALUE!", f"terms: principal_periods needs {other} of 1")
    if terms.trigger_level and terms.coin_units:
        message = "terms: trigger_level reads an index as coin_prices; coin_units must be 0"
        raise CellError("#VALUE!", message)
    if not given:
        return
    for label in _LEVELS:
        if label not in given:
            raise CellError("#VALUE!", f"terms: {label} is missing; {given[0]} needs it")
    cure, call, liquidation = (getattr(terms, label) for label in _LEVELS)
    require(
        cure < call <= liquidation,
        "cure_ltv must be below call_ltv, and that at most liquidation_ltv; got {}, {}, {}",
        cure,
        call,
        liquidation,
    )
    require(
        terms.coin_units + terms.gpu_units > 0.0,
        "terms: call_ltv needs collateral, coin_units or gpu_units; got 0 of both",
    )
    ltv = loan.State.start(terms, coin, gpu).max_ltv
    if at_least(ltv, call):
        message = "the LTV at closing must be below call_ltv"
        raise CellError("#NUM!", f"{message}; got {ltv:.6g} and {call:.6g}")


def fit(series: dict[str, Array], prices: dict[str, Array]) -> dict[str, Any]:
    """Stretch constants over the periods; prices have one value more, that of closing.

    A series that was not given is None. ``#VALUE!`` if the lengths do not fit together.
    """
    lengths = {name: len(values) for name, values in series.items() if len(values) > 1}
    lengths |= {name: len(values) - 1 for name, values in prices.items() if len(values) > 1}
    if len(set(lengths.values())) > 1:
        message = ", ".join(
            f"{name} has {n + 1} values for {n}" if name in prices else f"{name} has {n}"
            for name, n in lengths.items()
        )
        raise CellError("#VALUE!", f"series must have the same number of periods: {message}")
    periods = max(lengths.values(), default=1)
    stretched: dict[str, Any] = {}
    for name, values in (series | prices).items():
        count = periods + (name in prices)
        stretched[name] = np.broadcast_to(values, (count,)).tolist() if len(values) else None
    return stretched


def figure(value: float, reason: str) -> float | CellError:
    """Show a figure that may not exist: 0 periods or NaN are ``#N/A`` with the reason."""
    none = value == 0 if isinstance(value, int) else math.isnan(value)
    return CellError("#N/A", reason) if none else value
