"""Market parameters from files of quotes, and how a deal file says where they come from."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
import tomlkit
from numpy.typing import NDArray

from xlcredit.deals.quotes import Quotes
from xlcredit.errors import DealError
from xlcredit.models import calibration
from xlcredit.models.calibration import Fit
from xlcredit.worksheet.vocabulary import VOCABULARY

__all__ = ["Calibration", "calibrate", "fragment"]

Array = NDArray[np.float64]

#: Fewer dates than this are no sample.
_FEWEST = 12
#: What the templates call these.
_INPUTS = {
    "decline": "rent_decline",
    "correlation": "calm_correlation",
    "stressed_correlation": "stress_correlation",
    "coin_vol": "coin_vol",
    "gpu_vol": "gpu_vol",
}


@dataclass
class Calibration:
    """What the quotes say, from where, and what to beware of."""

    fits: list[Fit] = field(default_factory=list)
    origin: dict[str, str] = field(default_factory=dict)  #: file and dates of each fit
    as_of: dict[str, object] = field(default_factory=dict)  #: last date of each fit
    warnings: list[str] = field(default_factory=list)

    def add(self, fits: list[Fit], *quotes: Quotes) -> None:
        """Add fits that were made from these quotes."""
        origin = " and ".join(f"{q.name}, {q.span}" for q in quotes)
        for fit in fits:
            self.fits.append(fit)
            self.origin[fit.name] = origin
            self.as_of[fit.name] = min(q.dates[-1] for q in quotes)


def calibrate(rents: Quotes | None, coin: Quotes | None, trigger: float) -> Calibration:
    """Estimate what the quotes can tell.

    Parameters
    ----------
    rents, coin : Quotes, optional
        Rents of one card, from one source or a panel of them; closes of the coin.
    trigger : float
        Fall of the coin from its maximum that counts as stress. [share]

    Returns
    -------
    Calibration
        Estimates with standard errors, and warnings.

    Raises
    ------
    DealError
        If a file has too few dates, or two closes of the coin on one day.
    """
    found = Calibration()
    if rents is not None:
        years, index = _index(rents, found)
        _require(rents, len(years))
        found.add(calibration.rents(years, index), rents)
    if coin is not None:
        when, closes = np.array(coin.years), np.array(coin.prices)
        _require(coin, len(when))
        if np.any(np.diff(when) == 0.0):
            raise DealError(f"{coin.name}: a day is quoted twice; keep one close a day")
        found.add(calibration.coin(when, closes), coin)
    if rents is not None and coin is not None:
        shift = (rents.dates[0] - coin.dates[0]).days / 365.25
        pair = calibration.correlations(when, closes, years + shift, index, trigger)
        found.add(pair, rents, coin)
        known = {fit.name: fit for fit in found.fits}
        if not math.isnan(known["stressed_correlation"].value):
            found.add([Fit("drawdown_trigger", trigger, math.nan, 0, "given")], coin)
    few = [f.name for f in found.fits if math.isnan(f.value)]
    if few:
        found.warnings.append(f"too few observations for {', '.join(few)}: left out")
    return found


def _require(quotes: Quotes, dates: int) -> None:
    if dates < _FEWEST:
        raise DealError(f"{quotes.name}: {_FEWEST} dates are the fewest that tell; got {dates}")


def _index(rents: Quotes, found: Calibration) -> tuple[Array, Array]:
    """Chain a panel by matched pairs; say what a median of whoever is quoted would have said."""
    years, quotes = np.array(rents.years), np.array(rents.prices)
    dates, medians = calibration.median_index(years, quotes)
    if not rents.sources:
        if len(dates) < len(years):
            message = (
                f"{rents.name} does not say who quoted: the median of a day moves with the panel"
            )
            found.warnings.append(f"{message}; add a column source")
        return dates, medians
    matched, index, counts = calibration.matched_index(
        years, np.array(rents.sources, dtype=object), quotes
    )
    if len(matched) < len(dates):
        dropped = len(dates) - len(matched)
        found.warnings.append(
            f"{rents.name}: {dropped} dates before a break in the panel are left out"
        )
    if len(matched) >= _FEWEST:
        same = np.isin(dates, matched)
        paired = math.log(index[-1] / index[0])
        whole = math.log(medians[same][-1] / medians[same][0])
        if abs(paired - whole) > 0.02:
            message = f"{rents.name}: matched pairs moved {math.expm1(paired):+.1%}, the median"
            found.warnings.append(
                f"{message} of whoever is quoted {math.expm1(whole):+.1%}; the panel changed"
            )
        if np.median(counts) < 3:
            found.warnings.append(f"{rents.name}: most changes rest on fewer than three sources")
    return matched, index


def fragment(found: Calibration) -> str:
    """Write the estimates as part of a deal file and of a file to simulate.

    Returns
    -------
    str
        TOML: ``[inputs]`` for a template's deal file, each with source and date; ``[terms]`` for
        ``xlcredit simulate``.
    """
    fits = [replace(f, value=float(f"{f.value:.6g}")) for f in found.fits if f.value == f.value]
    document = tomlkit.document()
    for message in found.warnings:
        document.add(tomlkit.comment(message))
    inputs, terms = tomlkit.table(), tomlkit.table()
    for fit in fits:
        error = "" if math.isnan(fit.error) else f"; standard error {fit.error:.2g}"
        source = f"{found.origin[fit.name]}: {fit.count:,} observations{error}"
        if fit.name in _INPUTS:
            line = tomlkit.inline_table()
            unit = VOCABULARY[fit.name].unit
            line.append("value", fit.value)
            line.append("unit", "number" if "correlation" in fit.name else unit)
            line.append("source", source)
            line.append("as_of", found.as_of[fit.name])
            inputs.add(_INPUTS[fit.name], line)
        if fit.name != "decline":
            terms.add(fit.name, fit.value)
            terms[fit.name].comment(source if not fit.note else f"{source}; {fit.note}")
    document.add("inputs", inputs)
    document.add("terms", terms)
    return tomlkit.dumps(document)
