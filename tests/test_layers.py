"""The architecture holds: who may import whom, and what a start costs."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import xlcredit
from xlcredit.recalc.routing import ENGINES

#: The modules of the distributions that calculate.
ENGINES_THEMSELVES = {engine.package.replace("-", "_") for engine in ENGINES.values()}
PACKAGE = Path(xlcredit.__file__).parent
ROOT = PACKAGE.parent


def modules_after(statement: str) -> set[str]:
    """Names of the modules that a fresh interpreter holds after a statement."""
    program = f"import sys; {statement}; print(*sorted(sys.modules), sep='\\n')"
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, capture_output=True, check=True, text=True, cwd=ROOT)
    return set(done.stdout.split())


def test_imports_keep_to_the_layers() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, capture_output=True, check=False, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize(
    "path", sorted((PACKAGE / "models").glob("**/*.py")), ids=lambda path: path.stem
)
def test_a_model_imports_only_numpy(path: Path) -> None:
    """Also within functions, where an import would wait for its day."""
    allowed = {"numpy", "__future__", *sys.stdlib_module_names}
    if path.parent.name == "kernels":  # loaded only where it is installed
        allowed.add("numba")
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or "."]
        for name in names:
            assert name.startswith("xlcredit.models") or name.split(".")[0] in allowed


def imports(path: Path) -> set[str]:
    """Every module that a file imports, also within functions, with what it takes from it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def outside(*rooms: str) -> list[Path]:
    """The modules of all rooms but these."""
    return [
        path
        for path in sorted(PACKAGE.glob("**/*.py"))
        if path.relative_to(PACKAGE).parts[0] not in rooms
    ]


def test_only_ooxml_reads_or_writes_a_part() -> None:
    """A zip file is opened, and XML of unknown origin parsed, in one room."""
    tools = ("zipfile", "defusedxml", "xml.etree.ElementTree.fromstring", "xml.sax.expatreader")
    code = PACKAGE / "portfolio" / "shipping.py"  # packs the program itself for a cluster
    for path in (path for path in outside("ooxml") if path != code):
        guilty = [name for name in imports(path) if name.startswith(tools)]
        assert not guilty, path
        assert "ElementTree.fromstring" not in path.read_text(encoding="utf-8"), path


def test_only_workbook_imports_the_writer_of_openpyxl() -> None:
    """Its tokenizer and its arithmetic of addresses write nothing; a book of loans is one too."""
    harmless = ("openpyxl.formula", "openpyxl.utils")
    reports = {PACKAGE / "portfolio" / f"{name}.py" for name in ("report", "market_report")}
    for path in (path for path in outside("workbook") if path not in reports):
        names = [name for name in imports(path) if name.split(".")[0] == "openpyxl"]
        assert all(name.startswith(harmless) for name in names), path


def test_only_recalc_knows_which_engines_there_are() -> None:
    """Engines are behind a protocol: nothing outside recalc knows which there are."""
    for path in outside("recalc"):
        found = ENGINES_THEMSELVES & {name.split(".")[0] for name in imports(path)}
        assert not found, f"{path}: {found} belong behind an Engine of xlcredit/recalc"


def test_importing_the_package_loads_nothing_else() -> None:
    loaded = {name.split(".")[0] for name in modules_after("import xlcredit")}
    assert loaded <= {name.split(".")[0] for name in modules_after("pass")} | {"xlcredit"}


def test_a_worksheet_call_needs_numpy_alone() -> None:
    statement = "from xlcredit.functions import call; call('XLC_RENT', 2.5, 0.3, 12)"
    loaded = {name.split(".")[0] for name in modules_after(statement)}
    heavy = {"pandas", "scipy", "openpyxl", "xlwings", "msgspec", "typer", "rich"}
    assert not loaded & (heavy | ENGINES_THEMSELVES)
    assert loaded <= {"xlcredit", *(n.split(".")[0] for n in modules_after("import numpy"))} | set(
        sys.stdlib_module_names
    )


def test_the_classic_host_leaves_the_licensed_parts_of_xlwings_alone() -> None:
    by_us = modules_after("import xlcredit.hosts.classic.udfs") - modules_after("import xlwings")
    assert not {name for name in by_us if name.startswith("xlwings")}
