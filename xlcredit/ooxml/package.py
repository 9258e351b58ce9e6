"""A workbook file as a package of parts: open it safely, copy it without touching the rest."""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from defusedxml import DefusedXmlException, ElementTree

from xlcredit.errors import FileError
from xlcredit.files import read_file, replace_file, resolved
from xlcredit.ooxml.archive import Archive

__all__ = ["DATE", "Change", "Package", "pack", "zipped"]

#: What a part becomes: its bytes, what makes them when it is their turn, or None to leave it out.
Change = bytes | Callable[[], bytes] | None

#: A zip member needs a date; all that we make get this, so that equal contents are equal files.
DATE = (1980, 1, 1, 0, 0, 0)

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class Package:
    """The parts of an .xlsx or .xlsm file.

    Parameters
    ----------
    source : str, Path or bytes
        The workbook file, or what it holds.
    name : str or Path, optional
        What messages call a workbook that is given as bytes.

    Raises
    ------
    FileError
        If there is no such file, or it is not a readable Excel workbook.

    Attributes
    ----------
    path : Path
        Where the workbook is, or what it is called.
    data : bytes
        The file as it was read, once.
    """

    def __init__(
        self, source: str | os.PathLike[str] | bytes, name: str | os.PathLike[str] = "workbook.xlsx"
    ) -> None:
        self._in_memory = isinstance(source, bytes)
        self.path = Path(name if isinstance(source, bytes) else source)
        self.data = source if isinstance(source, bytes) else read_file(self.path)
        _refuse_other_kinds(self.path, self.data)
        archive = Archive(self.data, self.path)
        self._members, self._comment = archive.members, archive.comment
        self._parts = archive.parts
        self._refuse_other_documents()

    def __contains__(self, part: str) -> bool:
        return part in self._parts

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def read(self, part: str) -> bytes:
        """Return the bytes of one part."""
        if part not in self._parts:
            raise FileError(f"{self.path} is damaged: it has no part {part}")
        return self._parts[part]

    @property
    def signed(self) -> bool:
        """Whether the workbook carries a digital signature, which holds for no copy of it."""
        return any(part.startswith("_xmlsignatures/") for part in self._parts)

    def root(self, part: str) -> Any:
        """Parse a small part and return its root element."""
        try:
            return ElementTree.fromstring(self.read(part), forbid_dtd=True)
        except (ElementTree.ParseError, DefusedXmlException, LookupError, ValueError) as error:
            raise FileError(f"{self.path} is damaged: part {part} is not valid XML") from error

    def save(
        self,
        target: str | os.PathLike[str] | IO[bytes],
        changed: Mapping[str, Change],
        *,
        overwrite: bool = False,
    ) -> None:
        """Write a copy with some parts replaced; every other part keeps its compressed bytes.

        A file is written beside the target and put in place when it is complete.

        Parameters
        ----------
        target : str, Path or binary file
            The file to write.
        changed : mapping
            New contents of parts that exist; ``None`` leaves the part out. Large ones may be made
            one after the other. One that is as it was keeps its compressed bytes too.
        overwrite : bool
            Whether ``target`` may be the source itself.

        Raises
        ------
        FileError
            If the target is the source, or cannot be written.
        """
        if not isinstance(target, str | os.PathLike):
            self._write(target, changed)
            return
        target = Path(target)
        same = resolved(target) == resolved(self.path)
        if same and not (overwrite or self._in_memory):
            raise FileError(f"{self.path} would be overwritten; choose another target or allow it")
        copy = BytesIO()
        try:
            self._write(copy, changed)
            replace_file(target, copy.getvalue(), like=None if self._in_memory else self.path)
        except OSError as error:
            raise FileError(f"{target} cannot be written: {error.strerror}") from error

    def _write(self, out: IO[bytes], changed: Mapping[str, Change]) -> None:
        directory = []
        for member in self._members:
            if changed.get(member.filename, b"") is None:
                continue
            offset = out.tell()
            head, name, data = self._member(member, changed)
            out.write(struct.pack("<4s5H3L2H", b"PK\3\4", *head, len(name), 0) + name)
            out.write(data)
            made_by = member.create_version | member.create_system << 8
            tail = (0, len(member.comment), 0, member.internal_attr, member.external_attr, offset)
            entry = struct.pack("<4s6H3L5H2L", b"PK\1\2", made_by, *head, len(name), *tail)
            directory.append(entry + name + member.comment)
        start = out.tell()
        out.writelines(directory)
        count, size = len(directory), out.tell() - start
        end = (0, 0, count, count, size, start, len(self._comment))
        out.write(struct.pack("<4s4H2LH", b"PK\5\6", *end) + self._comment)

    def _member(
        self, member: zipfile.ZipInfo, changed: Mapping[str, Change]
    ) -> tuple[tuple[int, ...], bytes, bytes]:
        """Give the header fields that both directories share, the name, and the packed bytes."""
        year, month, day, hour, minute, second = member.date_time
        date = (year - 1980) << 9 | month << 5 | day
        time = hour << 11 | minute << 5 | second // 2
        utf8 = member.flag_bits & 0x800
        name = member.orig_filename.encode("utf-8" if utf8 else "cp437")
        flags = member.flag_bits & ~0x08  # sizes stand in the header, not behind the data
        change = changed.get(member.filename)
        new = change() if callable(change) else change
        if new is not None and new != self._parts.get(member.filename):
            packer = zlib.compressobj(6, zlib.DEFLATED, -15)
            data = packer.compress(new) + packer.flush()
            method, crc, size = zipfile.ZIP_DEFLATED, zlib.crc32(new), len(new)
        else:
            data = self._packed(member)
            method, crc, size = member.compress_type, member.CRC, member.file_size
        return (20, flags, method, time, date, crc, len(data), size), name, data

    def _packed(self, member: zipfile.ZipInfo) -> bytes:
        at = member.header_offset
        name, extra = struct.unpack("<HH", self.data[at + 26 : at + 30])
        start = at + 30 + name + extra
        return self.data[start : start + member.compress_size]

    def _refuse_other_documents(self) -> None:
        """Refuse other kinds of document, and say what would be one of ours."""
        if "mimetype" in self and "content.xml" in self:
            raise FileError(f"{self.path} is an OpenDocument file; save it as .xlsx and try again")
        if "xl/workbook.bin" in self:
            raise FileError(f"{self.path} is a binary workbook (.xlsb); save it as .xlsx")
        if "_rels/.rels" not in self:
            raise FileError(f"{self.path}: is not a workbook; the zip holds no Office document")


