"""The code on its way to the workers of a cluster.

Nothing here imports xlcredit: a worker unpacks it before it can.
"""

from __future__ import annotations

import hashlib
import io
import sys
import tempfile
import zipfile
from pathlib import Path

__all__ = ["install", "packed", "parts"]

_SUFFIXES = frozenset({".py", ".csv", ".toml", ".json", ".md"})


def parts(package: Path, templates: Path) -> dict[str, Path]:
    """List the files of a package and its templates, each under the name it has on a worker."""
    found = {
        f"{package.name}/{path.relative_to(package).as_posix()}": path
        for path in sorted(package.rglob("*"))
        if path.suffix in _SUFFIXES
    }
    return found | {
        f"{package.name}/templates/{path.relative_to(templates).as_posix()}": path
        for path in sorted(templates.rglob("*.toml"))
    }


def packed(package: Path, templates: Path) -> bytes:
    """Pack a package and its templates; the same files are the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in parts(package, templates).items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), path.read_bytes())
    return out.getvalue()


def install(content: bytes) -> str:
    """Unpack the code, and let this process import it rather than what it may have.

    Returns
    -------
    str
        The folder.
    """
    digest = hashlib.sha256(content).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"xlcredit-{digest}"
    if str(folder) not in sys.path:
        if not folder.is_dir():
            with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
                made = Path(scratch) / "code"
                with zipfile.ZipFile(io.BytesIO(content)) as archive:
                    archive.extractall(made)
                try:
                    made.rename(folder)
                except OSError:
                    if not folder.is_dir():  # another worker may have been first
                        raise
        sys.path.insert(0, str(folder))
        for name in [n for n in sys.modules if n.partition(".")[0] == "xlcredit"]:
            del sys.modules[name]
    return str(folder)
