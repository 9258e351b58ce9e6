"""Drives one LibreOffice for :mod:`xlcredit.recalc.libreoffice`; runs where ``uno`` is.

Only the standard library and uno. Questions and answers are lines of JSON. One private soffice,
profile and pipe; workbooks are opened as private copies, as a stale lock file makes LibreOffice
open nothing without a word.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

#: Calc's numbers for the error values that files can hold.
ERRORS = {
    521: "#NULL!",
    532: "#DIV/0!",
    519: "#VALUE!",
    524: "#REF!",
    525: "#NAME?",
    503: "#NUM!",
    32767: "#N/A",
}
#: By default LibreOffice shows the values saved in an .xlsx, however stale: mode 1. 0 recalculates.
PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>{mode}</value></prop></item></oor:items>"""
START_SECONDS = 90
FORMULA_VALUE, FORMULA_ERROR = 1, 4  # com.sun.star.sheet.FormulaResult
EVERYTHING = 1 | 2 | 4 | 16  # com.sun.star.sheet.CellFlags: value, date, text, formula
#: Formulas that give an error, where its own spelling is no formula.
FORMULAS = {"#N/A": "NA()", "#DIV/0!": "1/0", "#NUM!": "SQRT(-1)", "#VALUE!": '1+"x"'}


class Office:
    """One LibreOffice process and the connection to it."""

    def __init__(self, soffice: str, recalculates: bool) -> None:
        import uno  # noqa: PLC0415  (main tells what to do when it is missing)

        self.uno = uno
        self.recalculates = recalculates
        self.folder = Path(tempfile.mkdtemp(prefix="xlcredit-office-"))
        user = self.folder / "profile" / "user"
        user.mkdir(parents=True)
        (user / "registrymodifications.xcu").write_text(
            PROFILE.format(mode=0 if recalculates else 1)
        )
        pipe = "xlcredit" + uuid.uuid4().hex
        options = ["--headless", "--norestore", "--nologo", "--nodefault", "--nolockcheck"]
        profile = self.url(self.folder / "profile")
        with (self.folder / "log").open("w") as log:
            self.process = subprocess.Popen(
                [
                    soffice,
                    *options,
                    f"-env:UserInstallation={profile}",
                    f"--accept=pipe,name={pipe};urp;",
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.desktop: Any = None
        self.document: Any = None
        try:
            context = self.connect(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
            manager = context.ServiceManager
            self.desktop = manager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
        except Exception:
            self.close()
            raise

    def connect(self, address: str) -> Any:
        """Knock until LibreOffice opens."""
        local = self.uno.getComponentContext()
        resolver = local.ServiceManager.createInstanceWithContext(
            "com.sun.star.bridge.UnoUrlResolver", local
        )
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                return resolver.resolve(address)
            except Exception:  # uno's NoConnectException, or another on the way up
                if self.process.poll() is not None or time.monotonic() > end:
                    log = (self.folder / "log").read_text().strip()
                    raise RuntimeError(f"LibreOffice did not start: {log}") from None
                time.sleep(0.02)

    def url(self, path: Path) -> str:
        """Spell a path as LibreOffice wants it."""
        return str(self.uno.systemPathToFileUrl(str(path)))

    def options(self, **values: Any) -> tuple[Any, ...]:
        """Build the property list that loading and storing take."""
        found = []
        for name, value in values.items():
            option = self.uno.createUnoStruct("com.sun.star.beans.PropertyValue")
            option.Name, option.Value = name, value
            found.append(option)
        return tuple(found)

    @contextlib.contextmanager
    def opened(self, path: str, inputs: dict[str, Any]) -> Any:
        """Open a private copy with new inputs, calculated."""
        copy = self.folder / (uuid.uuid4().hex + Path(path).suffix)
        shutil.copy(path, copy)
        document = self.desktop.loadComponentFromURL(
            self.url(copy), "_blank", 0, self.options(Hidden=True)
        )
        if document is None:
            raise RuntimeError("it cannot be opened")
        try:
            for address, value in inputs.items():
                sheet, _, reference = address.rpartition("!")
                name = sheet.strip("'").replace("''", "'")
                put(document.Sheets.getByName(name).getCellRangeByName(reference), value)
            if self.recalculates:
                document.calculateAll()
            yield document
        finally:
            document.close(True)
            copy.unlink(missing_ok=True)

    def values(self, path: str, inputs: dict[str, Any]) -> dict[str, list[list[Any]]]:
        """Give every cell of every sheet."""
        with self.opened(path, inputs) as document:
            return {sheet.Name: self.cells(sheet) for sheet in document.Sheets}

    @staticmethod
    def cells(sheet: Any) -> list[list[Any]]:
        """Read one sheet; errors as ``{"error": code}``."""
        cursor = sheet.createCursor()
        cursor.gotoEndOfUsedArea(False)
        last = cursor.RangeAddress
        area = sheet.getCellRangeByPosition(0, 0, last.EndColumn, last.EndRow)
        rows = [list(row) for row in area.getDataArray()]
        for bad in area.queryFormulaCells(FORMULA_ERROR).RangeAddresses:
            for r in range(bad.StartRow, bad.EndRow + 1):
                for c in range(bad.StartColumn, bad.EndColumn + 1):
                    code = sheet.getCellByPosition(c, r).getError()
                    rows[r][c] = {"error": ERRORS.get(code, f"Err:{code}")}
        return rows

    def hold(self, path: str) -> bool:
        """Open a private copy and keep it open, in place of the one before."""
        self.let_go()
        copy = self.folder / (uuid.uuid4().hex + Path(path).suffix)
        shutil.copy(path, copy)
        self.document = self.desktop.loadComponentFromURL(
            self.url(copy), "_blank", 0, self.options(Hidden=True)
        )
        if self.document is None:
            raise RuntimeError("it cannot be opened")
        for sheet in self.document.Sheets:
            if sheet.isProtected():
                sheet.unprotect("")
        return True

    def let_go(self) -> None:
        """Close the copy that is held."""
        if self.document is not None:
            self.document.close(True)
            self.document = None

    def enter(self, cells: list[tuple[str, int, int, Any]]) -> bool:
        """Change cells of the copy that is held; an error is entered as a formula that gives it."""
        for name, row, column, value in cells:
            sheet = self.document.Sheets.getByName(name)
            cell = sheet.getCellByPosition(column - 1, row - 1)
            block = sheet.createCursorByRange(cell)
            block.collapseToCurrentArray()
            if block.getArrayFormula():  # no cell of an array can be changed by itself
                block.clearContents(EVERYTHING)
            put(cell, value)
            if value is not None and not isinstance(value, dict) and not cell.getFormula():
                raise RuntimeError(f"{name}!{cell.AbsoluteName} cannot be changed")
        return True

    def held(self) -> dict[str, list[list[Any]]]:
        """Calculate the copy that is held; TRUE and FALSE are told from 1 and 0."""
        self.document.calculateAll()
        return {sheet.Name: self.with_truths(sheet) for sheet in self.document.Sheets}

    def with_truths(self, sheet: Any) -> list[list[Any]]:
        """Read one sheet; a formula's 0 or 1 that shows as a word is a truth value."""
        rows = self.cells(sheet)
        for area in sheet.queryFormulaCells(FORMULA_VALUE).RangeAddresses:
            for r in range(area.StartRow, area.EndRow + 1):
                for c in range(area.StartColumn, area.EndColumn + 1):
                    if rows[r][c] in (0.0, 1.0):
                        shown = sheet.getCellByPosition(c, r).String
                        rows[r][c] = {"TRUE": True, "FALSE": False}.get(shown, rows[r][c])
        return rows

    def pdf(self, path: str, out: str) -> bool:
        """Print to a file."""
        with self.opened(path, {}) as document:
            document.storeToURL(self.url(Path(out)), self.options(FilterName="calc_pdf_Export"))
        return True

    def close(self) -> None:
        """Stop the process that was started here, and clear up."""
        try:
            self.desktop.terminate()
            self.process.wait(10)
        except Exception:  # it has gone, or will not go
            with contextlib.suppress(OSError):
                os.killpg(self.process.pid, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)


def put(cell: Any, value: Any) -> None:
    """Write a value into a cell; an error as a formula that gives it."""
    if isinstance(value, dict):
        cell.setFormula(f"={FORMULAS.get(value['error'], value['error'])}")
    elif isinstance(value, bool):
        cell.setFormula(f"={str(value).upper()}()")
    elif isinstance(value, str):
        cell.String = value
    elif value is None:
        cell.setFormula("")
    else:
        cell.Value = float(value)


def say(answer: dict[str, Any]) -> None:
    """Write one line of JSON."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Answer questions until the input ends."""
    try:
        office = Office(sys.argv[1], recalculates=sys.argv[2] == "recalculate")
    except ImportError:
        say({"fail": f"LibreOffice needs uno in {sys.executable}; install python3-uno"})
        return
    except Exception as error:
        say({"fail": str(error)})
        return
    try:
        say({"ready": True})
        for line in sys.stdin:
            question = json.loads(line)
            command = getattr(office, question.pop("command"))
            try:
                say({"done": command(**question)})
            except Exception as error:
                say({"fail": f"{type(error).__name__}: {error}"})
    finally:
        office.close()


if __name__ == "__main__":
    main()
