"""The doctor finds each fault that is seeded, nothing in what is well, and its cure works."""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.formatting.rule import FormulaRule
from openpyxl.packaging.relationship import Relationship
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.workbook.external_link.external import ExternalBook, ExternalLink
from openpyxl.worksheet.datavalidation import DataValidation
from typer.testing import CliRunner

from xlcredit.cli import app
from xlcredit.errors import FileError
from xlcredit.functions import REGISTRY
from xlcredit.hosts import doctor
from xlcredit.hosts.classic import addin
from xlcredit.hosts.doctor import Diagnosis, examine_installation, examine_workbook, strip_paths
from xlcredit.hosts.policies import obstacles, read_registry
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package
from xlcredit.ooxml.spelling import strip_prefixes
from xlcredit.recalc import recalculate

HERE = addin.settings_here()
PATH = r"'C:\Users\O''Hara\x (1).xlam'!"
Make = Callable[..., Path]


def nothing(_hive: str, _key: str, _name: str) -> object:
    return None


def kinds(findings: list[Diagnosis]) -> list[str]:
    for finding in findings:
        assert finding.problem and finding.remedy
        assert "\n" not in f"{finding.where}{finding.problem}{finding.remedy}"
    return [finding.kind for finding in findings]


# --- the installation -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def content() -> bytes:
    return addin.build()


@pytest.fixture
def installed(tmp_path: Path, content: bytes) -> Path:
    return addin.install(content, tmp_path / "XLSTART")[0]


def examine(file: Path, *others: Path) -> list[str]:
    return kinds(examine_installation([file.parent, *others], HERE, nothing))


def test_a_fresh_installation_is_well(installed: Path) -> None:
    assert examine(installed, installed.parent / "elsewhere") == []


def test_no_add_in(tmp_path: Path) -> None:
    assert examine(tmp_path / addin.FILE) == ["addin-missing"]


def test_two_add_ins(installed: Path, tmp_path: Path) -> None:
    addin.install(installed.read_bytes(), tmp_path / "AddIns")
    findings = examine_installation([installed.parent, tmp_path / "AddIns"], HERE, nothing)
    assert kinds(findings) == ["addin-twice"]
    assert str(tmp_path / "AddIns") in findings[0].remedy


@pytest.mark.parametrize(
    ("change", "kind", "told"),
    [
        ({"xlcredit": "0.0.1"}, "addin-outdated", "xlcredit 0.0.1"),
        ({"xlwings": "0.30.0"}, "addin-outdated", "xlwings 0.30.0"),
        ({"interpreter": "/gone/pythonw.exe"}, "interpreter-moved", "/gone/pythonw.exe"),
        ({"interpreter": shutil.which("sh")}, "interpreter-other", "another Python"),
        ({"libraries": "/elsewhere"}, "libraries-moved", "/elsewhere"),
    ],
)
def test_an_add_in_of_another_installation(
    change: dict[str, str], kind: str, told: str, tmp_path: Path
) -> None:
    settings = dataclasses.replace(HERE, **change)
    file, _ = addin.install(addin.build(settings), tmp_path)
    (finding,) = examine_installation([tmp_path], HERE, nothing)
    assert (finding.kind, finding.where) == (kind, str(file))
    assert told in finding.problem
    assert "xlcredit excel install" in finding.remedy


