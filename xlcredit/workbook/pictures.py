"""Pictures: drawn in memory without a screen, written whole or not at all."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

from xlcredit.errors import FileError, UserError
from xlcredit.files import replace_file, require_writable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["new_picture", "png", "pyplot", "refuse_pictures", "write_picture"]


def pyplot() -> type[Figure]:
    """Give the drawing library's figure, which needs no screen.

    Raises
    ------
    UserError
        If it is not installed.
    """
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 - an extra
    except ImportError:
        message = 'charts need matplotlib: pip install "xlcredit[charts]"'
        raise UserError(message) from None
    return Figure


def png(figure: Figure, dpi: int) -> bytes:
    """Draw a figure; equal figures are equal bytes."""
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=dpi, metadata={"Software": None})
    return drawn.getvalue()


def refuse_pictures(folder: Path, force: bool) -> None:
    """Stop before the pictures of another run are lost, or work is done that cannot be written.

    Raises
    ------
    FileError
        If the folder is a file or takes no new one, or holds pictures already and ``force`` is
        not given.
    """
    if folder.exists() and not folder.is_dir():
        raise FileError(f"{folder}: is a file; name a folder for the charts")
    if not force and any(folder.glob("*.png")):
        raise FileError(f"{folder}: holds pictures already; use --force to replace them")
    require_writable(folder / "picture.png")


def new_picture(path: str | os.PathLike[str], overwrite: bool) -> Path:
    """Say where a picture goes that Python asks for, before it is drawn.

    Raises
    ------
    FileError
        If it is not called ``.png``, or exists already and ``overwrite`` is not given.
    """
    target = Path(path)
    if target.suffix.lower() != ".png":
        raise FileError(f"{target}: a picture is written as PNG; name it {target.stem}.png")
    if target.exists() and not overwrite:
        raise FileError(f"{target}: exists already; draw with overwrite=True to replace it")
    return target


def write_picture(path: Path, content: bytes) -> Path:
    """Write a picture, and the folder it stands in if need be.

    Raises
    ------
    FileError
        If it cannot be written; what stood there still does.
    """
    try:
        replace_file(path, content)
    except OSError as error:
        raise FileError(f"{path}: cannot be written: {error.strerror}") from None
    return path
