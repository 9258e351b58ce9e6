"""What figures of a unit have been, by published sources: the start of a question, never a limit.

A rent of 260 is legal, and mostly cents. A figure outside its band is told with both readings; it
is calculated as it stands.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["BANDS", "Band", "two_readings"]


@dataclass(frozen=True)
class Band:
    """The lowest and the highest of what has been seen, and what else a figure may have meant."""

    low: float
    high: float
    source: str
    readings: tuple[tuple[float, str], ...]
    """Factors to the figure that may have been meant, each with the word for what was written."""
    percent: bool = False
    """Whether people say it in per cent."""


_PER_CENT = ((0.01, "per cent"),)

#: Bands by unit, or by the name of an input.
BANDS = {
    "USD/GPU-hour": Band(
        0.02,
        50.0,
        "on demand, 12.29 for an H100 was dear: AWS p5.48xlarge, USD 98.32 for eight, July 2023",
        ((0.01, "cents"), (1 / 8, "dollars for a server of eight"), (1 / 730, "dollars a month")),
    ),
    "1/year": Band(
        -1.0,
        1.0,
        "the US policy rate was 22.4% at its highest (FRED DFF, 22 July 1981)",
        _PER_CENT,
        percent=True,
    ),
    "1/sqrt(year)": Band(
        0.01,
        3.0,
        "assumption: bitcoin and GPU rents have moved by 20% to 150% a year",
        _PER_CENT,
        percent=True,
    ),
    "share": Band(-2.0, 2.0, "definition: a share is a part of 1", _PER_CENT, True),
    "USD/kWh": Band(
        0.001,
        1.0,
        "US industrial power 0.05 to 0.35 by state (EIA Electric Power Monthly, table 5.6.A)",
        ((0.01, "cents"), (0.001, "dollars a MWh")),
    ),
    "USD/kW-month": Band(
        10.0,
        1000.0,
        "wholesale data centres 120 to 250 (CBRE, North America Data Center Trends)",
        ((1000.0, "thousands"), (1 / 12, "dollars a year")),
    ),
    "gpu_kw": Band(
        0.2,
        4.0,
        "at the wall 10.2 kW for eight H100 (NVIDIA DGX H100), 132 kW for a rack of 72 GB200",
        ((0.001, "watts"), (1 / 8, "kilowatts for a server of eight")),
    ),
    "commitment": Band(
        100_000.0,
        1e12,
        "loans on GPUs from millions to billions of dollars (EDGAR filings)",
        ((1e6, "USD m"), (1e9, "USD bn")),
    ),
}
#: Rates of this unit that count events, or say how fast something returns, and may be any number.
_COUNTS = ("jumps", "reversion")


def two_readings(name: str, unit: str, value: float) -> str:
    """Say of a figure outside its band how it reads, and what may have been meant.

    Parameters
    ----------
    name : str
        The input.
    unit : str
        Its unit.
    value : float
        The figure.

    Returns
    -------
    str
        One line; empty where the figure is plausible, or 0.

    Examples
    --------
    >>> two_readings("market_rent", "USD/GPU-hour", 2.6)
    ''
    >>> two_readings("base_rate", "1/year", 5.0)  # doctest: +ELLIPSIS
    'base_rate = 5 reads as 500%, outside -100% to 100% (the US ...); for 5 per cent write 0.05'
    """
    band = BANDS.get(name) or BANDS.get(unit)
    if band is None or value == 0 or band.low <= value <= band.high or name.endswith(_COUNTS):
        return ""
    reads = f"{value:.0%}" if band.percent else f"{value:,.10g} {unit}"
    ends = (f"{e:.0%}" if band.percent else f"{e:,g}" for e in (band.low, band.high))
    told = f"{name} = {value:.10g} reads as {reads}, outside {' to '.join(ends)} ({band.source})"
    for factor, word in band.readings:
        if band.low <= value * factor <= band.high:
            return f"{told}; for {value:.10g} {word} write {value * factor:.10g}"
    return told
