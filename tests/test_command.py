"""A command that is forked does what one does that starts from nothing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.command import COLD, WARM, typed, xlcredit

ROOT = Path(__file__).parents[1]


def cold(*words: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COLD, *words], capture_output=True, text=True, check=False, cwd=cwd, input="",
        env={k: v for k, v in os.environ.items() if k != "FORCE_COLOR"} | environment,
    )  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        ["--version"],
        [],
        ["recalcc"],
        ["functions", "XLC_DUAL_LTV"],
        ["show", "none.xlsx"],
        ["excel", "doctor", "--folder", "."],
        ["start", "gpu-term-loan"],
        ["lint", str(ROOT / "tests/command.py")],
    ],
)
def test_it_prints_and_exits_alike(words: list[str], tmp_path: Path) -> None:
    """Help, figures, refusals, and questions that nobody answers, at two widths."""
    for columns in (70, 140):
        expected = cold(*words, cwd=tmp_path, COLUMNS=str(columns))
        done = xlcredit(*words, cwd=tmp_path, columns=columns)
        assert (done.returncode, done.stdout, done.stderr) == (
            expected.returncode,
            expected.stdout,
            expected.stderr,
        )


def test_it_writes_alike(tmp_path: Path) -> None:
    words = ["new", "gpu-borrowing-base", "-o"]
    assert cold(*words, "cold.xlsx", cwd=tmp_path).returncode == 0
    assert xlcredit(*words, "warm.xlsx", cwd=tmp_path).returncode == 0
    assert (tmp_path / "cold.xlsx").read_bytes() == (tmp_path / "warm.xlsx").read_bytes()


def test_what_one_is_told_is_gone_for_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = ["excel", "doctor", "--folder", str(tmp_path)]
    monkeypatch.setenv("XLCREDIT_LOG", str(tmp_path / "other.log"))
    assert "other.log" in xlcredit(*there).stdout.replace("\n", "")
    monkeypatch.delenv("XLCREDIT_LOG")
    assert "other.log" not in xlcredit(*there).stdout.replace("\n", "")


@pytest.mark.skipif(not WARM, reason="commands start from nothing here")
def test_a_shell_sees_its_exit_code_and_a_command_that_is_gone_is_no_success(
    tmp_path: Path,
) -> None:
    for word, code in (("--version", 0), ("zebra", 2)):
        done = subprocess.run([*typed(), word], capture_output=True, text=True, check=False)
        assert done.returncode == code and bool(done.stdout) == (code == 0)
    with pytest.raises(ChildProcessError):
        xlcredit("--version", cwd=tmp_path / "nowhere")
