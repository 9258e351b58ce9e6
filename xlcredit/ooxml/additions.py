"""Moved: parts that are added are in `relations`, and a package is written by `package.pack`."""

from xlcredit.ooxml.package import pack
from xlcredit.ooxml.relations import Additions

__all__ = ["Additions", "pack"]