def _refuse_other_kinds(path: Path, data: bytes) -> None:
    if not data:
        raise FileError(f"{path} is empty")
    if data.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise FileError(
                f"{path} is encrypted; remove the password in Excel "
                "(File > Info > Protect Workbook) and try again"
            )
        raise FileError(f"{path} is an old .xls file; save it as .xlsx and try again")


# --- new packages ---------------------------------------------------------------------------


def zipped(
    parts: Mapping[str, bytes] | Iterable[tuple[str, bytes]], *, packed: bool = True
) -> bytes:
    """Write a zip file: the parts in their order; equal parts are equal bytes.

    Large parts may be made one after the other, as pairs of name and content.
    """
    out = BytesIO()
    try:
        with zipfile.ZipFile(out, "w") as archive:
            for name, content in parts.items() if isinstance(parts, Mapping) else parts:
                member = zipfile.ZipInfo(name, DATE)
                member.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
                member.external_attr = 0o600 << 16
                archive.writestr(member, content)
        return out.getvalue()
    except ValueError as error:
        if _is_out_of_memory(error):
            raise MemoryError from error
        raise


def _is_out_of_memory(error: BaseException) -> bool:
    """Whether an archive that cannot be closed has had no memory before: it tells the former."""
    before = error.__context__
    return before is not None and (isinstance(before, MemoryError) or _is_out_of_memory(before))


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
