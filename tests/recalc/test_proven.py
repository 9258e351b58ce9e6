"""The proven dialect: where the embedded engine calculates alone, the strict one says the same."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import pytest

from tests.cli.test_cli import xlcredit as run
from xlcredit.ooxml.book import Book
from xlcredit.ooxml.package import Package
from xlcredit.recalc import recalculate
from xlcredit.recalc.calls import default_functions
from xlcredit.recalc.proven import FORMATS, RANGE_FUNCTIONS, SCALAR_FUNCTIONS, all_outside, outside
from xlcredit.workbook.session import open_workbook

from .conftest import Make

WORKBOOKS = sorted((Path(__file__).parents[2] / "workbooks").glob("*.xlsx"))

#: Arguments of each function: cells of the sheet below, constants and expressions.
NUMBERS = ["A1", "A2", "A3", "A4", "A5", "-A1", "A2/A3", "1E-9", "1000000.5", "2.5", "-2.5", "E1"]
DATES = ["46023", "45351", "1000.5"]
ARGUMENTS: dict[str, list[list[str]]] = {
    "ABS": [NUMBERS],
    "AND": [["A1>0", "E1=0", "TRUE"], ["A2<A3", "FALSE", "A4<>A5"]],
    "CHOOSE": [["1", "2", "2.9", "A5"], ["A1"], ['"two"']],
    "DAY": [DATES],
    "EDATE": [DATES, ["1", "-1", "13", "2.9"]],
    "EOMONTH": [DATES, ["0", "1", "-14"]],
    "EXP": [NUMBERS[:6]],
    "GAMMADIST": [["0.5", "2.5"], ["1.5", "3"], ["0.7"], ["TRUE", "FALSE"]],
    "GAMMALN": [["0.5", "4", "31.25"]],
    "IF": [["A1>A2", "E1", "A3"], ["A1", '"yes"'], ["A2", '"no"']],
    "IFERROR": [["A1/0", "A1", "LN(-1)"], ["7", '"none"']],
    "_XLFN.IFNA": [["NA()", "A1", "1/0"], ["7", '"none"']],
    "INT": [NUMBERS],
    "ISERROR": [["A1", "A1/0", "NA()", "F1", "E1"]],
    "ISNA": [["A1", "A1/0", "NA()", "F1"]],
    "ISNUMBER": [["A1", "F1", "E1", "A1/0", "A1>0"]],
    "LN": [NUMBERS],
    "MAX": [NUMBERS[:4], ["A5", "0"], ["A1:A5", "E1"]],
    "MIN": [NUMBERS[:4], ["A5", "0"], ["A1:A5", "E1"]],
    "MONTH": [DATES],
    "NA": [],
    "NORMSDIST": [["-8", "-1.5", "0", "0.25", "3"]],
    "NOT": [["A1>0", "E1", "1"]],
    "OR": [["A1>0", "E1=1", "FALSE"], ["A2<A3", "FALSE", "A4<>A5"]],
    "PI": [],
    "PMT": [["0.01", "0", "A2/100"], ["60", "12.5"], ["1000", "-A5"], ["0", "50"], ["0", "1"]],
    "ROUND": [NUMBERS, ["0", "2", "-1"]],
    "SIGN": [NUMBERS],
    "SQRT": [NUMBERS],
    "TEXT": [["A1", "-A2", "1234567.891", "0.5", "46023", "0"], sorted(FORMATS)],
    "YEAR": [DATES],
    "AVERAGE": [["A1:A5", "A1:F1"]],
    "COLUMNS": [["A1:F1", "A1:A5"]],
    "COUNT": [["A1:A5", "A1:F2"]],
    "COUNTIF": [["F1:F3"], ['"high"', '"HIGH"', '"none"']],
    "INDEX": [["A1:A5"], ["1", "A5", "5"]],
    "IRR": [["B1:B6", "B1:B7"]],
    "MATCH": [["A3", '"low"', "99"], ["A1:A5", "F1:F3"], ["0"]],
    "ROWS": [["A1:F1", "A1:A5"]],
    "SUM": [["A1:A5", "A1:F2"], ["A1", "-A2"]],
    "SUMPRODUCT": [["A1:A5", "(A1:A5>A2)*A1:A5", "--ISERROR(A1:F2)"]],
    "VLOOKUP": [["A3", "99"], ["A1:D5"], ["1", "2", "4"], ["FALSE", "0"]],
    "_XLFN.MAXIFS": [["A1:A5"], ["C1:C5"], ["1", "0"]],
    "_XLFN.MINIFS": [["A1:A5"], ["C1:C5"], ["1"], ["D1:D5"], ["1", "0"]],
}
EXPRESSIONS = """A1-A1 A1/A3-A2 A1*A2^A5 -A5^2 0^A5 A5^0 A1^-1 0.1+0.2=0.3 A1/A3>=A2 A1<>A1+1E-16
    0.7/0.1>=7 A4="low" F1="HIGH" F1<>F2 F1&A1/3 A1*100&"%" 1/3&"" (1-1)^(A5-A5) 1.1*1.1=1.21
    SUM(A1:INDEX(A1:A5,3)) A2>=F1 E1="" E1=0 A1>TRUE""".split()
CELLS = {
    **{f"A{r}": v for r, v in enumerate((1.3, 73.71, 56.7, 1234.5678, 2.0), 1)},
    **{f"B{r}": v for r, v in enumerate((-100.0, 60.0, None, True, 60.0, 5.0), 1)},
    **{f"C{r}": v for r, v in enumerate((1, 1, 0, 1, 0), 1)},
    **{f"D{r}": v for r, v in enumerate((1, 0, 1, 1, 0), 1)},
    "F1": "high",
    "F2": "low",
    "F3": "High",
}


def formulas() -> list[str]:
    calls = [
        f"{name if name[0] != '_' else name.replace('_XLFN', '_xlfn')}({','.join(arguments)})"
        for name, choices in ARGUMENTS.items()
        for arguments in itertools.product(*choices)
    ]
    return calls + EXPRESSIONS


def test_every_function_of_the_dialect_has_arguments_here() -> None:
    assert set(ARGUMENTS) == SCALAR_FUNCTIONS | RANGE_FUNCTIONS


def test_both_engines_agree_inside_the_dialect(make: Make) -> None:
    texts = formulas()
    path = make(CELLS | {f"H{r}": f"={text}" for r, text in enumerate(texts, 1)})
    assert outside(Book(Package(path)), set()) == ""
    embedded = recalculate(path, engine="embedded").values["S"]
    strict = recalculate(path, engine="strict").values["S"]
    for row, text in enumerate(texts, 1):
        one, other = embedded[row, 8], strict[row, 8]
        if isinstance(one, float) and isinstance(other, float):
            # Excel, and the strict engine, show a difference in the last digit as zero.
            assert math.isclose(one, other, rel_tol=1e-12, abs_tol=1e-13), text
        else:
            assert one == other, text
    assert recalculate(path).engine == "embedded"


@pytest.mark.parametrize("path", WORKBOOKS, ids=lambda path: path.stem)
def test_our_workbooks_are_inside(path: Path) -> None:
    assert outside(Book(Package(path)), default_functions()) == ""


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        ("=SUMIF(A1:A5,1)", "the function SUMIF"),
        ("=A1:A5*2", "a range where one value belongs"),
        ("=LN(A1:A5)", "a range where one value belongs"),
        ('=COUNTIF(F1:F3,"h*")', "COUNTIF with a criterion that is no word"),
        ('=TEXT(A1,"0.00_)")', 'TEXT with the format "0.00_)"'),
        ("=MATCH(A1,A1:A5)", "MATCH that is not exact"),
        ('=AND("TRUE",TRUE)', 'the text "TRUE" given to AND'),
        ("=G9+1", "formulas may read numbers stored as text on the sheet S"),
    ],
)
def test_what_leads_outside(formula: str, reason: str, make: Make) -> None:
    cells = CELLS | {"H1": formula} | ({"G9": "1,200"} if "G9" in formula else {})
    assert reason in outside(Book(Package(make(cells))), set())


@pytest.mark.parametrize("text", ["Jan 1", "12 March 2026", "may-26", "sept 3, 2026", "1,200"])
def test_what_excel_reads_as_a_date_leads_outside(text: str, make: Make) -> None:
    book = Book(Package(make(CELLS | {"G9": text, "H1": "=G9+1"})))
    assert "numbers stored as text" in outside(book, set())


@pytest.mark.parametrize("text", ["Borrower 1", "SPV 25", "Loan 12", "12 Monkeys 99", "Marc 1"])
def test_a_name_with_a_number_is_no_date(text: str, make: Make) -> None:
    """A book of twenty-five borrowers must not go to the slower engine for their names."""
    assert not outside(Book(Package(make(CELLS | {"G9": text, "H1": "=IF(G9=1,1,0)"}))), set())


def test_the_cell_that_sends_a_workbook_to_the_strict_engine_is_told(make: Make) -> None:
    inside = make(CELLS | {"H1": "=SUM(A1:A2)"})
    assert recalculate(inside).slower == "" and not all_outside(Book(Package(inside)), set())
    cells = {"H1": "=STDEV(A1:A2)", "H2": "=STDEV(A1:A3)", "H3": "=LARGE(A1:A3,1)"}
    beyond = make(CELLS | cells)
    found = all_outside(Book(Package(beyond)), set())
    places = {reason: [str(place) for place in at] for reason, at in found.items()}
    assert places["the function STDEV"] == ["S!H1", "S!H2"] and len(places) == 2
    told = recalculate(beyond).slower
    assert told.endswith("!H1: the function STDEV")
    with open_workbook(beyond) as book:
        assert book.slower == told
    assert recalculate(beyond, engine="strict").slower == ""  # it was asked for
    joined = make(CELLS | {"H1": "=SUM((A1,A2))"})  # in the dialect, and refused by the engine
    assert "S!H1: =SUM((A1,A2)) joins ranges" in recalculate(joined).slower
    assert "S!H1: =SUM((A1,A2)) joins ranges" in run("doctor", joined).stdout.replace("\n", "")


def test_doctor_names_the_cells_of_a_workbook(make: Make) -> None:
    found = run("doctor", make(CELLS | {"H1": "=SUM(A1:A2)"}))
    assert found.returncode == 0 and "the fast engine calculates all" in found.stdout
    beyond = make(CELLS | {f"H{row}": "=STDEV(A1:A2)" for row in range(1, 6)})
    found = run("doctor", beyond)
    assert found.returncode == 0
    assert "H1, " in found.stdout and "H3 and 2 more: the function STDEV" in found.stdout
    said = run("recalc", beyond, "--check").stdout
    assert "slower: " in said and "H1: the function STDEV; that is beyond" in said
    book = run("portfolio", beyond, "-o", beyond.with_suffix(".csv")).stdout
    assert f"slower: {beyond.as_posix()}: " in book.replace("\n", "") and "STDEV" in book
