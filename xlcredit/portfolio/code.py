"""Which code calculates: what it has left on disk is used again by the same code alone."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import xlcredit
from xlcredit.deals.reading import folder
from xlcredit.portfolio.shipping import parts
from xlcredit.recalc.routing import ENGINES

__all__ = ["code_digest"]

#: What calculates beside our own code: the engines, and what the mathematics stands on.
_LIBRARIES = (*(engine.package for engine in ENGINES.values()), "numpy", "numba")


@cache
def code_digest() -> str:
    """Say in 16 hexadecimal digits what our code, the templates and the libraries are.

    Whatever a file is called or when it was written, what it holds decides.
    """
    digest = hashlib.sha256()
    for name, path in parts(Path(xlcredit.__file__).parent, folder()).items():
        digest.update(f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    for library in _LIBRARIES:
        digest.update(f"{library} {_version(library)}\n".encode())
    return digest.hexdigest()[:16]


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:  # an extra
        return "none"
