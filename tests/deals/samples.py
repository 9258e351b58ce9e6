"""The filled example that the tests of this folder make mistakes in."""

from __future__ import annotations

from pathlib import Path

from xlcredit.deals import load

TEMPLATE, HOME = load("gpu-term-loan")


FILLED = (HOME / "deal.toml").read_text()


def changed(tmp_path: Path, old: str, new: str) -> Path:
    assert old in FILLED
    path = tmp_path / "deal.toml"
    path.write_text(FILLED.replace(old, new, 1))
    return path
