"""The writer of cached values: what it writes, and that it touches nothing else."""

from __future__ import annotations

import io
import math
import re
from pathlib import Path

import openpyxl
import pytest
import python_calamine
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape

from xlcredit.errors import CODES, CellError, FileError
from xlcredit.ooxml.package import Package
from xlcredit.ooxml.patch import Changes, patch_calculation, patch_sheet
from xlcredit.ooxml.scanning import scan
from xlcredit.ooxml.values import Value
from xlcredit.recalc import LibreOffice, recalculate

from .conftest import Make, edit_part, parts
from .samples import HEAD, patch

VARIANTS = {
    "prefix": (
        '<x:worksheet xmlns:x="m"><x:sheetData><x:row r="1"><x:c r="A1" t="n"><x:f>1+1</x:f>'
        "<x:v>1</x:v></x:c></x:row></x:sheetData></x:worksheet>",
        '<x:c r="A1"><x:f>1+1</x:f><x:v>2</x:v></x:c>',
    ),
    "cdata and comments": (
        f'{HEAD}<!-- <c r="A1"> --><sheetData><row><!-- a --><c><f><![CDATA[IF(1>0,"/>",2)]]></f>'
        "<!-- b --><v><![CDATA[x/>]]></v></c></row></sheetData></worksheet>",
        '<c><f><![CDATA[IF(1>0,"/>",2)]]></f><!-- b --><v>2</v></c>',
    ),
    "white space and order": (
        f"{HEAD}<sheetData >\n<row  r = '1' >\n <c\n r='A1' t='str' >\n <f>1</f>\n <v>a/></v>\n"
        " <extLst><ext/></extLst></c >\n</row>\n</sheetData>\n</worksheet>",
        "<c\n r='A1'>\n <f>1</f>\n <v>2</v>\n <extLst><ext/></extLst></c >",
    ),
    "shared formula and metadata": (
        f'{HEAD}<sheetData><row r="1"><c r="A1" cm="1" vm="4" t="e"><f t="shared" si="0"/>'
        "<v>#VALUE!</v></c></row></sheetData></worksheet>",
        '<c r="A1" cm="1"><f t="shared" si="0"/><v>2</v></c>',
    ),
    "inline text": (
        f'{HEAD}<sheetData><row r="1"><c r="A1" t="inlineStr"><f>1</f><is><t>a</t></is></c></row>'
        "</sheetData></worksheet>",
        '<c r="A1"><f>1</f><v>2</v></c>',
    ),
    "empty cell last in its row": (
        f'{HEAD}<sheetData><row r="1"><c r="A1" s="1"/></row><row r="2"/></sheetData></worksheet>',
        '<c r="A1" s="1"><v>2</v></c>',
    ),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_way_of_writing_xml(variant: str) -> None:
    before, cell = VARIANTS[variant]
    after = patch(before, {(1, 1): 2.0})
    assert cell in after
    # All that stood around the cell is there still, byte for byte.
    start = after.index(cell)
    assert before.startswith(after[:start])
    assert before.endswith(after[start + len(cell) :])
    assert patch(after, {(1, 1): 2.0}) == after


@pytest.mark.parametrize("before", [" " * n for n in range(16)])
def test_a_cell_that_is_open_and_empty_gets_its_value_inside(before: str) -> None:
    """Wherever it stands in the file."""
    for inside in ("", "<!-- a -->"):
        cell = f'<c r="A1" s="1">{inside}</c>'
        xml = f'{HEAD}{before}<sheetData><row r="1">{cell}</row></sheetData></worksheet>'
        expected = xml.replace('s="1">', 's="1"><v>2</v>')
        assert patch(xml, {(1, 1): 2.0}) == expected


def test_cells_that_the_file_lacks_are_put_in_order() -> None:
    body = '<sheetData><row r="2"><c r="B2"><f>X</f></c></row><row r="5"/></sheetData>'
    places = [(1, 1), (2, 1), (2, 2), (2, 3), (3, 2), (5, 1), (5, 30), (9, 9)]
    values = {p: float(10 * p[0] + p[1]) for p in reversed(places)}
    sheet = scan(patch(HEAD + body + "</worksheet>", values).encode(), "test")
    assert list(sheet.cells) == places
    assert list(sheet.rows) == [1, 2, 3, 5, 9]
    assert all(float(sheet.cells[p].text or "") == v for p, v in values.items())


@pytest.mark.parametrize("body", ["<sheetData/>", "<sheetData></sheetData>", "<sheetData />"])
def test_an_empty_sheet_is_filled(body: str) -> None:
    new = patch(f"{HEAD}{body}</worksheet>", {}, inputs={(2, 3): "a", (4, 1): True, (5, 1): None})
    assert re.sub(r"\s+>", ">", new) == (
        f'{HEAD}<sheetData><row r="2"><c r="C2" t="inlineStr"><is><t>a</t></is></c></row>'
        '<row r="4"><c r="A4" t="b"><v>1</v></c></row></sheetData></worksheet>'
    )


def test_a_data_table_keeps_its_inputs_and_gets_its_values() -> None:
    table = '<f t="dataTable" ref="A1:A2" r1="C1"/>'
    xml = (
        f'{HEAD}<sheetData><row r="1"><c r="A1">{table}<v>1</v></c></row>'
        '<row r="2"><c r="A2"><v>1</v></c></row></sheetData></worksheet>'
    )
    after = patch(xml, {(1, 1): 2.0, (2, 1): 3.0})
    assert f'<c r="A1">{table}<v>2</v></c>' in after
    assert '<c r="A2"><v>3</v></c>' in after


NASTY = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=30),
    st.sampled_from(
        ["", " a", "a ", "\n", "_x000D_", "\x07", "🪙", "]]>", "a\tb", "<&>\"'", "\r\n"]
    ),
    st.floats(),
    st.booleans(),
    st.sampled_from([CellError(code) for code in CODES]),
    st.none(),
)


