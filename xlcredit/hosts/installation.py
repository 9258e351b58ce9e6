"""The whole installation, part by part: what works, what is absent, what is wrong and the remedy.

A part that nobody needs, such as an extra or a spreadsheet program, may be absent; the tests look
with what they would use, and change nothing but the cache of the strict engine.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from xlcredit._version import __version__
from xlcredit.errors import HostError, XlcreditError
from xlcredit.log import log_file
from xlcredit.recalc.evaluate import evaluate
from xlcredit.recalc.machine import cache_folder
from xlcredit.recalc.routing import ENGINES

__all__ = ["ABSENT", "OK", "WRONG", "Part", "examine"]

OK, ABSENT, WRONG = "ok", "absent", "wrong"
_OLDEST_PYTHON = (3, 11)
#: What each extra is for, and the module that is imported when it is used.
_EXTRAS = {
    "fast": ("numba", "compiles the simulation"),
    "charts": ("matplotlib", "draws charts as PNG"),
    "parquet": ("pyarrow", "reads and writes Parquet"),
    "cluster": ("distributed", "runs a portfolio on a Dask cluster"),
    "excel": ("xlwings", "the add-in for Excel on Windows"),
}
_REQUIREMENT = re.compile(r"([A-Za-z0-9_.-]+)[^;]*(?:;(.*))?")


@dataclass(frozen=True)
class Part:
    """One part of the installation."""

    part: str
    state: str
    """``ok``, ``absent`` (it may be), ``slower`` or ``wrong``."""
    found: str
    remedy: str = ""


def examine(office: bool = True) -> list[Part]:
    """Look at every part.

    Parameters
    ----------
    office : bool
        Whether to look for LibreOffice, which takes seconds.
    """
    parts = [_python(), *_packages(), *_extras(), *_engines()]
    if office:
        parts += _libreoffice()
    return [*parts, _excel(), *_places()]


def _python() -> Part:
    version = ".".join(map(str, sys.version_info[:3]))
    found = f"{version}, {sys.executable}"
    if sys.version_info < _OLDEST_PYTHON:
        return Part("Python", WRONG, found, "install Python 3.11 or newer")
    if sys.flags.optimize > 1:
        return Part("Python", WRONG, found, "run it without -OO, which strips the help texts")
    return Part("Python", OK, found)


def _packages() -> Iterator[Part]:
    """Xlcredit itself, and what it cannot do without."""
    here = Path(__file__).parents[1]
    yield Part("xlcredit", OK, f"{__version__}, {here}")
    missing = []
    try:
        required = importlib.metadata.requires("xlcredit") or []
    except importlib.metadata.PackageNotFoundError:
        remedy = "install it: pip install . in the checkout"
        yield Part("packages", WRONG, "xlcredit is not installed, only on the path", remedy)
        return
    for line in required:
        found = _REQUIREMENT.match(line)
        if found and "extra" not in (found[2] or ""):
            try:
                importlib.metadata.version(found[1])
            except importlib.metadata.PackageNotFoundError:
                missing.append(found[1])
    if missing:
        remedy = "install it again: pip install --force-reinstall xlcredit"
        yield Part("packages", WRONG, f"{', '.join(missing)} are missing", remedy)
    else:
        yield Part("packages", OK, "all there")


def _extras() -> Iterator[Part]:
    for extra, (module, use) in _EXTRAS.items():
        try:
            importlib.import_module(module)
        except ImportError:
            remedy = f'pip install "xlcredit[{extra}]": {use}'
            yield Part(f"extra {extra}", ABSENT, f"{module} is not installed", remedy)
        except Exception as error:  # whatever a broken installation raises
            remedy = f"install it again: pip install --force-reinstall {module}"
            yield Part(f"extra {extra}", WRONG, f"{module}: {error}", remedy)
        else:
            yield Part(f"extra {extra}", OK, f"{module} {_version(module)}: {use}")


def _version(module: str) -> str:
    try:
        return importlib.metadata.version(module)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _engines() -> Iterator[Part]:
    """Let each engine calculate, the second with a worksheet function."""
    for name, engine in ENGINES.items():
        package = engine.package
        part, version = f"engine {name}", f"{package} {_version(package)}"
        try:
            value = evaluate("=SUM(XLC_DSCR({150,120},{100,100}),1)", engine=name)
        except XlcreditError as error:
            yield Part(part, WRONG, f"{version}: {error}", _reinstall(package))
        except Exception as error:  # whatever a broken installation raises
            yield Part(part, WRONG, f"{version}: {error}", _reinstall(package))
        else:
            right = value == 2.2
            state, remedy = (OK, "") if right else (WRONG, _reinstall(package))
            yield Part(part, state, f"{version} calculates" if right else f"gives {value}", remedy)
    kept = list(cache_folder().glob("formulon-*.cwasm")) if cache_folder().is_dir() else []
    found = f"{kept[0]}, {kept[0].stat().st_size / 1e6:,.0f} MB" if kept else "nothing is kept"
    remedy = "" if kept else f"the engine compiles each time; let {cache_folder()} be written"
    yield Part("compiled engine", OK if kept else ABSENT, found, remedy)


def _reinstall(package: str) -> str:
    return f"install it again: pip install --force-reinstall {package}"


def _libreoffice() -> Iterator[Part]:
    from xlcredit.hosts.libreoffice.install import find  # noqa: PLC0415

    try:
        office = find()
    except HostError as error:
        yield Part("LibreOffice", ABSENT, str(error), "only for its users")
        return
    yield Part("LibreOffice", OK, f"{office.version}, {office.soffice}")
    try:
        installed = office.installed() or office.installed(shared=True)
    except HostError as error:
        yield Part("its add-in", WRONG, str(error), "run: xlcredit libreoffice doctor")
        return
    if installed is None:
        yield Part("its add-in", ABSENT, "not installed", "run: xlcredit libreoffice install")
    elif installed != __version__:
        yield Part("its add-in", WRONG, installed, "run: xlcredit libreoffice install")
    else:
        yield Part("its add-in", OK, installed)


def _excel() -> Part:
    if sys.platform != "win32":
        remedy = "on Mac and web, xlcredit lite; on Windows, xlcredit excel install"
        return Part("Excel", ABSENT, "the add-in is for Windows", remedy)
    from xlcredit.hosts.classic import addin  # noqa: PLC0415
    from xlcredit.hosts.doctor import examine_installation  # noqa: PLC0415

    findings = examine_installation(addin.startup_folders(), addin.settings_here())
    if not findings:
        return Part("Excel", OK, "the add-in is installed")
    first = findings[0]
    state = ABSENT if first.kind == "addin-missing" else WRONG
    return Part("Excel", state, f"{first.where}: {first.problem}", first.remedy)


def _places() -> Iterator[Part]:
    """Folders that must be written, and the log."""
    for name, folder in (("working folder", Path.cwd()), ("cache", cache_folder())):
        yield _writable(name, folder)
    log = log_file()
    size = f", {log.stat().st_size:,} bytes of tracebacks" if log.is_file() else ", empty"
    part = _writable("log file", log.parent)
    yield Part("log file", part.state, f"{log}{size}", part.remedy)


def _writable(name: str, folder: Path, write: Callable[[Path], None] | None = None) -> Part:
    """Try to write where a folder is, or where it would be made."""
    there = next(p for p in (folder, *folder.parents) if p.exists())
    try:
        (write or _write)(there)
    except OSError as error:
        told = f"{folder}: {error.strerror or error}"
        return Part(name, WRONG, told, "give yourself the right to write there")
    return Part(name, OK, f"{folder} can be written")


def _write(folder: Path) -> None:
    handle, name = tempfile.mkstemp(prefix=".xlcredit", dir=folder)
    os.close(handle)
    Path(name).unlink()
