"""The extension as a file: what is in it says the same as the registry, in every part."""

from __future__ import annotations

import io
import json
import marshal
import math
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from xlcredit._version import __version__
from xlcredit.errors import CODES, CellError
from xlcredit.functions import REGISTRY
from xlcredit.hosts.libreoffice.calc import ERROR_NUMBERS, answer, from_calc, to_calc
from xlcredit.hosts.libreoffice.package import IDENTIFIER, contents, extension
from xlcredit.hosts.libreoffice.typelibrary import Method, type_library

OOR = "{http://openoffice.org/2001/registry}"


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return contents()


class Library:
    """A reader of the binary form, written from the reader in LibreOffice."""

    def __init__(self, content: bytes) -> None:
        assert content[:8] == b"UNOIDL\xff\x00"
        self.content = content

    def number(self, at: int) -> int:
        return int(struct.unpack_from("<I", self.content, at)[0])

    def text(self, at: int) -> tuple[str, int]:
        end = at + 4 + self.number(at)
        return self.content[at + 4 : end].decode(), end

    def entry(self, at: int) -> tuple[str, int]:
        name = self.number(at)
        return self.content[name : self.content.index(0, name)].decode(), self.number(at + 4)

    def interface(self) -> tuple[str, list[Method]]:
        assert self.number(12) == 1
        name, at = self.entry(self.number(8))
        while self.content[at] == 0:
            assert self.number(at + 1) == 1
            inner, at = self.entry(at + 5)
            name += "." + inner
        assert self.content[at] == 5
        base, at = self.text(at + 5)
        assert base == "com.sun.star.uno.XInterface"
        assert self.number(at) == self.number(at + 4) == 0
        count, at = self.number(at + 8), at + 12
        methods = []
        for _ in range(count):
            method, at = self.method(at)
            methods.append(method)
        return name, methods

    def method(self, at: int) -> tuple[Method, int]:
        name, at = self.text(at)
        result, at = self.text(at)
        count, at = self.number(at), at + 4
        parameters = []
        for _ in range(count):
            assert self.content[at] == 0
            parameter, at = self.text(at + 1)
            kind, at = self.text(at)
            parameters.append((parameter, kind))
        assert self.number(at) == 0
        return Method(name, result, tuple(parameters)), at + 4


def test_the_type_library_reads_back() -> None:
    methods = [Method("XLC_A", "[][]any", (("x", "any"), ("y", "any"))), Method("XLC_B", "any", ())]
    assert Library(type_library("org.a.XB", methods)).interface() == ("org.a.XB", methods)


def test_the_type_library_holds_every_function(files: dict[str, bytes]) -> None:
    name, methods = Library(files["xlcredit.rdb"]).interface()
    assert name == "org.xlcredit.calc.XFunctions"
    assert [m.name for m in methods] == list(REGISTRY)
    kinds = {m.name: m.result for m in methods}
    assert kinds == json.loads(files["xlcredit.json"])["functions"]
    # what a cell may be compared with must be declared by each answer itself
    assert {kinds[n] for n in ("XLC_COVENANT", "XLC_REPAYMENT", "XLC_GPU", "XLC_WHY")} == {"any"}
    assert {kinds[n] for n in ("XLC_DSCR", "XLC_SCULPT", "XLC_SIM_GRID")} == {"[][]any"}
    for method in methods:
        names = [n for n, kind in method.parameters if kind != "com.sun.star.beans.XPropertySet"]
        assert names == [p.name for p in REGISTRY[method.name].parameters]


def test_the_configuration_names_every_function(files: dict[str, bytes]) -> None:
    """In every language listed, the name in .xlsx files is the registry's."""
    root = ElementTree.fromstring(files["CalcAddIns.xcu"])
    listed = root.find(f".//node[@{OOR}name='AddInFunctions']")
    assert listed is not None
    assert [n.get(f"{OOR}name") for n in listed] == list(REGISTRY)
    for node in listed:
        for prop in ("DisplayName", "CompatibilityName"):
            values = node.findall(f"prop[@{OOR}name='{prop}']/value")
            assert values
            assert {value.text for value in values} == {node.get(f"{OOR}name")}


