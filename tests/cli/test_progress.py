"""How far a long run is, where nobody looks at a terminal."""

from __future__ import annotations

import re
import time

import pytest

from xlcredit.cli.progress import Bar


def test_a_file_is_told_at_times_even_while_nothing_gets_done(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xlcredit.cli.progress._EVERY", 0.02)
    told = ""

    def wait_for(pattern: str) -> None:
        nonlocal told
        give_up = time.monotonic() + 60
        while not re.search(pattern, told):
            assert time.monotonic() < give_up, told
            time.sleep(0.01)
            told += capsys.readouterr().err

    with Bar("loans") as bar:
        bar.start(5_000, 1_000)
        wait_for(r"loans: 1,000 of 5,000 done, \d+ s since the start\n")
        bar.update(1_200)
        wait_for(r"loans: 1,200 of 5,000 done, [\d.]+ a second, \d+ (s|min) left\n")


def test_a_short_run_leaves_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    with Bar("loans") as bar:
        bar.start(2)
        bar.update(2)
    assert capsys.readouterr().err == ""