def test_an_add_in_with_other_functions(
    tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The version may be the same, as while developing."""
    file, _ = addin.install(content, tmp_path)
    fewer = {name: f for name, f in REGISTRY.items() if name != "XLC_VERSION"}
    monkeypatch.setattr(doctor, "REGISTRY", fewer)
    assert examine(file) == ["addin-outdated"]


@pytest.mark.parametrize("broken", ["cut", "other", "noise"])
def test_a_damaged_add_in(broken: str, tmp_path: Path, content: bytes) -> None:
    book = tmp_path / "other.xlsx"
    openpyxl.Workbook().save(book)
    damaged = {"cut": content[:9000], "other": book.read_bytes(), "noise": b"no zip"}[broken]
    file, _ = addin.install(damaged, tmp_path)
    assert examine(file) == ["addin-damaged"]


@pytest.mark.skipif(sys.platform == "win32", reason="there a colon begins a stream")
@pytest.mark.parametrize(("zone", "blocked"), [(3, ["blocked"]), (4, ["blocked"]), (1, [])])
def test_the_mark_of_the_web(zone: int, blocked: list[str], installed: Path, book: Make) -> None:
    """Windows keeps it in a stream beside the data; here a file has the stream's name."""
    for file in (installed, book()):
        Path(f"{file}:Zone.Identifier").write_text(f"[ZoneTransfer]\r\nZoneId={zone}\r\n")
    assert examine(installed) == blocked
    assert kinds(examine_workbook(book())) == blocked


# --- policies -------------------------------------------------------------------------------

SECURITY = r"Software\Policies\Microsoft\Office\16.0\Excel\Security"
RULES = r"Software\Policies\Microsoft\Windows Defender\Windows Defender Exploit Guard\ASR\Rules"


@pytest.mark.parametrize(
    ("registry", "told"),
    [
        ({(SECURITY, "DisableAllAddins"): 1}, "disables all add-ins"),
        ({(SECURITY, "RequireAddinSig"): 1}, "signed add-ins"),
        (
            {
                (SECURITY, "VBAWarnings"): 4,
                (SECURITY + r"\Trusted Locations", "AllLocationsDisabled"): 1,
            },
            "blocks macros",
        ),
        ({(RULES, "D4F940AB-401B-4EFC-AADC-AD5F3C50688A"): "1"}, "Windows Defender"),
    ],
)
def test_a_policy_in_the_way(
    registry: dict[tuple[str, str], object], told: str, installed: Path
) -> None:
    def read(hive: str, key: str, name: str) -> object:
        return registry.get((key, name)) if hive == "HKEY_CURRENT_USER" else None

    (finding,) = examine_installation([installed.parent], HERE, read)
    assert finding.kind == "policy"
    assert told in finding.problem


def test_settings_that_are_no_obstacle() -> None:
    harmless = {"VBAWarnings": 4, "DisableAllAddins": 0, "RequireAddinSig": 0}
    assert not list(obstacles(lambda _hive, _key, name: harmless.get(name)))


@pytest.mark.skipif(sys.platform == "win32", reason="there is one")
def test_elsewhere_there_is_no_registry() -> None:
    assert read_registry("HKEY_CURRENT_USER", "Software", "") is None


# --- workbooks ------------------------------------------------------------------------------


@pytest.fixture
def book(tmp_path: Path) -> Make:
    """Write a workbook; with links it has numbered ones, as Excel stores them."""

    def make(cells: dict[str, Any] | None = None, links: tuple[str, ...] = ()) -> Path:
        workbook = openpyxl.Workbook()
        sheet = workbook.active
        sheet.title = "Cash flow"
        for reference, value in (cells or {"A1": 2.5}).items():
            sheet[reference] = value
        for target in links:
            link = ExternalLink(ExternalBook(sheetNames=None, id="rId1"))
            link.file_link = Relationship(
                type="externalLinkPath", Target=target, TargetMode="External", Id="rId1"
            )
            workbook._external_links.append(link)
        file = tmp_path / "book.xlsx"
        workbook.save(file)
        return file

    return make


def formulas(file: Path) -> dict[str, str]:
    return {str(f.place): f.text for f in Book(Package(file)).formulas.values()}


def test_a_recalculated_workbook_is_well(book: Make, tmp_path: Path) -> None:
    file = book({"A1": "=XLC_RENT(2.5,0.3,12)", "A2": '="see XLC_GONE(1)"', "A3": "=A1*2"})
    recalculate(file, tmp_path / "well.xlsx")
    assert examine_workbook(tmp_path / "well.xlsx") == []


@pytest.mark.parametrize(
    ("formula", "found"),
    [
        ("=XLC_RENT(2.5,0.3,12)", []),
        (f"={PATH}XLC_RENT(2.5,0.3,12)", ["path-prefix"]),
        ("=1+[1]!xlc_rent(2.5,0.3,12)", ["path-prefix"]),
        ("=xlcredit.xlam!XLC_RENT(2.5,0.3,12)", ["path-prefix"]),
        ("=XLC_RENTAL(2.5)", ["unknown-function"]),
        ("=RENT(2.5)", []),
        ("='Cash flow'!A1", []),
    ],
)
@pytest.mark.parametrize(
    ("saved", "value"),
    [(b"<v>1</v>", []), (b"<v/>", ["no-value"]), (b"<v>#NAME?</v>", ["name-error"])],
)
def test_a_cell_that_is_ill(
    formula: str, found: list[str], saved: bytes, value: list[str], book: Make
) -> None:
    file = book({"C3": formula})
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    part = "xl/worksheets/sheet1.xml"
    assert parts[part].count(b"<v />") + parts[part].count(b"<v/>") == 1
    parts[part] = parts[part].replace(b"<v />", saved).replace(b"<v/>", saved)
    if b"#" in saved:
        parts[part] = parts[part].replace(b'<c r="C3"', b'<c r="C3" t="e"')
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    findings = examine_workbook(file)
    ours = "XLC" in formula.upper()
    assert kinds(findings) == found + (value if ours else [])
    assert all("'Cash flow'!C3 has" in finding.problem for finding in findings)


def test_cells_with_one_fault_are_told_once(book: Make) -> None:
    file = book({f"A{n}": "=[1]!XLC_RENT(2.5,0.3,12)" for n in range(4, 30)})
    prefix, empty = examine_workbook(file)
    assert prefix.problem.startswith("26 cells, the first of them 'Cash flow'!A4, have a call")
    assert empty.kind == "no-value"


def test_no_workbook(tmp_path: Path) -> None:
    with pytest.raises(FileError):
        examine_workbook(tmp_path / "none.xlsx")


# --- the cure -------------------------------------------------------------------------------


def test_the_copy_calls_plainly_and_calculates(book: Make, tmp_path: Path) -> None:
    file, copy = tmp_path / "book.xlsx", tmp_path / "copy.xlsx"
    book(
        {
            "A1": 2.5,
            "B1": f"={PATH}XLC_RENT(A1,0.3,12)+[1]!XLC_RENT(A1,0.3,24)",
            "B2": '="[1]!XLC_RENT(A1)"&A1',
            "B3": "=XLC_RENT(A1,0.3,12)",
            "B4": '=IF(A1<3,[1]!XLC_RENT(A1,0.3,12),"a&b")',
        }
    )
    assert strip_paths(file, copy) == 3
    assert formulas(copy) == {
        "'Cash flow'!B1": "XLC_RENT(A1,0.3,12)+XLC_RENT(A1,0.3,24)",
        "'Cash flow'!B2": '"[1]!XLC_RENT(A1)"&A1',
        "'Cash flow'!B3": "XLC_RENT(A1,0.3,12)",
        "'Cash flow'!B4": 'IF(A1<3,XLC_RENT(A1,0.3,12),"a&b")',
    }
    assert kinds(examine_workbook(copy)) == ["no-value"]
    assert recalculate(copy, tmp_path / "values.xlsx").errors == []
    assert strip_paths(copy, tmp_path / "again.xlsx") == 0
    assert not (tmp_path / "again.xlsx").exists()


def test_names_rules_and_lists_call_plainly_too(book: Make, tmp_path: Path) -> None:
    file, copy = book(), tmp_path / "copy.xlsx"
    call = "[1]!XLC_RENT($A$1,0.3,12)"
    workbook = openpyxl.load_workbook(file)
    sheet = workbook.active
    workbook.defined_names["rent"] = DefinedName("rent", attr_text=call)
    sheet.conditional_formatting.add("A1", FormulaRule(formula=[f"{call}>1"]))
    rule = DataValidation("custom", formula1=f"{call}<9")
    rule.add("A1")
    sheet.add_data_validation(rule)
    workbook.save(file)
    assert strip_paths(file, copy) == 3
    read = openpyxl.load_workbook(copy)
    plain = "XLC_RENT($A$1,0.3,12)"
    assert read.defined_names["rent"].value == plain
    assert read.active.data_validations.dataValidation[0].formula1 == f"{plain}<9"
    (rules,) = read.active.conditional_formatting
    assert rules.rules[0].formula == [f"{plain}>1"]


def test_each_other_byte_of_a_part_stays() -> None:
    before = b"<c><f a='1'>\n[1]!XLC_RENT(A1,1,2)</f><v>[1]!</v></c><!-- x --><f>A1 &lt;\t2</f>"
    after = b"<c><f a='1'>\nXLC_RENT(A1,1,2)</f><v>[1]!</v></c><!-- x --><f>A1 &lt;\t2</f>"
    assert strip_prefixes(before, REGISTRY) == (after, 1)
    assert strip_prefixes(after, REGISTRY) == (after, 0)


@pytest.mark.parametrize(
    ("links", "cells", "stay"),
    [
        (("file:///C:\\x\\xlcredit.xlam",), {}, False),
        (("xlcredit.xlam", "old/xlcredit.XLA"), {"B2": "=[2]!XLC_RENT(1,0,1)"}, False),
        (("xlcredit.xlam", "rates.xlsx"), {}, True),
        (("xlcredit.xlam",), {"B2": "=[1]!OTHER(1)"}, True),
    ],
)
def test_a_link_that_nothing_uses_goes_too(
    links: tuple[str, ...], cells: dict[str, str], stay: bool, book: Make, tmp_path: Path
) -> None:
    """Else Excel would ask at each opening whether to update it."""
    file, copy = book({"B1": "=[1]!XLC_RENT(2.5,0.3,12)", **cells}, links), tmp_path / "copy.xlsx"
    assert strip_paths(file, copy) == 1 + ("XLC" in cells.get("B2", ""))
    with zipfile.ZipFile(copy) as archive:
        assert archive.testzip() is None
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(file) as archive:
        before = {name: archive.read(name) for name in archive.namelist()}
    assert any("externalLink" in name for name in parts) == stay
    for name in ("[Content_Types].xml", "xl/_rels/workbook.xml.rels", "xl/workbook.xml"):
        assert (b"external" in parts[name]) == stay
        assert (parts[name] == before[name]) == stay
    assert len(openpyxl.load_workbook(copy)._external_links) == stay * len(links)


# --- the command ----------------------------------------------------------------------------


def run(*words: object) -> Any:
    return CliRunner().invoke(app, ["excel", "doctor", *map(str, words)])


def test_the_command_finds_and_cures(book: Make, tmp_path: Path) -> None:
    file, copy = book({"B1": "=[1]!XLC_RENT(2.5,0.3,12)"}), tmp_path / "copy.xlsx"
    told = run(file)
    assert told.exit_code == 1
    assert "--fix -o copy.xlsx" in told.stdout
    cured = run(file, "--fix", "-o", copy, "--json")
    data = json.loads(cured.stdout)
    assert data["calls_fixed"] == 1
    assert data["output"] == str(copy)
    assert [finding["kind"] for finding in data["findings"]] == ["no-value"]
    assert cured.exit_code == 1
    values = tmp_path / "values.xlsx"
    recalculate(copy, values)
    assert run(values).stdout.startswith("nothing to do\n")
    again = run(values, "--fix", "-o", tmp_path / "again.xlsx")
    assert (again.exit_code, "nothing is written" in again.stdout) == (0, True)
    assert not (tmp_path / "again.xlsx").exists()


def test_the_command_examines_a_folder_and_workbooks_together(book: Make, tmp_path: Path) -> None:
    told = run(book({"B1": "=XLC_RENT(2.5,0.3,12)"}), "--folder", tmp_path, "--json")
    found = [finding["kind"] for finding in json.loads(told.stdout)["findings"]]
    assert found == ["addin-missing", "no-value"]
    assert told.exit_code == 1


def test_the_command_never_changes_the_source(book: Make, tmp_path: Path) -> None:
    file = book({"B1": "=[1]!XLC_RENT(2.5,0.3,12)"})
    before = file.read_bytes()
    other = tmp_path / "other.xlsx"
    other.write_bytes(b"mine")
    for words in (
        (file, "--fix"),
        (file, "-o", tmp_path / "copy.xlsx"),
        (file, file, "--fix", "-o", tmp_path / "copy.xlsx"),
        (file, "--fix", "-o", file),
        (file, "--fix", "-o", other),
        (file, "--fix", "-o", tmp_path / "copy.txt"),
    ):
        refused = run(*words)
        assert "\n" not in str(refused.exception)
        assert refused.stdout == ""
    assert (file.read_bytes(), other.read_bytes()) == (before, b"mine")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["book.xlsx", "other.xlsx"]
