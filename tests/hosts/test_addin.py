"""The add-in: its container and compression, what readers find in it, and its installation."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import warnings
import zipfile
from contextlib import suppress
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from xml.etree import ElementTree

import olefile
import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook
from typer.testing import CliRunner, Result

from xlcredit.cli import app
from xlcredit.errors import HostError
from xlcredit.functions import REGISTRY
from xlcredit.hosts.classic import addin, vba
from xlcredit.hosts.classic.addin import cfb, ovba, startup, xlam
from xlcredit.hosts.classic.addin.connection import MODULE, connection
from xlcredit.hosts.classic.addin.project import VbaProject
from xlcredit.hosts.classic.addin.xlam import PROJECT

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it is written for an older pyparsing
    from oletools.olevba import VBA_Parser, decompress_stream

PROBE = Path(__file__).with_name("xlam_in_libreoffice.py")
DEBIAN_PYTHON = "/usr/bin/python3"
ODD = addin.Settings(r"C:\Jürgen & Łukasz\<py>\pythonw.exe", r"C:\鈴木\venv", "1.2.3", "0.37.8")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("addin") / "xlcredit.xlam"
    file.write_bytes(addin.build())
    return file


def parts(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


# --- compression ----------------------------------------------------------------------------

#: The examples of MS-OVBA, 3.2.
PUBLISHED = {
    b"abcdefghijklmnopqrstuv.": "0119b0006162636465666768"
    + "00696a6b6c6d6e6f70"
    + "007172737475762e",
    b"#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa": "012fb0002361616162636465"
    "82660070616768696a013808616b6c00306d6e6f7006710270041072737475761077787" + "97a003c",
    b"a" * 73: "0103b002614500",
}


@pytest.mark.parametrize("text", PUBLISHED, ids=len)
def test_compression_of_the_published_examples(text: bytes) -> None:
    published = bytes.fromhex(PUBLISHED[text])
    assert ovba.decompress(published) == text
    # of matches of one length, any will do
    assert len(ovba.compress(text)) == len(published)


SOURCE = st.lists(
    st.sampled_from([b"Public Function ", b"End Function\r\n", b"XLC_", b"a" * 99, b"\r\n", b"'"])
    | st.binary(max_size=9),
    max_size=400,
).map(b"".join)


@given(SOURCE)
def test_compression_comes_back_and_olevba_agrees(source: bytes) -> None:
    packed = ovba.compress(source)
    assert ovba.decompress(packed) == source
    assert bytes(decompress_stream(bytearray(packed))) == source


@given(st.integers(0, 3), st.integers(3600, 4096), st.randoms(use_true_random=False))
def test_noise_comes_back_as_the_format_allows(chunks: int, rest: int, random) -> None:
    noise = random.randbytes(chunks * 4096 + rest)
    back = ovba.decompress(ovba.compress(noise))
    assert back.rstrip(b"\0") == noise.rstrip(b"\0")
    assert len(back) - len(noise) <= 4096 - 3600


def test_a_module_shrinks_at_least_as_the_one_that_excel_packed() -> None:
    theirs = VbaProject(template_part("xl/vbaProject.bin")).modules["xlwings"].text
    with olefile.OleFileIO(io.BytesIO(template_part("xl/vbaProject.bin"))) as ole:
        packed = ole.openstream("VBA/xlwings").read()
    ours = ovba.compress(theirs.encode("cp1252"))
    assert ovba.decompress(ours) == ovba.decompress(packed)
    assert len(ours) <= len(packed)


@given(st.binary(max_size=60))
def test_what_is_not_compressed_is_refused(noise: bytes) -> None:
    for data in (noise, b"\x01" + noise, ovba.compress(noise)[:-1]):
        with suppress(ValueError):
            ovba.decompress(data)


# --- container ------------------------------------------------------------------------------

NAME = st.text("abcXYZ_Ж1", min_size=1, max_size=12)
PATHS = st.lists(NAME, min_size=1, max_size=3).map("/".join)


def is_a_tree(paths: dict[str, bytes]) -> bool:
    """No stream is a storage as well."""
    return not {str(folder) for path in paths for folder in PurePosixPath(path).parents} & set(
        paths
    )


#: Names differ in more than case, as those of files do on Windows.
STREAMS = st.dictionaries(
    PATHS.map(str.upper), st.integers(0, 9000).map(lambda n: bytes(i % 251 for i in range(n)))
).filter(is_a_tree)


@given(STREAMS)
def test_a_container_comes_back_and_olefile_agrees(streams: dict[str, bytes]) -> None:
    data = cfb.write(streams)
    assert cfb.read(data) == streams
    with olefile.OleFileIO(io.BytesIO(data), raise_defects=olefile.DEFECT_UNSURE) as ole:
        assert {"/".join(p): ole.openstream(p).read() for p in ole.listdir()} == streams


@given(STREAMS)
def test_every_name_is_found_by_its_order(streams: dict[str, bytes]) -> None:
    """Windows looks names up in the tree; shorter ones stand to the left, whatever they say."""
    with olefile.OleFileIO(io.BytesIO(cfb.write(streams))) as ole:
        entries = ole.direntries
        for path in streams:
            storage = entries[0]
            for name in path.split("/"):
                entry = entries[storage.sid_child]
                while entry.name != name:
                    wanted, here = ((len(n), n.upper()) for n in (name, entry.name))
                    entry = entries[entry.sid_left if wanted < here else entry.sid_right]
                storage = entry


@pytest.mark.parametrize("size", [63, 64, 65, 4095, 4096, 4097, 65536, 3_000_000])
def test_sizes_about_the_edges_of_sectors(size: int) -> None:
    streams = {"a": b"x" * size, "VBA/b": b"y" * size, "VBA/empty": b""}
    data = cfb.write(streams)
    assert cfb.read(data) == streams
    with olefile.OleFileIO(io.BytesIO(data), raise_defects=olefile.DEFECT_UNSURE) as ole:
        assert ole.openstream("VBA/b").read() == streams["VBA/b"]


def test_a_container_of_large_sectors_is_read() -> None:
    """Version 4 is what other programs write: sectors of 4096 bytes."""
    header = struct.pack(
        "<8s16x5H6x9I", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 4, 0xFFFE, 12, 6,
        1, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0,
    )  # fmt: skip
    header = (header + struct.pack("<109I", 0, *[0xFFFFFFFF] * 108)).ljust(4096, b"\0")
    end, free, none = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFF
    table = struct.pack("<1024I", 0xFFFFFFFD, end, 3, end, *[free] * 1020)
    entries = [("Root Entry", 5, 1, end, 0), ("s", 2, none, 2, 5000)]
    directory = b"".join(
        struct.pack(
            "<64sHBB3I16x4x16xIQ", n.encode("utf-16-le"), len(n) * 2 + 2, k, 1, none, none, c, s, z
        )
        for n, k, c, s, z in entries
    ).ljust(4096, b"\0")
    content = bytes(i % 251 for i in range(5000))
    assert cfb.read(header + table + directory + content.ljust(8192, b"\0")) == {"s": content}


@given(st.data())
def test_damage_is_a_value_error(data: st.DataObject) -> None:
    binary = bytearray(DAMAGED)
    for _ in range(data.draw(st.integers(1, 4))):
        binary[data.draw(st.integers(0, len(binary) - 1))] = data.draw(st.integers(0, 255))
    del binary[data.draw(st.integers(1, len(binary))) :]
    with suppress(ValueError):
        VbaProject(bytes(binary))


def template_part(name: str) -> bytes:
    template = xlam._xlwings() / "quickstart_addin.xlam"
    return parts(template.read_bytes())[name]


DAMAGED = template_part("xl/vbaProject.bin")


# --- the project ----------------------------------------------------------------------------


def test_a_project_written_unchanged_is_the_same_project() -> None:
    before = VbaProject(DAMAGED)
    after = VbaProject(before.to_bytes())
    assert (after.name, after.modules) == (before.name, before.modules)
    assert before.name == "MyAddin"


def test_olevba_reads_our_modules_and_none_of_xlwings(built: Path) -> None:
    parser = VBA_Parser(str(built))
    read = {name: code for _, _, name, code in parser.extract_macros()}
    parser.close()
    assert set(read) == {"ThisWorkbook.cls", "Sheet2.cls", "XLCREDIT.bas", "XlcreditServer.bas"}
    code = read["XLCREDIT.bas"].splitlines()
    assert code == vba.vba_module(REGISTRY).splitlines()
    assert "Private Sub Workbook_Open()" in read["ThisWorkbook.cls"]
    assert "xlwings64-" in read["XlcreditServer.bas"]


def test_olefile_finds_no_fault_in_the_project(built: Path) -> None:
    binary = parts(built.read_bytes())["xl/vbaProject.bin"]
    with olefile.OleFileIO(io.BytesIO(binary), raise_defects=olefile.DEFECT_UNSURE) as ole:
        assert not ole.parsing_issues
        lines = ole.openstream("PROJECT").read().decode().split("\r\n")
        names = ole.openstream("PROJECTwm").read()
        assert ole.openstream("VBA/_VBA_PROJECT").read() == bytes.fromhex("cc61ffff000100")
    assert f'Name="{PROJECT}"' in lines
    declared = [line for line in lines if line.startswith(("Module=", "Class=", "Document="))]
    assert declared == [
        "Document=ThisWorkbook/&H00000000",
        "Document=Sheet2/&H00000000",
        "Module=XLCREDIT",
        "Module=XlcreditServer",
    ]
    assert "XlcreditServer".encode("utf-16-le") in names


def test_vba_can_tell_all_names_apart(built: Path) -> None:
    """A project may not be called as a module, nor a module as a procedure."""
    project = VbaProject(parts(built.read_bytes())["xl/vbaProject.bin"])
    declaration = r"(?:Public |Private )?(?:Function|Sub) (\w+)\("
    procedures = {
        name: [p.lower() for p in re.findall(rf"(?m)^{declaration}", module.text)]
        for name, module in project.modules.items()
    }
    everywhere = [name for names in procedures.values() for name in names]
    assert len(everywhere) == len(set(everywhere)) > len(REGISTRY)
    names = [project.name.lower(), *(name.lower() for name in procedures)]
    assert len(names) == len(set(names))
    assert not set(names) & set(everywhere)
    assert {"xlpy", "killpy"} <= set(procedures[MODULE])
    assert "xlcreditdescribe" in procedures[vba.MODULE]


def test_no_workbook_can_choose_what_is_started(built: Path) -> None:
    project = VbaProject(parts(built.read_bytes())["xl/vbaProject.bin"])
    for module in project.modules.values():
        assert "ActiveWorkbook" not in module.text
        assert "Environ" not in module.text
    server = project.modules[MODULE].text
    assert 'ThisWorkbook.Worksheets("xlcredit.conf")' in server
    assert "Option Private Module" in server  # its functions are not for cells


def test_xlwings_that_calls_its_library_otherwise_is_refused() -> None:
    theirs = VbaProject(DAMAGED).modules["xlwings"].text
    assert 'Lib "xlwings32-' in connection(theirs)
    with pytest.raises(HostError, match=r"^the installed xlwings calls its library .*xlcredit$"):
        connection(theirs.replace("ByVal mode As Long", "ByVal mode As Integer"))


# --- the file -------------------------------------------------------------------------------


def test_every_part_has_a_type_and_every_relationship_a_target(built: Path) -> None:
    content = parts(built.read_bytes())
    assert next(iter(content)) == "[Content_Types].xml"
    roots = {
        n: ElementTree.fromstring(b) for n, b in content.items() if n.endswith((".xml", ".rels"))
    }
    types = roots["[Content_Types].xml"]
    overrides = {e.get("PartName"): e.get("ContentType") for e in types if e.get("PartName")}
    defaults = {e.get("Extension") for e in types if e.get("Extension")}
    assert overrides["/xl/workbook.xml"] == "application/vnd.ms-excel.addin.macroEnabled.main+xml"
    assert {name.removeprefix("/") for name in overrides} <= set(content)
    for name in content:
        assert f"/{name}" in overrides or name.rpartition(".")[2] in defaults
    for name, root in roots.items():
        if name.endswith(".rels"):
            folder = PurePosixPath(name).parent.parent
            ids = [relation.get("Id") for relation in root]
            assert len(ids) == len(set(ids))
            for relation in root:
                target = (Path("/") / folder / str(relation.get("Target"))).resolve()
                assert str(target)[1:] in content, (name, target)


def test_the_settings_survive_in_any_script() -> None:
    """Calamine reads them; it has nothing in common with what wrote them."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(addin.build(ODD)))
    assert book.sheet_names == ["xlcredit.conf"]
    assert book.get_sheet_by_index(0).to_python() == [list(row) for row in ODD.rows()]
    assert addin.Settings.from_rows(dict(ODD.rows())) == ODD


