"""What a file says of itself: its custom properties, and when it was created."""

from __future__ import annotations

import datetime
from typing import Any

from xlcredit.ooxml.package import Package

__all__ = ["created", "read_properties", "template_of"]

_CUSTOM, _CORE = "docProps/custom.xml", "docProps/core.xml"


def read_properties(package: Package) -> dict[str, str]:
    """Read the custom properties of a workbook; a file may have none."""
    if _CUSTOM not in package:
        return {}
    return {
        item.get("name", ""): "".join(child.text or "" for child in item)
        for item in package.root(_CUSTOM)
    }


def template_of(package: Package) -> str:
    """Say of which template xlcredit built a workbook; nothing if it did not, or that is lost."""
    return read_properties(package).get("xlcredit template", "")


def created(package: Package) -> datetime.date | None:
    """Read the day on which a workbook was created; None if it does not say so."""
    root: Any = package.root(_CORE) if _CORE in package else ()
    for item in root:
        if str(item.tag).endswith("}created"):
            try:
                return datetime.date.fromisoformat((item.text or "")[:10])
            except ValueError:
                return None
    return None
