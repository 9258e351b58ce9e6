"""What a run has done so far, on disk: a run that was killed goes on where it was.

One line a result: a checksum and a JSON message. A line that was not written to its end has no
right checksum, and is calculated again.
"""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from typing import IO, Generic, TypeVar

import msgspec

from xlcredit._version import __version__
from xlcredit.errors import FileError, UserError
from xlcredit.files import made_folder, missing_folders, remove_empty

__all__ = ["Journal"]


Kind = TypeVar("Kind")


class _Line(msgspec.Struct, frozen=True):
    digest: str
    result: msgspec.Raw


class Journal(Generic[Kind]):
    """The journal of one run; as long as it is open, no other run can have it.

    Parameters
    ----------
    path : Path
        The file.
    kind : type
        What a result is.
    resume : bool
        Whether to go on with what stands there.

    Raises
    ------
    UserError
        If another run is at work on it, or one that was broken off has left it.
    FileError
        If it cannot be written.
    """

    def __init__(self, path: Path, kind: type[Kind], *, resume: bool) -> None:
        self.path = path
        self.done: dict[str, Kind] = {}
        """Results by the digest of what they follow from."""
        self._kind = kind
        try:
            self._made = missing_folders(path.parent)
            with made_folder(path.parent):
                self._file: IO[bytes] = path.open("a+b")
        except OSError as error:
            raise FileError(f"{path}: cannot be written: {error.strerror}") from None
        if not _lock(self._file):
            self._file.close()
            raise UserError(f"{path}: another run is at work on this output; wait for it")
        self._file.seek(0)
        content = self._file.read()
        if content and not resume:
            self._file.close()
            message = (
                "a run was broken off; add --resume to go on, or delete the file to start anew"
            )
            raise UserError(f"{path}: {message}")
        self._file.truncate(self._read(content))

    def _read(self, content: bytes) -> int:
        """Take in all lines up to the first that is not whole; return where that begins."""
        position = 0
        decode = msgspec.json.Decoder(_Line).decode
        result = msgspec.json.Decoder(self._kind).decode
        for line in content.splitlines(keepends=True):
            checksum, _, message = line.rstrip(b"\n").partition(b" ")
            if not line.endswith(b"\n") or checksum != _checksum(message):
                break
            try:
                read = decode(message)
                self.done[read.digest] = result(read.result)
            except msgspec.DecodeError:  # another version's
                break
            position += len(line)
        return position

    def add(self, digest: str, result: Kind) -> None:
        """Note a result; it survives this process.

        Raises
        ------
        FileError
            If the disk is full.
        """
        message = msgspec.json.encode(_Line(digest, msgspec.Raw(msgspec.json.encode(result))))
        try:
            self._file.write(_checksum(message) + b" " + message + b"\n")
            self._file.flush()
        except OSError as error:
            raise FileError(
                f"{self.path}: cannot be written: {error.strerror}; "
                "what is done is kept: make room and add --resume"
            ) from None
        self.done[digest] = result

    def close(self, *, finished: bool) -> None:
        """Let go of the file, and delete it if the run is over."""
        if finished:
            self.path.unlink(missing_ok=True)
            remove_empty(self._made)  # nothing was written beside it
        self._file.close()


def _checksum(message: bytes) -> bytes:
    return b"%08x" % zlib.crc32(message + __version__.encode())


def _lock(file: IO[bytes]) -> bool:
    """Take the file for this process; the system lets go of it when the process ends."""
    try:
        if os.name == "nt":
            import msvcrt  # noqa: PLC0415

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        else:
            import fcntl  # noqa: PLC0415

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