def test_the_same_settings_give_the_same_file(built: Path) -> None:
    assert addin.build() == built.read_bytes()
    assert addin.build(ODD) != built.read_bytes()


@pytest.mark.libreoffice
def test_libreoffice_reads_the_add_in(built: Path) -> None:
    if shutil.which("soffice") is None or not Path(DEBIAN_PYTHON).exists():
        pytest.skip("LibreOffice and Debian's python3-uno are needed")
    command = [DEBIAN_PYTHON, str(PROBE), str(built)]
    told = subprocess.run(command, capture_output=True, check=True, text=True, timeout=120)
    found = json.loads(told.stdout)
    assert PROJECT in found["libraries"]
    assert set(found["modules"]) == {"ThisWorkbook", "Sheet2", "XLCREDIT", "XlcreditServer"}
    for name in REGISTRY:
        assert f"Public Function {name}(" in found["modules"]["XLCREDIT"]
    assert found["sheet"] == "xlcredit.conf"
    assert found["cells"] == [list(row) for row in addin.settings_here().rows()]
    assert found["title"].startswith("xlcredit ")


# --- for which Python -----------------------------------------------------------------------


def test_on_windows_the_silent_python_and_the_folder_of_the_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts = tmp_path / "Scripts"
    scripts.mkdir()
    here = SimpleNamespace(
        platform="win32", executable=str(scripts / "python.exe"), prefix=str(tmp_path)
    )
    monkeypatch.setattr(xlam, "sys", here)
    with pytest.raises(HostError, match=r"^xlwings64-[\d.]+dll is not in .*not with --user$"):
        addin.settings_here()
    version = xlam.metadata.version("xlwings")
    (tmp_path / f"xlwings64-{version}.dll").touch()
    (scripts / "pythonw.exe").touch()
    settings = addin.settings_here()
    assert settings.interpreter == str(scripts / "pythonw.exe")
    assert settings.libraries == str(tmp_path)


