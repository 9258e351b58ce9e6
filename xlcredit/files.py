"""Files: read once and not without end, written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from xlcredit.errors import FileError

__all__ = [
    "LARGEST",
    "LARGEST_TEXT",
    "made_folder",
    "missing_folders",
    "read_file",
    "remove_empty",
    "replace_file",
    "require_writable",
    "resolved",
]

#: Bytes of the largest workbook that is opened, and of the largest text (a deal, a table).
LARGEST, LARGEST_TEXT = 1 << 29, 1 << 24
#: How Excel and LibreOffice mark beside a file that they have it open.
_LOCKS = {"~${}": "Excel", ".~lock.{}#": "LibreOffice"}
#: Linux shows here what a process has open.
_OPEN_FILES = Path("/proc/self/fd")
#: Whether a folder can be held open, so that a path leads from it.
_HOLDS = os.open in os.supports_dir_fd
#: Who may use a new file is then decided by the umask, as for every other program's files.
_EVERYBODY, _OWNER = 0o666, 0o600


def read_file(path: Path, most: int = LARGEST) -> bytes:
    """Read a file, which must be one: a pipe or a device may have no end.

    Parameters
    ----------
    path : Path
        The file.
    most : int
        Its largest size in bytes.

    Raises
    ------
    FileError
        There is no such file, it cannot be read, or it is larger.
    """
    try:
        # A pipe nobody writes to would keep us waiting without O_NONBLOCK.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(path, flags), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise FileError(f"{path}: is a pipe or a device; save it to a file first")
            data = file.read(most + 1)
    except FileNotFoundError:
        raise FileError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise FileError(f"{path}: is a folder; name a file in it") from None
    except (OSError, ValueError) as error:  # a name with a NUL is a ValueError
        why = error.strerror if isinstance(error, OSError) else error
        raise FileError(f"{path} cannot be read: {why}") from error
    if len(data) > most:
        raise FileError(f"{path} is larger than {most / 1e6:,.0f} MB; refused")
    return data


def resolved(path: Path) -> Path:
    """Follow the links of a path; one that leads back to itself stands for itself."""
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # RuntimeError before Python 3.13
        return path.absolute()


def missing_folders(folder: Path) -> list[Path]:
    """List what :meth:`Path.mkdir` would make of a folder and those above, the innermost first."""
    return [path for path in (folder, *folder.parents) if not path.exists()]


def remove_empty(folders: list[Path]) -> None:
    """Remove folders, the innermost first, as far as nothing stands in them."""
    for folder in folders:
        with contextlib.suppress(OSError):
            folder.rmdir()


@contextlib.contextmanager
def made_folder(folder: Path) -> Iterator[None]:
    """Make a folder to write into; if the writing fails, what was made is gone again."""
    missing = missing_folders(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:  # a signal, too
        remove_empty(missing)
        raise


def replace_file(target: Path, content: bytes | Iterable[bytes], like: Path | None = None) -> None:
    """Write a file beside ``target`` that takes its place only once it is complete.

    A link is replaced, and what it points to stays as it is. The file comes into the folder that
    had its name when the writing began, whatever takes that name meanwhile.

    Parameters
    ----------
    target : Path
        The file to write; its folder is made if need be.
    content : bytes or iterable of bytes
        What it is to hold; of a large file, one part after the other.
    like : Path, optional
        A file that is read by the same people; by default the one replaced.

    Raises
    ------
    FileError
        The target is no file, or is open in Excel or LibreOffice; it is as it was.
    OSError
        It cannot be written; the target is as it was.
    """
    import secrets  # noqa: PLC0415  (slow to load, and a worksheet call writes no file)

    _refuse_target(target)
    mode = _EVERYBODY
    for path in (like, target):
        if path is not None and path.exists():
            mode = path.stat().st_mode & 0o777 | _OWNER
            break
    part = f".{target.name[:80]}.{secrets.token_hex(4)}.part"
    with made_folder(target.parent), _held(target.parent) as (folder, held):
        try:
            with os.fdopen(_new_file(target.parent, folder / part, held, mode), "wb") as out:
                out.writelines([content] if isinstance(content, bytes) else content)
                out.flush()
                os.fsync(out.fileno())
                _name(out.fileno(), folder / part, held)
            os.replace(folder / part, folder / target.name, src_dir_fd=held, dst_dir_fd=held)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(folder / part, dir_fd=held)


@contextlib.contextmanager
def _held(folder: Path) -> Iterator[tuple[Path, int | None]]:
    """Hold a folder open; give how paths into it begin, and from which handle they lead.

    Where no handle can be had of a folder (Windows), paths begin with its name.
    """
    if not _HOLDS:
        yield folder, None
        return
    handle = os.open(folder, getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY)
    try:
        yield Path(), handle
    finally:
        os.close(handle)


def require_writable(target: Path) -> None:
    """Refuse a file that could not be written, before what takes its time is done for nothing.

    Raises
    ------
    FileError
        If it is open in Excel or LibreOffice, or what it, or its folder, would be made in is no
        folder or takes no new file.
    """
    import secrets  # noqa: PLC0415  (slow to load, and a worksheet call writes no file)

    _refuse_open(target)
    folder = next(path for path in (target.parent, *target.absolute().parents) if path.exists())
    if not folder.is_dir():
        raise FileError(f"{target}: {folder} is no folder; name one to write into")
    part = folder / f".xlcredit.{secrets.token_hex(4)}.part"
    try:
        os.close(_new_file(folder, part, None, _OWNER))
    except OSError:
        raise FileError(f"{target}: {folder} may not be written to; name another folder") from None
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def _new_file(folder: Path, part: Path, held: int | None, mode: int) -> int:
    """Open a new file, without a name where that can be: then a crash leaves nothing behind."""
    unnamed = getattr(os, "O_TMPFILE", 0)
    if unnamed and _OPEN_FILES.is_dir():
        with contextlib.suppress(OSError):  # a file system that cannot
            return os.open(folder, unnamed | os.O_WRONLY, mode)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    return os.open(part, flags, mode, dir_fd=held)


def _name(handle: int, part: Path, held: int | None) -> None:
    """Give the open file its name, if it has none."""
    if not os.fstat(handle).st_nlink:
        os.link(_OPEN_FILES / str(handle), part, dst_dir_fd=held, follow_symlinks=True)


def _refuse_target(target: Path) -> None:
    """Refuse what is no file, and a file that somebody is working on."""
    for path in (target, resolved(target)):
        if path.is_dir():
            raise FileError(f"{target}: is a folder; name a file in it")
        if path.exists() and not path.is_file():
            raise FileError(f"{target}: is a pipe or a device; name a file")
    _refuse_open(target)


def _refuse_open(target: Path) -> None:
    """Refuse a file that somebody is working on."""
    for pattern, program in _LOCKS.items():
        lock = target.with_name(pattern.format(target.name))
        if target.exists() and lock.exists():
            raise FileError(
                f"{target}: is open in {program}; close it there first (if it is not, delete "
                f"{lock.name} beside it)"
            )
