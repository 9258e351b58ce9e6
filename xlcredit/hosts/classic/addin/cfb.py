"""Compound files (MS-CFB), the container of a VBA project: streams in storages, by their path.

What is written is version 3: sectors of 512 bytes, streams below 4096 bytes in mini sectors of
64 bytes. Both versions are read.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["read", "write"]

_SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEADER = struct.Struct("<8s16x5H6x9I")
_ENTRY = struct.Struct("<64sHBB3I16x4x16xIQ")
_SECTOR, _MINI, _CUTOFF = 512, 64, 4096
_IN_HEADER = 109  #: sectors of the allocation table that the header itself can list
_FREE, _END, _TABLE, _NONE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF
_STORAGE, _STREAM, _ROOT = 1, 2, 5
_BLACK = 1  #: siblings are a red-black tree, for which it is enough that all are black


# --- reading --------------------------------------------------------------------------------


def read(data: bytes) -> dict[str, bytes]:
    """Read all streams of a compound file.

    Parameters
    ----------
    data : bytes
        The file.

    Returns
    -------
    dict
        Content by path, such as ``VBA/dir``.

    Raises
    ------
    ValueError
        If it is no compound file, or damaged.
    """
    try:
        return _Reader(data).streams()
    except (struct.error, IndexError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError("the compound file is damaged") from error


class _Reader:
    def __init__(self, data: bytes) -> None:
        if not data.startswith(_SIGNATURE):
            raise ValueError("no compound file")
        header = _HEADER.unpack_from(data)
        self._data, self._size, self._cutoff = data, 1 << header[4], header[10]
        self._table = self._numbers(self._table_sectors(data, more=header[13]))
        directory = b"".join(self._chain(header[8]))
        self._entries = list(_ENTRY.iter_unpack(directory[: len(directory) // 128 * 128]))
        self._mini_table = self._numbers(self._chain_sectors(header[11], self._table))
        root = self._entries[0]
        self._mini = b"".join(self._chain(root[7]))[: root[8]]

    def _sector(self, number: int) -> bytes:
        start = (number + 1) * self._size
        if start >= len(self._data):
            raise ValueError(f"the compound file has no sector {number}")
        return self._data[start : start + self._size]

    def _numbers(self, sectors: Sequence[int]) -> list[int]:
        """Read the numbers in sectors of a table."""
        count = self._size // 4
        return [n for s in sectors for n in struct.unpack(f"<{count}I", self._sector(s))]

    def _table_sectors(self, data: bytes, more: int) -> list[int]:
        """List the sectors of the allocation table; a large file lists them in a chain."""
        listed = list(struct.unpack_from(f"<{_IN_HEADER}I", data, _HEADER.size))
        for _ in range(len(data) // self._size):
            if more >= _TABLE:
                break
            *numbers, more = self._numbers([more])
            listed += numbers
        return [number for number in listed if number < _TABLE]

    def _chain_sectors(self, first: int, table: list[int]) -> list[int]:
        sectors: list[int] = []
        while first < _TABLE:
            if len(sectors) > len(table):
                raise ValueError("a chain of sectors has no end")
            sectors.append(first)
            first = table[first]
        return sectors

    def _chain(self, first: int) -> Iterator[bytes]:
        return map(self._sector, self._chain_sectors(first, self._table))

    def streams(self) -> dict[str, bytes]:
        """Walk the tree of storages."""
        return dict(self._walk(self._entries[0][6], "", set()))

    def _walk(self, number: int, folder: str, seen: set[int]) -> Iterator[tuple[str, bytes]]:
        if number == _NONE:
            return
        if number in seen:
            raise ValueError("the directory runs in a circle")
        seen.add(number)
        raw, length, kind, _, left, right, child, first, size = self._entries[number]
        path = folder + raw[: max(length - 2, 0)].decode("utf-16-le")
        yield from self._walk(left, folder, seen)
        if kind == _STREAM:
            yield path, self._content(first, size & 0xFFFFFFFF)
        elif kind == _STORAGE:
            yield from self._walk(child, path + "/", seen)
        yield from self._walk(right, folder, seen)

    def _content(self, first: int, size: int) -> bytes:
        if size >= self._cutoff:
            content = b"".join(self._chain(first))
        else:
            starts = (s * _MINI for s in self._chain_sectors(first, self._mini_table))
            content = b"".join(self._mini[at : at + _MINI] for at in starts) if size else b""
        if len(content) < size:
            raise ValueError("a stream is cut short")
        return content[:size]


# --- writing --------------------------------------------------------------------------------


@dataclass
class _Entry:
    """An entry of the directory: the root, a storage or a stream."""

    name: str
    kind: int
    children: dict[str, _Entry] = field(default_factory=dict)
    content: bytes = b""
    number: int = 0
    left: int = _NONE
    right: int = _NONE
    child: int = _NONE
    start: int = 0
    size: int = 0

    def packed(self) -> bytes:
        name = self.name.encode("utf-16-le")
        links = (self.left, self.right, self.child)
        return _ENTRY.pack(name, len(name) + 2, self.kind, _BLACK, *links, self.start, self.size)


def write(streams: Mapping[str, bytes]) -> bytes:
    """Write a compound file.

    Parameters
    ----------
    streams : mapping
        Content by path; storages come from the paths.

    Returns
    -------
    bytes
        The file; the same for the same streams.
    """
    entries = _directory(streams)
    sectors = _Sectors()
    mini = _Sectors(_MINI)
    for entry in entries:
        if entry.kind == _STREAM:
            entry.size = len(entry.content)
            holder = sectors if entry.size >= _CUTOFF else mini
            entry.start = holder.put(entry.content)
    root = entries[0]
    root.start, root.size = sectors.put(mini.data), len(mini.data)
    mini_table = mini.packed_table()
    mini_start = sectors.put(mini_table)
    directory = b"".join(entry.packed() for entry in entries)
    directory += _ENTRY.pack(b"", 0, 0, 0, _NONE, _NONE, _NONE, 0, 0) * (-len(entries) % 4)
    directory_start = sectors.put(directory)
    table, table_sectors = sectors.with_itself()
    header = _HEADER.pack(
        _SIGNATURE, 0x3E, 3, 0xFFFE, 9, 6, 0, len(table_sectors), directory_start, 0, _CUTOFF,
        mini_start, len(mini_table) // _SECTOR, _END, 0,
    )  # fmt: skip
    listed = [*table_sectors, *[_FREE] * (_IN_HEADER - len(table_sectors))]
    return header + struct.pack(f"<{_IN_HEADER}I", *listed) + bytes(sectors.data) + table


def _directory(streams: Mapping[str, bytes]) -> list[_Entry]:
    """Make the entries, and the trees in which their names are looked up."""
    root = _Entry("Root Entry", _ROOT)
    entries = [root]
    for path, content in streams.items():
        *folders, name = path.split("/")
        storage = root
        for folder in folders:
            if folder not in storage.children:
                storage.children[folder] = _Entry(folder, _STORAGE)
                entries.append(storage.children[folder])
            storage = storage.children[folder]
        storage.children[name] = _Entry(name, _STREAM, content=content)
        entries.append(storage.children[name])
    for number, entry in enumerate(entries):
        entry.number = number
    for entry in entries:
        # names are ordered by their length first, whatever the alphabet says
        ordered = sorted(entry.children.values(), key=lambda e: (len(e.name), e.name.upper()))
        entry.child = _balance(ordered)
    return entries


def _balance(ordered: Sequence[_Entry]) -> int:
    """Link entries to a balanced tree and return the number of its root."""
    if not ordered:
        return _NONE
    middle = len(ordered) // 2
    entry = ordered[middle]
    entry.left, entry.right = _balance(ordered[:middle]), _balance(ordered[middle + 1 :])
    return entry.number


class _Sectors:
    """Sectors of one size, and the table that chains them."""

    def __init__(self, size: int = _SECTOR) -> None:
        self.size = size
        self.data = bytearray()
        self.table: list[int] = []

    def put(self, content: bytes | bytearray) -> int:
        """Add a chain of sectors and return the number of the first."""
        if not content:
            return _END
        first, count = len(self.table), -(-len(content) // self.size)
        self.table += [*range(first + 1, first + count), _END]
        self.data += content.ljust(count * self.size, b"\0")
        return first

    def packed_table(self) -> bytes:
        """Return the table, filled up to whole sectors."""
        count = -(-len(self.table) * 4 // _SECTOR) * _SECTOR // 4
        return struct.pack(f"<{count}I", *self.table, *[_FREE] * (count - len(self.table)))

    def with_itself(self) -> tuple[bytes, list[int]]:
        """Return the table with the sectors that it takes itself, and their numbers."""
        count, per_sector = 1, _SECTOR // 4
        while count * per_sector < len(self.table) + count:
            count += 1
        if count > _IN_HEADER:
            raise ValueError("more than a compound file of this kind holds")
        own = list(range(len(self.table), len(self.table) + count))
        self.table += [_TABLE] * count
        return self.packed_table(), own
