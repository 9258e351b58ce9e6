"""Install, check and remove as a user does, in extension folders of the test's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests import command
from xlcredit._version import __version__
from xlcredit.cli import app
from xlcredit.cli import libreoffice as commands
from xlcredit.errors import FileError, HostError
from xlcredit.hosts.libreoffice import install
from xlcredit.hosts.libreoffice.install import Office, find


def xlcredit(*words: object) -> subprocess.CompletedProcess[str]:
    return command.xlcredit("libreoffice", *words)


@pytest.fixture
def private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """LibreOffice with a profile and shared extensions of its own; the options of who runs this."""
    if shutil.which("unopkg") is None and "CI" not in os.environ:
        pytest.skip("LibreOffice is not installed")
    monkeypatch.setenv("UserInstallation", (tmp_path / "profile").as_uri())
    monkeypatch.setenv("UNO_SHARED_PACKAGES_CACHE", (tmp_path / "shared").as_uri())
    monkeypatch.setenv("SHARED_EXTENSIONS_USER", (tmp_path / "profile" / "shared").as_uri())
    (tmp_path / "shared").mkdir()
    return ["--shared"] if os.geteuid() == 0 else []


@pytest.mark.libreoffice
def test_install_doctor_remove(private: list[str]) -> None:
    assert f"{__version__} is installed" in xlcredit("install", *private).stdout
    office, shared = find(), bool(private)
    office.install(shared)
    assert office.installed(shared) == __version__
    healthy = xlcredit("doctor")
    assert healthy.returncode == 0, healthy.stderr
    assert f"a cell shows {__version__}" in healthy.stdout
    assert office.remove(shared)
    assert office.installed(shared) is None
    assert not office.remove(shared)


@pytest.mark.parametrize(
    ("installed", "shown", "todo"),
    [
        (None, __version__, "to do: xlcredit libreoffice install"),
        ("0.0.9", __version__, "to do: xlcredit libreoffice install"),
        (__version__, "xlcredit was not found: no numpy", "to do: the functions are not found"),
    ],
)
def test_the_doctor_finds_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch, installed: str | None, shown: str, todo: str
) -> None:
    monkeypatch.setattr(install, "find", lambda: Office("soffice", "unopkg", "25.2"))
    monkeypatch.setattr(Office, "installed", lambda *_, **__: installed)
    monkeypatch.setattr(Office, "try_out", lambda _: shown)
    done = CliRunner().invoke(app, ["libreoffice", "doctor"])
    assert done.exit_code == 1
    assert shown in done.stdout
    assert done.stdout.splitlines()[-1].startswith(todo)


@pytest.mark.libreoffice
def test_a_package_that_is_refused_leaves_nothing(
    private: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    office = find()
    monkeypatch.setattr(install, "extension", lambda: b"no archive")
    with pytest.raises(HostError, match=r"did not take the add-in: \w+"):
        office.install(shared=bool(private))
    assert office.installed(shared=bool(private)) is None


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="is about root")
def test_root_alone_is_refused_before_anything_runs() -> None:
    with pytest.raises(HostError, match="--shared for every user"):
        Office("/no/soffice", "/no/unopkg", "25.2").install()


def stand_in(folder: Path, name: str, says: str, status: int = 0) -> None:
    program = folder / name
    program.write_text(f"#!/bin/sh\necho '{says}'\nexit {status}\n")
    program.chmod(0o755)


@pytest.fixture
def only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing but what the test puts into a folder."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(install, "_FOLDERS", ())
    return tmp_path


def test_without_libreoffice(only: Path) -> None:
    with pytest.raises(HostError, match="LibreOffice is missing: there is no program soffice"):
        find()
    stand_in(only, "soffice", "LibreOffice 25.2.3.2 520(Build:2)")
    with pytest.raises(HostError, match="no program unopkg"):
        find()


@pytest.mark.parametrize(
    ("says", "told"),
    [
        ("LibreOffice 24.8.7.2 480(Build:2)", "24.8.7.2 is too old: 25.2 or newer"),
        ("LibreOffice 7.4.7.2 40(Build:2)", "7.4.7.2 is too old"),
        ("Office 365", "does not tell its version"),
    ],
)
def test_another_libreoffice(only: Path, says: str, told: str) -> None:
    stand_in(only, "soffice", says)
    stand_in(only, "unopkg", "")
    with pytest.raises(HostError, match=told):
        find()


def test_newer_ones_are_fine(only: Path) -> None:
    stand_in(only, "unopkg", "")
    for version in ("25.2.0.1", "25.8.1.2", "26.2.0.0"):
        stand_in(only, "soffice", f"LibreOffice {version} 520(Build:2)")
        assert find().version == version


def test_a_complaint_of_unopkg_is_one_line(only: Path) -> None:
    stand_in(only, "unopkg", "\nERROR: the office is running\n\nunopkg failed.", 1)
    with pytest.raises(HostError) as caught:
        Office("soffice", str(only / "unopkg"), "25.2").install(shared=True)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith("the office is running")


def test_build(tmp_path: Path) -> None:
    target = tmp_path / "xlcredit.oxt"
    commands.build(target)
    assert "CalcAddIns.xcu" in zipfile.ZipFile(target).namelist()
    with pytest.raises(FileError, match=r"ends in \.oxt"):
        commands.build(tmp_path / "a.zip")
    target.write_bytes(b"somebody's")
    with pytest.raises(FileError, match="exists already; use --force"):
        commands.build(target)
    assert target.read_bytes() == b"somebody's"
    commands.build(tmp_path / "new" / "a.oxt")
    commands.build(target, force=True)
    assert target.read_bytes() == (tmp_path / "new" / "a.oxt").read_bytes()
    with pytest.raises(FileError, match="is no folder"):
        commands.build(target / "a.oxt")


def test_a_refusal_is_one_line(tmp_path: Path) -> None:
    done = xlcredit("build", "-o", tmp_path / "a.zip")
    assert done.returncode == 2
    assert done.stderr == f"xlcredit: {tmp_path / 'a.zip'}: an extension's name ends in .oxt\n"
