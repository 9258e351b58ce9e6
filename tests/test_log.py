"""Behind one line in a cell or a terminal stands a traceback in a file that doctor names."""

from __future__ import annotations

import dataclasses
import functools
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import xlcredit
from xlcredit import log
from xlcredit.errors import CellError
from xlcredit.functions import REGISTRY
from xlcredit.worksheet.boundary import evaluate
from xlcredit.worksheet.registry import Function


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log of this test's own."""
    path = tmp_path / "state" / "xlcredit.log"
    monkeypatch.setenv("XLCREDIT_LOG", str(path))
    monkeypatch.setattr(log, "_told", set())
    return path


@functools.wraps(REGISTRY["XLC_RENT"].python)
def bug(*_: object) -> None:
    """Make a mistake in the middle of a worksheet function."""
    raise AttributeError("a bug of ours")


@pytest.fixture
def broken() -> Function:
    """A worksheet function with a mistake in it."""
    return dataclasses.replace(REGISTRY["XLC_RENT"], python=bug)


def test_a_mistake_is_a_line_in_the_cell_and_a_traceback_in_the_log(
    kept: Path, broken: Function
) -> None:
    with pytest.raises(CellError, match="XLC_RENT failed: AttributeError: a bug of ours"):
        evaluate(broken, [2.5, 0.3, 12.0])
    text = kept.read_text("utf-8")
    assert "XLC_RENT" in text and "Traceback" in text and "in bug" in text


def test_the_same_mistake_in_many_cells_is_written_once(kept: Path, broken: Function) -> None:
    for _ in range(3):
        with pytest.raises(CellError):
            evaluate(broken, [2.5, 0.3, 12.0])
    assert kept.read_text("utf-8").count("Traceback") == 1


def test_a_log_that_cannot_be_written_changes_nothing(
    kept: Path, broken: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.parent.parent.mkdir(exist_ok=True)
    (kept.parent.parent / "a file").write_text("")
    monkeypatch.setenv("XLCREDIT_LOG", str(kept.parent.parent / "a file" / "x.log"))
    with pytest.raises(CellError, match="a bug of ours"):
        evaluate(broken, [2.5, 0.3, 12.0])


def test_a_log_does_not_grow_without_end(kept: Path) -> None:
    kept.parent.mkdir(parents=True)
    kept.write_text("x" * (1 << 21))
    assert log.record(ValueError("new"), "a test") == kept
    assert "ValueError: new" in kept.read_text("utf-8")
    assert kept.stat().st_size < 1 << 20


def refused(error: str) -> subprocess.CompletedProcess[str]:
    """Run a command that raises an error."""
    program = (
        "from xlcredit.cli import main, app\n"
        "@app.command()\n"
        f"def broken() -> None:\n    raise {error}\n"
        "main()"
    )
    command = [sys.executable, "-c", program, "broken"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_mistake_of_a_command_is_one_line_and_exit_code_3(kept: Path) -> None:
    done = refused("KeyError('a bug of ours')")
    assert done.returncode == 3 and done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert "KeyError" in line and str(kept) in line
    assert "in broken" in kept.read_text("utf-8")


def test_a_machine_without_memory_is_no_mistake_of_ours(kept: Path) -> None:
    done = refused("MemoryError")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "xlcredit: this needs more memory than there is\n"
    assert not kept.exists()


def test_doctor_names_the_log(kept: Path, tmp_path: Path) -> None:
    done = xlcredit("excel", "doctor", "--folder", tmp_path)
    assert str(kept) in done.stdout.replace("\n", "")
