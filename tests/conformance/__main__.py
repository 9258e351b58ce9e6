"""Print the matrix: how many calls of each function every host answers as it must.

``--summary`` prints one line for each host instead. The exit code is 1 if any call is wrong.
"""

from __future__ import annotations

import importlib
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.conformance.cases import Case, Rows, agrees, cases
from tests.conformance.hosts import ELSEWHERE, HOSTS

TABLE = cases()
CALLS = Counter(case.function for case in TABLE)
#: Every host, here or not, and what of it was run.
RAN = {
    "Python": "`xlcredit.functions.call`",
    "classic": "xlwings' converters and the arguments of our VBA, behind stand-ins for Windows; "
    "no Excel",
    "Office.js": "xlwings' dispatcher of custom functions, as of xlwings Lite; no Excel",
    "recalc": "`xlcredit recalc` on a workbook",
    "Chromium": "xlwings' dispatcher, called from JavaScript in a browser; no Excel",
    "LibreOffice": "Calc with the add-in",
}
WRONG = "wrong"


@dataclass
class Tally:
    """What came of a host's calls, by function."""

    right: Counter[str] = field(default_factory=Counter)
    documented: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def told(self, function: str) -> str:
        """One cell of the matrix."""
        count, right = CALLS[function], self.right[function]
        if right == count:
            return "all"
        known = self.documented[function]
        text = f"{right} of {count}"
        if known:
            text += ", differs as documented" if right + known == count else f", {known} documented"
        wrong = count - right - known
        return f"{text}, **{wrong} wrong**" if wrong else text


def tallied(name: str) -> Tally | None:
    """Run the table through a host, if it is here."""
    if name not in HOSTS:
        return None
    module: Any = importlib.import_module(ELSEWHERE[name]) if name in ELSEWHERE else None
    if module is not None and not module.HERE:
        return None
    tally = Tally()
    for case, got in zip(TABLE, HOSTS[name](TABLE), strict=True):
        kind = module.difference(case, got) if module is not None else _difference(case, got)
        if kind is None:
            tally.right[case.function] += 1
        elif kind == WRONG:
            tally.wrong.append(f"{name}: {case}: {got} is not {case.expected}")
        else:
            tally.documented[case.function] += 1
            tally.kinds[kind] += 1
    return tally


def _difference(case: Case, got: Rows) -> str | None:
    return None if agrees(got, case.expected) else WRONG


def matrix(tallies: dict[str, Tally | None]) -> None:
    """Print a line for each function."""
    print("| function | calls | " + " | ".join(tallies) + " |")
    print("|---|---|" + "---|" * len(tallies))
    for function, count in CALLS.items():
        told = [tally.told(function) if tally else "not here" for tally in tallies.values()]
        print(f"| {function} | {count} | " + " | ".join(told) + " |")


def summary(tallies: dict[str, Tally | None]) -> None:
    """Print a line for each host."""
    print("| host | what was run | calls that agree | differ as documented | wrong |")
    print("|---|---|---:|---:|---:|")
    for name, tally in tallies.items():
        figures = ["not here", "", ""]
        if tally:
            right, known = tally.right.total(), tally.documented.total()
            figures = [f"{right} of {len(TABLE)}", str(known), str(len(tally.wrong))]
        print(f"| {name} | {RAN[name]} | " + " | ".join(figures) + " |")
    for name, tally in tallies.items():
        if tally and tally.kinds:
            kinds = "; ".join(f"{count}: {kind}" for kind, count in tally.kinds.most_common())
            print(f"\n{name} differs as documented in {kinds}.")


def main() -> int:
    """Run the table through every host that is here; return the exit code."""
    tallies = {name: tallied(name) for name in RAN}
    (summary if "--summary" in sys.argv[1:] else matrix)(tallies)
    wrong = [line for tally in tallies.values() if tally for line in tally.wrong]
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
