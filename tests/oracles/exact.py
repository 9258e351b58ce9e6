"""Helpers of the ``make_*.py`` programs: forty digits, and rows of cases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import mpmath
from mpmath import mp, mpf

from tests.oracles.tables import Table, write

mp.dps = 40

SOURCE = f"mpmath {mpmath.__version__}, {mp.dps} digits, from the definition"


def case(expected: Any, *arguments: Any) -> dict[str, Any]:
    """One case: what the cell shows for these arguments."""
    return {"arguments": list(arguments), "expected": plain(expected)}


def plain(value: Any) -> Any:
    """Turn mpmath numbers into floats, sequences into lists."""
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return float(value) if isinstance(value, (mpf, int)) else value


def exact(value: Any) -> Any:
    """The binary64 number itself, not its printed decimal; constants stay constants."""
    return [exact(v) for v in value] if isinstance(value, (list, tuple)) else mpf(value)


def column(function: Callable[..., Any], values: Sequence[float]) -> list[list[Any]]:
    """Apply ``function`` to each value, as a column of cells."""
    return [[function(v)] for v in values]


def series(value: Any, periods: int) -> list[Any]:
    """A series in exact numbers; one number stands for a constant."""
    values = exact(value if isinstance(value, (list, tuple)) else [value])
    return list(values) * periods if len(values) == 1 else list(values)


def publish(
    function: str,
    program: str,
    cases: list[dict[str, Any]],
    source: str = SOURCE,
    tolerance: float = 1e-12,
) -> None:
    """Write one reference table."""
    write(Table(function, source, program, "2026-11-22", tolerance, cases))
