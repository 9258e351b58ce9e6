"""Put the add-in where Excel finds it at its start, and take it away again."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from xlcredit.errors import HostError
from xlcredit.files import made_folder, replace_file

__all__ = ["FILE", "install", "remove", "startup_folder", "startup_folders", "write"]

FILE = "xlcredit.xlam"


def startup_folder(environment: Mapping[str, str] = os.environ, system: str = sys.platform) -> Path:
    """Return the folder of which Excel opens every workbook as it starts, and trusts its macros.

    Raises
    ------
    HostError
        On another system than Windows.
    """
    if system != "win32":
        raise HostError(
            "the add-in runs in Excel on Windows; to make the file here: "
            f"xlcredit excel build -o {FILE}"
        )
    if not environment.get("APPDATA"):
        raise HostError("APPDATA is not set: Excel's folder is unknown; name it with --folder")
    return Path(environment["APPDATA"], "Microsoft", "Excel", "XLSTART")


def startup_folders(
    environment: Mapping[str, str] = os.environ, system: str = sys.platform
) -> list[Path]:
    """Return all folders in which Excel may find an add-in; the first is this user's own."""
    own = startup_folder(environment, system)
    roots = (environment.get(name) for name in ("ProgramFiles", "ProgramFiles(x86)"))
    shared = (
        Path(root, "Microsoft Office", "root", "Office16", "XLSTART") for root in roots if root
    )
    return [own, own.parent.with_name("AddIns"), *shared]


def install(content: bytes, folder: Path) -> tuple[Path, bool]:
    """Write the add-in into a folder, whole or not at all.

    Parameters
    ----------
    content : bytes
        What :func:`~xlcredit.hosts.classic.addin.xlam.build` gave.
    folder : Path
        Where to put it; made if it does not exist.

    Returns
    -------
    tuple
        The file, and whether it changed.
    """
    target = folder / FILE
    try:
        if target.is_file() and target.read_bytes() == content:
            return target, False
        with made_folder(folder):
            write(content, target)
    except OSError as error:
        raise HostError(f"{folder}: cannot be used: {error.strerror}") from None
    return target, True


def remove(folder: Path) -> tuple[Path, bool]:
    """Delete the add-in from a folder.

    Returns
    -------
    tuple
        The file, and whether it was there.
    """
    target = folder / FILE
    try:
        there = target.exists()
        target.unlink(missing_ok=True)
    except OSError as error:
        raise HostError(_refused(target, error)) from None
    return target, there


def write(content: bytes, target: Path) -> None:
    """Write a file beside its place, then move it there."""
    try:
        replace_file(target, content)
    except OSError as error:
        raise HostError(_refused(target, error)) from None


def _refused(target: Path, error: OSError) -> str:
    if isinstance(error, PermissionError):  # Windows keeps what Excel has open
        return f"{target}: cannot be changed; close Excel and try again"
    return f"{target}: cannot be changed: {error.strerror}"
