"""A zip file from somebody else: every member read and checked once, or the file refused.

What passes here holds one part of each name, whatever reads it: no two names that differ in case,
no member inside another, no header that says something else than the directory, no wrong checksum.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from io import BytesIO
from pathlib import Path, PurePosixPath

from xlcredit.errors import FileError

__all__ = ["Archive", "is_utf8"]

#: Larger than any term-sheet workbook by two orders of magnitude, and no harm to a laptop.
_LARGEST_PACKAGE = 1 << 30
#: A workbook has some dozens, one full of pictures some hundreds.
_MOST_MEMBERS = 10_000
#: Deflate cannot do better than about 1030 : 1; a real sheet stays far below this.
_HIGHEST_RATIO = 500
_SMALL = 1 << 24
_LOCAL_HEADER = 30

_DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, struct.error),
    *(EOFError, NotImplementedError, OSError, ValueError),
)
_ENCODING = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)")


class Archive:
    """The members of a zip file and what they hold.

    Parameters
    ----------
    data : bytes
        The file.
    path : Path
        What messages call it.

    Raises
    ------
    FileError
        It is no zip file, is damaged, or was made to hurt whoever opens it.

    Attributes
    ----------
    members : list of zipfile.ZipInfo
        In the order of the file.
    comment : bytes
        The comment at its end.
    parts : dict
        What each member holds.
    """

    def __init__(self, data: bytes, path: Path) -> None:
        self._path = path
        try:
            with zipfile.ZipFile(BytesIO(data)) as archive:
                self.members = archive.infolist()
                self.comment = archive.comment
                self._refuse_unsafe(data, archive.start_dir)
                self.parts = {m.filename: self._read(archive, m) for m in self.members}
        except _DAMAGED as error:
            raise FileError(f"{path}: is not a workbook; it is no zip file") from error
        for name, content in self.parts.items():
            if name.endswith((".xml", ".rels")) and not is_utf8(content):
                raise FileError(
                    f"{path}: {name} is not stored as UTF-8; open the file in Excel and save it "
                    "again"
                )

    def _refuse_unsafe(self, data: bytes, directory: int) -> None:
        """Refuse what programs would not agree about, before anything is unpacked."""
        if len(self.members) > _MOST_MEMBERS:
            raise FileError(f"{self._path} holds {len(self.members):,} parts; refused")
        if len({m.filename.lower() for m in self.members}) != len(self.members):
            raise FileError(f"{self._path} is damaged: it holds two parts of the same name")
        if any(".." in PurePosixPath(m.filename).parts for m in self.members):
            raise FileError(f"{self._path} is damaged: it holds a part outside itself")
        if any(m.flag_bits & 0x1 for m in self.members):
            raise FileError(f"{self._path} is a zip with a password; save it in Excel without one")
        self._refuse_bombs()
        ends_before = [*sorted(m.header_offset for m in self.members)[1:], directory]
        by_offset = sorted(self.members, key=lambda m: m.header_offset)
        for member, limit in zip(by_offset, ends_before, strict=True):
            start = member.header_offset + _LOCAL_HEADER
            lengths = struct.unpack("<HH", data[start - 4 : start])
            if start + sum(lengths) + member.compress_size > limit:
                raise FileError(f"{self._path} is damaged: part {member.filename} overlaps another")

    def _refuse_bombs(self) -> None:
        expanded = sum(m.file_size for m in self.members)
        bomb = any(
            m.file_size > max(_SMALL, _HIGHEST_RATIO * m.compress_size) for m in self.members
        )
        if bomb or expanded > _LARGEST_PACKAGE:
            raise FileError(f"{self._path} would unpack to {expanded / 1e6:,.0f} MB; refused")

    def _read(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
        name = member.filename
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise FileError(f"{self._path} is damaged: Excel cannot unpack part {name}")
        try:
            with archive.open(member) as file:
                # Asked for no more than the directory promises: zipfile would unpack it all.
                return file.read(member.file_size + 1)
        except (*_DAMAGED, RuntimeError) as error:
            raise FileError(f"{self._path} is damaged: part {name} cannot be read") from error


def is_utf8(xml: bytes) -> bool:
    """Tell from the first bytes and the declaration; nothing is parsed."""
    if xml[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in xml[:4]:
        return False
    declared = _ENCODING.match(xml.removeprefix(b"\xef\xbb\xbf"))
    return not declared or declared[1].lower() in (b"utf-8", b"us-ascii")
