"""Opening files that are no workbooks, and copying those that are."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import msoffcrypto
import openpyxl
import pytest
from msoffcrypto.format.ooxml import OOXMLFile

from xlcredit.errors import FileError
from xlcredit.ooxml.package import Package
from xlcredit.recalc import recalculate

from .conftest import Make, edit_part, parts


def _zip(path: Path, content: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return path


def _refused(path: Path) -> str:
    with pytest.raises(FileError) as caught:
        recalculate(path, path.with_name("out.xlsx"), functions={})
    assert not path.with_name("out.xlsx").exists()
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    return message


def test_no_file_and_no_workbook(tmp_path: Path) -> None:
    assert "no such file" in _refused(tmp_path / "none.xlsx")
    assert "is a folder" in _refused(tmp_path)
    (tmp_path / "empty.xlsx").touch()
    assert "is empty" in _refused(tmp_path / "empty.xlsx")
    (tmp_path / "text.xlsx").write_text("a,b\n1,2\n")
    assert "it is no zip file" in _refused(tmp_path / "text.xlsx")
    assert "holds no Office document" in _refused(_zip(tmp_path / "zip.xlsx", {"a.txt": b"a"}))
    ods = {"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<a/>"}
    assert "OpenDocument" in _refused(_zip(tmp_path / "a.ods", ods))
    assert "xlsb" in _refused(_zip(tmp_path / "a.xlsb", {"xl/workbook.bin": b""}))
    relations = (
        b'<Relationships><Relationship Type="http://x/officeDocument" Target="word/document.xml"/>'
        b"</Relationships>"
    )
    word = _zip(tmp_path / "a.docx", {"_rels/.rels": relations, "word/document.xml": b"<a/>"})
    assert "another Office document" in _refused(word)


def test_old_and_encrypted(make: Make, tmp_path: Path) -> None:
    encrypted = tmp_path / "locked.xlsx"
    with make({"A1": 1}).open("rb") as source, encrypted.open("wb") as out:
        OOXMLFile(source).encrypt("secret", out)
    with encrypted.open("rb") as file:
        assert msoffcrypto.OfficeFile(file).is_encrypted()
    assert "is encrypted; remove the password in Excel" in _refused(encrypted)
    old = tmp_path / "old.xls"
    old.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    assert "is an old .xls file; save it as .xlsx" in _refused(old)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_damaged_and_hostile(make: Make, tmp_path: Path) -> None:
    good = make({"A1": 1, "B1": "=A1"})
    cut = tmp_path / "cut.xlsx"
    cut.write_bytes(good.read_bytes()[:-100])
    assert "it is no zip file" in _refused(cut)

    content = parts(good)
    bomb = _zip(tmp_path / "bomb.xlsx", content | {"xl/media/a.bin": bytes(40 << 20)})
    assert "would unpack to" in _refused(bomb)
    twice = _zip(tmp_path / "twice.xlsx", content)
    with zipfile.ZipFile(twice, "a") as archive:
        archive.writestr("xl/workbook.xml", b"<a/>")
    assert "two parts of the same name" in _refused(twice)
    without = {k: v for k, v in content.items() if k != "xl/worksheets/sheet1.xml"}
    assert "it has no part xl/worksheets/sheet1.xml" in _refused(
        _zip(tmp_path / "no.xlsx", without)
    )
    laughs = b'<!DOCTYPE a [<!ENTITY b "c">]><workbook>&b;</workbook>'
    evil = _zip(tmp_path / "evil.xlsx", content | {"xl/workbook.xml": laughs})
    assert "part xl/workbook.xml is not valid XML" in _refused(evil)

    data = bytearray(good.read_bytes())
    with zipfile.ZipFile(good) as archive:
        at = archive.getinfo("xl/worksheets/sheet1.xml").header_offset
    data[at + 80 : at + 90] = bytes(10)
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(data)
    assert "part xl/worksheets/sheet1.xml cannot be read" in _refused(broken)


def test_a_copy_keeps_compressed_bytes_and_dates(committee_book: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.xlsx"
    Package(committee_book).save(target, {"docProps/app.xml": b"<new/>"})
    with zipfile.ZipFile(committee_book) as old, zipfile.ZipFile(target) as new:
        for before, after in zip(old.infolist(), new.infolist(), strict=True):
            assert before.filename == after.filename
            assert before.date_time == after.date_time
            if before.filename != "docProps/app.xml":
                assert before.CRC == after.CRC
                assert before.compress_size == after.compress_size
        assert new.read("docProps/app.xml") == b"<new/>"
        assert new.testzip() is None
    assert not list(tmp_path.glob(".copy*"))


def test_a_failure_while_writing_leaves_nothing(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make({"A1": "=1+1"})
    (tmp_path / "out.xlsx").write_text("the old one")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Package, "_write", full)
    with pytest.raises(FileError, match="No space left"):
        recalculate(path, tmp_path / "out.xlsx", functions={})
    assert (tmp_path / "out.xlsx").read_text() == "the old one"
    assert sorted(p.name for p in tmp_path.iterdir()) == [path.name, "out.xlsx"]


def test_macros_and_shared_formulas_survive(make: Make, tmp_path: Path) -> None:
    """A book as Excel writes it: shared formulas, a chart sheet's absence, a VBA project."""
    path = make({f"B{r}": f"=A{r}*2" for r in range(1, 4)} | {f"A{r}": r for r in range(1, 4)})
    edit_part(
        path,
        "xl/worksheets/sheet1.xml",
        (r"<f>A1\*2</f>", '<f t="shared" ref="B1:B3" si="0">A1*2</f>'),
        (r"<f>A[23]\*2</f>", '<f t="shared" si="0"/>'),
    )
    _zip(path, parts(path) | {"xl/vbaProject.bin": b"\0\1\2"})
    target = tmp_path / "out.xlsm"
    result = recalculate(path, target, functions={})
    assert [result.value("S", f"B{r}") for r in (1, 2, 3)] == [2, 4, 6]
    assert result.changes[2].formula == "=A3*2"
    assert parts(target)["xl/vbaProject.bin"] == b"\0\1\2"
    assert b'<f t="shared" si="0"/><v>6</v>' in parts(target)["xl/worksheets/sheet1.xml"]
    values = openpyxl.load_workbook(target, data_only=True)["S"]["B1:B3"]
    assert [row[0].value for row in values] == [2, 4, 6]


_SHORT = """
import resource
from pathlib import Path

from xlcredit.ooxml.package import zipped

have = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (have + 20_000_000, resource.RLIM_INFINITY))
try:
    zipped(((f"part{i}", bytes(3_000_000)) for i in range(30)), packed=False)
except MemoryError:
    print("no memory")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is Linux's")
def test_a_file_that_finds_no_memory_says_so() -> None:
    """An archive without memory says that it is closed."""
    done = subprocess.run(
        [sys.executable, "-c", _SHORT], check=False, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("no memory\n", "")
