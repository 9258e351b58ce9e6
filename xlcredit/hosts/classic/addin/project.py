"""A VBA project as source: its modules read, changed and written without Excel (MS-OVBA).

What is written holds no compiled code, as the projects that xlwings ships hold none: Excel
compiles the source when it opens the file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from xlcredit.hosts.classic.addin import cfb, ovba

__all__ = ["Module", "VbaProject"]

#: No compiled code: the version 0xFFFF, which no Office has.
_NOTHING_COMPILED = bytes.fromhex("cc61ffff000100")

# Records of the stream ``dir`` (MS-OVBA 2.3.4.2).
_CODE_PAGE, _PROJECT_NAME, _PROJECT_VERSION, _MODULES = 0x03, 0x04, 0x09, 0x0F
_COOKIE, _NAME, _STREAM, _OFFSET, _TERMINATOR = 0x13, 0x19, 0x1A, 0x31, 0x10
_PROCEDURAL, _OBJECT = 0x21, 0x22

Kind = Literal["Document", "Module", "Class"]
_KINDS: dict[str, Kind] = {"Document": "Document", "Module": "Module", "Class": "Class"}


@dataclass
class Module:
    """A module: of a sheet or the workbook (Document), of procedures (Module), or a class."""

    kind: Kind
    text: str
    """The source with its attributes; lines end as Windows ends them."""


class VbaProject:
    """The project in ``xl/vbaProject.bin``.

    Parameters
    ----------
    binary : bytes
        The part.

    Raises
    ------
    ValueError
        If it is no VBA project.
    """

    def __init__(self, binary: bytes) -> None:
        streams = cfb.read(binary)
        try:
            records = list(_records(ovba.decompress(streams["VBA/dir"])))
            self._head = records[: [kind for kind, _ in records].index(_MODULES)]
            self._encoding = f"cp{struct.unpack('<H', self._in_head(_CODE_PAGE))[0]}"
            self._lines = streams["PROJECT"].decode(self._encoding).split("\r\n")
            kinds = dict(self._declared())
            self.modules: dict[str, Module] = {
                name: Module(kinds[name], ovba.decompress(code).decode(self._encoding))
                for name, code in self._code(records, streams)
            }
        except (KeyError, LookupError, struct.error) as error:
            raise ValueError("the VBA project is damaged") from error

    def _in_head(self, wanted: int) -> bytes:
        return next(body for kind, body in self._head if kind == wanted)

    def _declared(self) -> Iterator[tuple[str, Kind]]:
        """Read from the stream ``PROJECT`` what kind each module is of."""
        for line in self._lines:
            key, _, value = line.partition("=")
            if key in _KINDS:
                yield value.partition("/")[0], _KINDS[key]

    def _code(
        self, records: list[tuple[int, bytes]], streams: dict[str, bytes]
    ) -> Iterator[tuple[str, bytes]]:
        """Find each module's compressed source; compiled code may stand before it."""
        name = stream = ""
        for kind, body in records:
            if kind == _NAME:
                name = body.decode(self._encoding)
            elif kind == _STREAM:
                stream = body.decode(self._encoding)
            elif kind == _OFFSET:
                yield name, streams[f"VBA/{stream}"][struct.unpack("<I", body)[0] :]

    @property
    def name(self) -> str:
        """The project's own name, which Excel shows in the VBA editor."""
        return self._in_head(_PROJECT_NAME).decode(self._encoding)

    @name.setter
    def name(self, new: str) -> None:
        old, code = f'Name="{self.name}"', new.encode(self._encoding)
        self._lines = [f'Name="{new}"' if line == old else line for line in self._lines]
        self._head = [(k, code if k == _PROJECT_NAME else body) for k, body in self._head]

    def to_bytes(self) -> bytes:
        """Return the part, with no compiled code in it.

        Raises
        ------
        ValueError
            If a text has letters that the project's code page lacks.
        """
        sources = {
            name: module.text.encode(self._encoding) for name, module in self.modules.items()
        }
        streams = {f"VBA/{name}": ovba.compress(source) for name, source in sources.items()}
        streams["VBA/dir"] = ovba.compress(b"".join(self._directory()))
        streams["VBA/_VBA_PROJECT"] = _NOTHING_COMPILED
        streams["PROJECT"] = "\r\n".join(self._project()).encode(self._encoding)
        streams["PROJECTwm"] = b"".join(map(self._both, self.modules)) + b"\0\0"
        return cfb.write(streams)

    def _both(self, name: str) -> bytes:
        """A name for the stream that maps names in the code page to Unicode."""
        return name.encode(self._encoding) + b"\0" + name.encode("utf-16-le") + b"\0\0"

    def _directory(self) -> Iterator[bytes]:
        """Give the records of the stream ``dir``."""
        yield from (_record(kind, body) for kind, body in self._head)
        yield _record(_MODULES, struct.pack("<H", len(self.modules)))
        yield _record(_COOKIE, b"\xff\xff")
        for name, module in self.modules.items():
            plain, wide = name.encode(self._encoding), name.encode("utf-16-le")
            yield _record(_NAME, plain) + _record(0x47, wide)
            yield _record(_STREAM, plain) + _record(0x32, wide)
            yield _record(0x1C, b"") + _record(0x48, b"")  # no description
            yield _record(_OFFSET, bytes(4))  # no compiled code before the source
            yield _record(0x1E, bytes(4)) + _record(0x2C, b"\xff\xff")  # help, cookie
            yield _record(_PROCEDURAL if module.kind == "Module" else _OBJECT, b"")
            yield _record(0x2B, b"")
        yield _record(_TERMINATOR, b"")

    def _project(self) -> Iterator[str]:
        """Give the lines of the stream ``PROJECT``: modules stand before all else but the ID."""
        old = dict(self._declared())
        documents = {line.partition("/")[0]: line for line in self._lines}
        first, *rest = self._lines
        yield first
        for name, module in self.modules.items():
            line = f"{module.kind}={name}"
            yield documents[line] if module.kind == "Document" else line
        for line in rest:
            key = line.partition("=")[0]
            if key not in _KINDS and (key not in old or key in self.modules):
                yield line


def _records(directory: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(directory):
        kind, size = struct.unpack_from("<HI", directory, at)
        if kind == _PROJECT_VERSION:
            size = 6  # whatever its own size says
        yield kind, directory[at + 6 : at + 6 + size]
        at += 6 + size


def _record(kind: int, body: bytes) -> bytes:
    return struct.pack("<HI", kind, 4 if kind == _PROJECT_VERSION else len(body)) + body
