"""Numbers as they are now and as they were released, and what lies between them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.functions import cases
from xlcredit.errors import CellError
from xlcredit.functions import REGISTRY
from xlcredit.recalc import Recalculation

__all__ = ["differences", "figures", "function_results", "released", "unnamed", "write"]

FOLDER = Path(__file__).parent
CHANGELOG = FOLDER.parents[1] / "CHANGELOG.md"
#: These tell of the release itself.
_NO_NUMBERS = frozenset({"XLC_VERSION"})


def function_results() -> dict[str, Any]:
    """Call every function with the arguments of its worked example."""
    results = {}
    for name, function in REGISTRY.items():
        if name not in _NO_NUMBERS:
            results[name] = _plain(cases.answer(name, *cases.example(function)))
    return results


def figures(result: Recalculation) -> dict[str, Any]:
    """Give every named figure of a workbook."""
    return {name: _plain(value) for name, value in sorted(result.names.items())}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, CellError):
        return value.code
    return value if isinstance(value, float | str | bool) or value is None else str(value)


def released(name: str) -> dict[str, Any]:
    """Read what was released, by the name of a template or ``functions``."""
    path = FOLDER / f"{name}.json"
    return json.loads(path.read_text("utf-8")) if path.is_file() else {}


def write(name: str, numbers: Mapping[str, Any]) -> None:
    """Make the numbers of now those of the release."""
    text = json.dumps(numbers, indent=1, ensure_ascii=False)
    (FOLDER / f"{name}.json").write_text(_short(text) + "\n", "utf-8")


def _short(text: str) -> str:
    """Put a row of numbers on one line."""
    return re.sub(r"\[[^\[\]{}]*\]", lambda m: " ".join(m[0].split()), text)


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Tell which names give other numbers, and by how much; a new name is no change."""
    for name, old in before.items():
        if name not in now:
            yield name, "is gone"
        elif not cases.same(old, now[name]):
            yield name, _by_how_much(old, now[name])


def _by_how_much(old: Any, new: Any) -> str:
    if isinstance(old, float) and isinstance(new, float):
        share = f" ({100 * (new / old - 1):+.3g}%)" if old else ""
        return f"{old:.12g} -> {new:.12g}{share}"
    pairs = list(zip(_flat(old), _flat(new), strict=False))
    if isinstance(old, list) and isinstance(new, list) and len(_flat(old)) == len(_flat(new)):
        gaps = [abs(a - b) for a, b in pairs if isinstance(a, float) and isinstance(b, float)]
        moved = sum(not cases.same(a, b) for a, b in pairs)
        return f"{moved} of {len(pairs)} cells, by up to {max(gaps, default=math.nan):.6g}"
    return f"{_cut(old)} -> {_cut(new)}"


def _flat(value: Any) -> list[Any]:
    return [leaf for item in value for leaf in _flat(item)] if isinstance(value, list) else [value]


def _cut(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) < 60 else f"{text[:57]}..."


def unnamed(changed: Mapping[str, str], owner: str) -> list[str]:
    """List the changes that the changelog does not name under "Numbers that change".

    A function is named as it is; a figure of a template as ``figure`` with the template's name in
    the same entry, or all figures at once by ``template: all figures``.
    """
    entries = _entries()
    missing = []
    for name, how in changed.items():
        named = any(
            re.search(rf"`{re.escape(name)}`", entry) and (not owner or owner in entry)
            for entry in entries
        )
        if not named and not any(owner and f"{owner}: all figures" in e for e in entries):
            missing.append(f"{f'{owner}, ' if owner else ''}{name}: {how}")
    return missing


def _entries() -> list[str]:
    """Read the entries of the latest version's section."""
    latest = CHANGELOG.read_text("utf-8").split("\n## ")[1]
    section = latest.partition("### Numbers that change")[2].partition("\n### ")[0]
    return re.split(r"\n- ", section)
