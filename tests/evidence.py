"""Print what each worksheet function has been measured against, as a Markdown table.

``python -m tests.evidence``; exit code 1 if a difference exceeds its tolerance, or if a function
that computes has no reference table.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

from tests.functions.test_reference import NOT_NUMERIC
from tests.reference.tables import Table, difference, tables
from xlcredit.functions import REGISTRY

HEAD = "| function | independent source | program | date | cases | worst difference | tolerance |"
#: Where the functions that tell about the library are tested instead.
TOLD = {
    "XLC_GPU": "the catalogue's rows, each with its source: `tests/test_reference_data.py`",
    "XLC_SOURCE": "the table of defaults, each with its source: `tests/test_reference_data.py`",
}
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
        elif name in NOT_NUMERIC:
            lines.append(f"| `{name}` | {TOLD.get(name, _NOT_COMPUTED)} | | | | | |")
        else:
            lines.append(f"| `{name}` | **none** | | | | | |")
            faults.append(f"{name} has no reference table")
    return "\n".join(lines), faults


def _measured(table: Table) -> tuple[str, list[str]]:
    gaps = [difference(c["arguments"], table.function, c["expected"]) for c in table.cases]
    worst = max(gaps, default=0.0)
    cells = [f"`{table.function}`", table.source, f"`{table.program}`", table.date]
    cells += [str(len(gaps)), f"{worst:.1e}" if worst else "0", f"{table.tolerance:.0e}"]
    faults = []
    if not gaps:
        faults.append(f"{table.function} has no cases")
    if worst > table.tolerance:
        faults.append(
            f"{table.function} exceeds its tolerance: {worst:.1e} against {table.tolerance:.0e}"
        )
    return f"| {' | '.join(cells)} |", faults


def main() -> int:
    """Print the table; return the exit code."""
    text, faults = report(tables(), REGISTRY)
    print(text)
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
