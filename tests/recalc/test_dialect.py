"""Formula text: the spellings of all hosts, omitted arguments, arrays, and what is refused."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

from xlcredit.errors import CellError, RecalcError
from xlcredit.functions import OMITTED
from xlcredit.ooxml.spelling import plain_name
from xlcredit.recalc import LibreOffice, recalculate
from xlcredit.recalc.calls import block
from xlcredit.recalc.dialect import fit

from .conftest import Calculate, Make, Recorder, edit_part


@pytest.mark.parametrize(
    "stored",
    [
        "XLC_SEEN",
        "xlc_seen",
        "@XLC_SEEN",
        "_xll.XLC_SEEN",
        "_xludf.XLC_SEEN",
        "_xlfn.XLC_SEEN",
        "_xldudf_XLC_SEEN",
        "_xldudf_BANK_XLC_SEEN",
        "_xldudf_MY_OWN_BANK_XLC_SEEN",
        "[1]!XLC_SEEN",
        "[12]!XLC_SEEN",
        r"'C:\Users\O''Hara\x (1).xlam'!XLC_SEEN",
        "xlcredit.xlam!XLC_SEEN",
    ],
)
def test_every_spelling(stored: str, calculate: Calculate, recorder: Recorder) -> None:
    assert plain_name(stored, {"XLC_SEEN"}) == "XLC_SEEN"
    assert plain_name(stored + "S", {"XLC_SEEN"}) is None
    result = calculate({"A1": 5, "B1": f"=1+{stored}(A1,2)"})
    assert result.value("S!B1") == 3
    assert recorder.calls == [(5.0, 2.0)]


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ("XLC_SEEN()", ()),
        ("XLC_SEEN( )", ()),
        ("XLC_SEEN(1)", (1.0,)),
        ("XLC_SEEN(1,,3)", (1.0, OMITTED, 3.0)),
        ("XLC_SEEN(1, ,)", (1.0, OMITTED, OMITTED)),
        ("XLC_SEEN(,)", (OMITTED, OMITTED)),
        ('XLC_SEEN("a,b",TRUE)', ("a,b", True)),
        ("XLC_SEEN(Z9,A2)", (None, CellError("#DIV/0!"))),
        ("XLC_SEEN(A1:B3)", ([[1.5, "x"], [CellError("#DIV/0!"), True], [46023.0, None]],)),
        ("XLC_SEEN({1,2;3,4})", ([[1.0, 2.0], [3.0, 4.0]],)),
        ("XLC_SEEN(IF(TRUE,1,),SUM(1,2))", (1.0, 3.0)),
        ("XLC_SEEN(A3,(1+2)*3)", (46023.0, 9.0)),
        ("XLC_SEEN(rate)", (1.5,)),
        ("XLC_SEEN(book)", ([[1.5, "x"], [CellError("#DIV/0!"), True]],)),
        ("XLC_SEEN(twice)", (3.0,)),
    ],
)
@pytest.mark.parametrize("engine", ["embedded", "strict"])
def test_arguments_arrive_raw(
    engine: str, call: str, arguments: tuple[Any, ...], calculate: Calculate, recorder: Recorder
) -> None:
    cells = {"A1": 1.5, "B1": "x", "A2": "=1/0", "B2": True, "A3": dt.date(2026, 1, 1)}
    names = {"rate": "S!$A$1", "book": "S!$A$1:$B$2", "twice": "S!$A$1*2"}
    result = calculate(cells | {"D1": f"={call}"}, names=names, engine=engine)
    assert recorder.calls == [arguments]
    assert result.value("S!D1") == len(arguments)


@pytest.mark.parametrize(
    ("returned", "shown"),
    [
        (1, 1.0),
        (np.float64(1.5), 1.5),
        (np.int64(3), 3.0),
        (np.bool_(True), True),
        (math.nan, CellError("#NUM!")),
        (math.inf, CellError("#NUM!")),
        (None, None),
        ("a", "a"),
        (dt.date(2026, 1, 1), 46023.0),
        (dt.datetime(2026, 1, 1, 12), 46023.5),
        (np.datetime64("2026-01-01"), 46023.0),
        (pd.Timestamp("2026-01-01"), 46023.0),
        (pd.NaT, None),
        (object(), CellError("#VALUE!")),
        ([], CellError("#VALUE!")),
        ([1, 2], [[1.0], [2.0]]),
        ([[1], [2, 3]], [[1.0, CellError("#N/A")], [2.0, 3.0]]),
        (np.array([1, 2]), [[1.0], [2.0]]),
        (np.array([[1.0, math.nan]]), [[1.0, CellError("#NUM!")]]),
        (np.array(["2026-01-01"], "datetime64[D]"), [[46023.0]]),
        (pd.Series([1.0, 2.0]), [[1.0], [2.0]]),
        (pd.DataFrame({"a": [1.0], "b": ["x"]}), [[1.0, "x"]]),
    ],
)
def test_whatever_a_function_returns(returned: object, shown: object, make: Make) -> None:
    assert block(returned) == shown
    path = make({"A1": "=XLC_ANY()"})
    result = recalculate(path, functions={"XLC_ANY": lambda: returned})
    first = shown[0][0] if isinstance(shown, list) else shown
    assert result.value("S!A1") == (0 if first is None else first)


def test_a_function_with_a_bug_tells(make: Make) -> None:
    result = recalculate(make({"A1": "=XLC_BUG()"}), functions={"XLC_BUG": lambda: 1 / 0})
    (fault,) = result.errors
    assert fault.code == "#VALUE!"
    assert fault.reason == "XLC_BUG failed: ZeroDivisionError: division by zero"


def test_fit() -> None:
    assert fit([[1]], 2, 2, "-") == [[1, 1], [1, 1]]
    assert fit([[1, 2]], 2, 3, "-") == [[1, 2, "-"], [1, 2, "-"]]
    assert fit([[1], [2]], 3, 2, "-") == [[1, 1], [2, 2], ["-", "-"]]
    assert fit([[1, 2], [3, 4]], 1, 1, "-") == [[1]]


def test_a_block_in_one_cell_shows_its_first_value(calculate: Calculate) -> None:
    cells = {"A1": "=XLC_BLOCK()", "A2": 7, "B1": "=SUM(XLC_COLUMN(4))", "C1": "=@XLC_COLUMN(3)"}
    result = calculate(cells | {"D1": "=_xlfn.SINGLE(XLC_COLUMN(3))*2"})
    assert result.values == {"S": {(1, 1): 1.0, (1, 2): 10.0, (1, 3): 1.0, (1, 4): 2.0}}


REFUSED = [
    ("=MMULT(A1:B2,A1:B2)", "the function MMULT is not known here"),
    ("=XLC_SEN(1)", "there is no function XLC_SEN; did you mean XLC_SEEN?"),
    ("=_xlfn.LAMBDA(_xlpm.x,_xlpm.x+1)(1)", "LAMBDA cannot be calculated here"),
    ("=_xlfn.MAP(A1:A2,_xlfn.LAMBDA(_xlpm.x,1))", "the function MAP is not known here"),
    ("=COUPDAYS(1,2,3)", "COUPDAYS cannot be calculated here; compute the days"),
    ("=VDB(1,2,3,4,5)", "the function VDB is not known here"),
    ("=SUM(Deals[rent])", "the table reference Deals[rent] is not calculated"),
    ("=SUM(S:T!A1)", "S:T!A1 reads several sheets at once"),
    ("=SUM('S 1:T 2'!A1:B2)", "'S 1:T 2'!A1:B2 reads several sheets at once"),
    ("=[1]Rates!$A$1", "[1]Rates!$A$1 reads another workbook"),
    (r"='C:\[rates.xlsx]Rates'!A1", r"'C:\[rates.xlsx]Rates'!A1 reads another workbook"),
    ("=SUM(A1:A3 A2:B2)", "the intersection of A1:A3 and A2:B2 is not calculated"),
    ("=SUM((A1,B2))", "joins ranges with a comma"),
    ('=INDIRECT("R1C1",FALSE)', "INDIRECT with a second argument"),
    ("=A1:A3", "A1:A3 is several cells where one value is needed"),
    ("=A1:A3*2", "A1:A3 is several cells where one value is needed"),
    ("=SUM((A1:A3)*2)", "A1:A3 is several cells where one value is needed"),
    ("=IF(A:A>1,1,2)", "A:A is several cells where one value is needed"),
    ("=2*S!A1:A3", "S!A1:A3 is several cells where one value is needed"),
    ("=SUM(book*2)", "book is several cells where one value is needed"),
    ("=_xlfn.SINGLE(A1:A3)", "@A1:A3 is not calculated"),
    ("=_xlfn.SEQUENCE(3)", "has several values; enter it as an array formula"),
    ("=C3+1", "refers to itself"),
    ("=DB(1000,100,6,1.5)", "life 6 and period 1.5 must be whole numbers"),
    ("=IPMT(A1:A3,1,2,3)", "it is given a range; use a formula for each cell"),
    ("=SUM(A1", "it ends in the middle"),
    ("=[1]S!A1)", "=[1]S!A1) cannot be read as a formula"),
]


@pytest.mark.parametrize(("formula", "message"), REFUSED)
def test_what_cannot_be_calculated_is_refused(
    formula: str, message: str, make: Make, functions: dict[str, Any], tmp_path: Path
) -> None:
    names = {"book": "S!$A$1:$A$3"}
    path = make({"A1": 1, "A2": 2, "C3": formula, "C9": "=1+1"}, names=names)
    with pytest.raises(RecalcError) as caught:
        recalculate(
            path, tmp_path / "out.xlsx", functions=functions, engine="embedded", strict=True
        )
    assert message in str(caught.value)
    assert str(caught.value).startswith("S!C3: ")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out.xlsx").exists()


@pytest.mark.parametrize(
    "formula",
    [
        "=SUM(A1:A3)*2",
        "=-SUM(A1:A3)",
        "=SUMPRODUCT((A1:A3>1)*A1:A3)",
        "=INDEX(A1:A3,2)+1",
        "=SUM(A1:INDEX(A1:A3,2))",
        '=IF(A1=1,"see [1] A1:A3 * (a, b)","")',
        "=ROWS(book)*2",
        "=A1 + A2",
        "=NPV(0.1,A1:A3)-A1",
        "=COUNTIF(A:A,1)",
    ],
)
def test_what_looks_suspicious_and_is_not(formula: str, calculate: Calculate) -> None:
    result = calculate({"A1": 1, "A2": 2, "C3": formula}, names={"book": "S!$A$1:$A$3"})
    assert result.errors == []


def test_all_problems_are_counted(make: Make) -> None:
    path = make({"A1": "=MMULT(B1,B1)", "A2": "=SUM(T[a])", "A3": "=T[b]"})
    with pytest.raises(RecalcError, match=r"\(and 2 more\)$"):
        recalculate(path, functions={}, engine="embedded", strict=True)


def test_the_embedded_engine_leaves_data_tables_and_1904_to_the_strict_one(make: Make) -> None:
    path = make({"A1": 3, "B1": "=A1*2", "A2": 5, "A3": 7, "B2": "=2"})
    edit_part(
        path,
        "xl/worksheets/sheet1.xml",
        ("<f>2</f>", '<f t="dataTable" ref="B2:B3" dt2D="0" dtr="0" r1="A1"/>'),
    )
    embedded = recalculate(path, functions={}, engine="embedded")
    assert [d.reason for d in embedded.not_calculated] == [
        "data tables are not calculated; write the grid as formulas"
    ] * 2
    result = recalculate(path, functions={})
    assert [result.value("S", c) for c in ("B1", "B2", "B3")] == [6, 10, 14]
    path = make({"A1": 1000, "A2": "=YEAR(A1)"})
    book = openpyxl.load_workbook(path)
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    book.save(path)
    assert recalculate(path, functions={}).value("S", "A2") == 1906
    (left, *_) = recalculate(path, functions={}, engine="embedded").not_calculated
    assert "this workbook from 1904" in left.reason


def test_broken_names_do_no_harm_until_they_are_used(make: Make) -> None:
    names = {"old": "#REF!$A$1", "far": "[2]Rates!$A$1", "list": "Deals[rent]"}
    assert recalculate(make({"A1": "=1+1"}, names=names), functions={}).value("S!A1") == 2
    with pytest.raises(RecalcError, match=r"S!A1: uses the name far: .* reads another workbook"):
        recalculate(
            make({"A1": "=far+1"}, names=names), functions={}, engine="embedded", strict=True
        )


DEPRECIATION = [
    "DDB(1000,100,6,{p},2)",
    "DDB(1000,100,6,{p}.5)",
    "DDB(1000,500,3,{p},1.5)",
    "DB(1000,100,6,{p})",
    "DB(1000,100,6,{p},7)",
]
PAYMENTS = [
    "IPMT(0.1,{p},6,8000,0,1)",
    "IPMT(0.1,{p},6,8000,-500,1)",
    "IPMT(0.1,{p},6,8000)",
    "PPMT(0.02,{p},6,8000,0,1)",
    "PPMT(0.02,{p},6,8000,,0)",
    "CUMIPMT(0.1,6,8000,{p},6,1)",
    "CUMPRINC(0.1,6,8000,1,{p},1)",
    "CUMIPMT(0.1,6,8000,1,{p},0)",
]


@pytest.mark.libreoffice
def test_corrected_functions_agree_with_libreoffice(make: Make, office: LibreOffice) -> None:
    formulas = [f.format(p=p) for f in DEPRECIATION + PAYMENTS for p in range(1, 6)]
    path = make({f"A{r}": f"={f}" for r, f in enumerate(formulas, 1)})
    ours = recalculate(path, functions={})
    for formula, (theirs, *_), mine in zip(
        formulas, office.values(path)["S"], ours.values["S"].values(), strict=True
    ):
        if isinstance(theirs, CellError):
            assert isinstance(mine, CellError), formula
        else:
            assert mine == pytest.approx(theirs, rel=1e-9, abs=1e-9), formula


def test_corrected_functions_answer_errors(calculate: Calculate) -> None:
    cells = {
        "A1": "=IPMT(0.1,9,6,8000)",
        "A2": '=PPMT("a",1,6,8000)',
        "A3": "=IPMT(1/0,1,6,8000)",
        "A4": "=CUMIPMT(0,6,8000,1,2,1)",
        "A5": "=DDB(1000,100,6,7)",
        "A6": "=IPMT(0.1,1,6,8000,0,1)",
        "A7": "=PPMT(0,1,6,600)",
    }
    result = calculate(cells)
    assert [str(v) if isinstance(v, CellError) else v for v in result.values["S"].values()] == [
        "#NUM!",
        "#VALUE!",
        "#DIV/0!",
        "#NUM!",
        "#NUM!",
        0.0,
        -100.0,
    ]
    assert result.errors[0].reason == "period 9 is not between 1 and 6"
    assert result.functions_called == {}
