"""The Calc add-in as a LibreOffice extension: everything in it is written from the registry.

==================== ==========================================================
META-INF/manifest    what LibreOffice has to register
description.xml      name, version, the LibreOffice that it needs
CalcAddIns.xcu       the functions as Calc lists them: names, help, arguments
xlcredit.rdb         the functions as UNO sees them
xlcredit.components  which Python file implements them
xlcredit_addin.py    that file; it finds the xlcredit that is installed here
xlcredit.json        where to find it
pythonpath/          what the file needs before it has found it
==================== ==========================================================
"""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from xlcredit._version import __version__
from xlcredit.functions import REGISTRY, Function
from xlcredit.hosts.libreoffice.calc import WHY
from xlcredit.hosts.libreoffice.typelibrary import Method, type_library
from xlcredit.ooxml.package import zipped
from xlcredit.worksheet.explain import Argument, manual

__all__ = ["FIGURES", "IDENTIFIER", "OLDEST", "contents", "extension", "unpack"]

IDENTIFIER = "org.xlcredit.calc"
#: Older ones do not know an add-in's functions by their Excel names in an .xlsx file.
OLDEST = (25, 2)

_INTERFACE = "org.xlcredit.calc.XFunctions"
_IMPLEMENTATION = "org.xlcredit.calc.Functions"
#: An .ods file holds a call as SERVICE.METHOD: neither may ever be renamed.
_SERVICE = "xlcredit"
#: What the add-in imports, wherever it is that LibreOffice's own Python has to look for it.
_PACKAGES = ("xlcredit", "numpy", "docstring_parser")
#: Kinds of results that are figures, at most with their names beside them (the measure all).
FIGURES = frozenset(("number", "number or range", "number or series", "schedule", "grid"))
_HERE = Path(__file__).parent

_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'

_MANIFEST = """\
<manifest:manifest xmlns:manifest="http://openoffice.org/2001/manifest">
{entries}
</manifest:manifest>
"""
#: Components are registered passively, by a file that names them: LibreOffice would import an
#: active one while it installs it, before it knows the type library.
_REGISTERED = {
    "xlcredit.rdb": "uno-typelibrary;type=RDB",
    "CalcAddIns.xcu": "configuration-data",
    "xlcredit.components": "uno-components",
}

_DESCRIPTION = f"""\
<description xmlns="http://openoffice.org/extensions/description/2006"
  xmlns:xlink="http://www.w3.org/1999/xlink">
<identifier value="{IDENTIFIER}"/>
<version value="{__version__}"/>
<display-name><name lang="en">xlcredit</name></display-name>
<publisher><name lang="en" xlink:href="https://github.com/xlcredit/xlcredit">xlcredit</name></publisher>
<dependencies>
<LibreOffice-minimal-version value="{OLDEST[0]}.{OLDEST[1]}" name="LibreOffice {OLDEST[0]}.{OLDEST[1]}"
  xmlns="http://libreoffice.org/extensions/description/2011"/>
</dependencies>
</description>
"""  # noqa: E501

_COMPONENTS = f"""\
<components xmlns="http://openoffice.org/2010/uno-components">
<component loader="com.sun.star.loader.Python" uri="xlcredit_addin.py">
<implementation name="{_IMPLEMENTATION}"><service name="{_SERVICE}"/></implementation>
</component>
</components>
"""

_ADD_INS = f"""\
<oor:component-data xmlns:oor="http://openoffice.org/2001/registry"
  xmlns:xs="http://www.w3.org/2001/XMLSchema"
  oor:name="CalcAddIns" oor:package="org.openoffice.Office">
<node oor:name="AddInInfo">
<node oor:name="{_SERVICE}" oor:op="replace">
<node oor:name="AddInFunctions">
{{functions}}
</node>
</node>
</node>
</oor:component-data>
"""


def extension() -> bytes:
    """Build the extension for the Python that runs this.

    Returns
    -------
    bytes
        Content of an ``.oxt`` file; the same for the same version and place.
    """
    return zipped(contents())


