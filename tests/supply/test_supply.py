"""The lock has hashes, the licences are known, and the wheel holds the package and nothing else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.supply.closure import ALLOWED, HASHED, ROOT, advisories, hashes, pins, runtime


def test_every_line_of_the_lock_has_its_hash() -> None:
    known = hashes()
    assert pins(HASHED) == pins(ROOT / "requirements.lock")
    assert set(known) == set(pins(HASHED))
    assert all(known.values())


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-hashed.lock"])
def test_a_lock_names_no_registry(name: str) -> None:
    assert not re.search(r"https?:|file:|index-url", (ROOT / name).read_text("utf-8"))


def test_whatever_comes_along_has_a_licence_that_is_allowed() -> None:
    parts = runtime()
    assert {"numpy", "openpyxl", "msgspec", "typer"} <= {part.name for part in parts}
    assert [part for part in parts if not ALLOWED.search(part.licence)] == []
    assert {part.name for part in parts} <= set(hashes())


def test_an_advisory_is_found_by_version() -> None:
    entries = [
        {"advisory": "x\n y", "cve": "CVE-1", "id": "a", "specs": ["<1.5", ">=2,<2.1"]},
        {"advisory": "z", "cve": None, "id": "b", "specs": ["==2.1"]},
    ]
    known = {"$meta": {"timestamp": 0}, "My_Package": entries, "other": entries}
    assert list(advisories({"my-package": "1.4"}, known)) == ["my-package 1.4: CVE-1: x y"]
    assert list(advisories({"my-package": "2.0rc1"}, known)) == []
    assert list(advisories({"my-package": "2.0"}, known)) == ["my-package 2.0: CVE-1: x y"]
    assert list(advisories({"my-package": "2.1"}, known)) == ["my-package 2.1: b: z"]


def test_the_tests_of_what_is_installed_need_no_other_plugin() -> None:
    """As ``python -m tests.supply install`` runs them, in an environment without our tools."""
    plain = [sys.executable, "-m", "pytest", "-q", "--collect-only", "-p", "no:xdist", "-p"]
    done = subprocess.run(
        [*plain, "no:cacheprovider", "tests/deals/test_deals.py"],
        cwd=ROOT,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-500:]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {n for n in archive.namelist() if ".dist-info/" not in n}
        about = next(n for n in archive.namelist() if n.endswith("METADATA"))
        metadata = archive.read(about).decode()
    known = [ROOT / line for line in _tracked("xlcredit")]
    expected = {str(path.relative_to(ROOT)) for path in known}
    expected |= {f"xlcredit/{line}" for line in _tracked("templates")}
    assert names == expected
    assert "License-Expression: MIT" in metadata
    assert "Requires-Python: >=3.11" in metadata
    # nothing stands beside the text on the page of an index: what it shows is found from anywhere
    text = metadata.partition("\n\n")[2]
    shown = re.findall(r"!?\[[^\]]*\]\(([^)]+)\)", text)
    own = "https://github.com/xlcredit/xlcredit/raw/main/workbooks/pictures/"
    pictures = [link.removeprefix(own) for link in shown if link.startswith(own)]
    assert len(pictures) == (ROOT / "README.md").read_text(encoding="utf-8").count("![") > 0
    assert all((ROOT / "workbooks/pictures" / name).is_file() for name in pictures)
    assert all(link.startswith(("https://", "#")) for link in shown)


def _tracked(folder: str) -> list[str]:
    done = subprocess.run(
        ["git", "ls-files", folder], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return done.stdout.splitlines()
