"""A file for the tracebacks of our own mistakes: a host and a terminal show one line of each.

The file is ``xlcredit.log`` in the folder where this system keeps such files for a user;
``XLCREDIT_LOG`` names another. ``xlcredit excel doctor`` and ``xlcredit libreoffice doctor`` say
where it is. Only what went wrong stands there: no value of a cell, no input of a deal.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["log_file", "record"]

#: A log that nobody reads must not fill a disk.
_LARGEST = 1 << 20
#: A mistake that is made in ten thousand cells is written down once.
_told: set[str] = set()


def log_file() -> Path:
    """Return where the tracebacks are kept; the file need not exist."""
    if named := os.environ.get("XLCREDIT_LOG"):
        return Path(named)
    if sys.platform == "win32":
        folder = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    else:
        folder = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return folder / "xlcredit" / "xlcredit.log"


def record(error: BaseException, what: str) -> Path | None:
    """Append the traceback of a mistake to the log.

    Parameters
    ----------
    error : BaseException
        What was raised.
    what : str
        What was being done, such as the name of a worksheet function.

    Returns
    -------
    Path or None
        The log; None if it cannot be written, which is no reason to fail once more.
    """
    import datetime  # noqa: PLC0415 - only when something is wrong
    import traceback  # noqa: PLC0415

    from xlcredit._version import __version__  # noqa: PLC0415

    lines = "".join(traceback.format_exception(error))
    path = log_file()
    if lines in _told:
        return path
    now = datetime.datetime.now().isoformat(" ", "seconds")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        full = path.exists() and path.stat().st_size > _LARGEST
        with path.open("w" if full else "a", encoding="utf-8", errors="replace") as log:
            log.write(f"{now} xlcredit {__version__}, {what}\n{lines}\n")
    except (OSError, RuntimeError):  # no such place, no home
        return None
    _told.add(lines)
    return path