def unpack(folder: Path) -> Path:
    """Write the extension as a folder, as LibreOffice finds it in ``BUNDLED_EXTENSIONS``.

    Parameters
    ----------
    folder : Path
        Folder of extensions; this one becomes ``folder/xlcredit``.

    Returns
    -------
    Path
        The folder of extensions.
    """
    for name, content in contents().items():
        target = folder / "xlcredit" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return folder


def contents() -> dict[str, bytes]:
    """Give the files of the extension by name."""
    texts = {
        "META-INF/manifest.xml": _XML + _MANIFEST.format(entries="\n".join(_entries())),
        "description.xml": _XML + _DESCRIPTION,
        "CalcAddIns.xcu": _XML + _ADD_INS.format(functions="\n".join(map(_wizard, _functions()))),
        "xlcredit.components": _XML + _COMPONENTS,
        "xlcredit_addin.py": (_HERE / "_addin.py").read_text("utf-8"),
        "pythonpath/xlcredit_trace.py": (_HERE / "_trace.py").read_text("utf-8"),
        "xlcredit.json": json.dumps(_whereabouts(), indent=1),
    }
    library = type_library(_INTERFACE, list(map(_method, _functions())))
    return {name: text.encode() for name, text in texts.items()} | {"xlcredit.rdb": library}


def _functions() -> Iterable[Function]:
    return REGISTRY.values()


def _entries() -> Iterable[str]:
    kind = "application/vnd.sun.star."
    for name, media in _REGISTERED.items():
        path = f"manifest:full-path={quoteattr(name)}"
        yield f"<manifest:file-entry {path} manifest:media-type={quoteattr(kind + media)}/>"


def _method(function: Function) -> Method:
    """Describe a function to UNO: anything in; rows out, or anything where text may be.

    Calc takes rows of anything as they are, but compares no text in them: it is a string to look
    at that equals none. What is declared as ``any`` says itself what it is, see ``_addin.py``.

    ``XLC_WHY`` takes the cell itself, not its value: Calc would not call it with an error. The
    document, which it needs to read the cell's formula, is an argument that Calc fills in.
    """
    parameters = [(p.name, "any") for p in function.parameters]
    if function.name == WHY:
        document = ("document", "com.sun.star.beans.XPropertySet")
        parameters = [document, ("cell", "com.sun.star.table.XCellRange")]
    return Method(function.name, _result(function), tuple(parameters))


def _result(function: Function) -> str:
    return "[][]any" if function.result in FIGURES else "any"


def _wizard(function: Function) -> str:
    """One function as Calc's wizard shows it. The compatibility name is what .xlsx files hold."""
    page = manual(function)
    summary = f"{page.summary} [{page.unit}]" if page.unit else page.summary
    parameters = "".join(map(_parameter, page.parameters))
    return (
        f'<node oor:name="{function.name}" oor:op="replace">\n'
        f"{_text('DisplayName', function.name)}\n{_text('Description', summary)}\n"
        f"{_text('CompatibilityName', function.name)}\n"
        f'<prop oor:name="Category"><value>Financial</value></prop>\n'
        f'<node oor:name="Parameters">{parameters}\n</node>\n</node>'
    )


def _parameter(argument: Argument) -> str:
    message = argument.meaning
    if not argument.required and "not given" not in message:
        message += " Optional."
    if argument.unit:
        message += f" [{argument.unit}]"
    return (
        f'\n<node oor:name="{argument.name}" oor:op="replace">'
        f"{_text('DisplayName', argument.name)}{_text('Description', message)}</node>"
    )


def _text(name: str, text: str) -> str:
    """One language only: a name is the same in all, and LibreOffice falls back to English."""
    return f'<prop oor:name="{name}"><value xml:lang="en">{escape(text)}</value></prop>'


def _whereabouts() -> dict[str, object]:
    """Where xlcredit is: for a Python like this one to import it, or to run this one."""
    found = (importlib.util.find_spec(name) for name in _PACKAGES)
    folders = [str(Path(spec.origin).parent.parent) for spec in found if spec and spec.origin]
    return {
        "version": __version__,
        "python": sys.executable,
        "same": [sys.implementation.cache_tag, sys.platform, sys.maxsize],
        "paths": list(dict.fromkeys(folders)),
        "functions": {f.name: _result(f) for f in _functions()},
    }
