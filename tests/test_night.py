"""By day a few cases of each family, at night the others, and none twice or never."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.night import FEW

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("path", FEW)
def test_the_table_names_tests_that_there_are(path: str) -> None:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    tests = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert {name.partition("[")[0] for name in FEW[path]} <= tests


def test_the_table_names_cases_that_there_are() -> None:
    """One that is misspelt would leave its family without a case by day, or by night."""
    named: list[str] = []
    for path, families in FEW.items():
        for name, few in families.items():
            named += [f"{path}::{name}"] if "[" in name else []
            named += [f"{path}::{name}[{case}]" for case in few] if isinstance(few, tuple) else []
    files = {name.partition("::")[0] for name in named}
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    plain = {**os.environ, "PYTEST_ADDOPTS": ""}  # what CI asks for besides changes the list
    done = subprocess.run(
        [*command, *sorted(files)], capture_output=True, text=True, check=True, cwd=ROOT, env=plain
    )
    assert [name for name in named if name not in done.stdout.splitlines()] == []


def test_day_and_night_are_the_whole(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nmarkers = night\n")
    pytester.makeconftest(
        "from tests import night\n"
        "night.FEW = {'test_a.py': {'test_many': 3, 'test_one': 0, 'test_some[x]': 0,"
        " 'test_chosen': ('b',)}}\n"
        "def pytest_collection_modifyitems(items): night.mark(items)\n"
    )
    pytester.makepyfile(
        test_a="import pytest\n"
        "@pytest.mark.parametrize('n', range(10))\n"
        "def test_many(n): pass\n"
        "def test_one(): pass\n"
        "@pytest.mark.parametrize('word', ['x', 'y'])\n"
        "def test_some(word): pass\n"
        "@pytest.mark.parametrize('word', ['a', 'b', 'c'])\n"
        "def test_chosen(word): pass\n"
        "def test_other(): pass\n"
    )
    day = pytester.runpytest("-m", "not night", "-vv")
    day.assert_outcomes(passed=6, deselected=11)
    for name in (
        "test_many[0]",
        "test_many[3]",
        "test_many[6]",
        "test_some[y]",
        "test_chosen[b]",
        "test_other",
    ):
        day.stdout.fnmatch_lines([f"*{name.replace('[', '[[]')} PASSED*"])
    pytester.runpytest("-m", "night").assert_outcomes(passed=11, deselected=6)
    pytester.runpytest().assert_outcomes(passed=17)
