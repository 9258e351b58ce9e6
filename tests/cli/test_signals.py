"""What a command tells without being asked: CHECK, what moved, notes, what is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from tests.command import xlcredit
from tests.workbook.conftest import Example
from xlcredit.deals import load, shipped
from xlcredit.hosts import installation
from xlcredit.hosts.installation import ABSENT, OK, WRONG, examine
from xlcredit.recalc.routing import ENGINES
from xlcredit.workbook import read_dashboard

WORKBOOKS = Path(__file__).parents[2] / "workbooks"


@pytest.fixture(scope="module")
def loan(example_of: Callable[[str], Example]) -> Path:
    return example_of("gpu-borrowing-base").path


@pytest.fixture(scope="module")
def broken(loan: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook in which somebody has typed over the formula of one test."""
    book = openpyxl.load_workbook(loan)
    book["Checks"]["B6"] = False
    path = tmp_path_factory.mktemp("broken") / "broken.xlsx"
    book.save(path)
    return path


def test_a_failing_test_is_named_and_is_an_exit_code(
    loan: Path, broken: Path, tmp_path: Path
) -> None:
    label = openpyxl.load_workbook(loan)["Checks"]["A6"].value
    copy = tmp_path / "copy.xlsx"
    done = xlcredit("recalc", broken, "-o", copy)
    assert done.returncode == 1
    assert f"CHECK: this does not hold: {label}" in done.stdout
    shown = xlcredit("show", copy)
    assert shown.returncode == 1
    assert f"CHECK: this does not hold: {label}" in shown.stdout
    data = json.loads(xlcredit("show", copy, "--json").stdout)
    assert (data["master_check"], data["failing"]) == ("CHECK", [label])
    assert xlcredit("show", loan).returncode == 0


def test_set_prints_what_moved_and_by_how_much(loan: Path, tmp_path: Path) -> None:
    done = xlcredit("recalc", loan, "--set", "rent_decline=0.6", "-o", tmp_path / "stress.xlsx")
    _, _, moved = done.stdout.partition("moved:\n")
    lines = [line for line in moved.splitlines() if line.startswith("  ")]
    before, after = (read_dashboard(p) for p in (loan, tmp_path / "stress.xlsx"))
    told = {}
    for line in lines:
        label, _, change = line.strip().rpartition(": ")
        told[label] = change.split(" → ")
    assert len(told) == len(lines) > 3
    for old, new in zip(before.covenants, after.covenants, strict=True):
        if old.status != new.status:
            assert told[f"{old.label}, verdict"] == [old.status, new.status]
        if old.value.shown != new.value.shown:
            assert told[old.label] == [old.value.shown, new.value.shown]


def test_the_tests_that_are_no_covenants_are_shown_and_told_when_they_move(tmp_path: Path) -> None:
    source, target = WORKBOOKS / "gpu-borrowing-base.xlsx", tmp_path / "base.xlsx"
    done = xlcredit("recalc", source, "--set", "limit_concentration=0.3", "-o", target)
    label = "Largest vintage in the borrowing base"
    assert done.returncode == 0
    assert f"  {label}, verdict: INSIDE → OUTSIDE" in done.stdout.splitlines()
    told = xlcredit("diff", source, target)
    assert f"  {label}: INSIDE → OUTSIDE" in told.stdout.splitlines()
    assert "no figure" not in done.stdout + told.stdout
    shown = xlcredit("show", target, columns=200)
    assert shown.returncode == 0  # only a covenant breaks
    lines = shown.stdout.splitlines()
    for title in ("Covenants", "Conditions of closing", "Limits of the house", "Stress results"):
        assert title in lines
    (row,) = (line for line in lines if line.startswith(label))
    assert row.split()[6:12] == ["36.2%", "at", "most", "30.0%", "OUTSIDE", "must"]
    data = json.loads(xlcredit("show", target, "--json").stdout)
    (limit,) = (test for test in data["tests"] if test["label"] == label)
    assert set(limit) == {*data["covenants"][0], "table"}
    assert (limit["table"], limit["status"]) == ("Limits of the house", "OUTSIDE")
    assert (limit["test"], limit["threshold"]) == ("at most", 0.3)
    assert limit["value"] > 0.3 and limit["headroom"] < 0


