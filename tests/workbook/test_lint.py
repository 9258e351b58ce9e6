"""Lint: each rule finds what it is for, leaves what is right, and our own workbooks pass."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.worksheet import Worksheet

from tests.workbook.conftest import Example
from xlcredit.deals import shipped
from xlcredit.errors import FileError, RecalcError
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.formulas import relative
from xlcredit.ooxml.package import Package
from xlcredit.ooxml.spelling import plain_calls
from xlcredit.recalc import recalculate
from xlcredit.workbook.lint import RULES, Finding, as_sarif, fix, lint

ROOT = Path(__file__).parents[2]

Fill = Callable[[Worksheet], object]


def linted(folder: Path, fill: Fill) -> list[Finding]:
    """Findings on a small workbook, recalculated where the engine can."""
    path, valued = folder / "book.xlsx", folder / "valued.xlsx"
    book = openpyxl.Workbook()
    book.active.title = "Model"
    fill(book.active)
    book.save(path)
    try:
        recalculate(path, valued)
    except RecalcError:  # a link or a forbidden function: then as it is
        return lint(path)
    return lint(valued)


def ids(findings: list[Finding]) -> set[str]:
    return {finding.rule.id for finding in findings}


def cells(**values: object) -> Fill:
    def fill(sheet: Worksheet) -> None:
        for cell, value in values.items():
            sheet[cell] = value

    return fill


def months(formula: str, **odd: object) -> Fill:
    """A row of twelve months, with some cells changed."""

    def fill(sheet: Worksheet) -> None:
        sheet["A1"], sheet["A2"] = "Month", "Rent"
        for column in "CDEFGHIJKLMN":
            sheet[f"{column}1"] = 1 if column == "C" else f"={chr(ord(column) - 1)}1+1"
            sheet[f"{column}2"] = formula.replace("?", column)
        cells(**odd)(sheet)

    return fill


def named(name: str, value: float, unit: str) -> Fill:
    """An input whose name says its unit, in a table of inputs as in a workbook of ours."""

    def fill(sheet: Worksheet) -> None:
        sheet.append(["Input", "Value", "Unit", "Source", "As of"])
        sheet.append([name, value, unit, "a quote", "2026-11-01"])
        sheet["B4"] = "=B2"
        names = sheet.parent.defined_names  # type: ignore[union-attr]
        names[name] = DefinedName(name, attr_text=f"'{sheet.title}'!$B$2", comment=unit)
        table = f"'{sheet.title}'!$A$1:$E$2"
        names["inputs_table"] = DefinedName("inputs_table", attr_text=table)

    return fill


# --- our own --------------------------------------------------------------------------------


def test_what_the_builder_makes_has_no_error(example: Example) -> None:
    assert lint(example.path) == []


@pytest.mark.parametrize("name", shipped())
def test_the_committed_workbooks_have_no_error(name: str) -> None:
    path = ROOT / "workbooks" / f"{name}.xlsx"
    assert [f for f in lint(path) if f.rule.severity == "error"] == []


def test_our_own_with_a_month_typed_over(base: Example, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(base.path)
    _, row = base.place("curve")
    book["Rents"][f"Z{row}"] = 3.0
    book["Rents"][f"AB{row}"] = "=rent_floor"
    book.save(tmp_path / "broken.xlsx")
    found = [f.spot for f in lint(tmp_path / "broken.xlsx") if f.rule.id == "L02"]
    assert [spot.cells for spot in found] == [f"Z{row}", f"AB{row}"]
    assert "typed over" in found[0].message and "not that" in found[1].message


# --- each rule ------------------------------------------------------------------------------

BROKEN: list[tuple[str, Fill, str]] = [
    ("L01", cells(A1=2, B1="=A1*0.35"), "0.35"),
    ("L01", cells(A1=2, B1="=A1*7+A1*8"), "7 and 8"),
    ("L02", months("=?1*2", H2="=H1*3"), "H2"),
    ("L02", months("=?1*2", H2=99), "typed over"),
    ("L02", months("=?1*2", N2="=N1*3"), "N2"),
    # two months are left of a row that was typed over
    ("L02", months("=?1*2", **{f"{c}2": 9.0 for c in "CDEFGHJKLM"}), "J2:M2"),
    ("L02", months("=?1*2", **{f"{c}2": 9.0 for c in "DEFGHIJ"}), "D2:J2"),
    ("L02", months("=?1*$B$1", H2="=H1*$B$2", B1=1, B2=1), "H2"),
    ("L03", cells(A1="Rent", B1=2.5, C5="=B1*2"), "Rent has no unit"),
    ("L04", cells(A1=2, B1='=IF(A1>=1,"PASS","BREACH")'), "A1"),
    ("L04", cells(A1=2, B1='=IF(AND(ISNUMBER(A1)),IF(A1<B9,"Pass","Fail"),"CHECK")'), "B9"),
    ("L04", cells(A1=2, B1='=IF(SUM(A1:A2)>1,"PASS","BREACH")'), "calculated"),
    ("L04", cells(A1=2, B1='=IFERROR(A1/A2,"PASS")'), "IFERROR"),
    ("L05", cells(A1="=TODAY()"), "TODAY"),
    ("L06", cells(A1=1, B1="=SUM(OFFSET(A1,0,0,1,1))"), "OFFSET"),
    ("L06", cells(A1=1, B1='=INDIRECT("A1")'), "INDIRECT"),
    ("L07", cells(A1=1, A2=2, B1="=NPV(A1,A1:A2)"), "NPV"),
    ("L10", cells(A1=1, B1="=A1+A2"), "A2 is blank"),
    ("L10", cells(A1=1, B1="=SUM(C1:D9)"), "C1:D9 is blank"),
    ("L11", cells(A1="12", B1="=A1*2"), "A1 shows text"),
    ("L11", cells(A1='="n"&"/a"', B1="=-A1"), "A1 shows text"),
    ("L12", cells(A1="=[1]Sheet1!A1"), "another workbook"),
    ("L12", cells(A1="='C:\\deals\\[old.xlsx]Sheet1'!A1"), "another workbook"),
    ("L13", cells(A1="=[1]!XLC_RENT(2,0,0)"), "XLC_RENT"),
    ("L13", cells(A1="='C:\\x y\\xlcredit.xlam'!XLC_RENT(2,0,0)"), "xlcredit.xlam"),
    ("L14", cells(A1=1, B1="=" + "+".join(["A1"] * 100)), "299 characters"),
    ("L15", cells(A1=1, B1="=IF(A1=1,IF(A1=0,IF(A1=1,1,0),0),0)"), "3 deep"),
    ("L16", cells(A1=1, B1="=SUM($A:$A)"), "$A:$A"),
    ("L16", cells(A1=1, C5="=SUM(1:1)"), "1:1"),
    ("L17", cells(A1=0, B1="=1/A1"), "#DIV/0!"),
    ("L17", cells(A1=0, B1="=A1+#REF!"), "#REF!"),
    ("L17", cells(A1="#N/A"), "#N/A"),
    ("L18", cells(A1=0.5, B1="=A1/12"), "General"),
    ("L19", cells(A1="=A1+1"), "A1 reads itself"),
    ("L19", cells(A1="=B1+1", B1="=SUM(C1:C3)", C2="=A1*2"), "a circle with Model!B1, Model!C2"),
    ("L20", cells(A1=1, A2="12.5", B1="=SUM(A1:A2)"), "leaves out Model!A2"),
    ("L20", cells(A1=1, A2="1,000", A3=2, B1="=1+MAX(A1:A3)"), "leaves out Model!A2"),
    ("L21", cells(A1=0, B1="=IFERROR(1/A1,0)"), "turns any error into 0"),
    ("L21", cells(A1=0, B1="=SUM(2,IFERROR(SUM(1,1/A1), 5))"), "turns any error into 5"),
    ("L22", cells(A1=1, B1=2, C1="=VLOOKUP(1,A1:B1,2)"), "VLOOKUP without its last"),
    ("L22", cells(A1=1, B1=2, C1="=INDEX(A1:B1,MATCH(2,A1:B1))"), "MATCH without its last"),
    ("L23", cells(A1=1, B1="=CUBEMEMBER(A1,2)"), "CUBEMEMBER"),
    ("L24", named("market_rent", 260.0, "USD/GPU-hour"), "for 260 cents write 2.6"),
]


@pytest.mark.parametrize(("rule", "fill", "words"), BROKEN)
def test_a_rule_finds_what_it_is_for(rule: str, fill: Fill, words: str, tmp_path: Path) -> None:
    spots = [f.spot for f in linted(tmp_path, fill) if f.rule.id == rule]
    assert spots, rule
    assert words in f"{spots[0].cells} {spots[0].message}", spots[0]
    assert spots[0].sheet == "Model"


def with_format(cell: str, code: str, fill: Fill) -> Fill:
    def formatted(sheet: Worksheet) -> None:
        fill(sheet)
        sheet[cell].number_format = code

    return formatted


RIGHT: list[tuple[str, Fill]] = [
    ("L19", cells(A1="=ROW(A1)+ROWS(A1:A5)", A2="=A1+1", A3="=A2+A1")),
    ("L20", cells(A1=1, A2="Rent 2026", B1="=SUM(A1:A2)")),
    ("L20", cells(A1=1, A2="12", B1="=COUNTA(A1:A2)")),
    ("L21", cells(A1=0, B1='=IFERROR(1/A1,"n/a")+IFNA(A1,0)')),
    ("L22", cells(A1=1, B1=2, C1="=VLOOKUP(1,A1:B1,2,FALSE)+MATCH(2,A1:B1,0)")),
    ("L23", cells(A1=1, B1="=A1+1")),
    ("L01", cells(A1=1, B1="=A1/12*24*365*1000+(A1*100*10000/1000000)^1-0+1E-9")),
    ("L01", cells(A1=1, B1='=A1&"35"')),
    ("L02", months("=?1*2", O2="=SUM(C2:N2)")),
    ("L02", months("=?1*2", B2="=A9", A9=1)),
    ("L02", months("=?1*2", C2=5)),
    ("L02", cells(A1=1, B1="=A1+1", C1="=A1*2", D1="=SUM(A1:C1)", E1="=D1-A1", F1="=B1")),
    ("L03", cells(A1="Rent", B1=2.5, C1="USD/hour", C5="=B1*2")),
    ("L03", cells(A1="Rent [USD/hour]", B1=2.5, C5="=B1*2")),
    ("L03", cells(A1="Label", D1="Unit", A2="Rent", B2=2.5, D2="USD", C5="=B2*2")),
    ("L03", with_format("B1", "0.0%", cells(A1="Rate", B1=0.5, C5="=B1*2"))),
    ("L03", cells(A1="Never read", B1=2.5)),
    ("L04", cells(A1=2, B1='=IF(ISNUMBER(A1),IF($A$1>=1,"PASS","BREACH"),"CHECK")')),
    ("L04", cells(A1=2, B1='=IF(A1>=1,"high","low")')),
    ("L04", cells(A1=2, B1='=IFERROR(A1/A2,"CHECK")')),
    ("L10", cells(A1=1, B1='=IF(A2="",0,1)+COUNTA(C1:D9)+IF(ISBLANK(A3),0,1)')),
    ("L10", cells(A1=1, B1="=SUM(A1:A9)")),
    ("L11", cells(A1="n/a", B1='=IF(ISNUMBER(A1),A1*2,"")', C1='=A1&"x"')),
    ("L12", cells(A1=1, B1="=A1", C1="='Model'!A1")),
    ("L15", cells(A1=1, B1='=IF(ISNUMBER(A1),IF(A1>0,"a","b"),"c")')),
    ("L17", cells(A1=1, B1="=ISERROR(NA())")),
    ("L18", with_format("B1", "0.00", cells(A1=0.5, B1="=A1/12"))),
    ("L18", cells(A1=24, B1="=A1/12")),
]


@pytest.mark.parametrize(("rule", "fill"), RIGHT)
def test_a_rule_leaves_what_is_right(rule: str, fill: Fill, tmp_path: Path) -> None:
    assert rule not in ids(linted(tmp_path, fill))


def untidy(path: Path) -> Path:
    """Hidden rows, columns and sheets, merged cells, and calls by a path."""
    book = openpyxl.Workbook()
    model, back = book.active, book.create_sheet("Back")
    model.title = "Model"
    model["A1"], model["A2"] = 2, 'text with hidden="1" & <row hidden="1">'
    model["B1"] = "='C:\\x y\\xlcredit.xlam'!XLC_RENT(A1,0.1,0)&[1]!OTHER(1)&\"a&b\""
    model["B2"] = "=[1]!XLC_RENT(A1,[1]!XLC_RENT(A1,0,0),0)"
    model["B3"] = '=A1&"[1]!XLC_RENT(1)"'
    model.merge_cells("D1:E1")
    model.row_dimensions[2].hidden = True
    model.column_dimensions["C"].hidden = True
    back["A1"] = 1
    back.sheet_state = "veryHidden"
    book.save(path)
    return path


def test_what_is_hidden_or_merged_is_found(tmp_path: Path) -> None:
    found = [(f.rule.id, f.spot.sheet, f.spot.cells) for f in lint(untidy(tmp_path / "a.xlsx"))]
    assert ("L08", "Model", "2:2") in found
    assert ("L08", "Model", "C:C") in found
    assert ("L08", "Back", "") in found
    assert ("L09", "Model", "D1:E1") in found


def test_documents_may_merge_cells(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Term Sheet"
    book.active["A1"] = "=1"
    book.active.merge_cells("A1:B1")
    book.save(tmp_path / "book.xlsx")
    assert "L09" not in ids(lint(tmp_path / "book.xlsx"))


def test_copies_are_found_once(tmp_path: Path) -> None:
    spots = [f.spot for f in linted(tmp_path, months("=?1*0.35")) if f.rule.id == "L01"]
    assert [spot.cells for spot in spots] == ["C2:N2"]


def test_lint_wants_a_workbook(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="no such file"):
        lint(tmp_path / "none.xlsx")


def test_rules_are_described_once_each() -> None:
    assert [r.id for r in RULES] == sorted({r.id for r in RULES})
    assert all(r.summary and r.standard and not r.summary.endswith(".") for r in RULES)
    tested = {rule for rule, *_ in BROKEN} | {"L08", "L09"}
    assert tested == {r.id for r in RULES}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("D8+$C$2", "R[0]C[-1]+R2C3"),
        ("'Q1 A1'!D8&\"D8\"", "'Q1 A1'!R[0]C[-1]&\"D8\""),
        ("LOG10(Table1[D8])+XLC_A1(rate_D8)", "LOG10(Table1[D8])+XLC_A1(rate_D8)"),
        ("SUM(D$8:E9)", "SUM(R8C[-1]:R[1]C[0])"),
    ],
)
def test_a_formula_as_its_own_cell_reads_it(text: str, expected: str) -> None:
    assert relative(text, 8, 5) == expected


# --- --fix ----------------------------------------------------------------------------------


def test_fix_repairs_what_is_safe_and_nothing_else(tmp_path: Path) -> None:
    source, target = untidy(tmp_path / "a.xlsx"), tmp_path / "b.xlsx"
    fixed = fix(source)
    target.write_bytes(fixed.content)
    assert (fixed.prefixes, fixed.shown) == (3, 3)
    assert "L08" not in ids(lint(target))
    model = openpyxl.load_workbook(target)["Model"]
    assert model["B1"].value == '=XLC_RENT(A1,0.1,0)&[1]!OTHER(1)&"a&b"'
    assert model["B2"].value == "=XLC_RENT(A1,XLC_RENT(A1,0,0),0)"
    assert model["B3"].value == '=A1&"[1]!XLC_RENT(1)"'
    assert model["A2"].value == 'text with hidden="1" & <row hidden="1">'
    assert model.merged_cells.ranges
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target) as new:
        for name in old.namelist():
            if name not in ("xl/worksheets/sheet1.xml", "xl/workbook.xml"):
                assert old.read(name) == new.read(name), name


def test_fix_leaves_a_tidy_workbook_as_it_is(loan: Example, tmp_path: Path) -> None:
    fixed = fix(loan.path)
    (tmp_path / "same.xlsx").write_bytes(fixed.content)
    assert (fixed.prefixes, fixed.shown) == (0, 0)
    with zipfile.ZipFile(loan.path) as old, zipfile.ZipFile(tmp_path / "same.xlsx") as new:
        assert all(old.read(n) == new.read(n) for n in old.namelist())


def test_a_stripped_workbook_calculates(tmp_path: Path) -> None:
    source, target = tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    book = openpyxl.Workbook()
    book.active["A1"] = "=[1]!XLC_RENT(2,0.5,12)"
    book.save(source)
    target.write_bytes(fix(source).content)
    assert Book(Package(target)).formulas[("Sheet", 1, 1)].text == "XLC_RENT(2,0.5,12)"  # type: ignore[index]
    assert recalculate(target).value("Sheet", "A1") == pytest.approx(1.0)


def test_only_known_functions_lose_their_path() -> None:
    assert plain_calls("[1]!BDP(A1)", {"XLC_DSCR"}) == ("[1]!BDP(A1)", 0)
    assert plain_calls("xlcredit.xlam!xlc_dscr(A1)", {"XLC_DSCR"}) == ("xlc_dscr(A1)", 1)
    assert plain_calls("Sheet1!A1+(", {"XLC_DSCR"})[1] == 0


# --- SARIF ----------------------------------------------------------------------------------


def test_sarif_says_where_and_what(tmp_path: Path) -> None:
    path = untidy(tmp_path / "a b.xlsx")
    findings = lint(path)
    log = json.loads(json.dumps(as_sarif(findings, path)))
    assert log["version"] == "2.1.0" and log["$schema"].endswith("sarif-2.1.0.json")
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len(run["results"]) == len(findings)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        assert result["message"]["text"]
        (location,) = result["locations"]
        assert " " not in location["physicalLocation"]["artifactLocation"]["uri"]
        assert location["logicalLocations"][0]["fullyQualifiedName"]
