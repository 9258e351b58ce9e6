"""Every command and every figure of the tutorial runs, in the order in which it is read.

A block ``console`` holds commands (``$ ...``), what they print (``...`` stands for anything), the
exit code where it is not 0, and Python prompts.
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.command import typed
from xlcredit.cli import app
from xlcredit.deals.reading import folder
from xlcredit.docs import read_topic, topics
from xlcredit.functions import REGISTRY

_BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
_FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass
class Command:
    """A command of a page and what it prints."""

    words: str
    wanted: str
    code: int


def commands(block: str) -> list[Command]:
    found = []
    for piece in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        words, _, wanted = piece.partition("\n")
        wanted = wanted.split(">>>")[0]
        code = re.search(r"\[exit code (\d)\]\n", wanted)
        text = wanted.replace(code[0], "") if code else wanted
        found.append(Command(words, text, int(code[1]) if code else 0))
    return found


def run(words: str, place: Path) -> subprocess.CompletedProcess[str]:
    """Run as a shell does; xlcredit and python are those under test."""
    ours = f'xlcredit() {{ {shlex.join(typed())} "$@"; }}; '
    ours += f'python() {{ {shlex.quote(sys.executable)} "$@"; }}; '
    environment = {**os.environ, "COLUMNS": "120", "NO_COLOR": "1"}
    return subprocess.run(
        ["bash", "-c", ours + words],
        capture_output=True, text=True, check=False, cwd=place, env=environment,
    )  # fmt: skip


@pytest.mark.parametrize("topic", topics())
def test_a_page_says_what_happens(
    topic: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    checker = doctest.OutputChecker()
    names: dict[str, object] = {}
    for kind, block in _BLOCK.findall(read_topic(topic)):
        if kind != "console":
            continue
        for command in commands(block):
            done = run(command.words, tmp_path)
            got = done.stdout + done.stderr
            assert done.returncode == command.code, (command.words, got)
            assert checker.check_output(command.wanted, got, _FLAGS), (command.words, got)
        python = "".join(block.partition(">>>")[1:])
        test = doctest.DocTestParser().get_doctest(python, names, topic, None, None)
        runner = doctest.DocTestRunner(
            checker, verbose=False, optionflags=_FLAGS | doctest.IGNORE_EXCEPTION_DETAIL
        )
        output: list[str] = []
        runner.run(test, out=output.append, clear_globs=False)
        assert not runner.failures, "".join(output)
        names |= test.globs


@pytest.mark.parametrize("topic", topics())
def test_a_page_names_only_what_exists(topic: str) -> None:
    text = read_topic(topic)
    assert set(re.findall(r"XLC_[A-Z_]+[A-Z]", text)) <= set(REGISTRY)
    commands_ = {c.name for c in app.registered_commands} | {g.name for g in app.registered_groups}
    assert set(re.findall(r"`xlcredit (\w+)", text)) <= commands_ | {"libreoffice"}
    for kind, block in _BLOCK.findall(text):
        if kind == "toml":
            tomllib.loads(block)


def test_every_function_answers_a_question() -> None:
    asked = set(re.findall(r"XLC_[A-Z_]+[A-Z]", read_topic("how-do-i")))
    missing = set(REGISTRY) - asked
    assert not missing, f"xlcredit/docs/08-how-do-i.md asks no question for {missing}"


def test_the_glossary_has_every_abbreviation_of_the_sheets() -> None:
    """What stands in capitals in a label is explained, but for names of things."""
    labels = []
    for path in folder().glob("*/template.toml"):
        text = path.read_text(encoding="utf-8")
        labels += re.findall(r'(?:label|title) = "([^"]*)"', text)
    found = {word for label in labels for word in re.findall(r"\b[A-Z]{2,}\b", label)}
    named = {"AI", "BTC", "ETH", "GPU", "IT", "USD"}
    missing = {w for w in found - named if not re.search(rf"\b{w}\b", read_topic("glossary"))}
    assert not missing
