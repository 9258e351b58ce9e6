"""The compression of VBA source inside an Office file (MS-OVBA, section 2.4.1).

Chunks of 4096 bytes are compressed each for itself: groups of eight tokens, each a literal byte
or a copy of bytes seen before in the chunk, behind a byte of flags that tells which is which.
"""

from __future__ import annotations

import struct

__all__ = ["compress", "decompress"]

_SIGNATURE = 0x01
_CHUNK = 4096
#: The upper bits of a chunk's header: compressed, and the signature that is always there.
_COMPRESSED, _RAW, _MARK = 0xB000, 0x3000, 0x3000
#: A shorter copy would be longer than the bytes themselves.
_SHORTEST = 3


def decompress(data: bytes) -> bytes:
    """Unpack a compressed container.

    Parameters
    ----------
    data : bytes
        The container, from its signature byte on.

    Raises
    ------
    ValueError
        If this is no such container, or it is cut short.
    """
    if not data or data[0] != _SIGNATURE:
        raise ValueError("no compressed container")
    out, at = bytearray(), 1
    try:
        while at < len(data):
            (header,) = struct.unpack_from("<H", data, at)
            end = at + (header & 0x0FFF) + 3
            if header & 0x7000 != _MARK or end > len(data):
                raise ValueError(f"no chunk at byte {at}")
            chunk = data[at + 2 : end]
            out += _unpack(chunk) if header & 0x8000 else chunk
            at = end
    except (IndexError, struct.error) as error:
        raise ValueError("the container is cut short") from error
    return bytes(out)


def _unpack(packed: bytes) -> bytearray:
    """Unpack one compressed chunk."""
    chunk, at = bytearray(), 0
    while at < len(packed):
        flags, at = packed[at], at + 1
        for bit in range(8):
            if at >= len(packed):
                break
            if flags >> bit & 1:
                (token,) = struct.unpack_from("<H", packed, at)
                at += 2
                shift, most = _split(len(chunk))
                start = len(chunk) - (token >> shift) - 1
                if start < 0:
                    raise ValueError("a copy of what comes before the chunk")
                for position in range(start, start + (token & most) + _SHORTEST):
                    chunk.append(chunk[position])  # one by one: a copy may reach into itself
            else:
                chunk.append(packed[at])
                at += 1
    return chunk


def _split(position: int) -> tuple[int, int]:
    """Divide a copy token: how far the offset is shifted, and the mask of the length.

    The further into the chunk, the more of the 16 bits an offset needs.
    """
    shift = 16 - max(4, (position - 1).bit_length())
    return shift, (1 << shift) - 1


def compress(data: bytes) -> bytes:
    """Pack bytes into a compressed container.

    Parameters
    ----------
    data : bytes
        Source text, in the code page of its project. The format cannot hold a last chunk that
        will not shrink, as noise does; it is filled up with zero bytes.
    """
    out = bytearray([_SIGNATURE])
    for start in range(0, len(data), _CHUNK):
        chunk = data[start : start + _CHUNK]
        packed, kind = _pack(chunk), _COMPRESSED
        if len(packed) > _CHUNK:
            packed, kind = chunk.ljust(_CHUNK, b"\0"), _RAW
        out += struct.pack("<H", kind | len(packed) - 1) + packed
    return bytes(out)


def _pack(chunk: bytes) -> bytes:
    out, at = bytearray(), 0
    while at < len(chunk):
        flags_at, flags = len(out), 0
        out.append(0)
        for bit in range(8):
            if at >= len(chunk):
                break
            shift, most = _split(at)
            start, length = _longest_match(chunk, at, most + _SHORTEST)
            if length:
                out += struct.pack("<H", at - start - 1 << shift | length - _SHORTEST)
                flags |= 1 << bit
                at += length
            else:
                out.append(chunk[at])
                at += 1
        out[flags_at] = flags
    return bytes(out)


def _longest_match(chunk: bytes, at: int, most: int) -> tuple[int, int]:
    """Find where the bytes from ``at`` on stood before, and how many; (0, 0) if too few."""
    start, length, end = 0, 0, min(at + most, len(chunk))
    wanted = _SHORTEST
    while at + wanted <= end:
        found = chunk.rfind(chunk[at : at + wanted], 0, at + wanted - 1)
        if found < 0:
            break
        while at + wanted < end and chunk[found + wanted] == chunk[at + wanted]:
            wanted += 1
        start, length, wanted = found, wanted, wanted + 1
    return start, length
