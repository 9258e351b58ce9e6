"""New parts in a workbook file: the part itself, its content type, and who refers to it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from xlcredit.ooxml.package import Package, zipped
from xlcredit.ooxml.tags import before_end

__all__ = ["Additions", "pack"]

_TYPES = "[Content_Types].xml"
_HEAD = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'
_RELATIONSHIPS = (
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    b"</Relationships>"
)


class Additions:
    """Parts that are added to a package.

    Parameters
    ----------
    package : Package
        The workbook; it is not changed.
    """

    def __init__(self, package: Package) -> None:
        self._package = package
        self.parts: dict[str, bytes] = {}
        """What to write: the new parts, and those that now mention them."""

    def add(self, part: str, xml: str, content_type: str) -> None:
        """Add a part; the XML is without its declaration."""
        self.parts[part] = _HEAD + xml.encode()
        entry = f'Override PartName="/{part}" ContentType="{content_type}"/>'
        self.parts[_TYPES] = before_end(self._read(_TYPES), entry.encode())

    def relate(self, owner: str, kind: str, part: str) -> str:
        """Let a part refer to another, and return the reference's id; ``""`` is the package."""
        path = PurePosixPath(owner)
        name = str(path.parent / "_rels" / f"{path.name}.rels") if owner else "_rels/.rels"
        there = name in self.parts or name in self._package
        xml = self._read(name) if there else _HEAD + _RELATIONSHIPS
        taken = re.findall(rb"\sId\s*=\s*[\"']([^\"']*)", xml)
        key = next(f"rId{n}" for n in range(1, len(taken) + 2) if b"rId%d" % n not in taken)
        folder = f"{path.parent}/" if owner else ""
        target = part.removeprefix(folder) if part.startswith(folder) else f"/{part}"
        entry = f'Relationship Id="{key}" Type="{kind}" Target="{target}"/>'
        self.parts[name] = before_end(xml, entry.encode())
        return key

    def _read(self, part: str) -> bytes:
        return self.parts.get(part) or self._package.read(part)


def pack(package: Package, changed: Mapping[str, bytes | None]) -> bytes:
    """Write a workbook file: the parts in their order, new ones behind; equal parts, equal bytes.

    Parameters
    ----------
    package : Package
        The workbook that is copied.
    changed : mapping
        Parts that are new or have new contents; ``None`` leaves a part out.
    """
    contents = {
        name: changed[name] if name in changed else package.read(name)
        for name in dict.fromkeys([*package, *changed])
    }
    return zipped({name: content for name, content in contents.items() if content is not None})
