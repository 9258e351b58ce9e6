"""Read the reference tables and measure the worksheet functions against them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from xlcredit.errors import CellError
from xlcredit.functions import call

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Table:
    """Reference values of one function."""

    function: str
    source: str
    program: str
    date: str
    tolerance: float
    cases: list[dict[str, Any]]


def tables() -> list[Table]:
    """Every reference table, by function."""
    return [_read(path) for path in sorted(FOLDER.glob("XLC_*.json"))]


def _read(path: Path) -> Table:
    return Table(**json.loads(path.read_text()))


def write(table: Table) -> None:
    """Write a table as its file (for the ``make_*.py`` programs); one that is the same stays."""
    old = FOLDER / f"{table.function}.json"
    if old.exists() and replace(_read(old), date=table.date) == table:
        return
    cases = ",\n  ".join(json.dumps(case) for case in table.cases)
    head = {k: v for k, v in vars(table).items() if k != "cases"}
    text = json.dumps(head)[:-1] + f',\n "cases": [\n  {cases}\n]}}\n'
    (FOLDER / f"{table.function}.json").write_text(text)


def difference(arguments: list[Any], function: str, expected: Any) -> float:
    """Worst relative difference of one case; infinite where kind or shape differs."""
    try:
        got = call(function, *arguments)
    except CellError as error:
        got = error.code
    pairs = list(_pairs(got, expected))
    return max((_gap(g, e) for g, e in pairs), default=float("inf"))


def _pairs(got: Any, expected: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(expected, list) and isinstance(got, list) and len(got) == len(expected):
        for g, e in zip(got, expected, strict=True):
            yield from _pairs(g, e)
    else:
        yield got, expected


def _gap(got: Any, expected: Any) -> float:
    if isinstance(got, CellError):
        got = got.code
    if isinstance(got, float) and isinstance(expected, (int, float)):
        if got == expected:
            return 0.0
        # 1e-12 absolute near zero: there a relative difference says nothing
        return max(0.0, abs(got - expected) - 1e-12) / max(abs(expected), 1e-300)
    return 0.0 if got == expected else float("inf")
