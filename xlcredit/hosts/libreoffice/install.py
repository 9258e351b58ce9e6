"""Install the Calc add-in with LibreOffice's own ``unopkg``, and see whether it works."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from xlcredit._version import __version__
from xlcredit.errors import HostError
from xlcredit.hosts.libreoffice.package import IDENTIFIER, OLDEST, extension, unpack
from xlcredit.recalc.libreoffice import environment

__all__ = ["Office", "find"]

#: Where LibreOffice is when it is not on the path.
_FOLDERS = (
    "/usr/lib/libreoffice/program",
    "/opt/libreoffice/program",
    "/Applications/LibreOffice.app/Contents/MacOS",
    r"C:\Program Files\LibreOffice\program",
)
_SECONDS = 120
#: A sheet of one cell, which shows the version.
_SHEET = """\
<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
  xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
  xmlns:of="urn:oasis:names:tc:opendocument:xmlns:of:1.2" office:version="1.3"
  office:mimetype="application/vnd.oasis.opendocument.spreadsheet">
<office:body><office:spreadsheet><table:table table:name="Try"><table:table-row>
<table:table-cell table:formula="of:=XLCREDIT.XLC_VERSION()"/>
</table:table-row></table:table></office:spreadsheet></office:body>
</office:document>
"""


@dataclass(frozen=True)
class Office:
    """An installed LibreOffice that can hold the add-in.

    Parameters
    ----------
    soffice, unopkg : str
        Its programs.
    version : str
        Its version, such as ``25.2.3.2``.
    """

    soffice: str
    unopkg: str
    version: str

    def install(self, shared: bool = False) -> None:
        """Install the add-in, over an older one: whole or not at all.

        Parameters
        ----------
        shared : bool
            For every user of the machine rather than this one; needs the right to do so.

        Raises
        ------
        HostError
            LibreOffice refuses; the line says why, and nothing is left behind.
        """
        _check_user(shared)
        with tempfile.TemporaryDirectory() as scratch:
            package = Path(scratch) / "xlcredit.oxt"
            package.write_bytes(extension())
            done = self._unopkg("add", shared, "--force", "--suppress-license", str(package))
        if done.returncode == 0 and self.installed(shared) == __version__:
            return
        self._unopkg("remove", shared, IDENTIFIER)
        raise HostError(f"LibreOffice did not take the add-in: {_complaint(done)}")

    def remove(self, shared: bool = False) -> bool:
        """Remove the add-in; tell whether there was one."""
        _check_user(shared)
        if self.installed(shared) is None:
            return False
        done = self._unopkg("remove", shared, IDENTIFIER)
        if done.returncode:
            raise HostError(f"LibreOffice did not remove the add-in: {_complaint(done)}")
        return True

    def installed(self, shared: bool = False) -> str | None:
        """Give the version of the add-in that is installed and registered, if there is one."""
        if _is_root() and not shared:
            return None
        done = self._unopkg("list", shared, IDENTIFIER)
        if done.returncode and "no such extension" not in done.stderr + done.stdout:
            raise HostError(f"LibreOffice does not list its extensions: {_complaint(done)}")
        found = re.search(r"Version: (\S+)\n.*\n\s*is registered: yes", done.stdout)
        return found[1] if found and done.returncode == 0 else None

    def try_out(self) -> str:
        """Give what ``XLC_VERSION()`` shows in a new LibreOffice with the add-in of now.

        Returns
        -------
        str
            The version; or the reason why the functions cannot be found.
        """
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            sheet = folder / "try.fods"
            sheet.write_text(_SHEET, "utf-8")
            private = {
                "BUNDLED_EXTENSIONS": unpack(folder / "extensions").as_uri(),
                "UserInstallation": (folder / "profile").as_uri(),
            }
            convert = ["--headless", "--norestore", "--convert-to", "csv", "--outdir", scratch]
            _run([self.soffice, *convert, str(sheet)], private)
            result = folder / "try.csv"  # without one, LibreOffice still says that all is well
            if not result.is_file():
                raise HostError("LibreOffice did not calculate a sheet; does it start at all?")
            return result.read_text("utf-8").strip().strip('"')

    def _unopkg(
        self, command: str, shared: bool, *arguments: str
    ) -> subprocess.CompletedProcess[str]:
        return _run([self.unopkg, command, *(["--shared"] if shared else []), *arguments])


def find() -> Office:
    """Find LibreOffice.

    Returns
    -------
    Office
        The one on the path, or where its installer puts it.

    Raises
    ------
    HostError
        It is missing or too old.
    """
    soffice, unopkg = _program("soffice"), _program("unopkg")
    message = _run([soffice, "--version"]).stdout
    found = re.search(r"LibreOffice ((\d+)\.(\d+)[.\d]*)", message)
    if found is None:
        raise HostError(f"{soffice} does not tell its version: is it LibreOffice?")
    if (int(found[2]), int(found[3])) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise HostError(f"LibreOffice {found[1]} is too old: {oldest} or newer is needed")
    return Office(soffice, unopkg, found[1])


def _program(name: str) -> str:
    places = os.pathsep.join(_FOLDERS)
    program = shutil.which(name) or shutil.which(name, path=places)
    if program is None:
        raise HostError(f"LibreOffice is missing: there is no program {name}; install it")
    return program


def _is_root() -> bool:
    return sys.platform != "win32" and os.geteuid() == 0


def _check_user(shared: bool) -> None:
    """LibreOffice refuses root an extension of its own, in words that help nobody."""
    if _is_root() and not shared:
        raise HostError(
            "LibreOffice installs nothing for root alone: run this as the user who opens it, "
            "or with --shared for every user"
        )


def _run(
    command: list[str], more: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
            stdin=subprocess.DEVNULL,
            env={**environment(), **(more or {})},
        )
    except subprocess.TimeoutExpired:
        raise HostError(f"{command[0]} did not finish within {_SECONDS} s") from None
    except OSError as error:
        raise HostError(f"{command[0]} does not run: {error.strerror}") from None


def _complaint(done: subprocess.CompletedProcess[str]) -> str:
    """The line in which unopkg says what is wrong, among others that do not."""
    lines = [line.strip() for line in (done.stderr + done.stdout).splitlines() if line.strip()]
    message = [line for line in lines if line.startswith("ERROR")] or lines or ["no reason given"]
    return message[0].removeprefix("ERROR:").removeprefix(" Exception occurred:").strip()
