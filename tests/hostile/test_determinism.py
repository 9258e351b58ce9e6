"""The same bytes under other settings: all at once here, one by one with the module's command."""

from __future__ import annotations

import subprocess
import sys

from tests.hostile.determinism import SETTINGS, TOGETHER, digests


def test_settings_of_the_machine_change_no_byte() -> None:
    expected = digests(SETTINGS["as it is"])
    assert len(expected) > 15
    assert digests(TOGETHER) == expected


def test_without_docstrings_nothing_is_printed_at_all() -> None:
    """Python's -OO strips them, and they are what users read."""
    command = [sys.executable, "-OO", "-c", "from xlcredit.cli import main; main()", "functions"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "without -OO" in done.stderr
