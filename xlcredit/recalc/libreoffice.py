"""LibreOffice: a second opinion from a real spreadsheet, and pictures of the sheets.

It calculates Excel's own functions only: cells that call worksheet functions of xlcredit show
``#NAME?`` unless it is given the add-in.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from xlcredit.errors import CellError, FileError, HostError
from xlcredit.ooxml.values import Value, to_cell

__all__ = ["LibreOffice", "environment"]

#: The Python that Debian's python3-uno belongs to: uno replaces ``import`` itself, so that it
#: is better kept in a process of its own.
_PYTHON = "/usr/bin/python3"
_DRIVER = Path(__file__).with_name("_soffice.py")
_CODES = {"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"}


def environment() -> dict[str, str]:
    """Return the environment for LibreOffice: without any virtual environment of Python.

    LibreOffice brings a Python of its own, which takes the ``python3`` first on the path for its
    home. In an activated virtual environment that is another build, and LibreOffice breaks.
    """
    own = dict(os.environ)
    for name in ("VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH"):
        own.pop(name, None)
    folders = own.get("PATH", "").split(os.pathsep)
    kept = (f for f in folders if not (Path(f).parent / "pyvenv.cfg").is_file())
    return own | {"PATH": os.pathsep.join(kept)}


class LibreOffice:
    """A running LibreOffice with a profile of its own; use it in a ``with`` statement.

    Parameters
    ----------
    soffice : str
        The program.
    python : str
        The Python that has ``uno``.
    timeout : float
        Seconds to wait for an answer that LibreOffice gives within one.
    recalculates : bool
        Whether it calculates what it opens, or shows the values stored in the file.
    extensions : Path, optional
        Folder of unpacked extensions to load, such as the Calc add-in.

    Raises
    ------
    HostError
        If LibreOffice or its Python bridge is missing, or does not start.

    Examples
    --------
    >>> with LibreOffice() as office:  # doctest: +SKIP
    ...     rows = office.values("deal.xlsx")["Summary"]
    """

    def __init__(
        self,
        soffice: str = "soffice",
        python: str = _PYTHON,
        timeout: float = 120.0,
        *,
        recalculates: bool = True,
        extensions: Path | None = None,
    ) -> None:
        program = shutil.which(soffice)
        if program is None:
            raise HostError(f"LibreOffice is missing: there is no program {soffice}; install it")
        if shutil.which(python) is None:
            raise HostError(f"LibreOffice needs {python} with python3-uno; install python3-uno")
        self._timeout = timeout
        bundled = {"BUNDLED_EXTENSIONS": extensions.resolve().as_uri()} if extensions else {}
        self._process = subprocess.Popen(
            [python, "-I", str(_DRIVER), program, "recalculate" if recalculates else "stored"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**environment(), **bundled},
            start_new_session=True,
        )
        self._buffer = b""
        try:
            answer = self._answer()
        except HostError:
            self.close()
            raise
        if "ready" not in answer:
            self.close()
            raise HostError(answer["fail"])

    def __enter__(self) -> LibreOffice:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop LibreOffice, first with courtesy."""
        process = self._process
        with contextlib.suppress(OSError):
            if process.stdin:
                process.stdin.close()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()

    def values(
        self, path: str | os.PathLike[str], inputs: Mapping[str, object] | None = None
    ) -> dict[str, list[list[Value]]]:
        """Recalculate a workbook and give every cell of every sheet.

        Parameters
        ----------
        path : str or Path
            The workbook; it stays as it is.
        inputs : mapping, optional
            Addresses such as ``Inputs!C4`` to new values.

        Returns
        -------
        dict
            Sheet name to rows from A1 to the last cell in use. Empty cells are empty text, as
            LibreOffice does not tell the two apart; TRUE is 1.
        """
        new = {key: to_cell(value) for key, value in (inputs or {}).items()}
        answer = self._ask("values", path, inputs=new)
        return {
            sheet: [[_value(cell) for cell in row] for row in rows]
            for sheet, rows in answer.items()
        }

    def hold(self, data: bytes) -> None:
        """Open a workbook and keep it open, for :meth:`enter` and :meth:`held`.

        Parameters
        ----------
        data : bytes
            The file; the workbook that was held before is closed.
        """
        with tempfile.TemporaryDirectory(prefix="xlcredit-held-") as folder:
            path = Path(folder) / "held.xlsx"
            path.write_bytes(data)
            self._ask("hold", path)

    def enter(self, cells: Sequence[tuple[str, int, int, Value]]) -> None:
        """Change cells of the workbook that is held.

        Parameters
        ----------
        cells : sequence of tuples
            Sheet, row and column from 1, and the new value.
        """
        if cells:
            self._tell("enter", cells=[(*place, _sent(value)) for *place, value in cells])

    def held(self) -> dict[str, list[list[Value]]]:
        """Calculate the workbook that is held; give every cell of every sheet.

        Returns
        -------
        dict
            As of :meth:`values`, but TRUE and FALSE are those.
        """
        return {
            sheet: [[_value(cell) for cell in row] for row in rows]
            for sheet, rows in self._tell("held").items()
        }

    def pdf(self, path: str | os.PathLike[str], out: str | os.PathLike[str]) -> Path:
        """Print a workbook to a PDF file.

        Parameters
        ----------
        path : str or Path
            The workbook; it is recalculated, and stays as it is.
        out : str or Path
            The PDF to write.

        Returns
        -------
        Path
            The PDF.
        """
        self._ask("pdf", path, out=str(Path(out).resolve()))
        if not Path(out).is_file():
            raise HostError(f"LibreOffice wrote no {out}")
        return Path(out)

    def _ask(self, command: str, path: str | os.PathLike[str], **more: Any) -> Any:
        if not Path(path).is_file():
            raise FileError(f"{path}: no such file")
        return self._tell(command, path=str(Path(path).resolve()), **more)

    def _tell(self, command: str, **more: Any) -> Any:
        question = {"command": command, **more}
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(question).encode() + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            raise HostError("LibreOffice has stopped") from error
        answer = self._answer()
        if "fail" in answer:
            where = f" for {more['path']}" if "path" in more else ""
            raise HostError(f"LibreOffice could not do it{where}: {answer['fail']}")
        return answer["done"]

    def _answer(self) -> dict[str, Any]:
        """Wait for one line; a LibreOffice that hangs must not hang us."""
        pipe = self._process.stdout
        assert pipe is not None
        end = time.monotonic() + self._timeout
        while b"\n" not in self._buffer:
            left = end - time.monotonic()
            ready, _, _ = select.select([pipe], [], [], max(0.0, left))
            if not ready:
                raise HostError(f"LibreOffice did not answer within {self._timeout:g} s")
            piece = os.read(pipe.fileno(), 1 << 20)
            if not piece:
                raise HostError("LibreOffice has stopped; is python3-uno installed?")
            self._buffer += piece
        line, _, self._buffer = self._buffer.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer


def _sent(value: Value) -> float | str | dict[str, str] | None:
    return {"error": value.code} if isinstance(value, CellError) else value


def _value(cell: Any) -> Value:
    if isinstance(cell, dict):
        code = cell["error"]
        known = code in _CODES
        return CellError(code if known else "#VALUE!", "" if known else f"LibreOffice: {code}")
    return to_cell(cell)