def test_without_xlwings_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlam.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(HostError, match=r"^the add-in needs xlwings; install it with: pip install"):
        addin.build()


@pytest.mark.parametrize(
    "change",
    [
        {"xl/workbook.xml": b"<workbook/>"},
        {"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"},
        {"xl/worksheets/sheet1.xml": b"<worksheet/>"},
        {},
    ],
)
def test_another_template_is_refused(
    change: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = xlam._xlwings() / "quickstart_addin.xlam"
    content = parts(template.read_bytes()) | change if change else {}
    with zipfile.ZipFile(tmp_path / "quickstart_addin.xlam", "w") as archive:
        for name, part in content.items():
            archive.writestr(name, part)
    monkeypatch.setattr(xlam, "_xlwings", lambda: tmp_path)
    with pytest.raises(HostError, match=r"^xlwings [\d.]+: its template cannot be used: [^\n]+$"):
        addin.build()


# --- installation ---------------------------------------------------------------------------


def test_install_and_remove_say_what_changed_and_leave_nothing(tmp_path: Path, built: Path) -> None:
    folder, content = tmp_path / "Excel" / "XLSTART", built.read_bytes()
    file = folder / "xlcredit.xlam"
    assert addin.install(content, folder) == (file, True)
    assert addin.install(content, folder) == (file, False)
    assert addin.install(content + b"newer", folder) == (file, True)
    assert file.read_bytes() == content + b"newer"
    assert [p.name for p in folder.iterdir()] == ["xlcredit.xlam"]
    assert addin.remove(folder) == (file, True)
    assert addin.remove(folder) == (file, False)
    assert list(folder.iterdir()) == []


def test_while_excel_holds_the_file_the_old_one_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    addin.install(b"old", tmp_path)

    def held(*_: object, **__: object) -> None:
        raise PermissionError(13, "used by another process")

    monkeypatch.setattr(os, "replace", held)
    with pytest.raises(HostError, match=r"xlcredit\.xlam: cannot be changed; close Excel and try"):
        addin.install(b"new", tmp_path)
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("xlcredit.xlam", b"old")]
    monkeypatch.setattr(Path, "unlink", held)
    with pytest.raises(HostError, match="close Excel"):
        addin.remove(tmp_path)


