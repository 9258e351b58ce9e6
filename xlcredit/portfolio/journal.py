"""What a run has done so far, on disk: a run that was killed goes on where it was.

One line a result: a checksum and a JSON message. A line that was not written to its end has no
right checksum, and is calculated again. The first line says which code has calculated: results of
other code are not used, so that no tape is a mixture.

Results stay on disk: in memory is no more than where each stands.
"""

from __future__ import annotations

import os
import weakref
import zlib
from pathlib import Path
from typing import IO, Generic, TypeVar

import msgspec

from xlcredit.errors import FileError, UserError
from xlcredit.files import made_folder, missing_folders, remove_empty
from xlcredit.portfolio.code import code_digest

__all__ = ["Journal"]


Kind = TypeVar("Kind")

#: What the first line is called, where others have a digest.
_CODE = "code"


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
        self.message = ""
        """What a user must know of the results that stood there."""
        self._at: dict[str, tuple[int, int]] = {}
        """Where the result of each digest begins, and how long it is."""
        self._result = msgspec.json.Decoder(kind).decode
        try:
            self._made = missing_folders(path.parent)
            with made_folder(path.parent):
                self._file: IO[bytes] = path.open("a+b")
        except OSError as error:
            raise FileError(f"{path}: cannot be written: {error.strerror}") from None
        if not _lock(self._file):
            self._file.close()
            raise UserError(f"{path}: another run is at work on this output; wait for it")
        weakref.finalize(self, self._file.close)
        self._file.seek(0)
        if self._file.read(1) and not resume:
            self._file.close()
            message = (
                "a run was broken off; add --resume to go on, or delete the file to start anew"
            )
            raise UserError(f"{path}: {message}")
        self._length = self._read()
        self._file.truncate(self._length)

    def _read(self) -> int:
        """Find all lines up to the first that is not whole; return where that begins."""
        self._file.seek(0)
        position = 0
        decode = msgspec.json.Decoder(_Line).decode
        for line in self._file:
            checksum, _, message = line.rstrip(b"\n").partition(b" ")
            if not line.endswith(b"\n") or checksum != _checksum(message):
                break
            try:
                read = decode(message)
                result = bytes(read.result)
                if position == 0 and (read.digest, result) != _code():
                    self.message = (
                        f"{self.path}: what a run has left was calculated by other code; "
                        "all is calculated anew"
                    )
                    return 0
                if position:
                    self._result(result)
                    self._at[read.digest] = position + line.rindex(result), len(result)
            except msgspec.DecodeError:  # another version's
                break
            position += len(line)
        return position

    def __contains__(self, digest: object) -> bool:
        return digest in self._at

    def __len__(self) -> int:
        return len(self._at)

    def get(self, digest: str) -> Kind:
        """Give a result that stands in it."""
        start, length = self._at[digest]
        self._file.seek(start)
        return self._result(self._file.read(length))

    def add(self, digest: str, result: Kind) -> None:
        """Note a result; it survives this process.

        Raises
        ------
        FileError
            If the disk is full.
        """
        content = msgspec.json.encode(result)
        head = b"" if self._length else _line(*_code())
        line = _line(digest, content)
        try:
            self._file.write(head + line)
            self._file.flush()
        except OSError as error:
            raise FileError(
                f"{self.path}: cannot be written: {error.strerror}; "
                "what is done is kept: make room and add --resume"
            ) from None
        self._at[digest] = self._length + len(head) + line.rindex(content), len(content)
        self._length += len(head) + len(line)

    def close(self, *, finished: bool) -> None:
        """Let go of the file, and delete it if the run is over.

        What stands in a file that is deleted can be read for as long as anybody has this journal;
        not on Windows, where no open file can be deleted.
        """
        if not finished or os.name == "nt":
            self._file.close()
        if finished:
            self.path.unlink(missing_ok=True)
            remove_empty(self._made)  # nothing was written beside it


def _code() -> tuple[str, bytes]:
    """The first line: which code calculates."""
    return _CODE, msgspec.json.encode(code_digest())


def _line(digest: str, content: bytes) -> bytes:
    message = msgspec.json.encode(_Line(digest, msgspec.Raw(content)))
    return _checksum(message) + b" " + message + b"\n"


def _checksum(message: bytes) -> bytes:
    return b"%08x" % zlib.crc32(message)


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
