"""Calls of worksheet functions: what arrives, what may be returned, and bugs."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from xlcredit.errors import CellError
from xlcredit.functions import OMITTED
from xlcredit.recalc import recalculate
from xlcredit.recalc.calls import block
from xlcredit.recalc.routing import ENGINES

from .conftest import Calculate, Make, Recorder


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
@pytest.mark.parametrize("engine", ENGINES)
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


def test_a_block_in_one_cell_shows_its_first_value(calculate: Calculate) -> None:
    cells = {"A1": "=XLC_BLOCK()", "A2": 7, "B1": "=SUM(XLC_COLUMN(4))", "C1": "=@XLC_COLUMN(3)"}
    result = calculate(cells | {"D1": "=_xlfn.SINGLE(XLC_COLUMN(3))*2"})
    assert result.values == {"S": {(1, 1): 1.0, (1, 2): 10.0, (1, 3): 1.0, (1, 4): 2.0}}
