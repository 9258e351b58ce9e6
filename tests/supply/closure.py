"""What the package installs: names, versions, licences, hashes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

__all__ = ["ALLOWED", "ROOT", "Part", "advisories", "hashes", "pins", "runtime"]

ROOT = Path(__file__).parents[2]
HASHED = ROOT / "requirements-hashed.lock"
#: Licences under which a part may come along: permissive ones, and none that is passed on.
ALLOWED = re.compile(
    r"(?!.*GPL).*(?:MIT|BSD|Apache|PSF|Python Software Foundation|ISC|MPL|Mozilla|0BSD"
    r"|Unlicense|HPND|Zlib|CC0)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Part:
    """One distribution that comes with the package."""

    name: str
    version: str
    licence: str


def runtime(root: str = "xlcredit") -> list[Part]:
    """Everything that ``pip install xlcredit`` brings here, by name, without the package itself."""
    seen: dict[str, Part] = {}
    waiting = [root]
    while waiting:
        name = waiting.pop()
        if _key(name) in seen:
            continue
        found = metadata.distribution(name)
        seen[_key(name)] = Part(_key(name), found.version, _licence(found))
        for text in found.requires or []:
            needed = Requirement(text)
            if not needed.marker or needed.marker.evaluate({"extra": ""}):
                waiting.append(needed.name)
    del seen[_key(root)]
    return sorted(seen.values(), key=lambda part: part.name)


def _licence(found: metadata.Distribution) -> str:
    told = found.metadata.get("License-Expression") or found.metadata.get("License") or ""
    named = [c.rpartition(":: ")[2] for c in found.metadata.get_all("Classifier") or []
             if c.startswith("License ::")]  # fmt: skip
    first = told.strip().splitlines()[0] if told.strip() else ""
    return first if first and len(first) < 60 else " and ".join(named)


def pins(path: Path) -> dict[str, str]:
    """Read the versions of a lock file."""
    found = re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", path.read_text("utf-8"), re.MULTILINE)
    return {_key(name): version for name, version in found}


def hashes() -> dict[str, list[str]]:
    """Read the hashes of each distribution's files."""
    text = HASHED.read_text("utf-8")
    entries = re.split(r"^(?=[A-Za-z0-9._-]+==)", text, flags=re.MULTILINE)[1:]
    return {
        _key(entry.partition("==")[0]): re.findall(r"--hash=sha256:([0-9a-f]{64})\b", entry)
        for entry in entries
    }


def advisories(pinned: dict[str, str], known: dict[str, Any]) -> Iterator[str]:
    """Find what a database of PyUp's form (``insecure_full.json``) says of locked versions."""
    for name, entries in known.items():
        version = pinned.get(_key(name))
        for entry in entries if version and not name.startswith("$") else []:
            if any(
                SpecifierSet(spec).contains(version, prereleases=True) for spec in entry["specs"]
            ):
                what = entry.get("cve") or entry["id"]
                yield f"{_key(name)} {version}: {what}: {' '.join(entry['advisory'].split())[:200]}"


def _key(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
