"""Built-in functions that engines get wrong, as Excel computes them.

formualizer 0.13 misplaces payments at the start of the period (IPMT, PPMT, CUMIPMT, CUMPRINC
with type 1) and depreciation over parts of a period (DDB, DB). Where Excel itself is not sure
of the digits (INT of a number beside a whole one, TAN beside a pole), that is told.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping
from math import floor, tan
from typing import Any

from xlcredit.errors import CellError, RecalcError
from xlcredit.recalc.engine import Unsure
from xlcredit.recalc.flows import irr, mirr, numbers

__all__ = ["COMMON", "CORRECTIONS"]


def _numbers(raw: tuple[Any, ...], defaults: tuple[float, ...], most: int) -> list[float]:
    """Read arguments as Excel's own functions do: blank is 0, the last ones have defaults."""
    if not most - len(defaults) <= len(raw) <= most:
        raise CellError("#VALUE!", f"takes {most} arguments; got {len(raw)}")
    values = []
    for cell in raw:
        if isinstance(cell, CellError):
            raise CellError(cell.code, "an argument is an error")
        if isinstance(cell, list):
            raise RecalcError("it is given a range; use a formula for each cell")
        if isinstance(cell, str):
            raise CellError("#VALUE!", f"an argument is the text {cell!r}")
        values.append(float(cell) if isinstance(cell, int | float) else 0.0)
    absent = most - len(values)
    return values + list(defaults[len(defaults) - absent :] if absent else ())


def _payment(rate: float, periods: float, pv: float, fv: float, due: float) -> float:
    if rate == 0:
        return -(pv + fv) / periods
    growth: float = (1 + rate) ** periods
    return -(fv + pv * growth) * rate / ((1 + rate * due) * (growth - 1))


def _interest(
    rate: float, period: float, periods: float, pv: float, fv: float, due: float
) -> float:
    """Interest part of the payment of one period; ``due`` is 1 if payments open the period."""
    if not 1 <= period <= periods:
        raise CellError("#NUM!", f"period {period:g} is not between 1 and {periods:g}")
    if due and period == 1:
        return 0.0
    payment = _payment(rate, periods, pv, fv, due)
    growth: float = (1 + rate) ** (period - 1)
    paid = payment * (1 + rate * due) * ((growth - 1) / rate if rate else period - 1)
    return -(pv * growth + paid) * rate / (1 + rate if due else 1)


def ipmt(*raw: Any) -> float:
    """IPMT(rate, per, nper, pv, [fv], [type])."""
    rate, period, periods, pv, fv, due = _numbers(raw, (0.0, 0.0), 6)
    return _interest(rate, period, periods, pv, fv, float(due != 0))


def ppmt(*raw: Any) -> float:
    """PPMT(rate, per, nper, pv, [fv], [type])."""
    rate, period, periods, pv, fv, due = _numbers(raw, (0.0, 0.0), 6)
    due = float(due != 0)
    interest = _interest(rate, period, periods, pv, fv, due)
    return _payment(rate, periods, pv, fv, due) - interest


def _cumulative(raw: tuple[Any, ...]) -> tuple[float, float]:
    """Interest and principal paid between two periods."""
    rate, periods, pv, first, last, due = _numbers(raw, (), 6)
    periods, first, last, due = (float(int(x)) for x in (periods, first, last, due))
    if rate <= 0 or periods <= 0 or pv <= 0 or not 1 <= first <= last <= periods:
        raise CellError("#NUM!", "rate, nper and pv must be positive, and the periods in order")
    if due not in (0.0, 1.0):
        raise CellError("#NUM!", f"type must be 0 or 1; got {due:g}")
    span = range(int(first), int(last) + 1)
    interest = sum(_interest(rate, k, periods, pv, 0.0, due) for k in span)
    return interest, _payment(rate, periods, pv, 0.0, due) * len(span) - interest


def cumipmt(*raw: Any) -> float:
    """CUMIPMT(rate, nper, pv, start_period, end_period, type)."""
    return _cumulative(raw)[0]


def cumprinc(*raw: Any) -> float:
    """CUMPRINC(rate, nper, pv, start_period, end_period, type)."""
    return _cumulative(raw)[1]


