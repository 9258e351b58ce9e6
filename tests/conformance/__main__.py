"""Print the matrix: how many calls of each function every host answers as it must."""

from __future__ import annotations

from collections import Counter

from tests.conformance.cases import agrees, cases
from tests.conformance.hosts import ELSEWHERE, HOSTS

TABLE = cases()
CALLS = Counter(case.function for case in TABLE)


def main() -> None:
    """Run the table through every host that is here."""
    right: dict[str, Counter[str]] = {}
    for name, host in HOSTS.items():
        right[name] = Counter(
            case.function
            for case, got in zip(TABLE, host(TABLE), strict=True)
            if agrees(got, case.expected)
        )
    columns = [*HOSTS, *(name for name in ["Chromium", *ELSEWHERE] if name not in HOSTS)]
    print("| function | calls | " + " | ".join(columns) + " |")
    print("|---|---|" + "---|" * len(columns))
    for function, count in CALLS.items():
        told = [_told(right[c][function], count) if c in right else "not here" for c in columns]
        print(f"| {function} | {count} | " + " | ".join(told) + " |")


def _told(right: int, count: int) -> str:
    return "all" if right == count else f"{right} of {count}"


main()