@given(values=st.lists(NASTY, min_size=1, max_size=12))
def test_whatever_is_written_is_read_back(
    values: list[Value], tmp_path_factory: pytest.TempPathFactory
) -> None:
    book = openpyxl.Workbook()
    for row in range(1, len(values) + 1):
        book.active.cell(row, 1, "=XLC_ANY()")
    folder = tmp_path_factory.mktemp("fuzz")
    source, target = folder / "a.xlsx", folder / "b.xlsx"
    book.save(source)
    expected = []
    for value in values:
        if value is None:
            expected.append(0)
        elif isinstance(value, CellError):
            expected.append(value.code)
        elif isinstance(value, float) and not math.isfinite(value):
            expected.append("#NUM!")
        else:
            expected.append(value)
    package = Package(source)
    part = "xl/worksheets/sheet1.xml"
    results = {(r, 1): v for r, v in enumerate(values, 1)}
    package.save(target, {part: patch_sheet(scan(package.read(part), part), Changes(results))})
    seen = openpyxl.load_workbook(target, data_only=True).active
    got = [unescape(v) if isinstance(v, str) else v for (v,) in seen.iter_rows(values_only=True)]
    # openpyxl shows empty text as nothing, and XML knows only one kind of line end.
    assert [("" if v is None else v) for v in got] == expected
    sheet = python_calamine.load_workbook(target).get_sheet_by_index(0)
    for row, value in zip(sheet.to_python(skip_empty_area=False), expected, strict=False):
        if isinstance(value, float):
            assert row[0] == value


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('<calcPr calcId="124519" fullCalcOnLoad="1"/>', '<calcPr calcId="191029"/>'),
        ("<calcPr/>", '<calcPr calcId="191029"/>'),
        ("<calcPr iterate='1' calcId='1' />", "<calcPr calcId=\"191029\" iterate='1' />"),
        ('<x:calcPr calcMode="manual"/>', '<x:calcPr calcId="191029" calcMode="manual"/>'),
    ],
)
def test_excel_is_told_to_keep_the_values(before: str, after: str) -> None:
    book = "<workbook><sheets><sheet/></sheets>{}<extLst/></workbook>"
    assert patch_calculation(book.format(before).encode()).decode() == book.format(after)


