"""Who refers to whom in a workbook file: relationships, content types, and parts that are added.

Parts refer to each other by an id that a ``.rels`` part beside them resolves; what kind of part
each is stands in ``[Content_Types].xml``. Both are patched as bytes, so that what another program
wrote stays as it is.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import PurePosixPath
from typing import NamedTuple

from xlcredit.errors import FileError
from xlcredit.ooxml.package import Package
from xlcredit.ooxml.tags import PREFIX, before_end

__all__ = ["TYPES", "Additions", "Relation", "related", "relations_of", "without"]

TYPES = "[Content_Types].xml"
_HEAD = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'
_RELATIONSHIPS = (
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    b"</Relationships>"
)
#: The kinds that are read here, and how the two forms of the format spell them. Excel knows no
#: other spelling, and the strict engine leaves such a sheet out.
_READ = {"worksheet", "sharedStrings", "table"}
_FAMILIES = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "http://purl.oclc.org/ooxml/officeDocument/relationships",
)


class Relation(NamedTuple):
    """One part that another refers to."""

    kind: str
    """The last word of its type, such as ``worksheet``."""
    part: str
    type: str
    """The type in full: the strict form of the format has its own."""


def relations_of(part: str) -> str:
    """Name the part that holds the relationships of a part; ``""`` is the package itself."""
    path = PurePosixPath(part)
    return str(path.parent / "_rels" / f"{path.name}.rels") if part else "_rels/.rels"


def related(package: Package, part: str) -> dict[str, Relation]:
    """Read the relationships of a part by their id.

    Raises
    ------
    FileError
        The package is damaged: they are missing or no XML, or of a type that Excel does not know.
    """
    folder = PurePosixPath(part).parent
    found = {}
    for item in package.root(relations_of(part)):
        target, kind = item.get("Target", ""), item.get("Type", "")
        family, _, word = kind.rpartition("/")
        if word in _READ and family not in _FAMILIES:
            raise FileError(f"{package.path} is damaged: Excel knows no such type of {word}")
        beside = posixpath.normpath(str(folder / target))
        whole = target.lstrip("/") if target.startswith("/") else beside
        found[item.get("Id", "")] = Relation(word, whole, kind)
    return found


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

    def add(self, part: str, xml: str | bytes, content_type: str) -> None:
        """Add a part; XML that is given as text is without its declaration."""
        self.parts[part] = xml if isinstance(xml, bytes) else _HEAD + xml.encode()
        entry = f'Override PartName="/{part}" ContentType="{content_type}"/>'
        self.parts[TYPES] = before_end(self._read(TYPES), entry.encode())

    def relate(self, owner: str, kind: str, part: str, key: str = "") -> str:
        """Let a part refer to another, and return the reference's id; ``""`` is the package."""
        name = relations_of(owner)
        there = name in self.parts or name in self._package
        xml = self._read(name) if there else _HEAD + _RELATIONSHIPS
        taken = re.findall(rb"\sId\s*=\s*[\"']([^\"']*)", xml)
        free = (f"rId{n}" for n in range(1, len(taken) + 2) if b"rId%d" % n not in taken)
        key = key or next(free)
        folder = f"{PurePosixPath(owner).parent}/" if owner else ""
        target = part.removeprefix(folder) if part.startswith(folder) else f"/{part}"
        entry = f'Relationship Id="{key}" Type="{kind}" Target="{target}"/>'
        self.parts[name] = before_end(xml, entry.encode())
        return key

    def _read(self, part: str) -> bytes:
        return self.parts.get(part) or self._package.read(part)


def without(xml: bytes, name: str, word: str) -> bytes:
    """Drop the elements of one name whose tag holds a word."""
    at, mark = name.encode(), re.escape(word).encode()
    end = rb"(?:/>|>\s*</" + PREFIX + at + rb"\s*>)"
    return re.sub(rb"<" + PREFIX + at + rb"\b[^<>]*" + mark + rb"[^<>]*?" + end, b"", xml)
