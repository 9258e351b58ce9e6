"""The WebAssembly machine that the strict engine runs on: compiled once, stopped when it must be.

To compile formulon takes seconds, to read the compiled code a few hundredths. The code is kept
in the user's cache folder, in a file named after the versions and the processor it was made
for; another process may make the same file at the same time, and the last one to finish wins.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import sys
import tempfile
import threading
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import wasmtime

__all__ = ["MEMORY", "cache_folder", "is_full", "running", "start", "was_stopped"]

#: What the machine may allocate; the largest model that lenders have sent takes a third.
MEMORY = 3 << 30
_lock = threading.Lock()


def start() -> None:
    """Make the one machine that formulon has in a process, anew if the last one broke."""
    import wasmtime  # noqa: PLC0415 - slow to load, and most workbooks need no second engine
    from formulon import _c  # noqa: PLC0415

    library = _c.LIB
    with _lock:
        if library._instance is not None and library._poison_message is None:
            return
        config = wasmtime.Config()
        config.epoch_interruption = True
        engine = wasmtime.Engine(config)
        store = wasmtime.Store(engine)
        store.set_limits(memory_size=MEMORY)
        store.set_epoch_deadline(1)
        store.set_wasi(wasmtime.WasiConfig())
        linker = wasmtime.Linker(engine)
        linker.define_wasi()
        kind = wasmtime.FuncType([wasmtime.ValType.i32()], [])
        ignore = wasmtime.Func(store, kind, lambda _index: None)
        linker.define(store, "env", "emscripten_notify_memory_growth", ignore)
        instance = linker.instantiate(store, _module(engine, _c._locate_wasm()))
        exports: dict[str, Any] = dict(instance.exports(store).items())
        exports["_initialize"](store)
        library._engine, library._store, library._instance = engine, store, instance
        library._memory, library._exports = exports["memory"], exports
        library._export_wrappers.clear()
        library._poison_message = None


@contextlib.contextmanager
def running(seconds: float) -> Iterator[None]:
    """Let the machine run for some time, then stop it."""
    from formulon import _c  # noqa: PLC0415

    store, engine = _c.LIB._store, _c.LIB._engine
    assert store is not None
    assert engine is not None
    store.set_epoch_deadline(1)
    clock = threading.Timer(seconds, engine.increment_epoch)
    clock.daemon = True
    clock.start()
    try:
        yield
    finally:
        clock.cancel()


def was_stopped(message: str) -> bool:
    """Whether an error of the machine says that its time was up."""
    return "interrupt" in message


def is_full(message: str) -> bool:
    """Whether an error of the machine says that it had no more memory."""
    return "unreachable" in message or "OutOfMemory" in message


# --- the compiled code ----------------------------------------------------------------------


def cache_folder() -> Path:
    """Name the folder for files that can be made again; it may not exist yet."""
    if chosen := os.environ.get("XLCREDIT_CACHE"):
        return Path(chosen)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "xlcredit"


def _module(engine: wasmtime.Engine, source: Path) -> wasmtime.Module:
    """Read what was compiled before; where nothing can be kept, it is compiled each time."""
    import wasmtime  # noqa: PLC0415 - see start

    kept = _file(source)
    if _is_ours(kept):
        # What another build or processor has left is made anew.
        with contextlib.suppress(wasmtime.WasmtimeError, OSError):
            return wasmtime.Module.deserialize_file(engine, str(kept))
    made = wasmtime.Module.from_file(engine, str(source))
    with contextlib.suppress(OSError):
        _keep(kept, bytes(made.serialize()))
    return made


def _file(source: Path) -> Path:
    """Name the file after everything that the machine code depends on."""
    facts: list[Any] = [version("formulon"), version("wasmtime"), source.stat().st_size]
    facts += [sys.platform, platform.machine(), platform.processor()]
    key = hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
    return cache_folder() / f"formulon-{version('formulon')}-{key}.cwasm"


def _is_ours(path: Path) -> bool:
    """Whether nobody else can have written the file: it is machine code, and will be run."""
    try:
        found = path.stat()
    except OSError:
        return False
    if not hasattr(os, "getuid"):
        return True
    return found.st_uid == os.getuid() and not found.st_mode & 0o022


def _keep(path: Path, code: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(code)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
