"""Quotes to try a command with: made by a formula, and their source says so.

No figure here was observed. The series come from a generator whose numbers are the same for every
version of Python, so that equal versions of the package write equal files.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
from collections.abc import Iterator, Sequence
from random import Random
from statistics import NormalDist

__all__ = ["SOURCE", "sample_coin", "sample_rents"]

SOURCE = "illustration, no quote"
_FIRST = dt.date(2024, 11, 1)
_YEAR = 365.25


def sample_rents() -> bytes:
    """Two years of weekly rents of an H100 [USD/GPU-hour] by three providers, as a CSV file.

    Their common level falls by about a fifth a year with a volatility of a fifth.

    Examples
    --------
    >>> sample_rents().decode().splitlines()[0]
    'date,price,source'
    """
    chance, level = _chance(3), math.log(2.9)
    rows = []
    for week in range(105):
        level += (math.log(0.8) * 7 / _YEAR) + 0.2 * math.sqrt(7 / _YEAR) * next(chance)
        for letter, premium in (("A", 0.0), ("B", 0.08), ("C", -0.05)):
            price = math.exp(level + premium + 0.01 * next(chance))
            rows.append((_FIRST + dt.timedelta(days=7 * week), f"{price:.3f}", letter))
    return _csv([(day, price, f"provider {letter}: {SOURCE}") for day, price, letter in rows])


def sample_coin() -> bytes:
    """Two years of daily closes of a coin [USD], as a CSV file: a volatility of about a half.

    Examples
    --------
    >>> sample_coin().decode().splitlines()[1]
    '2024-11-01,70000.00,"illustration, no quote"'
    """
    chance, level = _chance(2), math.log(70_000.0)
    rows = []
    for day in range(731):
        rows.append((_FIRST + dt.timedelta(days=day), f"{math.exp(level):.2f}", SOURCE))
        level += 0.5 / math.sqrt(_YEAR) * next(chance)
    return _csv(rows)


def _chance(seed: int) -> Iterator[float]:
    """Standard normal numbers, the same for every version of Python."""
    draw, normal = Random(seed), NormalDist()
    while True:
        yield normal.inv_cdf(draw.random() or 0.5)


def _csv(rows: Sequence[tuple[dt.date, str, str]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("date", "price", "source"))
    writer.writerows(rows)
    return out.getvalue().encode()
