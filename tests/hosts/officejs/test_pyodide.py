"""The built wheel in Pyodide, as xlwings Lite loads it: everything but NumPy's own work."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import docstring_parser
import pytest
import xlwings
from packaging.requirements import Requirement

from xlcredit._version import __version__
from xlcredit.functions import REGISTRY
from xlcredit.hosts.officejs.lite import PROGRAM

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def pyodide(request: pytest.FixtureRequest) -> Path:
    """Folder of the npm package; npm fetches it once."""
    folder = Path(request.config.cache.mkdir("pyodide-314.0.7"))
    installed = folder / "node_modules" / "pyodide"
    if not (installed / "pyodide.mjs").exists():
        npm = shutil.which("npm")
        if npm is None and "CI" not in os.environ:
            pytest.skip("npm is not installed")
        shutil.copy(HERE / "package.json", folder)
        command = [npm or "npm", "install", "--no-package-lock", "--no-audit", "--no-fund"]
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder)
        if done.returncode and "CI" not in os.environ:
            pytest.skip("npm cannot fetch Pyodide")
        assert done.returncode == 0, done.stderr[-2000:]
    return installed


def test_the_wheel_is_for_every_platform(wheel: Path) -> None:
    assert wheel.name == f"xlcredit-{__version__}-py3-none-any.whl"


def test_in_pyodide_the_wheel_asks_for_nothing_that_pyodide_lacks(wheel: Path) -> None:
    """Of what the desktop needs, the recalculation engine alone could not be installed there."""
    with zipfile.ZipFile(wheel) as archive:
        text = archive.read(f"xlcredit-{__version__}.dist-info/METADATA").decode()
    wanted = [
        Requirement(line.removeprefix("Requires-Dist: "))
        for line in text.splitlines()
        if line.startswith("Requires-Dist: ")
    ]
    there = {"sys_platform": "emscripten", "platform_system": "Emscripten", "extra": ""}
    names = {r.name for r in wanted if r.marker is None or r.marker.evaluate(there)}
    assert names == {"numpy", "docstring-parser"}
    assert "formualizer" in {r.name for r in wanted}


def test_the_program_registers_every_function_in_pyodide(
    wheel: Path, pyodide: Path, tmp_path: Path
) -> None:
    pure = tmp_path / "pure.zip"  # what xlwings Lite brings along, and our one dependency
    with zipfile.ZipFile(pure, "w") as archive:
        for package in (xlwings, docstring_parser):
            home = Path(str(package.__file__)).parent
            for path in home.rglob("*.py"):
                archive.write(path, path.relative_to(home.parent))
    node = shutil.which("node") or "node"
    archives = [str(wheel), str(pure)]
    command = [node, str(HERE / "pyodide.mjs"), str(pyodide), PROGRAM["main.py"], *archives]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["platform"] == "emscripten"
    assert set(told["functions"]) == set(REGISTRY)
    assert told["version"] == [[__version__]]
    assert told["why"] == [["an argument is outside its domain, or there is no solution"]]
    assert set(told["loaded"]) <= {"xlcredit", "docstring_parser"}
