"""A workbook that carries its own program for xlwings Lite.

xlwings Lite keeps the files of its editor as properties of its task pane, in the workbook: each
a JSON string in an attribute. It documents no format; this is what it writes itself, as seen in
workbooks that it saved. Whoever opens such a workbook in Excel with xlwings Lite, on Windows, Mac
or the web, has the worksheet functions and needs no Python.
"""

from __future__ import annotations

import hashlib
import io
import json
import uuid
from collections.abc import Iterable
from html import escape
from pathlib import Path

from xlcredit.errors import FileError, RecalcError
from xlcredit.functions import REGISTRY
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package, pack
from xlcredit.ooxml.place import Place, a1
from xlcredit.ooxml.relations import Additions
from xlcredit.ooxml.spelling import respell
from xlcredit.ooxml.spilling import spilling
from xlcredit.recalc import recalculate

__all__ = ["PROGRAM", "embed", "refuse_macros"]

#: The files of the program. What Pyodide provides must not be pinned: it has one version only.
PROGRAM = {
    "main.py": "from xlcredit.hosts.officejs.functions import *\n",
    "requirements.txt": "xlwings<1\nxlcredit\nnumpy\n",
}
#: The Pyodide that xlwings Lite had when this was written; it offers to update an older one.
_PYODIDE = "314.0.7"
#: xlwings Lite in Microsoft's store.
_STORE_ID = "wa200008175"

_FOLDER = "xl/webextensions/"
_OFFICE = "http://schemas.microsoft.com/office"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def embed(source: Path | Book, spill: Iterable[str] = ()) -> bytes:
    """Give a workbook the program, and its formulas the spelling of Office.js.

    Parameters
    ----------
    source : Path or Book
        A recalculated .xlsx workbook.
    spill : iterable of str
        Cells, by name or address, whose formulas answer a block and are to spill. With any, the
        workbook is recalculated; otherwise every stored value is kept.

    Returns
    -------
    bytes
        The workbook; equal sources give equal bytes.

    Raises
    ------
    FileError
        The file is no workbook, has macros, or carries the task pane of an add-in already.
    RecalcError
        A formula has no stored value, or cannot spill.
    """
    book = source if isinstance(source, Book) else Book(Package(source))
    package, path = book.package, book.package.path
    refuse_macros(path, package)
    if any(part.startswith(_FOLDER) for part in package):
        raise FileError(
            f"{path}: carries the task pane of an add-in already; with xlwings Lite, add "
            f"{PROGRAM['main.py'].strip()!r} to its main.py and xlcredit to its requirements.txt"
        )
    _refuse_without_values(book)
    places = [_find(book, key) for key in spill]
    parts = respell(book, "lite", REGISTRY) | _task_pane(package)
    return _spilt(pack(package, parts), places) if places else pack(package, parts)


def refuse_macros(path: Path, package: Package | None = None) -> None:
    """Refuse a workbook with macros: Excel cannot save one that has a task pane's files, too."""
    parts = package or ()
    if path.suffix.lower() == ".xlsm" or any(p.endswith("vbaProject.bin") for p in parts):
        raise FileError(f"{path}: xlwings Lite needs a workbook without macros; save it as .xlsx")


def _refuse_without_values(book: Book) -> None:
    for place in [*book.formulas, *book.members]:
        if book.saved(place) is None:
            path = book.package.path
            raise RecalcError(
                f"{path}: {place} has no stored value; run: xlcredit recalc {path} -o NEW.xlsx"
            )


def _find(book: Book, key: str) -> Place:
    if place := book.find(key):
        return place
    raise RecalcError(f"{key}: is no cell of {book.package.path.name}; name one such as Debt!C4")


def _spilt(content: bytes, places: list[Place]) -> bytes:
    """Let formulas spill, and give all cells the values that they then have."""
    book = Book(Package(content))
    after = io.BytesIO()
    result = recalculate(pack(book.package, spilling(book, places)), after)
    for place in places:
        cell = a1(place.row, place.column)
        for fault in result.errors:
            if (fault.sheet, fault.cell) == (place.sheet, cell):
                raise RecalcError(f"{place}: cannot spill: {fault.code} {fault.reason}")
    return pack(Package(after.getvalue()), {})


# --- the task pane --------------------------------------------------------------------------


def _task_pane(package: Package) -> dict[str, bytes]:
    """Make the parts that open xlwings Lite with the workbook and hand it the program."""
    additions = Additions(package)
    extension, panes = f"{_FOLDER}webextension1.xml", f"{_FOLDER}taskpanes.xml"
    content = "application/vnd.ms-office.webextension"
    additions.add(extension, _extension(package), f"{content}+xml")
    key = additions.relate(panes, f"{_OFFICE}/2011/relationships/webextension", extension)
    additions.add(panes, _panes(key), f"{content}taskpanes+xml")
    additions.relate("", f"{_OFFICE}/2011/relationships/webextensiontaskpanes", panes)
    return additions.parts


def _extension(package: Package) -> str:
    # Not at random: the same workbook is to be the same file.
    source = hashlib.sha256(package.data).hexdigest()
    own = uuid.uuid5(uuid.NAMESPACE_OID, f"xlcredit extension {source}")
    book = uuid.uuid5(uuid.NAMESPACE_OID, f"xlcredit workbook {source}")
    properties = {
        **PROGRAM,
        "pyodideVersion": _PYODIDE,
        "xlwingsWorkbookId": str(book),
        "xlwingsSettingsWorkbook": json.dumps({"startupBehavior": "taskpane"}),
    }
    message = "".join(
        f'<we:property name="{escape(name)}" value="{escape(json.dumps(value))}"/>'
        for name, value in properties.items()
    )
    upper = _STORE_ID.upper()
    return (
        f'<we:webextension xmlns:we="{_OFFICE}/webextensions/webextension/2010/11" '
        f'id="{{{str(own).upper()}}}">'
        f'<we:reference id="{_STORE_ID}" version="1.0.0.0" store="en-US" storeType="OMEX"/>'
        f'<we:alternateReferences><we:reference id="{upper}" version="1.0.0.0" store="{upper}" '
        f'storeType="OMEX"/></we:alternateReferences>'
        f"<we:properties>{message}</we:properties><we:bindings/>"
        f'<we:snapshot xmlns:r="{_RELATIONS}"/></we:webextension>'
    )


def _panes(key: str) -> str:
    return (
        f'<wetp:taskpanes xmlns:wetp="{_OFFICE}/webextensions/taskpanes/2010/11">'
        '<wetp:taskpane dockstate="right" visibility="1" width="350" row="1">'
        f'<wetp:webextensionref xmlns:r="{_RELATIONS}" r:id="{key}"/>'
        "</wetp:taskpane></wetp:taskpanes>"
    )
