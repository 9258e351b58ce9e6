"""The engines behind their protocol, and LibreOffice when it is missing."""

from __future__ import annotations

import math
import re
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import pyxirr

from tests.hostile.archives import packed, unpacked
from tests.hostile.workbooks import sound
from xlcredit.errors import CellError, RecalcError
from xlcredit.ooxml.book import Book, Name
from xlcredit.ooxml.package import Package
from xlcredit.ooxml.place import Place, a1
from xlcredit.recalc import LibreOffice, recalculate
from xlcredit.recalc.engine import CIRCULAR, UNREADABLE, Engine, Model, Text
from xlcredit.recalc.formualizer import Embedded
from xlcredit.recalc.formulon import Strict
from xlcredit.recalc.routing import ENGINES
from xlcredit.recalc.run import Run

from .conftest import Make, edit_part


@pytest.fixture
def engine() -> Engine:
    return Embedded()


@pytest.mark.parametrize("name", ENGINES)
def test_an_engine_that_can_be_named_keeps_the_protocol(name: str, make: Make) -> None:
    """Each step of `Engine`, on a workbook's own file, which some read more of."""
    cells: dict[str, Any] = {
        "A1": 1.0,
        "A2": "=XLC_TWICE(A1)+rate",
        "A3": '="x"&A1',
        "A4": "=1/0",
        "A5": "=A5",
        "B1": ("B1:B2", "={1;2}*A1"),
        "C1": True,
        "C2": "=IF(C1,0.5,2)",
    }
    book = Book(Package(make(cells, names={"rate": "S!$A$1*3"})))
    engine = ENGINES[name]()
    assert engine.name == name
    assert {"MMULTIPLY"} == engine.missing({"SUM", "MMULTIPLY"})
    run = Run(book, engine, {"XLC_TWICE": lambda value: 2 * value}, {})
    values = {a1(place.row, place.column): value for place, value in run.values.items()}
    assert [values[cell] for cell in ("A2", "A3", "C2", "B1", "B2")] == [5, "x1", 0.5, 1, 2]
    error = values["A4"]
    assert isinstance(error, CellError) and error.code == "#DIV/0!"
    assert run.refused == {Place("S", 5, 1): f"=A5 {CIRCULAR}"}
    engine.set("S", 1, 1, 10.0)
    run.again()
    assert [run.values[Place("S", *at)] for at in ((2, 1), (3, 1), (2, 2))] == [50, "x10", 20]


@pytest.mark.parametrize("name", ENGINES)
def test_an_engine_that_can_be_named_is_installed_with_xlcredit(name: str) -> None:
    """`package` is what `xlcredit doctor` shows, and by which a resumed run knows the version."""
    package = ENGINES[name].package
    required = {re.split(r"[^\w.-]", line)[0] for line in requires("xlcredit") or []}
    assert package in required, f"add {package} to the dependencies in pyproject.toml"
    for lock in ("requirements.lock", "requirements-hashed.lock"):
        text = (Path(__file__).parents[2] / lock).read_text("utf-8")
        assert f"\n{package}==" in text, f"{lock} has no {package}; add its version"