def ddb(*raw: Any) -> float:
    """DDB(cost, salvage, life, period, [factor])."""
    cost, salvage, life, period, factor = _numbers(raw, (2.0,), 5)
    if cost < 0 or salvage < 0 or factor <= 0 or not 0 < period <= life:
        raise CellError("#NUM!", "cost, salvage, life, period or factor is out of range")
    rate = min(1.0, factor / life)
    before: float
    after: float
    if rate == 1:
        before, after = (cost if period <= 1 else 0.0), 0.0
    else:
        before, after = cost * (1 - rate) ** (period - 1), cost * (1 - rate) ** period
    return max(0.0, before - max(after, salvage))


def db(*raw: Any) -> float:
    """DB(cost, salvage, life, period, [month])."""
    cost, salvage, life, period, month = _numbers(raw, (12.0,), 5)
    if period != int(period) or life != int(life):
        raise RecalcError(f"life {life:g} and period {period:g} must be whole numbers")
    months = int(month)
    last = life + (months < 12)
    if cost < 0 or salvage < 0 or not 1 <= months <= 12 or not 1 <= period <= last:
        raise CellError("#NUM!", "cost, salvage, period or month is out of range")
    if cost == 0:
        return 0.0
    rate: float = round(1 - (salvage / cost) ** (1 / life), 3)
    charge, total = cost * rate * months / 12, 0.0
    for k in range(2, int(period) + 1):
        total += charge
        charge = (cost - total) * rate * ((12 - months) / 12 if k > life else 1)
    return charge


#: Nearer than this to a whole number, in parts of it, spreadsheets disagree which side it is on.
_LAST_DIGITS = 4e-15


def whole(*raw: Any) -> Any:
    """INT(number), told where it hangs on the last digit: the whole number, or the one below."""
    if len(raw) == 1 and isinstance(raw[0], list):
        return [[_told(whole, cell) for cell in row] for row in raw[0]]
    if raw and isinstance(raw[0], str):
        raise RecalcError("it is given text")
    (value,) = _numbers(raw, (), 1)
    nearest = float(round(value))
    if value == nearest or abs(value - nearest) > _LAST_DIGITS * abs(nearest):
        return float(floor(value))
    reason = f"{value!r} is {nearest:.0f} but for its last digit; other programs give {nearest:.0f}"
    return Unsure(float(floor(value)), reason) if value < nearest else nearest


#: Steeper than this, the tangent shows the digits of pi that a program divides by, not the number.
_STEEP = 1e10
#: Excel takes the tangent of no larger number.
_FARTHEST = 2.0**27


def tangent(*raw: Any) -> Any:
    """TAN(number), told beside a pole, where versions of Excel differ in the fourth digit."""
    if len(raw) == 1 and isinstance(raw[0], list):
        return [[_told(tangent, cell) for cell in row] for row in raw[0]]
    if raw and isinstance(raw[0], str):
        raise RecalcError("it is given text")
    (value,) = _numbers(raw, (), 1)
    if abs(value) >= _FARTHEST:
        raise CellError("#NUM!", f"Excel takes no tangent from 2^27 on; got {value:g}")
    found = tan(value)
    if abs(found) < _STEEP:
        return found
    return Unsure(found, f"{value!r} is a pole of TAN but for its last digits; programs differ")


def _told(function: Callable[..., Any], cell: Any) -> Any:
    try:
        found = function(cell)
    except CellError as error:
        return error.with_traceback(None)
    return found.value if isinstance(found, Unsure) else found


def frequency(*raw: Any) -> list[list[float]]:
    """FREQUENCY(data_array, bins_array): bins need not be in order, and keep their places."""
    if len(raw) != 2:
        raise CellError("#VALUE!", f"takes 2 arguments; got {len(raw)}")
    data, bins = (numbers(block) for block in raw)
    counts: dict[float, int] = dict.fromkeys(bins, 0)
    above = 0
    limits = sorted(counts)
    for value in data:
        at = bisect_left(limits, value)
        if at < len(limits):
            counts[limits[at]] += 1
        else:
            above += 1
    # Of equal bins the first one counts.
    return [[float(counts.pop(limit, 0))] for limit in bins] + [[float(above)]]


#: What every engine gets wrong.
COMMON: Mapping[str, Callable[..., Any]] = {"FREQUENCY": frequency}

#: Excel name -> the function that replaces the engine's own.
CORRECTIONS: Mapping[str, Callable[..., Any]] = {
    **COMMON,
    "INT": whole,
    "IRR": irr,
    "MIRR": mirr,
    "IPMT": ipmt,
    "PPMT": ppmt,
    "CUMIPMT": cumipmt,
    "CUMPRINC": cumprinc,
    "DDB": ddb,
    "DB": db,
    "TAN": tangent,
}