@pytest.mark.parametrize(
    "before",
    [
        "<sheets></sheets>",
        "<sheets/>",
        "<sheets/><definedNames/>",
        "<sheets/><externalReferences />",
    ],
)
def test_calculation_settings_are_added_where_the_schema_wants_them(before: str) -> None:
    book = f"<workbook>{before}{{}}<oleSize/></workbook>"
    new = book.format('<calcPr calcId="191029"/>')
    assert patch_calculation(book.format("").encode()).decode() == new


def test_a_spill_grows_and_shrinks(make: Make, tmp_path: Path) -> None:
    """A dynamic array's extent moves with its values: a cell outside would block the spill."""
    functions = {"XLC_COLUMN": lambda n: [[float(i)] for i in range(1, int(n) + 1)]}
    path = make({"A1": 3, "C1": ("C1:C3", "=XLC_COLUMN(A1)"), "D2": "=SUM(C1:C9)"})
    edit_part(path, "xl/worksheets/sheet1.xml", ('<c r="C1"', '<c r="C1" cm="1"'))
    for size in (3, 5, 2, 1):
        target = tmp_path / f"{size}.xlsx"
        result = recalculate(path, target, functions=functions, inputs={"S!A1": size})
        total = size * (size + 1) / 2
        assert result.value("S!D2") == total
        sheet = openpyxl.load_workbook(target, data_only=True)["S"]
        column = [sheet[f"C{r}"].value for r in range(1, 7)]
        assert column == [*range(1, size + 1), *[None] * (6 - size)]
        xml = parts(target)["xl/worksheets/sheet1.xml"]
        assert f'ref="C1:C{size}"'.replace("C1:C1", "C1").encode() in xml
        path = target


def test_an_array_formula_keeps_its_extent(make: Make, tmp_path: Path) -> None:
    functions = {"XLC_COLUMN": lambda n: [[float(i)] for i in range(1, int(n) + 1)]}
    path = make({"A1": 2, "C1": ("C1:D3", "=XLC_COLUMN(A1)")})
    for size in (2, 5):
        target = tmp_path / f"{size}.xlsx"
        recalculate(path, target, functions=functions, inputs={"S!A1": size})
        sheet = openpyxl.load_workbook(target, data_only=True)["S"]
        last = 3 if size == 5 else "#N/A"
        assert [[c.value for c in row] for row in sheet["C1:D4"]] == [
            [1, 1],
            [2, 2],
            [last, last],
            [None, None],
        ]
        path = target


@pytest.mark.parametrize(
    ("xml", "message"),
    [
        (b"<worksheet><sheetData><row></sheetData></worksheet>", "is damaged: mismatched tag"),
        ("<worksheet/>".encode("utf-16"), "is not stored as UTF-8"),
        (b"<?xml version='1.0' encoding='latin-1'?><worksheet/>", "is not stored as UTF-8"),
        (b'<!DOCTYPE w [<!ENTITY a "b">]><worksheet/>', "declares a document type"),
        (
            b'<worksheet><sheetData><row r="1"><c r="1A"/></row></sheetData></worksheet>',
            "1A is not",
        ),
    ],
)
def test_damaged_sheets(xml: bytes, message: str) -> None:
    with pytest.raises(FileError, match=message):
        scan(xml, "deal.xlsx: sheet1.xml")


@pytest.mark.libreoffice
def test_libreoffice_reads_text_as_written(make: Make, tmp_path: Path, office: LibreOffice) -> None:
    texts = [" leading", "line\nbreak", "_x0041_", "🪙 <b>&", "it's"]
    functions = {"XLC_COLUMN": lambda: [[t] for t in texts]}
    path = make({"A1": ("A1:A5", "=XLC_COLUMN()"), "B1": "=LEN(A3)"})
    target = tmp_path / "out.xlsx"
    recalculate(path, target, functions=functions, inputs={"S!C1": "_x0041_ <&", "S!C2": " a\nb"})
    values = office.values(target)["S"]
    assert [values[0][2], values[1][2]] == ["_x0041_ <&", " a\nb"]
    rows = python_calamine.load_workbook(io.BytesIO(target.read_bytes()))
    assert [r[0] for r in rows.get_sheet_by_index(0).to_python()] == texts
