"""The Calc add-in: what LibreOffice loads when a cell first calls a worksheet function.

This file is copied into the extension and runs in LibreOffice's own Python, which knows nothing
of xlcredit and may be another version than the one xlcredit is installed for. So it finds
xlcredit by the note that the installer left beside it: it imports it where the Pythons are
alike, and else starts the other Python and asks over a pipe.

Calc compares a text with another only where it knows it for a text: a plain one, or rows of
nothing but text. So functions that may answer text are declared as ``any``, and say with each
answer what it is (:func:`declared`).

If neither Python works, cells show ``#NAME?`` and ``XLC_VERSION()`` shows why.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import marshal
import struct
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uno
import unohelper  # type: ignore[import-not-found]
from xlcredit_trace import nan, traced  # type: ignore[import-not-found]

IMPLEMENTATION = "org.xlcredit.calc.Functions"
SERVICE = "xlcredit"
NOTE = json.loads(Path(__file__).with_name("xlcredit.json").read_text("utf-8"))
#: What the other Python runs. LibreOffice sets variables that would lead it to the wrong
#: library: -I disregards them, and so it has to be told where xlcredit is.
CHILD = """
import sys
sys.path[:0] = sys.argv[1:]
from xlcredit.hosts.libreoffice.child import main
main()
"""
NAME_ERROR = 525

Rows = tuple[tuple[Any, ...], ...]
Answer = Callable[[str, tuple[Any, ...]], Rows]


class OtherPython:
    """xlcredit in a process of the Python that it is installed for.

    Questions and answers are marshalled, which keeps an error's NaN as it is, each with its
    length in front. A process that died is started again, once per question.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._start()

    def _start(self) -> None:
        with tempfile.TemporaryFile() as errors:
            self._process = subprocess.Popen(
                [NOTE["python"], "-I", "-c", CHILD, *NOTE["paths"]],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
            try:
                self._ask("XLC_VERSION", ())
            except (OSError, EOFError):
                self._process.kill()
                self._process.wait()
                errors.seek(0)
                lines = errors.read().decode("utf-8", "replace").strip().splitlines()
                why = lines[-1] if lines else "it stopped at once"
                raise ImportError(f"{NOTE['python']}: {why}") from None

    def __call__(self, name: str, raw: tuple[Any, ...]) -> Rows:
        """Ask; once more if the process had died."""
        with self._lock:
            try:
                return self._ask(name, raw)
            except (OSError, EOFError):
                self._start()
                return self._ask(name, raw)

    def _ask(self, name: str, raw: tuple[Any, ...]) -> Rows:
        to, back = self._process.stdin, self._process.stdout
        assert to is not None
        assert back is not None
        question = marshal.dumps((name, raw), 2)
        to.write(struct.pack("<I", len(question)) + question)
        to.flush()
        head = back.read(4)
        if len(head) < 4:
            raise EOFError
        rows: Rows = marshal.loads(back.read(*struct.unpack("<I", head)))
        return rows


def same_python() -> Answer:
    """Import xlcredit into this process."""
    if [sys.implementation.cache_tag, sys.platform, sys.maxsize] != NOTE["same"]:
        raise ImportError("xlcredit is installed for another Python")
    added = [path for path in NOTE["paths"] if path not in sys.path]
    sys.path[:0] = added
    try:
        from xlcredit.hosts.libreoffice.calc import answer  # noqa: PLC0415 - the path is known now
    except Exception:
        sys.path[:] = [path for path in sys.path if path not in added]
        raise
    return answer


def connect() -> Answer:
    """Find xlcredit; failing that, answer with the reason."""
    with contextlib.suppress(Exception):  # whatever it is, the other way may work
        return same_python()
    try:
        return OtherPython()
    except Exception as error:
        reason = f"xlcredit was not found: {error}; run: xlcredit libreoffice install"
    message = {"XLC_VERSION": reason, "XLC_WHY": reason}
    return lambda name, _: ((message.get(name, nan(NAME_ERROR)),),)


class Array(unohelper.Base, uno.getClass("com.sun.star.sheet.XVolatileResult")):  # type: ignore[misc]
    """Several cells, handed over as soon as Calc listens.

    A method declared as ``any`` cannot return rows: Python's bridge makes a list of anything of
    them, which Calc refuses. The value of an event can be declared.
    """

    def __init__(self, kind: str, rows: Rows) -> None:
        self.kind = kind
        self.rows = rows

    def addResultListener(self, listener: Any) -> None:
        event = uno.createUnoStruct("com.sun.star.sheet.ResultEvent")
        event.Source = self
        event.Value = uno.Any(self.kind, self.rows)
        listener.modified(event)

    def removeResultListener(self, _listener: Any) -> None:
        """Nothing is kept of a listener."""


#: The arrays that Calc holds. It drops none before the document closes, so that an answer that
#: comes again, as at each recalculation of unchanged cells, must be the same object.
ARRAYS: weakref.WeakValueDictionary[bytes, Array] = weakref.WeakValueDictionary()


def declared(rows: Rows) -> Any:
    """Return an answer as Calc compares it: one cell plainly, rows of text as text."""
    if len(rows) == len(rows[0]) == 1:
        return rows[0][0]
    key = hashlib.sha256(marshal.dumps(rows, 2)).digest()
    array = ARRAYS.get(key)
    if array is None:
        all_text = all(isinstance(cell, str) for row in rows for cell in row)
        array = ARRAYS[key] = Array("[][]string" if all_text else "[][]any", rows)
    return array


def method(name: str, result: str) -> Callable[..., Any]:
    """Make the method of a worksheet function, which is declared to return rows or anything."""

    def rows(self: Any, *raw: Any) -> Any:
        return self.answer(name, raw)

    def anything(self: Any, *raw: Any) -> Any:
        return declared(self.answer(name, raw))

    return anything if result == "any" else rows


def why(self: Any, document: Any, cell: Any) -> Any:
    """``XLC_WHY``: it alone looks at the sheet, for what the cell's formula calls."""
    return declared(self.answer("XLC_WHY", traced(document, cell, self.answer)))


def init(self: Any, _context: Any) -> None:
    """LibreOffice makes one object of the class and keeps it."""
    self.answer = connect()


BASES = (
    unohelper.Base,
    uno.getClass("com.sun.star.lang.XServiceInfo"),
    uno.getClass("org.xlcredit.calc.XFunctions"),
)
MEMBERS = {
    "__init__": init,
    "getImplementationName": lambda _: IMPLEMENTATION,
    "supportsService": lambda _, name: name == SERVICE,
    "getSupportedServiceNames": lambda _: (SERVICE,),
    **{name: method(name, result) for name, result in NOTE["functions"].items()},
    "XLC_WHY": why,
}
Functions = type("Functions", BASES, MEMBERS)

g_ImplementationHelper = unohelper.ImplementationHelper()  # noqa: N816 - UNO looks for this name
g_ImplementationHelper.addImplementation(Functions, IMPLEMENTATION, (SERVICE,))
