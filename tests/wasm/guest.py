"""What runs inside the WebAssembly module: every reference value, every worked example."""

from __future__ import annotations

import doctest
import json
import sys
from typing import Any

import numpy as np

from tests.oracles.tables import difference, tables
from xlcredit.errors import CellError
from xlcredit.functions import REGISTRY, call

__all__ = ["examples"]


def examples() -> dict[str, list[Any]]:
    """Call every worked example: what each call of a function shows."""
    found: dict[str, list[Any]] = {}
    for function in REGISTRY.values():

        def record(name: str, *arguments: Any, to: str = function.name) -> Any:
            try:
                answer = call(name, *arguments)
            except CellError as error:
                found.setdefault(to, []).append(f"{error.code} {error.reason}")
                raise
            found.setdefault(to, []).append(answer)
            return answer

        names: dict[str, Any] = {"call": record, "REGISTRY": REGISTRY}
        for line in doctest.DocTestParser().get_examples(function.doc):
            try:
                exec(line.source, names)
            except CellError:
                assert "CellError" in (line.exc_msg or ""), (function.name, line.source)
    return found


def _main() -> None:
    worst = {}
    for table in tables():
        gaps = [difference(c["arguments"], table.function, c["expected"]) for c in table.cases]
        worst[table.function] = {
            "cases": len(gaps),
            "worst": max(gaps),
            "tolerance": table.tolerance,
        }
    told = {
        "python": sys.version.split()[0],
        "numpy": np.__version__,
        "platform": sys.platform,
        "reference": worst,
        "examples": examples(),
    }
    print(json.dumps(told, default=str))


if __name__ == "__main__":
    _main()
