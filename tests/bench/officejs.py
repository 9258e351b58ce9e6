"""One cell through xlwings' Office.js dispatcher: stock decorators, and our adapter.

A program of its own, for xlwings looks for its licence key as it is imported; the key that says
"a test of free software" is set for this process alone.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def measured() -> list[tuple[str, float]]:
    """Median seconds of one scalar call of XLC_RENT, by the way it is dispatched."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.officejs"],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"XLWINGS_LICENSE_KEY": "noncommercial"},
    )
    return [(str(name), float(seconds)) for name, seconds in json.loads(done.stdout)]


def _stock() -> types.ModuleType:
    from xlwings import server

    from xlcredit.models import rents

    @server.func
    def STOCK(rent, decline, month):  # type: ignore[no-untyped-def]
        return float(rents.rent(rent, decline, month))

    module = types.ModuleType("stock")
    vars(module)["STOCK"] = STOCK
    return module


def main() -> None:
    """Measure in this process and print JSON."""
    from xlwings import server

    from tests.bench.__main__ import median
    from xlcredit.functions import call
    from xlcredit.hosts.officejs import functions

    loop = asyncio.new_event_loop()

    def dispatch(module: types.ModuleType, name: str) -> Any:
        body = {
            "client": "Office.js",
            "func_name": name,
            "args": [[[2.5]], [[0.3]], [[12.0]]],
            "caller_address": "[Book1]Sheet1!A1",
            "session_id": "bench",
            "culture_info_name": "en-US",
            "date_format": "m/d/yyyy",
            "version": "bench",
            "runtime": "1.4",
        }
        caller = {server.Caller: server.caller_from_address("[Book1]Sheet1!A1")}
        return loop.run_until_complete(
            server.custom_functions_call(body, module, typehint_to_value=caller)
        )

    stock = _stock()
    rows = [
        ("call", median(lambda: call("XLC_RENT", 2.5, 0.3, 12.0))),
        ("Office.js dispatcher, our adapter", median(lambda: dispatch(functions, "XLC_RENT"))),
        ("Office.js dispatcher, stock decorators", median(lambda: dispatch(stock, "STOCK"))),
    ]
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
