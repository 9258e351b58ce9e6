"""Each line of the threat page names a test that exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.hostile.workbooks import HOSTILE

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / ".github/SECURITY.md").read_text("utf-8")
LINES = [line for line in PAGE.splitlines() if line.startswith("| ")][1:]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.split("|")[1].strip()[:40])
def test_a_line_has_its_test(line: str) -> None:
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    named = re.findall(r"`(test_\w+)(?:\[(\w+)\])?`", line.split("|")[3])
    assert named, line
    for test, case in named:
        assert f"def {test}(" in sources, test
        assert not case or case in HOSTILE, case


def test_the_page_has_lines() -> None:
    assert len(LINES) > 15
