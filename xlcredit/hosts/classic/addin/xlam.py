"""Build the add-in for the Python that runs this, from the template that xlwings brings along.

The add-in must be made where it is used: it holds the path of the interpreter, and it names the
very version of xlwings' library. Of xlwings it takes what its BSD licence covers, the empty
add-in for custom functions; the modules in it are ours.

LibreOffice and olevba read what is built; it was not verified in a real Excel.
"""

from __future__ import annotations

import importlib.util
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from xml.sax.saxutils import escape

from xlcredit._version import __version__
from xlcredit.errors import FileError, HostError
from xlcredit.functions import REGISTRY
from xlcredit.hosts.classic import vba
from xlcredit.hosts.classic.addin import connection
from xlcredit.hosts.classic.addin.project import Module, VbaProject
from xlcredit.hosts.classic.intellisense import NAMESPACE, intellisense
from xlcredit.ooxml.package import Package, zipped

__all__ = ["PROJECT", "Settings", "build", "settings_here"]

#: Name of the VBA project: it may not be that of a module, whatever the case of its letters.
PROJECT = "XlcreditAddin"
_TEMPLATE = "quickstart_addin.xlam"
_VBA = "xl/vbaProject.bin"

_OPEN = """\
' Excel runs this when the add-in is loaded.
Private Sub Workbook_Open()
    XlcreditDescribe
End Sub
"""

_TYPES = "http://schemas.openxmlformats.org/officeDocument/2006"
_ITEM = f"{{{str(uuid.uuid5(uuid.NAMESPACE_URL, NAMESPACE)).upper()}}}"
_ITEM_PROPERTIES = (
    '<?xml version="1.0" encoding="UTF-8" standalone="no"?>'
    f'<ds:datastoreItem ds:itemID="{_ITEM}" xmlns:ds="{_TYPES}/customXml">'
    f'<ds:schemaRefs><ds:schemaRef ds:uri="{NAMESPACE}"/></ds:schemaRefs></ds:datastoreItem>'
)
_ITEM_RELATIONSHIP = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    f'<Relationship Id="rId1" Type="{_TYPES}/relationships/customXmlProps" '
    'Target="itemProps1.xml"/></Relationships>'
)


@dataclass(frozen=True)
class Settings:
    """What an add-in was built for."""

    interpreter: str
    """The Python that it starts."""
    libraries: str
    """The folder of xlwings' libraries."""
    xlcredit: str
    xlwings: str

    def rows(self) -> list[tuple[str, str]]:
        """The cells of the sheet that holds them: VBA reads the first two by their row."""
        return [
            ("Interpreter", self.interpreter),
            ("Libraries", self.libraries),
            ("xlcredit", self.xlcredit),
            ("xlwings", self.xlwings),
        ]

    @classmethod
    def from_rows(cls, rows: Mapping[str, str]) -> Settings:
        """Read the cells back; what is missing is empty."""
        keys = ("Interpreter", "Libraries", "xlcredit", "xlwings")
        return cls(*(rows.get(key, "") for key in keys))


def settings_here() -> Settings:
    """Tell what an add-in for this Python is built for.

    Raises
    ------
    HostError
        If xlwings is missing or, on Windows, installed without its libraries.
    """
    _xlwings()
    version = metadata.version("xlwings")
    python = Path(sys.executable)
    libraries = Path(sys.prefix)
    if sys.platform == "win32":
        silent = python.with_name("pythonw.exe")  # the other one opens a console
        python = silent if silent.exists() else python
        wanted = f"xlwings64-{version}.dll"
        places = [libraries, python.parent, python.parent.parent]
        found = [place for place in places if (place / wanted).exists()]
        if not found:
            raise HostError(
                f"{wanted} is not in {libraries}; install xlwings into this Python "
                "with pip, and not with --user"
            )
        libraries = found[0]
    return Settings(str(python), str(libraries), __version__, version)


def _xlwings() -> Path:
    """Find the installed xlwings, without importing it: it would look for a running Excel."""
    spec = importlib.util.find_spec("xlwings")
    if spec is None or spec.origin is None:
        what = '"xlcredit[excel]"' if sys.platform == "win32" else "xlwings"
        raise HostError(f"the add-in needs xlwings; install it with: pip install {what}")
    return Path(spec.origin).parent


