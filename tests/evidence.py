"""Print what each worksheet function has been measured against, as a Markdown table.

``python -m tests.evidence`` prints a line per function, ``--summary`` a line per category, and
``--readme`` puts that into the README. Exit code 1 if a difference exceeds its tolerance, or if a
function that computes has no reference table.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tests.functions.test_reference import NOT_NUMERIC, SIMULATED
from tests.oracles.tables import Table, difference, tables
from xlcredit.errors import CellError
from xlcredit.functions import REGISTRY, call

HEAD = "| function | independent source | program | date | cases | worst | tolerance |"
#: Below this a relative difference says nothing.
NEAR_ZERO = 1e-9
NOTE = (
    f"Worst: the largest relative difference over all figures of at least {NEAR_ZERO:g}; "
    "smaller ones agree within the tolerance and 1e-12."
)
#: Independent routes that the sources of the tables name.
ROUTES = ("mpmath", "QuantLib", "pyxirr", "SciPy", "exact fractions", "published", "Microsoft")
#: Where the functions that tell about the library are tested instead.
TOLD = {
    "XLC_GPU": "the catalogue's rows, each with its source: `tests/reference/test_tables.py`",
    "XLC_DUAL_SIM": "closed forms and a plain simulation: `python -m tests.evidence_simulation`",
    "XLC_SIM_GRID": "cell by cell `XLC_DUAL_SIM`: `tests/functions/test_simulation_grid.py`",
    "XLC_SOURCE": "the table of defaults, each with its source: `tests/reference/test_tables.py`",
}
#: The summary as it stands in the README.
README_TABLE = re.compile(r"\| category \| functions \|[^\n]*(?:\n\|[^\n]*)+")
_README = Path(__file__).parents[1] / "README.md"
_NOT_COMPUTED = "not computed: `tests/functions/test_audit.py`"


def report(given: Iterable[Table], names: Iterable[str]) -> tuple[str, list[str]]:
    """Measure functions against their tables; return the Markdown table and what is wrong."""
    by_name = {table.function: table for table in given}
    names = list(names)
    faults = [f"{name} is not a function" for name in by_name if name not in names]
    lines = [HEAD, "|---|---|---|---|---:|---:|---:|"]
    for name in names:
        if table := by_name.get(name):
            line, fault = _measured(table)
            lines.append(line)
            faults += fault
        elif name in NOT_NUMERIC | SIMULATED:
            lines.append(f"| `{name}` | {TOLD.get(name, _NOT_COMPUTED)} | | | | | |")
        else:
            lines.append(f"| `{name}` | **none** | | | | | |")
            faults.append(f"{name} has no reference table")
    return "\n".join([*lines, "", NOTE]), faults


def summary(given: Iterable[Table]) -> str:
    """Measure by category: functions, cases, the routes taken, the worst difference."""
    lines = [
        "| category | functions | cases | checked against | worst |",
        "|---|---:|---:|---|---:|",
    ]
    groups: dict[str, list[Table]] = {}
    for table in given:
        category = REGISTRY[table.function].category.removeprefix("xlcredit: ")
        groups.setdefault(category, []).append(table)
    for category, members in groups.items():
        told = " ".join(t.source for t in members).casefold()
        routes = ", ".join(route for route in ROUTES if route.casefold() in told)
        worst = max(_relative(t.function, case) for t in members for case in t.cases)
        cases = sum(len(t.cases) for t in members)
        lines.append(f"| {category} | {len(members)} | {cases} | {routes} | {_shown(worst)} |")
    return "\n".join(lines)


def _measured(table: Table) -> tuple[str, list[str]]:
    worst = max((_relative(table.function, case) for case in table.cases), default=0.0)
    gap = max(
        (difference(c["arguments"], table.function, c["expected"]) for c in table.cases),
        default=0.0,
    )
    cells = [f"`{table.function}`", table.source, f"`{table.program}`", table.date]
    cells += [
        str(len(table.cases)),
        _shown(worst if gap <= table.tolerance else gap),
        f"{table.tolerance:.0e}",
    ]
    faults = []
    if not table.cases:
        faults.append(f"{table.function} has no cases")
    if max(worst, gap) > table.tolerance:
        told = f"{max(worst, gap):.1e} against {table.tolerance:.0e}"
        faults.append(f"{table.function} exceeds its tolerance: {told}")
    return f"| {' | '.join(cells)} |", faults


def _shown(worst: float) -> str:
    return f"{worst:.1e}" if worst else "0"


def _relative(function: str, case: dict[str, Any]) -> float:
    """Worst relative difference of a case, over the figures that are not next to zero."""
    try:
        got = call(function, *case["arguments"])
    except CellError:
        return 0.0  # that it is the right error is seen by difference()
    pairs = zip(_numbers(got), _numbers(case["expected"]), strict=False)
    return max((abs(g - e) / abs(e) for g, e in pairs if abs(e) >= NEAR_ZERO), default=0.0)


def _numbers(value: Any) -> Iterator[float]:
    """Numbers of a cell or a block in their order; what is no number counts as 0."""
    if isinstance(value, list):
        for part in value:
            yield from _numbers(part)
    else:
        yield float(value) if isinstance(value, (int, float)) else 0.0


def main() -> int:
    """Print the table, or put it where it is shown; return the exit code."""
    text, faults = report(tables(), REGISTRY)
    if "--readme" in sys.argv[1:]:
        table = summary(tables())
        old = _README.read_text("utf-8")
        _README.write_text(README_TABLE.sub(lambda _: table, old, count=1), "utf-8")
    else:
        print(summary(tables()) if "--summary" in sys.argv[1:] else text)
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
