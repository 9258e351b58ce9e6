"""Worksheet functions: the shipped reference tables, card by card and key by key."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cache, partial
from typing import TypeVar

import numpy as np

from xlcredit.errors import CellError, FileError
from xlcredit.functions import audit, residual
from xlcredit.hints import did_you_mean
from xlcredit.reference import Card, Catalogue, Cost, Default, catalogue, table
from xlcredit.worksheet.cells import Cells, shown
from xlcredit.worksheet.explain import MOST_IN_BLOCK
from xlcredit.worksheet.kinds import Block, Cell, Text
from xlcredit.worksheet.registry import worksheet
from xlcredit.worksheet.results import AnyFacts, BlockResult

__all__ = ["FIELDS", "XLC_GPU", "XLC_SOURCE"]

#: Columns of the tables of cards and of costs, by the name of the field.
_OF_CARD = {f.name: f.name for f in dataclasses.fields(Card) if f.name != "names"}
_OF_COST = {f.name: f.name for f in dataclasses.fields(Cost) if f.name.startswith("cost_")} | {
    f"cost_{name}": name for name in ("basis", "as_of", "source", "grade", "licence")
}
#: What ``XLC_GPU`` can tell.
FIELDS = (*_OF_CARD, "successor_date", *_OF_COST)

Read = TypeVar("Read")

_FOLDED = {name.replace("_", ""): name for name in FIELDS}


@worksheet(residual.CATEGORY)
def XLC_GPU(gpu: Text, field: Text) -> AnyFacts:
    """Figure of a GPU from the catalogue of cards. [as the field]

    Parameters
    ----------
    gpu : text or range
        The card, such as H100, in any case; spaces and hyphens do not matter. A short name is the
        most usual version: H100 is H100-SXM5, A100 is A100-80GB-SXM, B200 is B200-HGX. [name]
    field : text or range
        memory_gb, tdp_w, rack_kw, launch_date, successor, successor_date, cost_low, cost_high,
        liquid_required, bf16_tflops, fp8_tflops, memory_bandwidth, source, as_of or another
        column of the catalogue. [name]

    Returns
    -------
    number, date or text, or range
        The figure; dates for launch_date, announced, successor_date, as_of and
        cost_as_of. [as the field]

    Raises
    ------
    #N/A
        The card or the field is not in the catalogue, and the reason names the nearest; or the
        figure is not known.
    #VALUE!
        The user's own table of cards or costs is wrong; the reason names file, row and column.

    Notes
    -----
    Each row of the catalogue has a source, a date, a grade (A primary source, B one good secondary
    source, C estimate) and a licence; ``unverified`` lists the fields that rest on memory or on
    one estimate.

    Units: memory_gb [GB], memory_bandwidth [TB/s], bf16_tflops and fp8_tflops [TFLOPS, dense],
    tdp_w [W], rack_kw [kW], cost_low and cost_high [USD/unit], liquid_required [0 or 1].

    rack_kw is the power of the smallest unit that stands in a rack, a server or the rack itself,
    and gpus_per_unit is the number of cards in it. cost_low and cost_high are the latest on
    record, of the date cost_as_of: they are not a quote.

    A launch date known by the month only is the 15th. A file cards.csv or costs.csv in the
    folder that XLCREDIT_REFERENCE names replaces the shipped one.

    Examples
    --------
    >>> call("XLC_GPU", "H100", "memory_gb")
    80.0
    >>> call("XLC_GPU", ["GB200 NVL72", "VR200 NVL144"], [["card", "rack_kw", "liquid_required"]])
    [['GB200-NVL72', 132.0, 1.0], ['VR200-NVL72', 230.0, 1.0]]
    >>> call("XLC_GPU", "h100 pcie", "successor")
    'H200-NVL'
    >>> call("XLC_GPU", "VR200", "launch_date")
    Traceback (most recent call last):
        ...
    xlcredit.errors.CellError: #N/A VR200-NVL72 has no launch_date in the catalogue

    References
    ----------
    .. [1] Vendors' data sheets; Epoch AI, ai-chip-counts (MIT licence); SpotWire valuator data
       (CC BY 4.0). The field source names the one behind each row.
    """
    cards = _or_error(catalogue)
    figures = np.frompyfunc(cache(partial(_figure, cards)), 2, 1)  # a column repeats its words
    return figures(gpu, field)


def _figure(cards: Catalogue, gpu: str, field: str) -> AnyFacts:
    """Return one figure, or the error that stands in its place."""
    name = _FOLDED.get("".join(c for c in field.casefold() if c not in " _-"))
    card = cards.find(gpu)
    if card is None:
        near = ", ".join(cards.near(gpu))
        hint = f"; nearest are {near}" if near else ""
        return CellError("#N/A", f'gpu "{gpu[:40]}" is not in the catalogue{hint}')
    if name is None:
        hint = did_you_mean(field, FIELDS, 3)
        return CellError("#N/A", f'field "{field[:40]}" is not a column{hint}')
    value = _value(cards, card, name)
    if value is None or value == "":
        return CellError("#N/A", f"{card.card} has no {name} in the catalogue")
    return value[:MOST_IN_BLOCK] if isinstance(value, str) else value


def _value(cards: Catalogue, card: Card, name: str) -> AnyFacts:
    if name in _OF_CARD:
        return getattr(card, name)
    if name in _OF_COST:
        return getattr(cards.cost(card), _OF_COST[name], None)
    return getattr(cards.find(card.successor), "launch_date", None)


@worksheet(audit.CATEGORY)
def XLC_SOURCE(key: Cell) -> BlockResult:
    """Where a shipped default comes from: value, unit, date, source and licence. [block]

    Parameters
    ----------
    key : text
        Name of a default, such as exponent or h100_listed_rent, in any case. [name]

    Returns
    -------
    block
        Two columns: value, unit, date, source and licence. [block]

    Raises
    ------
    #N/A
        There is no such key, and the reason names those like it; in the block, a date that a
        definition or an assumption does not have.
    #VALUE!
        ``key`` is not text, or the user's own table of defaults is wrong.

    Notes
    -----
    The default of an argument has the argument's name: the vocabulary gives a word one meaning. A
    file defaults.csv in the folder that XLCREDIT_REFERENCE names replaces the shipped one; it
    changes what is told here, not what a function takes when an argument is left out.

    Examples
    --------
    >>> call("XLC_SOURCE", "confidence")[:2]
    [['value', 0.999], ['unit', 'share']]
    >>> call("XLC_SOURCE", "H100 listed rent")[2:]
    [['date', datetime.date(2026, 10, 5)], ['source', ...], ['licence', 'CC BY 4.0']]

    References
    ----------
    .. [1] The table of defaults; each row has a source of its own.
    """
    if isinstance(key, CellError):
        raise key
    if not isinstance(key, str) or not key.strip():
        message = "a range" if isinstance(key, (Cells, np.ndarray)) else shown(key)
        raise CellError("#VALUE!", f"key must be the name of a default; got {message}")
    rows = {row.key: row for row in _or_error(lambda: table(Default))}
    name = key.strip().casefold().replace(" ", "_").replace("-", "_")
    if name not in rows:
        hint = did_you_mean(name, rows, 3)
        raise CellError("#N/A", f'key "{key[:40]}" is not a default{hint}')
    return _told(rows[name])


def _told(row: Default) -> Block:
    undated = CellError("#N/A", f"{row.key} has no date: {row.source}")
    return {
        "value": row.value,
        "unit": row.unit,
        "date": row.as_of or undated,
        "source": row.source[:MOST_IN_BLOCK],
        "licence": row.licence,
    }


def _or_error(read: Callable[[], Read]) -> Read:
    """Read a table; a mistake in the user's own comes out as an error of the cell."""
    try:
        return read()
    except FileError as error:
        raise CellError("#VALUE!", str(error)) from None
