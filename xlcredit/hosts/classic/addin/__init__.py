"""The add-in for Excel on Windows: built on the user's own machine, without Excel."""

from __future__ import annotations

from xlcredit.hosts.classic.addin.startup import (
    FILE,
    install,
    remove,
    startup_folder,
    startup_folders,
    write,
)
from xlcredit.hosts.classic.addin.xlam import Settings, build, settings_here

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
