"""The VBA module that the registry writes: complete, within VBA's limits, and it runs."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.functions.cases import every_function
from xlcredit.functions import REGISTRY, Function
from xlcredit.hosts.classic.vba import vba_module
from xlcredit.worksheet.vocabulary import VOCABULARY

MODULE = vba_module(REGISTRY)
LINES = MODULE.split("\r\n")
PROBE = Path(__file__).with_name("vba_in_libreoffice.py")
DEBIAN_PYTHON = "/usr/bin/python3"


def procedures() -> dict[str, list[str]]:
    """The lines of each procedure, by name."""
    found: dict[str, list[str]] = {}
    body: list[str] | None = None
    for line in LINES:
        if start := re.match(r"(?:Public|Private) (?:Function|Sub) (\w+)\(", line):
            assert body is None, f"{start[1]} starts inside another"
            body = found.setdefault(start[1], [])
        elif line in ("End Function", "End Sub"):
            assert body is not None
            body = None
        elif body is not None:
            body.append(line)
    assert body is None
    return found


@every_function
def test_a_function_takes_and_sends_its_arguments_in_order(function: Function) -> None:
    declared = ", ".join(p.vba if p.required else f"Optional {p.vba}" for p in function.parameters)
    assert f"Public Function {function.name}({declared}) As Variant" in LINES
    call = next(line for line in LINES if line.strip().startswith(f"{function.name} = "))
    sent = re.findall(r"Xlc(?:Value|Cell)\((\w+)\)", call)
    assert sent == [p.vba for p in function.parameters]
    assert ("XlcCaller()" in call) == bool(sent)


@every_function
def test_a_function_has_help_for_the_wizard(function: Function) -> None:
    assert sum(f'Macro:="{function.name}"' in line for line in LINES) == 1
    assert sum(line.startswith(f"Attribute {function.name}.VB_Desc") for line in LINES) == 1


def test_the_text_is_what_the_vba_editor_can_read() -> None:
    assert MODULE.isascii()
    assert "\n" not in MODULE.replace("\r\n", "")
    assert max(map(len, LINES)) <= 1023, "VBA's longest line"
    continued = "".join("_" if line.endswith(" _") else "." for line in LINES)
    assert max(map(len, continued.split("."))) <= 24, "VBA's most continued lines"
    for literal in re.findall(r'"(?:[^"]|"")*"', MODULE):
        assert len(literal[1:-1].replace('""', '"')) <= 255


def test_no_procedure_is_too_large_for_vba() -> None:
    assert max(sum(map(len, body)) for body in procedures().values()) < 48_000


def test_no_helper_has_the_name_of_an_argument() -> None:
    """VBA ignores case: a parameter named as a helper would hide it."""
    helpers = {name.lower() for name in procedures() if name not in REGISTRY}
    assert not helpers & set(VOCABULARY)


def test_quotes_and_signs_of_the_help_survive() -> None:
    from xlcredit.hosts.classic.vba import _text

    assert _text('a "b" − c’s ×2') == '"a ""b"" - c\'s x2"'
    assert _text("é" * 300) == '"' + "?" * 255 + '"'


@pytest.mark.libreoffice
def test_the_module_compiles_and_errors_are_values() -> None:
    """LibreOffice runs the module against a stand-in for xlwings' server."""
    if shutil.which("soffice") is None or not Path(DEBIAN_PYTHON).exists():
        pytest.skip("LibreOffice and Debian's python3-uno are needed")
    command = [DEBIAN_PYTHON, str(PROBE)]
    told = subprocess.run(
        command, input=MODULE, capture_output=True, check=True, text=True, timeout=120
    )
    assert json.loads(told.stdout) == [
        "Double 2.5",
        "error 2036",
        "String #NUM!",  # text that looks like an error is text
        "Double 1.5 error 2042",
        "String text Boolean True",
        "Double 1.5 error 2007 error 2015",
        "String XLC_RENT of xlcredit.hosts.classic.udfs, 7",  # six arguments and the caller
        "error 2036",
        "String XLC_VERSION of xlcredit.hosts.classic.udfs, 0",
        # the server was started once more
        "String XLC_VERSION of xlcredit.hosts.classic.udfs, 0",
        "error 2015",  # it failed again: never text
        "error 2015",
    ]
