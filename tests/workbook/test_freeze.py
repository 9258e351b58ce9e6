"""The committee copy: no formula, every value, and a seal that breaks when anything is altered."""

from __future__ import annotations

import datetime
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from tests.workbook.conftest import Example
from xlcredit.deals import shipped
from xlcredit.errors import FileError, RecalcError
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.display import ASPECTS
from xlcredit.ooxml.package import Package
from xlcredit.ooxml.patch import Changes, patch_sheet
from xlcredit.ooxml.place import a1
from xlcredit.recalc import LibreOffice, recalculate
from xlcredit.workbook import build
from xlcredit.workbook.life.freeze import FORMULAS, FROZEN, freeze, verify

DAY = datetime.date(2026, 11, 22)


@pytest.fixture(scope="module")
def frozen(base: Example, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("frozen") / "committee.xlsx"
    path.write_bytes(freeze(base.path, DAY))
    return path


def altered(source: Path, target: Path, sheet: str, cell: str, value: object) -> Path:
    """A copy in which one cell holds something else, every other byte the same."""
    book = Book(Package(source))
    place = book.locate(cell, sheet)
    assert place is not None
    changes = Changes(inputs={(place.row, place.column): value})  # type: ignore[dict-item]
    book.package.save(target, {book.parts[sheet]: patch_sheet(book.sheets[sheet], changes)})
    return target


def test_the_copy_shows_what_the_source_shows(frozen: Path, base: Example) -> None:
    before, after = Book(Package(base.path)), Book(Package(frozen))
    assert not after.formulas
    assert len(before.formulas) > 2000
    for place in before.formulas:
        assert after.saved(place) == before.saved(place), place
    assert {n: c for n, c in after.constants.items() if n not in (FORMULAS, FROZEN)}.keys() == (
        before.constants.keys()
    )


def test_everything_else_is_as_it_was(frozen: Path, base: Example) -> None:
    """Charts, drawings, theme: the same bytes. Sheets: the same but for the formulas."""
    with zipfile.ZipFile(base.path) as old, zipfile.ZipFile(frozen) as new:
        touched = ("xl/worksheets/sheet", "xl/workbook", "xl/_rels/", "xl/styles", "[Content")
        same = [n for n in old.namelist() if not n.startswith(touched)]
        assert any(n.startswith("xl/charts/") for n in same)
        for name in same:
            assert new.read(name) == old.read(name), name
        for name in new.namelist():
            if name.startswith("xl/worksheets/"):
                assert b"<f>" not in new.read(name) and b"<f " not in new.read(name)
        summary = old.read("xl/worksheets/sheet2.xml")
        for element in (b"<pageSetup", b"<drawing", b"<conditionalFormatting"):
            assert new.read("xl/worksheets/sheet2.xml").count(element) == summary.count(element)


def test_the_same_file_and_day_give_the_same_bytes(frozen: Path, base: Example) -> None:
    assert freeze(base.path, DAY) == frozen.read_bytes()
    assert freeze(base.path, DAY + datetime.timedelta(1)) != frozen.read_bytes()


def test_every_formula_is_listed_with_its_cells(frozen: Path, base: Example) -> None:
    source = Book(Package(base.path))
    listed = openpyxl.load_workbook(frozen)[FORMULAS]
    covered = 0
    for sheet, cells, formula, value in listed.iter_rows(min_row=5, values_only=True):
        area = openpyxl.utils.cell.range_boundaries(cells)
        covered += (area[2] - area[0] + 1) * (area[3] - area[1] + 1)
        place = source.locate(str(cells).partition(":")[0], str(sheet))
        assert place is not None and f"={source.formulas[place].text}" == formula
        assert value is not None
    assert covered == len(source.formulas)
    assert listed.max_row < covered / 10  # a row of seventy months is listed once


def test_the_copy_is_intact(frozen: Path) -> None:
    verdict = verify(frozen)
    assert verdict.intact and verdict.seal == verdict.stated and len(verdict.seal) == 64
    assert verdict.facts["Frozen on"] == "2026-11-22"
    assert verdict.facts["Template"] == "gpu-borrowing-base"
    assert verdict.facts["Source file"] == "gpu-borrowing-base.xlsx"


@pytest.mark.parametrize(
    ("sheet", "cell", "value"),
    [
        ("Summary", "B6", 1.75),
        ("Summary", "E23", "PASS"),
        ("Inputs", "B10", "Somebody else"),
        ("Debt", "BZ200", 1.0),
        ("Debt", "E9", None),
        (FORMULAS, "C20", "=1.75"),
        (FORMULAS, "D20", 1.75),
        (FORMULAS, "A600", "Debt"),
        (FROZEN, "B5", "other.xlsx"),
        (FROZEN, "B7", "2026-11-23"),
        (FROZEN, "B12", "0" * 64),
        (FROZEN, "B21", "0" * 64),
    ],
)
def test_any_change_breaks_the_seal(
    frozen: Path, tmp_path: Path, sheet: str, cell: str, value: object
) -> None:
    copy = altered(frozen, tmp_path / "altered.xlsx", sheet, cell, value)
    assert not verify(copy).intact


def test_a_change_in_the_last_digit_breaks_the_seal(frozen: Path, tmp_path: Path) -> None:
    place = Book(Package(frozen)).cell_names["dscr_as_underwritten"]
    cell = a1(place.row, place.column)
    value = openpyxl.load_workbook(frozen)[place.sheet][cell].value
    copy = altered(frozen, tmp_path / "altered.xlsx", place.sheet, cell, value * (1 + 4e-16))
    assert not verify(copy).intact
    same = altered(frozen, tmp_path / "same.xlsx", place.sheet, cell, value)
    assert verify(same).intact


def test_a_formula_that_was_put_back_is_named(frozen: Path, tmp_path: Path) -> None:
    package = Package(frozen)
    book = Book(package)
    part = book.parts["Summary"]
    value = book.sheets["Summary"].cells[6, 2].text or ""
    xml = package.read(part)
    again = xml.replace(f"<v>{value}</v>".encode(), f"<f>1+1</f><v>{value}</v>".encode(), 1)
    assert again != xml
    package.save(tmp_path / "altered.xlsx", {part: again})
    verdict = verify(tmp_path / "altered.xlsx")
    assert not verdict.intact and verdict.seal == verdict.stated
    assert any("Summary!B6 holds a formula" in reason for reason in verdict.reasons)


def edited(source: Path, target: Path, part: str, old: str, new: str) -> Path:
    """A copy in which one part says something else."""
    package = Package(source)
    before = package.read(part)
    after = re.sub(old.encode(), new.encode(), before, count=1, flags=re.DOTALL)
    assert after != before
    package.save(target, {part: after})
    return target


#: A part, what is changed in it, and how the verdict names that.
TAMPERED = [
    (
        "xl/styles.xml",
        r'formatCode="0\.00([^"]*x)',
        r'formatCode="1.4\1',
        "number formats",
    ),
    ("xl/styles.xml", r"<font>", '<font><color rgb="FFFFFFFF"/>', "fonts, fills and alignment"),
    (
        "xl/workbook.xml",
        r'(<sheet [^>]*name="Checks"[^>]*)state="visible"',
        r'\1state="veryHidden"',
        "sheets and what is hidden",
    ),
    (
        "xl/workbook.xml",
        r"<definedName ",
        '<definedName name="another">Summary!$B$6</definedName><definedName ',
        "defined names",
    ),
    ("xl/worksheets/sheet2.xml", r'(<row r="6")', r'\1 hidden="1"', "columns and rows"),
    (
        "xl/worksheets/sheet2.xml",
        r"<conditionalFormatting.*?</conditionalFormatting>",
        "",
        "conditional formats",
    ),
    (
        "xl/worksheets/sheet2.xml",
        r"<oddFooter>",
        "<oddFooter>Approved by the board ",
        "headers and footers",
    ),
    ("xl/worksheets/sheet2.xml", r'orientation="\w+"', 'orientation="sideways"', "layout"),
    (
        "xl/charts/chart1.xml",
        r'<legendPos val="b"',
        '<legendPos val="t"',
        "charts, pictures and comments",
    ),
]


@pytest.mark.parametrize(("part", "old", "new", "aspect"), TAMPERED)
def test_what_a_reader_sees_is_covered(
    frozen: Path, tmp_path: Path, part: str, old: str, new: str, aspect: str
) -> None:
    verdict = verify(edited(frozen, tmp_path / "altered.xlsx", part, old, new))
    assert not verdict.intact
    assert verdict.seal == verdict.stated  # the values are as they were
    assert verdict.reasons == [f"{aspect}: not as they were frozen"]


def test_every_kind_of_display_has_been_tampered_with() -> None:
    assert {aspect for *_, aspect in TAMPERED} == set(ASPECTS)


def test_what_is_not_covered_is_named(frozen: Path, tmp_path: Path) -> None:
    assert verify(frozen).uncovered == ["macros"]
    # a copy of an older version, whose sheet Frozen says nothing of headers
    copy = altered(frozen, tmp_path / "old.xlsx", FROZEN, "A17", "another fact")
    assert "headers and footers" in verify(copy).uncovered


def test_other_words_for_the_same_look_change_nothing(frozen: Path, tmp_path: Path) -> None:
    """The order of attributes, and which sheet somebody left open, are no display."""
    copy = edited(
        frozen,
        tmp_path / "a.xlsx",
        "xl/worksheets/sheet2.xml",
        r"<pageSetup ([\w]+=\"[^\"]*\") ([\w]+=\"[^\"]*\")",
        r"<pageSetup \2  \1",
    )
    assert verify(copy).intact


def test_without_values_there_is_nothing_to_freeze(base: Example, tmp_path: Path) -> None:
    path = tmp_path / "formulas.xlsx"
    path.write_bytes(build(base.template, base.deal))
    with pytest.raises(RecalcError, match=r"no stored value.*xlcredit recalc"):
        freeze(path, DAY)


def test_what_is_typed_over_is_not_sealed(base: Example, tmp_path: Path) -> None:
    """In a copy, which has no formulas, nobody could tell it from what was calculated."""
    book = openpyxl.load_workbook(base.path)
    ((sheet, cell),) = book.defined_names["covenant_cover.value"].destinations
    book[sheet][cell.replace("$", "")] = 1.5
    book.save(tmp_path / "changed.xlsx")
    recalculate(tmp_path / "changed.xlsx", tmp_path / "typed.xlsx")
    told = rf"typed.xlsx: .*the value is typed over its formula in {sheet}!{cell.replace('$', '')}"
    with pytest.raises(RecalcError, match=f"{told}, .* before it is frozen"):
        freeze(tmp_path / "typed.xlsx", DAY)


def test_a_copy_is_not_frozen_twice(frozen: Path) -> None:
    with pytest.raises(FileError, match="committee copy"):
        freeze(frozen, DAY)


def test_other_files_are_no_copies(base: Example) -> None:
    with pytest.raises(FileError, match="no committee copy"):
        verify(base.path)


def test_any_workbook_can_be_frozen(tmp_path: Path) -> None:
    """One that is not ours: odd names, texts, truth values, errors, an array formula."""
    source, valued = tmp_path / "source.xlsx", tmp_path / "valued.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "R&D 'x' & y"
    sheet["A1"] = 2
    for row, formula in enumerate(["=A1*2", '="a"&CHAR(10)&"<b>"', "=A1>1", "=1/0", '=""'], 2):
        sheet.cell(row, 1).value = formula
    sheet["C1"] = openpyxl.worksheet.formula.ArrayFormula("C1:C3", "=A1:A3*2")
    book.save(source)
    recalculate(source, valued)
    target = tmp_path / "frozen.xlsx"
    target.write_bytes(freeze(valued, DAY))
    assert verify(target).intact
    shown = openpyxl.load_workbook(target, data_only=True)["R&D 'x' & y"]
    assert [c.value for c in shown["A"]][:6] == [2, 4, "a\n<b>", True, "#DIV/0!", None]
    assert shown["C2"].value == 8
    assert verify(target).facts["Template"] == "none"


def test_the_calculation_chain_goes_with_the_formulas(base: Example, tmp_path: Path) -> None:
    """Excel repairs, loudly, a file whose chain names cells that hold no formula."""
    source = with_calculation_chain(base.path, tmp_path / "chain.xlsx")
    target = tmp_path / "frozen.xlsx"
    target.write_bytes(freeze(source, DAY))
    with zipfile.ZipFile(target) as archive:
        assert "xl/calcChain.xml" not in archive.namelist()
        assert b"calcChain" not in archive.read("[Content_Types].xml")
        assert b"calcChain" not in archive.read("xl/_rels/workbook.xml.rels")
    openpyxl.load_workbook(target)


def with_calculation_chain(source: Path, target: Path) -> Path:
    main = "http://schemas.openxmlformats.org"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.calcChain+xml"
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = old.read(name).decode() if name.endswith((".xml", ".rels")) else ""
            if name == "[Content_Types].xml":
                tag = f'<Override PartName="/xl/calcChain.xml" ContentType="{kind}"/></Types>'
                content = content.replace("</Types>", tag)
            elif name == "xl/_rels/workbook.xml.rels":
                tag = f'<Relationship Id="rId99" Target="calcChain.xml" Type="{main}/officeDocument'
                tag += '/2006/relationships/calcChain"/></Relationships>'
                content = content.replace("</Relationships>", tag)
            new.writestr(name, content.encode() if content else old.read(name))
        chain = f'<calcChain xmlns="{main}/spreadsheetml/2006/main"><c r="B6" i="2"/></calcChain>'
        new.writestr("xl/calcChain.xml", chain)
    return target


@pytest.mark.libreoffice
def test_libreoffice_opens_the_copy(frozen: Path, base: Example, plain_office: LibreOffice) -> None:
    shown = plain_office.values(frozen)
    assert list(shown)[-2:] == [FORMULAS, FROZEN]
    place = Book(Package(base.path)).cell_names["dscr_as_underwritten"]
    assert shown[place.sheet][place.row - 1][place.column - 1] == pytest.approx(
        base.number("dscr_as_underwritten"), rel=1e-14
    )
    assert shown[FORMULAS][3][0] == "Sheet"


def test_no_template_may_take_the_name_of_a_sheet_of_ours(
    base: Example, frozen: Path, example_of: Callable[[str], Example]
) -> None:
    from xlcredit.deals.checking import PAGES

    ours = {*openpyxl.load_workbook(frozen).sheetnames}
    assert ours - {sheet.name for sheet in base.template.sheet} <= set(PAGES)
    for name in shipped():
        example = example_of(name)
        sheets = {*Book(Package(example.source)).sheets}
        assert sheets - {sheet.name for sheet in example.template.sheet} <= set(PAGES), name