def build(settings: Settings | None = None) -> bytes:
    """Build the add-in.

    Parameters
    ----------
    settings : Settings, optional
        What to build it for; this Python, if not given.

    Returns
    -------
    bytes
        Content of ``xlcredit.xlam``; the same for the same settings and versions.

    Raises
    ------
    HostError
        If xlwings is missing, or its template is not the one that is known here.
    """
    settings = settings or settings_here()
    template = _xlwings() / _TEMPLATE
    try:
        package = Package(template)
        parts = {name: package.read(name) for name in package}
        changed = _changed(parts, settings)
    except (FileError, ValueError, KeyError) as error:
        version = settings.xlwings
        raise HostError(f"xlwings {version}: its template cannot be used: {error}") from error
    parts = parts | changed
    # the content types stand first in every file that Excel writes
    order = sorted(parts, key=lambda name: (name != "[Content_Types].xml", name))
    return zipped({name: parts[name] for name in order})


def _changed(parts: Mapping[str, bytes], settings: Settings) -> dict[str, bytes]:
    """Give the parts that differ from the template's, and those it lacks."""
    types, relations = "[Content_Types].xml", "xl/_rels/workbook.xml.rels"
    workbook, core, sheet = "xl/workbook.xml", "docProps/core.xml", "xl/worksheets/sheet1.xml"
    item = (
        '<Override PartName="/customXml/itemProps1.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.customXmlProperties+xml"/>'
    )
    relation = (
        f'<Relationship Id="rIdHelp" Type="{_TYPES}/relationships/customXml" '
        'Target="../customXml/item1.xml"/>'
    )
    about = (
        f"<dc:title>xlcredit {settings.xlcredit}</dc:title>",
        "<dc:description>Credit mathematics for lenders against GPUs and coin</dc:description>",
    )
    named = _replace(parts[core], "<dc:title />", about[0])
    return {
        _VBA: _project(parts[_VBA]),
        workbook: _replace(parts[workbook], '"_myaddin.conf"', f'"{connection.SETTINGS}"'),
        sheet: _sheet(parts[sheet], settings),
        core: _replace(named, "<dc:description />", about[1]),
        types: _replace(parts[types], "</Types>", f"{item}</Types>"),
        relations: _replace(parts[relations], "</Relationships>", f"{relation}</Relationships>"),
        "customXml/item1.xml": intellisense(REGISTRY),
        "customXml/itemProps1.xml": _ITEM_PROPERTIES.encode(),
        "customXml/_rels/item1.xml.rels": _ITEM_RELATIONSHIP.encode(),
    }


def _project(binary: bytes) -> bytes:
    """Put our modules in the place of xlwings'."""
    project = VbaProject(binary)
    project.name = PROJECT
    server = connection.connection(project.modules["xlwings"].text)
    project.modules = {n: m for n, m in project.modules.items() if m.kind == "Document"}
    workbook = project.modules["ThisWorkbook"]
    workbook.text = workbook.text.rstrip() + "\r\n" + _OPEN.replace("\n", "\r\n")
    project.modules[vba.MODULE] = Module("Module", vba.vba_module(REGISTRY))
    project.modules[connection.MODULE] = Module("Module", server)
    return project.to_bytes()


def _sheet(xml: bytes, settings: Settings) -> bytes:
    """Fill the sheet that VBA reads the settings from."""
    start, end = xml.index(b"<sheetData>"), xml.index(b"</sheetData>")
    rows = "".join(
        f'<row r="{n}">{_cell(f"A{n}", key)}{_cell(f"B{n}", value)}</row>'
        for n, (key, value) in enumerate(settings.rows(), 1)
    )
    filled = xml[:start] + b"<sheetData>" + rows.encode() + xml[end:]
    return _replace(filled, '<dimension ref="A1:B13" />', '<dimension ref="A1:B4"/>')


def _cell(reference: str, text: str) -> str:
    return f'<c r="{reference}" t="inlineStr"><is><t>{escape(text)}</t></is></c>'


def _replace(xml: bytes, old: str, new: str) -> bytes:
    """Replace what must be there once."""
    before, found, after = xml.partition(old.encode())
    if not found or old.encode() in after:
        raise ValueError(f"it does not hold {old} once")
    return before + new.encode() + after
