"""The add-in for Excel on Windows: built on the user's own machine, without Excel."""

from __future__ import annotations

from xlcredit.excel.addin.build import Settings, build, settings_here
from xlcredit.excel.addin.startup import (
    FILE,
    install,
    remove,
    startup_folder,
    startup_folders,
    write,
)

__all__ = [
    "FILE",
    "Settings",
    "build",
    "install",
    "remove",
    "settings_here",
    "startup_folder",
    "startup_folders",
    "write",
]
