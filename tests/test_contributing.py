"""What a contributor is told is true: the errands' lists, the commands, the evidence, the names."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import get_args, get_origin, get_type_hints

import pytest

import xlcredit
from tests.evidence import README_TABLE, summary
from tests.oracles.tables import tables
from xlcredit.cli import app
from xlcredit.cli.schema import as_text, schema_of
from xlcredit.deals.exhibits import Grid
from xlcredit.deals.template import Template
from xlcredit.workbook.tables.kinds import KINDS

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / ".github/CONTRIBUTING.md").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")
#: Where nobody edits by hand, or tools keep what they need.
APART = {".git", ".venv", ".github", "workbooks", "__pycache__", "dist", "build", "demo"}
#: What one looks for in the tree, by the errand's title.
EXAMPLES = {
    "A worksheet function": r"\bXLC_REPAYMENT\b",
    "A table of the template language": r"\bLadder\b|\bladder\b",
    "A row or a figure of a template": r"\brefi_left\b|\brefi_need\b",
    "An engine": r"\bformualizer\b",
    "A command": r"\bextract\b",
}


def errands() -> Iterator[tuple[str, list[str]]]:
    """Each errand of the guide with the patterns of its list."""
    for section in GUIDE.split("\n## ")[1:]:
        title, _, text = section.partition("\n")
        items = [line.partition(":")[0] for line in text.splitlines() if line.startswith("- ")]
        yield title, [path for item in items for path in re.findall(r"`([^`]+)`", item)]


def sources() -> Iterator[Path]:
    """The files of the project that hold text."""
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        hidden = any(part in APART or part.startswith(".") for part in parts)
        if (
            not hidden
            and path.is_file()
            and path.suffix in (".py", ".md", ".toml", ".json", ".lock")
        ):
            yield path


def test_every_errand_is_walked() -> None:
    assert [title for title, _ in errands()] == list(EXAMPLES)


@pytest.mark.parametrize(("title", "patterns"), list(errands()), ids=lambda v: str(v)[:30])
def test_an_errand_names_every_file_and_no_other(title: str, patterns: list[str]) -> None:
    word = re.compile(EXAMPLES[title])
    touched = [p for p in sources() if word.search(p.read_text("utf-8", errors="replace"))]
    own = ROOT / "tests/test_contributing.py"
    names = [str(path.relative_to(ROOT)) for path in touched if path != own]
    left_out = [name for name in names if not any(fnmatch(name, p) for p in patterns)]
    assert not left_out, f"{title}: add to .github/CONTRIBUTING.md: {left_out}"
    stale = [pattern for pattern in patterns if not list(ROOT.glob(pattern))]
    assert not stale, f"{title}: there is no such file: {stale}"


def test_every_test_that_the_guide_names_exists() -> None:
    """A path that does not exist runs nothing, and reads as if it had passed."""
    named = set(re.findall(r"\btests/[\w/.*]+", GUIDE))
    missing = sorted(path for path in named if not list(ROOT.glob(path.rstrip("./"))))
    assert not missing, f".github/CONTRIBUTING.md names what is not there: {missing}"
    tests = {
        node.name
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef)
    }
    gone = sorted(name for name in re.findall(r"`(test_\w+)`", GUIDE) if name not in tests)
    assert not gone, f".github/CONTRIBUTING.md names tests that are gone: {gone}"
    for words in re.findall(r'pytest [^`]*-k "([^"]+)"', GUIDE):
        idle = [word for word in words.split(" or ") if not any(word in name for name in tests)]
        assert not idle, f".github/CONTRIBUTING.md: -k selects nothing by {idle}"


def exhibits_listed() -> list[str]:
    """The lists of a template whose tables are exhibits."""
    hints = get_type_hints(Template)
    kinds = {name: get_args(hint) for name, hint in hints.items() if get_origin(hint) is list}
    return [name for name, (kind,) in kinds.items() if kind.__module__ == Grid.__module__]


@pytest.mark.parametrize("listed", exhibits_listed())
def test_every_table_of_a_template_is_laid_out(listed: str) -> None:
    """By a row of `KINDS`, or by a page that reads its list by name."""
    pages = (ROOT / "xlcredit/workbook/pages").glob("*.py")
    read = any(f"template.{listed}" in path.read_text("utf-8") for path in pages)
    on_stress = listed in [kind.listed for kind in KINDS]
    assert read or on_stress, (
        f"no sheet shows the tables of Template.{listed}: add a row to KINDS in "
        "xlcredit/workbook/tables/kinds.py, or a page in xlcredit/workbook/pages"
    )


def commands() -> list[str]:
    """The commands of the command line, groups included."""
    named = [command.name for command in app.registered_commands]
    return [str(name) for name in [*named, *(group.name for group in app.registered_groups)]]


def modules_of_commands() -> set[str]:
    """The modules that define what is registered."""
    found = list(app.registered_commands)
    for group in app.registered_groups:
        found += group.typer_instance.registered_commands if group.typer_instance else []
    return {str(getattr(command.callback, "__module__", "")) for command in found}


def test_every_command_is_registered() -> None:
    """A module of cli that has `register` is listed in cli/__init__.py."""
    with_register = [
        path.stem
        for path in (ROOT / "xlcredit/cli").glob("*.py")
        if any(
            isinstance(node, ast.FunctionDef) and node.name == "register"
            for node in ast.parse(path.read_text("utf-8")).body
        )
    ]
    listed = {module.rpartition(".")[2] for module in modules_of_commands()}
    left_out = sorted(set(with_register) - listed)
    assert not left_out, (
        f"import {left_out} in xlcredit/cli/__init__.py, and list them in _COMMANDS"
    )
    names = set(with_register) ^ set(commands())
    assert not names, (
        f"{sorted(names)}: a command, or a group, is registered under its module's name: "
        "rename xlcredit/cli/NAME.py, or the name in app.command or app.add_typer"
    )
    assert listed == set(with_register), "a module of xlcredit/cli registers what is its own"


@pytest.mark.parametrize("command", commands())
def test_the_readme_names_every_command(command: str) -> None:
    named = re.search(rf"\bxlcredit {command}\b", README) is not None
    assert named, f"README.md says nothing of {command}: write a line with `xlcredit {command}`"


def test_the_evidence_in_the_readme_is_what_the_command_prints() -> None:
    """Cell for cell; the last digit of a worst difference is the processor's."""
    found = README_TABLE.search(README)
    assert found, "README.md has lost its table; python -m tests.evidence --readme needs one"
    shown, now = ([row.split("|") for row in t.splitlines()] for t in (found[0], summary(tables())))
    advice = "run: python -m tests.evidence --readme"
    assert [row[:-2] for row in shown] == [row[:-2] for row in now], advice
    for old, new in zip(shown[2:], now[2:], strict=True):
        assert float(new[-2]) <= 10 * float(old[-2]), advice


