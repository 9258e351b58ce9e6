"""Zip files as no honest program writes them."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping

__all__ = ["member", "packed", "patched", "unpacked"]

Parts = dict[str, bytes]


def packed(parts: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Write a zip file; equal parts give equal bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in parts.items():
            entry = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            entry.compress_type = method
            archive.writestr(entry, data)
    return out.getvalue()


def unpacked(data: bytes) -> Parts:
    """Read every part of a zip file."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def member(data: bytes, name: str) -> tuple[int, int]:
    """Find where the two headers of a member stand: in front of its bytes, and in the directory."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        local = archive.getinfo(name).header_offset
        position: int = archive.start_dir
    while data[position : position + 4] == b"PK\1\2":
        lengths = struct.unpack_from("<3H", data, position + 28)
        if data[position + 46 : position + 46 + lengths[0]] == name.encode():
            return local, position
        position += 46 + sum(lengths)
    raise KeyError(name)


def patched(data: bytes, at: int, new: bytes) -> bytes:
    """Write bytes over those that stand at a position."""
    return data[:at] + new + data[at + len(new) :]
