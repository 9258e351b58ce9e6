"""Machine code on this machine: stored under the sources it comes from.

numba checks what it has stored against the file of the function alone, not against those of the
functions that are called in it. So an entry is stored whole, as a closure over :data:`SOURCES`:
other sources are another closure, and are compiled anew.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

__all__ = ["SOURCES", "is_stored"]

_FILES = [*Path(__file__).parent.glob("*.py"), *(Path(__file__).parents[1] / name for name in
          ("draws.py", "market.py", "ties.py"))]  # fmt: skip
SOURCES = hashlib.sha256(b"".join(p.read_bytes() for p in sorted(_FILES))).hexdigest()


def is_stored(entry: Any) -> bool:
    """Whether an entry is there already, in this process or in the cache of this machine."""
    try:  # numba does not say it in public, and gives back the Python when told not to compile
        if entry.signatures:
            return True
        cache, codegen = entry._cache, entry.targetctx.codegen()
        wanted = cache._index_key((), codegen)[1:]
        return any(key[1:] == wanted for key in cache._cache_file._load_index())
    except AttributeError:
        return False