def test_every_file_of_the_manifest_is_there(files: dict[str, bytes]) -> None:
    space = "{http://openoffice.org/2001/manifest}"
    root = ElementTree.fromstring(files["META-INF/manifest.xml"])
    named = {e.get(f"{space}full-path") for e in root}
    assert named == {"xlcredit.rdb", "CalcAddIns.xcu", "xlcredit.components"} <= set(files)
    assert b'uri="xlcredit_addin.py"' in files["xlcredit.components"]
    assert IDENTIFIER.encode() in files["description.xml"]
    for name in ("description.xml", "xlcredit.components"):
        ElementTree.fromstring(files[name])


def test_the_extension_is_the_same_each_time() -> None:
    first = extension()
    assert first == extension()
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert archive.testzip() is None
        assert {n: archive.read(n) for n in archive.namelist()} == contents()


def test_the_note_leads_to_this_xlcredit(files: dict[str, bytes]) -> None:
    note = json.loads(files["xlcredit.json"])
    assert note["version"] == __version__
    assert Path(note["python"]) == Path(sys.executable)
    for package in ("xlcredit", "numpy", "docstring_parser"):
        assert any((Path(p) / package / "__init__.py").is_file() for p in note["paths"])


def test_what_runs_in_libreoffice_is_plain_python(files: dict[str, bytes]) -> None:
    """LibreOffice brings a Python of its own, which may be older than ours."""
    import ast

    for name in ("xlcredit_addin.py", "pythonpath/xlcredit_trace.py"):
        ast.parse(files[name], feature_version=(3, 9))


# --- values ---------------------------------------------------------------------------------


@pytest.mark.parametrize("code", CODES)
def test_an_error_is_a_nan_with_its_number(code: str) -> None:
    ((nan,),) = to_calc(CellError(code))
    assert isinstance(nan, float)
    assert math.isnan(nan)
    bits = struct.unpack("<Q", struct.pack("<d", nan))[0]
    assert bits == 0x7FF8_0000_0000_0000 | ERROR_NUMBERS[code]
    assert from_calc(((nan, 1.0),)) == [[CellError(code), 1.0]]


def test_no_integer_leaves() -> None:
    """One beyond 64 bits would break Calc's bridge to Python until a restart."""
    for rows in (to_calc(2**70), to_calc(True), to_calc([[1, True], [2**40, "a"]])):
        assert {type(cell) for row in rows for cell in row} <= {float, str}


def test_an_answer_never_raises() -> None:
    for name, raw in (("XLC_NEW", ()), ("XLC_RENT", ("a",)), ("XLC_RENT", (1.0,) * 9)):
        ((cell,),) = answer(name, raw)
        assert math.isnan(cell)  # type: ignore[arg-type]


def test_the_other_process_answers_over_a_pipe() -> None:
    """Errors keep their bits, and nothing that a library prints gets between the answers."""
    questions: list[tuple[str, Any]] = [
        ("XLC_RENT", (2.5, 0.3, ((0.0,), (12.0,)))),
        ("XLC_RENT", (2.5, 1.5, 0.0)),
    ]
    sent = [marshal.dumps(q, 2) for q in questions]
    done = subprocess.run(
        [sys.executable, "-m", "xlcredit.hosts.libreoffice.child"],
        input=b"".join(struct.pack("<I", len(s)) + s for s in sent),
        capture_output=True,
        check=True,
    )
    out, answers = io.BytesIO(done.stdout), []
    while head := out.read(4):
        answers.append(marshal.loads(out.read(*struct.unpack("<I", head))))
    assert answers[0] == ((2.5,), (1.75,))
    assert from_calc(answers[1]) == [[CellError("#NUM!")]]
