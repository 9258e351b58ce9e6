"""Workbooks that carry a program for xlwings Lite."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pytest

from tests.command import refused, xlcredit
from xlcredit.errors import FileError, RecalcError
from xlcredit.hosts.officejs.lite import PROGRAM, embed
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package
from xlcredit.ooxml.place import Place
from xlcredit.recalc import recalculate

TERM_LOAN = Path(__file__).parents[3] / "workbooks" / "gpu-term-loan.xlsx"
WE = "{http://schemas.microsoft.com/office/webextensions/webextension/2010/11}"
RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"


@pytest.fixture
def rents(tmp_path: Path) -> Path:
    """A column of months, a formula whose answer is a column, and a sum of what it may fill."""
    book = openpyxl.Workbook()
    sheet = book.active
    for row, month in enumerate((0, 12, 24), 1):
        sheet.cell(row, 1, month)
    sheet["C1"] = "=XLC_RENT(2.5,0.3,A1:A3)"
    sheet["E1"] = "=SUM(C1:C3)"
    book.save(tmp_path / "formulas.xlsx")
    recalculate(tmp_path / "formulas.xlsx", tmp_path / "rents.xlsx")
    return tmp_path / "rents.xlsx"


def embedded(path: Path, *spill: str) -> Path:
    made = path.with_name("lite.xlsx")
    made.write_bytes(embed(path, spill))
    return made


def related(path: Path, part: str) -> dict[str, str]:
    with zipfile.ZipFile(path) as archive:
        root = ElementTree.fromstring(archive.read(part))
    return {r.get("Type", "").rpartition("/")[2]: r.get("Target", "") for r in root.iter(RELATION)}


def properties(path: Path) -> dict[str, str]:
    """What xlwings Lite reads: JSON strings in the attributes of one part."""
    with zipfile.ZipFile(path) as archive:
        root = ElementTree.fromstring(archive.read("xl/webextensions/webextension1.xml"))
    assert root.find(f"{WE}reference").get("id") == "wa200008175"  # type: ignore[union-attr]
    return {p.get("name", ""): json.loads(p.get("value", "")) for p in root.iter(f"{WE}property")}


# --- the program ----------------------------------------------------------------------------


def test_the_program_is_one_import_and_unpinned_requirements(rents: Path) -> None:
    told = properties(embedded(rents))
    assert {name: told[name] for name in PROGRAM} == PROGRAM
    assert told["main.py"] == "from xlcredit.hosts.officejs.functions import *\n"
    assert "=" not in told["requirements.txt"]
    assert {"xlcredit", "numpy"} <= set(told["requirements.txt"].split())
    assert json.loads(told["xlwingsSettingsWorkbook"]) == {"startupBehavior": "taskpane"}
    others = {"pyodideVersion", "xlwingsWorkbookId", "xlwingsSettingsWorkbook"}
    assert set(told) == set(PROGRAM) | others


def test_excel_finds_the_task_pane(rents: Path) -> None:
    made = embedded(rents)
    assert related(made, "_rels/.rels")["webextensiontaskpanes"] == "xl/webextensions/taskpanes.xml"
    pane = related(made, "xl/webextensions/_rels/taskpanes.xml.rels")
    assert pane == {"webextension": "webextension1.xml"}
    with zipfile.ZipFile(made) as archive:
        types = archive.read("[Content_Types].xml").decode()
        panes = archive.read("xl/webextensions/taskpanes.xml").decode()
        assert archive.testzip() is None
    for part, kind in (("webextension1", ""), ("taskpanes", "taskpanes")):
        name = f'PartName="/xl/webextensions/{part}.xml"'
        assert f'{name} ContentType="application/vnd.ms-office.webextension{kind}+xml"' in types
    assert 'r:id="rId1"' in panes and 'visibility="1"' in panes


def test_equal_workbooks_are_equal_files(rents: Path) -> None:
    assert embed(rents) == embed(rents)


# --- formulas and values --------------------------------------------------------------------


def test_only_formulas_that_call_functions_change_and_the_values_stay(tmp_path: Path) -> None:
    made = tmp_path / "lite.xlsx"
    made.write_bytes(embed(TERM_LOAN))
    before, after = Book(Package(TERM_LOAN)), Book(Package(made))
    calls = 0
    for place, formula in before.formulas.items():
        assert after.saved(place) == before.saved(place)
        assert after.formulas[place].text == formula.text.replace("XLC_", "_xldudf_XLC_")
        calls += "XLC_" in formula.text
    assert calls > 100
    result = recalculate(made)
    assert not result.changes and not result.errors
    assert result.functions_called == recalculate(TERM_LOAN).functions_called


def test_other_parts_are_as_before(tmp_path: Path) -> None:
    made = tmp_path / "lite.xlsx"
    made.write_bytes(embed(TERM_LOAN))
    before, after = Package(TERM_LOAN), Package(made)
    formulas = {part for part in before if b"XLC_" in before.read(part)}
    changed = {part for part in before if before.read(part) != after.read(part)}
    assert changed <= formulas | {"[Content_Types].xml", "_rels/.rels"}
    assert set(after) - set(before) == {p for p in after if p.startswith("xl/webextensions/")}


# --- spilling -------------------------------------------------------------------------------


def test_a_block_spills_when_asked(rents: Path) -> None:
    made = embedded(rents, "Sheet!C1")
    package = Package(made)
    sheet = package.read("xl/worksheets/sheet1.xml").decode()
    formula = '<f t="array" ref="C1:C3">_xldudf_XLC_RENT(2.5,0.3,A1:A3)</f>'
    assert f'<c r="C1" cm="1">{formula}<v>2.5</v></c>' in sheet.replace(' t="n"', "")
    metadata = ElementTree.fromstring(package.read("xl/metadata.xml"))
    kinds = [e.get("name") for e in metadata.iter() if e.tag.endswith("}metadataType")]
    assert kinds == ["XLDAPR"]
    arrays = [e for e in metadata.iter() if e.tag.endswith("}dynamicArrayProperties")]
    assert [a.get("fDynamic") for a in arrays] == ["1"]
    assert related(made, "xl/_rels/workbook.xml.rels")["sheetMetadata"] == "metadata.xml"
    assert b'PartName="/xl/metadata.xml"' in package.read("[Content_Types].xml")
    book = Book(package)
    shown = [book.saved(Place("Sheet", row, 3)) for row in (1, 2, 3)]
    assert shown == pytest.approx([2.5, 1.75, 1.225])
    assert book.saved(Place("Sheet", 1, 5)) == pytest.approx(5.475)  # it sees what was spilt
    assert not recalculate(made).changes
    assert embed(rents, ["Sheet!C1"]) == made.read_bytes()


def test_without_being_asked_a_cell_shows_one_value(rents: Path) -> None:
    made = Package(embedded(rents))
    assert "xl/metadata.xml" not in made
    assert b" cm=" not in made.read("xl/worksheets/sheet1.xml")


def test_a_cell_that_cannot_spill_is_named(rents: Path) -> None:
    with pytest.raises(RecalcError, match="Sheet!A1: holds no formula"):
        embed(rents, ["Sheet!A1"])
    with pytest.raises(RecalcError, match=r"total: is no cell of rents.xlsx"):
        embed(rents, ["total"])
    book = openpyxl.load_workbook(rents.with_name("formulas.xlsx"))
    book.active["C2"], book.active["E1"] = "in the way", None
    book.save(rents.with_name("blocked.xlsx"))
    recalculate(rents.with_name("blocked.xlsx"), rents, overwrite=True)
    with pytest.raises(RecalcError, match=r"Sheet!C1: cannot spill: .*cells that are not empty"):
        embed(rents, ["Sheet!C1"])


# --- what is refused ------------------------------------------------------------------------


def test_a_workbook_with_a_task_pane_is_refused(rents: Path) -> None:
    with pytest.raises(FileError, match="carries the task pane of an add-in already"):
        embed(embedded(rents))


def test_a_workbook_without_values_is_refused(rents: Path) -> None:
    with pytest.raises(RecalcError, match="Sheet!C1 has no stored value; run: xlcredit recalc"):
        embed(rents.with_name("formulas.xlsx"))


def test_macros_are_refused_whatever_the_file_is_called(rents: Path) -> None:
    with zipfile.ZipFile(rents, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"macros")
    with pytest.raises(FileError, match=r"without macros; save it as .xlsx"):
        embed(rents)


# --- the commands ---------------------------------------------------------------------------


def test_the_commands(rents: Path, tmp_path: Path) -> None:
    made = tmp_path / "made.xlsx"
    done = xlcredit("lite", rents, "-o", made, "--spill", "Sheet!C1")
    assert done.returncode == 0, done.stderr
    assert "xlwings Lite" in done.stdout
    assert made.read_bytes() == embed(rents, ["Sheet!C1"])
    assert xlcredit("recalc", made, "--check").returncode == 0
    refused(xlcredit("lite", rents, "-o", rents), "the source itself")
    refused(xlcredit("lite", rents, "-o", rents.with_name("formulas.xlsx")), "--force")
    refused(xlcredit("lite", rents, "-o", tmp_path / "made.xlsm"), "without macros")
    assert not (tmp_path / "made.xlsm").exists()


def test_a_new_workbook_for_lite(tmp_path: Path) -> None:
    made = tmp_path / "loan.xlsx"
    done = xlcredit("new", "gpu-borrowing-base", "--host", "lite", "-o", made)
    assert done.returncode == 0, done.stderr
    assert properties(made)["main.py"] == PROGRAM["main.py"]
    assert any("_xldudf_XLC_" in f.text for f in Book(Package(made)).formulas.values())
    assert not recalculate(made).changes
    macros = tmp_path / "loan.xlsm"
    refused(xlcredit("new", "gpu-borrowing-base", "--host", "lite", "-o", macros), "without macros")