def test_what_one_engine_alone_gives_outside_its_dialect_is_told(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the strict engine stops, nobody has confirmed what the embedded one gives."""

    def stops(*_: object) -> None:
        raise RecalcError("no memory")

    monkeypatch.setattr(Strict, "load", stops)
    path = make({"A1": 2.0, "A2": 4.0, "A3": "=STDEV(A1:A2)", "A4": "=A1+A2"})
    result = recalculate(path, functions={})
    assert result.engine == "embedded"
    assert [doubt.cell for doubt in result.one_engine] == ["A3", "A4"]
    assert result.one_engine[0].reason == "the strict engine has stopped: no memory"


def test_the_embedded_engine_keeps_the_protocol(engine: Engine) -> None:
    seen: list[Any] = []

    def double(value: Any) -> Any:
        seen.append(value)
        return (
            CellError("#N/A") if isinstance(value, CellError) else math.inf if value == 9 else 2.0
        )

    engine.register("TWICE", double)
    cells = {
        (1, 1): 1.0,
        (1, 2): Text("TWICE(A1)+rate"),
        (2, 1): " a_x0041_\n",
        (2, 2): Text('A2&"."'),
        (3, 1): CellError("#REF!"),
        (3, 2): Text("TWICE(A3)"),
        (4, 1): Text("{1;2}*A1"),
        (7, 1): Text("A7"),
        (8, 1): Text("SUM("),
        (9, 1): True,
        (9, 2): Text("IF(A9,0.5,2)"),
    }
    engine.load(Model({"A & B": dict(cells)}, [Name("rate", "'A & B'!$A$1*3")]))
    engine.calculate()

    def value(row: int, column: int) -> Any:
        return engine.value("A & B", row, column)

    assert [value(r, 2) for r in (1, 2, 3, 9)] == [5, " a_x0041_\n.", CellError("#N/A"), 0.5]
    assert [value(4, 1), value(5, 1), value(6, 1)] == [1, 2, None]
    assert engine.extent("A & B", 4, 1) == (2, 1)
    assert engine.extent("A & B", 1, 2) == engine.extent("A & B", 1, 1) == (1, 1)
    assert value(7, 1) == CIRCULAR
    assert value(8, 1) == UNREADABLE
    assert sorted(seen, key=str) == [CellError("#REF!"), 1.0]

    # Only what depends on the change is computed again.
    engine.set("A & B", 1, 1, 9.0)
    engine.calculate()
    assert value(1, 2) == CellError("#NUM!")
    assert value(5, 1) == 18
    assert seen[2:] == [9.0]
    assert engine.missing({"SUM", "_XLFN.XLOOKUP", "MMULT", "XLC_NONE"}) == {"MMULT", "XLC_NONE"}


def test_a_blocked_spill_is_an_error_with_a_reason(make: Make) -> None:
    path = make({"A1": ("A1:A2", "=XLC_COLUMN(3)"), "A3": "in the way"})
    edit_part(path, "xl/worksheets/sheet1.xml", ('<c r="A1"', '<c r="A1" cm="1"'))
    functions = {"XLC_COLUMN": lambda n: [[1.0]] * int(n)}
    target = path.with_name("out.xlsx")
    (fault,) = recalculate(path, target, functions=functions).errors
    assert (fault.cell, fault.code) == ("A1", "#VALUE!")
    assert fault.reason == "the result needs cells that are not empty"
    sheet = openpyxl.load_workbook(target, data_only=True)["S"]
    assert [sheet[f"A{r}"].value for r in (1, 2, 3)] == ["#VALUE!", None, "in the way"]


def test_an_engine_of_your_own(make: Make) -> None:
    class Slow(Embedded):
        """Counts."""

        calculated = 0

        def calculate(self) -> None:
            self.calculated += 1
            super().calculate()

    engine = Slow()
    assert recalculate(make({"A1": "=1+1"}), functions={}, engine=engine).value("S!A1") == 2
    assert engine.calculated == 1


@pytest.mark.libreoffice
def test_libreoffice_and_the_embedded_engine_agree_on_a_model(
    make: Make, office: LibreOffice
) -> None:
    """Every built-in function that the term sheets use, computed by both."""
    flows = {f"A{r}": v for r, v in enumerate((-1000.0, 300.0, 420.0, 380.0, 150.0), 1)}
    dates = {f"B{r}": 46023 + 31 * r for r in range(1, 6)}
    formulas = """NPV(0.1,A1:A5) IRR(A1:A5) XIRR(A1:A5,B1:B5) XNPV(0.1,A1:A5,B1:B5)
        PMT(0.01,60,1000) IPMT(0.01,7,60,1000) PPMT(0.01,7,60,1000)
        RATE(60,-25,1000) NPER(0.01,-25,1000) FV(0.01,12,-10) PV(0.01,12,-10)
        EDATE(B1,5) EOMONTH(B1,2) YEARFRAC(B1,B5,3)
        SUMPRODUCT(A1:A5*(A1:A5>0)) INDEX(A1:A5,MATCH(380,A1:A5,0)) VLOOKUP(300,A1:B5,2,FALSE)
        SUMIF(A1:A5,">200") COUNTIF(A1:A5,">200") SUMIFS(A1:A5,B1:B5,">"&B2) IFERROR(1/0,7)
        MIN(A1:A5) MAX(A1:A5) AVERAGE(A2:A5) ROUND(A2/7,2) ABS(A1) EXP(1) LN(A2) SQRT(A2)
        NORM.S.DIST(0.5,TRUE) STDEV.S(A1:A5) MEDIAN(A1:A5) CHOOSE(2,A1,A2) ROUNDUP(A2/7,0)
        SLN(1000,100,5) SYD(1000,100,5,2) DATE(2026,2,29) MOD(-7,3) INT(-2.5) -2^2 LARGE(A1:A5,2)
        AND(A1<0,A2>0) OR(A1>0,A2<0) NOT(TRUE) TEXT(A2/7,"0.00%") 1/3 A1=-1000 MIRR(A1:A5,0.1,0.12)
        IF(A1>0,"BREACH","PASS") NA() 1/0 MATCH(5,A1:A5,0) LEFT("ratio",3)""".split()
    renamed = {"NORM.S.DIST": "_xlfn.NORM.S.DIST", "STDEV.S": "_xlfn.STDEV.S"}
    cells = {}
    for r, formula in enumerate(formulas, 1):
        for plain, stored in renamed.items():
            formula = formula.replace(plain, stored)  # noqa: PLW2901
        cells[f"D{r}"] = f"={formula}"
    path = make(flows | dates | cells)
    ours = recalculate(path, functions={}).values["S"]
    theirs = office.values(path)["S"]
    for r, formula in enumerate(formulas, 1):
        mine, other = ours[r, 4], theirs[r - 1][3]
        if isinstance(mine, float):
            # Each solver stops XIRR where it likes.
            assert mine == pytest.approx(other, rel=1e-7 if "XIRR" in formula else 1e-12), formula
        else:
            assert mine == other, formula


def test_irr_leaves_blanks_words_and_truth_values_out(tmp_path: Path) -> None:
    """Held to pyxirr, and blanks to what Excel shows for the same cells without them."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    flows = [-100.0, 60.0, None, "x", True, 60.0]
    for row, flow in enumerate(flows, 1):
        sheet.cell(row, 1).value = flow
    monthly = [-1000.0, *(35.0 - 0.1 * k for k in range(40))]
    for row, flow in enumerate(monthly, 1):
        sheet.cell(row, 2).value = flow
    sheet["D1"], sheet["D2"], sheet["D3"] = "=IRR(A1:A6)", "=IRR(B1:B41,0.01)", "=IRR(B2:B41)"
    book.save(tmp_path / "irr.xlsx")
    result = recalculate(tmp_path / "irr.xlsx", engine="embedded")
    cells = result.values["Sheet"]
    assert cells[1, 4] == pytest.approx(pyxirr.irr([-100.0, 60.0, 60.0]), rel=1e-12)
    assert cells[2, 4] == pytest.approx(pyxirr.irr(monthly), rel=1e-12)
    assert cells[3, 4] == CellError("#NUM!")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("namespaces", [(), ("spreadsheetml/2006/main", "spreadsheetml/main")])
def test_the_strict_form_of_the_format_calculates_as_any_other(
    engine: str, namespaces: tuple[str, ...], tmp_path: Path
) -> None:
    """Excel saves it as Strict Open XML Spreadsheet: the kinds of its parts have other names."""
    old, new = b"http://schemas.openxmlformats.org/", b"http://purl.oclc.org/ooxml/"
    swaps = [(b"officeDocument/2006/relationships", b"officeDocument/relationships")]
    swaps += [(namespaces[0].encode(), namespaces[1].encode())] if namespaces else []
    parts = unpacked(sound())
    for before, after in swaps:
        parts = {name: part.replace(old + before, new + after) for name, part in parts.items()}
    file = tmp_path / "strict.xlsx"
    file.write_bytes(packed(parts))
    result = recalculate(file, inputs={"Flow!B2": 0.5}, engine=engine)
    shown = [result.value(f"Flow!B{row}") for row in range(1, 6)]
    assert shown == [2.0, 0.5, 0.25, 0.125, 0.0625]
    assert result.value("Flow!A1") == "rent"
