"""The Calc add-in: what LibreOffice loads when a cell first calls a worksheet function.

This file is copied into the extension and runs in LibreOffice's own Python, which knows nothing
of xlcredit and may be another version than the one xlcredit is installed for. So it finds
xlcredit by the note that the installer left beside it: it imports it where the Pythons are
alike, and else starts the other Python and asks over a pipe.

If neither works, cells show ``#NAME?`` and ``XLC_VERSION()`` shows why.
"""

from __future__ import annotations

import json
import marshal
import os
import struct
import subprocess
import sys
import tempfile
import threading
from typing import Any, Callable

import uno
import unohelper  # type: ignore[import-not-found]

IMPLEMENTATION = "org.xlcredit.calc.Functions"
SERVICE = "xlcredit"
NAME_ERROR = struct.unpack("<d", struct.pack("<Q", 0x7FF8_0000_0000_0000 | 525))[0]

with open(os.path.join(os.path.dirname(__file__), "xlcredit.json"), encoding="utf-8") as _file:  # noqa: PTH
    NOTE: dict[str, Any] = json.load(_file)

Answer = Callable[[str, tuple], tuple]


class OtherPython:
    """xlcredit in a process of the Python that it is installed for.

    Questions and answers are marshalled, which keeps an error's NaN as it is, each with its
    length in front. A process that died is started again, once per question.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._start()

    def _start(self) -> None:
        # -I: LibreOffice sets variables that would lead another Python to the wrong library
        command = [NOTE["python"], "-I", "-m", "xlcredit.excel.libreoffice.child"]
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        try:
            self._ask("XLC_VERSION", ())
        except (OSError, EOFError):
            self._process.kill()
            self._process.wait()
            self._errors.seek(0)
            lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
            why = lines[-1] if lines else "it stopped at once"
            raise ImportError(f"{NOTE['python']}: {why}") from None

    def __call__(self, name: str, raw: tuple) -> tuple:
        with self._lock:
            try:
                return self._ask(name, raw)
            except (OSError, EOFError):
                self._start()
                return self._ask(name, raw)

    def _ask(self, name: str, raw: tuple) -> tuple:
        question = marshal.dumps((name, raw), 2)
        self._process.stdin.write(struct.pack("<I", len(question)) + question)
        self._process.stdin.flush()
        head = self._process.stdout.read(4)
        if len(head) < 4:
            raise EOFError
        return marshal.loads(self._process.stdout.read(*struct.unpack("<I", head)))


def same_python() -> Answer:
    """Import xlcredit into this process."""
    if [sys.implementation.cache_tag, sys.platform, sys.maxsize] != NOTE["same"]:
        raise ImportError("xlcredit is installed for another Python")
    added = [path for path in NOTE["paths"] if path not in sys.path]
    sys.path[:0] = added
    try:
        from xlcredit.excel.libreoffice.calc import answer
    except Exception:
        sys.path[:] = [path for path in sys.path if path not in added]
        raise
    return answer


def connect() -> Answer:
    """Find xlcredit; failing that, answer with the reason."""
    if "XLCREDIT_DELEGATE" not in os.environ:
        try:
            return same_python()
        except Exception:  # whatever it is, the other way may work
            pass
    try:
        return OtherPython()
    except Exception as error:
        reason = f"xlcredit is not available: {error}; run: xlcredit libreoffice install"
    return lambda name, _: ((reason if name in ("XLC_VERSION", "XLC_WHY") else NAME_ERROR,),)


def method(name: str) -> Callable:
    """Make the method of a worksheet function."""

    def call(self: Any, *raw: Any) -> tuple:
        return self.answer(name, raw)

    return call


def why(self: Any, document: Any, cell: Any) -> tuple:
    """``XLC_WHY``: it alone looks at the sheet, for what the cell's formula calls."""
    from xlcredit_trace import traced

    return self.answer("XLC_WHY", traced(document, cell, self.answer))


def init(self: Any, context: Any) -> None:
    """LibreOffice makes one object of the class and keeps it."""
    self.answer = connect()


BASES = (
    unohelper.Base,
    uno.getClass("com.sun.star.lang.XServiceInfo"),
    uno.getClass("org.xlcredit.calc.XFunctions"),
)
MEMBERS = {
    "__init__": init,
    "getImplementationName": lambda self: IMPLEMENTATION,
    "supportsService": lambda self, name: name == SERVICE,
    "getSupportedServiceNames": lambda self: (SERVICE,),
    **{name: method(name) for name in NOTE["functions"]},
    "XLC_WHY": why,
}
Functions = type("Functions", BASES, MEMBERS)

g_ImplementationHelper = unohelper.ImplementationHelper()  # noqa: N816 - UNO looks for this name
g_ImplementationHelper.addImplementation(Functions, IMPLEMENTATION, (SERVICE,))
