"""The units of a deal: one row each, which says how a figure in it looks, wherever it stands.

A unit that has no row here does not exist: a template that uses one is refused.
"""

from __future__ import annotations

from dataclasses import dataclass

from xlcredit.errors import DealError
from xlcredit.hints import did_you_mean

__all__ = ["DRIVER_UNITS", "UNITS", "Unit", "unit"]


@dataclass(frozen=True, slots=True)
class Unit:
    """How a figure of one unit is written."""

    name: str
    cell: str
    """Number format of a cell."""
    terminal: str = "{:,.4g}"
    """Format in the terminal, after scaling."""
    decimals: int = 0
    """Least decimals in a comparison, after scaling."""
    scale: float = 1.0
    """What a figure is multiplied by before a person reads it: 100 for a percentage."""
    axis: str = "General"
    """Number format of a chart's axis."""
    whole: bool = False
    """Whether a whole figure is read without decimals in the terminal."""

    @property
    def percent(self) -> bool:
        """Whether a figure is read as a percentage."""
        return self.scale == 100

    def shown(self, value: float) -> str:
        """A figure as a person reads it in the terminal.

        Examples
        --------
        >>> UNITS["USD"].shown(-332_897_749.2), UNITS["share"].shown(0.125)
        ('-$332,897,749', '12.5%')
        >>> UNITS["months"].shown(10.5), UNITS["months"].shown(10)
        ('10.5', '10')
        """
        text = self.terminal.format(value * self.scale)
        if self.whole:
            text = text.removesuffix(".0")
        return f"-${text[2:]}" if text.startswith("$-") else text


_MONEY = '#,##0;[Red]-#,##0;"–"'
_PRICE = "0.00;[Red]-0.00;0.00"
_SOME = "#,##0.##"
_WHOLE = "{:,.0f}"

_ROWS = (
    Unit("USD", _MONEY, "${:,.0f}", axis="#,##0,,"),
    # an amount in USD that is read in millions
    Unit("USD m", '#,##0.0,,;[Red]-#,##0.0,,;"–"', "${:,.1f}m", scale=1e-6, axis="#,##0,,"),
    Unit("USD/unit", _MONEY, _WHOLE, axis="#,##0"),
    Unit("USD/GPU-hour", _PRICE, "{:.2f}", 2, axis="0.00"),
    Unit("USD/kWh", "0.000", decimals=3),
    Unit("USD/kW-month", _PRICE, "{:.2f}", 2, axis="0.00"),
    Unit("USD/coin", "#,##0", _WHOLE, axis="#,##0"),
    Unit("USD/month", _MONEY),
    Unit("share", "0.0%;[Red]-0.0%;0.0%", "{:.1f}%", 1, 100, axis="0%"),
    Unit("1/year", "0.00%;[Red]-0.00%;0.00%", "{:.1f}%", 1, 100),
    Unit("1/sqrt(year)", "0.0%", "{:.0f}%", 1, 100),
    Unit("ratio", '0.00"x";[Red]-0.00"x";"–"', "{:.2f}x", 2, axis="0.0"),
    Unit("months", "0.0;[Red]-0.0;0", "{:,.1f}", whole=True),
    Unit("days", "#,##0", _WHOLE),
    Unit("years", "0.0", "{:.1f}", 1),
    Unit("units", _MONEY),
    Unit("units/day", _SOME),
    Unit("coins", _SOME),
    Unit("coins/day", _SOME),
    Unit("coins/month", _SOME),
    Unit("kW", "#,##0.00", decimals=2),
    Unit("hours", "#,##0"),
    Unit("number", _PRICE, "{:.2f}", 2),
    Unit("factor", "0.0000", "{:.4f}", 4),
    Unit("log", "0.00"),
    Unit("power", "0.00"),
    Unit("flag", '0;-0;"·"'),
    Unit("bp", '#,##0" bp";[Red]-#,##0" bp";0" bp"', "{:,.0f} bp"),
    Unit("date", "d mmm yyyy"),
    Unit("text", "@"),
    Unit("%", "0.0%", decimals=1, scale=100),
)
#: A share of the value; a breach says which way the value must go, and how far.
_HEADROOM = (
    Unit("headroom, min", '0.0%;[Red]"must rise "0%;0.0%', "{:.1f}%", scale=100),
    Unit("headroom, max", '0.0%;[Red]"must fall "0%;0.0%', "{:.1f}%", scale=100),
)

#: The units and how they are written in a deal file.
UNITS = {row.name: row for row in _ROWS}
#: A covenant's driver may also say which way it must go when the test fails.
DRIVER_UNITS = UNITS | {row.name: row for row in _HEADROOM}


def unit(name: str) -> Unit:
    """Find a unit.

    Raises
    ------
    DealError
        There is none of that name; the nearest is given.

    Examples
    --------
    >>> unit("share").shown(0.125)
    '12.5%'
    """
    if name not in DRIVER_UNITS:
        near = did_you_mean(name, UNITS) or f"; there are {', '.join(UNITS)}"
        raise DealError(f"unit {name!r} is not known{near}")
    return DRIVER_UNITS[name]