def test_nothing_moved_is_said(loan: Path, tmp_path: Path) -> None:
    done = xlcredit("recalc", loan, "--set", "borrower=Another", "-o", tmp_path / "same.xlsx")
    assert "no figure of the Summary moved" in done.stdout


@pytest.mark.parametrize("name", shipped())
def test_no_two_figures_of_a_side_by_side_share_a_name(name: str) -> None:
    template = load(name)[0]
    for comparison in template.comparison:
        labels = [figure.label for figure in comparison.figure]
        assert len(labels) == len(set(labels))
    tests = [test.label for test in (*template.covenant, *template.test)]
    figures = {figure.label for c in template.comparison for figure in c.figure}
    assert len(tests) == len(set(tests))
    assert not figures & set(tests), "a covenant and a figure of one name"


def test_notes_stand_below_their_figures(loan: Path) -> None:
    template = load("gpu-borrowing-base")[0]
    shown = xlcredit("show", loan).stdout
    for comparison, spec in zip(read_dashboard(loan).comparisons, template.comparison, strict=True):
        notes = {figure.label: figure.note for figure in spec.figure if figure.note}
        assert comparison.notes == notes
        assert all(f"{label}: {note}" in shown for label, note in notes.items())


# --- the installation and the shell ---------------------------------------------------------


def test_the_doctor_looks_at_every_part() -> None:
    parts = {part.part: part for part in examine(office=False)}
    engines = [parts[f"engine {name}"] for name in ENGINES]
    assert all(part.state == OK for part in engines), [part.found for part in engines]
    assert parts["Python"].state == parts["packages"].state == OK
    assert {"extra fast", "extra parquet", "Excel", "log file", "cache"} <= set(parts)
    assert all(part.remedy for part in parts.values() if part.state != OK)


def test_the_doctor_finds_what_is_wrong(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real = installation.importlib.import_module

    def without(name: str) -> object:
        if name == "pyarrow":
            raise ImportError(name)
        if name == "numba":
            raise RuntimeError("built for another NumPy")
        return real(name)

    monkeypatch.setattr(installation.importlib, "import_module", without)
    monkeypatch.setattr(installation, "evaluate", lambda *_, **__: 2.0)
    monkeypatch.setenv("XLCREDIT_LOG", str(tmp_path / "a file" / "xlcredit.log"))
    (tmp_path / "a file").write_text("in the way")
    parts = {part.part: part for part in examine(office=False)}
    assert parts["extra parquet"].state == ABSENT
    assert 'pip install "xlcredit[parquet]"' in parts["extra parquet"].remedy
    assert parts["extra fast"].state == WRONG and "another NumPy" in parts["extra fast"].found
    assert parts["engine strict"].state == WRONG and "gives 2.0" in parts["engine strict"].found
    assert parts["log file"].state == WRONG


def test_the_shell_completes_commands_and_names() -> None:
    def completed(words: str) -> list[str]:
        command = [sys.executable, "-c", "from xlcredit.cli import main; main()"]
        asked = {"COMP_WORDS": words, "COMP_CWORD": str(len(words.split(" ")) - 1)}
        environment = {**os.environ, **asked, "_XLCREDIT_COMPLETE": "complete_bash"}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        return done.stdout.split()

    assert completed("xlcredit re") == ["recalc"]
    assert completed("xlcredit new gpu") == ["gpu-borrowing-base", "gpu-term-loan"]
    assert completed("xlcredit help first") == ["first-loan"]
    assert completed("xlcredit functions XLC_DUAL_L") == ["XLC_DUAL_LTV"]