@pytest.mark.parametrize("of", ["output", "template"])
def test_the_schemas_are_what_the_command_prints(of: str) -> None:
    name = f"xlcredit/schemas/{of}.schema.json"
    as_printed = (ROOT / name).read_text("utf-8") == as_text(schema_of(of))
    assert as_printed, f"{name} is not of this code; run: xlcredit schema {of} -o {name} --force"


def test_the_public_names_are_those_that_are_promised() -> None:
    assert sorted(xlcredit.__all__) == dir(xlcredit)
    for name in xlcredit.__all__:
        assert getattr(xlcredit, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = xlcredit.nothing  # type: ignore[attr-defined]


def modules() -> list[str]:
    """Every module that can be imported here: the hosts' own need their hosts."""
    found = []
    for path in sorted((ROOT / "xlcredit").rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        if not path.stem.startswith("_a") and path.stem not in ("_soffice", "_trace", "__main__"):
            found.append(name)
    return found


def test_every_name_in_all_exists() -> None:
    """In one fresh interpreter, as some modules register what they define."""
    program = (
        "import importlib, json, sys\n"
        "missing = []\n"
        "for name in json.loads(sys.argv[1]):\n"
        "    try:\n        module = importlib.import_module(name)\n"
        "    except Exception:\n"
        "        if not name.startswith('xlcredit.hosts'): raise\n"
        "        continue\n"
        "    names = getattr(module, '__all__', [])\n"
        "    missing += [f'{name}.{n}' for n in names if not hasattr(module, n)]\n"
        "print(json.dumps(missing))"
    )
    command = [sys.executable, "-c", program, json.dumps(modules())]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert json.loads(done.stdout) == []


def test_prose_in_the_sources_counts_nothing_that_grows() -> None:
    """ "Both examples" was true once; what is counted in a sentence goes stale."""
    counted = re.compile(
        r"\b(both|two|three|four|five)\s+(shipped |example )?"
        r"(examples|templates|example workbooks|side-by-sides|commands|hosts)\b",
        re.IGNORECASE,
    )
    for path in (ROOT / "xlcredit").rglob("*.py"):
        assert not counted.search(path.read_text("utf-8")), path
