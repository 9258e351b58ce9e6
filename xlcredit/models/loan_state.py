"""Where the paths of a loan stand, and what moves in a period: floats for one, arrays for many."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from xlcredit.models.loan_terms import Terms

__all__ = [
    "LIQUIDATED",
    "PAYMENT_DEFAULT",
    "PERFORMING",
    "REPAID",
    "STATUS",
    "Flow",
    "State",
    "lending_value",
]

STATUS = ("performing", "repaid", "liquidated", "payment_default")
PERFORMING, REPAID, LIQUIDATED, PAYMENT_DEFAULT = range(4)

#: One number for one path, or an array with one element a path.
Values = Any
Mask = Any


class _Ops(NamedTuple):
    """The few operations that one path and many paths spell differently."""

    where: Any
    low: Any
    high: Any
    some: Any
    ratio: Any
    take: Any  #: the paths that a mask holds for
    put: Any  #: values back into their places


def _ratio(above: Any, under: Any) -> Any:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.divide(above, under)


def _take(values: Any, mask: Any) -> Any:
    return values[mask] if isinstance(values, np.ndarray) else values


def _put(values: Any, mask: Any, new: Any) -> Any:
    if isinstance(values, np.ndarray):  # what is one number for all paths is nothing for all
        values[mask] = new
    return values


ONE = _Ops(
    where=lambda mask, yes, no: yes if mask else no,
    low=lambda a, b: a if a < b else b,
    high=lambda a, b: a if a > b else b,
    some=bool,
    ratio=lambda a, b: a / b if b else (math.inf if a > 0.0 else math.nan),
    take=lambda values, _: values,
    put=lambda _, __, new: new,
)
MANY = _Ops(np.where, np.minimum, np.maximum, np.any, _ratio, _take, _put)


@dataclass(slots=True)
class State:
    """Where a path stands at the end of a period; a float or an array over paths each.

    Amounts in USD. 0 stands for no period and no open call: the first period is 1.
    """

    ops: _Ops
    balance: Values
    reserve: Values
    liquidity: Values
    coin_units: Values  #: of an enforced path: the coins that were enforced
    arrears: Values = 0.0
    trapped: Values = 0.0
    earned: Values = 0.0  #: cash that covers since cash was last shared out, where that waits
    fallen_due: Values = 0.0  #: service that it covers
    opened: Values = 0
    missed: Values = 0
    status: Values = PERFORMING
    end_period: Values = 0
    first_missed: Values = 0
    calls: Values = 0
    first_call: Values = 0
    sales: Values = 0
    max_ltv: Values = math.nan
    exposure: Values = 0.0
    recovered: Values = 0.0
    loss: Values = 0.0
    surplus: Values = 0.0

    @classmethod
    def start(cls, terms: Terms, coin: Values = 0.0, gpu: Values = 0.0) -> State:
        """Put paths on the day of closing, at that day's prices (arrays: one path an element)."""
        state = cls(ONE, terms.loan, terms.dsra_opening, terms.liquidity, terms.coin_units)
        if isinstance(coin, np.ndarray):
            state.ops = MANY
            for name in cls.__slots__:
                if name == "ops":
                    continue
                value = getattr(state, name)
                setattr(state, name, np.full(coin.shape, value, dtype=np.asarray(value).dtype))
        if terms.call_ltv is not None:
            value = lending_value(state, terms, coin, gpu)
            state.max_ltv = state.ops.ratio(state.balance, value)
        return state

    def of(self, paths: Mask) -> State:
        """Take some of many paths."""
        names = [name for name in self.__slots__ if name != "ops"]
        return State(ops=self.ops, **{name: getattr(self, name)[paths] for name in names})

    @classmethod
    def joined(cls, blocks: Sequence[State]) -> State:
        """Put blocks of paths behind one another."""
        names = [name for name in cls.__slots__ if name != "ops"]
        parts = {name: np.concatenate([getattr(b, name) for b in blocks]) for name in names}
        return cls(ops=MANY, **parts)


@dataclass(slots=True)
class Flow:
    """What moved in one period, in USD; floats or arrays as in the state."""

    interest: Values
    principal: Values
    capitalised: Values
    unpaid: Values
    gap: Values
    dscr: Values  #: of the lock-up: CFADS but what must prepay, over service; NaN: none is due
    service: Values = 0.0  #: that service: interest, scheduled principal and arrears
    cash: Values = 0.0  #: what is left for enforcement, where there is one
    swept: Values = 0.0  #: prepaid, because it must be or by the sweep
    topped_up: Values = 0.0
    coin_sold: Values = 0.0
    coin_repaid: Values = 0.0
    distribution: Values = 0.0
    arrears: Values = 0.0  #: principal in arrears after the period, where one path is traced
    defaulted: Mask = False  #: enforced for a missed service
    enforced: Mask = False


def lending_value(state: State, terms: Terms, coin: Values, gpu: Values) -> Values:
    """Collateral after haircuts, at a price for one coin and one card, in USD."""
    weighed = (1.0 - terms.coin_haircut) * state.coin_units * coin
    return weighed + (1.0 - terms.gpu_haircut) * terms.gpu_units * gpu