def test_the_folder_cannot_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(HostError, match="cannot be used"):
        addin.install(b"", tmp_path / "file")


def test_excel_s_startup_folder() -> None:
    windows = {"APPDATA": "/home/a", "ProgramFiles": "/programs"}
    own = Path("/home/a/Microsoft/Excel/XLSTART")
    assert addin.startup_folder(windows, "win32") == own
    assert addin.startup_folders(windows, "win32") == [
        own,
        Path("/home/a/Microsoft/AddIns"),
        Path("/programs/Microsoft Office/root/Office16/XLSTART"),
    ]
    with pytest.raises(HostError, match="runs in Excel on Windows"):
        startup.startup_folder({}, "darwin")
    with pytest.raises(HostError, match="--folder"):
        startup.startup_folder({}, "win32")


def run(*words: object) -> Result:
    return CliRunner().invoke(app, ["excel", *map(str, words)])


def test_the_commands(tmp_path: Path) -> None:
    folder, file = tmp_path / "XLSTART", tmp_path / "x.xlam"
    assert run("build", "-o", file).exit_code == 0
    assert "installed: " in run("install", "--folder", folder).stdout
    assert file.read_bytes() == (folder / "xlcredit.xlam").read_bytes()
    assert "up to date" in run("install", "--folder", folder).stdout
    examined = run("doctor", "--folder", folder)
    assert examined.exit_code == 0
    assert examined.stdout.startswith("nothing to do\n")
    assert "removed: " in run("remove", "--folder", folder).stdout
    assert "not installed" in run("remove", "--folder", folder).stdout
    file.write_bytes(b"mine")
    assert "--force" in str(run("build", "-o", file).exception)
    assert "ends in .xlam" in str(run("build", "-o", tmp_path / "x.xlsx").exception)
    assert file.read_bytes() == b"mine"
    assert run("build", "-o", file, "--force").exit_code == 0


@pytest.mark.skipif(sys.platform == "win32", reason="there it installs")
def test_elsewhere_install_says_what_to_do_instead() -> None:
    program = "from xlcredit.cli import main; main()"
    command = [sys.executable, "-W", "error", "-c", program, "excel", "install"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert "xlcredit excel build -o xlcredit.xlam" in line
